"""Rows of the bad-input table that concern fetching, and their tests on a real server.

Tests without a prefix are in this module, with "server:" in test_hostile_server.py, with "ingest:" in test_ingest.py.

  truncated gzip, short body       server: test_short_body_is_truncated; test_truncated_body_in_any_coding
  wrong content-length             server: test_short_body_is_truncated (long); test_length_that_is_too_short
  bombs, 50 MB page                server: test_bombs_stop_at_the_limit, test_endless_page_stops_at_the_limit,
                                   test_small_length_header_does_not_hide_a_large_body; make bench (peak memory)
  1 GB sitemap                     test_sitemap_of_a_gigabyte
  slow drip, silence               server: test_slow_drip_ends_at_the_deadline, test_silence_is_a_timeout
  interim responses: slow, many    test_endless_interim_responses, test_flood_of_interim_responses_ends
  interim responses: 102, 103      test_interim_responses_are_skipped
  header floods                    test_header_flood
  redirects: loop, > 10, file:, private    server: test_redirect_*, test_endless_redirects_are_refused;
                                   test_ten_redirects_are_followed, test_permanent_redirect
  redirects: https to http         tests/unit/fetch/test_transport.py
  private addresses                test_no_form_of_a_private_address_is_reached, test_user_in_a_url_is_refused
  DNS rebinding                    test_resolver_is_queried_once, test_one_private_address_is_enough
  429/503 with Retry-After         server: test_retry_after_is_obeyed, test_long_retry_after_is_left_for_a_later_run;
                                   test_retry_after_does_not_hold_up_other_hosts, test_storm_of_429_ends;
                                   ingest: test_server_says_when_a_page_is_tried_again
  304                              server: test_second_fetch_is_conditional; test_304_without_validators
  404/410                          server: test_refusal_is_not_retried
  robots 4xx / 5xx / timeout       server: test_robots_*, test_missing_robots_allow; test_robots_of_html_allow
  cookies                          test_cookies_are_not_stored
"""

import gzip
import socket
import threading
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from email.utils import format_datetime
from itertools import pairwise

import brotli
import pytest
from backports import zstd

from newslake.pipeline.errors import BrokenListingError, NewsError
from newslake.pipeline.fetch import Fetcher, FetchResult, FileRates, PageRequest
from tests.faults.hostile import NOW, Hostile, HostileHandler, fetcher_for, hostile_server, limits

PAGE = b"<html><body><p>The harbour of Tarnwick reopened on Monday.</p></body></html>"


@pytest.fixture
def server() -> Iterator[Hostile]:
    """A server that allows everything."""
    with hostile_server() as hostile:
        yield hostile


def _reason(got: FetchResult) -> str | None:
    return got.reason if isinstance(got, NewsError) else None


def _reason_of(server: Hostile, url: str, **changes: object) -> str | None:
    with fetcher_for(server, **changes) as fetcher:
        return _reason(fetcher.try_fetch(url))


def _many(fetcher: Fetcher, urls: list[str]) -> dict[str, str | None]:
    """Return the reason of each URL, None if its page was fetched."""
    found = [(key, _reason(got)) for key, _, got in fetcher.fetch_many((url, PageRequest(url=url)) for url in urls)]
    assert Counter(key for key, _ in found) == Counter(urls)
    return dict(found)


CODED = {
    "gzip": gzip.compress(PAGE),
    "deflate": zlib.compress(PAGE),
    "br": brotli.compress(PAGE),
    "zstd": zstd.compress(PAGE),
}


@pytest.mark.parametrize("coding", CODED)
def test_truncated_body_in_any_coding(server, coding):
    """A truncated encoded body is requested once more, then reported as truncated."""
    url = server.says("/cut", 200, CODED[coding][:-6], Content_Encoding=coding)

    assert _reason_of(server, url) == "truncated"
    assert server.seen["/cut"] == 2


@pytest.mark.parametrize("coding", CODED)
def test_complete_body_in_the_second_try(server, coding):
    """A body that is truncated once and then complete is a page, in every coding, also one that we did not name."""
    headers = {"Content_Encoding": coding}
    url = server.says_in_turn("/a", (200, CODED[coding][:-6], headers), (200, CODED[coding], headers))

    with fetcher_for(server) as fetcher:
        assert fetcher.fetch(url).body == PAGE
    assert server.headers["/a"]["accept-encoding"] == "gzip"


