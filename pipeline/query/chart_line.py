"""The header line that says how an answer is drawn: ``-- chart: bar x=words y=speaker``.

After the kind stand pairs of a key and a column of the answer:

    bar     x (number), y (name); colour (name)          the longest list: one bar a row, in the order of the rows
    stack   parts (shares, separated by commas), n, y (name) or x (day)    parts of a whole; "unknown" is grey
    line    x (day), y (number); colour (name)           one line a name; broken where a step has no row
    heat    x (day or name), y (name), colour (number)   one cell a row

Each may have ``facet`` (name), a picture for each of its values, and ``n`` (number of cases behind a share): the share,
of a stack the first part, then gets its interval. A column whose name begins with "share" is one: 0 to 1.
"""

import re
from dataclasses import dataclass, fields
from typing import Literal, get_args

from pipeline.errors import ConfigError

ChartKind = Literal["bar", "stack", "line", "heat"]
_REQUIRED_KEYS: dict[ChartKind, tuple[str, ...]] = {
    "bar": ("x", "y"),
    "stack": ("parts", "n"),
    "line": ("x", "y"),
    "heat": ("x", "y", "colour"),
}
_PAIR = re.compile(r"([a-z]+)=([a-z0-9_,]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartLine:
    """How an answer is drawn. All but ``kind`` name columns of the answer."""

    kind: ChartKind
    x: str = ""
    y: str = ""
    colour: str = ""
    facet: str = ""
    n: str = ""
    parts: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the answer must have."""
        return tuple(filter(None, (self.x, self.y, self.colour, self.facet, self.n, *self.parts)))


def parse_chart_line(slug: str, text: str) -> ChartLine:
    """Return what a chart line says. Raises: ConfigError naming the question and the word that is wrong."""
    word, *rest = text.split()
    kind = next((each for each in get_args(ChartKind) if each == word), None)
    if kind is None:
        raise _wrong(slug, f"begins with {word!r}; kinds are {', '.join(get_args(ChartKind))}")
    known = [each.name for each in fields(ChartLine) if each.name != "kind"]
    given: dict[str, str] = {}
    for each in rest:
        pair = _PAIR.fullmatch(each)
        if not pair or pair[1] not in known or pair[1] in given:
            raise _wrong(slug, f"has {each!r}; write each of {', '.join(known)} at most once, as key=column")
        given[pair[1]] = pair[2]
    missing = [key for key in _REQUIRED_KEYS[kind] if key not in given]
    if missing or (kind == "stack" and ("x" in given) == ("y" in given)):
        raise _wrong(slug, f"lacks {', '.join(missing) or 'one of x and y'} for a {kind}")
    parts = tuple(given.pop("parts", "").split(",")) if "parts" in given else ()
    return ChartLine(kind=kind, parts=parts, **given)


def _wrong(slug: str, what: str) -> ConfigError:
    return ConfigError(f"{slug}.sql: the chart line {what}", key=slug)
