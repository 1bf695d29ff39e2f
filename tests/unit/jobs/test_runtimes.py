"""The times of runs, and the expected time of the next run."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newslake.pipeline.jobs.outcomes import append_run
from newslake.pipeline.jobs.runtimes import History, Run, estimate, expected_seconds, read_history
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.settings import Settings

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def history(*runs: tuple[int, float], stage: str = "extract", launcher: str = "cli") -> History:
    """Return runs of one stage, started one launcher, by size and seconds."""
    return History(tuple(Run(stage, launcher, size, seconds) for size, seconds in runs))


def test_line_is_found() -> None:
    """Runs of 3 s plus 0.1 s per article give that line for any size."""
    known = history(*((size, 3 + size / 10) for size in (10, 20, 50, 200)), (0, 0.5))
    expected = [expected_seconds(known, launcher="cli", articles=size) for size in (0, 10, 1000)]
    assert expected == pytest.approx([0.5, 4, 103])


def test_run_that_hung_does_not_bend_the_line() -> None:
    """One run of an hour among quick runs changes the estimate by less than a factor of two."""
    known = history(*((size, 3 + size / 10) for size in range(10, 200, 10)), (70, 3600))
    assert 6.5 < (expected_seconds(known, launcher="cli", articles=100) or 0) < 26


@pytest.mark.parametrize("runs", [[(100, 20.0)], [(100, 20.0), (110, 19.0), (105, 24.0)], [(10, 9.0), (90, 2.0)] * 2])
def test_ratio_where_no_line_can_be_drawn(runs: list[tuple[int, float]]) -> None:
    """Few runs, runs of one size, and runs that take less time for more articles give seconds per article."""
    known = history(*runs)
    one = expected_seconds(known, launcher="cli", articles=1)
    assert one is not None
    assert expected_seconds(known, launcher="cli", articles=100) == pytest.approx(100 * one)


def test_idle_runs_give_the_fixed_part() -> None:
    """If all runs have one size, the time of idle runs does not count as time of articles."""
    known = history((100, 25.0), (0, 5.0), (0, 5.0))
    assert [expected_seconds(known, launcher="cli", articles=size) for size in (0, 100, 200)] == pytest.approx(
        [5, 25, 45]
    )


def test_no_history_no_estimate() -> None:
    """Without a run of the stage there is no estimate, not even for no work."""
    ingests = history((10, 5), stage="ingest")
    assert expected_seconds(ingests, launcher="cli", articles=0) is None
    found = estimate(ingests, launcher="cli", pages=(1, 0), articles=(1, 0), least_seconds=0)
    assert (found.extract_seconds, found.seconds) == (None, None)


def test_runs_of_the_same_launcher_are_preferred() -> None:
    """Three runs of one launcher hide those of the other; fewer do not."""
    slow = history(*((size, 100 + size) for size in (10, 20, 40)), launcher="airflow")
    quick = history(*((size, 3 + size) for size in (10, 20, 40)))
    both = History((*slow.runs, *quick.runs))
    assert expected_seconds(both, launcher="cli", articles=10) == pytest.approx(13)
    assert expected_seconds(both, launcher="airflow", articles=10) == pytest.approx(110)
    assert expected_seconds(slow, launcher="cli", articles=10) == pytest.approx(110)


def test_rate_limit_is_the_minimum() -> None:
    """The estimate of fetching is never less than the hosts' intervals allow."""
    known = History((*history((100, 10), stage="ingest").runs, *history((100, 10)).runs))
    found = estimate(known, launcher="cli", pages=(50, 50), articles=(0, 0), least_seconds=500)
    assert (found.ingest_seconds, found.is_own) == (500, True)


def test_runs_are_read_from_the_log(tmp_path: Path) -> None:
    """Rows of both stages become runs with launcher, size and length; a frozen clock and other work leave none."""

    def ran(name: str, counts: dict[str, object], *, seconds: float) -> None:
        settings = Settings.load(data_dir=tmp_path, frozen_now=NOON + timedelta(seconds=seconds))
        given = {"kind": "manual", "started_at": NOON, "days": [NOON.date()], "versions": {}}
        append_run(Workspace(settings), run_id=name, counts=counts, **given)

    extracted = {"discovered": 9, "derived_new": 3, "derived_again": 4}
    ran("cli.1.extract", extracted, seconds=8)
    ran("news_ingest.2", {"discovered": 9, "fetched": 5}, seconds=6)
    ran("cli.3.extract", extracted, seconds=0)
    ran("news_maintain.4", {"problems": 0}, seconds=5)
    found = read_history(Workspace(Settings.load(data_dir=tmp_path)))
    assert set(found.runs) == {Run("extract", "cli", 7, 8.0), Run("ingest", "airflow", 5, 6.0)}
    assert [run.size for run in found.of("extract", "airflow")] == [7]
