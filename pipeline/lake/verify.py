"""Is the lake whole: every file against its manifest, every row against the contract."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import LakeError
from pipeline.lake.commit import Committer
from pipeline.lake.ledger import StoredArticle
from pipeline.lake.manifest import Manifest
from pipeline.lake.upkeep import stray_files
from pipeline.tables import READING_TABLES, check_batch, check_rows

_READING = tuple(spec.name for spec in READING_TABLES)
_MEND = "run `newslake lake recover`"


def problems_of(committer: Committer) -> Iterator[str]:
    """Yield what is wrong with a lake, as sentences that name the file or day and what to do."""
    broken = False
    for day in committer.days.known():
        try:
            manifest = committer.days.manifest(day)
        except LakeError as error:
            broken = True
            yield str(error)
            continue
        yield from _problems_of_day(committer, manifest)
    for day in sorted(committer.ledger.generations().keys() - set(committer.days.known())):
        yield f"ledger: it has {day}, which has no manifest; {_MEND}"
    if committer.ledger.pending():
        yield f"ledger: a commit of {committer.ledger.pending()[0]} was not finished; {_MEND}"
    for path in () if broken else stray_files(committer):
        yield f"{committer.layout.relative(path)}: no manifest names it; {_MEND}"


def _problems_of_day(committer: Committer, manifest: Manifest) -> Iterator[str]:
    tables: dict[str, pa.Table] = {}
    for name in dict.fromkeys((*_READING, *manifest.entries)):
        public = committer.layout.public(name, manifest.day)
        if not committer.days.is_published(manifest, name):
            yield f"{committer.layout.relative(public)}: is not the manifest's object; {_MEND}"
        try:
            tables[name] = committer.days.table(manifest, name)
        except LakeError as error:
            yield f"{committer.layout.relative(public)}: {error}"
    for name, entry in manifest.entries.items():
        if name in tables and tables[name].num_rows != entry.rows:
            yield f"{entry.object}: {tables[name].num_rows} rows, the manifest says {entry.rows}"
    if all(name in tables for name in _READING):
        yield from (f"{manifest.day}: {breach}" for breach in _breaches(committer, manifest.day, tables))


def _breaches(committer: Committer, day: date, tables: Mapping[str, pa.Table]) -> Iterator[str]:
    reading = {name: tables[name] for name in _READING}
    yield from check_batch(reading)
    for name in tables.keys() - reading.keys():
        yield from check_batch({name: tables[name]})
    yield from _wrong_days(tables["articles"], day)
    yield from _broken_rows(reading)
    articles = tables["articles"]
    names = ("article_id", "revision_id", "pipeline_version", "kb_version", "raw_ref", "fetched_at")
    rows = zip(*(articles[name].to_pylist() for name in names), strict=True)
    held = {row[0]: StoredArticle(day, *row[1:]) for row in rows}
    if held != committer.ledger.of_day(day):
        yield f"the ledger has other articles than the table, or an article stands on two days; {_MEND}"


def _wrong_days(articles: pa.Table, day: date) -> Iterator[str]:
    days = pc.cast(articles["published_at"], pa.date32())
    wrong = articles.filter(pc.fill_null(pc.not_equal(days, pa.scalar(day, pa.date32())), False))
    if wrong.num_rows:
        yield f"articles: {wrong.num_rows} were published on another day, first {wrong['article_id'][0]}"


def _broken_rows(tables: Mapping[str, pa.Table]) -> Iterator[str]:
    children: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for name in _READING[1:]:
        for row in tables[name].to_pylist():
            children[row["article_id"]][name].append(row)
    none: dict[str, list[dict[str, Any]]] = {name: [] for name in _READING[1:]}
    for article in tables["articles"].to_pylist():
        article_id = article["article_id"]
        rows = {"articles": [article], **none, **children[article_id]}
        yield from (f"{article_id}: {breach}" for breach in check_rows(rows))
