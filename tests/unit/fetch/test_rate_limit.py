"""A host receives no two request starts within its interval."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count, pairwise
from threading import Thread

import pytest

from newslake.pipeline.fetch import Fetcher, limits_from
from newslake.pipeline.fetch.rate_limit import FileRates, HostHealth, RateLimiter
from newslake.pipeline.fetch.retry import FetchFailure
from newslake.pipeline.settings import Settings


def _start(limiter: RateLimiter, host: str, interval_seconds: float, *, health: HostHealth = "ok") -> float:
    assert limiter.wait_for_start(host, interval_seconds) is None
    started = time.monotonic()
    limiter.finish(host, interval_seconds, health=health)
    return started


def _starts(limiter: RateLimiter, count: int, *, host: str = "a:80", interval_seconds: float) -> list[float]:
    def start(_: int) -> float:
        return _start(limiter, host, interval_seconds)

    with ThreadPoolExecutor(count) as pool:
        return sorted(pool.map(start, range(count)))


def _closest(starts: list[float]) -> float:
    return min(b - a for a, b in pairwise(starts))


def test_threads_share_the_interval_of_a_host():
    """Threads that arrive at the same time start one after the other."""
    starts = _starts(RateLimiter(hold_max_seconds=1), 5, interval_seconds=0.2)

    assert _closest(starts) >= 0.2
    assert starts[-1] - starts[0] < 30


def test_hosts_do_not_wait_for_each_other():
    """A request to another host starts immediately."""
    limiter = RateLimiter(hold_max_seconds=1)
    _start(limiter, "a:80", 5)

    assert limiter.take("b:80", 5) == 0.0


def test_processes_share_the_interval_of_a_host(tmp_path):
    """Fetchers that share only a folder start one after the other; a torn file counts as a new one."""
    (tmp_path / "a%3A80").write_text("17")
    paces = [RateLimiter(hold_max_seconds=1, shared=FileRates(tmp_path, open_seconds=30)) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        starts = sorted(
            start
            for found in pool.map(lambda limiter: _starts(limiter, 1, interval_seconds=0.2), paces)
            for start in found
        )

    assert _closest(starts) >= 0.2
    assert starts[-1] - starts[0] < 30


def test_late_request_delays_the_next():
    """The interval starts at the end of a request, however long the request took to reach the host."""
    limiter = RateLimiter(hold_max_seconds=1)
    assert limiter.take("a:80", 5) == 0.0
    time.sleep(0.6)
    ended = time.monotonic()
    limiter.finish("a:80", 5, health="ok")
    wait = limiter.take("a:80", 5)

    assert 5 - (time.monotonic() - ended) <= wait <= 5


class _LateServer(ThreadingHTTPServer):
    """A host that the first request reaches late, as on a busy machine, and the others at once."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _LateAnswer)
        self.times: list[float] = []
        self.numbers = count()


