"""Other tools read the archive of the demo: warcio checks it, and pywb replays every capture byte for byte.

pywb is licensed under the GPL, so it gets an environment of its own and is no dependency. The nightly test makes that
environment with uv.
"""

import gzip
import json
import os
import shutil
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path

import brotli
import pytest
from backports import zstd

from newslake.pipeline.archive import Archive
from newslake.pipeline.content_encoding import decode_stored_body
from newslake.pipeline.fetch import Fetcher, limits_from
from newslake.pipeline.model import Capture, Page
from newslake.pipeline.settings import Settings
from samples.answers import replay_newsroom
from tests.faults.hostile import HostileHandler, hostile_server
from tests.scheduler.machine import free_port

PYWB = ("pywb==2.10.0", "cdxj-indexer==1.5.0")
INDEXERS = {
    "cdxj-indexer": ["cdxj-indexer", "--sort", "--dir-root", "."],
    "cdx-indexer": ["cdx-indexer", "--cdxj", "--sort", "--dir-root", "."],
}
CONFIG = "collections:\n  news:\n    index_paths: ./index.cdxj\n    archive_paths: {}/\n"
BODY = "<p>Die Fähre lief spät ein.</p>".encode() * 40
CODED = {
    "gzip": gzip.compress(BODY, mtime=0),
    "deflate": zlib.compress(BODY),
    "br": brotli.compress(BODY),
    "zstd": zstd.compress(BODY),
}
_UNREACHABLE = ("dns error", "connect error", "error sending request", "timed out", "network")
_START_SECONDS = 600


@pytest.fixture(scope="module")
def archive_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of three evenings of the sample newsroom."""
    folder = tmp_path_factory.mktemp("demo")
    replay_newsroom(folder, port=0, is_extracted=False)
    return folder / "archive"


def _warc_files(root: Path) -> list[str]:
    return sorted(path.relative_to(root / "warc").as_posix() for path in root.rglob("*.warc.gz"))


def test_warcio_finds_no_error(archive_root: Path) -> None:
    """`warcio check` verifies the digests of every record but revisits, and finds no error."""
    command = [sys.executable, "-m", "warcio.cli", "check", "--verbose", *_warc_files(archive_root)]
    got = subprocess.run(command, cwd=archive_root / "warc", capture_output=True, text=True, timeout=100, check=False)
    said = {line.strip() for line in got.stdout.splitlines() if line.startswith("    ")}

    assert (got.returncode, got.stderr) == (0, "")
    assert said == {"digest pass", "digest present but not checked (revisit)"}


@pytest.fixture(scope="module")
def pywb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of pywb, in an environment of their own."""
    tools = Path(sys.prefix).resolve().parent / ".tools" / "bin" / "uv"
    uv = str(tools) if tools.exists() else shutil.which("uv")
    if uv is None:
        pytest.skip("uv is missing: `make test` installs it into .tools")
    folder = tmp_path_factory.mktemp("pywb") / "venv"
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder], check=True, timeout=100)
    command = [uv, "pip", "install", "--quiet", "--python", str(folder / "bin" / "python"), *PYWB]
    got = subprocess.run(command, capture_output=True, text=True, timeout=500, check=False)
    if got.returncode and any(word in got.stderr.lower() for word in _UNREACHABLE):
        pytest.skip(f"no package registry is reachable: {got.stderr.strip()[-200:]}")
    assert got.returncode == 0, got.stderr
    return folder / "bin"


@pytest.fixture(scope="module")
def replayed_root(archive_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of the demo, and pages in each content coding, in chunks, and unchanged."""
    root = tmp_path_factory.mktemp("replayed") / "archive"
    shutil.copytree(archive_root, root)
    archive = Archive(root, durability="process")
    limits = replace(limits_from(Settings()), host_interval_seconds=0, attempts=1)
    noon = datetime(2026, 3, 4, 12, tzinfo=UTC)
    with hostile_server() as server, archive.writer(source_key="coded", run_id="coded-1") as writer:
        for coding, sent in CODED.items():
            server.says(f"/{coding}", 200, sent, Content_Type="text/html", Content_Encoding=coding)
        server.routes["/chunked"] = _say_in_chunks
        for hour in range(2):
            with Fetcher(limits, private_hosts=frozenset([server.host]), now=lambda: noon) as fetcher:
                for path in (*CODED, "chunked"):
                    page = fetcher.fetch(server.url(f"/{path}"))
                    assert isinstance(page, Page)
                    assert page.body == BODY
                    at = noon.replace(hour=12 + hour)
                    writer.put(replace(page, fetched_at=at), news_day=at.date(), article_id="a1")
    return root


def _say_in_chunks(request: HostileHandler) -> None:
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (BODY[:99], BODY[99:], b""))
    request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)


@pytest.mark.nightly
@pytest.mark.parametrize("indexer", INDEXERS)
def test_pywb_replays_every_capture(pywb: Path, replayed_root: Path, tmp_path: Path, indexer: str) -> None:
    """Each capture is indexed once; its replay has the archived bytes, or those of the page that a revisit repeats."""
    archive = Archive(replayed_root)
    captures = archive.captures()
    rows = _index(pywb, replayed_root / "warc", INDEXERS[indexer])
    assert len(rows) == len(captures)
    assert {(row["filename"], int(row["offset"])) for row in rows} == {
        (each.file.removeprefix("warc/"), each.offset) for each in captures
    }
    # pywb replays a 304 as it was sent, without a body. Without revisits, the nearest capture is the page itself.
    (tmp_path / "index.cdxj").write_text("".join(row["line"] for row in rows if row["mime"] != "warc/revisit"))
    (tmp_path / "config.yaml").write_text(CONFIG.format(replayed_root / "warc"))
    with _running(pywb, tmp_path) as port:
        different = [each.url for each in captures if _replay(port, each) != archive.page(each).body]
    assert different == []


def _index(pywb: Path, folder: Path, command: list[str]) -> list[dict[str, str]]:
    """Return the rows of the index, each with its line."""
    program, *options = command
    given = [str(pywb / program), *options, *_warc_files(folder.parent)]
    got = subprocess.run(given, cwd=folder, capture_output=True, text=True, timeout=300, check=True)
    lines = got.stdout.splitlines(keepends=True)
    return [json.loads(line.split(" ", 2)[2]) | {"line": line} for line in lines if not line.startswith("!")]


@contextmanager
def _running(pywb: Path, folder: Path) -> Iterator[int]:
    """Yield the port of a running pywb."""
    port = free_port()
    command = [pywb / "pywb", "--bind", "127.0.0.1", "--port", str(port)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    with (folder / "pywb.log").open("w") as log:
        server = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        _wait_for(port, server, folder / "pywb.log")
        yield port
    finally:
        server.terminate()
        server.wait(timeout=300)


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and server.poll() is None:
        try:
            HTTPConnection("127.0.0.1", port, timeout=10).connect()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"pywb does not start: {log.read_text()[-2000:]}")


def _replay(port: int, capture: Capture) -> bytes | str:
    """Return the replayed body without its content coding; a status other than 200 as text.

    ``id_`` is the mode of pywb that changes nothing.
    """
    target = capture.url or f"urn:newslake:{capture.digest}"
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", f"/news/{capture.fetched_at:%Y%m%d%H%M%S}id_/{target}")
    response = connection.getresponse()
    body = response.read()
    if response.status != 200:
        return f"{response.status} for {target}"
    headers = response.headers
    coding = headers.get("Content-Encoding") or headers.get("X-Archive-Orig-Content-Encoding", "")  # it renames zstd
    return decode_stored_body(body, content_encoding=coding, max_bytes=10**7)
