"""SQL views of the lake: one view per table over its files; article tables also have the cluster columns."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from string import Template

import pyarrow as pa

from newslake.pipeline.lake import check_layout
from newslake.pipeline.tables import LOG_TABLES, TABLE_SPECS, TABLES, Column, TableSpec

# The columns that a cluster table adds to a table. The join uses both ids, because a cluster row of an earlier revision
# does not apply to the current one. Most articles, and those not clustered yet, are their own group: only the few rows
# that differ are joined. They are grouped by the keys of the join, so that DuckDB can skip the join if its columns are
# not selected. It skips the first of two such joins, so that of the larger table comes first. After two joins,
# ClickHouse would name the columns of ``q.*`` "q.article_id" and so on.
_CLUSTER_VIEWS = {
    "articles": """\
CREATE OR REPLACE VIEW articles AS
SELECT a.*, coalesce(c.dup_group_id, a.article_id) AS dup_group_id, coalesce(c.is_duplicate, false) AS is_duplicate
FROM articles_stored a LEFT JOIN (
  SELECT article_id, revision_id, min(dup_group_id) AS dup_group_id, true AS is_duplicate
  FROM near_duplicates WHERE is_duplicate GROUP BY article_id, revision_id
) c USING (article_id, revision_id);
""",
    "entities": """\
CREATE OR REPLACE VIEW entities AS
SELECT e.*, coalesce(p.person_id, CASE WHEN e.entity_type = 'PERSON' THEN e.entity_id END) AS person_id,
  coalesce(p.person_name, CASE WHEN e.entity_type = 'PERSON' THEN e.entity_name END) AS person_name
FROM entities_stored e LEFT JOIN (
  SELECT article_id, revision_id, cluster_index, min(person_id) AS person_id, min(person_name) AS person_name
  FROM person_links GROUP BY article_id, revision_id, cluster_index
) p USING (article_id, revision_id, cluster_index);
""",
    "quotes": Template("""\
CREATE OR REPLACE VIEW quotes AS
SELECT $columns, coalesce(g.quote_cluster_id, q.article_id || ':' || q.quote_index) AS quote_cluster_id,
  g.quote_cluster_id IS NOT NULL AS is_repeat,
  coalesce(p.person_id, CASE WHEN q.speaker_kind = 'person' THEN q.speaker_entity_id END) AS speaker_person_id,
  coalesce(p.person_name, CASE WHEN q.speaker_kind = 'person' THEN q.speaker_name END) AS speaker_person_name
FROM quotes_stored q
LEFT JOIN (
  SELECT article_id, revision_id, quote_index, min(quote_cluster_id) AS quote_cluster_id
  FROM quote_clusters WHERE quote_cluster_id <> article_id || ':' || quote_index
  GROUP BY article_id, revision_id, quote_index
) g ON g.article_id = q.article_id AND g.revision_id = q.revision_id AND g.quote_index = q.quote_index
LEFT JOIN (
  SELECT article_id, revision_id, cluster_index, min(person_id) AS person_id, min(person_name) AS person_name
  FROM person_links GROUP BY article_id, revision_id, cluster_index
) p ON p.article_id = q.article_id AND p.revision_id = q.revision_id AND p.cluster_index = q.speaker_cluster_index;
""").substitute(columns=", ".join(f"q.{name}" for name in TABLE_SPECS["quotes"].file_schema.names)),
    "events": """\
