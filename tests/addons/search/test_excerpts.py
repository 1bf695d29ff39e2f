"""Matches have the offsets of their words in title and text; snippets show the words around them."""

from hypothesis import given
from hypothesis import strategies as st

from newslake.pipeline.addons.search.excerpts import Matches, find_matches, segments, snippet
from newslake.pipeline.addons.search.syntax import parse_search_text
from tests.properties.fuzzing import examples

TITLE = "Harbour bridge closed"
TEXT = (
    f"{TITLE}\n\n"
    + "The ferry waits. " * 30
    + "At noon the Café bridge opened.\n\nAda Quill was there. "
    + "It rains. " * 40
)


def shown(parts: tuple) -> str:
    return "".join(f"[{each.text}]" if each.is_match else each.text for each in parts)


def matches_of(text: str) -> Matches:
    return find_matches(parse_search_text(text).expression({}), [(TITLE, TEXT)])[0]


def test_spans_are_offsets_of_the_text() -> None:
    """Spans are code points of title and text, also after characters of several bytes and of accents."""
    found = matches_of("bridge quill cafe")
    assert [TITLE[start:end] for start, end in found.title] == ["bridge"]
    assert [TEXT[start:end] for start, end in found.text] == ["bridge", "Café", "bridge", "Quill"]


def test_phrase_is_one_span() -> None:
    """A phrase is one span, and a title: term has none in the text."""
    assert [TEXT[start:end] for start, end in matches_of('"cafe bridge opened"').text] == ["Café bridge opened"]
    assert matches_of("title:bridge").text == ()


def test_other_articles_have_no_matches() -> None:
    """Only articles that match have matches, by their position; also with NUL and private characters in a text."""
    articles = [("a", "ferry"), ("b", "bus\0 \ue000 bridge \ue001"), ("c", "")]
    found = find_matches(parse_search_text("bridge").expression({}), articles)
    assert found == {1: Matches((), ((7, 13),))}


def test_snippet_is_around_the_most_matches() -> None:
    """The snippet begins and ends with whole words, and shows matches of the text before those of its title."""
    text = shown(snippet(TEXT, matches_of("bridge quill").text, title=TITLE))
    assert text.startswith("…waits. The ferry waits.")
    assert "At noon the Café [bridge] opened. Ada [Quill] was there. It rains." in text
    assert text.endswith(" It…")
    assert len(text) < 260


def test_snippet_of_a_title_alone() -> None:
    """If only the title matches, the snippet is the beginning of the text."""
    assert shown(snippet(TEXT, matches_of("closed").text, title=TITLE)).startswith("Harbour bridge [closed] The ferry")
    assert shown(snippet(TEXT, (), title=TITLE)).startswith("… The ferry waits.")
    assert shown(snippet("", (), title="")) == ""


def test_long_match_is_whole() -> None:
    """A word that is longer than a snippet ends it; nothing fails."""
    word = "x" * 500
    found = find_matches(parse_search_text("xxx*").expression({}), [("", word)])[0]
    assert shown(snippet(word, found.text, title="")) == "x" * 240 + "…"


@examples(100)
@given(st.text(max_size=400), st.data())
def test_segments_keep_the_letters(text: str, data: st.DataObject) -> None:
    """Segments of a whole text have all of its characters but white space, in order."""
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8, unique=True)))
    spans = list(zip(cuts[::2], cuts[1::2], strict=False))
    joined = "".join(each.text for each in segments(text, spans))
    assert "".join(joined.split()) == "".join(text.split())
