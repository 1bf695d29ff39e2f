"""Sheets of an audit as CSV: one line per drawn row, with a column per question, for a spreadsheet or a program."""

import csv
import io
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa

from newslake.pipeline.addons.audit.draw import AuditDraw
from newslake.pipeline.addons.audit.questions import AuditQuestion, questions_for
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.query.result_files import disarm_formula
from newslake.pipeline.tables import TABLE_SPECS
from newslake.pipeline.tables.vocabularies import vocabulary_of

_SHOULD_BE = "_should_be"
_NOTE, _READER = "note", "reader"
_BOM = "\ufeff"
_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # .xlsx and .ods, .xls
_FIRST_DAYS = {4: "-01-01", 7: "-01"}  # what makes a date of a year and of a month, by their length
_SEPARATORS = (",", ";", "\t")
_CELL_CHARS = 1_000_000  # of a cell: the limit of Python is less than a paragraph may have
_HEADER_BYTES = 10_000
_SHEET_BYTES = 100_000_000


@dataclass(frozen=True, slots=True)
class RowContext:
    """What a line of the sheet shows in addition to the values of its row: where it is from, and the text around it.

    ``article`` is the title, ``outlet`` the publisher, ``words`` are those of the row itself: the quote, the mention or
    the trigger. The names are those of columns, and no question has them.
    """

    article: str
    outlet: str
    day: str
    words: str
    sentence: str
    paragraph: str


@dataclass(frozen=True, slots=True)
class RowAnswers:
    """The answers of one reader about one row. ``line`` is the line as a spreadsheet counts, the header being line 1.

    ``answers`` maps questions to names of answers, without the questions that are not answered or do not apply.
    ``corrections`` maps columns of the table to what they should be.
    """

    name: str
    line: int
    answers: Mapping[str, str]
    corrections: Mapping[str, str]
    note: str


