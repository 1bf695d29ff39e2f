"""Maintenance of a lake: recovery, garbage collection, and its datapackage.json."""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path

from pipeline.lake.article_index import FileSize, Move, Totals, totals_of
from pipeline.lake.commit import Committer
from pipeline.lake.log_tables import adopt_log_files
from pipeline.lake.partitions import Manifest
from pipeline.lake.staging import discard_batch_at
from pipeline.lake.storage import PART, PUBLISH_ORDER
from pipeline.model import pluralize
from pipeline.tables import LOG_TABLES, TableSpec
from pipeline.tables.datapackage import DataPackage, TableResource, package_bytes


def recover(committer: Committer) -> tuple[str, ...]:
    """Make public files and index match the manifests; return a sentence per repair."""
    done = [f"finished the commit of {day}" for day in committer.roll_forward()]
    mended = _refresh_index(committer)
    for manifest in committer.days.manifests():
        stale = committer.days.publish(manifest.day)
        done += [f"published {name} of {manifest.day}" for name in stale]
    for path in stray_files(committer):
        committer.disk.remove(path)
        done.append(f"removed {committer.layout.relative(path)}, which is in no manifest")
    adopt_log_files(committer.layout.root, committer.index)
    if publish_package(committer):
        mended.append(f"wrote {PACKAGE}")
    return (*done, *mended)


def _refresh_index(committer: Committer) -> list[str]:
    """Store the days whose generation differs from that in the index; end moves that no intent has."""
    manifests = {manifest.day: manifest.generation for manifest in committer.days.manifests()}
    known = committer.index.generations()
    stale = sorted(day for day in {*manifests, *known} if manifests.get(day, 0) != known.get(day, 0))
    if not stale:
        return []
    committer.index.write_intent(stale)
    committer.end_moves(_duplicate_moves(committer, manifests))
    committer.index.apply(committer.contents(stale), now=committer.now())
    return [f"read {pluralize(len(stale), 'day')} into the article index"]


def _duplicate_moves(committer: Committer, days: Iterable[date]) -> list[Move]:
    """Return the moves that resolve articles on two days; the revision fetched later stays."""
    best: dict[str, tuple[datetime, date]] = {}
    moves = []
    for day in sorted(days):
        articles = committer.days.table(committer.days.manifest(day), "articles", columns=["article_id", "fetched_at"])
        for article_id, fetched_at in zip(*(column.to_pylist() for column in articles.columns), strict=True):
            rival = best.get(article_id)
            if rival is None:
                best[article_id] = fetched_at, day
                continue
            winner, loser = sorted([rival, (fetched_at, day)], reverse=True)
            best[article_id] = winner
            moves.append(Move(article_id, from_day=loser[1], to_day=winner[1]))
    return moves


def stray_files(committer: Committer) -> Iterator[Path]:
    """Yield orphan files: those under ``tables`` that are in no manifest. Readers would see their rows."""
    layout = committer.layout
    public = (layout.public(name, each.day) for each in committer.days.manifests() for name in each.entries)
    named = {str(path) for path in public}
    files = sorted(os.path.join(folder, name) for folder, _, names in os.walk(layout.root / "tables") for name in names)
    return (Path(file) for file in files if file not in named)


def collect_garbage(committer: Committer, *, days: Iterable[date] | None, older_than: float) -> int:
    """Delete files that were not needed since a time (seconds since 1970); return how many were deleted.

    Needed are each table's data file and the one before its last change. Without ``days``, all data files of the lake,
    temporary files, staged batches and empty folders are examined.
    """
    if days is not None:
        return sum(_collect_day(committer, committer.days.manifest(day), older_than) for day in days)
    layout = committer.layout
    days = sorted(layout.days_of_objects())
    removed = sum(_collect_day(committer, committer.days.manifest(day), older_than) for day in days)
    for path in (*layout.temporary.glob("*"), *layout.staged_batches()):
        if path.stat().st_mtime <= older_than:
            removed += sum(each.is_file() for each in (path, *path.rglob("*")))
            _discard(committer, path)
    for folder in (*layout.root.glob("tables/*/*=*"), *layout.state.glob("data/*/*=*")):
        if not any(folder.iterdir()):  # of a process that died before it removed the folder
            folder.rmdir()
    return removed


def _discard(committer: Committer, path: Path) -> None:
    if path.parent != committer.layout.temporary:
        discard_batch_at(path, committer.disk)
    elif path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def _collect_day(committer: Committer, manifest: Manifest, older_than: float) -> int:
    needed = {entry.object for entry in manifest.entries.values()} | set(manifest.previous.values())
    removed = 0
    for spec in PUBLISH_ORDER:
        folder = committer.layout.objects(spec.name, manifest.day)
        paths = sorted(folder.iterdir()) if folder.is_dir() else []
        written = [path.stat().st_mtime for path in paths]
        for place, path in enumerate(paths):
            name = path.relative_to(committer.layout.state).as_posix()
            # A reader may still have it open when the next data file is written: its age counts from then.
            if name not in needed and max(written[place : place + 2]) <= older_than:
                committer.disk.remove(path)
                removed += 1
    return removed


# Frictionless metadata in the root of the lake, for people and programs that do not know newslake.
PACKAGE = "datapackage.json"
_ABOUT = (
    "Plain Parquet, one file per table and day. Each `path` is a glob pattern, which DuckDB, Polars and Spark open. "
    "The day is only in the name of the folder, which they read as a column. `created` is the fetch time of the newest "
    "revision. Join the annotation tables on article_id and revision_id. Offsets count code points of articles.text."
)
_FORM: Mapping[str, object] = {"format": "parquet", "mediatype": "application/vnd.apache.parquet"}
_PACKAGE_SOURCES = ("Pages of the publishers in articles.publisher, at the URLs in articles.url.",)
_ARTICLES_FIRST = (PUBLISH_ORDER[-1], *PUBLISH_ORDER[:-1])


def lake_package(totals: Totals, *, has_log: bool) -> bytes:
    """Return the package of a lake: a function of its tables alone, not of the time or order of commits.

    It has no sizes of the log, which grows between commits.
    """
    tables = [_resource(spec, "tables", PART, totals.tables.get(spec.name, FileSize(0, 0))) for spec in _ARTICLES_FIRST]
    log = [_resource(spec, "log", "*.parquet", None) for spec in LOG_TABLES] if has_log else []
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


def _resource(spec: TableSpec, folder: str, file: str, size: FileSize | None) -> TableResource:
    return TableResource(
        name=spec.name,
        about=spec.about,
        path=f"{folder}/{spec.name}/{spec.day_column}=*/{file}",
        columns=spec.columns,
        key=spec.whole_key,
        form={**_FORM, "partition": {"name": spec.day_column, "type": "date"}},
        rows=None if size is None else size.rows,
        bytes=None if size is None else size.bytes,
    )


def publish_package(committer: Committer) -> bool:
    """Update datapackage.json to the tables; return whether it was stale."""
    package = stale_package(committer)
    if package is None:
        return False
    committer.disk.replace(committer.layout.root / PACKAGE, package)
    return True


def stale_package(committer: Committer) -> bytes | None:
    """Return the new content of datapackage.json; None if it is current, or if the lake never had a table."""
    totals = totals_of(committer.index.connection)
    package = lake_package(totals, has_log=True)
    path = committer.layout.root / PACKAGE
    is_current = path.is_file() and path.read_bytes() == package
    return None if is_current or not (totals.tables or path.exists()) else package
