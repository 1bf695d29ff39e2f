"""The log tables in Iceberg. Rows are appended by batch; a batch that is appended again replaces its rows.

Any number of processes append. Each append is one transaction of one table, and is repeated after another one.
"""

import secrets
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.conversions import from_bytes
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table
from pyiceberg.types import StringType

from newslake.pipeline.errors import ContractError, StoreError
from newslake.pipeline.lake.erase import Redaction, names_page, redacted_fields
from newslake.pipeline.lake.log_compaction import EXPIRING
from newslake.pipeline.lake.log_files import mark_of, month_start, rows_by_key, rows_of_batch
from newslake.pipeline.lake.storage import month_of
from newslake.pipeline.leases import Lease
from newslake.pipeline.shared.catalog import TransactionCatalog
from newslake.pipeline.shared.data_files import days_of, plan, read_files, write_rows
from newslake.pipeline.shared.heads import COMMIT, HeadReader, summary_of
from newslake.pipeline.shared.iceberg_schema import BATCH, LOG_NAMES, arrow_schema
from newslake.pipeline.shared.patience import wait_for_services
from newslake.pipeline.shared.snapshot_writer import ConflictError, FileChange, history_of, write_snapshot
from newslake.pipeline.shared.upkeep import Warehouse
from newslake.pipeline.store.tables import OnError
from newslake.pipeline.tables import TABLE_SPECS, TableSpec, check_batch

_HISTORY, _HISTORY_MAX = 8, 16
_TRIES = 200
_WHOLE_FROM = "newslake.whole-from"  # a property of a log table: the day before which its rows were removed


