"""Dated sitemaps: a day's listing gives that day, and requests only sitemaps that may have its entries."""

import gzip
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newslake.pipeline.errors import BrokenListingError, RefusedFetchError
from newslake.pipeline.model import Source
from newslake.pipeline.sources import Listing, discover
from newslake.pipeline.sources.sitemaps import fill_template, window_of
from tests.faults.hostile import NOW, Hostile, fetcher_for, gzip_bomb, hostile_server
from tests.unit.sources.listings import BOMB

DAY = date(2026, 2, 14)
DAYS = st.dates(date(1990, 1, 1), date(2029, 12, 31))


@pytest.fixture
def server():
    """A server without pages."""
    with hostile_server() as hostile:
        yield hostile


def _index(*children: tuple[str, str]) -> bytes:
    inner = "".join(f"<sitemap><loc>{url}</loc><lastmod>{changed}</lastmod></sitemap>" for url, changed in children)
    return f"<sitemapindex>{inner}</sitemapindex>".encode()


def _urlset(*entries: tuple[str, str]) -> bytes:
    inner = "".join(f"<url><loc>{url}</loc><lastmod>{changed}</lastmod></url>" for url, changed in entries)
    return f"<urlset>{inner}</urlset>".encode()


def _listing(server: Hostile, path: str, fetcher, *, day: date = DAY) -> Listing:
    source = Source(key="old", kind="sitemap_archive", location=server.url(path))
    return discover(source, day=day, fetcher=fetcher, validators=None, now=lambda: NOW)


def _listed(server: Hostile, path: str, *, day: date = DAY) -> list[tuple[str, str | None]]:
    """Return each entry of a day as (path, reason of its problem)."""
    with fetcher_for(server) as fetcher:
        return [
            (
                (found.ref.url or found.ref.file or "").removeprefix(server.url("")),
                found.problem and found.problem.reason,
            )
            for found in _listing(server, path, fetcher, day=day).entries
        ]


def test_names_say_which_children_are_read(server):
    """A child is read if its name covers the day or a neighbour; then its last change does not matter."""
    names = [
        "2025.xml",
        "2026-01.xml",
        "2026-02.xml",
        "2026-02-12.xml",
        "2026-02-13.xml.gz",
        "20260214.xml",
        "x?yyyy=2026&amp;mm=02&amp;dd=15",
    ]
    server.says("/index.xml", 200, _index(*((f"/{name}", "2026-03-01") for name in names)))
    server.says("/2026-02.xml", 200, _urlset(("/a", "2026-02-14T10:00:00Z"), ("/b", "2026-02-20"), ("/c", "someday")))
    server.says("/2026-02-13.xml.gz", 200, gzip.compress(_urlset(("/d", ""), ("/e", "2026-02-14T00:10:00Z"))))
    server.says("/20260214.xml", 200, _urlset(("/f", ""), ("/g", "2026-02-13T23:59:59Z"), ("/a", "2026-02-14")))
    server.says(
        "/x?yyyy=2026&mm=02&dd=15",
        200,
        _urlset(("/h", "2026-02-14T23:30:00-02:00"), ("/i", "2026-02-15T00:30:00+01:00")),
    )

    assert _listed(server, "/index.xml") == [
        ("/a", None),
        ("/2026-02.xml", "undated_entries"),
        ("/e", None),
        ("/f", None),
        ("/i", None),
    ]
    assert server.seen["/2025.xml"] + server.seen["/2026-01.xml"] + server.seen["/2026-02-12.xml"] == 0


def test_last_change_is_a_hint(server):
    """Without a date in its name, a child is skipped only if its last change was before the day."""
    server.says(
        "/index.xml",
        200,
        _index(("/p1", "2026-02-12"), ("/p2", "2026-02-13"), ("/p3", "2026-03-01"), ("/p4", "no date")),
    )
    for path in ("/p1", "/p2", "/p3", "/p4"):
        server.says(path, 200, _urlset((f"/of{path}", "2026-02-14")))

    assert [path for path, _ in _listed(server, "/index.xml")] == ["/of/p2", "/of/p3", "/of/p4"]
    assert server.seen["/p1"] == 0


def test_day_of_an_entry_is_its_publication(server):
    """The published date of an entry has priority over its path, its path over its last change."""
    news = (
        '<urlset xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">'
        "<url><loc>/2026/02/14/a/</loc><news:news><news:publication_date>2026-02-13</news:publication_date></news:news></url>"
        "<url><loc>/2026/02/13/b/</loc><news:news><news:publication_date>2026-02-14</news:publication_date></news:news></url>"
        "<url><loc>/2026/02/14/c</loc><lastmod>2026-02-27</lastmod></url>"
        "<url><loc>/on-1999-02-14/d</loc><lastmod>2026-02-14</lastmod></url>"
        "<url><loc>/2026/02/31/e</loc><lastmod>2026-02-14</lastmod></url></urlset>"
    )
    server.says("/all.xml", 200, news.encode())

    assert [path for path, _ in _listed(server, "/all.xml")] == [
        "/2026/02/13/b/",
        "/2026/02/14/c",
        "/on-1999-02-14/d",
        "/2026/02/31/e",
    ]


