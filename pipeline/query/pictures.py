"""A chart as a file: PNG, SVG, or a page with the picture and all rows. Nothing is fetched, nothing runs in it."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from string import Template

import altair as alt
import vl_convert

from pipeline.errors import ConfigError
from pipeline.query import style
from pipeline.query.chart_data import plain_label
from pipeline.query.connection import QueryResult
from pipeline.query.counted import Denominators
from pipeline.query.saved_queries import Question

_SCALE = 2.0  # pixels of a PNG for one of the layout: sharp on dense screens
_VERSION = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
_STYLE = f"""\
body {{ font: 16px/1.5 {style.FONT}; color: {style.INK}; background: {style.BACKGROUND};
  max-width: 60rem; margin: 2rem auto }}
svg {{ max-width: 100%; height: auto }}
figure {{ margin: 0 }}
table {{ border-collapse: collapse; font-size: 14px }}
caption {{ text-align: left; color: {style.FAINT}; padding: .5rem 0 }}
th, td {{ text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0;
  border-bottom: 1px solid color-mix(in srgb, {style.INK} 18%, {style.BACKGROUND}) }}
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
<caption>$title All rows of the answer: $length.</caption>
<thead><tr>$head</tr></thead>
<tbody>
$body
</tbody>
</table>
</body>
</html>
""")


def picture_bytes(
    path: Path, chart: alt.VConcatChart, *, question: Question, answer: QueryResult, denominators: Denominators
) -> bytes:
    """Return a chart in the form that the ending of ``path`` names, the same bytes for the same chart.

    Raises: ConfigError as ``picture_form`` does.
    """
    return _FORMS[picture_form(path)](chart, question, answer, denominators)


def picture_form(path: Path) -> str:
    """Return the ending of a picture's file. Raises: ConfigError where it is none of .png, .svg, .html."""
    form = path.suffix.lower()
    if form not in _FORMS:
        raise ConfigError(f"--chart {path}: end it in {', '.join(_FORMS)}", key="chart")
    return form


def _png(chart: alt.VConcatChart, question: Question, answer: QueryResult, denominators: Denominators) -> bytes:
    return vl_convert.vegalite_to_png(chart.to_dict(validate=False), vl_version=_VERSION, scale=_SCALE)


def _svg(chart: alt.VConcatChart, question: Question, answer: QueryResult, denominators: Denominators) -> bytes:
    drawn = vl_convert.vegalite_to_svg(chart.to_dict(validate=False), vl_version=_VERSION)
    told = escape(" ".join(map(plain_label, [question.title, *denominators.sentences()])))
    tag, rest = drawn.split(">", 1)
    return f'{tag} role="img" aria-label="{told}"><title>{told}</title>{rest}\n'.encode()


def _html(chart: alt.VConcatChart, question: Question, answer: QueryResult, denominators: Denominators) -> bytes:
    numeric = [all(isinstance(row[at], int | float | None) for row in answer.rows) for at in range(len(answer.columns))]
    kinds = [' class="number"' if each else ' dir="auto"' for each in numeric]
    head = "".join(
        f'<th scope="col"{kind}>{escape(name)}</th>' for kind, name in zip(kinds, answer.columns, strict=True)
    )
    body = "\n".join(
        f"<tr>{''.join(f'<td{kind}>{_cell(value)}</td>' for kind, value in zip(kinds, row, strict=True))}</tr>"
        for row in answer.rows
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


def _cell(value: object) -> str:
    return "" if value is None else escape(f"{value:,}" if type(value) is int else plain_label(value))


_FORMS: Mapping[str, Callable[[alt.VConcatChart, Question, QueryResult, Denominators], bytes]] = {
    ".png": _png,
    ".svg": _svg,
    ".html": _html,
}
