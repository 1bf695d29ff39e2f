"""Nested speech and speakers that are coordinated, on invented sentences."""

from datetime import UTC, datetime

import pytest

from newslake.pipeline.clean import article_from_text
from newslake.pipeline.kb import load_kb
from newslake.pipeline.model import Annotation
from newslake.pipeline.nlp import Annotator
from newslake.pipeline.tables import TABLE_SPECS, annotation_rows, check_rows, rows_table

pytestmark = pytest.mark.model

WEDNESDAY = datetime(2031, 3, 5, 9, tzinfo=UTC)


def _read(nlp, text: str) -> Annotation:
    annotator = Annotator(nlp, kb=load_kb(None), infer_gender=True)
    [(article, doc)] = annotator.docs([article_from_text(text, title=None, published_at=WEDNESDAY, language="en")])
    return annotator.annotate(article, doc)


@pytest.mark.parametrize(
    ("text", "reporter", "words"),
    [
        ("Prosecutors said Tom Quill told a friend: “I will burn it.”", "Prosecutors", "“I will burn it.”"),
        ("Prosecutors said Tom Quill told a friend that he would burn it.", "Prosecutors", "he would burn it"),
        ("According to prosecutors, Tom Quill told a friend: “I will burn it.”", "prosecutors", "“I will burn it.”"),
        ("“I will burn it,” Tom Quill told a friend, according to prosecutors.", "prosecutors", "“I will burn it,”"),
        ("A friend told the Courier that Tom Quill said the barn was his.", "A friend", "the barn was his"),
        ("The Courier reported that Tom Quill had said the barn was his.", "The Courier", "the barn was his"),
    ],
)
def test_the_innermost_verb_of_saying_owns_the_words(nlp, text: str, reporter: str, words: str) -> None:
    """The speaker is who says the words; who says that he said them is the reporter."""
    [quote] = _read(nlp, text).quotes
    assert (quote.quote_text, quote.speaker_name, quote.reported_by_text) == (words, "Tom Quill", reporter)
    assert quote.reported_by_start_char is not None
    assert text[quote.reported_by_start_char : quote.reported_by_end_char] == reporter


def test_a_clause_that_says_more_than_the_nested_report_stays(nlp) -> None:
    """Each of two clauses of a report is a quote, and the nested one names its reporter."""
    text = "Prosecutors said Tom Quill drove to the barn and told a friend that he would burn it."
    first, last = _read(nlp, text).quotes
    assert (first.speaker_text, first.reported_by_text) == ("Prosecutors", None)
    assert (last.speaker_name, last.reported_by_text) == ("Tom Quill", "Prosecutors")


def test_a_named_reporter_has_an_entity(nlp) -> None:
    """The name and entity of the reporter are those of the mention."""
    annotation = _read(nlp, "Ana Brito said Tom Quill told a friend that he would burn the barn.")
    [quote] = annotation.quotes
    ids = {each.entity_id for each in annotation.entities if each.entity_name == "Ana Brito"}
    assert (quote.reported_by_name, {quote.reported_by_entity_id}) == ("Ana Brito", ids)


@pytest.mark.parametrize(
    "text",
    [
        "Ana Brito said she had warned them that the bridge was weak.",  # the speaker herself
        "Ana Brito said Tom Quill called the bridge “a sham” at the hearing.",  # a phrase may be of either
        "Ana Brito said drivers will say the bridge is weak.",  # nobody has said it
        "Ana Brito believes the bridge is weak, and she said so.",
        "It says that Ana Brito told reporters the bridge is weak.",  # what "it" is, the text does not say
    ],
)
def test_without_a_report_of_somebody_else_there_is_no_reporter(nlp, text: str) -> None:
    """A verb without words of its own speaker, and a thought, nest nothing."""
    quotes = _read(nlp, text).quotes
    assert all(quote.speaker_name == "Ana Brito" for quote in quotes)
    assert all(quote.reported_by_text is None for quote in quotes)


