"""Maintenance of a lake: recovery, garbage collection, and the files that describe its tables."""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from newslake.pipeline.errors import LakeError
from newslake.pipeline.lake.article_index import FileSize, Totals, totals_of
from newslake.pipeline.lake.commit import Committer
from newslake.pipeline.lake.log_tables import adopt_log_files
from newslake.pipeline.lake.manifests import DayState, Head, MonthManifest, generation_of, head_bytes, parse_manifest
from newslake.pipeline.lake.partitions import is_public_name
from newslake.pipeline.lake.staging import discard_batch_at
from newslake.pipeline.lake.storage import PUBLISH_ORDER, Disk, Layout, Month, files_in, month_of, names_in
from newslake.pipeline.model import pluralize
from newslake.pipeline.tables import LOG_TABLES, TableSpec
from newslake.pipeline.tables.datapackage import DataPackage, TableResource, contract_bytes, package_bytes


def recover(committer: Committer) -> tuple[str, ...]:
    """Make public files and index match the manifests; return a sentence per repair."""
    done = [f"finished the commit of {month}" for month in committer.roll_forward()]
    state = committer.partitions.state()
    for month in committer.layout.months_on_disk():  # of a dead process whose intent was lost with the index
        committer.partitions.drop_unnamed(state.head, month)
    mended = _refresh_index(committer)
    for manifest in state.months.values():
        done += [f"published {path}" for path in committer.partitions.publish(manifest)]
    for path in stray_files(committer):
        if is_public_path(committer.layout, path):
            committer.disk.remove(path)
            done.append(f"removed {committer.layout.relative(path)}, which is in no manifest")
    adopt_log_files(committer.layout.root, committer.disk, committer.index)
    mended += (f"wrote {name}" for name in publish_descriptions(committer))
    return (*done, *mended)


def _refresh_index(committer: Committer) -> list[str]:
    """Store the months with a day whose generation differs from that in the index."""
    days, known = committer.partitions.state().days, committer.index.generations()
    stale = {day for day in {*days, *known} if days.get(day, DayState()).generation != known.get(day, 0)}
    if not stale:
        return []
    months = sorted(set(map(month_of, stale)))
    committer.index.write_intent(months)
    committer.store(months)
    return [f"read {pluralize(len(stale), 'day')} into the article index"]


def restore_head(layout: Layout, disk: Disk, *, may_be_unfinished: bool) -> None:
    """Name the newest manifest of each month again, without those of a commit that did not reach the head.

    Commits are serial, so only the last one can be unfinished: one of its months has no manifest of it. A manifest that
    cannot be read counts as one of it. ``may_be_unfinished`` says whether the index may have an intent.
    """
    manifests_of: dict[Month, list[tuple[str, MonthManifest]]] = {}
    unreadable: dict[Month, bool] = {}
    for path in sorted((layout.state / "months").glob("*/*.json"), key=generation_of):
        month = path.parent.name
        unreadable[month] = True
        with suppress(LakeError):  # a damaged manifest: the one before it is used
            manifest = parse_manifest(path.read_bytes(), key=str(path))
            manifests_of.setdefault(month, []).append((path.relative_to(layout.state).as_posix(), manifest))
            unreadable[month] = False
    manifests = [each for named in manifests_of.values() for _, each in named]
    last = max((each.commit for each in manifests), default=0)
    of_last = [each for each in manifests if each.commit == last]
    there = {*(each.month for each in of_last), *(month for month, is_newest in unreadable.items() if is_newest)}
    is_whole = not may_be_unfinished or all(there.issuperset(each.together) for each in of_last)
    whole = {month: [name for name, e in named if is_whole or e.commit < last] for month, named in manifests_of.items()}
    months = {month: names[-1] for month, names in sorted(whole.items()) if names}
    disk.replace(layout.head, head_bytes(Head(last + 1, months)))


def is_public_path(layout: Layout, path: Path) -> bool:
    """Return whether newslake gives this path to a public file. All other files under ``tables`` are of others."""
    month = path.stem[:7]
    folders = {layout.month_folder(spec.name, month) for spec in PUBLISH_ORDER}
    return path.parent in folders and is_public_name(path.name, month)


def foreign_file_problem(layout: Layout, path: Path) -> str:
    """Return the sentence about a file of others under ``tables``, which is never removed."""
    return (
        f"{layout.relative(path)}: is not a file of newslake; move it out of the lake, as readers may take it for one"
    )


