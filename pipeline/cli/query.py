"""`newslake sql` and `ask`: query the tables; print rows, write them to a file, or draw a chart."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text
from typer.core import CompletionItem, TyperCommand  # type: ignore[attr-defined]  # typer exports no other

from newslake.pipeline.addon_registry import addons_of
from newslake.pipeline.cli import completion
from newslake.pipeline.cli.days import day_of, day_range
from newslake.pipeline.cli.output import AsJson, note_missing_lake, out, print_json, print_note, print_rows, settings
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.extras import require_extra
from newslake.pipeline.model import pluralize

if TYPE_CHECKING:
    from newslake.pipeline.query.chart_data import ChartData, ChartLine
    from newslake.pipeline.query.connection import Connection, Limits, QueryResult
    from newslake.pipeline.query.saved_queries import Denominators, Question
    from newslake.pipeline.store.table_files import LakePlace


STDOUT = "-"

ToCsv = Annotated[
    str | None, typer.Option("--csv", metavar="FILE", help="Write the rows as CSV; - is standard output.")
]
SafeCsv = Annotated[
    bool,
    typer.Option(
        "--safe", help="With --csv: an apostrophe before each cell that a spreadsheet would take for a formula."
    ),
]
ToParquet = Annotated[str | None, typer.Option("--parquet", metavar="FILE", help="Write the rows as Parquet.")]
Snapshot = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Query this snapshot instead of the lake; it has no log tables.",
        autocompletion=completion.snapshots,
    ),
]
Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="QUESTION [--OPTION VALUE]",
        help="A saved question, and its own options.",
        autocompletion=completion.questions,
    ),
]
OneSource = Annotated[
    str | None, typer.Option(metavar="KEY", help="Only articles of this source.", autocompletion=completion.sources)
]
Chart = Annotated[
    str | None,
    typer.Option(metavar="[FILE]", help="Draw a chart: .png, .svg or .html; without FILE, bars in the terminal."),
]
Dialect = Annotated[
    str | None,
    typer.Option(
        metavar="ENGINE",
        help="Print the question's SQL for another engine, and exit.",
        autocompletion=completion.engines,
    ),
]


Timeout = Annotated[
    float | None,
    typer.Option(min=0.001, metavar="SECONDS", help="Maximum time of the query (default: NEWS_SQL_SECONDS, 600)."),
]
Memory = Annotated[
    int | None,
    typer.Option(min=64, metavar="MB", help="Maximum memory of the query (default: NEWS_SQL_MEMORY_MB, 4096)."),
]
_ROWS = 1_000_000  # of a table in the terminal, which is in memory
_ADVICE = (
    "select fewer days or columns, raise --timeout or --memory, or write many rows with --csv or --parquet, which "
    "needs little memory"
)
_DRAW_ONCE = "newslake.pipeline.query.charts:draw_once"


def _limits(timeout: float | None, memory: int | None) -> "Limits":
    """Return the limits of one command: its options, else the settings."""
    from newslake.pipeline.query.connection import Limits

    given = settings()
    return Limits(timeout or given.sql_seconds, memory or given.sql_memory_mb, threads=None, rows=_ROWS, advice=_ADVICE)


def run_within_limits(
    limits: "Limits", work: Callable[..., None], *arguments: object, files: Sequence[Path] = (), draws: bool = False
) -> None:
    """Call a function of a module, which queries and writes, within ``limits``.

    A process writes to standard output itself, so that rows pass through no reply. ``files`` are those that it may
    leave in part when it is killed, ``draws`` says that it draws a chart. Raises: LimitError, what ``work`` raises.
    """
    if not settings().sql_process:
        from newslake.pipeline.query.connection import apply_limits

        with apply_limits(limits):
            work(*arguments)
        return
    from newslake.pipeline.query.query_process import QueryPool
    from newslake.pipeline.query.result_files import part_of

    pool = QueryPool([work.__module__], ready=0, stdout=None, first_call=_DRAW_ONCE if draws else "")
    try:
        pool.call(_write_all, work, *arguments, limits=limits)
    finally:
        pool.close()
        for path in files:
            part_of(path).unlink(missing_ok=True)


def _write_all(work: Callable[..., None], *arguments: object) -> None:
    work(*arguments)
    sys.stdout.flush()


def sql(  # noqa: PLR0913, PLR0917 - the options of the command
    statement: Annotated[
        str, typer.Argument(metavar="SQL", help="One statement that reads; `SHOW TABLES` lists the tables.")
    ],
    as_json: AsJson = False,
    csv: ToCsv = None,
    safe: SafeCsv = False,
    parquet: ToParquet = None,
    snapshot: Snapshot = None,
    timeout: Timeout = None,
    memory: Memory = None,
) -> None:
    """Run one read-only SQL statement on the tables.

    The views articles, quotes and events also have the cluster ids of each row.
    """
    destination = Destination(settings().lake_dir, as_json=as_json, csv=csv, is_safe=safe, parquet=parquet)
    run_within_limits(
        _limits(timeout, memory), _answer_statement, statement, destination, snapshot, files=destination.files
    )


def _answer_statement(statement: str, destination: "Destination", snapshot: str | None) -> None:
    from newslake.pipeline.query.connection import connect, query

    connection = connect(_tables_place(snapshot))
    if destination.is_given:
        destination.write(connection, statement)
        return
    found = query(connection, statement)
    print_rows(found.columns, found.rows, as_json=False)
    print_note(pluralize(len(found.rows), "row"))


def ask(  # noqa: PLR0913, PLR0917 - the options of the command
    context: typer.Context,
    words: Words = None,
    first: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="First published day, YYYY-MM-DD (default: all days).")
    ] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DAY", help="Last published day, inclusive.")] = None,
    source: OneSource = None,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Maximum rows (default: set by the question).")
    ] = None,
    chart: Chart = None,
    as_json: AsJson = False,
    csv: ToCsv = None,
    safe: SafeCsv = False,
    parquet: ToParquet = None,
    snapshot: Snapshot = None,
    show_sql: Annotated[bool, typer.Option("--sql", help="Print the question's SQL, and exit.")] = False,
    dialect: Dialect = None,
    timeout: Timeout = None,
    memory: Memory = None,
) -> None:
    """Answer a saved question, or list all questions.

    Without a question, lists all questions, each with its own options.
    """
    from newslake.pipeline.query.saved_queries import check_options, question_named

    slug, given = _split_words(words or [])
    if slug is None:
        _list_questions(as_json=as_json)
        return
    days = _published_days(first, last)
    question = question_named(slug)
    check_options(question, given, also=[name for each in context.command.params for name in each.opts])
    cli_query = _CliQuery(question, given, days[0], days[1], source, limit)
    if show_sql or dialect:
        sys.stdout.write(f"{cli_query.sql_for(dialect) if dialect else cli_query.sql.strip()}\n")
        return
    destination = Destination(settings().lake_dir, as_json=as_json, csv=csv, is_safe=safe, parquet=parquet)
    picture = _picture_path(settings().lake_dir, chart) if chart and chart != STDOUT else None
    run_within_limits(
        _limits(timeout, memory),
        *(_answer_question, cli_query, destination, snapshot, chart == STDOUT, picture),
        files=[*destination.files, *([picture] if picture else [])],
        draws=picture is not None,
    )


def _answer_question(
    cli_query: "_CliQuery", destination: "Destination", snapshot: str | None, is_drawn: bool, picture: Path | None
) -> None:
    connection = cli_query.connect(_tables_place(snapshot))
    if destination.is_given:
        destination.write(connection, cli_query.sql)
    if picture or not destination.is_given:
        is_printed = not destination.is_given
        _print_answer(cli_query, connection, is_printed=is_printed, is_drawn=is_drawn, picture=picture)


def _published_days(first: str | None, last: str | None) -> list[date | None]:
    """Return the days of --from and --to. Raises: ConfigError for a wrong day, or for days in the wrong order."""
    if first and last:
        day_range(first, last)
    return [day_of(text, option=option) if text else None for text, option in ((first, "--from"), (last, "--to"))]


class ChartCommand(TyperCommand):
    """Allows ``--chart`` without a file, for a chart in the terminal, and completes the options of a question."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Add the name of standard output to a ``--chart`` without a file."""
        named: list[str] = []
        for word, following in pairwise([*args, "--"]):
            named += [word, STDOUT] if word == "--chart" and following.startswith("--") else [word]
        return super().parse_args(ctx, named)

    def shell_complete(self, ctx: Any, incomplete: str) -> list[CompletionItem]:
        """Return the options of the command and those of the question that was typed."""
        slugs = [word for word in ctx.params.get("words") or () if not word.startswith("-")]
        own = [pair for slug in slugs[:1] for pair in completion.question_options(slug)]
        found = [CompletionItem(name, help=text) for name, text in own if name.startswith(incomplete)]
        return [*found, *super().shell_complete(ctx, incomplete)]


