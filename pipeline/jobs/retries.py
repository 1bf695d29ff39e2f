"""Retries: let the next run try quarantined pages again, without waiting for another version of newslake.

The state decides what is quarantined: the cached outcomes of articles, and the fetch state of pages. The log only
names the pages, as their latest row may be that of a listing that did not check them. Files, and entries of listings
whose page is not known, have no other state than the log.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from newslake.pipeline.errors import ConfigError
from newslake.pipeline.jobs.fetch_candidates import requested_state
from newslake.pipeline.jobs.in_flight import forget_deaths
from newslake.pipeline.jobs.outcomes import PageName, page_name_of
from newslake.pipeline.jobs.pipeline_version import failure_version, version_of
from newslake.pipeline.jobs.worklist import NO_INPUT
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.lake import CachedOutcome
from newslake.pipeline.leases import Lease
from newslake.pipeline.model import Outcome, canonical_url
from newslake.pipeline.tables.spec import Row

RetryStep = Literal["derive", "fetch", "file"]
_ARTICLE = re.compile(r"[0-9a-f]{32}")
_COLUMNS = ("source_key", "url", "article_id", "outcome", "reason", "decided_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """A quarantined page, and what a run does with it now.

    ``derive``: it processes the archived page. ``fetch``: it requests the page. ``file``: nothing, until the file is
    put into the inbox again, or the next version reads the listing; only its deaths are forgotten.
    """

    source_key: str
    url: str
    article_id: str | None
    reason: str | None
    step: RetryStep


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryResult:
    """What was cleared, and the names of pages that are not quarantined, and that newslake does not know."""

    retries: tuple[Retry, ...]
    not_quarantined: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def retry_pages(workspace: Workspace, names: Sequence[str]) -> RetryResult:
    """Clear the quarantine of pages, by URL, article_id or file name as outcomes have it.

    Raises: ConfigError for an invalid URL, StoreError.
    """
    if wrong := [each for each in names if _is_url(each) and _page_key(each) is None]:
        raise ConfigError(f"not a valid URL: {', '.join(map(repr, wrong))}; nothing was cleared", key=wrong[0])
    retries: dict[PageName, Retry] = {}
    others: list[str] = []
    unknown: list[str] = []
    with workspace.at_work() as lease:
        logged = _last_quarantined(workspace)
        for name in dict.fromkeys(names):
            rows = [row for row in logged.values() if _names(name, row)]
            cleared = [*_retry_page(workspace, name, lease), *_retry_rows(workspace, rows, lease)]
            retries |= {(each.source_key, each.url): each for each in cleared}
            if not cleared:
                (others if _is_known(workspace, name) else unknown).append(name)
    return RetryResult(retries=tuple(retries.values()), not_quarantined=tuple(others), unknown=tuple(unknown))


def retry_quarantined(workspace: Workspace) -> RetryResult:
    """Clear the quarantine of all pages."""
    with workspace.at_work() as lease:
        return RetryResult(retries=tuple(_retry_rows(workspace, _last_quarantined(workspace).values(), lease)))


def clear_quarantine(workspace: Workspace, urls: Iterable[str]) -> None:
    """Clear the quarantine of those pages that are in it, before they are requested again."""
    with workspace.at_work() as lease:
        for url in urls:
            list(_retry_page(workspace, url, lease))


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryState:
    """Whether a retry would clear a page, and whether the next run tries it again already."""

    is_quarantined: bool
    is_waiting: bool


def retry_state_of(
    workspace: Workspace, *, article_ids: Collection[str], page_key: str | None, last: Outcome | None
) -> RetryState:
    """Return the state of a page with some articles; ``last`` is its latest outcome in the log."""
    cached = workspace.lake.index.cached_outcomes(article_ids).values()
    states = [] if page_key is None else workspace.fetch_state.of_pages([page_key])
    is_only_logged = not cached and not states and last is not None and last.article_id is None
    return RetryState(
        is_quarantined=any(map(_is_quarantined, cached))
        or any(each.last_outcome == "quarantined" for each in states)
        or (is_only_logged and last is not None and last.outcome == "quarantined"),
        is_waiting=any(each.input_hash == NO_INPUT for each in cached),
    )


def _retry_page(workspace: Workspace, name: str, lease: Lease) -> Iterator[Retry]:
    """Clear a page by its state alone. ``name`` is a URL or an article_id; any other name has no state."""
    if not _is_url(name):
        captures = workspace.archive.captures(article_id=name) if _ARTICLE.fullmatch(name) else ()
        yield from _retry_articles(workspace, {each.article_id: page_name_of(each) for each in captures}, lease)
        return
    if (key := _page_key(name)) is None:
        return
    captures = workspace.archive.captures(page_key=key)
    yield from _retry_articles(workspace, {each.article_id: page_name_of(each) for each in captures}, lease)
    yield from _retry_states(workspace, [key], lease)


def _retry_rows(workspace: Workspace, rows: Iterable[Row], lease: Lease) -> Iterator[Retry]:
    """Clear pages that the log names, if they are still quarantined."""
    by_page = {(row["source_key"], row["url"]): row for row in rows}
    articles = {row["article_id"]: page for page, row in by_page.items() if row["article_id"]}
    yield from _retry_articles(workspace, articles, lease)
    named = {page: _page_key(page[1]) for page, row in by_page.items() if not row["article_id"]}
    keys = {page: key for page, key in named.items() if key is not None}
    yield from _retry_states(workspace, sorted(set(keys.values())), lease)
    archived = workspace.archive.latest(keys.values())
    files = {
        page: row
        for page, row in by_page.items()
        if not row["article_id"] and keys.get(page) not in archived and not _has_state(workspace, keys.get(page))
    }
    _forget(workspace, files)
    for (source_key, url), row in _still_quarantined(workspace, files).items():
        yield Retry(source_key=source_key, url=url, article_id=None, reason=row["reason"], step="file")


def _retry_articles(workspace: Workspace, articles: Mapping[str, PageName], lease: Lease) -> Iterator[Retry]:
    """Clear articles. They stay suspects: the next run tries them in a child first."""
    index = workspace.lake.index
    cached = {each: last for each, last in index.cached_outcomes(articles).items() if _is_quarantined(last)}
    # No capture has this hash, so the outcome is current for none, and the day of the article is unprocessed.
    index.put_outcomes({each: replace(last, input_hash=NO_INPUT) for each, last in cached.items()}, lease=lease)
    for article_id, last in cached.items():
        source_key, url = articles[article_id]
        yield Retry(source_key=source_key, url=url, article_id=article_id, reason=last.reason, step="derive")


def _is_quarantined(last: CachedOutcome) -> bool:
    return last.outcome == "quarantined" and last.input_hash != NO_INPUT


def _retry_states(workspace: Workspace, page_keys: Collection[str], lease: Lease) -> Iterator[Retry]:
    now = workspace.settings.now()
    stopped = [each for each in workspace.fetch_state.of_pages(page_keys) if each.last_outcome == "quarantined"]
    due = [requested_state(each, None, source_key=each.source_key, requested_at=now) for each in stopped]
    _forget(workspace, [(each.source_key, each.url) for each in stopped])
    workspace.fetch_state.record_many([each for each in due if each is not None], lease=lease)
    for each in stopped:
        yield Retry(source_key=each.source_key, url=each.url, article_id=None, reason=each.reason, step="fetch")


def _forget(workspace: Workspace, pages: Collection[PageName]) -> None:
    version = failure_version(version_of(workspace.settings))
    forget_deaths(workspace.store.turns, [f"{source_key} {name}" for source_key, name in pages], version=version)


def _names(name: str, row: Row) -> bool:
    """Return whether a name is that of a row's page, or another spelling of its URL; a fragment names an entry."""
    if name in (row["url"], row["article_id"]):
        return True
    is_entry = "#" in name or "#" in row["url"]
    return not is_entry and (key := _page_key(name)) is not None and key == _page_key(row["url"])


