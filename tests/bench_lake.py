"""`make bench-lake`: the cost of the lake relative to bare Parquet, Delta and Iceberg, within one run.

Each generated article is enciphered with its own alphabet, so that compression gains no more than for real articles.
"""

import hashlib
import os
import random
import shutil
import statistics
import string
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable, write_deltalake
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.expressions import And, EqualTo, In

from pipeline.durability import Durability
from pipeline.jobs.cluster import relate
from pipeline.jobs.workspace import Workspace
from pipeline.kb import load_kb
from pipeline.lake import KEYS_SCHEMA, Depth, Lake
from pipeline.nlp import Annotator, load_model
from pipeline.settings import Settings
from pipeline.tables import ANNOTATION_TABLES, annotation_rows, rows_table
from tests.bench import articles, out
from tests.bench_questions import question_lines
from tests.big_lake import ARTICLES, make_big_lake

NOW = datetime(2026, 3, 20, tzinfo=UTC)
FIRST = date(2026, 3, 1)
# Columns with text of the article; the others have closed vocabularies or ids.
_WORDS = ("text", "title", "standfirst", "entity_text", "entity_name", "role_text", "quote_text", "speaker_text")
_MORE = ("speaker_name", "speaker_role", "cue_text", "trigger_text", "actor_text", "actor_name", "recipient_text")
_ENCIPHERED = frozenset((*_WORDS, *_MORE, "recipient_name", "place_text", "event_date_text"))
Tables = Mapping[str, pa.Table]


@dataclass(frozen=True, slots=True)
class DayTables:
    """Generated articles of one day, and their batch."""

    tables: Tables
    keys: pa.Table


@cache
def _read() -> list[dict[str, list[Mapping[str, object]]]]:
    """Return the rows of each sample article."""
    annotator = Annotator(load_model(Settings.model_fields["spacy_model"].default), kb=load_kb(None), infer_gender=True)
    return [
        annotation_rows(article, annotator.annotate(article, doc), model_name="m", pipeline_version="v")
        for article, doc in annotator.docs(articles(times=1))
        if doc is not None
    ]


def make_day(day: date, numbers: Iterable[int], *, edition: int = 0) -> DayTables:
    """Return numbered articles of a day with the child rows of the sample articles; each edition differs."""
    rows: dict[str, list[dict[str, object]]] = {spec.name: [] for spec in ANNOTATION_TABLES}
    for number in numbers:
        made: dict[str, object] = {
            "article_id": _id(number),
            "revision_id": _id(edition)[:16],
            "published_at": _midnight(day),
        }
        cipher = _cipher(number + edition * 7_919)
        for name, found in _read()[number % len(_read())].items():
            rows[name] += [{**_encipher(row, cipher), **made} for row in found]
    tables = {spec.name: rows_table(spec, rows[spec.name]) for spec in ANNOTATION_TABLES}
    return DayTables(tables, _keys(tables["articles"], day))


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _id(number: int) -> str:
    """Return an unordered id, like the hash of a URL."""
    return hashlib.sha256(str(number).encode()).hexdigest()[:32]


def _cipher(number: int) -> dict[int, int]:
    letters = list(string.ascii_lowercase)
    random.Random(number).shuffle(letters)
    return str.maketrans(string.ascii_letters, "".join(letters) + "".join(letters).upper())


def _encipher(row: Mapping[str, object], cipher: Mapping[int, int]) -> dict[str, object]:
    return {
        name: value.translate(cipher) if name in _ENCIPHERED and isinstance(value, str) else value
        for name, value in row.items()
    }


def _keys(table: pa.Table, day: date) -> pa.Table:
    count = table.num_rows
    columns = (table["article_id"], table["revision_id"], [day] * count, [NOW] * count)
    return pa.table(
        [pa.array(c, f.type) if isinstance(c, list) else c for c, f in zip(columns, KEYS_SCHEMA, strict=True)],
        schema=KEYS_SCHEMA,
    )


def join_days(days: Sequence[DayTables]) -> DayTables:
    """Return the articles of several days as one batch."""
    tables = {spec.name: pa.concat_tables([day.tables[spec.name] for day in days]) for spec in ANNOTATION_TABLES}
    return DayTables(tables, pa.concat_tables([day.keys for day in days]))


def measure_seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def open_lake(root: Path, durability: Durability) -> Lake:
    return Lake(root, durability=durability, gc_grace_hours=24, now=lambda: NOW)


def commit(lake: Lake, name: str, made: DayTables) -> Any:
    """Stage and commit a batch."""
    lake.stage(name, made.tables, made.keys)
    return lake.commit([name], is_current=lambda *_: True)


