"""The work of the processes that the lake's fault tests start, kill and disturb: a growing archive and its writers.

Its days are in three months. Articles move between days of different months, some months are closed.
"""

import json
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

# pyarrow imports these at first use. Import them once here, not in every process that is killed.
import pandas  # noqa: F401
import pyarrow.dataset  # noqa: F401

from newslake.pipeline.durability import Durability
from newslake.pipeline.jobs.cluster import near_duplicates_of, relate_rows_of
from newslake.pipeline.lake import Lake
from newslake.pipeline.lake.manifests import Entry, MonthManifest
from newslake.pipeline.lake.storage import Month, encode, month_of, with_day
from newslake.pipeline.tables import TABLE_SPECS, rows_table
from tests.faults.lake.calls import Calls, Strike
from tests.unit.lake.rows import NOON, Story, batch_keys, batch_tables

ARTICLES, HOURS = 18, 12
# Days after 3 February. The first two, in February and March, always have rows; the others may lose their only article:
# one is in the same month as the first day, one is alone in April.
_DAYS = (0, 27, 1, 60)
_STEADY = 2
ALL_DAYS = tuple((NOON + timedelta(days=number)).date() for number in _DAYS)
STEADY_DAYS = ALL_DAYS[:_STEADY]
MONTHS = tuple(sorted(set(map(month_of, ALL_DAYS))))
CLOSED, CLOSING = MONTHS[0], MONTHS[1]
REPORT = " ".join(f"The ferry of {hour} o'clock was late by {hour * 7 % 60} minutes." for hour in range(20))

Batches = Mapping[str, list[Story]]


def open_lake(
    root: Path, *, grace_hours: float = 24.0, hours_off: float = 0.0, durability: Durability = "process"
) -> Lake:
    """Return the lake as opened by a host with a clock that is ``hours_off`` hours wrong."""
    off = timedelta(hours=hours_off)
    return Lake(root, durability=durability, gc_grace_hours=grace_hours, now=lambda: datetime.now(UTC) + off)


