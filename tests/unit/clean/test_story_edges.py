"""Teasers, terms, pull quotes and biographies in a body."""

from newslake.pipeline.clean.blocks import TextPiece
from newslake.pipeline.clean.boilerplate import is_biography, keep_story_lines, single_heading
from newslake.pipeline.clean.html import fold_title
from newslake.pipeline.clean.story_edges import pull_quotes, teaser_start

STORY = tuple(
    TextPiece(
        "paragraph",
        f"In week {n} the council of the harbour met again, and the boats stayed in until the ice was gone.",
    )
    for n in range(8)
)
HEADLINES = ("Lighthouse keeper retires after forty years", "Fishing fleet waits for the ice to go")


def _kept(*pieces: TextPiece) -> tuple[TextPiece, ...]:
    return keep_story_lines(pieces, title=None, echoes=(), is_link=HEADLINES.__contains__).pieces


def test_linked_headlines_after_the_story_are_dropped() -> None:
    """Two linked headlines at the end, with their summaries, are other stories."""
    teasers = [
        each for text in HEADLINES for each in (TextPiece("heading", text), TextPiece("paragraph", "A summary."))
    ]
    assert _kept(*STORY, *teasers) == STORY


def test_linked_headlines_in_the_whole_text_stay() -> None:
    """A text whose entries are under linked headlines from its start is no story with teasers."""
    entries = [each for text in HEADLINES for each in (TextPiece("heading", text), STORY[0])]
    pieces = (*entries, TextPiece("paragraph", "word " * 60), *entries)
    assert teaser_start(pieces, HEADLINES.__contains__) == len(pieces)


def test_linked_headlines_between_paragraphs_of_the_story_stay() -> None:
    """With more text after them than summaries have, linked headlines in the second half end no story."""
    first, second = (TextPiece("heading", text) for text in HEADLINES)
    pieces = (*STORY, first, *STORY[:4], second, *STORY[4:])
    assert teaser_start(pieces, HEADLINES.__contains__) == len(pieces)


def test_summary_that_a_template_has_cut_is_dropped_at_the_end() -> None:
    """A last paragraph that ends in brackets with dots is the start of another page."""
    assert _kept(*STORY, TextPiece("paragraph", "The keeper of the lighthouse was born in […]")) == STORY


def test_terms_of_a_subscription_are_dropped_from_the_first() -> None:
    """Two or more terms at the end are in place of the story, with what is between them."""
    lines = (
        "Already a subscriber? Log in",
        "4 crowns for 4 weeks",
        "Your plan renews automatically.",
        "Cancel anytime.",
    )
    assert _kept(*STORY[:3], *(TextPiece("paragraph", line) for line in lines)) == STORY[:3]


def test_pull_quote_is_dropped_and_a_new_sentence_stays() -> None:
    """A paragraph that repeats words of a longer one is a pull quote, also with the speaker's name after a dash."""
    quotes = [TextPiece("paragraph", "“The boats stayed in until the ice was gone” — Ines Calder")]
    said = TextPiece("paragraph", "The boats went out again when the ice was gone")
    assert _kept(*STORY[:4], *quotes, *STORY[4:], said) == (*STORY, said)


def test_biography_begins_with_the_name_of_an_author() -> None:
    """A paragraph about an author says what he or she is; one about somebody else is of the story."""
    about = TextPiece("paragraph", "Ada Lorn is an editor of the Harbour Post and lives in Port Arlen.")
    assert (is_biography(about, {"ada lorn"}), is_biography(about, {"jo marrick"})) == (True, False)


def test_question_of_an_interview_is_no_biography() -> None:
    """A colon after the name of the author shows that he or she asks."""
    question = TextPiece("paragraph", "Ada Lorn: Is this the end of the harbour?")
    assert not is_biography(question, {"ada lorn"})


def test_pull_quotes_of_a_very_long_body_are_not_sought() -> None:
    """The time to search each of more than 500 pieces in the whole text would grow with its square."""
    quote = TextPiece("paragraph", "the boats stayed in until the ice was gone — Ines Calder")
    pieces = (*STORY, quote, *STORY)
    found = [pull_quotes(each, [fold_title(piece.text) for piece in each]) for each in (pieces, pieces * 40)]
    assert found == [{len(STORY)}, frozenset()]


def test_double_heading_is_printed_once() -> None:
    """A heading that a page prints for large and for small screens is one."""
    double, other = TextPiece("heading", "What comes next What comes next"), TextPiece("heading", "Bit by bit by")
    assert (single_heading(double).text, single_heading(other)) == ("What comes next", other)
