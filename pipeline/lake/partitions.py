"""One day of the lake: read it, write it, publish it. Everything here runs under the committer's lock but reading."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from itertools import product
from pathlib import Path

import pyarrow as pa

from pipeline.errors import LakeError
from pipeline.lake.advice import REDERIVE
from pipeline.lake.encoding import decode, encode
from pipeline.lake.manifest import Entry, Manifest, manifest_bytes, read_manifest
from pipeline.lake.storage import PUBLISH_ORDER, Disk, Layout, object_name, sha256_of
from pipeline.tables import table_named

_WRITERS = 4  # threads: one table is read and encoded while another's bytes go to the disk


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
        except FileNotFoundError:
            check_object(entry, None)
            raise
        check_object(entry, sha256_of(data))
        return data

    def table(self, manifest: Manifest, name: str, *, columns: Sequence[str] | None = None) -> pa.Table:
        """Return a table's rows of the day, or some columns of them; empty where it has none."""
        spec, entry = table_named(name), manifest.entries.get(name)
        if entry is None:
            none = spec.schema.empty_table()
            return none if columns is None else none.select(columns)
        return decode(self.object_bytes(entry), spec, key=entry.object, columns=columns)

    def read_current(self, day: date, name: str, *, columns: Sequence[str]) -> pa.Table:
        """Return ``table`` of a day; retries where a takedown removed what a manifest named a moment ago."""
        manifest = self.manifest(day)
        while True:
            try:
                return self.table(manifest, name, columns=columns)
            except LakeError as error:
                newer = self.manifest(day)
                if error.reason != "object_missing" or newer.entries == manifest.entries:
                    raise
                manifest = newer

    def rewrite(
        self,
        days: Sequence[date],
        names: Sequence[str],
        content: Callable[[date, str], pa.Table],
        *,
        batch_ids: Sequence[str] = (),
    ) -> int:
        """Make ``content(day, name)`` the sorted rows of each named table; return how many public files changed.

        Each day changes in one instant, in the order given, while objects of the days after are written already.
        Tables not named stay. Equal rows leave file, inode and manifest alone.
        """
        olds = {day: self.manifest(day) for day in days}
        with _writers() as pool:
            entries = pool.map(lambda at: self._entry(olds[at[0]], content(*at), at[1]), product(days, names))
            return sum(
                self._put(olds[day], {name: next(entries) for name in names}, batch_ids=batch_ids) for day in days
            )

    def _put(self, old: Manifest, entries: Mapping[str, Entry | None], *, batch_ids: Sequence[str]) -> int:
        new = {name: entry for name, entry in {**old.entries, **entries}.items() if entry is not None}
        changed = [name for name in entries if new.get(name) != old.entries.get(name)]
        if changed:
            previous = {**old.previous, **{n: old.entries[n].object for n in changed if n in old.entries}}
            manifest = Manifest(old.day, old.generation + 1, new, previous, tuple(sorted(batch_ids)))
            self._disk.replace(self._layout.manifest(old.day), manifest_bytes(manifest))
        self.publish(old.day)
        return len(changed)

    def _entry(self, old: Manifest, table: pa.Table, name: str) -> Entry | None:
        """Return the object that holds the rows, written if the day has no such object; None for no rows."""
        if table.num_rows == 0:
            return None
        data = encode(table, table_named(name))
        digest = sha256_of(data)
        known = old.entries.get(name)
        if known is not None and known.sha256 == digest:
            return known
        path = self._layout.objects(name, old.day) / object_name(old.generation + 1, digest)
        # The name may be there, of a day whose manifest was taken out: snapshots and readers have its file still.
        self._disk.replace(path, data)
        return Entry(path.relative_to(self._layout.state).as_posix(), table.num_rows, digest)

    def publish(self, day: date) -> tuple[str, ...]:
        """Make the public files the manifest's objects; return the names of tables that were not."""
        manifest = self.manifest(day)
        stale = tuple(spec.name for spec in PUBLISH_ORDER if not self.is_published(manifest, spec.name))
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
        there = _state_of(public)
        if entry is None or there is None:
            return entry is None and there is None
        source = _state_of(self._layout.state / entry.object)
        if source is not None and os.path.samestat(source, there):
            return True
        return sha256_of(public.read_bytes()) == entry.sha256


def check_object(entry: Entry, digest: str | None) -> None:
    """Compare the digest of an object's bytes, None where it is gone, with the manifest's.

    Raises: LakeError with object_missing or object_corrupt.
    """
    if digest is None:
        raise LakeError(f"_state/{entry.object} is gone; {REDERIVE}", key=entry.object, reason="object_missing")
    if digest != entry.sha256:
        raise LakeError(
            f"_state/{entry.object} is corrupted: its bytes are not the manifest's; {REDERIVE}",
            key=entry.object,
            reason="object_corrupt",
        )


def _state_of(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None


@contextmanager
def _writers() -> Iterator[ThreadPoolExecutor]:
    """Give threads that write; what still waits for one when the block raises is not begun."""
    with ThreadPoolExecutor(_WRITERS) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
