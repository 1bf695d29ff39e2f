"""The sample newsroom as a web server: days, validators, the log, the bytes."""

import gzip
import http.client
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from samples.server import DAYS, FOLDERS, ROOT, Newsroom, Request, is_unchanged, resource_at

MONDAY, TUESDAY, WEDNESDAY = DAYS
BRIDGE = "/courier/news/harbour-bridge-closed.html"
CABLE = "/lantern/2026/03/02/power-cable"


@pytest.fixture
def newsroom() -> Iterator[Newsroom]:
    with Newsroom(day=MONDAY) as served:
        yield served


def ask(newsroom: Newsroom, path: str, *, method: str = "GET", **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", newsroom.port, timeout=5)
    connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    response = connection.getresponse()
    response.body = response.read()  # type: ignore[attr-defined]
    connection.close()
    return response


def test_nothing_is_online_before_the_first_day(newsroom: Newsroom) -> None:
    """Before the first day every path is a 404."""
    newsroom.day = date(2026, 3, 1)
    assert ask(newsroom, BRIDGE).status == 404


def test_a_page_appears_on_its_day_and_stays(newsroom: Newsroom) -> None:
    """A Tuesday page is a 404 on Monday and online from Tuesday."""
    path = "/courier/courts/fake-lifejackets.html"
    statuses = []
    for newsroom.day in (MONDAY, TUESDAY, WEDNESDAY):
        statuses.append(ask(newsroom, path).status)
    assert statuses == [404, 200, 200]


def test_a_path_without_a_suffix_is_a_page(newsroom: Newsroom) -> None:
    """Northern Lantern's URLs have no suffix, as in its feed."""
    assert ask(newsroom, CABLE).headers["Content-Type"] == "text/html; charset=utf-8"


def test_an_unchanged_page_keeps_its_validators_and_answers_304(newsroom: Newsroom) -> None:
    """Both validators of Monday are still valid on Wednesday for an unchanged page."""
    first = ask(newsroom, CABLE)
    newsroom.day = WEDNESDAY
    by_tag = ask(newsroom, CABLE, If_None_Match=first.headers["ETag"])
    by_date = ask(newsroom, CABLE, If_Modified_Since=first.headers["Last-Modified"])
    assert [(r.status, r.body) for r in (by_tag, by_date)] == [(304, b""), (304, b"")]  # type: ignore[attr-defined]


def test_the_updated_article_answers_200_with_new_validators(newsroom: Newsroom) -> None:
    """On Tuesday the bridge article has other bytes, another ETag and a Last-Modified of Tuesday."""
    first = ask(newsroom, BRIDGE)
    newsroom.day = TUESDAY
    second = ask(newsroom, BRIDGE, If_None_Match=first.headers["ETag"])
    assert (second.status, second.headers["ETag"] != first.headers["ETag"]) == (200, True)
    assert second.headers["Last-Modified"] == "Tue, 03 Mar 2026 19:45:00 GMT"


def test_if_none_match_has_precedence() -> None:
    """A wrong ETag gives 200 with any date, and an invalid date is ignored."""
    page = resource_at(CABLE, day=MONDAY, base="http://x")
    assert page is not None
    later = "Thu, 05 Mar 2026 00:00:00 GMT"
    assert not is_unchanged(page, if_none_match='"other"', if_modified_since=later)
    assert not is_unchanged(page, if_none_match=None, if_modified_since="yesterday")
    assert is_unchanged(page, if_none_match=f'"other", W/{page.etag}', if_modified_since=None)


def test_the_log_lists_each_request_with_its_status(newsroom: Newsroom) -> None:
    """The log has method, path with query and status, in order."""
    etag = ask(newsroom, f"{BRIDGE}?utm_source=rss").headers["ETag"]
    ask(newsroom, BRIDGE, method="HEAD", If_None_Match=etag)
    ask(newsroom, "/courier/news/bakery-cat.html")
    assert newsroom.requests == [
        Request("GET", f"{BRIDGE}?utm_source=rss", 200),
        Request("HEAD", BRIDGE, 304),
        Request("GET", "/courier/news/bakery-cat.html", 404),
    ]


def test_the_gzip_file_contains_the_sitemap(newsroom: Newsroom) -> None:
    """The .gz file is the same sitemap as a gzip file, with stable bytes and no content coding."""
    plain, packed, again = (ask(newsroom, f"/gazette/news-sitemap.xml{end}") for end in ("", ".gz", ".gz"))
    assert gzip.decompress(packed.body) == plain.body  # type: ignore[attr-defined]
    assert (packed.headers["Content-Type"], packed.headers["Content-Encoding"]) == ("application/gzip", None)
    assert packed.headers["ETag"] == again.headers["ETag"]


@pytest.mark.parametrize("path", ["/courier/rss.xml", "/lantern/atom.xml", "/gazette/news-sitemap.xml", "/robots.txt"])
def test_listings_have_the_servers_own_url(newsroom: Newsroom, path: str) -> None:
    """The placeholder for the URL never reaches a client."""
    body = ask(newsroom, path).body  # type: ignore[attr-defined]
    assert (b"{base}" in body, newsroom.base_url.encode() in body) == (False, True)


@pytest.mark.parametrize("path", ["/", "/../server.py", "/%2e%2e/server.py", "/courier/../../server.py", "/courier"])
def test_only_published_files_are_served(path: str) -> None:
    """No path leads out of the newsroom's folders, and a folder is not served."""
    assert resource_at(path, day=WEDNESDAY, base="http://x") is None


def listed_on(day: date) -> set[str]:
    """Return the paths in the three listings of a day, without queries."""
    paths: set[str] = set()
    for listing in ("/courier/rss.xml", "/lantern/atom.xml", "/gazette/news-sitemap.xml"):
        found = resource_at(listing, day=day, base="")
        assert found is not None
        text = found.body.decode("utf-8")
        links = re.findall(
            r'<item>.*?<link>(.*?)</link>|<link rel="alternate"[^>]*href="(.*?)"|<loc>(.*?)</loc>', text, re.S
        )
        paths |= {urlsplit("".join(link)).path for link in links}
    return paths


@pytest.mark.parametrize("day", DAYS)
def test_listed_pages_are_online_except_the_cat(day: date) -> None:
    """Every listed page is online that day, except one link that is dead on purpose from Tuesday on."""
    missing = {path for path in listed_on(day) if resource_at(path, day=day, base="") is None}
    assert missing == ({"/courier/news/bakery-cat.html"} if day == TUESDAY else set())


def test_every_page_is_listed_on_some_day() -> None:
    """Every page file is in one of the three listings."""
    listed = set().union(*(listed_on(day) for day in DAYS))
    files = {
        f"/{path.relative_to(ROOT / folder)}" for folder in FOLDERS.values() for path in (ROOT / folder).rglob("*.html")
    }
    assert {path for path in files if not {path, path.removesuffix(".html")} & listed} == set()


def test_the_declared_charset_of_one_page_is_wrong() -> None:
    """The café page declares UTF-8 but is windows-1252, including curly quotation marks, é and £."""
    body = (ROOT / "day-1/gazette/news/cafe-night-workers.html").read_bytes()
    assert b'<meta charset="utf-8">' in body
    with pytest.raises(UnicodeDecodeError):
        body.decode("utf-8")
    assert "Café wins £5,000" in body.decode("cp1252")
    assert "“Why should it" in body.decode("cp1252")


def test_every_other_file_is_utf8() -> None:
    """Only one page has a wrong charset, on purpose."""
    cafe = ROOT / "day-1/gazette/news/cafe-night-workers.html"
    files: list[Path] = [path for path in ROOT.parent.rglob("*.*") if path.suffix in {".html", ".xml", ".txt", ".json"}]
    for path in files:
        if path != cafe:
            path.read_bytes().decode("utf-8")
    assert len(files) > 30