def test_length_that_is_too_short(server):
    """A body ends at its Content-Length; bytes after it are not the response to the next request."""
    server.says("/short", 200, PAGE + b"HTTP/1.1 200 OK\r\n\r\nevil", Content_Length=str(len(PAGE)))
    server.says("/next", 200, b"next")

    with fetcher_for(server, attempts=2) as fetcher:
        assert fetcher.fetch(server.url("/short")).body == PAGE
        assert fetcher.fetch(server.url("/next")).body == b"next"


def test_sitemap_of_a_gigabyte(server):
    """A sitemap of 1 GB after decompression is refused at the size limit of listings."""
    engine = zlib.compressobj(9, wbits=16 + zlib.MAX_WBITS)
    bomb = b"".join([*(engine.compress(bytes(1 << 20)) for _ in range(1024)), engine.flush()])
    url = server.says("/sitemap.xml", 200, bomb, Content_Encoding="gzip")

    with fetcher_for(server) as fetcher:
        assert _reason(fetcher.try_fetch(url, is_listing=True)) == "too_large"


@pytest.mark.parametrize("line", [b"X-Flood: 1\r\n", b"X-Long: " + b"y" * 70_000 + b"\r\n"])
def test_header_flood(server, line):
    """Endless headers, or one endless header, end the connection without a page."""
    cut_off = threading.Event()

    def answer(request: HostileHandler) -> None:
        request.close_connection = True
        request.wfile.write(b"HTTP/1.1 200 OK\r\n")
        try:
            while True:
                request.wfile.write(line)
        except OSError:
            cut_off.set()

    server.routes["/flood"] = answer
    patience = {"read_timeout_seconds": 60.0, "page_deadline_seconds": 60.0}

    assert _reason_of(server, server.url("/flood"), attempts=1, **patience) == "connection_failed"
    assert cut_off.wait(60)


def test_endless_interim_responses(server):
    """Endless "100 Continue" responses end at the page's deadline."""

    def answer(request: HostileHandler) -> None:
        request.close_connection = True
        for _ in range(60):
            request.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            time.sleep(0.05)

    server.routes["/soon"] = answer
    started = time.monotonic()

    assert _reason_of(server, server.url("/soon"), page_deadline_seconds=0.5) == "deadline"
    assert time.monotonic() - started < 2.5


@pytest.mark.parametrize(
    "interim",
    [
        b"HTTP/1.1 100 Continue\r\nX-Part: one\r\n\r\n",
        b"HTTP/1.1 102 Processing\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n",
        b"HTTP/1.1 199 Other\r\n\r\n",
    ],
    ids=["100", "102", "103", "199"],
)
@pytest.mark.parametrize("count", [1, 20])
def test_interim_responses_are_skipped(server, interim, count):
    """The page follows its interim responses, and the archived head is its own."""

    def answer(request: HostileHandler) -> None:
        request.wfile.write(interim * count)
        request.say(200, PAGE)

    server.routes["/hints"] = answer
    with fetcher_for(server) as fetcher:
        page = fetcher.fetch(server.url("/hints"))

    assert (page.status, page.body, page.exchange.head[:15]) == (200, PAGE, b"HTTP/1.1 200 OK")
    assert b"Link" not in page.exchange.head


@pytest.mark.parametrize("status", [b"100 Continue", b"103 Early Hints"])
def test_flood_of_interim_responses_ends(server, status):
    """Interim responses end the connection at their limit, not only at the page's deadline."""
    cut_off = threading.Event()

    def answer(request: HostileHandler) -> None:
        request.close_connection = True
        try:
            while True:
                request.wfile.write(b"HTTP/1.1 " + status + b"\r\n\r\n")
        except OSError:
            cut_off.set()

    server.routes["/flood"] = answer
    patience = {"read_timeout_seconds": 60.0, "page_deadline_seconds": 60.0}

    assert _reason_of(server, server.url("/flood"), attempts=1, **patience) == "connection_failed"
    assert cut_off.wait(60)


def test_ten_redirects_are_followed(server):
    """If ten redirects are allowed, ten are followed and eleven are not."""
    for number in range(11):
        server.says(f"/{number}", 307, Location=f"/{number + 1}")
    server.says("/11", 200, PAGE)

    assert _reason_of(server, server.url("/1"), redirects_max=10) is None
    assert _reason_of(server, server.url("/0"), redirects_max=10) == "redirect_limit"


