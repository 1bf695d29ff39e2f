"""`newslake`: the command line, one module per command group.

Exit codes: 0 done or healthy, 1 a named problem, 2 an invalid call.
"""

import sys

import typer

from pipeline.cli import (
    annotate,
    coverage,
    kb,
    lake,
    query,
    run,
    show,
    sources,
    takedown,
)
from pipeline.cli.output import print_error
from pipeline.errors import ConfigError, NewsError

app = typer.Typer(
    help="News pages in; tables of articles, entities, quotes and events out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("run")(run.run)
app.command("push")(run.push)
app.command("plan")(run.plan)
app.command("try")(annotate.try_page)
app.command("annotate")(annotate.annotate)
app.command("clean")(annotate.clean)
app.command("sql")(query.sql)
app.command("ask", cls=query.ChartCommand, context_settings={"ignore_unknown_options": True})(query.ask)
app.command("ddl")(query.ddl)
app.command("history")(show.history)
app.command("forget")(takedown.forget)
app.command("show")(show.show)
app.command("why")(show.why)
app.command("coverage")(coverage.coverage)
app.command("changes")(lake.changes)
app.command("doctor")(sources.doctor)
app.add_typer(sources.sources_app, name="sources")
app.add_typer(annotate.events_app, name="events")
app.add_typer(lake.lake_app, name="lake")
app.add_typer(kb.kb_app, name="kb")
app.add_typer(kb.overrides_app, name="overrides")
app.add_typer(lake.archive_app, name="archive")


def main() -> None:
    """Run the command line; errors become a message and an exit code here and nowhere else."""
    try:
        app()
    except ConfigError as error:
        print_error(str(error))
        sys.exit(2)
    except (NewsError, OSError) as error:  # a full disk, a folder that cannot be written
        print_error(str(error))
        sys.exit(1)
