"""A misbehaving server costs bounded time and bytes, and each fault has its own reason.

test_hostile_newsroom.py maps the rows of the bad-input table to tests.
"""

import gzip
import threading
import time
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest

from newslake.pipeline.errors import RefusedFetchError, TransientFetchError
from newslake.pipeline.fetch import Fetcher, NotModified
from tests.faults.hostile import BOMBS, NOW, Hostile, HostileHandler, fetcher_for, hostile_server, limits

PAGE = b"<html><body><p>The harbour of Almere reopened on Monday.</p></body></html>"


@pytest.fixture
def server() -> Iterator[Hostile]:
    """A server that allows everything."""
    with hostile_server() as hostile:
        hostile.says("/robots.txt", 404)
        yield hostile


def _reason(server: Hostile, url: str, **changes: object) -> tuple[type, str]:
    with fetcher_for(server, **changes) as fetcher:
        with pytest.raises((RefusedFetchError, TransientFetchError)) as caught:
            fetcher.fetch(url)
    assert caught.value.key == url
    return type(caught.value), caught.value.reason


def test_page_has_the_response(server):
    """A page has the bytes, lower-case headers, status, final URL and fetch time."""
    url = server.says("/a", 200, PAGE, Content_Type="text/html; charset=utf-8", ETag='"v1"')

    with fetcher_for(server) as fetcher:
        page = fetcher.fetch(url)

    assert (page.url, page.final_url, page.status, page.body, page.fetched_at) == (url, url, 200, PAGE, NOW)
    assert (page.content_type, page.headers["etag"]) == ("text/html", '"v1"')
    assert server.headers["/a"]["user-agent"] == "newslake-tests/0.1 (nobody@example.org)"
    assert server.headers["/a"]["host"] == server.host


def test_second_fetch_is_conditional(server):
    """With the validators of the first fetch, a 304 is NotModified."""

    def answer(request: HostileHandler) -> None:
        is_known = request.headers.get("If-None-Match") == '"v1"' and request.headers.get("If-Modified-Since") == "then"
        request.say(304 if is_known else 200, b"" if is_known else PAGE, ETag='"v1"')

    server.routes["/a"] = answer
    with fetcher_for(server) as fetcher:
        first = fetcher.fetch(server.url("/a"))
        second = fetcher.fetch(server.url("/a"), etag='"v1"', last_modified="then")

    assert first.status == 200
    assert second == NotModified(url=server.url("/a"), fetched_at=NOW, headers=second.headers)
    assert second.headers["etag"] == '"v1"'


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451, 206, 300])
def test_refusal_is_not_retried(server, status):
    """A page with a permanent error status is requested once and refused with this status."""
    assert _reason(server, server.says("/no", status)) == (RefusedFetchError, f"http_{status}")
    assert server.seen["/no"] == 1


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_transient_failure_is_retried_and_reported(server, status):
    """A page with a transient error status is tried up to the limit, then left for a later run."""
    assert _reason(server, server.says("/busy", status)) == (TransientFetchError, f"http_{status}")
    assert server.seen["/busy"] == 3


def test_retry_after_is_obeyed(server):
    """A 429 with a short Retry-After is retried after that time, not earlier."""
    url = server.says_in_turn("/slow", (429, b"", {"Retry_After": "1"}), (200, PAGE, {}))

    with fetcher_for(server, retry_after_max_seconds=2.0) as fetcher:
        page = fetcher.fetch(url)

    starts = [at for path, at in server.starts if path == "/slow"]
    assert page.body == PAGE
    assert 1.0 <= starts[1] - starts[0] < 1.5


@pytest.mark.parametrize("value", ["86400", format_datetime(NOW + timedelta(days=1), usegmt=True)])
def test_long_retry_after_is_left_for_a_later_run(server, value):
    """A Retry-After over the limit, in seconds or as a date, is raised immediately; the host is on hold until then."""
    url, other = server.says("/later", 429, Retry_After=value), server.says("/other", 200, PAGE)

    with fetcher_for(server) as fetcher:
        with pytest.raises(TransientFetchError) as caught:
            fetcher.fetch(url)
        with pytest.raises(TransientFetchError) as second:
            fetcher.fetch(other)

    assert (caught.value.reason, caught.value.retry_after_seconds) == ("http_429", 86400.0)
    assert (second.value.reason, server.seen["/later"], server.seen["/other"]) == ("host_backoff", 1, 0)
    assert second.value.retry_after_seconds == pytest.approx(86400, abs=5)


