"""Backfills by spark-submit: executors that are processes of their own, or that have faults; docs/backfill.md."""

import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from datetime import timedelta
from pathlib import Path

import pytest

from newslake.pipeline.jobs.workspace import Workspace
from tests.engines import faulty_daemon
from tests.engines.spark_archive import DAYS, EACH, FIRST, Rows, archived, rows, rows_of_runs
from tests.engines.spark_job import SparkJob, submitted

pytestmark = pytest.mark.nightly

LAST = FIRST + timedelta(days=DAYS - 1)
OPTIONS = ["--from", str(FIRST), "--to", str(LAST)]
TWO_EXECUTORS = "local-cluster[2,1,1024]"  # JVMs of their own, one core and 1 GB each
# An executor of 4 GB: 1 GB for its JVM, and an address space of at most 3 GB for its Python worker.
FOUR_GB = {"spark.executor.memory": "1g", "spark.executor.pyspark.memory": "3g"}
_FORKS_WITH_FAULT = {"spark.python.daemon.module": faulty_daemon.__name__}


def started(
    space: Workspace, *, master: str, conf: Mapping[str, str], fault: str | None = None
) -> AbstractContextManager[SparkJob]:
    """Start a backfill by spark-submit, on a local data root."""
    own = {
        "NEWS_DATA_DIR": str(space.settings.data_dir),
        "NEWS_SOURCES_FILE": str(space.settings.sources_file),
        "NEWS_DURABILITY": "process",
        **({} if fault is None else {faulty_daemon.VARIABLE: fault}),
    }
    return submitted(OPTIONS, folder=space.settings.data_dir.parent, master=master, own=own, conf=conf)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """The rows that runs of the days make."""
    return rows_of_runs(tmp_path_factory.mktemp("run") / "data")


def results(space: Workspace) -> dict[str, int]:
    """Return when the result of each task was stored, of the months that are not done."""
    found = {}
    for path in (space.settings.lake_dir / "_state" / "cache").glob("spark.*"):
        with suppress(FileNotFoundError):  # its month is done now
            found[path.name] = path.stat().st_mtime_ns
    return {name: at for name, at in found.items() if not name.endswith(".done")}


def test_killed_executor_costs_its_tasks_only(tmp_path: Path, expected: Rows) -> None:
    """An executor of 4 GB is killed: another one takes its place, and no task that had ended is done again."""
    space = archived(tmp_path / "data")

    with started(space, master=TWO_EXECUTORS, conf=FOUR_GB) as job:
        job.wait_until(lambda: bool(results(space)))
        kept = results(space)
        [killed] = job.kill("executor", only_one=True)
        while job.process.poll() is None:
            again = {name: at for name, at in results(space).items() if name in kept}
            assert again.items() <= kept.items()
            time.sleep(0.2)
        assert job.wait() == 0, job.printed
        assert job.has_ended_whole(), job.processes()

    assert len({pid for pid, use in job.uses.items() if use.kind == "executor"} | {killed}) >= 3
    assert rows(space) == expected
    assert space.lake.verify() == ()
    peaks = job.peaks()
    assert 0 < peaks["executor"] + peaks["worker"] < 4_000


def test_poisonous_pages_are_set_aside(tmp_path: Path, expected: Rows) -> None:
    """A page that kills workers waits for a run, one that raises is quarantined; all others are in the tables."""
    space = archived(tmp_path / "data", words={3: "Hemlock", 7: "Nightshade"})

    with started(space, master="local[2,5]", conf=_FORKS_WITH_FAULT, fault="poison") as job:
        assert job.wait() == 0, job.printed
        assert job.has_ended_whole(), job.processes()

    assert f"{DAYS * EACH - 2} articles of 2 months committed" in job.printed
    outcomes = space.lake.log.read("outcomes").to_pylist()
    others = {row["url"].rpartition("/")[2]: row for row in outcomes if row["outcome"] in ("pending", "quarantined")}
    assert others.keys() == {"3", "7"}
    assert (others["3"]["outcome"], others["3"]["reason"]) == ("pending", "suspect")
    assert others["7"]["outcome"] == "quarantined"
    kept = {row["url"] for row in outcomes if row["outcome"] == "kept"}
    assert len(kept) == len(expected["articles"]) - 2
    assert space.lake.verify() == ()


def test_executors_without_the_model_say_so(tmp_path: Path) -> None:
    """Executors where the model is not installed stop the backfill with a message that names the model."""
    space = archived(tmp_path / "data")

    with started(space, master="local[2,5]", conf=_FORKS_WITH_FAULT, fault="modelless") as job:
        assert job.wait() == 1
        assert job.has_ended_whole(), job.processes()

    said = " ".join(job.printed.split())
    assert f"language model '{space.settings.spacy_model}' is neither a folder nor an installed package" in said
    assert "on an executor of Spark" in said
    assert "Traceback" not in said
    assert results(space) == {}


def test_killed_driver_leaves_no_process(tmp_path: Path, expected: Rows) -> None:
    """A driver whose Python is killed alone takes JVMs and Python workers with it; the next call does the rest."""
    space = archived(tmp_path / "data")

    with started(space, master=TWO_EXECUTORS, conf={}) as job:
        job.wait_until(lambda: bool(results(space)))
        job.kill("driver")
        assert job.has_ended_whole(), job.processes()
    with started(space, master=TWO_EXECUTORS, conf={}) as job:
        assert job.wait() == 0, job.printed

    assert rows(space) == expected
