"""The cached attribute ruler annotates as the ruler of the model does."""

import numpy as np
import pytest
import spacy
from spacy.attrs import DEP, HEAD, LEMMA, MORPH, POS, SENT_START, TAG
from spacy.language import Language
from spacy.tokens import Doc

from newslake.pipeline.nlp import attribute_rules
from newslake.pipeline.nlp.attribute_rules import CachedAttributeRuler, cache_attribute_rules
from tests.bench import articles

pytestmark = [pytest.mark.model]

ALL = [POS, MORPH, LEMMA, TAG, DEP, HEAD, SENT_START]
ODD = (
    "",
    "\n\n  \n",
    "   There 's  a\t\tlot .\n",
    "This is that. It gets its own, they 've said: there are 3, is n't it?",
)


def test_annotations_are_those_of_the_ruler(nlp: Language, monkeypatch: pytest.MonkeyPatch) -> None:
    """All attributes of all words are equal, of news, of odd texts, and when the cache is emptied between two."""
    monkeypatch.setattr(attribute_rules, "_KNOWN_MAX", 300)
    ruler = nlp.get_pipe("attribute_ruler")
    cached = CachedAttributeRuler(ruler)
    texts = [*(article.text for article in articles(times=1)), *ODD]
    with nlp.select_pipes(enable=["tok2vec", "tagger", "parser"]):
        expected, found = list(nlp.pipe(texts)), list(nlp.pipe(texts))
    for one, other in zip(map(ruler, expected), map(cached, found), strict=True):
        assert np.array_equal(one.to_array(ALL), other.to_array(ALL))
        assert [str(token.morph) for token in one] == [str(token.morph) for token in other]
        assert one.has_annotation("MORPH") == other.has_annotation("MORPH")


def made(*rules: tuple[list[list[dict]], dict, int]) -> Language:
    """Return a pipeline that has only an attribute ruler with some rules."""
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("attribute_ruler")
    for patterns, attrs, index in rules:
        ruler.add(patterns, attrs, index=index)
    return nlp


def tagged(nlp: Language) -> Doc:
    words = ["there", "is", "a", "bank", "there"]
    return Doc(
        nlp.vocab, words=words, tags=["EX", "VBZ", "DT", "NN", "RB"], deps=["expl", "ROOT", "det", "attr", "advmod"]
    )


def test_model_of_the_settings_has_the_cache(nlp: Language) -> None:
    """The rules of the model that is installed by default are cached."""
    assert "newslake_attribute_rules" in nlp.pipe_names
    assert "attribute_ruler" not in nlp.pipe_names


def test_expression_describes_words() -> None:
    """A rule with a regular expression annotates the words that it matches, and no others."""
    nlp = made(([[{"LOWER": {"REGEX": "^b.nk$"}}]], {"LEMMA": "shore"}, 0), ([[{"TAG": "NN"}]], {"POS": "NOUN"}, 0))
    nlp.get_pipe("attribute_ruler").add([[{"TAG": "EX"}, {"TAG": "VBZ"}]], {"POS": "PRON"}, index=0)
    cache_attribute_rules(nlp)
    assert nlp.pipe_names == ["newslake_attribute_rules"]
    doc = Doc(nlp.vocab, words=["Bank", "banker", "bunk"], tags=["NN"] * 3)
    assert [(token.lemma_, token.pos_) for token in nlp(doc)] == [("shore", "NOUN"), ("", "NOUN"), ("shore", "NOUN")]


@pytest.mark.parametrize("is_later", [False, True])
def test_later_rule_wins(is_later: bool) -> None:
    """Of a rule of one word and one of two words for the same attribute, the later one decides; others add up."""
    rules = [
        ([[{"TAG": "VBZ"}]], {"POS": "AUX", "MORPH": "Person=3"}, 0),
        ([[{"DEP": "expl"}, {"LOWER": {"IN": ["is", "are"]}}]], {"POS": "VERB", "LEMMA": "be"}, 1),
        ([[{"LOWER": {"NOT_IN": ["there", "is"]}, "TAG": {"NOT_IN": ["DT"]}}]], {"POS": "NOUN"}, 0),
    ]
    nlp = made(*(rules if is_later else rules[::-1]))
    expected = nlp(tagged(nlp))
    cache_attribute_rules(nlp)
    assert nlp.pipe_names == ["newslake_attribute_rules"]
    for _ in range(2):  # the second time from the cache
        assert np.array_equal(nlp(tagged(nlp)).to_array(ALL), expected.to_array(ALL))
    assert expected[1].pos_ == ("VERB" if is_later else "AUX")


@pytest.mark.parametrize(
    "rule",
    [
        ([[{"LOWER": {"FUZZY": "their"}}]], {"POS": "ADV"}, 0),
        ([[{"LOWER": "there"}], [{"LOWER": "a"}, {"LOWER": "bank"}]], {"POS": "ADV"}, 0),
        ([[{"TAG": "NN"}]], {"ENT_TYPE": "ORG"}, 0),
    ],
    ids=["another operator", "one word or two", "another attribute"],
)
def test_other_rules_are_left_to_the_ruler(rule: tuple[list[list[dict]], dict, int]) -> None:
    """A ruler with a rule that the cache does not know stays in its place."""
    nlp = made(rule)
    cache_attribute_rules(nlp)
    assert nlp.pipe_names == ["attribute_ruler"]
    without = spacy.blank("en")
    cache_attribute_rules(without)
    assert without.pipe_names == []
