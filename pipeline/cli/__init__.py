"""`newslake`: the command line, one module per command group.

Exit codes: 0 done or healthy, 1 a named problem, 2 an invalid call.
"""

import sys
from contextlib import suppress
from typing import Annotated

import typer

from newslake.pipeline import __version__
from newslake.pipeline.addons.alerts import commands as alerts
from newslake.pipeline.addons.audit import commands as audit
from newslake.pipeline.addons.corrections import commands as kb
from newslake.pipeline.addons.documents import commands as annotate
from newslake.pipeline.addons.operate import coverage_command as coverage
from newslake.pipeline.addons.operate import plan_command as plan
from newslake.pipeline.addons.search import commands as search
from newslake.pipeline.addons.setup import commands as sources
from newslake.pipeline.addons.setup import init_command as init
from newslake.pipeline.agents import commands as agents
from newslake.pipeline.cli import lake, query, run, show, takedown
from newslake.pipeline.cli.output import configure_logs, out, print_error
from newslake.pipeline.errors import ConfigError, NewsError
from newslake.pipeline.shared import commands as store
from newslake.pipeline.spark import commands as spark

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _print_version(is_given: bool) -> None:
    if is_given:
        out.print(f"newslake {__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """News pages in; tables of articles, entities, quotes and events out."""


app.command("init")(init.init)
app.command("run")(run.run)
app.command("push")(run.push)
app.command("plan")(plan.plan)
app.command("airflow", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})(run.airflow)
app.command("try")(annotate.try_page)
app.command("annotate")(annotate.annotate)
app.command("clean")(annotate.clean)
app.command("sql")(query.sql)
app.command("search", context_settings={"ignore_unknown_options": True})(search.search)
app.command("ask", cls=query.ChartCommand, context_settings={"ignore_unknown_options": True})(query.ask)
app.command("ddl")(query.ddl)
app.command("mcp")(agents.mcp)
app.command("history")(show.history)
app.command("forget")(takedown.forget)
app.command("show")(show.show)
app.command("why")(show.why)
app.command("coverage")(coverage.coverage)
app.command("changes")(lake.changes)
app.command("doctor")(sources.doctor)
app.add_typer(sources.sources_app, name="sources")
app.add_typer(alerts.alerts_app, name="alerts")
app.add_typer(annotate.events_app, name="events")
app.add_typer(lake.lake_app, name="lake")
app.add_typer(audit.audit_app, name="audit")
app.add_typer(kb.kb_app, name="kb")
app.add_typer(spark.spark_app, name="spark")
app.add_typer(store.store_app, name="store")
app.add_typer(kb.overrides_app, name="overrides")
app.add_typer(lake.archive_app, name="archive")


def main() -> None:
    """Run the command line. Only here do errors become a message and an exit code."""
    try:
        app(prog_name="newslake")
    except ConfigError as error:
        _print_failure(error)
        sys.exit(2)
    except (NewsError, OSError) as error:  # a full disk, a folder that cannot be written
        _print_failure(error)
        sys.exit(1)


def _print_failure(error: Exception) -> None:
    with suppress(ConfigError):  # of the format itself, which is the error
        configure_logs()
    print_error(str(error))