@pytest.mark.parametrize(
    "text",
    [
        "Ana Brito and Lin Okafor said the bridge was safe.",
        "“The bridge is safe,” said Ana Brito and Lin Okafor.",
        "“The bridge is safe,” Ana Brito, the mayor, and Lin Okafor, her deputy, said.",
        "Ana Brito, the mayor, and Lin Okafor, a friend of hers, said the bridge was safe.",
    ],
)
def test_all_conjuncts_speak(nlp, text: str) -> None:
    """Of two speakers of one statement, the first is the speaker and the other a co-speaker."""
    annotation = _read(nlp, text)
    [quote] = annotation.quotes
    [other] = quote.co_speakers or ()
    ids = {each.entity_id for each in annotation.entities if each.entity_name == "Lin Okafor"}
    assert (quote.speaker_name, other.text, other.name, {other.entity_id}) == ("Ana Brito", *("Lin Okafor",) * 2, ids)


def test_three_speakers_are_one_row(nlp) -> None:
    """A list of speakers gives one quote with two co-speakers."""
    [quote] = _read(nlp, "Ana Brito, Lin Okafor and Tom Quill told reporters: “We will not pay.”").quotes
    assert [other.name for other in quote.co_speakers or ()] == ["Lin Okafor", "Tom Quill"]


def test_a_noun_without_a_comma_after_it_speaks_too(nlp) -> None:
    """After a name and its apposition, "and a nurse said" is somebody else."""
    [quote] = _read(nlp, "Ana Brito, the mayor of Orrin, and a nurse said the ward was full.").quotes
    assert [other.text for other in quote.co_speakers or ()] == ["a nurse"]


def test_a_clause_after_and_that_is_the_outer_speakers(nlp) -> None:
    """A complement that "and" joins to one before it belongs to the cue of that one."""
    [quote] = _read(nlp, "Ana Brito said Lin Okafor apologised, and that she forgave him at once.").quotes
    assert quote.quote_text == "Lin Okafor apologised, and that she forgave him at once"
    assert (quote.speaker_name, quote.reported_by_text) == ("Ana Brito", None)


def test_the_members_of_a_group_are_co_speakers(nlp) -> None:
    """Of "the couple", the first member is the speaker and the other a co-speaker."""
    [quote] = _read(nlp, "Tom Quill and Ana Brito lost their house. The couple said the water came at night.").quotes
    assert (quote.speaker_text, quote.speaker_name) == ("The couple", "Tom Quill")
    assert [other.name for other in quote.co_speakers or ()] == ["Ana Brito"]


@pytest.mark.parametrize(
    "text",
    [
        "Ana Brito of Portugal and Spain said the bridge was safe.",
        "The author and broadcaster Ana Brito said the bridge was safe.",
        "Ana Brito, the mayor and treasurer, said the bridge was safe.",
        "Ana Brito, the mayor of Orrin, and a longtime member of the board, said the bridge was safe.",
        "Ana Brito or Lin Okafor said the bridge was safe.",
        "Ana Brito said the bridge and the road were safe.",
    ],
)
def test_what_is_no_second_speaker(nlp, text: str) -> None:
    """Two roles of one person, an alternative and a name inside a phrase are no co-speakers."""
    [quote] = _read(nlp, text).quotes
    assert (quote.speaker_name, quote.co_speakers) == ("Ana Brito", None)


def test_rows_hold_co_speakers_and_reporter(nlp) -> None:
    """The row of a quote has its co-speakers as a list of structs and fits the contract."""
    text = "Ana Brito said Tom Quill and Lin Okafor told a friend that they would burn the barn."
    article, annotation = article_from_text(text, title=None, published_at=WEDNESDAY, language="en"), _read(nlp, text)
    rows = annotation_rows(article, annotation, model_name="m", pipeline_version="v")
    [row] = rows_table(TABLE_SPECS["quotes"], rows["quotes"]).to_pylist()
    [other] = annotation.quotes[0].co_speakers or ()
    assert check_rows(rows) == ()
    assert row["co_speakers"] == [{"text": "Lin Okafor", "name": "Lin Okafor", "entity_id": other.entity_id}]
    assert (row["speaker_name"], row["reported_by_name"]) == ("Tom Quill", "Ana Brito")
