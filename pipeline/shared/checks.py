"""Verification of the shared tables, and the end of days whose data files are damaged."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta

from pyiceberg.manifest import DataFile
from pyiceberg.table import Table

from newslake.pipeline.lake.merge import stored_articles
from newslake.pipeline.lake.storage import rows_by_day
from newslake.pipeline.lake.verify import Depth, row_breaches
from newslake.pipeline.shared.article_index import CommitIndex
from newslake.pipeline.shared.data_files import days_of, plan, read_files, spec_of, write_days
from newslake.pipeline.shared.heads import Heads
from newslake.pipeline.shared.snapshot_writer import FileChange
from newslake.pipeline.shared.upkeep import Warehouse, damaged_files
from newslake.pipeline.shared.versions import SharedVersion

_REPAIR = "run `newslake lake repair`"


def problems_of_files(heads: Heads, warehouse: Warehouse, depth: Depth) -> Iterator[str]:
    """Yield a sentence per data file at some heads that is missing or of another size, and per branch elsewhere."""
    for name, table in heads.tables.items():
        files = plan(table, heads.id_of(name))
        depth.tally.update(files=len(files), bytes=sum(each.file_size_in_bytes for each in files))
        main = table.current_snapshot()
        if main is not None and main.snapshot_id != heads.id_of(name):
            yield f"{name}: other engines read another version than newslake; {_REPAIR}"
    yield from (problem for _, _, problem in damaged_files(heads, warehouse))


def problems_of_rows(version: SharedVersion, index: CommitIndex, depth: Depth, *, days: Collection[date]) -> list[str]:
    """Return a sentence per problem of the rows of some days, and of the index, which the committer's lease keeps."""
    problems = []
    for day in sorted(days):
        tables = {name: version.read(name, days=[day]) for name in version.heads.tables}
        depth.tally["rows"] += sum(each.num_rows for each in tables.values())
        problems += [f"{day}: {each}" for each in row_breaches(tables, day, depth)]
        articles = stored_articles(tables["articles"], day)
        if index.stored(articles) != articles:
            problems.append(f"{day}: the article index and the table have different articles; {_REPAIR}")
    return problems


def without_damage(heads: Heads, warehouse: Warehouse) -> tuple[Mapping[str, FileChange], Mapping[date, str]]:
    """Return the changes of files that drop the days of damaged data files from all tables, and a sentence per day."""
    gone: dict[date, str] = {}
    damaged = list(damaged_files(heads, warehouse))
    for name, file, _ in damaged:
        first, last = days_of(file, heads.tables[name])
        for number in range((last - first).days + 1):
            gone.setdefault(first + timedelta(days=number), f"{name}: {file.file_path} is damaged")
    paths = {file.file_path for _, file, _ in damaged}
    changes = {name: _without_days(heads, name, gone, paths) for name in heads.tables} if gone else {}
    lines = {day: f"dropped {day}: {why}" for day, why in sorted(gone.items())}
    return {name: each for name, each in changes.items() if each != FileChange()}, lines


def _without_days(heads: Heads, name: str, days: Collection[date], damaged: Collection[str]) -> FileChange:
    table, removed, added = heads.tables[name], list[DataFile](), list[DataFile]()
    for file in plan(table, heads.id_of(name), days=days):
        removed.append(file)
        added += [] if file.file_path in damaged else _rest(table, file, days)
    return FileChange(tuple(removed), tuple(added))


def _rest(table: Table, file: DataFile, days: Collection[date]) -> Iterator[DataFile]:
    """Write the rows of a data file on other days, if it has some."""
    spec = spec_of(table)
    days_of_file = rows_by_day(read_files(table.io, [file], spec), spec)
    rest = {day: rows.select(spec.schema.names) for day, rows in days_of_file.items() if day not in days}
    if rest:
        yield write_days(table, rest)
