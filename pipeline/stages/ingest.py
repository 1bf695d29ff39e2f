"""Discover, fetch, archive: what one source has, once.

A page is fetched when it is new, when its listing says that it changed, when it is due for another try, or when a
listing that gives no change dates still shows it a day later. Everything else leaves as it came, with its reason.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import batched
from pathlib import Path

from pipeline.clean import page_identity
from pipeline.errors import NewsError
from pipeline.fetch import Fetcher, NotModified
from pipeline.model import Page, Ref, Source, StageReport, canonical_url
from pipeline.model.outcome import OutcomeKind
from pipeline.raw import ArchiveWriter, SeenPage, page_key_of
from pipeline.sources import Found, claim, discover, settle
from pipeline.stages.disposition import Ledger, outcome_kind_of
from pipeline.stages.log_rows import append_outcomes
from pipeline.stages.workspace import Workspace

_RECHECK_AFTER = timedelta(hours=20)  # under a day, so that a daily run looks again at what a feed still lists
_RETRY_AFTER = timedelta(hours=1)
_TRIES = 8


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A page to fetch, with what the archive holds of it."""

    ref: Ref
    page_key: str
    seen: SeenPage | None
    etag: str | None = None
    last_modified: str | None = None


def ingest(workspace: Workspace, *, source_key: str, day: date, run_id: str) -> StageReport:
    """List one source, fetch what is wanted, archive it; return the report with the news days to derive.

    Days count what this run archived, an earlier try of the same run included, so that a retry announces them again.
    Raises: NewsError only where the run must not go on; a source that cannot be listed is one outcome.
    """
    source = workspace.sources.named(source_key)
    job = _Ingest(workspace, source, day=day, run_id=run_id)
    with workspace.fetcher(source) as fetcher:
        job.run(fetcher)
    days = workspace.archive.days_of_run(source_key=source_key, run_id=run_id)
    append_outcomes(workspace, job.ledger.outcomes, batch_id=f"{run_id}.{source_key}")
    return StageReport.of("ingest", run_id, job.ledger.outcomes, days=days)