@pytest.mark.parametrize("status", [301, 308])
def test_permanent_redirect(server, status):
    """A permanently moved page is fetched from its new place, with the requested URL."""
    with fetcher_for(server) as fetcher:
        page = fetcher.fetch(server.says("/old", status, Location=server.says("/new", 200, PAGE)))

    assert (page.url, page.final_url, page.status) == (server.url("/old"), server.url("/new"), 200)


@pytest.mark.parametrize(
    "host",
    [
        "0",
        "0.0.0.0",
        "127.0.0.1.",
        "localhost",
        "localhost.",
        "LOCALHOST",
        "2130706433",
        "017700000001",
        "0x7f.1",
        "127.0.1",
        "①②⑦.0.0.1",
        "127。0。0。1",
        "[::]",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:7f00:1]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[fe80::1]",
        "[fc00::1]",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.10.20",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
    ],
)
def test_no_form_of_a_private_address_is_reached(server, host):
    """For any form of a private address nothing is sent, neither directly nor by a redirect."""
    port = server.server.server_port
    direct = _reason_of(server, f"http://{host}:{port}/a", attempts=1)
    server.says("/out", 302, Location=f"http://{host}:{port}/a".encode().decode("latin-1"))
    by_redirect = _reason_of(server, server.url("/out"), attempts=1)

    # Not every resolver knows a final dot and digits of other scripts; an unknown form cannot be reached.
    may_be_unknown = host.endswith(".") or not host.isascii()
    allowed = {"private_address", "bad_url", "dns_failed"} if may_be_unknown else {"private_address"}
    assert {direct, by_redirect} <= allowed
    assert server.seen["/a"] == 0


@pytest.mark.parametrize("user", ["user@", "user:word@", "example.org@"])
def test_user_in_a_url_is_refused(server, user):
    """A URL with a user name, also one that looks like another host, is not requested."""
    url = f"http://{user}{server.host}/a"

    assert _reason_of(server, url) == "credentials_in_url"
    assert server.seen["/a"] == 0


def _answers(*addresses: str) -> list[tuple[object, ...]]:
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in addresses]


def test_resolver_is_queried_once(server, monkeypatch):
    """If a name is public at the check and private a moment later, the connection uses the checked address."""
    queried: list[str] = []
    connected: list[str] = []

    def resolve(host: str, *args: object, **kwargs: object) -> list[tuple[object, ...]]:
        queried.append(host)
        return _answers("93.184.215.14" if len(queried) == 1 else "127.0.0.1")

    def connect(address: tuple[str, int], *args: object, **kwargs: object) -> socket.socket:
        connected.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr("urllib3.util.connection.create_connection", connect)

    assert _reason_of(server, "http://rebind.example/a") == "robots_unreachable"
    assert (queried, set(connected)) == (["rebind.example"], {"93.184.215.14"})


def test_one_private_address_is_enough(server, monkeypatch):
    """A name with a public and a private address is refused."""
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: _answers("93.184.215.14", "10.0.0.1"))

    assert _reason_of(server, "http://both.example/a") == "private_address"


def test_304_without_validators(server):
    """A 304 to a request without validators is a refusal, not an unchanged page."""
    assert _reason_of(server, server.says("/a", 304)) == "http_304"


def test_robots_of_html_allow(server):
    """A robots.txt with an HTML page or with binary data has no rules."""
    for body in (b"<!doctype html><html><body>User-agent: none</body></html>", bytes(range(256)) * 50):
        server.says("/robots.txt", 200, body)
        assert _reason_of(server, server.says("/a", 200, PAGE)) is None


def test_cookies_are_not_stored(server):
    """A server's cookie is not sent back, neither for the next page nor after a redirect."""
    server.says("/a", 302, Location="/b", Set_Cookie="id=1; Path=/")
    server.says("/b", 200, PAGE, Set_Cookie="id=2; Path=/")
    with fetcher_for(server) as fetcher:
        for _ in range(2):
            fetcher.fetch(server.url("/a"))

    assert ["cookie" in server.headers[path] for path in ("/a", "/b")] == [False, False]


def test_many_pages_each_have_one_result(server):
    """Each of many pages has one result, also one with an invalid URL."""
    expected: dict[str, str | None] = {server.says(f"/{number}", 200, PAGE): None for number in range(40)}
    expected |= {server.url("/gone"): "http_404", "mailto:a": "unsupported_scheme", "http://[x]/": "bad_url"}
    expected[server.says_in_turn("/late", (503, b"", {}), (200, PAGE, {}))] = None

    with fetcher_for(server) as fetcher:
        assert _many(fetcher, list(expected)) == expected
    assert (server.seen["/robots.txt"], server.seen["/.well-known/tdmrep.json"], server.seen["/late"]) == (1, 1, 2)


