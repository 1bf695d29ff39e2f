"""The tense of the clause of a time expression: on which side of the report its day is."""

from newslake.pipeline.nlp.languages.spec_events import TimeData
from newslake.pipeline.nlp.times.values import Tense
from newslake.pipeline.nlp.tokens import Tokens

_DEEPEST = 8  # governors from an expression to its verb


def tense_of(tokens: Tokens, start: int, root: int, times: TimeData, *, is_headline: bool) -> Tense:
    """Return the tense of the clause with an expression. The present tense in a headline means the past.

    ``start`` is the first token of the expression, ``root`` the one that the others depend on.
    """
    if start > 0 and tokens.lower[start - 1] in times.past_limits:
        return "past"
    verb = root
    for _ in range(_DEEPEST):
        if tokens.pos[verb] in ("VERB", "AUX") or tokens.head[verb] == verb:
            break
        verb = tokens.head[verb]
        if tokens.lower[verb] in times.future_heads and tokens.pos[verb] in ("ADJ", "ADV"):
            return "future"
    tense: Tense = "future" if _promises(tokens, verb, start, times) else _clause_tense(tokens, verb, times)
    return "none" if tense == "present" and is_headline else tense


def _promises(tokens: Tokens, verb: int, start: int, times: TimeData) -> bool:
    """Return whether an expression follows the infinitive of a verb like "agree", which the parser attached it to."""
    return tokens.lemma[verb] in times.commissives and any(
        tokens.dep[child] == "xcomp" and tokens.tag[child] == "VB" and verb < child < start
        for child in tokens.children[verb]
    )


def _clause_tense(tokens: Tokens, verb: int, times: TimeData) -> Tense:
    head = tokens.head[verb]
    if tokens.tag[verb] == "VB" and (tokens.lower[head] in times.implicatives or tokens.dep[verb] == "advcl"):
        verb = head
    tag = tokens.tag[verb]
    auxiliaries = [child for child in tokens.children[verb] if tokens.dep[child] in ("aux", "auxpass")]
    if any(tokens.lower[child] in times.future_words for child in auxiliaries):
        return "past" if _is_past_modal(tokens, verb, auxiliaries, times) else "future"
    if tokens.lemma[verb] in times.future_heads and tag != "VBD":
        return "future"
    has_present = any(tokens.tag[child] in ("VBZ", "VBP") for child in auxiliaries)
    if any(tokens.tag[child] == "VBD" or tokens.lemma[child] == "have" for child in auxiliaries):
        return "past"
    if tag == "VBD" or (tag == "VBN" and not has_present):
        return "past"
    # A clause with a date uses the present for the future: "opens", "is opening", "is closed until Friday".
    return "present" if tag in ("VBZ", "VBP") or (tag in ("VBG", "VBN") and has_present) else "none"


def _is_past_modal(tokens: Tokens, verb: int, auxiliaries: list[int], times: TimeData) -> bool:
    """Return whether a clause with a modal is past: "would have met", "could not reach"."""
    first = tokens.lower[auxiliaries[0]]
    has_have = any(tokens.lower[child] == "have" for child in auxiliaries)
    if has_have and first not in ("will", "shall", "'ll", "’ll"):
        return True
    return first == "could" and bool(tokens.dependents(verb, "neg"))