class _Ingest:
    """One source in one run. State that the steps share, nothing more."""

    def __init__(self, workspace: Workspace, source: Source, *, day: date, run_id: str) -> None:
        self.workspace = workspace
        self.source = source
        self.day = day
        self.run_id = run_id
        self.now = workspace.settings.now()
        self.ledger = Ledger(run_id=run_id, stage="fetch", now=self.now)
        self.states: list[SeenPage] = []

    def run(self, fetcher: Fetcher) -> None:
        source, claimed = self._claimed()
        validators = self.workspace.fetch_state.validators(source.key)
        with self.workspace.archive.writer(source_key=source.key, run_id=self.run_id) as writer:
            try:
                listing = discover(
                    source, day=self.day, fetcher=fetcher, validators=validators, now=self.workspace.settings.now
                )
                for group in batched(self._wanted(listing.found, writer), self.workspace.settings.fetch_threads * 4):
                    self._fetch_group(group, fetcher, writer)
            except NewsError as error:
                self._fail(Ref(source_key=source.key, url=source.location), error)
                listing = None
            for group in batched(self._due(), self.workspace.settings.fetch_threads * 4):
                self._fetch_group(group, fetcher, writer)
        self.workspace.fetch_state.record_many(self.states)
        if listing is not None and listing.validators is not None:
            self.workspace.fetch_state.store_validators(source.key, listing.validators)
        self._settle(claimed)

    def _claimed(self) -> tuple[Source, Path | None]:
        if self.source.kind != "inbox":
            return self.source, None
        folder = claim(Path(self.source.location), run_id=self.run_id)
        return replace(self.source, location=str(folder)), folder

    def _settle(self, folder: Path | None) -> None:
        """Move each claimed file to done/, or to failed/ with the reasons of its broken pages beside it."""
        if folder is None:
            return
        for file in sorted(path for path in folder.iterdir() if path.is_file()):
            broken = [
                f"{outcome.url}: {outcome.reason}: {outcome.detail}"
                for outcome in self.ledger.outcomes
                if outcome.outcome == "quarantined" and outcome.url.split("#")[0].endswith(file.name)
            ]
            settle(file, reason="\n".join(broken) or None)
        folder.rmdir()

    def _wanted(self, found: Iterable[Found], writer: ArchiveWriter) -> Iterator[_Wanted]:
        """Yield the listed pages that must be fetched; archive local ones and record all others on the way."""
        keys: set[str] = set()
        for each in found:
            if each.problem is not None:
                self._fail(each.ref, each.problem)
            elif each.page is not None:
                self._archive(each.ref, each.page, writer, seen=None)
            elif (key := canonical_url(each.ref.url or "")) not in keys:
                keys.add(key)
                if wanted := self._decide(each.ref, key):
                    yield wanted

    def _decide(self, ref: Ref, key: str) -> _Wanted | None:
        seen = self.workspace.fetch_state.seen(key)
        captures = self.workspace.archive.captures(page_key=key)
        if not captures and (seen is None or (seen.next_try_at is not None and seen.next_try_at <= self.now)):
            return _Wanted(ref, key, seen)
        if captures:
            last = captures[-1]
            if self._may_have_changed(ref, seen, last.fetched_at):
                return _Wanted(ref, key, seen, last.etag, last.last_modified)
            self._record(ref, "unchanged", reason="seen", detail="listed before, and the listing gives no later change")
        elif seen is not None:
            kind: OutcomeKind = "pending" if seen.last_outcome == "pending" else "rejected"
            self._record(ref, kind, reason=seen.reason, detail="listed before; not tried again yet")
        return None

    def _may_have_changed(self, ref: Ref, seen: SeenPage | None, last_fetched: datetime) -> bool:
        listed = ref.hints.modified_at
        if listed is None:
            return self.now - last_fetched >= _RECHECK_AFTER
        known = seen.listed_modified_at if seen is not None else None
        return listed > (known or last_fetched)

    def _due(self) -> Iterator[_Wanted]:
        """Yield pages of earlier runs that are due for another try and were not listed now."""
        told = {outcome.url for outcome in self.ledger.outcomes}
        for seen in self.workspace.fetch_state.pending(self.source.key, self.now):
            if seen.url not in told:
                yield _Wanted(Ref(source_key=self.source.key, url=seen.url, hints=seen.hints), seen.page_key, seen)

    def _fetch_group(self, group: Iterable[_Wanted], fetcher: Fetcher, writer: ArchiveWriter) -> None:
        def get(wanted: _Wanted) -> Page | NotModified | NewsError:
            try:
                return fetcher.fetch(
                    wanted.ref.url or "",
                    etag=wanted.etag,
                    last_modified=wanted.last_modified,
                    hints=wanted.ref.hints,
                )
            except NewsError as error:
                return error

        wanted_pages = list(group)
        with ThreadPoolExecutor(self.workspace.settings.fetch_threads) as pool:
            for wanted, got in zip(wanted_pages, pool.map(get, wanted_pages), strict=True):
                if isinstance(got, NewsError):
                    self._fail(wanted.ref, got, page_key=wanted.page_key, seen=wanted.seen)
                elif isinstance(got, NotModified):
                    writer.put_not_modified(got, page_key=wanted.page_key)
                    self._remember(wanted.ref, wanted.page_key, "unchanged")
                    self._record(wanted.ref, "unchanged", reason="not_modified", detail="the server says 304")
                else:
                    self._archive(wanted.ref, got, writer, seen=wanted.seen)

    def _archive(self, ref: Ref, page: Page, writer: ArchiveWriter, *, seen: SeenPage | None) -> None:
        key = page_key_of(page)
        last = self.workspace.archive.captures(page_key=key)[-1:]
        if page.url is None:
            page = replace(page, hints=replace(page.hints, file=ref.file))
        news_day = self._news_day(ref, key, seen)
        _, article_id = page_identity(page)
        capture = writer.put(page, news_day=news_day, article_id=article_id)
        known = {"article_id": capture.article_id, "raw_ref": capture.digest}
        if last and last[0].digest == capture.digest:
            self._record(ref, "unchanged", reason="same_bytes", detail="the same bytes as last time", **known)
        else:
            self._record(ref, "pending", reason="archived", detail="kept in the archive, to be derived", **known)
        if page.url is not None:
            self._remember(ref, key, "archived")

    def _news_day(self, ref: Ref, key: str, seen: SeenPage | None) -> date:
        """Return the page's news day: fixed at its first fetch, then as listed, else the day of this fetch."""
        fixed = self.workspace.archive.news_day_of(key) or (seen.news_day if seen is not None else None)
        if fixed is not None:
            return fixed
        return (ref.hints.published_at or self.now).date()

    def _fail(self, ref: Ref, error: NewsError, *, page_key: str | None = None, seen: SeenPage | None = None) -> None:
        kind = outcome_kind_of(error)
        attempts = (seen.attempts if seen is not None else 0) + 1
        reason = error.reason
        if kind == "pending" and page_key is not None and attempts >= _TRIES:
            kind, reason = "rejected", f"gave_up_{reason}"
        self._record(ref, kind, reason=reason, detail=str(error))
        if page_key is not None:
            next_try = self.now + _RETRY_AFTER * 2 ** (attempts - 1) if kind == "pending" else None
            self._remember(ref, page_key, kind, reason=reason, attempts=attempts, next_try_at=next_try)

    def _remember(
        self,
        ref: Ref,
        page_key: str,
        outcome: str,
        *,
        reason: str | None = None,
        attempts: int = 0,
        next_try_at: datetime | None = None,
    ) -> None:
        self.states.append(
            SeenPage(
                page_key=page_key,
                url=ref.url or "",
                source_key=self.source.key,
                news_day=self._news_day(ref, page_key, None),
                listed_modified_at=ref.hints.modified_at,
                last_outcome=outcome,
                reason=reason,
                attempts=attempts,
                next_try_at=next_try_at,
                hints=ref.hints,
            )
        )

    def _record(self, ref: Ref, kind: OutcomeKind, **facts: str | None) -> None:
        news_day = (ref.hints.published_at or self.now).date()
        self.ledger.record(kind, url=ref.url or ref.file or "", source_key=self.source.key, news_day=news_day, **facts)
