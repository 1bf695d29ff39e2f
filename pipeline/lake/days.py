"""One day of the lake: read it, write it, publish it. Everything here runs under the committer's lock but reading."""

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pyarrow as pa

from pipeline.errors import LakeError
from pipeline.lake.advice import REDERIVE
from pipeline.lake.encoding import decode, encode
from pipeline.lake.layout import PUBLISHED, Disk, Layout, object_name, sha256_of
from pipeline.lake.manifest import Entry, Manifest, manifest_bytes, read_manifest
from pipeline.tables import TableSpec, table_named


class Days:
    """The days of a lake, by their manifests."""

    def __init__(self, layout: Layout, disk: Disk) -> None:
        self._layout = layout
        self._disk = disk

    def manifest(self, day: date) -> Manifest:
        return read_manifest(self._layout.manifest(day), day)

    def manifests(self) -> Iterator[Manifest]:
        """Yield the manifests of all days, in order."""
        for day in self.known():
            yield self.manifest(day)

    def known(self) -> tuple[date, ...]:
        """Return the days that have a manifest, sorted."""
        names = self._layout.manifest(date.min).parent.glob("*.json")
        return tuple(sorted(date.fromisoformat(path.stem) for path in names))

    def object_bytes(self, entry: Entry) -> bytes:
        """Return an object's bytes. Raises: LakeError with object_missing or object_corrupt."""
        path = self._layout.state / entry.object
        try:
            data = path.read_bytes()
        except FileNotFoundError as error:
            raise LakeError(
                f"_state/{entry.object} is gone; {REDERIVE}", key=entry.object, reason="object_missing"
            ) from error
        if sha256_of(data) != entry.sha256:
            raise LakeError(
                f"_state/{entry.object} is corrupted: its bytes are not the manifest's; {REDERIVE}",
                key=entry.object,
                reason="object_corrupt",
            )
        return data

    def table(self, manifest: Manifest, name: str, *, columns: Sequence[str] | None = None) -> pa.Table:
        """Return a table's rows of the day, or some columns of them; empty where it has none."""
        spec, entry = table_named(name), manifest.entries.get(name)
        if entry is None:
            none = spec.schema.empty_table()
            return none if columns is None else none.select(columns)
        return decode(self.object_bytes(entry), spec, key=entry.object, columns=columns)

    def rewrite(self, day: date, tables: Mapping[str, pa.Table], *, batch_ids: Sequence[str] = ()) -> tuple[str, ...]:
        """Make sorted tables the day's content in one instant; return the names of those that changed.

        Tables not named stay. Equal rows leave the file, its inode and the manifest alone.
        """
        old = self.manifest(day)
        entries, previous = dict(old.entries), dict(old.previous)
        for name, entry in self._write_objects(old, tables).items():
            if entry is None:
                entries.pop(name, None)
            else:
                entries[name] = entry
        changed = tuple(spec.name for spec in PUBLISHED if entries.get(spec.name) != old.entries.get(spec.name))
        if changed:
            previous |= {name: old.entries[name].object for name in changed if name in old.entries}
            new = Manifest(day, old.generation + 1, entries, previous, tuple(sorted(batch_ids)))
            self._disk.replace(self._layout.manifest(day), manifest_bytes(new))
        self.publish(day)
        return changed

    def _write_objects(self, old: Manifest, tables: Mapping[str, pa.Table]) -> dict[str, Entry | None]:
        """Return the entry of each table. In threads: one table is encoded while another's bytes go to the disk."""
        with ThreadPoolExecutor(max(1, len(tables))) as pool:
            entries = pool.map(lambda name: self._entry(old, tables[name], table_named(name)), tables)
            return dict(zip(tables, entries, strict=True))

    def _entry(self, old: Manifest, table: pa.Table, spec: TableSpec) -> Entry | None:
        """Return the object that holds the rows, written if the day has no such object; None for no rows."""
        if table.num_rows == 0:
            return None
        data = encode(table, spec)
        digest = sha256_of(data)
        known = old.entries.get(spec.name)
        if known is not None and known.sha256 == digest:
            return known
        folder = self._layout.objects(spec.name, old.day)
        path = folder / object_name(old.generation + 1, digest)
        self._disk.write(path, data)
        self._disk.sync(folder)
        return Entry(path.relative_to(self._layout.state).as_posix(), table.num_rows, digest)

    def publish(self, day: date) -> tuple[str, ...]:
        """Make the public files the manifest's objects; return the names of tables that were not."""
        manifest = self.manifest(day)
        stale = tuple(spec.name for spec in PUBLISHED if not self.is_published(manifest, spec.name))
        for name in stale:
            entry, public = manifest.entries.get(name), self._layout.public(name, day)
            if entry is None:
                self._disk.remove(public)
            else:
                self.object_bytes(entry)  # a damaged object must not reach readers
                self._disk.link(self._layout.state / entry.object, public)
        return stale

    def is_published(self, manifest: Manifest, name: str) -> bool:
        """Return whether the public file is the manifest's object: the same inode, or the same bytes in a copy."""
        entry, public = manifest.entries.get(name), self._layout.public(name, manifest.day)
        if entry is None or not public.exists():
            return entry is None and not public.exists()
        source = self._layout.state / entry.object
        if source.exists() and os.path.samefile(source, public):
            return True
        return sha256_of(public.read_bytes()) == entry.sha256