def test_redirects_are_followed(server):
    """Relative and absolute redirects lead to a page with both URLs."""
    server.says("/a", 301, Location="/b")
    server.says("/b", 302, Location=server.url("/c#part"))
    server.says("/c", 200, PAGE)

    with fetcher_for(server) as fetcher:
        page = fetcher.fetch(server.url("/a"))

    assert (page.url, page.final_url, page.body) == (server.url("/a"), server.url("/c"), PAGE)


def test_redirect_loop_is_refused(server):
    """Redirects to a visited URL are a loop."""
    server.says("/a", 302, Location="/b")
    server.says("/b", 302, Location="/a")

    assert _reason(server, server.url("/a")) == (RefusedFetchError, "redirect_loop")


def test_endless_redirects_are_refused(server):
    """More redirects than the limit are refused."""
    for number in range(10):
        server.says(f"/{number}", 302, Location=f"/{number + 1}")

    assert _reason(server, server.url("/0")) == (RefusedFetchError, "redirect_limit")
    assert server.seen["/6"] == 0


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("file:///etc/hostname", "unsupported_scheme"),
        ("ftp://127.0.0.1/x", "unsupported_scheme"),
        ("http://169.254.10.20/latest", "private_address"),
        ("http://[::ffff:10.0.0.1]/", "private_address"),
        ("http://user:word@127.0.0.1/", "credentials_in_url"),
        ("http://[broken/", "bad_url"),
        ("", "http_302"),
    ],
)
def test_redirect_to_a_refused_url_is_refused(server, location, reason):
    """Every redirect passes the same checks as the first URL."""
    assert _reason(server, server.says("/out", 302, Location=location)) == (RefusedFetchError, reason)


def test_redirect_to_another_private_server_is_refused(server):
    """Permission for one private port does not permit another one, and nothing is sent there."""
    with hostile_server() as inner:
        inner.says("/secret", 200, b"secret")

        reason = _reason(server, server.says("/out", 302, Location=inner.url("/secret")))

        assert (reason, inner.seen.total()) == ((RefusedFetchError, "private_address"), 0)


@pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[::1]", "[::ffff:127.0.0.1]"])
def test_unusual_forms_of_a_private_address_are_refused(server, host):
    """Decimal, hex, octal, short and IPv6 forms are checked by their actual address, and nothing is sent."""
    port = server.server.server_port
    server.says("/a", 200, PAGE)

    assert _reason(server, f"http://{host}:{port}/a") == (RefusedFetchError, "private_address")
    assert server.seen.total() == 0


def test_environment_proxies_are_not_used(server, monkeypatch):
    """A proxy of the environment would bypass the address check; it is not used."""
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    with fetcher_for(server) as fetcher:
        assert fetcher.fetch(server.says("/a", 200, PAGE)).body == PAGE


def _peak_megabytes(server: Hostile, url: str, reason: str) -> float:
    tracemalloc.start()
    try:
        assert _reason(server, url) == (RefusedFetchError, reason)
        return tracemalloc.get_traced_memory()[1] / (1 << 20)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("coding", BOMBS)
def test_bombs_stop_at_the_limit(server, coding):
    """60 MB of zeros, compressed to a few bytes, stop at the limit of the decoded size."""
    bomb = BOMBS[coding](bytes(60 << 20))

    assert _peak_megabytes(server, server.says("/bomb", 200, bomb, Content_Encoding=coding), "too_large") < 16


def test_endless_page_stops_at_the_limit(server):
    """A page of 50 MB, sent without a length, is aborted at the limit."""

    def answer(request: HostileHandler) -> None:
        request.send_response(200)
        request.send_header("Connection", "close")
        request.end_headers()
        for _ in range(50):
            request.wfile.write(bytes(1 << 20))

    server.routes["/big"] = answer

    assert _peak_megabytes(server, server.url("/big"), "too_large") < 16


def test_small_length_header_does_not_hide_a_large_body(server):
    """Many gzip members are one body with one size limit."""
    members = gzip.compress(bytes(400_000)) * 3

    assert _reason(server, server.says("/m", 200, members, Content_Encoding="gzip"))[1] == "too_large"