@dataclass(frozen=True, slots=True)
class SharedLog:
    """The log tables of one namespace."""

    catalog: TransactionCatalog
    namespace: str
    warehouse: Warehouse

    def append(self, name: str, batch_id: str, table: pa.Table, *, lease: Lease | None = None) -> None:
        """Append a batch's rows; ``lease`` is checked in each attempt. Raises: ContractError, StoreError."""
        rows = _rows_of(name, {batch_id: table})

        def make(there: Table, files: Sequence[DataFile]) -> FileChange:
            if lease is not None:
                lease.check()
            return _appended(there, files, rows, batch_id)

        self._change(name, make)

    def put_month(self, name: str, month: str, batches: Mapping[str, pa.Table]) -> None:
        """Put the rows of a month, by batch, in place of all that are there. Raises: ContractError, StoreError."""
        rows = _rows_of(name, batches)

        def replaced(table: Table, files: Sequence[DataFile]) -> FileChange:
            mine = [each for each in files if _month(each, table) == month]
            return FileChange(mine, list(_written(table, rows, TABLE_SPECS[name])))

        self._change(name, replaced)

    def set_whole_from(self, days: Mapping[str, date]) -> None:
        """Note the day before which each of some log tables was removed, in place of all that is noted."""
        for name in sorted({*self.whole_from(), *days}):
            self._change(name, partial(_noted, whole_from=days.get(name)))

    def read(self, name: str, *, newest: int | None = None) -> pa.Table:
        return wait_for_services(lambda: self._read(name, newest), what=f"log/{name}")

    def _read(self, name: str, newest: int | None) -> pa.Table:
        spec, (table, files) = TABLE_SPECS[name], self._present(name)
        if newest is None:
            return _sorted(read_files(table.io, files, spec), spec).select(spec.schema.names)
        parts: list[pa.Table] = []
        chosen: dict[str, None] = {}
        for month in sorted({_month(each, table) for each in files}, reverse=True):
            if len(chosen) >= newest:
                break
            mine = [each for each in files if _month(each, table) == month]
            rows = _sorted(read_files(table.io, mine, spec), spec)
            ids = [each for each in dict.fromkeys(reversed(rows[BATCH.name].to_pylist())) if each not in chosen]
            chosen |= dict.fromkeys(ids[: newest - len(chosen)])
            parts.append(rows.filter(pc.is_in(rows[BATCH.name], value_set=pa.array(chosen, pa.string()))))
        return pa.concat_tables([arrow_schema(spec).empty_table(), *parts]).select(spec.schema.names)

    def months(self, name: str, *, columns: Sequence[str], skips: Collection[str] = ()) -> Iterator[pa.Table]:
        planned = [wait_for_services(lambda: self._present(name), what=f"log/{name}")]

        def unread(files: Sequence[DataFile]) -> list[DataFile]:
            return [each for each in files if _mark(each) not in skips] if skips else list(files)

        def read(month: str) -> pa.Table:
            table, files = planned.pop() if planned else self._present(name)
            mine = [each for each in unread(files) if _month(each, table) == month]
            rows = read_files(table.io, mine, TABLE_SPECS[name], columns=columns)
            planned.append((table, files))  # not if a file is gone: then it is planned again
            return rows

        [(table, files)] = planned
        for month in sorted({_month(each, table) for each in unread(files)}, reverse=True):
            yield wait_for_services(partial(read, month), what=f"log/{name}")

    def marks(self, name: str) -> frozenset[str]:
        _, files = wait_for_services(lambda: self._present(name), what=f"log/{name}")
        return frozenset(map(_mark, files))

    def batches(self, name: str) -> frozenset[str]:
        def read() -> pa.Table:
            table, files = self._present(name)
            return read_files(table.io, files, TABLE_SPECS[name], columns=[BATCH.name])

        rows = wait_for_services(read, what=f"log/{name}")
        return frozenset(pc.unique(rows[BATCH.name]).to_pylist())

    def month_names(self, name: str) -> tuple[str, ...]:
        table, files = wait_for_services(lambda: self._present(name), what=f"log/{name}")
        return tuple(sorted({_month(each, table) for each in files}))

    def by_batch(self, name: str, month: str) -> dict[str, pa.Table]:
        spec = TABLE_SPECS[name]

        def read() -> pa.Table:
            table, files = self._present(name)
            mine = [each for each in files if _month(each, table) == month]
            return _sorted(read_files(table.io, mine, spec), spec)

        rows = wait_for_services(read, what=f"log/{name}")
        return dict(rows_by_key(rows.select(spec.schema.names), rows[BATCH.name].combine_chunks()))

    def read_batches(self, name: str, batch_ids: Iterable[str]) -> pa.Table:
        wanted = frozenset(batch_ids)
        return wait_for_services(lambda: self._read_batches(name, wanted), what=f"log/{name}")

    def _read_batches(self, name: str, wanted: Collection[str]) -> pa.Table:
        spec, (table, files) = TABLE_SPECS[name], self._present(name)
        mine = [each for each in files if any(_may_have(each, table, batch_id) for batch_id in wanted)]
        rows = read_files(table.io, mine, spec)
        chosen = rows.filter(pc.is_in(rows[BATCH.name], value_set=pa.array(sorted(wanted), pa.string())))
        return _sorted(chosen, spec).select(spec.schema.names)

    def compact(
        self,
        *,
        now: datetime,
        quiet_days: int = 0,
        months: Collection[str] | None = None,
        on_error: OnError | None = None,
    ) -> tuple[str, ...]:
        before, done = month_of(now.date() - timedelta(days=quiet_days)), list[str]()
        for name in LOG_NAMES:
            table, files = self._present(name)
            there = sorted({_month(each, table) for each in files})
            for month in (each for each in there if each < before and (months is None or each in months)):
                try:
                    if self._change(name, partial(_merged, month=month)):
                        done.append(f"merged the files of log/{name} in {month}")
                except StoreError as error:
                    if on_error is None or error.reason != "store_file_missing":
                        raise
                    on_error(error)
        return tuple(done)

    def expire(self, *, now: datetime, keep_months: int) -> tuple[str, ...]:
        before, done = month_of(month_start(month_of(now.date()), shift=-keep_months)), []
        for spec in EXPIRING:
            old = self._change(spec.name, partial(_expired, before=before))
            done += [f"removed {old} files of log/{spec.name} from before {before}"] if old else []
        return tuple(done)

    def whole_from(self) -> dict[str, date]:
        reader = HeadReader(self.catalog, self.namespace)
        names = [spec.name for spec in EXPIRING]
        tables = wait_for_services(lambda: reader.load_all(names), what="the log")
        noted = {name: table.properties.get(_WHOLE_FROM) for name, table in tables.items()}
        return {name: date.fromisoformat(day) for name, day in noted.items() if day}

    def redact(self, redaction: Redaction) -> int:
        """Redact some pages in the rows of outcomes; return how many rows changed."""
        counts: dict[str, int] = {}

        def redacted(table: Table, files: Sequence[DataFile]) -> FileChange:
            counts.clear()
            changes = [_redacted(table, each, redaction, counts) for each in files]
            return FileChange([f for c in changes for f in c.removed], [f for c in changes for f in c.added])

        self._change("outcomes", redacted)
        return sum(counts.values())

    def _present(self, name: str) -> tuple[Table, list[DataFile]]:
        """Return a log table as it is now, and its data files."""
        table = HeadReader(self.catalog, self.namespace).load(name)
        snapshot = table.current_snapshot()
        return table, plan(table, None if snapshot is None else snapshot.snapshot_id)

    def _change(self, name: str, make: Callable[[Table, Sequence[DataFile]], FileChange]) -> int:
        """Change the files of a log table; return how many are removed. Raises: StoreError (store_conflict)."""

        def attempt() -> int | None:
            table, files = self._present(name)
            change = make(table, files)
            if not (change.removed or change.added or change.properties):
                return 0
            return len(change.removed) if self._commit(table, change) else None

        for _ in range(_TRIES):
            removed = wait_for_services(attempt, what=f"log/{name}")
            if removed is not None:
                return removed
            time.sleep(secrets.randbelow(100) / 1000)
        raise StoreError(f"other processes append to log/{name} all the time", key=name, reason="store_conflict")

    def _commit(self, table: Table, change: FileChange) -> bool:
        commit = uuid.uuid4().hex
        try:
            snapshot = write_snapshot(table, change, {COMMIT: commit}, history=_HISTORY, history_max=_HISTORY_MAX)
        except ConflictError:
            return self._undo(change, ())
        with self.catalog.collecting():
            self.catalog.commit_table(table, snapshot.requirements, snapshot.updates)
            answer = self.catalog.send(first=table.name()[-1])
        if answer == "committed" or self._is_in(table.name()[-1], commit):
            return True
        return self._undo(change, snapshot.written) if answer == "conflict" else False

    def _undo(self, change: FileChange, manifests: Iterable[str]) -> bool:
        """Delete the files of a change that lost to another one, and its manifests; return False: it is not in.

        The other one may be a redaction, and they have rows as they were before it. The deletion of pyiceberg would put
        an empty object in place of the folder.
        """
        for path in (*(file.file_path for file in change.added), *manifests):
            self.warehouse.objects.delete(self.warehouse.key_of(path))
        return False

    def _is_in(self, name: str, commit: str) -> bool:
        """Return whether a commit is in, after an answer that was lost, or a conflict with its repetition.

        It waits for a catalog that is down.
        """

        def look() -> bool:
            table, _ = self._present(name)
            return any(summary_of(each).get(COMMIT) == commit for each in history_of(table))

        return wait_for_services(look, what=f"log/{name}")


