"""A page that a source lists or knows, and whether a run requests it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from pipeline.archive import PageState
from pipeline.fetch import PageRequest
from pipeline.jobs.rechecks import next_recheck, published_by
from pipeline.model import Capture, Hints, Ref

REFUSED = ("rejected", "quarantined")
_STOPPED = (*REFUSED, "not_checked")


@dataclass(frozen=True, slots=True)
class FetchCandidate:
    """A page that a source lists, with its fetch state and its captures, oldest first."""

    ref: Ref
    page_key: str
    news_day: date
    seen: PageState | None
    captures: tuple[Capture, ...]

    @property
    def name(self) -> str:
        """The name of the page in outcomes: its URL, else its file."""
        return self.ref.url or self.ref.file or ""

    @property
    def state_key(self) -> str:
        """The key of its fetch state: each snapshot in a web archive has its own, and so has the live page."""
        return state_key_of(self.page_key, self.ref.hints)

    @property
    def last(self) -> Capture | None:
        return self.captures[-1] if self.captures else None

    @property
    def is_fetched_since(self) -> bool:
        """Whether the archive has a fetch after the time of the next try: a run made that try, and was killed."""
        due_at = None if self.seen is None else self.seen.next_try_at
        return due_at is not None and self.last is not None and self.last.fetched_at > due_at

    @property
    def retry_at(self) -> datetime | None:
        """The time of the next try after a failed or requested one; None for a page on the schedule of rechecks."""
        if self.seen is None or self.seen.is_on_schedule or self.is_fetched_since:
            return None
        return self.seen.next_try_at

    @property
    def is_stopped(self) -> bool:
        """Whether the last try failed for good: only a change in the listing is a reason to request the page."""
        return self.seen is not None and self.seen.last_outcome in _STOPPED and not self.is_fetched_since

    @property
    def has_listed_change(self) -> bool:
        """Whether the listing gives a later modification time than the last one, or than the last fetch."""
        seen, last, changed_at = self.seen, self.last, self.ref.hints.modified_at
        listed_at = seen.listed_modified_at if seen is not None else None
        known = listed_at or (last.fetched_at if last is not None else None)
        return changed_at is not None and (known is None or changed_at > known)

    @property
    def is_recheck(self) -> bool:
        """Whether a request only looks for an edit: the page is archived, and nothing says that it has changed."""
        has_change = self.has_listed_change or (self.seen is not None and self.seen.last_outcome == "pending")
        return self.last is not None and self.ref.hints.copy_digest is None and not has_change

    def request(self, *, is_conditional: bool) -> PageRequest:
        """Return the request; a conditional one has the validators of the last capture."""
        last = self.last if is_conditional else None
        return PageRequest(
            url=self.ref.url or "",
            etag=last.etag if last is not None else None,
            last_modified=last.last_modified if last is not None else None,
            hints=self.ref.hints,
        )

    def recheck_at(self, last: datetime, *, hours: Sequence[float]) -> datetime | None:
        """Return the time of the next recheck after a fetch; None for a snapshot, and if the schedule is over."""
        if self.ref.hints.copy_digest is not None:
            return None
        first = self.captures[0].fetched_at if self.captures else last
        published = published_by(self.ref.hints, news_day=self.news_day, first_fetched_at=first)
        return next_recheck(last, hours=hours, published=published)

    def is_wanted(self, now: datetime, *, hours: Sequence[float]) -> bool:
        """Return whether the page is new, may have changed, or is due for a retry or a recheck.

        ``hours`` is the schedule of rechecks; empty if the listing is no reason for one.
        """
        last = self.last
        if self.retry_at is not None:
            return self.retry_at <= now
        if (copy := self.ref.hints.copy_digest) is not None:  # a snapshot in a web archive does not change
            return not self.is_stopped and all(each.hints.copy_digest != copy for each in self.captures)
        if self.has_listed_change or self.is_stopped:
            return self.has_listed_change
        if last is None:
            return self.ref.hints.modified_at is None
        recheck_at = self.recheck_at(last.fetched_at, hours=hours)
        return recheck_at is not None and recheck_at <= now


def requested_state(
    seen: PageState | None, last: Capture | None, *, source_key: str, requested_at: datetime
) -> PageState | None:
    """Return the state of a known page that is due because somebody asks for it; None for an unknown page.

    The live page is requested, also if the archive has only a snapshot of it.
    """
    known = seen or (_state_of(last) if last is not None and last.url is not None else None)
    if known is None:
        return None
    return replace(
        known,
        source_key=source_key,
        last_outcome="not_checked",
        reason="refetch",
        attempts=0,
        next_try_at=requested_at,
    )


def _state_of(last: Capture) -> PageState:
    return PageState(
        page_key=last.page_key,
        url=last.url or "",
        source_key=last.source_key,
        news_day=last.news_day,
        listed_modified_at=None,
        last_outcome="archived",
        reason=None,
        attempts=0,
        next_try_at=None,
        hints=replace(last.hints, copy_url=None, copy_digest=None),
    )


def state_key_of(page_key: str, hints: Hints) -> str:
    """Return ``FetchCandidate.state_key`` of a page, given the hints of its listing."""
    return page_key if hints.copy_digest is None else f"{page_key} {hints.copy_digest}"
