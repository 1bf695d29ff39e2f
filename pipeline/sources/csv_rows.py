"""The rows of a CSV file, from its start or from the place where an earlier slice ended.

A row over its cap, or one that is not UTF-8, ends where the ``csv`` module would end it: at the next line end outside
quotes. So the lines of a long quoted text are never read as rows of their own. A quote that nothing closes reaches to
the next quote of the file.

The readers of pyarrow, polars, pandas and DuckDB give no byte after a good row, from which a later slice could go on.
So ``csv.reader`` reads good rows from lines that count their bytes. It drops its state at an error; hence the search
for the end of an unreadable row.
"""

import csv
import re
from collections import deque
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO, Self

from newslake.pipeline.sources.listing import FILE_START, FilePosition, LocalFile, open_file

_DELIMITERS = ",;\t|"
_CELL_BYTES = 131_072  # the limit of the csv module, which any earlier file of the process may have raised
_ROW_CELLS = 3  # cells of the maximum size: text, html, and all others together
_PIECE_BYTES = 1 << 20
# Where in a field the bytes of a row end.
_START, _PLAIN, _QUOTED, _QUOTE = "start", "plain", "quoted", "quote"
_AFTER_QUOTE = {_START: _QUOTED, _PLAIN: _PLAIN, _QUOTED: _QUOTE, _QUOTE: _QUOTED}  # two quotes are one of the text


@dataclass(frozen=True, slots=True)
class CsvHeader:
    """The first row, the delimiter of all rows, and the byte after the first."""

    cells: Sequence[str]
    delimiter: str
    end: int


@dataclass(frozen=True, slots=True)
class CsvRow:
    """A row with its cells; without cells it is an empty line, or a piece of the rest of an unreadable row.

    ``place`` is the place after it; its ``number`` is that of the row, where 1 is the header.
    """

    place: FilePosition
    cells: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class UnreadableRow:
    """A row that is passed over; its bytes begin at ``place``."""

    place: FilePosition
    reason: str
    why: str


def read_header(file: LocalFile, *, cell_max_bytes: int) -> CsvHeader:
    """Return the header, with the most frequent delimiter of its first line. An empty file has no cells.

    Raises: csv.Error, UnicodeDecodeError, OSError.
    """
    with open_file(file.path) as stream:
        first = next(_RowLines(stream, row_max_bytes=_row_max_bytes(cell_max_bytes)), "")
        delimiter = max(_DELIMITERS, key=first.count)
        stream.seek(0)
        lines = _RowLines(stream, row_max_bytes=_row_max_bytes(cell_max_bytes))
        cells = next(csv.reader(lines, delimiter=delimiter), [])
        return CsvHeader(cells, delimiter, lines.offset)


def read_rows(
    file: LocalFile, header: CsvHeader, *, cell_max_bytes: int, start: FilePosition = FILE_START
) -> Generator[CsvRow | UnreadableRow]:
    """Yield the rows after the header, or after the place ``start``. Raises: OSError."""
    csv.field_size_limit(max(csv.field_size_limit(), cell_max_bytes))
    at: FilePosition | None = start if start.offset else replace(start, offset=header.end, number=1)
    with open_file(file.path) as stream:
        while at is not None:
            stream.seek(at.offset)
            if at.broken is None:
                at = yield from _readable_rows(stream, header, at, row_max_bytes=_row_max_bytes(cell_max_bytes))
            else:
                at = yield from _rest_of_row(stream, header, at, broken=at.broken)


def _row_max_bytes(cell_max_bytes: int) -> int:
    return _ROW_CELLS * max(cell_max_bytes, _CELL_BYTES)


def _readable_rows(
    stream: BinaryIO, header: CsvHeader, at: FilePosition, *, row_max_bytes: int
) -> Generator[CsvRow | UnreadableRow, None, FilePosition | None]:
    """Yield rows up to the first unreadable one; return the place in it, None at the end of the file."""
    lines = _RowLines(stream, row_max_bytes=row_max_bytes)
    rows = csv.reader(lines, delimiter=header.delimiter)
    while True:
        lines.begin_row()
        number = at.number + 1
        try:
            cells = next(rows, None)
        except (csv.Error, UnicodeDecodeError) as error:
            is_long = isinstance(error, csv.Error)
            reason, why = ("line_too_long", str(error)) if is_long else ("broken_line", "it is not UTF-8")
            at = replace(at, number=number, broken=(reason, _START))
            yield UnreadableRow(at, reason, f"{why}; the row is passed over")
            return at
        if cells is None:
            return None
        at = replace(at, offset=lines.offset, number=number)
        yield CsvRow(at, cells if any(cells) else ())


def _rest_of_row(
    stream: BinaryIO, header: CsvHeader, at: FilePosition, *, broken: tuple[str, str]
) -> Generator[CsvRow, None, FilePosition | None]:
    """Yield an empty row per piece of an unreadable row; return the place after it, None at the end of the file."""
    reason, state = broken
    while piece := _read_piece(stream):
        end, state = _row_end(piece, header.delimiter, state)
        at = replace(at, offset=at.offset + (end or len(piece)), broken=None if end else (reason, state))
        yield CsvRow(at)
        if end:
            return at
    return None


def _row_end(piece: bytes, delimiter: str, state: str) -> tuple[int | None, str]:
    """Return the byte after the end of a row, None if it does not end here, and where in a field the piece ends."""
    passed = 0
    for mark in re.finditer(rb'"|\r\n?|\n|' + re.escape(delimiter.encode()), piece):
        if mark.start() > passed:
            state = _after_text(state)
        passed = mark.end()
        if mark[0] == b'"':
            state = _AFTER_QUOTE[state]
        elif state != _QUOTED and mark[0] == delimiter.encode():
            state = _START
        elif state != _QUOTED:
            return passed, _START
    return None, _after_text(state) if passed < len(piece) else state


def _after_text(state: str) -> str:
    return state if state == _QUOTED else _PLAIN


def _read_piece(stream: BinaryIO) -> bytes:
    """Return the next bytes, which do not end inside of a line end."""
    piece = stream.read(_PIECE_BYTES)
    return piece + stream.read(1) if piece.endswith(b"\r") else piece


class _RowLines:
    """The lines from the place of a stream on, as text. ``offset`` is the byte after the last one.

    Raises: csv.Error if the row that began at ``begin_row`` has more bytes; UnicodeDecodeError.
    """

    def __init__(self, stream: BinaryIO, *, row_max_bytes: int) -> None:
        self._stream = stream
        self._limit = row_max_bytes
        self._pieces: deque[bytes] = deque()  # lines, of which the last may lack its end
        self.offset = stream.tell()
        self.begin_row()

    def begin_row(self) -> None:
        self._end = self.offset + self._limit

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        line = b""
        while not line.endswith((b"\n", b"\r")):
            if not self._pieces:
                self._pieces.extend(_read_piece(self._stream).splitlines(keepends=True))
            if not self._pieces:
                break
            line += self._pieces.popleft()
            if self.offset + len(line) > self._end:
                raise csv.Error(f"it has more than {self._limit} bytes")
        if not line:
            raise StopIteration
        encoding = "utf-8" if self.offset else "utf-8-sig"
        self.offset += len(line)
        return line.decode(encoding)
