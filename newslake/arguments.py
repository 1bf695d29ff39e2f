"""Arguments of the package: days, names, numbers and texts, with errors that say what to give."""

import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time

from newslake.pipeline.errors import ConfigError, did_you_mean

type Day = date | str

_OPTION = re.compile(r"(?<!\S)--([a-z][a-z-]*)")  # of the command line
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_MOST_SIMILAR = 6


def day_of(given: Day | None, *, name: str) -> date | None:
    """Return a day as a date; a time must be midnight in UTC. Raises: ConfigError."""
    if isinstance(given, str):
        try:
            return date.fromisoformat(given)
        except ValueError as error:
            raise ConfigError(f"{name}: {given[:60]!r} is not a valid date (YYYY-MM-DD)", key=name) from error
    if isinstance(given, datetime):
        at = given if given.tzinfo is None else given.astimezone(UTC)
        if at.time() != time():
            message = f"{name}={given} is a time, and days are selected: give a date, and compare published_at in SQL"
            raise ConfigError(message, key=name)
        return at.date()
    if given is None or isinstance(given, date):
        return given
    raise ConfigError(f"{name}={given!r} is not a day; give a date, or a text such as '2026-03-02'", key=name)


def columns_of(given: Iterable[str] | str, known: Collection[str], *, table: str) -> tuple[str, ...]:
    """Return the names of columns; one name may be a text. Raises: ConfigError for unknown, equal or no names."""
    names = (given,) if isinstance(given, str) else tuple(given)
    if not names:
        raise ConfigError("columns is empty; without columns, all columns are returned", key="columns")
    for number, column in enumerate(names):
        if column not in known:
            hint = _similar_columns(str(column), known) or f"lake.columns({table!r}) lists its columns"
            raise ConfigError(f"{table} has no column {str(column)!r}; {hint}", key="columns", reason="no_such_column")
        if column in names[:number]:
            raise ConfigError(f"columns has {column!r} twice", key="columns")
    return names


def _similar_columns(column: str, known: Collection[str]) -> str:
    """Return the end of a message: the columns that begin with a name, else those most like it; empty without any."""
    longer = [each for each in known if column and each.startswith(f"{column}_")][:_MOST_SIMILAR]
    if longer:
        return f"did you mean {' or '.join(longer)}?"
    return did_you_mean(column, known, otherwise=" ").strip()


def check_count(given: object, *, name: str, least: int = 1) -> None:
    """Raises: ConfigError for a value that is not an integer of at least ``least``."""
    if not isinstance(given, int) or isinstance(given, bool) or given < least:
        raise ConfigError(f"{name}={given!r} is not an integer of {least} or more", key=name)


def check_seconds(given: object, *, name: str) -> None:
    """Raises: ConfigError for a value that is not a number above 0."""
    if not isinstance(given, int | float) or isinstance(given, bool) or not given > 0:
        raise ConfigError(f"{name}={given!r} is not a number above 0", key=name)


def check_text(given: object, *, name: str, advice: str) -> None:
    """Raises: ConfigError with ``advice`` for a value that is not a text."""
    if not isinstance(given, str):
        raise ConfigError(f"{name} is of the type {type(given).__name__}, not a text; {advice}", key=name)


def check_language(given: str | None) -> None:
    """Raises: ConfigError for a language that is not a code."""
    if given is not None and not (isinstance(given, str) and _LANGUAGE.fullmatch(given)):
        raise ConfigError(f"language={given!r} is not an ISO 639-1 code such as 'en'", key="language")


@contextmanager
def name_arguments() -> Iterator[None]:
    """Name the options of the command line in errors as arguments: ``min_confidence`` for ``--min-confidence``."""
    try:
        yield
    except ConfigError as error:
        message = _OPTION.sub(lambda found: found[1].replace("-", "_"), str(error))
        raise ConfigError(message, key=error.key, reason=error.reason) from None
