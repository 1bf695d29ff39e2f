"""Is the lake whole: every byte against its digest, every name against a manifest; and every row, where that is asked.

Files are hashed, not decoded. The committer's lock is held for a day at a time, so that commits need not wait.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.errors import LakeError
from pipeline.lake.advice import RECOVER, REMOVE, RESTAGE
from pipeline.lake.commit import Committer
from pipeline.lake.layout import PUBLISHED, Layout, is_named_by_digest, sha256_of
from pipeline.lake.ledger import StoredArticle
from pipeline.lake.log import log_problems
from pipeline.lake.manifest import Manifest
from pipeline.lake.paper import NAME as PACKAGE
from pipeline.lake.seal import without_digest
from pipeline.lake.staging import is_batch_sound
from pipeline.lake.upkeep import stale_package, stray_files
from pipeline.tables import READING_TABLES, check_batch, check_receipts

Committing = Callable[[], AbstractContextManager[Committer]]
CheckArticles = Callable[[pa.Table], Iterable[str]]

_READING = tuple(spec.name for spec in READING_TABLES)
_LEDGER_TOLD = "the ledger has other articles than the table, or an article stands on two days; "
_STORED = ("article_id", "revision_id", "pipeline_version", "kb_version", "raw_ref", "fetched_at")


def nothing_more(articles: pa.Table) -> Iterable[str]:
    """Check nothing more of articles than that they are as the contract says."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """What is looked at beside the bytes: the rows of the days that ``reads`` says, and what ``check`` finds in their
    articles. ``tally`` counts the files, bytes and rows that were read.
    """

    reads: Callable[[date], bool] = lambda day: True
    check: CheckArticles = nothing_more
    tally: Counter[str] = field(default_factory=Counter)


def problems_of(committing: Committing, depth: Depth) -> Iterator[str]:
    """Yield what is wrong with a lake, as sentences that name the file or day and what to do."""
    with committing() as committer:
        days = sorted({*committer.days.known(), *committer.layout.days_of_objects()})
    is_readable = True
    with ThreadPoolExecutor() as pool:
        for day in days:
            with committing() as committer:
                try:
                    manifest = committer.days.manifest(day)
                except LakeError as error:
                    is_readable = False
                    yield str(error)
                    continue
                depth.tally["files"] += 1
                yield from _problems_of_day(committer, manifest, depth, pool)
    with committing() as committer:
        if is_readable:
            yield from _problems_of_names(committer, depth)
        yield from _problems_of_the_rest(committer.layout, depth.tally)


def _problems_of_day(committer: Committer, manifest: Manifest, depth: Depth, pool: ThreadPoolExecutor) -> Iterator[str]:
    """Check the objects of a day, needed or not, and its public files; then its rows if that is asked."""
    checked = pool.map(lambda name: _object_problem(committer, manifest, name, depth.tally), manifest.entries)
    needed = {committer.layout.state / entry.object for entry in manifest.entries.values()}
    rest = [path for path in committer.layout.objects_of(manifest.day) if path not in needed]
    superseded = list(pool.map(lambda path: _superseded_problem(committer.layout, path, depth.tally), rest))
    problems = dict(zip(manifest.entries, checked, strict=True))
    for name in (spec.name for spec in PUBLISHED):
        public = committer.layout.relative(committer.layout.public(name, manifest.day))
        if not committer.days.is_published(manifest, name):
            yield f"{public}: is not the manifest's object; {RECOVER}"
        if problem := problems.get(name):
            yield f"{public}: {problem}"
    yield from filter(None, superseded)
    if depth.reads(manifest.day) and not any(problems.values()):
        yield from (f"{manifest.day}: {breach}" for breach in _breaches(committer, manifest, depth))


def _object_problem(committer: Committer, manifest: Manifest, name: str, tally: Counter[str]) -> str | None:
    entry = manifest.entries[name]
    try:
        data = committer.days.object_bytes(entry)
        rows = pq.read_metadata(pa.BufferReader(data)).num_rows
    except LakeError as error:
        return str(error)
    tally.update(files=1, bytes=len(data))
    return (
        None
        if rows == entry.rows
        else f"_state/{entry.object} has {rows} rows, the manifest says {entry.rows}; {REMOVE}"
    )


def _superseded_problem(layout: Layout, path: Path, tally: Counter[str]) -> str | None:
    """Return what is wrong with an object that no reader needs; its name has the beginning of its digest."""
    data = path.read_bytes()
    tally.update(files=1, bytes=len(data))
    if is_named_by_digest(path, sha256_of(data)):
        return None
    return f"{layout.relative(path)}: is damaged, and nobody reads it any more; {REMOVE}"


def _breaches(committer: Committer, manifest: Manifest, depth: Depth) -> Iterator[str]:
    """Check every row of a day against the contract, and the ledger against its articles."""
    tables = {name: committer.days.table(manifest, name) for name in dict.fromkeys((*_READING, *manifest.entries))}
    depth.tally["rows"] += sum(table.num_rows for table in tables.values())
    reading = {name: tables.pop(name) for name in _READING}
    articles = reading["articles"]
    for each in (reading, *({name: table} for name, table in tables.items())):
        yield from check_batch(each)
    yield from _wrong_days(articles, manifest.day)
    yield from check_receipts(reading)
    yield from depth.check(articles)
    rows = zip(*(articles[name].to_pylist() for name in _STORED), strict=True)
    held = {row[0]: StoredArticle(manifest.day, *row[1:]) for row in rows}
    is_current = committer.ledger.generation(manifest.day) == manifest.generation
    if is_current and not committer.ledger.has_content(manifest.day, held):
        yield _LEDGER_TOLD + REMOVE


def _wrong_days(articles: pa.Table, day: date) -> Iterator[str]:
    days = pc.cast(articles["published_at"], pa.date32())
    wrong = articles.filter(pc.fill_null(pc.not_equal(days, pa.scalar(day, pa.date32())), False))
    if wrong.num_rows:
        yield f"articles: {wrong.num_rows} were published on another day, first {wrong['article_id'][0]}"


def _problems_of_names(committer: Committer, depth: Depth) -> Iterator[str]:
    """Compare what the ledger and the public folders have with the manifests, day by day, by number alone."""
    counted = committer.ledger.counts()
    for manifest in committer.days.manifests():
        entry = manifest.entries.get("articles")
        generation, count = counted.pop(manifest.day.isoformat(), (0, 0))
        if generation != manifest.generation:
            yield f"{manifest.day}: {_LEDGER_TOLD}{RECOVER}"
        elif count != (entry.rows if entry else 0) and not depth.reads(manifest.day):
            yield f"{manifest.day}: {_LEDGER_TOLD}{REMOVE}"
    for day in sorted(counted):
        yield f"ledger: it has {day}, which has no manifest; {RECOVER}"
    if committer.ledger.pending():
        yield f"ledger: a commit of {committer.ledger.pending()[0]} was not finished; {RECOVER}"
    if stale_package(committer) is not None:
        yield f"{PACKAGE}: says other than the tables; {RECOVER}"
    for path in stray_files(committer):
        yield f"{committer.layout.relative(path)}: no manifest names it; {RECOVER}"


def _problems_of_the_rest(layout: Layout, tally: Counter[str]) -> Iterator[str]:
    """Check what no manifest names: staged batches, what is kept beside the tables, the log.

    The ledger, of which it counts the bytes, was read before it was opened.
    """
    tally.update(files=1, bytes=layout.ledger.stat().st_size)
    for path in damaged_batches(layout, tally):
        yield f"{layout.relative(path)}: its bytes are not as they were staged; {RESTAGE}"
    for path in damaged_kept(layout, tally):
        yield f"{layout.relative(path)}: is damaged, and is made anew when it is needed; {REMOVE}"
    yield from log_problems(layout.root, tally)


def damaged_batches(layout: Layout, tally: Counter[str]) -> Iterator[Path]:
    """Yield the staged batches that are not as they were staged."""
    for folder in sorted((layout.state / "staged").glob("*")):
        sizes = [path.stat().st_size for path in folder.iterdir()]
        tally.update(files=len(sizes), bytes=sum(sizes))
        if not is_batch_sound(folder):
            yield folder


def damaged_kept(layout: Layout, tally: Counter[str]) -> Iterator[Path]:
    """Yield what is kept beside the tables and is not as it was kept."""
    for path in sorted((layout.state / "kept").rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            tally.update(files=1, bytes=len(data))
            if without_digest(data) is None:
                yield path
