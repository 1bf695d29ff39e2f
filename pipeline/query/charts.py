"""Charts: an answer as a Vega-Lite chart with its question and denominators, and as a file."""

import base64
import hashlib
import textwrap
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from pathlib import Path
from string import Template
from typing import Any

import vl_convert

from newslake.pipeline.errors import ConfigError
from newslake.pipeline.query.chart_data import (
    ChartData,
    ChartKind,
    ChartLine,
    ChartRow,
    column_label,
    is_share,
    merge_single_period,
    plain_label,
    plot,
    value_label,
)
from newslake.pipeline.query.connection import QueryResult
from newslake.pipeline.query.palette import (
    BACKGROUND,
    CONFIG,
    FACET_WIDTH,
    FAINT,
    FONT,
    GAP,
    GAP_OPACITY,
    HEIGHT,
    INK,
    LABEL_WIDTH,
    LINE_LETTERS,
    MAIN,
    PALE_TO_FULL,
    SERIES,
    STEP,
    TITLE_LETTERS,
    UNKNOWN_COLOUR,
    WHISKER,
    WIDTH,
)
from newslake.pipeline.query.saved_queries import Denominators, Question, chart_line

_SHADE_NOTE = "Shaded: missing days."
_INTERVAL_NOTE = "Thin lines: 95 % interval (Wilson) of {share}, if the {n} are independent."
_TOO_MANY_NOTE = "Not shown: the intervals of more than {most} lines."
_MOST_TICKS = 8
_MOST_INTERVAL_LINES = 3  # the intervals of more lines cover each other
# The renderer measures labels in its own font. A browser without that font and Arial needs up to 17 % more, in the
# names of an axis and in the legend.
_LETTER_WIDTH, _WIDER_FONT = 6.2, 0.17
_NO_ROWS = "No rows."
_Datasets = dict[str, list[ChartRow]]
# A Vega-Lite specification, as JSON. Altair's objects copy and check all parts at each step, which takes longer than to
# render them; tests check the specifications with Altair.
ChartSpec = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartLayout:
    """The sizes of a chart in pixels, and whether it has its title and denominators, for use without a page.

    ``letters`` is the length of a line of text. ``facets`` is the number of charts in a row.
    """

    width: int = WIDTH
    facet_width: int = FACET_WIDTH
    facets: int = 2
    label_width: int = LABEL_WIDTH
    letters: int = LINE_LETTERS
    is_captioned: bool = True
    is_legend_below: bool = False


PAGE_LAYOUT = ChartLayout(is_captioned=False)
# About 360 pixels with names and axis, the width of a phone: no text is scaled down.
PHONE_LAYOUT = ChartLayout(
    width=190, facet_width=190, facets=1, label_width=110, letters=52, is_captioned=False, is_legend_below=True
)
_FILE_LAYOUT = ChartLayout()


def draw(
    question: Question, answer: QueryResult, denominators: Denominators, *, layout: ChartLayout = _FILE_LAYOUT
) -> ChartSpec:
    """Return the chart of an answer, with its denominators and gaps below. Without rows, the chart is that message.

    Raises: ConfigError if the question has no chart line, or if the answer lacks one of its columns.
    """
    line, period = merge_single_period(chart_line(question), answer)
    chart_data = plot(question.slug, line, answer)
    data: _Datasets = {}
    picture = _pictures(line, chart_data, denominators, data, layout) if chart_data.rows else _empty_chart(layout)
    notes = [*filter(None, [period]), *chart_data.remarks, *_remarks(line, chart_data, denominators)]
    below = _wrap_sentences([*denominators.sentences(), *notes] if layout.is_captioned else notes, layout.letters)
    if layout.is_captioned:
        picture["title"] = _title(question)
    chart: ChartSpec = {
        "$schema": _SCHEMA,
        "config": _config(layout, chart_data),
        "vconcat": [picture],
        "datasets": data,
    }
    if below:
        style = {"orient": "bottom", "anchor": "start", "fontSize": 11, "fontWeight": "normal", "offset": 16}
        chart["title"] = {"text": below, **style}
    return chart


def _title(question: Question) -> ChartSpec:
    text = textwrap.wrap(plain_label(question.title), TITLE_LETTERS)
    return {"text": text, "subtitle": _wrap_sentences([question.about], LINE_LETTERS)}


