"""CSV files of pages: one page per row, by the names of the columns in the first row."""

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from io import StringIO

from newslake.pipeline.boundary import run_isolated
from newslake.pipeline.errors import NewsError
from newslake.pipeline.sources.csv_rows import CsvHeader, CsvRow, UnreadableRow, read_header, read_rows
from newslake.pipeline.sources.files import entry_of
from newslake.pipeline.sources.listing import ListingEntry, LocalFile, ReadContext, failed_entry
from newslake.pipeline.sources.page_facts import KEYS, named_file, named_values
from newslake.pipeline.unicode import to_well_formed

_PAGE_KEYS = ("url", "html", "text", "file")  # a header has a column of one of them


def read_csv(file: LocalFile, context: ReadContext) -> Iterator[ListingEntry]:
    """Yield one page per row; a row with only a URL is a link to fetch. An unreadable row is one broken entry."""
    context = replace(context, file=file)
    has_entries = context.start.has_entries
    try:
        header = _page_header(file, context.page_max_bytes)
    except (csv.Error, UnicodeDecodeError) as error:
        detail = "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error)
        yield context.broken(f"{file.name}#1", reason="broken_line", detail=f"{detail}; the rest is not read")
        return
    for row in read_rows(file, header, cell_max_bytes=context.page_max_bytes, start=context.start):
        if isinstance(row, UnreadableRow):
            yield context.broken(f"{file.name}#{row.place.number}", reason=row.reason, detail=row.why)
        elif row.cells:
            yield _row_entry(row, header, file, context)
        has_entries |= isinstance(row, UnreadableRow) or bool(row.cells)
        if context.is_over():
            yield context.slice_end(file.name, replace(row.place, has_entries=has_entries))
            return
    if not has_entries:
        yield context.broken(file.name, reason="empty_file", detail="the file has no row with a page")


def csv_page_names(file: LocalFile, *, page_max_bytes: int) -> Iterator[str | None]:
    """Yield for each row the page file that it names, by its name in the source's folder; None if it names none.

    Raises: csv.Error, ValueError, OSError.
    """
    header = _page_header(file, page_max_bytes)
    for row in read_rows(file, header, cell_max_bytes=page_max_bytes):
        if isinstance(row, UnreadableRow):
            yield None
        elif row.cells:
            yield named_file(_values_of(row, header)[0], index=file.name)


def split_rows(
    file: LocalFile, context: ReadContext, is_gone: Callable[[ListingEntry, bytes], bool]
) -> tuple[bytes, list[ListingEntry]]:
    """Return the file without some rows, with commas between the cells, and the entries of these rows.

    ``is_gone`` decides on an entry and the bytes of its row.

    Raises: csv.Error, also for an unreadable row; ValueError, OSError.
    """
    rest, gone = StringIO(), []
    writer = csv.writer(rest)
    header = _page_header(file, context.page_max_bytes)
    writer.writerow(header.cells)
    for row in read_rows(file, header, cell_max_bytes=context.page_max_bytes):
        if isinstance(row, UnreadableRow):
            raise csv.Error(row.why)
        if not row.cells:
            continue
        entry = _row_entry(row, header, file, context)
        if is_gone(entry, " ".join(row.cells).encode()):
            gone.append(entry)
        else:
            writer.writerow(row.cells)
    return rest.getvalue().encode(), gone


def _page_header(file: LocalFile, page_max_bytes: int) -> CsvHeader:
    """Return the header. Raises: csv.Error also for one without a column of pages; UnicodeDecodeError, OSError."""
    header = read_header(file, cell_max_bytes=page_max_bytes)
    names = {name.strip().lower() for name in header.cells}
    if header.cells and not any(names.intersection(KEYS[key]) for key in _PAGE_KEYS):
        raise csv.Error(f"none of its columns is url, text, html or file: {', '.join(header.cells)[:200]}")
    return header


def _values_of(row: CsvRow, header: CsvHeader) -> tuple[Mapping[str, object], tuple[str, ...]]:
    """Return ``named_values`` of a row; the first of two columns of one name counts."""
    cells = reversed(tuple(zip(header.cells, row.cells, strict=False)))
    return named_values({name.strip().lower(): to_well_formed(cell.strip()) for name, cell in cells})


def _row_entry(row: CsvRow, header: CsvHeader, file: LocalFile, context: ReadContext) -> ListingEntry:
    where = f"{file.name}#{row.place.number}"
    values, ignored = _values_of(row, header)
    entry = run_isolated(partial(_page_of, values, where, context), key=where)
    if isinstance(entry, NewsError):
        return failed_entry(context.source_key, where, entry)
    return replace(entry, ignored=ignored) if ignored else entry


def _page_of(values: Mapping[str, object], where: str, context: ReadContext) -> ListingEntry:
    try:
        return entry_of(values, where, context)
    except ValueError as error:
        return context.broken(where, reason="broken_line", detail=str(error))
