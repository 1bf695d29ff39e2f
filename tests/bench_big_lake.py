"""Figures of a large lake for `make bench-lake`: compaction, the saved questions, verification and takedowns."""

import os
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from newslake.pipeline.jobs.cluster import relate
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.lake import Depth, Lake
from newslake.pipeline.settings import Settings
from newslake.pipeline.tables import ANNOTATION_TABLES
from tests.bench_questions import connect_plainly, time_questions, total
from tests.big_lake import ARTICLES, DAYS, make_big_lake
from tests.figures import Timing, print_figure, print_value, ratio_of, seconds_of, timed

_FEWEST_DAYS = 45
_MOST_SECONDS, _MOST_SECONDS_TOGETHER = 1.0, 10.0
_SOURCE_ARTICLES = 50_000


def large_lake_figures(root: Path, *, articles: int) -> None:
    """Print the figures of a lake with these many articles; with fewer, there are fewer days."""
    folder, days = root / "lake", max(_FEWEST_DAYS, DAYS * articles // ARTICLES)
    made = timed(lambda: make_big_lake(folder, articles=articles, days=days))
    print_value(f"a lake of {articles:,} articles on {days} days", f"made in {made.seconds:.0f} s")
    by_day = time_questions(folder, runs=1)
    lake = Lake(folder, durability="full", gc_grace_hours=0, now=lambda: datetime.now(UTC))
    bare = timed(lambda: _rewrite_barely(folder, root / "bare"))
    print_figure("compaction / bare rewrite of the same files", "<=", 1.3, ratio_of(timed(lake.compact), bare))
    _question_figures(folder, by_day)
    _verify_figure(lake, folder)
    print_value("the four tables / the generated text", f"{_size_ratio(lake, folder):.2f}")
    _takedown_figures(root, lake, articles=articles)


def _rewrite_barely(lake: Path, target: Path) -> None:
    """Write the day files of each table and month as one file, with bare Parquet."""
    target.mkdir()
    for folder in sorted((lake / "tables").glob("*/*")):
        whole = pa.concat_tables(pq.ParquetFile(path).read() for path in sorted(folder.iterdir()))
        pq.write_table(whole, target / "file.parquet", compression="zstd", compression_level=3)


def _question_figures(lake: Path, by_day: dict[str, Timing]) -> None:
    times, plain = time_questions(lake), total(time_questions(lake, connect_plainly))
    for slug, each in times.items():
        print_figure(f"ask {slug}: seconds", "<=", _MOST_SECONDS, seconds_of(each))
    together = total(times)
    print_figure("the fifteen questions: seconds", "<=", _MOST_SECONDS_TOGETHER, seconds_of(together))
    by_processor = ratio_of(together, total(by_day), by="processor")
    print_figure("the fifteen questions: month files / day files", "<=", 0.65, by_processor)
    print_figure("the fifteen questions: ask / the printed views in DuckDB", "<=", 1.1, ratio_of(together, plain))


def _verify_figure(lake: Lake, folder: Path) -> None:
    """Compare the check of every byte with `sha256sum` of the same bytes; public files are links to others."""
    depth = Depth(reads=lambda day: False)
    found = timed(lambda: lake.verify(depth))
    files = [path for part in ("_state", "log") for path in (folder / part).rglob("*") if path.is_file()]
    names = "\0".join(map(str, files)).encode()
    command = ["xargs", "-0", "sha256sum"]
    bare = timed(lambda: subprocess.run(command, input=names, check=True, stdout=subprocess.DEVNULL))
    print_figure("verify / sha256sum of the same bytes", "<=", 1.5, ratio_of(found, bare))
    megabytes = depth.tally["bytes"] / 1e6
    print_value("verify", f"{megabytes:.0f} MB, {megabytes / found.seconds:.0f} MB per second")


def _size_ratio(lake: Lake, folder: Path) -> float:
    names = [spec.name for spec in ANNOTATION_TABLES]
    files = sum(path.stat().st_size for name in names for path in (folder / "tables" / name).rglob("*.parquet"))
    text = sum(
        pc.sum(pc.binary_length(lake.read("articles", days=[day], columns=["text"])["text"])).as_py()
        for day in lake.days()
    )
    return files / text


def _takedown_figures(root: Path, lake: Lake, *, articles: int) -> None:
    day = _relate_last_days(root, lake)
    doomed = lake.read("articles", days=[day], columns=["article_id"])["article_id"][0].as_py()
    print_figure("forget one article: seconds", "<=", 30, seconds_of(_forget(root, doomed)))
    publishers = pc.value_counts(lake.read("articles", columns=["publisher"])["publisher"]).to_pylist()
    chosen = min(publishers, key=lambda each: abs(each["counts"] - _SOURCE_ARTICLES * articles / ARTICLES))
    seconds = seconds_of(_forget(root, "--publisher", chosen["values"]))
    print_figure(f"forget a publisher with {chosen['counts']:,} articles: seconds", "<=", 600, seconds)


def _forget(root: Path, *what: str) -> Timing:
    command = [sys.executable, "-m", "newslake", "forget", *what, "--yes", "--json"]
    environment = {**os.environ, "NEWS_DATA_DIR": str(root)}
    return timed(lambda: subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL))


def _relate_last_days(root: Path, lake: Lake) -> date:
    """Cluster the last 15 days like runs, which stores their sketches: the generated lake has none.

    Return a day with clustered days on both sides.
    """
    days = lake.days()[-15:]
    relate(Workspace(Settings(data_dir=root)), news_day=days[0], days=days)
    return days[6]
