"""Tables, bars and notes fit a terminal of 80 columns; in a pipe, nothing is cut and a row is one line."""

import io
from collections.abc import Callable

import pytest
from rich.console import Console
from rich.text import Text

from newslake.pipeline.cli import output, query
from newslake.pipeline.query.chart_data import ChartData, plot
from newslake.pipeline.query.connection import QueryResult
from newslake.pipeline.query.saved_queries import chart_line, question_named

TEXT = " ".join(f"word{number}" for number in range(200))


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Make output and notes a terminal of 80 columns; return a function that gives the lines of both."""
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=80, no_color=True, legacy_windows=False)
    for module in (output, query):
        monkeypatch.setattr(module, "out", console)
    monkeypatch.setattr(output, "err", console)

    def shown() -> list[str]:
        return Text.from_ansi(screen.getvalue()).plain.splitlines()

    return shown


def _plain(lines: list[str]) -> str:
    return "".join("".join(lines).split())


@pytest.mark.parametrize(
    ("columns", "row"),
    [
        (["title", "text"], ["Rain", TEXT]),
        ([f"column_{number}" for number in range(31)], [f"value-{number}" for number in range(31)]),
        (["id", "n"], ["a" * 200, 5]),
    ],
)
def test_table_fits_a_terminal(terminal: Callable[[], list[str]], columns: list[str], row: list[object]) -> None:
    """Long texts are wrapped, and too many columns become one line each."""
    output.print_rows(columns, [row], as_json=False)
    lines = terminal()

    assert max(map(len, lines)) <= 80
    shown = _plain(lines)
    assert all(word in shown or len(word) > 80 for value in row for word in str(value).split())
    assert shown.count("a") >= str(row[0]).count("a")


def test_pipe_cuts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a pipe each row is one line with its whole texts."""
    pipe = io.StringIO()
    monkeypatch.setattr(output, "out", Console(file=pipe, width=output.out.width))
    output.print_rows(["title", "text"], [["Rain", TEXT], ["Snow", TEXT[::-1]]], as_json=False)
    lines = pipe.getvalue().splitlines()

    assert [(TEXT in line, TEXT[::-1] in line) for line in lines[3:5]] == [(True, False), (False, True)]


def _bars(label: str) -> ChartData:
    rows = tuple((label + str(number), number, number, 1) for number in (1, 2))
    answer = QueryResult(("speaker", "quotes", "words", "outlets"), rows)
    return plot("top-speakers", chart_line(question_named("top-speakers")), answer)


@pytest.mark.parametrize(("letters", "bar", "is_cut"), [(10, 40, False), (50, 18, False), (100, 10, True)])
def test_bars_fit_a_terminal(terminal: Callable[[], list[str]], letters: int, bar: int, is_cut: bool) -> None:
    """A bar gives room to its label; a label that still does not fit is cut, and a note says so."""
    query.draw_bars(chart_line(question_named("top-speakers")), _bars("x" * letters))
    lines = terminal()

    assert max(map(len, lines)) <= 80
    assert max(line.count("█") for line in lines) == bar
    assert ("labels are cut" in " ".join(lines)) == is_cut


def test_note_is_wrapped_between_words(terminal: Callable[[], list[str]]) -> None:
    """A terminal gets whole words; a path that is longer than a line stays in one piece."""
    path = "/".join(["folder"] * 20)
    output.print_note(TEXT, f"drawn: {path}")
    lines = terminal()

    assert [line for line in lines if len(line) > 80] == [path]
    assert _plain(lines).startswith(TEXT.replace(" ", ""))