def latest(number: int, hour: int) -> Story:
    """Return the latest revision of an article at an hour: a new one every third hour, of every fifth on another day.

    The last two articles are alone on their days; their first new revisions leave these days without a row.
    """
    seen = max((each for each in range(1, hour + 1) if (each + number) % 3 == 0), default=0)
    place = (number // 2 + (seen + 2) // 3 * (number % 5 == 0)) % _STEADY
    lonely = number - ARTICLES + len(_DAYS)
    if lonely >= _STEADY:
        place = 0 if seen else lonely
    return Story(
        number, f"Hour {seen}, story {number}. {REPORT if number % 4 == 0 else ''}", day=_DAYS[place], seen=seen
    )


def archive(hour: int, numbers: Iterable[int] = range(ARTICLES)) -> list[Story]:
    return [latest(number, hour) for number in numbers]


def is_last(hour: Callable[[], int]) -> Callable[[str, datetime], bool]:
    """Return the check of the committer: whether the archive has no later revision of the article."""
    return lambda article_id, seen_at: latest(int(article_id, 16), hour()).seen_at == seen_at


def scheduled(hour: int, chance: random.Random) -> Batches:
    """Return one whole day."""
    day = chance.choice(_DAYS)
    return {f"scheduled-{hour}-{day}": [each for each in archive(hour) if each.day == day]}


def signal(hour: int, chance: random.Random) -> Batches:
    """Return one to three articles."""
    numbers = sorted(chance.sample(range(ARTICLES), chance.randint(1, 3)))
    return {f"signal-{hour}-{numbers}": archive(hour, numbers)}


def update(hour: int, chance: random.Random) -> Batches:
    """Return the new revisions of this hour, some of them on another day than before; in two batches."""
    revised = [each for each in archive(hour) if each.seen == hour]
    return {f"update-{hour}-{part}": revised[part::2] for part in range(2)}


def backfill(hour: int, chance: random.Random) -> Batches:
    """Return the whole archive at some earlier hour; in three batches."""
    then = chance.randint(0, hour)
    return {f"backfill-{then}-{part}": archive(then)[part::3] for part in range(3)}


WRITERS = (scheduled, signal, update, backfill)


def stage(lake: Lake, batches: Batches) -> None:
    for name, stories in batches.items():
        lake.stage(name, batch_tables(stories), batch_keys(stories))


def relate(lake: Lake) -> int:
    """Write the cluster tables of all days; return the number of changed files."""
    changed = lake.replace("near_duplicates", lambda: near_duplicates_of(lake, ALL_DAYS))
    return changed + lake.replace_all(lambda: relate_rows_of(lake, ALL_DAYS))


def publish(lake: Lake, batches: Batches, *, hour: int) -> int:
    """Stage batches, commit them in two steps, relate them, and log it; return the number of changed files."""
    stage(lake, batches)
    names = sorted(batches)
    goes = (names[:-1], names[-1:])
    changed = sum(lake.commit(go, is_current=is_last(lambda: hour)).files_changed for go in goes)
    changed += relate(lake)
    run = {"run_id": f"run-{hour}", "kind": "manual", "status": "done", "counts": "{}", "days_touched": []}
    at = {"started_at": NOON, "committed_at": NOON, "versions": "{}"}
    lake.log.append("runs", f"run-{hour}", rows_table(TABLE_SPECS["runs"], [run | at]))
    return changed


def publish_all(lake: Lake, *, hour: int) -> int:
    """Publish the whole archive of an hour; return the number of changed files."""
    return publish(lake, {f"all-{hour}-{part}": archive(hour)[part::3] for part in range(3)}, hour=hour)


def reopen(lake: Lake, month: Month) -> None:
    """Undo a compaction, which newslake never does, so that a month can be closed again and again."""
    with lake._lock.hold() as committer:
        committer.roll_forward()
        partitions, state = committer.partitions, committer.partitions.state()
        old = state.month(month)
        if not old.is_closed:
            return
        files: dict[str, dict[str, Entry]] = {name: {} for name in old.files}
        for day, found in old.days.items():
            for name in found.tables:
                spec = TABLE_SPECS[name]
                rows = with_day(partitions.table(state, name, day), spec, day)
                stem = day.isoformat()
                files[name][stem] = partitions.write_object(old, spec, stem, encode(rows, spec), rows.num_rows)
        committer.index.write_intent([month])
        partitions.commit(state, [replace(old, generation=old.generation + 1, is_closed=False, files=files)])
        committer.store([month])


def months_of(lake: Lake) -> Mapping[Month, MonthManifest]:
    """Return the manifests of all months."""
    return lake.partitions.state().months


def begin(root: Path, *, durability: Durability = "process") -> None:
    """Publish the first hour, and close its first month."""
    lake = open_lake(root, durability=durability)
    publish_all(lake, hour=0)
    lake.compact(months=[CLOSED])


def work(root: Path, *, durability: Durability = "process") -> None:
    """Do the work with the calls to disturb: publish, relate and log the news of one hour, close a month, clean up.

    One article moves between a closed and an open month, others leave their day empty.
    """
    lake = open_lake(root, grace_hours=0, durability=durability)
    publish(lake, {f"all-1-{part}": archive(1)[part::2] for part in range(2)}, hour=1)
    lake.compact(months=[CLOSING])
    lake.gc()


def work_struck(root: Path, strike: Strike | None) -> tuple[list[str], list[str]]:
    """Work while one call is disturbed; return the names of the calls, and the state after each commit."""
    states: list[str] = []
    calls = Calls(root, strike, on_commit=lambda: states.append(state_of(root)))
    calls.watch()
    work(root, durability="full")
    return calls.made, states


def state_of(root: Path) -> str:
    """Return the digests of all files of all tables and months, at one head."""
    state = open_lake(root).partitions.state()
    files = {month: sorted(entry.sha256 for _, _, entry in each.entries()) for month, each in state.months.items()}
    return json.dumps(files)


def close_months(root: Path, start: Any = None) -> list[str]:
    """Close all months, with ``start`` at the same moment as other processes; return a sentence for each."""
    lake = open_lake(root)
    if start is not None:
        start.wait()
    return list(lake.compact(months=months_of(lake)))


def publish_hour(root: Path, hour: int, start: Any = None) -> None:
    """Publish an hour; with ``start``, at the same moment as other processes."""
    if start is not None:
        start.wait()
    publish_all(open_lake(root, grace_hours=0), hour=hour)
