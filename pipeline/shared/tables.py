"""The tables of the lake on shared services: Apache Iceberg through a REST catalog, data on object storage."""

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.exceptions import NamespaceAlreadyExistsError, TableAlreadyExistsError
from pyiceberg.manifest import DataFile
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.types import LongType, NestedField

from pipeline.errors import ContractError, StoreError
from pipeline.lake.erase import Redaction
from pipeline.lake.merge import CommitReport, IsCurrent
from pipeline.lake.staging import Batch, check_staged
from pipeline.lake.storage import month_of, sort_rows, with_digest, without_digest
from pipeline.shared.article_index import PostgresArticleIndex
from pipeline.shared.batches import StagedBatches
from pipeline.shared.catalog import TransactionCatalog, named_errors
from pipeline.shared.committer import SharedCommitter
from pipeline.shared.data_files import days_of, plan, read_files
from pipeline.shared.heads import COMMITS, HeadReader, Heads
from pipeline.shared.iceberg_schema import (
    LAKE_NAMES,
    LOG_NAMES,
    iceberg_schema,
    partition_spec,
    properties_of,
    schema_problems,
    sort_order,
)
from pipeline.shared.leases import PostgresLease
from pipeline.shared.log import SharedLog
from pipeline.shared.patience import wait_for_services
from pipeline.shared.transactions import Step, Transactions
from pipeline.shared.upkeep import HoldLease, Orphans, Tags, Warehouse, expire_all, problems_of_files, tags_with
from pipeline.store.leases import Lease
from pipeline.store.objects import Objects
from pipeline.store.tables import Tables
from pipeline.tables import SCHEMA_VERSION, check_batch, table_named

log = logging.getLogger(__name__)

