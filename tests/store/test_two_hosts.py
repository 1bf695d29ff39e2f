"""Two processes of one store: one run per source, and one pace per site, also on two hosts without a common disk."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import pytest

from newslake.pipeline.shared.database import PostgresDatabase
from tests.architecture.tree import ROOT

INTERVAL = 0.4  # seconds between two requests to the site
PAGES = 8  # per host


class TimedSite(ThreadingHTTPServer):
    """A site that notes when each request arrives; the first one arrives late, as on a busy machine."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.numbers = count()
        self.times: list[float] = []

    @property
    def gaps(self) -> list[float]:
        """The seconds between two requests."""
        return [after - before for before, after in pairwise(sorted(self.times))]


class _Answer(BaseHTTPRequestHandler):
    server: TimedSite

    def do_GET(self) -> None:
        if next(self.server.numbers) == 0:
            time.sleep(1.5 * INTERVAL)
        self.server.times.append(time.monotonic())
        is_page = self.path != "/robots.txt"
        self.send_response(200 if is_page else 404)
        self.send_header("content-type", "text/html")
        self.send_header("content-length", "4" if is_page else "0")
        self.end_headers()
        self.wfile.write(b"page" if is_page else b"")

    def log_message(self, *given: Any) -> None:
        """Print nothing."""


@pytest.fixture
def site() -> Iterator[TimedSite]:
    with TimedSite() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()


def start_host(folder: Path, common: Path, site: TimedSite, store: dict[str, str]) -> subprocess.Popen[str]:
    """Start the worker of a host, with a disk of its own, and wait until it is ready."""
    folder.mkdir()
    address = f"127.0.0.1:{site.server_port}"
    (folder / "sources.toml").write_text(
        f'private_hosts = ["{address}"]\n[sources.town]\nkind = "feed"\nurl = "http://{address}"\n'
        f"interval_seconds = {INTERVAL}\n"
    )
    own = {"NEWS_DATA_DIR": str(folder / "data"), "NEWS_SOURCES_FILE": str(folder / "sources.toml")}
    command = [sys.executable, "-m", "tests.store.host_worker", "town", str(PAGES), str(common)]
    environment = {**os.environ, **own, **store, "PYTHONPATH": str(ROOT)}
    pipe = subprocess.PIPE
    worker = subprocess.Popen(command, cwd=folder, env=environment, stdin=pipe, stdout=pipe, text=True)
    assert worker.stdout is not None
    assert worker.stdout.readline() == "ready\n"
    return worker


def run_hosts(tmp_path: Path, site: TimedSite, store: dict[str, str]) -> list[dict[str, int]]:
    """Let two hosts work at once; return what each did."""
    common = tmp_path / "common"
    common.mkdir()
    hosts = [start_host(tmp_path / name, common, site, store) for name in ("one", "other")]
    try:
        for host in hosts:
            assert host.stdin is not None
            host.stdin.write("go\n")
            host.stdin.flush()
        return [json.loads(host.communicate(timeout=120)[0]) for host in hosts]
    finally:
        for host in hosts:
            host.kill()


@pytest.fixture(params=["local", "shared"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """The settings of one store for two processes: a data root, or a database."""
    if request.param == "local":
        return {"NEWS_STORE": "local", "NEWS_DATA_DIR": str(tmp_path / "data")}
    url, schema = request.getfixturevalue("postgres").url, request.getfixturevalue("schema")
    PostgresDatabase(url, schema=schema).query("SELECT 1")  # creates it; a host would look into a bucket before
    return {"NEWS_STORE": "shared", "NEWS_DATABASE_URL": url, "NEWS_DATABASE_SCHEMA": schema}


def test_two_processes_are_one_visitor(store, site, tmp_path):
    """A source has one run at a time, and its site never gets two requests within the interval."""
    done = run_hosts(tmp_path, site, store)
    assert sum(each["doubled"] for each in done) == 0
    assert all(each["held"] >= PAGES // 2 for each in done)  # those that waited
    assert len(site.gaps) >= 2 * PAGES - 1
    assert min(site.gaps) >= INTERVAL * 0.99  # the clock of the store may be a little faster than the site's


def test_two_local_stores_do_not_share_a_pace(site, tmp_path):
    """The test above can fail: with a store on each disk, a request follows another one within the interval."""
    run_hosts(tmp_path, site, {"NEWS_STORE": "local"})
    assert min(site.gaps) < INTERVAL
