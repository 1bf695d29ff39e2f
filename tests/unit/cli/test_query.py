"""`newslake ask` and `newslake sql` on a small lake, as a user sees them."""

import csv
import io
import json
import signal
import sys
import time
from pathlib import Path
from subprocess import CompletedProcess, Popen

import pyarrow.parquet as pq
import pytest

from newslake.pipeline.query.saved_queries import Question, list_questions
from tests.unit.cli.test_commands import ROOT, called
from tests.unit.query.conftest import small_lake, write_rows

__all__ = ["small_lake", "write_rows"]

WITHOUT_ROWS = ("trust-check",)  # the small lake has no anomalies
OKORO, LINDT = ("Ada Okoro", 1, 4, 2), ("Per Lindt", 1, 3, 1)


@pytest.fixture
def run(small_lake: Path, tmp_path: Path):
    """Run the command line on the small lake, in a folder of its own."""
    folder = tmp_path / "here"
    folder.mkdir()

    def call(*args: str) -> CompletedProcess[str]:
        return called(*args, cwd=folder, NEWS_DATA_DIR=str(small_lake.parent))

    call.folder = folder  # type: ignore[attr-defined]
    return call


def test_answer_has_its_title_rows_and_denominators(run) -> None:
    """The table goes to standard output, the question and its denominators to standard error."""
    done = run("ask", "top-speakers")

    lines = [[cell.strip() for cell in line.strip("│").split("│")] for line in done.stdout.splitlines() if "│" in line]
    assert (done.returncode, lines) == (0, [[str(cell) for cell in row] for row in (OKORO, LINDT)])
    assert done.stderr.splitlines()[0] == "Who is quoted most?"
    assert done.stderr.splitlines()[-1] == (
        "2 rows. Counted: 2 quotes by named people (distinct), 2 people, 3 articles, 2 to 3 March 2026. "
        "Excluded: 1 quote without a named person. No missing days."
    )


@pytest.mark.parametrize("words", [("sql", "SELECT 1"), ("ask", "top-speakers"), ("search", "ferry")])
def test_folder_without_a_lake_is_named(tmp_path: Path, words: tuple[str, ...]) -> None:
    """A query in a folder without a lake has no rows of a lake, and a note on standard error says so."""
    done = called(*words, cwd=tmp_path)

    assert done.returncode == 0
    assert f"{tmp_path / 'data'} has no lake: go to the folder of your sources.toml" in done.stderr


def test_days_source_and_limit_narrow_an_answer(run) -> None:
    """Days are published days, inclusive; the limit replaces that of the question."""
    first = run("ask", "top-speakers", "--from", "2026-03-03", "--to", "2026-03-03", "--json")
    last = run("ask", "top-speakers", "--limit=1", "--json")

    assert json.loads(first.stdout) == [{"speaker": "Per Lindt", "quotes": 1, "words": 3, "outlets": 1}]
    assert json.loads(last.stdout) == [{"speaker": "Ada Okoro", "quotes": 1, "words": 4, "outlets": 2}]


def test_invalid_calls_say_what_is_valid(run) -> None:
    """An unknown question, option, source, day or file ending is an invalid call with a hint, and writes nothing."""
    for args, message in (
        (("who",), "unknown question 'who'; use one of co-mentions, "),
        (("top-speakers", "--abuot", "x"), "top-speakers has no option --abuot; its options are: none"),
        (("top-speakers", "--about"), "--about needs a value"),
        (("top-speakers", "--source", "nobody"), "--source nobody: the lake has "),
        (("top-speker",), "unknown question 'top-speker'; did you mean top-speakers?"),
        (("top-speakers", "--sorce", "a"), "top-speakers has no option --sorce; did you mean --source?"),
        (("who-said-what", "--abuot", "a"), "who-said-what has no option --abuot; did you mean --about?"),
        (("top-speakers", "--dialect", "dukdb"), "unknown engine 'dukdb'; did you mean duckdb?"),
        (("top-speakers", "--from", "yesterday"), "--from 'yesterday' is not a valid date (YYYY-MM-DD)"),
        (("top-speakers", "--from", "2026-03-04", "--to", "2026-03-02"), "--to 2026-03-02 is before --from 2026-03-04"),
        (("top-speakers", "coverage"), "name one question, not 2"),
        (("who-said-what", "--chart", "a.svg"), "who-said-what has no chart"),
        (("top-speakers", "--chart", "a.gif"), "--chart a.gif: use the extension .png, .svg, .html"),
        (("top-speakers", "--csv", "none/a.csv"), "none/a.csv: the folder does not exist"),
        (("top-speakers", "--json", "--csv", "a.csv"), "--json and --csv: give only one of them"),
        (("top-speakers", "--parquet", "-"), "--parquet needs a file name"),
        (("top-speakers", "--safe"), "--safe needs --csv"),
    ):
        done = run("ask", *args)
        assert (done.returncode, done.stdout, message in done.stderr) == (2, "", True), (args, done.stderr)
    assert list(run.folder.iterdir()) == []


