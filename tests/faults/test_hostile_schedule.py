"""Many pages at once: no wait in a circle, no memory beyond the promise, whatever servers send."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from pipeline.errors import NewsError
from pipeline.fetch import Fetcher, Got, Wanted
from pipeline.model import Page
from tests.faults.hostile import Hostile, fetcher_for, hostile_server

DENIED = b"User-agent: *\nDisallow: /\n"
PAGE = b"<p>The ferry sailed at nine.</p>"


@pytest.fixture
def server() -> Iterator[Hostile]:
    with hostile_server() as running:
        yield running


def _ends(fetcher: Fetcher, wanted: Iterator[tuple[str, Wanted]]) -> dict[str, Got]:
    """Return what became of each page; an error where that takes longer than anything here may."""
    pool = ThreadPoolExecutor(1)
    try:
        found = pool.submit(lambda: {key: got for key, _, got in fetcher.fetch_many(wanted)})
        return found.result(timeout=20)
    finally:
        pool.shutdown(wait=False)


def test_listing_waits_for_a_host_that_a_page_asks_first(server):
    """A listing that fetches from a host, whose robots.txt a page asks for, comes though nobody reads what is done."""
    server.says_in_turn("/robots.txt", (503, b"", {}), (404, b"", {}))
    listed: list[Got] = []

    with hostile_server() as other, fetcher_for(server, other, retry_after_max_seconds=1.0) as fetcher:
        other.says("/robots.txt", 200, DENIED)

        def wanted() -> Iterator[tuple[str, Wanted]]:
            yield "first", Wanted(url=server.says("/first", 200, PAGE))
            for number in range(40):
                yield str(number), Wanted(url=other.url(f"/{number}"))
            while not server.seen["/robots.txt"]:
                time.sleep(0.01)
            time.sleep(0.1)  # the others are denied by now, and more than the threads are done
            listed.append(fetcher.try_fetch(server.says("/child", 200, PAGE), is_listing=True))

        found = _ends(fetcher, wanted())

    assert [got.body for got in (*listed, found["first"]) if isinstance(got, Page)] == [PAGE, PAGE]
    assert len(found) == 41
    assert {got.reason for got in found.values() if isinstance(got, NewsError)} == {"robots_refused"}


def test_host_is_free_again_after_a_run_that_was_left(server):
    """A run that is left while a page waits for robots.txt lets the next one ask for it, though its error is kept."""
    server.says_in_turn("/robots.txt", (503, b"", {}), (404, b"", {}))
    url = server.says("/a", 200, PAGE)

    def wanted() -> Iterator[tuple[str, Wanted]]:
        yield "a", Wanted(url=url)
        while not server.seen["/robots.txt"]:
            time.sleep(0.01)
        time.sleep(0.1)
        raise ConnectionError("the listing broke off")

    with fetcher_for(server, retry_after_max_seconds=5.0, host_interval_seconds=1.0) as fetcher:
        with pytest.raises(ConnectionError) as kept:
            list(fetcher.fetch_many(wanted()))
        found = _ends(fetcher, iter([("a", Wanted(url=url))]))

    assert str(kept.value) == "the listing broke off"
    assert isinstance(found["a"], Page)


def test_few_pages_are_asked_for_while_none_is_read(server):
    """A reader that stands still gets no more pages made ready than two for each thread."""
    urls = [server.says(f"/{number}", 200, PAGE) for number in range(40)]
    with fetcher_for(server, threads=4) as fetcher:
        results = fetcher.fetch_many((url, Wanted(url=url)) for url in urls)
        next(results)
        time.sleep(0.5)
        asked = sum(server.seen[f"/{number}"] for number in range(40))
        rest = [got for _, _, got in results]

    assert asked <= 1 + 4 + 4
    assert [type(got) for got in rest] == [Page] * 39