def _config(layout: ChartLayout, chart_data: ChartData) -> dict[str, Any]:
    names, parts = (_label_width(layout, chart_data.names(key)) for key in ("y", "colour"))
    axis = CONFIG["axis"] | {"labelLimit": layout.label_width}
    legend = CONFIG["legend"] | {"labelLimit": layout.label_width}
    columns = 2 if layout.is_legend_below and parts < layout.width / 2 else 1
    if layout.is_legend_below:
        legend |= {"orient": "bottom", "columns": columns, "titleLimit": layout.width}
    padding = dict.fromkeys(("top", "right", "bottom", "left"), CONFIG["padding"])
    padding["left"] += round(_WIDER_FONT * names)
    padding["right"] += round(_WIDER_FONT * parts * columns)
    return CONFIG | {"axis": axis, "legend": legend, "padding": padding}


def _label_width(layout: ChartLayout, labels: Sequence[object]) -> float:
    """Return the width of the longest label in pixels, at most the limit of the layout."""
    return min(layout.label_width, max((len(str(each)) for each in labels), default=0) * _LETTER_WIDTH)


def _wrap_sentences(sentences: Sequence[str], letters: int) -> list[str]:
    """Return sentences as lines that fit below a chart. Each sentence begins a new line."""
    return [row for sentence in sentences for row in textwrap.wrap(plain_label(sentence), letters)]


def _remarks(line: ChartLine, chart_data: ChartData, denominators: Denominators) -> list[str]:
    """Return the notes on shades and whiskers, if the chart has them."""
    has_whiskers = any("low" in row for row in chart_data.rows)
    has_shade = bool(denominators.gaps) and any("x_end" in row for row in chart_data.rows) and bool(line.x)
    share = f'"{column_label(line.parts[0].removeprefix("share_"))}"' if line.parts else "the share"
    interval = _INTERVAL_NOTE.format(share=share, n=column_label(line.n))
    if has_whiskers and not _has_intervals(line, chart_data):
        interval = _TOO_MANY_NOTE.format(most=_MOST_INTERVAL_LINES)
    return [_SHADE_NOTE] * (has_shade and line.kind != "bar") + [interval] * has_whiskers


def _has_intervals(line: ChartLine, chart_data: ChartData) -> bool:
    """Return whether the intervals of a share are drawn."""
    return bool(line.n) and not (line.kind == "line" and len(chart_data.names("colour")) > _MOST_INTERVAL_LINES)


def _empty_chart(layout: ChartLayout) -> ChartSpec:
    mark = {"type": "text", "text": _NO_ROWS, "fontSize": 14, "color": FAINT}
    return {"data": {"values": [{}]}, "mark": mark, "width": layout.width, "height": 80}


def _pictures(
    line: ChartLine, chart_data: ChartData, denominators: Denominators, data: _Datasets, layout: ChartLayout
) -> ChartSpec:
    """Return one chart, or one per facet, on the same scales."""
    drawn = _KINDS[line.kind]
    if not line.facet:
        return drawn(line, chart_data, _ChartFrame(line, chart_data, denominators, data, width=layout.width))
    frame = _ChartFrame(line, chart_data, denominators, data, width=layout.facet_width)
    each = []
    for facet in chart_data.names("facet"):
        cases = f" ({chart_data.cases[facet]:,} {column_label(line.n)})" if line.n else ""
        style = {"fontSize": 13, "fontWeight": "normal", "limit": layout.facet_width + 60}
        title = {"text": f"{facet}{cases}", **style}
        each.append({**drawn(line, chart_data.only(facet), frame), "title": title})
    return {"concat": each, "columns": layout.facets}


