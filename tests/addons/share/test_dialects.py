"""Questions in other engines' SQL, as text; their answers are tested in tests/engines."""

import pytest
import sqlglot
from sqlglot import exp

from newslake.pipeline.addons.share.dialects import DIALECTS, transpile
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.query.saved_queries import list_questions

QUESTIONS = {question.slug: question.sql for question in list_questions()}
# Functions that sqlglot does not change, by the dialect that has them.
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
def test_translation_is_the_engines_sql(slug, engine):
    """The translation is one query that the engine's parser accepts, without functions that only DuckDB has."""
    (tree,) = sqlglot.parse(transpile(QUESTIONS[slug], engine), read=DIALECTS[engine])

    assert isinstance(tree, exp.Query)
    assert {call.name for call in tree.find_all(exp.Anonymous)} <= OWN_FUNCTIONS[engine]


@pytest.mark.parametrize("dialect", STRICT)
@pytest.mark.parametrize("slug", QUESTIONS)
def test_ansi_translation_parses_in_strict_dialects(slug, dialect):
    """The parsers of strict dialects accept the translation to standard SQL."""
    (tree,) = sqlglot.parse(transpile(QUESTIONS[slug], "ansi"), read=dialect)

    assert isinstance(tree, exp.Query)


def test_ansi_translation_has_no_extensions():
    """Extensions are expanded: QUALIFY, GROUP BY ALL, arg_max, medians, conditions as numbers, casts."""
    written = transpile(
        "SELECT a, arg_max(b, (c, d)), median(e), avg((e > 1)::INT) FROM t GROUP BY ALL "
        "QUALIFY row_number() OVER (ORDER BY a) = 1",
        "ansi",
    )

    comforts = ("QUALIFY", "GROUP BY ALL", "ARG_MAX", "MEDIAN", "::", "AS INT")
    assert [comfort for comfort in comforts if comfort in written] == []


def test_options_become_values():
    """An option is its given value in the translation, quoted, or null without a value."""
    sql = "SELECT 1 WHERE x = getvariable('who') AND y IS DISTINCT FROM getvariable('what')"

    written = transpile(sql, "trino", given={"who": "O'Neill"})

    assert "x = 'O''Neill'" in written
    assert "y IS DISTINCT FROM CAST(NULL AS VARCHAR)" in written


def test_unknown_engine_is_refused_with_the_known_ones():
    """The error for an unknown engine lists the engines."""
    with pytest.raises(ConfigError, match=r"unknown engine 'oracle'; use one of ansi, athena, "):
        transpile("SELECT 1", "oracle")


def test_invalid_sql_is_refused():
    """Invalid SQL has no translation, and the message says where the error is."""
    with pytest.raises(ConfigError, match="cannot translate the SQL to trino: "):
        transpile("SELECT FROM WHERE", "trino")
