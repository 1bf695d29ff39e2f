"""What was asked for in the query of a URL, read into values."""

from collections.abc import Mapping
from datetime import date, timedelta

from pipeline.errors import ConfigError

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
