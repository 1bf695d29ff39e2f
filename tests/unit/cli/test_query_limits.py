"""`newslake sql` and `ask` in a process: the same answers, and limits that hold within one expression."""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from newslake.pipeline.cli.query import run_within_limits
from newslake.pipeline.errors import LimitError
from newslake.pipeline.query.connection import Limits
from newslake.pipeline.query.result_files import whole_file
from tests.unit.cli.test_commands import called, newslake
from tests.unit.query.conftest import small_lake, write_rows

__all__ = ["small_lake", "write_rows"]

Call = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(small_lake: Path, tmp_path: Path) -> Call:
    """Run the command line on the small lake; with ``process`` as a process that starts one, else in this process."""

    def call(*args: str, process: bool) -> subprocess.CompletedProcess[str]:
        run = newslake if process else called
        setting = str(process).lower()
        return run(*args, cwd=tmp_path, NEWS_DATA_DIR=str(small_lake.parent), NEWS_SQL_PROCESS=setting)

    return call


@pytest.mark.parametrize(
    "words",
    [
        ("sql", "SELECT article_id, published_date, NULL AS nothing, 1.50 AS price FROM articles ORDER BY 1"),
        ("sql", "SELECT * FROM quotes ORDER BY ALL", "--json"),
        ("sql", "SELECT range AS i FROM range(300000)", "--csv", "-", "--memory", "64"),
        ("sql", "SELECT titel FROM articles"),
        ("sql", "SELECT 1", "--csv", "none/a.csv"),
        ("ask", "top-speakers", "--from", "2026-03-03", "--to", "2026-03-03"),
        ("ask", "top-speakers", "--chart"),
        ("ask", "who-said-what", "--about", "Okoro", "--json"),
    ],
    ids=" ".join,
)
def test_answer_is_the_same_in_a_process(run: Call, words: tuple[str, ...]) -> None:
    """Output, messages and exit code do not depend on the setting."""
    here, there = run(*words, process=False), run(*words, process=True)
    printed = here.stdout.replace("\r\n", "\n")  # as the output of a process is read
    assert (there.returncode, there.stdout, there.stderr) == (here.returncode, printed, here.stderr)


def test_files_are_the_same_in_a_process(run: Call, tmp_path: Path) -> None:
    """A chart needs more addresses than a limit allows, and is drawn all the same."""
    for name, process in (("here", False), ("there", True)):
        done = run("ask", "top-speakers", "--csv", f"{name}.csv", "--chart", f"{name}.svg", process=process)
        assert done.returncode == 0, done.stderr
    for ending in ("csv", "svg"):
        assert (tmp_path / f"here.{ending}").read_bytes() == (tmp_path / f"there.{ending}").read_bytes()


def start_file(path: Path) -> None:
    """Begin a file, and take too long."""
    with whole_file(path) as file:
        file.write(b"half")
        file.flush()
        os.write(2, b"begun")
        time.sleep(600)


def test_killed_process_leaves_no_part_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """An earlier file stays, and no other file is there."""
    monkeypatch.setenv("NEWS_SQL_PROCESS", "true")
    path = tmp_path / "a.csv"
    path.write_text("earlier")
    with pytest.raises(LimitError, match="exceeded 1 seconds"):
        run_within_limits(Limits(1, 64, 1, 1), start_file, path, files=[path])
    assert "begun" in capfd.readouterr().err
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("a.csv", "earlier")]
