"""The latest status of a page is the same in all queries."""

import pytest

from pipeline.query import question_named
from pipeline.query.outcomes import OUTCOME_PRECEDENCE


@pytest.mark.parametrize("slug", ["coverage", "why-rejected"])
def test_questions_use_the_same_precedence_of_outcomes(slug: str) -> None:
    """The questions use the order of `newslake why` and `newslake coverage`, reversed."""
    words = OUTCOME_PRECEDENCE.strip("()").split(", ")
    last_first = ", ".join(word.replace("<>", "=") if "<>" in word else f"{word} DESC" for word in words)

    assert question_named(slug).sql.count(f"ORDER BY {last_first}\n") == 1