@pytest.mark.parametrize("part", ["head", "body", "chunk"])
def test_slow_drip_ends_at_the_deadline(server, part):
    """Single bytes at intervals, in head, body or chunk size, end at the page's deadline without a retry."""
    heads = {
        "head": b"HTTP/1.1 200 OK\r\nX-Slow: ",
        "body": b"HTTP/1.1 200 OK\r\n\r\n",
        "chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    }

    def answer(request: HostileHandler) -> None:
        request.wfile.write(heads[part])
        for _ in range(40):
            request.wfile.write(b"0")
            time.sleep(0.1)

    server.routes["/drip"] = answer
    started = time.monotonic()

    assert _reason(server, server.url("/drip"), page_deadline_seconds=1.0) == (TransientFetchError, "deadline")
    assert 0.9 < time.monotonic() - started < 3.5  # the whole drip takes four seconds
    assert server.seen["/drip"] == 1


def test_slow_stream_is_aborted(server):
    """A stream has no deadline, but it ends if a server sends only single bytes at intervals."""

    def answer(request: HostileHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(80):
            request.wfile.write(b"0")
            time.sleep(0.05)

    server.routes["/drip"] = answer
    with (
        fetcher_for(server, read_timeout_seconds=0.2) as fetcher,
        fetcher.stream(server.url("/drip"), max_bytes=1000) as got,
    ):
        came = sum(map(len, got.pieces()))

    assert isinstance(got.error, TransientFetchError)
    assert got.error.reason == "timeout"
    assert 0 < came < 80


def test_silence_is_a_timeout(server):
    """A request to a server that does not respond ends after the read timeout."""
    server.routes["/silent"] = lambda request: time.sleep(0.5)

    assert _reason(server, server.url("/silent"), read_timeout_seconds=0.1) == (TransientFetchError, "timeout")


@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_short_body_is_truncated(server, coding):
    """A body that ends before its length, or before the end of its coding, is retried once and not accepted."""
    body = gzip.compress(PAGE)[:-9] if coding == "gzip" else PAGE
    length = str(len(body) + (0 if coding == "gzip" else 10))

    def answer(request: HostileHandler) -> None:
        request.say(200, body, Content_Length=length, Content_Encoding=coding)
        request.close_connection = True

    server.routes["/cut"] = answer

    assert _reason(server, server.url("/cut")) == (TransientFetchError, "truncated")
    assert server.seen["/cut"] == 2


def test_connection_closed_immediately_is_retried(server):
    """A connection that breaks before the head is a transient failure."""
    server.routes["/gone"] = lambda request: setattr(request, "close_connection", True)

    assert _reason(server, server.url("/gone")) == (TransientFetchError, "connection_failed")


@pytest.mark.parametrize("coding", ["compress", "br", "zstd", "gzip"])
def test_unknown_content_coding_is_refused(server, coding):
    """An unknown content coding, or a body that does not match its content coding, is refused."""
    assert _reason(server, server.says("/x", 200, PAGE, Content_Encoding=coding))[1] == "bad_encoding"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://example.org/", "unsupported_scheme"),
        ("no-url", "unsupported_scheme"),
        ("http://", "bad_url"),
        ("http://[x]/", "bad_url"),
        ("http://a@127.0.0.1/", "credentials_in_url"),
        ("http://127.0.0.1:99999/", "bad_url"),
    ],
)
def test_invalid_url_is_refused(server, url, reason):
    """An invalid URL is not requested."""
    assert _reason(server, url) == (RefusedFetchError, reason)


def test_robots_refusal(server):
    """A disallowed page is not requested; others are, and robots.txt is requested once."""
    server.says("/robots.txt", 200, b"User-agent: newslake-tests\nDisallow: /private/\n")
    server.says("/open/1", 200, PAGE)
    with fetcher_for(server) as fetcher:
        with pytest.raises(RefusedFetchError) as caught:
            fetcher.fetch(server.url("/private/1"))
        assert fetcher.fetch(server.url("/open/1")).body == PAGE

    assert caught.value.reason == "robots_refused"
    assert (server.seen["/private/1"], server.seen["/robots.txt"]) == (0, 1)


