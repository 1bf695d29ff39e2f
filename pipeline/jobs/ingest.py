"""Discover, fetch and archive the pages of one source.

A page is fetched if it is new, if its listing gives a later modification time, or if a retry or a recheck is due.
Every other listed page gets an outcome with its reason. For a day that the source no longer lists, only the pages of
that day are fetched that are due.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from pathlib import Path

from newslake.pipeline.archive import ArchiveWriter, PageState, Validators, page_key_of
from newslake.pipeline.boundary import run_isolated
from newslake.pipeline.clean import PageIdentity, page_identity
from newslake.pipeline.errors import BrokenItemError, NewsError, PoisonItemError, TransientFetchError
from newslake.pipeline.fetch import Fetcher, FetchResult, NotModified, PageRequest
from newslake.pipeline.jobs.clean import date_page
from newslake.pipeline.jobs.failures import ListingMarks, archive_failed_response, failure_of
from newslake.pipeline.jobs.fetch_candidates import (
    ALREADY_FETCHED,
    FetchCandidate,
    capture_outcome,
    idle_state,
    request_outcome,
    requested_state,
    rescheduled_state,
    standing_of,
    state_after_file,
    state_key_of,
    tombstone_of,
)
from newslake.pipeline.jobs.foreign_canonical import believed_identity, may_revalidate
from newslake.pipeline.jobs.in_flight import InFlight
from newslake.pipeline.jobs.inbox_progress import InboxProgress
from newslake.pipeline.jobs.outcomes import (
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
from newslake.pipeline.jobs.page_limits import PageLimits, Refusal
from newslake.pipeline.jobs.pipeline_version import failure_version, version_of
from newslake.pipeline.jobs.takedown_guard import DETAIL, REASON, TakedownGuard, redacted_page
from newslake.pipeline.jobs.workspace import CountCallback, Workspace, count_nothing
from newslake.pipeline.leases import Lease
from newslake.pipeline.model import Capture, Page, Ref, Source, StageReport, canonical_url
from newslake.pipeline.model.outcome import OutcomeKind
from newslake.pipeline.model.source import LOCAL_KINDS
from newslake.pipeline.sources import (
    Listing,
    ListingEntry,
    WaybackFetcher,
    discover,
    isolated_entries,
    listable_days,
    slice_clock,
)
from newslake.pipeline.sources.folder import expected_pages
from newslake.pipeline.sources.normalize import is_plausible

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class IngestResult:
    """A finished ingest. ``error`` says why the source could not be listed; it is also an outcome of the report.

    ``received`` counts the pages that came over HTTP: of the requested ones, those that did not fail and changed.
    ``others`` are other sources, of which pages were requested because a link asks for them again.
    ``is_unfinished`` means that the slice was over before all files were read; the next ingest reads on.
    """

    report: StageReport
    error: NewsError | None
    received: int
    others: tuple[str, ...] = ()
    is_unfinished: bool = False


def ingest(  # noqa: PLR0913 - what a task may say, by name
    workspace: Workspace,
    *,
    source_key: str,
    day: date,
    run_id: str,
    waits: bool = True,
    count_pages: CountCallback = count_nothing,
    slice_seconds: float | None = None,
) -> IngestResult:
    """List one source, fetch and archive the pages that need it; return the report with the news days to derive.

    If another run has the source, this run waits if ``waits``, else it does nothing. The report covers all attempts of
    this run, so a retry also reports the pages of the first attempt. After ``slice_seconds`` in local files it ends.
    Raises: NewsError only if the run must stop.
    """
    named = workspace.sources.named(source_key)
    claim = workspace.claim(named, run_id=run_id, waits=waits)
    with (
        workspace.at_work() as lease,
        claim as source,
        workspace.fetcher(named) as fetcher,
        workspace.turns() as turns,
    ):
        job = _SourceIngest(
            workspace, source or named, run_id=run_id, lease=lease, turns=turns, count_pages=count_pages
        )
        others: list[_SourceIngest] = []
        if job.guard.blocks_source():
            job.refuse_source()
        elif source is None:
            log.info("%s: another run has this source; a later signal or sweep takes what it leaves", source_key)
        else:
            # Pages that a killed attempt fetched are not fetched again.
            for line in workspace.archive.recover(source_key=source_key):
                log.info("%s: %s", source_key, line)
            job.is_over = slice_clock(slice_seconds)
            job.run(fetcher, day=day)
            others += _refetch(workspace, job.left, run_id=run_id, lease=lease, turns=turns)
    keys, jobs = [source_key, *(each.source.key for each in others)], (job, *others)
    days = [day for key in keys for day in workspace.archive.days_of_run(source_key=key, run_id=run_id)]
    fetched, received = sum(each.fetched for each in jobs), sum(each.received for each in jobs)
    report = StageReport.of("ingest", run_id, job.recorder.outcomes, days=days, work={"fetched": fetched})
    return IngestResult(report, job.error, received, others=tuple(keys[1:]), is_unfinished=bool(job.rest))


def _refetch(
    workspace: Workspace, left: Mapping[str, Collection[str]], *, run_id: str, lease: Lease, turns: InFlight
) -> Iterator["_SourceIngest"]:
    """Request pages, by the source that has them, and yield the jobs; a source of another run requests them later."""
    for source_key, page_keys in left.items():
        named = workspace.sources.named(source_key)
        claim = workspace.claim(named, run_id=run_id, waits=False)
        with claim as source, workspace.fetcher(named) as fetcher:
            if source is None:
                continue
            workspace.archive.recover(source_key=source_key)
            job = _SourceIngest(workspace, source, run_id=run_id, lease=lease, turns=turns, count_pages=count_nothing)
            job.run_pages(fetcher, page_keys)
            yield job


class _SourceIngest:
    """The state that the steps of ingesting one source in one run share."""

    def __init__(
        self,
        workspace: Workspace,
        source: Source,
        *,
        run_id: str,
        lease: Lease,
        turns: InFlight,
        count_pages: CountCallback,
    ) -> None:
        self.workspace = workspace
        self.lease = lease  # of this writer of the archive
        self.turns = turns
        self.count_pages = count_pages
        self.is_over = slice_clock(None)
        self.expected: int | None = None  # pages of its files, if each has one
        self.marks = ListingMarks(
            workspace.fetch_state, source.key, version=failure_version(version_of(workspace.settings))
        )
        self.source = source
        self.run_id = run_id
        self.now = workspace.settings.now()
        self.batch_id = batch_of(source.key, run_id=run_id)
        # A retry may find its listing unchanged; it must keep the outcomes of the first attempt.
        earlier = (each for each in logged_outcomes(workspace, batch_ids=[self.batch_id]) if each.stage != "discover")
        self.guard = TakedownGuard(workspace.takedowns, source)
        self.inbox = InboxProgress.of(workspace, source, run_id=run_id, guard=self.guard, lease=lease)
        self.limits = PageLimits(source, workspace.archive)
        self.recorder = OutcomeRecorder(
            run_id=run_id, stage="fetch", now=self.now, earlier=map(self.guard.redacted, earlier)
        )
        self.error: NewsError | None = None
        self.incomplete: NewsError | None = None  # why the listing ends early
        self.is_dated, self.undated_day = False, self.now.date()
        self.result: ListingResult = "failed"
        self.rest: list[ListingEntry] = []  # the places with which the next slice begins
        self.is_file_broken = False  # whether newslake failed on an item of the large file that is read now
        self.states: list[PageState] = []
        self.requested: dict[str, PageState] = {}  # pages that a link asks for again, by page_key
        self.dropped: list[str] = []  # waiting pages that the source no longer takes
        self.left: defaultdict[str, set[str]] = defaultdict(set)  # pages that are left to other sources, by source
        self.keys: set[str] = set()
        self.idle: set[str] = set()  # of these keys, those of pages that are not fetched now
        self.discovered: dict[PageName, date] = {}
        self.entries = self.fetched = self.received = 0

    def run(self, fetcher: Fetcher, *, day: date) -> None:
        """Ingest the source. Store validators and move files out of the inbox last, so a killed run lists all again."""
        is_listed = day in listable_days(self.source, now=self.now)
        state = self.workspace.fetch_state
        with self.workspace.archive.writer(source_key=self.source.key, run_id=self.run_id, lease=self.lease) as writer:
            pages = WaybackFetcher(fetcher)
            validators = self._list(fetcher, pages, writer, day=day) if is_listed else None
            state.record_many(self.requested.values(), lease=self.lease)
            self._fetch(self._due(None if is_listed else day), pages, writer)
        self._store()
        if is_listed and self.source.is_online:
            append_listing(self.workspace, self._listing_row(), batch_id=self.batch_id, lease=self.lease)
        if validators is not None:
            state.store_validators(self.source.key, validators, lease=self.lease)
        if self.inbox is not None and (self.error or self.incomplete) is None:  # else files may be unread
            self.inbox.finish(self.recorder.latest, rest=self.rest)

    def run_pages(self, fetcher: Fetcher, page_keys: Collection[str]) -> None:
        """Request the pages that are due among some of the source's pages; do not list the source."""
        with self.workspace.archive.writer(source_key=self.source.key, run_id=self.run_id, lease=self.lease) as writer:
            self._fetch(self._due(None, page_keys=page_keys), WaybackFetcher(fetcher), writer)
        self._store()

    def _store(self) -> None:
        self.workspace.fetch_state.drop(self.dropped)
        self.workspace.fetch_state.record_many(self.states, lease=self.lease)
        check_balance(self.discovered, self.recorder.outcomes, run_id=self.run_id)
        append_outcomes(self.workspace, self.recorder.outcomes, batch_id=self.batch_id, lease=self.lease)

    def refuse_source(self) -> None:
        """Record that a takedown blocks the source."""
        self._refuse(Ref(source_key=self.source.key, url=self.source.location))
        append_outcomes(self.workspace, self.recorder.outcomes, batch_id=self.batch_id, lease=self.lease)

    def _refuse(self, ref: Ref) -> None:
        """Record a page that a takedown blocks, under a pseudonym."""
        page = self.source.key, ref.url or ref.file or ""
        self.discovered.pop(page, None)
        source_key, url = redacted = redacted_page(page)
        self.discovered[redacted] = day = self._listed_day(ref)
        self.recorder.record("rejected", url=url, source_key=source_key, news_day=day, reason=REASON, detail=DETAIL)

    def _list(self, fetcher: Fetcher, pages: WaybackFetcher, writer: ArchiveWriter, *, day: date) -> Validators | None:
        read = partial(
            discover,
            self.source,
            day=day,
            fetcher=fetcher,
            validators=self.marks.known,
            now=self.workspace.settings.now,
            is_done=self.marks.is_done,
            place_of=(self.inbox or self.marks).place_of,
            begin_file=self._begin,
            is_over=self.is_over,
        )
        listing = run_isolated(read, key=self.source.location)  # without a turn: most of its time is waiting
        if not isinstance(listing, Listing):
            self._fail_unread(Ref(source_key=self.source.key, url=self.source.location), listing, stage="discover")
            self.error = listing
            pages.heed(listing)
            return None
        self.is_dated, self.undated_day = listing.day is not None, listing.day or self.undated_day
        self.result = "unchanged" if listing.is_unchanged else "listed"
        if self.source.kind in LOCAL_KINDS and not listing.is_unchanged:
            self.expected = expected_pages(Path(self.source.location))
        entries = isolated_entries(listing.entries, self.source.key, where=self.source.location, ends_listing=True)
        self._fetch(self._wanted(entries, writer), pages, writer)
        if listing.validators is None or listing.is_unchanged or self.incomplete is not None:
            return None
        after = Validators(etag=self.rest[-1].unfinished) if self.rest else listing.validators
        has_failed = any(each.reason in BROKEN_REASONS for each in self.recorder.outcomes)
        return self.marks.validators_after(after, has_failed=has_failed, is_continued=listing.is_continued)

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
            self.entries += each.is_item
            self.count_pages(self.entries, self.expected)
            name = each.ref.url or each.ref.file or self.source.key
            listed = self._in_turn(partial(self._take_entry, each, writer), name=name, is_item=each.is_item)
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

    def _in_turn[T](self, work: Callable[[], T], *, name: str, is_item: bool = True) -> T | NewsError:
        """Return the result of ``work`` in the turn of an item, or its error; what is no item is not to blame."""
        self.turns.begin()
        poison = self._begin(name) if is_item else None
        return run_isolated(work, key=name) if poison is None else poison

    def _take_entry(self, each: ListingEntry, writer: ArchiveWriter) -> FetchCandidate | None:
        """Return the page to fetch; None after an entry that is archived or recorded."""
        identity = page_identity(each.page) if each.page is not None else None
        if each.finished is not None:
            self._settle(each.finished, each, writer)
        elif each.unfinished is not None:
            self.rest.append(each)
        elif self.guard.blocks_entry(each, identity):
            self._refuse(each.ref)
        elif each.problem is not None:
            self._take_problem(each, each.problem)
        elif (refusal := self.limits.refusal_of_url(each.ref.url)) is not None:
            key = page_key_of(each.page) if each.page is not None else canonical_url(each.ref.url or "")
            self._refuse_by_limit(self._candidate(each.ref, key), refusal)
        elif each.page is not None and identity is not None:
            self._archive_local(each.ref, each.page, identity, writer)
        elif not self._is_taken(key := canonical_url(each.ref.url or ""), each.ref):
            # A link in a file is no reason for a recheck: it is due in the source that has the page.
            hours = self.source.recheck_hours if self.source.is_online else None
            listed = self._wanted_page(self._candidate(each.ref, key), hours=hours)
            return self._within_limit(listed) if listed is not None else None
        return None

    def _is_taken(self, page_key: str, ref: Ref) -> bool:
        """Return whether this run has the page already, or a link made it due."""
        is_known = (key := state_key_of(page_key, ref.hints)) in self.keys
        if page_key in self.requested or (is_known and key not in self.idle):
            return True
        return self._request_again(ref, page_key) or is_known

    def _wanted_page(self, listed: FetchCandidate, *, hours: Sequence[float] | None) -> FetchCandidate | None:
        """Return a page to fetch; None after one that is not fetched now is recorded.

        ``hours`` None leaves the schedule of rechecks alone.
        """
        if not listed.is_wanted(self.now, hours=hours or ()):
            self._pass_over(listed if hours is None else self._reschedule(listed))
        elif (
            listed.is_recheck
            and (gone := tombstone_of(listed, self.workspace.archive.attempts([listed.page_key]))) is not None
        ):
            self._record(listed, "rejected", reason=gone.reason, detail=f"the server answered {gone.status}")
            self._remember(listed, "rejected", reason=gone.reason)
        else:
            return listed
        return None

    def _reschedule(self, listed: FetchCandidate) -> FetchCandidate:
        """Store the time of the next recheck if it is another one; return the page with it."""
        state = rescheduled_state(listed, source_key=self.source.key, hours=self.source.recheck_hours)
        if state is None:
            return listed
        self.states.append(state)
        return replace(listed, seen=state)

    def _request_again(self, ref: Ref, page_key: str) -> bool:
        """Make a known page due, if a link asks for it; return whether it did.

        The source that has the page requests it, so that its rules, publisher and interval apply.
        """
        if (after := ref.refetch_after) is None:
            return False
        seen, last = self.workspace.fetch_state.seen(page_key), self.workspace.archive.latest([page_key]).get(page_key)
        if last is not None and last.fetched_at > after:
            return False
        owner = self._owner_of(last.source_key if last is not None else seen.source_key if seen is not None else "")
        state = requested_state(seen, last, source_key=owner.key, requested_at=min(after, self.now))
        if state is None:
            return False
        if owner.key == self.source.key:  # its outcome has the spelling of the first link
            ref = replace(ref, url=state.url)
        refusal = PageLimits(owner, self.workspace.archive).refusal_of_url(state.url)
        if refusal is None:
            self.requested[page_key] = state
            self.keys.discard(page_key)
            if owner.key != self.source.key:
                self.left[owner.key].add(page_key)
        self.discovered[self.source.key, ref.url or ""] = state.news_day
        left = FetchCandidate(ref, page_key, state.news_day, seen, () if last is None else (last,))
        kind, reason, detail = request_outcome(owner.key, refusal, is_archived=last is not None)
        self._record(left, kind, reason=reason, detail=detail)
        return True

    def _owner_of(self, source_key: str) -> Source:
        """Return the source that requests a page again: the one that has it, else this one."""
        named = next((each for each in self.workspace.sources.sources if each.key == source_key), self.source)
        return named if named.kind != "inbox" else self.source

    def _within_limit(self, listed: FetchCandidate) -> FetchCandidate | None:
        """Return the page; None after one that a limit of the source refuses, which is recorded."""
        if (refusal := self._refusal_of(listed)) is None:
            return listed
        self._refuse_by_limit(listed, refusal)
        return None

    def _refusal_of(self, listed: FetchCandidate) -> Refusal | None:
        refusal = self.limits.refusal_of_url(listed.ref.url)
        if refusal is None and listed.last is None:  # an archived page has its place, whatever its source
            refusal = self.limits.take(listed.page_key, listed.news_day)
        return refusal

    def _refuse_by_limit(self, listed: FetchCandidate, refusal: Refusal) -> None:
        """Record a page that a limit refuses. It waits no longer, so that a run without the limit is free to take it.

        The rows of an archived page stay: it is not checked.
        """
        kind: OutcomeKind = "rejected" if listed.last is None else "not_checked"
        self._record(listed, kind, reason=refusal.reason, detail=refusal.detail)
        seen = listed.seen
        if seen is None or seen.next_try_at is None or seen.source_key != self.source.key:
            return
        if listed.last is None:
            self.dropped.append(seen.page_key)
        else:
            self.states.append(idle_state(seen))

    def _take_problem(self, each: ListingEntry, problem: NewsError) -> None:
        """Record a broken entry, or the end of an incomplete listing."""
        self._fail_unread(each.ref, problem, stage="discover" if each.ends_listing else None)
        if each.ends_listing:
            self.incomplete = self.incomplete or problem
        elif self.is_dated and isinstance(problem, TransientFetchError):  # no later day lists it again
            self.error = self.error or problem

    def _settle(self, mark: str, each: ListingEntry, writer: ArchiveWriter) -> None:
        """Mark a file as read to a place or its end, after its pages are archived and logged; a retry skips them."""
        writer.finish_files()
        self.workspace.fetch_state.record_many(self.states, lease=self.lease)
        self.states.clear()
        append_outcomes(self.workspace, self.recorder.outcomes, batch_id=self.batch_id, lease=self.lease)
        self.marks.settle(mark, each.position, has_failed=self.is_file_broken, lease=self.lease)
        self.is_file_broken, self.rest = False, [each] if each.position is not None else []

    def _due(self, day: date | None, *, page_keys: Collection[str] | None = None) -> Iterator[FetchCandidate]:
        """Yield unlisted pages of earlier runs that are due for a retry or a recheck.

        Only pages of one news day, or only some pages, if given.
        """
        for seen in self.workspace.fetch_state.pending(self.source.key, self.now):
            is_in_scope = day in (None, seen.news_day) and (page_keys is None or seen.page_key in page_keys)
            if is_in_scope and seen.page_key not in self.keys:
                listed = run_isolated(partial(self._due_page, seen), key=seen.url)
                if isinstance(listed, NewsError):
                    self._fail_unread(Ref(source_key=self.source.key, url=seen.url, hints=seen.hints), listed)
                elif listed is not None and (refusal := self._refusal_of(listed)) is not None:
                    self._refuse_by_limit(listed, refusal)
                elif listed is not None:
                    yield listed

    def _due_page(self, seen: PageState) -> FetchCandidate | None:
        if self.guard.blocks_url(seen.url):
            return None
        ref = Ref(source_key=self.source.key, url=seen.url, hints=seen.hints)
        due = self._candidate(ref, seen.page_key.partition(" ")[0])
        return self._wanted_page(due, hours=self.source.recheck_hours)

    def _candidate(self, ref: Ref, page_key: str, *, day: date | None = None) -> FetchCandidate:
        self.keys.add(state_key := state_key_of(page_key, ref.hints))
        seen = self.workspace.fetch_state.seen(state_key)
        captures = self.workspace.archive.captures(page_key=page_key)
        # The first fetch, or the first attempt, fixes the news day; before that the listing decides it.
        fixed = captures[0].news_day if captures else seen.news_day if seen is not None else None
        listed = FetchCandidate(ref, page_key, fixed or day or self._listed_day(ref), seen, captures)
        self.discovered[self.source.key, listed.name] = listed.news_day
        return listed

    def _archive_local(self, ref: Ref, page: Page, identity: PageIdentity, writer: ArchiveWriter) -> None:
        """Archive a local page. The day of a page of a folder is that of its publication, else of its fetch."""
        key, day = page_key_of(page), None
        identity = believed_identity(page, identity, archive=self.workspace.archive, writer=writer)
        if self.source.kind in LOCAL_KINDS:
            last = self.workspace.archive.latest([key]).get(key)
            page, day = date_page(page, last=last, canonical=identity.canonical_url, now=self.now)
        listed = self._candidate(ref, key, day=day)
        if self._within_limit(listed) is None:
            return
        capture = self._archive(listed, page, identity, writer)
        if page.url is None or (listed.seen is not None and listed.seen.is_on_schedule):
            return
        if listed.seen is None or listed.seen.source_key == self.source.key:
            self._remember(listed, "archived")
        else:  # the source that waits for the page keeps it
            hours = self._owner_of(listed.seen.source_key).recheck_hours
            self.states.append(state_after_file(listed, listed.seen, capture, hours=hours))

    def _listed_day(self, ref: Ref) -> date:
        published = ref.hints.published_at
        if published is None or not is_plausible(published, now=self.now):
            return self.undated_day
        return published.date()

    def _pass_over(self, listed: FetchCandidate) -> None:
        """Record a page that is not fetched now, with the reason."""
        self.idle.add(listed.state_key)
        kind, reason, detail = standing_of(listed)
        if reason == ALREADY_FETCHED and listed.last is not None and self._is_mine(listed.last):
            self._record_capture(listed, listed.last)
        else:
            self._record(listed, kind, reason=reason, detail=detail)

    def _fetch(self, pages: Iterable[FetchCandidate], fetcher: WaybackFetcher, writer: ArchiveWriter) -> None:
        for listed, got in fetcher.fetch_many((each, self._request(each)) for each in pages):
            if (failure := self._in_turn(partial(self._take, listed, got, writer), name=listed.name)) is not None:
                self._fail(listed, failure)
            self.turns.begin()

    def _request(self, listed: FetchCandidate) -> PageRequest:
        """Return the request, with validators if a 304 is as good as the page."""
        is_conditional = listed.last is not None and may_revalidate(self.workspace.archive, listed.last)
        return listed.request(is_conditional=is_conditional)

    def _take(self, listed: FetchCandidate, got: FetchResult, writer: ArchiveWriter) -> None:
        self.fetched += 1
        if isinstance(got, Page):
            self.received += 1
            identity = page_identity(got)
            if self.guard.blocks_page(got, identity, requested_url=listed.ref.url):
                self._refuse(listed.ref)
            else:
                identity = believed_identity(got, identity, archive=self.workspace.archive, writer=writer)
                capture = self._archive(listed, got, identity, writer)
                self._remember(listed, "archived", next_try_at=self._recheck_at(listed, capture.fetched_at))
        elif isinstance(got, NotModified):
            capture = writer.put_not_modified(got, page_key=listed.page_key)
            self._record_capture(listed, capture)
            self._remember(listed, "unchanged", next_try_at=self._recheck_at(listed, capture.fetched_at))
        else:
            self._fail(listed, got)
            if not isinstance(got, BrokenItemError):
                page = (listed.page_key, listed.ref.url or "", listed.news_day)
                archive_failed_response(got, writer, page=page, last=listed.last, at=self.workspace.settings.now())

    def _recheck_at(self, listed: FetchCandidate, last: datetime) -> datetime | None:
        return listed.recheck_at(last, hours=self.source.recheck_hours)

    def _archive(self, listed: FetchCandidate, page: Page, identity: PageIdentity, writer: ArchiveWriter) -> Capture:
        if page.url is None:
            page = replace(page, hints=replace(page.hints, file=listed.ref.file))
        capture = writer.put(page, news_day=listed.news_day, article_id=identity.article_id)
        self._record_capture(listed, capture)
        return capture

    def _is_mine(self, capture: Capture) -> bool:
        return (capture.run_id, capture.source_key) == (self.run_id, self.source.key)

    def _record_capture(self, listed: FetchCandidate, capture: Capture) -> None:
        """Record a page that this run fetched, in this attempt or in one that was killed."""
        kind, reason, detail = capture_outcome(capture, [each for each in listed.captures if not self._is_mine(each)])
        facts = {"article_id": capture.article_id, "payload_digest": capture.digest}
        self._record(listed, kind, reason=reason, detail=detail, **facts)

    def _fail(self, listed: FetchCandidate, error: NewsError) -> None:
        attempts = listed.seen.attempts if listed.seen is not None else 0
        attempts += error.reason != "host_backoff"  # a page of a host on hold was not requested
        failure = failure_of(error, attempts=attempts, now=self.now, is_recheck=listed.is_recheck)
        next_try = failure.next_try_at
        if failure.outcome == "not_checked" and next_try is None:
            attempts, next_try = 0, self._recheck_at(listed, self.now)
        self._record(listed, failure.outcome, reason=failure.reason, detail=detail_of(error, url=listed.name))
        self._remember(listed, failure.outcome, reason=failure.reason, attempts=attempts, next_try_at=next_try)

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
        state = listed.state(self.source.key, outcome, next_try_at=next_try_at)
        self.states.append(replace(state, reason=reason, attempts=attempts))

    def _record(self, listed: FetchCandidate, kind: OutcomeKind, **facts: str | None) -> None:
        self.is_file_broken |= facts.get("reason") in BROKEN_REASONS
        self.recorder.record(kind, url=listed.name, source_key=self.source.key, news_day=listed.news_day, **facts)
