"""The lead of an article, its headline and first sentences, and the event that it is about.

Entry points: ``lead_of``, ``main_trigger_of``, ``name_untyped``, ``days_of``.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from pipeline.model import Article, TimeExpression
from pipeline.nlp.events.modality import modality_of
from pipeline.nlp.events.mood import is_finite
from pipeline.nlp.events.parse import Parse
from pipeline.nlp.events.triggers import Trigger
from pipeline.nlp.languages.plover import OTHER
from pipeline.nlp.languages.spec_events import Frame, FrameData

LEAD_RULE = ">lead"  # end of the rule_id of an event that only the lead makes one
_SENTENCES = 2  # of the text that belong to the lead, after the standfirst
_DEEPEST = 6  # steps from the root of a sentence to the event that it is about
_STEM = 5  # letters by which a word of the title is found again: "printing" in "printers"
_TITLE_WORD = re.compile(r"\w{3,}")
_TOPICAL = ("NOUN", "PROPN", "VERB", "ADJ", "NUM")  # parts of speech
_NOMINAL = ("nsubj", "nsubjpass", "dobj")
_CONTENT = ("ccomp", "xcomp")
_PRESENT = ("VBZ", "VBP")
_LINKS = ("acomp", "attr", "prep", "pobj", "pcomp", "oprd")


@dataclass(frozen=True, slots=True)
class Lead:
    """The root tokens of the headline's sentences, and of the sentences of the text that belong to the lead, and the
    numbers of all these sentences. ``topics`` are the beginnings of the title's words, also of a title that is not in
    the text.
    """

    headline: tuple[int, ...]
    body: tuple[int, ...]
    sentences: frozenset[int]
    topics: frozenset[str]


def lead_of(parse: Parse, article: Article) -> Lead:
    """Return the lead: the headline, the standfirst, and the first sentences of the text."""
    headline: list[int] = []
    body: list[int] = []
    wanted = _SENTENCES
    for block in article.blocks:
        if block.kind in ("title", "standfirst", "paragraph"):
            roots = list(_roots(parse, bisect_left(parse.start, block.start), bisect_left(parse.start, block.end)))
            (headline if block.kind == "title" else body).extend(roots[:_SENTENCES])
            wanted -= len(roots) if block.kind == "paragraph" else 0
        if wanted <= 0:
            break
    sentences = frozenset(parse.sentence[root] for root in (*headline, *body))
    topics = frozenset(word[:_STEM] for word in _TITLE_WORD.findall((article.title or "").lower()))
    return Lead(tuple(headline), tuple(body), sentences, topics)


def _roots(parse: Parse, first: int, last: int) -> Iterator[int]:
    return (index for index in range(first, last) if parse.head[index] == index and parse.pos[index] != "SPACE")


def main_trigger_of(parse: Parse, lead: Lead, triggers: Sequence[Trigger], data: FrameData) -> Trigger | None:
    """Return the trigger of the event that headline and lead are about; None without one.

    Events come in the order of the sentences. In the headline and the first sentence, a typed event comes before the
    event of any other verb; of those, one whose verb both have comes first. An event without a type is in a sentence
    with a word of the title: features open with a scene.
    """
    at = {trigger.index: trigger for trigger in triggers}
    first, rest = (*lead.headline, *lead.body[:1]), lead.body[1:]
    typed = next((found for root in first if (found := _typed_core(parse, root, at, data))), None)
    if typed is not None:
        return typed
    if lead.sentences.issuperset(parse.sentence[-1:]):  # a text without more than a lead is too short to tell
        return next((found for root in rest if (found := _typed_core(parse, root, at, data))), None)
    plain = {root: _untyped_core(parse, root, at, data) for root in (*first, *rest) if _is_on_topic(parse, root, lead)}
    untyped = [found for root in first if (found := plain.get(root))]
    lemmas = [parse.lemma[each.index] for each in untyped]
    if untyped:
        return max(reversed(untyped), key=lambda each: lemmas.count(parse.lemma[each.index]))
    cores = (_typed_core(parse, root, at, data) or plain.get(root) for root in rest)
    return next((found for found in cores if found), None)


def _is_on_topic(parse: Parse, root: int, lead: Lead) -> bool:
    """Return whether a sentence of the lead shares a word with the title; True without a title."""
    if not lead.topics:
        return True
    number = parse.sentence[root]
    words = range(bisect_left(parse.sentence, number), bisect_right(parse.sentence, number))
    return any(parse.lower[i][:_STEM] in lead.topics and parse.pos[i] in _TOPICAL for i in words)


def _typed_core(
    parse: Parse, index: int, at: Mapping[int, Trigger], data: FrameData, depth: int = _DEEPEST
) -> Trigger | None:
    """Return the typed event that a clause is about: its verb, what is said, or the noun that the verb carries."""
    trigger = at.get(index)
    if trigger is not None and trigger.frame is not None:
        return trigger if _is_news(parse, index) and _is_real(parse, index, data) else None
    if depth == 0:
        return None
    content = (_typed_core(parse, c, at, data, depth - 1) for c in _below(parse, index, _CONTENT))
    carried = _below(parse, index, _NOMINAL) if parse.pos[index] == "AUX" or _is_news(parse, index) else ()
    nouns = (noun for c in carried if (noun := at.get(c)) and noun.frame)
    links = _below(parse, index, _LINKS) if _is_link(parse, index, data) else ()
    linked = (_typed_core(parse, c, at, data, depth - 1) for c in links)
    found = (each for each in (*content, *nouns, *linked) if each)
    return next((each for each in found if _is_real(parse, each.index, data)), None)


def _is_real(parse: Parse, index: int, data: FrameData) -> bool:
    return modality_of(parse, index, data.modality) != "hypothetical"


def _below(parse: Parse, index: int, labels: Sequence[str]) -> Iterator[int]:
    return (c for c in parse.children[index] if parse.dep[c] in labels)


def _is_link(parse: Parse, index: int, data: FrameData) -> bool:
    """Return whether a word only leads to the event: "is on the brink of approving"."""
    if parse.pos[index] in ("AUX", "ADP", "ADJ"):
        return True
    return parse.lemma[index] in (data.no_news if parse.is_verb(index) else data.abstractions)


def _untyped_core(parse: Parse, index: int, at: Mapping[int, Trigger], data: FrameData) -> Trigger | None:
    """Return what a clause reports that somebody or something did or will do: its verb, or the noun that the verb
    carries; else None.
    """
    trigger = at.get(index)
    if trigger is None or trigger.is_noun or parse.subject(index) is None or not _is_news(parse, index):
        return None
    if not (parse.headline[index] or is_finite(parse, index)):
        return None
    if modality_of(parse, index, data.modality) not in ("happened", "planned"):
        return None
    if parse.lemma[index] in data.modality.carriers | data.bearers:
        carried = next((noun for c in _below(parse, index, ("dobj",)) if (noun := at.get(c))), None)
        if carried is not None:
            return carried
    is_quoting = parse.lemma[index] in data.modality.saying and parse.child(index, *_CONTENT) is not None
    return None if is_quoting or parse.lemma[index] in data.no_news else trigger


def _is_news(parse: Parse, index: int) -> bool:
    """Return whether a word reports news: a noun, any verb in a headline, else a verb that is not in the simple
    present and has another subject than the writer.
    """
    is_clipped = parse.headline[index] and not any(parse.lower[c] == "." for c in parse.children[index])
    if is_clipped or not parse.is_verb(index):
        return True
    subject = parse.subject(index)
    who = parse.mention(subject) if subject is not None else None
    return not (who is not None and who.entity_type == "AUTHOR") and not _is_simple_present(parse, index)


def _is_simple_present(parse: Parse, index: int) -> bool:
    """Return whether a verb is in the simple present, active or passive: it says what is usual."""
    auxiliaries = [c for c in parse.children[index] if parse.dep[c] in ("aux", "auxpass")]
    if parse.tag[index] == "VBN" and len(auxiliaries) == 1:
        return parse.dep[auxiliaries[0]] == "auxpass" and parse.tag[auxiliaries[0]] in _PRESENT
    return not auxiliaries and parse.tag[index] in _PRESENT


def days_of(lead: Lead, dates: Mapping[int, TimeExpression]) -> list[tuple[int, TimeExpression]]:
    """Return the verbs of the lead that have a date, each with its time expression. ``dates`` are by trigger token."""
    return [(root, dates[root]) for root in (*lead.headline, *lead.body) if root in dates]


def name_untyped(parse: Parse, triggers: Sequence[Trigger], main: Trigger, data: FrameData) -> tuple[Trigger, ...]:
    """Return the triggers; the untyped ones with the word of the main event become events of type OTHER."""
    lemma = parse.lemma[main.index]
    frame = _lead_frame(lemma, data.noun_places if main.is_noun else data.verb_places)
    return tuple(
        replace(each, frame=frame)
        if each.frame is None and each.is_noun == main.is_noun and parse.lemma[each.index] == lemma
        else each
        for each in triggers
    )


@cache
def _lead_frame(lemma: str, places: tuple[str, ...]) -> Frame:
    return Frame(lemma, (), (), OTHER, None, None, places, False, False, f"{lemma}{LEAD_RULE}")
