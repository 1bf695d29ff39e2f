"""The tense of the clause of a time expression: on which side of the report its day is."""

from spacy.tokens import Span, Token

from pipeline.nlp.languages.spec_events import TimeData
from pipeline.nlp.times.values import Tense

_DEEPEST = 8  # governors from an expression to its verb


def tense_of(span: Span, times: TimeData, *, is_headline: bool) -> Tense:
    """Return the tense of the clause with an expression. The present tense in a headline means the past."""
    if span.start > 0 and span.doc[span.start - 1].lower_ in times.past_limits:
        return "past"
    verb = span.root
    for _ in range(_DEEPEST):
        if verb.pos_ in ("VERB", "AUX") or verb.head is verb:
            break
        verb = verb.head
        if verb.lower_ in times.future_heads and verb.pos_ in ("ADJ", "ADV"):
            return "future"
    tense: Tense = "future" if _promises(verb, span, times) else _clause_tense(verb, times)
    return "none" if tense == "present" and is_headline else tense


def _promises(verb: Token, span: Span, times: TimeData) -> bool:
    """Return whether an expression follows the infinitive of a verb like "agree", which the parser attached it to."""
    return _is_commissive(verb, times) and any(
        child.dep_ == "xcomp" and child.tag_ == "VB" and verb.i < child.i < span.start for child in verb.children
    )


def _is_commissive(verb: Token, times: TimeData) -> bool:
    return verb.lemma_.lower() in times.commissives


def _clause_tense(verb: Token, times: TimeData) -> Tense:
    if verb.tag_ == "VB" and (verb.head.lower_ in times.implicatives or verb.dep_ == "advcl"):
        verb = verb.head
    auxiliaries = [child for child in verb.children if child.dep_ in ("aux", "auxpass")]
    modals = [child.lower_ for child in auxiliaries if child.lower_ in times.future_words]
    if modals:
        return "past" if _is_past_modal(verb, auxiliaries, times) else "future"
    if verb.lemma_.lower() in times.future_heads and verb.tag_ != "VBD":
        return "future"
    has_present = any(child.tag_ in ("VBZ", "VBP") for child in auxiliaries)
    if any(child.tag_ == "VBD" or child.lemma_ == "have" for child in auxiliaries):
        return "past"
    if verb.tag_ == "VBD" or (verb.tag_ == "VBN" and not has_present):
        return "past"
    # A clause with a date uses the present for the future: "opens", "is opening", "is closed until Friday".
    return "present" if verb.tag_ in ("VBZ", "VBP") or (verb.tag_ in ("VBG", "VBN") and has_present) else "none"


def _is_past_modal(verb: Token, auxiliaries: list[Token], times: TimeData) -> bool:
    """Return whether a clause with a modal is past: "would have met", "could not reach"."""
    first = auxiliaries[0].lower_
    if any(child.lower_ == "have" for child in auxiliaries) and first not in ("will", "shall", "'ll", "’ll"):
        return True
    return first == "could" and any(child.dep_ == "neg" for child in verb.children)
