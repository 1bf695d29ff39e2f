"""Snapshots: named versions of the lake, hard links that garbage collection does not reach.

A snapshot opens like a lake: ``<name>/tables`` has the public files, ``<name>/_state`` a head and the manifests of that
time, which name the public files as data files. ``<name>/snapshot.json`` has the time and contents. The log is not
included. Taking and dropping run under the committer's lock. Folders of interrupted processes have a name that begins
with a dot.
"""

import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from newslake.pipeline.errors import ConfigError, LakeError
from newslake.pipeline.lake.article_index import totals_of
from newslake.pipeline.lake.commit import Committer, OpenCommitter
from newslake.pipeline.lake.maintenance import CONTRACT, PACKAGE, lake_package
from newslake.pipeline.lake.manifests import Head, MonthManifest, head_bytes, manifest_bytes, manifest_name
from newslake.pipeline.lake.partitions import LakeState, Partitions
from newslake.pipeline.lake.storage import RECOVER, Disk, Layout, Month, link_or_copy, sha256_of
from newslake.pipeline.tables.datapackage import contract_bytes

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_FIX = "drop it; `newslake lake verify` says whether the lake has the same damage"
UNFINISHED = ".erasing"  # a file that a snapshot has while articles are erased from it


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotFacts:
    """The content of snapshot.json. ``rows`` counts per table; ``manifests_sha256`` is of head and manifests."""

    name: str
    taken_at: datetime
    first_day: date | None
    last_day: date | None
    days: int
    rows: Mapping[str, int]
    manifests_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A snapshot and its size. Dropping it frees ``own_bytes``: no other folder has these files."""

    facts: SnapshotFacts
    shared_bytes: int
    own_bytes: int

    def as_dict(self) -> dict[str, object]:
        """Return the facts for a person, by name."""
        return {
            "name": self.facts.name,
            "taken_at": self.facts.taken_at,
            "first_day": self.facts.first_day,
            "last_day": self.facts.last_day,
            "days": self.facts.days,
            "articles": self.facts.rows.get("articles", 0),
            "rows": sum(self.facts.rows.values()),
            "shared_bytes": self.shared_bytes,
            "own_bytes": self.own_bytes,
        }


@dataclass(frozen=True, slots=True)
class Snapshots:
    """The snapshots of one lake. ``open_committer`` holds the committer's lock."""

    layout: Layout
    disk: Disk
    open_committer: OpenCommitter

    def take(self, name: str) -> Snapshot:
        """Keep all tables of all days, as committed now, under a name; the snapshot appears when it is complete.

        Raises: ConfigError for an invalid or existing name, LakeError for a missing data file.
        """
        with self.open_committer() as committer:
            target = _snapshot_path(self.layout, name)
            if target.exists():
                raise ConfigError(f"snapshot {name} exists already; drop it or choose another name", key=name)
            committer.roll_forward()
            temporary = _temporary(self.layout, name)
            try:
                _write(committer, name, temporary)
                self.disk.move(temporary, target)
            except BaseException:
                shutil.rmtree(temporary, ignore_errors=True)
                raise
            return _snapshot(target)

    def list(self) -> tuple[Snapshot, ...]:
        """Return all snapshots, by name. Raises: LakeError for a broken snapshot.json."""
        return tuple(map(_snapshot, snapshot_folders(self.layout)))

    def folder(self, name: str) -> Path:
        """Return the folder of a snapshot. Raises: ConfigError, with the known names, for an unknown one."""
        root = _snapshot_path(self.layout, name)
        if not root.is_dir():
            known = ", ".join(path.name for path in snapshot_folders(self.layout)) or "none"
            raise ConfigError(f"no snapshot {name}; existing: {known}", key=name)
        return root

    def verify(self, name: str) -> tuple[str, ...]:
        """Return the problems of a snapshot: files that differ from its manifests, or manifests from its facts.

        Raises: ConfigError for an unknown name, LakeError for broken facts.
        """
        return tuple(_problems_of(self.folder(name), self.disk))

    def verify_all(self) -> Iterator[str]:
        """Yield the problems of all snapshots."""
        for folder in snapshot_folders(self.layout):
            try:
                yield from (f"snapshots/{problem}" for problem in _problems_of(folder, self.disk))
            except LakeError as error:
                yield str(error)

    def drop(self, name: str) -> None:
        """Delete a snapshot: rename it atomically, then delete it. Raises: ConfigError for an unknown name."""
        with self.disk.committer():
            doomed = _temporary(self.layout, name)
            self.disk.move(self.folder(name), doomed)
            shutil.rmtree(doomed)


