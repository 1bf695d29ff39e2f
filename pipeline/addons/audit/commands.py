"""`newslake audit`: draw rows for readers to judge, score their answers, and correct shares by them."""

import csv as csv_format
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newslake.pipeline.cli import completion
from newslake.pipeline.cli.days import day_of, day_range
from newslake.pipeline.cli.output import AsJson, out, print_error, print_json, print_note, print_rows, workspace
from newslake.pipeline.cli.query import path_outside_lake
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.model import pluralize

if TYPE_CHECKING:
    from newslake.pipeline.addons.audit.corrected_share import AuditCorrection
    from newslake.pipeline.addons.audit.draw import AuditDraw, Population, SamplingDesign
    from newslake.pipeline.addons.audit.questions import Verdict
    from newslake.pipeline.addons.audit.scoring import AuditScore, FieldScore
    from newslake.pipeline.addons.audit.sheet import FilledSheet

audit_app = typer.Typer(help="Measure how often the rows are right, on a random sample.", no_args_is_help=True)

Table = Annotated[
    str,
    typer.Option(
        metavar="quotes|entities|events|articles", help="The table.", autocompletion=completion.audited_tables
    ),
]
Sheets = Annotated[
    list[Path], typer.Argument(metavar="FILE...", help="Filled sheets (CSV) of one draw, one per reader.")
]
Decide = Annotated[
    Path | None, typer.Option(metavar="FILE", help="A sheet that decides the rows on which the readers differ.")
]
First = Annotated[
    str | None, typer.Option("--from", metavar="DAY", help="First published day, YYYY-MM-DD (default: all days).")
]
Last = Annotated[str | None, typer.Option("--to", metavar="DAY", help="Last published day, inclusive.")]
_LIST_COLUMNS = (
    *("draw", "table", "rows", "population", "conditions", "by", "without", "seed", "drawn_at"),
    *("code_version", "pipeline_versions", "sheet_hash", "folder"),
)
_HASH_DIGITS = 12  # of the hash in a terminal


Count = Annotated[int, typer.Option("-n", min=1, max=100_000, help="Number of rows.")]
Seed = Annotated[str | None, typer.Option(metavar="TEXT", help="Seed of the random sample (default: a new one).")]
Strata = Annotated[
    str, typer.Option("--by", metavar="COLUMN", help="Draw from each value of this column, e.g. source or rule_id.")
]
Language = Annotated[
    str | None, typer.Option("--lang", metavar="CODE", help="Only articles in this language, e.g. en.")
]
OneSource = Annotated[
    str | None, typer.Option(metavar="KEY", help="Only articles of this source.", autocompletion=completion.sources)
]
Where = Annotated[
    str | None, typer.Option(metavar="SQL", help="Only rows that meet a condition, e.g. \"event_type = 'PROTEST'\".")
]
PerCluster = Annotated[
    bool, typer.Option("--per-cluster", help="Entities: of each entity in an article, only its first name.")
]
Without = Annotated[
    list[str] | None, typer.Option(metavar="DRAW", help="Leave out the articles of an earlier draw. Repeatable.")
]
Folder = Annotated[
    Path | None, typer.Option("--out", metavar="FOLDER", help="Write the sheets there (default: in the data root).")
]


