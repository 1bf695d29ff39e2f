"""The saved questions: one file of SQL each, in ``questions/``. The file's name is the question's slug.

A file opens with header lines, each ``-- key: value``:

    title     a question
    about     what is counted and what is left out, in words
    option    ``name: help``; its value is ``getvariable('name')`` in the SQL, null where it is not given; any number
    chart     how the answer is drawn; see ``chart_line``; may be missing

Below them stands the SQL. After it, below a line ``-- counted:``, may stand a SELECT of one row: what the answer rests
on. The name of a column says what its number counts, in the plural; one that begins with "left out: " counts what the
question passes over. Columns ``first_day`` and ``last_day`` say the period where it is not that of the articles.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path

import duckdb

from pipeline.errors import ConfigError
from pipeline.query.chart_line import ChartLine, parse_chart_line
from pipeline.query.connection import QueryResult, connect, query

_HEADER = re.compile(r"-- (\w+): (\S.*)")
_COUNTED = "\n-- counted:\n"
_LIMIT = re.compile(r"\nLIMIT \d+;?\s*$")
_OPTION = re.compile(r"([a-z][a-z_]*): (\S.*)")
_SOURCES = "SELECT source_key FROM articles UNION SELECT source_key FROM outcomes"
_KEYS = ("title", "about", "option", "chart")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One saved question. ``about`` says what is counted and left out, ``options`` has a help text a name."""

    slug: str
    title: str
    about: str
    sql: str
    options: Mapping[str, str] = field(default_factory=dict)
    chart: ChartLine | None = None
    denominator_sql: str | None = None


@cache
def list_questions() -> tuple[Question, ...]:
    """Return every saved question, by slug.

    Raises: ConfigError naming a file and the header line that is wrong or missing.
    """
    found = files("pipeline.query").joinpath("questions").iterdir()
    paths = sorted((path for path in found if path.name.endswith(".sql")), key=lambda path: path.name)
    return tuple(parse_question(path.name.removesuffix(".sql"), path.read_text("utf-8")) for path in paths)


def question_named(slug: str) -> Question:
    """Return a saved question. Raises: ConfigError with the list of known slugs."""
    questions = {question.slug: question for question in list_questions()}
    if slug not in questions:
        raise ConfigError(
            f"unknown question {slug!r}; known are {', '.join(questions)}", key=slug, reason="no_such_question"
        )
    return questions[slug]


def parse_question(slug: str, text: str) -> Question:
    """Return the question that a file's text says. Raises: ConfigError naming the file and its line."""
    lines = text.splitlines()
    height = next((number for number, line in enumerate(lines) if not line.startswith("--")), len(lines))
    given = _headers(slug, lines[:height])
    sql, _, denominator_sql = "\n".join(lines[height:]).partition(_COUNTED)
    if not sql.strip():
        raise _wrong(slug, "has no SQL below its header lines")
    if given["chart"] and not denominator_sql.strip():
        raise _wrong(slug, "has a chart and no SQL below '-- counted:': a chart says what it rests on")
    return Question(
        slug=slug,
        title=given["title"][0],
        about=given["about"][0],
        sql=sql.strip(),
        options=dict(_option(slug, value) for value in given["option"]),
        chart=parse_chart_line(slug, given["chart"][0]) if given["chart"] else None,
        denominator_sql=denominator_sql.strip() or None,
    )


def _headers(slug: str, lines: list[str]) -> Mapping[str, list[str]]:
    """Return the values of each key; title and about have one, chart at most one."""
    given: dict[str, list[str]] = {key: [] for key in _KEYS}
    for line in lines:
        header = _HEADER.fullmatch(line)
        if not header or header[1] not in _KEYS:
            raise _wrong(slug, f"has the header line {line!r}; known are {', '.join(_KEYS)}")
        given[header[1]].append(header[2])
    for key, least in (("title", 1), ("about", 1), ("chart", 0)):
        if not least <= len(given[key]) <= 1:
            raise _wrong(slug, f"has {len(given[key])} lines '-- {key}: ...'; write one")
    return given


def _option(slug: str, value: str) -> tuple[str, str]:
    found = _OPTION.fullmatch(value)
    if not found:
        raise _wrong(slug, f"has the option {value!r}; write '-- option: name: what it does'")
    return found[1], found[2]


def _wrong(slug: str, what: str) -> ConfigError:
    return ConfigError(f"{slug}.sql: {what}", key=slug)


def check_sources(lake: Path, source_keys: Collection[str]) -> None:
    """Raises: ConfigError naming those sources that the lake has no page of, with those that it has."""
    known = {str(key) for (key,) in query(connect(lake), _SOURCES).rows} if source_keys else set()
    if unknown := sorted({*source_keys} - known):
        told = f"--source {', '.join(unknown)}: the lake has {', '.join(sorted(known)) or 'none'}"
        raise ConfigError(told, key="source")


def answer(
    connection: duckdb.DuckDBPyConnection,
    slug: str,
    *,
    given: Mapping[str, str] | None = None,
    limit: int | None = None,
) -> QueryResult:
    """Return what a saved question answers, with the values ``given`` for its options, and at most ``limit`` rows.

    Raises: ConfigError naming a question or an option that does not exist, with those that do.
    """
    question = question_named(slug)
    set_options(connection, question, given or {})
    return query(connection, sql_of(question, limit=limit))


def sql_of(question: Question, *, limit: int | None = None) -> str:
    """Return the SQL of a question; ``limit`` replaces the one that it may end with."""
    if limit is None:
        return question.sql
    return f"{_LIMIT.sub('', question.sql).rstrip().removesuffix(';')}\nLIMIT {limit};"


def set_options(connection: duckdb.DuckDBPyConnection, question: Question, given: Mapping[str, str]) -> None:
    """Give a question's SQL the values of its options. Raises: ConfigError naming an option that it does not have."""
    for name, value in given.items():
        if name not in question.options:
            takes = ", ".join(f"--{each}" for each in question.options) or "none"
            raise ConfigError(f"{question.slug} has no option --{name}; its own are: {takes}", key=name)
        connection.execute(f"SET VARIABLE {name} = ?", [value])
