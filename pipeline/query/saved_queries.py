"""Saved questions, their answers and denominators. Each is a SQL file in ``questions/``; its name is the slug.

A file begins with header lines, each ``-- key: value``:

    title     a question
    about     what is counted and what is excluded
    option    ``name: help``; the SQL reads its value by ``getvariable('name')``, null by default; any number. The help
              begins with the kind of the value: NUMBER is an integer, 1 or more; SHARE is from 0 to 1; NAME is any text
    chart     how the answer is drawn; see ``chart_data``; optional
    group     the group in lists of questions: people, quotes, events or quality; optional

The SQL follows. After it, a line ``-- counted:`` may introduce a SELECT of one row, the denominators of the answer. The
name of a column is the plural noun that it counts; a name that begins with "excluded: " is a noun that the question
excludes. Columns ``first_day`` and ``last_day`` are the period, if it is not the period of the articles.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from importlib.resources import files

import duckdb

from newslake.pipeline.errors import ConfigError, did_you_mean
from newslake.pipeline.query.chart_data import ChartLine, parse_chart_line
from newslake.pipeline.query.connection import QueryResult, connect, query
from newslake.pipeline.store.table_files import LakePlace

_HEADER = re.compile(r"-- (\w+): (\S.*)")
_COUNTED = "\n-- counted:\n"
_LIMIT = re.compile(r"\nLIMIT \d+;?\s*$")
_OPTION = re.compile(r"([a-z][a-z_]*): (\S.*)")
_SOURCES = "SELECT source_key FROM articles UNION SELECT source_key FROM outcomes"
# What the value of an option must be, by its kind.
_VALUES = {
    "NUMBER": (re.compile(r"0*[1-9][0-9]{0,17}", re.ASCII), "an integer, 1 or more"),  # as BIGINT has
    "SHARE": (re.compile(r"0?\.[0-9]{1,17}|[01](\.0{0,17})?", re.ASCII), "a number from 0 to 1"),
}
_KEYS = ("title", "about", "option", "chart", "group")
_GROUPS = ("people", "quotes", "events", "quality")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One saved question. ``about`` says what is counted and excluded; ``options`` has one help text per name.

    ``group`` is people, quotes, events, quality, or "" for none.
    """

    slug: str
    title: str
    about: str
    sql: str
    options: Mapping[str, str] = field(default_factory=dict)
    chart: ChartLine | None = None
    denominator_sql: str | None = None
    group: str = ""


@cache
def list_questions() -> tuple[Question, ...]:
    """Return all saved questions, sorted by slug.

    Raises: ConfigError that names a file and its invalid or missing header line.
    """
    entries = files("newslake.pipeline.query").joinpath("questions").iterdir()
    paths = sorted((path for path in entries if path.name.endswith(".sql")), key=lambda path: path.name)
    return tuple(parse_question(path.name.removesuffix(".sql"), path.read_text("utf-8")) for path in paths)


def question_named(slug: str) -> Question:
    """Return a saved question. Raises: ConfigError with the list of known slugs."""
    questions = {question.slug: question for question in list_questions()}
    if slug not in questions:
        message = f"unknown question {slug!r}; {did_you_mean(slug, questions)}"
        raise ConfigError(message, key=slug, reason="no_such_question")
    return questions[slug]


def chart_line(question: Question) -> ChartLine:
    """Return the chart line of a question. Raises: ConfigError if it has none."""
    if question.chart is None:
        raise ConfigError(
            f"{question.slug} has no chart; `newslake ask` marks the questions that have one", key="chart"
        )
    return question.chart


def parse_question(slug: str, text: str) -> Question:
    """Return the question in a file's text. Raises: ConfigError that names the file and the invalid line."""
    lines = text.splitlines()
    height = next((number for number, line in enumerate(lines) if not line.startswith("--")), len(lines))
    headers = _headers(slug, lines[:height])
    sql, _, denominator_sql = "\n".join(lines[height:]).partition(_COUNTED)
    if not sql.strip():
        raise _wrong(slug, "lacks SQL after the header lines")
    if headers["chart"] and not denominator_sql.strip():
        raise _wrong(slug, "has a chart but no SQL after '-- counted:'; a chart needs denominators")
    return Question(
        slug=slug,
        title=headers["title"][0],
        about=headers["about"][0],
        sql=sql.strip(),
        options=dict(_option(slug, value) for value in headers["option"]),
        chart=parse_chart_line(slug, headers["chart"][0]) if headers["chart"] else None,
        denominator_sql=denominator_sql.strip() or None,
        group=headers["group"][0] if headers["group"] else "",
    )


