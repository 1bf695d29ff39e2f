"""The history of one page: its captures, its revisions, and what changed between them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Literal

from newslake.pipeline.clusters import SentenceChange, changes_between, contents_in_order, quotes_removed
from newslake.pipeline.errors import ArchiveError, ConfigError, NewsError
from newslake.pipeline.jobs.clean import clean_capture
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import Article, Attempt, Capture, Rejected, article_id_of, canonical_url

CleanResult = Article | Rejected | NewsError
VisitKind = Literal["content", "identical_payload", "not_modified", "gone", "truncated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageVisit:
    """One capture or attempt of a page in the archive. An attempt has no ``digest``.

    There is no ``revision_id`` if the page was not an article; ``reason`` says why.
    """

    at: datetime
    what: VisitKind
    status: int
    url: str | None
    source_key: str
    run_id: str
    digest: str | None
    revision_id: str | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRevision:
    """One revision, its first fetch, and its changes from the previous revision."""

    revision_id: str
    fetched_at: datetime
    payload_digest: str | None
    title: str | None
    word_count: int
    changes: tuple[SentenceChange, ...]
    quotes_removed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageHistory:
    """``visits`` are in time order, ``revisions`` by first fetch. ``is_gone``: the last visit is a tombstone."""

    article_ids: tuple[str, ...]
    visits: tuple[PageVisit, ...]
    revisions: tuple[PageRevision, ...]
    is_gone: bool


def page_history(workspace: Workspace, page: str) -> PageHistory:
    """Return the history of a URL or an article_id.

    Raises: ConfigError for anything else, ArchiveError (no_capture) if the archive has nothing of it.
    """
    captures, keys = _captures(workspace, page)
    attempts = workspace.archive.attempts(keys)
    if not captures and not attempts:
        raise ArchiveError(f"the archive has no record of {page}; `newslake why` shows its status", reason="no_capture")
    first = {each.digest: each for each in reversed(captures)}
    read = {digest: clean_capture(workspace, capture) for digest, capture in first.items()}
    visits = [*_capture_visits(captures, read), *(_attempt_visit(each) for each in attempts)]
    visits.sort(key=lambda visit: visit.at)
    return PageHistory(
        article_ids=tuple(dict.fromkeys(each.article_id for each in captures)),
        visits=tuple(visits),
        revisions=_revisions(read),
        is_gone=next((visit.what == "gone" for visit in reversed(visits) if visit.what != "truncated"), False),
    )


def _captures(workspace: Workspace, page: str) -> tuple[tuple[Capture, ...], set[str]]:
    """Return all captures of the articles that a URL or id names, oldest first, and the keys of their pages."""
    archive = workspace.archive
    captures = archive.captures(article_id=page)
    if captures:
        return captures, {each.page_key for each in captures}
    try:
        key = canonical_url(page)
    except ValueError as error:
        raise ConfigError(f"{page} is neither a URL nor an article_id in the archive", key=page) from error
    ids = {each.article_id for each in archive.captures(page_key=key)} | {article_id_of(canonical=key, text="")}
    captures = captures_of(workspace, ids)
    return captures, {key, *(each.page_key for each in captures)}


def captures_of(workspace: Workspace, article_ids: Iterable[str]) -> tuple[Capture, ...]:
    """Return the captures of some articles, oldest first."""
    captures = [each for article_id in article_ids for each in workspace.archive.captures(article_id=article_id)]
    return tuple(sorted(captures, key=lambda each: (each.fetched_at, each.file, each.offset)))


def _capture_visits(captures: tuple[Capture, ...], read: Mapping[str, CleanResult]) -> list[PageVisit]:
    visits, seen = [], set()
    for each in captures:
        what: VisitKind = (
            "not_modified" if each.status == 304 else "identical_payload" if each.digest in seen else "content"
        )
        seen.add(each.digest)
        got = read[each.digest]
        visits.append(
            PageVisit(
                at=each.fetched_at,
                what=what,
                status=each.status,
                url=each.url,
                source_key=each.source_key,
                run_id=each.run_id,
                digest=each.digest,
                revision_id=got.revision_id if isinstance(got, Article) else None,
                reason=None if isinstance(got, Article) else got.reason,
            )
        )
    return visits


def _attempt_visit(attempt: Attempt) -> PageVisit:
    return PageVisit(
        at=attempt.fetched_at,
        what="gone" if attempt.is_tombstone else "truncated",
        status=attempt.status,
        url=attempt.url,
        source_key=attempt.source_key,
        run_id=attempt.run_id,
        digest=None,
        revision_id=None,
        reason=attempt.reason,
    )


def _revisions(read: Mapping[str, CleanResult]) -> tuple[PageRevision, ...]:
    contents = contents_in_order(each for each in read.values() if isinstance(each, Article))
    later = ((changes_between(a, b), quotes_removed(a, b)) for a, b in pairwise(contents))
    changed = [((), ()), *later][: len(contents)]  # a rejected page has no revision
    return tuple(
        PageRevision(
            revision_id=content.revision_id,
            fetched_at=content.fetched_at,
            payload_digest=content.payload_digest,
            title=content.title,
            word_count=content.word_count,
            changes=changes,
            quotes_removed=quotes,
        )
        for content, (changes, quotes) in zip(contents, changed, strict=True)
    )
