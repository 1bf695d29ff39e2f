"""The heads of all tables at one instant, by one table that names them: ``commits``.

Each transaction puts a snapshot without files into ``commits`` whose summary names the snapshot of every table of the
lake. So a reader that has read ``commits`` knows which snapshots belong together, whatever is committed meanwhile.

``commits`` is the first table of a transaction. A catalog that is killed in the middle of one, and is not atomic as the
specification wants, does not reach the last table of the transaction: readers pass over such a commit, and the next
committer takes it back.
"""

import json
import time
from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from pyiceberg.exceptions import NoSuchTableError
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from newslake.pipeline.errors import MissingStoreError, StoreError
from newslake.pipeline.shared.catalog import TransactionCatalog
from newslake.pipeline.shared.snapshot_writer import history_of

COMMITS = "commits"
_TRIES = 40
_PAUSE_SECONDS = 0.05
_THREADS = 6
_REUSE_SECONDS = 300.0  # AWS gives credentials for 15 minutes or more

# Keys of the summaries.
COMMIT = "newslake.commit"  # the name of the commit, in each table that it changes
BATCHES = "newslake.batches"  # the batches that it commits, as JSON
SEQUENCE = "newslake.sequence"  # its number
HEADS = "newslake.heads"  # in ``commits``: the snapshot of each table, as JSON
LAST = "newslake.last"  # in ``commits``: the last table of the transaction
MONTHS = "newslake.months"  # in ``commits``: the months whose rows it changes, as JSON
ROWS = "newslake.rows"  # in ``commits``: the number of the newest commit that changed rows; compaction changes none


@dataclass(frozen=True, slots=True)
class Heads:
    """The snapshots of tables at one instant: those of one commit. ``tables`` are the tables that are loaded.

    ``months`` are those whose rows the commit changed, ``rows`` is the number of the newest commit that changed any.
    ``read_at`` is the time of a clock that only goes forward.
    """

    sequence: int = 0
    commit: str = ""
    batches: frozenset[str] = frozenset()
    last: str = ""
    ids: Mapping[str, int] = field(default_factory=dict)
    tables: Mapping[str, Table] = field(default_factory=dict)
    anchor_id: int | None = None
    months: tuple[str, ...] = ()
    rows: int = 0
    read_at: float = field(default_factory=time.monotonic, compare=False)

    @property
    def is_recent(self) -> bool:
        """Whether the loaded tables are to be used again: a catalog may vend credentials with a table that soon end."""
        return time.monotonic() < self.read_at + _REUSE_SECONDS

    def id_of(self, name: str) -> int | None:
        """Return the snapshot of a table; None before its first commit."""
        return self.ids.get(name)


class HeadReader:
    """Reads the heads of a namespace."""

    def __init__(self, catalog: TransactionCatalog, namespace: str) -> None:
        self._catalog = catalog
        self._namespace = namespace

    def load(self, name: str) -> Table:
        """Return a table as it is now. Raises: MissingStoreError, StoreError."""
        try:
            table: Table = self._catalog.load_table((self._namespace, name))
            return table
        except NoSuchTableError as error:
            message = (
                f"the catalog has no table {self._namespace}.{name}; correct the namespace, if it is wrong; the first "
                "run creates the tables of a new store; a table that was there before comes back with a backup of "
                "catalog and bucket; without one, `newslake lake repair --give-up tables` goes on without the tables, "
                "and then `newslake run` derives the days again from the archive"
            )
            raise MissingStoreError(message, key="tables", reason="store_missing") from error

    def load_all(self, names: Collection[str]) -> dict[str, Table]:
        """Return several tables, each as it is at some time during the call."""
        with ThreadPoolExecutor(_THREADS) as pool:
            return dict(zip(names, pool.map(self.load, names), strict=True))

    def read(self, names: Collection[str], *, known: Heads | None = None) -> Heads:
        """Return the heads of some tables at one instant: that of the newest complete commit.

        If that is the one of ``known``, and they are recent, return these: then only one table is loaded.
        Raises: StoreError (store_conflict) if commits follow one another faster than they can be read.
        """
        for _ in range(_TRIES):
            anchor = self.load(COMMITS)
            newest = next(commits_of(anchor), Heads())
            if known is not None and known.is_recent and known.anchor_id == newest.anchor_id is not None:
                return known
            wanted = {*names, *([newest.last] if newest.last else [])}
            tables = self.load_all(sorted(wanted))
            for heads in commits_of(anchor):
                if is_complete(heads, tables):
                    return replace(heads, tables=tables)
            time.sleep(_PAUSE_SECONDS)
        raise StoreError(
            f"no commit of {self._namespace} is complete, or each is gone before it is read; "
            "run `newslake lake repair`, or fewer commits at once",
            key=self._namespace,
            reason="store_conflict",
        )


def is_complete(heads: Heads, tables: Mapping[str, Table]) -> bool:
    """Return whether each of some tables has the snapshot that a commit names for it."""
    return all(
        table.metadata.snapshot_by_id(heads.ids[name]) is not None
        for name, table in tables.items()
        if name in heads.ids
    )


def commits_of(anchor: Table) -> Iterator[Heads]:
    """Yield the commits that ``commits`` still has, newest first."""
    return map(_heads_of, history_of(anchor))


def summary_of(snapshot: Snapshot) -> Mapping[str, Any]:
    """Return the entries of newslake in a snapshot's summary."""
    return {} if snapshot.summary is None else snapshot.summary.additional_properties


def _heads_of(snapshot: Snapshot) -> Heads:
    summary = summary_of(snapshot)
    return Heads(
        sequence=int(summary.get(SEQUENCE, 0)),
        commit=summary.get(COMMIT, ""),
        batches=frozenset(json.loads(summary.get(BATCHES, "[]"))),
        last=summary.get(LAST, ""),
        ids=json.loads(summary.get(HEADS, "{}")),
        months=tuple(json.loads(summary.get(MONTHS, "[]"))),
        rows=int(summary.get(ROWS, 0)),
        anchor_id=snapshot.snapshot_id,
    )