def test_placeholders_name_the_sitemap_of_the_day(server):
    """{year}, {month} and {day} are filled in; a sitemap of one day gives its undated entries to that day."""
    server.says("/2026/02/14.xml", 200, _urlset(("/a", ""), ("/b", "2026-02-13")))

    assert _listed(server, "/{year}/{month}/{day}.xml") == [("/a", None)]
    with fetcher_for(server) as fetcher, pytest.raises(RefusedFetchError) as caught:
        _listing(server, "/{year}/{month}/{day}.xml", fetcher, day=DAY - timedelta(days=1))
    assert (caught.value.reason, caught.value.key) == ("http_404", server.url("/2026/02/13.xml"))


def test_nothing_is_stored_for_the_next_day(server):
    """No validator is stored: an unchanged index still has other days."""
    server.says("/index.xml", 200, _urlset(("/a", "2026-02-14")), ETag='"v"')
    with fetcher_for(server) as fetcher:
        listing = _listing(server, "/index.xml", fetcher)

    assert (listing.validators, listing.day) == (None, DAY)


def test_indexes_of_years_and_months_end(server):
    """The days of an index apply to its children; loops end, and the fourth level is not read."""
    server.says("/index.xml", 200, _index(("/2026.xml", ""), ("/2025.xml", "")))
    server.says("/2026.xml", 200, _index(("/m-2026-02.xml", ""), ("/index.xml", ""), ("/m-2026-04.xml", "")))
    server.says("/m-2026-02.xml", 200, _index(("/part1.xml", "2026-02-01"), ("/part2.xml", "")))
    server.says("/part1.xml", 200, _urlset(("/a", "2026-02-14")))
    server.says("/part2.xml", 200, _index(("/part3.xml", "")))

    assert _listed(server, "/index.xml") == [("/a", None), ("/part2.xml", "sitemap_too_deep")]
    assert server.seen["/2025.xml"] + server.seen["/m-2026-04.xml"] + server.seen["/part3.xml"] == 0


def test_index_of_thousands_of_days_is_read(server):
    """The limit counts the sitemaps that are read, not those in an index."""
    days = [DAY + timedelta(days=ago) for ago in range(-2000, 2000)]
    server.says("/index.xml", 200, _index(*((f"/{day}.xml", "") for day in days)))
    server.says(f"/{DAY}.xml", 200, _urlset(("/a", "")))

    assert _listed(server, "/index.xml") == [
        (f"/{DAY - timedelta(days=1)}.xml", "http_404"),
        ("/a", None),
        (f"/{DAY + timedelta(days=1)}.xml", "http_404"),
    ]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html/>", "not_a_sitemap"),
        (BOMB + b"<urlset><url><loc>http://courier.example/&c;</loc></url></urlset>", "hostile_xml"),
        (gzip_bomb(60), "too_large"),
    ],
)
def test_other_content_is_refused(server, body, reason):
    """The limits and checks are the same as for every sitemap."""
    server.says("/2026/02.xml", 200, body)
    with fetcher_for(server) as fetcher, pytest.raises(BrokenListingError) as caught:
        _listing(server, "/{year}/{month}.xml", fetcher)

    assert caught.value.reason == reason


@given(
    DAYS,
    st.sampled_from(["/{d:%Y/%m/%d}/map.xml", "/map-{d:%Y%m%d}.xml.gz", "/map.xml?yyyy={d:%Y}&mm={d:%m}&dd={d:%d}"]),
)
def test_named_day_is_its_window(day, form):
    """The day in a name is the window; it can hold only itself and its two neighbours."""
    window = window_of(f"http://a.example{form.format(d=day)}")

    assert window is not None
    held = [ago for ago in range(-3, 4) if window.can_hold(day + timedelta(days=ago))]
    assert (window.first, window.last, held) == (day, day, [-1, 0, 1])


@given(DAYS, st.lists(st.sampled_from(["{year}", "{month}", "{day}", "/", "-", "news", ".xml"]), max_size=8))
def test_filled_in_placeholders_hold_the_day(day, parts):
    """All placeholders of a URL are replaced, and its window includes the day."""
    url, window = fill_template("http://a.example/" + "".join(parts), day)

    assert "{" not in url
    assert (window is not None) == any("{" in part for part in parts)
    assert window is None or window.first <= day <= window.last


@given(st.text(max_size=60))
def test_any_name_can_be_parsed(text):
    """A window is computed for any sitemap name without an error."""
    window = window_of(f"http://a.example/{text.replace('[', '')}")

    assert window is None or window.first <= window.last
