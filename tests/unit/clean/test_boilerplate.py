"""Lines that are not part of the story."""

import pytest

from pipeline.clean.blocks import TextPiece
from pipeline.clean.boilerplate import LINE_RULES, keep_story_lines

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
        ("The eastern quay on the morning before the vote", "caption_echo"),
        (STORY[0].text, "repeat"),
        ("* * *", "no_words"),
    ],
)
def test_line_is_dropped_by_its_rule(line: str, rule: str) -> None:
    """A line that is not part of the story is dropped, and its rule is counted."""
    pieces = [*STORY[:4], TextPiece("paragraph", line), *STORY[4:]]
    kept = keep_story_lines(
        pieces,
        title="Council backs ferry terminal",
        echoes=["The eastern quay on the morning before the vote, seen from the lighthouse"],
    )
    assert (kept.pieces, dict(kept.fired)) == (tuple(STORY), {rule: 1})


def test_list_of_other_stories_ends_the_body() -> None:
    """Lines after the start of a list of other stories are not part of the story."""
    pieces = [
        *STORY,
        TextPiece("heading", "More from Harbour Post"),
        TextPiece("paragraph", "Lighthouse keeper retires"),
    ]
    assert keep_story_lines(pieces, title=None, echoes=()).pieces == tuple(STORY)


def test_heading_without_text_after_it_is_dropped() -> None:
    """A heading without text after it is dropped."""
    kept = keep_story_lines([*STORY, TextPiece("heading", "What happens next")], title=None, echoes=())
    assert (kept.pieces, kept.fired["last_heading"]) == (tuple(STORY), 1)


@pytest.mark.parametrize(
    "line",
    [
        "By Tuesday the quay was full of people who had heard of the vote on the radio.",
        "Share prices of the ferry line fell.",
        "“We use cookies tins for the bait,” the fisherman said with a laugh as he went back to his boat.",
    ],
)
def test_story_that_resembles_a_rule_is_kept(line: str) -> None:
    """A sentence that only starts like boilerplate is part of the story."""
    assert (
        TextPiece("paragraph", line)
        in keep_story_lines([*STORY, TextPiece("paragraph", line)], title=None, echoes=()).pieces
    )


def test_rule_names_are_unique() -> None:
    """Counts are stored by name, so that each rule needs its own name."""
    names = [rule.name for rule in LINE_RULES]
    assert sorted(set(names)) == sorted(names)
