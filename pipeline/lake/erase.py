"""Erasure of articles: their rows, older data files, staged batches, cache, snapshots, and their names in the log.

``Erasure`` is the entry point. Each step is idempotent.
"""

import json
import re
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from newslake.pipeline.errors import LakeError
from newslake.pipeline.lake.commit import Committer, OpenCommitter
from newslake.pipeline.lake.log_compaction import remove_exchanged_log
from newslake.pipeline.lake.log_files import encode_rows, is_month_file, merge_rows, read_log_file
from newslake.pipeline.lake.maintenance import PACKAGE, collect_garbage
from newslake.pipeline.lake.manifests import Entry, head_bytes
from newslake.pipeline.lake.partitions import LakeState, Partitions, ReadRows
from newslake.pipeline.lake.snapshots import (
    UNFINISHED,
    facts_bytes,
    facts_of,
    read_facts,
    remove_unfinished,
    snapshot_folders,
    snapshot_partitions,
    write_manifests,
)
from newslake.pipeline.lake.staging import erase_staged, staged_among
from newslake.pipeline.lake.storage import RECOVER, Disk, Layout, decode, sort_rows
from newslake.pipeline.tables import TABLE_SPECS, TableSpec

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
    committer.index.forget_outcomes(article_ids)
    return days


def erase_traces(committer: Committer, *, days: Collection[date], older_than: float) -> None:
    """Delete all files that the head does not need: earlier generations, the cache of ``days``, old temporary files.

    ``days`` are those with erased rows. Temporary files from before ``older_than`` (seconds since 1970) belong to no
    running process.
    """
    head = committer.partitions.head()
    if head.previous:
        committer.disk.replace(committer.layout.head, head_bytes(replace(head, previous={})))
    collect_garbage(committer, months=committer.layout.months_on_disk(), older_than=_ANY_AGE)
    _erase_cache(committer, days)
    for path in list(committer.layout.temporary.glob("*")):
        if path.stat().st_mtime < older_than:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    committer.index.vacuum_and_truncate()


def _erase_cache(committer: Committer, days: Collection[date]) -> None:
    """Delete the cached files of some days, of days without articles, and of no day: they can be computed again."""
    with_articles = {day for day, state in committer.partitions.state().days.items() if "articles" in state.tables}
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
    spec, changed = TABLE_SPECS[_TABLE], 0
    with disk.log_compactor(), disk.log_writer():
        remove_exchanged_log(Layout(root), disk)
        for path in _files_to_redact(root, redaction):
            log_rows = read_log_file(path, spec)
            rows = log_rows.table.to_pylist()
            hits = [number for number, row in enumerate(rows) if names_page(row, redaction)]
            if hits:
                for number in hits:
                    rows[number] |= redacted_fields(rows[number], redaction)
                table = pa.Table.from_pylist(rows, schema=spec.file_schema)
                redacted = merge_rows([replace(log_rows, table=table)], spec)  # other names sort to other places
                disk.replace(path, encode_rows(redacted, spec, is_closed=is_month_file(path)))
                changed += len(hits)
    return changed


def redacted_fields(row: dict[str, Any], redaction: Redaction) -> dict[str, Any]:
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
    names = zip(*(rows[name].to_pylist() for name in _NAME_COLUMNS), strict=True)
    return sorted({Path(file) for url, each, key, file in names if urls[url] or _names_article(each, key, redaction)})


def _filter(redaction: Redaction) -> pc.Expression:
    if redaction.source_key is not None:
        return pc.field("source_key") == redaction.source_key
    wanted = pc.field("article_id").isin(pa.array(sorted(redaction.article_ids), pa.string()))
    if redaction.hosts:
        pattern = "|".join(map(re.escape, sorted(redaction.hosts)))
        wanted |= pc.match_substring_regex(pc.field("url"), pattern, ignore_case=True)
    return wanted


def names_page(row: dict[str, Any], redaction: Redaction) -> bool:
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
#
# All rows of a snapshot change in one commit, as in a lake. If the process dies, the mark says that the rest is left.

_NAMING = ("article_id", "dup_group_id", "quote_cluster_id", "event_cluster_id", "planned_cluster_id")
_NUMBER = ":[0-9]+$"  # after the article that names a group
_MEMBERS, _CLUSTERS = "event_cluster_members", "event_clusters"
_LINKS = "person_links"
_PAIRS, _PAIR_SOURCES = "co_mentions", ("entities", "near_duplicates", _LINKS)

