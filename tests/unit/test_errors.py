"""Hints in messages about unknown names."""

import pytest

from newslake.pipeline.errors import did_you_mean


@pytest.mark.parametrize(
    ("word", "known", "expected"),
    [
        ("titel", ["title", "text"], "did you mean title?"),
        ("article", ["articles", "article_id"], "did you mean articles or article_id?"),
        ("xyz", ["title", "text"], "use one of title, text"),
        ("xyz", [], "use one of none"),
    ],
)
def test_hint_names_what_is_similar(word: str, known: list[str], expected: str) -> None:
    """A hint has at most two similar names, else all known ones."""
    assert did_you_mean(word, known) == expected


def test_hint_may_have_another_end() -> None:
    """Where nothing is similar, a caller may say more than a list."""
    assert did_you_mean("xyz", ["title"], otherwise="run `newslake ask`") == "run `newslake ask`"
