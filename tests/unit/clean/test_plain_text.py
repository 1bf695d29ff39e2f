"""Plain text: characters are unchanged, and each line has a kind."""

from datetime import UTC, datetime

import pytest

from newslake.pipeline.clean import article_from_text

TITLE = "Ines Calder to meet Otto Brandt for harbour talks"
LEAD = (
    "Mayor Ines Calder will meet the ferry owner Otto Brandt in Port Arlen on Friday for talks about the new terminal."
)
MORE = "The two have agreed that the old quay stays open until the last stone of the new one is laid."
QUOTED = "Mr Brandt said: “We will sail in any weather that the harbour lets us sail in."


def _kinds(text: str, title: str | None = None) -> list[tuple[str, str]]:
    article = article_from_text(text, title=title)
    assert article.text == text
    return [(block.kind, text[block.start : block.end]) for block in article.blocks]


@pytest.mark.parametrize("gap", ["\n", "\n\n", "\r\n", "\n\n\n"])
def test_each_line_has_a_kind(gap: str) -> None:
    """Title, captions, cross-heading and paragraphs are marked for any line separator."""
    lines = [
        TITLE,
        "Calder and Brandt.",
        "Calder and Mr Brandt met last month",
        LEAD,
        MORE,
        "‘No more delay’",
        QUOTED,
    ]
    kinds = ["title", "caption", "caption", "paragraph", "paragraph", "heading", "paragraph"]
    assert _kinds(gap.join(lines)) == list(zip(kinds, lines, strict=True))


def test_speech_in_single_quotation_marks_is_a_paragraph() -> None:
    """A short line completely in single quotation marks that ends a sentence is speech, not a heading."""
    assert [kind for kind, _ in _kinds(f"{LEAD}\n‘I used to be angry. Now I laugh.’\n{QUOTED}")][1] == "paragraph"


def test_given_title_marks_only_the_same_line() -> None:
    """The given title marks the first line if that is equal, and is never inserted into the text."""
    assert _kinds(f"{LEAD}\n{MORE}", title=TITLE) == [("paragraph", LEAD), ("paragraph", MORE)]
    assert _kinds(f"{TITLE.upper()}\n{LEAD}", title=TITLE)[0] == ("title", TITLE.upper())


def test_wrapped_text_has_paragraphs_of_several_lines() -> None:
    """In wrapped text a block is the run of lines between blank lines."""
    one = "Mayor Ines Calder will meet the ferry owner Otto Brandt in\nPort Arlen on Friday for talks about the\nquay."
    two = (
        "The two have agreed that the old quay stays open until the\nlast stone of the new one is laid, the mayor said."
    )
    assert _kinds(f"{one}\n\n{two}\n") == [("paragraph", one), ("paragraph", two)]


def test_list_and_byline() -> None:
    """Bulleted lines are list items; a byline is not a caption."""
    text = f"{TITLE}\nBy Jo Marrick\n{LEAD}\n- a new quay\n- a road to it\n{MORE}"
    assert [kind for kind, _ in _kinds(text)] == ["title", "paragraph", "paragraph", "list", "list", "paragraph"]


def test_given_date_is_recorded() -> None:
    """The given date is used with the method "given"; without one the date is unknown."""
    when = datetime(2031, 5, 3, tzinfo=UTC)
    dated = article_from_text(LEAD, published_at=when, title=TITLE, source_key="inbox", language="en")
    undated = article_from_text(LEAD)
    assert (dated.published_at, dated.published_at_method, dated.title) == (when, "given", TITLE)
    assert (undated.published_at, undated.published_at_method, undated.title) == (None, "unknown", None)
    assert undated.article_id == dated.article_id


def test_empty_text_is_an_article_without_blocks() -> None:
    """No text gives no blocks and no error."""
    assert article_from_text("").blocks == article_from_text(" \n ").blocks == ()
