"""The table ``revisions``: every distinct content that the archive holds of the articles of some days."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from functools import partial
from typing import Any

import pyarrow as pa

from pipeline.clusters import contents_in_order, revision_rows
from pipeline.errors import NewsError
from pipeline.jobs.annotator import version_of
from pipeline.jobs.clean import clean_capture
from pipeline.jobs.workspace import Workspace
from pipeline.model import Article
from pipeline.tables import table_named

Row = dict[str, Any]
_REVISIONS_TABLE = "revisions"
_REVISION_COLUMNS = ("article_id", "revision_id", "published_at", "fetched_at", "raw_ref", "word_count")


def relate_revisions(workspace: Workspace, *, news_day: date, days: Iterable[date]) -> int:
    """Write the revisions of articles on the published ``days`` and of the news day's; return how many files changed.

    Only an article with several payloads is cleaned for it, and only when its captures or the rules have changed.
    """
    make = partial(_revisions, workspace, news_day=news_day, days=tuple(days))
    drafts = make(drafts={})  # cleaning takes long: under the lake's lock only what came in between is left to do
    return workspace.lake.replace(_REVISIONS_TABLE, partial(make, drafts=drafts))


def _revisions(
    workspace: Workspace, *, news_day: date, days: Iterable[date], drafts: Mapping[date, pa.Table]
) -> dict[date, pa.Table]:
    ids = {capture.article_id for capture in workspace.archive.captures_of_day(news_day)}
    changed = {*days, *(article.published_date for article in workspace.lake.index.stored(ids).values())}
    reached = sorted(changed.intersection(workspace.lake.days()))
    known = _by_article([workspace.lake.read(_REVISIONS_TABLE, days=reached)]) | _by_article(drafts.values())
    version, schema = version_of(workspace.settings), table_named(_REVISIONS_TABLE).schema
    found = {}
    for day in reached:
        articles = workspace.lake.read("articles", days=[day], columns=_REVISION_COLUMNS).to_pylist()
        payloads = workspace.archive.payloads(row["article_id"] for row in articles)
        rows = [
            row
            for article in articles
            for row in _revision_rows(
                workspace, article, payloads.get(article["article_id"], {}), known, version=version
            )
        ]
        found[day] = pa.Table.from_pylist(rows, schema=schema)
    return found


def _by_article(tables: Iterable[pa.Table]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in (row for table in tables for row in table.to_pylist()):
        found[row["article_id"]].append(row)
    return found


def _revision_rows(
    workspace: Workspace,
    article: Row,
    payloads: Mapping[str, datetime],
    known: Mapping[str, list[Row]],
    *,
    version: str,
) -> list[Row]:
    article_id = article["article_id"]
    keys = {
        "article_id": article_id,
        "published_at": article["published_at"],
        "made_of": _input_hash(payloads, version=version),
    }
    standing = known.get(article_id, [])
    if standing and all(row["made_of"] == keys["made_of"] for row in standing):
        return [row | keys for row in standing]
    contents, is_whole = contents_of(workspace, article_id) if len(payloads) > 1 else ((), True)
    if contents:
        return revision_rows(contents, keys=keys if is_whole else keys | {"made_of": ""})
    none = {"sentences_added": None, "sentences_removed": None, "quotes_removed": None}
    return [article | keys | none]


def _input_hash(payloads: Mapping[str, datetime], *, version: str) -> str:
    seen = sorted(f"{at.isoformat()} {digest}" for digest, at in payloads.items())
    return hashlib.sha256("\n".join((version, *seen)).encode()).hexdigest()[:16]


def contents_of(workspace: Workspace, article_id: str) -> tuple[tuple[Article, ...], bool]:
    """Return the distinct contents of an article, by their first fetch, and whether all its payloads could be read.

    Payloads that are no article are left out.
    """
    first = {each.digest: each for each in reversed(workspace.archive.captures(article_id=article_id))}
    read = [clean_capture(workspace, capture) for capture in first.values()]
    is_whole = not any(isinstance(each, NewsError) for each in read)
    return contents_in_order(each for each in read if isinstance(each, Article)), is_whole
