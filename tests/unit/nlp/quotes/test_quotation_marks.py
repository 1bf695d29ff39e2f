"""The scanner of quotation marks. All texts are invented."""

from functools import partial

import pytest

from newslake.pipeline.model import Block
from newslake.pipeline.nlp.languages.en import ENGLISH
from newslake.pipeline.nlp.quotes.quotation_marks import scan_marks
from tests.processor_time import is_linear, processor_seconds


def scanned(text: str, kinds: tuple[str, ...] = ()) -> list[tuple[list[str], bool]]:
    """Return the parts of each span as text, and whether it is closed; blank lines separate paragraphs."""
    blocks, start = [], 0
    for index, paragraph in enumerate(text.split("\n\n")):
        kind = kinds[index] if index < len(kinds) else "paragraph"
        blocks.append(Block(kind, start, start + len(paragraph)))
        start += len(paragraph) + 2
    found = scan_marks(text, tuple(blocks), ENGLISH.cues)
    return [([text[a:b] for a, b in each.parts], each.is_closed) for each in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("He said “no” twice.", [(["“no”"], True)]),
        ('He said "no" and "yes".', [(['"no"'], True), (['"yes"'], True)]),
        ("He said ``no'' twice.", [(["``no''"], True)]),
        ("He said «no» twice.", [(["«no»"], True)]),
        ('"Come in, " she said.', [(['"Come in, "'], True)]),
        ("She said: “We stay “", [(["“We stay “"], True)]),
        ("“We will stay.", [(["“We will stay."], False)]),
        ("It fell from 6' 2\" to the floor.", []),
        ("The farmers’ barns and the dog’s bowl.", []),
        ("A stray ” mark.", []),
        ("“He told me ‘never’ again,” she said.", [(["“He told me ‘never’ again,”"], True)]),
        ("“Outer “inner” words,” she said.", [(["“Outer “inner” words,”"], True)]),
        ("‘We lost the key,’ said Ana. It’s gone.", [(["‘We lost the key,’"], True)]),
        ("’Tis the season, she said.", []),
        ("„Nein“, sagte sie. »Doch«, sagte er.", [(["„Nein“"], True), (["»Doch«"], True)]),
        ("« Non », dit-elle.", [(["« Non »"], True)]),
        ("「いいえ」と彼女は言った。", [(["「いいえ」"], True)]),
        ('"He wrote “never” twice, and left," she said.', [(['"He wrote “never” twice, and left,"'], True)]),
        ('“He wrote "never" twice, and left,” she said.', [(['“He wrote "never" twice, and left,”'], True)]),
        ("‘He said “no” to me,’ said Ana. ‘Twice.’", [(["‘He said “no” to me,’"], True), (["‘Twice.’"], True)]),
        ("“He told me ‘never,’ and ‘no.’ Twice.”", [(["“He told me ‘never,’ and ‘no.’ Twice.”"], True)]),
    ],
)
def test_one_paragraph(text: str, expected: list[tuple[list[str], bool]]):
    """Marks pair by kind, unpaired ones close, and apostrophes are never marks."""
    assert scanned(text) == expected


def test_statement_over_paragraphs_is_one():
    """Several paragraphs that open with a mark, of which only the last closes, are one span."""
    text = "She said: “One.\n\n“Two.\n\n“Three.”\n\nThen “four”."
    assert scanned(text) == [(["“One.", "“Two.", "“Three.”"], True), (["“four”"], True)]


def test_open_mark_ends_at_its_paragraph():
    """A mark that never closes ends with its paragraph if the next one does not continue the quote."""
    assert scanned("She said: “One.\n\nTwo came “later”.") == [(["“One."], False), (["“later”"], True)]


def test_lost_closing_mark_ends_before_the_next_opening():
    """If a closing mark is missing inside a paragraph, the span ends before the next opening mark."""
    assert scanned("“One, he said. “Two.”") == [(["“One, he said."], False), (["“Two.”"], True)]


def test_only_running_text_is_scanned():
    """Quotation marks in titles, headings and captions give no span."""
    text = "“Title words”\n\n“Heading”\n\n“Caption here”\n\n“Body.”"
    assert scanned(text, ("title", "heading", "caption")) == [(["“Body.”"], True)]


@pytest.mark.parametrize(
    "text", ["", "“", '"', "”””", '"" "" "', "“\n\n“\n\n“", "''''", "«»„“", '「」『』«»„“‘’"', "‚‘`´‹›"]
)
def test_any_marks_are_accepted(text: str):
    """No combination of marks raises, and offsets stay inside the text."""
    assert all(parts for parts, _ in scanned(text))


@pytest.mark.parametrize("unit", ["“a ", 'a" ', "“”", "s’ a", '6" ', "“\n\n", "“a «b „c 「d", '‘a’ “b” "c" '])
def test_time_grows_with_length(unit: str):
    """The time to scan is linear in the number of marks."""
    assert is_linear(lambda times: processor_seconds(partial(scanned, unit * times)), 5000)
