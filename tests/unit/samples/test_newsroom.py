"""The sample newsroom as a web server: days, validators, the log, the bytes."""

import gzip
import http.client
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from newslake.pipeline.settings import load_sources
from samples.server import DAYS, FOLDERS, ROOT, Newsroom, Request, is_unchanged, newsroom_at, resource_at, sources_at

MONDAY, TUESDAY, WEDNESDAY = DAYS
BRIDGE = "/courier/news/harbour-bridge-closed.html"
CABLE = "/lantern/2026/03/02/power-cable"


@pytest.fixture
def newsroom() -> Iterator[Newsroom]:
    with Newsroom(day=MONDAY) as served:
        yield served


def ask(newsroom: Newsroom, path: str, *, method: str = "GET", **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", newsroom.port, timeout=120)
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


def test_taken_port_is_replaced() -> None:
    """If the port is in use, the newsroom takes a free one, and says both."""
    with Newsroom() as first:
        second, problem = newsroom_at(first.port)
        with second:
            assert ask(second, "/robots.txt").status == 200

    assert second.port != first.port
    assert problem.startswith(f"port {first.port} of 127.0.0.1 cannot be used (")
    assert f"takes port {second.port} instead. NEWS_DEMO_PORT sets the port" in problem


def test_server_says_its_port() -> None:
    """`make newsroom` takes the port of NEWS_DEMO_PORT, or a free one if it is in use, and prints it."""
    with Newsroom() as other:
        environment = {**os.environ, "NEWS_DEMO_PORT": str(other.port)}
        command = [sys.executable, "-m", "samples"]
        with subprocess.Popen(
            command, env=environment, cwd=ROOT.parents[1], stdout=subprocess.PIPE, text=True
        ) as served:
            assert served.stdout is not None
            problem, online = served.stdout.readline(), served.stdout.readline()
            served.terminate()

    assert problem.startswith(f"port {other.port} of 127.0.0.1 cannot be used (")
    assert online.startswith("http://127.0.0.1:")
    assert f":{other.port} " not in online


def test_sources_have_the_port(tmp_path: Path) -> None:
    """The sources of a newsroom are those of the project, with its port and an inbox in their folder."""
    (tmp_path / "sources.toml").write_text(sources_at(1234))
    found = load_sources(tmp_path / "sources.toml")
    places = {source.key: source.location for source in found.sources}

    assert found.private_hosts == {"127.0.0.1:1234"}
    assert places.pop("inbox") == str(tmp_path / "inbox")
    assert len(places) == 3
    assert all(location.startswith("http://127.0.0.1:1234/") for location in places.values())
