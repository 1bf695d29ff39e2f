"""The page of coverage: a map of sources by days, anomalies, and outcomes of pages."""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from newslake.pipeline.addons.newsroom.page_request import NewsroomRequest, PageAnswer
from newslake.pipeline.addons.newsroom.pages.outcomes import PUBLICATION
from newslake.pipeline.addons.newsroom.queries.articles import last_day
from newslake.pipeline.addons.newsroom.rendering import TEMPLATES, UrlQuery, page, parse_period, parse_text
from newslake.pipeline.addons.operate.coverage import coverage
from newslake.pipeline.addons.operate.coverage_values import AnomalyKind, Cell, Coverage, SourceCoverage
from newslake.pipeline.model import pluralize
from newslake.pipeline.model.freshness import FRESHNESS_LABELS
from newslake.pipeline.model.source import CAPTURE_KINDS
from newslake.pipeline.show.rendering import link
from newslake.pipeline.store.table_files import LakePlace

COVERAGE_TEMPLATES = TEMPLATES.extend("newslake.pipeline.addons.operate", style="coverage.css")
# The character of a cell: a shade for a normal day, a letter for an anomaly. No two cells differ by colour alone.
SHADES = (
    ("·", "no pages"),
    ("░", "less than half of usual"),
    ("▒", "less than usual"),
    ("▓", "as usual"),
    ("█", "more than usual"),
    ("▪", "some pages; usual number not known"),
)
SYMBOLS: dict[AnomalyKind, tuple[str, str]] = {
    "not_polled": ("X", "listing not requested: no run"),
    "failed": ("F", "feed unavailable"),
    "incomplete": ("P", "listing incomplete"),
    "empty": ("0", "listing without entries"),
    "few": ("-", "far fewer pages"),
    "many": ("+", "far more pages"),
    "rejected": ("r", "many pages rejected"),
    "waiting": ("w", "many pages pending"),
    "guessed": ("d", "many guessed dates"),
}
UNKNOWN = " "
DAYS = 14  # the default period
# The legend of the map's colours, in one line.
_KEY = (
    ("s1", "under half"),
    ("s2", "less"),
    ("s3", "as usual"),
    ("s4", "more"),
    ("s5", "usual number not known"),
)
_CAUSES = {"quiet": "quiet", "failing": "failing", "not_polled": "not polled"}
_MOST_REASONS = 3
_NOT_KEPT = ("rejected", "quarantined", "pending")


def symbol_of(cell: Cell) -> str:
    """Return the character of a day."""
    if cell.anomalies:
        return SYMBOLS[cell.anomalies[0].kind][0]
    return SHADES[shade_of(cell)][0] if cell.is_known or cell.facts.pages else UNKNOWN


def shade_of(cell: Cell) -> int:
    """Return the index in ``SHADES``: pages relative to the usual number."""
    pages = cell.facts.pages
    if not pages:
        return 0
    if cell.usual is None:
        return 5
    ratio = pages / cell.usual if cell.usual else math.inf
    return 1 if ratio < 0.5 else 2 if ratio < 0.8 else 3 if ratio < 1.3 else 4


def describe_day(cell: Cell) -> str:
    """Return a description of a day: pages, the usual number, and outcomes."""
    facts = cell.facts
    parts = [f"{count} {kind}" for kind, count in facts.outcomes.items() if count]
    usual = "" if cell.usual is None else f", usually {cell.usual:.0f}"
    late = f"; {facts.late} late" if facts.late else ""
    return f"{facts.day}: {pluralize(facts.pages, 'page')}{usual}{': ' if parts else ''}{', '.join(parts)}{late}"


def describe_age(hours: float | None, *, otherwise: str) -> str:
    """Return an age in whole hours; from 3 days on, in days."""
    if hours is None:
        return otherwise
    if hours < 1:
        return "less than 1 h ago"
    return f"{hours:.0f} h ago" if hours < 72 else f"{hours / 24:.0f} days ago"


def describe_newest(source: SourceCoverage) -> str:
    """Return the age of a source's newest article, its status if that is not ok, and the number of its rechecks due."""
    fresh = source.freshness
    status = "" if fresh is None or fresh.status == "ok" else f"; {FRESHNESS_LABELS[fresh.status]}"
    due = f"; {pluralize(source.rechecks_due, 'recheck')} due" if source.rechecks_due else ""
    return describe_age(source.hours_since_newest, otherwise="none with a date") + status + due


def is_alarm(cell: Cell) -> bool:
    """Return whether a day has an anomaly that is not genuine."""
    return any(each.cause != "genuine" for each in cell.anomalies)