CountPairs = Callable[[pa.Table, pa.Table, pa.Table], pa.Table]  # rows of co_mentions from those of the _PAIR_SOURCES
Inode = tuple[int, int]
"""Device and inode of a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotErasure:
    """Result of erasing articles from snapshots: names of the changed and the dropped ones, a sentence per damaged one.

    A snapshot whose rows cannot be changed is dropped. A damaged snapshot stays, and may still have the articles.
    """

    changed: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()


def erase_from_snapshots(committer: Committer, article_ids: Collection[str], *, count: CountPairs) -> SnapshotErasure:
    """Delete some articles from all snapshots; unfinished snapshots are deleted as a whole.

    Call it after the lake has no more rows of them: files that a snapshot shares with the lake are not read.
    """
    remove_unfinished(committer.layout)
    roots = snapshot_folders(committer.layout) if article_ids else []
    articles = pa.array(sorted(article_ids), pa.string())
    clean, changed, damaged = _lake_inodes(committer), [], []
    for root in roots:
        try:
            partitions = snapshot_partitions(root, committer.disk)
            snapshot = _SnapshotFiles(root, partitions, partitions.state(), clean)
            if _erase_from(committer.disk, snapshot, articles, count=count):
                changed.append(root.name)
        except (LakeError, FileNotFoundError, ValueError, KeyError, TypeError) as error:
            damaged.append(
                f"snapshot {root.name} is damaged and may still have the articles: {error}; {_drop_advice(root.name)}"
            )
    return SnapshotErasure(changed=tuple(changed), damaged=tuple(damaged))


def _drop_advice(name: str) -> str:
    return f"drop it with `newslake lake snapshot {name} --drop`, then {RECOVER}"


def _lake_inodes(committer: Committer) -> set[Inode]:
    """Return the inode of each current file of the lake."""
    entries = (entry for each in committer.partitions.state().months.values() for _, _, entry in each.entries())
    paths = (committer.layout.state / entry.object for entry in entries)
    return {_inode(path) for path in paths if path.exists()}


def _inode(path: Path) -> Inode:
    state = path.stat()
    return state.st_dev, state.st_ino


def _erase_from(disk: Disk, snapshot: "_SnapshotFiles", articles: pa.Array, *, count: CountPairs) -> bool:
    mark = snapshot.root / UNFINISHED
    deletion = _DeletionFilter(articles, snapshot.clusters_of(articles))
    names_of = snapshot.tables_to_change(deletion)
    if not names_of and not mark.exists():
        return False
    disk.replace(mark, b"")  # durably: without it, the next try may find nothing to do
    snapshot.partitions.rewrite(snapshot.state, names_of, partial(_remaining_rows, snapshot, deletion, count))
    _settle(snapshot, disk)
    mark.unlink()
    return True


@dataclass(frozen=True, slots=True)
class _DeletionFilter:
    """Articles to delete, and the clusters of their events, whose values may come from any of them."""

    articles: pa.Array
    clusters: pa.Array

    def keeps(self, spec: TableSpec, rows: pa.Table) -> pa.BooleanArray:
        """Return per row whether it stays: none of its ids is of a deleted article or cluster."""
        goes = pa.array([False] * rows.num_rows, pa.bool_())
        for name in _naming_columns(spec):
            ids = rows[name].combine_chunks()
            goes = pc.or_(goes, pc.is_in(ids, value_set=self._naming(pc.unique(ids))))
        if spec.name == _CLUSTERS:
            goes = pc.or_(goes, pc.is_in(rows["event_cluster_id"].combine_chunks(), value_set=self.clusters))
        return pc.invert(goes)

    def _naming(self, ids: pa.Array) -> pa.Array:
        """Return the ids of deleted articles, and of groups that are named after them."""
        return ids.filter(pc.is_in(pc.replace_substring_regex(ids, _NUMBER, ""), value_set=self.articles))


def _naming_columns(spec: TableSpec) -> list[str]:
    return [name for name in _NAMING if name in spec.schema.names]


@dataclass(frozen=True, slots=True)
class _SnapshotFiles:
    """The files of a snapshot. ``clean`` are the inodes of files that do not name the articles, of all snapshots."""

    root: Path
    partitions: Partitions
    state: LakeState
    clean: set[Inode]

    def clusters_of(self, articles: pa.Array) -> pa.Array:
        """Return the clusters of the articles' events."""
        spec, clusters = TABLE_SPECS[_MEMBERS], set[str]()
        for manifest in self.state.months.values():
            for entry in manifest.files.get(_MEMBERS, {}).values():
                if _inode(self._path(entry)) not in self.clean:
                    rows = self._read(entry, spec, ["article_id", "event_cluster_id"])
                    those = rows.filter(pc.is_in(rows["article_id"], value_set=articles))
                    clusters.update(those["event_cluster_id"].to_pylist())
        return pa.array(sorted(clusters), pa.string())

    def tables_to_change(self, deletion: _DeletionFilter) -> dict[date, set[str]]:
        """Return the tables of each day with rows to delete, and those that depend on such rows."""
        names_of: dict[date, set[str]] = defaultdict(set)
        for manifest in self.state.months.values():
            for name, _, entry in manifest.entries():
                for day in self._days_to_change(entry, TABLE_SPECS[name], deletion):
                    names_of[day].add(name)
        for day, names in names_of.items():
            if names.intersection(_PAIR_SOURCES):
                names.update({_LINKS, _PAIRS}.intersection(self.state.day(day).tables))
        return names_of

    def _days_to_change(self, entry: Entry, spec: TableSpec, deletion: _DeletionFilter) -> list[date]:
        inode, names = _inode(self._path(entry)), _naming_columns(spec)
        if not names or (inode in self.clean and not (spec.name == _CLUSTERS and len(deletion.clusters))):
            return []
        rows = self._read(entry, spec, [*names, spec.day_column])
        days: list[date] = pc.unique(rows.filter(pc.invert(deletion.keeps(spec, rows)))[spec.day_column]).to_pylist()
        if not days:
            self.clean.add(inode)
        return days

    def _path(self, entry: Entry) -> Path:
        return Layout(self.root).state / entry.object

    def _read(self, entry: Entry, spec: TableSpec, columns: Sequence[str]) -> pa.Table:
        path = self._path(entry)
        with pa.memory_map(str(path)) as data:
            return decode(data, spec, key=str(path), columns=columns)


