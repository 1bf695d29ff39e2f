"""Feeds: every entry once, with its hints."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from newslake.pipeline.errors import BrokenListingError, ConfigError, RefusedFetchError
from newslake.pipeline.model import Hints, Source
from newslake.pipeline.sources import Validators, discover
from newslake.pipeline.sources.feed_xml import ENTRIES_MAX
from tests.faults.hostile import NOW, fetcher_for, hostile_server
from tests.unit.sources.listings import ATOM, BOMB, RSS, entries_of, listing_of, source_at


@pytest.fixture
def server():
    """A server with a feed of each kind."""
    with hostile_server() as hostile:
        hostile.says("/rss", 200, RSS, ETag='"one"', Last_Modified="then", Content_Type="application/rss+xml")
        hostile.says("/atom", 200, ATOM)
        yield hostile


def _hints(server, path: str, **source: str) -> dict[str, Hints]:
    with fetcher_for(server) as fetcher:
        found = listing_of(source_at(server, path, **source), fetcher).entries
        return {each.ref.url.rsplit("/", 1)[-1]: each.ref.hints for each in found if each.problem is None}


def test_every_entry_is_listed_once(server):
    """Relative links are resolved, repeated ones skipped, and each entry without a page is one problem."""
    base = server.url("")

    assert entries_of(server, source_at(server, "/rss")) == [
        (f"{base}/news/bridge", None),
        ("http://courier.example/news/quiet", None),
        (f"{base}/rss#entry-3", "entry_without_link"),
        (f"{base}/rss#entry-5", "bad_url"),
        (f"{base}/news/day", None),
        (f"{base}/news/far", None),
    ]


RSS_WITH_BLANKS = """<rss version="2.0"><channel><title>f</title><item><title>t</title><link>
  https://post.example/harbour plan/a  b.html?q=one two </link></item></channel></rss>"""
ATOM_WITH_BLANKS = """<feed xmlns="http://www.w3.org/2005/Atom"><title>f</title><entry><title>t</title>
<link href=" https://post.example/harbour plan/a  b.html?q=one two"/></entry></feed>"""
JSON_WITH_BLANKS = {
    "version": "https://jsonfeed.org/version/1.1",
    "items": [{"id": "1", "url": "https://post.example/harbour plan/a  b.html?q=one two "}],
}


@pytest.mark.parametrize("feed", [RSS_WITH_BLANKS, ATOM_WITH_BLANKS, json.dumps(JSON_WITH_BLANKS)])
def test_blanks_inside_a_link_are_encoded(server, feed):
    """Each blank inside a link is %20, in every kind of feed; none is dropped but those at its ends."""
    server.says("/feed", 200, feed.encode())

    url = "https://post.example/harbour%20plan/a%20%20b.html?q=one%20two"
    assert entries_of(server, source_at(server, "/feed")) == [(url, None)]


def test_rss_hints(server):
    """Title, time in UTC, publisher and language come from the feed."""
    assert _hints(server, "/rss")["bridge"] == Hints(
        title="Bridge & ferry closed",
        published_at=datetime(2026, 3, 2, 7, 15, 30, tzinfo=UTC),
        published_precision="second",
        publisher="Tidewater Courier",
        language="en",
    )


def test_missing_and_impossible_dates_are_null(server):
    """An entry without a date, and one from the year 2099, have no date."""
    hints = _hints(server, "/rss")

    assert [(hints[name].published_at, hints[name].published_precision) for name in ("quiet", "far")] == [
        (None, None),
        (None, None),
    ]


def test_day_without_time_is_a_day(server):
    """A date without a time has the precision "day"."""
    hints = _hints(server, "/rss")["day"]

    assert (hints.published_at, hints.published_precision) == (datetime(2026, 3, 1, tzinfo=UTC), "day")


def test_atom_hints(server):
    """Published and updated are distinguished, markup in a title is removed, and the alternate link is the page."""
    hints = _hints(server, "/atom", publisher="The Wire")

    assert hints["1"] == Hints(
        title="Crane stuck",
        published_at=datetime(2026, 3, 2, 0, 30, tzinfo=UTC),
        published_precision="second",
        modified_at=datetime(2026, 3, 2, 3, tzinfo=UTC),
        publisher="The Wire",
        language="en",
    )
    assert (hints["2"].published_at, hints["2"].modified_at) == (None, datetime(2026, 3, 2, 4, tzinfo=UTC))


def test_json_feed(server):
    """A JSON Feed is a feed."""
    items = [
        {"url": "/j/1", "title": "One", "date_published": "2026-03-02T01:00:00Z", "date_modified": "2026-03-02T02:00Z"},
        {"external_url": "http://other.example/2", "date_published": "yesterday"},
        "nothing",
    ]
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "J", "language": "en-US", "items": items}
    server.says("/json", 200, json.dumps(feed).encode())

    assert entries_of(server, source_at(server, "/json")) == [
        (server.url("/j/1"), None),
        ("http://other.example/2", None),
        (server.url("/json#entry-3"), "entry_without_link"),
    ]
    assert _hints(server, "/json")["1"] == Hints(
        title="One",
        published_at=datetime(2026, 3, 2, 1, tzinfo=UTC),
        published_precision="second",
        modified_at=datetime(2026, 3, 2, 2, tzinfo=UTC),
        publisher="J",
        language="en",
    )


