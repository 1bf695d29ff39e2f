"""The side of the report on which a bare day is."""

import pytest

from newslake.pipeline.nlp.times.values import OPEN_END
from tests.unit.nlp.events_case import read

pytestmark = pytest.mark.model


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Nurses plan to strike on Friday.", "2026-03-13"),
        ("The leaders agreed to meet on Saturday.", "2026-03-14"),
        ("The shop is closed until Friday.", "2026-03-13"),
        ("The rules must be signed by Friday.", "2026-03-13"),
        ("Talks due on Friday were called off.", "2026-03-13"),
        ("The guards managed to escape on Friday.", "2026-03-06"),
        ("The pilot would have landed on Friday.", "2026-03-06"),
        ("He could not reach his lawyer on Friday.", "2026-03-06"),
        ("The road is shut since Friday.", "2026-03-06"),
        ("The court ruled against the firm in May.", "2025-05"),
        ("The bridge will be pulled down in May.", "2026-05"),
    ],
)
def test_side_of_the_report(nlp, text, value):
    """A past clause is before the report; plans, duties and what is due are after it."""
    assert [time.value for time in read(nlp, text).times] == [value]


def test_headline_in_the_present_is_past(nlp):
    """The present tense of a headline tells what happened."""
    case = read(nlp, "The roof fell in.", title="Storm hits Orrin on Friday")
    assert [time.value for time in case.times] == ["2026-03-06"]


def test_end_of_a_past_clause_stays_unresolved(nlp):
    """What was until Friday may have ended, or may end after the report; a year is the same in both cases."""
    friday, year = read(nlp, "He was held until Friday. He led the party until 2019.").times
    assert (friday.value, friday.note, year.value) == (None, OPEN_END, "2019")