@audit_app.command("sample")
def sample(  # noqa: PLR0913 - the options of the command
    *,
    table: Table,
    count: Count = 200,
    seed: Seed = None,
    by: Strata = "",
    language: Language = None,
    first: First = None,
    last: Last = None,
    source: OneSource = None,
    where: Where = None,
    per_cluster: PerCluster = False,
    without: Without = None,
    folder: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Draw rows, and write a page and a CSV sheet to judge them in.

    With --by, each value of the column gets rows, in proportion to the root of their number, and `newslake audit score`
    weights them back.
    """
    from newslake.pipeline.addons.audit.draw import Population, SamplingDesign

    if first and last:
        day_range(first, last)
    population = Population(
        table=table,
        first=day_of(first, option="--from") if first else None,
        last=day_of(last, option="--to") if last else None,
        source=source,
        language=language,
        where=where,
        is_per_cluster=per_cluster,
    )
    design = SamplingDesign(count=count, seed=seed or secrets.token_hex(4), by=by, without=tuple(without or ()))
    draw, page, sheet = _store_sample(population, design, folder)
    if as_json:
        print_json(
            {"draw": draw.draw_id, "rows": len(draw.rows), "population": draw.size, "page": page, "sheet": sheet}
        )
        return
    summary = f"{draw.draw_id}: {pluralize(len(draw.rows), 'row')} of {draw.size:,}"
    out.print(f"{summary}\n{page}\n{sheet}", highlight=False, markup=False, soft_wrap=True)
    print_note("open the page in a browser, or fill the CSV in a spreadsheet; then `newslake audit score FILE`")


def _store_sample(
    population: "Population", design: "SamplingDesign", folder: Path | None
) -> "tuple[AuditDraw, Path, Path]":
    """Draw a sample and store it; return the draw and the paths of its page and its sheet."""
    from newslake.pipeline.addons.audit.report import draw_sample
    from newslake.pipeline.addons.audit.sheet_page import audit_sheet, build_sheet_row
    from newslake.pipeline.addons.audit.store import AuditStore

    space = workspace()
    if folder is not None:
        path_outside_lake(space.settings.lake_dir, str(folder))
    store = AuditStore(space.settings)
    with space.store.leases.takedown(), space.at_work():  # no takedown erases sheets before they are added
        sample = draw_sample(space, population, design, folder=folder)
        rows = [build_sheet_row(population.table, each) for each in sample.items]
        page = audit_sheet(sample.draw, rows)
        return (sample.draw, *store.add(sample.draw, page=page, sheet=sample.sheet))


@audit_app.command("list")
def list_draws(as_json: AsJson = False) -> None:
    """List all draws, oldest first."""
    from newslake.pipeline.addons.audit.store import AuditStore

    rows = [
        _listed(each, digits=None if as_json else _HASH_DIGITS) for each in AuditStore(workspace().settings).draws()
    ]
    print_rows(_LIST_COLUMNS, rows, as_json=as_json)


def _listed(draw: "AuditDraw", *, digits: int | None) -> tuple[object, ...]:
    design, population = draw.design, draw.population
    return (
        *(draw.draw_id, draw.table, len(draw.rows), draw.size, population.conditions, design.by),
        *(", ".join(design.without), design.seed, f"{draw.drawn_at:%Y-%m-%d %H:%M}"),
        *(draw.code_version, ", ".join(draw.pipeline_versions), draw.sheet_hash[:digits], draw.folder),
    )


@audit_app.command("score")
def score(
    files: Sheets,
    decide: Decide = None,
    differences: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a sheet of the rows on which the readers differ, for a third look."),
    ] = None,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Write the figures as CSV.")] = None,
    as_json: AsJson = False,
) -> None:
    """Score filled sheets: the share of right rows per question, with 95 % intervals, and how the readers agree.

    Exit 1 if lines of a sheet do not count; they are named.
    """
    from newslake.pipeline.addons.audit.scoring import score_audit

    draw, sheets, decision = _read_sheets(files, decide)
    code = _print_problems(files, sheets, decide, decision)
    outputs = [each for each in (differences, csv) if each is not None]
    for path in outputs:
        _check_output(path, draw.table)
    audit_score = score_audit(draw, sheets, decision=decision)
    if not audit_score.rows:
        raise ConfigError(f"{', '.join(map(str, files))}: no row has an answer yet; fill the sheet first", key="sheet")
    if differences is not None:
        _write_differences(draw, sheets, files[0], differences)
    if csv is not None:
        _write_figures(audit_score, csv)
    if as_json:
        print_json(asdict(audit_score))
    else:
        _print_score(audit_score)
    raise typer.Exit(code)


def _check_output(path: Path, table: str) -> None:
    """Raise ConfigError for a file inside the lake, and for a sheet: it may have hours of answers."""
    from newslake.pipeline.addons.audit.sheet import is_sheet

    path_outside_lake(workspace().settings.lake_dir, str(path))
    if is_sheet(path):
        raise ConfigError(f"{path} is a sheet and may have answers; name another file, or remove it", key=str(path))


def _read_sheets(
    files: Sequence[Path], decide: Path | None
) -> "tuple[AuditDraw, list[FilledSheet], FilledSheet | None]":
    """Return the draw of some sheets, and their answers. Raises: ConfigError for a file that is not a sheet of it."""
    from newslake.pipeline.addons.audit.sheet import read_draw_id, read_sheet
    from newslake.pipeline.addons.audit.store import AuditStore

    draw = AuditStore(workspace().settings).named(read_draw_id(files[0]))
    sheets = [read_sheet(each, draw) for each in files]
    readers = [sheet.reader.casefold() for sheet in sheets]
    if twice := next((each.reader for each in sheets if readers.count(each.reader.casefold()) > 1), None):
        message = f"two of the sheets are by {twice}; give one sheet per reader (the column `reader` has the name)"
        raise ConfigError(message, key=twice)
    return draw, sheets, None if decide is None else read_sheet(decide, draw)


def _print_problems(
    files: Sequence[Path], sheets: "Sequence[FilledSheet]", decide: Path | None, decision: "FilledSheet | None"
) -> int:
    """Print the lines that do not count; return the exit code."""
    read = [*zip(files, sheets, strict=True), *([(decide, decision)] if decide and decision else [])]
    for path, sheet in read:
        for problem in sheet.problems:
            print_error(f"{path}, line {problem.line}: {problem.message}")
    return int(any(sheet.problems for _, sheet in read))


def _write_differences(draw: "AuditDraw", sheets: "Sequence[FilledSheet]", file: Path, target: Path) -> None:
    """Write the lines of a sheet about which the readers differ, without their answers."""
    from newslake.pipeline.addons.audit.consensus import find_consensus
    from newslake.pipeline.addons.audit.sheet import blank_sheet

    names = {name for name, each in find_consensus(draw.table, sheets).items() if each.open}
    target.write_text(blank_sheet(file, draw, names), encoding="utf-8", newline="")
    print_note(f"{pluralize(len(names), 'row')} on which the readers differ: {target}")


_FIGURE_COLUMNS = (
    *("question", "stratum", "n", "right", "low", "high", "right_or_partly", "lenient_low", "lenient_high"),
    *("partly", "wrong", "missing", "unclear", "open"),
)


def _figures(score: "AuditScore") -> Iterator[tuple[object, ...]]:
    for each in score.fields:
        shares = [
            None if part is None else round(part, 4)
            for share in (each.strict, each.lenient)
            for part in ((None, None, None) if share is None else (share.share, share.low, share.high))
        ]
        counts = [each.verdicts.get(name, 0) for name in _COUNTS]
        yield (each.question, each.stratum or "all", each.n, *shares, *counts, each.open)


def _write_figures(score: "AuditScore", target: Path) -> None:
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv_format.writer(file)
        writer.writerow(_FIGURE_COLUMNS)
        writer.writerows(_figures(score))


def _print_score(score: "AuditScore") -> None:
    judged = f"{score.rows:,} of {pluralize(score.drawn, 'row')}"
    out.print(f"{score.draw_id}: {judged} judged by {', '.join(score.readers)}", highlight=False)
    columns = ("question", "stratum", "rows", "right %", "95 % interval", "or partly %", *_COUNTS, "readers differ")
    print_rows(columns, map(_score_line, score.fields), as_json=False)
    if is_open := max(each.open for each in score.fields):
        print_note(f"up to {pluralize(is_open, 'row')} on which the readers differ do not count; --decide settles them")
    for question, agreement in score.agreements.items():
        kappa = "not defined: all answers are equal" if agreement.kappa is None else f"{agreement.kappa:.2f}"
        print_note(
            f"{question}: readers agree on {agreement.agreement:.0%} of {agreement.n} rows; Cohen's kappa {kappa}"
        )
    for question, difference in score.detectable.items():
        points = f"{difference * 100:.0f} points"
        print_note(f"{question}: between two audits of this size, a difference of less than {points} may be chance")


_COUNTS: "tuple[Verdict, ...]" = ("partly", "wrong", "missing", "unclear")


def _score_line(each: "FieldScore") -> tuple[object, ...]:
    strict, lenient = each.strict, each.lenient
    return (
        each.question,
        each.stratum or "all",
        each.n,
        "" if strict is None else f"{strict.share * 100:.1f}",
        "" if strict is None else f"{strict.low * 100:.1f} to {strict.high * 100:.1f}",
        "" if lenient is None else f"{lenient.share * 100:.1f}",
        *(each.verdicts.get(name, 0) for name in _COUNTS),
        each.open,
    )


Numerator = Annotated[
    str, typer.Option("--share", metavar="SQL", help="Rows of the share, e.g. \"speaker_gender = 'F'\".")
]
Denominator = Annotated[
    str,
    typer.Option(
        "--of",
        metavar="SQL",
        help="All rows that the share is of (default: the drawn population).",
        show_default=False,
    ),
]


@audit_app.command("correct")
def correct(
    files: Sheets, share: Numerator, of: Denominator = "true", decide: Decide = None, as_json: AsJson = False
) -> None:
    """Correct a share of the rows, and their number, by the errors that readers found.

    Both conditions are SQL on the columns of the table. The rows are those that the draw was from, as they are in the
    lake now.
    Exit 1 if lines of a sheet do not count; they are named.
    """
    from newslake.pipeline.addons.audit.audited_rows import Share
    from newslake.pipeline.addons.audit.corrected_share import correct_by_audit

    draw, sheets, decision = _read_sheets(files, decide)
    code = _print_problems(files, sheets, decide, decision)
    correction = correct_by_audit(workspace(is_reader=True), draw, sheets, Share(share, of), decision=decision)
    if as_json:
        print_json(asdict(correction))
    else:
        _print_correction(correction)
    raise typer.Exit(code)


def _print_correction(correction: "AuditCorrection") -> None:
    each = correction.share
    rows = [
        ("as the tables have it", f"{each.naive * 100:.1f}", "", f"{each.naive_count:,}", ""),
        (
            "corrected",
            *(f"{each.share * 100:.1f}", f"{each.low * 100:.1f} to {each.high * 100:.1f}"),
            *(f"{each.count:,.0f}", f"{each.count_low:,.0f} to {each.count_high:,.0f}"),
        ),
    ]
    print_rows(("", "share %", "95 % interval", "rows", "95 % interval of rows"), rows, as_json=False)
    print_note(
        f"{pluralize(each.n, 'audited row')} of {each.size:,}; the tables count {each.error_count} of them wrongly"
    )
    for note in _correction_notes(correction):
        print_note(note)
    for name in correction.gone:
        print_error(f"row {name} is not in the lake any more; it does not count")
    for name in correction.changed:
        print_error(f"row {name} has changed since it was drawn; it does not count")


def _correction_notes(correction: "AuditCorrection") -> Iterator[str]:
    """Yield what a person has to know about a corrected share."""
    if correction.unknown:
        yield f"not counted: {pluralize(correction.unknown, 'drawn row')} without a verdict"
    if correction.uncorrected:
        yield (
            f"{pluralize(correction.uncorrected, 'row')} with a wrong value, without what it should be: "
            "the value counts as empty"
        )
    for column in correction.unjudged:
        yield f"no question of the audit judges {column}: it counts as the tables have it"
    if correction.pooled:
        yield f"strata with fewer than two verdicts count as one: {', '.join(correction.pooled)}"
    if correction.drawn_size != correction.share.size:
        sizes = f"{correction.drawn_size:,} rows when it was drawn, and has {correction.share.size:,} now"
        yield f"the population had {sizes}: the errors of the new rows are taken to be like those of the old ones"