def snapshot_partitions(root: Path, disk: Disk) -> Partitions:
    """Return the partitions of the snapshot in a folder. Raises: LakeError (snapshot_broken) if it has no head."""
    layout = Layout(root)
    if not layout.head.is_file():
        message = f"snapshot {root.name}: {layout.relative(layout.head)} is missing; drop it"
        raise LakeError(message, key=root.name, reason="snapshot_broken")
    return Partitions(layout, disk)


def snapshot_folders(layout: Layout) -> list[Path]:
    """Return the folders of all complete snapshots, by name."""
    return sorted(layout.snapshots.glob("[!.]*/"))


def _write(committer: Committer, name: str, root: Path) -> None:
    state, layout = committer.partitions.state(), Layout(root)
    for manifest in state.months.values():
        _link_month(committer.layout, manifest, layout)
    committer.disk.write(layout.head, write_manifests(state, layout, committer.disk))
    facts = facts_of(root, state, name=name, at=committer.now())
    committer.disk.write(root / "snapshot.json", facts_bytes(facts))
    committer.disk.write(root / PACKAGE, lake_package(totals_of(committer.index.connection), has_log=False))
    committer.disk.write(root / CONTRACT, contract_bytes(has_log=False))
    committer.disk.sync_all()


def check_snapshot_name(name: str) -> None:
    """Raises: ConfigError for an invalid name."""
    if not _NAME.fullmatch(name):
        message = (
            f"invalid snapshot name {name!r}: at most 64 letters, digits, '.', '_' and '-', the first a letter or digit"
        )
        raise ConfigError(message, key=name)


def _snapshot_path(layout: Layout, name: str) -> Path:
    check_snapshot_name(name)
    return layout.snapshots / name


def _temporary(layout: Layout, name: str) -> Path:
    """Return a path for an unfinished snapshot, which is not listed."""
    remove_unfinished(layout)
    return layout.snapshots / f".{name}"


def remove_unfinished(layout: Layout) -> None:
    """Remove snapshots that interrupted processes were taking or dropping."""
    for left in layout.snapshots.glob(".*/"):
        shutil.rmtree(left)


def _link_month(lake: Layout, manifest: MonthManifest, snapshot: Layout) -> None:
    for table, stem, entry in manifest.entries():
        target = snapshot.public(table, stem)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            link_or_copy(lake.state / entry.object, target)
        except FileNotFoundError as error:
            message = f"{entry.object} is missing, so {stem} cannot be kept; see `newslake lake verify`"
            raise LakeError(message, key=entry.object, reason="object_missing") from error


def write_manifests(state: LakeState, layout: Layout, disk: Disk) -> bytes:
    """Write manifests that name the public files of a snapshot as data files; return the head that names them."""
    months: dict[Month, str] = {}
    for month, manifest in state.months.items():
        named = _with_public_files(manifest, layout)
        data = manifest_bytes(named)
        months[month] = manifest_name(named, data)
        path = layout.state / months[month]
        if not path.exists() or path.read_bytes() != data:  # the head may name it already
            disk.write(path, data)
            disk.sync(path.parent)  # after power loss, the head must not name a manifest that is not there
    return head_bytes(Head(state.head.generation, months))