@dataclass(frozen=True, slots=True)
class _CliQuery:
    """One call of `newslake ask`: the question, the values of its own options, and which rows to select."""

    question: "Question"
    given: Mapping[str, str]
    since: date | None
    until: date | None
    source: str | None
    limit: int | None

    def connect(self, lake: "LakePlace") -> "Connection":
        """Return a connection to the selected rows. Raises: ConfigError for an unknown source or option."""
        from newslake.pipeline.query.connection import connect
        from newslake.pipeline.query.saved_queries import check_sources, set_options

        check_sources(lake, [self.source] if self.source else [])
        connection = connect(lake, since=self.since, until=self.until, source=self.source)
        set_options(connection, self.question, self.given)
        return connection

    @property
    def sql(self) -> str:
        from newslake.pipeline.query.saved_queries import sql_of

        return sql_of(self.question, limit=self.limit)

    def sql_for(self, engine: str) -> str:
        """Return the SQL for another engine, with the options as values. Raises: ConfigError for an unknown engine."""
        addons = addons_of(settings().addons)
        translation: str | None = addons.first(
            "translate_question", sql=self.sql, engine=engine, options=dict(self.given)
        )
        if translation is None:
            raise ConfigError("--dialect needs the add-on share, which NEWS_ADDONS leaves out", key="dialect")
        return translation


