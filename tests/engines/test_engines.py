"""The code of docs/addons/engines.md: every engine has the same tables, cell by cell, and the same answers in order."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from newslake.pipeline.addons.share.dialects import DIALECTS, transpile
from newslake.pipeline.query.connection import connect, query
from newslake.pipeline.query.saved_queries import list_questions
from newslake.pipeline.query.views import stored_name, table_files
from newslake.pipeline.tables import TABLES, TableSpec
from samples.answers import replay_newsroom
from samples.examples import example_rows
from scripts.table_docs import EXAMPLES_FILE
from tests.engines.engine_answers import PAGE, SECTIONS, PageAnswers, Rows, plain
from tests.engines.lakes import DAYS, stored_rows, write_odd_lake

LAKES = ("sample", "odd")
# Lakes with the rows of "odd": in files of closed months only, and in files that lack columns.
SAME_ROWS = ("closed", "older")
QUESTIONS = {question.slug: question.sql for question in list_questions()}
SPECS = {spec.name: spec for spec in TABLES}
# Functions with different semantics per engine, each in a statement on the odd lake.
WORDS = {
    "round": "SELECT event_index, round(confidence, 3) AS a, round(confidence, 1) AS b, round(-confidence) AS c "
    "FROM events WHERE confidence < 1e9 ORDER BY event_index",
    "median": "SELECT publisher, median(word_count) AS a, quantile_cont(word_count, 0.25) AS b, "
    "percentile_cont(0.75) WITHIN GROUP (ORDER BY entity_count) AS c FROM articles GROUP BY 1 ORDER BY 1 NULLS LAST",
    "arg_max": "SELECT publisher, arg_max(title, (word_count, article_id)) AS a, arg_min(section, article_id) AS b, "
    "arg_max(wire_agency, (entity_count IS NULL, article_id)) AS c FROM articles GROUP BY ALL ORDER BY publisher",
    "characters": "SELECT article_id, substring(text, 2, 3) AS a, length(text) AS b, text || ':' || word_count AS c, "
    "lower(publisher) AS d, contains(text, 'é') AS e, split_part(content_hash, ' ', 2) AS f "
    "FROM articles ORDER BY article_id",
    "names": "WITH sums AS (SELECT a.publisher, q.quote_index, q.word_count AS words FROM quotes q "
    "JOIN articles a ON a.article_id = q.article_id AND a.revision_id = q.revision_id) "
    "SELECT s.publisher, CAST(sum(s.words) AS BIGINT) AS words, max(s.quote_index) AS quote_index FROM sums s "
    "JOIN quotes q ON q.quote_index = s.quote_index GROUP BY s.publisher ORDER BY words DESC, s.publisher",
    "times": "SELECT article_id, round(epoch(published_at), 2) AS a, "
    "floor(extract(epoch FROM fetched_at))::BIGINT AS b, date_trunc('week', published_date)::DATE AS c, "
    "date_trunc('month', published_at)::DATE AS d, date_diff('day', published_date, fetched_at::DATE) AS e, "
    "(published_date + INTERVAL 7 DAY)::DATE AS f FROM articles ORDER BY article_id",
    "nulls": "SELECT title, section, count(*) AS n FROM articles GROUP BY 1, 2 ORDER BY title DESC, section, n",
    "outer join": "SELECT a.article_id, q.quote_index, q.speaker_name, q.is_closed FROM articles a "
    "LEFT JOIN quotes q USING (article_id, revision_id) ORDER BY a.article_id, q.quote_index",
    "sums": "SELECT publisher, sum(word_count)::BIGINT AS a, avg(word_count) AS b, sum(word_count) / count(*) AS c, "
    "count(*) FILTER (WHERE is_paywalled) AS d, avg((section = 'plain')::INT) AS e, count(DISTINCT section) AS f "
    "FROM articles GROUP BY publisher ORDER BY publisher",
    "qualify": "WITH firsts AS (SELECT * FROM quotes QUALIFY row_number() OVER "
    "(PARTITION BY article_id ORDER BY word_count DESC, quote_index) = 1) "
    "SELECT article_id, quote_index, coalesce(speaker_name, cue_text, '-') AS a, "
    "greatest(start_char, word_count) AS b, speaker_name IS DISTINCT FROM cue_text AS c "
    "FROM firsts ORDER BY article_id",
    "lists": "SELECT event_cluster_id, array_to_string(actors, '|') AS a FROM event_clusters ORDER BY event_cluster_id",
    "shares": "SELECT publisher, count(*) AS n, count(*) / sum(count(*)) OVER () AS share, "
    "round(exp(ln(count(*))), 9) AS b FROM articles GROUP BY publisher ORDER BY n DESC, publisher",
}
# Unsupported questions: (engine, slug): reason. The page has the same list. It is empty.
CANNOT: Mapping[tuple[str, str], str] = {}
WITHOUT_NULL_LISTS = ("clickhouse",)


def _engines(*excluded: str) -> list[Any]:
    spark = (pytest.mark.nightly, pytest.mark.timeout(1200))  # the first test waits for all answers of Spark
    names = [name for name in SECTIONS if name not in excluded]
    return [pytest.param(name, marks=spark if name == "spark" else ()) for name in names]


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Folders that contain data/lake: the sample newsroom and the odd lakes."""
    root = tmp_path_factory.mktemp("engines")
    found = {"sample": root / "sample", "odd": root / "a reader's own folder"}
    found |= {lake: root / lake for lake in SAME_ROWS}
    replay_newsroom(found["sample"] / "data", port=0)
    write_odd_lake(found["odd"] / "data" / "lake")
    write_odd_lake(found["closed"] / "data" / "lake", closes=DAYS)
    write_odd_lake(found["older"] / "data" / "lake", is_older=True)
    return found