@dataclass(frozen=True, slots=True)
class _MapCell:
    """One day of the map: its number of pages and the sign of its anomaly, each "" for none.

    ``look`` is a class of coverage.css. ``href`` is empty in a standalone file.
    """

    look: str
    count: str
    sign: str
    description: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _CoverageRow:
    """Outcomes of a source's pages on some days. ``not_kept`` has pairs of text and link for pages not kept."""

    name: str
    href: str
    days: str
    pages: int
    kept: int
    unchanged: int
    not_checked: int
    not_kept: tuple[tuple[str, str], ...]
    late: int
    seen: str
    newest: str


@dataclass(frozen=True, slots=True)
class _FreshnessRow:
    """A source that is late or stale. ``look`` is a class of coverage.css; the status is text, too.

    ``message`` has text and commands in turn.
    """

    key: str
    look: str
    status: str
    since: str
    cause: str
    message: tuple[str, ...]


def answer_coverage(request: NewsroomRequest) -> PageAnswer:
    """Answer with the coverage of the days and the source of a request."""
    workspace, query = request.workspace, request.query
    first, last = parse_coverage_period(request.lake, query, today=request.today)
    source = parse_text(query, "source")
    facts = coverage(workspace, first=first, last=last, source_keys=[source] if source else ())
    html = partial(coverage_page, facts, root=request.root, source_key=source or "", choices=request.source_keys)
    return PageAnswer(lambda: facts, html, COVERAGE_TEMPLATES)


def parse_coverage_period(lake: LakePlace, query: UrlQuery, *, today: date) -> tuple[date, date]:
    """Return the first and last day of a query. The default is the ``DAYS`` days to ``today``.

    If these have no article, the default ends on the newest day with an article.
    Raises: ConfigError as ``parse_period``.
    """
    newest = last_day(lake)
    is_recent = newest is None or newest > today - timedelta(days=DAYS)
    return parse_period(query, last=today if is_recent or newest is None else newest, days=DAYS)


def coverage_page(
    coverage: Coverage, *, root: str | None = None, source_key: str = "", choices: Sequence[str] = ()
) -> str:
    """Return the page. ``root`` is the link to Newsroom's first page; without it, the page is a standalone file.

    ``source_key`` is the requested source, if there is only one; ``choices`` are the sources to choose from.
    """
    is_empty = not any(cell.facts.pages for source in coverage.sources for cell in source.cells)
    latest = max((each.newest_at.date() for each in coverage.sources if each.newest_at), default=None)
    is_elsewhere = is_empty and latest and root is not None
    cells = coverage.sources[0].cells if coverage.sources else ()
    return page(
        "coverage.html",
        templates=COVERAGE_TEMPLATES,
        root=root or "",
        is_served=root is not None,
        title=f"Coverage, {coverage.first} to {coverage.last}",
        coverage=coverage,
        figures=list(_key_figures(coverage)),
        source_key=source_key,
        choices=list(dict.fromkeys((*choices, *(each.key for each in coverage.sources)))),
        days=[cell.facts.day for cell in cells],
        rows=[_map_row(coverage, source, root) for source in coverage.sources],
        late=list(_freshness_rows(coverage)),
        lines=list(_coverage_rows(coverage, root)),
        anomalies=list(_anomaly_rows(coverage, root)),
        shades=_KEY,
        symbols=[("genuine" if kind in ("few", "many") else "alarm", *symbol) for kind, symbol in SYMBOLS.items()],
        latest=link(root or "", "coverage", to=latest, source=source_key) if is_elsewhere else "",
        latest_day=latest or "",
    )


def _key_figures(coverage: Coverage) -> Iterator[tuple[str, int, str]]:
    """Yield look, number and label of each key figure. Rare states are left out if their number is 0."""
    statuses = Counter(each.status for each in coverage.freshness)
    failing = sum(each.cause == "failing" for each in coverage.freshness)
    pages = sum(cell.facts.pages for each in coverage.sources for cell in each.cells if cell.facts.day == coverage.last)
    if coverage.freshness:
        yield "good" if statuses["ok"] else "", statuses["ok"], "fresh sources"
        if statuses["no_baseline"]:
            yield "", statuses["no_baseline"], "without a baseline"
        if statuses["warn"]:
            yield "warn", statuses["warn"], "late"
        yield "bad" if statuses["stale"] else "", statuses["stale"], "stale"
        yield "bad" if failing else "", failing, "failing"
    yield "", pages, f"pages on {coverage.last.day} {coverage.last:%b}"
    yield "warn" if coverage.anomaly_count else "", coverage.anomaly_count, "anomalies"


