"""What counts as the same story, on texts made for each trap."""

import pytest

from pipeline.clusters.lists import rows_of
from pipeline.clusters.matching import ArticleShingles, match_of
from pipeline.clusters.minhash import sketches_of
from tests.planted import COPIES, STRANGERS, Press

PRESS = Press(seed=3)
STORY = PRESS.prose(300)
STATEMENT = PRESS.prose(200).replace("\n\n", " ")


def article_shingles(text: str) -> ArticleShingles:
    sketch = sketches_of([text])
    return ArticleShingles(rows_of(sketch["shingles"])[0], rows_of(sketch["own"])[0])


def methods(one: str, other: str) -> set[str | None]:
    """Return how two texts match, asked both ways."""
    both = (article_shingles(one), article_shingles(other))
    return {match.method if match else None for match in (match_of(*both), match_of(*both[::-1]))}


@pytest.mark.parametrize("how", COPIES)
def test_copies_match(how: str) -> None:
    """What other outlets make of a story is the story."""
    assert None not in methods(STORY, PRESS.copied(STORY, how))


def test_a_part_is_told_from_the_whole() -> None:
    """A story cut by half is a cut copy; a tenth of it is not."""
    words = STORY.split()
    assert methods(STORY, " ".join(words[:150])) == {"cut"}
    assert methods(STORY, " ".join(words[:40])) == {None}


@pytest.mark.parametrize("why", [why for why in STRANGERS if why != "shared footer"])
def test_strangers_do_not_match(why: str) -> None:
    """Stories that share a statement, their background or a line are not copies."""
    assert methods(*PRESS.strangers(why)) == {None}


@pytest.mark.parametrize("marks", ["“{}”", '"{}"', "« {} »", "„{}“"])
def test_a_shared_statement_is_not_the_story(marks: str) -> None:
    """Two stories around one statement differ, though four fifths of their words are the statement's."""
    said = marks.format(STATEMENT)
    assert methods(f"{PRESS.prose(50)}\n\n{said}", f"{PRESS.prose(50)}\n\n{said}") == {None}


def test_a_mark_that_never_closes_ends_with_its_line() -> None:
    """One stray quotation mark does not make a story a quotation."""
    stray = "”".join(("“" + STORY[:40].replace("\n", " "), ""))
    assert methods(f"“{STORY}", STORY) == {"near"}
    assert methods(f"{stray} {STORY}", STORY) == {"near"}


def test_marks_and_case_do_not_count() -> None:
    """Other quotation marks, hyphens, case and spaces make no other shingles."""
    assert methods(STORY, STORY.upper().replace(" ", "\u00a0").replace(".", " …")) == {"near"}


@pytest.mark.parametrize("text", ["", "one", "one two", "“one two three”"])
def test_short_texts_match_nothing(text: str) -> None:
    """A text of a few words matches nothing, not even itself."""
    assert methods(text, text) == {None}
    assert methods(text, STORY) == {None}