class _ChartFrame:
    """The scales and data that all facets of a chart share, and the axis of days with the gaps."""

    def __init__(
        self, line: ChartLine, chart_data: ChartData, denominators: Denominators, data: _Datasets, *, width: int
    ) -> None:
        self.width = width
        self._data = data
        self._line, self._rows = line, chart_data.rows
        ends = [str(row[key]) for row in chart_data.rows for key in ("x", "x_end") if "x_end" in row]
        if ends and denominators.first and denominators.last:
            ends += [denominators.first.isoformat(), (denominators.last + timedelta(days=1)).isoformat()]
        self.start, self.end = (min(ends), max(ends)) if ends else ("", "")
        self.colours = chart_data.names("colour")
        self._gaps: list[ChartRow] = [
            {"x": first.isoformat(), "x_end": (last + timedelta(days=1)).isoformat()}
            for first, last in denominators.gaps
        ]

    def data(self, rows: Iterable[ChartRow]) -> ChartSpec:
        """Return a reference to rows, which are added to the data under a name."""
        name = f"rows {len(self._data)}"
        self._data[name] = list(rows)
        return {"name": name}

    def number(self, key: str, column: str) -> ChartSpec:
        """Return a numeric channel from 0; shares end at 100 %."""
        most = 1.0 if is_share(column) else self._longest(key) or 1.0
        title = f"share of {column_label(self._line.n)}" if self._line.kind == "stack" else column_label(column)
        axis: ChartSpec = {"format": ".0%" if is_share(column) else ",~r", "title": title, "labelOverlap": True}
        if most >= 1 and not is_share(column):
            axis["tickCount"] = min(int(most), _MOST_TICKS)
        if is_share(column) and self.width < WIDTH:
            axis["values"] = [0, 0.5, 1] if self.width < FACET_WIDTH else [0, 0.25, 0.5, 0.75, 1]
        return _quantity(key, scale={"domain": [0, most], "nice": not is_share(column)}, axis=axis)

    def _longest(self, key: str) -> float:
        """Return the largest number of a key; bars of one name and facet are added up."""
        sums: defaultdict[object, float] = defaultdict(float)
        for number, row in enumerate(self._rows):
            if isinstance(value := row.get(key), int | float):
                sums[(row["y"], row.get("facet")) if self._line.kind == "bar" else number] += value
        return max(sums.values(), default=0.0)

    def days(self, key: str = "x") -> ChartSpec:
        """Return the axis of days, in UTC, over the whole period."""
        days = (date.fromisoformat(self.end) - date.fromisoformat(self.start)).days
        form, interval, length = ("%-d %b", "day", 1) if days <= 120 else ("%b %Y", "month", 30)
        ticks = {"interval": interval, "step": max(1, round(days / length / 7))}
        scale = {"type": "utc", "domain": [_moment(self.start), _moment(self.end)]}
        axis = {"format": form, "tickCount": ticks, "title": column_label(self._line.x), "labelOverlap": True}
        return {"field": key, "type": "temporal", "scale": scale, "axis": axis}

    def names(self, chart_data: ChartData) -> ChartSpec:
        """Return the axis of the names of one facet, in the order of the rows."""
        return {"field": "y", "type": "nominal", "scale": {"domain": chart_data.names("y")}, "title": None}

    def gaps(self) -> ChartSpec:
        """Return the shade over days without articles."""
        mark = {"type": "rect", "color": GAP, "opacity": GAP_OPACITY}
        return _layer(self.data(self._gaps), mark, x=self.days(), x2={"field": "x_end"})

    def colour(self, *, title: str | None) -> ChartSpec:
        """Return one colour per name; unknown is grey."""
        colours = iter(SERIES)
        used = [UNKNOWN_COLOUR.get(str(name)) or next(colours) for name in self.colours]
        scale = {"domain": self.colours, "range": used}
        return {"field": "colour", "type": "nominal", "title": title, "scale": scale}


def _layer(data: ChartSpec, mark: ChartSpec, **channels: ChartSpec) -> ChartSpec:
    """Return marks of rows, with their channels."""
    return {"data": data, "mark": mark, "encoding": channels}


def _quantity(key: str, **more: object) -> ChartSpec:
    return {"field": key, "type": "quantitative", **more}


def _moment(day: str) -> ChartSpec:
    at = date.fromisoformat(day)
    return {"year": at.year, "month": at.month, "date": at.day, "utc": True}