def backfill_ratio(root: Path, durability: Durability, days: Sequence[DayTables]) -> float:
    """Rows per second of one commit of days, relative to bare pq.write_table of the same files without fsync."""
    batch = join_days(days)
    ours, bare = [], []
    for number in range(4):
        lake = open_lake(root / f"lake{number}", durability)
        lake.stage("batch", batch.tables, batch.keys)
        ours.append(measure_seconds(lambda lake=lake: lake.commit(["batch"], is_current=lambda *_: True)))
        bare.append(measure_seconds(lambda: _bare(root / "bare", days)))
    shutil.rmtree(root)
    return min(bare) / min(ours)


def _bare(folder: Path, days: Sequence[DayTables]) -> None:
    folder.mkdir(exist_ok=True)
    for number, day in enumerate(days):
        for name, table in day.tables.items():
            pq.write_table(table, folder / f"{name}-{number}", compression="zstd", compression_level=3)


def micro_batch_ratios(root: Path, day: DayTables, batches: Sequence[DayTables]) -> tuple[float, float]:
    """Return the time of a batch into a full day in Delta and in Iceberg, relative to ours: medians, all durable."""
    lake = open_lake(root / "lake", "full")
    commit(lake, "day", day)
    delta, iceberg = _Delta(root / "delta", day), _Iceberg(root / "iceberg", day)
    times: list[tuple[float, float, float]] = []
    for number, batch in enumerate(batches):
        times.append(
            (
                measure_seconds(lambda b=batch, n=number: commit(lake, f"batch{n}", b)),
                measure_seconds(lambda b=batch: delta.put(b)),
                measure_seconds(lambda b=batch: iceberg.put(b)),
            )
        )
    ours, deltas, icebergs = (statistics.median(column) for column in zip(*times, strict=True))
    shutil.rmtree(root)
    return deltas / ours, icebergs / ours


class _Delta:
    """The four tables in Delta, partitioned by day; a batch replaces its articles' rows, with one commit per table."""

    def __init__(self, root: Path, day: DayTables) -> None:
        self._root = root
        for name, table in day.tables.items():
            write_deltalake(str(root / name), _with_day(table, day), partition_by=["published_date"])

    def put(self, batch: DayTables) -> None:
        day = batch.keys["published_date"][0].as_py()
        ids = ", ".join(f"'{each}'" for each in batch.keys["article_id"].to_pylist())
        predicate = f"published_date = '{day.isoformat()}' AND article_id IN ({ids})"
        for name, table in batch.tables.items():
            rows = _with_day(table, batch)
            write_deltalake(DeltaTable(str(self._root / name)), rows, mode="overwrite", predicate=predicate)


class _Iceberg:
    """The four tables in Iceberg with a catalog in SQLite, otherwise as in Delta."""

    def __init__(self, root: Path, day: DayTables) -> None:
        root.mkdir(parents=True)
        catalog = SqlCatalog("lake", uri=f"sqlite:///{root}/catalog.db", warehouse=f"file://{root}")
        catalog.create_namespace("news")
        self._tables = {}
        for name, rows in day.tables.items():
            dated = _plain(_with_day(rows, day))
            table = catalog.create_table(f"news.{name}", schema=dated.schema)
            with table.update_spec() as spec:
                spec.add_identity("published_date")
            table.append(dated)
            self._tables[name] = table

    def put(self, batch: DayTables) -> None:
        ids = batch.keys["article_id"].to_pylist()
        day = batch.keys["published_date"][0].as_py()
        theirs = And(EqualTo("published_date", day.isoformat()), In("article_id", ids))
        for name, table in batch.tables.items():
            self._tables[name].overwrite(_plain(_with_day(table, batch)), overwrite_filter=theirs)


def _with_day(table: pa.Table, made: DayTables) -> pa.Table:
    day = made.keys["published_date"][0]
    return table.append_column("published_date", pa.array([day.as_py()] * table.num_rows, pa.date32()))


def _plain(table: pa.Table) -> pa.Table:
    """Return a table with only nullable columns: Iceberg refuses to add required columns without a default."""
    return table.cast(pa.schema([field.with_nullable(True) for field in table.schema]))


def history_ratio(root: Path, batch: DayTables, *, commits: int) -> float:
    """The time of the last of many commits, each of a new day, relative to the first: medians of 20."""
    lake, times = open_lake(root, "process"), []
    for number in range(commits):
        made = move_article(batch, FIRST + timedelta(days=number), number * 10_000)
        times.append(measure_seconds(lambda m=made, n=number: commit(lake, f"batch{n}", m)))
    shutil.rmtree(root)
    return statistics.median(times[-20:]) / statistics.median(times[5:25])


