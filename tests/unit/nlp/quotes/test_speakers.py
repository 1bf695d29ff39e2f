"""Names with titles, forenames and short forms, and speakers of quotes, on invented sentences."""

from datetime import UTC, datetime

import pytest

from newslake.pipeline.clean import article_from_text
from newslake.pipeline.kb import load_kb
from newslake.pipeline.model import Annotation
from newslake.pipeline.nlp import Annotator

pytestmark = pytest.mark.model

WEDNESDAY = datetime(2031, 3, 5, 9, tzinfo=UTC)


def _read(nlp, text: str) -> Annotation:
    annotator = Annotator(nlp, kb=load_kb(None), infer_gender=True)
    [(article, doc)] = annotator.docs([article_from_text(text, title=None, published_at=WEDNESDAY, language="en")])
    return annotator.annotate(article, doc)


@pytest.mark.parametrize(
    ("text", "speaker"),
    [
        ("Neighbour Wilfred Strand said: “The noise is dreadful at night.”", "Wilfred Strand"),
        ("Coxswain Edith Marlow said: “The sea was flat and we were early.”", "Edith Marlow"),
        ("Det Sgt Howard Pike said: “We are looking for a green van.”", "Howard Pike"),
        ("Two glaziers came. Glazier Norman Tuttle said: “The glass was cheap, and it broke.”", "Norman Tuttle"),
    ],
)
def test_a_role_before_a_full_name_is_not_part_of_it(nlp, text: str, speaker: str) -> None:
    """A capitalised title, role or trade before a full name stays outside the name."""
    [quote] = _read(nlp, text).quotes
    assert quote.speaker_name == speaker


def test_an_honorific_chooses_between_two_bearers_of_a_surname(nlp) -> None:
    """Of two people with one surname, the honorific selects the one of its gender."""
    text = "Leonard Quill met Zorba Quill on the pier.\n\nMr Quill said: “It was a short and pleasant walk.”"
    [quote] = _read(nlp, text).quotes
    assert quote.speaker_name == "Leonard Quill"


def test_the_noun_of_an_organisation_refers_to_it(nlp) -> None:
    """ "The museum" is the only museum that the article names."""
    text = "Thieves broke into Penwick Museum on Sunday.\n\nThe museum said: “Nothing of value is missing.”"
    [quote] = _read(nlp, text).quotes
    assert (quote.speaker_name, quote.speaker_kind) == ("Penwick Museum", "organisation")


def test_an_apposition_speaks_for_the_person_it_describes(nlp) -> None:
    """ "A lawyer who said" after a name is that person."""
    [quote] = _read(nlp, "The council hired Ana Brito, a lawyer who said the plan was “a costly gamble”.").quotes
    assert (quote.speaker_text, quote.speaker_name) == ("Ana Brito", "Ana Brito")


@pytest.mark.parametrize(
    ("before", "speakers"),
    [
        ("Acme Ferries left on Monday. The ferry operator said fares would rise.", ["Acme Ferries", "Acme Ferries"]),
        ("The lawsuit says the school was late.", [None, None]),
        ("Ana Brito said the school was late.", ["Ana Brito", None]),
    ],
)
def test_it_is_the_organisation_or_document_that_spoke_last(nlp, before: str, speakers: list[str | None]) -> None:
    """ "It said" after an organisation's or a document's words is the same speaker, never a person."""
    quotes = _read(nlp, f"{before} It says that the rules are old.").quotes
    assert [quote.speaker_name for quote in quotes] == speakers
    assert (quotes[0].speaker_kind == quotes[1].speaker_kind) is ("Ana" not in before)


def test_an_adverb_for_a_surname(nlp) -> None:
    """A surname with an apostrophe is a name after an honorific, although the tagger takes it for an adverb."""
    [quote] = _read(nlp, "“We met again this spring,” Dr. O’Connor wrote.").quotes
    assert (quote.speaker_text, quote.speaker_kind) == ("Dr. O’Connor", "person")


def test_the_quote_after_a_naming_verb_is_the_name_alone(nlp) -> None:
    """After a naming verb only the words in quotation marks are the quote."""
    [quote] = _read(nlp, "The mayor, Alice Thornby, described the vote as “a long night for the town”.").quotes
    assert quote.quote_text == "“a long night for the town”"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("The council protest begins on Friday at 9am.", "2031-03-07"),
        ("Residents protested on Friday at 9am.", "2031-02-28"),
        ("Residents are protesting on Friday.", "2031-03-07"),
    ],
)
def test_a_weekday_with_the_present_tense_is_in_the_future(nlp, text: str, day: str) -> None:
    """In running text a weekday with the present tense is in the future, with the past tense in the past."""
    [time] = _read(nlp, text).times
    assert str(time.first_day) == day


def test_a_clause_with_when_dates_its_own_event(nlp) -> None:
    """ "In 2024, when soldiers attacked" dates the attack."""
    events = _read(nlp, "The war began in 2024, when soldiers attacked a village in the hills.").events
    assert [str(e.event_date) for e in events if e.trigger_text == "attacked"] == ["2024-01-01"]


@pytest.mark.parametrize(
    ("text", "noun"),
    [
        ("Dr Edith Marlow ran the trial. “We stopped early,” the doctor said.", "the doctor"),
        ("Det Insp Edith Marlow came first. “The van was green,” the inspector said.", "the inspector"),
        ("MEC Edith Marlow spoke in Varnholt. The MEC said: “The dam is full.”", "The MEC"),
    ],
)
def test_the_noun_of_a_title_refers_to_its_bearer(nlp, text: str, noun: str) -> None:
    """ "The doctor" after "Dr Marlow" is her."""
    [quote] = _read(nlp, text).quotes
    assert (quote.speaker_text, quote.speaker_name) == (noun, "Edith Marlow")


def test_the_noun_of_a_title_with_two_bearers_refers_to_nobody(nlp) -> None:
    """ "The doctor" is neither of two doctors."""
    text = "Dr Edith Marlow and Dr Norman Tuttle ran the trial. “We stopped early,” the doctor said."
    [quote] = _read(nlp, text).quotes
    assert quote.speaker_name is None


@pytest.mark.parametrize(
    ("text", "speaker"),
    [
        ("MEC for Roads, Edith Marlow, said the dam was full.", "Edith Marlow"),
        ("The minister for Roads said Edith Marlow, the mayor, was away.", None),
    ],
)
def test_a_name_between_commas_after_a_role_is_its_bearer(nlp, text: str, speaker: str | None) -> None:
    """A role that ends with another name is that of the person named next to it, not of one named later."""
    [quote] = _read(nlp, text).quotes
    assert quote.speaker_name == speaker
