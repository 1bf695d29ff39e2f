"""A page that a source lists or knows, and whether a run requests it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from newslake.pipeline.archive import PageState
from newslake.pipeline.fetch import PageRequest
from newslake.pipeline.jobs.page_limits import Refusal
from newslake.pipeline.jobs.rechecks import next_recheck, published_by
from newslake.pipeline.model import Attempt, Capture, Hints, Ref
from newslake.pipeline.model.outcome import OutcomeKind

ALREADY_FETCHED = "already_fetched"
_REFUSED: Mapping[str, OutcomeKind] = {"rejected": "rejected", "quarantined": "quarantined"}
_STOPPED = (*_REFUSED, "not_checked")
_WAITING: Mapping[str, OutcomeKind] = {"quarantined": "quarantined", "not_checked": "not_checked"}
_Decision = tuple[OutcomeKind, str | None, str]  # outcome, reason, detail


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

    def state(self, source_key: str, outcome: str, *, next_try_at: datetime | None) -> PageState:
        """Return the fetch state of the page after a request of a source, without failures."""
        return PageState(
            page_key=self.state_key,
            url=self.ref.url or "",
            source_key=source_key,
            news_day=self.news_day,
            listed_modified_at=self.ref.hints.modified_at,
            last_outcome=outcome,
            reason=None,
            attempts=0,
            next_try_at=next_try_at,
            hints=self.ref.hints,
        )

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


def standing_of(listed: FetchCandidate) -> _Decision:
    """Return outcome, reason and detail of a page that is not fetched now."""
    seen = listed.seen
    if seen is not None and listed.retry_at is not None:
        detail = f"attempts: {seen.attempts}; next at {listed.retry_at:%Y-%m-%d %H:%M} UTC"
        return _WAITING.get(seen.last_outcome, "pending"), seen.reason, detail
    if seen is not None and seen.last_outcome in _REFUSED:
        kind = _REFUSED[seen.last_outcome]
        return kind, seen.reason, f"{kind} before; fetched again if the listing gives a later modification time"
    if listed.ref.hints.copy_digest is not None:
        return "unchanged", ALREADY_FETCHED, "archived before; a snapshot does not change"
    due_at = seen.next_try_at if seen is not None and seen.is_on_schedule else None
    next_at = "no recheck is planned" if due_at is None else f"next recheck after {due_at:%Y-%m-%d %H:%M} UTC"
    return "not_checked", ALREADY_FETCHED, f"archived before; {next_at}"


def capture_outcome(capture: Capture, others: Sequence[Capture]) -> _Decision:
    """Return outcome, reason and detail of a page that was fetched.

    ``others`` are its captures of other runs and sources, oldest first. A folder that changed is read again, also its
    pages that did not: they are known by their fetch time, although a later capture may have other bytes.
    """
    if capture.status == 304:
        return "unchanged", "not_modified", "the server answers 304"
    is_known = any((each.digest, each.fetched_at) == (capture.digest, capture.fetched_at) for each in others)
    if is_known or (others and others[-1].digest == capture.digest):
        return "unchanged", "identical_payload", "the same bytes as the last capture"
    return "pending", "archived", "archived, not yet processed"


def tombstone_of(listed: FetchCandidate, attempts: Sequence[Attempt]) -> Attempt | None:
    """Return the answer that the page is gone, if one of its failed requests has it since it was due."""
    due_at = listed.seen.next_try_at if listed.seen is not None else None
    since = max(each for each in (due_at, *(each.fetched_at for each in listed.captures)) if each is not None)
    return next((each for each in attempts if each.is_tombstone and each.fetched_at >= since), None)


def rescheduled_state(listed: FetchCandidate, *, source_key: str, hours: Sequence[float]) -> PageState | None:
    """Return the state of a page of a source if its next recheck is at another time; None if it is not.

    The time changes with an edit of the schedule, and after a killed run.
    """
    seen, last = listed.seen, listed.last
    if last is None or listed.retry_at is not None or listed.is_stopped:
        return None
    next_at = listed.recheck_at(last.fetched_at, hours=hours)
    if seen is None:
        return listed.state(source_key, "unchanged", next_try_at=next_at)
    if seen.source_key != source_key or seen.next_try_at == next_at:
        return None
    return replace(seen, last_outcome="unchanged", reason=None, attempts=0, next_try_at=next_at)


def idle_state(seen: PageState) -> PageState:
    """Return the state of an archived page that waits no longer, for a retry or a recheck.

    A listed change that was not fetched is one again if the page is listed.
    """
    if seen.is_on_schedule:
        return replace(seen, next_try_at=None)
    return replace(seen, last_outcome="unchanged", reason=None, attempts=0, next_try_at=None, listed_modified_at=None)


def state_after_file(listed: FetchCandidate, seen: PageState, capture: Capture, *, hours: Sequence[float]) -> PageState:
    """Return the state of a page of another source after a file brought it.

    It stays with its source. If that waited for it, the page is now on the schedule of that source, ``hours``.
    """
    listed = replace(listed, ref=replace(listed.ref, hints=seen.hints))
    next_at = listed.recheck_at(capture.fetched_at, hours=hours) if seen.next_try_at is not None else None
    return replace(seen, last_outcome="archived", reason=None, attempts=0, next_try_at=next_at)


def request_outcome(owner: str, refusal: Refusal | None, *, is_archived: bool) -> _Decision:
    """Return outcome, reason and detail of a link that asks for a known page again, which source ``owner`` has.

    ``refusal`` is that of the limits of this source.
    """
    if refusal is None:
        detail = f"source {owner} has the page; it requests it in this run, or in its next one"
        return "not_checked", "left_to_source", detail
    kind: OutcomeKind = "not_checked" if is_archived else "rejected"
    return kind, refusal.reason, f"source {owner} has the page, and does not take it: {refusal.detail}"


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