def stray_files(committer: Committer, month: Month | None = None) -> Iterator[Path]:
    """Yield the files under ``tables``, or of one month, that are in no manifest. Readers would see them."""
    layout, state = committer.layout, committer.partitions.state()
    manifests = state.months.values() if month is None else [state.month(month)]
    named = {str(layout.public(name, stem)) for each in manifests for name, stem, _ in each.entries()}
    tops = [layout.root / "tables"]
    if month is not None:
        tops = [layout.month_folder(spec.name, month) for spec in PUBLISH_ORDER]
    walks = chain.from_iterable(map(os.walk, tops))
    files = sorted(os.path.join(folder, name) for folder, _, names in walks for name in names)
    return (Path(file) for file in files if file not in named)


@dataclass(frozen=True, slots=True)
class Garbage:
    """How many files were deleted, and how many wait for the end of their retention time.

    Those that a process is about to need wait, too, such as batches that are staged and not committed.
    """

    removed: int = 0
    waiting: int = 0

    def __add__(self, other: "Garbage") -> "Garbage":
        return Garbage(self.removed + other.removed, self.waiting + other.waiting)


def collect_garbage(committer: Committer, *, months: Iterable[Month] | None, older_than: float) -> Garbage:
    """Delete files that were not needed since a time (seconds since 1970); return how many, and how many wait.

    Needed are the manifest of each month and the one before its last change, and their data files. Without ``months``,
    all files of the lake's state, temporary files, staged batches and empty folders are examined.
    """
    layout, head = committer.layout, committer.partitions.head()
    chosen = sorted(layout.months_on_disk()) if months is None else months
    garbage = sum((_collect_month(committer, head, month, older_than) for month in chosen), Garbage())
    if months is not None:
        return garbage
    for path in (*layout.temporary.glob("*"), *layout.staged_batches(), *files_in(layout.exchanged_log)):
        with suppress(FileNotFoundError):  # others stage, and close months of the log, without the lock
            is_due = path.stat().st_mtime <= older_than
            count = sum(each.is_file() for each in (path, *path.rglob("*")))
            garbage += Garbage(removed=count) if is_due else Garbage(waiting=count)
            if is_due:
                _discard(committer, path)
    tops = ("data/*/*/", "months/*/", "exchanged/*/")
    for folder in chain(layout.root.glob("tables/*/*=*/"), *map(layout.state.glob, tops)):
        if not any(folder.iterdir()):  # of a process that died before it removed the folder
            folder.rmdir()
    return garbage


def _discard(committer: Committer, path: Path) -> None:
    if path.parent.name == "staged":
        discard_batch_at(path, committer.disk)
    elif path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def _collect_month(committer: Committer, head: Head, month: Month, older_than: float) -> Garbage:
    layout, needed = committer.layout, frozenset(_needed(committer, head, month))
    last = _last_written(layout, head, month)
    garbage = sum((_collect_exchanged(path, older_than) for path in files_in(layout.exchanged(month))), Garbage())
    for folder in (layout.manifests(month), *(layout.objects(spec.name, month) for spec in PUBLISH_ORDER)):
        prefix = folder.relative_to(layout.state).as_posix()
        names = names_in(folder)
        unneeded = [name for name in names if f"{prefix}/{name}" not in needed]
        doomed = [name for name, at in _superseded(folder, names, unneeded, last=last) if at <= older_than]
        for name in doomed:
            committer.disk.remove(folder / name)
        garbage += Garbage(len(doomed), len(unneeded) - len(doomed))
    return garbage


def _needed(committer: Committer, head: Head, month: Month) -> Iterator[str]:
    """Yield the manifest of a month and the one before its last change, and their data files, relative to ``_state``.

    They are strings, because each commit compares those of a month.
    """
    for name in [each[month] for each in (head.months, head.previous) if month in each]:
        try:
            manifest = committer.partitions.manifest(name)
        except LakeError:
            if name == head.months.get(month):
                raise
            continue  # the one before is lost or damaged, so of no use; a commit must not fail for it
        yield name
        yield from (entry.object for _, _, entry in manifest.entries())


def _last_written(layout: Layout, head: Head, month: Month) -> float:
    """Return the time of the last commit of a month, in seconds since 1970; 0 for a month that was dropped."""
    return (layout.state / head.months[month]).stat().st_mtime if month in head.months else 0.0


