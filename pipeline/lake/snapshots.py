"""Snapshots: named versions of the lake, kept as hard links that garbage collection does not reach.

``<name>/tables/<table>/published_date=YYYY-MM-DD/part-0.parquet`` opens like the lake itself. ``<name>/manifest`` has
the manifests of that time, ``<name>/snapshot.json`` the time and contents. The log is not included.
Taking and dropping run under the committer's lock. Folders of interrupted processes have a name that begins with a dot.
"""

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError, LakeError
from pipeline.lake.article_index import totals_of
from pipeline.lake.commit import Committer, OpenCommitter
from pipeline.lake.maintenance import PACKAGE, lake_package
from pipeline.lake.partitions import Manifest, read_manifest
from pipeline.lake.storage import Disk, Layout, link_or_copy, sha256_of

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_FIX = "drop it; `newslake lake verify` says whether the lake has the same damage"


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotFacts:
    """The content of snapshot.json. ``rows`` counts per table; ``manifests_sha256`` is of all manifests, by day."""

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
        return tuple(_problems_of(self.folder(name)))

    def verify_all(self) -> Iterator[str]:
        """Yield the problems of all snapshots."""
        for folder in snapshot_folders(self.layout):
            try:
                yield from (f"snapshots/{problem}" for problem in _problems_of(folder))
            except LakeError as error:
                yield str(error)

    def drop(self, name: str) -> None:
        """Delete a snapshot: rename it atomically, then delete it. Raises: ConfigError for an unknown name."""
        with self.disk.committer():
            doomed = _temporary(self.layout, name)
            self.disk.move(self.folder(name), doomed)
            shutil.rmtree(doomed)


def snapshot_folders(layout: Layout) -> list[Path]:
    """Return the folders of all complete snapshots, by name."""
    return sorted(layout.snapshots.glob("[!.]*/"))


def _write(committer: Committer, name: str, root: Path) -> None:
    manifests = [manifest for manifest in committer.days.manifests() if manifest.entries]
    for manifest in manifests:
        _link_day(committer.layout, manifest, root)
    committer.disk.write(root / "snapshot.json", _facts_bytes(_facts(name, committer.now(), manifests, root)))
    committer.disk.write(root / PACKAGE, lake_package(totals_of(committer.index.connection), has_log=False))
    committer.disk.sync_all()


def _snapshot_path(layout: Layout, name: str) -> Path:
    if not _NAME.fullmatch(name):
        message = (
            f"invalid snapshot name {name!r}: at most 64 letters, digits, '.', '_' and '-', the first a letter or digit"
        )
        raise ConfigError(message, key=name)
    return layout.snapshots / name


def _temporary(layout: Layout, name: str) -> Path:
    """Return a path for an unfinished snapshot, which is not listed."""
    remove_unfinished(layout)
    return layout.snapshots / f".{name}"


def remove_unfinished(layout: Layout) -> None:
    """Remove snapshots that interrupted processes were taking or dropping."""
    for left in layout.snapshots.glob(".*/"):
        shutil.rmtree(left)


def _link_day(layout: Layout, manifest: Manifest, root: Path) -> None:
    for table, entry in manifest.entries.items():
        source, target = layout.state / entry.object, Layout(root).public(table, manifest.day)
        target.parent.mkdir(parents=True)
        try:
            link_or_copy(source, target)
        except FileNotFoundError as error:
            message = f"{entry.object} is missing, so {manifest.day} cannot be kept; see `newslake lake verify`"
            raise LakeError(message, key=entry.object, reason="object_missing") from error
    copy = manifest_path(root, manifest.day)
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(layout.manifest(manifest.day), copy)


def manifest_path(root: Path, day: date) -> Path:
    """Return the path of a day's manifest in a snapshot's folder."""
    return root / "manifest" / f"{day.isoformat()}.json"


def _facts(name: str, now: datetime, manifests: list[Manifest], root: Path) -> SnapshotFacts:
    rows: dict[str, int] = {}
    for manifest in manifests:
        for table, entry in manifest.entries.items():
            rows[table] = rows.get(table, 0) + entry.rows
    days = [manifest.day for manifest in manifests]
    return SnapshotFacts(
        name=name,
        taken_at=now,
        first_day=min(days, default=None),
        last_day=max(days, default=None),
        days=len(days),
        rows=rows,
        manifests_sha256=manifests_digest(root),
    )


def manifests_digest(root: Path) -> str:
    """Return the digest of all manifests of a snapshot, by day."""
    return sha256_of(b"".join(path.read_bytes() for path in manifest_paths(root)))


def manifest_paths(root: Path) -> list[Path]:
    """Return the manifests in a snapshot's folder, by day."""
    return sorted((root / "manifest").glob("*.json"))


def _facts_bytes(facts: SnapshotFacts) -> bytes:
    return json.dumps(asdict(facts), default=lambda value: value.isoformat(), indent=1, sort_keys=True).encode() + b"\n"


def _snapshot(root: Path) -> Snapshot:
    own = shared = 0
    for path in (root / "tables").rglob("*.parquet"):
        status = path.stat()
        if status.st_nlink > 1:
            shared += status.st_size
        else:
            own += status.st_size
    return Snapshot(facts=_read_facts(root), shared_bytes=shared, own_bytes=own)


def _read_facts(root: Path) -> SnapshotFacts:
    try:
        content: dict[str, Any] = json.loads((root / "snapshot.json").read_bytes())
        days = {name: content[name] and date.fromisoformat(content[name]) for name in ("first_day", "last_day")}
        return SnapshotFacts(**{**content, **days, "taken_at": datetime.fromisoformat(content["taken_at"])})
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f"snapshot {root.name}: snapshot.json cannot be read ({error}); drop it"
        raise LakeError(message, key=root.name, reason="snapshot_broken") from error


def _problems_of(root: Path) -> Iterator[str]:
    """Yield the problems of the snapshot in a folder."""
    if _read_facts(root).manifests_sha256 != manifests_digest(root):
        yield f"{root.name}/manifest: its files have changed; {_FIX}"
        return
    yield from _package_problems(root / PACKAGE)
    named = set()
    for manifest in (read_manifest(path, date.fromisoformat(path.stem)) for path in manifest_paths(root)):
        for table, entry in manifest.entries.items():
            path = Layout(root).public(table, manifest.day)
            named.add(path)
            if not path.is_file():
                yield f"{root.name}/{path.relative_to(root)}: is missing; {_FIX}"
            elif sha256_of(path.read_bytes()) != entry.sha256:
                yield f"{root.name}/{path.relative_to(root)}: its digest is not that of the manifest; {_FIX}"
    for path in sorted((root / "tables").rglob("*")):
        if path.is_file() and path not in named:
            yield f"{root.name}/{path.relative_to(root)}: is in no manifest; {_FIX}"


def _package_problems(path: Path) -> Iterator[str]:
    try:
        json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        yield f"{path.parent.name}/{PACKAGE}: cannot be read ({error}); {_FIX}"
