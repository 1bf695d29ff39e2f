"""Rendering: templates, stylesheet and security policy, links, query parameters, error pages and limits.

Every value is escaped. A page loads nothing from other servers. No page but the sheet of an audit runs a script.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import date, timedelta
from functools import cache
from urllib.parse import quote, urlencode

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from newslake.pipeline.errors import ConfigError
from newslake.pipeline.model.provenance import Fact
from newslake.pipeline.query import palette
from newslake.pipeline.query.connection import Limits, apply_limits
from newslake.pipeline.settings import Settings

UrlQuery = Mapping[str, str]
MOST_LETTERS = 200  # of a search text
MOST_DAYS = 366
_FIRST_YEAR, _LAST_YEAR = 1800, 2200
_STYLE = "style.css"
_TEMPLATES = ("show", "addons.newsroom", "addons.audit", "addons.operate", "addons.search")
ERROR_TITLES = {
    400: "Invalid request",
    401: "Not logged in",
    403: "Access denied",
    404: "Page not found",
    405: "Read-only page",
    503: "Query limit exceeded",
}
# The bar of Newsroom: path and label of each entry.
BAR_ENTRIES = (
    ("coverage", "Coverage"),
    ("articles", "Articles"),
    ("people", "People"),
    ("events", "Events"),
    ("questions", "Questions"),
    ("why", "Why"),
)
_URL_FACTS = frozenset({"url", "requested", "final URL"})  # of a provenance
_THREADS = 2
_ROWS = 200_000  # as Python objects, they need about as much memory as DuckDB itself
# Controls, overrides of the text direction, surrogates, and characters that HTML forbids. Line feeds and tabs are kept.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
_PICTURES_OF_CONTROLS = 0x2400  # U+2400 is the picture of U+0000, and so on up to U+001F
_DELETE, _PICTURE_OF_DELETE = 0x7F, "\u2421"


def page(template: str, **values: object) -> str:
    """Return a rendered template.

    A missing value or None is an error: a template must handle absent values itself.
    Raises: jinja2.UndefinedError, TypeError.
    """
    return _environment().get_template(template).render(values)


@cache
def source(name: str) -> str:
    """Return a stylesheet or script of the templates' folder, as it is."""
    environment = _environment()
    found, _, _ = environment.loader.get_source(environment, name)  # type: ignore[union-attr]
    return found


@cache
def stylesheet(*more: str) -> str:
    """Return the stylesheet, the palette first, ``more`` files last. Every page includes it inline."""
    return palette_css() + "".join(map(source, (_STYLE, *more)))


@cache
def policy(*, is_served: bool, style: str = "", script: str = "") -> str:
    """Return the content security policy: only this stylesheet, no scripts but the one inline ``script``, no frames.

    ``style`` is a second file of the stylesheet, ``script`` the file of the script; "" for none.
    A served page has it as a header. Such a page may show images of its own server, submit forms to it, and be framed
    by it.
    A standalone file has it in a ``meta`` element, which cannot restrict frames.
    """
    styles = _hash_source(stylesheet(style) if style else stylesheet())
    scripts = f" script-src {_hash_source(source(script))};" if script else ""
    own = "img-src 'self'; form-action 'self'; frame-ancestors 'self'" if is_served else "form-action 'none'"
    return f"default-src 'none'; style-src {styles};{scripts} base-uri 'none'; {own}"


@cache
def chart_policy() -> str:
    """Return the content security policy of a chart that is opened on its own: only its own stylesheet."""
    return f"default-src 'none'; style-src {_hash_source(palette.DARK_STYLE)}"


