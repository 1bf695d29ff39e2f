"""Corrections of quotes, put on what was read: who speaks, what is no quote, and what fits nothing."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from spacy.tokens import Doc

from pipeline.kb import load_kb, parse_overrides
from pipeline.model import Annotation, Article, Quote
from pipeline.model.corrections import QuotePlace, no_quote_lines, speaker_lines
from pipeline.nlp import Annotator
from pipeline.nlp.quotes.overrides import QuoteOverrideResult, correct_quotes
from pipeline.tables import annotation_rows, check_rows
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
    """Read the article under some lines of corrections; what is read keeps to the contract."""

    def annotated(lines: str = "", *, infer_gender: bool = True) -> Annotation:
        annotator = Annotator(nlp, kb=load_kb().under(parse_overrides(lines, origin="test")), infer_gender=infer_gender)
        found = annotator.annotate(*parsed)
        assert check_rows(annotation_rows(parsed[0], found, model_name="m", pipeline_version="v")) == ()
        assert [quote.quote_index for quote in found.quotes] == list(range(len(found.quotes)))
        return found

    return annotated


@pytest.fixture(scope="module")
def unmatched(read: Read) -> Callable[[str], list[str]]:
    """Say why each of some lines corrects nothing."""

    def why(lines: str) -> list[str]:
        bare, kb = read(), load_kb().under(parse_overrides(lines, origin="test"))
        done = correct_quotes(
            bare.quotes, bare.entities, kb.for_article(ID, url=None, source_key=""), infer_gender=True
        )
        return [each.why for each in done.unmatched]

    return why


def spoken(found: Annotation, start: str) -> Quote:
    """Return the one quote that begins like this."""
    (quote,) = (each for each in found.quotes if each.quote_text.strip("“").startswith(start))
    return quote


def test_speaker_of_the_article(read: Read):
    """A person named in the article speaks: entity, kind, role and gender are hers, and I in the quote is she."""
    quote = spoken(found := read(speaker_lines(BOATS, article=ID, speaker="greta lind")), "I will")
    lind = next(each for each in found.entities if each.entity_text == "Greta Lind")
    assert (quote.speaker_cluster_index, quote.speaker_entity_id) == (lind.cluster_index, lind.entity_id)
    assert (quote.speaker_name, quote.speaker_kind, quote.speaker_role) == ("Greta Lind", "person", "teacher")
    assert (quote.speaker_gender, quote.speaker_gender_method) == (lind.gender, lind.gender_method)
    assert (quote.rule_id, quote.confidence) == ("override", 1.0)
    assert {e.entity_name for e in found.entities if e.entity_text == "I" and e.quote_index == 0} == {"Greta Lind"}


def test_mention_beside_the_quote(read: Read):
    """A pronoun beside the quote stays its mention; a name of somebody else gives way to the nearest right one."""
    lines = speaker_lines(BOATS, article=ID, speaker="Piet Marten") + speaker_lines(
        GAMBLE, article=ID, speaker="Piet Marten"
    )
    found = read(lines)
    assert spoken(found, "I will").speaker_text == "she"
    gamble = spoken(found, "a costly")
    assert gamble.speaker_text == "Marten"
    assert gamble.speaker_start_char == len("\n\n".join(PARAGRAPHS[:1])) + 2 + PARAGRAPHS[1].index("Marten")


def test_a_pronoun_elsewhere_names_nobody(read: Read):
    """The nearest name takes the place of another's, not a pronoun that stands nearer."""
    found = read(speaker_lines(QuotePlace("We sail in June"), article=ID, speaker="Lena Ostrow"))
    quote = spoken(found, "We sail")
    nearest = min(
        (e for e in found.entities if e.entity_name == "Lena Ostrow"), key=lambda e: abs(e.end_char - quote.start_char)
    )
    assert (nearest.entity_text, quote.speaker_text) == ("she", "Ostrow")


def test_speaker_from_elsewhere(read: Read):
    """A plain name, an organisation, and somebody of the knowledge base speak where the article does not name them."""
    lines = (
        speaker_lines(BOATS, article=ID, speaker="Ada Quill").strip() + '\ngender = "F"\n'
        + speaker_lines(GAMBLE, article=ID, speaker="Quillmark", entity_type="ORG")
        + speaker_lines(TOWN, article=ID, qid="Q145")
    )  # fmt: skip
    told = [spoken(read(lines), start) for start in ("I will", "a costly", "the town")]
    assert [(q.speaker_name, q.speaker_kind, q.speaker_gender, q.speaker_text) for q in told] == [
        ("Ada Quill", "person", "F", "she"),
        ("Quillmark", "organisation", None, None),
        ("United Kingdom", "organisation", None, None),
    ]
    assert told[2].speaker_entity_id == "Q145"
    assert {q.speaker_cluster_index for q in told} == {None}


