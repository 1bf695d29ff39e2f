"""The last word on a page is the same wherever it is asked for."""

import pytest

from pipeline.query import question_named
from pipeline.query.outcomes import OUTCOME_PRECEDENCE


@pytest.mark.parametrize("slug", ["coverage", "why-rejected"])
def test_questions_take_the_last_word_in_the_order_of_the_house(slug: str) -> None:
    """The order that `newslake why` and `newslake coverage` go by stands in the questions, turned round."""
    words = OUTCOME_PRECEDENCE.strip("()").split(", ")
    last_first = ", ".join(word.replace("<>", "=") if "<>" in word else f"{word} DESC" for word in words)

    assert question_named(slug).sql.count(f"ORDER BY {last_first}\n") == 1
