"""Traces of blocked pages outside of archive and tables: in page states, outcomes and staged batches.

A writer that lost its lease, or a file that somebody put back, may bring them in again after a takedown.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import pyarrow.compute as pc

from pipeline.archive import PSEUDONYM, page_name, source_name
from pipeline.jobs.takedown_guard import REASON
from pipeline.jobs.workspace import Workspace
from pipeline.model import canonical_url

if TYPE_CHECKING:
    import pyarrow as pa

_COLUMNS = ("url", "article_id", "source_key")


@dataclass(slots=True)
class BlockedTraces:
    """The blocked pages, articles and sources of which a trace was found."""

    page_keys: set[str] = field(default_factory=set)
    article_ids: set[str] = field(default_factory=set)
    source_keys: set[str] = field(default_factory=set)


def find_traces(workspace: Workspace, blocked: Collection[str]) -> BlockedTraces:
    """Return the traces of blocked names. It reads the names of all listed pages and of all outcomes."""
    names, found = frozenset(blocked), BlockedTraces()
    ids = [name for name in names if ":" not in name]
    _find_in_states(workspace, names, found)
    for rows in workspace.lake.log.months("outcomes", columns=_COLUMNS):
        _find_in_outcomes(rows, names, found)
    # A cached outcome that says that its article is blocked names nothing else of it.
    cached = workspace.lake.index.cached_outcomes(ids)
    found.article_ids |= {each for each, outcome in cached.items() if outcome.reason != REASON}
    found.article_ids |= workspace.lake.erasure.staged(ids)
    return found


def _find_in_states(workspace: Workspace, blocked: frozenset[str], found: BlockedTraces) -> None:
    sources = set()
    for page in workspace.fetch_state.known(date.min, date.max):
        sources.add(page.source_key)
        if page_name(page.page_key) in blocked:
            found.page_keys.add(page.page_key)
    found.source_keys.update(_blocked_sources(sources, blocked))


def _find_in_outcomes(rows: "pa.Table", blocked: frozenset[str], found: BlockedTraces) -> None:
    """Add what some rows name. A row of a takedown, or of what it blocked, has a pseudonym."""
    named = rows.filter(pc.invert(pc.starts_with(rows["url"], PSEUDONYM)))
    found.article_ids |= blocked.intersection(pc.unique(named["article_id"]).to_pylist())
    found.source_keys.update(_blocked_sources(pc.unique(named["source_key"]).to_pylist(), blocked))
    for url in pc.unique(named["url"]).to_pylist():
        try:
            key = canonical_url(url)
        except ValueError:  # a file name
            continue
        if page_name(key) in blocked:
            found.page_keys.add(key)


def _blocked_sources(source_keys: Iterable[str], blocked: frozenset[str]) -> Iterator[str]:
    return (key for key in source_keys if source_name(key) in blocked)