def move_article(made: DayTables, day: date, number: int) -> DayTables:
    """Return the same articles with numbers from ``number`` on, on another day."""
    old = made.keys["article_id"]
    new = pa.array([_id(number + place) for place in range(len(old))])
    at = pa.scalar(_midnight(day), pa.timestamp("us", tz="UTC"))
    tables = {}
    for name, table in made.tables.items():
        ids = new.take(pc.index_in(table["article_id"], value_set=old.combine_chunks()).combine_chunks())
        whole = {"article_id": ids, "published_at": pa.repeat(at, table.num_rows)}
        columns = [whole.get(field.name, table[field.name]) for field in table.schema]
        tables[name] = pa.Table.from_arrays(columns, schema=table.schema)
    return DayTables(tables, _keys(tables["articles"], day))


def rerun_files(root: Path, day: DayTables) -> float:
    """Number of public files that a repeated batch changes."""
    lake = open_lake(root, "process")
    commit(lake, "batch", day)
    changed = commit(lake, "batch again", day).files_changed
    shutil.rmtree(root)
    return float(changed)


def size_ratio(root: Path, day: DayTables) -> float:
    """Bytes of a day's four files, relative to the UTF-8 bytes of their texts."""
    commit(open_lake(root, "process"), "day", day)
    files = sum(path.stat().st_size for path in (root / "tables").rglob("*.parquet"))
    text = pc.sum(pc.binary_length(day.tables["articles"]["text"])).as_py()
    shutil.rmtree(root)
    return files / text


def large_lake_figures(root: Path, *, articles: int) -> None:
    """Print the times on a large lake: the saved questions, verifying every byte and every row, one takedown."""
    folder = make_big_lake(root / "lake", articles=articles)
    for name, value, sign, goal in question_lines(folder):
        figure(name, sign, goal, value)
    lake = open_lake(folder, "full")
    figure("verify, MB per second", ">=", 200, _megabytes_a_second(lake, reads=lambda _: False))
    figure("verify with every row, MB per second", ">=", 0, _megabytes_a_second(lake, reads=lambda _: True))
    day = _relate_last_days(root, lake)
    doomed = lake.read("articles", days=[day], columns=["article_id"])["article_id"][0].as_py()
    command = [sys.executable, "-m", "pipeline", "forget", doomed, "--yes", "--json"]
    environment = {**os.environ, "NEWS_DATA_DIR": str(root)}
    seconds = measure_seconds(lambda: subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL))
    figure("forget one article, seconds", "<=", 60, seconds)


def _relate_last_days(root: Path, lake: Lake) -> date:
    """Cluster the last 15 days like runs, which stores their sketches: the generated lake has none.

    Return a day with clustered days on both sides.
    """
    days = lake.days()[-15:]
    relate(Workspace(Settings(data_dir=root)), news_day=days[0], days=days)
    return days[6]


def _megabytes_a_second(lake: Lake, *, reads: Callable[[date], bool]) -> float:
    depth = Depth(reads=reads)
    seconds = measure_seconds(lambda: lake.verify(depth))
    return depth.tally["bytes"] / 1e6 / seconds


def main(articles: int) -> None:
    """Print every figure with its goal."""
    day = make_day(FIRST, range(500))
    days = [move_article(day, FIRST + timedelta(days=number), number * 1_000) for number in range(8)]
    # Half of each batch is new, half are changed articles of the day.
    batches = [
        make_day(FIRST, (*range(n * 25, n * 25 + 25), *range(1_000 * n, 1_000 * n + 25)), edition=n)
        for n in range(1, 10)
    ]
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for durability, goal in (("full", 0.55), ("process", 0.70)):
            figure(
                f"backfill of 8 days / bare write_table, {durability}",
                ">=",
                goal,
                backfill_ratio(root / "a", durability, days),
            )
        delta, iceberg = micro_batch_ratios(root / "b", day, batches)
        figure("50 articles into a day of 500: Delta / ours", ">=", 4, delta)
        figure("50 articles into a day of 500: Iceberg on SQLite / ours", ">=", 10, iceberg)
        figure("commit 1,000 / commit 1", "<=", 1.2, history_ratio(root / "c", batches[0], commits=1_000))
        figure("files that a committed batch changes again", "<=", 0, rerun_files(root / "d", day))
        figure("the four tables / the text they describe", "<=", 0.8, size_ratio(root / "e", day))
        large_lake_figures(root / "large", articles=articles)


def figure(name: str, sign: str, goal: float, value: float) -> None:
    is_met = value <= goal if sign == "<=" else value >= goal
    out.print(f"{'met ' if is_met else 'MISS'} {name}: {value:.2f} (goal {sign} {goal:g})")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ARTICLES)
