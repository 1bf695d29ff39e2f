"""Erasure of articles: their rows, older data files, staged batches, cache, snapshots, and their names in the log.

``Erasure`` is the entry point. Each step is idempotent.
"""

import json
import re
import shutil
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import LakeError
from pipeline.lake.commit import Committer, OpenCommitter
from pipeline.lake.log_tables import read_log_file
from pipeline.lake.maintenance import PACKAGE, collect_garbage
from pipeline.lake.partitions import Entry, manifest_bytes, read_manifest
from pipeline.lake.snapshots import manifest_path, manifest_paths, manifests_digest, remove_unfinished, snapshot_folders
from pipeline.lake.staging import erase_staged
from pipeline.lake.storage import (
    EMPTY_CHECKSUM,
    PUBLISH_ORDER,
    RECOVER,
    Disk,
    Layout,
    checksummed_parquet,
    decode,
    encode,
    sha256_of,
    sort_rows,
)
from pipeline.sqlite import transaction, vacuum_and_truncate
from pipeline.tables import TableSpec, table_named

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_ANY_AGE = float("inf")


def erase_rows(committer: Committer, article_ids: Collection[str]) -> tuple[date, ...]:
    """Delete some articles from all tables, staged batches and cached outcomes; return their days.

    Rows of other articles may still refer to them, and older data files still have them: cluster the days again, then
    call ``erase_traces``.
    """
    committer.roll_forward()
    days = committer.erase(article_ids)
    erase_staged(committer.layout, committer.disk, article_ids)
    with transaction(committer.index.connection) as index:
        query = "DELETE FROM cached_outcomes WHERE article_id IN (SELECT value FROM json_each(?))"
        index.execute(query, (json.dumps(list(article_ids)),))
    return days


def erase_traces(committer: Committer, *, days: Collection[date], older_than: float) -> None:
    """Delete all files that no manifest lists: earlier generations, the cache of ``days``, old temporary files.

    ``days`` are those with erased rows. Temporary files from before ``older_than`` (seconds since 1970) belong to no
    running process.
    """
    for manifest in committer.days.manifests():
        if manifest.previous:
            path = committer.layout.manifest(manifest.day)
            committer.disk.replace(path, manifest_bytes(replace(manifest, previous={})))
    collect_garbage(committer, days=sorted(committer.layout.days_of_objects()), older_than=_ANY_AGE)
    _erase_cache(committer, days)
    for path in list(committer.layout.temporary.glob("*")):
        if path.stat().st_mtime < older_than:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    vacuum_and_truncate(committer.index.connection)


def _erase_cache(committer: Committer, days: Collection[date]) -> None:
    """Delete the cached files of some days, of days without articles, and of no day: they can be computed again."""
    with_articles = {each.day for each in committer.days.manifests() if "articles" in each.entries}
    for path in list(committer.layout.cached("").rglob("*")):
        named = _DAY.search(path.name)
        day = date.fromisoformat(named[0]) if named else None
        if path.is_file() and (day is None or day in days or day not in with_articles):
            path.unlink()


# Redaction of the log: the rows of the pages stay and are counted, but no longer identify them.

