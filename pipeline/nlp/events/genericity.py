"""Genericity: whether a verb of the lexicon reports no event, but a habit, a property, an order or an idea.

"Drivers often protest", "the alleged theft", "Ask your doctor", "you can appeal", "accused of stealing".
"""

from newslake.pipeline.nlp.events.parse import Parse
from newslake.pipeline.nlp.languages.spec_events import FrameData


def is_generic(parse: Parse, index: int, data: FrameData) -> bool:
    """Return whether a verb names no particular event."""
    if parse.dep[index] == "amod":
        return True
    return (
        _is_habit(parse, index, data)
        or _is_imperative(parse, index, data)
        or _is_anybody(parse, index, data)
        or _is_usual(parse, index)
        or _is_content(parse, index, data)
    )


def _is_habit(parse: Parse, index: int, data: FrameData) -> bool:
    return parse.has_word(index, data.habit_words, ("advmod",))


def _is_imperative(parse: Parse, index: int, data: FrameData) -> bool:
    """Return whether a bare verb addresses the reader: "Ask your doctor", "Let's meet"."""
    if parse.tag[index] not in ("VB", "VBP") or parse.headline[index]:
        return False
    if parse.dep[index] == "ccomp" and parse.lemma[parse.head[index]] == "let" and parse.head[index] == index - 2:
        return True
    first = index
    while parse.dep[first] == "conj" and parse.tag[parse.head[first]] in ("VB", "VBP"):
        first = parse.head[first]
    return parse.dep[first] == "ROOT" and not any(
        parse.dep[c] in ("nsubj", "nsubjpass", "aux", "auxpass", "expl", "csubj")
        for c in (*parse.children[first], *parse.children[index])
    )


def _is_anybody(parse: Parse, index: int, data: FrameData) -> bool:
    if parse.tag[index] == "VBD":
        return False  # "you attacked him" names its doer
    subject = parse.subjects.get(index)
    if subject is None and parse.dep[index] in ("xcomp", "conj"):
        subject = parse.subjects.get(parse.head[index])
    return subject is not None and parse.lower[subject] in data.general_subjects and not _is_question(parse, index)


def _is_usual(parse: Parse, index: int) -> bool:
    """Return whether something is done to a kind of people, in the present: "editors are fired for less"."""
    subject = parse.child(index, "nsubjpass")
    if subject is None or parse.headline[index] or parse.tag[subject] != "NNS" or parse.mentions[subject] is not None:
        return False
    auxiliaries = [parse.tag[c] for c in parse.children[index] if parse.dep[c] in ("aux", "auxpass")]
    return auxiliaries == ["VBP"] and all(parse.dep[c] == "amod" for c in parse.children[subject])


def _is_question(parse: Parse, index: int) -> bool:
    """Return whether the sentence ends with a question mark: "Will you resign?" asks one person."""
    last = index
    while last + 1 < len(parse.sentence) and parse.sentence[last + 1] == parse.sentence[index]:
        last += 1
    return any(form == "?" for form in parse.lower[max(last - 1, index) : last + 1])


def _is_content(parse: Parse, index: int, data: FrameData) -> bool:
    """Return whether a gerund is only an idea: "accused of lying", "the idea of meeting", "Meeting him would help"."""
    if parse.dep[index] in ("csubj", "csubjpass"):
        return parse.tag[index] == "VBG"
    if parse.dep[index] != "pcomp" or parse.tag[index] != "VBG":
        return False
    marker = parse.head[index]
    return parse.lower[marker] in data.content_markers and parse.lemma[parse.head[marker]] not in data.thresholds
