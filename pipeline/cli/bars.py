"""An answer as bars in the terminal."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from pipeline.cli.output import out

if TYPE_CHECKING:
    from pipeline.query.chart_data import ChartData
    from pipeline.query.chart_line import ChartLine

_WIDTH = 40  # letters of the longest bar
_EIGHTHS = " ▏▎▍▌▋▊▉"
# Which keys of a plotted row name it, and which hold what is measured.
_LABEL_KEYS = {
    "bar": ("facet", "y", "colour"),
    "stack": ("facet", "x", "y", "colour"),
    "line": ("facet", "colour", "x"),
    "heat": ("facet", "y", "x"),
}


def draw_bars(line: "ChartLine", chart_data: "ChartData") -> None:
    """Print a bar a row, its name before and its number behind it."""
    rows = list(_bar_rows(line, chart_data))
    most = 1.0 if line.parts else max((value for _, value, _ in rows), default=0.0) or 1.0
    table = Table.grid(padding=(0, 1))
    for _ in _LABEL_KEYS[line.kind]:
        table.add_column(overflow="ellipsis", no_wrap=True)
    for names, value, told in rows:
        table.add_row(*map(Text, names), Text(_bar(value / most), style="blue"), Text(told))
    out.print(table)


def _bar_rows(line: "ChartLine", chart_data: "ChartData") -> Iterator[tuple[list[str], float, str]]:
    """Yield the names, the number and the number in words of each row that has one."""
    from pipeline.query.chart_data import is_share

    key = {"bar": "x", "line": "y", "heat": "colour"}.get(line.kind, "to")
    column = line.parts[0] if line.parts else getattr(line, key)
    for row in chart_data.rows:
        found = row[key]
        if isinstance(found, int | float):
            value = float(found) - (float(str(row["from"])) if line.parts else 0)
            told = f"{value:.0%}" if is_share(column) else f"{found:,}"
            yield [str(row.get(name, "")) for name in _LABEL_KEYS[line.kind]], value, told


def _bar(share: float) -> str:
    eighths = round(max(share, 0) * _WIDTH * 8)
    return "█" * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else "")