def test_unchanged_feed_lists_nothing(server):
    """With the validators of the last listing the next response is a 304."""
    source = source_at(server, "/rss")
    with fetcher_for(server) as fetcher:
        first = listing_of(source, fetcher)
        server.says("/rss", 304)
        second = listing_of(source, fetcher, first.validators)

    assert first.validators == Validators(etag='"one"', last_modified="then")
    assert (second.is_unchanged, list(second.entries), second.validators) == (True, [], first.validators)
    assert server.headers["/rss"]["if-none-match"] == '"one"'


def test_feed_is_read_again_after_a_change_of_limits(server):
    """Validators of a listing with other limits are not sent; those with the same are sent as the server gave them."""
    limited = replace(source_at(server, "/rss"), exclude=("/live/",))
    sent = []
    with fetcher_for(server) as fetcher:
        known = None
        for source in (limited, limited, source_at(server, "/rss"), limited):
            known = listing_of(source, fetcher, known).validators
            sent.append(server.headers["/rss"].get("if-none-match"))

    assert sent == [None, '"one"', None, None]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<!doctype html><html><body><p>We moved.</p></body></html>", "not_a_feed"),
        (b"", "not_a_feed"),
        (b"/etc/hostname", "not_a_feed"),
        (b"http://127.0.0.1/rss", "not_a_feed"),
        (b"\x89PNG\r\n\x1a\n\0\0", "not_a_feed"),
        (b'{"items": []}', "not_a_feed"),
        (b'{"version": ', "not_a_feed"),
        (b"[" * 100_000, "not_a_feed"),
        (BOMB + b"<rss version='2.0'><channel><title>&c;</title></channel></rss>", "hostile_xml"),
        ((BOMB + b"<rss version='2.0'/>").decode().encode("utf-16"), "hostile_xml"),
    ],
)
def test_other_content_is_refused(server, body, reason):
    """A page, a path, a picture and hostile XML are refused with a reason; nothing is opened or expanded."""
    server.says("/bad", 200, body)
    with fetcher_for(server) as fetcher, pytest.raises(BrokenListingError) as caught:
        listing_of(source_at(server, "/bad"), fetcher)

    assert (caught.value.reason, caught.value.key) == (reason, "courier")


def test_empty_feed_is_a_feed(server):
    """A feed without entries lists nothing and is not an error."""
    server.says("/none", 200, b"<rss version='2.0'><channel><title>T</title></channel></rss>")

    assert entries_of(server, source_at(server, "/none")) == []


@pytest.mark.parametrize("end", [b"<item><title>No link", b"link at all", b"/description>"])
def test_truncated_feed_gives_its_entries(server, end):
    """A feed that ends early gives the entries before its end, and last the reason why it is incomplete."""
    server.says("/half", 200, RSS[: RSS.index(end)], ETag='"half"')
    base = server.url("")

    assert entries_of(server, source_at(server, "/half")) == [
        (f"{base}/news/bridge", None),
        ("http://courier.example/news/quiet", None),
        (f"{base}/half", "broken_feed"),
    ]
    with fetcher_for(server) as fetcher:  # the rest may come under the same ETag
        assert listing_of(source_at(server, "/half"), fetcher).validators is None


@pytest.mark.parametrize(
    "body",
    [
        b"<rss version='2.0'><channel><title>&#x110000;</title><item><title>x</title><link>/1</link>",
        b"<rss version='2.0'>",
        b"<feed xmlns='http://www.w3.org/2005/Atom'><entry><link href='/1'/>",
    ],
)
def test_feed_that_ends_in_its_first_entry_is_incomplete(server, body):
    """A feed that ends in its first entry, or before it, is an incomplete listing, and its URL is not to blame."""
    server.says("/half", 200, body)
    with fetcher_for(server) as fetcher:
        [found] = listing_of(source_at(server, "/half"), fetcher).entries

    assert (found.problem.reason, found.ends_listing, "url" in str(found.problem)) == ("broken_feed", True, False)


def test_last_entry_without_a_link_is_reported(server):
    """The last whole entry before a feed ends early, or has too many entries, is reported if it has no link."""
    item = "<item><title>{0}</title><link>/{0}</link></item>"
    server.says("/cut", 200, f"<rss><channel>{item.format(1)}<item><title>x</title></item>".encode())
    items = [*({"url": "http://courier.example/1"} for _ in range(ENTRIES_MAX - 1)), {}, {}]
    server.says("/long", 200, json.dumps({"version": "https://jsonfeed.org/version/1", "items": items}).encode())

    for path, end in (("/cut", "broken_feed"), ("/long", "too_many_urls")):
        found = entries_of(server, source_at(server, path))
        assert [reason for _, reason in found] == [None, "entry_without_link", end]


@pytest.mark.parametrize("body", [b"", b" \n", b"\xef\xbb\xbf"])
def test_empty_body_is_called_empty(server, body):
    """An empty body is refused as empty, not as another format."""
    server.says("/nothing", 200, body)
    with fetcher_for(server) as fetcher, pytest.raises(BrokenListingError, match="it is empty"):
        listing_of(source_at(server, "/nothing"), fetcher)


def test_missing_feed_is_refused(server):
    """A missing feed raises the error of fetching."""
    with fetcher_for(server) as fetcher, pytest.raises(RefusedFetchError) as caught:
        listing_of(source_at(server, "/nowhere"), fetcher)

    assert caught.value.reason == "http_404"


def test_online_source_needs_a_fetcher():
    """An online source without a fetcher is an error of the caller."""
    source = Source(key="courier", kind="feed", location="http://courier.example/rss")
    with pytest.raises(ConfigError):
        discover(source, day=NOW.date(), fetcher=None, validators=None, now=lambda: NOW)
