"""Commands that only read, called by a user who may not write into the data root."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

import pytest

from tests.unit.cli.test_commands import called

_NOBODY = 65534
_PAGE = Path("samples/newsroom/day-1/courier/business/ferry-firm-fine.html")
_URL = "https://post.example/courier/business/ferry-firm-fine.html"
_DAYS = ("--from", "2026-03-01", "--to", "2026-03-03")
_CHILD = """
import json, sys
from pathlib import Path
from tests.unit.cli.test_commands import called
for line in sys.stdin:
    request = json.loads(line)
    done = called(*request.pop("args"), cwd=Path(request.pop("cwd")), **request)
    print(json.dumps([done.returncode, done.stdout, done.stderr]), flush=True)
"""
READING = {
    "sql": ("SELECT count(*) AS n FROM articles",),
    "ask": ("top-speakers",),
    "search": ("ferry",),
    "why": (_URL,),
    "history": (_URL,),
    "show": (_URL,),
    "coverage": _DAYS,
    "plan": _DAYS,
    "changes": ("--since", "2026-01-01"),
    "sources": (),
    "ddl": (),
    "mcp": (),
    "lake verify": ("--deep",),
    "lake sizes": (),
    "lake snapshots": (),
    "archive verify": (),
    "audit list": (),
    "lake export": ("OUT", "--format", "csv"),
}


@pytest.fixture(scope="module")
def root() -> Iterator[Path]:
    """A data root with an article, which the user of the commands may read; pytest's own folders may not be entered."""
    folder = Path(mkdtemp(prefix="newslake-read-only-"))
    try:
        (folder / "in").mkdir()
        (folder / "in" / "ferry.html").write_text(_PAGE.read_text().replace("{base}", "https://post.example"))
        (folder / "sources.toml").write_text('[sources.post]\nkind = "inbox"\npath = "in"\n')
        assert (
            called("run", "--day", "2026-03-02", "-q", cwd=folder, NEWS_DATA_DIR=str(folder / "data")).returncode == 0
        )
        subprocess.run(["chmod", "-R", "a+rX,a-w", str(folder)], check=True)
        yield folder
    finally:
        subprocess.run(["chmod", "-R", "u+w", str(folder)], check=True)
        shutil.rmtree(folder)


class Reader:
    """One process of a user who may not write, which calls the commands: it imports the program and its model once.

    Root may write everywhere, so another user takes its place.
    """

    def __init__(self, root: Path, scratch: Path) -> None:
        self._root = root
        needed = {"HOME": str(root), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(Path.cwd())}
        needed["TMPDIR"] = str(scratch)
        user = {"user": _NOBODY, "group": _NOBODY, "extra_groups": ()} if os.geteuid() == 0 else {}
        self._process = subprocess.Popen(
            [sys.executable, "-c", _CHILD],
            cwd=root,
            env={**os.environ, **needed},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            **user,  # type: ignore[call-overload]
        )

    def call(self, *args: str) -> subprocess.CompletedProcess[str]:
        """Call a command."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        request = {"args": args, "cwd": str(self._root), "NEWS_DATA_DIR": str(self._root / "data")}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        code, stdout, stderr = json.loads(self._process.stdout.readline())
        return subprocess.CompletedProcess(args, code, stdout, stderr)

    def end(self) -> None:
        """End the process, which ends with its input."""
        self._process.communicate(timeout=60)


@pytest.fixture(scope="module")
def scratch() -> Iterator[Path]:
    """The temporary folder of the process that calls the commands."""
    folder = Path(mkdtemp(prefix="newslake-scratch-"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def reader(root: Path, scratch: Path) -> Iterator[Reader]:
    """The process that calls the commands."""
    process = Reader(root, scratch)
    yield process
    process.end()


@pytest.mark.parametrize("command", READING)
def test_reading_needs_no_write_permission(reader: Reader, command: str) -> None:
    """A command that only reads works in a data root that its user may not change."""
    args = READING[command]
    out = mkdtemp(prefix="newslake-out-")
    Path(out).chmod(0o777)
    try:
        done = reader.call(*command.split(), *(f"{out}/x" if each == "OUT" else each for each in args))
    finally:
        shutil.rmtree(out)
    assert (done.returncode, "Permission denied" in done.stderr, "Read-only" in done.stderr) == (0, False, False), (
        done.stderr
    )


def test_index_that_may_not_be_written_is_built_in_memory(root: Path, reader: Reader, scratch: Path) -> None:
    """Without a search index in the data root, a search finds the same, and no file of its process has the article."""
    written = reader.call("search", "ferry", "--json")
    index = root / "data" / "lake" / "_state" / "search.sqlite"
    folder, aside = index.parent, root / "search.sqlite"
    for each in (folder, root):
        each.chmod(0o755)
    index.rename(aside)
    folder.chmod(0o555)
    try:
        done = reader.call("search", "ferry", "--json")
        written_there = [path for path in scratch.rglob("*") if path.is_file()]
    finally:
        folder.chmod(0o755)
        aside.rename(index)
        for each in (folder, root):
            each.chmod(0o555)
    assert (done.returncode, done.stdout) == (0, written.stdout), done.stderr
    assert "Ferry firm could be fined" in json.loads(done.stdout)["hits"][0]["title"]
    assert written_there == []


def test_change_is_refused_with_the_reason(reader: Reader) -> None:
    """A run in such a data root says that the permission is missing, not that the disk is read-only."""
    done = reader.call("run", "--day", "2026-03-02", "-q")
    assert (done.returncode, "Permission denied" in done.stderr, "Read-only" in done.stderr) == (1, True, False)
