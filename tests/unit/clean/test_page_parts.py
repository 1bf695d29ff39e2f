"""Blocks and letters that the page's layout adds to a story."""

import pytest
from pages_for_clean import PARAGRAPHS, html_of, page_of

from newslake.pipeline.clean import extract
from newslake.pipeline.clean.html import parse_html, text_of
from newslake.pipeline.clean.page_parts import drop_appeals, drop_cards, drop_note_marks


def _body(extra: str = "", *, body: str = "") -> tuple[str, ...]:
    return extract(page_of(html_of(head="", extra=extra, body=body)), source_key="s").texts("paragraph")


ASKS = "Our newsroom has no owner but its readers. Journalism like this costs money, and every crown counts."


@pytest.mark.parametrize("button", ["Jetzt unterstützen", "Donate now!", "Faire un don"])
def test_appeal_for_money_is_dropped(button: str) -> None:
    """A block with sentences about journalism and a button for money is no part of the story."""
    block = f"<div><p>{ASKS}</p><p>Twelve thousand people help already.</p><div><a href='/d'>{button}</a></div></div>"
    assert _body(block) == PARAGRAPHS


@pytest.mark.parametrize(
    "block",
    [
        "<div><p>The lifeboat crew asks every family for ten crowns.</p><a href='/d'>Donate now</a></div>",
        f"<div><p>{ASKS}</p><a href='/d'>Read the letter of the editor</a></div>",
        f"<div class='article-body'><p>{ASKS}</p><a href='/d'>Donate now</a></div>",
        f"<div><p>{ASKS}</p><p>{PARAGRAPHS[0]} {PARAGRAPHS[1]} {PARAGRAPHS[2]}</p><a href='/d'>Donate now</a></div>",
    ],
)
def test_other_block_with_a_link_is_kept(block: str) -> None:
    """A charity's block, a block about journalism without such a button, and the story itself are not dropped."""
    root = parse_html(html_of(head="", extra=block))
    before = text_of(root)
    drop_appeals(root)
    assert text_of(root) == before


@pytest.mark.parametrize(
    ("card", "is_kept"),
    [
        ("<a href='/quay'><h3>Quay to close</h3><p>The eastern quay will be closed for a year.</p></a>", False),
        ("<a href='/quay'><h3>Quay to close</h3><p>4 May 2031</p></a>", True),
        ("<a href='#quay'><h3>Quay to close</h3><p>The eastern quay will be closed for a year.</p></a>", True),
        ("<a href='/quay'><p>The eastern quay will be closed for a whole year, she said.</p></a>", True),
        ("<div><h3>Quay to close</h3><p>The eastern quay will be closed for a year.</p></div>", True),
    ],
)
def test_card_of_another_story_is_dropped(card: str, is_kept: bool) -> None:
    """A link with a heading and a text is the card of another story; a link of one of them, or an anchor, is not."""
    root = parse_html(html_of(extra=card))
    before = text_of(root)
    drop_cards(root)
    assert (text_of(root) == before) == is_kept


@pytest.mark.parametrize(
    ("start", "text"),
    [
        ("<span class='big'><span>N</span></span> <span class='rest'>a endlich!", "Na endlich!"),
        ("<span class='dropcap'>T</span> <span>he council", "The council"),
        ("<span class='big'><span>A</span></span> <span class='rest'>ferry", "A ferry"),
        ("<span>C</span> <span>major", "C major"),
        ("Plan <span class='big'><span>B</span></span> <span>stays", "Plan B stays"),
    ],
)
def test_large_first_letter_is_part_of_its_word(start: str, text: str) -> None:
    """A consonant in a span of its own joins the span after it, but not a letter that may be a word."""
    first = f"<p>{start} {PARAGRAPHS[1]}</span></p>"
    body = first + "".join(f"<p>{each}</p>" for each in PARAGRAPHS)
    assert _body(body=body)[0].startswith(f"{text} ")


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("the vote<sup><a href='#fn1'>1</a></sup> of", "the vote of"),
        ("the vote<sup class='footnote'>[2]</sup> of", "the vote of"),
        ("40 m<sup>2</sup> of", "40 m2 of"),
        ("all <a href='/flat'>40 m<sup>2</sup></a> of", "all 40 m2 of"),
        ("</p><p class='editors-note'>40 m<sup>2</sup> of", "40 m2 of"),
        ("<sup><a href='#ref1'>1</a></sup> The note of", "1 The note of"),
    ],
)
def test_number_of_a_footnote_is_no_part_of_the_text(markup: str, text: str) -> None:
    """A raised number that is a link or has a footnote's class is dropped, but no power, and no number of a note."""
    root = parse_html(f"<html><body><p>{markup} May</p></body></html>")
    drop_note_marks(root)
    assert "".join(root.itertext()).strip() == f"{text} May"
