"""English words are joined with their inflected forms, and with nothing else of the same stem."""

import pytest

from pipeline.search.word_forms import word_forms


@pytest.mark.parametrize(
    "forms",
    [
        ("ferry", "ferries"),
        ("strike", "strikes", "striking"),
        ("box", "boxes", "boxed"),
        ("stop", "stops", "stopped", "stopping"),
        ("agree", "agrees", "agreed"),
        ("control", "controlled", "controlling"),
        ("nurse", "nurses", "nursing"),
    ],
)
def test_inflected_forms_are_joined(forms: tuple[str, ...]) -> None:
    """The first word has each of its forms, and each form has the first word."""
    found = word_forms(forms)
    assert set(forms) <= set(found[forms[0]])
    assert all(forms[0] in found[form] for form in forms)


@pytest.mark.parametrize(
    ("word", "other"),
    [
        ("news", "new"),
        ("import", "important"),
        ("general", "generous"),
        ("police", "policy"),
        ("united", "units"),
        ("aid", "aide"),
        ("rate", "rats"),
        ("hoped", "hopping"),
        ("possible", "possibly"),
        ("final", "finally"),
        ("office", "officer"),
    ],
)
def test_other_words_are_not_joined(word: str, other: str) -> None:
    """Words of the same stem with another ending, and words that only look like a form, are other words."""
    assert other not in word_forms([word])[word]
    assert word not in word_forms([other])[other]


@pytest.mark.parametrize("word", ["as", "Łódź", "co-op", "2026", "news", ""])
def test_word_without_forms_is_alone(word: str) -> None:
    """A short word, one with other characters than the letters of English, or an exception has itself alone."""
    assert word_forms([word]) == {word: (word,)}


def test_word_is_as_it_is_written() -> None:
    """The word itself is first, as it is written; the others are in lower case."""
    assert word_forms(["Ferry"])["Ferry"][0] == "Ferry"
    assert "ferries" in word_forms(["Ferry"])["Ferry"]
