"""A backfill on Spark makes the rows of a run, also after kills: Spark on this machine, as in docs/backfill.md."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.clean import page_identity
from pipeline.jobs.run import extract_day
from pipeline.jobs.workspace import Workspace
from pipeline.model import Page
from pipeline.query import connect
from pipeline.settings import Settings
from pipeline.tables import ANNOTATION_TABLES, CLUSTER_TABLES
from tests.architecture.tree import ROOT

pytestmark = pytest.mark.nightly

NOON = datetime(2026, 4, 2, 12, tzinfo=UTC)
FIRST = date(2026, 1, 30)
DAYS = 4  # of two months
EACH = 12  # pages a day
MASTER = "local[2,5]"


def page_of(number: int, day: date) -> Page:
    """Return a made page of a day; some share their quotation."""
    at = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=6, minutes=number)
    url = f"https://made.example/{day}/{number}"
    text = (
        f"<p>Ferry number {number} left the harbour of Merrowby on {day:%A}, and {number + 3} passengers waited.</p>"
        f"<p>“The tide will not wait for anybody,” said Edda Fenwick, the mayor of Merrowby, on {day:%A}.</p>"
        f"<p>Police arrested {number % 5 + 2} protesters in Vessmouth. Orla Brandt met {number} fishermen there.</p>"
    )
    head = f"<title>Ferry {number} of {day}</title><meta property='article:published_time' content='{at.isoformat()}'>"
    body = (
        f"<html lang=en><head>{head}<link rel=canonical href='{url}'></head><body><article><h1>Ferry {number} of {day}"
    )
    html = f"{body}</h1>{text * 2}</article></body></html>"
    headers = {"content-type": "text/html; charset=utf-8"}
    fetched_at = at + timedelta(hours=1)
    return Page(url=url, final_url=url, status=200, headers=headers, body=html.encode(), fetched_at=fetched_at)


def archived(root: Path) -> Workspace:
    """Return a data root with archived pages of several days, and no tables."""
    root.mkdir()
    (root / "sources.toml").touch()
    space = Workspace(Settings(data_dir=root, sources_file=root / "sources.toml", durability="process"))
    for day in (FIRST + timedelta(days=number) for number in range(DAYS)):
        with space.archive.writer(source_key="made", run_id=f"in-{day}") as writer:
            for number in range(EACH):
                page = page_of(number, day)
                writer.put(page, news_day=day, article_id=page_identity(page).article_id)
    return space


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
        [sys.executable, "-m", "pipeline", "spark", "backfill", *options],
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


def rows(space: Workspace) -> dict[str, list[tuple[object, ...]]]:
    """Return all rows of the tables of articles and of what relates, in order."""
    read = connect(space.settings.lake_dir)
    found = {}
    for spec in (*ANNOTATION_TABLES, *CLUSTER_TABLES):
        name = f"{spec.name}_stored" if spec.name in ("articles", "entities", "quotes", "events") else spec.name
        found[spec.name] = read.sql(f"SELECT * FROM {name} ORDER BY ALL").fetchall()
    return found


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[object, ...]]]:
    """The rows that runs of the days make."""
    space = archived(tmp_path_factory.mktemp("run") / "data")
    for day in space.archive.days():
        extract_day(space, day=day, run_id=f"run.{day}", report_progress=lambda _: None)
    made = rows(space)
    assert len(made["articles"]) == DAYS * EACH
    assert len(made["quotes"]) >= DAYS * EACH
    return made


def test_rows_are_those_of_a_run(tmp_path: Path, expected: dict[str, list[tuple[object, ...]]]) -> None:
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


def _staged(space: Workspace) -> int:
    return len(list((space.settings.lake_dir / "_state").glob("cache/spark.*")))


def test_killed_driver_goes_on(tmp_path: Path, expected: dict[str, list[tuple[object, ...]]]) -> None:
    """A driver that is killed at several moments goes on where it was: nothing is missing, nothing is there twice."""
    space = archived(tmp_path / "data")

    for tasks in (1, 3, 4):
        with start_backfill(space) as process:
            _until(lambda tasks=tasks: _staged(space) >= tasks, process)
            os.killpg(process.pid, signal.SIGKILL)
        assert _staged(space) >= tasks
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


def test_killed_executors_are_replaced(tmp_path: Path, expected: dict[str, list[tuple[object, ...]]]) -> None:
    """Python workers that are killed cost their tasks, not the backfill."""
    space = archived(tmp_path / "data")

    with start_backfill(space) as process:
        _until(lambda: _staged(space) >= 1, process)
        killed = list(_workers(process))
        for number in killed:
            os.kill(number, signal.SIGKILL)
        printed, _ = process.communicate(timeout=600)

    assert killed
    assert process.returncode == 0, printed
    assert rows(space) == expected
