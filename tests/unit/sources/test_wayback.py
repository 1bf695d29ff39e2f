"""The index of a web archive: paging, broken rows, and snapshots that become their original pages."""

import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newslake.pipeline.errors import BrokenListingError, RefusedFetchError, TransientFetchError
from newslake.pipeline.fetch import PageRequest
from newslake.pipeline.model import Hints, Page, Source
from newslake.pipeline.sources import ListingEntry, WaybackFetcher, discover
from newslake.pipeline.sources.wayback import parse_response
from newslake.pipeline.unicode import to_well_formed
from tests.faults.hostile import NOW, fetcher_for
from tests.unit.sources.wayback import Kept, Wayback, wayback

DAY = date(2026, 2, 14)
A, B, C = (f"https://www.courier.example/news/{name}" for name in "abc")
KEPT = (
    Kept("20260213235959", A, b"a0"),
    Kept("20260214080000", A, b"a1"),
    Kept("20260214120000", A, b"a2"),
    Kept("20260214090000", "http://www.courier.example:80/news/b", b"b"),
    Kept("20260214100000", C, b"c"),
    Kept("20260214100000", "https://www.courier.example/news/gone", b"x", status="404"),
    Kept("20260214100000", "https://www.courier.example/news/pic", b"x", mimetype="image/png"),
    Kept("20260214100000", "https://www.courier.example/sport/d", b"d"),
)


def _found(archive: Wayback, fetcher) -> list[ListingEntry]:
    source = Source(
        key="old", kind="cdx", location="https://www.courier.example/news/*", api=archive.api, language="en"
    )
    listing = discover(source, day=DAY, fetcher=fetcher, validators=None, now=lambda: NOW)
    assert (listing.validators, listing.day) == (None, DAY)
    return list(listing.entries)


def test_first_capture_of_each_page_on_the_day():
    """The day's captures below the prefix are listed, each page once, under its own URL."""
    with wayback(*KEPT) as archive, fetcher_for(archive.server) as fetcher:
        found = _found(archive, fetcher)

    assert [each.ref.url for each in found] == [A, "http://www.courier.example/news/b", C]
    assert found[0].ref.hints == Hints(
        language="en", copy_url=f"{archive.api}/web/20260214080000id_/{A}", copy_digest=KEPT[1].digest
    )
    assert archive.asks == [
        {
            "url": ["https://www.courier.example/news/*"],
            "from": ["20260214"],
            "to": ["20260214"],
            "output": ["json"],
            "fl": ["urlkey,timestamp,original,digest"],
            "filter": ["statuscode:200", "mimetype:text/html"],
            "collapse": ["digest"],
            "limit": ["10000"],
            "showResumeKey": ["true"],
        }
    ]


def test_responses_are_followed_to_the_last():
    """The resume key requests the next response, and a page in two responses counts once."""
    with wayback(*KEPT) as archive, fetcher_for(archive.server) as fetcher:
        archive.rows_max = 1
        urls = [each.ref.url for each in _found(archive, fetcher)]

    assert urls == [A, "http://www.courier.example/news/b", C]
    assert [ask.get("resumeKey") for ask in archive.asks] == [None, ["key 1"], ["key 2"], ["key 3"]]


def test_repeated_resume_key_ends_the_listing():
    """An index that repeats its resume key is not read further, and the rest is reported as missing."""
    with wayback() as archive, fetcher_for(archive.server) as fetcher:
        head = ["urlkey", "timestamp", "original", "digest"]
        body = json.dumps([head, ["k", "20260214000000", A, "D"], [], ["same"]]).encode()
        archive.server.routes["/cdx/search/cdx?"] = lambda answer: answer.say(200, body)
        found = _found(archive, fetcher)

    assert [each.problem and each.problem.reason for each in found] == [None, "too_many_urls"]
    assert [each.ends_listing for each in found] == [False, True]
    assert sum(archive.server.seen.values()) - archive.server.seen["/robots.txt"] == 2


