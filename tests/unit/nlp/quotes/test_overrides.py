"""Corrections of quotes, applied to an annotation: another speaker, not a quote, or no match."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from spacy.tokens import Doc

from newslake.pipeline.kb import load_kb, parse_overrides
from newslake.pipeline.model import Annotation, Article, Quote
from newslake.pipeline.model.corrections import QuotePlace, no_quote_lines, speaker_lines
from newslake.pipeline.nlp import Annotator
from newslake.pipeline.nlp.quotes.overrides import QuoteOverrideResult, correct_quotes
from newslake.pipeline.tables import annotation_rows, check_rows
from tests.unit.nlp.test_annotator import article

pytestmark = pytest.mark.model

ID = "a" * 32
PARAGRAPHS = (
    "The minister, Lena Ostrow, met Piet Marten on Tuesday. “I will not pay for empty boats,” she said.",
    "“We sail in June and I have a crew,” Mr Marten said.",
    "Ms Ostrow called the plan “a costly gamble”. Greta Lind, a teacher, said that the town would wait.",
    "“No, never,” said Piet Marten. “No, never,” said Lena Ostrow.",
)
BOATS, GAMBLE, TOWN = QuotePlace("I will not pay"), QuotePlace("a costly gamble"), QuotePlace("the town would wait")
Read = Callable[..., Annotation]


@pytest.fixture(scope="module")
def parsed(nlp) -> tuple[Article, Doc]:
    """The article with its parse, made once."""
    made = replace(article(*PARAGRAPHS), article_id=ID)
    [(_, doc)] = list(Annotator(nlp, kb=load_kb()).docs([made]))
    return made, doc


@pytest.fixture(scope="module")
def read(nlp, parsed: tuple[Article, Doc]) -> Read:
    """Annotate the article with these corrections; check the rows against the schema."""

    def annotated(lines: str = "", *, infer_gender: bool = True) -> Annotation:
        annotator = Annotator(nlp, kb=load_kb().under(parse_overrides(lines, origin="test")), infer_gender=infer_gender)
        found = annotator.annotate(*parsed)
        assert check_rows(annotation_rows(parsed[0], found, model_name="m", pipeline_version="v")) == ()
        assert [quote.quote_index for quote in found.quotes] == list(range(len(found.quotes)))
        return found

    return annotated


@pytest.fixture(scope="module")
def unmatched(read: Read) -> Callable[[str], list[str]]:
    """Return why each of these corrections changes nothing."""

    def why(lines: str) -> list[str]:
        bare, kb = read(), load_kb().under(parse_overrides(lines, origin="test"))
        done = correct_quotes(
            bare.quotes, bare.entities, kb.for_article(ID, url=None, source_key=""), infer_gender=True
        )
        return [each.why for each in done.unmatched]

    return why


def spoken(found: Annotation, start: str) -> Quote:
    """Return the only quote that begins like this."""
    (quote,) = (each for each in found.quotes if each.quote_text.strip("“").startswith(start))
    return quote


def test_speaker_of_the_article(read: Read):
    """A person named in the article is the speaker: entity, kind, role and gender are hers, as is I in the quote."""
    quote = spoken(found := read(speaker_lines(BOATS, article=ID, speaker="greta lind")), "I will")
    lind = next(each for each in found.entities if each.entity_text == "Greta Lind")
    assert (quote.speaker_cluster_index, quote.speaker_entity_id) == (lind.cluster_index, lind.entity_id)
    assert (quote.speaker_name, quote.speaker_kind, quote.speaker_role) == ("Greta Lind", "person", "teacher")
    assert (quote.speaker_gender, quote.speaker_gender_method) == (lind.gender, lind.gender_method)
    assert (quote.rule_id, quote.confidence) == ("override", 1.0)
    assert {e.entity_name for e in found.entities if e.entity_text == "I" and e.quote_index == 0} == {"Greta Lind"}


def test_mention_next_to_the_quote(read: Read):
    """A pronoun next to the quote stays its mention; another person's name is replaced by the nearest right name."""
    lines = speaker_lines(BOATS, article=ID, speaker="Piet Marten") + speaker_lines(
        GAMBLE, article=ID, speaker="Piet Marten"
    )
    found = read(lines)
    assert spoken(found, "I will").speaker_text == "she"
    gamble = spoken(found, "a costly")
    assert gamble.speaker_text == "Marten"
    assert gamble.speaker_start_char == len("\n\n".join(PARAGRAPHS[:1])) + 2 + PARAGRAPHS[1].index("Marten")


def test_a_pronoun_elsewhere_is_not_the_mention(read: Read):
    """Another person's name is replaced by the nearest name, not by a nearer pronoun."""
    found = read(speaker_lines(QuotePlace("We sail in June"), article=ID, speaker="Lena Ostrow"))
    quote = spoken(found, "We sail")
    nearest = min(
        (e for e in found.entities if e.entity_name == "Lena Ostrow"), key=lambda e: abs(e.end_char - quote.start_char)
    )
    assert (nearest.entity_text, quote.speaker_text) == ("she", "Ostrow")


