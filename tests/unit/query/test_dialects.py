"""Questions in other engines' SQL, as text; what they answer there is in tests/engines."""

import pytest
import sqlglot
from sqlglot import exp

from pipeline.errors import ConfigError
from pipeline.query import list_questions
from pipeline.query.dialects import DIALECTS, transpile

QUESTIONS = {question.slug: question.sql for question in list_questions()}
# Functions that sqlglot leaves as they are, by the dialect that has them.
OWN_FUNCTIONS = {
    "ansi": {"PERCENTILE_CONT", "ROUND"},
    "athena": {"ROW", "APPROX_PERCENTILE"},
    "bigquery": {"UNIX_MICROS", "APPROX_QUANTILES"},
    "clickhouse": {
        *("quantileExactInclusive", "arrayStringConcat", "substringUTF8", "toUnixTimestamp64Micro", "splitByString"),
    },
    "datafusion": {"PERCENTILE_CONT", "ROUND", "FIRST_VALUE"},
    "duckdb": set(),
    "polars": {"QUANTILE_CONT", "ROUND", "STRPOS"},
    "spark": {"PERCENTILE", "UNIX_MICROS"},
    "trino": {"ROW", "APPROX_PERCENTILE"},
}
STRICT = ("postgres", "trino", "bigquery", "snowflake", "spark", "oracle")


@pytest.mark.parametrize("engine", DIALECTS)
@pytest.mark.parametrize("slug", QUESTIONS)
def test_twin_is_the_engines_sql(slug, engine):
    """The twin is one query that the engine's parser reads, without a function that is DuckDB's alone."""
    (tree,) = sqlglot.parse(transpile(QUESTIONS[slug], engine), read=DIALECTS[engine])

    assert isinstance(tree, exp.Query)
    assert {call.name for call in tree.find_all(exp.Anonymous)} <= OWN_FUNCTIONS[engine]


@pytest.mark.parametrize("dialect", STRICT)
@pytest.mark.parametrize("slug", QUESTIONS)
def test_ansi_twin_parses_in_strict_dialects(slug, dialect):
    """The text in the standard's words is read by the parsers of dialects that know little else."""
    (tree,) = sqlglot.parse(transpile(QUESTIONS[slug], "ansi"), read=dialect)

    assert isinstance(tree, exp.Query)


def test_ansi_twin_has_no_comforts():
    """What the standard lacks is written out: QUALIFY, GROUP BY ALL, arg_max, medians, conditions as numbers, casts."""
    written = transpile(
        "SELECT a, arg_max(b, (c, d)), median(e), avg((e > 1)::INT) FROM t GROUP BY ALL "
        "QUALIFY row_number() OVER (ORDER BY a) = 1",
        "ansi",
    )

    comforts = ("QUALIFY", "GROUP BY ALL", "ARG_MAX", "MEDIAN", "::", "AS INT")
    assert [comfort for comfort in comforts if comfort in written] == []


def test_options_become_values():
    """An option stands in the twin as the value given for it, quoted, and as null where none was."""
    sql = "SELECT 1 WHERE x = getvariable('who') AND y IS DISTINCT FROM getvariable('what')"

    written = transpile(sql, "trino", given={"who": "O'Neill"})

    assert "x = 'O''Neill'" in written
    assert "y IS DISTINCT FROM CAST(NULL AS VARCHAR)" in written


def test_unknown_engine_is_named_with_the_known():
    """A wrong engine is a wrong call, with the list of engines."""
    with pytest.raises(ConfigError, match=r"unknown engine 'oracle'; known are ansi, athena, "):
        transpile("SELECT 1", "oracle")


def test_sql_that_is_none_is_a_wrong_call():
    """What cannot be read has no twin, and the message says where."""
    with pytest.raises(ConfigError, match="no twin for trino: "):
        transpile("SELECT FROM WHERE", "trino")
