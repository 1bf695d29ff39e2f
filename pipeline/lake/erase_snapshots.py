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
from pipeline.lake.encoding import decode, encode, sort_rows
from pipeline.lake.manifest import Entry, manifest_bytes, read_manifest
from pipeline.lake.snapshots import remove_unfinished
from pipeline.lake.storage import PUBLISH_ORDER, Layout, sha256_of
from pipeline.tables import TableSpec, table_named

_NAMING = ("article_id", "dup_group_id", "quote_group_id", "event_cluster_id", "realises_cluster_id")
_NUMBER = ":[0-9]+$"  # behind the article that names a group
_UNFINISHED = ".erasing"
_PAIRS, _PAIR_SOURCES = "co_mentions", ("entities", "copies")

CountPairs = Callable[[pa.Table, pa.Table], pa.Table]  # rows of co_mentions from a day's entities and copies


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotErasure:
    """Result of erasing articles from snapshots: names of those that changed, and a sentence per damaged snapshot,
    which stays as it was and may still hold them.
    """

    changed: tuple[str, ...]
    damaged: tuple[str, ...]


def erase_from_snapshots(committer: Committer, article_ids: Collection[str], *, count: CountPairs) -> SnapshotErasure:
    """Take some articles out of all snapshots; unfinished ones go with all they have.

    Call it when the lake has no row of them: what a snapshot shares with the lake is not read.
    """
    remove_unfinished(committer.layout)
    roots = sorted(committer.layout.snapshots.glob("[!.]*/")) if article_ids else []
    shared, changed, damaged = _lake_inodes(committer), [], []
    for root in roots:
        try:
            if _erase_from(committer, root, article_ids, shared=shared, count=count):
                changed.append(root.name)
        except (LakeError, FileNotFoundError, ValueError, KeyError, TypeError) as error:
            damaged.append(
                f"snapshot {root.name} is damaged and may still hold them: {error}; {_drop_advice(root.name)}"
            )
    return SnapshotErasure(changed=tuple(changed), damaged=tuple(damaged))


def _drop_advice(name: str) -> str:
    return f"drop it with `newslake lake snapshot {name} --drop`, then {RECOVER}"


def _lake_inodes(committer: Committer) -> frozenset[tuple[int, int]]:
    """Return what names the files of the lake as it stands."""
    paths = (
        committer.layout.state / entry.object for each in committer.days.manifests() for entry in each.entries.values()
    )
    return frozenset((state.st_dev, state.st_ino) for state in (path.stat() for path in paths if path.exists()))


def _erase_from(
    committer: Committer,
    root: Path,
    article_ids: Collection[str],
    *,
    shared: frozenset[tuple[int, int]],
    count: CountPairs,
) -> bool:
    own = [each for each in _snapshot_tables(root) if each.inode not in shared]
    deletion = _deletion_filter(own, pa.array(sorted(article_ids), pa.string()))
    changed = [each for each in own if deletion.keeps(each.spec, rows := each.rows()).false_count or not rows.num_rows]
    mark = root / _UNFINISHED
    if not changed and not mark.exists():
        return False
    mark.touch()
    days = {each.day for each in changed if each.spec.name in _PAIR_SOURCES}
    for each in own:  # before what it is counted from: the next try finds that, and counts again
        if each.spec.name == _PAIRS and each.day in days:
            _put_table(committer, root, each, sort_rows(count(*_pair_sources(root, each.day, deletion)), each.spec))
    for each in changed:
        rows = each.rows()
        _put_table(committer, root, each, rows.filter(deletion.keeps(each.spec, rows)))
    _update_metadata(committer, root)
    mark.unlink()
    return True


@dataclass(frozen=True, slots=True)
class _SnapshotTable:
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
class _DeletionFilter:
    """Articles to delete and the clusters of their events, whose words may come from any of them."""

    articles: pa.Array
    clusters: pa.Array

    def keeps(self, spec: TableSpec, rows: pa.Table) -> pa.BooleanArray:
        """Return per row whether it stays: none of its ids names what is deleted."""
        goes = pa.array([False] * rows.num_rows, pa.bool_())
        for name in _NAMING:
            if name in rows.schema.names:
                ids = rows[name].combine_chunks()
                goes = pc.or_(goes, pc.is_in(pc.replace_substring_regex(ids, _NUMBER, ""), value_set=self.articles))
        if spec.name == "event_clusters":
            goes = pc.or_(goes, pc.is_in(rows["event_cluster_id"].combine_chunks(), value_set=self.clusters))
        return pc.invert(goes)


def _snapshot_tables(root: Path) -> Iterator[_SnapshotTable]:
    for spec in PUBLISH_ORDER:
        for path in sorted((root / "tables" / spec.name).glob("*/*.parquet")):
            yield _SnapshotTable(spec, date.fromisoformat(path.parent.name.partition("=")[2]), path)


def _pair_sources(root: Path, day: date, deletion: _DeletionFilter) -> Iterator[pa.Table]:
    """Yield what stays of the tables from which a day's pairs are counted."""
    for spec in map(table_named, _PAIR_SOURCES):
        path = Layout(root).public(spec.name, day)
        rows = _SnapshotTable(spec, day, path).rows() if path.exists() else spec.schema.empty_table()
        yield rows.filter(deletion.keeps(spec, rows))


def _deletion_filter(files: Iterable[_SnapshotTable], articles: pa.Array) -> _DeletionFilter:
    clusters: set[str] = set()
    for each in files:
        if each.spec.name == "event_reports":
            rows = each.rows()
            clusters.update(
                rows.filter(pc.is_in(rows["article_id"], value_set=articles))["event_cluster_id"].to_pylist()
            )
    return _DeletionFilter(articles, pa.array(sorted(clusters), pa.string()))


def _put_table(committer: Committer, root: Path, file: _SnapshotTable, rows: pa.Table) -> None:
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


def _update_metadata(committer: Committer, root: Path) -> None:
    """Update the snapshot's metadata files to what it holds now."""
    manifests = sorted((root / "manifest").glob("*.json"))
    rows: Counter[str] = Counter()
    for path in manifests:
        manifest = read_manifest(path, date.fromisoformat(path.stem))
        rows.update({name: entry.rows for name, entry in manifest.entries.items()})
    facts = {"rows": dict(rows), "manifests_sha256": sha256_of(b"".join(path.read_bytes() for path in manifests))}
    _edit(committer, root / "snapshot.json", lambda content: content | facts)
    sizes: Counter[str] = Counter()
    for each in _snapshot_tables(root):
        sizes[each.spec.name] += each.path.stat().st_size

    def package(content: dict[str, Any]) -> dict[str, Any]:
        for each in content["resources"]:
            each |= {"rows": rows[each["name"]], "bytes": sizes[each["name"]]}
        return content

    _edit(committer, root / "datapackage.json", package)


def _edit(committer: Committer, path: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    content = change(json.loads(path.read_bytes()))
    committer.disk.replace(path, json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n")