_TABLE = "outcomes"
_FILE_COLUMN = "__filename"
_NAME_COLUMNS = ("url", "article_id", "source_key", _FILE_COLUMN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction:
    """Rows to redact: those of one source or, without ``source_key``, of some articles and pages.

    ``hosts`` are the hosts of the pages. ``is_page`` returns whether a URL is one of them. ``alias`` returns the
    replacement of a URL.
    """

    article_ids: Collection[str]
    hosts: Collection[str]
    is_page: Callable[[str], bool]
    alias: Callable[[str], str]
    source_key: str | None = None


def redact_log(root: Path, disk: Disk, redaction: Redaction) -> int:
    """Rewrite the log files that name these pages; return how many rows were redacted."""
    spec, changed = table_named(_TABLE), 0
    for path in _files_to_redact(root, redaction):
        table = read_log_file(path, spec)
        rows = table.to_pylist()
        hits = [number for number, row in enumerate(rows) if _names_page(row, redaction)]
        if hits:
            for number in hits:
                rows[number] |= _redacted_fields(rows[number], redaction)
            table = sort_rows(pa.Table.from_pylist(rows, schema=spec.schema), spec)
            disk.replace(path, checksummed_parquet(encode(table, spec, metadata=EMPTY_CHECKSUM)))
            changed += len(hits)
    return changed


def _redacted_fields(row: dict[str, Any], redaction: Redaction) -> dict[str, Any]:
    """Return the changed fields of a row. The outcome stays, so that all counts of the log stay correct."""
    fields = {"url": redaction.alias(row["url"]), "article_id": None, "detail": None, "payload_digest": None}
    return fields | {"reason": "taken_down"}


def _files_to_redact(root: Path, redaction: Redaction) -> list[Path]:
    """Return the files that name any of the pages; read only the columns with names."""
    files = sorted(map(str, (root / "log" / _TABLE).glob("*/*.parquet")))
    if not files:
        return []
    import pyarrow.dataset as ds  # noqa: PLC0415 - it imports pandas, which no query and no commit needs

    rows = (
        ds.dataset(files, format="parquet").scanner(columns=list(_NAME_COLUMNS), filter=_filter(redaction)).to_table()
    )
    urls = {url: redaction.source_key is None and redaction.is_page(url) for url in pc.unique(rows["url"]).to_pylist()}
    found = zip(*(rows[name].to_pylist() for name in _NAME_COLUMNS), strict=True)
    return sorted({Path(file) for url, each, key, file in found if urls[url] or _names_article(each, key, redaction)})


def _filter(redaction: Redaction) -> pc.Expression:
    if redaction.source_key is not None:
        return pc.field("source_key") == redaction.source_key
    wanted = pc.field("article_id").isin(pa.array(sorted(redaction.article_ids), pa.string()))
    if redaction.hosts:
        pattern = "|".join(map(re.escape, sorted(redaction.hosts)))
        wanted |= pc.match_substring_regex(pc.field("url"), pattern, ignore_case=True)
    return wanted


def _names_page(row: dict[str, Any], redaction: Redaction) -> bool:
    return _names_article(row["article_id"], row["source_key"], redaction) or (
        redaction.source_key is None and redaction.is_page(row["url"])
    )


def _names_article(article_id: str | None, source_key: str, redaction: Redaction) -> bool:
    if redaction.source_key is not None:
        return source_key == redaction.source_key
    return article_id in redaction.article_ids


# Erasure from snapshots: delete the rows that refer to the articles, and update the metadata of the snapshot.
#
# Snapshots are not clustered again: rows of other articles that refer to a deleted article are deleted, too. So in a
# snapshot an article may have no row in near_duplicates, or an event no cluster. Pairs of people are counted again, and
# a person link stays if another article of its day still has the full name.

_NAMING = ("article_id", "dup_group_id", "quote_cluster_id", "event_cluster_id", "planned_cluster_id")
_NUMBER = ":[0-9]+$"  # after the article that names a group
_UNFINISHED = ".erasing"
_LINKS = "person_links"
_PAIRS, _PAIR_SOURCES = "co_mentions", ("entities", "near_duplicates", _LINKS)

CountPairs = Callable[[pa.Table, pa.Table, pa.Table], pa.Table]  # rows of co_mentions from those of the _PAIR_SOURCES


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotErasure:
    """Result of erasing articles from snapshots: names of the changed ones, and a sentence per damaged one.

    A damaged snapshot is not changed and may still have the articles.
    """

    changed: tuple[str, ...]
    damaged: tuple[str, ...]


def erase_from_snapshots(committer: Committer, article_ids: Collection[str], *, count: CountPairs) -> SnapshotErasure:
    """Delete some articles from all snapshots; unfinished snapshots are deleted as a whole.

    Call it after the lake has no more rows of them: files that a snapshot shares with the lake are not read.
    """
    remove_unfinished(committer.layout)
    roots = snapshot_folders(committer.layout) if article_ids else []
    shared, changed, damaged = _lake_inodes(committer), [], []
    for root in roots:
        try:
            if _erase_from(committer, root, article_ids, shared=shared, count=count):
                changed.append(root.name)
        except (LakeError, FileNotFoundError, ValueError, KeyError, TypeError) as error:
            damaged.append(
                f"snapshot {root.name} is damaged and may still have the articles: {error}; {_drop_advice(root.name)}"
            )
    return SnapshotErasure(changed=tuple(changed), damaged=tuple(damaged))


def _drop_advice(name: str) -> str:
    return f"drop it with `newslake lake snapshot {name} --drop`, then {RECOVER}"


def _lake_inodes(committer: Committer) -> frozenset[tuple[int, int]]:
    """Return device and inode of each current file of the lake."""
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
    derived = {each for each in own if each.spec.name in (_LINKS, _PAIRS) and each.day in days}
    # Before the tables that they are made from, and links before pairs: the next try finds these, and makes them again.
    for each in sorted(derived, key=lambda each: each.spec.name == _PAIRS):
        sources = _pair_sources(root, each.day, deletion)
        rows = _remaining_links(*sources) if each.spec.name == _LINKS else sort_rows(count(*sources), each.spec)
        _put_table(committer, root, each, rows)
    for each in (each for each in changed if each not in derived):
        rows = each.rows()
        _put_table(committer, root, each, rows.filter(deletion.keeps(each.spec, rows)))
    _update_metadata(committer, root)
    mark.unlink()
    return True


@dataclass(frozen=True, slots=True)
class _SnapshotTable:
    """The file of a table and day in a snapshot."""

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
    """Articles to delete, and the clusters of their events, whose values may come from any of them."""

    articles: pa.Array
    clusters: pa.Array

    def keeps(self, spec: TableSpec, rows: pa.Table) -> pa.BooleanArray:
        """Return per row whether it stays: none of its ids is of a deleted article or cluster."""
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
    """Yield the remaining rows of the tables from which the pairs of a day are counted."""
    for spec in map(table_named, _PAIR_SOURCES):
        path = Layout(root).public(spec.name, day)
        rows = _SnapshotTable(spec, day, path).rows() if path.exists() else spec.schema.empty_table()
        yield rows.filter(deletion.keeps(spec, rows))


def _remaining_links(entities: pa.Table, near_duplicates: pa.Table, links: pa.Table) -> pa.Table:
    """Return the links to people whose full name other rows of the day still have."""
    named, linked = (
        pc.binary_join_element_wise(rows[person], rows[name], " ").combine_chunks()
        for rows, person, name in ((entities, "entity_id", "entity_name"), (links, "person_id", "person_name"))
    )
    return links.filter(pc.is_in(linked, value_set=named))


def _deletion_filter(files: Iterable[_SnapshotTable], articles: pa.Array) -> _DeletionFilter:
    clusters: set[str] = set()
    for each in files:
        if each.spec.name == "event_cluster_members":
            rows = each.rows()
            clusters.update(
                rows.filter(pc.is_in(rows["article_id"], value_set=articles))["event_cluster_id"].to_pylist()
            )
    return _DeletionFilter(articles, pa.array(sorted(clusters), pa.string()))


def _put_table(committer: Committer, root: Path, file: _SnapshotTable, rows: pa.Table) -> None:
    """Write a table of a day, or remove it without rows; its manifest first, so that the next try finds the file."""
    path = manifest_path(root, file.day)
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
    """Update the metadata files of the snapshot to its present content."""
    rows: Counter[str] = Counter()
    for path in manifest_paths(root):
        manifest = read_manifest(path, date.fromisoformat(path.stem))
        rows.update({name: entry.rows for name, entry in manifest.entries.items()})
    facts = {"rows": dict(rows), "manifests_sha256": manifests_digest(root)}
    _edit(committer, root / "snapshot.json", lambda content: content | facts)
    sizes: Counter[str] = Counter()
    for each in _snapshot_tables(root):
        sizes[each.spec.name] += each.path.stat().st_size

    def package(content: dict[str, Any]) -> dict[str, Any]:
        for each in content["resources"]:
            each |= {"rows": rows[each["name"]], "bytes": sizes[each["name"]]}
        return content

    _edit(committer, root / PACKAGE, package)


def _edit(committer: Committer, path: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    content = change(json.loads(path.read_bytes()))
    committer.disk.replace(path, json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n")


@dataclass(frozen=True, slots=True)
class Erasure:
    """Erases articles from one lake: first their rows; after their days are clustered again, traces and names.

    ``open_committer`` holds the committer's lock.
    """

    layout: Layout
    disk: Disk
    open_committer: OpenCommitter

    def rows(self, article_ids: Collection[str]) -> tuple[date, ...]:
        """Delete articles from all tables and staged batches; return their days.

        Other rows may still refer to them until these days are clustered again.
        """
        with self.open_committer() as committer:
            return erase_rows(committer, article_ids)

    def traces(self, *, days: Collection[date], older_than: float) -> None:
        """Delete erased rows from older data files, cache, index, and temporary files from before ``older_than``.

        The time is in seconds since 1970.
        """
        with self.open_committer() as committer:
            erase_traces(committer, days=days, older_than=older_than)

    def snapshots(self, article_ids: Collection[str], *, count: CountPairs) -> SnapshotErasure:
        """Delete erased articles from snapshots, too.

        ``count`` returns the rows of ``co_mentions`` for a day's entities, near_duplicates and person_links.
        """
        with self.open_committer() as committer:
            return erase_from_snapshots(committer, article_ids, count=count)

    def names(self, redaction: Redaction) -> int:
        """Redact some pages in the rows of outcomes; return how many rows changed."""
        return redact_log(self.layout.root, self.disk, redaction)
