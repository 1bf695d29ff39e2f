"""Lines that are not part of the story."""

import pytest

from newslake.pipeline.clean.blocks import TextPiece
from newslake.pipeline.clean.boilerplate import LINE_RULES, keep_story_lines

STORY = [
    TextPiece("paragraph", f"Sentence number {n} of the story tells what the council did that day.") for n in range(8)
]


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("Advertisement", "advertisement"),
        ("Read more: The mayor’s long night", "read_more"),
        ("Follow us on Instagram for harbour pictures", "follow_us"),
        ("Sign up for our morning newsletter", "newsletter"),
        ("Photo: Ada Lorn", "photo_credit"),
        ("All rights reserved.", "rights"),
        ("5 min read", "reading_time"),
        ("19:49 Uhr", "clock_alone"),
        ("Bild anzeigen", "picture_button"),
        ("Comments: 12", "comment_count"),
        ("Auch interessant", "read_more_alone"),
        ("Te puede interesar: La larga noche del alcalde", "read_more"),
        ("Council backs ferry terminal", "title_echo"),
        ("Most read in Football", "read_more_alone"),
        ("The eastern quay on the morning before the vote", "caption_echo"),
        (STORY[0].text, "repeat"),
        ("* * *", "no_words"),
        ("Article content", "layout_label"),
        ("Buying through us may earn us a commission, which pays for this page.", "affiliate"),
        ("Here you find external content that can be displayed with one click.", "embed_consent"),
        ("MORE : The keeper of the lighthouse retires", "read_more"),
        ("Czytaj więcej", "read_more_alone"),
        ("By Jo Marrick and Ada Lorn", "author_names"),
        ("Von Ada Lorn, Port Arlen", "author_names"),
        ("MUST WATCH", "read_more_alone"),
        ("Jetzt unterstützen", "support_button"),
        ("{ 38 comments… read them below or add one }", "template_words"),
    ],
)
def test_line_is_dropped_by_its_rule(line: str, rule: str) -> None:
    """A line that is not part of the story is dropped, and its rule is counted."""
    pieces = [*STORY[:4], TextPiece("paragraph", line), *STORY[4:]]
    kept = keep_story_lines(
        pieces,
        title="Council backs ferry terminal",
        echoes=["The eastern quay on the morning before the vote, seen from the lighthouse"],
        authors=("Ada Lorn", "Jo Marrick"),
    )
    assert (kept.pieces, dict(kept.fired)) == (tuple(STORY), {rule: 1})


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("Got a story? Write to our news desk.", "contact_us"),
        ("With files from the Northwire agency", "contribution"),
        ("Words and pictures, copyright: Harbour Syndicate, 2031", "copyright_tail"),
        ("Ada Lorn ist Reporterin für Häfen und Fischerei.", "author_bio_de"),
    ],
)
def test_closing_line_is_dropped_at_the_end_only(line: str, rule: str) -> None:
    """A line about the page or its makers is dropped after the story, and kept inside it."""
    closing = TextPiece("paragraph", line)
    kept = keep_story_lines([*STORY, closing], title=None, echoes=())
    assert (kept.pieces, dict(kept.fired)) == (tuple(STORY), {rule: 1})
    inside = [STORY[0], closing, *STORY[1:]]
    assert keep_story_lines(inside, title=None, echoes=()).pieces == tuple(inside)


def test_heading_like_a_list_of_stories_does_not_end_a_long_text() -> None:
    """If two long paragraphs follow, the heading of a list of other stories does not end the body."""
    lines = [TextPiece("paragraph", f"In week {n} the council met, and the boats stayed in.") for n in range(90)]
    long = [TextPiece("paragraph", f"Letter {n}: " + "of the long winter and the ice " * 7) for n in range(2)]
    pieces = (*lines, TextPiece("heading", "Editor’s picks"), *long)
    assert keep_story_lines(pieces, title=None, echoes=()).pieces == pieces


def test_list_of_other_stories_ends_the_body() -> None:
    """Lines after the start of a list of other stories are not part of the story."""
    pieces = [
        *STORY,
        TextPiece("heading", "More from Harbour Post"),
        TextPiece("paragraph", "Lighthouse keeper retires"),
    ]
    assert keep_story_lines(pieces, title=None, echoes=()).pieces == tuple(STORY)