def _headers(slug: str, lines: list[str]) -> Mapping[str, list[str]]:
    """Return the values of each key: one of title and about, at most one of chart and group."""
    headers: dict[str, list[str]] = {key: [] for key in _KEYS}
    for line in lines:
        header = _HEADER.fullmatch(line)
        if not header or header[1] not in _KEYS:
            raise _wrong(slug, f"has the header line {line!r}; use one of {', '.join(_KEYS)}")
        headers[header[1]].append(header[2])
    for key, least in (("title", 1), ("about", 1), ("chart", 0), ("group", 0)):
        if not least <= len(headers[key]) <= 1:
            raise _wrong(slug, f"has {len(headers[key])} lines '-- {key}: ...'; write one")
    if unknown := set(headers["group"]) - set(_GROUPS):
        raise _wrong(slug, f"has the group {min(unknown)!r}; groups are {', '.join(_GROUPS)}")
    return headers


def _option(slug: str, value: str) -> tuple[str, str]:
    parts = _OPTION.fullmatch(value)
    if not parts:
        raise _wrong(slug, f"has the option {value!r}; write '-- option: name: what it does'")
    return parts[1], parts[2]


def _wrong(slug: str, what: str) -> ConfigError:
    return ConfigError(f"{slug}.sql: {what}", key=slug)


def check_sources(lake: LakePlace, source_keys: Collection[str]) -> None:
    """Raises: ConfigError for sources without a page in the lake; the message lists the known sources."""
    known = {str(key) for (key,) in query(connect(lake), _SOURCES).rows} if source_keys else set()
    if unknown := sorted({*source_keys} - known):
        hint = did_you_mean(unknown[0], known, otherwise=f"the lake has {', '.join(sorted(known)) or 'none'}")
        raise ConfigError(f"--source {', '.join(unknown)}: {hint}", key="source")


def answer(
    connection: duckdb.DuckDBPyConnection,
    slug: str,
    *,
    options: Mapping[str, str] | None = None,
    limit: int | None = None,
) -> QueryResult:
    """Return the answer to a saved question: at most ``limit`` rows, with the values of its ``options``.

    Raises: ConfigError for an unknown question or option; the message lists the known ones.
    """
    question = question_named(slug)
    set_options(connection, question, options or {})
    return query(connection, sql_of(question, limit=limit))


def sql_of(question: Question, *, limit: int | None = None) -> str:
    """Return the SQL of a question. ``limit`` replaces the question's limit."""
    if limit is None:
        return question.sql
    return f"{_LIMIT.sub('', question.sql).rstrip().removesuffix(';')}\nLIMIT {limit};"


def set_options(connection: duckdb.DuckDBPyConnection, question: Question, options: Mapping[str, str]) -> None:
    """Set the values of a question's options for its SQL. Raises: ConfigError as ``check_options``."""
    check_options(question, options)
    for name, value in options.items():
        connection.execute(f"SET VARIABLE {name} = ?", [value])


def check_options(question: Question, options: Mapping[str, str], *, also: Iterable[str] = ()) -> None:
    """Check that a question has all ``options``, and that each value is of the option's kind.

    ``also`` are other options that a misspelled one may be. Raises: ConfigError that names the option.
    """
    flags = [option_flag(name) for name in question.options]
    for option in map(option_flag, options):
        if option not in flags:
            hint = did_you_mean(option, [*flags, *also], otherwise=f"its options are: {', '.join(flags) or 'none'}")
            raise ConfigError(f"{question.slug} has no option {option}; {hint}", key=option.lstrip("-"))
    for name, value in options.items():
        pattern, meaning = _VALUES.get(question.options[name].partition(" ")[0], (None, ""))
        if pattern and not pattern.fullmatch(value):
            raise ConfigError(f"{option_flag(name)} {value[:60]!r}: give {meaning}", key=name)