def test_broken_rows_are_reported():
    """Each row of another day, without a page, or truncated is one problem; the others count."""
    rows = [
        ["k1", "20260213080000", A, "D"],
        ["k2", "20260230080000", A, "D"],
        ["k3", "2026021408", A, "D"],
        ["k4", "20260214080000", "mailto:desk@courier.example", "D"],
        ["k5", "20260214080000"],
        ["k6", 20260214080000, A, None],
        ["k7", "20260214080000", A + "\ud83d", "D"],
        ["k8\ud83d", "20260214080000\0", A, "D"],
    ]
    with wayback(KEPT[4]) as archive, fetcher_for(archive.server) as fetcher:
        archive.extra_rows = rows
        reasons = [each.problem and each.problem.reason for each in _found(archive, fetcher)]

    assert reasons == [None, *["broken_capture"] * 8]


def test_row_that_is_not_utf_8_affects_only_itself():
    """Bytes that are not UTF-8, and half a character, break their row, or are replaced in it."""
    head = b'[["urlkey","timestamp","original","digest"],'
    rows = b'["a","20260214080000","https://post.example/caf\xe9","D"],["b","20260214080000","https://post.example/b","D\\ud83d"]'
    with wayback() as archive, fetcher_for(archive.server) as fetcher:
        archive.server.routes["/cdx/search/cdx?"] = lambda answer: answer.say(200, head + rows + b"]")
        broken, whole = _found(archive, fetcher)

    assert (broken.problem.reason, whole.ref.url) == ("broken_capture", "https://post.example/b")
    assert whole.ref.hints.copy_digest == "D\ufffd"


@pytest.mark.parametrize(
    "body", [b"<html>busy</html>", b"{}", b'["a"]', b'[["urlkey","timestamp"],["k","2"]]', b"[" * 9999]
)
def test_other_content_is_refused(body):
    """A response that is not an index breaks the listing."""
    with wayback() as archive, fetcher_for(archive.server) as fetcher:
        archive.server.routes["/cdx/search/cdx?"] = lambda answer: answer.say(200, body)
        with pytest.raises(BrokenListingError) as caught:
            _found(archive, fetcher)

    assert (caught.value.reason, caught.value.key) == ("not_a_cdx", "old")


def test_incomplete_index_fails_the_whole_day():
    """If a later response is missing, nothing is listed, not half of the day."""
    with wayback(*KEPT) as archive, fetcher_for(archive.server, attempts=1) as fetcher:
        archive.rows_max = 1
        index = archive.server.routes["/cdx/search/cdx?"]
        archive.server.routes["/cdx/search/cdx?"] = lambda a: a.say(429) if "resumeKey" in a.path else index(a)
        with pytest.raises(TransientFetchError) as caught:
            _found(archive, fetcher)

    assert caught.value.reason == "http_429"


def _page(archive: Wayback, copies: WaybackFetcher, url: str, stamp: str):
    hints = Hints(copy_url=f"{archive.api}/web/{stamp}id_/{url}", copy_digest="D")
    return _got(copies, PageRequest(url=url, etag='"live"', hints=hints))


def _got(copies: WaybackFetcher, wanted: PageRequest):
    ((_, got),) = copies.fetch_many([(None, wanted)])
    return got


def test_snapshot_is_the_page_at_that_time():
    """A snapshot has the original's URLs, bytes and headers and its capture time; no validators are sent."""
    with wayback(*KEPT) as archive, fetcher_for(archive.server) as fetcher:
        page = _page(archive, WaybackFetcher(fetcher), A, "20260214120000")
        headers = archive.server.headers[archive.copies[0]]

    assert isinstance(page, Page)
    assert (page.url, page.final_url, page.body) == (A, A, b"a2")
    assert page.fetched_at == datetime(2026, 2, 14, 12, tzinfo=UTC)
    assert page.headers == {"content-type": "text/html; charset=utf-8", "server": "press/1", "etag": '"orig"'}
    assert "if-none-match" not in headers
    assert page.exchange is None


def test_robots_of_the_archive_say_nothing_about_the_page():
    """A Content-Signal of the web archive is not a statement of the page's publisher."""
    with wayback(*KEPT) as archive, fetcher_for(archive.server) as fetcher:
        archive.server.says("/robots.txt", 200, b"User-agent: *\nContent-Signal: ai-train=no\n")
        page = _page(archive, WaybackFetcher(fetcher), A, "20260214120000")

    assert isinstance(page, Page)
    assert (page.hints.rights, page.hints.tdm_reserved) == (None, None)


