"""The pages of saved questions: the list, and each question with its answer, chart, denominators and SQL."""

import shlex
from collections.abc import Buffer, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path

from pipeline.errors import LimitError
from pipeline.query import Connection, QueryResult, Question, connect, list_questions, query, question_named, stream
from pipeline.query.charts import draw, picture_bytes
from pipeline.query.result_files import write_csv
from pipeline.query.saved_queries import Denominators, count_denominators, option_flag, set_options, sql_of
from pipeline.web.rendering import UrlQuery, link, page, parse_day, parse_period, parse_text

MOST_ROWS = 200
MOST_BYTES = 64 << 20  # per file


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionRequest:
    """A question, the values of its options, and the selected days and source."""

    question: Question
    given: Mapping[str, str]
    first: date | None = None
    last: date | None = None
    source: str | None = None

    def connect(self, lake: Path) -> Connection:
        """Return a connection to the selected rows."""
        connection = connect(lake, since=self.first, until=self.last, source=self.source)
        set_options(connection, self.question, self.given)
        return connection

    @property
    def query(self) -> dict[str, object]:
        """The parameters of a link to the same answer."""
        return {"from_": self.first, "to": self.last, "source": self.source, **self.given}

    @property
    def command(self) -> str:
        """The same as a command, quoted for a shell."""
        own = {"from": self.first, "to": self.last, "source": self.source, **self.given}
        options = (word for name, value in own.items() if value for word in (option_flag(name), str(value)))
        return shlex.join(["newslake", "ask", self.question.slug, *options])


def parse_question_request(slug: str, given: UrlQuery) -> QuestionRequest:
    """Return the request of a URL's query. Raises: ConfigError for an unknown question and for invalid dates."""
    question = question_named(slug)
    first, last = parse_day(given, "from"), parse_day(given, "to")
    if first and last:
        parse_period(given, last=last, days=1)
    options = {name: value for name in question.options if (value := parse_text(given, name))}
    return QuestionRequest(question=question, given=options, first=first, last=last, source=parse_text(given, "source"))


def questions_page(*, root: str) -> str:
    """Return the list of all questions."""
    questions = [(each, link(root, f"questions/{each.slug}")) for each in list_questions()]
    return page("questions.html", root=root, is_served=True, title="Questions", questions=questions)


def question_page(lake: Path, request: QuestionRequest, *, root: str) -> str:
    """Return the page of a question with up to ``MOST_ROWS`` rows of its answer. Raises: ConfigError as ``query``."""
    question = request.question
    answer, denominators = _run_question(lake, request)
    here = f"questions/{question.slug}"
    return page(
        "question.html",
        root=root,
        is_served=True,
        title=question.title,
        question=question,
        request=request,
        here=link(root, here),
        picture=link(root, f"{here}.svg", **request.query) if question.chart else "",
        csv=link(root, f"{here}.csv", **request.query),
        denominators=" ".join(denominators.sentences()),
        columns=list(zip(answer.columns, _numeric_columns(answer), strict=True)),
        rows=[[_cell(value) for value in row] for row in answer.rows[:MOST_ROWS]],
        count=len(answer.rows),
        articles=_article_links(answer, root),
    )


def question_svg(lake: Path, request: QuestionRequest) -> bytes:
    """Return the chart of an answer as SVG. Raises: ConfigError if the question has no chart."""
    answer, denominators = _run_question(lake, request)
    chart = draw(request.question, answer, denominators)
    return picture_bytes(Path("answer.svg"), chart, question=request.question, answer=answer, denominators=denominators)


def question_csv(lake: Path, request: QuestionRequest) -> bytes:
    """Return all rows of an answer as `newslake ask --csv` writes them.

    Raises: LimitError for more than ``MOST_BYTES``.
    """
    file = _BoundedFile()
    with request.connect(lake) as connection, stream(connection, sql_of(request.question)) as (schema, batches):
        write_csv(schema, batches, file)
    return file.getvalue()


class _BoundedFile(BytesIO):
    """An in-memory file of at most ``MOST_BYTES``."""

    def write(self, data: Buffer, /) -> int:
        written = super().write(data)
        if self.tell() > MOST_BYTES:
            message = f"the file is larger than {MOST_BYTES >> 20} MB: select fewer days or use `newslake ask --csv`"
            raise LimitError(message, reason="too_large")
        return written


def _run_question(lake: Path, request: QuestionRequest) -> tuple[QueryResult, Denominators]:
    with request.connect(lake) as connection:
        answer = query(connection, sql_of(request.question))
        period = {"since": request.first, "until": request.last, "source": request.source}
        return answer, count_denominators(connection, request.question, **period)  # type: ignore[arg-type]


def _numeric_columns(answer: QueryResult) -> list[bool]:
    """Return for each column whether it has only numbers."""
    return [
        bool(answer.rows) and all(isinstance(row[at], int | float | Decimal | None) for row in answer.rows)
        for at in range(len(answer.columns))
    ]


def _cell(value: object) -> str:
    if value is None:
        return ""
    return f"{value:,}" if type(value) is int else str(value)


def _article_links(answer: QueryResult, root: str) -> list[str]:
    """Return for each row the link to its article; an empty list if the answer has no ``article_id``."""
    if "article_id" not in answer.columns:
        return []
    at = answer.columns.index("article_id")
    return [link(root, f"articles/{row[at]}") if row[at] else "" for row in answer.rows[:MOST_ROWS]]