def option_flag(name: str) -> str:
    """Return an option as on a command line: ``--min-confidence`` for ``min_confidence``."""
    return f"--{name.replace('_', '-')}"


# Denominators of an answer: what was counted and excluded, the period, and its days without articles.

_EXCLUDED = "excluded: "
_PERIOD = ("first_day", "last_day")
_MOST_GAPS = 6  # named in sentences; a chart shades all of them
_SINGULARS = {"people": "person", "copies": "copy", "countries": "country"}

Numbers = tuple[tuple[str, int], ...]
Gap = tuple[date, date]


@dataclass(frozen=True, slots=True, kw_only=True)
class Denominators:
    """What was counted and excluded: pairs of a plural noun and a number, in the order of the question's SQL.

    ``first`` and ``last`` are the period, both inclusive; None without articles and without a requested period.
    ``gaps`` are the ranges of days in it without articles, both ends inclusive, in order.
    """

    counts: Numbers
    excluded: Numbers
    first: date | None
    last: date | None
    gaps: tuple[Gap, ...]
    source: str | None = None

    @property
    def days(self) -> int:
        """Number of days in the period."""
        return (self.last - self.first).days + 1 if self.first and self.last else 0

    def sentences(self) -> tuple[str, ...]:
        """Return sentences: what was counted and when, what was excluded, which days are missing."""
        counts = [_count_phrase(number, noun) for noun, number in self.counts]
        source = [f"source {self.source}"] if self.source else []
        lead = "Counted" if counts else "Period"
        sentences = [f"{lead}: {', '.join([*counts, *source, describe_period(self.first, self.last)])}."]
        if self.excluded:
            sentences.append(f"Excluded: {', '.join(_count_phrase(number, noun) for noun, number in self.excluded)}.")
        return (*sentences, *_gap_sentences(self.gaps, self.days))


def count_denominators(
    connection: duckdb.DuckDBPyConnection,
    question: Question,
    *,
    since: date | None = None,
    until: date | None = None,
    source: str | None = None,
) -> Denominators:
    """Return the denominators of the answer to ``question``. The connection must select the same days and source.

    The period is that of the question, else the requested one, else the first to the last day with an article.
    """
    row = query(connection, question.denominator_sql).records()[0] if question.denominator_sql else {}
    numbers = [(noun, value) for noun, value in row.items() if isinstance(value, int)]
    rows = query(connection, "SELECT DISTINCT published_date FROM articles_stored ORDER BY published_date").rows
    days = [day for (day,) in rows if isinstance(day, date)]
    bounds = [value if isinstance(value := row.get(key), date) else None for key in _PERIOD]
    first = bounds[0] or since or (days[0] if days else None)
    last = bounds[1] or until or (days[-1] if days else None)
    return Denominators(
        counts=tuple(pair for pair in numbers if not pair[0].startswith(_EXCLUDED)),
        excluded=tuple((noun.removeprefix(_EXCLUDED), n) for noun, n in numbers if noun.startswith(_EXCLUDED)),
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


def describe_period(first: date | None, last: date | None) -> str:
    """Return a period as text: "2 to 4 March 2026"; "no days" if an end is missing."""
    if first is None or last is None:
        return "no days"
    if first == last:
        return f"{last.day} {last:%B %Y}"
    start = str(first.day)
    if (first.month, first.year) != (last.month, last.year):
        start += f" {first:%B}"
    if first.year != last.year:
        start += f" {first:%Y}"
    return f"{start} to {last.day} {last:%B %Y}"


def _gap_sentences(gaps: Sequence[Gap], days: int) -> Iterator[str]:
    if not days:
        return
    if not gaps:
        yield "No missing days."
        return
    empty = sum((last - first).days + 1 for first, last in gaps)
    named = [describe_period(*gap) for gap in gaps[:_MOST_GAPS]]
    more = [f"and {len(gaps) - _MOST_GAPS:,} more ranges"] if len(gaps) > _MOST_GAPS else []
    yield f"Missing days: {empty:,} of {days:,} ({', '.join([*named, *more])})."


def _count_phrase(number: int, noun: str) -> str:
    word, *rest = noun.split(" ")
    if number == 1:
        word = _SINGULARS.get(word, word.removesuffix("s"))
    return " ".join([f"{number:,}", word, *rest])
