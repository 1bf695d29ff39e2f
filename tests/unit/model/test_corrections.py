"""Lines of overrides.toml: they are read back unchanged, and words identify one quote."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newslake.pipeline.model.corrections import (
    QuotePlace,
    folded_words,
    matching_quotes,
    name_lines,
    name_to_correct,
    no_quote_lines,
    place_of_article,
    place_of_quote,
    speaker_lines,
    toml_text,
)
from newslake.pipeline.model.identity import article_id_of

ARTICLE = "0123456789abcdef0123456789abcdef"
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
QUOTES = st.lists(st.text(st.sampled_from("abcé ’'“”\n.\u202e\u0000"), max_size=30), min_size=1, max_size=6)
HOSTILE = 'He said "so\\that"\nthere\u202e \u2066x\u2069\x00\x1b[31m\u2028\U000e0041'


@given(TEXTS)
def test_any_text_is_read_back(text: str):
    """TOML returns any text unchanged."""
    assert tomllib.loads(f"a = {toml_text(text)}") == {"a": text}


@given(TEXTS)
def test_nothing_in_a_line_is_hidden(text: str):
    """No character of a line ends it early, is invisible or changes the text direction."""
    assert toml_text(text).isprintable()
    assert not set(toml_text(text)) & set("\n\r\t\x00\x1b\u200e\u200f\u202a\u202e\u2028\u2029\u2066\u2069\ufeff")


def test_hostile_text_stays_in_its_string():
    """A hostile name, speaker or quote stays inside its own string."""
    lines = (
        name_lines(HOSTILE, article=ARTICLE, qid="Q1", called=HOSTILE)
        + speaker_lines(QuotePlace(HOSTILE, 2), article=ARTICLE, speaker=HOSTILE)
        + no_quote_lines(QuotePlace(HOSTILE), article=ARTICLE)
    )
    assert tomllib.loads(lines) == {
        "names": {HOSTILE: [{"article": ARTICLE, "qid": "Q1", "name": HOSTILE}]},
        "quotes": [
            {"article": ARTICLE, "quote": HOSTILE, "occurrence": 2, "speaker": HOSTILE},
            {"article": ARTICLE, "quote": HOSTILE, "is_quote": False},
        ],
    }


def test_lines_are_short():
    """The lines are short, in a fixed order, and have only the values that are set."""
    place = QuotePlace("We will appeal")
    assert speaker_lines(place, article=ARTICLE, speaker="Zoë Lind") == (
        f'[[quotes]]\narticle = "{ARTICLE}"\nquote = "We will appeal"\nspeaker = "Zoë Lind"\n'
    )
    assert name_lines("BBC", qid="") == '[[names."BBC"]]\nqid = ""\n'


def test_lone_surrogate_is_replaced():
    """A lone surrogate, which TOML cannot hold, does not break the line."""
    assert tomllib.loads(f"a = {toml_text('x' + chr(0xD800))}") == {"a": "x\ufffd"}


@given(QUOTES, st.data())
def test_a_place_means_its_own_quote(quotes: list[str], data: st.DataObject):
    """The place of each quote identifies it and no other, also from TOML; without words it has no place."""
    index = data.draw(st.integers(0, len(quotes) - 1))
    place = place_of_quote(quotes, index, marked=data.draw(st.sampled_from(["", quotes[index][1:], quotes[0]])))
    if place is None:
        assert folded_words(quotes[index]) == ()
        return
    line = tomllib.loads(no_quote_lines(place, article=ARTICLE))["quotes"][0]
    found = matching_quotes(quotes, line["quote"])
    occurrence = line.get("occurrence")
    assert (found if occurrence is None else (found[occurrence - 1],)) == (index,)


def test_quote_is_found_after_a_change_of_rules():
    """A quote is found by the words in its quotation marks after its clause and its quotation marks have changed."""
    before = ["she said the ferry was “a costly gamble and nothing more”", "it would stop"]
    place = place_of_quote(before, 0, marked="“a costly gamble and nothing more”")
    assert place == QuotePlace("a costly gamble and nothing more")
    after = ["it would stop", 'the ferry was "A costly gamble, and nothing more"']
    assert matching_quotes(after, place.words) == (1,)


def test_long_quotes_are_identified_by_their_beginning():
    """Twelve words identify a long quote; if two quotes start with the same words, more are used."""
    long = " ".join(f"word{n}" for n in range(40))
    assert place_of_quote([long, "else"], 0) == QuotePlace(" ".join(f"word{n}" for n in range(12)))
    assert place_of_quote([long, f"{long} again"], 0) == QuotePlace(long)


@pytest.mark.parametrize(
    ("mentions", "name"),
    [(["Lind", "Zoë Lind"], "Zoë Lind"), (["Lind", "Dr Zoë Lind"], "Dr Zoë Lind"), (["UK"], "UK"), ([], None)],
)
def test_a_correction_names_the_fullest_form(mentions: list[str], name: str | None):
    """The name to correct is in the article: the canonical name, else the longest one."""
    assert name_to_correct("Zoë Lind", mentions) == name


def test_article_is_identified_by_its_url():
    """A URL identifies an article only if it gives the same id and has no unusual characters."""
    url = "http://www.post.example/ferry?utm_source=x"
    article_id = article_id_of(canonical="https://post.example/ferry", text="")
    assert place_of_article(article_id, url) == url
    assert place_of_article(ARTICLE, url) == ARTICLE
    for other in (None, "file:///x", "https://post.example/fé\u202erry"):
        assert place_of_article(article_id, other) == article_id
