"""Which articles of a news day must be derived and which are settled: one rule to plan, derive and count."""

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import batched
from typing import Literal, Protocol

from newslake.pipeline.archive import CaptureSummary
from newslake.pipeline.jobs.inventory import knowledge_of
from newslake.pipeline.jobs.knowledge import stale_articles
from newslake.pipeline.jobs.outcomes import BROKEN_REASONS
from newslake.pipeline.jobs.pipeline_version import failure_version, version_of
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.kb import KnowledgeBase
from newslake.pipeline.lake import CachedOutcome, StoredArticle
from newslake.pipeline.model import Capture

Captures = Sequence[Capture]
DeriveReason = Literal["new", "again"]
NO_INPUT = ""  # the hash of no article: an outcome that is current for none
_PIECE_ARTICLES = 500  # with all their captures, in memory at a time


class PayloadCapture(Protocol):
    """What the rule needs of a capture; planning knows only these fields."""

    @property
    def digest(self) -> str: ...
    @property
    def fetched_at(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class DayWork:
    """Some articles of a news day, sorted by id.

    ``version`` and ``knowledge`` are used to derive the articles. ``captures`` are all captures of an article, of any
    day, oldest first. An article is either in ``todo`` or in ``settled``. ``todo`` says whether its revision is new or
    must be derived again: for another version, or because it is ``stale``, that is, the knowledge about its names or
    quotes changed. ``settled`` has its current outcome.
    """

    version: str
    knowledge: KnowledgeBase
    captures: Mapping[str, Captures]
    stored: Mapping[str, StoredArticle]
    todo: Mapping[str, DeriveReason]
    settled: Mapping[str, CachedOutcome]
    stale: Collection[str]

    def count(self, why: DeriveReason) -> int:
        return sum(each == why for each in self.todo.values())


def day_work(
    workspace: Workspace,
    *,
    day: date,
    chunk: int = 0,
    chunks: int = 1,
    article_ids: Collection[str] | None = None,
) -> Iterator[DayWork]:
    """Yield the work of a day, or of one of its chunks, in pieces, so that memory does not grow with the day.

    The id of an article decides its chunk, so together the chunks miss no article that arrives meanwhile. With
    ``article_ids``, only these are the work.
    """
    if article_ids is not None:
        yield from _work_of(workspace, article_ids)
        return
    filed = workspace.archive.articles_of_day(day)
    yield from _work_of(workspace, (each for each in filed if int(each[:8], 16) % chunks == chunk))


def settled_articles(workspace: Workspace, article_ids: Iterable[str]) -> frozenset[str]:
    """Return those of some archived articles that no run processes again: their rows, or rejections, are current."""
    return frozenset(each for piece in _work_of(workspace, article_ids) for each in piece.settled)


def articles_to_derive(workspace: Workspace, *, days: Iterable[date]) -> frozenset[str]:
    """Return the articles that runs of some news days will derive; one that is of two days is derived once."""
    filed = {each for day in days for each in workspace.archive.articles_of_day(day)}
    return frozenset(each for piece in _work_of(workspace, filed) for each in piece.todo)


def _work_of(workspace: Workspace, article_ids: Iterable[str]) -> Iterator[DayWork]:
    lake, version = workspace.lake, version_of(workspace.settings)
    knowledge = knowledge_of(workspace.settings)
    for ids in batched(sorted(article_ids), _PIECE_ARTICLES):
        captures = {each: workspace.archive.captures(article_id=each) for each in ids}
        stored = lake.index.stored(captures)
        stale = stale_articles(lake, stored, knowledge)
        cached = lake.index.cached_outcomes(captures)
        todo, settled = classify(captures, stored, cached, version=version, stale=stale)
        yield DayWork(version, knowledge, captures=captures, stored=stored, todo=todo, settled=settled, stale=stale)


def classify(
    captures: Mapping[str, Sequence[PayloadCapture]],
    stored: Mapping[str, StoredArticle],
    cached_outcomes: Mapping[str, CachedOutcome],
    *,
    version: str,
    stale: Collection[str] = (),
) -> tuple[dict[str, DeriveReason], dict[str, CachedOutcome]]:
    """Return the articles to derive, each with its reason, and the settled articles, each with its current outcome.

    ``captures`` are all captures of an article, oldest first; ``stale`` are the articles derived with other knowledge.
    """
    todo: dict[str, DeriveReason] = {}
    settled = {}
    for each, history in captures.items():
        row = stored.get(each)
        is_current = row is not None and row.pipeline_version == version and each not in stale
        cached = _current_outcome(history, row, cached_outcomes.get(each), version=version, is_current=is_current)
        if cached is not None:
            settled[each] = cached
        else:
            todo[each] = "new" if row is None or is_current else "again"
    return todo, settled


def unprocessed_days(workspace: Workspace) -> tuple[date, ...]:
    """Return the news days with archived articles that no version has derived, sorted.

    A run announces the days that it archived for. Runs that died or failed before that left these days.
    """
    histories: dict[str, list[CaptureSummary]] = defaultdict(list)
    for each in workspace.archive.capture_summaries(date.min, date.max):
        histories[each.article_id].append(each)
    stored, cached_outcomes = workspace.lake.index.stored(histories), workspace.lake.index.cached_outcomes(histories)
    unread = (
        history[-1].news_day
        for article_id, history in histories.items()
        if not _was_read(history, stored.get(article_id), cached_outcomes.get(article_id))
    )
    return tuple(sorted(set(unread)))


def _was_read(captures: Sequence[PayloadCapture], row: StoredArticle | None, cached: CachedOutcome | None) -> bool:
    if _is_to_try(cached):  # whatever an older version read
        return False
    if row is not None and _is_only_content(row, captures):
        return True
    if cached is None or cached.input_hash != input_hash_of(captures):
        return False
    return cached.row_key is None or (row is not None and row.row_key == cached.row_key)


def _is_to_try(cached: CachedOutcome | None) -> bool:
    """Return whether an article waits for another try: a retry, or the next run for a suspect."""
    return cached is not None and cached.input_hash == NO_INPUT


def input_hash_of(captures: Sequence[PayloadCapture]) -> str:
    """Return a hash of the payloads of an article, each with its first fetch, ordered by their last capture.

    Another capture of the last payload does not change it.
    """
    first = {each.digest: each.fetched_at for each in reversed(captures)}
    last = dict.fromkeys(each.digest for each in reversed(captures))
    payloads = "\n".join(f"{digest} {first[digest].isoformat()}" for digest in last)
    return hashlib.sha256(payloads.encode()).hexdigest()[:32]


def unchanged_outcome(captures: Sequence[PayloadCapture], *, version: str, row_key: str) -> CachedOutcome:
    """Return the outcome that the committed row with this key is current."""
    detail = "this revision is committed at this pipeline version"
    return CachedOutcome(input_hash_of(captures), version, "unchanged", "committed", detail, row_key)


def _current_outcome(
    captures: Sequence[PayloadCapture],
    row: StoredArticle | None,
    cached: CachedOutcome | None,
    *,
    version: str,
    is_current: bool,
) -> CachedOutcome | None:
    """Return the outcome that is current without deriving the article again; None if it must be derived."""
    if row is not None and is_current and _is_only_content(row, captures) and not _is_to_try(cached):
        return unchanged_outcome(captures, version=version, row_key=row.row_key)
    if cached is None or cached.input_hash != input_hash_of(captures):
        return None
    if cached.pipeline_version != (failure_version(version) if cached.reason in BROKEN_REASONS else version):
        return None
    if cached.row_key is None:
        return cached
    return cached if row is not None and is_current and row.row_key == cached.row_key else None


def _is_only_content(row: StoredArticle, captures: Sequence[PayloadCapture]) -> bool:
    """Return whether a row was derived from the only payload of its article, as first fetched."""
    is_first = (row.payload_digest, row.fetched_at) == (captures[0].digest, captures[0].fetched_at)
    return is_first and all(each.digest == row.payload_digest for each in captures)