def _has_state(workspace: Workspace, page_key: str | None) -> bool:
    return page_key is not None and bool(workspace.fetch_state.of_pages([page_key]))


def _last_quarantined(workspace: Workspace) -> dict[PageName, Row]:
    """Return the last quarantined outcome of each page that ever was, from the log."""
    rows: dict[PageName, Row] = {}
    for month in workspace.lake.log.months("outcomes", columns=_COLUMNS):
        for row in month.filter(pc.equal(month["outcome"], "quarantined")).to_pylist():
            page = row["source_key"], row["url"]
            if page not in rows or rows[page]["decided_at"] < row["decided_at"]:
                rows[page] = row
    return rows


def _still_quarantined(workspace: Workspace, files: Mapping[PageName, Row]) -> dict[PageName, Row]:
    """Return the entries and files without a later outcome: nothing else has their state."""
    still = dict(files)
    if not still:
        return still
    for month in workspace.lake.log.months("outcomes", columns=_COLUMNS):
        of_names = month.filter(pc.is_in(month["url"], pa.array([url for _, url in files])))
        for row in of_names.to_pylist():
            page = row["source_key"], row["url"]
            if page in files and row["decided_at"] > files[page]["decided_at"]:
                still.pop(page, None)
    return still


def _is_known(workspace: Workspace, name: str) -> bool:
    if (key := _page_key(name)) is not None and (workspace.archive.latest([key]) or _has_state(workspace, key)):
        return True
    if _ARTICLE.fullmatch(name):
        return bool(workspace.archive.captures(article_id=name))
    months = workspace.lake.log.months("outcomes", columns=("url",))
    return any(pc.any(pc.equal(month["url"], name)).as_py() for month in months)


def _page_key(name: str) -> str | None:
    """Return the page_key of a URL; None for any other name, and for an invalid URL."""
    try:
        return canonical_url(name) if _is_url(name) else None
    except ValueError:
        return None


def _is_url(name: str) -> bool:
    return name.startswith(("http://", "https://"))
