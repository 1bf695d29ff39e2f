"""What is reported without quotation marks, and where it begins and ends, on invented sentences."""

from datetime import UTC, datetime

import pytest

from newslake.pipeline.clean import article_from_text
from newslake.pipeline.kb import load_kb
from newslake.pipeline.model import Quote
from newslake.pipeline.nlp import Annotator

pytestmark = pytest.mark.model

DAY = datetime(2031, 3, 5, 9, tzinfo=UTC)


def read(nlp, text: str) -> tuple[Quote, ...]:
    """Return the quotes of an article."""
    annotator = Annotator(nlp, kb=load_kb(None), infer_gender=True)
    [(article, doc)] = annotator.docs([article_from_text(text, title=None, published_at=DAY, language="en")])
    return annotator.annotate(article, doc).quotes


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("Ana Brito didn’t say how many boats were sold.", False),
        ("Ana Brito did say how many boats were sold.", True),
        ("Nobody said the bridge was old.", False),
        ("Many said the bridge was old.", True),
        ("Is there a way to say that the bridge is old?", False),
        ("Some people might think that the bridge is old.", False),
        ("Some people think that the bridge is old.", True),
        ("The boat is older than Ana Brito believes it is.", False),
        ("It’s safe to say the bridge is old.", False),
        ("The fire spread, which explains why the mill is shut.", False),
        ("Ana Brito explains why the mill is shut.", True),
        ("As the climb of Ana Brito continued, the mill was shut.", False),
        ("Tom Roy rode his bicycle as he replied.", False),
        ("Tom Roy rode his bicycle, as he reported.", True),
        ("She told Ana Brito about pain she was feeling at home.", False),
        ("Since Tom Roy announced his plan for the mill, here we are.", False),
    ],
)
def test_what_is_a_statement(nlp, text: str, is_found: bool) -> None:
    """What nobody says, may say or says less than, and what happens while somebody speaks, is no statement."""
    assert bool(read(nlp, text)) == is_found


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("Many say that’s for the best.", "that’s for the best"),
        ("Many say that boats are for the best.", "boats are for the best"),
        ("Ana Brito admits the mill and the bridge are far too old.", "the mill and the bridge are far too old"),
        ("PENWICK (AP) — The mill did not pay for the road, Tom Roy said.", "The mill did not pay for the road"),
        ("Ana Brito said in a letter that the mill was “a sham” for years.", "the mill was “a sham” for years"),
        (
            "The mill is late, but the road could be shut, the report said.",
            "The mill is late, but the road could be shut",
        ),
        ("The mill was sold in May, records show, and Tom Roy says it is shut.", "The mill was sold in May"),
        ("Every boat will be sold, he said, swiping at Tom Roy.", "Every boat will be sold"),
    ],
)
def test_the_start_of_a_reported_clause(nlp, text: str, quote: str) -> None:
    """A clause begins with its subject: neither at a dateline nor in the middle of a coordination."""
    assert read(nlp, text)[0].quote_text == quote


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        (
            "Tom Roy said he had paid for the boat and never called them.",
            "he had paid for the boat and never called them",
        ),
        ("Tom Roy said he had paid for the boat and warned that it was old.", "he had paid for the boat"),
        ("Tom Roy said he had paid for the boat, and demanded an inquiry.", "he had paid for the boat"),
        ("The mill says it sold the boats but didn’t provide any details.", "it sold the boats"),
        ("The mill says it sold the boats but didn’t find a buyer.", "it sold the boats but didn’t find a buyer"),
        ("Tom Roy says the mill is old, that it has no roof.", "the mill is old, that it has no roof"),
        ("Some say prices are too high; others say they are low.", "prices are too high"),
        ("Tom Roy said the mill is old (and has no roof).", "the mill is old (and has no roof)"),
        ("The mill (Tom Roy says it is far too old) was sold.", "it is far too old"),
    ],
)
def test_where_a_reported_clause_ends(nlp, text: str, quote: str) -> None:
    """A clause has all complements of its cue, and ends before the next report and before what is not said."""
    assert read(nlp, text)[0].quote_text == quote


