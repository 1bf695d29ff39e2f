"""Rendering of Newsroom: its templates and its bar, query parameters and error pages."""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache

from newslake.pipeline.addons.newsroom.page_list import EMPTY_BAR, build_bar
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.query import palette
from newslake.pipeline.show import rendering
from newslake.pipeline.show.rendering import Templates, hash_source

UrlQuery = Mapping[str, str]
TEMPLATES = rendering.TEMPLATES.extend("newslake.pipeline.addons.newsroom", style="newsroom.css")
MOST_LETTERS = 200  # of a search text
MOST_DAYS = 366
_FIRST_YEAR, _LAST_YEAR = 1800, 2200
ERROR_TITLES = {
    400: "Invalid request",
    401: "Not logged in",
    403: "Access denied",
    404: "Page not found",
    405: "Read-only page",
    503: "Query limit exceeded",
}


def page(
    template: str, *, root: str, templates: Templates = TEMPLATES, is_served: bool = True, **values: object
) -> str:
    """Return a page of Newsroom, or a standalone file, which has no bar. Raises: as ``Templates.page``.

    ``root`` is the link to Newsroom's first page. An add-on passes ``templates`` that extend Newsroom's.
    """
    bar = build_bar() if is_served else EMPTY_BAR
    return templates.page(template, root=root, is_served=is_served, bar=bar, **values)


@cache
def chart_policy() -> str:
    """Return the content security policy of a chart that is opened alone: only its stylesheet."""
    return f"default-src 'none'; style-src {hash_source(palette.DARK_STYLE)}"


def error_page(status: int, message: str, *, root: str) -> str:
    """Return the error page of an HTTP status. ``message`` says what happened and what to do."""
    return page("error.html", root=root, title=ERROR_TITLES.get(status, "Internal error"), message=message)


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
