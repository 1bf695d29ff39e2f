"""`newslake ask` and `newslake sql` on a small lake, as a user meets them."""

import csv
import io
import json
from pathlib import Path
from subprocess import CompletedProcess

import pyarrow.parquet as pq
import pytest

from pipeline.query import list_questions
from tests.unit.cli.test_commands import called
from tests.unit.query.conftest import small_lake, write_rows

__all__ = ["small_lake", "write_rows"]

WITHOUT_ROWS = ("trust-check",)  # on the small lake no day is odd
OKORO, LINDT = ("Ada Okoro", 1, 4, 2), ("Per Lindt", 1, 3, 1)


@pytest.fixture
def run(small_lake: Path, tmp_path: Path):
    """Run the command line beside the small lake, in a folder of its own."""
    folder = tmp_path / "here"
    folder.mkdir()

    def call(*args: str) -> CompletedProcess[str]:
        return called(*args, cwd=folder, NEWS_DATA_DIR=str(small_lake.parent))

    call.folder = folder  # type: ignore[attr-defined]
    return call


def test_answer_has_its_title_rows_and_what_it_rests_on(run) -> None:
    """The table goes to standard output, the question and its denominator beside it."""
    done = run("ask", "top-speakers")

    lines = [[cell.strip() for cell in line.strip("│").split("│")] for line in done.stdout.splitlines() if "│" in line]
    assert (done.returncode, lines) == (0, [[str(cell) for cell in row] for row in (OKORO, LINDT)])
    assert done.stderr.splitlines()[0] == "Who is quoted most?"
    assert done.stderr.splitlines()[-1] == (
        "2 rows. Counted: 2 quotations by named people, 2 people, 3 articles, 2 to 3 March 2026. "
        "Left out: 1 quote without a named person. No day without an article."
    )


def test_days_source_and_limit_narrow_an_answer(run) -> None:
    """Days are of publication, both ends included; the limit takes the place of the question's own."""
    first = run("ask", "top-speakers", "--from", "2026-03-03", "--to", "2026-03-03", "--json")
    last = run("ask", "top-speakers", "--limit=1", "--json")

    assert json.loads(first.stdout) == [{"speaker": "Per Lindt", "quotes": 1, "words": 3, "outlets": 1}]
    assert json.loads(last.stdout) == [{"speaker": "Ada Okoro", "quotes": 1, "words": 4, "outlets": 2}]


def test_wrong_calls_say_what_is_right(run) -> None:
    """An unknown question, option, source, day or file ending is a wrong call with the way out, and writes nothing."""
    for args, told in (
        (("who",), "unknown question 'who'; known are co-mentions, "),
        (("top-speakers", "--abuot", "x"), "top-speakers has no option --abuot; its own are: none"),
        (("top-speakers", "--about"), "--about needs a value"),
        (("top-speakers", "--source", "nobody"), "--source nobody: the lake has "),
        (("top-speakers", "--from", "yesterday"), "--from 'yesterday' is no day"),
        (("top-speakers", "--from", "2026-03-04", "--to", "2026-03-02"), "--to 2026-03-02 is before --from 2026-03-04"),
        (("top-speakers", "coverage"), "name one question, not 2"),
        (("who-said-what", "--chart", "a.svg"), "who-said-what has no chart"),
        (("top-speakers", "--chart", "a.gif"), "--chart a.gif: end it in .png, .svg, .html"),
        (("top-speakers", "--csv", "none/a.csv"), "there is no folder none"),
        (("top-speakers", "--json", "--csv", "a.csv"), "--json and --csv: the rows go to one place"),
        (("top-speakers", "--parquet", "-"), "--parquet needs the name of a file"),
    ):
        done = run("ask", *args)
        assert (done.returncode, done.stdout, told in done.stderr) == (2, "", True), (args, done.stderr)
    assert list(run.folder.iterdir()) == []