@pytest.mark.parametrize(
    ("heading", "is_kept"),
    [
        ("Port Arlen: Council backs ferry terminal", False),
        ("Why the Port Arlen council at last backs ferry terminal", True),
        ("Ferry terminal", True),
    ],
)
def test_heading_of_topic_and_title_is_dropped(heading: str, is_kept: bool) -> None:
    """A heading that repeats the title after up to four words is its echo; other headings with its words stay."""
    pieces = (TextPiece("heading", heading), *STORY)
    kept = keep_story_lines(pieces, title="Council backs ferry terminal", echoes=()).pieces
    assert kept == (pieces if is_kept else tuple(STORY))
    later = (*STORY, pieces[0], TextPiece("paragraph", "The first ferries leave at six in the morning."))
    assert keep_story_lines(later, title="Council backs ferry terminal", echoes=()).pieces == later


def test_heading_without_text_after_it_is_dropped() -> None:
    """A heading without text after it is dropped."""
    kept = keep_story_lines([*STORY, TextPiece("heading", "What happens next")], title=None, echoes=())
    assert (kept.pieces, kept.fired["last_heading"]) == (tuple(STORY), 1)


@pytest.mark.parametrize(
    "line",
    [
        "By Tuesday the quay was full of people who had heard of the vote on the radio.",
        "Share prices of the ferry line fell.",
        "Jo Marrick saw the boats leave.",
        "By Jo Marrick, of all people, the vote was lost.",
        "Must watch the tide.",
        "Jetzt unterstützen auch die Fischer den Plan.",
        "The set {1, 2, 3} has three members.",
        "Jo Marrick",
        "The agent earned a commission of ten crowns in the harbour that summer, he said, and no more than that, but "
        "he kept the affiliates of the ferry line happy.",
        "“We use cookies tins for the bait,” the fisherman said with a laugh as he went back to his boat.",
    ],
)
def test_story_that_resembles_a_rule_is_kept(line: str) -> None:
    """A sentence that only starts like boilerplate is part of the story."""
    assert (
        TextPiece("paragraph", line)
        in keep_story_lines([*STORY, TextPiece("paragraph", line)], title=None, echoes=(), authors=("J. Lorn",)).pieces
    )


@pytest.mark.parametrize(("line", "is_kept"), [("Ada Lorn", False), ("Ada Lorn.", True), ("Ada came back", True)])
def test_name_alone_under_the_headline_is_dropped(line: str, is_kept: bool) -> None:
    """A first paragraph of two or three words with capitals is a name, and no paragraph."""
    first = TextPiece("paragraph", line)
    kept = keep_story_lines([first, *STORY], title=None, echoes=())
    assert (first in kept.pieces, kept.fired["name_alone"]) == (is_kept, int(not is_kept))


def test_rule_names_are_unique() -> None:
    """Counts are stored by name, so that each rule needs its own name."""
    names = [rule.name for rule in LINE_RULES]
    assert sorted(set(names)) == sorted(names)


def test_short_lines_may_repeat() -> None:
    """A short line under each entry stays; a long paragraph, a line next to itself and a long list are kept once."""
    when = TextPiece("paragraph", "When: all day, every day")
    entries = [STORY[0], when, STORY[1], when, STORY[2], when, STORY[3]]
    assert keep_story_lines(entries, title=None, echoes=()).pieces == tuple(entries)
    assert keep_story_lines([*STORY[:3], when, when, STORY[3]], title=None, echoes=()).pieces == (
        *STORY[:3],
        when,
        STORY[3],
    )
    items = [TextPiece("list", f"{n} sacks of sand for the wall") for n in range(2, 12)]
    twice = [*STORY[:3], *items, TextPiece("heading", "For printing"), *items, STORY[3]]
    kept = keep_story_lines(twice, title=None, echoes=()).pieces
    assert kept == (*STORY[:3], *items, TextPiece("heading", "For printing"), STORY[3])
