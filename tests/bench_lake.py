"""`make bench-lake`: the costs of the lake as ratios within one run, each with its goal.

`python -m tests.bench_lake [ARTICLES]`; the large lake has 1,000,000 by default, and as many a day with fewer.
"""

import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from newslake.pipeline.durability import Durability
from newslake.pipeline.lake import Lake
from newslake.pipeline.lake.storage import month_of
from newslake.pipeline.tables import ANNOTATION_TABLES
from tests.bench_big_lake import large_lake_figures
from tests.bench_rivals import DeltaTables, IcebergTables
from tests.big_lake import ARTICLES, FIRST_DAY, make_big_lake
from tests.figures import Figure, Timing, best, print_figure, print_value, ratio_of, timed
from tests.made_days import NOW, DayTables, Tables, join_days, make_day, move_article

FIRST = date(2026, 3, 1)
_ROUNDS = 4
_MONTH_ARTICLES, _MONTH_DAYS = 40_000, 31


def open_lake(root: Path, durability: Durability) -> Lake:
    return Lake(root, durability=durability, gc_grace_hours=24, now=lambda: NOW)


def commit(lake: Lake, name: str, made: DayTables) -> Any:
    """Stage and commit a batch."""
    lake.stage(name, made.tables, made.keys)
    return lake.commit([name], is_current=lambda *_: True)


def write_bare(folder: Path, tables: Tables, *, prefix: str = "") -> None:
    """Write tables with bare `write_table` and the compression of the lake, not durably."""
    folder.mkdir(exist_ok=True)
    for name, table in tables.items():
        pq.write_table(table, folder / f"{prefix}{name}", compression="zstd", compression_level=3)


def backfill_times(root: Path, durability: Durability, days: Sequence[DayTables]) -> tuple[Timing, Timing]:
    """Return the time of one commit of days, and of bare `write_table` of the same files."""
    batch = join_days(days)
    ours, bare = [], []
    for number in range(_ROUNDS):
        lake = open_lake(root / f"lake{number}", durability)
        lake.stage("batch", batch.tables, batch.keys)
        ours.append(timed(lambda lake=lake: lake.commit(["batch"], is_current=lambda *_: True)))
        bare.append(timed(lambda: [write_bare(root / "bare", d.tables, prefix=f"{n}-") for n, d in enumerate(days)]))
    shutil.rmtree(root)
    return best(ours), best(bare)


def micro_batch_times(
    root: Path, durability: Durability, day: DayTables, batches: Sequence[DayTables]
) -> tuple[Timing, ...]:
    """Return the median times of a batch into a full day: ours, Delta, Iceberg."""
    lake = open_lake(root / "lake", durability)
    commit(lake, "day", day)
    delta, iceberg = DeltaTables(root / "delta", day), IcebergTables(root / "iceberg", day)
    times = [
        (
            timed(lambda b=batch, n=number: commit(lake, f"batch{n}", b)),
            timed(lambda b=batch: delta.put(b)),
            timed(lambda b=batch: iceberg.put(b)),
        )
        for number, batch in enumerate(batches)
    ]
    shutil.rmtree(root)
    return tuple(map(_median, zip(*times, strict=True)))


def _median(times: Sequence[Timing]) -> Timing:
    return Timing(
        statistics.median(each.seconds for each in times), statistics.median(each.processor_seconds for each in times)
    )


def late_article_times(root: Path, durability: Durability) -> tuple[Timing, Timing]:
    """Return the time of one article into a closed month, and of bare `write_table` of the month's four tables."""
    folder = make_big_lake(root / "lake", articles=_MONTH_ARTICLES, days=_MONTH_DAYS)
    lake = open_lake(folder, durability)
    lake.compact(months=[month_of(FIRST_DAY)])
    assert lake.partitions.state().month(month_of(FIRST_DAY)).is_closed
    whole = {spec.name: lake.read(spec.name).combine_chunks() for spec in ANNOTATION_TABLES}
    ours, bare = [], []
    for number in range(_ROUNDS):
        late = make_day(FIRST_DAY + timedelta(days=15), [number])
        lake.stage(f"late{number}", late.tables, late.keys)
        ours.append(timed(lambda n=number: lake.commit([f"late{n}"], is_current=lambda *_: True)))
        bare.append(timed(lambda: write_bare(root / "bare", whole)))
    shutil.rmtree(root)
    return best(ours), best(bare)


