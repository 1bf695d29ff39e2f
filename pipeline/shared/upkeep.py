"""Upkeep of the shared lake: tags over all tables, expiry of snapshots, removal of files that no snapshot needs.

pyiceberg expires snapshots, but removes no files. An object that no snapshot needs is first put on a
list, and deleted by a later run, after the retention time: a reader may have planned it.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from math import inf

from pyiceberg.manifest import DataFile, ManifestFile
from pyiceberg.table import Table
from pyiceberg.table.refs import MAIN_BRANCH

from newslake.pipeline.errors import ConfigError, StoreError
from newslake.pipeline.lake import Garbage
from newslake.pipeline.leases import Lease
from newslake.pipeline.shared.bucket import Bucket
from newslake.pipeline.shared.catalog import TransactionCatalog
from newslake.pipeline.shared.data_files import plan
from newslake.pipeline.shared.heads import COMMITS, HeadReader, Heads
from newslake.pipeline.shared.iceberg_schema import LAKE_NAMES, LOG_NAMES
from newslake.pipeline.shared.snapshot_writer import ConflictError, entries_of

HoldLease = Callable[[], AbstractContextManager[Lease]]
"""Hold the committer's lease for a block."""
Check = Callable[[], None]
"""Raises: StoreError (lease_lost) if the committer's lease is lost: its work is not to go on."""

_CONDEMNED = "condemned.json"
_TIMES_TABLE, _TAKEN_AT = "articles", "newslake.taken-at."  # the table with a property for each name, and its prefix
_DATA, _METADATA = "/data/", "/metadata/"


@dataclass(frozen=True, slots=True)
class Warehouse:
    """The objects of the catalog's warehouse. ``url`` is that of its bucket, without a slash at the end."""

    objects: Bucket
    url: str

    def key_of(self, path: str) -> str:
        """Return the key of a path of Iceberg. Raises: StoreError for a path outside the warehouse."""
        return key_within(self.url, path)


def key_within(url: str, path: str) -> str:
    """Return the key of a path of Iceberg in a warehouse. Raises: StoreError for a path outside of it."""
    if not path.startswith(f"{url}/"):
        message = f"the catalog keeps files at {path}, outside {url}; correct the warehouse"
        raise StoreError(message, key=path, reason="store_refused")
    return path.removeprefix(f"{url}/")


class Tags:
    """Names of consistent versions: a tag of one name in all tables, set by one transaction.

    A tag has no time: the transaction puts it into a property of ``articles``.
    ``present`` returns the heads with their tables as they are now, under the lease that ``hold`` holds; ``read``
    returns them to those who change nothing.
    """

    def __init__(
        self, catalog: TransactionCatalog, *, hold: HoldLease, present: Callable[[], Heads], read: Callable[[], Heads]
    ) -> None:
        self._catalog = catalog
        self._hold = hold
        self._present = present
        self._read = read

    def take(self, name: str, *, at: datetime) -> None:
        """Name the present version. Raises: ConfigError for a name that exists or is that of a branch, StoreError."""
        with self._hold() as lease:
            heads = self._present()
            if name in _tags(heads) or name == MAIN_BRANCH:
                raise ConfigError(f"snapshot {name} exists already; drop it or choose another name", key=name)
            with self._catalog.collecting():
                for each, table in heads.tables.items():
                    table.manage_snapshots().create_tag(heads.ids[each], name).commit()
                with heads.tables[_TIMES_TABLE].transaction() as change:
                    change.set_properties({f"{_TAKEN_AT}{name}": at.isoformat()})
                self._send(name, lease)

    def drop(self, *names: str) -> None:
        """Drop names from all tables that have them; unknown ones are passed over. Raises: StoreError."""
        with self._hold() as lease:
            heads = self._present()
            if not _tags(heads).intersection(names):
                return
            with self._catalog.collecting():
                for table in heads.tables.values():
                    for name in sorted(set(names) & table.metadata.refs.keys()):
                        table.manage_snapshots().remove_tag(name).commit()
                _forget_times(heads.tables[_TIMES_TABLE], names)
                self._send(", ".join(names), lease)

    def names(self) -> tuple[str, ...]:
        """Return the names that all tables have, sorted."""
        return tuple(sorted(_common_tags(self._read())))

    def ids(self, name: str) -> Mapping[str, int]:
        """Return the snapshot of each table at a name. Raises: ConfigError for one that not all tables have."""
        return ids_at(self._read(), name)

    def _send(self, names: str, lease: Lease) -> None:
        lease.check()
        if self._catalog.send(first=LAKE_NAMES[0]) != "committed":
            message = f"the catalog did not confirm the change of snapshot {names}; list the snapshots, then try again"
            raise StoreError(message, key=names, reason="store_conflict")