def _tables_place(snapshot: str | None) -> "LakePlace":
    """Return what to read: the lake, or one of its snapshots. Raises: ConfigError for an unknown snapshot."""
    from newslake.pipeline.jobs.places import place_of
    from newslake.pipeline.query.lake_folder import files_of

    if snapshot is None:
        note_missing_lake()
    place = place_of(settings())
    return place if snapshot is None else files_of(place).at(snapshot)


def _picture_path(lake: Path, name: str) -> Path:
    """Return the file of a chart. Raises: ConfigError for an unknown suffix, a file in the lake, or no libraries."""
    require_extra("charts")
    from newslake.pipeline.query.charts import picture_form

    path = path_outside_lake(lake, name)
    picture_form(path)
    return path


def _split_words(words: Sequence[str]) -> tuple[str | None, Mapping[str, str]]:
    """Return the question of a call and its own options, which may be in any order."""
    slugs: list[str] = []
    given: dict[str, str] = {}
    left = iter(words)
    for word in left:
        if not word.startswith("--"):
            slugs.append(word)
            continue
        option, has_value, value = word.partition("=")
        found = value if has_value else next(left, None)
        if found is None:
            raise ConfigError(f"{option} needs a value, or is not an option; see `newslake ask --help`", key=option)
        given[option.removeprefix("--").replace("-", "_")] = found
    if len(slugs) > 1 or (given and not slugs):
        raise ConfigError(f"name one question, not {len(slugs)}; `newslake ask` lists them", key="ask")
    return (slugs[0] if slugs else None), given


def _list_questions(*, as_json: bool) -> None:
    from newslake.pipeline.query.saved_queries import list_questions, option_flag

    questions = list_questions()
    if as_json:
        print_json([{"slug": question.slug, "title": question.title} for question in questions])
        return
    width = max(len(question.slug) for question in questions)
    for question in questions:
        own = "".join(f"  {option_flag(name)}" for name in question.options) + ("  (chart)" if question.chart else "")
        out.print(f"{question.slug:<{width}}  {question.title}{own}", highlight=False, markup=False)
    print_note("`newslake ask QUESTION` answers one; --chart FILE.svg draws those marked (chart)")


def _print_answer(
    cli_query: _CliQuery,
    connection: "Connection",
    *,
    is_printed: bool,
    is_drawn: bool,
    picture: Path | None,
) -> None:
    """Print an answer or draw it in the terminal, and draw it to a file, with its denominators."""
    from newslake.pipeline.query.chart_data import plot
    from newslake.pipeline.query.connection import query
    from newslake.pipeline.query.saved_queries import chart_line, count_denominators

    question = cli_query.question
    line = chart_line(question) if is_drawn or picture else None
    found = query(connection, cli_query.sql)
    denominators = count_denominators(
        connection, question, since=cli_query.since, until=cli_query.until, source=cli_query.source
    )
    if is_printed:
        print_note(question.title, question.about)
    if line and is_drawn:
        draw_bars(line, plot(question.slug, line, found))
    elif is_printed:
        print_rows(found.columns, found.rows, as_json=False)
    if is_printed:
        print_note(f"{pluralize(len(found.rows), 'row')}. {' '.join(denominators.sentences())}")
    if picture:
        _draw(picture, question, found, denominators)


def _draw(path: Path, question: "Question", found: "QueryResult", denominators: "Denominators") -> None:
    from newslake.pipeline.query.charts import draw, picture_bytes
    from newslake.pipeline.query.result_files import whole_file

    chart = draw(question, found, denominators)
    drawn = picture_bytes(path, chart, question=question, answer=found, denominators=denominators)
    with whole_file(path) as file:
        file.write(drawn)
    print_note(f"chart written to {path}" + ("" if found.rows else " (no rows)"))


# Rows of an answer as CSV, Parquet or JSON instead of a table.