def _remaining_rows(
    snapshot: _SnapshotFiles, deletion: _DeletionFilter, count: CountPairs, day: date, name: str, present: ReadRows
) -> pa.Table:
    """Return the rows of a table and day that stay; those about people are computed from other tables."""

    def remaining(name: str, rows: pa.Table) -> pa.Table:
        return rows.filter(deletion.keeps(TABLE_SPECS[name], rows))

    if name not in (_LINKS, _PAIRS):
        return remaining(name, present())
    sources = (remaining(each, snapshot.partitions.table(snapshot.state, each, day)) for each in _PAIR_SOURCES)
    entities, near_duplicates, links = sources
    links = _remaining_links(entities, links)
    return links if name == _LINKS else sort_rows(count(entities, near_duplicates, links), TABLE_SPECS[_PAIRS])


def _remaining_links(entities: pa.Table, links: pa.Table) -> pa.Table:
    """Return the links to people whose full name other rows of the day still have."""
    named, linked = (
        pc.binary_join_element_wise(rows[person], rows[name], " ").combine_chunks()
        for rows, person, name in ((entities, "entity_id", "entity_name"), (links, "person_id", "person_name"))
    )
    return links.filter(pc.is_in(linked, value_set=named))


def _settle(snapshot: _SnapshotFiles, disk: Disk) -> None:
    """Publish the data files of the head, delete all others, and update the metadata to the present content."""
    layout, state = Layout(snapshot.root), snapshot.partitions.state()
    for manifest in state.months.values():
        snapshot.partitions.publish(manifest)
    disk.sync_all()  # the public files, before the data files that they are links to are deleted
    disk.replace(layout.head, write_manifests(state, layout, disk))
    shutil.rmtree(layout.state / "data", ignore_errors=True)
    state = snapshot.partitions.state()
    for path in (layout.state / "months").glob("*/*.json"):
        if path.relative_to(layout.state).as_posix() not in state.head.months.values():
            disk.remove(path)
    facts = read_facts(snapshot.root)
    facts = facts_of(snapshot.root, state, name=facts.name, at=facts.taken_at)
    disk.replace(snapshot.root / "snapshot.json", facts_bytes(facts))
    _update_package(snapshot.root / PACKAGE, state, disk)


def _update_package(path: Path, state: LakeState, disk: Disk) -> None:
    rows, sizes = Counter[str](), Counter[str]()
    for manifest in state.months.values():
        for name, _, entry in manifest.entries():
            rows[name] += entry.rows
            sizes[name] += entry.size
    content: dict[str, Any] = json.loads(path.read_bytes())
    for each in content["resources"]:
        each |= {"rows": rows[each["name"]], "bytes": sizes[each["name"]]}
    disk.replace(path, json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n")


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

    def staged(self, article_ids: Collection[str]) -> frozenset[str]:
        """Return those of some articles that staged batches have; damaged batches are passed over."""
        with self.open_committer():
            return staged_among(self.layout, article_ids)

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
