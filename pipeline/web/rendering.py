"""From values to HTML. Every value is escaped, nothing of a page runs, and nothing that it shows is fetched."""

import base64
import hashlib
import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import date, timedelta
from functools import cache
from urllib.parse import quote, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined

from pipeline.errors import ConfigError
from pipeline.query import Limits, apply_limits, palette
from pipeline.settings import Settings

# The colours of the pages as CSS variables: those of the charts.


def palette_css() -> str:
    """Return rules that define ``--ink``, ``--faint``, ``--paper`` and ``--s1`` to ``--s8``, light and dark."""
    light = _variables(palette.INK, palette.FAINT, palette.BACKGROUND, palette.SERIES)
    dark = _variables(palette.INK_ON_DARK, palette.FAINT_ON_DARK, palette.DARK_BACKGROUND, palette.SERIES_ON_DARK)
    return f":root{{{light}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"


def _variables(ink: str, faint: str, paper: str, series: tuple[str, ...]) -> str:
    named = {"ink": ink, "faint": faint, "paper": paper} | {f"s{at}": colour for at, colour in enumerate(series, 1)}
    return ";".join(f"--{name}:{colour}" for name, colour in named.items())


# Text that cannot write outside its own place: what nobody can see is shown.

# Controls, overrides of the direction of writing, half characters and what HTML forbids. New lines and tabs may stay.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
_PICTURES_OF_CONTROLS = 0x2400  # U+2400 is the picture of U+0000, and so on to U+001F
_DELETE, _PICTURE_OF_DELETE = 0x7F, "\u2421"


def make_visible(text: str) -> str:
    """Return a text with each character that is unseen, or that turns the writing of others, as a visible sign."""
    return text if text.isprintable() else _INVISIBLE.sub(_sign, text)  # most are short, and all letters


def make_json_visible(text: str) -> str:
    """Return JSON of the same meaning in which nothing is unseen."""
    return _INVISIBLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _sign(found: re.Match[str]) -> str:
    point = ord(found[0])
    if point < 0x20:
        return chr(_PICTURES_OF_CONTROLS + point)
    return _PICTURE_OF_DELETE if point == _DELETE else f"[U+{point:04X}]"


# Links: relative within Newsroom, so that they hold under any base path; to the outside only to web pages.


def link(root: str, path: str, **asked: object) -> str:
    """Return a link to a page of Newsroom from one at ``root``; what is None or empty is not asked for."""
    query = urlencode({name.rstrip("_"): str(value) for name, value in asked.items() if value not in (None, "")})
    return f"{root}{quote(path)}{'?' if query else ''}{query}" or "./"


def web_link(url: str | None) -> str:
    """Return a URL that may be followed; nothing for any that is no web page's, such as a script in a link."""
    return url if url and url.lower().startswith(("http://", "https://")) else ""


# What was asked for in the query of a URL, read into values.

UrlQuery = Mapping[str, str]
_MOST_LETTERS = 200  # letters of a value that is looked for
MOST_DAYS = 366
_FIRST_YEAR, _LAST_YEAR = 1800, 2200


def parse_text(query: UrlQuery, name: str, *, most: int = _MOST_LETTERS) -> str | None:
    """Return a text; None where there is none. Raises: ConfigError for one of more than ``most`` letters."""
    value = query.get(name, "").strip()
    if len(value) > most:
        raise ConfigError(f"{name}: {len(value)} letters; ask for {most} at most", key=name)
    return value or None


def parse_day(query: UrlQuery, name: str) -> date | None:
    """Return a day; None where there is none. Raises: ConfigError for what is no day."""
    value = parse_text(query, name)
    try:
        day = date.fromisoformat(value) if value else None
    except ValueError as error:
        raise ConfigError(f"{name}={value} is no day: write it as 2026-03-31", key=name) from error
    if day and not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise ConfigError(f"{name}={day}: news is of the years {_FIRST_YEAR} to {_LAST_YEAR}", key=name)
    return day


def parse_period(query: UrlQuery, *, last: date, days: int) -> tuple[date, date]:
    """Return ``day``, else ``from`` to ``to``; an end that is missing is so many days from the other, else ``last``.

    Raises: ConfigError for what is no day, an end before the beginning, and more than a year.
    """
    if day := parse_day(query, "day"):
        return day, day
    first, end = parse_day(query, "from"), parse_day(query, "to")
    reach = timedelta(days=days - 1)
    end = end or (min(first + reach, last) if first and first <= last else first or last)
    first = first or end - reach
    if end < first:
        raise ConfigError(f"to={end} is before from={first}: exchange them", key="to")
    if (end - first).days >= MOST_DAYS:
        raise ConfigError(f"from {first} to {end} are more than {MOST_DAYS} days: ask for fewer", key="from")
    return first, end


_STYLE = "style.css"


def page(template: str, **values: object) -> str:
    """Return a template of this room filled with values; the same text for the same values.

    A value that is missing, or None, is an error: a template says what stands where there is nothing.
    Raises: jinja2.UndefinedError, TypeError.
    """
    return _environment().get_template(template).render(values)


@cache
def stylesheet() -> str:
    """Return the one stylesheet, the palette first. It stands inside every page."""
    environment = _environment()
    source, _, _ = environment.loader.get_source(environment, _STYLE)  # type: ignore[union-attr]
    return palette_css() + source


@cache
def policy(*, is_served: bool) -> str:
    """Return the content security policy: this stylesheet and nothing else, no script, no frame.

    A page that is served is sent with it as a header; it may show pictures of its own server, send forms to it, and
    stand in its frames.
    A file carries it in a ``meta`` element, where frames cannot be named.
    """
    digest = base64.b64encode(hashlib.sha256(stylesheet().encode()).digest()).decode()
    own = "img-src 'self'; form-action 'self'; frame-ancestors 'self'" if is_served else "form-action 'none'"
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; {own}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("pipeline.web"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    environment.globals.update(stylesheet=stylesheet, policy=policy)
    return environment


def _finalize(value: object) -> object:
    """Return what a template prints for a value. Raises: TypeError for None, which is no text."""
    if value is None:
        raise TypeError("a template prints None: say what stands where there is nothing")
    return make_visible(value) if type(value) is str else value


# The page that says what went wrong, in the look of the others.

_TITLES = {
    400: "That cannot be asked",
    401: "Who is there?",
    403: "Not for you",
    404: "There is no such page",
    405: "Pages are only read here",
    503: "That took too much",
}


def error_page(status: int, message: str, *, root: str) -> str:
    """Return the page of an HTTP status, with what happened and what to do."""
    return page(
        "trouble.html", root=root, is_served=True, title=_TITLES.get(status, "Something is broken"), message=message
    )


# What a page that is served may cost.

_THREADS = 2
_ROWS = 200_000  # as values of Python: about as much again as the memory of DuckDB


def within_limits(settings: Settings) -> AbstractContextManager[None]:
    """Hold to the time and memory of the settings all that is asked of the lake in here. Raises: LimitError."""
    limits = Limits(
        seconds=settings.newsroom_seconds, memory_mb=settings.newsroom_memory_mb, threads=_THREADS, rows=_ROWS
    )
    return apply_limits(limits)