def _with_public_files(manifest: MonthManifest, layout: Layout) -> MonthManifest:
    return replace(
        manifest,
        files={
            table: {
                stem: replace(entry, object=f"../{layout.relative(layout.public(table, stem))}")
                for stem, entry in entries.items()
            }
            for table, entries in manifest.files.items()
        },
    )


def facts_of(root: Path, state: LakeState, *, name: str, at: datetime) -> SnapshotFacts:
    """Return the facts of a snapshot that was taken at a time."""
    rows: Counter[str] = Counter()
    for manifest in state.months.values():
        for table, _, entry in manifest.entries():
            rows[table] += entry.rows
    days = [day for day, day_state in state.days.items() if day_state.tables]
    return SnapshotFacts(
        name=name,
        taken_at=at,
        first_day=min(days, default=None),
        last_day=max(days, default=None),
        days=len(days),
        rows=dict(rows),
        manifests_sha256=_manifests_digest(root),
    )


def _manifests_digest(root: Path) -> str:
    """Return the digest of the head and all manifests of a snapshot."""
    return sha256_of(b"".join(path.read_bytes() for path in sorted((root / "_state").rglob("*.json"))))


def facts_bytes(facts: SnapshotFacts) -> bytes:
    """Return the content of snapshot.json."""
    return json.dumps(asdict(facts), default=lambda value: value.isoformat(), indent=1, sort_keys=True).encode() + b"\n"


def _snapshot(root: Path) -> Snapshot:
    unshared = shared = 0
    for path in (root / "tables").rglob("*.parquet"):
        status = path.stat()
        if status.st_nlink > 1:
            shared += status.st_size
        else:
            unshared += status.st_size
    return Snapshot(facts=read_facts(root), shared_bytes=shared, own_bytes=unshared)


def read_facts(root: Path) -> SnapshotFacts:
    """Return the facts of the snapshot in a folder. Raises: LakeError (snapshot_broken)."""
    try:
        content: dict[str, Any] = json.loads((root / "snapshot.json").read_bytes())
        days = {name: content[name] and date.fromisoformat(content[name]) for name in ("first_day", "last_day")}
        return SnapshotFacts(**{**content, **days, "taken_at": datetime.fromisoformat(content["taken_at"])})
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f"snapshot {root.name}: snapshot.json cannot be read ({error}); drop it"
        raise LakeError(message, key=root.name, reason="snapshot_broken") from error


def _problems_of(root: Path, disk: Disk) -> Iterator[str]:
    """Yield the problems of the snapshot in a folder."""
    facts = read_facts(root)
    if (root / UNFINISHED).exists():
        yield f"{root.name}: a takedown did not finish; {RECOVER}"
        return
    if facts.manifests_sha256 != _manifests_digest(root):
        yield f"{root.name}/_state: its files have changed; {_FIX}"
        return
    for name in (PACKAGE, CONTRACT):
        yield from _problems_of_json(root / name)
    yield from (f"{root.name}/{problem}; {_FIX}" for problem in _problems_of_files(root, disk))


def _problems_of_files(root: Path, disk: Disk) -> Iterator[str]:
    """Yield the problems of the public files of a snapshot, by their paths."""
    named: dict[Path, str] = {}
    for manifest in snapshot_partitions(root, disk).state().months.values():
        named |= {Layout(root).public(table, stem): entry.sha256 for table, stem, entry in manifest.entries()}
    for path, digest in named.items():
        if not path.is_file():
            yield f"{path.relative_to(root)}: is missing"
        elif sha256_of(path.read_bytes()) != digest:
            yield f"{path.relative_to(root)}: its digest is not that of the manifest"
    for path in sorted((root / "tables").rglob("*")):
        if path.is_file() and path not in named:
            yield f"{path.relative_to(root)}: is in no manifest"


def _problems_of_json(path: Path) -> Iterator[str]:
    try:
        json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        yield f"{path.parent.name}/{path.name}: cannot be read ({error}); {_FIX}"