def history_times(root: Path, batch: DayTables, *, commits: int) -> tuple[Timing, Timing]:
    """Return the times of the last and of the first of many commits, each of a new day: medians of 20."""
    lake, times = open_lake(root, "process"), []
    for number in range(commits):
        made = move_article(batch, FIRST + timedelta(days=number), number * 10_000)
        times.append(timed(lambda m=made, n=number: commit(lake, f"batch{n}", m)))
    shutil.rmtree(root)
    return _median(times[-20:]), _median(times[5:25])


def rerun_files(root: Path, day: DayTables) -> float:
    """Return how many public files a repeated batch changes."""
    lake = open_lake(root, "process")
    commit(lake, "batch", day)
    changed = commit(lake, "batch again", day).files_changed
    shutil.rmtree(root)
    return float(changed)


def size_ratio(root: Path, day: DayTables) -> float:
    """Return the bytes of a day's four files, relative to the UTF-8 bytes of their texts."""
    commit(open_lake(root, "process"), "day", day)
    files = sum(path.stat().st_size for path in (root / "tables").rglob("*.parquet"))
    text = pc.sum(pc.binary_length(day.tables["articles"]["text"])).as_py()
    shutil.rmtree(root)
    return files / text


def small_lake_figures(root: Path) -> None:
    """Print the costs of commits in small lakes."""
    day = make_day(FIRST, range(500))
    days = [move_article(day, FIRST + timedelta(days=number), number * 1_000) for number in range(8)]
    # Half of each batch is new, half are changed articles of the day.
    batches = [
        make_day(FIRST, (*range(n * 25, n * 25 + 25), *range(1_000 * n, 1_000 * n + 25)), edition=n)
        for n in range(1, 10)
    ]
    for durability, goal in (("full", 0.60), ("process", 0.75)):
        ours, bare = backfill_times(root / "a", durability, days)
        print_figure(f"bare write_table / backfill of 8 days of 500, {durability}", ">=", goal, ratio_of(bare, ours))
    ours, delta, iceberg = micro_batch_times(root / "b", "full", day, batches)
    print_figure("50 articles into a day of 500: Delta / ours", ">=", 2, ratio_of(delta, ours))
    print_figure("50 articles into a day of 500: Iceberg on SQLite / ours", ">=", 8, ratio_of(iceberg, ours))
    ours, delta, _ = micro_batch_times(root / "b", "process", day, batches)
    print_figure("the same, not durable at power loss, as Delta is: Delta / ours", ">=", 2, ratio_of(delta, ours))
    late, bare = late_article_times(root / "late", "full")
    name = f"one article into a closed month of {_MONTH_ARTICLES:,} / bare write_table of the month"
    print_figure(name, "<=", 1.5, ratio_of(late, bare))
    last, first = history_times(root / "c", batches[0], commits=1_000)
    print_figure("commit 1,000 / commit 1", "<=", 1.1, ratio_of(last, first))
    print_figure("files that a committed batch changes again", "<=", 0, Figure(rerun_files(root / "d", day)))
    print_value("the four tables / the text of the enciphered sample newsroom", f"{size_ratio(root / 'e', day):.2f}")


def main(articles: int) -> None:
    """Print every figure with its goal."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        small_lake_figures(Path(folder) / "small")
        large_lake_figures(Path(folder) / "large", articles=articles)
    print_value("all figures", f"{(time.monotonic() - started) / 60:.0f} minutes")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ARTICLES)
