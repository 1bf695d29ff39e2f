"""Corrections of quotes in the file: which are accepted, and the messages for wrong ones."""

import re
from pathlib import Path

import pytest

from newslake.pipeline.errors import ConfigError
from newslake.pipeline.kb import load_kb, parse_overrides, read_overrides

ID = "a" * 32
WHERE = f'[[quotes]]\narticle = "{ID}"\nquote = "We will appeal"\n'


def test_corrections_of_one_article(tmp_path: Path):
    """Quotes are found by the article's id or its URL, together with corrections of names."""
    path = tmp_path / "overrides.toml"
    path.write_text(
        f'[names."Jane Roe"]\nqid = "Q1"\n{WHERE}speaker = "Jane Roe"\n[[quotes]]\n'
        'article = "http://www.post.example/1?utm_source=x"\nquote = "No"\noccurrence = 2\nis_quote = false\n'
    )
    kb = load_kb(path)
    (first,) = kb.for_article(ID, url=None, source_key="post").quote_overrides
    (second,) = kb.for_article("b" * 32, url="https://post.example/1", source_key="post").quote_overrides
    assert (first.folded, first.speaker, first.is_quote, first.key) == (
        ("we", "will", "appeal"),
        "Jane Roe",
        True,
        "quotes[0]",
    )
    assert (second.occurrence, second.is_quote, second.key) == (2, False, "quotes[1]")
    assert kb.quote_overrides == ()
    assert kb.for_article("b" * 32, url=None, source_key="post").quotes_version() is None


def test_version_depends_on_the_content():
    """The same words in another order or spelling have the same version; another speaker has another."""
    other = WHERE.replace("We will appeal", "“We will — APPEAL”")

    def version(text: str) -> str | None:
        return (
            load_kb().under(parse_overrides(text, origin="t")).for_article(ID, url=None, source_key="").quotes_version()
        )

    said = 'speaker = "Jane Roe"\n'
    assert version(f"{WHERE}{said}") == version(f"{other}{said}") != version(f'{WHERE}speaker = "John Roe"\n')
    assert parse_overrides("", origin="t").quotes == {}
    assert not parse_overrides("", origin="t")


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("[quotes]\n", "quotes"),
        ('quotes = ["x"]\n', "quotes[0]"),
        (f"{WHERE}", "quotes[0]"),
        (f'{WHERE}speeker = "x"\n', "quotes[0].speeker"),
        (f'{WHERE}speaker = " "\n', "quotes[0].speaker"),
        (f"{WHERE}speaker = 3\n", "quotes[0].speaker"),
        (f'{WHERE}qid = ""\n', "quotes[0].qid"),
        (f"{WHERE}is_quote = true\n", "quotes[0].is_quote"),
        (f'{WHERE}is_quote = false\nspeaker = "x"\n', "quotes[0].speaker"),
        (f'{WHERE}speaker = ""\ngender = "F"\n', "quotes[0].gender"),
        (f'{WHERE}gender = "F"\n', "quotes[0]"),
        (f'{WHERE}speaker = "x"\ntype = "MAN"\n', "quotes[0].type"),
        (f'{WHERE}speaker = "x"\noccurrence = 0\n', "quotes[0].occurrence"),
        (f'{WHERE}speaker = "x"\noccurrence = true\n', "quotes[0].occurrence"),
        ('[[quotes]]\nquote = "x"\nspeaker = "y"\n', "quotes[0].article"),
        (f'[[quotes]]\narticle = "{ID}"\nspeaker = "y"\n', "quotes[0].quote"),
        (f'[[quotes]]\narticle = "{ID}"\nquote = "…"\nspeaker = "y"\n', "quotes[0].quote"),
        (f'[[quotes]]\narticle = "{ID[1:]}"\nquote = "x"\nspeaker = "y"\n', "quotes[0].article"),
        ('[[quotes]]\narticle = "https://"\nquote = "x"\nspeaker = "y"\n', "quotes[0].article"),
        (f'{WHERE}speaker = "x"\n{WHERE.replace("We will", "we WILL")}is_quote = false\n', "quotes[1]"),
    ],
)
def test_wrong_corrections_name_their_key(tmp_path: Path, written: str, key: str):
    """A wrong, missing or contradictory key stops with an error that names file and key."""
    path = tmp_path / "overrides.toml"
    path.write_text(written)
    with pytest.raises(ConfigError, match=re.escape(f"{path}: {key} ")) as caught:
        read_overrides(path)
    assert caught.value.key == key


def test_a_second_table_in_single_brackets_is_explained():
    """A pasted name that is already in the file in single brackets gets advice on what to write."""
    with pytest.raises(ConfigError, match=re.escape("[[...]] in both places")):
        parse_overrides('[names."Jane Roe"]\nqid = "Q1"\n[[names."Jane Roe"]]\nqid = "Q2"\n', origin="overrides.toml")
