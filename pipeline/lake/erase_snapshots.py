"""Articles taken out of snapshots: rows that name them go, and the snapshot says of itself what it is then.

A snapshot cannot be related anew: rows of others that name a forgotten article go with it, so there an article may lack
its row in copies, or an event its cluster.
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

from pipeline.lake.commit import Committer
from pipeline.lake.encoding import decode, encode
from pipeline.lake.layout import PUBLISHED, sha256_of
from pipeline.lake.manifest import Entry, manifest_bytes, read_manifest
from pipeline.tables import TableSpec

_NAMING = ("article_id", "dup_group_id", "quote_group_id", "event_cluster_id", "realises_cluster_id")
_NUMBER = ":[0-9]+$"  # behind the article that names a group
_MARK = ".erasing"


def erase_from_snapshots(committer: Committer, snapshots: Path, article_ids: Collection[str]) -> tuple[str, ...]:
    """Take some articles out of all snapshots; return the names of those that changed.

    Call it when the lake has no row of them: what a snapshot shares with the lake is not read.
    """
    if not article_ids:
        return ()
    shared = _objects(committer)
    return tuple(root.name for root in sorted(snapshots.glob("[!.]*/")) if _erase(committer, root, article_ids, shared))


def _objects(committer: Committer) -> frozenset[tuple[int, int]]:
    """Return what names the files of the lake as it stands."""
    paths = (
        committer.layout.state / entry.object for each in committer.days.manifests() for entry in each.entries.values()
    )
    return frozenset((state.st_dev, state.st_ino) for state in (path.stat() for path in paths if path.exists()))


def _erase(committer: Committer, root: Path, article_ids: Collection[str], shared: frozenset[tuple[int, int]]) -> bool:
    own = [each for each in _files(root) if each.inode not in shared]
    doomed = _doomed(own, pa.array(sorted(article_ids), pa.string()))
    changed = [each for each in own if doomed.keeps(each.spec, rows := each.rows()).false_count or not rows.num_rows]
    mark = root / _MARK
    if not changed and not mark.exists():
        return False
    mark.touch()
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