def test_robots_of_a_redirect_is_requested(server):
    """The robots.txt of a redirect's target host is requested."""
    with hostile_server() as other:
        other.says("/robots.txt", 200, b"User-agent: *\nDisallow: /\n")
        server.says("/out", 302, Location=other.url("/a"))
        with fetcher_for(server, other) as fetcher, pytest.raises(RefusedFetchError) as caught:
            fetcher.fetch(server.url("/out"))

        assert (caught.value.reason, other.seen["/a"]) == ("robots_refused", 0)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_robots_that_fail_deny_for_now(server, status):
    """robots.txt with 5xx or 429 defers all pages of the host, without a new request for each page."""
    server.says("/robots.txt", status)
    with fetcher_for(server) as fetcher:
        for path in ("/a", "/b"):
            with pytest.raises(TransientFetchError) as caught:
                fetcher.fetch(server.url(path))
            assert caught.value.reason == "robots_unreachable"

    assert (server.seen["/a"], server.seen["/b"], server.seen["/robots.txt"]) == (0, 0, 3)


def test_robots_say_why_they_cannot_be_read(server):
    """The refusal has the cause and the pause that the host requests; a host on hold is not a failed try."""
    server.says("/robots.txt", 429, Retry_After="3600")
    with fetcher_for(server) as fetcher:
        found = [fetcher.try_fetch(server.url("/a")) for _ in range(2)]

    assert [(each.reason, each.retry_after_seconds) for each in found] == [("robots_unreachable", 3600.0)] * 2
    message = f"robots.txt of {server.host} is not available: the server answers 429 and asks to wait 3600 s"
    assert message in str(found[0])


def test_robots_of_a_host_on_hold(server):
    """A page whose robots.txt may not be requested, because its host is on hold, does not count as tried."""
    server.says("/robots.txt", 404)
    listing = server.says("/feed", 429, Retry_After="3600")
    times = [NOW]
    with Fetcher(limits(), private_hosts=frozenset({server.host}), now=lambda: times[-1]) as fetcher:
        fetcher.try_fetch(listing, is_listing=True)
        times.append(NOW + timedelta(hours=25))  # now the cached robots.txt is too old
        got = fetcher.try_fetch(server.url("/a"))

    assert (got.reason, round(got.retry_after_seconds, -2)) == ("host_backoff", 3600)
    assert (server.seen["/a"], server.seen["/robots.txt"]) == (0, 1)


def test_robots_with_a_timeout_deny_for_now(server):
    """A timeout of robots.txt defers the page."""
    server.routes["/robots.txt"] = lambda request: time.sleep(0.4)

    reason = _reason(server, server.url("/a"), read_timeout_seconds=0.1, attempts=1)

    assert reason == (TransientFetchError, "robots_unreachable")


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_missing_robots_allow(server, status):
    """A robots.txt with 4xx allows everything."""
    server.says("/robots.txt", status)

    with fetcher_for(server) as fetcher:
        assert fetcher.fetch(server.says("/a", 200, PAGE)).status == 200


def test_long_robots_are_read_to_their_limit(server):
    """The first 500 KiB of a longer robots.txt count."""
    body = b"User-agent: *\nDisallow: /private/\n" + b"# filler\n" * 100_000
    server.says("/robots.txt", 200, gzip.compress(body), Content_Encoding="gzip")

    assert _reason(server, server.url("/private/1"))[1] == "robots_refused"


def test_crawl_delay_raises_the_interval(server):
    """A Crawl-delay separates starts more than the setting, also the start of robots.txt."""
    server.says("/robots.txt", 200, b"User-agent: *\nCrawl-delay: 0.3\n")
    urls = [server.says(f"/{number}", 200, PAGE) for number in range(3)]
    with fetcher_for(server) as fetcher, ThreadPoolExecutor(3) as pool:
        assert [page.status for page in pool.map(fetcher.fetch, urls)] == [200] * 3

    starts = sorted(at for _, at in server.starts)
    assert min(b - a for a, b in pairwise(starts)) > 0.27


def test_hanging_host_does_not_hold_up_others(server):
    """While one host does not respond, pages of another host are fetched."""
    with hostile_server() as hanging:
        freed = threading.Event()
        hanging.routes["/robots.txt"] = lambda request: freed.wait(8)
        url = server.says("/a", 200, PAGE)
        with (
            fetcher_for(server, hanging, read_timeout_seconds=5.0, attempts=1) as fetcher,
            ThreadPoolExecutor(2) as pool,
        ):
            stuck = pool.submit(fetcher.fetch, hanging.url("/a"))
            started = time.monotonic()
            for _ in range(20):
                fetcher.fetch(url)
            took = time.monotonic() - started
            freed.set()
            assert isinstance(stuck.exception(), TransientFetchError | RefusedFetchError)

    assert took < 4
