"""Traces of blocked pages outside of archive and tables: in page states, outcomes and staged batches.

A writer that lost its lease, or a file that somebody put back, may bring them in again after a takedown.

Each file of outcomes is read once for the same blocked names. The cache of the lake has the marks of the files without
a trace. A takedown deletes the cache, and other names, as after a takedown that is revoked, or other code have other
marks. A file of the archive that is put back changes no outcomes; a file of outcomes that is put back has another
mark.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import pyarrow.compute as pc

from newslake.pipeline.archive import PSEUDONYM, page_name, source_name
from newslake.pipeline.jobs.pipeline_version import code_version
from newslake.pipeline.jobs.takedown_guard import REASON
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import canonical_url

if TYPE_CHECKING:
    import pyarrow as pa

_READ = "outcomes_without_traces"  # in the cache: what was looked for, and the marks of the files
_COLUMNS = ("url", "article_id", "source_key")


@dataclass(slots=True)
class BlockedTraces:
    """The blocked pages, articles and sources of which there is a trace."""

    page_keys: set[str] = field(default_factory=set)
    article_ids: set[str] = field(default_factory=set)
    source_keys: set[str] = field(default_factory=set)


def find_traces(workspace: Workspace, blocked: Collection[str]) -> BlockedTraces:
    """Return the traces of blocked names. It reads the names of all listed pages, and of outcomes not read before."""
    names, traces = frozenset(blocked), BlockedTraces()
    ids = [name for name in names if ":" not in name]
    _find_in_states(workspace, names, traces)
    _find_in_new_outcomes(workspace, names, traces)
    # A cached outcome that says that its article is blocked names nothing else of it.
    cached = workspace.lake.index.cached_outcomes(ids)
    traces.article_ids |= {each for each, outcome in cached.items() if outcome.reason != REASON}
    traces.article_ids |= workspace.lake.erasure.staged(ids)
    return traces


def _find_in_states(workspace: Workspace, blocked: frozenset[str], traces: BlockedTraces) -> None:
    sources = set()
    for page in workspace.fetch_state.known(date.min, date.max):
        sources.add(page.source_key)
        if page_name(page.page_key) in blocked:
            traces.page_keys.add(page.page_key)
    traces.source_keys.update(_blocked_sources(sources, blocked))


def _find_in_new_outcomes(workspace: Workspace, blocked: frozenset[str], traces: BlockedTraces) -> None:
    """Add what the files of outcomes name that no earlier call has read for the same names.

    Files are marked as read if none of them has a trace: a process may die before the trace is erased.
    """
    log, question, new = workspace.lake.log, _question(blocked), BlockedTraces()
    known = _files_read(workspace, question)
    there = log.marks("outcomes")  # first: a file that is written meanwhile is not among them
    for rows in log.months("outcomes", columns=_COLUMNS, skips=known):
        _find_in_outcomes(rows, blocked, new)
    if new != BlockedTraces():
        traces.page_keys |= new.page_keys
        traces.article_ids |= new.article_ids
        traces.source_keys |= new.source_keys
    elif there != known:
        workspace.lake.put_cached(_READ, "\n".join([question, *sorted(there)]).encode())


def _question(blocked: frozenset[str]) -> str:
    """Return the hash of what is looked for, and of the code that looks."""
    return hashlib.sha256("\n".join([code_version(), *sorted(blocked)]).encode()).hexdigest()


def _files_read(workspace: Workspace, question: str) -> frozenset[str]:
    """Return the marks of the files of outcomes that had no trace in an earlier call; none if that is not known."""
    earlier, *marks = (workspace.lake.get_cached(_READ) or b"").decode().split("\n")
    return frozenset(marks) if earlier == question else frozenset()


def _find_in_outcomes(rows: "pa.Table", blocked: frozenset[str], traces: BlockedTraces) -> None:
    """Add what some rows name. A row of a takedown, or of what it blocked, has a pseudonym."""
    named = rows.filter(pc.invert(pc.starts_with(rows["url"], PSEUDONYM)))
    traces.article_ids |= blocked.intersection(pc.unique(named["article_id"]).to_pylist())
    traces.source_keys.update(_blocked_sources(pc.unique(named["source_key"]).to_pylist(), blocked))
    for url in pc.unique(named["url"]).to_pylist():
        try:
            key = canonical_url(url)
        except ValueError:  # a file name
            continue
        if page_name(key) in blocked:
            traces.page_keys.add(key)


def _blocked_sources(source_keys: Iterable[str], blocked: frozenset[str]) -> Iterator[str]:
    return (key for key in source_keys if source_name(key) in blocked)
