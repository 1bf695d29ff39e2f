"""The pages of saved questions: the list, and each question with its answer, chart, denominators and SQL."""

import re
import shlex
from collections import Counter
from collections.abc import Buffer, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from io import BytesIO

from newslake.pipeline.addons.newsroom.pages.answers import build_answer_table
from newslake.pipeline.addons.newsroom.rendering import UrlQuery, page, parse_day, parse_period, parse_text
from newslake.pipeline.errors import LimitError
from newslake.pipeline.query.charts import PAGE_LAYOUT, PHONE_LAYOUT, draw, svg_bytes
from newslake.pipeline.query.connection import Connection, QueryResult, connect, query, stream
from newslake.pipeline.query.palette import DARK_STYLE
from newslake.pipeline.query.result_files import write_csv
from newslake.pipeline.query.saved_queries import (
    Denominators,
    Question,
    count_denominators,
    list_questions,
    option_flag,
    question_named,
    set_options,
    sql_of,
)
from newslake.pipeline.show.rendering import link
from newslake.pipeline.store.table_files import LakePlace

MOST_ROWS = 200
MOST_BYTES = 64 << 20  # per file
GROUPS = {"people": "People", "quotes": "Quotes", "events": "Events", "quality": "Quality of the data", "": "More"}
# How the help of an option begins on the command line, and in a form.
_VALUE_KINDS = {"NUMBER": "number", "SHARE": "share", "NAME": "name"}
# The column of an answer with the values of an option.
_OPTION_COLUMNS = {
    "type": "event_type",
    "modality": "modality",
    "country": "place_country",
    "outlet": "publisher",
    "about": "speaker",
    "name": "speaker",
}
_MOST_CHOICES = 40
_FORM_TYPES = {"NUMBER": "number"}
_OPTION_WORD = re.compile(r'\boption "([a-z-]+)"', re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionRequest:
    """A question, the values of its options, and the selected days and source."""

    question: Question
    options: Mapping[str, str]
    first: date | None = None
    last: date | None = None
    source: str | None = None

    def connect(self, lake: LakePlace) -> Connection:
        """Return a connection to the selected rows."""
        connection = connect(lake, since=self.first, until=self.last, source=self.source)
        set_options(connection, self.question, self.options)
        return connection

    @property
    def query(self) -> dict[str, object]:
        """The parameters of a link to the same answer."""
        return {"from_": self.first, "to": self.last, "source": self.source, **self.options}

    @property
    def command(self) -> str:
        """The same as a command, quoted for a shell."""
        parameters = {"from": self.first, "to": self.last, "source": self.source, **self.options}
        words = (word for name, value in parameters.items() if value for word in (option_flag(name), str(value)))
        return shlex.join(["newslake", "ask", self.question.slug, *words])


def parse_question_request(slug: str, parameters: UrlQuery) -> QuestionRequest:
    """Return the request of a URL's query. Raises: ConfigError for an unknown question and for invalid dates."""
    question = question_named(slug)
    first, last = parse_day(parameters, "from"), parse_day(parameters, "to")
    if first and last:
        parse_period(parameters, last=last, days=1)
    options = {name: value for name in question.options if (value := parse_text(parameters, name))}
    return QuestionRequest(
        question=question, options=options, first=first, last=last, source=parse_text(parameters, "source")
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _OptionField:
    """A field of the form for an option.

    ``kind`` is the type of the input, ``hint`` its default or its help, ``choices`` values of the answer.
    """

    name: str
    label: str
    help: str
    hint: str
    kind: str
    value: str
    choices: tuple[str, ...]


def questions_page(*, root: str) -> str:
    """Return the list of all questions, by group."""
    by_group: dict[str, list[tuple[Question, str]]] = {group: [] for group in GROUPS}
    for each in list_questions():
        by_group[each.group].append((each, link(root, f"questions/{each.slug}")))
    groups = [(GROUPS[group], questions) for group, questions in by_group.items() if questions]
    return page("questions.html", root=root, title="Questions", groups=groups)


def question_page(lake: LakePlace, request: QuestionRequest, *, root: str) -> str:
    """Return the page of a question with up to ``MOST_ROWS`` rows of its answer. Raises: ConfigError as ``query``."""
    question = request.question
    with request.connect(lake) as connection:
        answer, denominators = run_question(connection, request)
        period = request.first, request.last
        table = build_answer_table(connection, answer, root=root, most=MOST_ROWS, period=period)
        sources = _sources_of(connection, lake, request)
    here = f"questions/{question.slug}"
    first, _, rest = _form_words(question.about).partition(". ")
    return page(
        "question.html",
        root=root,
        title=question.title,
        about=f"{first.rstrip('.')}.",
        about_more=rest,
        request=request,
        here=link(root, here),
        sources=sources,
        fields=list(_option_fields(request, answer)),
        picture=link(root, f"{here}.svg", **request.query) if question.chart and answer.rows else "",
        small_picture=link(root, f"{here}.svg", **request.query, width="phone") if question.chart else "",
        csv=link(root, f"{here}.csv", **request.query),
        denominators=" ".join(denominators.sentences()),
        table=table,
        count=len(answer.rows),
    )


def _sources_of(connection: Connection, lake: LakePlace, request: QuestionRequest) -> tuple[str, ...]:
    """Return the sources of the selected days, and the requested one."""
    sql = "SELECT DISTINCT source_key FROM articles_stored ORDER BY source_key LIMIT 1000"
    if request.source is None:
        rows = query(connection, sql).rows
    else:
        with connect(lake, since=request.first, until=request.last) as whole:
            rows = query(whole, sql).rows
    return tuple(sorted({*(str(key) for (key,) in rows), *filter(None, [request.source])}))


def _option_fields(request: QuestionRequest, answer: QueryResult) -> Iterator[_OptionField]:
    """Yield the fields of a question; each offers the values of its column in the answer, if it has one."""
    for name, text in request.question.options.items():
        kind, _, rest = text.partition(" ")
        help_text = _form_words(f"{_VALUE_KINDS[kind]} {rest}" if kind in _VALUE_KINDS else text)
        yield _OptionField(
            name=name,
            label=name.replace("_", " ").capitalize(),
            help=help_text,
            hint=help_text.rpartition("; default ")[2],
            kind=_FORM_TYPES.get(kind, "text"),
            value=request.options.get(name, ""),
            choices=_choices(answer, _OPTION_COLUMNS.get(name, "")),
        )


def _choices(answer: QueryResult, column: str) -> tuple[str, ...]:
    """Return the most frequent values of a column, sorted; none if the answer lacks the column."""
    if column not in answer.columns:
        return ()
    at = answer.columns.index(column)
    counted = Counter(str(row[at]) for row in answer.rows if row[at])
    return tuple(sorted(value for value, _ in counted.most_common(_MOST_CHOICES)))


def _form_words(text: str) -> str:
    """Return a text about options with the words of a form: an option is a field."""
    return _OPTION_WORD.sub(lambda match: f'field "{match[1].replace("-", " ").capitalize()}"', text)


def question_svg(lake: LakePlace, request: QuestionRequest, *, is_narrow: bool = False) -> bytes:
    """Return the chart of an answer as SVG, light or dark as the page is; ``is_narrow`` for a phone.

    Raises: ConfigError without a chart.
    """
    with request.connect(lake) as connection:
        answer, denominators = run_question(connection, request)
    layout = PHONE_LAYOUT if is_narrow else PAGE_LAYOUT
    chart = draw(request.question, answer, denominators, layout=layout)
    return svg_bytes(chart, request.question, denominators, style=DARK_STYLE)


def question_csv(lake: LakePlace, request: QuestionRequest) -> bytes:
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


def run_question(connection: Connection, request: QuestionRequest) -> tuple[QueryResult, Denominators]:
    """Return the answer to a question, and what was counted. Raises: ConfigError as ``query``."""
    answer = query(connection, sql_of(request.question))
    period = {"since": request.first, "until": request.last, "source": request.source}
    return answer, count_denominators(connection, request.question, **period)  # type: ignore[arg-type]
