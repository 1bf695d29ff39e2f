"""`newslake spark`: fill the tables from years of archived pages on Apache Spark."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.cli.output import AsJson, Quiet, out, print_json, workspace
from pipeline.cli.progress import duration, page_progress
from pipeline.cli.run import Sources, day_range
from pipeline.errors import ConfigError
from pipeline.extras import require_extra
from pipeline.model import pluralize

if TYPE_CHECKING:
    from pipeline.spark.backfill import BackfillProgress

spark_app = typer.Typer(no_args_is_help=True, help="Fill the tables from the archive on Apache Spark.")
JOB_FILE = Path(__file__).parents[1] / "spark" / "job.py"


@spark_app.command("backfill")
def backfill(
    first: Annotated[str, typer.Option("--from", metavar="DAY", help="First news day, YYYY-MM-DD.")],
    last: Annotated[str, typer.Option("--to", metavar="DAY", help="Last news day, inclusive.")],
    source: Sources = None,
    master: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Spark's master (default: that of spark-submit, else all cores here)."),
    ] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Derive, commit and cluster archived days, month by month, on the executors of Spark.

    The rows are those that `newslake run` makes. Nothing is fetched. Call it again after a kill: what is done is kept.
    A page that ends two processes is quarantined. Executors need newslake, its model and the store.
    """
    from pipeline.jobs.pipeline_version import version_of

    days = day_range(first, last)
    space = workspace()
    version_of(space.settings)  # a missing model stops the backfill before Spark starts
    keys = [space.sources.named(key).key for key in source or ()]
    require_extra("spark")
    from pipeline.spark.backfill import SparkBackfill, open_session
    from pipeline.spark.plan import plan_months

    began = time.monotonic()
    with page_progress(quiet=quiet) as progress, open_session(master) as spark:
        shown = ""

        def report(done: "BackfillProgress") -> None:
            nonlocal shown
            if shown != done.month:
                shown = done.month
                progress(f"deriving {done.month} on Spark")
            progress.count(done.derived, done.total)

        plans = plan_months(space, first=days[0], last=days[-1], source_keys=keys)
        months = SparkBackfill(space, spark, report=report).run(plans)
    total = sum(months.values())
    seconds = time.monotonic() - began
    if as_json:
        print_json({"months": months, "articles": total, "seconds": seconds})
        return
    if not months:
        raise ConfigError(f"the archive has no page of {first} to {last}; see `newslake plan`", key="from")
    line = f"{pluralize(total, 'article')} of {pluralize(len(months), 'month')} committed in {duration(seconds)}"
    out.print(line, highlight=False)


@spark_app.command("job-file")
def job_file() -> None:
    """Print the path of the file for `spark-submit`, which takes the options of `newslake spark backfill`."""
    print(JOB_FILE)  # noqa: T201 - a path is not wrapped
