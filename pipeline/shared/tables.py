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

from newslake.pipeline.errors import ContractError, StoreError
from newslake.pipeline.lake import Garbage
from newslake.pipeline.lake.erase import CountPairs, Redaction, SnapshotErasure
from newslake.pipeline.lake.merge import CommitReport, IsCurrent
from newslake.pipeline.lake.staging import Batch, check_staged
from newslake.pipeline.lake.storage import month_of, sort_rows, with_digest, without_digest
from newslake.pipeline.lake.verify import Depth
from newslake.pipeline.leases import Lease
from newslake.pipeline.shared.article_index import PostgresArticleIndex
from newslake.pipeline.shared.batches import StagedBatches
from newslake.pipeline.shared.bucket import Bucket
from newslake.pipeline.shared.catalog import TransactionCatalog, named_errors
from newslake.pipeline.shared.checks import problems_of_files, problems_of_rows
from newslake.pipeline.shared.committer import SharedCommitter
from newslake.pipeline.shared.data_files import plan, read_files
from newslake.pipeline.shared.heads import COMMITS, HeadReader, Heads
from newslake.pipeline.shared.iceberg_schema import (
    LAKE_NAMES,
    LOG_NAMES,
    iceberg_schema,
    partition_spec,
    properties_of,
    schema_problems,
    sort_order,
)
from newslake.pipeline.shared.leases import PostgresLease
from newslake.pipeline.shared.log import SharedLog
from newslake.pipeline.shared.patience import ProcessLock, wait_for_services
from newslake.pipeline.shared.snapshots import SharedSnapshots, unknown_month
from newslake.pipeline.shared.transactions import Step, Transactions
from newslake.pipeline.shared.upkeep import HoldLease, Orphans, Tags, Warehouse, expire_all, tags_with
from newslake.pipeline.shared.versions import SharedVersion
from newslake.pipeline.store.tables import OnError, Tables
from newslake.pipeline.tables import SCHEMA_VERSION, TABLE_SPECS, check_batch

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
    objects: Bucket
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
            spec = TABLE_SPECS[name]
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
        problems += [f"{name} {each}" for each in schema_problems(TABLE_SPECS[name], table.schema())]
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
        self._version: SharedVersion | None = None  # the newest that this process has read
        self._is_settled = False  # whether nobody can commit a newer one
        self._turn = ProcessLock()  # transactions and index know one lease
        self._staged = StagedBatches(self.places.objects, f"{namespace}/staged")
        self._committer = SharedCommitter(
            Transactions(catalog, namespace, step=self.step), self._staged, self.index, self.now
        )
        self.log = SharedLog(catalog, namespace, self.places.warehouse)
        self.erasure = SharedErasure(self)

    @contextmanager
    def hold(self) -> Iterator[SharedCommitter]:
        """Hold the committer's lease."""
        with self._hold_lease():
            yield self._committer

    @contextmanager
    def _hold_lease(self) -> Iterator[Lease]:
        """Hold the committer's lease; one thread of a process at a time, also if the server has ended the lease."""
        with self._turn, self.lease() as lease, self._committer.transactions.under(lease), self.index.under(lease):
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
            return committer.replace(lambda heads: self._relate(relate, heads))

    def _relate(
        self, relate: Callable[[], Mapping[str, Mapping[date, pa.Table]]], heads: Heads
    ) -> Mapping[str, Mapping[date, pa.Table]]:
        """Return the new rows of tables; what is read meanwhile is of the heads of the commit.

        Under the lease, nobody else commits. So a read of a day needs no request to the catalog, of some hundred.
        """
        self._version, self._is_settled = SharedVersion(heads, self._reader), True
        try:
            return _checked(relate())
        finally:
            self._is_settled = False

    def heads(self, names: Collection[str] = LAKE_NAMES) -> Heads:
        """Return the heads of some tables at one instant. Raises: StoreError."""
        return self._reader.read(names)

    def files(self, heads: Heads, name: str, *, days: Collection[date] | None = None) -> list[str]:
        """Return the paths of the data files of a table at some heads, by day: what other engines read."""
        return [each.file_path for each in plan(heads.tables[name], heads.id_of(name), days=days)]

    def version_name(self) -> str:
        return wait_for_services(lambda: self.present().name, what="the version of the tables")

    def present(self) -> SharedVersion:
        known = self._version
        if known is not None and self._is_settled:
            return known
        heads = self._reader.read((), known=None if known is None else known.heads)
        if known is None or heads is not known.heads:
            known = self._version = SharedVersion(heads, self._reader)
        return known

    def read_at_once[T](self, read: Callable[[SharedVersion], T]) -> T:
        return wait_for_services(lambda: read(self.present()), what="the tables")

    def days(self) -> tuple[date, ...]:
        return self.read_at_once(SharedVersion.days)

    def day_versions(self, table: str) -> dict[date, str]:
        return self.read_at_once(lambda version: version.day_versions(table))

    def read(self, table: str, *, days: Iterable[date] | None = None, columns: Sequence[str] | None = None) -> pa.Table:
        chosen = None if days is None else frozenset(days)
        return self.read_at_once(lambda version: version.read(table, days=chosen, columns=columns))

    def read_at(
        self, heads: Heads, name: str, *, days: Iterable[date] | None = None, columns: Sequence[str] | None = None
    ) -> pa.Table:
        """Return rows as ``read`` does, at heads that were read before."""
        return SharedVersion(heads, self._reader).read(name, days=days, columns=columns)

    def put_cached(self, name: str, data: bytes | memoryview) -> None:
        self.places.objects.put(self._cached(name), bytes(with_digest(data)))

    def get_cached(self, name: str) -> bytes | None:
        data = self.places.objects.get(self._cached(name))
        return None if data is None else without_digest(data)

    def drop_cached(self, name: str) -> None:
        self.places.objects.delete(self._cached(name))

    def _cached(self, name: str) -> str:
        return f"{self.places.namespace}/cache/{name}"

    def verify(self, depth: Depth | None = None) -> tuple[str, ...]:
        """Return a sentence per problem: data files that are missing or of another size, and rows as ``depth`` says."""
        deep = depth or Depth()
        problems = wait_for_services(
            lambda: tuple(problems_of_files(self.heads(), self.places.warehouse, deep)), what="the check"
        )
        for day in () if problems else filter(deep.reads, self.days()):
            with self.hold() as committer:  # so that index and tables are of one commit
                version = SharedVersion(committer.roll_forward(), self._reader)
                problems += tuple(problems_of_rows(version, self.index, deep, days=[day]))
        return problems

    def recover(self, *, drops_damaged: bool = False) -> tuple[str, ...]:
        with self.hold() as committer:
            months = self.index.intent()
            committer.transactions.forget()
            committer.roll_forward()
            dropped = committer.drop_damaged(self.places.warehouse) if drops_damaged else ()
        return (*([f"finished the commit of {', '.join(months)}"] if months else ()), *dropped)

    def compact(
        self,
        *,
        months: Collection[str] | None = None,
        quiet_days: int = 0,
        on_error: OnError | None = None,
    ) -> tuple[str, ...]:
        if months is not None and (unknown := sorted(set(months) - {month_of(day) for day in self.days()})):
            raise unknown_month(unknown[0])
        chosen, done = self.due_months(quiet_days=quiet_days) if months is None else sorted(months), list[str]()
        for month in chosen:
            try:
                with self.hold() as committer:
                    done += committer.compact([month])
            except StoreError as error:
                if on_error is None or error.reason != "store_file_missing":
                    raise
                on_error(error)
        return tuple(done)

    def due_months(self, *, quiet_days: int) -> tuple[str, ...]:
        before = month_of((self.now() - timedelta(days=quiet_days)).date())
        months = self.read_at_once(SharedVersion.split_months)
        return tuple(each for each in sorted(months) if each < before)

    def closed_months(self) -> frozenset[str]:
        return self.read_at_once(SharedVersion.closed_months)

    def gc(self) -> Garbage:
        older = self.now().timestamp() - self.gc_grace_hours * 3600
        with self.hold():
            return self._staged.collect(older_than=older) + self.orphans().remove(now=self.now(), older_than=older)

    def orphans(self) -> Orphans:
        """Return what removes the files that no snapshot needs."""
        places, check = self.places, self._committer.transactions.check_lease
        return Orphans(places.catalog, places.namespace, places.warehouse, places.objects, check=check)

    @property
    def tags(self) -> Tags:
        """The names in the catalog."""
        return Tags(self.places.catalog, hold=self._hold_lease, present=self.newest, read=self.heads)

    @property
    def snapshots(self) -> SharedSnapshots:
        """The named versions."""
        return SharedSnapshots(self.tags, self._reader, self.places.warehouse, self.heads, self.now)

    def newest(self) -> Heads:
        """Return the heads, with tables as they are now: for changes of refs, under the committer's lease."""
        self._committer.transactions.forget()
        return self._committer.transactions.heads()


