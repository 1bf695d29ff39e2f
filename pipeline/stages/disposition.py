"""From an error to an outcome: the one place that decides what becomes of a page that went wrong."""

import logging
from datetime import date, datetime

from pipeline.errors import NewsError
from pipeline.model import Outcome
from pipeline.model.outcome import OutcomeKind

log = logging.getLogger(__name__)

_OUTCOME_OF: dict[str, OutcomeKind] = {"retry": "pending", "reject": "rejected", "quarantine": "quarantined"}


def outcome_kind_of(error: NewsError) -> OutcomeKind:
    """Return the outcome that an error's disposition means.

    Raises: the error itself where it must fail the run, not the page.
    """
    if error.disposition == "fail":
        raise error
    return _OUTCOME_OF[error.disposition]


class Ledger:
    """The outcomes of one stage of one run; one INFO line each."""

    def __init__(self, *, run_id: str, stage: str, now: datetime) -> None:
        self._run_id = run_id
        self._stage = stage
        self._now = now
        self._by_page: dict[tuple[str, str], Outcome] = {}

    def record(  # noqa: PLR0913 - an outcome is these facts; a row object would be the same list once more
        self,
        outcome: OutcomeKind,
        *,
        url: str,
        source_key: str,
        news_day: date,
        reason: str | None = None,
        detail: str | None = None,
        article_id: str | None = None,
        raw_ref: str | None = None,
    ) -> None:
        """Record what became of a page. The last word on a page wins: a page has one outcome in a run."""
        self._by_page[source_key, url] = Outcome(
            run_id=self._run_id,
            source_key=source_key,
            news_day=news_day,
            url=url,
            article_id=article_id,
            stage=self._stage,
            outcome=outcome,
            reason=reason,
            detail=detail,
            raw_ref=raw_ref,
            seen_at=self._now,
        )
        log.info(
            "%s %s%s",
            outcome,
            url,
            f" ({reason})" if reason else "",
            extra={"source": source_key, "day": news_day.isoformat(), "page_key": url, "outcome": outcome},
        )

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        return tuple(self._by_page.values())
