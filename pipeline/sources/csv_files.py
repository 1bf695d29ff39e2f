"""CSV files of pages: one page per row, by the names of the columns in the first row."""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from io import StringIO, TextIOWrapper
from typing import TextIO

from newslake.pipeline.boundary import run_isolated
from newslake.pipeline.errors import NewsError
from newslake.pipeline.sources.files import entry_of
from newslake.pipeline.sources.listing import (
    FilePosition,
    ListingEntry,
    LocalFile,
    ReadContext,
    failed_entry,
    open_file,
)
from newslake.pipeline.sources.page_facts import KEYS, named_file, named_values
from newslake.pipeline.unicode import to_well_formed

_PAGE_KEYS = ("url", "html", "text", "file")  # a header has a column of one of them
_DELIMITERS = ",;\t|"
_HEADER_MAX_CHARS = 100_000
_CELL_CHARS = 131_072  # the limit of the csv module, which any earlier file of the process may have raised
_LINE_CELLS = 3  # cells of the maximum size: text, html, and all others together


@dataclass(frozen=True, slots=True)
class CsvRow:
    """A row: its number, where 1 is the header, its cells, and ``named_values`` of them."""

    number: int
    cells: Sequence[str]
    values: Mapping[str, object]
    ignored: tuple[str, ...] = ()


def read_csv(file: LocalFile, context: ReadContext) -> Iterator[ListingEntry]:
    """Yield one page per row; a row with only a URL is a link to fetch."""
    context = replace(context, file=file)
    number, is_empty = 1, context.start.passed == 0
    try:
        for row in read_rows(file, max_chars=context.page_max_bytes):
            number, is_empty = row.number, False
            if number <= context.start.passed:  # quoted line ends: only the start of the file is surely one of a row
                continue
            yield _row_entry(row, file, context)
            if context.is_over():
                yield context.slice_end(file.name, FilePosition(passed=number))
                return
    except (csv.Error, UnicodeDecodeError) as error:
        detail = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        yield context.broken(
            f"{file.name}#{number + 1}", reason="broken_line", detail=f"{detail}; the rest is not read"
        )
    else:
        if is_empty:
            yield context.broken(file.name, reason="empty_file", detail="the file has no row with a page")


def csv_page_names(file: LocalFile, context: ReadContext) -> Iterator[str | None]:
    """Yield for each row the page file that it names, by its name in the source's folder; None if it names none.

    Raises: csv.Error, ValueError, OSError.
    """
    for row in read_rows(file, max_chars=context.page_max_bytes):
        yield named_file(row.values, index=file.name)


def split_rows(
    file: LocalFile, context: ReadContext, is_gone: Callable[[ListingEntry, bytes], bool]
) -> tuple[bytes, list[ListingEntry]]:
    """Return the file without some rows, with commas between the cells, and the entries of these rows.

    ``is_gone`` decides on an entry and the bytes of its row.

    Raises: csv.Error, ValueError, OSError.
    """
    rest, gone = StringIO(), []
    writer = csv.writer(rest)
    with open_file(file.path) as stream, TextIOWrapper(stream, "utf-8-sig", newline="") as text:
        writer.writerow(next(_reader(text, max_chars=context.page_max_bytes), ()))
    for row in read_rows(file, max_chars=context.page_max_bytes):
        entry = _row_entry(row, file, context)
        if is_gone(entry, " ".join(row.cells).encode()):
            gone.append(entry)
        else:
            writer.writerow(row.cells)
    return rest.getvalue().encode(), gone


def read_rows(file: LocalFile, *, max_chars: int) -> Iterator[CsvRow]:
    """Yield the rows. Raises: csv.Error also for a header without a column of pages; UnicodeDecodeError, OSError."""
    csv.field_size_limit(max(csv.field_size_limit(), max_chars))
    with open_file(file.path) as stream, TextIOWrapper(stream, "utf-8-sig", newline="") as text:
        rows = _reader(text, max_chars=max_chars)
        header = next(rows, [])
        names = {name.strip().lower() for name in header}
        if header and not any(names.intersection(KEYS[key]) for key in _PAGE_KEYS):
            raise csv.Error(f"none of its columns is url, text, html or file: {', '.join(header)[:200]}")
        for number, row in enumerate(rows, start=2):
            if any(row):
                cells = reversed(tuple(zip(header, row, strict=False)))  # the first of two columns of one name counts
                values, ignored = named_values(
                    {name.strip().lower(): to_well_formed(cell.strip()) for name, cell in cells}
                )
                yield CsvRow(number, row, values, ignored)


def _reader(text: TextIO, *, max_chars: int) -> Iterator[list[str]]:
    """Return a reader with the most frequent delimiter of the first line."""
    first = text.readline(_HEADER_MAX_CHARS)
    text.seek(0)
    limit = _LINE_CELLS * max(max_chars, _CELL_CHARS)
    return csv.reader(_bounded_lines(text, limit), delimiter=max(_DELIMITERS, key=first.count))


def _bounded_lines(text: TextIO, limit: int) -> Iterator[str]:
    """Yield the lines. Raises: csv.Error for one with more than ``limit`` characters."""
    while line := text.readline(limit + 1):
        if len(line) > limit:
            raise csv.Error(f"a line has more than {limit} characters")
        yield line


def _row_entry(row: CsvRow, file: LocalFile, context: ReadContext) -> ListingEntry:
    where = f"{file.name}#{row.number}"
    entry = run_isolated(partial(_page_of, row.values, where, context), key=where)
    if isinstance(entry, NewsError):
        return failed_entry(context.source_key, where, entry)
    return replace(entry, ignored=row.ignored) if row.ignored else entry


def _page_of(values: Mapping[str, object], where: str, context: ReadContext) -> ListingEntry:
    try:
        return entry_of(values, where, context)
    except ValueError as error:
        return context.broken(where, reason="broken_line", detail=str(error))