@dataclass(frozen=True, slots=True)
class SheetProblem:
    """A defect of a filled sheet. What it affects does not count."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class FilledSheet:
    """What one reader answered. ``reader`` is the name in the sheet, else that of the file."""

    draw_id: str
    reader: str
    rows: tuple[RowAnswers, ...]
    problems: tuple[SheetProblem, ...]


def sheet_columns(table: str) -> tuple[str, ...]:
    """Return the columns of a sheet of a table, in order."""
    questions = questions_for(table)
    judged = [f"{each.name}: {each.column}" for each in questions if each.column]
    answers = [name for each in questions for name in _columns_of(each)]
    return ("draw", "row", "stratum", *RowContext.__slots__, *judged, *answers, _NOTE, _READER)


def _columns_of(question: AuditQuestion) -> tuple[str, ...]:
    return (question.name, question.name + _SHOULD_BE) if question.column else (question.name,)


def write_sheet(draw: AuditDraw, contexts: Mapping[str, RowContext]) -> str:
    """Return the sheet of a draw as CSV, before any answer; ``contexts`` are by row name."""
    output = io.StringIO()
    writer = csv.DictWriter(output, sheet_columns(draw.table), restval="", lineterminator="\r\n")
    writer.writeheader()
    questions = questions_for(draw.table)
    for row in draw.rows:
        context = contexts[row.name]
        shown = {name: getattr(context, name) for name in RowContext.__slots__}
        shown |= {f"{each.name}: {each.column}": row.values[each.column] or "" for each in questions if each.column}
        safe = {name: disarm_formula(text) for name, text in shown.items()}
        writer.writerow({"draw": draw.draw_id, "row": row.name, "stratum": disarm_formula(row.stratum), **safe})
    return _BOM + output.getvalue()  # a spreadsheet takes the mark as the sign of UTF-8


def blank_sheet(path: Path, draw: AuditDraw, names: Collection[str]) -> str:
    """Return the lines of a sheet for some rows as CSV, without answers, notes and reader."""
    columns = sheet_columns(draw.table)
    answers = {name for each in questions_for(draw.table) for name in _columns_of(each)} | {_NOTE, _READER}
    output = io.StringIO()
    writer = csv.DictWriter(output, columns, restval="", extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    for _, cells in _lines(path):
        if cells.get("row") in names:
            writer.writerow({name: text for name, text in cells.items() if name not in answers})
    return _BOM + output.getvalue()


def is_sheet(path: Path) -> bool:
    """Return whether a file is a sheet, of any draw."""
    return path.is_file() and separator_of(path.read_bytes()[:_HEADER_BYTES].decode(errors="replace")) is not None


def read_draw_id(path: Path) -> str:
    """Return the draw of a sheet. Raises: ConfigError if it is no sheet."""
    return _draw_id(_lines(path), path)


def read_sheet(path: Path, draw: AuditDraw) -> FilledSheet:
    """Return the answers in a sheet of a draw, with the defects of single lines.

    Raises: ConfigError if it is no sheet, or the sheet of another draw.
    """
    lines = _lines(path)
    draw_id = _draw_id(lines, path)
    if draw_id != draw.draw_id:
        raise ConfigError(f"{path} is the sheet of draw {draw_id}, not of {draw.draw_id}", key=str(path))
    known = {row.name for row in draw.rows}
    rows: dict[str, RowAnswers] = {}
    problems: list[SheetProblem] = []
    readers: set[str] = set()
    for line, cells in lines:
        name = cells.get("row", "")
        if cells.get("draw", "") != draw_id:
            problems.append(SheetProblem(line, f"row {name}: draw {cells.get('draw')!r} is not {draw_id}"))
        elif name not in known:
            problems.append(SheetProblem(line, f"row {name!r} is not in draw {draw_id}: another lake's, or taken down"))
        elif name in rows and rows[name].answers:
            problems.append(SheetProblem(line, f"row {name} is in the sheet twice; line {rows[name].line} counts"))
        else:
            rows[name], more = _row_answers(name, line, cells, draw.table)
            problems += more
            readers.add(cells.get(_READER, "").strip())
    reader = next(iter(sorted(readers - {""})), path.stem)
    return FilledSheet(draw_id, reader, tuple(rows.values()), tuple(problems))


def _row_answers(name: str, line: int, cells: Mapping[str, str], table: str) -> tuple[RowAnswers, list[SheetProblem]]:
    questions = questions_for(table)
    answers: dict[str, str] = {}
    corrections: dict[str, str] = {}
    problems: list[SheetProblem] = []
    applies, is_begun = True, any(cells.get(each.name, "").strip() for each in questions)
    for question in questions:
        choice = cells.get(question.name, "").strip().lower()
        answer = question.answer_named(choice)
        if choice and answer is None:
            choices = ", ".join(each.name for each in question.answers)
            problems.append(SheetProblem(line, f"row {name}: {question.name} is {choice!r}; use one of {choices}"))
        elif choice and applies:
            answers[question.name] = choice
        elif applies and is_begun:
            problems.append(SheetProblem(line, f"row {name}: {question.name} is not answered"))
        correction = cells.get(question.name + _SHOULD_BE, "").strip()
        if correction and applies and answer is not None and answer.verdict in ("partly", "wrong", "missing"):
            value, message = _valid_value(table, question.column, correction)
            if message is None:
                corrections[question.column] = value
            else:
                problems.append(SheetProblem(line, f"row {name}: {question.name}{_SHOULD_BE} {message}"))
        applies = applies and not (question.is_gate and (answer is None or answer.verdict != "right"))
    return RowAnswers(name, line, answers, corrections, cells.get(_NOTE, "").strip()), problems


def _valid_value(table: str, column: str, text: str) -> tuple[str, str | None]:
    """Return a value as the column has it, and why it is not valid; None if it is."""
    values = vocabulary_of(table, column)
    if values:
        match = next((each for each in values if each.casefold() == text.casefold()), None)
        return match or text, None if match else f"is {text!r}; use one of {', '.join(values)}"
    if pa.types.is_date(TABLE_SPECS[table].column(column).type):
        try:  # a month or a year means its first day, as in the table
            return date.fromisoformat(text + _FIRST_DAYS.get(len(text), "")).isoformat(), None
        except ValueError:
            return text, f"is {text!r}; use a date: YYYY-MM-DD, YYYY-MM or YYYY"
    return text, None


def _draw_id(lines: Sequence[tuple[int, Mapping[str, str]]], path: Path) -> str:
    if not lines:
        raise ConfigError(f"{path} has no rows; give a sheet of `newslake audit sample`", key=str(path))
    return lines[0][1].get("draw", "")


def _lines(path: Path) -> list[tuple[int, dict[str, str]]]:
    """Return the lines of a sheet with their numbers. Raises: ConfigError for another file."""
    message = f"{path} is not a sheet of `newslake audit sample`"
    if not path.is_file():
        raise ConfigError(f"{path}: no such file; give a sheet of `newslake audit sample`", key=str(path))
    if path.stat().st_size > _SHEET_BYTES:
        raise ConfigError(f"{message}: it has more than {_SHEET_BYTES:,} bytes", key=str(path))
    if path.read_bytes()[:4] in _SPREADSHEETS:
        raise ConfigError(f"{path} is the file of a spreadsheet program; save it as CSV UTF-8", key=str(path))
    try:
        text = path.read_text(encoding="utf-8-sig", newline="")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{message}, or not saved as UTF-8: save it as CSV UTF-8", key=str(path)) from error
    previous = csv.field_size_limit(_CELL_CHARS)
    try:
        return list(_cells(text, message=message, key=str(path)))
    except csv.Error as error:
        raise ConfigError(f"{message}: {error}", key=str(path)) from error
    finally:
        csv.field_size_limit(previous)


def _cells(text: str, *, message: str, key: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the lines of a sheet, whichever separator the spreadsheet wrote."""
    separator = separator_of(text)
    if separator is None:
        raise ConfigError(f"{message}: its first line has no columns `draw` and `row`", key=key)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=separator, restval="", strict=True)
    for line, row in enumerate(reader, 2):
        if any(value for name, value in row.items() if name is not None):
            yield line, {name: value for name, value in row.items() if name is not None}


