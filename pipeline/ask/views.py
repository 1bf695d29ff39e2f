"""What each name in SQL stands for: a table's files, and the cluster columns joined onto the reading tables."""

from pathlib import Path

from pipeline.tables import LOG_TABLES, TableSpec

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


def stored_name(spec: TableSpec) -> str:
    """Return the SQL name of a table as it lies on disk; the view of its own name may have cluster columns, too."""
    return f"{spec.name}_stored" if spec.name in _JOINED else spec.name


def table_files(lake: Path, spec: TableSpec) -> tuple[Path, ...]:
    """Return a table's files, in the order of their days; empty before anything was written."""
    return tuple(sorted(table_dir(lake, spec).glob(f"{spec.partition}=*/*.parquet")))


def table_dir(lake: Path, spec: TableSpec) -> Path:
    """Return the folder of a table: readers' tables under ``tables``, the append-only log under ``log``."""
    return lake / ("log" if spec in LOG_TABLES else "tables") / spec.name
