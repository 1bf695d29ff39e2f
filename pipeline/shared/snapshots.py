"""The named versions of the shared tables: what ``lake snapshot`` and questions at a snapshot use."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from newslake.pipeline.errors import ConfigError
from newslake.pipeline.lake.snapshots import Snapshot, SnapshotFacts, check_snapshot_name
from newslake.pipeline.shared.heads import HeadReader, Heads
from newslake.pipeline.shared.upkeep import Tags, Warehouse, damaged_files, time_of
from newslake.pipeline.shared.versions import SharedVersion


@dataclass(frozen=True, slots=True)
class SharedSnapshots:
    """The named versions of one namespace; ``read`` returns the present heads."""

    tags: Tags
    reader: HeadReader
    warehouse: Warehouse
    read: Callable[[], Heads]
    now: Callable[[], datetime]

    def take(self, name: str) -> Snapshot:
        check_snapshot_name(name)
        self.tags.take(name, at=self.now())
        return self._snapshot(name, self._others(name))

    def list(self) -> tuple[Snapshot, ...]:
        return tuple(self._snapshot(each, self._others(each)) for each in self.tags.names())

    def drop(self, name: str) -> None:
        self.tags.ids(name)  # raises for an unknown name
        self.tags.drop(name)

    def verify(self, name: str) -> tuple[str, ...]:
        damage = damaged_files(self.at(name).heads, self.warehouse)
        return tuple(f"{name}/{problem}; drop the snapshot" for _, _, problem in damage)

    def verify_all(self) -> Iterator[str]:
        for name in self.tags.names():
            yield from (f"snapshots/{problem}" for problem in self.verify(name))

    def at(self, name: str) -> SharedVersion:
        """Return the version with a name. Raises: ConfigError, with the known names, for an unknown one."""
        ids = self.tags.ids(name)
        return SharedVersion(Heads(ids=ids, tables=self.reader.load_all(ids)), self.reader)

    def _others(self, name: str) -> set[str]:
        """Return the files that the present version and all other names need."""
        versions = [SharedVersion(self.read(), self.reader), *map(self.at, {*self.tags.names()} - {name})]
        return {file.file_path for each in versions for table in each.heads.tables for file in each.files(table)}

    def _snapshot(self, name: str, others: set[str]) -> Snapshot:
        version = self.at(name)
        files = {table: version.files(table) for table in version.heads.tables}
        days, sizes = version.days(), {True: 0, False: 0}
        for file in (each for group in files.values() for each in group):
            sizes[file.file_path in others] += file.file_size_in_bytes
        rows = {table: sum(each.record_count for each in group) for table, group in files.items()}
        facts = SnapshotFacts(
            name=name,
            taken_at=time_of(name, version.heads),
            first_day=min(days, default=None),
            last_day=max(days, default=None),
            days=len(days),
            rows={table: count for table, count in sorted(rows.items()) if count},
            manifests_sha256=sha256(json.dumps(version.heads.ids, sort_keys=True).encode()).hexdigest(),
        )
        return Snapshot(facts=facts, shared_bytes=sizes[True], own_bytes=sizes[False])


def unknown_month(month: str) -> ConfigError:
    """Return the error for a month that the tables do not have."""
    return ConfigError(f"the lake has no rows of {month}; a month is written YYYY-MM", key=month)