CREATE OR REPLACE VIEW events AS
SELECT e.*, coalesce(r.event_cluster_id, e.article_id || ':' || e.coref_event_index) AS event_cluster_id
FROM events_stored e LEFT JOIN (
  SELECT article_id, revision_id, event_index, min(event_cluster_id) AS event_cluster_id
  FROM event_cluster_members WHERE event_cluster_id <> article_id || ':' || event_index
  GROUP BY article_id, revision_id, event_index
) r USING (article_id, revision_id, event_index);
""",
}
# One row per outlet: its key, or without a key its publisher, and the name that most of its articles have.
_OUTLETS_VIEW = """\
CREATE OR REPLACE VIEW outlets AS
SELECT outlet, coalesce(publisher, outlet) AS publisher, articles
FROM (
  SELECT
    outlet, publisher,
    CAST(sum(named) OVER (PARTITION BY outlet) AS BIGINT) AS articles,
    row_number() OVER (
      PARTITION BY outlet ORDER BY CASE WHEN publisher IS NULL THEN 1 ELSE 0 END, named DESC, publisher
    ) AS place
  FROM (
    SELECT coalesce(outlet_key, publisher) AS outlet, publisher, count(*) AS named
    FROM articles_stored
    GROUP BY coalesce(outlet_key, publisher), publisher
  ) AS spellings
) AS ranked
WHERE place = 1 AND outlet IS NOT NULL;
"""
# One row per event of an article: the row of its first mention, by a join, which all engines write alike.
_ARTICLE_EVENTS_VIEW = Template("""\
CREATE OR REPLACE VIEW article_events AS
SELECT $columns, e.published_date, e.event_cluster_id, m.salience, m.confidence, m.mention_count, m.mention_indexes
FROM events e JOIN (
  SELECT
    article_id, revision_id, coref_event_index, max(salience) AS salience, max(confidence) AS confidence,
    count(*) AS mention_count, array_agg(event_index ORDER BY event_index) AS mention_indexes
  FROM events_stored GROUP BY article_id, revision_id, coref_event_index
) m ON m.article_id = e.article_id AND m.revision_id = e.revision_id AND m.coref_event_index = e.event_index;
""").substitute(
    columns=", ".join(
        f"e.{column.name}" for column in TABLE_SPECS["events"].columns if column.name not in ("salience", "confidence")
    )
)
CLUSTER_VIEWS = "".join((*_CLUSTER_VIEWS.values(), _OUTLETS_VIEW, _ARTICLE_EVENTS_VIEW))
# The table co_mentions has no source_key: for one source, pairs are counted from its mentions.
_CO_MENTIONS_OF_SOURCE = """\
CREATE OR REPLACE VIEW co_mentions AS
WITH people AS (
  SELECT e.published_date, e.article_id, e.sentence_index, e.person_id AS entity_id, e.person_name AS entity_name
  FROM entities e JOIN articles a USING (article_id, revision_id)
  WHERE e.person_id IS NOT NULL AND NOT a.is_duplicate
), names AS (
  SELECT published_date, entity_id, arg_max(entity_name, (length(entity_name), entity_name)) AS entity_name
  FROM people GROUP BY published_date, entity_id
), named AS (
  SELECT DISTINCT published_date, article_id, sentence_index, entity_id FROM people
), pairs AS (
  SELECT p.published_date, p.entity_id, q.entity_id AS other_entity_id, count(DISTINCT p.article_id) AS article_count
  FROM named p JOIN named q USING (published_date, article_id, sentence_index)
  WHERE p.entity_id < q.entity_id
  GROUP BY p.published_date, p.entity_id, q.entity_id
)
SELECT p.entity_id, p.other_entity_id, m.entity_name, n.entity_name AS other_entity_name,
  p.article_count::INTEGER AS article_count, p.published_date