@pytest.fixture(scope="module")
def answered(homes: Mapping[str, Path], tmp_path_factory: pytest.TempPathFactory) -> PageAnswers:
    """The answers of each engine on both lakes."""
    engines = [engine for engine in SECTIONS if engine in DIALECTS]
    queries = {f"ask.{slug}": sql for slug, sql in QUESTIONS.items()} | {
        f"word.{word}": sql for word, sql in WORDS.items()
    }
    translated = {engine: {name: transpile(sql, engine) for name, sql in queries.items()} for engine in engines}
    return PageAnswers(homes, translated, tmp_path_factory.mktemp("answers"))


@pytest.fixture(scope="module")
def expected(homes: Mapping[str, Path]) -> Callable[[str, str], list[tuple[Any, ...]]]:
    """The answers of `newslake ask` by lake and SQL, with the rows in order."""
    connections = {lake: connect(home / "data" / "lake") for lake, home in homes.items()}

    @cache
    def ask(lake: str, sql: str) -> list[tuple[Any, ...]]:
        return [tuple(plain(cell) for cell in row) for row in query(connections[lake], sql).rows]

    return ask


@pytest.fixture(scope="module")
def stored(homes: Mapping[str, Path]) -> Callable[[str, str], Rows]:
    """The stored rows by lake and table."""
    return cache(lambda lake, table: stored_rows(homes[lake] / "data" / "lake", SPECS[table]))


def _cells(rows: Rows, spec: TableSpec, names: Sequence[str], engine: str) -> list[tuple[Any, ...]]:
    """Return rows as sorted tuples; for engines without null lists, a null list is empty."""
    lists = {column.name for column in spec.columns if pa.types.is_list(column.type)}
    blank = {name: [] for name in lists} if engine in WITHOUT_NULL_LISTS else {}
    return sorted(
        (tuple(blank.get(name) if row[name] is None else row[name] for name in names) for row in rows), key=repr
    )


@pytest.mark.parametrize("lake", [*LAKES, "closed"])
@pytest.mark.parametrize("engine", _engines())
@pytest.mark.parametrize("table", SPECS)
def test_one_table_opens(table, engine, lake, homes, answered, stored):
    """A table opened from its folder alone has every row and column, and not the month in the path."""
    spec = SPECS[table]
    if not table_files(homes[lake] / "data" / "lake", spec):
        pytest.skip("a folder without files cannot be opened")
    names = spec.file_schema.names

    found = answered.rows(engine, lake, f"one.{table}")

    assert list(found[0]) == names
    assert _cells(found, spec, names, engine) == _cells(stored(lake, table), spec, names, engine)


