"""Partitions of the lake: one day each, committed by its manifest.

Reading needs no lock; writing and publishing run under the committer's lock.
"""

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipeline.errors import LakeError
from pipeline.lake.storage import PUBLISH_ORDER, REDERIVE, Disk, Layout, decode, encode, object_name, sha256_of
from pipeline.tables import SCHEMA_VERSION, table_named

_CHECKSUM = re.compile(rb'^ "checksum": "[0-9a-f]{64}",\n', re.MULTILINE)  # the line that ``manifest_bytes`` writes
_WRITERS = 4  # threads: one table is read and encoded while another is written to the disk
_TRIES = 20  # of a consistent read


@dataclass(frozen=True, slots=True)
class Entry:
    """One table of a day. ``object`` is its data file, relative to ``_state``; ``sha256`` is of its bytes."""

    object: str
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """The data file of each table of a day; a table without rows has no entry. Replacing the manifest is the commit.

    ``generation`` is 0 for a day that was never written. ``previous`` are the data files before the last change of each
    table. ``batches`` made this generation.
    """

    day: date
    generation: int = 0
    entries: Mapping[str, Entry] = field(default_factory=dict)
    previous: Mapping[str, str] = field(default_factory=dict)
    batches: tuple[str, ...] = ()


def manifest_bytes(manifest: Manifest) -> bytes:
    """Return the manifest as JSON. ``files``, ``rows`` and ``sha256`` are objects by table, for SQL.

    ``checksum`` is of everything else, so that corruption is detected.
    """
    entries = manifest.entries
    content = {
        "schema_version": SCHEMA_VERSION,
        "gen": manifest.generation,
        "batches": list(manifest.batches),
        "files": {name: entry.object for name, entry in entries.items()},
        "rows": {name: entry.rows for name, entry in entries.items()},
        "sha256": {name: entry.sha256 for name, entry in entries.items()},
        "previous": dict(manifest.previous),
    }
    return _json(content | {"checksum": hashlib.sha256(_json(content)).hexdigest()})


def _json(content: dict[str, Any]) -> bytes:
    return json.dumps(content, indent=1, sort_keys=True).encode() + b"\n"


def read_manifest(path: Path, day: date) -> Manifest:
    """Return a day's manifest; an empty one if the day has none.

    Raises: LakeError (manifest_broken, schema_version).
    """
    try:
        data = path.read_bytes()
        content = json.loads(data)
        _check(content, data)
        version = content["schema_version"]
        if version != SCHEMA_VERSION:
            message = f"{path} was written with schema {version}; this version reads schema {SCHEMA_VERSION} only"
            raise LakeError(message, key=day.isoformat(), reason="schema_version")
        return _manifest(content, day)
    except FileNotFoundError:
        return Manifest(day)
    except (ValueError, KeyError, TypeError) as error:
        raise LakeError(
            f"{path} is not a manifest ({error}); {REDERIVE}",
            key=day.isoformat(),
            reason="manifest_broken",
        ) from error


def _check(content: Any, data: bytes) -> None:
    """Raises: ValueError if the content does not match its checksum."""
    if not isinstance(content, dict):
        raise ValueError("not a JSON object")
    rest, number = _CHECKSUM.subn(b"", data)
    if number != 1 or content.get("checksum") != hashlib.sha256(rest).hexdigest():
        raise ValueError("its checksum does not match")