def _hash_source(text: str) -> str:
    """Return the source expression of an inline element with exactly this text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(f"newslake.pipeline.{name}") for name in _TEMPLATES]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    environment.globals.update(
        stylesheet=stylesheet, policy=policy, source=source, bar_entries=BAR_ENTRIES, url_of=url_of
    )
    return environment


def _finalize(value: object) -> object:
    """Return what a template prints for a value. Raises: TypeError for None."""
    if value is None:
        raise TypeError("a template prints None: write a text for the missing value")
    return make_visible(value) if type(value) is str else value


def palette_css() -> str:
    """Return the colours of charts as CSS variables, light and dark: ink, faint, paper, and s1 to s8."""
    light = _variables(palette.INK, palette.FAINT, palette.BACKGROUND, palette.SERIES)
    dark = _variables(palette.INK_ON_DARK, palette.FAINT_ON_DARK, palette.DARK_BACKGROUND, palette.SERIES_ON_DARK)
    return f":root{{{light}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"


def _variables(ink: str, faint: str, paper: str, series: tuple[str, ...]) -> str:
    named = {"ink": ink, "faint": faint, "paper": paper} | {f"s{at}": colour for at, colour in enumerate(series, 1)}
    return ";".join(f"--{name}:{colour}" for name, colour in named.items())


def error_page(status: int, message: str, *, root: str) -> str:
    """Return the error page of an HTTP status. ``message`` says what happened and what to do."""
    return page(
        "error.html",
        root=root,
        is_served=True,
        title=ERROR_TITLES.get(status, "Internal error"),
        message=message,
    )


def within_limits(settings: Settings) -> AbstractContextManager[None]:
    """Apply the time and memory limits of the settings to queries in the block. Raises: LimitError."""
    limits = Limits(
        seconds=settings.newsroom_seconds, memory_mb=settings.newsroom_memory_mb, threads=_THREADS, rows=_ROWS
    )
    return apply_limits(limits)


def link(root: str, path: str, **parameters: object) -> str:
    """Return a link to a page of Newsroom, without empty parameters.

    It is relative to ``root``, so it is valid under any base path.
    """
    query = urlencode({name.rstrip("_"): str(value) for name, value in parameters.items() if value not in (None, "")})
    return f"{root}{quote(path)}{'?' if query else ''}{query}" or "./"


def web_link(url: str | None) -> str:
    """Return a URL that is safe to link to; "" if it is not an HTTP URL, e.g. a script."""
    return url if url and url.lower().startswith(("http://", "https://")) else ""


def url_of(fact: Fact) -> str:
    """Return the URL that a fact of a provenance is, if it is safe to link to; "" for any other fact."""
    return web_link(str(fact.value)) if fact.name in _URL_FACTS else ""


def parse_text(query: UrlQuery, name: str, *, most: int = MOST_LETTERS) -> str | None:
    """Return a text parameter; None if it is missing. Raises: ConfigError for more than ``most`` letters."""
    value = query.get(name, "").strip()
    if len(value) > most:
        raise ConfigError(f"{name} has {len(value)} letters: use at most {most}", key=name)
    return value or None


def parse_day(query: UrlQuery, name: str) -> date | None:
    """Return a date parameter; None if it is missing. Raises: ConfigError for an invalid date."""
    value = parse_text(query, name)
    try:
        day = date.fromisoformat(value) if value else None
    except ValueError as error:
        raise ConfigError(f"{name}={value} is not a valid date (YYYY-MM-DD)", key=name) from error
    if day and not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise ConfigError(f"{name}={day} is outside of the years {_FIRST_YEAR} to {_LAST_YEAR}", key=name)
    return day


def parse_period(query: UrlQuery, *, last: date, days: int) -> tuple[date, date]:
    """Return ``day``, else ``from`` to ``to``. If one is missing, the period has ``days`` days, up to ``last``.

    Raises: ConfigError for an invalid date, an end before the start, or more than a year.
    """
    if day := parse_day(query, "day"):
        return day, day
    first, end = parse_day(query, "from"), parse_day(query, "to")
    reach = timedelta(days=days - 1)
    end = end or (min(first + reach, last) if first and first <= last else first or last)
    first = first or end - reach
    if end < first:
        raise ConfigError(f"to={end} is before from={first}: swap them", key="to")
    if (end - first).days >= MOST_DAYS:
        raise ConfigError(f"from={first} to={end} is more than {MOST_DAYS} days: select fewer", key="from")
    return first, end


def make_visible(text: str) -> str:
    """Return a text with visible symbols for invisible characters and for those that change the text direction."""
    return text if text.isprintable() else _INVISIBLE.sub(_sign, text)  # most are short and printable


def make_json_visible(text: str) -> str:
    """Return equivalent JSON with invisible characters escaped."""
    return _INVISIBLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _sign(found: re.Match[str]) -> str:
    point = ord(found[0])
    if point < 0x20:
        return chr(_PICTURES_OF_CONTROLS + point)
    return _PICTURE_OF_DELETE if point == _DELETE else f"[U+{point:04X}]"
