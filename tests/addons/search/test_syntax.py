"""Search texts become expressions that FTS5 accepts; what cannot be searched has a clear message."""

import sqlite3
from contextlib import closing, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newslake.pipeline.addons.search.syntax import MOST_LETTERS, MOST_TERMS, parse_search_text
from newslake.pipeline.addons.search.word_forms import word_forms
from newslake.pipeline.errors import ConfigError
from tests.properties.fuzzing import examples

_PIECES = (
    *('"', '""', "'", "*", "-", "--", "^", "(", ")", ":", "title:", "text:", "OR", "AND", "NOT", "NEAR(", "+", ","),
    *(
        "\\",
        "{",
        "}",
        "\0",
        "\ud800",
        "“",
        "«",
        "ferry",
        "ab*",
        "a*",
        "łódź",
        "汉字",
        "é",
        "\u0301",
        "²",
        "Ⅷ",
        ";",
        "--",
        "%",
    ),
)
TEXTS = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from(_PIECES), max_size=24).map("".join),
    st.lists(st.sampled_from(_PIECES), max_size=24).map(" ".join),
)
ARTICLES = (
    ("Harbour bridge closed", "The harbour bridge is closed, said Ada Quill. Ferries run."),
    ("Ferries wait", "The bridge of the harbour opens again. Łódź sends a crane; cafés are full."),
    ("Strike", "Bus drivers strike. No harbour here."),
)


def found(text: str, *, has_forms: bool = False) -> list[int]:
    """Return the numbers of the articles that match, with the same tokenizer as the index."""
    terms = parse_search_text(text)
    expression = terms.expression(word_forms(terms.words()) if has_forms else {})
    with closing(sqlite3.connect(":memory:")) as memory:
        options = "tokenize='unicode61 remove_diacritics 2'"
        memory.execute(f"CREATE VIRTUAL TABLE words USING fts5 (title, text, {options})")
        memory.executemany("INSERT INTO words VALUES (?, ?)", ARTICLES)
        query = "SELECT rowid - 1 FROM words WHERE words MATCH ? ORDER BY rowid"
        return [row[0] for row in memory.execute(query, (expression,))]


@pytest.mark.parametrize(
    ("text", "articles"),
    [
        ("harbour", [0, 1, 2]),
        ("harbour bridge", [0, 1]),
        ("harbour AND bridge", [0, 1]),
        ('"harbour bridge"', [0]),
        ("“harbour bridge”", [0]),
        ('"harbour bridge', [0]),
        ("harbour -bridge", [2]),
        ("harbour NOT bridge", [2]),
        ('harbour -"harbour bridge" -drivers', [1]),
        ("drivers OR ferries", [0, 1, 2]),
        ("harbour drivers OR quill", [0, 2]),
        ("ferr*", [0, 1]),
        ("title:ferries", [1]),
        ("TITLE:ferr* harbour", [1]),
        ('title:"harbour bridge"', [0]),
        ("-title:ferries bridge", [0]),
        ("lodz CAFES", []),
        ("łodz CAFES", [1]),
        ("quill.ferries", [0]),
        ("bridge !!! () ^", [0, 1]),
        ("OR harbour OR", [0, 1, 2]),
        ("or", []),
    ],
)
def test_text_matches(text: str, articles: list[int]) -> None:
    """Words, phrases, exclusions, alternatives, prefixes and titles match as the documentation says."""
    assert found(text) == articles


@pytest.mark.parametrize(
    ("text", "articles"),
    [
        ("ferry", [0, 1]),
        ("FERRY", [0, 1]),
        ('"ferry"', []),
        ("title:ferry", [1]),
        ("striking -harbours", []),
        ("bridge -ferry", []),
        ("bridge -title:ferry", [0]),
        ("bus OR cafe", [1, 2]),
        ("strik*", [2]),
        ('"harbours bridge"', []),
    ],
)
def test_words_without_quotes_have_forms(text: str, articles: list[int]) -> None:
    """A word also means its other forms, as an exclusion and in titles too; in quotes or with a * it does not."""
    assert found(text, has_forms=True) == articles


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no word to find: write a word"),
        ('!? "" *', "no word to find: write a word"),
        ("-bridge NOT ferry", "no word to find: add a word"),
        ("a*", r"a\* is too short"),
        ("x" * (MOST_LETTERS + 1), "401 letters: use at most 400"),
        ("a " * (MOST_TERMS + 1), "33 words and phrases: use at most 32"),
    ],
)
def test_text_that_cannot_be_searched_is_named(text: str, message: str) -> None:
    """A text without a word to find, too long or with too many words is an error that says what to do."""
    with pytest.raises(ConfigError, match=message) as error:
        parse_search_text(text)
    assert error.value.key == "text"


@examples(300)
@given(TEXTS)
def test_no_text_is_a_syntax_error(text: str) -> None:
    """Every text is either searched, or refused with a message; FTS5 never finds a syntax error."""
    with suppress(ConfigError):
        assert set(found(text)) <= {0, 1, 2}
        assert set(found(text, has_forms=True)) <= {0, 1, 2}


@examples(50)
@given(st.lists(st.sampled_from(("bridge", "quill", "drivers", "ferries", "crane")), min_size=1, max_size=4))
def test_words_are_combined_with_and(words: list[str]) -> None:
    """Several words match the articles that each of them matches."""
    alone = [set(found(word)) for word in words]
    assert set(found(" ".join(words))) == set.intersection(*alone)
    assert set(found(" OR ".join(words))) == set.union(*alone)
