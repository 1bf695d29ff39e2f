"""A page that a source lists, and whether it is fetched now."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from pipeline.archive import PageState
from pipeline.errors import NewsError, TransientFetchError
from pipeline.fetch import PageRequest
from pipeline.model import Capture, Hints, Ref

MAX_ATTEMPTS = 8
_RECHECK_AFTER = timedelta(hours=20)  # under a day, so that a daily run looks again at what a feed still lists
_RETRY_AFTER = timedelta(hours=1)  # doubled with each try: the last of eight comes five days after the first
_RETRY_AFTER_MAX_SECONDS = 86400.0  # of a server's Retry-After


@dataclass(frozen=True, slots=True)
class FetchCandidate:
    """A page that a source lists, with what is known of it from before. ``captures`` are oldest first."""

    ref: Ref
    page_key: str
    news_day: date
    seen: PageState | None
    captures: tuple[Capture, ...]

    @property
    def name(self) -> str:
        """What outcomes call the page: its URL, else the file that it is in."""
        return self.ref.url or self.ref.file or ""

    @property
    def state_key(self) -> str:
        """The name of its fetch state: a web archive's copies have one each, apart from that of the live page."""
        return state_key_of(self.page_key, self.ref.hints)

    @property
    def last(self) -> Capture | None:
        return self.captures[-1] if self.captures else None

    def request(self) -> PageRequest:
        """Return what to ask for, with the validators of the last capture."""
        last = self.last
        return PageRequest(
            url=self.ref.url or "",
            etag=last.etag if last is not None else None,
            last_modified=last.last_modified if last is not None else None,
            hints=self.ref.hints,
        )

    def is_wanted(self, now: datetime) -> bool:
        """Return whether the page is new, may have changed, or is due for another try."""
        seen, last, changed_at = self.seen, self.last, self.ref.hints.modified_at
        if seen is not None and seen.next_try_at is not None:
            return seen.next_try_at <= now
        is_refused = seen is not None and seen.last_outcome == "rejected"
        if (copy := self.ref.hints.copy_digest) is not None:  # an archive's copy stays as it is
            return not is_refused and all(each.hints.copy_digest != copy for each in self.captures)
        if changed_at is not None:
            told = seen.listed_modified_at if seen is not None else None
            known = told or (last.fetched_at if last is not None else None)
            return known is None or changed_at > known
        return not is_refused and (last is None or now - last.fetched_at >= _RECHECK_AFTER)


def state_key_of(page_key: str, hints: Hints) -> str:
    """Return ``FetchCandidate.state_key`` of a page, told by what its listing said of it."""
    return page_key if hints.copy_digest is None else f"{page_key} {hints.copy_digest}"


def retry_delay(error: NewsError, attempts: int) -> timedelta:
    """Return the time to the next try: what the server asks for, a day at most, else longer with each try."""
    asked_seconds = error.retry_after_seconds if isinstance(error, TransientFetchError) else None
    if asked_seconds:
        return timedelta(seconds=min(asked_seconds, _RETRY_AFTER_MAX_SECONDS))
    return _RETRY_AFTER * (1 << max(attempts - 1, 0))
