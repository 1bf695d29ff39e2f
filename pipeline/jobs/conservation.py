"""Reconciliation: every page that a run found has exactly one outcome in it.

``discovered = kept + unchanged + rejected + quarantined + pending``, per run, source and news day.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date

from pipeline.errors import OutcomeError
from pipeline.model import Capture, Outcome

PageName = tuple[str, str]  # source, and the URL or the file's name
_PAGES_IN_MESSAGE = 5  # pages in a message


def page_name_of(capture: Capture) -> PageName:
    """Return the page that a capture is of, as outcomes name it."""
    return capture.source_key, capture.url or capture.hints.file or capture.article_id


def page_of(outcome: Outcome) -> PageName:
    """Return the page that an outcome is of."""
    return outcome.source_key, outcome.url


def check_balance(
    discovered: Mapping[PageName, date],
    outcomes: Iterable[Outcome],
    *,
    run_id: str,
    handed_on: Collection[PageName] = (),
) -> None:
    """Compare the pages that a stage found, each with its news day, with what became of them.

    ``handed_on`` are those whose outcome the next stage gives; one of them may have none yet.
    Raises: OutcomeError naming run, source, day and pages.
    """
    found = list(outcomes)
    told = Counter(map(page_of, found))
    told.update(set(handed_on))
    lost = [page for page in discovered if page not in told]
    twice = [page for page, count in told.items() if count > 1]
    if not lost and not twice:
        return
    days = {page_of(each): each.news_day for each in found} | dict(discovered)
    problems = [*_clauses("without an outcome", lost, days), *_clauses("with two outcomes", twice, days)]
    raise OutcomeError(f"run {run_id} does not add up: {'; '.join(problems)}; report it", key=run_id)


def _clauses(what: str, pages: Iterable[PageName], days: Mapping[PageName, date]) -> list[str]:
    """Return a clause a source and day: how many pages, and the first of them."""
    places: dict[tuple[str, date], list[str]] = defaultdict(list)
    for page in pages:
        places[page[0], days[page]].append(page[1])
    return [
        f"{source}, {day}: {len(urls)} {what}: {', '.join(sorted(urls)[:_PAGES_IN_MESSAGE])}"
        for (source, day), urls in sorted(places.items())
    ]
