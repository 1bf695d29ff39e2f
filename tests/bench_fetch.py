"""The fetching figures of `make bench`: speed relative to bare sessions, the schedule, an unchanged run, memory.

Servers run in their own process on 127.0.0.1; each port is a host.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from multiprocessing import Pipe, Process
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread, local
from typing import ClassVar

import requests

from newslake.pipeline.archive import Archive
from newslake.pipeline.fetch import Fetcher, FileRates, PageRequest, limits_from
from newslake.pipeline.jobs.ingest import ingest
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import Page, canonical_url
from newslake.pipeline.settings import Settings
from samples.server import ROOT
from tests.faults.hostile import BOMBS

NOW = datetime(2026, 3, 4, 20, tzinfo=UTC)
HOSTS, PAGES_EACH, INTERVAL_SECONDS = 20, 50, 0.5
PAGES = 1000


class _BenchHandler(BaseHTTPRequestHandler):
    """Responds 404 to the files of a host. Pages have an ETag; under ``/busy/``, every tenth responds 429 first."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    story = b"".join(path.read_bytes() for path in sorted(ROOT.rglob("*.html")))[:30_000].decode("utf-8", "ignore")
    starts: ClassVar[defaultdict[int, list[tuple[float, int]]]] = defaultdict(list)
    bombs: ClassVar[dict[str, bytes]] = {}

    def do_GET(self) -> None:
        port, at = self.server.server_address[1], time.monotonic()
        status = self.status()
        self.starts[port].append((at, status))
        try:
            self.answer(status)
        except OSError:  # the client closes the connection
            self.close_connection = True

    def status(self) -> int:
        if self.path in ("/robots.txt", "/.well-known/tdmrep.json"):
            return 404
        is_first = self.path not in self.server.seen
        self.server.seen.add(self.path)
        if self.path.startswith("/busy/") and self.path.endswith("0") and is_first:
            return 429
        return 304 if "If-None-Match" in self.headers else 200

    def answer(self, status: int) -> None:
        kind, _, coding = self.path.removeprefix("/").partition("/")
        if kind == "bomb":
            self.reply(status, self.bombs[coding], coding)
        elif kind == "large":
            self.reply(status, self.bombs["large"], "deflate")
        elif kind == "framed":
            self.frame()
        elif kind == "endless":
            self.pour(coding)
        else:
            self.reply(status, self.page() if status == 200 else b"")

    def page(self) -> bytes:
        if self.path == "/feed":
            base = f"http://127.0.0.1:{self.server.server_address[1]}"
            entries = "".join(
                f"<entry><id>{n}</id><title>t</title><link href='{base}/{n}'/></entry>" for n in range(300)
            )
            return f"<feed xmlns='http://www.w3.org/2005/Atom'><title>f</title>{entries}</feed>".encode()
        return f"<!doctype html><title>page</title><p>{self.path}</p><p>{self.story}</p>".encode()

    def reply(self, status: int, body: bytes, coding: str = "") -> None:
        self.send_response(status)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        if self.path != "/feed":
            self.send_header("ETag", '"1"')
        if coding:
            self.send_header("Content-Encoding", coding.replace("_", ", "))
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(body)

    def pour(self, kind: str) -> None:
        """Send an endless body: plain bytes, or a gzip stream of empty blocks without content."""
        self.close_connection = True
        head = b"\x1f\x8b\x08\0\0\0\0\0\0\x03" if kind == "gzip" else b""
        block = b"\0\0\0\xff\xff" * 13_000 if kind == "gzip" else bytes(65_000)
        self.send_response(200)
        if kind == "gzip":
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(head)
        while True:
            self.wfile.write(block)

    def frame(self) -> None:
        """Send 900 MB of chunk extensions around 15 KB."""
        self.close_connection = True
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for _ in range(15_000):
            self.wfile.write(b"1;" + b"a" * 60_000 + b"\r\nx\r\n")
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
        """Log nothing."""


