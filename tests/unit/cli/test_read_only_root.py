"""Commands that only read, called by a user who may not write into the data root."""

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


def _call(root: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """Call a command as a user who may not write; root may write everywhere, so another user takes its place."""
    needed = {"NEWS_DATA_DIR": str(root / "data"), "HOME": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    plain = {name: text for name, text in os.environ.items() if not name.startswith("NEWS_")}
    user = {"user": _NOBODY, "group": _NOBODY, "extra_groups": ()} if os.geteuid() == 0 else {}
    script = f"import sys; sys.path[:0] = [{str(Path.cwd())!r}]; from newslake.pipeline.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", script, *args],
        cwd=root,
        env={**plain, **needed},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        **user,  # type: ignore[call-overload]
    )


@pytest.mark.parametrize("command", READING)
def test_reading_needs_no_write_permission(root: Path, command: str) -> None:
    """A command that only reads works in a data root that its user may not change."""
    args = READING[command]
    out = mkdtemp(prefix="newslake-out-")
    Path(out).chmod(0o777)
    try:
        done = _call(root, *command.split(), *(f"{out}/x" if each == "OUT" else each for each in args))
    finally:
        shutil.rmtree(out)
    assert (done.returncode, "Permission denied" in done.stderr, "Read-only" in done.stderr) == (0, False, False), (
        done.stderr
    )


def test_index_that_may_not_be_written_is_built_elsewhere(root: Path) -> None:
    """Without a search index in the data root, a search builds one in a temporary folder and finds the article."""
    index = root / "data" / "lake" / "_state" / "search.sqlite"
    folder, aside = index.parent, root / "search.sqlite"
    for each in (folder, root):
        each.chmod(0o755)
    index.rename(aside)
    folder.chmod(0o555)
    try:
        done = _call(root, "search", "ferry")
    finally:
        folder.chmod(0o755)
        aside.rename(index)
        for each in (folder, root):
            each.chmod(0o555)
    assert (done.returncode, "Ferry firm could be fined" in done.stdout) == (0, True), done.stderr


def test_change_is_refused_with_the_reason(root: Path) -> None:
    """A run in such a data root says that the permission is missing, not that the disk is read-only."""
    done = _call(root, "run", "--day", "2026-03-02", "-q")
    assert (done.returncode, "Permission denied" in done.stderr, "Read-only" in done.stderr) == (1, True, False)
