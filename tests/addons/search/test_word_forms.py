"""English words are joined with their inflected forms, and with nothing else of the same stem."""

import pytest

from newslake.pipeline.addons.search.word_forms import word_forms


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
        ("bus", "buses"),
        ("gas", "gases"),
        ("virus", "viruses"),
        ("focus", "focuses", "focused", "focusing"),
        ("bias", "biases", "biased"),
        ("try", "tries", "tried", "trying"),
        ("fly", "flies", "flying"),
        ("cry", "cries", "cried", "crying"),
        ("spy", "spies", "spied", "spying"),
        ("sky", "skies"),
        ("die", "dies", "died", "dying"),
        ("tie", "ties", "tied", "tying"),
        ("lie", "lies", "lied", "lying"),
        ("go", "goes", "going"),
        ("do", "does", "doing"),
        ("free", "frees", "freed", "freeing"),
        ("succeed", "succeeds", "succeeded", "succeeding"),
        ("embed", "embeds", "embedded", "embedding"),
        ("add", "adds", "added", "adding"),
        ("egg", "eggs", "egged", "egging"),
        ("err", "errs", "erred", "erring"),
        ("staff", "staffs", "staffed", "staffing"),
        ("boycott", "boycotts", "boycotted", "boycotting"),
    ],
)
def test_inflected_forms_are_joined(forms: tuple[str, ...]) -> None:
    """Each word has all forms."""
    found = word_forms(forms)
    assert [set(forms) - set(found[form]) for form in forms] == [set()] * len(forms)


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
        ("added", "ads"),
        ("egging", "egs"),
        ("erred", "ers"),
        ("was", "wass"),
        ("los", "loses"),
        ("los", "losing"),
        ("pleas", "pleases"),
        ("pleas", "pleased"),
        ("bas", "based"),
        ("us", "uses"),
        ("specie", "species"),
        ("news", "newses"),
        ("laie", "laying"),
        ("so", "sos"),
        ("to", "toes"),
        ("red", "reed"),
        ("see", "seed"),
        ("cree", "creed"),
        ("sing", "sed"),
        ("penn", "penned"),
        ("barr", "barred"),
    ],
)
def test_other_words_are_not_joined(word: str, other: str) -> None:
    """Words of the same stem with another ending, and words that only look like a form, are other words."""
    assert other not in word_forms([word])[word]
    assert word not in word_forms([other])[other]


@pytest.mark.parametrize("word", ["as", "Łódź", "co-op", "2026", "news", "species", "to", ""])
def test_word_without_forms_is_alone(word: str) -> None:
    """A short word, one with other characters than the letters of English, or an exception has itself alone."""
    assert word_forms([word]) == {word: (word,)}


def test_word_is_as_it_is_written() -> None:
    """The word itself is first, as it is written; the others are in lower case."""
    assert word_forms(["Ferry"])["Ferry"][0] == "Ferry"
    assert "ferries" in word_forms(["Ferry"])["Ferry"]