def test_same_id_as_in_articles_that_name_them(read: Read, nlp):
    """A plain name has the entity_id that the name has where the text says it."""
    made = article("Ada Quill told the council that she would leave.")
    annotator = Annotator(nlp, kb=load_kb())
    [(_, doc)] = list(annotator.docs([made]))
    named = next(each for each in annotator.annotate(made, doc).entities if each.entity_text == "Ada Quill")
    quote = spoken(read(speaker_lines(BOATS, article=ID, speaker="Ada Quill")), "I will")
    assert quote.speaker_entity_id == named.entity_id


def test_nobody_knows(read: Read):
    """An empty speaker takes away who was read, and leaves the quote."""
    quote = spoken(read(speaker_lines(BOATS, article=ID, speaker="")), "I will")
    told = (quote.speaker_text, quote.speaker_name, quote.speaker_entity_id, quote.speaker_gender, quote.speaker_kind)
    assert told == (None,) * 5


def test_no_quote(read: Read):
    """What is no quote is gone, the others keep their order, and no mention stands in it any more."""
    before, after = read(), read(no_quote_lines(BOATS, article=ID))
    assert [q.quote_text for q in after.quotes] == [q.quote_text for q in before.quotes[1:]]
    inside = [e for e in after.entities if e.entity_text == "I"]
    assert [e.quote_index for e in inside] == [None, 0]


def test_occurrence_tells_equal_words_apart(read: Read, unmatched: Callable[[str], list[str]]):
    """Of two quotes of the same words one is meant, by its place among them; without it neither is changed."""
    found = read(speaker_lines(QuotePlace("No, never", 2), article=ID, speaker="Greta Lind"))
    assert [q.speaker_name for q in found.quotes[-2:]] == ["Piet Marten", "Greta Lind"]
    assert "occurrence" in unmatched(speaker_lines(QuotePlace("No, never"), article=ID, speaker="Greta Lind"))[0]


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (no_quote_lines(QuotePlace("nothing of this kind"), article=ID), "no quote of the article holds"),
        (no_quote_lines(QuotePlace("No, never", 3), article=ID), "only 2 quotes"),
        (speaker_lines(BOATS, article=ID, qid="Q999999999"), "knows Q999999999"),
        (
            no_quote_lines(BOATS, article=ID) + no_quote_lines(QuotePlace("pay for empty boats"), article=ID),
            "the same quote",
        ),
    ],
)
def test_what_fits_nothing_says_why(read: Read, unmatched: Callable[[str], list[str]], lines: str, why: str):
    """A line that fits no quote, nobody, or a quote that another line has, is told and changes nothing."""
    assert len(told := unmatched(lines)) == 1
    assert why in told[0]
    if lines.count("[[") == 1:
        assert read(lines).quotes == read().quotes


def test_other_articles_are_left_alone(read: Read):
    """A correction of another article changes nothing here, not even the version of what is known."""
    assert read(no_quote_lines(BOATS, article="b" * 32)) == read()
    assert read(no_quote_lines(BOATS, article=ID)).override_version is not None


def test_gender_switched_off_stays_off(read: Read):
    """Without genders a correction gives none."""
    quote = spoken(read(speaker_lines(BOATS, article=ID, speaker="Piet Marten"), infer_gender=False), "I will")
    assert (quote.speaker_name, quote.speaker_gender, quote.speaker_gender_method) == ("Piet Marten", None, None)


def test_order_of_lines_says_nothing(read: Read):
    """The same lines in another order read the same."""
    lines = [no_quote_lines(BOATS, article=ID), speaker_lines(TOWN, article=ID, speaker="Lena Ostrow")]
    assert read("".join(lines)) == read("".join(reversed(lines)))


def test_no_corrections_cost_nothing(read: Read):
    """Without corrections the quotes are the very ones that were read."""
    quotes = read().quotes
    assert correct_quotes(quotes, (), load_kb(), infer_gender=True) == QuoteOverrideResult(quotes, ())
