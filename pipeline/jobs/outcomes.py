"""Outcomes of pages: from errors to outcomes, their reconciliation, and the log tables.

This is the one place that decides what happens to a page that failed.
"""

import json
import logging
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Literal

from newslake.pipeline.errors import NewsError, OutcomeError
from newslake.pipeline.jobs.pipeline_version import code_version
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.leases import Lease
from newslake.pipeline.model import Capture, Outcome, StageReport
from newslake.pipeline.model.outcome import OutcomeKind, RunKind
from newslake.pipeline.tables import SCHEMA_VERSION, TABLE_SPECS, rows_table

log = logging.getLogger(__name__)

BROKEN_REASONS = ("broken_item", "killed_worker")  # newslake failed on the item
PageName = tuple[str, str]  # source key, and URL or file name


def page_name_of(capture: Capture) -> PageName:
    """Return the name of a capture's page in outcomes."""
    return capture.source_key, capture.url or capture.hints.file or capture.article_id


def page_of(outcome: Outcome) -> PageName:
    """Return the page of an outcome."""
    return outcome.source_key, outcome.url


# From errors to outcomes.

_OUTCOME_BY_DISPOSITION: dict[str, OutcomeKind] = {
    "retry": "pending",
    "reject": "rejected",
    "quarantine": "quarantined",
}


def outcome_kind_of(error: NewsError) -> OutcomeKind:
    """Return the outcome for an error's disposition.

    Raises: the error itself if it must fail the run, not only the page.
    """
    if error.disposition == "fail":
        raise error
    return _OUTCOME_BY_DISPOSITION[error.disposition]


def detail_of(error: NewsError, *, url: str) -> str:
    """Return an error's message without the page's URL or file name, which the outcome has in its own column."""
    return str(error).removeprefix(f"{url}: ")


class OutcomeRecorder:
    """The outcomes of one stage of a run, each logged as an INFO line. ``earlier`` are those of a previous attempt."""

    def __init__(self, *, run_id: str, stage: str, now: datetime, earlier: Iterable[Outcome] = ()) -> None:
        self._run_id = run_id
        self._stage = stage
        self._now = now
        self._earlier = {page_of(each): each for each in earlier}
        self._by_page = dict(self._earlier)

    def record(  # noqa: PLR0913 - the fields of an outcome
        self,
        outcome: OutcomeKind,
        *,
        url: str,
        source_key: str,
        news_day: date,
        reason: str | None = None,
        detail: str | None = None,
        article_id: str | None = None,
        payload_digest: str | None = None,
        stage: str | None = None,
    ) -> None:
        """Record the outcome of a page. A later one replaces it: a page has one outcome per run.

        ``stage`` defaults to that of the recorder.
        """
        self._by_page[source_key, url] = Outcome(
            run_id=self._run_id,
            source_key=source_key,
            news_day=news_day,
            url=url,
            article_id=article_id,
            stage=stage or self._stage,
            outcome=outcome,
            reason=reason,
            detail=detail,
            payload_digest=payload_digest,
            decided_at=self._now,
        )
        log.info(
            "%s %s%s",
            outcome,
            url,
            f" ({reason})" if reason else "",
            extra={
                "run_id": self._run_id,
                "source_key": source_key,
                "news_day": news_day.isoformat(),
                "url": url,
                "outcome": outcome,
                "reason": reason,
                "detail": detail,
            },
        )

    def adopt(self, outcomes: Iterable[Outcome]) -> None:
        """Record outcomes of this run that the recorder of another process has logged."""
        self._by_page |= {page_of(each): each for each in outcomes}

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        return tuple(self._by_page.values())

    @property
    def latest(self) -> tuple[Outcome, ...]:
        """The outcomes that this attempt has recorded, without those of a previous one."""
        return tuple(each for page, each in self._by_page.items() if each is not self._earlier.get(page))


# Reconciliation: discovered is the sum of all kinds of outcomes, per run, source and news day.

_PAGES_IN_MESSAGE = 5


def check_balance(
    discovered: Mapping[PageName, date],
    outcomes: Iterable[Outcome],
    *,
    run_id: str,
    handed_on: Collection[PageName] = (),
) -> None:
    """Check that each discovered page has exactly one outcome; ``discovered`` maps pages to news days.

    ``handed_on`` are pages that need no outcome yet, because the next stage records it.
    Raises: OutcomeError naming run, source, day and pages.
    """
    found = list(outcomes)
    counts = Counter(map(page_of, found))
    counts.update(set(handed_on))
    lost = [page for page in discovered if page not in counts]
    twice = [page for page, count in counts.items() if count > 1]
    if not lost and not twice:
        return
    days = {page_of(each): each.news_day for each in found} | dict(discovered)
    problems = [*_clauses("without an outcome", lost, days), *_clauses("with two outcomes", twice, days)]
    raise OutcomeError(f"run {run_id} does not add up: {'; '.join(problems)}; report it", key=run_id)