@pytest.mark.parametrize(
    ("text", "clause"),
    [
        ("The bridge, she said, is shut.", ", she said,"),
        ("The bridge, officials said on Monday, would be shut by May.", ", officials said on Monday,"),
        ("The bridge, according to the report, is shut.", ", according to the report,"),
        ("The new bridge, Tom Hale told reporters, is shut.", ", Tom Hale told reporters,"),
        ("The bridge, Ana Brito said Monday, was built in 1910.", ", Ana Brito said Monday,"),
        ("The mayor, Ana Brito, said the bridge was shut.", None),
        ("The bridge is shut, she said.", None),
        ("She said the bridge, a new one, is shut.", None),
        ("“The bridge,” she said, “is shut.”", None),
    ],
)
def test_the_clause_that_interrupts_a_quote(nlp, text: str, clause: str | None) -> None:
    """The article's words between the speaker's are known, with their commas; two quotes have none between them."""
    quote = read(nlp, text)[0]
    assert quote.reporting_clause_text == clause


def test_a_question_to_somebody_is_reported(nlp) -> None:
    """The parse attaches a question to the addressee; the cue reports it all the same."""
    [quote] = read(nlp, "Ana Brito asked Tom Roy how high the wall would be.")
    assert (quote.quote_text, quote.speaker_text) == ("how high the wall would be", "Ana Brito")


def test_a_source_in_a_relative_clause(nlp) -> None:
    """After "which, according to" the rest of the relative clause is reported, not the sentence around it."""
    [quote] = read(nlp, "The mill has a new roof, which, according to the report, is far too small.")
    assert quote.quote_text == "is far too small"


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("Ana Brito described the bridge as an old trap for sailors.", "the bridge as an old trap for sailors"),
        ("Tom Roy likened the old bridge to a trap.", "the old bridge to a trap"),
        ("The patient, whom doctors described as a young nurse, was moved.", "a young nurse"),
        ("Critics have called it a rehearsal for war.", "it a rehearsal for war"),
        ("Tom Roy denied taking money from the port.", "taking money from the port"),
        ("Tom Roy told the newspaper he ignored the old bridge.", "he ignored the old bridge"),
        ("The port notified Tom Roy she would not be fined.", "she would not be fined"),
    ],
)
def test_what_somebody_calls_a_thing_is_reported(nlp, text: str, quote: str) -> None:
    """What a thing is for somebody, what they have done, and what somebody tells an addressee, need no clear clause."""
    assert quote in [each.quote_text for each in read(nlp, text)]


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("It was reported that the old bridge would close.", "the old bridge would close"),
        (
            "Because there was ice, the bridge may stay shut, Ana Brito said.",
            "Because there was ice, the bridge may stay shut",
        ),
        ("The mayor rejected a claim by Ana Brito that the bridge was shut.", "the bridge was shut"),
        ("The Press Officer, Ana Brito, confirmed that the bridge was shut.", "the bridge was shut"),
        ("Ana Brito said the bridge was old, which Tom Roy called “very sad for us”.", "the bridge was old"),
    ],
)
def test_a_report_of_any_shape_is_found(nlp, text: str, quote: str) -> None:
    """Nobody needs to be named, the clause may begin with another one, and it ends before somebody else's quote."""
    assert quote in [each.quote_text for each in read(nlp, text)]


@pytest.mark.parametrize(
    "text",
    [
        "They are fined if they fail to tell Ana Brito that the bridge is shut.",
        "The plan was announced after he left.",
        "Tom Roy calls himself a baker of old bread.",
        "Sales fell by half, compared to the weak months of last year.",
        "Ana Brito described the long fall to a group of sailors.",
        "Tom Roy enjoyed taking money from the port.",
        "Ana Brito called the police from the port.",
        "Tom Roy told the newspaper that he owns.",
    ],
)
def test_what_is_no_characterization(nlp, text: str) -> None:
    """A name for oneself, a comparison by the writer, an addressee, an act and a call report nothing."""
    assert read(nlp, text) == ()