def test_no_export_is_written_into_the_lake(run, small_lake: Path) -> None:
    """A folder inside the lake is refused before anything is written there."""
    before = sorted(small_lake.rglob("*"))
    done = run("lake", "export", "--format", "csv", "../lake/out")

    assert (done.returncode, "is inside the lake" in done.stderr, sorted(small_lake.rglob("*"))) == (2, True, before)


@pytest.mark.parametrize(
    ("statement", "hint"),
    [
        ("SELECT titel FROM articles", 'no column "titel"; did you mean title?'),
        ("SELECT a.titel FROM articles a", 'no column "titel"; did you mean title?'),
        ("SELECT * EXCLUDE (titel) FROM articles", 'no column "titel"; did you mean title?'),
        ("SELECT q.title FROM quotes q", 'no column "title"; `DESCRIBE TABLE` lists the columns of a table'),
        ('SELECT 1 FROM articles WHERE title = "Rain"', "text is in single quotes: 'text'"),
        ("SELECT * FROM artcles", 'Did you mean "articles"?'),
    ],
)
def test_unknown_column_has_one_hint(run, statement: str, hint: str) -> None:
    """A misspelled column or table is an invalid call with the similar name, and no list of others."""
    for args in ((), ("--csv", "-")):
        done = run("sql", statement, *args)

        assert (done.returncode, hint in done.stderr, "Candidate" in done.stderr) == (2, True, False), done.stderr


@pytest.mark.parametrize("option", ["--csv", "--parquet", "--chart"])
def test_nothing_is_written_into_the_lake(run, small_lake: Path, option: str) -> None:
    """A file inside the lake is refused, whatever its name."""
    before = sorted(small_lake.rglob("*"))
    done = run("ask", "top-speakers", option, "../lake/tables/articles/x.svg")

    assert (done.returncode, "is inside the lake" in done.stderr, sorted(small_lake.rglob("*"))) == (2, True, before)


def test_safe_csv_has_no_formula(run) -> None:
    """With --safe, a cell that a spreadsheet would run has an apostrophe before it."""
    statement = "SELECT '=1+1' AS sum, -1 AS number"
    printed = run("sql", statement, "--csv", "-", "--safe").stdout
    run("sql", statement, "--csv", "a.csv", "--safe")

    assert list(csv.reader(io.StringIO(printed, newline=""))) == [["sum", "number"], ["'=1+1", "-1"]]
    assert (run.folder / "a.csv").read_text("utf-8") == "sum,number\n'=1+1,-1\n"


def test_rows_go_to_files(run) -> None:
    """CSV and Parquet have the rows of the table; - is standard output."""
    printed = run("ask", "top-speakers", "--csv", "-").stdout
    written = run("sql", "SELECT title, published_at FROM articles ORDER BY title", "--parquet", "a.parquet")

    assert list(csv.reader(io.StringIO(printed, newline="")))[1:] == [
        [str(cell) for cell in row] for row in (OKORO, LINDT)
    ]
    assert written.stderr == "3 rows written to a.parquet\n"
    assert pq.read_table(run.folder / "a.parquet").column("title").to_pylist()[0] == "Bridge talks"


