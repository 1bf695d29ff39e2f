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
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path

import duckdb

from pipeline.errors import ConfigError
from pipeline.query.chart_data import ChartLine, parse_chart_line
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


# What an answer rests on: how much was counted, what was left out, which days, and which of them have no article.

_LEFT_OUT = "left out: "
_PERIOD = ("first_day", "last_day")
_MOST_GAPS = 6  # named in words; a picture shades all of them
_SINGULARS = {"people": "person", "copies": "copy", "countries": "country"}

Numbers = tuple[tuple[str, int], ...]
Gap = tuple[date, date]


@dataclass(frozen=True, slots=True, kw_only=True)
class Denominators:
    """What was counted and left out: pairs of a noun in the plural and a number, in the order of the question's SQL.

    ``first`` and ``last`` are the period, both included; None where there is no article and none was asked for.
    ``gaps`` are the stretches within it without any article, both ends included, in order.
    """

    counts: Numbers
    left_out: Numbers
    first: date | None
    last: date | None
    gaps: tuple[Gap, ...]
    source: str | None = None

    @property
    def days(self) -> int:
        """The days of the period."""
        return (self.last - self.first).days + 1 if self.first and self.last else 0

    def sentences(self) -> tuple[str, ...]:
        """Return it in words, a sentence each: what was counted and when, what was left out, which days are empty."""
        counts = [_count_phrase(number, noun) for noun, number in self.counts]
        source = [f"source {self.source}"] if self.source else []
        lead = "Counted" if counts else "Asked"
        sentences = [f"{lead}: {', '.join([*counts, *source, period_in_words(self.first, self.last)])}."]
        if self.left_out:
            sentences.append(f"Left out: {', '.join(_count_phrase(number, noun) for noun, number in self.left_out)}.")
        return (*sentences, *_gaps_in_words(self.gaps, self.days))


def count_denominators(
    connection: duckdb.DuckDBPyConnection,
    question: Question,
    *,
    since: date | None = None,
    until: date | None = None,
    source: str | None = None,
) -> Denominators:
    """Return what the answer to ``question`` rests on, on a connection that was opened for the same days and source.

    The period is the question's own, else the one that was asked for, else from the first day with an article to the
    last.
    """
    row = query(connection, question.denominator_sql).records()[0] if question.denominator_sql else {}
    numbers = [(noun, value) for noun, value in row.items() if isinstance(value, int)]
    found = query(connection, "SELECT DISTINCT published_date FROM articles ORDER BY published_date").rows
    days = [day for (day,) in found if isinstance(day, date)]
    own = [value if isinstance(value := row.get(key), date) else None for key in _PERIOD]
    first = own[0] or since or (days[0] if days else None)
    last = own[1] or until or (days[-1] if days else None)
    return Denominators(
        counts=tuple(pair for pair in numbers if not pair[0].startswith(_LEFT_OUT)),
        left_out=tuple((noun.removeprefix(_LEFT_OUT), n) for noun, n in numbers if noun.startswith(_LEFT_OUT)),
        first=first,
        last=last,
        gaps=tuple(_gaps(days, first, last)) if first and last else (),
        source=source,
    )


def _gaps(days: Sequence[date], first: date, last: date) -> Iterator[Gap]:
    one = timedelta(days=1)
    inside = [day for day in days if first <= day <= last]
    for before, after in zip([first - one, *inside], [*inside, last + one], strict=True):
        if after - before > one:
            yield before + one, after - one


def period_in_words(first: date | None, last: date | None) -> str:
    """Return a period as a person writes it: "2 to 4 March 2026"; "no day" where it has no end."""
    if first is None or last is None:
        return "no day"
    if first == last:
        return f"{last.day} {last:%B %Y}"
    start = str(first.day)
    if (first.month, first.year) != (last.month, last.year):
        start += f" {first:%B}"
    if first.year != last.year:
        start += f" {first:%Y}"
    return f"{start} to {last.day} {last:%B %Y}"


def _gaps_in_words(gaps: Sequence[Gap], days: int) -> Iterator[str]:
    if not days:
        return
    if not gaps:
        yield "No day without an article."
        return
    empty = sum((last - first).days + 1 for first, last in gaps)
    named = [period_in_words(*gap) for gap in gaps[:_MOST_GAPS]]
    more = [f"and {len(gaps) - _MOST_GAPS:,} more stretches"] if len(gaps) > _MOST_GAPS else []
    yield f"Without an article: {empty:,} of {days:,} days ({', '.join([*named, *more])})."


def _count_phrase(number: int, noun: str) -> str:
    word, *rest = noun.split(" ")
    if number == 1:
        word = _SINGULARS.get(word, word.removesuffix("s"))
    return " ".join([f"{number:,}", word, *rest])