def _forget_times(table: Table, names: Iterable[str]) -> None:
    """Remove the times of names from the properties of a table, in the transaction that is collected."""
    if known := [f"{_TAKEN_AT}{each}" for each in names if f"{_TAKEN_AT}{each}" in table.properties]:
        with table.transaction() as change:
            change.remove_properties(*known)


def time_of(name: str, heads: Heads) -> datetime:
    """Return when a version was named; the time of its last commit if another program named it."""
    if (at := heads.tables[_TIMES_TABLE].properties.get(f"{_TAKEN_AT}{name}")) is not None:
        return datetime.fromisoformat(at)
    snapshots = (table.metadata.snapshot_by_id(heads.ids[each]) for each, table in heads.tables.items())
    newest = max((each.timestamp_ms for each in snapshots if each is not None), default=0)
    return datetime.fromtimestamp(newest / 1000, UTC)


def ids_at(heads: Heads, name: str) -> Mapping[str, int]:
    """Return the snapshot of each table at a name. Raises: ConfigError for one that not all tables have."""
    if name not in _common_tags(heads):
        known = ", ".join(sorted(_common_tags(heads))) or "none"
        raise ConfigError(f"no snapshot {name}; existing: {known}", key=name)
    return {each: table.metadata.refs[name].snapshot_id for each, table in heads.tables.items()}


def _tags(heads: Heads) -> set[str]:
    """Return the tags that any table has."""
    return {name for table in heads.tables.values() for name in table.metadata.refs} - {MAIN_BRANCH}


def _common_tags(heads: Heads) -> set[str]:
    """Return the tags that all tables have: others are of a transaction that a catalog left half done."""
    return _tags(heads).intersection(*(set(table.metadata.refs) for table in heads.tables.values()))


class Orphans:
    """Removes the objects of the tables of a namespace, ``folder``, that no snapshot needs.

    Use it under the committer's lease. ``check`` is called before objects are deleted.
    """

    def __init__(
        self, catalog: TransactionCatalog, folder: str, warehouse: Warehouse, objects: Bucket, *, check: Check
    ) -> None:
        self._catalog = catalog
        self._reader = HeadReader(catalog, folder)
        self._warehouse = warehouse
        self._objects = objects
        self._check = check
        self._list = f"{folder}/{_CONDEMNED}"

    def remove(self, *, now: datetime, older_than: float) -> Garbage:
        """Delete the orphans that an earlier run condemned before a time (seconds since 1970); condemn the others.

        An object that was put after that time is neither: a commit may be about to need it. Return how many went, and
        how many are left.
        """
        there = list(self._orphans((*LAKE_NAMES, *LOG_NAMES, COMMITS), put_before=inf))
        old = [key for key, put_at in there if put_at < older_than]
        known: dict[str, float] = json.loads(self._objects.get(self._list) or b"{}")
        due = {key for key in old if known.get(key, now.timestamp()) <= older_than}
        self._delete(due)
        left = {key: known.get(key, now.timestamp()) for key in old if key not in due}
        self._objects.put(self._list, json.dumps(left, sort_keys=True).encode())
        return Garbage(len(due), len(there) - len(due))

    def remove_all(self, names: Collection[str], *, put_before: float = inf) -> int:
        """Delete the orphans of some tables that were put before a time (seconds since 1970) at once.

        No process may be about to commit them.
        """
        keys = [key for key, _ in self._orphans(names, put_before=put_before)]
        self._delete(keys)
        return len(keys)

    def needed(self, name: str) -> frozenset[str]:
        """Return the paths of the files that the versions of one table need."""
        return frozenset(needed_files(self._reader.load(name)))

    def remove_past(self, name: str, past: Collection[str]) -> int:
        """Expire the earlier versions of one table, and delete the files that only they need; return how many.

        ``past`` are files that versions needed which may be expired already. Files that a process is about to commit
        are in no version yet, and stay. Raises: ConflictError.
        """
        there = {*past, *self.needed(name)}
        expire_all(self._catalog, [self._reader.load(name)], check=self._check)
        gone = there - self.needed(name)
        self._delete(map(self._warehouse.key_of, gone))
        return len(gone)

    def _delete(self, keys: Iterable[str]) -> None:
        self._check()
        for key in keys:
            self._warehouse.objects.delete(key)

    def _orphans(self, names: Collection[str], *, put_before: float) -> Iterator[tuple[str, float]]:
        """Yield the keys of objects that no snapshot needs, with the times at which they were put."""
        for name in names:
            # The listing comes first: what is put and needed after it is not in it.
            folder = self._warehouse.key_of(self._reader.load(name).location())
            listed = {each.key: each.modified_at.timestamp() for each in self._warehouse.objects.list(folder)}
            needed = set(map(self._warehouse.key_of, needed_files(self._reader.load(name))))
            for key, put_at in listed.items():
                if key not in needed and put_at < put_before and (_DATA in key or _METADATA in key):
                    yield key, put_at