def _freshness_rows(coverage: Coverage) -> Iterator[_FreshnessRow]:
    """Yield the sources that are late or stale, in the order of sources.toml."""
    for source in coverage.freshness:
        if source.cause is not None:
            yield _FreshnessRow(
                key=source.source_key,
                look="alarm" if source.status == "stale" else "genuine",
                status=FRESHNESS_LABELS[source.status],
                since="" if source.since is None else f"{source.since:%Y-%m-%d %H:%M} UTC",
                cause=_CAUSES[source.cause],
                message=tuple(source.message.split("`")),
            )


def _map_row(coverage: Coverage, source: SourceCoverage, root: str | None) -> tuple[str, str, list[_MapCell], str]:
    """Return the key of a source, the link to its coverage, its days, and the age of its newest article."""
    href = link(root, "coverage", from_=coverage.first, to=coverage.last, source=source.key) if root is not None else ""
    return source.key, href, [_map_cell(source, cell, root) for cell in source.cells], describe_newest(source)


def _map_cell(source: SourceCoverage, cell: Cell, root: str | None) -> _MapCell:
    is_blank = not (cell.anomalies or cell.is_known or cell.facts.pages)
    look = "alarm" if is_alarm(cell) else "genuine" if cell.anomalies else "" if is_blank else f"s{shade_of(cell)}"
    return _MapCell(
        look=look,
        count="" if is_blank else _short_number(cell.facts.pages),
        sign=symbol_of(cell) if cell.anomalies else "",
        description="; ".join([describe_day(cell), *(each.message for each in cell.anomalies)]),
        href=_pages_link(root, source, cell.facts.day, cell.facts.day),
    )


def _short_number(number: int) -> str:
    """Return a number in at most four characters, up to a million."""
    if number < 1000:
        return str(number)
    return f"{number / 1000:.1f}k" if number < 10_000 else f"{number // 1000}k"


def _pages_link(root: str | None, source: SourceCoverage, first: date, last: date, **filters: str) -> str:
    if root is None:
        return ""
    if source.kind in CAPTURE_KINDS:
        filters["by"] = PUBLICATION
    if first == last:
        return link(root, "pages", source=source.key, day=first, **filters)
    return link(root, "pages", source=source.key, from_=first, to=last, **filters)


def _coverage_rows(coverage: Coverage, root: str | None) -> Iterator[_CoverageRow]:
    """Yield one row per source; for a single source, one row per day with pages, latest first."""
    if len(coverage.sources) == 1:
        [source] = coverage.sources
        for cell in reversed(source.cells):
            if cell.facts.pages:
                yield _coverage_row(source, [cell], root, name=f"{cell.facts.day:%a} {cell.facts.day}")
        return
    for source in coverage.sources:
        yield _coverage_row(source, source.cells, root, name=source.key)


def _coverage_row(source: SourceCoverage, cells: Iterable[Cell], root: str | None, *, name: str) -> _CoverageRow:
    facts = [cell.facts for cell in cells]
    outcomes: Counter[str] = Counter()
    reasons: Counter[tuple[str, str]] = Counter()
    for each in facts:
        outcomes.update(each.outcomes)
        reasons.update({key: number for key, number in each.reasons.items() if key[0] in _NOT_KEPT})
    first, last = facts[0].day, facts[-1].day
    return _CoverageRow(
        name=name,
        href=_pages_link(root, source, first, last),
        days=f"{first} to {last}",
        pages=sum(each.pages for each in facts),
        kept=outcomes["kept"],
        unchanged=outcomes["unchanged"],
        not_checked=outcomes["not_checked"],
        not_kept=tuple(_top_reasons(source, reasons, root, days=(first, last))),
        late=sum(each.late for each in facts),
        seen=describe_age(source.hours_since_seen, otherwise="none in this period"),
        newest=describe_newest(source),
    )


def _top_reasons(
    source: SourceCoverage, reasons: Counter[tuple[str, str]], root: str | None, *, days: tuple[date, date]
) -> Iterator[tuple[str, str]]:
    """Yield the most frequent reasons with their number of pages, and the number of pages with other reasons.

    Only the former have a link.
    """
    for (outcome, reason), pages in reasons.most_common(_MOST_REASONS):
        text = f"{pages:,} {outcome}{f': {reason}' if reason else ''}"
        yield text, _pages_link(root, source, *days, outcome=outcome, reason=reason)
    if rest := sum(pages for _, pages in reasons.most_common()[_MOST_REASONS:]):
        yield f"{rest:,} for other reasons", ""


def _anomaly_rows(coverage: Coverage, root: str | None) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield day, source, cause, description and link of each anomaly, latest first."""
    days = [(cell, source) for source in coverage.sources for cell in source.cells if cell.anomalies]
    for cell, source in sorted(days, key=lambda each: (each[0].facts.day, each[1].key), reverse=True):
        day = cell.facts.day
        for odd in cell.anomalies:
            yield f"{day:%a} {day}", source.key, odd.cause, odd.message, _pages_link(root, source, day, day)
