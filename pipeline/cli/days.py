"""Days and sources, as commands take them."""

from datetime import date, datetime, timedelta
from typing import Annotated

import typer

from newslake.pipeline.cli.completion import sources
from newslake.pipeline.errors import ConfigError

Sources = Annotated[
    list[str] | None,
    typer.Option("--source", metavar="KEY", help="Only this source; repeatable.", autocompletion=sources),
]


def day_of(text: str, *, option: str) -> date:
    """Parse a day. Raises: ConfigError naming the option."""
    try:
        return datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError as error:
        raise ConfigError(f"{option} {text!r} is not a valid date (YYYY-MM-DD)", key=option.lstrip("-")) from error


def day_range(first: str, last: str) -> list[date]:
    """Return the days from first to last, both included. Raises: ConfigError."""
    start, end = day_of(first, option="--from"), day_of(last, option="--to")
    if end < start:
        raise ConfigError(f"--to {end} is before --from {start}; swap them", key="to")
    return [start + timedelta(days=number) for number in range((end - start).days + 1)]