def test_hosts_do_not_wait_for_each_other(server):
    """A host that does not respond and a host with 429 do not delay the pages of a third host."""
    with hostile_server() as silent, hostile_server() as busy:
        silent.routes["/s"] = lambda request: time.sleep(2)
        busy.says_in_turn("/b", (429, b"", {"Retry_After": "1"}), (200, PAGE, {}))
        urls = [silent.url("/s"), busy.url("/b"), *(server.says(f"/{n}", 200, PAGE) for n in range(20))]
        came: list[str] = []
        with fetcher_for(
            server, silent, busy, threads=2, attempts=2, read_timeout_seconds=1.5, retry_after_max_seconds=2.0
        ) as fetcher:
            for key, _, got in fetcher.fetch_many((url, PageRequest(url=url)) for url in urls):
                assert _reason(got) == ("timeout" if key == silent.url("/s") else None)
                came.append(key)

    slow = {silent.url("/s"), busy.url("/b")}
    assert set(came[-2:]) == slow
    assert len(came) == len(urls)


@pytest.mark.parametrize("is_date", [False, True])
def test_retry_after_does_not_hold_up_other_hosts(server, is_date):
    """One thread is enough: during a host's Retry-After, in seconds or as a date, other hosts are fetched from."""

    def late(request: HostileHandler) -> None:
        is_first = server.seen["/late"] == 1
        value = format_datetime(NOW + timedelta(seconds=1), usegmt=True) if is_date else "1"
        request.say(503, Retry_After=value) if is_first else request.say(200, PAGE)

    server.routes["/late"] = late
    with hostile_server() as other:
        urls = [server.url("/late"), *(other.says(f"/{n}", 200, PAGE) for n in range(5))]
        with fetcher_for(server, other, threads=1, retry_after_max_seconds=2.0) as fetcher:
            assert set(_many(fetcher, urls).values()) == {None}
        first, second = [at for path, at in server.starts if path == "/late"]
        others = [at for path, at in other.starts]

    assert second - first >= 1.0
    assert max(others) < second


def test_storm_of_429_ends(server):
    """A host that always responds with 429 gets about ten requests in total; its other pages wait for a later run."""
    urls = [server.says(f"/{number}", 429) for number in range(100)]
    with fetcher_for(server, threads=1) as fetcher:
        found = Counter(_many(fetcher, urls).values())

    assert found == {"host_backoff": 100}
    assert sum(server.seen[f"/{number}"] for number in range(100)) <= 10


def test_no_two_starts_closer_than_the_interval(server, tmp_path):
    """Requests of two fetchers with one folder and 8 threads each start one after the other, also for robots.txt."""
    hosts = frozenset({server.host})
    urls = [server.says(f"/{number}", 200, PAGE) for number in range(6)]
    with ExitStack() as stack:
        fetchers = [
            stack.enter_context(
                Fetcher(
                    limits(host_interval_seconds=0.1),
                    private_hosts=hosts,
                    now=lambda: NOW,
                    host_rates=FileRates(tmp_path / "t", open_seconds=90),
                )
            )
            for _ in range(2)
        ]
        results = [each.fetch_many((url, PageRequest(url=url)) for url in urls) for each in fetchers]
        for got in zip(*results, strict=True):
            assert [_reason(each) for _, _, each in got] == [None, None]
    starts = sorted(at for _, at in server.starts)

    assert len(starts) == 2 * (6 + 2)
    assert min(b - a for a, b in pairwise(starts)) >= 0.095


def test_unread_results_end_the_threads(server):
    """A caller that stops reading gets its own error, and no thread continues."""
    urls = [server.says(f"/{number}", 200, PAGE) for number in range(50)]
    with fetcher_for(server) as fetcher:
        results = fetcher.fetch_many((url, PageRequest(url=url)) for url in urls)
        next(results)
        results.close()
        seen = server.seen.total()
        time.sleep(0.1)

    assert server.seen.total() == seen < 50


def test_error_of_the_listing_is_the_callers(server):
    """An error of the iterator of pages is raised to the reader of the results."""

    def listed() -> Iterator[tuple[str, PageRequest]]:
        yield "a", PageRequest(url=server.says("/a", 200, PAGE))
        raise BrokenListingError("the listing breaks off", key="x")

    with fetcher_for(server) as fetcher, pytest.raises(BrokenListingError):
        list(fetcher.fetch_many(listed()))