def test_no_export_is_written_into_the_lake(run, small_lake: Path) -> None:
    """A folder inside the lake is refused before anything is made there."""
    before = sorted(small_lake.rglob("*"))
    done = run("lake", "export", "--to", "csv", "../lake/out")

    assert (done.returncode, "is inside the lake" in done.stderr, sorted(small_lake.rglob("*"))) == (2, True, before)


@pytest.mark.parametrize("option", ["--csv", "--parquet", "--chart"])
def test_nothing_is_written_into_the_lake(run, small_lake: Path, option: str) -> None:
    """A file inside the lake is refused, however it is named."""
    before = sorted(small_lake.rglob("*"))
    done = run("ask", "top-speakers", option, "../lake/tables/articles/x.svg")

    assert (done.returncode, "is inside the lake" in done.stderr, sorted(small_lake.rglob("*"))) == (2, True, before)


def test_rows_go_to_files(run) -> None:
    """CSV and Parquet hold the rows of the table; - is standard output."""
    said = run("ask", "top-speakers", "--csv", "-").stdout
    told = run("sql", "SELECT title, published_at FROM articles ORDER BY title", "--parquet", "a.parquet")

    assert list(csv.reader(io.StringIO(said, newline="")))[1:] == [
        [str(cell) for cell in row] for row in (OKORO, LINDT)
    ]
    assert told.stderr == "3 rows written to a.parquet\n"
    assert pq.read_table(run.folder / "a.parquet").column("title").to_pylist()[0] == "Bridge talks"


def test_a_picture_is_drawn_beside_the_answer(run) -> None:
    """The picture's file is named, and the rows are printed or written as without it."""
    done = run("ask", "top-speakers", "--csv", "a.csv", "--chart", "a.svg")

    assert (done.returncode, done.stderr) == (0, "2 rows written to a.csv\ndrawn: a.svg\n")
    assert (run.folder / "a.svg").read_text("utf-8").startswith("<svg ")


@pytest.mark.parametrize("slug", [question.slug for question in list_questions() if question.chart])
def test_a_chart_without_a_file_is_drawn_in_the_terminal(run, slug: str) -> None:
    """Each question that can be drawn gives bars where no file is named, and none where no row is to be drawn."""
    done = run("ask", slug, "--chart")

    assert (done.returncode, "█" in done.stdout) == (0, slug not in WITHOUT_ROWS), done.stderr


def test_bars_have_the_length_of_their_numbers(run) -> None:
    """The longest bar is as wide as may be, others in proportion; --chart may stand before other options."""
    first, second = run("ask", "top-speakers", "--chart", "--limit", "2").stdout.splitlines()

    assert (first.split()[-1], first.count("█"), second.split()[-1], second.count("█")) == ("4", 40, "3", 30)


def test_no_rows_are_a_clear_answer(tmp_path: Path) -> None:
    """On an empty lake a question ends well, says that nothing was counted, and so does its picture."""
    done = called("ask", "top-speakers", "--chart", "a.svg", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert "0 rows. Counted: 0 quotations by named people, 0 people, 0 articles, no day." in done.stderr
    assert "drawn: a.svg, which says that there are no rows" in done.stderr
    assert "No rows: nothing was counted." in (tmp_path / "a.svg").read_text("utf-8")


def test_the_list_says_what_can_be_drawn(run) -> None:
    """Every question stands on one line with its title, those with a chart say so."""
    lines = run("ask").stdout.splitlines()

    assert len(lines) == len(list_questions())
    assert "top-speakers        Who is quoted most?  (chart)" in lines


def test_the_sql_of_a_question_is_printed(run) -> None:
    """What --sql prints is the question as it runs, limit included, and runs in `newslake sql`."""
    text = run("ask", "top-speakers", "--sql", "--limit", "1").stdout

    assert text.endswith("LIMIT 1;\n")
    assert json.loads(run("sql", text, "--json").stdout)[0]["speaker"] == "Ada Okoro"
