"""`newslake desk`."""

from typing import Annotated

import typer

from newslake.pipeline.cli.days import day_of
from newslake.pipeline.cli.output import AsJson, print_rows, workspace
from newslake_desk.counts import count_articles


def desk(
    day: Annotated[str | None, typer.Option(metavar="DAY", help="Published day, YYYY-MM-DD (default: today).")] = None,
    as_json: AsJson = False,
) -> None:
    """Count the articles of a day by source."""
    space = workspace(is_reader=True)
    chosen = space.settings.now().date() if day is None else day_of(day, option="--day")
    print_rows(("source", "articles"), list(count_articles(space.place, chosen).items()), as_json=as_json)