def _bar(line: ChartLine, chart_data: ChartData, frame: _ChartFrame) -> ChartSpec:
    data = frame.data(chart_data.rows)
    names = {"y": frame.names(chart_data)}
    height: ChartSpec = {"step": STEP}
    if line.colour and is_share(line.x):  # shares of different wholes are not parts of one bar
        names["yOffset"] = {"field": "colour", "type": "nominal", "scale": {"domain": frame.colours}}
        height = {"step": STEP / 2, "for": "offset"}
    colour = {"color": frame.colour(title=column_label(line.colour))} if line.colour else {}
    layers = [_layer(data, {"type": "bar", "color": MAIN}, x=frame.number("x", line.x), **names, **colour)]
    if line.n:
        ends = {"x": _quantity("low"), "x2": {"field": "high"}}
        layers.append(_layer(data, {"type": "rule", "color": WHISKER}, **ends, **names))
    elif not line.colour:
        text = _quantity("x", format=".0%" if is_share(line.x) else ",~r")
        mark = {"type": "text", "align": "left", "dx": 4, "fontSize": 11, "color": FAINT}
        layers.append(_layer(data, mark, x=_quantity("x"), **names, text=text))
    return {"layer": layers, "width": frame.width, "height": height}


def _stack(line: ChartLine, chart_data: ChartData, frame: _ChartFrame) -> ChartSpec:
    data, colour, part = frame.data(chart_data.rows), frame.colour(title=None), line.parts[0]
    rule = {"type": "rule", "color": WHISKER}
    if line.y:
        names = frame.names(chart_data)
        across = {"x": frame.number("from", part), "x2": {"field": "to"}}
        bars = _layer(data, {"type": "bar"}, **across, y=names, color=colour)
        whiskers = _layer(data, rule, x=_quantity("low"), x2={"field": "high"}, y=names)
        return {"layer": [bars, whiskers], "width": frame.width, "height": {"step": STEP}}
    days = {"x": frame.days(), "x2": {"field": "x_end"}}
    shares = {"y": frame.number("from", part), "y2": {"field": "to"}}
    bars = _layer(data, {"type": "rect", "stroke": BACKGROUND}, **days, **shares, color=colour)
    middle = {"field": "x_middle", "type": "temporal"}
    whiskers = _layer(data, rule, x=middle, y=_quantity("low"), y2={"field": "high"})
    return {"layer": [bars, frame.gaps(), whiskers], "width": frame.width, "height": HEIGHT}


def _line(line: ChartLine, chart_data: ChartData, frame: _ChartFrame) -> ChartSpec:
    data, days = frame.data(chart_data.rows), frame.days("x_middle")
    colour = {"color": frame.colour(title=column_label(line.colour)) if line.colour else {"value": MAIN}}
    lines = _layer(data, {"type": "line", "point": True}, x=days, y=frame.number("y", line.y), **colour)
    layers = [frame.gaps(), lines]
    if _has_intervals(line, chart_data):
        layers.append(_layer(data, {"type": "rule"}, x=days, y=_quantity("low"), y2={"field": "high"}, **colour))
    return {"layer": layers, "width": frame.width, "height": HEIGHT}


def _heat(line: ChartLine, chart_data: ChartData, frame: _ChartFrame) -> ChartSpec:
    data = frame.data(chart_data.rows)
    most = max((float(str(row["colour"])) for row in chart_data.rows if row["colour"] is not None), default=1.0)
    scale = {"domain": [0, most or 1.0], "range": list(PALE_TO_FULL)}  # opacity: also right on a dark page
    # No gradient: its id contains a counter that differs for each chart of the process.
    legend = {"type": "symbol", "symbolType": "square", "tickCount": min(int(most), 5) or 5, "format": ",~r"}
    shade = _quantity("colour", title=column_label(line.colour), scale=scale, legend=legend)
    mark = {"type": "rect", "color": MAIN, "stroke": BACKGROUND}
    both = {"y": frame.names(chart_data), "opacity": shade}
    size = {"width": frame.width, "height": {"step": STEP}}
    if not frame.start:
        title, order = column_label(line.x), chart_data.names("x")
        return _layer(data, mark, x={"field": "x", "type": "nominal", "sort": order, "title": title}, **both) | size
    cells = _layer(data, mark, x=frame.days(), x2={"field": "x_end"}, **both)
    return {"layer": [frame.gaps(), cells], **size}


_KINDS: dict[ChartKind, Callable[[ChartLine, ChartData, _ChartFrame], ChartSpec]] = {
    "bar": _bar,
    "stack": _stack,
    "line": _line,
    "heat": _heat,
}


# Chart files: PNG, SVG, or an HTML page with the chart and all rows. They load nothing and run no scripts.

