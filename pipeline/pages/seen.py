"""The pages behind a number of coverage, each with what became of it and why; and all that is known of one."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipeline.ask.seen import LATE, SeenPage, WantedPages, seen_pages
from pipeline.errors import ConfigError
from pipeline.model.receipt import STEP_HEADINGS, Receipt
from pipeline.pages.asked import Query, period_asked, text_asked
from pipeline.pages.links import link, web_link
from pipeline.pages.rendering import page
from pipeline.tables import table_named

_HEADINGS = {**STEP_HEADINGS, "next": "Next, in a terminal"}
_LONGEST_URL = 100_000
_MOMENT = "%Y-%m-%d %H:%M"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    url: str
    why: str
    outcome: str
    reason: str
    detail: str
    day: str
    seen: str
    article: str


def pages_page(lake: Path, query: Query, *, today: date, root: str) -> str:
    """Return the list of the pages that a query means: a source's, of some days, with an outcome or a reason.

    Raises: ConfigError for a query without a source, and for days that are none.
    """
    wanted = _wanted(query, today=today)
    found, is_more = seen_pages(lake, wanted, after=text_asked(query, "after", most=_LONGEST_URL))
    asked = {"source": wanted.source, "outcome": wanted.outcome, "reason": wanted.reason}
    is_day = wanted.first == wanted.last
    days = {"day": wanted.first} if is_day else {"from_": wanted.first, "to": wanted.last}
    [outcomes] = [column.values for column in table_named("outcomes").columns if column.name == "outcome"]
    period = str(wanted.first) if is_day else f"{wanted.first} to {wanted.last}"
    return page(
        "pages.html",
        root=root,
        is_served=True,
        title=f"Pages of {wanted.source}, {period}",
        wanted=wanted,
        outcomes=(*(outcomes or ()), LATE),
        chosen=wanted.outcome or "",
        reason=wanted.reason or "",
        rows=[_row(each, root) for each in found],
        more=link(root, "pages", **asked, **days, after=found[-1].url) if is_more else "",
    )


def _wanted(query: Query, *, today: date) -> WantedPages:
    source = text_asked(query, "source")
    if source is None:
        raise ConfigError("source: name one, as sources.toml does", key="source")
    first, last = period_asked(query, last=today, days=1)
    outcome, reason = text_asked(query, "outcome"), text_asked(query, "reason")
    return WantedPages(source=source, first=first, last=last, outcome=outcome, reason=reason)


def _row(seen: SeenPage, root: str) -> _Row:
    looks = f", looked at {seen.looks} times, first {seen.first_seen_at:{_MOMENT}}" if seen.looks > 1 else ""
    return _Row(
        url=seen.url,
        why=link(root, "why", url=seen.url),
        outcome="listing not read" if seen.stage == "discover" else seen.outcome,
        reason=seen.reason or "",
        detail=seen.detail or "",
        day=str(seen.news_day),
        seen=f"{seen.seen_at:{_MOMENT}} UTC{looks}",
        article=link(root, f"articles/{seen.article_id}") if seen.article_id and seen.outcome != "rejected" else "",
    )


def why_page(receipt: Receipt, *, root: str) -> str:
    """Return what is known of a page, an article or a row."""
    told = {fact.name: fact.value for step in receipt.steps if step.name == "article" for fact in step.facts}
    return page(
        "why.html",
        root=root,
        is_served=True,
        title=f"Why: {receipt.asked}",
        receipt=receipt,
        asked=receipt.asked,
        outside_url=web_link(receipt.asked),
        article=link(root, f"articles/{told['article']}") if "article" in told else "",
        headings=_HEADINGS,
    )
