"""Scores: the share of right rows by one or more readers, weighted by strata, and how they agree."""

from pathlib import Path

import pytest

from newslake.pipeline.addons.audit.consensus import find_consensus
from newslake.pipeline.addons.audit.draw import AuditDraw
from newslake.pipeline.addons.audit.scoring import AuditScore, FieldScore, score_audit
from newslake.pipeline.addons.audit.sheet import FilledSheet, read_sheet
from tests.addons.audit.invented import all_right, draw, fill

WRONG = {"statement": "wrong"}


def _sheet(drawn: AuditDraw, folder: Path, reader: str, answers: dict[int, dict[str, str]]) -> FilledSheet:
    return read_sheet(fill(drawn, folder / f"{reader}.csv", answers), drawn)


def _field(score: AuditScore, question: str, stratum: str = "") -> FieldScore:
    return next(each for each in score.fields if (each.question, each.stratum) == (question, stratum))


def test_share_is_of_the_rows_that_count(tmp_path: Path) -> None:
    """Unclear rows do not count, partly right ones only in the lenient share, and those after a gate do not apply."""
    drawn = draw()
    answers = {
        **{at: all_right() for at in range(4)},
        4: all_right(speaker="partly"),
        5: all_right(speaker="missing"),
        6: all_right(speaker="unclear"),
        7: WRONG,
    }
    score = score_audit(drawn, [_sheet(drawn, tmp_path, "ana", answers)])
    statement, speaker = _field(score, "statement"), _field(score, "speaker")
    shares = [each and each.share for each in (statement.strict, speaker.strict, speaker.lenient)]
    assert (statement.n, speaker.n, shares) == (8, 6, [7 / 8, 4 / 6, 5 / 6])
    assert dict(speaker.verdicts) == {"right": 4, "partly": 1, "missing": 1, "unclear": 1}
    assert (score.readers, score.rows, dict(score.agreements)) == (("ana",), 8, {})


def test_strata_are_weighted_with_their_size(tmp_path: Path) -> None:
    """If the small stratum is right and the one of nine times its size is wrong, a tenth of the rows is right."""
    drawn = draw(strata={"small": 10, "large": 90})
    score = score_audit(
        drawn, [_sheet(drawn, tmp_path, "ana", {at: WRONG if at % 2 else all_right() for at in range(8)})]
    )
    whole, small, large = (_field(score, "statement", each).strict for each in ("", "small", "large"))
    assert [each and each.share for each in (whole, small, large)] == [pytest.approx(0.1), 1.0, 0.0]


def test_two_readers_count_where_they_agree_and_a_third_decides(tmp_path: Path) -> None:
    """A row on which two readers differ is open until a third look; more than half of the readers decide."""
    drawn = draw()
    one = _sheet(drawn, tmp_path, "ana", {at: all_right() for at in range(8)})
    other = _sheet(
        drawn,
        tmp_path,
        "ben",
        {at: WRONG if at == 0 else all_right(span="wrong" if at == 1 else "right") for at in range(8)},
    )
    third = _sheet(drawn, tmp_path, "eve", {0: WRONG, 1: all_right()})
    score, decided = score_audit(drawn, [one, other]), score_audit(drawn, [one, other], decision=third)
    assert (_field(score, "statement").n, _field(score, "statement").open) == (7, 1)
    assert (_field(score, "span").n, _field(score, "span").open) == (6, 1)
    assert (_field(decided, "statement").n, _field(decided, "statement").open) == (8, 0)
    assert dict(_field(decided, "span").verdicts) == {"right": 7}
    assert [(each.n, each.agreement) for each in (score.agreements["statement"], score.agreements["span"])] == [
        (8, 7 / 8),
        (7, 6 / 7),
    ]
    assert dict(_field(score_audit(drawn, [one, other, third]), "statement").verdicts) == {"right": 7, "wrong": 1}


def test_correction_is_that_of_a_reader_with_the_verdict_that_counts(tmp_path: Path) -> None:
    """What a wrong value should be comes from a reader who calls it wrong."""
    drawn = draw()
    one = _sheet(drawn, tmp_path, "ana", {0: all_right(gender="wrong", gender_should_be="F")})
    other = _sheet(drawn, tmp_path, "ben", {0: all_right(gender="missing", gender_should_be="M")})
    third = _sheet(drawn, tmp_path, "eve", {0: all_right(gender="missing")})
    found = find_consensus("quotes", [one, other], decision=third)
    assert next(iter(found.values())).corrections == {"speaker_gender": "M"}


def test_small_audits_show_only_large_differences(tmp_path: Path) -> None:
    """The difference that two audits of this size show is named; of eight rows, more than half of all."""
    drawn = draw()
    score = score_audit(
        drawn, [_sheet(drawn, tmp_path, "ana", {at: WRONG if at < 2 else all_right() for at in range(8)})]
    )
    assert 0.5 < score.detectable["statement"] < 1


def test_unanswered_rows_do_not_change_the_weight_of_a_stratum(tmp_path: Path) -> None:
    """If readers answered few rows of a large stratum, it still counts with its size."""
    drawn = draw(strata={"small": 10, "large": 90})
    answers = {at: all_right() if at % 2 else WRONG for at in (0, 1, 2, 4, 6)}  # one row of the large stratum
    score = score_audit(drawn, [_sheet(drawn, tmp_path, "ana", answers)])
    whole = _field(score, "statement").strict
    assert whole is not None
    assert whole.share == pytest.approx(0.9)
    assert (score.drawn, score.rows) == (8, 5)


def test_third_look_that_decides_the_gate_decides_the_row(tmp_path: Path) -> None:
    """If only one reader has answered the questions after a gate, a third look at that row decides all of them."""
    drawn = draw()
    one = _sheet(drawn, tmp_path, "ana", {0: all_right()})
    other = _sheet(drawn, tmp_path, "ben", {0: WRONG})
    third = _sheet(drawn, tmp_path, "eve", {0: all_right(gender="wrong", gender_should_be="F")})
    found = next(iter(find_consensus("quotes", [one, other], decision=third).values()))
    assert (found.verdicts["statement"], found.verdicts["gender"]) == ("right", "wrong")
    assert found.corrections == {"speaker_gender": "F"}