def _collect_exchanged(folder: Path, older_than: float) -> Garbage:
    """Remove a folder of public files if it was exchanged before a time; return how many files it had."""
    count = len(files_in(folder))
    if folder.stat().st_mtime > older_than:
        return Garbage(waiting=count)
    shutil.rmtree(folder)
    return Garbage(removed=count)


def _superseded(folder: Path, names: Iterable[str], unneeded: Iterable[str], *, last: float) -> list[tuple[str, float]]:
    """Return each unneeded file with the time from which its age counts: when the next one of its kind was written.

    A reader may have it open until then. The last one of its kind was needed until some commit, at most until ``last``.
    """
    after: dict[str, str] = {}
    newest: dict[str, str] = {}
    for name in names:
        stem, has_stem, _ = name.partition(".")  # data files have the stem of their public file, manifests none
        kind = stem if has_stem and name.endswith(".obj") else ""
        if kind in newest:
            after[newest[kind]] = name
        newest[kind] = name

    prefix = str(folder)

    def written(name: str) -> float:
        return os.stat(f"{prefix}/{name}").st_mtime  # not a Path: a commit examines some hundred files

    return [(name, max(written(name), written(after[name]) if name in after else last)) for name in unneeded]


# Descriptions of the tables in the root of the lake, for people and programs that do not know newslake: a Data Package,
# and a contract of the Open Data Contract Standard.
PACKAGE, CONTRACT = "datapackage.json", "datacontract.odcs.yaml"
_ABOUT = (
    "Plain Parquet in a folder per table and month, with a file per day, or one for a closed month. Each `path` is "
    "a glob pattern, which DuckDB, Polars and Spark open. Rows are sorted by their day. `created` is the fetch time of "
    "the newest revision. Join the annotation tables on article_id and revision_id. Offsets count code points of "
    "articles.text."
)
_FORM: Mapping[str, object] = {"format": "parquet", "mediatype": "application/vnd.apache.parquet"}
_PACKAGE_SOURCES = ("Pages of the publishers in articles.publisher, at the URLs in articles.url.",)
_ARTICLES_FIRST = (PUBLISH_ORDER[-1], *PUBLISH_ORDER[:-1])


def lake_package(totals: Totals, *, has_log: bool) -> bytes:
    """Return the package of a lake: a function of its tables alone, not of the time or order of commits.

    It has no sizes of the log, which grows between commits.
    """
    tables = [_resource(spec, "tables", totals.tables.get(spec.name, FileSize(0, 0))) for spec in _ARTICLES_FIRST]
    log = [_resource(spec, "log", None) for spec in LOG_TABLES] if has_log else []
    return package_bytes(
        DataPackage(
            about=_ABOUT,
            resources=[*tables, *log],
            sources=_PACKAGE_SOURCES,
            has_text=True,
            first_day=totals.first_day,
            last_day=totals.last_day,
            fetched_at=totals.fetched_at,
        )
    )


def _resource(spec: TableSpec, folder: str, size: FileSize | None) -> TableResource:
    return TableResource(
        name=spec.name,
        about=spec.about,
        path=f"{folder}/{spec.name}/{spec.month_column}=*/*.parquet",
        columns=spec.file_columns,
        key=spec.whole_key,
        form={**_FORM, "partition": {"name": spec.month_column, "type": "yearmonth"}},
        rows=None if size is None else size.rows,
        bytes=None if size is None else size.bytes,
    )


def publish_descriptions(committer: Committer) -> tuple[str, ...]:
    """Update the descriptions of the lake to its tables; return the names of those that were stale."""
    stale = stale_descriptions(committer)
    for name, content in stale.items():
        committer.disk.replace(committer.layout.root / name, content)
    return tuple(stale)


def stale_descriptions(committer: Committer) -> Mapping[str, bytes]:
    """Return the new content of each description that is not current; nothing if the lake never had a table."""
    totals, root = totals_of(committer.index.connection), committer.layout.root
    if not (totals.tables or (root / PACKAGE).exists()):
        return {}
    current = {CONTRACT: contract_bytes(has_log=True), PACKAGE: lake_package(totals, has_log=True)}
    return {name: content for name, content in current.items() if not _has_content(root / name, content)}


def _has_content(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes() == content
