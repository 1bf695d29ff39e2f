"""The latest status of a page is the same in the questions."""

import pytest

from newslake.pipeline.query.outcomes import (
    IS_DECISION,
    IS_SETTLED,
    OUTCOME_PRECEDENCE,
)
from newslake.pipeline.query.saved_queries import question_named


@pytest.mark.parametrize("slug", ["coverage", "why-rejected"])
def test_questions_use_the_same_precedence_of_outcomes(slug: str) -> None:
    """The questions use the order of `newslake why` and `newslake coverage`, reversed."""
    words = OUTCOME_PRECEDENCE.strip("()").split(", ")
    last_first = ", ".join(word.replace("<>", "=") if "<>" in word else f"{word} DESC" for word in words)

    sql = " ".join(question_named(slug).sql.split())
    assert sql.count(f"ORDER BY {last_first} )") == 1
    assert (sql.count(f"WHERE {IS_DECISION} GROUP"), sql.count(f"{IS_SETTLED} AS is_settled ")) == (1, 1)
