"""Invariants of a lake after any disturbance of its writers, counted on its files."""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from newslake.pipeline.lake import Lake
from newslake.pipeline.lake.storage import conform, encode, sort_rows
from newslake.pipeline.tables import TABLE_SPECS
from tests.faults.lake.newsdesk import ARTICLES, HOURS, latest, open_lake

CHILDREN = ("entities", "quotes", "events")
READING = ("articles", *CHILDREN)
_OVER = "read_parquet('{root}/tables/{name}/*/*.parquet')"

# A version of a table's day: the table, the day, and the sha256 of the file with exactly these rows.
Version = tuple[str, str, str]


def public_files(root: Path) -> dict[str, bytes]:
    tables = root / "tables"
    return {path.relative_to(tables).as_posix(): path.read_bytes() for path in tables.rglob("*") if path.is_file()}


def touched_files(root: Path) -> dict[str, tuple[int, int]]:
    """Return inode and time of each file with rows, and of each manifest."""
    folders = [root / "tables", root / "_state" / "data", root / "_state" / "months"]
    found = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return {path.as_posix(): (path.stat().st_ino, path.stat().st_mtime_ns) for path in found}


def versions_of(rows: pa.Table, name: str) -> set[Version]:
    """Return the version of each day in a result, cell by cell: the bytes of a file depend only on its rows."""
    spec, days = TABLE_SPECS[name], pc.cast(rows["published_date"], pa.string())
    found = set()
    for day in pc.unique(days).to_pylist():
        part = sort_rows(conform(rows.filter(pc.equal(days, day)), spec.file_schema), spec)
        found.add((name, day, hashlib.sha256(encode(part, spec)).hexdigest()))
    return found


def written_versions(root: Path) -> set[Version]:
    """Return all versions of all days that were written and not yet collected, in files of days and of months."""
    found = set()
    for path in (root / "_state" / "data").glob("*/*/*.obj"):
        found |= versions_of(pq.ParquetFile(path).read(), path.parts[-3])
    return found


def misfits(tables: Mapping[str, pa.Table]) -> int:
    """Return the number of revisions on a day with children without an article, or with a wrong number of children."""
    bad = 0
    with duckdb.connect() as database:
        for name in READING:
            database.register(name, tables[name])
        for name, count in zip(CHILDREN, ("entity_count", "quote_count", "event_count"), strict=True):
            query = f"""WITH held AS
                (SELECT article_id, revision_id, published_date, count(*) AS n FROM {name} GROUP BY ALL)
                SELECT count(*) FROM articles FULL JOIN held USING (article_id, revision_id, published_date)
                WHERE coalesce({count}, 0) <> coalesce(n, 0)"""
            bad += database.execute(query).fetchall()[0][0]
    return bad


def read_at_one_head(root: Path) -> dict[str, pa.Table]:
    """Return all rows of the tables of a reading, with their days, from one state of the lake."""
    partitions = open_lake(root).partitions
    return partitions.read(
        lambda state: {
            name: partitions.whole_table(state, name, columns=TABLE_SPECS[name].file_schema.names) for name in READING
        }
    )


def strict_faults(tables: Mapping[str, pa.Table]) -> list[str]:
    """Return what is wrong with rows of one head: every article is on one day, with all its children."""
    ids = tables["articles"]["article_id"].to_pylist()
    faults = [f"{len(ids)} rows of {len(set(ids))} articles"] if sorted(set(ids)) != sorted(ids) else []
    if missing := ARTICLES - len(set(ids)):
        faults.append(f"{missing} articles are nowhere")
    if bad := misfits(tables):
        faults.append(f"{bad} revisions do not match their children")
    return faults


def losses(root: Path, confirmed: Iterable[tuple[int, int]] = ()) -> dict[str, int]:
    """Return the number of lost, doubled and stale articles and of orphaned rows, from SQL.

    Every article is in the lake from its beginning. ``confirmed`` are articles with the hour of their committed
    revision: an older revision of them is stale.
    """
    with duckdb.connect() as database:
        for name in READING:
            database.execute(f"CREATE TABLE {name} AS SELECT * FROM {_OVER.format(root=root, name=name)}")
        claim = database.execute("SELECT article_id, revision_id FROM articles").fetchall()
        tables = {name: database.table(name).to_arrow_table() for name in READING}
    ids = [article_id for article_id, _ in claim]
    revisions = set(claim)
    return {
        "lost": ARTICLES - len(set(ids)),
        "doubled": len(ids) - len(set(ids)),
        "stale": sum(not _is_fresh(revisions, number, hour) for number, hour in confirmed),
        "orphaned": misfits(tables),
    }


def _is_fresh(revisions: set[tuple[str, str]], number: int, hour: int) -> bool:
    return any(
        (latest(number, each).article_id, latest(number, each).revision_id) in revisions for each in range(hour, HOURS)
    )


NONE = {"lost": 0, "doubled": 0, "stale": 0, "orphaned": 0}


def assert_whole(lake: Lake) -> None:
    """The lake has no problems, and nothing is left to repair."""
    problems = lake.verify()
    assert problems == (), "\n".join(problems)
    assert lake.recover() == ()


def assert_tidy(root: Path) -> None:
    """After gc without a grace period, the lake has only the files that manifests need, and no empty folder."""
    open_lake(root, grace_hours=0).gc()
    state, partitions = root / "_state", open_lake(root).partitions
    head = partitions.head()
    manifests = {*head.months.values(), *head.previous.values()}
    needed = {entry.object for name in manifests for _, _, entry in partitions.manifest(name).entries()}
    assert {path.relative_to(state).as_posix() for path in (state / "data").rglob("*") if path.is_file()} == needed
    assert {path.relative_to(state).as_posix() for path in (state / "months").rglob("*.json")} == manifests
    left = [path for name in ("tmp", "staged", "exchanged", "exchanged_log") for path in (state / name).rglob("*")]
    assert left == []
    tops = ("tables/*/*", "_state/data/*/*", "_state/months/*")
    assert [path for top in tops for path in root.glob(top) if path.is_dir() and not any(path.iterdir())] == []
    assert_whole(open_lake(root))