def _month(file: DataFile, table: Table) -> str:
    return month_of(days_of(file, table)[0])


def _mark(file: DataFile) -> str:
    """Return the mark of a data file: no other one ever has its path."""
    return mark_of(file.file_path, file.file_size_in_bytes)


def _may_have(file: DataFile, table: Table, batch_id: str) -> bool:
    number = table.schema().find_field(BATCH.name).field_id
    first: str = from_bytes(StringType(), file.lower_bounds[number])
    last: str = from_bytes(StringType(), file.upper_bounds[number])
    return first <= batch_id <= last


def _sorted(rows: pa.Table, spec: TableSpec) -> pa.Table:
    names = (spec.day_column, *spec.sort_by, BATCH.name)
    return rows.sort_by([(name, "ascending") for name in names])


def _rows_of(name: str, batches: Mapping[str, pa.Table]) -> pa.Table:
    """Return the rows of batches, each with its day and its batch. Raises: ContractError."""
    spec = TABLE_SPECS[name]
    parts = [arrow_schema(spec).empty_table()]
    for batch_id, table in batches.items():
        if breaches := check_batch({name: table}):
            raise ContractError(f"log {name}, batch {batch_id}: {breaches[0]}", key=batch_id, reason="contract")
        whole = rows_of_batch(table, spec, batch_id).table
        ids = pa.repeat(pa.scalar(batch_id), whole.num_rows)
        parts.append(whole.append_column(arrow_schema(spec).field(BATCH.name), ids))
    return pa.concat_tables(parts)