class Destination:
    """The destination that --json, --csv or --parquet names. Without any, ``is_given`` is false: a table is printed.

    Raises: ConfigError for two of them, for --safe without --csv, or for a file inside the lake, where only commits
    write.
    """

    def __init__(self, lake: Path, *, as_json: bool, csv: str | None, is_safe: bool, parquet: str | None) -> None:
        given = [name for name, is_given in (("--json", as_json), ("--csv", csv), ("--parquet", parquet)) if is_given]
        if len(given) > 1:
            raise ConfigError(f"{' and '.join(given)}: give only one of them", key=given[0])
        if parquet == STDOUT:
            raise ConfigError("--parquet needs a file name", key="--parquet")
        if is_safe and not csv:
            raise ConfigError("--safe needs --csv, whose cells it makes plain", key="--safe")
        self.is_given = bool(given)
        self._is_csv = bool(csv)
        self._is_safe = is_safe
        name = csv or parquet
        self._path = path_outside_lake(lake, name) if name and name != STDOUT else None

    @property
    def files(self) -> list[Path]:
        return [self._path] if self._path else []

    def write(self, connection: "Connection", statement: str) -> None:
        """Write the rows of one statement. Raises: ConfigError for what DuckDB refuses, OSError."""
        from newslake.pipeline.query.connection import stream
        from newslake.pipeline.query.result_files import whole_file, write_csv, write_json, write_parquet

        to_csv = partial(write_csv, is_safe=self._is_safe)
        with stream(connection, statement) as (schema, batches):
            if self._path:
                with whole_file(self._path) as file:
                    rows = (to_csv if self._is_csv else write_parquet)(schema, batches, file)
                print_note(f"{pluralize(rows, 'row')} written to {self._path}")
            elif self._is_csv:
                to_csv(schema, batches, sys.stdout.buffer)
            else:
                write_json(schema, batches, sys.stdout)


def path_outside_lake(lake: Path, name: str) -> Path:
    """Return a path from the command line. Raises: ConfigError if it is inside the lake or its snapshots."""
    path = Path(name)
    if any(path.resolve().is_relative_to(each.resolve()) for each in (lake, lake.with_name("snapshots"))):
        message = f"{path} is inside the lake or its snapshots, which only newslake writes; name another folder"
        raise ConfigError(message, key=name)
    return path


# Answers as bars in the terminal.

_WIDTH, _WIDTH_MIN = 40, 10  # characters of the longest bar, and where labels leave no more
_EIGHTHS = " ▏▎▍▌▋▊▉"
# The keys of a plotted row that are its label, per kind of chart.
_LABEL_KEYS = {
    "bar": ("facet", "y", "colour"),
    "stack": ("facet", "x", "y", "colour"),
    "line": ("facet", "colour", "x"),
    "heat": ("facet", "y", "x"),
}


def draw_bars(line: "ChartLine", chart_data: "ChartData") -> None:
    """Print one bar per row, after its label and before its number."""
    rows = list(_bar_rows(line, chart_data))
    most = 1.0 if line.parts else max((value for _, value, _ in rows), default=0.0) or 1.0
    texts = zip(*((*names, number) for names, _, number in rows), strict=True)
    widths = [max(map(cell_len, column)) for column in texts]
    room = out.width - sum(widths) - 2 * (len(widths) + 1)
    longest = max(_WIDTH_MIN, min(_WIDTH, room))
    widest = max(widths, default=0)
    table = Table.grid(padding=(0, 1))
    for width in widths[:-1]:
        # The widest label gives up what the shortest bar needs.
        table.add_column(overflow="ellipsis", no_wrap=True, width=width + min(0, room - longest) * (width == widest))
    for names, value, number_text in rows:
        table.add_row(*map(Text, names), Text(_bar(value / most, longest), style="blue"), Text(number_text))
    out.print(table)
    if room < longest:
        print_note("labels are cut to the width of the terminal; without --chart they are printed whole")


def _bar_rows(line: "ChartLine", chart_data: "ChartData") -> Iterator[tuple[list[str], float, str]]:
    """Yield the labels, the number and the number as text of each row that has a number."""
    from newslake.pipeline.query.chart_data import is_share

    key = {"bar": "x", "line": "y", "heat": "colour"}.get(line.kind, "to")
    column = line.parts[0] if line.parts else getattr(line, key)
    for row in chart_data.rows:
        found = row[key]
        if isinstance(found, int | float):
            value = float(found) - (float(str(row["from"])) if line.parts else 0)
            number_text = f"{value:.0%}" if is_share(column) else f"{found:,}"
            yield [str(row.get(name, "")) for name in _LABEL_KEYS[line.kind]], value, number_text


def _bar(share: float, longest: int) -> str:
    eighths = round(max(share, 0) * longest * 8)
    return "█" * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else "")
