"""The event classifier: its probability is the confidence of an event, and an unlikely event has no type."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from newslake.pipeline.nlp.events.lead import LEAD_RULE
from newslake.pipeline.nlp.languages.en.frames import FRAMES
from newslake.pipeline.nlp.languages.en.times import TIMES
from newslake.pipeline.nlp.languages.logistic_regression import LogisticRegression
from tests.unit.nlp import events_case

TEXT = "Spain condemned the plan.\nIn Bergen, students protested.\nThe minister met teachers."


def read(nlp, monkeypatch, weights, *, least=0.0, text=TEXT):
    frames = replace(FRAMES, classifier=LogisticRegression(weights, least))
    monkeypatch.setattr(events_case, "ENGLISH", SimpleNamespace(frames=frames, times=TIMES))
    return events_case.read(nlp, text)


@pytest.mark.model
def test_confidence_is_the_probability(nlp, monkeypatch):
    """The confidence of an event is the logistic function of the sum of its features' weights."""
    case = read(nlp, monkeypatch, {"bias": 1.0, "type:PROTEST": 1.0})
    assert case.event("protested").confidence == 0.88
    assert case.event("met").confidence == 0.73


@pytest.mark.model
def test_unlikely_event_loses_its_type(nlp, monkeypatch):
    """A match below the lowest probability is an untyped event."""
    case = read(nlp, monkeypatch, {"type:CONSULT": -3.0}, least=0.2)
    assert [event.trigger_text for event in case.events] == ["condemned", "protested"]
    assert case.predicate("met").event_type is None


@pytest.mark.model
def test_main_event_needs_half(nlp, monkeypatch):
    """The main event of the article keeps its type with half of the lowest probability."""
    weights = {"bias": -1.0}  # 0.27
    assert [event.trigger_text for event in read(nlp, monkeypatch, weights, least=0.5).events] == ["condemned"]
    assert not read(nlp, monkeypatch, weights, least=0.6).events


@pytest.mark.model
def test_without_weights_every_match_is_an_event(nlp, monkeypatch):
    """In a language without weights, every match of a frame is an event with confidence 0.5."""
    assert {event.confidence for event in read(nlp, monkeypatch, {}).events} == {0.5}


def test_weights_name_words_of_the_lexicon_only():
    """No word of an article can be read from the weights: lemmas are those of the lexicon."""
    lemmas = {name.split(":")[1] for name in FRAMES.classifier.weights if name.startswith("lemma:")}
    assert lemmas <= FRAMES.verb_index.keys() | FRAMES.noun_index.keys() | FRAMES.speech.reporting | {"be"}
    assert {name for name in FRAMES.classifier.weights if name.endswith(LEAD_RULE)} <= {f"rule:{LEAD_RULE}"}


def test_weights_are_calibrated_for_a_lowest_probability():
    """The shipped weights leave out what is far more likely wrong than right."""
    assert FRAMES.classifier.least == 0.4


@pytest.mark.model
def test_register_of_a_text_is_a_feature(nlp, monkeypatch):
    """The same sentence is a less likely event in a text that addresses the reader."""
    weights = {"register:you>=0.015": -2.0}
    advice = read(nlp, monkeypatch, weights, text="The minister met teachers.\nYou may bring your own cup.")
    news = read(nlp, monkeypatch, weights, text="The minister met teachers.\nThey may bring a cup of theirs.")
    assert (advice.event("met").confidence, news.event("met").confidence) == (0.12, 0.5)
