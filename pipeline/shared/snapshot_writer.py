"""Snapshots of Iceberg tables with one manifest a month, of pyiceberg's public parts.

The overwrite of pyiceberg keeps a manifest of removed files for each commit, reads them all again in the next one, and
copies the metadata of the table some thirty times. A manifest a month stays as short as the month has files, and a
commit reads and writes only those of its months.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from itertools import islice
from typing import Literal

from pyiceberg.conversions import from_bytes
from pyiceberg.manifest import (
    DataFile,
    ManifestEntry,
    ManifestEntryStatus,
    ManifestFile,
    write_manifest,
    write_manifest_list,
)
from pyiceberg.table import Table
from pyiceberg.table.refs import MAIN_BRANCH, SnapshotRefType
from pyiceberg.table.snapshots import (
    Operation,
    Snapshot,
    SnapshotSummaryCollector,
    Summary,
    update_snapshot_summaries,
)
from pyiceberg.table.update import (
    AddSnapshotUpdate,
    AssertRefSnapshotId,
    AssertTableUUID,
    RemoveSnapshotsUpdate,
    SetPropertiesUpdate,
    SetSnapshotRefUpdate,
    TableUpdate,
)
from pyiceberg.types import IntegerType, PrimitiveType

_EPOCH_YEAR = 1970
_FORMAT: Literal[2] = 2
_COMPRESSION: Literal["deflate"] = "deflate"
_MONTH: PrimitiveType = IntegerType()
_NO_LIMITS = {"max_ref_age_ms": None, "max_snapshot_age_ms": None, "min_snapshots_to_keep": None}


class ConflictError(Exception):
    """The heads are not those of the commit: read them again, and do it again."""


@dataclass(frozen=True, slots=True)
class FileChange:
    """What a commit does to one table; ``properties`` of the table are set with it."""

    removed: Sequence[DataFile] = ()
    added: Sequence[DataFile] = ()
    properties: Mapping[str, str] = field(default_factory=dict)


def month_number(day: date) -> int:
    """Return the value of the month partition of a day: months since January 1970."""
    return (day.year - _EPOCH_YEAR) * 12 + day.month - 1


def manifests_of(table: Table, snapshot_id: int | None) -> list[ManifestFile]:
    """Return the manifests of a snapshot that have files."""
    snapshot = None if snapshot_id is None else table.metadata.snapshot_by_id(snapshot_id)
    return [] if snapshot is None else list(_Immutable(snapshot.manifest_list, table, snapshot).manifests())


def entries_of(
    table: Table, manifests: Iterable[ManifestFile], months: Collection[int] | None
) -> Iterator[ManifestEntry]:
    """Yield the entries of the files of some months, or of all."""
    for manifest in manifests:
        if months is None or any(each in months_of(manifest) for each in months):
            yield from _Immutable(manifest.manifest_path, table, manifest).entries()


def months_of(manifest: ManifestFile) -> range:
    """Return the months from the first to the last one of a manifest."""
    bounds = manifest.partitions[0] if manifest.partitions else None
    if bounds is None or bounds.lower_bound is None or bounds.upper_bound is None:
        return range(-(2**31), 2**31)
    first, last = (int(from_bytes(_MONTH, each)) for each in (bounds.lower_bound, bounds.upper_bound))
    return range(first, last + 1)


@dataclass(frozen=True, slots=True)
class _Immutable:
    """A manifest or a list of manifests, equal to another one by its path: its file never changes."""

    path: str
    table: Table = field(compare=False)
    source: Snapshot | ManifestFile = field(compare=False)

    @lru_cache(maxsize=64)  # noqa: B019 - a value, which lives as long as the cache keeps it
    def manifests(self) -> tuple[ManifestFile, ...]:
        assert isinstance(self.source, Snapshot)
        manifests = self.source.manifests(self.table.io)
        return tuple(each for each in manifests if each.has_added_files() or each.has_existing_files())

    @lru_cache(maxsize=1024)  # noqa: B019 - see above; ten years of eight tables, 80 KB each
    def entries(self) -> tuple[ManifestEntry, ...]:
        assert isinstance(self.source, ManifestFile)
        return tuple(self.source.fetch_manifest_entry(self.table.io))


@dataclass(frozen=True, slots=True)
class NewSnapshot:
    """A snapshot whose manifests are written, and what the catalog is to do to have it.

    ``written`` are the paths of its manifests and their list, which nothing needs if the catalog refuses it. A log
    table deletes them then. The lake leaves them to ``gc``: its conflicts are rare, as one process commits under a
    lease, and a catalog that moves one pointer after the other may name the snapshot in some tables all the same.
    """

    snapshot_id: int
    written: tuple[str, ...]
    updates: tuple[TableUpdate, ...]
    requirements: tuple[AssertTableUUID | AssertRefSnapshotId, ...]


def write_snapshot(
    table: Table, change: FileChange, properties: Mapping[str, str], *, history: int, history_max: int
) -> NewSnapshot:
    """Write the manifests of a table's next snapshot.

    If the main branch has more than ``history_max`` snapshots, all but its newest ``history`` are expired with it;
    those with a tag stay. Raises: ConflictError if a removed file is not in the present snapshot.
    """
    parent = table.current_snapshot()
    snapshot_id = table.metadata.new_snapshot_id()
    written = _write_manifests(table, parent, change, snapshot_id)
    snapshot = Snapshot(
        snapshot_id=snapshot_id,
        parent_snapshot_id=None if parent is None else parent.snapshot_id,
        manifest_list=written[-1],
        sequence_number=table.metadata.next_sequence_number(),
        summary=_summary(table, parent, change, properties),
        schema_id=table.metadata.current_schema_id,
    )
    expired = _expired(table, history=history, history_max=history_max)
    updates: list[TableUpdate] = [
        AddSnapshotUpdate(snapshot=snapshot),
        SetSnapshotRefUpdate(ref_name=MAIN_BRANCH, type=SnapshotRefType.BRANCH, snapshot_id=snapshot_id, **_NO_LIMITS),
        *([RemoveSnapshotsUpdate(snapshot_ids=expired)] if expired else []),
        *([SetPropertiesUpdate(updates=dict(change.properties))] if change.properties else []),
    ]
    base = AssertRefSnapshotId(ref=MAIN_BRANCH, snapshot_id=snapshot.parent_snapshot_id)
    return NewSnapshot(snapshot_id, written, tuple(updates), (AssertTableUUID(uuid=table.metadata.table_uuid), base))


def _write_manifests(table: Table, parent: Snapshot | None, change: FileChange, snapshot_id: int) -> tuple[str, ...]:
    """Write the manifests of the changed months and the list of all; return their paths, that of the list last."""
    months = {each.partition[0] for each in (*change.removed, *change.added)}
    present = manifests_of(table, None if parent is None else parent.snapshot_id)
    touched = [each for each in present if any(month in months_of(each) for month in months)]
    removed = {each.file_path for each in change.removed}
    by_month: dict[int, list[ManifestEntry]] = defaultdict(list)
    for entry in entries_of(table, touched, None):
        is_removed = entry.data_file.file_path in removed
        removed.discard(entry.data_file.file_path)
        status = ManifestEntryStatus.DELETED if is_removed else ManifestEntryStatus.EXISTING
        by_month[entry.data_file.partition[0]].append(_entry(entry.data_file, status, snapshot_id, entry))
    if removed:
        raise ConflictError
    for file in change.added:
        by_month[file.partition[0]].append(_entry(file, ManifestEntryStatus.ADDED, snapshot_id, None))
    written = [_write_manifest(table, entries, snapshot_id) for _, entries in sorted(by_month.items())]
    path = table.location_provider().new_metadata_location(f"snap-{snapshot_id}-{uuid.uuid4()}.avro")
    with write_manifest_list(
        _FORMAT,
        table.io.new_output(path),
        snapshot_id,
        None if parent is None else parent.snapshot_id,
        table.metadata.next_sequence_number(),
        _COMPRESSION,
    ) as manifests:
        manifests.add_manifests([*(each for each in present if each not in touched), *written])
    return (*(each.manifest_path for each in written), path)


def _entry(
    file: DataFile, status: ManifestEntryStatus, snapshot_id: int, earlier: ManifestEntry | None
) -> ManifestEntry:
    return ManifestEntry.from_args(
        status=status,
        snapshot_id=earlier.snapshot_id if earlier and status == ManifestEntryStatus.EXISTING else snapshot_id,
        sequence_number=earlier.sequence_number if earlier else None,
        file_sequence_number=earlier.file_sequence_number if earlier else None,
        data_file=file,
    )


def _write_manifest(table: Table, entries: Sequence[ManifestEntry], snapshot_id: int) -> ManifestFile:
    path = table.location_provider().new_metadata_location(f"{uuid.uuid4()}-m0.avro")
    output = table.io.new_output(path)
    with write_manifest(_FORMAT, table.spec(), table.schema(), output, snapshot_id, _COMPRESSION) as manifest:
        for entry in entries:
            manifest.add_entry(entry)
    return manifest.to_manifest_file()


def _summary(table: Table, parent: Snapshot | None, change: FileChange, properties: Mapping[str, str]) -> Summary:
    totals = SnapshotSummaryCollector()
    spec, schema = table.spec(), table.schema()
    for file in change.added:
        totals.add_file(data_file=file, partition_spec=spec, schema=schema)
    for file in change.removed:
        totals.remove_file(data_file=file, partition_spec=spec, schema=schema)
    operation = Operation.OVERWRITE if change.removed else Operation.APPEND
    earlier = parent.summary if parent is not None else None
    return update_snapshot_summaries(Summary(operation=operation, **totals.build(), **properties), earlier)


def history_of(table: Table) -> Iterator[Snapshot]:
    """Yield the snapshots of the main branch that are not expired, newest first."""
    snapshot = table.current_snapshot()
    while snapshot is not None:
        yield snapshot
        parent = snapshot.parent_snapshot_id
        snapshot = None if parent is None else table.metadata.snapshot_by_id(parent)


def _expired(table: Table, *, history: int, history_max: int) -> list[int]:
    """Return the snapshots that the next one of a table makes superfluous."""
    if len(table.metadata.snapshots) < history_max:
        return []
    newest = {each.snapshot_id for each in islice(history_of(table), history)}
    tagged = {ref.snapshot_id for ref in table.metadata.refs.values()}
    return [each.snapshot_id for each in table.metadata.snapshots if each.snapshot_id not in newest | tagged]