class _BenchServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _BenchHandler)
        self.seen: set[str] = set()

    def handle_error(self, request: object, client_address: object) -> None:
        """Print nothing if a client has closed its connection, also between two requests."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def _large() -> bytes:
    """Return a deflate stream just under both limits: 19.9 MB compressed, 9.8 MB decompressed."""
    noise = os.urandom(65_535)
    block = b"\0" + len(noise).to_bytes(2, "little") + (len(noise) ^ 0xFFFF).to_bytes(2, "little") + noise
    empty = b"\0\0\0\xff\xff"
    stored = block * 150
    return stored + empty * ((19_900_000 - len(stored)) // len(empty)) + b"\1" + empty[1:]


def _serve(pipe: Connection, hosts: int, with_bombs: bool) -> None:
    if with_bombs:
        _BenchHandler.bombs = {name.replace(", ", "_"): pack(bytes(200 << 20)) for name, pack in BOMBS.items()}
        _BenchHandler.bombs["large"] = _large()
    servers = [_BenchServer() for _ in range(hosts)]
    for server in servers:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    pipe.send([f"127.0.0.1:{server.server_address[1]}" for server in servers])
    pipe.recv()
    pipe.send(dict(_BenchHandler.starts))


@dataclass(frozen=True)
class _Hosts:
    """Running servers. ``starts`` stops them and returns the times (time.monotonic) and statuses of their requests."""

    names: list[str]
    starts: Callable[[], dict[int, list[tuple[float, int]]]]


@contextmanager
def _served(hosts: int, *, with_bombs: bool = False) -> Iterator[_Hosts]:
    ours, theirs = Pipe()
    process = Process(target=_serve, args=(theirs, hosts, with_bombs), daemon=True)
    process.start()

    def starts() -> dict[int, list[tuple[float, int]]]:
        ours.send(None)
        return ours.recv()

    try:
        yield _Hosts(ours.recv(), starts)
    finally:
        process.kill()


def fetch_ratio() -> float:
    """Archived pages per CPU second of fetch_many, relative to bare requests sessions; 8 threads, one host."""
    sessions = local()

    def get(url: str) -> int:
        if not hasattr(sessions, "own"):
            sessions.own = requests.Session()
        return len(sessions.own.get(url, timeout=10).content)

    with _served(1) as served, tempfile.TemporaryDirectory() as folder:
        urls = [f"http://{served.names[0]}/{number}" for number in range(PAGES)]

        def bare() -> None:
            with ThreadPoolExecutor(8) as pool:
                assert sum(1 for _ in pool.map(get, urls)) == len(urls)

        mine, theirs = [], []
        for turn in range(5):
            theirs.append(_cpu_seconds(bare))
            archive = Archive(Path(folder) / str(turn), durability="process")
            mine.append(_cpu_seconds(lambda archive=archive: _archived(archive, served.names, urls)))
        return min(theirs) / min(mine)


def _cpu_seconds(work: Callable[[], object]) -> float:
    """Return the CPU time of this process with all its threads, without the server and other processes."""
    started = time.process_time()
    work()
    return time.process_time() - started


def _archived(archive: Archive, hosts: list[str], urls: list[str]) -> None:
    limits = limits_from(Settings(host_interval_seconds=0))
    with Fetcher(limits, private_hosts=frozenset(hosts), now=lambda: NOW) as fetcher:
        with archive.writer(source_key="bench", run_id="run") as writer:
            for _, _, got in fetcher.fetch_many((url, PageRequest(url=url)) for url in urls):
                assert isinstance(got, Page)
                writer.put(got, news_day=NOW.date(), article_id="0" * 32)


@cache
def _scheduled() -> tuple[float, float]:
    """Return the makespan relative to the ideal of the slowest host, and the minimum start distance per interval."""
    settings = Settings(host_interval_seconds=INTERVAL_SECONDS)
    with _served(HOSTS) as served, tempfile.TemporaryDirectory() as folder:
        urls = [f"http://{host}/busy/{number}" for host in served.names for number in range(PAGES_EACH)]
        hosts = frozenset(served.names)
        given = {
            "private_hosts": hosts,
            "now": lambda: NOW,
            "host_rates": FileRates(Path(folder) / "hosts", open_seconds=90),
        }
        with Fetcher(limits_from(settings), **given) as fetcher:
            started = time.monotonic()
            kinds = Counter(type(got) for _, _, got in fetcher.fetch_many((url, PageRequest(url=url)) for url in urls))
            took = time.monotonic() - started
        starts = list(served.starts().values())
    assert kinds == {Page: HOSTS * PAGES_EACH}
    said = Counter(status for host in starts for _, status in host)
    assert said == {200: HOSTS * PAGES_EACH, 429: HOSTS * PAGES_EACH // 10, 404: 2 * HOSTS}
    closest = min(after - before for host in starts for (before, _), (after, _) in pairwise(host))
    return took / max(map(_ideal_seconds, starts)), closest / INTERVAL_SECONDS


def _ideal_seconds(starts: list[tuple[float, int]]) -> float:
    """Return the minimum duration of the starts at one host, by its responses: 429 doubles the next interval."""
    seconds, slowdown = 0.0, 1
    for _, status in starts[:-1]:
        slowdown = slowdown * 2 if status == 429 else max(slowdown // 2, 1)
        seconds += slowdown * INTERVAL_SECONDS
    return seconds


def makespan_ratio() -> float:
    """1,000 pages on 20 hosts, every tenth 429 at first: time relative to the ideal of the slowest host."""
    return _scheduled()[0]


def distance_ratio() -> float:
    """The minimum distance of two starts at one host, as measured by the host, relative to its interval."""
    return _scheduled()[1]


@cache
def _unchanged() -> tuple[float, float]:
    """Return the percentage of 304 in an unchanged second run of a feed, and the number of bodies it archived."""
    with _served(1) as served, tempfile.TemporaryDirectory() as folder:
        root, (host,) = Path(folder), served.names
        sources = root / "sources.toml"
        sources.write_text(f'private_hosts = ["{host}"]\n[sources.feed]\nkind = "feed"\nurl = "http://{host}/feed"\n')
        given = {"data_dir": root, "sources_file": sources, "host_interval_seconds": 0, "durability": "process"}
        for run, hours in (("1", 0), ("2", 24)):
            space = Workspace(Settings(**given, frozen_now=NOW + timedelta(hours=hours)))
            ingest(space, source_key="feed", day=space.settings.now().date(), run_id=run)
        keys = [canonical_url(f"http://{host}/{number}") for number in range(300)]
        captures = [each for key in keys for each in space.archive.captures(page_key=key) if each.run_id == "2"]
    answered = sum(each.status == 304 for each in captures)
    return 100 * answered / len(keys), sum(not each.is_revisit for each in captures)


def unchanged_percent() -> float:
    """Percentage of pages of an unchanged second run with status 304."""
    return _unchanged()[0]


def unchanged_bodies() -> float:
    """Number of bodies that an unchanged second run archives."""
    return _unchanged()[1]


def fetching_memory() -> float:
    """Peak resident MB of a process that fetches memory attacks of servers, 8 at once.

    Bombs of each coding, endless bodies, chunk extensions, and pages just under the limits, read at 4 per second.
    """
    with _served(8, with_bombs=True) as served:
        paths = [f"bomb/{name.replace(', ', '_')}" for name in BOMBS] + ["endless/plain", "endless/gzip", "framed"]
        paths += [f"large/{number}" for number in range(3)]
        urls = [f"http://{host}/{path}" for path in paths for host in served.names]
        code = (
            "import re, sys, time\nfrom collections import Counter\n"
            "from newslake.pipeline.fetch import Fetcher, PageRequest, limits_from\n"
            "from newslake.pipeline.settings import Settings\n"
            "from datetime import UTC, datetime\nurls = sys.stdin.read().split()\n"
            "hosts = frozenset(url.split('/')[2] for url in urls)\n"
            "given = {'private_hosts': hosts, 'now': lambda: datetime.now(UTC)}\n"
            "with Fetcher(limits_from(Settings(host_interval_seconds=0)), **given) as fetcher:\n"
            "    ends = Counter()\n"
            "    for url, _, got in fetcher.fetch_many((url, PageRequest(url=url)) for url in urls):\n"
            "        ends['/large/' in url, getattr(got, 'reason', 'page')] += 1\n"
            "        time.sleep(0.25 if '/large/' in url else 0)\n"
            "    assert ends == {(False, 'too_large'): len(urls) - 24, (True, 'page'): 24}, ends\n"
            "print(int(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read()).group(1)) / 1024)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], input="\n".join(urls), capture_output=True, text=True, check=True
        )
    return float(done.stdout)
