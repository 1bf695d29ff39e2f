"""What is to be forgotten: from what a person names to the pages, articles and rows that go."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.archive import DeletedArticle, TakedownKind, TakedownPlan, page_name, publisher_name, source_name
from pipeline.clusters import WINDOW
from pipeline.errors import ConfigError
from pipeline.jobs.workspace import Workspace
from pipeline.model import Capture, article_id_of, canonical_url

_ARTICLE_ID = re.compile(r"[0-9a-f]{32}")
_REVISION_COLUMNS = ("article_id", "revision_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class TakedownTarget:
    """What a person wants forgotten: a URL or article_id, a publisher's name, a source's key; ``value`` is "" for all
    that is reserved. ``with_copies``: the articles that repeat it, and that it repeats, go too.
    """

    kind: TakedownKind
    value: str
    with_copies: bool = False


def plan_takedown(workspace: Workspace, target: TakedownTarget) -> TakedownPlan:
    """Return what goes. Raises: ConfigError for what is neither a URL nor an id, an unknown source, another policy."""
    if target.kind == "source":
        workspace.sources.named(target.value)
        return with_rows(workspace, _of_source(workspace, target.value))
    seeds = {"article": _article_seed, "publisher": _publisher_seed, "reserved": _reserved_seed}[target.kind](
        workspace, target.value
    )
    work = with_rows(workspace, expand_plan(workspace, seeds))
    if target.with_copies:
        more = replace(work, article_ids=work.article_ids | copies_of(workspace, work))
        work = with_rows(workspace, expand_plan(workspace, more))
    return work


def target_names(target: TakedownTarget, work: TakedownPlan) -> set[str]:
    """Return what is barred from now on."""
    if target.kind == "source":
        return {source_name(target.value)}
    own = {publisher_name(target.value)} if target.kind == "publisher" else set()
    return own | plan_names(work)


def plan_names(work: TakedownPlan) -> set[str]:
    """Return what the pages and articles of a takedown are barred by; nothing where a source is."""
    return set() if work.source_key is not None else {page_name(key) for key in work.page_keys} | set(work.article_ids)


def _article_seed(workspace: Workspace, value: str) -> TakedownPlan:
    if _ARTICLE_ID.fullmatch(value):
        return TakedownPlan(article_ids=frozenset([value]))
    try:
        key = canonical_url(value)
    except ValueError as error:
        raise ConfigError(f"{value} is neither a URL nor the id of an article", key=value) from error
    return TakedownPlan(page_keys=frozenset([key]), article_ids=frozenset([article_id_of(canonical=key, text="")]))


def expand_plan(workspace: Workspace, work: TakedownPlan) -> TakedownPlan:
    """Return all addresses of some articles, all articles of these, and so on: what one of them named, goes."""
    if work.source_key is not None:
        return _of_source(workspace, work.source_key)
    if work.publisher is not None:  # runs that went on meanwhile may have brought more of it
        more = _of_publisher(workspace, work.publisher)
        work = replace(work, page_keys=work.page_keys | more.page_keys, article_ids=work.article_ids | more.article_ids)
    while True:
        found = workspace.archive.find_captures(page_keys=work.page_keys, article_ids=work.article_ids)
        keys = work.page_keys | {each.page_key for each in found}
        ids = work.article_ids | {each.article_id for each in found}
        if (keys, ids) == (work.page_keys, work.article_ids):
            return work
        work = replace(work, page_keys=keys, article_ids=ids)


def _of_source(workspace: Workspace, source_key: str) -> TakedownPlan:
    captures = workspace.archive.find_captures(source_key=source_key)
    pages = workspace.fetch_state.pages_of([source_key])
    keys = {each.page_key for each in captures} | {key for key, *_ in pages}
    ids = {each.article_id for each in captures}
    return TakedownPlan(page_keys=frozenset(keys), article_ids=frozenset(ids), source_key=source_key)


def _publisher_seed(workspace: Workspace, value: str) -> TakedownPlan:
    return TakedownPlan(publisher=publisher_name(value))


def _of_publisher(workspace: Workspace, wanted: str) -> TakedownPlan:
    """Return the articles whose row names a publisher; of what has no row, the pages that its sources and listings
    say are its."""
    rows = workspace.lake.read("articles", columns=("article_id", "publisher"))
    others = set(rows["article_id"].to_pylist())
    folded = {name: publisher_name(name) for name in pc.unique(rows["publisher"]).to_pylist() if name}
    spellings = pa.array([name for name, hashed in folded.items() if hashed == wanted], pa.string())
    ids = set(rows.filter(pc.is_in(rows["publisher"], value_set=spellings))["article_id"].to_pylist())
    unread = [each for each in _captures_by_publisher(workspace, wanted) if each.article_id not in others]
    pages = {key for key, *_ in _pages_by_publisher(workspace, wanted)}
    held = workspace.archive.find_captures(page_keys=pages)
    pages -= {each.page_key for each in held if each.article_id in others}
    keys = pages | {each.page_key for each in unread}
    return TakedownPlan(page_keys=frozenset(keys), article_ids=frozenset(ids | {each.article_id for each in unread}))


def _captures_by_publisher(workspace: Workspace, wanted: str) -> Iterator[Capture]:
    """Yield the captures that come from a publisher, as their source or their listing says."""
    given = {each.key: each.publisher for each in workspace.sources.sources}
    for each in workspace.archive.captures():
        told = given.get(each.source_key) or each.hints.publisher
        if told and publisher_name(told) == wanted:
            yield each


def _pages_by_publisher(workspace: Workspace, wanted: str) -> Iterator[tuple[str, str, str, str | None]]:
    given = {each.key: each.publisher for each in workspace.sources.sources}
    for row in workspace.fetch_state.pages_of(given):
        told = given[row[2]] or row[3]
        if told and publisher_name(told) == wanted:
            yield row


def _reserved_seed(workspace: Workspace, value: str) -> TakedownPlan:
    """Return the articles that reserve text and data mining and stand because the policy was another."""
    if workspace.settings.tdm_policy != "obey":
        told = "reservations are recorded, not obeyed; set NEWS_TDM_POLICY=obey first"
        raise ConfigError(told, key="tdm_policy")
    rows = workspace.lake.read("articles", columns=("article_id", "tdm_reserved"))
    ids = set(rows.filter(rows["tdm_reserved"])["article_id"].to_pylist())
    return TakedownPlan(article_ids=frozenset(ids | {each.article_id for each in workspace.archive.reserved()}))


def with_rows(workspace: Workspace, work: TakedownPlan) -> TakedownPlan:
    """Return what goes with the rows that the lake has of it, beside those that a killed try found."""
    stored = workspace.lake.index.stored(work.article_ids)
    table = workspace.lake.read(
        "revisions", days={each.published_date for each in stored.values()}, columns=_REVISION_COLUMNS
    )
    revisions: dict[str, set[str]] = {each: {row.revision_id} for each, row in stored.items()}
    for article_id, revision_id in _rows_of(table, work.article_ids):
        revisions.setdefault(article_id, set()).add(revision_id)
    rows = {row.article_id: row for row in work.rows}
    for article_id, row in stored.items():
        those = tuple(sorted(revisions[article_id]))
        rows[article_id] = DeletedArticle(article_id=article_id, published_date=row.published_date, revision_ids=those)
    return replace(work, rows=tuple(rows[each] for each in sorted(rows)))


def _rows_of(table: pa.Table, article_ids: Collection[str]) -> Iterable[tuple[Any, ...]]:
    hits = table.filter(pc.is_in(table["article_id"], value_set=pa.array(sorted(article_ids), pa.string())))
    return zip(*(column.to_pylist() for column in hits.columns), strict=True)


def article_ids_in(workspace: Workspace, table: str, work: TakedownPlan) -> list[str]:
    """Return the articles of the rows of a table that go, a row a row."""
    rows = workspace.lake.read(table, days=work.days, columns=("article_id",))
    return [each for (each,) in _rows_of(rows, work.article_ids)]


def copies_of(workspace: Workspace, work: TakedownPlan) -> frozenset[str]:
    """Return the articles that repeat some that go, or are repeated by them: they stay unless they are named, too."""
    days = {day + timedelta(days=step) for day in work.days for step in range(-WINDOW.days, WINDOW.days + 1)}
    table = workspace.lake.read("copies", days=days, columns=("article_id", "dup_group_id"))
    group_of = dict(zip(table["article_id"].to_pylist(), table["dup_group_id"].to_pylist(), strict=True))
    groups = {group_of.get(each, each) for each in work.article_ids} | work.article_ids
    return frozenset(each for each, group in group_of.items() if group in groups) - work.article_ids