def needed_files(table: Table) -> Iterator[str]:
    """Yield the paths of the files that any snapshot of a table needs, and of its metadata."""
    yield table.metadata_location
    yield from (each.metadata_file for each in table.metadata.metadata_log)
    manifests: dict[str, ManifestFile] = {}
    for snapshot in table.metadata.snapshots:
        yield snapshot.manifest_list
        manifests |= {each.manifest_path: each for each in snapshot.manifests(table.io)}
    yield from manifests
    yield from (entry.data_file.file_path for entry in entries_of(table, manifests.values(), None))


def expire_all(catalog: TransactionCatalog, tables: Iterable[Table], *, check: Check) -> None:
    """Expire all snapshots but the present ones of the main branch and those with a tag.

    Raises: ConflictError, and what ``check`` raises before it is done.
    """
    with catalog.collecting():
        names = []
        for table in tables:
            protected = {ref.snapshot_id for ref in table.metadata.refs.values()}
            old = [each.snapshot_id for each in table.metadata.snapshots if each.snapshot_id not in protected]
            if old:
                table.maintenance.expire_snapshots().by_ids(old).commit()
                names.append(table.name()[-1])
        if names:
            check()
        if names and catalog.send(first=COMMITS) != "committed":
            raise ConflictError


def tags_with(tables: Mapping[str, Table], has: Callable[[Table, int], bool]) -> set[str]:
    """Return the tags of which some table has, at that snapshot, what ``has`` looks for."""
    refs = chain.from_iterable(((table, *each) for each in table.metadata.refs.items()) for table in tables.values())
    return {name for table, name, ref in refs if name != MAIN_BRANCH and has(table, ref.snapshot_id)}


def damaged_files(heads: Heads, warehouse: Warehouse) -> Iterator[tuple[str, DataFile, str]]:
    """Yield each data file at some heads that is missing or of another size: its table, the file and a sentence."""
    fix = "restore it from a copy; or run `newslake lake repair --drop-damaged`, then process its days again"
    for name, table in heads.tables.items():
        sizes = {each.key: each.size for each in warehouse.objects.list(warehouse.key_of(table.location()))}
        for file in plan(table, heads.id_of(name)):
            size = sizes.get(warehouse.key_of(file.file_path))
            if size is None:
                yield name, file, f"{name}: {file.file_path} is missing; {fix}"
            elif size != file.file_size_in_bytes:
                problem = f"{name}: {file.file_path} has {size} bytes, not {file.file_size_in_bytes}; {fix}"
                yield name, file, problem
