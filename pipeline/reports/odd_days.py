"""Anomalies: which days are odd for their source, and why: is the dip real, or is the crawler broken? Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from statistics import median

from pipeline.jobs.expected import ANOMALY_THRESHOLD, baseline, is_share_anomalous, may_be_anomalous, robust_z_score
from pipeline.model import pluralize
from pipeline.model.coverage import Anomaly, AnomalyOrigin, SourceDay

WEEKS, _LEAST_SAME, _LEAST_DAYS = 8, 3, 3


def baseline_pages(days: Mapping[date, SourceDay], day: date) -> tuple[int, ...] | None:
    """Return the pages of the days that a day is measured by: asked for, and alike. None where they are too few."""
    asked = [each for each, facts in days.items() if facts.was_asked]
    like = baseline(asked, day, weeks=WEEKS, least=_LEAST_SAME)
    return tuple(days[each].pages for each in like) if len(like) >= _LEAST_DAYS else None


def anomalies(days: Mapping[date, SourceDay], day: date, *, is_listed: bool, is_over: bool) -> tuple[Anomaly, ...]:
    """Return what is odd about a day, measured by the source's own days before it.

    ``is_listed``: the source has a listing that promises the day; folders hold what people put there. A day that is not
    over may still fill, and is not measured by its number of pages.
    """
    volume = _volume_anomaly(days, day) if is_listed and is_over else None
    shares = [
        odd
        for judge in (_left_out_anomaly, _guess_anomaly, *([_waiting_anomaly] if is_over else []))
        if (odd := judge(days, day)) is not None
    ]
    return (*([volume] if volume else []), *shares)


def _volume_anomaly(days: Mapping[date, SourceDay], day: date) -> Anomaly | None:
    """Return the one thing that is odd about the number of pages, the cause before the effect."""
    facts, usual = days[day], baseline_pages(days, day)
    middle = median(usual) if usual else None
    off = robust_z_score(facts.pages, usual) if usual else 0.0
    beside = f", usually {middle:.0f}" if middle is not None else ""
    told = f"{pluralize(facts.pages, 'page')}{beside}"
    if not facts.was_asked and not facts.pages and middle != 0:
        return Anomaly("not_asked", "ours", f"{told}: no run asked for it, on the day or the day after")
    if facts.is_failed and not facts.pages and middle != 0:
        return Anomaly(
            "failed",
            "ours",
            f"{told}: its listing could not be had, {pluralize(len(facts.listings), 'time')}: {_top_failures(facts)}",
        )
    if not facts.pages and facts.is_empty and middle != 0:
        return Anomaly(
            "empty", "theirs", f"{told}: the listing was read and had no entry; nothing says what was published"
        )
    if off <= -ANOMALY_THRESHOLD:
        troubles = list(_listing_problems(facts))
        asked = f"asked {pluralize(len(facts.listings), 'time')}" if facts.listings else "asked"
        whose: AnomalyOrigin = "ours" if troubles else "real"
        return Anomaly("few", whose, f"{told}: {'; '.join(troubles) or f'{asked} and answered, so much was listed'}")
    if usual and off >= ANOMALY_THRESHOLD and facts.pages > max(usual):
        return Anomaly("many", "real", f"{told}: all of them were listed for this day")
    return None


def _listing_problems(facts: SourceDay) -> Iterator[str]:
    """Yield what went wrong with the listings of a day that has some pages."""
    if not facts.was_asked:
        yield "no run asked for it, on the day or the day after"
    if failed := sum(facts.failures.values()):
        yield f"{failed} of {len(facts.listings)} listings could not be had: {_top_failures(facts)}"
    if facts.is_empty:
        yield "a listing was read and had no entry"
    if facts.is_cut_short:
        yield f"asked last at {max(each.asked_at for each in facts.listings):%H:%M}, what came later was never listed"


def _top_failures(facts: SourceDay) -> str:
    return ", ".join(reason for reason, _ in facts.failures.most_common(2))


def _shares(days: Mapping[date, SourceDay], day: date, part: Callable[[SourceDay], tuple[int, int]]) -> Sequence[float]:
    """Return the shares of the days that a day is measured by; none where its own is odd beside nothing."""
    if not may_be_anomalous(*part(days[day])):
        return ()
    near = baseline(days.keys(), day, weeks=WEEKS, least=7 * WEEKS)
    counts = [part(days[each]) for each in near]
    return [some / whole for some, whole in counts if whole]


def _left_out_anomaly(days: Mapping[date, SourceDay], day: date) -> Anomaly | None:
    facts, usual = days[day], _shares(days, day, lambda each: (each.left_out, each.pages))
    if not is_share_anomalous(facts.left_out, facts.pages, usual):
        return None
    (outcome, reason), pages = _commonest(facts, ("rejected", "quarantined"))
    told = f"{facts.left_out} of {facts.pages} pages left out{_usual_share(usual)}: {pages} {outcome} as {reason}"
    return Anomaly("left_out", "ours" if outcome == "quarantined" else "theirs", told)


def _waiting_anomaly(days: Mapping[date, SourceDay], day: date) -> Anomaly | None:
    facts, usual = days[day], _shares(days, day, lambda each: (each.waiting, each.pages))
    if not is_share_anomalous(facts.waiting, facts.pages, usual):
        return None
    (_, reason), pages = _commonest(facts, ("pending",))
    do = f": `newslake run --day {day}` reads them" if reason == "archived" else ""
    told = f"{facts.waiting} of {facts.pages} pages wait{_usual_share(usual)}: {pages} {reason}{do}"
    return Anomaly("waiting", "ours", told)


def _guess_anomaly(days: Mapping[date, SourceDay], day: date) -> Anomaly | None:
    facts, usual = days[day], _shares(days, day, lambda each: (each.guessed, each.articles))
    if not is_share_anomalous(facts.guessed, facts.articles, usual):
        return None
    told = f"the dates of {facts.guessed} of {facts.articles} articles are guessed{_usual_share(usual)}"
    return Anomaly("guessed", "theirs", f"{told}: the pages do not say when they were published")


def _commonest(facts: SourceDay, outcomes: Sequence[str]) -> tuple[tuple[str, str], int]:
    found = [(key, pages) for key, pages in facts.reasons.items() if key[0] in outcomes]
    return max(found, key=lambda each: (each[1], each[0]))


def _usual_share(shares: Sequence[float]) -> str:
    return f", usually {100 * median(shares):.0f} %" if shares else ""
