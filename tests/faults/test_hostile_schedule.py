"""Many pages at once: no deadlock and bounded memory, for any server behaviour."""

import time
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from newslake.pipeline.errors import NewsError, RefusedFetchError
from newslake.pipeline.fetch import Fetcher, FetchResult, PageRequest
from newslake.pipeline.model import Page
from tests.faults.hostile import Hostile, HostileHandler, fetcher_for, hostile_server

DENIED = b"User-agent: *\nDisallow: /\n"
PAGE = b"<p>The ferry sailed at nine.</p>"


@pytest.fixture
def server() -> Iterator[Hostile]:
    with hostile_server() as running:
        yield running


def _ends(fetcher: Fetcher, wanted: Iterator[tuple[str, PageRequest]]) -> dict[str, FetchResult]:
    """Return the result of each page; raise an error after the time limit of these tests."""
    pool = ThreadPoolExecutor(1)
    try:
        found = pool.submit(lambda: {key: got for key, _, got in fetcher.fetch_many(wanted)})
        return found.result(timeout=200)
    finally:
        pool.shutdown(wait=False)


def test_listing_waits_for_the_robots_of_a_page(server):
    """A listing whose host has a pending robots.txt request by a page is fetched, although nobody reads results."""
    server.says_in_turn("/robots.txt", (503, b"", {}), (404, b"", {}))
    listed: list[FetchResult] = []

    with hostile_server() as other, fetcher_for(server, other, retry_after_max_seconds=1.0) as fetcher:
        other.says("/robots.txt", 200, DENIED)

        def wanted() -> Iterator[tuple[str, PageRequest]]:
            yield "first", PageRequest(url=server.says("/first", 200, PAGE))
            for number in range(40):
                yield str(number), PageRequest(url=other.url(f"/{number}"))
            while not server.seen["/robots.txt"]:
                time.sleep(0.01)
            time.sleep(0.1)  # now the others are denied, and more pages than threads are done
            listed.append(fetcher.try_fetch(server.says("/child", 200, PAGE), is_listing=True))

        found = _ends(fetcher, wanted())

    assert [got.body for got in (*listed, found["first"]) if isinstance(got, Page)] == [PAGE, PAGE]
    assert len(found) == 41
    assert {got.reason for got in found.values() if isinstance(got, NewsError)} == {"robots_refused"}


def test_host_is_free_again_after_an_aborted_run(server):
    """If a run is aborted while a page waits for robots.txt, the next run can request it, even if its error is kept."""
    server.says_in_turn("/robots.txt", (503, b"", {}), (404, b"", {}))
    url = server.says("/a", 200, PAGE)

    def wanted() -> Iterator[tuple[str, PageRequest]]:
        yield "a", PageRequest(url=url)
        while not server.seen["/robots.txt"]:
            time.sleep(0.01)
        time.sleep(0.1)
        raise ConnectionError("the listing broke off")

    with fetcher_for(server, retry_after_max_seconds=5.0, host_interval_seconds=1.0) as fetcher:
        with pytest.raises(ConnectionError) as caught:
            list(fetcher.fetch_many(wanted()))
        found = _ends(fetcher, iter([("a", PageRequest(url=url))]))

    assert str(caught.value) == "the listing broke off"
    assert isinstance(found["a"], Page)


def test_few_pages_are_requested_while_none_is_read(server):
    """While the reader pauses, at most two pages per thread are fetched."""
    urls = [server.says(f"/{number}", 200, PAGE) for number in range(40)]
    with fetcher_for(server, threads=4) as fetcher:
        results = fetcher.fetch_many((url, PageRequest(url=url)) for url in urls)
        next(results)
        time.sleep(0.5)
        requested = sum(server.seen[f"/{number}"] for number in range(40))
        rest = [got for _, _, got in results]

    assert requested <= 1 + 4 + 4
    assert [type(got) for got in rest] == [Page] * 39


def _chunked(server: Hostile, path: str, line: bytes, *, times: int, end: bytes = b"0\r\n\r\n") -> str:
    """Give a path a body in chunks; return its URL."""

    def answer(request: HostileHandler) -> None:
        request.send_response(200)
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        request.close_connection = True
        for _ in range(times):
            request.wfile.write(line)
        request.wfile.write(end)

    server.routes[path] = answer
    return server.url(path)


def test_chunks_with_extensions_are_a_page(server):
    """Chunk extensions and trailers are not part of the body."""
    url = _chunked(server, "/few", b"1;note=quay\r\nx\r\n", times=100, end=b"0\r\nX-Checked: yes\r\n\r\n")

    with fetcher_for(server) as fetcher:
        assert fetcher.fetch(url).body == b"x" * 100


@pytest.mark.parametrize(
    ("line", "end"),
    [(b"1;" + b"a" * 60_000 + b"\r\nx\r\n", b""), (b"", b"0\r\n" + (b"X: " + b"a" * 60_000 + b"\r\n") * 1000)],
)
def test_chunk_framing_stops_at_the_limit(server, line, end):
    """60 MB of framing before or after chunks of one byte count as bytes on the wire and are not stored."""
    url = _chunked(server, "/many", line, times=1000, end=end)
    tracemalloc.start()
    try:
        with fetcher_for(server) as fetcher, pytest.raises(RefusedFetchError) as refused:
            fetcher.fetch(url)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert refused.value.reason == "too_large"
    assert peak < 4 << 20


def test_unread_bodies_have_a_memory_limit(server):
    """While results are unread, only as many pages are requested as would fit with their maximum size."""
    share = 24 << 20
    body = bytes(share // 8)
    urls = [server.says(f"/{number}", 200, body) for number in range(16)]
    with fetcher_for(server, threads=4, wire_max_bytes=share, page_max_bytes=share) as fetcher:
        results = fetcher.fetch_many((url, PageRequest(url=url)) for url in urls)
        next(results)
        time.sleep(0.5)
        requested = sum(server.seen[f"/{number}"] for number in range(16))
        rest = [got for _, _, got in results]

    assert requested <= 1 + 4  # each may fill two of the four shares, and finished pages count, too
    assert [type(got) for got in rest] == [Page] * 15
