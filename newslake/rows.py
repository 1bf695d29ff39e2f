"""Rows of a table or an answer: an Arrow table that other libraries take as it is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow as pa

_SHOWN_ROWS, _SHOWN_LETTERS = 20, 120


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
        """Return the rows as a DataFrame of pandas, which must be installed."""
        return self.arrow.to_pandas()

    def to_polars(self) -> "polars.DataFrame":
        """Return the rows as a DataFrame of Polars, which must be installed."""
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

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return the rows through Arrow's C interface, for other libraries."""
        return self.arrow.__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self):,} x {len(self.columns)}: {', '.join(self.columns)})"

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
    from pipeline.web import make_visible

    text = "" if value is None else str(value)
    return escape(make_visible(text if len(text) <= _SHOWN_LETTERS else f"{text[: _SHOWN_LETTERS - 1]}…"))
