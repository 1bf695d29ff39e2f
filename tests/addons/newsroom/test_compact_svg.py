"""A compact chart draws the same shapes and texts as that of the renderer."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from newslake.pipeline.addons.newsroom.pages.compact_svg import compact
from newslake.pipeline.query.chart_data import parse_chart_line
from newslake.pipeline.query.charts import PAGE_LAYOUT, draw, page_svg, picture_bytes
from newslake.pipeline.query.connection import QueryResult
from tests.unit.query.test_charts import COUNTED, HOSTILE, Path, Question

_LINES = (
    "bar x=n y=name",
    "bar x=share_a y=name facet=outlet n=n",
    "line x=day y=n colour=name facet=outlet",
    "heat x=day y=name colour=n",
    "stack x=day parts=share_a,share_b n=n facet=outlet",
)
_NAMES = (*HOSTILE, "Ada Okoro", "Jan Smit")
_ROWS = tuple(
    (_NAMES[at % len(_NAMES)], f"outlet {at % 3}", at + 1, date(2026, 3, 2) + timedelta(days=at % 7), at / 200, 0.4)
    for at in range(120)
)
_STYLES = {"fill": "black", "stroke": "none", "font-family": "", "font-size": "", "font-weight": "", "text-anchor": ""}
_GEOMETRY = ("d", "x", "y", "x1", "y1", "x2", "y2", "width", "height")
_NUMBER = re.compile(r"-?\d*\.?\d+(?:e[-+]?\d+)?")
type Shape = tuple[str, str, Mapping[str, str], list[float]]


def _charts(text: str) -> tuple[str, str]:
    """Return a chart as a file, which is as the renderer writes it, and as a page of Newsroom has it."""
    question = Question(
        slug="q",
        title="How many?",
        about="All.",
        sql="SELECT 1",
        chart=parse_chart_line("q", text),
        denominator_sql="S",
    )
    found = QueryResult(("name", "outlet", "n", "day", "share_a", "share_b"), _ROWS)
    chart = draw(question, found, COUNTED, layout=PAGE_LAYOUT)
    file = picture_bytes(Path("a.svg"), chart, question=question, answer=found, denominators=COUNTED)
    return file.decode(), page_svg(chart, question, COUNTED).decode()


def _shapes(element: Element, styles: Mapping[str, str] = _STYLES, at: tuple[str, ...] = ()) -> Iterator[Shape]:
    """Yield tag, text, styles and numbers of each visible shape and text, with what it inherits."""
    tag = element.tag.rpartition("}")[2]
    styles = {name: element.get(name, value) for name, value in styles.items()}
    at = (*at, element.get("transform", ""))
    own = {"opacity": element.get("opacity", "1"), "stroke-width": element.get("stroke-width", "1")}
    if element.get("display") == "none" or own["opacity"] == "0":
        return
    if tag == "text" or (tag in ("path", "line", "rect") and {styles["fill"], styles["stroke"]} != {"none"}):
        seen = styles if tag == "text" else {name: styles[name] for name in ("fill", "stroke")}
        numbers = " ".join((*at, *(element.get(name, "") for name in _GEOMETRY), *own.values()))
        moved = numbers.replace("translate(0,0)", "")
        yield tag, "".join(element.itertext()), seen, [float(each) for each in _NUMBER.findall(moved)]
    for child in element if tag != "text" else ():
        yield from _shapes(child, styles, at)


@pytest.mark.parametrize("line", _LINES)
def test_compact_chart_is_the_same_picture(line: str) -> None:
    """Every visible shape and text has the same styles, and its place to a hundredth of a pixel; the rest is gone."""
    file, page = _charts(line)
    before, after = (list(_shapes(ElementTree.fromstring(each))) for each in (file, page))

    assert [each[:3] for each in after] == [each[:3] for each in before]
    for (*_, drawn), (*_, shorter) in zip(before, after, strict=True):
        assert shorter == pytest.approx(drawn, abs=0.006)
    assert len(page) - page.index("</style>") < 0.65 * (len(file) - file.index("</title>"))


def test_compact_chart_is_one_picture_for_screen_readers() -> None:
    """The picture has one name; no part of it has a role or a name of its own."""
    _, page = _charts(_LINES[0])
    root = ElementTree.fromstring(page)

    assert (root.get("role"), root.get("aria-label", "")[:9]) == ("img", "How many?")
    assert [each for each in root.iter() if each is not root and {"role", "aria-label"} & set(each.keys())] == []


def test_marks_in_texts_stay_escaped() -> None:
    """A text with the signs of markup has the same letters afterwards."""
    text = '<text fill="#000">&lt;b /&gt; &amp;amp; "</text>'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg">{text}<g class="a"/></svg>'

    assert compact(svg) == svg.replace(' class="a"', "")
