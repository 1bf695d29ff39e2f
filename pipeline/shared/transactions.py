"""Transactions over the tables of the lake: new and removed data files in, one commit out, or nothing.

A commit whose answer is lost is looked up by its name. One that a catalog left half done is taken back.
"""

import json
import logging
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

from pyiceberg.table import Table

from newslake.pipeline.errors import StoreError
from newslake.pipeline.leases import Lease
from newslake.pipeline.shared.catalog import Answer, TransactionCatalog
from newslake.pipeline.shared.heads import (
    BATCHES,
    COMMIT,
    COMMITS,
    HEADS,
    LAST,
    MONTHS,
    ROWS,
    SEQUENCE,
    HeadReader,
    Heads,
    commits_of,
    is_complete,
)
from newslake.pipeline.shared.iceberg_schema import LAKE_NAMES
from newslake.pipeline.shared.patience import wait_for_services
from newslake.pipeline.shared.snapshot_writer import ConflictError, FileChange, write_snapshot

log = logging.getLogger(__name__)

_HISTORY, _HISTORY_MAX = 8, 16  # snapshots of a table: expired to the first number when there are more than the second
_PAUSE_SECONDS = 0.25
_THREADS = 4
_HALF_DONE_SECONDS = 2.0  # so long may a catalog need to move the pointers of one transaction

Step = Callable[[str], None]
"""Called before and after each step of a commit, with its name; tests stop there."""