def test_a_chart_is_written_in_addition_to_the_answer(run) -> None:
    """The file of the chart is named, and the rows are printed or written as without a chart."""
    done = run("ask", "top-speakers", "--csv", "a.csv", "--chart", "a.svg")

    assert (done.returncode, done.stderr) == (0, "2 rows written to a.csv\nchart written to a.svg\n")
    assert (run.folder / "a.svg").read_text("utf-8").startswith("<svg ")


@pytest.mark.parametrize("question", [each for each in list_questions() if each.chart], ids=lambda each: each.slug)
def test_a_chart_without_a_file_is_drawn_in_the_terminal(run, question: Question) -> None:
    """Each question with a chart prints bars if no file is named, and none if it has no rows."""
    done = run("ask", question.slug, "--chart", *(("--minimum", "1") if "minimum" in question.options else ()))

    assert (done.returncode, "█" in done.stdout) == (0, question.slug not in WITHOUT_ROWS), done.stderr


def test_bars_have_the_length_of_their_numbers(run) -> None:
    """The longest bar has the full width, others are in proportion; --chart may precede other options."""
    first, second = run("ask", "top-speakers", "--chart", "--limit", "2").stdout.splitlines()

    assert (first.split()[-1], first.count("█"), second.split()[-1], second.count("█")) == ("4", 40, "3", 30)


def test_no_rows_are_a_clear_answer(tmp_path: Path) -> None:
    """On an empty lake a question succeeds and says that nothing was counted, and so does its chart."""
    done = called("ask", "top-speakers", "--chart", "a.svg", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert "0 rows. Counted: 0 quotes by named people (distinct), 0 people, 0 articles, no days." in done.stderr
    assert "chart written to a.svg (no rows)" in done.stderr
    assert "No rows." in (tmp_path / "a.svg").read_text("utf-8")


def test_the_list_marks_questions_with_a_chart(run) -> None:
    """Every question is one line with its title; those with a chart are marked."""
    lines = run("ask").stdout.splitlines()

    assert len(lines) == len(list_questions())
    assert "top-speakers        Who is quoted most?  (chart)" in lines


def test_the_sql_of_a_question_is_printed(run) -> None:
    """--sql prints the question as it runs, with the limit; `newslake sql` can run it."""
    text = run("ask", "top-speakers", "--sql", "--limit", "1").stdout

    assert text.endswith("LIMIT 1;\n")
    assert json.loads(run("sql", text, "--json").stdout)[0]["speaker"] == "Ada Okoro"


ENDLESS = "SELECT sum(a.range) FROM range(1_000_000_000) a, range(1_000_000) b"


@pytest.mark.parametrize("form", [(), ("--json",), ("--csv", "rows.csv")])
def test_sql_ends_at_its_limits_with_advice(run, form: tuple[str, ...]) -> None:
    """A query over its time ends with exit 1, and the message names the option to raise; no file is left."""
    done = run("sql", ENDLESS, "--timeout", "0.3", *form)
    assert (done.returncode, "exceeded 0.3 seconds" in done.stderr, "--timeout" in done.stderr) == (1, True, True)


def test_sql_ends_at_its_memory(run) -> None:
    """A query over its memory ends with exit 1, and the message names the option to raise."""
    sql = "SELECT count(*) FROM (SELECT DISTINCT range::VARCHAR || repeat('x', 200) FROM range(3_000_000))"
    done = run("sql", sql, "--memory", "64")
    assert (done.returncode, "64 MB" in done.stderr, "--memory" in done.stderr) == (1, True, True)


def test_terminated_query_ends_at_once(small_lake: Path) -> None:
    """SIGTERM ends a query that is running; DuckDB would not return to Python before the limit of time."""
    env = {"PYTHONPATH": str(ROOT), "NEWS_DATA_DIR": str(small_lake.parent)}
    query = Popen([sys.executable, "-m", "newslake", "sql", ENDLESS, "--timeout", "600"], env=env)
    maps = Path(f"/proc/{query.pid}/maps")
    deadline = time.monotonic() + 200
    while "duckdb" not in maps.read_text() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1.5)
    query.terminate()
    assert query.wait(200) == -signal.SIGTERM
