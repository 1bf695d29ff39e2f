"""Pages are escaped and strict, and their policy forbids running or fetching anything."""

import base64
import hashlib
import re

import pytest
from jinja2 import DictLoader, UndefinedError

from newslake.pipeline.query import palette
from newslake.pipeline.show import rendering
from newslake.pipeline.show.rendering import TEMPLATES, make_visible
from tests.architecture.tree import project_files, text_of

# Charts and pages share one palette: pipeline/query/palette.py.

_COLOUR = re.compile(r"#(?:[0-9a-f]{8}|[0-9a-f]{6}|[0-9a-f]{3,4})(?![-\w])|\b(?:rgba?|hsla?|oklch)\(", re.IGNORECASE)
_PLACES = ("pipeline/show/", "pipeline/addons/", "pipeline/query/", "pipeline/cli/", "plugins/")
_VARIABLE = re.compile(r"--(ink|faint|paper|s\d):(#[0-9A-Fa-f]{6})")


def _expected(ink: str, faint: str, paper: str, series: tuple[str, ...]) -> dict[str, str]:
    return {"ink": ink, "faint": faint, "paper": paper} | {f"s{at}": colour for at, colour in enumerate(series, 1)}


def test_variables_are_the_palette_of_the_charts():
    """The stylesheet's variables, light and dark, are the charts' colours, and each is defined once."""
    light, dark = TEMPLATES.stylesheet().split("prefers-color-scheme:dark", maxsplit=1)

    assert dict(_VARIABLE.findall(light)) == _expected(palette.INK, palette.FAINT, palette.BACKGROUND, palette.SERIES)
    assert dict(_VARIABLE.findall(dark)) == _expected(
        palette.INK_ON_DARK, palette.FAINT_ON_DARK, palette.DARK_BACKGROUND, palette.SERIES_ON_DARK
    )
    assert len(_VARIABLE.findall(TEMPLATES.stylesheet())) == 2 * (3 + len(palette.SERIES))


def test_no_other_file_names_a_colour():
    """Neither a template nor a chart has a colour of its own."""
    files = [path for path in project_files() if path.startswith(_PLACES) and path.endswith((".py", ".css", ".html"))]
    found = [
        f"{path}: {line.strip()}"
        for path in files
        if path != "pipeline/query/palette.py"
        for line in text_of(path).splitlines()
        if _COLOUR.search(line)
    ]

    assert found == []


def _rendered(source: str, **values: object) -> str:
    return rendering._environment(TEMPLATES).overlay(loader=DictLoader({"t": source})).get_template("t").render(values)


def test_values_are_escaped():
    """Nothing in a value is markup."""
    assert (
        _rendered('<p title="{{ a }}">{{ a }}', a="\"><b>&'")
        == '<p title="&#34;&gt;&lt;b&gt;&amp;&#39;">&#34;&gt;&lt;b&gt;&amp;&#39;'
    )


def test_values_cannot_reorder_or_hide_other_text():
    """Controls, direction overrides and surrogates of any value are shown as symbols."""
    assert _rendered("{{ a }}", a="a\x00b\u202ec\ud800\x7f\x85\n") == "a␀b[U+202E]c[U+D800]␡[U+0085]\n"


def test_plain_text_stays_as_it_is():
    """Letters of any script, joiners and direction marks are unchanged."""
    text = "Ana\u200d ש\u200fל \u0627\u0644 é “q”\n\t"

    assert make_visible(text) == text


def test_a_missing_value_is_an_error():
    """A template never prints a missing value."""
    with pytest.raises(UndefinedError):
        _rendered("{{ nobody }}")
    with pytest.raises(TypeError, match="prints None"):
        _rendered("{{ a }}", a=None)


def test_the_policy_names_the_stylesheet_and_nothing_else():
    """The hash in the policy is that of the text in the style element; no other source is allowed."""
    blocks = "".join(f"{{% block {name} %}}T{{% endblock %}}" for name in ("title", "nav", "main"))
    source = f'{{% extends "base.html" %}}{blocks}'
    html = rendering._environment(TEMPLATES).from_string(source).render()
    inside = re.search(r"<style>(.*)</style>", html, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()

    assert inside == TEMPLATES.stylesheet()
    assert TEMPLATES.policy(is_served=False) == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert "unsafe" not in TEMPLATES.policy(is_served=True)


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_the_palette_is_readable_on_both_backgrounds():
    """Ink, faint ink, links and dark series have a contrast of at least 4.5 to 1, light series of at least 2 to 1."""
    from newslake.pipeline.query import palette

    for colour in (palette.INK, palette.FAINT, palette.MAIN):
        assert _contrast(colour, palette.BACKGROUND) >= 4.5
    for colour in (palette.INK_ON_DARK, palette.FAINT_ON_DARK, *palette.SERIES_ON_DARK):
        assert _contrast(colour, palette.DARK_BACKGROUND) >= 4.5
    assert min(_contrast(colour, palette.BACKGROUND) for colour in palette.SERIES) >= 2


def test_every_invisible_character_is_replaced():
    """The shortcut for printable texts passes no character that is shown as a symbol."""
    unseen = [chr(point) for point in range(0x10000) if make_visible(f"\n{chr(point)}") != f"\n{chr(point)}"]

    assert [char for char in unseen if char.isprintable()] == []
    assert len(unseen) > 2048