def test_missing_snapshot_is_not_a_tombstone():
    """A snapshot that is missing in the archive is refused, without an exchange that would count as the page's own."""
    with wayback(*KEPT) as archive, fetcher_for(archive.server) as fetcher:
        got = _page(archive, WaybackFetcher(fetcher), "https://www.courier.example/none", "20260214120000")
        page = _page(archive, WaybackFetcher(fetcher), A, "20260214120000")

    assert (got.reason, got.exchange, page.exchange) == ("http_404", None, None)


def test_nearest_capture_has_its_own_time():
    """If the archive redirects to the nearest capture, the page has the time of that capture."""
    with wayback(*KEPT) as archive, fetcher_for(archive.server) as fetcher:
        page = _page(archive, WaybackFetcher(fetcher), A, "20260214080001")

    assert (page.fetched_at, page.body) == (datetime(2026, 2, 14, 8, tzinfo=UTC), b"a1")


@pytest.mark.parametrize(
    "target", ["/login", "/web/20269914000000id_/https://a.example/", "/web/20260214000000id_/http:///x"]
)
def test_redirect_elsewhere_is_refused(target):
    """A redirect to anything but a snapshot is refused."""
    with wayback(*KEPT) as archive, fetcher_for(archive.server) as fetcher:
        archive.server.routes["/web/20260214120000id_/"] = lambda answer: answer.say(302, Location=target)
        routes = archive.server.routes
        archive.server.routes = type(routes)(
            {"/web/20260214120000id_/": routes["/web/20260214120000id_/"], target: lambda answer: answer.say(200, b"x")}
        )
        got = _page(archive, WaybackFetcher(fetcher), A, "20260214120000")

    assert isinstance(got, RefusedFetchError)
    assert got.reason == "not_a_copy"


def test_no_snapshot_is_requested_after_429():
    """The first 429 stops snapshots for the run: later ones wait without a request. Other pages are fetched."""
    with wayback(*KEPT) as archive, fetcher_for(archive.server, attempts=1) as fetcher:
        archive.too_many_after = 1
        live = archive.server.says("/live", 200, b"live")
        copies = WaybackFetcher(fetcher)
        got = [_page(archive, copies, url, "20260214100000") for url in (C, A, C)]
        other = _got(copies, PageRequest(url=live))

    assert [getattr(each, "reason", None) for each in got] == [None, "http_429", "host_backoff"]
    assert (len(archive.copies), other.body) == (2, b"live")


CELLS = st.none() | st.text(max_size=20) | st.integers() | st.lists(st.text(max_size=3), max_size=2)


@given(st.lists(st.lists(CELLS, max_size=6), max_size=6))
def test_any_rows_are_read_or_refused(rows):
    """For any JSON, a response has four strings per row, or is invalid."""
    try:
        answer = parse_response(json.dumps(rows).encode())
    except ValueError:
        return
    assert all(len(row) == 4 and all(isinstance(cell, str) for cell in row) for row in answer.rows)


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(body):
    """Bytes that are not JSON raise ValueError and nothing else."""
    try:
        parse_response(body)
    except ValueError:
        return
    assert body.strip() in (b"", b"[]") or b"[" in body


@given(
    st.lists(st.tuples(*[st.text(st.characters(exclude_categories=()), min_size=1, max_size=12)] * 4), max_size=5),
    st.permutations(["urlkey", "timestamp", "original", "digest"]),
    st.none() | st.text(min_size=1, max_size=20),
)
def test_columns_may_have_any_order(rows, order, key):
    """Cells are read by the name of their column, as valid Unicode; the resume key follows an empty row."""
    columns = [["urlkey", "timestamp", "original", "digest"].index(name) for name in order]
    lines = [order, *([row[place] for place in columns] for row in rows), *([[], [key]] if key else [])]

    answer = parse_response(json.dumps(lines).encode())

    valid = tuple(tuple(map(to_well_formed, row)) for row in rows)
    assert (answer.rows, answer.resume_key) == (valid, key and to_well_formed(key))