def _appended(table: Table, files: Sequence[DataFile], rows: pa.Table, batch_id: str) -> FileChange:
    """Return the change that puts the rows of a batch in place of its earlier ones."""
    spec = TABLE_SPECS[table.name()[-1]]
    removed, added = [], []
    for file in (each for each in files if _may_have(each, table, batch_id)):
        there = read_files(table.io, [file], spec)
        others = there.filter(pc.not_equal(there[BATCH.name], batch_id))
        if others.num_rows < there.num_rows:
            removed.append(file)
            added += [write_rows(table, [others], month=days_of(file, table)[0])] if others.num_rows else []
    return FileChange(removed, [*added, *_written(table, rows, spec)])


def _written(table: Table, rows: pa.Table, spec: TableSpec) -> Iterator[DataFile]:
    """Write rows as a data file per month; yield the files."""
    months = pc.strftime(rows[spec.day_column], format="%Y-%m")
    for month in sorted(pc.unique(months).to_pylist()):
        mine = _sorted(rows.filter(pc.equal(months, month)), spec)
        yield write_rows(table, [mine], month=date.fromisoformat(f"{month}-01"))


def _merged(table: Table, files: Sequence[DataFile], *, month: str) -> FileChange:
    spec = TABLE_SPECS[table.name()[-1]]
    mine = [each for each in files if _month(each, table) == month]
    if len(mine) < 2:
        return FileChange()
    return FileChange(mine, list(_written(table, read_files(table.io, mine, spec), spec)))


def _expired(table: Table, files: Sequence[DataFile], *, before: str) -> FileChange:
    """Return the change that removes the months before a month, and notes from which day on the table is whole."""
    old = [each for each in files if _month(each, table) < before]
    if not old:
        return FileChange()
    whole_from = month_start(max(_month(each, table) for each in old), shift=1)
    return FileChange(old, properties={_WHOLE_FROM: whole_from.isoformat()})


def _noted(table: Table, files: Sequence[DataFile], *, whole_from: date | None) -> FileChange:
    """Return the change that only notes from which day on a table is whole; without a day, it always was."""
    return FileChange(properties={_WHOLE_FROM: "" if whole_from is None else whole_from.isoformat()})


def _redacted(table: Table, file: DataFile, redaction: Redaction, counts: dict[str, int]) -> FileChange:
    """Return the change of one data file of outcomes, and count its redacted rows."""
    spec = TABLE_SPECS[table.name()[-1]]
    rows = read_files(table.io, [file], spec).to_pylist()
    hits = [number for number, row in enumerate(rows) if names_page(row, redaction)]
    if not hits:
        return FileChange()
    counts[file.file_path] = len(hits)
    for number in hits:
        rows[number] |= redacted_fields(rows[number], redaction)
    changed = pa.Table.from_pylist(rows, schema=arrow_schema(spec))
    return FileChange([file], list(_written(table, changed, spec)))
