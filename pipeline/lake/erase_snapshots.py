"""Articles taken out of snapshots: rows that name them go, and the snapshot says of itself what it is then.

A snapshot cannot be related anew: rows of others that name a forgotten article go with it, so there an article may lack
its row in copies, or an event its cluster. Pairs of people name no article, and are counted anew from what stays.
"""

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import LakeError
from pipeline.lake.advice import RECOVER
from pipeline.lake.commit import Committer
from pipeline.lake.encoding import decode, encode, in_order
from pipeline.lake.layout import PUBLISHED, Layout, sha256_of
from pipeline.lake.manifest import Entry, manifest_bytes, read_manifest
from pipeline.lake.snapshots import remove_unfinished
from pipeline.tables import TableSpec, table_named

_NAMING = ("article_id", "dup_group_id", "quote_group_id", "event_cluster_id", "realises_cluster_id")
_NUMBER = ":[0-9]+$"  # behind the article that names a group
_MARK = ".erasing"
_PAIRS, _COUNTED_FROM = "co_mentions", ("entities", "copies")

Count = Callable[[pa.Table, pa.Table], pa.Table]  # rows of co_mentions from a day's entities and copies


@dataclass(frozen=True, slots=True, kw_only=True)
class FromSnapshots:
    """What taking articles out of snapshots did: names of those that changed, and a sentence for each that is damaged,
    which stays as it was and may still hold them.
    """

    changed: tuple[str, ...]
    damaged: tuple[str, ...]


def erase_from_snapshots(committer: Committer, article_ids: Collection[str], *, count: Count) -> FromSnapshots:
    """Take some articles out of all snapshots; unfinished ones go with all they have.

    Call it when the lake has no row of them: what a snapshot shares with the lake is not read.
    """
    remove_unfinished(committer.layout)
    roots = sorted(committer.layout.snapshots.glob("[!.]*/")) if article_ids else []
    shared, changed, damaged = _objects(committer), [], []
    for root in roots:
        try:
            if _erase(committer, root, article_ids, shared=shared, count=count):
                changed.append(root.name)
        except (LakeError, FileNotFoundError, ValueError, KeyError, TypeError) as error:
            damaged.append(f"snapshot {root.name} is damaged and may still hold them: {error}; {_drop(root.name)}")
    return FromSnapshots(changed=tuple(changed), damaged=tuple(damaged))


def _drop(name: str) -> str:
    return f"drop it with `newslake lake snapshot {name} --drop`, then {RECOVER}"


def _objects(committer: Committer) -> frozenset[tuple[int, int]]:
    """Return what names the files of the lake as it stands."""
    paths = (
        committer.layout.state / entry.object for each in committer.days.manifests() for entry in each.entries.values()
    )
    return frozenset((state.st_dev, state.st_ino) for state in (path.stat() for path in paths if path.exists()))


def _erase(
    committer: Committer, root: Path, article_ids: Collection[str], *, shared: frozenset[tuple[int, int]], count: Count
) -> bool:
    own = [each for each in _files(root) if each.inode not in shared]
    doomed = _doomed(own, pa.array(sorted(article_ids), pa.string()))
    changed = [each for each in own if doomed.keeps(each.spec, rows := each.rows()).false_count or not rows.num_rows]
    mark = root / _MARK
    if not changed and not mark.exists():
        return False
    mark.touch()
    days = {each.day for each in changed if each.spec.name in _COUNTED_FROM}
    for each in own:  # before what it is counted from: the next try finds that, and counts again
        if each.spec.name == _PAIRS and each.day in days:
            _put(committer, root, each, in_order(count(*_counted_from(root, each.day, doomed)), each.spec))
    for each in changed:
        rows = each.rows()
        _put(committer, root, each, rows.filter(doomed.keeps(each.spec, rows)))
    _tell(committer, root)
    mark.unlink()
    return True


@dataclass(frozen=True, slots=True)
class _File:
    """A table of a day in a snapshot."""

    spec: TableSpec
    day: date
    path: Path

    @property
    def inode(self) -> tuple[int, int]:
        state = self.path.stat()
        return state.st_dev, state.st_ino

    def rows(self) -> pa.Table:
        return decode(self.path.read_bytes(), self.spec, key=str(self.path))


