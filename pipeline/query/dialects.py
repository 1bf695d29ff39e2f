"""Transpile a question to another engine's SQL: sqlglot writes it; rewrites add what sqlglot does not know.

A question is DuckDB's SQL. Its translation gives the same rows in the same order: where engines mean different things
by a word (rounding, medians, characters against bytes, an outer join's nulls), it says what DuckDB means by it.
"""

from collections.abc import Mapping

from sqlglot import ErrorLevel, exp, parse_one
from sqlglot.dialects.dialect import Dialect
from sqlglot.dialects.postgres import Postgres
from sqlglot.errors import SqlglotError
from sqlglot.generators.postgres import PostgresGenerator

from pipeline.errors import ConfigError
from pipeline.query import rewrites as r


class _AnsiGenerator(PostgresGenerator):
    SINGLE_STRING_INTERVAL = False

    def ordered_sql(self, expression: exp.Ordered) -> str:
        way = "DESC" if expression.args.get("desc") else "ASC"
        return f"{self.sql(expression, 'this')} {way} NULLS {'FIRST' if expression.args.get('nulls_first') else 'LAST'}"


class Ansi(Postgres):
    """The standard's words as far as it has them. Where nulls stand is always said, for the standard leaves it open."""

    Generator = _AnsiGenerator


# By engine, the dialect in which sqlglot writes. Athena's queries are Trino's.
DIALECTS: Mapping[str, str | type[Dialect]] = {
    "ansi": Ansi,
    "athena": "trino",
    "bigquery": "bigquery",
    "clickhouse": "clickhouse",
    "datafusion": "postgres",
    "duckdb": "duckdb",
    "polars": "postgres",
    "spark": "spark",
    "trino": "trino",
}
# Unless told, ClickHouse fills an outer join with zeros, and an alias hides the column of its name.
_CLICKHOUSE_SETTINGS = "\nSETTINGS join_use_nulls = 1, prefer_column_name_to_alias = 1"

# Fewer words, which every engine knows or of which an engine has one form.
_COMMON_REWRITES: r.Rewrites = {
    exp.Select: r.plain_select,
    exp.Median: r.normalize_percentile,
    exp.WithinGroup: r.normalize_percentile,
    exp.Extract: r.normalize_epoch,
    exp.IgnoreNulls: r.drop_ignore_nulls,
}
_TRINO: r.Rewrites = {
    exp.Contains: r.contains_as_position,
    exp.ArgMax: r.arg_max_as_max_by("ROW"),
    exp.ArgMin: r.arg_max_as_max_by("ROW"),
    exp.PercentileCont: r.approximate_percentile,
}
_REWRITES: Mapping[str, r.Rewrites] = {
    "ansi": {
        exp.ArgMax: r.arg_max_as_array,
        exp.ArgMin: r.arg_max_as_array,
        exp.Cast: r.condition_to_integer,
        exp.Contains: r.contains_as_position,
        exp.PercentileCont: r.percentile_within_group,
        exp.Round: r.call_named("ROUND", "this", "decimals"),
        exp.TimeToUnix: r.extract_epoch,
    },
    "athena": _TRINO,
    "bigquery": {
        exp.ArgMax: r.arg_max_as_bigquery_array,
        exp.ArgMin: r.arg_max_as_bigquery_array,
        exp.Contains: r.contains_as_position,
        exp.DPipe: r.concat_as_text,
        exp.SplitPart: r.split_at_offset,
        exp.PercentileCont: r.percentile_of_hundred,
        exp.TimestampTrunc: r.date_trunc,
        exp.TimeToUnix: r.epoch_by_units("UNIX_MICROS", 1_000_000),
    },
    "clickhouse": {
        exp.Cast: r.wide_date,
        exp.ArrayToString: r.call_named("arrayStringConcat", "this", "expression"),
        exp.PercentileCont: r.percentile_with_parameter("quantileExactInclusive"),
        exp.Round: r.round_half_up,
        exp.Select: r.name_columns,
        exp.SplitPart: r.split_by_string,
        exp.Substring: r.call_named("substringUTF8", "this", "start", "length"),
        exp.TimeToUnix: r.epoch_by_units("toUnixTimestamp64Micro", 1_000_000),
    },
    "datafusion": {
        exp.ArgMax: r.arg_max_as_first_value,
        exp.ArgMin: r.arg_max_as_first_value,
        exp.PercentileCont: r.percentile_within_group,
        exp.Round: r.call_named("ROUND", "this", "decimals"),
    },
    "polars": {
        exp.AnyValue: r.any_value_as_max,
        exp.ArgMax: r.arg_max_as_array,
        exp.ArgMin: r.arg_max_as_array,
        exp.Contains: r.contains_as_position,
        exp.DateDiff: r.days_by_seconds,
        exp.PercentileCont: r.call_named("QUANTILE_CONT", "this", "expression"),
        exp.Round: r.round_twice,
        exp.Sum: r.wide_sum,
        exp.TimeToUnix: r.extract_epoch,
    },
    "spark": {
        exp.ArgMax: r.arg_max_as_max_by("STRUCT"),
        exp.ArgMin: r.arg_max_as_max_by("STRUCT"),
        exp.PercentileCont: r.call_named("PERCENTILE", "this", "expression"),
        exp.Round: r.round_half_up,
        exp.TimeToUnix: r.epoch_by_units("UNIX_MICROS", 1_000_000),
    },
    "trino": _TRINO,
}


def transpile(sql: str, engine: str, *, given: Mapping[str, str] | None = None) -> str:
    """Return a DuckDB query in the SQL of ``engine``, one of ``DIALECTS``, with the values ``given`` for its options.

    Raises: ConfigError for an unknown engine, and for SQL that cannot be translated.
    """
    check_engine(engine)
    try:
        tree = r.rewrite_tree(parse_one(sql, read="duckdb"), {exp.Anonymous: r.inline_option(given or {})})
        if engine != "duckdb":
            tree = r.rewrite_tree(r.rewrite_tree(tree, _COMMON_REWRITES), _REWRITES[engine])
        text = tree.sql(DIALECTS[engine], pretty=True, unsupported_level=ErrorLevel.RAISE)
    except SqlglotError as error:
        raise ConfigError(f"no twin for {engine}: {error}", key=engine, reason="bad_sql") from error
    return text + _CLICKHOUSE_SETTINGS if engine == "clickhouse" else text


def check_engine(engine: str) -> None:
    """Raise ConfigError with the list of engines for one that is not among them."""
    if engine not in DIALECTS:
        raise ConfigError(f"unknown engine {engine!r}; known are {', '.join(DIALECTS)}", key=engine)
