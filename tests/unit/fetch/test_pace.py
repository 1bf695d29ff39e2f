"""No host sees two starts closer than its interval."""

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

from pipeline.fetch.pace import Pace
from pipeline.fetch.turns import Turns


def _starts(pace: Pace, count: int, *, host: str = "a:80", interval_seconds: float) -> list[float]:
    def start(_: int) -> float:
        assert pace.wait_for_start(host, interval_seconds) is None
        return time.monotonic()

    with ThreadPoolExecutor(count) as pool:
        return sorted(pool.map(start, range(count)))


def _closest(starts: list[float]) -> float:
    return min(b - a for a, b in pairwise(starts))


def test_threads_share_the_interval_of_a_host():
    """Threads that come at once start one after the other."""
    starts = _starts(Pace(hold_max_seconds=1), 5, interval_seconds=0.2)

    assert _closest(starts) > 0.1  # a thread may wake late on a busy machine, never early
    assert starts[-1] - starts[0] < 3


def test_hosts_do_not_wait_for_each_other():
    """Another host starts at once."""
    pace = Pace(hold_max_seconds=1)
    pace.wait_for_start("a:80", 5)
    started = time.monotonic()
    pace.wait_for_start("b:80", 5)

    assert time.monotonic() - started < 2


def test_processes_share_the_interval_of_a_host(tmp_path):
    """Fetchers that know nothing of each other but a folder start one after the other; a torn file is a new one."""
    (tmp_path / "a%3A80").write_text("17")
    paces = [Pace(hold_max_seconds=1, turns=Turns(tmp_path)) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        starts = sorted(
            start for found in pool.map(lambda pace: _starts(pace, 1, interval_seconds=0.2), paces) for start in found
        )

    assert _closest(starts) > 0.1
    assert starts[-1] - starts[0] < 3


def test_interval_is_doubled():
    """After a 429 or 503 the interval is twice as long."""
    pace = Pace(hold_max_seconds=1)
    pace.slow_down("a:80")

    assert _closest(_starts(pace, 3, interval_seconds=0.2)) > 0.25


def test_doubling_ends():
    """Any number of doublings leaves an interval of a minute at most."""
    pace = Pace(hold_max_seconds=1)
    for _ in range(5000):
        pace.slow_down("a:80")

    assert _starts(pace, 1, interval_seconds=1e-9) != []


def test_crawl_delay_raises_a_smaller_interval():
    """The longer of setting and Crawl-delay counts."""
    pace = Pace(hold_max_seconds=1)
    pace.set_crawl_delay("a:80", 0.3)

    assert _closest(_starts(pace, 3, interval_seconds=0.01)) > 0.15


def test_pause_counts_for_those_who_wait_already():
    """A pause that is asked for while a thread waits for its turn is kept by that thread."""
    pace = Pace(hold_max_seconds=1)
    pace.wait_for_start("a:80", 0.05)
    with ThreadPoolExecutor(1) as pool:
        began = time.monotonic()
        waiting = pool.submit(pace.wait_for_start, "a:80", 0.05)
        time.sleep(0.02)
        pace.hold("a:80", 0.2)
        assert waiting.result() is None

    assert time.monotonic() - began > 0.2


def test_long_pause_is_told_at_once():
    """A pause over the limit is not slept through."""
    pace = Pace(hold_max_seconds=1)
    pace.hold("a:80", 60)
    trouble = pace.wait_for_start("a:80", 0)

    assert trouble is not None
    assert (trouble.kind, trouble.reason) == ("later", "host_on_hold")
