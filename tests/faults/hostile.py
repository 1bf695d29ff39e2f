"""A news server on 127.0.0.1 that misbehaves as configured. Each path is one kind of fault."""

import gzip
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import brotli
from backports import zstd

from newslake.pipeline.fetch import Fetcher, FetchLimits

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def limits(**changes: object) -> FetchLimits:
    """Return limits with very short waits."""
    values: dict[str, object] = {
        "user_agent": "newslake-tests/0.1 (nobody@example.org)",
        "accept_encoding": "gzip",
        "read_timeout_seconds": 2.0,
        "page_deadline_seconds": 5.0,
        "attempts": 3,
        "retry_after_max_seconds": 0.05,
        "page_max_bytes": 1_000_000,
        "listing_max_bytes": 2_000_000,
        "wire_max_bytes": 1_500_000,
        "redirects_max": 5,
        "host_interval_seconds": 0.0,
        "threads": 8,
        "obeys_reservation": False,
    }
    return FetchLimits(**{**values, **changes})


class Hostile:
    """The running server. ``routes`` maps a path to its handler; ``seen`` counts requests by path."""

    def __init__(self) -> None:
        self.routes: dict[str, Callable[[HostileHandler], None]] = {}
        self.seen: Counter[str] = Counter()
        self.starts: list[tuple[str, float]] = []
        self.headers: dict[str, dict[str, str]] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), HostileHandler)
        self.server.daemon_threads = True
        self.server.hostile = self

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server.server_port}"

    def url(self, path: str) -> str:
        return f"http://{self.host}{path}"

    def says(self, path: str, status: int = 200, body: bytes = b"", **headers: str) -> str:
        """Give a path one fixed response; return its URL."""
        self.routes[path] = lambda answer: answer.say(status, body, **headers)
        return self.url(path)

    def says_in_turn(self, path: str, *answers: tuple[int, bytes, dict[str, str]]) -> str:
        """Give a path several responses, one per request, and then always the last one; return its URL."""

        def turn(answer: HostileHandler) -> None:
            status, body, headers = answers[min(self.seen[path], len(answers)) - 1]
            answer.say(status, body, **headers)

        self.routes[path] = turn
        return self.url(path)


class HostileHandler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        hostile: Hostile = self.server.hostile
        path = self.path
        hostile.seen[path] += 1
        hostile.starts.append((path, time.monotonic()))
        hostile.headers[path] = {name.lower(): value for name, value in self.headers.items()}
        route = hostile.routes.get(path)
        try:
            route(self) if route else self.say(404)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def say(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers and status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Log nothing."""


@contextmanager
def hostile_server() -> Iterator[Hostile]:
    """Run a hostile server for the duration of a block."""
    hostile = Hostile()
    thread = threading.Thread(target=hostile.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield hostile
    finally:
        hostile.server.shutdown()
        hostile.server.server_close()


@contextmanager
def fetcher_for(*servers: Hostile, **changes: object) -> Iterator[Fetcher]:
    """Yield a fetcher that may connect to the servers."""
    hosts = frozenset(server.host for server in servers)
    with Fetcher(limits(**changes), private_hosts=hosts, now=lambda: NOW) as fetcher:
        yield fetcher


def gzip_bomb(megabytes: int) -> bytes:
    """Return compressed zeros, about a thousandth of their size."""
    return gzip.compress(bytes(megabytes << 20), compresslevel=9)


BOMBS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": lambda data: brotli.compress(data, quality=5),
    "zstd": zstd.compress,
    "gzip, gzip": lambda data: gzip.compress(gzip.compress(data)),
    "br, zstd, gzip": lambda data: gzip.compress(zstd.compress(brotli.compress(data, quality=5))),
}


def story(number: int) -> str:
    """Return the paragraphs of an invented report, long enough for an article."""
    return "".join(
        f"<p>Councillor Ada Brandt told reporters on Monday that plan {number} for the harbour of Tarnwick had been "
        f"read {times} times, and that the vote would be held in the town hall before the end of the week.</p>"
        for times in range(3, 8)
    )


def page(number: int, *, head: str = "") -> bytes:
    """Return an invented page that is an article."""
    title = f"Harbour plan {number} goes to a vote"
    return (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{title}</title>{head}</head>"
        f"<body><article><h1>{title}</h1>{story(number)}</article></body></html>"
    ).encode()
