"""What each name in SQL stands for: a table's files, and the cluster columns joined onto the reading tables."""

from collections.abc import Iterator
from pathlib import Path
from string import Template

import duckdb

from pipeline.tables import LOG_TABLES, TABLES, TableSpec

# What a cluster table adds to a reading table. A cluster row of an earlier content says nothing about the present one:
# the join is on both ids. Before an article is related, it and its rows are their own.
_JOINED = {
    "articles": """\
CREATE OR REPLACE VIEW articles AS
SELECT a.*, coalesce(c.dup_group_id, a.article_id) AS dup_group_id, coalesce(c.is_copy, false) AS is_copy
FROM articles_stored a LEFT JOIN (SELECT article_id, revision_id, dup_group_id, is_copy FROM copies) c
USING (article_id, revision_id);
""",
    "quotes": """\
CREATE OR REPLACE VIEW quotes AS
SELECT q.*, coalesce(g.quote_group_id, q.article_id || ':' || q.quote_index) AS quote_group_id
FROM quotes_stored q LEFT JOIN (SELECT article_id, revision_id, quote_index, quote_group_id FROM quote_groups) g
USING (article_id, revision_id, quote_index);
""",
    "events": """\
CREATE OR REPLACE VIEW events AS
SELECT e.*, coalesce(r.event_cluster_id, e.article_id || ':' || e.same_event_index) AS event_cluster_id
FROM events_stored e LEFT JOIN (SELECT article_id, revision_id, event_index, event_cluster_id FROM event_reports) r
USING (article_id, revision_id, event_index);
""",
}
JOINED_VIEWS = "".join(_JOINED.values())
_OVER_FILES = Template("""\
SELECT * FROM read_parquet('$files', hive_partitioning = true,
  hive_types = {'$partition': DATE}, union_by_name = true)""")


def stored_name(spec: TableSpec) -> str:
    """Return the SQL name of a table as it lies on disk; the view of its own name may have cluster columns, too."""
    return f"{spec.name}_stored" if spec.name in _JOINED else spec.name


def table_files(lake: Path, spec: TableSpec) -> tuple[Path, ...]:
    """Return a table's files, in the order of their days; empty before anything was written."""
    return tuple(sorted(table_dir(lake, spec).glob(f"{spec.partition}=*/*.parquet")))


def table_dir(lake: Path, spec: TableSpec) -> Path:
    """Return the folder of a table: readers' tables under ``tables``, the append-only log under ``log``."""
    return lake / ("log" if spec in LOG_TABLES else "tables") / spec.name


def views_sql(lake: Path) -> str:
    """Return DuckDB statements that open the tables of ``lake`` in any DuckDB, each a view.

    A table without files gives an empty view with the contract's columns; write the text anew after its first rows.
    """
    return "\n".join(("SET TimeZone = 'UTC';", *_statements(lake.resolve()), JOINED_VIEWS))


def _statements(lake: Path) -> Iterator[str]:
    for spec in TABLES:
        body = _over_files(lake, spec) if table_files(lake, spec) else _without_files(spec)
        yield f"CREATE OR REPLACE VIEW {stored_name(spec)} AS\n{body};"


def _over_files(lake: Path, spec: TableSpec) -> str:
    files = f"{_literal_glob(table_dir(lake, spec))}/{spec.partition}=*/*.parquet".replace("'", "''")
    return _OVER_FILES.substitute(files=files, partition=spec.partition)


def _literal_glob(folder: Path) -> str:
    return "".join(f"[{char}]" if char in "*?[" else char for char in str(folder))


def _without_files(spec: TableSpec) -> str:
    with duckdb.connect(":memory:") as scratch:
        scratch.register("arrow", spec.schema.empty_table())
        described = scratch.execute("SELECT column_name, column_type FROM (DESCRIBE arrow)").fetchall()
    columns = ", ".join(f"NULL::{kind} AS {name}" for name, kind in (*described, (spec.partition, "DATE")))
    return f"SELECT {columns} WHERE false"