@dataclass(frozen=True, slots=True)
class _Doomed:
    """Articles that go, and the events that they tell of: what a cluster says may be in the words of any of them."""

    articles: pa.Array
    clusters: pa.Array

    def keeps(self, spec: TableSpec, rows: pa.Table) -> pa.BooleanArray:
        """Return for each row whether it stays: none of its ids names what goes."""
        goes = pa.array([False] * rows.num_rows, pa.bool_())
        for name in _NAMING:
            if name in rows.schema.names:
                ids = rows[name].combine_chunks()
                goes = pc.or_(goes, pc.is_in(pc.replace_substring_regex(ids, _NUMBER, ""), value_set=self.articles))
        if spec.name == "event_clusters":
            goes = pc.or_(goes, pc.is_in(rows["event_cluster_id"].combine_chunks(), value_set=self.clusters))
        return pc.invert(goes)


def _files(root: Path) -> Iterator[_File]:
    for spec in PUBLISHED:
        for path in sorted((root / "tables" / spec.name).glob("*/*.parquet")):
            yield _File(spec, date.fromisoformat(path.parent.name.partition("=")[2]), path)


def _counted_from(root: Path, day: date, doomed: _Doomed) -> Iterator[pa.Table]:
    """Yield what stays of the tables from which a day's pairs are counted."""
    for spec in map(table_named, _COUNTED_FROM):
        path = Layout(root).public(spec.name, day)
        rows = _File(spec, day, path).rows() if path.exists() else spec.schema.empty_table()
        yield rows.filter(doomed.keeps(spec, rows))


def _doomed(files: Iterable[_File], articles: pa.Array) -> _Doomed:
    clusters: set[str] = set()
    for each in files:
        if each.spec.name == "event_reports":
            rows = each.rows()
            clusters.update(
                rows.filter(pc.is_in(rows["article_id"], value_set=articles))["event_cluster_id"].to_pylist()
            )
    return _Doomed(articles, pa.array(sorted(clusters), pa.string()))


def _put(committer: Committer, root: Path, file: _File, rows: pa.Table) -> None:
    """Write a table of a day, or remove it where no row is left; its manifest first: the next try finds the file."""
    path = root / "manifest" / f"{file.day.isoformat()}.json"
    manifest, data, name = read_manifest(path, file.day), encode(rows, file.spec), file.spec.name
    entries = dict(manifest.entries)
    entry = entries.pop(name, Entry("", 0, ""))
    if rows.num_rows:
        entries[name] = replace(entry, rows=rows.num_rows, sha256=sha256_of(data))
    committer.disk.replace(path, manifest_bytes(replace(manifest, entries=entries, previous={})))
    if rows.num_rows:
        committer.disk.replace(file.path, data)
    else:
        committer.disk.remove(file.path)


def _tell(committer: Committer, root: Path) -> None:
    """Make the snapshot's papers say what it holds now."""
    manifests = sorted((root / "manifest").glob("*.json"))
    rows: Counter[str] = Counter()
    for path in manifests:
        manifest = read_manifest(path, date.fromisoformat(path.stem))
        rows.update({name: entry.rows for name, entry in manifest.entries.items()})
    facts = {"rows": dict(rows), "manifests_sha256": sha256_of(b"".join(path.read_bytes() for path in manifests))}
    _edit(committer, root / "snapshot.json", lambda told: told | facts)
    sizes: Counter[str] = Counter()
    for each in _files(root):
        sizes[each.spec.name] += each.path.stat().st_size

    def package(told: dict[str, Any]) -> dict[str, Any]:
        for each in told["resources"]:
            each |= {"rows": rows[each["name"]], "bytes": sizes[each["name"]]}
        return told

    _edit(committer, root / "datapackage.json", package)


def _edit(committer: Committer, path: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    told = change(json.loads(path.read_bytes()))
    committer.disk.replace(path, json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n")
