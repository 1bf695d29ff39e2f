"""Sheets: what a reader fills in is read as it was meant, and every defect is named with its line."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newslake.pipeline.addons.audit.questions import AUDITED_TABLES
from newslake.pipeline.addons.audit.sheet import (
    RowContext,
    blank_sheet,
    erase_sheet_rows,
    read_draw_id,
    read_sheet,
    sheet_columns,
    write_sheet,
)
from newslake.pipeline.errors import ConfigError
from tests.addons.audit.invented import IDS, all_right, contexts, draw, fill


@pytest.mark.parametrize("table", AUDITED_TABLES)
def test_empty_sheet_has_a_line_per_row_and_no_problem(table: str, tmp_path: Path) -> None:
    """A sheet without answers has every drawn row, and reading it finds no answers and no problems."""
    drawn = draw(table)
    path = fill(drawn, tmp_path / "sheet.csv", {})
    found = read_sheet(path, drawn)
    assert read_draw_id(path) == drawn.draw_id
    assert [row.name for row in found.rows] == [row.name for row in drawn.rows]
    assert not any(row.answers for row in found.rows)
    assert (found.problems, found.reader) == ((), "sheet")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_answers_are_read_with_any_separator(separator: str, tmp_path: Path) -> None:
    """Answers, corrections, notes and the reader are read, whichever separator the spreadsheet writes."""
    drawn = draw()
    answers = all_right(speaker="Wrong ", speaker_should_be="Ada Brandt", note="a; b", reader="ana")
    found = read_sheet(fill(drawn, tmp_path / "s.csv", {1: answers}, separator=separator), drawn)
    row = found.rows[1]
    assert (found.reader, found.problems) == ("ana", ())
    assert row.answers["speaker"] == "wrong"
    assert row.corrections == {"speaker_name": "Ada Brandt"}
    assert row.note == "a; b"


def test_questions_after_a_gate_do_not_apply(tmp_path: Path) -> None:
    """After a gate that is not right, other questions need no answer, and answers to them do not count."""
    drawn = draw()
    path = fill(drawn, tmp_path / "s.csv", {0: {"statement": "wrong"}, 1: {"statement": "wrong", "span": "right"}})
    found = read_sheet(path, drawn)
    assert [row.answers for row in found.rows[:2]] == [{"statement": "wrong"}] * 2
    assert found.problems == ()


def test_every_defect_is_named_with_its_line_and_the_rest_counts(tmp_path: Path) -> None:
    """An unknown answer, a missing one, a doubled row, a foreign row and a foreign draw are named; good rows count."""
    drawn = draw()
    half = all_right()
    del half["kind"]
    wrong = {
        0: all_right(),
        1: all_right(span="rihgt"),
        2: half,
        3: {"row": f"{IDS[0]}:quotes:0", **all_right()},
        4: {"row": f"{'f' * 32}:quotes:0", **all_right()},
        5: {"draw": "quotes-other", **all_right()},
        6: all_right(),
    }
    found = read_sheet(fill(drawn, tmp_path / "s.csv", wrong), drawn)
    messages = {problem.line: problem.message for problem in found.problems}
    # As a spreadsheet counts lines: each row is one, although its paragraph has two.
    assert messages == {
        3: f"row {IDS[1]}:quotes:0: span is 'rihgt'; use one of right, partly, wrong, unclear",
        4: f"row {IDS[2]}:quotes:0: kind is not answered",
        5: f"row {IDS[0]}:quotes:0 is in the sheet twice; line 2 counts",
        6: f"row '{'f' * 32}:quotes:0' is not in draw quotes-seed: another lake's, or taken down",
        7: f"row {IDS[5]}:quotes:0: draw 'quotes-other' is not quotes-seed",
    }
    answered = {row.name: len(row.answers) for row in found.rows if row.answers}
    assert answered == {
        f"{IDS[0]}:quotes:0": 6, f"{IDS[1]}:quotes:0": 5, f"{IDS[2]}:quotes:0": 5, f"{IDS[6]}:quotes:0": 6
    }  # fmt: skip


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is not a sheet"),
        (b"a,b\r\n1,2\r\n", "has no columns `draw` and `row`"),
        ("draw,row,title\r\nx,y,Zürich\r\n".encode("latin-1"), "save it as CSV UTF-8"),
        (b"draw,row\r\n", "has no rows"),
        (b'draw,row\r\n"x,y\r\n', "is not a sheet"),
        (b"PK\x03\x04 a spreadsheet", "is the file of a spreadsheet program; save it as CSV UTF-8"),
    ],
)
def test_other_files_are_refused(data: bytes, message: str, tmp_path: Path) -> None:
    """A file that is no sheet is named, with what is wrong."""
    path = tmp_path / "file.csv"
    path.write_bytes(data)
    with pytest.raises(ConfigError, match=message):
        read_sheet(path, draw())


def test_missing_file_is_named(tmp_path: Path) -> None:
    """A file that does not exist is refused by its name."""
    with pytest.raises(ConfigError, match=r"none\.csv: no such file"):
        read_draw_id(tmp_path / "none.csv")


def test_blank_line_does_not_hide_a_filled_one(tmp_path: Path) -> None:
    """Of two lines of one row, the one with answers counts."""
    drawn = draw()
    again = {1: {"row": f"{IDS[0]}:quotes:0", **all_right()}}
    found = read_sheet(fill(drawn, tmp_path / "s.csv", again), drawn)
    assert found.problems == ()
    assert [len(row.answers) for row in found.rows if row.name.startswith(IDS[0])] == [6]


@pytest.mark.parametrize(
    ("table", "answers", "value", "message"),
    [
        ("quotes", {"gender": "wrong", "gender_should_be": "f"}, "F", ""),
        (
            "quotes",
            {"gender": "wrong", "gender_should_be": "female"},
            None,
            "is 'female'; use one of F, M, U",
        ),
        ("events", {"event": "wrong", "event_should_be": "Protest"}, "PROTEST", ""),
        (
            "events",
            {"date": "wrong", "date_should_be": "March 2"},
            None,
            "is 'March 2'; use a date: YYYY-MM-DD, YYYY-MM or YYYY",
        ),
        ("events", {"date": "wrong", "date_should_be": "2026-03"}, "2026-03-01", ""),
        ("events", {"date": "wrong", "date_should_be": "2026"}, "2026-01-01", ""),
        ("events", {"date": "wrong", "date_should_be": "2026-1"}, None, "use a date: YYYY-MM-DD, YYYY-MM or YYYY"),
        ("quotes", {"statement": "wrong", "gender": "wrong", "gender_should_be": "F"}, None, ""),
    ],
)
def test_what_a_value_should_be_is_a_value_of_its_column(
    table: str, answers: dict[str, str], value: str | None, message: str, tmp_path: Path
) -> None:
    """A correction is taken in any case, refused if the column cannot have it, and ignored after a gate."""
    drawn = draw(table)
    found = read_sheet(fill(drawn, tmp_path / "s.csv", {0: all_right(table, **answers)}), drawn)
    assert list(found.rows[0].corrections.values()) == ([] if value is None else [value])
    assert [problem.message.endswith(message) for problem in found.problems] == ([True] if message else [])


def test_sheet_of_another_draw_is_refused(tmp_path: Path) -> None:
    """Sheets of two draws cannot be scored together."""
    path = fill(draw("events"), tmp_path / "s.csv", {})
    with pytest.raises(ConfigError, match="is the sheet of draw events-seed, not of quotes-seed"):
        read_sheet(path, draw())


@given(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00")))
def test_no_text_is_a_formula_or_breaks_a_line(text: str) -> None:
    """Whatever an article says, its cell is one cell, begins with no sign of a formula, and keeps the text."""
    drawn = draw(ids=IDS[:2])
    shown = {name: RowContext(text, text, text, text, text, text) for name in contexts(drawn)}
    sheet = write_sheet(drawn, shown).removeprefix("\ufeff")
    lines = list(csv.DictReader(io.StringIO(sheet, newline="")))
    assert len(lines) == 2
    for line in lines:
        cell = line["paragraph"]
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
        assert cell.removeprefix("'") == text.removeprefix("'")


def test_sheet_of_differing_rows_has_no_answers(tmp_path: Path) -> None:
    """A third look begins without the answers of the others."""
    drawn = draw()
    path = fill(drawn, tmp_path / "s.csv", {each: all_right(note="n", reader="ana") for each in range(8)})
    lines = list(csv.DictReader(io.StringIO(blank_sheet(path, drawn, {f"{IDS[3]}:quotes:0"}).removeprefix("\ufeff"))))
    assert [line["row"] for line in lines] == [f"{IDS[3]}:quotes:0"]
    assert tuple(lines[0]) == sheet_columns("quotes")
    assert {lines[0][name] for name in (*all_right(), "note", "reader")} == {""}


def test_erased_rows_leave_the_other_answers(tmp_path: Path) -> None:
    """A sheet without the rows of an article has all other lines as they were."""
    drawn = draw()
    path = fill(drawn, tmp_path / "s.csv", {each: all_right() for each in range(8)}, separator=";")
    left = tmp_path / "left.csv"
    left.write_bytes(erase_sheet_rows(path.read_bytes().decode(), {IDS[2], IDS[5]}).encode())
    before, after = (read_sheet(each, drawn).rows for each in (path, left))
    assert [row.name for row in after] == [row.name for row in before if row.name[:32] not in (IDS[2], IDS[5])]
    assert {row.name: row.answers for row in after}.items() <= {row.name: row.answers for row in before}.items()
    assert IDS[2] not in left.read_text()