FROM pairs p
JOIN names m ON m.published_date = p.published_date AND m.entity_id = p.entity_id
JOIN names n ON n.published_date = p.published_date AND n.entity_id = p.other_entity_id;
"""
SCHEME = "lake"  # of file names in SQL


@dataclass(frozen=True, slots=True)
class TableScan:
    """What is known about the files of a table: whether all have the columns of the contract, and their rows."""

    is_current: bool = False
    rows: int | None = None


def stored_name(spec: TableSpec) -> str:
    """Return the SQL name of a table as stored, without cluster columns."""
    return f"{spec.name}_stored" if spec.name in _CLUSTER_VIEWS else spec.name


def table_name(spec: TableSpec) -> str:
    """Return the file name with which SQL reads all files of a table."""
    return f"{SCHEME}://{spec.name}"


def table_files(lake: Path, spec: TableSpec) -> tuple[Path, ...]:
    """Return a table's public files by day; empty before the first rows are written.

    Raises: LakeError (day_layout) for a lake of an earlier version.
    """
    check_layout(lake)
    return tuple(sorted(table_dir(lake, spec).glob(f"{spec.month_column}=*/*.parquet")))


def table_dir(lake: Path, spec: TableSpec) -> Path:
    """Return the folder of a table: the append-only log under ``log``, all others under ``tables``."""
    return lake / ("log" if spec in LOG_TABLES else "tables") / spec.name


def scan_sql(files: str, spec: TableSpec, scan: TableScan) -> str:
    """Return the call of a DuckDB function for all rows of a table. ``files`` is a pattern, escaped for single quotes.

    DuckDB takes the columns from the first file. That is cheap, but fails if a file is older than a column, so then the
    call states each column: a column that a file lacks is null. ``union_by_name`` would open all files to learn that.
    The month in the path is not a column.
    """
    options = ["hive_partitioning = false"]
    if not scan.is_current:
        options.append(f"schema = MAP {{{', '.join(_column_entries(spec))}}}")
    if scan.rows is not None:  # DuckDB would guess from one file, and may then join in a bad order
        options.append(f"explicit_cardinality = {scan.rows}")
    return f"read_parquet('{files}', {', '.join(options)})"


def _column_entries(spec: TableSpec) -> Iterator[str]:
    for column in spec.file_columns:
        kind = DUCKDB_TYPES.of(column.type)
        yield f"'{column.name}': {{name: '{column.name}', type: '{kind}', default_value: NULL}}"


def lake_views(scans: Mapping[str, TableScan], *, since: date | None, until: date | None, source: str | None) -> str:
    """Return DuckDB statements that create one view per table over its files; ``scans`` are by table.

    The views filter by published day, outcomes by news day, and by ``source``.
    """
    statements = []
    for spec in TABLES:
        scan = scan_sql(table_name(spec), spec, scans[spec.name])
        conditions = " AND ".join(_row_conditions(spec, since=since, until=until, source=source))
        statements.append(f"CREATE VIEW {stored_name(spec)} AS FROM {scan}{conditions and f' WHERE {conditions}'};")
    return "\n".join((*statements, CLUSTER_VIEWS, "" if source is None else _CO_MENTIONS_OF_SOURCE))


def _row_conditions(spec: TableSpec, *, since: date | None, until: date | None, source: str | None) -> Iterator[str]:
    """Yield the conditions on rows of a table. They may refer to earlier tables."""
    columns = spec.schema.names
    # The files are selected by day already, but the file of a closed month has all days of the month.
    day = "news_day" if "news_day" in columns else "" if spec in LOG_TABLES else spec.day_column
    if day:
        yield from (f"{day} >= DATE '{first}'" for first in (since,) if first)
        yield from (f"{day} <= DATE '{last}'" for last in (until,) if last)
    if source is None:
        return
    if "source_key" in columns:
        yield f"source_key = {_sql_literal(source)}"
    elif (
        spec.name == "event_clusters"
    ):  # its article_id is that of the fullest report, which may be from another source
        yield "event_cluster_id IN (SELECT event_cluster_id FROM event_cluster_members)"
    elif "article_id" in columns:
        yield "article_id IN (SELECT article_id FROM articles_stored)"


def _sql_literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


# Names of the contract's types in SQL.


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeNames:
    """Names of an engine's types. ``a_field`` is one field of a struct."""

    text: str = "STRING"
    whole: str = "INT"
    real: str = "DOUBLE"
    truth: str = "BOOLEAN"
    time: str = "TIMESTAMP"
    day: str = "DATE"
    a_list: str = "ARRAY<{}>"
    a_struct: str = "STRUCT<{}>"
    a_field: str = "{} {}"
    nullable: str = "{}"

    def of(self, kind: pa.DataType) -> str:
        """Return the engine's name for an Arrow type of the contract. Raises: KeyError for an unknown type."""
        if pa.types.is_list(kind):
            return self.a_list.format(self.of(kind.value_type))
        if pa.types.is_struct(kind):
            return self.a_struct.format(", ".join(self.a_field.format(part.name, self.of(part.type)) for part in kind))
        names = {
            pa.string(): self.text,
            pa.int32(): self.whole,
            pa.float64(): self.real,
            pa.bool_(): self.truth,
            pa.timestamp("us", tz="UTC"): self.time,
            pa.date32(): self.day,
        }
        return names[kind]

    def column(self, column: Column) -> str:
        """Return ``name TYPE``."""
        kind = self.of(column.type)
        may_be_null = column.nullable and not pa.types.is_nested(column.type)
        return f"{column.name} {self.nullable.format(kind) if may_be_null else kind}"


DUCKDB_TYPES = TypeNames(text="VARCHAR", time="TIMESTAMP WITH TIME ZONE", a_list="{}[]", a_struct="STRUCT({})")