_SCALE = 2.0  # PNG pixels per layout pixel: sharp on dense screens
_VERSION = "6.4"  # of Vega-Lite, the newest that vl-convert has
_SCHEMA = f"https://vega.github.io/schema/vega-lite/v{_VERSION}.1.json"  # names the format; nothing loads it
_STYLE = f"""\
body {{ font: 16px/1.5 {FONT}; color: {INK}; background: {BACKGROUND};
  max-width: 60rem; margin: 2rem auto }}
svg {{ max-width: 100%; height: auto }}
figure {{ margin: 0 }}
table {{ border-collapse: collapse; font-size: 14px }}
caption {{ text-align: left; color: {FAINT}; padding: .5rem 0 }}
th, td {{ text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0;
  border-bottom: 1px solid color-mix(in srgb, {INK} 18%, {BACKGROUND}) }}
td.number, th.number {{ text-align: right; font-variant-numeric: tabular-nums }}
"""
_PAGE = Template("""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-$digest'">
<title>$title</title>
<style>$style</style>
</head>
<body>
<figure>
$picture
</figure>
<table>
<caption>$title All rows: $length.</caption>
<thead><tr>$head</tr></thead>
<tbody>
$body
</tbody>
</table>
</body>
</html>
""")


def picture_bytes(
    path: Path, chart: ChartSpec, *, question: Question, answer: QueryResult, denominators: Denominators
) -> bytes:
    """Return a chart in the format of the extension of ``path``; the same chart gives the same bytes.

    Raises: ConfigError as ``picture_form`` does.
    """
    return _FORMS[picture_form(path)](chart, question, answer, denominators)


def draw_once() -> None:
    """Draw an empty chart: the first chart of a process reserves 33 GB of addresses, and needs nearly none of them."""
    vl_convert.vegalite_to_svg({"data": {"values": []}, "mark": "bar"}, vl_version=_VERSION)


def picture_form(path: Path) -> str:
    """Return the extension of a chart file. Raises: ConfigError if it is not .png, .svg or .html."""
    form = path.suffix.lower()
    if form not in _FORMS:
        raise ConfigError(f"--chart {path}: use the extension {', '.join(_FORMS)}", key="chart")
    return form


def _png(chart: ChartSpec, question: Question, answer: QueryResult, denominators: Denominators) -> bytes:
    return vl_convert.vegalite_to_png(chart, vl_version=_VERSION, scale=_SCALE)


def _svg(chart: ChartSpec, question: Question, answer: QueryResult, denominators: Denominators) -> bytes:
    return svg_bytes(chart, question, denominators)


def svg_bytes(chart: ChartSpec, question: Question, denominators: Denominators, *, style: str = "") -> bytes:
    """Return a chart as SVG with its title and numbers as its name; ``style`` is a stylesheet in it."""
    tag, rest = vl_convert.vegalite_to_svg(chart, vl_version=_VERSION).split(">", 1)
    label = escape(" ".join(map(plain_label, [question.title, *denominators.sentences()])))
    inline = f"<style>{style}</style>" if style else ""
    return f'{tag} role="img" aria-label="{label}"><title>{label}</title>{inline}{rest}\n'.encode()


def _html(chart: ChartSpec, question: Question, answer: QueryResult, denominators: Denominators) -> bytes:
    numeric = [all(isinstance(row[at], int | float | None) for row in answer.rows) for at in range(len(answer.columns))]
    kinds = [' class="number"' if each else ' dir="auto"' for each in numeric]
    columns = list(zip(kinds, answer.columns, strict=True))
    head = "".join(f'<th scope="col"{kind}>{escape(name)}</th>' for kind, name in columns)
    rows = (zip(columns, row, strict=True) for row in answer.rows)
    body = "\n".join(
        f"<tr>{''.join(f'<td{kind}>{_cell(name, value)}</td>' for (kind, name), value in row)}</tr>" for row in rows
    )
    page = _PAGE.substitute(
        title=escape(plain_label(question.title)),
        picture=_svg(chart, question, answer, denominators).decode(),
        length=f"{len(answer.rows):,}",
        head=head,
        body=body,
        style=_STYLE,
        digest=base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode(),
    )
    return page.encode()


def _cell(column: str, value: object) -> str:
    if value is None:
        return ""
    return escape(f"{value:,}" if type(value) is int else plain_label(value_label(column, value)))


_FORMS: Mapping[str, Callable[[ChartSpec, Question, QueryResult, Denominators], bytes]] = {
    ".png": _png,
    ".svg": _svg,
    ".html": _html,
}
