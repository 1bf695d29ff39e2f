"""`newslake coverage`: a heat map of sources and days, and the anomalies with their cause."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from newslake.pipeline.cli.days import Sources, day_of, day_range
from newslake.pipeline.cli.output import AsJson, out, print_json, workspace
from newslake.pipeline.cli.query import path_outside_lake
from newslake.pipeline.model.outcome import OUTCOME_KINDS

if TYPE_CHECKING:
    from newslake.pipeline.addons.operate.coverage_values import Cell, Coverage, SourceCoverage

_DAYS = 28
_STYLES = ("dim", "blue", "cyan", "green", "bright_green", "")
_WEEK = 7


def coverage(
    first: Annotated[
        str | None,
        typer.Option("--from", metavar="DAY", help="First news day, YYYY-MM-DD (default: 27 days before --to)."),
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="DAY", help="Last news day, inclusive (default: today, UTC).")
    ] = None,
    source: Sources = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write self-contained HTML to FILE.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the pages per source and day, the anomalies, and which sources are STALE.

    Compares the pages of each source and day with the usual number. Each anomaly has a cause: pipeline, source or
    genuine. A source is STALE if its newest article is older than its limits allow.
    """
    from newslake.pipeline.addons.operate.coverage import coverage
    from newslake.pipeline.addons.operate.coverage_page import coverage_page
    from newslake.pipeline.query.result_files import whole_file

    space = workspace(is_reader=True)
    end = last or f"{space.settings.now():%Y-%m-%d}"
    days = day_range(first or f"{day_of(end, option='--to') - timedelta(days=_DAYS - 1)}", end)
    report = coverage(space, first=days[0], last=days[-1], source_keys=source or ())
    if html is not None:
        with whole_file(path_outside_lake(space.settings.lake_dir, str(html))) as file:
            file.write(coverage_page(report).encode())
    if as_json:
        print_json(_as_dict(report))
    else:
        _print_map(report)
        _print_freshness(report)
        _print_odd(report)


def _as_dict(report: "Coverage") -> dict[str, object]:
    sources = [
        {
            "key": source.key,
            "kind": source.kind,
            "newest_at": source.newest_at,
            "hours_since_newest": source.hours_since_newest,
            "last_seen_at": source.last_seen_at,
            "hours_since_seen": source.hours_since_seen,
            "rechecks_due": source.rechecks_due,
            "freshness": None if source.freshness is None else asdict(source.freshness),
            "expected_days": source.expected_days,
            "unanswered_days": source.unanswered_days,
            "days": list(map(_day, source.cells)),
        }
        for source in report.sources
    ]
    days = {"from": report.first, "to": report.last, "log_whole_from": report.whole_from}
    return {**days, "verdict": report.verdict, "sources": sources}


def _day(cell: "Cell") -> dict[str, object]:
    facts = cell.facts
    reasons = [
        {"outcome": outcome, "reason": reason, "pages": pages}
        for (outcome, reason), pages in sorted(facts.reasons.items())
        if outcome not in ("kept", "unchanged", "not_checked")
    ]
    return {
        "day": facts.day,
        "is_known": cell.is_known,
        "was_polled": facts.was_polled,
        "listings": [
            {"requested_at": each.requested_at, "result": each.result, "entries": each.entries, "reason": each.reason}
            for each in facts.listings
        ],
        "usual": cell.usual,
        "discovered": facts.pages + facts.failed_listings,
        "failed_listings": facts.failed_listings,
        **{kind: facts.outcomes.get(kind, 0) for kind in OUTCOME_KINDS},
        "reasons": reasons,
        "late": facts.late,
        "articles": facts.articles,
        "guessed_dates": facts.guessed,
        "anomalies": [asdict(each) for each in cell.anomalies],
    }


def _print_map(report: "Coverage") -> None:
    from newslake.pipeline.addons.operate.coverage_page import SHADES, SYMBOLS, describe_newest

    width = max([6, *(len(source.key) for source in report.sources)])
    out.print(Text(f"{report.first} to {report.last}, one character per day", "dim"), soft_wrap=True)
    if report.first.year != report.last.year:
        out.print(Text(" " * (width + 2)).append(_years(report).rstrip(), "dim"), soft_wrap=True)
    out.print(Text(" " * (width + 2)).append(_scale(report).rstrip(), "dim"), soft_wrap=True)
    for source in report.sources:
        line = Text(f"{source.key:<{width}}  ")
        for cell in source.cells:
            line.append_text(_cell(cell))
        out.print(line.append(f"  newest article: {describe_newest(source)}", "dim"), soft_wrap=True)
    out.print()
    kinds = {odd.kind for source in report.sources for cell in source.cells for odd in cell.anomalies}
    for entries in (SHADES, [entry for kind, entry in SYMBOLS.items() if kind in kinds]):
        if entries:
            out.print(Text("   ".join(f"{symbol} {meaning}" for symbol, meaning in entries), style="dim"))


def _scale(report: "Coverage") -> str:
    """Return the scale above the map: one date per week."""
    count = (report.last - report.first).days + 1
    weeks = (f"{report.first + timedelta(days=number):%m-%d}" for number in range(0, count, _WEEK))
    return "".join(f"{week:<{_WEEK}}" for week in weeks)


def _years(report: "Coverage") -> str:
    """Return the years above the scale: each at its first day in the map, if it has room there."""
    starts = [report.first, *(date(year, 1, 1) for year in range(report.first.year + 1, report.last.year + 1))]
    lengths = [(after - start).days for start, after in pairwise([*starts, report.last + timedelta(days=1)])]
    years = (str(start.year) if length > len("2026") else "" for start, length in zip(starts, lengths, strict=True))
    return "".join(year.ljust(length) for year, length in zip(years, lengths, strict=True))


def _cell(cell: "Cell") -> Text:
    from newslake.pipeline.addons.operate.coverage_page import shade_of, symbol_of

    if any(each.cause != "genuine" for each in cell.anomalies):
        return Text(symbol_of(cell), style="bold white on red")
    return Text(symbol_of(cell), style="bold" if cell.anomalies else _STYLES[shade_of(cell)])


def _print_freshness(report: "Coverage") -> None:
    """Print a summary, and a line per source that is late or stale; nothing if no source is watched."""
    if report.freshness_summary is None:
        return
    out.print(Text(f"\nFreshness: {report.freshness_summary}"), soft_wrap=True)
    for each in report.freshness:
        if each.is_late:
            out.print(Text(each.line, "bold red" if each.status == "stale" else "bold"), soft_wrap=True)


def _print_odd(report: "Coverage") -> None:
    lines = [line for source in report.sources for line in _odd_lines(source)]
    out.print(Text(f"\n{report.verdict}", style="bold" if lines else ""), soft_wrap=True)
    for line in sorted(lines, key=str):
        out.print(line, soft_wrap=True)
    if report.limit is not None:
        out.print(Text(f"\n{report.limit}"), soft_wrap=True)


def _odd_lines(source: "SourceCoverage") -> Iterator[Text]:
    from newslake.pipeline.addons.operate.coverage_page import SYMBOLS

    for cell in source.cells:
        for odd in cell.anomalies:
            line = Text(f"{cell.facts.day} {cell.facts.day:%a}  {SYMBOLS[odd.kind][0]} {source.key}  ")
            line.append(f"{odd.cause:<8}  ", "green" if odd.cause == "genuine" else "bold red")
            yield line.append(odd.message)
