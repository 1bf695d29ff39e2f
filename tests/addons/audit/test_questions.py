"""The questions of an audit fit the tables that they are about."""

import pytest

from newslake.pipeline.addons.audit.questions import AUDITED_TABLES, questions_for
from newslake.pipeline.addons.audit.sheet import sheet_columns
from newslake.pipeline.cli import completion
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.tables import TABLE_SPECS


@pytest.mark.parametrize("table", AUDITED_TABLES)
def test_questions_judge_columns_of_their_table(table: str) -> None:
    """Every judged column exists, columns of the sheet and keys of answers are unique, and the first question is the
    only gate.
    """
    questions = questions_for(table)
    assert {each.column for each in questions if each.column} <= set(TABLE_SPECS[table].schema.names)
    assert len({each.name for each in questions}) == len(questions)
    assert [each.is_gate for each in questions] == [True] + [False] * (len(questions) - 1)
    assert len(set(sheet_columns(table))) == len(sheet_columns(table))
    for question in questions:
        assert len({answer.key for answer in question.answers}) == len(question.answers)
        assert {answer.verdict for answer in question.answers} >= {"right", "wrong", "unclear"}
        assert question.text.endswith("?")


def test_table_without_questions_is_refused() -> None:
    """Another table cannot be audited; the message says which can."""
    with pytest.raises(ConfigError, match="no audit of table 'quote': did you mean quotes"):
        questions_for("quote")


def test_completed_tables_are_those_with_questions() -> None:
    """The shell completes the tables that can be audited."""
    assert completion.AUDITED_TABLES == AUDITED_TABLES
    assert completion.audited_tables("e") == ["entities", "events"]