_VERSION = "newslake.schema-version"
_ANCHOR_SCHEMA = Schema(
    NestedField(1, "sequence", LongType(), required=False, doc="No rows: the snapshots name those of the other tables.")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedPlaces:
    """Where the shared tables are. ``objects`` has staged batches and the cache, ``warehouse`` the catalog's files."""

    catalog: TransactionCatalog
    namespace: str
    objects: Objects
    warehouse: Warehouse


def create_tables(places: SharedPlaces, hold: HoldLease) -> None:
    """Create the namespace and its tables, if they are not there. ``hold`` holds the committer's lease.

    Raises: StoreError (store_version) if they differ.
    """
    transactions = Transactions(places.catalog, places.namespace)
    with named_errors(places.catalog.uri), hold() as lease, transactions.under(lease):
        _create_missing(places.catalog, places.namespace)
        _check_tables(places)
        transactions.set_up()


def _create_missing(catalog: TransactionCatalog, namespace: str) -> None:
    try:
        catalog.create_namespace(namespace, {_VERSION: str(SCHEMA_VERSION)})
    except NamespaceAlreadyExistsError:
        log.debug("the namespace %s is there", namespace)
    there = {name for *_, name in catalog.list_tables(namespace)}
    for name in (*LAKE_NAMES, *LOG_NAMES):
        if name not in there:
            spec = table_named(name)
            schema = iceberg_schema(spec)
            partition, order = partition_spec(spec, schema), sort_order(spec, schema)
            _create(
                catalog,
                (namespace, name),
                schema,
                partition_spec=partition,
                sort_order=order,
                properties=properties_of(spec),
            )
    if COMMITS not in there:
        _create(catalog, (namespace, COMMITS), _ANCHOR_SCHEMA, properties={"format-version": "2"})


def _create(catalog: TransactionCatalog, name: tuple[str, str], schema: Schema, **options: Any) -> None:
    try:
        catalog.create_table(name, schema=schema, **options)
    except TableAlreadyExistsError:
        log.debug("another process has created the table %s", name)


def _check_tables(places: SharedPlaces) -> None:
    """Raises: StoreError (store_version) for tables of another version."""
    properties = places.catalog.load_namespace_properties(places.namespace)
    problems = []
    if properties.get(_VERSION) != str(SCHEMA_VERSION):
        problems.append(f"the namespace has schema version {properties.get(_VERSION)}, not {SCHEMA_VERSION}")
    for name, table in HeadReader(places.catalog, places.namespace).load_all((*LAKE_NAMES, *LOG_NAMES)).items():
        problems += [f"{name} {each}" for each in schema_problems(table_named(name), table.schema())]
    if problems:
        raise StoreError(
            f"the tables of {places.namespace} are of another version of newslake: {'; '.join(problems[:3])}; "
            "use that version, or another namespace",
            key=places.namespace,
            reason="store_version",
        )


@dataclass
class SharedTables:
    """The tables of one namespace; implements ``Tables``. Any number of processes use them, one commits at a time.

    ``index`` follows the tables; ``lease`` holds the committer's lease.
    """

    places: SharedPlaces
    index: PostgresArticleIndex
    lease: Callable[[], AbstractContextManager[PostgresLease]]
    now: Callable[[], datetime]
    gc_grace_hours: float = 24.0
    step: Step = field(default=lambda name: None)

    def __post_init__(self) -> None:
        catalog, namespace = self.places.catalog, self.places.namespace
        self._reader = HeadReader(catalog, namespace)
        self._staged = StagedBatches(self.places.objects, f"{namespace}/staged")
        self._committer = SharedCommitter(
            Transactions(catalog, namespace, step=self.step), self._staged, self.index, self.now
        )
        self.log = SharedLog(catalog, namespace)
        self.erasure = SharedErasure(self)

    @contextmanager
    def hold(self) -> Iterator[SharedCommitter]:
        """Hold the committer's lease."""
        with self._hold_lease():
            yield self._committer

    @contextmanager
    def _hold_lease(self) -> Iterator[Lease]:
        with self.lease() as lease, self._committer.transactions.under(lease), self.index.under(lease):
            yield lease

    def stage(self, batch_id: str, tables: Mapping[str, pa.Table], keys: pa.Table) -> None:
        check_staged(tables, keys, batch_id=batch_id)
        self._staged.put(Batch(batch_id, tables, keys))

    def commit(self, batch_ids: Sequence[str], *, is_current: IsCurrent) -> CommitReport:
        with self.hold() as committer:
            return committer.commit(batch_ids, is_current=is_current)

    def replace(self, table_name: str, relate: Callable[[], Mapping[date, pa.Table]]) -> int:
        return self.replace_all(lambda: {table_name: relate()})

    def replace_all(self, relate: Callable[[], Mapping[str, Mapping[date, pa.Table]]]) -> int:
        with self.hold() as committer:
            return committer.replace(lambda: _checked(relate()))

    def heads(self, names: Collection[str] = LAKE_NAMES) -> Heads:
        """Return the heads of some tables at one instant. Raises: StoreError."""
        return self._reader.read(names)

    def files(self, heads: Heads, name: str, *, days: Collection[date] | None = None) -> list[str]:
        """Return the paths of the data files of a table at some heads, by day: what other engines read."""
        return [each.file_path for each in plan(heads.tables[name], heads.id_of(name), days=days)]

    def days(self) -> tuple[date, ...]:
        def read() -> tuple[date, ...]:
            heads = self.heads()
            return tuple(sorted({day for name in heads.tables for day in self._versions_at(heads, name)}))

        return wait_for_services(read, what="the days of the tables")

    def day_versions(self, table: str) -> dict[date, str]:
        return wait_for_services(lambda: self._versions_at(self.heads([table]), table), what=f"the table {table}")

    def _versions_at(self, heads: Heads, name: str) -> dict[date, str]:
        """Return the days with rows of a table at some heads, each with the files that have them."""
        table, found = heads.tables[name], dict[date, str]()
        for file in plan(table, heads.id_of(name)):
            for day in _days_in(table, file):
                found[day] = f"{found[day]} {file.file_path}" if day in found else file.file_path
        return dict(sorted(found.items()))

    def read(self, table: str, *, days: Iterable[date] | None = None, columns: Sequence[str] | None = None) -> pa.Table:
        chosen = None if days is None else frozenset(days)
        return wait_for_services(
            lambda: self.read_at(self.heads([table]), table, days=chosen, columns=columns), what=f"the table {table}"
        )

    def read_at(
        self, heads: Heads, name: str, *, days: Iterable[date] | None = None, columns: Sequence[str] | None = None
    ) -> pa.Table:
        """Return rows as ``read`` does, at heads that were read before."""
        spec, chosen = table_named(name), None if days is None else sorted(set(days))
        names = spec.schema.names if columns is None else list(columns)
        table = heads.tables[name]
        wanted = [*names, *([] if spec.day_column in names else [spec.day_column])]
        rows = read_files(table.io, plan(table, heads.id_of(name), days=chosen), spec, columns=wanted)
        if chosen is not None:
            rows = rows.filter(pc.is_in(rows[spec.day_column], value_set=pa.array(chosen, pa.date32())))
        return rows.select(names)

    def put_cached(self, name: str, data: bytes | memoryview) -> None:
        self.places.objects.put(self._cached(name), bytes(with_digest(data)))

    def get_cached(self, name: str) -> bytes | None:
        data = self.places.objects.get(self._cached(name))
        return None if data is None else without_digest(data)

    def _cached(self, name: str) -> str:
        return f"{self.places.namespace}/cache/{name}"

    def verify(self) -> tuple[str, ...]:
        """Return a sentence per problem: data files that are missing or of another size, and a main branch elsewhere.

        The rows are not read.
        """
        return wait_for_services(
            lambda: tuple(problems_of_files(self.heads(), self.places.warehouse)), what="the check"
        )

    def recover(self) -> tuple[str, ...]:
        with self.hold() as committer:
            months = self.index.intent()
            committer.transactions.forget()
            committer.roll_forward()
        return (f"finished the commit of {', '.join(months)}",) if months else ()

    def compact(self, *, months: Collection[str] | None = None, quiet_days: int = 0) -> tuple[str, ...]:
        with self.hold() as committer:
            before = month_of((self.now() - timedelta(days=quiet_days)).date())
            chosen = {month_of(day) for day in self.days()} if months is None else set(months)
            return committer.compact([each for each in chosen if months is not None or each < before])

    def gc(self) -> int:
        older = self.now().timestamp() - self.gc_grace_hours * 3600
        with self.hold():
            staged = self._staged.remove_older(older)
            return staged + self.orphans().remove(now=self.now(), older_than=older)

    def orphans(self) -> Orphans:
        """Return what removes the files that no snapshot needs."""
        places, check = self.places, self._committer.transactions.check_lease
        return Orphans(places.catalog, places.namespace, places.warehouse, places.objects, check=check)

    @property
    def snapshots(self) -> Tags:
        """The named versions."""
        return Tags(self.places.catalog, hold=self._hold_lease, present=self.present, read=self.heads)

    def present(self) -> Heads:
        """Return the heads, with tables as they are now: for changes of refs, under the committer's lease."""
        self._committer.transactions.forget()
        return self._committer.transactions.heads()


@dataclass(frozen=True, slots=True)
class SharedErasure:
    """Erases articles from the shared tables."""

    tables: SharedTables

    def rows(self, article_ids: Collection[str]) -> tuple[date, ...]:
        tables = self.tables
        with tables.hold() as committer:
            days = committer.erase(article_ids)
            committer.staged.erase(article_ids)
            tables.index.forget_outcomes(article_ids)
            self._end_versions_with(article_ids, committer.transactions)
        return days

    def _end_versions_with(self, article_ids: Collection[str], transactions: Transactions) -> None:
        """Drop the named versions that have some articles, on whatever day: a version cannot be changed."""
        gone, found = pa.array(sorted(article_ids), pa.string()), dict[str, bool]()

        def has(table: Table, snapshot_id: int) -> bool:
            files = plan(table, snapshot_id) if table.name()[-1] == "articles" else []
            return any(is_in(table, each) for each in files)

        def is_in(table: Table, file: DataFile) -> bool:
            if file.file_path not in found:
                rows = read_files(table.io, [file], table_named("articles"), columns=["article_id"])
                found[file.file_path] = pc.any(pc.is_in(rows["article_id"], value_set=gone)).as_py() is True
            return found[file.file_path]

        def attempt() -> None:
            self._drop(tags_with(self.tables.present().tables, has), transactions)

        wait_for_services(attempt, what="the named versions")

    def traces(self, *, days: Collection[date], older_than: float) -> None:
        """Expire all earlier versions, and delete their files, the cache, and the names of versions that had the days.

        A named version of these days has the articles; it cannot be changed, so it ends. Files of log tables that were
        put before ``older_than``, and that no version has, are of dead processes, or of versions that are expired.
        """
        with self.tables.hold() as committer:
            committer.repeat(lambda: self._erase_traces(committer, days, older_than))

    def _erase_traces(self, committer: SharedCommitter, days: Collection[date], older_than: float) -> None:
        places, transactions, present = self.tables.places, committer.transactions, self.tables.present
        committer.roll_forward()
        committer.rewriter.rows.clear()
        gone = tags_with(present().tables, lambda table, snapshot_id: bool(plan(table, snapshot_id, days=days)))
        self._drop(gone, transactions)
        heads = present()
        anchor = HeadReader(places.catalog, places.namespace).load(COMMITS)
        expire_all(places.catalog, [anchor, *heads.tables.values()], check=transactions.check_lease)
        transactions.forget()
        orphans = self.tables.orphans()
        orphans.remove_all((*LAKE_NAMES, COMMITS))
        orphans.remove_all(LOG_NAMES, put_before=older_than)
        transactions.check_lease()
        for each in list(places.objects.list(f"{places.namespace}/cache")):
            places.objects.delete(each.key)
        self.tables.index.vacuum_and_truncate()

    def _drop(self, names: Collection[str], transactions: Transactions) -> None:
        """Drop named versions, under the lease that is held."""
        tables = self.tables
        held = Tags(
            tables.places.catalog,
            hold=lambda: nullcontext(transactions.lease),
            present=tables.present,
            read=tables.heads,
        )
        held.drop(*names)

    def names(self, redaction: Redaction) -> int:
        """Redact some pages in the rows of outcomes, and delete the earlier rows; return how many rows changed."""
        with self.tables.hold() as committer:
            orphans = self.tables.orphans()
            past = orphans.needed("outcomes")  # before the redaction, which may expire versions
            count = self.tables.log.redact(redaction)
            committer.repeat(lambda: orphans.remove_past("outcomes", past))
        return count


def _days_in(table: Table, file: DataFile) -> list[date]:
    """Return the days that have rows in a data file; a file of more than two days is read for it."""
    first, last = days_of(file, table)
    if (last - first).days < 2:
        return sorted({first, last})
    spec = table_named(table.name()[-1])
    return sorted(pc.unique(read_files(table.io, [file], spec, columns=[spec.day_column])[spec.day_column]).to_pylist())


def _checked(tables: Mapping[str, Mapping[date, pa.Table]]) -> dict[str, dict[date, pa.Table]]:
    """Return the sorted rows of tables and days. Raises: ContractError."""
    for name, by_day in tables.items():
        for day, table in by_day.items():
            if breaches := check_batch({name: table}):
                raise ContractError(f"{name} of {day}: {breaches[0]}", key=day.isoformat(), reason="contract")
    return {
        name: {day: sort_rows(table, table_named(name)) for day, table in by_day.items()}
        for name, by_day in tables.items()
    }


_CONFORMS: type[Tables] = SharedTables  # checked by mypy
