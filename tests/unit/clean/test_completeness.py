"""Flags of bodies that are not their whole story, or that have more than it."""

import json
import re
from random import Random

import pytest
from pages_for_clean import html_of, page_of

from newslake.pipeline.clean import Origin, explain

HARBOUR_WORDS = (
    "harbour council debates breakwater dredging fishing families complain lighthouse repairs mooring charges doubled "
    "ferry terminal opened spring quay crane tides anchors sailors pilots trawlers customs officers"
)


def _shuffled(seed: int) -> str:
    words = HARBOUR_WORDS.split()
    Random(seed).shuffle(words)
    return f"{' '.join(words)} {seed}.".capitalize()


HARBOUR = tuple(map(_shuffled, range(1, 8)))
ORCHARD = tuple(
    f"Apple growers in valley {n} expect frost damage after blossoms opened early, while beekeepers blame pesticides, "
    f"drought and imported seedlings for empty hives; pruning crews, irrigation pumps and tractors stand idle in {n}."
    for n in range(1, 5)
)
KITCHEN = (
    "Whisk butter with sugar until fluffy, crack eggs separately, sift flour, then fold vanilla custard beneath "
    "toasted almonds before chilling the pastry overnight near frozen raspberries.",
    "Serve warm slices alongside roasted plums, drizzle honey generously, sprinkle cinnamon sparingly, garnish plates "
    "using mint leaves, lemon zest, crushed pistachios plus whipped cream.",
    "Knead sourdough gently, proof loaves beside ovens, brush crusts, slash patterns, steam racks, bake until golden.",
)
TITLE = "Harbour council debates breakwater dredging"


def _flags(body: str, *, head: str = "", title: str = TITLE) -> set[str]:
    article = explain(page_of(html_of(head=head, body=body, title=title)), Origin("harbour")).article
    return {flag for flag in article.flags if flag.startswith("body_")}


def _paragraphs(texts: tuple[str, ...]) -> str:
    return "".join(f"<p>{text}</p>" for text in texts)


def _stating(**values: object) -> str:
    node = {"@type": "NewsArticle", "headline": TITLE, **values}
    return f'<script type="application/ld+json">{json.dumps(node)}</script>'


def test_paragraphs_in_a_dropped_box_between_others_are_missed() -> None:
    """Two paragraphs in a box that is dropped give the flag; one, as an appeal is, gives none."""
    pages = [
        _paragraphs(HARBOUR[:2]) + f"<div class='related-content'>{_paragraphs(HARBOUR[2:end])}</div>"
        + _paragraphs(HARBOUR[end:])
        for end in (4, 3)
    ]  # fmt: skip
    assert [_flags(page) for page in pages] == [{"body_incomplete"}, set()]


def test_short_notes_after_a_body_are_no_part_of_it() -> None:
    """Short notes of the publisher in a box after the story give no flag."""
    note = "Our newsroom in Port Arlen is open on every day of the week."
    assert not _flags(_paragraphs(HARBOUR[:3]) + f"<aside><p>{note}</p><p>{note} Call us.</p></aside>")


@pytest.mark.parametrize(("share", "flags"), [(7, set()), (4, {"body_incomplete"})])
def test_stated_text_is_compared_with_the_body(share: int, flags: set[str]) -> None:
    """A body that lacks three of the seven paragraphs of ``articleBody`` has the flag; a whole one has none."""
    assert _flags(_paragraphs(HARBOUR[:share]), head=_stating(articleBody=" ".join(HARBOUR))) == flags


@pytest.mark.parametrize(("count", "flags"), [(190, set()), (150, {"body_excess"})])
def test_body_longer_than_the_page_states_has_excess(count: int, flags: set[str]) -> None:
    """A body with a seventh more words than ``wordCount`` has the flag."""
    assert _flags(_paragraphs(HARBOUR), head=_stating(wordCount=count)) == flags


def test_another_story_after_its_linked_headline_is_excess() -> None:
    """Paragraphs about something else, under a linked headline, are excess; about the same they are not."""
    heading = "<h2><a href='/2'>Growers fear frost</a></h2>"
    stories = ((ORCHARD[0], KITCHEN[0]), (_shuffled(8), _shuffled(9)))
    pages = [_paragraphs(HARBOUR) + heading + _paragraphs(story) for story in stories]
    assert ["body_excess" in _flags(page) for page in pages] == [True, False]


def test_text_about_something_else_is_excess_without_a_mark() -> None:
    """A last part that shares no content word with the rest is excess, in whatever element it is."""
    assert _flags(_paragraphs((*HARBOUR[:3], *KITCHEN))) == {"body_excess"}
    assert not _flags(_paragraphs(HARBOUR))


def test_compounds_share_their_words() -> None:
    """A last part whose words are in compounds of the rest is about the same: "Kran" in "Hafenkran"."""
    words = re.findall(r"[a-z]{5,}", " ".join(KITCHEN).casefold())
    compounds = " ".join(f"{first}hafen{word}" for first, word in zip("abcdefghij" * 9, words, strict=False))
    assert not _flags(_paragraphs((*HARBOUR[:3], f"Die {compounds}.", *KITCHEN)))


def test_story_without_a_word_of_its_title_has_excess() -> None:
    """A story that has no content word of its title is another one; a title of two such words proves nothing."""
    assert _flags(_paragraphs(ORCHARD), title="Council debates breakwater charges") == {"body_excess"}
    assert not _flags(_paragraphs(ORCHARD), title="What now, Arlen?")
