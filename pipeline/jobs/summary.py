"""The text that says what a run kept and rejected, what is pending, and why.

It ends `newslake run` and the demo, and is in the log of the Airflow tasks that end an ingest or an extract. It fits
one screen: one row per reason, with one example.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from newslake.pipeline.jobs.outcomes import PageName, page_of
from newslake.pipeline.model import Outcome, pluralize
from newslake.pipeline.model.outcome import OutcomeKind

_REASONS_MAX = 12  # rows
_DETAIL_MAX = 140  # characters
_LABELS: dict[OutcomeKind, str] = {
    "rejected": "rejected",
    "quarantined": "quarantined",
    "pending": "pending",
    "not_checked": "not checked",
}
_EARLIER_LABELS: dict[OutcomeKind, str] = {**_LABELS, "unchanged": "unchanged"}
_NOT_DUE = ("already_fetched", "left_to_source")  # the others are rechecks that failed, or that a limit refuses


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """How many pages have one outcome for one reason, from which sources, and the first of them as an example."""

    outcome: OutcomeKind
    reason: str
    pages: int
    sources: tuple[str, ...]
    example: Outcome


@dataclass(frozen=True, slots=True)
class RunSummary:
    """The outcomes of the pages of a run, counted.

    ``fetched`` counts pages that came over HTTP, ``archived`` pages with a new payload, also from files; both are null
    for a run that only extracts. ``committed`` counts articles; it is null for a run that only ingests. ``unchanged``
    and ``reasons`` cover the pages that this run found; ``earlier`` counts the other pages of the same days.
    ``unlisted`` are the sources that could not be listed.
    """

    fetched: int | None
    archived: int | None
    committed: int | None
    unchanged: int
    not_checked: int
    sources: int
    reasons: tuple[ReasonCount, ...]
    earlier: tuple[tuple[OutcomeKind, int], ...]
    unlisted: tuple[Outcome, ...]


def summarize(
    *,
    ingested: Iterable[Outcome] | None = None,
    extracted: Iterable[Outcome] | None = None,
    fetched: int = 0,
    current: Collection[str] = (),
) -> RunSummary:
    """Return the summary of a run from its outcomes, each in the order of time; None for a step that did not run.

    A page counts once, with its latest outcome; "unchanged" and "not_checked" replace no other. ``current`` are
    articles that need no processing, although this run did not decide them.
    """
    listed, decided = list(ingested or ()), list(extracted or ())
    pages = {page_of(each) for each in listed}
    archived = {page_of(each): each.article_id for each in listed if each.reason == "archived"}
    last = {page: each for page, each in _latest([*listed, *decided]).items() if each.stage != "discover"}
    # Another page of the same article may have its outcome; without an extract, all archived pages wait for one.
    settled = {each.article_id for each in decided} if extracted is not None else set(archived.values())
    left = [each for each in last.values() if _is_left(each, settled={*settled, *current})]
    changed = {each.article_id for each in decided if each.outcome != "unchanged"}
    same = [
        page for page, each in archived.items() if extracted is not None and each in settled.union(current) - changed
    ]
    unchanged = {page for page, each in last.items() if each.outcome == "unchanged"}
    new_articles = set(archived.values()) - {None}
    others = {
        page
        for page, each in last.items()
        if ingested is not None and page not in pages and each.article_id not in new_articles
    }
    earlier = Counter(each.outcome for each in left if page_of(each) in others)
    earlier["unchanged"] = len(unchanged & others)
    return RunSummary(
        fetched=None if ingested is None else fetched,
        archived=None if ingested is None else len(archived),
        committed=None if extracted is None else sum(each.outcome == "kept" for each in last.values()),
        unchanged=len(unchanged if ingested is None else unchanged & pages | set(same)),
        not_checked=sum(each.outcome == "not_checked" and each.reason != "left_to_source" for each in last.values()),
        sources=len({each.source_key for each in (*listed, *decided)}),
        reasons=tuple(_reason_counts(each for each in left if page_of(each) not in others)),
        earlier=tuple((kind, earlier[kind]) for kind in _EARLIER_LABELS if earlier[kind]),
        unlisted=tuple(each for each in listed if each.stage == "discover"),
    )


def _is_left(outcome: Outcome, *, settled: Collection[str | None]) -> bool:
    """Return whether a page has no row for a reason that the summary names."""
    is_waiting = outcome.reason != "archived" or outcome.article_id not in settled
    return outcome.outcome in _LABELS and outcome.reason not in _NOT_DUE and is_waiting


def _latest(outcomes: Iterable[Outcome]) -> dict[PageName, Outcome]:
    last: dict[PageName, Outcome] = {}
    for each in outcomes:
        known = last.get(page_of(each))
        # That the rows are current says nothing about a page that this run did not check.
        is_checked_now = known is not None and known.outcome == "not_checked" and each.stage == "fetch"
        if known is None or is_checked_now or each.outcome not in ("unchanged", "not_checked"):
            last[page_of(each)] = each
    return last


def _reason_counts(outcomes: Iterable[Outcome]) -> Iterator[ReasonCount]:
    """Yield the reasons of each outcome, the most frequent first."""
    groups: dict[tuple[OutcomeKind, str], list[Outcome]] = defaultdict(list)
    for each in outcomes:
        groups[each.outcome, each.reason or ""].append(each)
    order = list(_LABELS)
    ranked = sorted(groups.items(), key=lambda group: (order.index(group[0][0]), -len(group[1]), group[0]))
    for (outcome, reason), pages in ranked:
        yield ReasonCount(outcome, reason, len(pages), tuple(sorted({each.source_key for each in pages})), pages[0])


def summary_lines(summary: RunSummary, *, label: str, took: str = "") -> tuple[str, ...]:
    """Return the summary as lines of text. ``label`` names the run, such as its day; ``took`` is its time."""
    earlier = ", ".join(f"{count:,} {_EARLIER_LABELS[kind]}" for kind, count in summary.earlier)
    return (
        f"{label}: {_headline(summary)}{took and f' ({took})'}",
        *_reason_lines(summary),
        *([f"  other pages of the same days: {earlier}"] if earlier else ()),
        *(
            ["  for one page: `newslake why URL`; for all reasons: `newslake ask why-rejected`"]
            if _has_reasons(summary)
            else ()
        ),
    )


def unlisted_lines(summary: RunSummary) -> Iterator[str]:
    """Yield one line per source that could not be listed."""
    for each in summary.unlisted:
        yield f"source {each.source_key} not listed ({each.reason}): {each.url}: {each.detail}"


def _has_reasons(summary: RunSummary) -> bool:
    return bool(summary.reasons) or any(kind in _LABELS for kind, _ in summary.earlier)


def _headline(summary: RunSummary) -> str:
    parts = ["nothing new"] if summary.archived == 0 and not summary.committed else list(_counts(summary))
    if summary.unchanged:
        parts.append(f"{pluralize(summary.unchanged, 'page')} unchanged")
    if summary.not_checked:
        parts.append(f"{pluralize(summary.not_checked, 'page')} not checked")
    return ", ".join(parts)


def _counts(summary: RunSummary) -> Iterator[str]:
    if summary.archived is not None and summary.archived == summary.fetched:
        yield f"{pluralize(summary.archived, 'page')} fetched"
    elif summary.archived is not None:
        yield pluralize(summary.archived, "new page") + (f" ({summary.fetched:,} fetched)" if summary.fetched else "")
    if summary.committed is not None:
        yield f"{pluralize(summary.committed, 'article')} committed"


def _reason_lines(summary: RunSummary) -> Iterator[str]:
    """Yield the rows of each outcome under its total; rare reasons beyond one screen are one line."""
    shown, rest = summary.reasons[:_REASONS_MAX], summary.reasons[_REASONS_MAX:]
    totals = Counter[OutcomeKind]()
    for each in summary.reasons:
        totals[each.outcome] += each.pages
    rows = [(f"{each.pages:,}", each.reason, _sources(each, summary), _example(each)) for each in shown]
    widths = [max((len(row[at]) for row in rows), default=0) for at in range(3)]
    for kind, label in _LABELS.items():
        if totals[kind]:
            yield f"  {label}: {pluralize(totals[kind], 'page')}"
        for each, row in zip(shown, rows, strict=True):
            if each.outcome == kind:
                yield f"    {_row(row, widths)}"
    if rest:
        pages = pluralize(sum(each.pages for each in rest), "more page")
        yield f"  {pages} for {pluralize(len(rest), 'other reason')}"


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    count, reason, source, example = cells
    padded = [count.rjust(widths[0]), reason.ljust(widths[1]), source.ljust(widths[2]), example]
    return "  ".join(cell for cell in padded if cell)


def _sources(count: ReasonCount, summary: RunSummary) -> str:
    """Return the source of a reason's pages; nothing if the run has only one."""
    if summary.sources == 1:
        return ""
    return count.sources[0] if len(count.sources) == 1 else pluralize(len(count.sources), "source")


def _example(count: ReasonCount) -> str:
    detail = " ".join((count.example.detail or "").split())
    short = detail if len(detail) <= _DETAIL_MAX else f"{detail[: _DETAIL_MAX - 1]}…"
    return f"{'' if count.pages == 1 else 'e.g. '}{count.example.url}{short and f': {short}'}"
