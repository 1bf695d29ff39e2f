"""Random samples of rows: simple or stratified, reproducible by a seed, whichever files the rows are in."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager

from newslake.pipeline.addons.audit.draw import Population, SamplingDesign, allocate
from newslake.pipeline.errors import ConfigError, did_you_mean
from newslake.pipeline.query.connection import Connection, query
from newslake.pipeline.query.views import stored_name
from newslake.pipeline.tables import TABLE_SPECS
from newslake.pipeline.tables.spec import Row

# The column that numbers the rows of an article, as in the names of `newslake why`.
_INDEX = {"quotes": "quote_index", "entities": "entity_index", "events": "event_index"}
# What the rows of an article may be selected and grouped by, in addition to their columns.
_OF_ARTICLE = ("source_key", "publisher", "domain", "section", "language", "page_type", "model_name")
_ALIASES = {"source": "source_key"}
_EMPTY = "(empty)"
_WITH_ARTICLE = (
    "{table} JOIN (SELECT article_id, revision_id, {columns} FROM articles_stored) USING (article_id, revision_id)"
)
_FIRST_OF_CLUSTER = """\
SELECT * FROM {source} WHERE mention_kind = 'name' AND cluster_index IS NOT NULL
QUALIFY entity_index = min(entity_index) OVER (PARTITION BY article_id, revision_id, cluster_index)"""
_SELECTED = "(SELECT * FROM {source} WHERE {where}\n)"
_ONE_EXPRESSION = "EXPLAIN SELECT [{condition}\n] FROM {source}"  # other brackets than those around it in a query
_POPULATION = "SELECT {name} AS row_name, {stratum} AS stratum, * FROM {source} WHERE {conditions}"
_NAMED = (
    "SELECT {name} AS row_name, * FROM {stored} WHERE {name} IN (SELECT unnest(getvariable('audit_names')::VARCHAR[]))"
)


def sample_rows(
    connection: Connection, population: Population, design: SamplingDesign, *, excluded: Collection[str]
) -> tuple[dict[str, int], dict[str, str]]:
    """Return the size of each stratum, and the stratum of each row of a sample, in random order.

    The sample is random and without replacement in each stratum; ``allocate`` says how many rows each has. A row has
    the same place in the order of a seed in every lake. The articles ``excluded`` are not in the population.

    Raises: ConfigError for a column or a condition that DuckDB rejects.
    """
    rows = population_sql(connection, population, by=design.by, excluded=excluded)
    connection.execute("SET VARIABLE audit_seed = ?", [design.seed])
    with explain_errors("--where"):
        counted = query(connection, _SIZES.format(rows=rows)).rows
    sizes = {str(stratum): int(str(size)) for stratum, size in counted}
    allocated = allocate(sizes, design.count)
    for name, values in {"strata": list(allocated), "counts": list(allocated.values())}.items():
        connection.execute(f"SET VARIABLE audit_{name} = ?", [values])
    drawn = query(connection, _SAMPLE.format(rows=rows)).rows if sizes else ()
    return sizes, {str(name): str(stratum) for name, stratum in drawn}


@contextmanager
def explain_errors(options: str) -> Iterator[None]:
    """Name the options whose SQL DuckDB rejects, without the query around it. Raises: ConfigError."""
    try:
        yield
    except ConfigError as error:
        message = str(error).removeprefix("sql: ").partition("\n")[0]
        raise ConfigError(f"{options}: {message}", key=options, reason="bad_sql") from error


def check_condition(connection: Connection, condition: str, *, source: str, option: str) -> None:
    """Check that an SQL text is one expression on the rows of ``source``.

    A text that ends the brackets around it would change the query. Raises: ConfigError naming the option.
    """
    with explain_errors(option):
        query(connection, _ONE_EXPRESSION.format(condition=condition, source=source))


_SIZES = "SELECT stratum, count(*) FROM ({rows}) GROUP BY stratum ORDER BY stratum"
_SAMPLE = """\
WITH allocated AS (
  SELECT unnest(getvariable('audit_strata')) AS stratum, unnest(getvariable('audit_counts')) AS drawn
), placed AS (
  SELECT row_name, stratum, sha256(getvariable('audit_seed') || chr(10) || row_name) AS place FROM ({rows})
)
SELECT row_name, stratum FROM placed JOIN allocated USING (stratum)
QUALIFY row_number() OVER (PARTITION BY stratum ORDER BY place) <= drawn
ORDER BY place"""


def population_sql(connection: Connection, population: Population, *, by: str, excluded: Collection[str]) -> str:
    """Return a query of the rows of a population with their ``row_name`` and ``stratum``, for this connection.

    Raises: ConfigError for an unknown column, or clusters of a table that has none.
    """
    table = population.table
    for variable, value in {"excluded": sorted(excluded), "language": population.language}.items():
        connection.execute(f"SET VARIABLE audit_{variable} = ?", [value])
    name = row_name_sql(table)
    source = "articles" if table == "articles" else _WITH_ARTICLE.format(table=table, columns=", ".join(_OF_ARTICLE))
    conditions = ["article_id NOT IN (SELECT unnest(getvariable('audit_excluded')::VARCHAR[]))"]
    if population.language is not None:
        conditions.append("language = getvariable('audit_language')")
    if population.is_per_cluster:
        if table != "entities":
            raise ConfigError(f"only entities have clusters of mentions, {table} have none", key="per_cluster")
        source = f"({_FIRST_OF_CLUSTER.format(source=source)})"
    if population.where is not None:
        check_condition(connection, population.where, source=source, option="--where")
        source = _SELECTED.format(source=source, where=population.where)
    stratum = f"coalesce(CAST({_column(table, by)} AS VARCHAR), '{_EMPTY}')" if by else "''"
    return _POPULATION.format(name=name, stratum=stratum, source=source, conditions=" AND ".join(conditions))


def _column(table: str, by: str) -> str:
    """Return a column as SQL. Raises: ConfigError for an unknown one."""
    name = _ALIASES.get(by, by)
    known = [*_ALIASES, *TABLE_SPECS[table].schema.names, *(() if table == "articles" else _OF_ARTICLE)]
    if name not in known or name in _ALIASES:
        raise ConfigError(f"{table} have no column {by!r} to group by: {did_you_mean(by, known)}", key="by")
    return f'"{name}"'


def row_name_sql(table: str) -> str:
    """Return the name of a row, as in `newslake why`, as SQL."""
    return "article_id" if table == "articles" else f"article_id || ':{table}:' || {_INDEX[table]}"


def rows_named(connection: Connection, table: str, names: Iterable[str]) -> Mapping[str, Row]:
    """Return the rows of a table with these names. Those that the lake no longer has are left out."""
    connection.execute("SET VARIABLE audit_names = ?", [sorted(names)])
    rows = query(connection, _NAMED.format(name=row_name_sql(table), stored=stored_name(TABLE_SPECS[table])))
    return {str(row["row_name"]): row for row in rows.records()}
