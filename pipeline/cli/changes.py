"""`newslake changes`: what to fetch again, for those who keep a copy of the tables."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from pipeline.cli.output import AsJson, err, print_json, print_rows, workspace
from pipeline.errors import ConfigError
from pipeline.model import pluralize

_CHANGE_COLUMNS = ("at", "kind", "day", "from_day", "article_id", "title", "url")


def changes(
    since: Annotated[
        str, typer.Option(metavar="WHEN", help="A date or time, ISO 8601, UTC unless it says; what came after is told.")
    ],
    as_json: AsJson = False,
) -> None:
    """List articles that are new, changed, moved to another day, removed, withdrawn by their publisher, or back."""
    from pipeline.jobs.changes import changes_since

    found = changes_since(workspace(), _parse_time(since))
    if as_json:
        print_json(asdict(found))
        return
    rows = [tuple(getattr(each, name) for name in _CHANGE_COLUMNS) for each in found.articles]
    print_rows(_CHANGE_COLUMNS, rows, as_json=False)
    err.print(
        f"{pluralize(len(rows), 'article')}, {pluralize(len(found.days), 'day')} with changed files; "
        f"next: --since {found.until.isoformat()}",
        highlight=False,
        soft_wrap=True,
    )


def _parse_time(value: str) -> datetime:
    try:
        at = datetime.fromisoformat(value)
    except ValueError as error:
        told = f"--since {value!r} is neither a date nor a time: write 2026-03-02 or 2026-03-02T08:00:00Z"
        raise ConfigError(told, key="since") from error
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