def _clauses(what: str, pages: Iterable[PageName], days: Mapping[PageName, date]) -> list[str]:
    """Return one clause per source and day: how many pages, and the first of them."""
    places: dict[tuple[str, date], list[str]] = defaultdict(list)
    for page in pages:
        places[page[0], days[page]].append(page[1])
    return [
        f"{source}, {day}: {len(urls)} {what}: {', '.join(sorted(urls)[:_PAGES_IN_MESSAGE])}"
        for (source, day), urls in sorted(places.items())
    ]


# The log tables ``outcomes`` and ``runs``.


def batch_of(source_key: str, *, run_id: str) -> str:
    """Return the log batch name of a run's outcomes of a source."""
    return f"{run_id}.{source_key}"


def append_outcomes(
    workspace: Workspace, outcomes: Sequence[Outcome], *, batch_id: str, lease: Lease | None = None
) -> None:
    """Log outcomes under a batch name. Logging a batch again replaces it, also if it is empty.

    Raises: StoreError (lease_lost) if ``lease`` is given and no longer held; nothing is logged then.
    """
    table = rows_table(TABLE_SPECS["outcomes"], [asdict(outcome) for outcome in outcomes])
    workspace.lake.log.append("outcomes", batch_id, table, lease=lease)


def logged_outcomes(workspace: Workspace, *, batch_ids: Iterable[str]) -> tuple[Outcome, ...]:
    """Return the outcomes logged under some batch names."""
    return tuple(Outcome(**row) for row in workspace.lake.log.read_batches("outcomes", batch_ids).to_pylist())


def run_counts(summary: StageReport) -> dict[str, object]:
    """Return the counts of a run's pages and work."""
    return {"discovered": summary.discovered, **dict(summary.outcomes), **dict(summary.work)}


def append_run(  # noqa: PLR0913 - the columns of one row
    workspace: Workspace,
    *,
    run_id: str,
    kind: RunKind,
    started_at: datetime,
    counts: Mapping[str, object],
    days: Sequence[date],
    versions: Mapping[str, object],
    status: Literal["done", "failed"] = "done",
) -> None:
    """Log a finished run. Logging a run again replaces it."""
    row = {
        "run_id": run_id,
        "kind": kind,
        "status": status,
        "started_at": started_at,
        "committed_at": workspace.settings.now(),
        "counts": json.dumps(counts, sort_keys=True),
        "days_touched": [day.isoformat() for day in days],
        "versions": json.dumps(versions, sort_keys=True),
    }
    workspace.lake.log.append("runs", run_id, rows_table(TABLE_SPECS["runs"], [row]))


def append_failure(
    workspace: Workspace, *, run_id: str, kind: RunKind, started_at: datetime, errors: Sequence[str]
) -> None:
    """Log that a run failed, so that an alert can report it. ``errors`` say what failed, and never quote a page.

    ``run_id`` is not that of a run that ``append_run`` logs: what a failed run committed keeps its own row.
    """
    append_run(
        workspace,
        run_id=run_id,
        kind=kind,
        started_at=started_at,
        counts={"errors": list(errors)},
        days=(),
        versions={"code": code_version(), "schema": SCHEMA_VERSION},  # the model may be what is missing
        status="failed",
    )


# The log table ``listing_fetches``: it distinguishes a day without news from a day without a run.

ListingResult = Literal["failed", "unchanged", "partial", "listed"]
_WORST_FIRST: tuple[ListingResult, ...] = ("failed", "unchanged", "partial", "listed")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingRow:
    """One row of ``listing_fetches``; field names are its columns. Without ``listed_day``, any day is listed."""

    run_id: str
    source_key: str
    listed_day: date | None
    result: ListingResult
    entries: int
    reason: str | None
    requested_at: datetime

    @property
    def _rank(self) -> tuple[int, int]:
        return _WORST_FIRST.index(self.result), self.entries


def append_listing(workspace: Workspace, row: ListingRow, *, batch_id: str, lease: Lease | None = None) -> None:
    """Log the listing of a run. Its best attempt counts: a later one may only get "unchanged".

    Raises: StoreError (lease_lost) if ``lease`` is given and no longer held; nothing is logged then.
    """
    earlier = [
        ListingRow(**each) for each in workspace.lake.log.read_batches("listing_fetches", [batch_id]).to_pylist()
    ]
    best = max((row, *earlier), key=lambda each: each._rank)
    table = rows_table(TABLE_SPECS["listing_fetches"], [asdict(best)])
    workspace.lake.log.append("listing_fetches", batch_id, table, lease=lease)
