"""The outcome of each page in a run, and the report of a stage that counts them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

OutcomeKind = Literal["kept", "unchanged", "not_checked", "rejected", "quarantined", "pending"]
OUTCOME_KINDS: tuple[OutcomeKind, ...] = ("kept", "unchanged", "not_checked", "rejected", "quarantined", "pending")
RunKind = Literal["scheduled", "signal", "backfill", "manual"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The outcome of one page in one run. Field names are the columns of the ``outcomes`` log.

    ``stage`` is the step that decided (discover, fetch, derive, commit). ``url`` is the URL, or the file of a
    page without a URL. ``reason`` is a snake_case word, null only if kept; ``detail`` is for people.
    """

    run_id: str
    source_key: str
    news_day: date
    url: str
    article_id: str | None
    stage: str
    outcome: OutcomeKind
    reason: str | None
    detail: str | None
    payload_digest: str | None
    decided_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StageReport:
    """Counts of one stage. ``days`` are the news days (fetch) or published days (commit) that it touched, sorted.

    Always ``discovered == sum of all outcomes``. ``work`` counts the work done, by name: fetched (pages requested),
    derived_new and derived_again (articles processed because their content is new, or because another pipeline version
    processed them). ``rules`` counts the quotes by the ``rule_id`` that decided their speaker.
    """

    stage: str
    run_id: str
    discovered: int
    outcomes: tuple[tuple[OutcomeKind, int], ...]
    days: tuple[date, ...] = ()
    work: tuple[tuple[str, int], ...] = ()
    rules: tuple[tuple[str, int], ...] = ()

    @classmethod
    def of(
        cls,
        stage: str,
        run_id: str,
        outcomes: Iterable[Outcome],
        *,
        days: Iterable[date] = (),
        work: Mapping[str, int] | None = None,
        rules: Mapping[str, int] | None = None,
    ) -> "StageReport":
        """Return the report of a finished stage. Every kind has a count, also if it is zero."""
        counts = Counter(outcome.outcome for outcome in outcomes)
        return cls(
            stage=stage,
            run_id=run_id,
            discovered=counts.total(),
            outcomes=tuple((kind, counts[kind]) for kind in OUTCOME_KINDS),
            days=tuple(sorted(set(days))),
            work=tuple((work or {}).items()),
            rules=tuple(sorted((rules or {}).items())),
        )

    @classmethod
    def merged(cls, stage: str, run_id: str, reports: Iterable["StageReport"]) -> "StageReport":
        """Return the sum of several reports of one run."""
        counts: Counter[OutcomeKind] = Counter()
        work: Counter[str] = Counter()
        rules: Counter[str] = Counter()
        days: set[date] = set()
        for report in reports:
            counts.update(dict(report.outcomes))
            work.update(dict(report.work))
            rules.update(dict(report.rules))
            days.update(report.days)
        return cls(
            stage=stage,
            run_id=run_id,
            discovered=counts.total(),
            outcomes=tuple((kind, counts[kind]) for kind in OUTCOME_KINDS),
            days=tuple(sorted(days)),
            work=tuple(sorted(work.items())),
            rules=tuple(sorted(rules.items())),
        )

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "StageReport":
        """Return the report that ``as_dict`` wrote."""
        return cls(
            stage=fields["stage"],
            run_id=fields["run_id"],
            discovered=fields["discovered"],
            outcomes=tuple((kind, fields[kind]) for kind in OUTCOME_KINDS),
            days=tuple(date.fromisoformat(day) for day in fields["days"]),
            work=tuple(fields["work"].items()),
            rules=tuple(fields["rules"].items()),
        )

    def as_dict(self) -> dict[str, object]:
        """Return the report as a small JSON-able dict, for XCom and --json."""
        return {
            "stage": self.stage,
            "run_id": self.run_id,
            "discovered": self.discovered,
            **dict(self.outcomes),
            "days": [day.isoformat() for day in self.days],
            "work": dict(self.work),
            "rules": dict(self.rules),
        }


def pluralize(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun: "1 day", "1,200 days", "2 addresses"."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"
