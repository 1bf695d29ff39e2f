"""A process that closes months of the log is killed between any two calls, or any call fails; a retry is enough."""

import random
import shutil
from collections import Counter
from datetime import UTC, datetime
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import pytest

from newslake.pipeline.errors import NewsError
from newslake.pipeline.lake import Lake, removed_log
from newslake.pipeline.tables import TABLE_SPECS, rows_table
from tests.faults.lake.calls import KILL, Calls, Strike
from tests.faults.lake.tally import SEED, form
from tests.faults.lake.test_every_call import ERRORS, kills, points, sample
from tests.faults.sample_run import Worker, say, wait_for_exit
from tests.long_form import LONG

NOW = datetime(2026, 4, 10, 12, tzinfo=UTC)
MONTHS = (1, 2, 3, 4)
BATCHES = 3  # per month
MOVING = "run-2-0"  # a batch of a closed month that is appended again in another month
KILLS, FAILURES = 8, 4  # in the short form


def open_lake(root: Path) -> Lake:
    return Lake(root, durability="full", now=lambda: NOW)


def rows_of(name: str, month: int) -> list[dict[str, Any]]:
    at = {"decided_at": NOW.replace(month=month, day=3), "news_day": NOW.date()}
    blank = dict.fromkeys(("article_id", "reason", "detail", "payload_digest"))
    row = {"run_id": name, "source_key": "harbour", "stage": "fetch", "outcome": "kept"}
    return [row | blank | at | {"url": f"https://{name}/{number}"} for number in range(3)]


def append(lake: Lake, name: str, month: int) -> None:
    lake.log.append("outcomes", name, rows_table(TABLE_SPECS["outcomes"], rows_of(name, month)))


def work(root: Path, strike: Strike | None) -> list[str]:
    """Close the months that ended, append a batch of one again, to a later month, and remove the oldest month."""
    calls = Calls(root, strike)
    calls.watch()
    lake = open_lake(root)
    lake.log.compact(now=NOW)
    append(lake, MOVING, 4)
    lake.log.expire(now=NOW, keep_months=2)
    return calls.made


def log_files(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in (root / "log").rglob("*.*")}


@pytest.fixture
def base(tmp_path: Path) -> Path:
    lake = open_lake(tmp_path / "base")
    for month in MONTHS:
        for number in range(BATCHES):
            append(lake, f"run-{month}-{number}", month)
    lake.index.connection.close()
    return tmp_path / "base"


def assert_right(root: Path) -> None:
    """No check reports a loss; every batch is there once, except one that is being moved or removed."""
    lake = open_lake(root)
    assert lake.verify() == ()
    read = Counter((row["run_id"], row["url"]) for row in lake.log.read("outcomes").to_pylist())
    removed = removed_log(root)
    for month in MONTHS:
        for name in (f"run-{month}-{number}" for number in range(BATCHES)):
            rows = lake.log.read_batches("outcomes", [name]).to_pylist()
            counts = {read[row["run_id"], row["url"]] for row in rows_of(name, month)}
            may_be = {1, 2} if name == MOVING else {0, 1} if removed and month == 1 else {1}
            assert counts <= may_be, name
            [count] = counts
            assert len(rows) == 3 * count


@pytest.mark.timeout(1800)
def test_any_call_of_compaction(processes: ForkServerContext, base: Path, tmp_path: Path) -> None:
    """Killed or failed at any call, the log is as before or after, nothing counts as lost, and a retry ends as ever."""
    chance, root = random.Random(SEED), tmp_path / "lake"
    shutil.copytree(base, root)
    calls = wait_for_exit(Worker(processes, work, root, None)).result
    assert len([name for name in calls if name.startswith("exchange")]) >= len(MONTHS) - 1
    expected = log_files(root)
    errors = [Strike(name, nth, chance.choice(ERRORS)) for name, nth in points(calls)]
    strikes = [*sample(kills(calls), KILLS, chance), *sample(errors, FAILURES, chance)]
    exchanges = [Strike(name, nth, KILL) for name, nth in Counter(calls).items() if name.startswith("exchange")]
    done = form("compaction of the log")
    for strike in dict.fromkeys([*exchanges, *strikes]):
        say(f"seed {SEED}: {strike}")
        shutil.rmtree(root)
        shutil.copytree(base, root)
        ended = Worker(processes, work, root, strike).done()
        if isinstance(ended.result, Exception):
            assert isinstance(ended.result, (OSError, NewsError)), repr(ended.result)
        assert_right(root)
        wait_for_exit(Worker(processes, work, root, None))
        assert log_files(root) == expected
        Lake(root, durability="process", gc_grace_hours=0, now=lambda: datetime.now(UTC)).gc()
        assert not [path for name in ("tmp", "exchanged_log") for path in (root / "_state" / name).rglob("*.parquet")]
        assert open_lake(root).verify() == ()
        done.counts["kills" if isinstance(strike.how, str) else "failures"] += 1
    assert LONG or done.counts["kills"] >= KILLS
