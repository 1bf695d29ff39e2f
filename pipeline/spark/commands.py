"""`newslake spark`: fill the tables from years of archived pages on Apache Spark."""

import time
from pathlib import Path
from typing import Annotated

import typer

from newslake.pipeline.cli.days import Sources, day_range
from newslake.pipeline.cli.output import AsJson, Quiet, out, print_json, workspace
from newslake.pipeline.cli.progress import duration, page_progress
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.extras import require_extra
from newslake.pipeline.model import pluralize

spark_app = typer.Typer(no_args_is_help=True, help="Fill the tables from the archive on Apache Spark.")
JOB_FILE = Path(__file__).with_name("job.py")


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

    The rows are those that `newslake run` makes. Nothing is fetched. Call it again after a kill: what is done stays.
    A page that ends two processes is quarantined. Executors need newslake, its model and the store.
    """
    from newslake.pipeline.jobs.workspace import Workspace
    from newslake.pipeline.spark.tasks import rows_version, with_whole_paths

    days = day_range(first, last)
    space = Workspace(with_whole_paths(workspace().settings))  # executors may have another working folder
    version = rows_version(space.settings)  # a missing model stops the backfill before Spark starts
    keys = [space.sources.named(key).key for key in source or ()]
    pages = space.archive.counts_by_day(days[0], days[-1], source_keys=keys)
    if not pages:
        raise ConfigError(f"the archive has no page of {first} to {last}; see `newslake plan`", key="from")
    require_extra("spark")
    from newslake.pipeline.spark.backfill import SparkBackfill, open_session
    from newslake.pipeline.spark.plan import plan_months

    began = time.monotonic()
    total = sum(pages.values())
    with page_progress(quiet=quiet) as progress, open_session(master) as spark:
        progress(f"processing {pluralize(total, 'page')} of {pluralize(len(pages), 'day')} on Spark")
        job = SparkBackfill(space, spark, version=version, report=lambda done: progress.count(done, total))
        months = job.run(plan_months(space.archive, pages, version=version, source_keys=keys))
    articles, seconds = sum(months.values()), time.monotonic() - began
    if as_json:
        print_json({"months": months, "articles": articles, "seconds": seconds})
        return
    line = f"{pluralize(articles, 'article')} of {pluralize(len(months), 'month')} committed in {duration(seconds)}"
    out.print(line, highlight=False)


@spark_app.command("job-file")
def job_file() -> None:
    """Print the path of the file for `spark-submit`, which takes the options of `newslake spark backfill`."""
    print(JOB_FILE)  # noqa: T201 - a path is not wrapped
