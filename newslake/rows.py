"""Rows of a table or an answer: an Arrow table that other libraries take as it is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, overload

from newslake.pipeline.errors import ConfigError

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow as pa

_SHOWN_ROWS, _SHOWN_LETTERS = 20, 120
_PRINTED_ROWS, _PRINTED_LETTERS, _PRINTED_WIDTH = 10, 32, 118


@dataclass(frozen=True, slots=True, repr=False)
class Rows:
    """Rows in memory, as the Arrow table ``arrow``.

    pyarrow, pandas, Polars and DuckDB take this object itself: ``polars.DataFrame(rows)``, ``pyarrow.table(rows)``.
    """

    arrow: "pa.Table"

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(self.arrow.column_names)

    def to_pandas(self) -> "pandas.DataFrame":
        """Return the rows as a DataFrame of pandas. Raises: ConfigError if pandas is not installed."""
        _require("pandas")
        return self.arrow.to_pandas()

    def to_polars(self) -> "polars.DataFrame":
        """Return the rows as a DataFrame of Polars. Raises: ConfigError if Polars is not installed."""
        _require("polars")
        import polars

        return polars.DataFrame(self.arrow)

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return the rows as dictionaries by column."""
        found: list[dict[str, Any]] = self.arrow.to_pylist()
        return found

    def __len__(self) -> int:
        return int(self.arrow.num_rows)

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        return iter(self.to_dicts())

    @overload
    def __getitem__(self, number: int) -> Mapping[str, Any]: ...
    @overload
    def __getitem__(self, number: slice) -> list[dict[str, Any]]: ...
    def __getitem__(self, number: int | slice) -> Mapping[str, Any] | list[dict[str, Any]]:
        """Return one row by its number from 0, or a slice of the rows, as dictionaries."""
        if not isinstance(number, int | slice):
            advice = f"for a column, use to_pandas()[{number!r}] or arrow[{number!r}]"
            raise ConfigError(f"{number!r} is not the number of a row; {advice}", key="number")
        if isinstance(number, slice):
            return self.to_dicts()[number]
        at = range(len(self))[number]  # as a list does it: negative numbers, IndexError
        [row] = self.arrow.slice(at, 1).to_pylist()
        return dict(row)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return the rows through Arrow's C interface, for other libraries."""
        return self.arrow.__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        """Return the number of rows and columns, and the first rows with as many columns as a line has room for."""
        lines = [f"{type(self).__name__}: {len(self):,} x {len(self.columns)}"]
        shown = self.arrow.slice(0, _PRINTED_ROWS).to_pylist()
        width, hidden = 0, list(self.columns)
        cells: list[list[str]] = []
        for name in self.columns:
            column = [name, *(_printed(row[name]) for row in shown)]
            wide = max(map(len, column))
            if cells and width + wide > _PRINTED_WIDTH:
                break
            width += wide + 2
            cells.append([each.ljust(wide) for each in column])
            hidden.pop(0)
        lines += ["  ".join(line).rstrip() for line in zip(*cells, strict=True)]
        if len(self) > _PRINTED_ROWS:
            lines.append(f"and {len(self) - _PRINTED_ROWS:,} more rows")
        if hidden:
            lines.append(f"and {len(hidden)} more columns: {', '.join(hidden)}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """Return the first rows as an HTML table, for Jupyter; every value is escaped."""
        head = "".join(f"<th>{escape(name)}</th>" for name in self.columns)
        body = "".join(f"<tr>{_cells(row)}</tr>" for row in self.arrow.slice(0, _SHOWN_ROWS).to_pylist())
        more = len(self) - _SHOWN_ROWS
        note = f"<p>and {more:,} more rows</p>" if more > 0 else ""
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{note}"


@dataclass(frozen=True, slots=True, repr=False)
class QuestionAnswer(Rows):
    """The answer to a saved question. ``about`` says what is counted; ``notes`` are its denominators and period."""

    title: str
    about: str
    notes: Sequence[str]

    def __repr__(self) -> str:
        return "\n".join([self.title, Rows.__repr__(self), *self.notes])

    def _repr_html_(self) -> str:
        """Return the question, the first rows and the notes as HTML, for Jupyter."""
        table = Rows(self.arrow)._repr_html_()
        return f"<p><b>{escape(self.title)}</b></p>{table}<p>{escape(' '.join(self.notes))}</p>"


@dataclass(frozen=True, slots=True, repr=False)
class SearchRows(Rows):
    """Articles that match, best first. ``total`` counts all matches; ``is_current`` is false during a run's commit."""

    total: int
    is_current: bool


def _cells(row: Mapping[str, object]) -> str:
    return "".join(f"<td>{_cell(value)}</td>" for value in row.values())


def _cell(value: object) -> str:
    return escape(_visible(value, letters=_SHOWN_LETTERS))


def _printed(value: object) -> str:
    return "null" if value is None else _visible(value, letters=_PRINTED_LETTERS)


def _visible(value: object, *, letters: int) -> str:
    """Return a value as one line of at most ``letters``, with invisible characters made visible."""
    from newslake.pipeline.show.rendering import make_visible

    text = "" if value is None else " ".join(str(value).split())
    return make_visible(text if len(text) <= letters else f"{text[: letters - 1]}…")


def _require(library: str) -> None:
    """Raises: ConfigError if a library of data frames is not installed."""
    if find_spec(library) is None:
        raise ConfigError(
            f"to_{library}() needs {library}: pip install {library}", key=library, reason="library_missing"
        )
