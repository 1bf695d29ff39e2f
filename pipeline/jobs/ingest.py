"""Discover, fetch and archive the pages of one source.

A page is fetched if it is new, if its listing gives a later modification time, if a retry is due, or if a listing
without modification times still has it a day later. Every other page gets an outcome with its reason. For a day that
the source no longer lists, only pending pages are fetched.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

from pipeline.archive import ArchiveWriter, PageState, Validators, page_key_of
from pipeline.boundary import run_isolated
from pipeline.clean import PageIdentity, page_identity
from pipeline.errors import BrokenItemError, NewsError, PoisonItemError, RefusedFetchError, TransientFetchError
from pipeline.fetch import Fetcher, FetchResult, NotModified, PageRequest
from pipeline.jobs.in_flight import InFlight
from pipeline.jobs.outcomes import (
    BROKEN_REASONS,
    ListingResult,
    ListingRow,
    OutcomeRecorder,
    PageName,
    append_listing,
    append_outcomes,
    batch_of,
    check_balance,
    detail_of,
    logged_outcomes,
    outcome_kind_of,
)
from pipeline.jobs.pipeline_version import failure_version, version_of
from pipeline.jobs.takedown_guard import DETAIL, REASON, TakedownGuard, redacted_page
from pipeline.jobs.workspace import Workspace
from pipeline.model import Attempt, Capture, Hints, Page, Ref, Source, StageReport, canonical_url
from pipeline.model.outcome import OutcomeKind
from pipeline.sources import (
    Listing,
    ListingEntry,
    ReadContext,
    WaybackFetcher,
    discover,
    isolated_entries,
    listable_days,
    settle_all,
)
from pipeline.sources.normalize import is_plausible

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 8
_RECHECK_AFTER = timedelta(hours=20)  # less than a day, so that a daily run checks again what a feed still lists
_RETRY_AFTER = timedelta(hours=1)  # doubled with each attempt: the last of eight is five days after the first
_REFUSED = ("rejected", "quarantined")
_FAILED_AT = "\nfailed at "  # no ETag and no URL has a line break
_RETRY_AFTER_MAX_SECONDS = 86400.0  # of a server's Retry-After


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

    def request(self, *, is_conditional: bool) -> PageRequest:
        """Return the request; a conditional one has the validators of the last capture."""
        last = self.last if is_conditional else None
        return PageRequest(
            url=self.ref.url or "",
            etag=last.etag if last is not None else None,
            last_modified=last.last_modified if last is not None else None,
            hints=self.ref.hints,
        )

    def is_wanted(self, now: datetime) -> bool:
        """Return whether the page is new, may have changed, or is due for a retry."""
        seen, last, changed_at = self.seen, self.last, self.ref.hints.modified_at
        if seen is not None and seen.next_try_at is not None:
            return seen.next_try_at <= now
        is_refused = seen is not None and seen.last_outcome in _REFUSED
        if (copy := self.ref.hints.copy_digest) is not None:  # a snapshot in a web archive does not change
            return not is_refused and all(each.hints.copy_digest != copy for each in self.captures)
        if changed_at is not None:
            listed_at = seen.listed_modified_at if seen is not None else None
            known = listed_at or (last.fetched_at if last is not None else None)
            return known is None or changed_at > known
        return not is_refused and (last is None or now - last.fetched_at >= _RECHECK_AFTER)


def state_key_of(page_key: str, hints: Hints) -> str:
    """Return ``FetchCandidate.state_key`` of a page, given the hints of its listing."""
    return page_key if hints.copy_digest is None else f"{page_key} {hints.copy_digest}"


def unmarked_validators(stored: Validators | None, *, version: str) -> Validators | None:
    """Return the stored validators of a listing; None if it has an item on which another version failed.

    ``version`` is the present one, as ``failure_version`` writes it.
    """
    if stored is None:
        return None
    etag, _, failed_at = (stored.etag or "").partition(_FAILED_AT)
    return replace(stored, etag=etag or None) if failed_at in ("", version) else None


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


@dataclass(frozen=True, slots=True)
class IngestResult:
    """A finished ingest. ``error`` says why the source could not be listed; it is also an outcome of the report.

    ``received`` counts the pages that came over HTTP: of the requested ones, those that did not fail and changed.
    """

    report: StageReport
    error: NewsError | None
    received: int


def ingest(workspace: Workspace, *, source_key: str, day: date, run_id: str, waits: bool = True) -> IngestResult:
    """List one source, fetch and archive the pages that need it; return the report with the news days to derive.

    If another run has the source, this run waits if ``waits``, else it does nothing. The report covers all attempts of
    this run, so a retry also reports the pages of the first attempt.
    Raises: NewsError only if the run must stop.
    """
    named = workspace.sources.named(source_key)
    claim = workspace.claim(named, run_id=run_id, waits=waits)
    with workspace.at_work(), claim as source, workspace.fetcher(named) as fetcher, workspace.turns() as turns:
        job = _SourceIngest(workspace, source or named, run_id=run_id, turns=turns)
        if job.guard.blocks_source():
            job.refuse_source()
        elif source is None:
            log.info("%s: another run has this source; a later signal or sweep takes what it leaves", source_key)
        else:
            # Pages that a killed attempt fetched are not fetched again.
            for line in workspace.archive.recover(source_key=source_key):
                log.info("%s: %s", source_key, line)
            job.run(fetcher, day=day)
    days = workspace.archive.days_of_run(source_key=source_key, run_id=run_id)
    report = StageReport.of("ingest", run_id, job.recorder.outcomes, days=days, work={"fetched": job.fetched})
    return IngestResult(report, job.error, job.received)


class _SourceIngest:
    """The state that the steps of ingesting one source in one run share."""

    def __init__(self, workspace: Workspace, source: Source, *, run_id: str, turns: InFlight) -> None:
        self.workspace = workspace
        self.turns = turns
        self.version = failure_version(version_of(workspace.settings))
        self.source = source
        self.run_id = run_id
        self.now = workspace.settings.now()
        self.batch_id = batch_of(source.key, run_id=run_id)
        # A retry may find its listing unchanged; it must keep the outcomes of the first attempt.
        earlier = (each for each in logged_outcomes(workspace, batch_ids=[self.batch_id]) if each.stage != "discover")
        self.guard = TakedownGuard(workspace.takedowns, source)
        self.recorder = OutcomeRecorder(
            run_id=run_id, stage="fetch", now=self.now, earlier=map(self.guard.redacted, earlier)
        )
        self.error: NewsError | None = None
        self.incomplete: NewsError | None = None  # why the listing ends early
        self.is_dated, self.undated_day = False, self.now.date()
        self.result: ListingResult = "failed"
        self.entries = 0
        self.is_file_broken = False  # whether newslake failed on an item of the large file that is read now
        self.states: list[PageState] = []
        self.keys: set[str] = set()
        self.discovered: dict[PageName, date] = {}
        self.fetched = self.received = 0

    def run(self, fetcher: Fetcher, *, day: date) -> None:
        """Ingest the source. Store validators and move files out of the inbox last, so a killed run lists all again."""
        is_listed = day in listable_days(self.source, now=self.now)
        state = self.workspace.fetch_state
        with self.workspace.archive.writer(source_key=self.source.key, run_id=self.run_id) as writer:
            pages = WaybackFetcher(fetcher)
            validators = self._list(fetcher, pages, writer, day=day) if is_listed else None
            self._fetch(self._due(None if is_listed else day), pages, writer)
        state.record_many(self.states)
        check_balance(self.discovered, self.recorder.outcomes, run_id=self.run_id)
        append_outcomes(self.workspace, self.recorder.outcomes, batch_id=self.batch_id)
        if is_listed and self.source.is_online:
            append_listing(self.workspace, self._listing_row(), batch_id=self.batch_id)
        if validators is not None:
            state.store_validators(self.source.key, validators)
        if self.source.kind == "inbox":
            folder, limit = Path(self.source.location), self.workspace.settings.page_max_bytes
            self.guard.erase_from(folder, ReadContext(source_key=self.source.key, now=self.now, page_max_bytes=limit))
            settle_all(folder, reasons=self.recorder.broken_files())

    def refuse_source(self) -> None:
        """Record that a takedown blocks the source."""
        self._refuse(Ref(source_key=self.source.key, url=self.source.location))
        append_outcomes(self.workspace, self.recorder.outcomes, batch_id=self.batch_id)

    def _refuse(self, ref: Ref) -> None:
        """Record a page that a takedown blocks, under a pseudonym."""
        page = self.source.key, ref.url or ref.file or ""
        self.discovered.pop(page, None)
        source_key, url = redacted = redacted_page(page)
        self.discovered[redacted] = day = self._listed_day(ref)
        self.recorder.record("rejected", url=url, source_key=source_key, news_day=day, reason=REASON, detail=DETAIL)

    def _list(self, fetcher: Fetcher, pages: WaybackFetcher, writer: ArchiveWriter, *, day: date) -> Validators | None:
        source, state, now = self.source, self.workspace.fetch_state, self.workspace.settings.now
        known = unmarked_validators(state.validators(source.key), version=self.version)
        read = partial(
            discover,
            source,
            day=day,
            fetcher=fetcher,
            validators=known,
            now=now,
            is_done=self._is_done,
            begin_file=self._begin,
        )
        listing = run_isolated(read, key=source.location)  # without a turn: most of its time is waiting
        if not isinstance(listing, Listing):
            self._fail_unread(Ref(source_key=source.key, url=source.location), listing, stage="discover")
            self.error = listing
            pages.heed(listing)
            return None
        self.is_dated, self.undated_day = listing.day is not None, listing.day or self.undated_day
        self.result = "unchanged" if listing.is_unchanged else "listed"
        entries = isolated_entries(listing.entries, source.key, where=source.location, ends_listing=True)
        self._fetch(self._wanted(entries, writer), pages, writer)
        if listing.validators is None or listing.is_unchanged or self.incomplete is not None:
            return None
        return self._marked(listing.validators)

    # A listing or file with an item on which newslake failed is read again by the next version, and only then.

    def _marked(self, validators: Validators) -> Validators:
        if not any(each.reason in BROKEN_REASONS for each in self.recorder.outcomes):
            return validators
        return replace(validators, etag=f"{validators.etag or ''}{_FAILED_AT}{self.version}")

    def _is_done(self, mark: str) -> bool:
        has_listed = self.workspace.fetch_state.has_listed
        return has_listed(self.source.key, mark) or has_listed(self.source.key, f"{mark}{_FAILED_AT}{self.version}")

    def _listing_row(self) -> ListingRow:
        error = self.error or self.incomplete
        is_partial = self.result == "listed" and error is not None
        return ListingRow(
            run_id=self.run_id,
            source_key=self.source.key,
            listed_day=self.undated_day if self.is_dated else None,
            result="partial" if is_partial else self.result,
            entries=self.entries,
            reason=error.reason if error is not None else None,
            requested_at=self.now,
        )

    def _wanted(self, found: Iterable[ListingEntry], writer: ArchiveWriter) -> Iterator[FetchCandidate]:
        """Yield the listed pages to fetch; archive local pages and record all others."""
        for each in found:
            self.entries += each.finished is None and not each.ends_listing
            name = each.ref.url or each.ref.file or self.source.key
            listed = self._in_turn(partial(self._take_entry, each, writer), name=name)
            if isinstance(listed, NewsError):
                self._fail_unread(each.ref, listed)
            elif listed is not None:
                yield listed
            self.turns.begin()  # what follows waits for pages, or begins the turn of a file
        self.turns.begin()

    def _begin(self, name: str) -> PoisonItemError | None:
        """Begin the turn of an entry, a page, or a place in a file; return the error of one that ends processes."""
        key = f"{self.source.key} {name}"
        poison = self.turns.poison(key, name=name)
        if poison is None:
            self.turns.begin(key)
        return poison

    def _in_turn[T](self, work: Callable[[], T], *, name: str) -> T | NewsError:
        """Return the result of ``work`` in the turn of an item, or the item's error."""
        poison = self._begin(name)
        return run_isolated(work, key=name) if poison is None else poison

    def _take_entry(self, each: ListingEntry, writer: ArchiveWriter) -> FetchCandidate | None:
        """Return the page to fetch; None after an entry that is archived or recorded."""
        identity = page_identity(each.page) if each.page is not None else None
        if each.finished is not None:
            self._settle(each.finished, writer)
        elif self.guard.blocks_entry(each, identity):
            self._refuse(each.ref)
        elif each.problem is not None:
            self._take_problem(each, each.problem)
        elif each.page is not None and identity is not None:
            self._archive(self._candidate(each.ref, page_key_of(each.page)), each.page, identity, writer)
        elif state_key_of(key := canonical_url(each.ref.url or ""), each.ref.hints) not in self.keys:
            listed = self._candidate(each.ref, key)
            if listed.is_wanted(self.now):
                return listed
            self._pass_over(listed)
        return None

    def _take_problem(self, each: ListingEntry, problem: NewsError) -> None:
        """Record a broken entry, or the end of an incomplete listing."""
        self._fail_unread(each.ref, problem, stage="discover" if each.ends_listing else None)
        if each.ends_listing:
            self.incomplete = self.incomplete or problem
        elif self.is_dated and isinstance(problem, TransientFetchError):  # no later day lists it again
            self.error = self.error or problem

    def _settle(self, mark: str, writer: ArchiveWriter) -> None:
        """Mark a large file as read after its pages are archived and logged, so that a retry skips it."""
        writer.finish_files()
        self.workspace.fetch_state.record_many(self.states)
        self.states.clear()
        append_outcomes(self.workspace, self.recorder.outcomes, batch_id=self.batch_id)
        if self.is_file_broken:
            mark = f"{mark}{_FAILED_AT}{self.version}"
        self.is_file_broken = False
        self.workspace.fetch_state.store_validators(self.source.key, Validators(), url=mark)

    def _due(self, day: date | None) -> Iterator[FetchCandidate]:
        """Yield unlisted pages of earlier runs, of one news day or of all, that are due for a retry."""
        for seen in self.workspace.fetch_state.pending(self.source.key, self.now):
            if seen.page_key not in self.keys and day in (None, seen.news_day):
                listed = run_isolated(partial(self._due_page, seen), key=seen.url)
                if isinstance(listed, NewsError):
                    self._fail_unread(Ref(source_key=self.source.key, url=seen.url, hints=seen.hints), listed)
                elif listed is not None:
                    yield listed

    def _due_page(self, seen: PageState) -> FetchCandidate | None:
        if self.guard.blocks_url(seen.url):
            return None
        ref = Ref(source_key=self.source.key, url=seen.url, hints=seen.hints)
        return self._candidate(ref, seen.page_key.partition(" ")[0])

    def _candidate(self, ref: Ref, page_key: str) -> FetchCandidate:
        self.keys.add(state_key := state_key_of(page_key, ref.hints))
        seen = self.workspace.fetch_state.seen(state_key)
        captures = self.workspace.archive.captures(page_key=page_key)
        # The first fetch, or the first attempt, fixes the news day; before that the listing decides it.
        fixed = captures[0].news_day if captures else seen.news_day if seen is not None else None
        listed = FetchCandidate(ref, page_key, fixed or self._listed_day(ref), seen, captures)
        self.discovered[self.source.key, listed.name] = listed.news_day
        return listed

    def _listed_day(self, ref: Ref) -> date:
        published = ref.hints.published_at
        if published is None or not is_plausible(published, now=self.now):
            return self.undated_day
        return published.date()

    def _pass_over(self, listed: FetchCandidate) -> None:
        """Record a page that is not fetched now, with the reason."""
        seen, last = listed.seen, listed.last
        if seen is not None and seen.next_try_at is not None:
            kind: OutcomeKind = "quarantined" if seen.last_outcome == "quarantined" else "pending"
            when = f"{seen.next_try_at:%Y-%m-%d %H:%M}"
            self._record(listed, kind, reason=seen.reason, detail=f"attempts: {seen.attempts}; next at {when} UTC")
        elif seen is not None and seen.last_outcome in _REFUSED:
            kind = "rejected" if seen.last_outcome == "rejected" else "quarantined"
            detail = f"{kind} before; fetched again if the listing gives a later modification time"
            self._record(listed, kind, reason=seen.reason, detail=detail)
        elif last is not None and self._is_mine(last):
            self._record_capture(listed, last)
        else:
            detail = "archived before; the listing gives no later modification time"
            self._record(listed, "unchanged", reason="already_fetched", detail=detail)

    def _fetch(self, pages: Iterable[FetchCandidate], fetcher: WaybackFetcher, writer: ArchiveWriter) -> None:
        for listed, got in fetcher.fetch_many((each, self._request(each)) for each in pages):
            failure = self._in_turn(partial(self._take, listed, got, writer), name=listed.name)
            if failure is not None:
                self._fail(listed, failure)
            self.turns.begin()

    def _request(self, listed: FetchCandidate) -> PageRequest:
        """Return the request; without validators if the bytes are lost, because a 304 would not bring them back."""
        is_conditional = listed.last is not None and self.workspace.archive.has_bytes(listed.last)
        return listed.request(is_conditional=is_conditional)

    def _take(self, listed: FetchCandidate, got: FetchResult, writer: ArchiveWriter) -> None:
        self.fetched += 1
        if isinstance(got, Page):
            self.received += 1
            identity = page_identity(got)
            if self.guard.blocks_page(got, identity, requested_url=listed.ref.url):
                self._refuse(listed.ref)
            else:
                self._archive(listed, got, identity, writer)
        elif isinstance(got, NotModified):
            self._record_capture(listed, writer.put_not_modified(got, page_key=listed.page_key))
            self._remember(listed, "unchanged")
        else:
            self._fail(listed, got)
            if isinstance(got, BrokenItemError):
                return
            page = (listed.page_key, listed.ref.url or "", listed.news_day)
            archive_failed_response(got, writer, page=page, last=listed.last, at=self.workspace.settings.now())

    def _archive(self, listed: FetchCandidate, page: Page, identity: PageIdentity, writer: ArchiveWriter) -> None:
        if page.url is None:
            page = replace(page, hints=replace(page.hints, file=listed.ref.file))
        capture = writer.put(page, news_day=listed.news_day, article_id=identity.article_id)
        self._record_capture(listed, capture)
        if page.url is not None:
            self._remember(listed, "archived")

    def _is_mine(self, capture: Capture) -> bool:
        return (capture.run_id, capture.source_key) == (self.run_id, self.source.key)

    def _record_capture(self, listed: FetchCandidate, capture: Capture) -> None:
        """Record a page that this run fetched, in this attempt or in one that was killed."""
        before = next((each for each in reversed(listed.captures) if not self._is_mine(each)), None)
        facts = {"article_id": capture.article_id, "payload_digest": capture.digest}
        if capture.status == 304:
            self._record(listed, "unchanged", reason="not_modified", detail="the server answers 304", **facts)
        elif before is not None and before.digest == capture.digest:
            self._record(
                listed, "unchanged", reason="identical_payload", detail="the same bytes as the last capture", **facts
            )
        else:
            self._record(listed, "pending", reason="archived", detail="archived, not yet processed", **facts)

    def _fail(self, listed: FetchCandidate, error: NewsError) -> None:
        kind, reason = outcome_kind_of(error), error.reason
        attempts = listed.seen.attempts if listed.seen is not None else 0
        attempts += reason != "host_backoff"  # a page of a host on hold was not requested
        if kind == "pending" and attempts >= MAX_ATTEMPTS:
            kind, reason = "rejected", f"retries_exhausted_{reason}"
        next_try = self.now + retry_delay(error, attempts) if kind == "pending" else None
        if kind == "quarantined" and attempts < MAX_ATTEMPTS:  # the next version may be able to read it
            next_try = self.now + _RECHECK_AFTER
        self._record(listed, kind, reason=reason, detail=detail_of(error, url=listed.name))
        self._remember(listed, kind, reason=reason, attempts=attempts, next_try_at=next_try)

    def _fail_unread(self, ref: Ref, error: NewsError, *, stage: str | None = None) -> None:
        """Record an entry without a page, or a failed listing: neither has a page to retry."""
        listed = FetchCandidate(ref, "", self._listed_day(ref), None, ())
        detail = detail_of(error, url=listed.name)
        self._record(listed, outcome_kind_of(error), reason=error.reason, detail=detail, stage=stage)

    def _remember(
        self,
        listed: FetchCandidate,
        outcome: str,
        *,
        reason: str | None = None,
        attempts: int = 0,
        next_try_at: datetime | None = None,
    ) -> None:
        self.states.append(
            PageState(
                page_key=listed.state_key,
                url=listed.ref.url or "",
                source_key=self.source.key,
                news_day=listed.news_day,
                listed_modified_at=listed.ref.hints.modified_at,
                last_outcome=outcome,
                reason=reason,
                attempts=attempts,
                next_try_at=next_try_at,
                hints=listed.ref.hints,
            )
        )

    def _record(self, listed: FetchCandidate, kind: OutcomeKind, **facts: str | None) -> None:
        self.is_file_broken |= facts.get("reason") in BROKEN_REASONS
        self.recorder.record(kind, url=listed.name, source_key=self.source.key, news_day=listed.news_day, **facts)
