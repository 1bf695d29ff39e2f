"""The last word on a page is the same wherever it is asked for."""

import pytest

from pipeline.ask import question_named
from pipeline.ask.verdicts import LAST_WORD_FIRST


@pytest.mark.parametrize("slug", ["coverage", "why-rejected"])
def test_questions_take_the_last_word_in_the_order_of_the_house(slug: str) -> None:
    """The order that `newslake why` and `newslake coverage` go by stands in the questions, letter for letter."""
    assert question_named(slug).sql.count(f"ORDER BY {LAST_WORD_FIRST}\n") == 1