def _manifest(content: dict[str, Any], day: date) -> Manifest:
    rows, digests = content["rows"], content["sha256"]
    return Manifest(
        day=day,
        generation=content["gen"],
        entries={name: Entry(file, rows[name], digests[name]) for name, file in content["files"].items()},
        previous=content["previous"],
        batches=tuple(content["batches"]),
    )


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
        """Return the bytes of a data file. Raises: LakeError with object_missing or object_corrupt."""
        path = self._layout.state / entry.object
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            check_object(entry, None)
            raise
        check_object(entry, sha256_of(data))
        return data

    def table(self, manifest: Manifest, name: str, *, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the rows of a table and day, or some of their columns; an empty table if the day has no rows."""
        spec, entry = table_named(name), manifest.entries.get(name)
        if entry is None:
            none = spec.schema.empty_table()
            return none if columns is None else none.select(columns)
        return decode(self.object_bytes(entry), spec, key=entry.object, columns=columns)

    def read_current(self, day: date, name: str, *, columns: Sequence[str]) -> pa.Table:
        """Return ``table`` of a day by its newest manifest; retry if a takedown removed the data file in between."""
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
        """Replace tables of days with the sorted rows of ``content(day, name)``; return how many public files changed.

        Days change in the given order, each atomically; the data files of later days are written meanwhile.
        Other tables stay. Equal rows change neither file nor manifest.
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
        """Return the data file of the rows, written if it is new; None without rows."""
        if table.num_rows == 0:
            return None
        data = encode(table, table_named(name))
        digest = sha256_of(data)
        known = old.entries.get(name)
        if known is not None and known.sha256 == digest:
            return known
        path = self._layout.objects(name, old.day) / object_name(old.generation + 1, digest)
        # If the manifest of the day was removed, the name may exist: snapshots and readers still have its file.
        self._disk.replace(path, data)
        return Entry(path.relative_to(self._layout.state).as_posix(), table.num_rows, digest)

    def publish(self, day: date) -> tuple[str, ...]:
        """Link the public files to the data files of the manifest; return the names of the tables that were stale."""
        manifest = self.manifest(day)
        stale = tuple(spec.name for spec in PUBLISH_ORDER if not self.is_published(manifest, spec.name))
        for name in stale:
            entry, public = manifest.entries.get(name), self._layout.public(name, day)
            if entry is None:
                self._disk.remove(public)
            else:
                self.object_bytes(entry)  # a damaged data file must not reach readers
                self._disk.link(self._layout.state / entry.object, public)
        return stale

    def is_published(self, manifest: Manifest, name: str) -> bool:
        """Return whether the public file is the data file of the manifest: the same inode, or equal bytes."""
        entry, public = manifest.entries.get(name), self._layout.public(name, manifest.day)
        there = _state_of(public)
        if entry is None or there is None:
            return entry is None and there is None
        source = _state_of(self._layout.state / entry.object)
        if source is not None and os.path.samestat(source, there):
            return True
        return sha256_of(public.read_bytes()) == entry.sha256


def check_object(entry: Entry, digest: str | None) -> None:
    """Compare the digest of a data file, None if it is missing, with that of the manifest.

    Raises: LakeError with object_missing or object_corrupt.
    """
    if digest is None:
        raise LakeError(f"_state/{entry.object} is missing; {REDERIVE}", key=entry.object, reason="object_missing")
    if digest != entry.sha256:
        raise LakeError(
            f"_state/{entry.object} is corrupt: its digest is not that of the manifest; {REDERIVE}",
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
    """Yield threads that write; if the block raises, waiting writes do not start."""
    with ThreadPoolExecutor(_WRITERS) as pool:
        try:
            yield pool
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def committed_files(root: Path) -> dict[str, dict[date, str]] | None:
    """Return the path of each table's committed file per day, in order; None in a folder without manifests.

    All tables of a day are of one commit. Paths are strings: ten thousand ``Path`` objects cost more time than the
    manifests. These files do not change; they stay for the retention time of ``gc`` after they are replaced.
    Raises: LakeError for a broken manifest.
    """
    layout = Layout(root)
    days = Days(layout, Disk(layout, durability="process"))
    if not days.known():
        return None
    state = str(layout.state)
    files: dict[str, dict[date, str]] = {spec.name: {} for spec in PUBLISH_ORDER}
    for manifest in read_consistently(layout, lambda: list(days.manifests())):
        for name, entry in manifest.entries.items():
            files[name][manifest.day] = os.path.join(state, entry.object)
    return files


def read_consistently[T](layout: Layout, read: Callable[[], T]) -> T:
    """Return the result of ``read`` for all days; read again while manifests change.

    Otherwise an article that moves to a day that was read before would be missing. If commits change a day during every
    try, each day is as it was read last.
    """
    for _ in range(_TRIES - 1):
        before = _manifest_stamps(layout)
        found = read()
        if _manifest_stamps(layout) == before:
            return found
    return read()


def _manifest_stamps(layout: Layout) -> dict[str, tuple[int, int]]:
    """Return inode and time of each manifest file; both differ after it is replaced."""
    marks = {}
    folder = layout.manifest(date.min).parent
    if not folder.is_dir():
        return {}
    with os.scandir(folder) as found:
        for file in found:
            with suppress(FileNotFoundError):  # of a day that is being removed
                state = file.stat()
                marks[file.name] = state.st_ino, state.st_mtime_ns
    return marks