class _LateAnswer(BaseHTTPRequestHandler):
    server: _LateServer

    def do_GET(self) -> None:
        if next(self.server.numbers) == 0:
            time.sleep(0.6)
        self.server.times.append(time.monotonic())
        self.send_response(404)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Write nothing."""


def test_a_host_sees_the_interval_after_a_late_request():
    """If a request reaches its host late, the next one still arrives at least one interval after it."""
    limits = limits_from(Settings(host_interval_seconds=0.4))
    with _LateServer() as server:
        Thread(target=server.serve_forever, daemon=True).start()
        name = f"127.0.0.1:{server.server_port}"
        with Fetcher(limits, private_hosts=frozenset({name}), now=lambda: datetime.now(UTC)) as fetcher:
            for number in range(2):
                fetcher.try_fetch(f"http://{name}/{number}")
        server.shutdown()

    assert len(server.times) > 2
    assert _closest(server.times) >= 0.4


def test_a_stream_is_open_until_its_end(tmp_path):
    """While one process reads a long stream, another sends its host no request, however late: each piece renews it."""
    ends: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/file" else 404)
            self.end_headers()
            for _ in range(60 if self.path == "/file" else 0):
                self.wfile.write(b"0")
                time.sleep(0.05)
            ends.append(self.path)

        def log_message(self, *args: object) -> None:
            """Write nothing."""

    limits = limits_from(Settings(host_interval_seconds=0.01))
    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server, ThreadPoolExecutor(1) as pool:
        Thread(target=server.serve_forever, daemon=True).start()
        name = f"127.0.0.1:{server.server_port}"
        reader, other = (
            Fetcher(
                limits,
                private_hosts=frozenset({name}),
                now=lambda: datetime.now(UTC),
                host_rates=FileRates(tmp_path, open_seconds=2),
            )
            for _ in range(2)
        )
        with reader, other:
            with reader.stream(f"http://{name}/file", max_bytes=1000) as stream:
                page = pool.submit(other.try_fetch, f"http://{name}/page")
                assert sum(map(len, stream.pieces())) == 60
            page.result()
        server.shutdown()

    assert ends[:2] == ["/robots.txt", "/file"]
    assert ends[-1] == "/page"


def test_one_request_is_open_at_a_host():
    """While a request is open no other starts, however long it takes; with interval 0 several are open."""
    limiter = RateLimiter(hold_max_seconds=1)
    assert limiter.take("a:80", 0.05) == 0.0
    time.sleep(0.1)
    assert limiter.take("a:80", 0.05) > 0
    assert (limiter.take("b:80", 0), limiter.take("b:80", 0)) == (0.0, 0.0)


def test_interval_is_doubled_and_halved():
    """Each 429 or 503 doubles the interval, each ok response halves it."""
    limiter, gaps = RateLimiter(hold_max_seconds=1), []
    for health in ("overloaded", "overloaded", "ok", "ok", "ok"):
        assert limiter.take("a:80", 1.0) == 0.0
        answered = time.monotonic()
        limiter.finish("a:80", 1.0, health=health)
        wait = limiter.take("a:80", 1.0)
        gaps.append((wait, wait + time.monotonic() - answered))
        limiter._hosts["a:80"].next_start = 0.0

    assert [gap for gap, (least, most) in zip([2, 4, 2, 1, 1], gaps, strict=True) if not least <= gap <= most] == []


def test_doubling_ends():
    """After any number of doublings the interval is at most one minute."""
    limiter = RateLimiter(hold_max_seconds=3600)
    for _ in range(8):  # one more, and the request below, would put the host on hold
        assert limiter.take("a:80", 0) == 0.0
        limiter.finish("a:80", 0, health="overloaded")

    assert limiter.take("a:80", 50) == 0.0
    limiter.finish("a:80", 50, health="overloaded")
    assert 50 < limiter.take("a:80", 50) <= 60


def test_host_that_fails_ten_times_is_on_hold():
    """10 consecutive failures put a host on hold for 10 minutes; one ok response resets the count."""
    limiter = RateLimiter(hold_max_seconds=1)
    for health in ["failed"] * 9 + ["ok"] + ["failed"] * 9:
        _start(limiter, "a:80", 0, health=health)
    assert limiter.take("a:80", 0) == 0.0
    limiter.finish("a:80", 0, health="overloaded")

    failure = limiter.take("a:80", 0)

    assert isinstance(failure, FetchFailure)
    assert failure.reason == "host_backoff"
    assert failure.retry_after_seconds == pytest.approx(600, abs=60)


def test_pause_is_kept_by_other_processes(tmp_path):
    """A Retry-After of one process applies to all that share the folder, for at most one hour."""
    first, second = (RateLimiter(hold_max_seconds=30, shared=FileRates(tmp_path, open_seconds=30)) for _ in range(2))
    first.back_off("a:80", 20)
    first.back_off("b:80", 86400)

    assert second.take("a:80", 1) == pytest.approx(20, abs=10)
    held = second.take("b:80", 1)
    assert isinstance(held, FetchFailure)
    assert held.retry_after_seconds == pytest.approx(3600, abs=60)


def test_crawl_delay_raises_a_smaller_interval():
    """The longer one of setting and Crawl-delay applies."""
    limiter = RateLimiter(hold_max_seconds=1)
    limiter.set_crawl_delay("a:80", 0.3)

    assert _closest(_starts(limiter, 3, interval_seconds=0.01)) > 0.15


def test_pause_applies_to_waiting_threads():
    """A thread that already waits observes a pause that starts meanwhile."""
    limiter = RateLimiter(hold_max_seconds=1)
    _start(limiter, "a:80", 1.5)
    with ThreadPoolExecutor(1) as pool:
        began = time.monotonic()
        waiting = pool.submit(limiter.wait_for_start, "a:80", 1.5)
        time.sleep(0.02)
        limiter.back_off("a:80", 1.8)
        assert waiting.result() is None

    assert time.monotonic() - began > 1.8


def test_long_pause_is_reported_immediately():
    """For a pause over the limit the thread does not sleep."""
    limiter = RateLimiter(hold_max_seconds=1)
    limiter.back_off("a:80", 60)
    failure = limiter.wait_for_start("a:80", 0)

    assert failure is not None
    assert (failure.kind, failure.reason) == ("defer", "host_backoff")
