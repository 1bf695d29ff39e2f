"""From an error to an outcome: the one place that decides what becomes of a page that went wrong."""

import logging
from collections.abc import Callable, Iterable
from datetime import date, datetime

from pipeline.errors import ExtractorError, NewsError
from pipeline.model import Outcome
from pipeline.model.outcome import OutcomeKind

log = logging.getLogger(__name__)

_OUTCOME_BY_DISPOSITION: dict[str, OutcomeKind] = {
    "retry": "pending",
    "reject": "rejected",
    "quarantine": "quarantined",
}


def outcome_kind_of(error: NewsError) -> OutcomeKind:
    """Return the outcome that an error's disposition means.

    Raises: the error itself where it must fail the run, not the page.
    """
    if error.disposition == "fail":
        raise error
    return _OUTCOME_BY_DISPOSITION[error.disposition]


def run_isolated[T](work: Callable[[], T], *, key: str) -> T | NewsError:
    """Return what ``work`` gives for one page, or the error that it ends in; a defect of ours costs that page only."""
    try:
        return work()
    except NewsError as error:
        outcome_kind_of(error)
        return error
    except (OSError, MemoryError):  # the machine's trouble, not the page's: the whole task is tried again
        raise
    except Exception as error:  # the one place for this: a defect costs one page, never its day
        log.warning("%s", key, exc_info=True)
        return ExtractorError(
            f"{key} breaks the extractor: {type(error).__name__}: {error}; it is kept, derive again after a fix",
            key=key,
            reason="extractor_error",
        )


class OutcomeRecorder:
    """The outcomes of one stage of one run; one INFO line each. It begins with those of an earlier try, ``told``."""

    def __init__(self, *, run_id: str, stage: str, now: datetime, told: Iterable[Outcome] = ()) -> None:
        self._run_id = run_id
        self._stage = stage
        self._now = now
        self._by_page = {(each.source_key, each.url): each for each in told}

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
        stage: str | None = None,
    ) -> None:
        """Record what became of a page. The last word on a page wins: a page has one outcome in a run.

        ``stage`` is the recorder's own unless given.
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
            raw_ref=raw_ref,
            seen_at=self._now,
        )
        log.info(
            "%s %s%s",
            outcome,
            url,
            f" ({reason})" if reason else "",
            extra={
                "source": source_key,
                "day": news_day.isoformat(),
                "page_key": url,
                "outcome": outcome,
                "reason": reason,
                "detail": detail,
            },
        )

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        return tuple(self._by_page.values())

    def broken_files(self) -> dict[str, str]:
        """Return why local files are broken, a line for each broken page, by file name."""
        reasons: dict[str, str] = {}
        for outcome in self.outcomes:
            if outcome.outcome == "quarantined":
                for name in {outcome.url, outcome.url.rpartition("#")[0]}:
                    reasons[name] = f"{reasons.get(name, '')}{outcome.reason}: {outcome.detail}\n"
        return reasons
