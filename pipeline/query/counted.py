"""What an answer rests on: how much was counted, what was left out, which days, and which of them have no article."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb

from pipeline.query.connection import query
from pipeline.query.saved_queries import Question

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
