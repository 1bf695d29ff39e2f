"""A fetch that failed: its outcome, when it is tried again, and what the archive keeps of it."""

import json
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from newslake.pipeline.archive import ArchiveWriter, Validators
from newslake.pipeline.archive.interfaces import PageStates
from newslake.pipeline.errors import NewsError, RefusedFetchError, TransientFetchError
from newslake.pipeline.jobs.outcomes import outcome_kind_of
from newslake.pipeline.leases import Lease
from newslake.pipeline.model import Attempt, Capture
from newslake.pipeline.model.outcome import OutcomeKind
from newslake.pipeline.model.page import GONE
from newslake.pipeline.sources.listing import FILE_START, FilePosition

MAX_ATTEMPTS = 8
_RETRY_AFTER = timedelta(hours=1)  # doubled with each attempt: the last of eight is five days after the first
_RETRY_AFTER_MAX_SECONDS = 86400.0  # of a server's Retry-After
_REREAD_AFTER = timedelta(hours=20)  # less than a day, so that a daily run tries again what newslake could not read


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureOutcome:
    """The outcome of a page that could not be fetched. ``next_try_at`` None means that it is not tried again."""

    outcome: OutcomeKind
    reason: str
    next_try_at: datetime | None


def failure_of(error: NewsError, *, attempts: int, now: datetime, is_recheck: bool) -> FailureOutcome:
    """Return the outcome of a failed fetch. ``attempts`` counts consecutive failures, including this one.

    A recheck that failed is not checked, unless the page is gone: it is archived, and its rows stay as they are.
    Raises: the error itself if it must fail the run, not only the page.
    """
    kind, is_last = outcome_kind_of(error), attempts >= MAX_ATTEMPTS
    if kind == "pending":
        next_try = None if is_last else now + retry_delay(error, attempts)
        if is_recheck:
            return FailureOutcome(outcome="not_checked", reason=error.reason, next_try_at=next_try)
        if is_last:
            return FailureOutcome(outcome="rejected", reason=f"retries_exhausted_{error.reason}", next_try_at=None)
        return FailureOutcome(outcome=kind, reason=error.reason, next_try_at=next_try)
    is_read_again = kind == "quarantined" and not is_last  # the next version may be able to read it
    next_try = now + _REREAD_AFTER if is_read_again else None
    is_gone = isinstance(error, RefusedFetchError) and error.status in GONE
    outcome: OutcomeKind = "not_checked" if is_recheck and not is_gone else kind
    return FailureOutcome(outcome=outcome, reason=error.reason, next_try_at=next_try)


def retry_delay(error: NewsError, attempts: int) -> timedelta:
    """Return the delay before the next attempt: the server's, at most a day, else doubled with each attempt."""
    server_seconds = error.retry_after_seconds if isinstance(error, TransientFetchError) else None
    if server_seconds:
        return timedelta(seconds=min(server_seconds, _RETRY_AFTER_MAX_SECONDS))
    return _RETRY_AFTER * (1 << max(attempts - 1, 0))


def archive_failed_response(
    error: TransientFetchError | RefusedFetchError,
    writer: ArchiveWriter,
    *,
    page: tuple[str, str, date],
    last: Capture | None,
    at: datetime,
) -> Attempt | None:
    """Archive a truncated body, or the tombstone of an archived page that is gone; return None for any other error.

    ``page`` is its page_key, URL and news day; ``last`` is its last capture. The archive keeps both, because the fetch
    state cannot be rebuilt.
    """
    exchange = error.exchange
    if exchange is None or (exchange.truncated is None and last is None):
        return None
    page_key, url, news_day = page
    attempt = Attempt(
        page_key=page_key,
        url=url,
        article_id=last.article_id if last is not None else None,
        source_key=writer.source_key,
        news_day=news_day,
        run_id=writer.run_id,
        fetched_at=at,
        status=(error.status if isinstance(error, RefusedFetchError) else None) or 200,
        reason=error.reason,
        file="",
        offset=0,
        length=0,
    )
    return writer.put_attempt(attempt, exchange)


# A listing or file with an item on which newslake failed is read again by the next version, and only then.

_FAILED_AT = "\nfailed at "  # no ETag and no URL has a line break


def marked_as_failed(mark: str, *, version: str) -> str:
    """Return the ETag or URL of a listing with the mark that this version failed on an item of it.

    ``version`` is the present one, as ``failure_version`` writes it.
    """
    return f"{mark}{_FAILED_AT}{version}"


def unmarked_validators(stored: Validators | None, *, version: str) -> Validators | None:
    """Return the stored validators of a listing; None if it has an item on which another version failed.

    ``version`` is the present one.
    """
    if stored is None:
        return None
    etag, _, failed_at = (stored.etag or "").partition(_FAILED_AT)
    return replace(stored, etag=etag or None) if failed_at in ("", version) else None


class ListingMarks:
    """What the fetch state has of a source's listing and of its large files, when the listing begins."""

    def __init__(self, state: PageStates, source_key: str, *, version: str) -> None:
        self._state = state
        self._source_key = source_key
        self._version = version
        self._stored = state.validators(source_key)
        self.known = unmarked_validators(self._stored, version=version)

    def is_done(self, mark: str) -> bool:
        """Return whether a large file was read to its end."""
        whole = self._state.validators(self._source_key, url=mark)
        if whole is not None and whole.etag is None:
            return True
        return self._state.has_listed(self._source_key, marked_as_failed(mark, version=self._version))

    def place_of(self, mark: str) -> FilePosition:
        """Return where reading goes on in a large file; its start if another version failed on an item before."""
        known = unmarked_validators(self._state.validators(self._source_key, url=mark), version=self._version)
        return FILE_START if known is None or known.etag is None else FilePosition.of(json.loads(known.etag))

    def settle(self, mark: str, place: FilePosition | None, *, has_failed: bool, lease: Lease) -> None:
        """Store that a large file was read up to a place, or to its end, and whether newslake failed on an item."""
        stored = self._state.validators(self._source_key, url=mark)
        has_failed |= stored is not None and (stored.etag or "").endswith(marked_as_failed("", version=self._version))
        etag = None if place is None else place.text
        if has_failed and etag is None:
            mark = marked_as_failed(mark, version=self._version)
        elif has_failed:
            etag = marked_as_failed(etag or "", version=self._version)
        self._state.store_validators(self._source_key, Validators(etag=etag), url=mark, lease=lease)

    def validators_after(self, read: Validators, *, has_failed: bool, is_continued: bool) -> Validators:
        """Return the validators to store, with the mark if newslake failed in this slice or in an earlier one."""
        if has_failed or (is_continued and self._stored is not None and self._stored != self.known):
            return replace(read, etag=marked_as_failed(read.etag or "", version=self._version))
        return read
