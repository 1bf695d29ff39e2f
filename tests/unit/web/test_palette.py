"""Charts and pages share one palette: pipeline/query/charts.py."""

import re

from pipeline.query import palette as style
from pipeline.web.rendering import stylesheet
from tests.architecture.tree import project_files, text_of

_COLOUR = re.compile(r"#(?:[0-9a-f]{8}|[0-9a-f]{6}|[0-9a-f]{3,4})(?![-\w])|\b(?:rgba?|hsla?|oklch)\(", re.IGNORECASE)
_PLACES = ("pipeline/web/", "pipeline/query/", "pipeline/cli/", "plugins/")
_VARIABLE = re.compile(r"--(ink|faint|paper|s\d):(#[0-9A-Fa-f]{6})")


def _expected(ink: str, faint: str, paper: str, series: tuple[str, ...]) -> dict[str, str]:
    return {"ink": ink, "faint": faint, "paper": paper} | {f"s{at}": colour for at, colour in enumerate(series, 1)}


def test_variables_are_the_palette_of_the_charts():
    """The stylesheet's variables, light and dark, are the charts' colours, and each is given once."""
    light, dark = stylesheet().split("prefers-color-scheme:dark", maxsplit=1)

    assert dict(_VARIABLE.findall(light)) == _expected(style.INK, style.FAINT, style.BACKGROUND, style.SERIES)
    assert dict(_VARIABLE.findall(dark)) == _expected(
        style.INK_ON_DARK, style.FAINT_ON_DARK, style.DARK_BACKGROUND, style.SERIES_ON_DARK
    )
    assert len(_VARIABLE.findall(stylesheet())) == 2 * (3 + len(style.SERIES))


def test_no_other_place_names_a_colour():
    """Neither a template nor a chart has a colour of its own."""
    files = [path for path in project_files() if path.startswith(_PLACES) and path.endswith((".py", ".css", ".html"))]
    found = [
        f"{path}: {line.strip()}"
        for path in files
        if path != "pipeline/query/charts.py"
        for line in text_of(path).splitlines()
        if _COLOUR.search(line)
    ]

    assert found == []