def separator_of(text: str) -> str | None:
    """Return the separator that a spreadsheet wrote between the cells; None if the text is no sheet."""
    header = text.removeprefix(_BOM).partition("\n")[0].strip()
    return next((each for each in _SEPARATORS if {"draw", "row"} <= _names(header, each)), None)


def _names(header: str, separator: str) -> set[str]:
    return {name.strip().strip('"') for name in header.split(separator)}


# Takedowns: a sheet without the rows of some articles.

# A row of the page is between two comments with its name; its texts are escaped, so none of them has such a comment.
_PAGE_ROW = re.compile(
    r"^<!-- row (?P<name>(?P<article>[0-9a-f]{32})(?::[a-z]+:[0-9]+)?) -->\n.*?^<!-- end of row (?P=name) -->\n",
    re.MULTILINE | re.DOTALL,
)


def erase_page_rows(html: str, article_ids: Collection[str]) -> str:
    """Return the page of a sheet without the rows of some articles. It still works: its script counts the rows."""
    return _PAGE_ROW.sub(lambda match: "" if match["article"] in article_ids else match[0], html)


def erase_sheet_rows(text: str, article_ids: Collection[str]) -> str:
    """Return a sheet without the rows of some articles, with the separator that it had.

    Raises: ValueError for a text that is no sheet, csv.Error for one that is no CSV.
    """
    separator = separator_of(text)
    if separator is None:
        raise ValueError("not a sheet")
    previous = csv.field_size_limit(len(text))  # no cell is longer, and no long one may keep the rest of its sheet
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    finally:
        csv.field_size_limit(previous)
    at = rows[0].index("row")
    output = io.StringIO()
    writer = csv.writer(output, delimiter=separator, lineterminator="\r\n")
    writer.writerows(row for row in rows if len(row) <= at or row[at].partition(":")[0] not in article_ids)
    return output.getvalue()
