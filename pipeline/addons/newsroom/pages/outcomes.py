"""The list of pages that coverage counts, with outcomes and reasons; and the provenance of one page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from newslake.pipeline.addons.newsroom.queries.page_outcomes import LATE, PageFilter, PageOutcome, find_page_outcomes
from newslake.pipeline.addons.newsroom.rendering import UrlQuery, page, parse_period, parse_text
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.model.provenance import STEP_HEADINGS, AnswerKind, Provenance
from newslake.pipeline.show.rendering import link, web_link
from newslake.pipeline.store.table_files import LakePlace
from newslake.pipeline.tables import TABLE_SPECS

_HEADINGS = {**STEP_HEADINGS, "next": "Next, in a terminal"}
_ANSWERS: dict[AnswerKind, str] = {"kept": "In the lake", "not_kept": "Not in the lake", "unknown": "Unknown page"}
LONGEST_URL = 100_000
PUBLICATION = "publication"  # the value of "by" for days of publication
_MOMENT = "%Y-%m-%d %H:%M"


@dataclass(frozen=True, slots=True, kw_only=True)
class _PageRow:
    url: str
    why: str
    outcome: str
    reason: str
    detail: str
    day: str
    seen: str
    first_seen: str
    article: str


def pages_page(lake: LakePlace, query: UrlQuery, *, today: date, root: str, choices: Sequence[str] = ()) -> str:
    """Return the list of pages of a source and some days, filtered by outcome or reason.

    ``choices`` are the sources to choose from.

    Raises: ConfigError for a query without a source and for invalid dates.
    """
    filters = parse_page_filter(query, today=today)
    pages, is_more = find_page_outcomes(lake, filters, after=parse_text(query, "after", most=LONGEST_URL))
    parameters = {"source": filters.source, "outcome": filters.outcome, "reason": filters.reason}
    by = PUBLICATION if filters.is_by_publication else None
    is_day = filters.first == filters.last
    days = {"day": filters.first} if is_day else {"from_": filters.first, "to": filters.last}
    [outcomes] = [column.values for column in TABLE_SPECS["outcomes"].columns if column.name == "outcome"]
    period = str(filters.first) if is_day else f"{filters.first} to {filters.last}"
    return page(
        "pages.html",
        root=root,
        title=f"Pages of {filters.source}, {period}",
        filters=filters,
        choices=list(dict.fromkeys((*choices, filters.source))),
        reasons=sorted({each.reason for each in pages if each.reason}),
        outcomes=(*(outcomes or ()), LATE),
        chosen=filters.outcome or "",
        reason=filters.reason or "",
        rows=[_page_row(each, root) for each in pages],
        by=by or "",
        more=link(root, "pages", **parameters, **days, by=by, after=pages[-1].url) if is_more else "",
    )


def parse_page_filter(query: UrlQuery, *, today: date) -> PageFilter:
    source = parse_text(query, "source")
    if source is None:
        raise ConfigError("source is missing: give the key of one source in sources.toml", key="source")
    first, last = parse_period(query, last=today, days=1)
    outcome, reason = parse_text(query, "outcome"), parse_text(query, "reason")
    by = parse_text(query, "by")
    if by not in (None, PUBLICATION):
        raise ConfigError(f"by={by} is not known; by={PUBLICATION} selects days of publication", key="by")
    return PageFilter(
        source=source, first=first, last=last, outcome=outcome, reason=reason, is_by_publication=by is not None
    )


def _page_row(seen: PageOutcome, root: str) -> _PageRow:
    decided, first = f"{seen.decided_at:{_MOMENT}}", f"{seen.first_seen_at:{_MOMENT}}"
    return _PageRow(
        url=seen.url,
        why=link(root, "why", url=seen.url),
        outcome="feed unavailable" if seen.stage == "discover" else seen.outcome,
        reason=seen.reason or "",
        detail=seen.detail or "",
        day=str(seen.news_day),
        seen=decided,
        first_seen="" if first == decided else first,
        article=link(root, f"articles/{seen.article_id}") if seen.article_id and seen.outcome != "rejected" else "",
    )


def why_form(*, root: str) -> str:
    """Return the page that accepts a URL, an article or a row to trace."""
    return page("why_form.html", root=root, title="Why")


def why_page(provenance: Provenance, *, root: str) -> str:
    """Return the provenance of a page, an article or a row."""
    article_facts = {
        fact.name: fact.value for step in provenance.steps if step.name == "article" for fact in step.facts
    }
    return page(
        "why.html",
        root=root,
        title=f"Why: {provenance.query}",
        provenance=provenance,
        subject=provenance.query,
        outside_url=web_link(provenance.query),
        article=link(root, f"articles/{article_facts['article_id']}") if "article_id" in article_facts else "",
        article_title=next((step.headline for step in provenance.steps if step.name == "article"), ""),
        verdict=_verdict(provenance),
        headings=_HEADINGS,
    )


def _verdict(provenance: Provenance) -> tuple[str, str]:
    """Return the answer with the number of checks, and its look: "yes" if all hold, "no" if one fails, else "open"."""
    checks = [check.holds for step in provenance.steps for check in step.checks]
    held, failed, undecided = (checks.count(each) for each in (True, False, None))
    counts = (("that hold", held), ("failed", failed), ("undecided", undecided))
    numbers = ", ".join(f"{name}: {number:,}" for name, number in counts if number)
    look = "no" if failed else "yes" if held and not undecided else "open"
    return f"{_ANSWERS[provenance.answer]}. " + (f"Checks {numbers}." if numbers else "No checks."), look
