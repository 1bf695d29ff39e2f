"""`newslake audit` from a draw to a corrected share, as a user sees it."""

import csv
import json
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from newslake.pipeline.jobs.workspace import Workspace
from tests.addons.audit.invented import all_right
from tests.addons.audit.test_report import space
from tests.unit.cli.test_commands import called
from tests.unit.query.conftest import write_rows

__all__ = ["space", "write_rows"]

SAMPLE = ("audit", "sample", "--table", "quotes", "-n", "40", "--seed", "demo")


@pytest.fixture
def run(space: Workspace, tmp_path: Path):
    """Run the command line on a lake of 800 quotes, in a folder of its own."""
    folder = tmp_path / "here"
    folder.mkdir()
    given = {"NEWS_DATA_DIR": str(space.settings.data_dir), "NEWS_SOURCES_FILE": str(space.settings.sources_file)}

    def call(*args: str) -> CompletedProcess[str]:
        return called(*args, cwd=folder, **given)

    call.folder, call.data = folder, space.settings.data_dir  # type: ignore[attr-defined]
    return call


def _fill(run, reader: str, **answers: str) -> Path:
    """Fill the sheet of the draw: every answer is right, except those given for the first row."""
    with (run.data / "audits" / "quotes-demo" / "quotes-demo.csv").open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.DictReader(file))
    path = run.folder / f"{reader}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, lines[0].keys())
        writer.writeheader()
        writer.writerows(line | all_right(**({} if at else answers)) for at, line in enumerate(lines))
    return path


def test_draw_is_written_and_listed(run) -> None:
    """A draw prints its name, its size and its two files; the list has it with seed, versions and hash."""
    done = run(*SAMPLE, "--json")
    drawn = json.loads(done.stdout)
    [listed] = json.loads(run("audit", "list", "--json").stdout)
    assert (done.returncode, drawn["draw"], drawn["rows"], drawn["population"]) == (0, "quotes-demo", 40, 800)
    assert Path(drawn["page"]).read_text().startswith("<!doctype html>")
    assert (listed["draw"], listed["seed"], listed["pipeline_versions"]) == ("quotes-demo", "demo", "p" * 12)
    assert len(listed["sheet_hash"]) == 64
    again = run(*SAMPLE)
    assert (again.returncode, "draw quotes-demo exists; give another --seed" in again.stderr) == (2, True)


def test_one_seed_draws_from_several_populations(run) -> None:
    """A draw with another condition, another column or without articles is of its own; the same options are refused."""
    conditions = [(), ("--where", "quote_index = 1"), ("--where", "quote_index = 2"), ("--source", "courier")]
    conditions += [("--by", "source"), ("--without", "quotes-demo")]
    drawn = [json.loads(run(*SAMPLE, *options, "--json").stdout) for options in conditions]
    assert [each["population"] for each in drawn[:5]] == [800, 200, 200, 720, 800]
    names = [each["draw"] for each in drawn]
    assert names == [each["draw"] for each in json.loads(run("audit", "list", "--json").stdout)]
    assert (names[0], len(set(names))) == ("quotes-demo", len(conditions))
    again = run(*SAMPLE, "-n", "50", *conditions[1])
    assert (again.returncode, f"draw {names[1]} exists; give another --seed" in again.stderr) == (2, True)


def test_scores_of_two_readers(run) -> None:
    """Two sheets give shares, intervals, agreement and the row on which they differ, also as JSON and CSV."""
    run(*SAMPLE)
    _fill(run, "ana"), _fill(run, "ben", speaker="wrong")
    done = run("audit", "score", "ana.csv", "ben.csv", "--differences", "third.csv", "--csv", "figures.csv")
    assert done.returncode == 0
    assert "speaker: readers agree on 98% of 40 rows" in done.stderr
    assert "1 row on which the readers differ: third.csv" in done.stderr
    with (run.folder / "figures.csv").open(newline="") as file:
        figures = {line["question"]: line for line in csv.DictReader(file)}
    assert (figures["speaker"]["n"], figures["speaker"]["right"], figures["speaker"]["open"]) == ("39", "1.0", "1")
    found = json.loads(run("audit", "score", "ana.csv", "ben.csv", "--json").stdout)
    assert found["fields"][0]["verdicts"] == {"right": 40}
    assert found["agreements"]["speaker"]["n"] == 40


def test_share_is_corrected(run) -> None:
    """A share is printed as the tables have it, and corrected, with the number of audited rows."""
    run(*SAMPLE)
    _fill(run, "ana", gender="wrong", gender_should_be="F")
    women = ("--share", "speaker_gender = 'F'", "--of", "speaker_kind = 'person'")
    done = run("audit", "correct", "ana.csv", *women)
    found = json.loads(run("audit", "correct", "ana.csv", *women, "--json").stdout)
    assert done.returncode == 0
    assert "40 audited rows of 800" in done.stderr
    assert found["share"]["low"] < found["share"]["share"] < found["share"]["high"]
    wrong = run("audit", "correct", "ana.csv", "--share", "speaker = 'F'")
    assert (wrong.returncode, 'no column "speaker"' in wrong.stderr) == (2, True)


def test_lines_that_do_not_count_are_named(run) -> None:
    """A wrong answer is named with its line, everything else is scored, and the exit code is 1."""
    run(*SAMPLE)
    _fill(run, "ana", span="rihgt")
    done = run("audit", "score", "ana.csv")
    assert done.returncode == 1
    assert "ana.csv, line 2: row " in done.stderr
    assert "span is 'rihgt'; use one of right, partly, wrong, unclear" in done.stderr
    assert "40 of 40 rows judged by ana" in done.stdout


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("sample", "--table", "quote"), "no audit of table 'quote': did you mean quotes"),
        (("sample", "--table", "quotes", "--by", "publishr"), "did you mean publisher"),
        (("sample", "--table", "quotes", "--from", "2026-03-04", "--to", "2026-03-02"), "swap them"),
        (("sample", "--table", "quotes", "--without", "quotes-x"), "no draw 'quotes-x'"),
        (("score", "none.csv"), "none.csv: no such file; give a sheet"),
    ],
)
def test_invalid_calls_say_what_is_valid(run, args: tuple[str, ...], message: str) -> None:
    """An unknown table, column, day, draw or file is refused with advice, and writes nothing."""
    done = run("audit", *args)
    assert (done.returncode in (1, 2), done.stdout, message in done.stderr) == (True, "", True), done.stderr
    assert not (run.data / "audits").exists()


def test_answers_are_not_lost_or_counted_twice(run) -> None:
    """Filled sheets are not overwritten, an empty one is not scored, and no reader counts twice."""
    run(*SAMPLE)
    ana = _fill(run, "ana")
    before = ana.read_bytes()
    empty = run.data / "audits" / "quotes-demo" / "quotes-demo.csv"
    for args, message in (
        (("ana.csv", "--csv", "ana.csv"), "ana.csv is a sheet and may have answers"),
        (("ana.csv", "--differences", "ana.csv"), "ana.csv is a sheet and may have answers"),
        (("ana.csv", "ana.csv"), "two of the sheets are by ana"),
        ((str(empty),), "no row has an answer yet; fill the sheet first"),
    ):
        done = run("audit", "score", *args)
        assert (done.returncode, done.stdout, message in done.stderr) == (2, "", True), done.stderr
    assert ana.read_bytes() == before