def test_a_reporter_who_becomes_the_speaker_reports_nothing(nlp):
    """If the reporter is the right speaker, nobody reports the quote; with another speaker, the reporter stays."""
    made = replace(article("Lena Ostrow said Piet Marten told a friend that the boats were empty."), article_id=ID)
    [(_, doc)] = list(Annotator(nlp, kb=load_kb()).docs([made]))
    found = {}
    for speaker in ("Lena Ostrow", "Ada Quill"):
        lines = speaker_lines(QuotePlace("boats were empty"), article=ID, speaker=speaker)
        [quote] = Annotator(nlp, kb=load_kb().under(parse_overrides(lines, origin="test"))).annotate(made, doc).quotes
        found[quote.speaker_name] = (quote.reported_by_name, quote.reported_by_text, quote.reported_by_start_char)
    assert found == {"Lena Ostrow": (None, None, None), "Ada Quill": ("Lena Ostrow", "Lena Ostrow", 0)}


def test_speaker_outside_the_article(read: Read):
    """A plain name, an organisation and an entry of the knowledge base can speak without a mention in the article."""
    lines = (
        speaker_lines(BOATS, article=ID, speaker="Ada Quill").strip() + '\ngender = "F"\n'
        + speaker_lines(GAMBLE, article=ID, speaker="Quillmark", entity_type="ORG")
        + speaker_lines(TOWN, article=ID, qid="Q145")
    )  # fmt: skip
    found = [spoken(read(lines), start) for start in ("I will", "a costly", "the town")]
    assert [(q.speaker_name, q.speaker_kind, q.speaker_gender, q.speaker_text) for q in found] == [
        ("Ada Quill", "person", "F", "she"),
        ("Quillmark", "organisation", None, None),
        ("United Kingdom", "organisation", None, None),
    ]
    assert found[2].speaker_entity_id == "Q145"
    assert {q.speaker_cluster_index for q in found} == {None}


def test_same_id_as_in_articles_that_name_them(read: Read, nlp):
    """A plain name has the same entity_id as a mention of that name."""
    made = article("Ada Quill told the council that she would leave.")
    annotator = Annotator(nlp, kb=load_kb())
    [(_, doc)] = list(annotator.docs([made]))
    named = next(each for each in annotator.annotate(made, doc).entities if each.entity_text == "Ada Quill")
    quote = spoken(read(speaker_lines(BOATS, article=ID, speaker="Ada Quill")), "I will")
    assert quote.speaker_entity_id == named.entity_id


def test_empty_speaker_removes_the_speaker(read: Read):
    """An empty speaker removes the speaker and keeps the quote."""
    quote = spoken(read(speaker_lines(BOATS, article=ID, speaker="")), "I will")
    found = (quote.speaker_text, quote.speaker_name, quote.speaker_entity_id, quote.speaker_gender, quote.speaker_kind)
    assert found == (None,) * 5


def test_no_quote(read: Read):
    """A removed quote is gone, the others keep their order, and no mention refers to it."""
    before, after = read(), read(no_quote_lines(BOATS, article=ID))
    assert [q.quote_text for q in after.quotes] == [q.quote_text for q in before.quotes[1:]]
    inside = [e for e in after.entities if e.entity_text == "I"]
    assert [e.quote_index for e in inside] == [None, 0]


def test_occurrence_distinguishes_equal_words(read: Read, unmatched: Callable[[str], list[str]]):
    """Of two quotes with the same words, the occurrence selects one; without it neither is changed."""
    found = read(speaker_lines(QuotePlace("No, never", 2), article=ID, speaker="Greta Lind"))
    assert [q.speaker_name for q in found.quotes[-2:]] == ["Piet Marten", "Greta Lind"]
    assert "occurrence" in unmatched(speaker_lines(QuotePlace("No, never"), article=ID, speaker="Greta Lind"))[0]


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (no_quote_lines(QuotePlace("nothing of this kind"), article=ID), "no quote of the article contains"),
        (no_quote_lines(QuotePlace("No, never", 3), article=ID), "only 2 quotes"),
        (speaker_lines(BOATS, article=ID, qid="Q999999999"), "Q999999999 is neither"),
        (
            no_quote_lines(BOATS, article=ID) + no_quote_lines(QuotePlace("pay for empty boats"), article=ID),
            "the same quote",
        ),
    ],
)
def test_an_override_without_a_match_says_why(read: Read, unmatched: Callable[[str], list[str]], lines: str, why: str):
    """An override without a matching quote or speaker, or for a quote that another one corrects, is reported."""
    assert len(found := unmatched(lines)) == 1
    assert why in found[0]
    if lines.count("[[") == 1:
        assert read(lines).quotes == read().quotes


def test_other_articles_are_unchanged(read: Read):
    """A correction of another article changes nothing here, not even the version of the knowledge."""
    assert read(no_quote_lines(BOATS, article="b" * 32)) == read()
    assert read(no_quote_lines(BOATS, article=ID)).override_version is not None


def test_gender_switched_off_stays_off(read: Read):
    """With genders switched off, a correction gives no gender."""
    quote = spoken(read(speaker_lines(BOATS, article=ID, speaker="Piet Marten"), infer_gender=False), "I will")
    assert (quote.speaker_name, quote.speaker_gender, quote.speaker_gender_method) == ("Piet Marten", None, None)


def test_order_of_corrections_has_no_meaning(read: Read):
    """The same corrections in another order give the same result."""
    lines = [no_quote_lines(BOATS, article=ID), speaker_lines(TOWN, article=ID, speaker="Lena Ostrow")]
    assert read("".join(lines)) == read("".join(reversed(lines)))


def test_without_corrections_the_quotes_are_unchanged(read: Read):
    """Without corrections the quotes are the extracted ones."""
    quotes = read().quotes
    assert correct_quotes(quotes, (), load_kb(), infer_gender=True) == QuoteOverrideResult(quotes, ())