@dataclass(frozen=True, slots=True)
class SharedErasure:
    """Erases articles from the shared tables. ``ended`` are the named versions that had them, and are dropped."""

    tables: SharedTables
    ended: set[str] = field(default_factory=set)

    def rows(self, article_ids: Collection[str]) -> tuple[date, ...]:
        tables = self.tables
        with tables.hold() as committer:
            days = committer.erase(article_ids)
            committer.staged.erase(article_ids)
            tables.index.forget_outcomes(article_ids)
            self._end_versions_with(article_ids, committer.transactions)
        return days

    def staged(self, article_ids: Collection[str]) -> frozenset[str]:
        with self.tables.hold() as committer:
            return committer.staged.among(article_ids)

    def _end_versions_with(self, article_ids: Collection[str], transactions: Transactions) -> None:
        """Drop the named versions that have some articles, on whatever day: a version cannot be changed."""
        gone, answers = pa.array(sorted(article_ids), pa.string()), dict[str, bool]()

        def has(table: Table, snapshot_id: int) -> bool:
            files = plan(table, snapshot_id) if table.name()[-1] == "articles" else []
            return any(is_in(table, each) for each in files)

        def is_in(table: Table, file: DataFile) -> bool:
            if file.file_path not in answers:
                rows = read_files(table.io, [file], TABLE_SPECS["articles"], columns=["article_id"])
                answers[file.file_path] = pc.any(pc.is_in(rows["article_id"], value_set=gone)).as_py() is True
            return answers[file.file_path]

        def attempt() -> None:
            self._drop(tags_with(self.tables.newest().tables, has), transactions)

        wait_for_services(attempt, what="the named versions")

    def traces(self, *, days: Collection[date], older_than: float) -> None:
        """Expire all earlier versions, and delete their files, the cache, and the names of versions that had the days.

        A named version of these days has the articles; it cannot be changed, so it ends. Files of log tables that were
        put before ``older_than``, and that no version has, are of dead processes, or of versions that are expired.
        """
        with self.tables.hold() as committer:
            committer.repeat(lambda: self._erase_traces(committer, days, older_than))

    def _erase_traces(self, committer: SharedCommitter, days: Collection[date], older_than: float) -> None:
        places, transactions, newest = self.tables.places, committer.transactions, self.tables.newest
        committer.roll_forward()
        committer.rewriter.rows.clear()
        gone = tags_with(newest().tables, lambda table, snapshot_id: bool(plan(table, snapshot_id, days=days)))
        self._drop(gone, transactions)
        heads = newest()
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

    def snapshots(self, article_ids: Collection[str], *, count: CountPairs) -> SnapshotErasure:
        """End the named versions that have the articles; return those that this process ended since the last call."""
        with self.tables.hold() as committer:
            self._end_versions_with(article_ids, committer.transactions)
        ended = tuple(sorted(self.ended))
        self.ended.clear()
        return SnapshotErasure(dropped=ended)

    def _drop(self, names: Collection[str], transactions: Transactions) -> None:
        """Drop named versions, under the lease that is held."""
        tables = self.tables
        held = Tags(
            tables.places.catalog,
            hold=lambda: nullcontext(transactions.lease),
            present=tables.newest,
            read=tables.heads,
        )
        held.drop(*names)
        self.ended.update(names)

    def names(self, redaction: Redaction) -> int:
        """Redact some pages in the rows of outcomes, and delete the earlier rows; return how many rows changed."""
        with self.tables.hold() as committer:
            orphans = self.tables.orphans()
            past = orphans.needed("outcomes")  # before the redaction, which may expire versions
            count = self.tables.log.redact(redaction)
            committer.repeat(lambda: orphans.remove_past("outcomes", past))
        return count


def _checked(tables: Mapping[str, Mapping[date, pa.Table]]) -> dict[str, dict[date, pa.Table]]:
    """Return the sorted rows of tables and days. Raises: ContractError."""
    for name, by_day in tables.items():
        for day, table in by_day.items():
            if breaches := check_batch({name: table}):
                raise ContractError(f"{name} of {day}: {breaches[0]}", key=day.isoformat(), reason="contract")
    return {
        name: {day: sort_rows(table, TABLE_SPECS[name]) for day, table in by_day.items()}
        for name, by_day in tables.items()
    }


_CONFORMS: type[Tables] = SharedTables  # checked by mypy
