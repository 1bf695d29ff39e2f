"""A backfill on Spark makes the rows of a run, also after kills: Spark on this machine, as in docs/backfill.md."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from newslake.pipeline.jobs.workspace import Workspace
from tests.architecture.tree import ROOT
from tests.engines.spark_archive import DAYS, EACH, FIRST, Rows, archived, rows, rows_of_runs

pytestmark = pytest.mark.nightly

MASTER = "local[2,5]"


def start_backfill(space: Workspace) -> subprocess.Popen[str]:
    """Start the command in a process group of its own."""
    last = FIRST + timedelta(days=DAYS - 1)
    options = ["--from", str(FIRST), "--to", str(last), "--master", MASTER]
    own = {
        "NEWS_DATA_DIR": str(space.settings.data_dir),
        "NEWS_SOURCES_FILE": str(space.settings.sources_file),
        "NEWS_DURABILITY": "process",
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "newslake", "spark", "backfill", *options],
        cwd=ROOT,
        env={**os.environ, **own},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def backfill(space: Workspace) -> str:
    """Run the command to its end; return what it printed."""
    with start_backfill(space) as process:
        printed, _ = process.communicate(timeout=600)
    assert process.returncode == 0, printed
    return printed


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """The rows that runs of the days make."""
    return rows_of_runs(tmp_path_factory.mktemp("run") / "data")


def test_rows_are_those_of_a_run(tmp_path: Path, expected: Rows) -> None:
    """A backfill makes the rows that runs of its days make; the same call again changes nothing."""
    space = archived(tmp_path / "data")

    assert f"{DAYS * EACH} articles of 2 months committed" in backfill(space)
    assert rows(space) == expected
    files = {path: path.stat().st_mtime_ns for path in (space.settings.lake_dir / "tables").rglob("*.parquet")}
    assert "0 articles of 2 months committed" in backfill(space)
    assert {path: path.stat().st_mtime_ns for path in files} == files


def _until(is_true: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + 300
    while not is_true():
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.05)


def _done(space: Workspace) -> int:
    """Return the number of tasks that are done; each month has two."""
    names = [path.name for path in (space.settings.lake_dir / "_state" / "cache").glob("spark.*")]
    months = {name.removesuffix(".done") for name in names if name.endswith(".done")}
    return 2 * len(months) + sum(not any(map(name.startswith, months)) for name in names)


def test_killed_driver_goes_on(tmp_path: Path, expected: Rows) -> None:
    """A driver that is killed at several moments goes on where it was: nothing is missing, nothing is there twice."""
    space = archived(tmp_path / "data")

    for tasks in (1, 3, 4):
        with start_backfill(space) as process:
            _until(lambda tasks=tasks: _done(space) >= tasks, process)
            os.killpg(process.pid, signal.SIGKILL)
        assert _done(space) >= tasks
    backfill(space)

    assert rows(space) == expected
    assert space.lake.verify() == ()


def _workers(process: subprocess.Popen[str]) -> Iterator[int]:
    """Yield the process ids of the Python workers of a session."""
    listed = subprocess.run(
        ["ps", "-s", str(process.pid), "-o", "pid=,args="], capture_output=True, text=True, check=True
    ).stdout
    for line in listed.splitlines():
        number, _, command = line.strip().partition(" ")
        if "pyspark.daemon" in command or "pyspark/daemon" in command:
            yield int(number)


def test_killed_executors_are_replaced(tmp_path: Path, expected: Rows) -> None:
    """Python workers that are killed cost their tasks, not the backfill."""
    space = archived(tmp_path / "data")

    with start_backfill(space) as process:
        _until(lambda: _done(space) >= 1, process)
        killed = list(_workers(process))
        for number in killed:
            os.kill(number, signal.SIGKILL)
        printed, _ = process.communicate(timeout=600)

    assert killed
    assert process.returncode == 0, printed
    assert rows(space) == expected
