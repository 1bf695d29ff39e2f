"""The saved questions, each with its answer, its picture, what it rests on, and its SQL."""

from collections.abc import Buffer, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path

from pipeline.ask import Answer, Connection, Question, connect, list_questions, query, question_named, stream
from pipeline.ask.charts import draw
from pipeline.ask.counted import Counted, count
from pipeline.ask.pictures import picture_bytes
from pipeline.ask.saved import set_options, sql_of
from pipeline.ask.written import write_csv
from pipeline.errors import LimitError
from pipeline.pages.asked import Query, day_asked, period_asked, text_asked
from pipeline.pages.links import link
from pipeline.pages.rendering import page

MOST_ROWS = 200
MOST_BYTES = 64 << 20  # of a file


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedQuestion:
    """A question, the values of its own options, and the rows that are meant."""

    question: Question
    given: Mapping[str, str]
    first: date | None = None
    last: date | None = None
    source: str | None = None

    def connect(self, lake: Path) -> Connection:
        """Return a connection to the rows that are meant."""
        connection = connect(lake, since=self.first, until=self.last, source=self.source)
        set_options(connection, self.question, self.given)
        return connection

    @property
    def query(self) -> dict[str, object]:
        """What a link to the same answer asks for."""
        return {"from_": self.first, "to": self.last, "source": self.source, **self.given}

    @property
    def command(self) -> str:
        """The same in a terminal, without what would have to be quoted."""
        days = ((f"--{name}", day) for name, day in (("from", self.first), ("to", self.last)) if day)
        return " ".join(["newslake ask", self.question.slug, *(f"{name} {day}" for name, day in days)])


def asked_question(slug: str, given: Query) -> AskedQuestion:
    """Return what a query asks a question. Raises: ConfigError for one that is not known, and days that are none."""
    question = question_named(slug)
    first, last = day_asked(given, "from"), day_asked(given, "to")
    if first and last:
        period_asked(given, last=last, days=1)
    options = {name: value for name in question.options if (value := text_asked(given, name))}
    return AskedQuestion(question=question, given=options, first=first, last=last, source=text_asked(given, "source"))


def questions_page(*, root: str) -> str:
    """Return the list of all questions."""
    questions = [(each, link(root, f"questions/{each.slug}")) for each in list_questions()]
    return page("questions.html", root=root, is_served=True, title="Questions", questions=questions)


def question_page(lake: Path, asked: AskedQuestion, *, root: str) -> str:
    """Return a question with its answer, at most ``MOST_ROWS`` rows of it. Raises: ConfigError as ``query`` does."""
    question = asked.question
    answer, counted = _answered(lake, asked)
    here = f"questions/{question.slug}"
    return page(
        "question.html",
        root=root,
        is_served=True,
        title=question.title,
        question=question,
        asked=asked,
        here=link(root, here),
        picture=link(root, f"{here}.svg", **asked.query) if question.chart else "",
        csv=link(root, f"{here}.csv", **asked.query),
        told=" ".join(counted.sentences()),
        columns=list(zip(answer.columns, _numeric(answer), strict=True)),
        rows=[[_cell(value) for value in row] for row in answer.rows[:MOST_ROWS]],
        count=len(answer.rows),
        articles=_articles(answer, root),
    )


def question_svg(lake: Path, asked: AskedQuestion) -> bytes:
    """Return the picture of an answer. Raises: ConfigError where the question has none."""
    answer, counted = _answered(lake, asked)
    chart = draw(asked.question, answer, counted)
    return picture_bytes(Path("answer.svg"), chart, question=asked.question, answer=answer, counted=counted)


def question_csv(lake: Path, asked: AskedQuestion) -> bytes:
    """Return all rows of an answer as `newslake ask --csv` writes them.

    Raises: LimitError for more bytes than a file of Newsroom may have.
    """
    file = _File()
    with asked.connect(lake) as connection, stream(connection, sql_of(asked.question)) as (schema, batches):
        write_csv(schema, batches, file)
    return file.getvalue()


class _File(BytesIO):
    """A file in memory that does not grow without end."""

    def write(self, data: Buffer, /) -> int:
        written = super().write(data)
        if self.tell() > MOST_BYTES:
            told = f"the file has more than {MOST_BYTES >> 20} MB: ask for fewer days, or with `newslake ask --csv`"
            raise LimitError(told, reason="too_large")
        return written


def _answered(lake: Path, asked: AskedQuestion) -> tuple[Answer, Counted]:
    with asked.connect(lake) as connection:
        answer = query(connection, sql_of(asked.question))
        period = {"since": asked.first, "until": asked.last, "source": asked.source}
        return answer, count(connection, asked.question, **period)  # type: ignore[arg-type]


def _numeric(answer: Answer) -> list[bool]:
    """Return of each column whether it holds numbers."""
    return [
        bool(answer.rows) and all(isinstance(row[at], int | float | Decimal | None) for row in answer.rows)
        for at in range(len(answer.columns))
    ]


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:,}" if type(value) is int else str(value)


def _articles(answer: Answer, root: str) -> list[str]:
    """Return of each row a link to the article that it names; nothing where rows name none."""
    if "article_id" not in answer.columns:
        return []
    at = answer.columns.index("article_id")
    return [link(root, f"articles/{row[at]}") if row[at] else "" for row in answer.rows[:MOST_ROWS]]