class Transactions:
    """Commits to the tables of one namespace. One process at a time uses it, in a block of ``under``."""

    def __init__(self, catalog: TransactionCatalog, namespace: str, *, step: Step = lambda name: None) -> None:
        self._catalog = catalog
        self._namespace = namespace
        self._reader = HeadReader(catalog, namespace)
        self.step = step
        self._known: tuple[Table, Heads] | None = None
        self._lease: Lease | None = None

    @contextmanager
    def under(self, lease: Lease) -> Iterator[None]:
        """Work under the committer's lease, which the caller holds."""
        self._lease = lease
        try:
            yield
        finally:
            self._lease = None

    @property
    def lease(self) -> Lease:
        """The committer's lease, in a block of ``under``."""
        assert self._lease is not None
        return self._lease

    def check_lease(self) -> None:
        """Raises: StoreError (lease_lost). Call it directly before a step that cannot be undone."""
        self.lease.check()

    def heads(self) -> Heads:
        """Return the heads of all tables, from memory if nobody else committed since. A half-done commit is taken back.

        Tables whose snapshots the next commit expires are loaded again: another process may have tagged one.
        Raises: StoreError.
        """
        anchor = self._reader.load(COMMITS)
        newest = next(commits_of(anchor), None)
        if newest is None:
            raise StoreError(
                f"the tables of {self._namespace} are not set up", key=self._namespace, reason="store_version"
            )
        known = None if self._known is None else self._known[1]
        if known is not None and known.anchor_id == newest.anchor_id and known.is_recent and not _expires(known):
            return known
        tables = self._reader.load_all(LAKE_NAMES)
        if _is_settled(newest, tables):
            self._known = (anchor, replace(newest, tables=tables))
            return self._known[1]
        return self._take_back()

    def set_up(self) -> None:
        """Give every table its first snapshot, without rows, in one commit; nothing if they have one.

        Raises: ConflictError, StoreError.
        """
        anchor = self._reader.load(COMMITS)
        tables = self._reader.load_all(LAKE_NAMES)
        if any(is_complete(each, tables) for each in commits_of(anchor)):
            return
        self._known = (anchor, Heads(tables=tables))
        self.commit(self._known[1], dict.fromkeys(LAKE_NAMES, FileChange()))

    def forget(self) -> None:
        """Read all heads again before the next commit."""
        self._known = None

    def history(self) -> tuple[Heads, ...]:
        """Return the commits before and with the present heads that are not expired, newest first."""
        return () if self._known is None else tuple(commits_of(self._known[0]))

    def commit(
        self,
        heads: Heads,
        changes: Mapping[str, FileChange],
        *,
        batch_ids: Collection[str] = (),
        months: Collection[str] = (),
    ) -> Heads:
        """Commit changes of files to all tables at one instant; return the new heads.

        ``months`` are those whose rows change. Raises: ConflictError if the heads are not the present ones any more,
        StoreError.
        """
        assert self._known is not None
        anchor, sequence = self._known[0], heads.sequence + 1
        self.forget()  # the tables in memory are ahead of the catalog until it has answered
        name = f"{sequence}-{uuid.uuid4().hex[:12]}"
        after = replace(
            heads,
            sequence=sequence,
            commit=name,
            batches=frozenset(batch_ids),
            last=max(changes, default=""),
            months=tuple(sorted(months)),
            rows=sequence if months else heads.rows,
        )
        properties = {COMMIT: name, SEQUENCE: str(sequence), BATCHES: json.dumps(sorted(batch_ids))}
        with self._catalog.collecting():
            with ThreadPoolExecutor(_THREADS) as pool:
                staged = pool.map(lambda each: self._stage(heads.tables[each], changes[each], properties), changes)
                after = replace(after, ids={**heads.ids, **dict(zip(changes, staged, strict=True))})
            after = replace(after, anchor_id=self._stage(anchor, FileChange(), {**properties, **_summary(after)}))
            self.step("staged")
            self.check_lease()
            answer = self._catalog.send(first=COMMITS)
            self.step("sent")
        self._settle(name, answer)
        self._known = (anchor, after)
        return after

    def _stage(self, table: Table, change: FileChange, properties: Mapping[str, str]) -> int:
        """Record the next snapshot of a table; return its id."""
        snapshot = write_snapshot(table, change, properties, history=_HISTORY, history_max=_HISTORY_MAX)
        table.metadata = self._catalog.commit_table(table, snapshot.requirements, snapshot.updates).metadata
        return snapshot.snapshot_id

    def _settle(self, name: str, answer: Answer) -> None:
        """Return if a commit is in. Raises: ConflictError if it is not, StoreError if nobody can say."""
        if answer == "committed":
            return
        if answer == "unknown" and self._is_in(name):
            log.warning("the catalog did not answer to commit %s, but has it", name)
            return
        self.forget()
        raise ConflictError

    def _is_in(self, name: str) -> bool:
        """Return whether the catalog has a commit; wait for a catalog that is down."""

        def look() -> bool:
            self.heads()  # a commit that is half done is taken back
            return any(each.commit == name for each in commits_of(self._reader.load(COMMITS)))

        return wait_for_services(look, what=f"commit {name}")

    def _take_back(self) -> Heads:
        """Return the heads of the newest complete commit, after tables that are ahead of it went back to it."""
        end = time.monotonic() + _HALF_DONE_SECONDS
        while True:
            anchor = self._reader.load(COMMITS)
            tables = self._reader.load_all(LAKE_NAMES)
            newest = next(commits_of(anchor))
            if _is_settled(newest, tables):
                self._known = (anchor, replace(newest, tables=tables))
                return self._known[1]
            if time.monotonic() > end:
                break
            time.sleep(_PAUSE_SECONDS)
        whole = next((each for each in commits_of(anchor) if is_complete(each, tables)), None)
        if whole is None:
            message = f"no commit of {self._namespace} is whole; restore the catalog from a copy"
            raise StoreError(message, key=self._namespace, reason="store_broken")
        log.warning("commit %s was left half done by the catalog, and is taken back to %s", newest.commit, whole.commit)
        with self._catalog.collecting():
            _move_main(anchor, whole.anchor_id)
            for name, table in sorted(tables.items()):
                _move_main(table, whole.ids.get(name))
            self.check_lease()
            self._catalog.send(first=COMMITS)
        return self.heads()


def _expires(heads: Heads) -> bool:
    """Return whether the next commit expires snapshots of a table."""
    return any(len(table.metadata.snapshots) >= _HISTORY_MAX for table in heads.tables.values())


def _summary(heads: Heads) -> dict[str, str]:
    """Return what the snapshot of ``commits`` says of a commit, besides its name."""
    return {
        HEADS: json.dumps(heads.ids),
        LAST: heads.last,
        MONTHS: json.dumps(heads.months),
        ROWS: str(heads.rows),
    }


def _is_settled(heads: Heads, tables: Mapping[str, Table]) -> bool:
    """Return whether the main branch of every table is where a commit left it."""
    return all(_main_of(table) == heads.ids.get(name) for name, table in tables.items())


def _main_of(table: Table) -> int | None:
    snapshot = table.current_snapshot()
    return None if snapshot is None else snapshot.snapshot_id


def _move_main(table: Table, snapshot_id: int | None) -> None:
    """Record that the main branch goes back; also for a table that is there already, so that a late step fails."""
    if _main_of(table) != snapshot_id:
        table.manage_snapshots().set_current_snapshot(snapshot_id=snapshot_id).commit()
    with table.transaction() as transaction:
        transaction.set_properties({"newslake.taken-back": uuid.uuid4().hex})
