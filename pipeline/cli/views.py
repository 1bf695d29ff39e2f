"""`newslake views`: the tables in another engine."""

import sys
from typing import Annotated

import typer

from pipeline.cli.output import workspace


def views(
    engine: Annotated[str, typer.Argument(help="duckdb, clickhouse, datafusion, polars, spark, trino, ...")] = "duckdb",
    at: Annotated[
        str | None, typer.Option(help="Where the engine finds the lake, if elsewhere, e.g. s3://bucket/lake.")
    ] = None,
) -> None:
    """Print the statements that open the tables in an engine, with the views that the saved questions read."""
    from pipeline.query.engine_ddl import views_sql

    sys.stdout.write(views_sql(workspace().settings.lake_dir, engine, at=at))