@pytest.mark.parametrize("lake", [*LAKES, *SAME_ROWS])
@pytest.mark.parametrize("engine", _engines("pandas"))
@pytest.mark.parametrize("table", SPECS)
def test_all_tables_open(table, engine, lake, answered, stored):
    """Opened with `newslake ddl`, a table has every column of the contract, even if no file has it."""
    spec = SPECS[table]
    names = spec.file_schema.names

    found = answered.rows(engine, lake, f"all.{table}")

    assert _cells(found, spec, names, engine) == _cells(stored(lake, table), spec, names, engine)


@pytest.mark.parametrize("lake", [*LAKES, "closed"])
@pytest.mark.parametrize("engine", _engines("pandas"))
@pytest.mark.parametrize("slug", QUESTIONS)
def test_question_has_one_answer(slug, engine, lake, answered, expected):
    """Every saved question has the rows of `newslake ask`, in the same order, in every engine and layout."""
    if (engine, slug) in CANNOT:
        pytest.skip(CANNOT[engine, slug])

    found = answered.rows(engine, lake, f"ask.{slug}")

    assert [tuple(row.values()) for row in found] == expected("odd" if lake == "closed" else lake, QUESTIONS[slug])


@pytest.mark.parametrize("lake", SAME_ROWS)
@pytest.mark.parametrize("table", SPECS)
def test_layouts_have_the_same_rows(table, lake, stored, expected):
    """`newslake sql` has the same rows in a lake of closed months, and the columns that older files lack as nulls."""
    names = SPECS[table].file_schema.names

    found = expected(lake, f"SELECT {', '.join(names)} FROM {stored_name(SPECS[table])}")

    assert sorted(found, key=repr) == _cells(stored(lake, table), SPECS[table], names, "duckdb")


@pytest.mark.parametrize("lake", LAKES)
@pytest.mark.parametrize("slug", QUESTIONS)
def test_ansi_translation_is_equivalent(slug, lake, expected):
    """A question in standard SQL has the same answer in an engine that supports both."""
    assert expected(lake, transpile(QUESTIONS[slug], "ansi")) == expected(lake, QUESTIONS[slug])


@pytest.mark.parametrize("engine", [*_engines("pandas"), "ansi"])
@pytest.mark.parametrize("word", WORDS)
def test_function_is_equivalent(word, engine, answered, expected):
    """The translation of a statement has the semantics of DuckDB."""
    if engine == "ansi":
        found = expected("odd", transpile(WORDS[word], engine))
    else:
        found = [tuple(row.values()) for row in answered.rows(engine, "odd", f"word.{word}")]

    assert found == expected("odd", WORDS[word])


@pytest.mark.parametrize("slug", QUESTIONS)
def test_question_has_rows(slug, expected):
    """The comparison is meaningful: each question has rows in one of the lakes."""
    assert any(expected(lake, QUESTIONS[slug]) for lake in LAKES)


def test_page_lists_what_is_unsupported():
    """The page has a row for each unsupported question of an engine, and names the engines that are not tested."""
    traps = [line for line in PAGE.splitlines() if line.startswith("| ")]

    assert [pair for pair in CANNOT if not any(pair[1] in line and SECTIONS[pair[0]] in line for line in traps)] == []
    sections = {part.partition("\n")[0]: part for part in PAGE.split("\n## ")[1:]}
    assert {name for name, text in sections.items() if "Not tested" in text} == set(sections) - {
        *SECTIONS.values(),
        "Iceberg",
        "On the shared store",
    }


def test_example_rows_of_the_tables_page_are_current(homes):
    """The example rows in docs/tables.md are rows of the sample newsroom's lake."""
    found, given = example_rows(homes["sample"] / "data"), json.loads(EXAMPLES_FILE.read_text("utf-8"))

    for table in SPECS:
        assert found[table] == given[table], f"the example rows of {table} are out of date: run `make answers`"
