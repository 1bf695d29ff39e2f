"""The lead of an article, its headline and first sentences, and the event that it is about.

Entry points: ``lead_of``, ``main_triggers_of``, ``name_untyped``, ``days_of``.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

from newslake.pipeline.model import Article, TimeExpression
from newslake.pipeline.nlp.events.modality import modality_of
from newslake.pipeline.nlp.events.parse import Parse
from newslake.pipeline.nlp.events.triggers import Trigger, denotes
from newslake.pipeline.nlp.languages.plover import OTHER
from newslake.pipeline.nlp.languages.spec_events import Frame, FrameData

LEAD_RULE = ">lead"  # end of the rule_id of an event that only the lead makes one
_SENTENCES = 2  # of the text that belong to the lead, after the standfirst
_LATER = 3  # sentences after the lead in which the event may stand that only the title tells
_SHARED = 2  # words of the title that such a sentence has
_PARAGRAPHS = 2  # in which a noun that the text repeats is the topic
_REPEATED = 4  # mentions that make a noun the topic
_DEEPEST = 6  # steps from the root of a sentence to the event that it is about
_STEM = 5  # letters by which a word of the title is recognized: "printing" in "printers"
_ENDING = 3  # letters by which two forms of a word differ at most
_TITLE_WORD = re.compile(r"\w{3,}|:")
_TOPICAL = ("NOUN", "PROPN", "VERB", "ADJ", "NUM")  # parts of speech
_NOMINAL = ("nsubj", "nsubjpass", "dobj")
_CONTENT = ("ccomp", "xcomp")
_PRESENT = ("VBZ", "VBP")
_LINKS = ("acomp", "attr", "prep", "pobj", "pcomp", "oprd")


@dataclass(frozen=True, slots=True)
class Lead:
    """The root tokens of the headline's sentences, and of the sentences of the text that belong to the lead, and the
    numbers of all these sentences. ``title`` are the title's words, also of a title that is not in the text, ``topics``
    their beginnings. ``opening`` is the end of the first paragraphs, ``later`` are the roots of the clauses after the
    lead.
    """

    headline: tuple[int, ...]
    body: tuple[int, ...]
    sentences: frozenset[int]
    title: tuple[str, ...]
    topics: frozenset[str]
    opening: int
    later: tuple[int, ...]


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
    title = tuple(_TITLE_WORD.findall((article.title or "").lower()))
    opening = [block.end for block in article.blocks if block.kind == "paragraph"][:_PARAGRAPHS]
    return Lead(
        tuple(headline),
        tuple(body),
        sentences,
        title,
        frozenset(word[:_STEM] for word in title if word != ":"),
        max(opening, default=0),
        _later_roots(parse, article, max((*headline, *body), default=-1)),
    )


def _later_roots(parse: Parse, article: Article, last: int) -> tuple[int, ...]:
    """Return the root tokens of the first clauses in paragraphs after the ``last`` root of the lead."""
    later: list[int] = []
    for block in article.blocks:
        if block.kind == "paragraph" and len(later) < _LATER:
            roots = _roots(parse, bisect_left(parse.start, block.start), bisect_left(parse.start, block.end))
            later.extend(r for r in roots if r > last and r in parse.verbs and parse.subjects.get(r) is not None)
    return tuple(later[:_LATER])


def _roots(parse: Parse, first: int, last: int) -> Iterator[int]:
    return (index for index in range(first, last) if parse.head[index] == index and parse.pos[index] != "SPACE")


def main_triggers_of(parse: Parse, lead: Lead, triggers: Sequence[Trigger], data: FrameData) -> tuple[Trigger, ...]:
    """Return the words of the lead for the event that headline and lead are about, the best first; empty without one.

    They are one trigger, or an event without a type and the light verb that carries it. Events come in the order of
    the sentences. In the headline and the first sentence, a typed event comes before the event of any other verb; of
    those, one whose verb both have comes first. An event without a type is in a sentence with a word of the title:
    features open with a scene. Without an event at the core of the lead, a noun that the text repeats is the event;
    then a typed verb below the core; then the core of one of the next sentences that has much of the title.
    """
    at = {trigger.index: trigger for trigger in triggers}
    first, rest = (*lead.headline, *lead.body[:1]), lead.body[1:]
    typed = next((core for root in first if (core := _typed_core(parse, root, at, data))), None)
    if typed is not None:
        return (_first_in_title(parse, lead, typed, at, data),)
    if lead.sentences.issuperset(parse.sentence[-1:]):  # a text without more than a lead is too short to tell
        return next(((core,) for root in rest if (core := _typed_core(parse, root, at, data))), ())
    plain = {
        root: _untyped_core(parse, root, at, data) or _final_statement(parse, root, at, data)
        for root in (*first, *rest)
        if _is_on_topic(parse, root, lead)
    }
    untyped = [words for root in first if (words := plain.get(root))]
    lemmas = [parse.lemma[each[0].index] for each in untyped]
    if untyped:
        best = max(reversed(untyped), key=lambda each: lemmas.count(parse.lemma[each[0].index]))
        is_in_headline = any(parse.headline[each[0].index] for each in untyped)
        return best if is_in_headline else _topic_of_headline(parse, lead, triggers, data) or best
    for root in rest:
        typed = _typed_core(parse, root, at, data)
        chosen = plain.get(root, ()) if typed is None else (typed,)
        if chosen:
            return chosen
    if _asks(lead, data):
        return ()
    topic = _topic(parse, lead, triggers, data)
    return topic or _typed_below(parse, lead, at, data) or _later_core(parse, lead, at, data)


def _asks(lead: Lead, data: FrameData) -> bool:
    """Return whether the title, or its part after a colon, is a question: "Savings: what you need to know"."""
    return any(word in data.question_words and before == ":" for before, word in pairwise((":", *lead.title)))


def _typed_below(parse: Parse, lead: Lead, at: Mapping[int, Trigger], data: FrameData) -> tuple[Trigger, ...]:
    """Return the first typed verb of the lead that reports news in a separate clause: "took turns denouncing it"."""
    on_topic = [root for root in (*lead.headline, *lead.body) if _is_on_topic(parse, root, lead)]
    words = (at[i] for root in on_topic for i in _sentence_of(parse, root) if i in at)
    verbs = (each for each in words if each.frame is not None and _is_report(parse, each.index, at, data))
    return next(((each,) for each in verbs if not _is_aside(parse, each.index)), ())


def _is_aside(parse: Parse, index: int) -> bool:
    return any(parse.dep[each] == "relcl" for each in (index, *parse.governors(index)))


def _later_core(parse: Parse, lead: Lead, at: Mapping[int, Trigger], data: FrameData) -> tuple[Trigger, ...]:
    """Return what happened in the first of the sentences after the lead that shares several words with the title."""
    for root in lead.later:
        words = {parse.lower[i][:_STEM] for i in _sentence_of(parse, root) if parse.pos[i] in _TOPICAL}
        core = _untyped_core(parse, root, at, data) if len(words & lead.topics) >= _SHARED else ()
        if core and modality_of(parse, core[0].index, data.modality) == "happened":
            return core
    return ()


def _sentence_of(parse: Parse, index: int) -> range:
    """Return the tokens of a token's sentence."""
    number = parse.sentence[index]
    return range(bisect_left(parse.sentence, number), bisect_right(parse.sentence, number))


def _first_in_title(parse: Parse, lead: Lead, core: Trigger, at: Mapping[int, Trigger], data: FrameData) -> Trigger:
    """Return the typed verb of a sentence that comes first in the title; without one, the core of the sentence."""
    verbs = (
        at[i] for i in _sentence_of(parse, core.index) if i in at and at[i].frame is not None and not at[i].is_noun
    )
    ranks = {each: rank for each in verbs if (rank := _place_in_title(parse, lead, each.index)) is not None}
    real = [each for each in ranks if _is_real(parse, each.index, data)]
    return min(real, key=lambda each: ranks[each], default=core)


def _place_in_title(parse: Parse, lead: Lead, index: int) -> int | None:
    """Return the place of a word in the title, in this or a similar form; None if it is not there."""
    lemma = parse.lemma[index]
    places = (
        place
        for place, word in enumerate(lead.title)
        if word in (parse.lower[index], lemma)
        or (len(lemma) >= _STEM and word.startswith(lemma[:_STEM]) and abs(len(word) - len(lemma)) <= _ENDING)
    )
    return next(places, None)


def _topic(parse: Parse, lead: Lead, triggers: Sequence[Trigger], data: FrameData) -> tuple[Trigger, ...]:
    """Return the event noun of the first paragraphs that the text repeats most.

    A heading of one word is a label: "MATCH".
    """
    nouns = [trigger for trigger in triggers if trigger.is_noun]
    count = Counter(parse.lemma[each.index] for each in nouns)
    topics = [
        each
        for each in nouns
        if count[parse.lemma[each.index]] >= _REPEATED
        and (parse.sentence[each.index] in lead.sentences or each.start < lead.opening)
        and (not parse.headline[each.index] or parse.head[each.index] != each.index)
        and _is_one_event(parse, each, data)
    ]
    most = max((count[parse.lemma[each.index]] for each in topics), default=0)
    return next(((each,) for each in topics if count[parse.lemma[each.index]] == most), ())


def _topic_of_headline(parse: Parse, lead: Lead, triggers: Sequence[Trigger], data: FrameData) -> tuple[Trigger, ...]:
    """Return the topic if it is a typed noun of the headline."""
    topic = _topic(parse, lead, triggers, data)
    return topic if topic and topic[0].frame is not None and parse.headline[topic[0].index] else ()


def _is_one_event(parse: Parse, trigger: Trigger, data: FrameData) -> bool:
    """Return whether a noun names one event: a noun of the lexicon, or a singular that something identifies."""
    index = trigger.index
    if trigger.frame is not None or any(f.event_type == OTHER for f in data.noun_index.get(parse.lemma[index], ())):
        return True
    if parse.lemma[index] in data.abstractions:
        return False
    is_identified = parse.child(index, "det", "poss", "nummod", "nmod", "compound") is not None
    return parse.tag[index] in ("NN", "NNP") and (parse.headline[index] or is_identified)


def _is_on_topic(parse: Parse, root: int, lead: Lead) -> bool:
    """Return whether a sentence of the lead shares a word with the title; True without a title."""
    if not lead.topics:
        return True
    words = _sentence_of(parse, root)
    return any(parse.lower[i][:_STEM] in lead.topics and parse.pos[i] in _TOPICAL for i in words)


def _typed_core(
    parse: Parse, index: int, at: Mapping[int, Trigger], data: FrameData, depth: int = _DEEPEST
) -> Trigger | None:
    """Return the typed event that a clause is about: its verb, what is said, or the noun that the verb carries."""
    trigger = at.get(index)
    if trigger is not None and trigger.frame is not None:
        return trigger if _is_news(parse, index, data) and _is_real(parse, index, data) else None
    if depth == 0:
        return None
    content = (_typed_core(parse, c, at, data, depth - 1) for c in _below(parse, index, _CONTENT))
    carried = _below(parse, index, _NOMINAL) if parse.pos[index] == "AUX" or _is_news(parse, index, data) else ()
    nouns = (noun for c in carried if (noun := at.get(c)) and noun.frame)
    links = _below(parse, index, _LINKS) if _is_link(parse, index, data) else ()
    linked = (_typed_core(parse, c, at, data, depth - 1) for c in links)
    options = (each for each in (*content, *nouns, *linked) if each)
    return next((each for each in options if _is_real(parse, each.index, data)), None)


def _is_real(parse: Parse, index: int, data: FrameData) -> bool:
    return modality_of(parse, index, data.modality) != "hypothetical"


def _below(parse: Parse, index: int, labels: Sequence[str]) -> Iterator[int]:
    return (c for c in parse.children[index] if parse.dep[c] in labels)


def _is_link(parse: Parse, index: int, data: FrameData) -> bool:
    """Return whether a word only leads to the event: "is on the brink of approving"."""
    if parse.pos[index] in ("AUX", "ADP", "ADJ"):
        return True
    return parse.lemma[index] in (data.no_news if index in parse.verbs else data.abstractions)


def _untyped_core(parse: Parse, index: int, at: Mapping[int, Trigger], data: FrameData) -> tuple[Trigger, ...]:
    """Return what a clause reports that somebody or something did or will do: its verb, what is said or the statement,
    what is planned, or the noun that the verb carries; else nothing.
    """
    has_tense = index in parse.finite or any(parse.tag[c] == "MD" for c in parse.children[index])
    is_clause = parse.subjects.get(index) is not None and (parse.headline[index] or has_tense)
    if not is_clause or not _is_report(parse, index, at, data):
        return ()
    trigger, lemma = at[index], parse.lemma[index]
    carried = _carried(parse, index, at, data)
    if carried is not None:
        return (carried,) if lemma in data.no_news else (carried, trigger)
    content = parse.child(index, *_CONTENT)
    is_way = lemma in data.no_news and content is not None and parse.tag[content] == "VBG"  # "spent the day waiting"
    if (is_way or _is_plan(parse, index, data)) and content is not None and _is_report(parse, content, at, data):
        return (at[content],)
    if lemma in data.modality.saying and content is not None:
        return _untyped_core(parse, content, at, data) or _statement(parse, trigger, data)
    if lemma in data.no_news:
        return ()
    return (trigger,)


def _is_report(parse: Parse, index: int, at: Mapping[int, Trigger], data: FrameData) -> bool:
    """Return whether a verb reports what happened or will happen."""
    if index not in at or at[index].is_noun or not _is_news(parse, index, data):
        return False
    return modality_of(parse, index, data.modality) in ("happened", "planned")


def _statement(parse: Parse, trigger: Trigger, data: FrameData) -> tuple[Trigger, ...]:
    """Return a verb of saying whose subject can speak: the statement is the news."""
    subject = parse.subjects.get(trigger.index)
    speaks = subject is not None and denotes(parse, subject, data) and parse.pos[subject] != "PRON"
    return (trigger,) if speaks and parse.lemma[trigger.index] in data.speech.reporting else ()


def _final_statement(parse: Parse, root: int, at: Mapping[int, Trigger], data: FrameData) -> tuple[Trigger, ...]:
    """Return the verb of saying that ends a sentence, which the parser may take for a part of what is said."""
    last = next((i for i in reversed(_sentence_of(parse, root)) if i in parse.verbs), root)
    is_cue = parse.tag[last] == "VBD" and parse.dep[last] not in ("ROOT", "pcomp", "acl")
    if last not in at or not is_cue or parse.child(last, "dobj", *_CONTENT) is not None:
        return ()
    return _statement(parse, at[last], data)


def _carried(parse: Parse, index: int, at: Mapping[int, Trigger], data: FrameData) -> Trigger | None:
    """Return the event noun that a light verb carries. What somebody undergoes is one whatever the noun: "a scan"."""
    lemma = parse.lemma[index]
    thing = parse.child(index, "dobj")
    if thing is None or lemma not in data.modality.carriers | data.bearers | data.no_news:
        return None
    marks = [parse.lower[c] for c in (*parse.children[thing], *parse.children[parse.head[thing]])]
    is_after = thing > 0 and parse.head[thing - 1] == thing
    if is_after and thing in parse.in_time and parse.dep[thing - 1] in ("compound", "amod"):
        thing -= 1  # the parser's object is the day: "underwent a scan Monday"
    is_new = not data.indefinite_words.isdisjoint(marks)
    if thing in at:
        return at[thing] if is_new or lemma not in data.no_news else None
    is_thing = thing not in parse.in_time and parse.entity[thing] < 0 and not denotes(parse, thing, data)
    if is_new and is_thing and lemma in data.enduring and parse.lemma[thing] not in data.documents:
        return Trigger(thing, parse.start[thing], parse.end[thing], True, None)
    return None


def _is_news(parse: Parse, index: int, data: FrameData) -> bool:
    """Return whether a word reports news: a noun, any verb in a headline, else a verb that is not in the simple
    present and has another subject than the writer. A plan is news in any tense.
    """
    if parse.headline[index] or index not in parse.verbs:
        return True
    subject = parse.subjects.get(index)
    who = parse.mentions[subject] if subject is not None else None
    if who is not None and who.entity_type == "AUTHOR":
        return False
    return not _is_simple_present(parse, index) or _is_plan(parse, index, data)


def _is_plan(parse: Parse, index: int, data: FrameData) -> bool:
    return parse.lemma[index] in data.modality.planning and parse.child(index, "xcomp") is not None


def _is_simple_present(parse: Parse, index: int) -> bool:
    """Return whether a verb is in the simple present, active or passive: it says what is usual."""
    auxiliaries = [c for c in parse.children[index] if parse.dep[c] in ("aux", "auxpass")]
    if parse.tag[index] == "VBN" and len(auxiliaries) == 1:
        return parse.dep[auxiliaries[0]] == "auxpass" and parse.tag[auxiliaries[0]] in _PRESENT
    return not auxiliaries and parse.tag[index] in _PRESENT


def days_of(lead: Lead, dates: Mapping[int, TimeExpression]) -> list[tuple[int, TimeExpression]]:
    """Return the verbs of the lead that have a date, each with its time expression. ``dates`` are by trigger token."""
    return [(root, dates[root]) for root in (*lead.headline, *lead.body) if root in dates]


def name_untyped(
    parse: Parse, triggers: Sequence[Trigger], main: Sequence[Trigger], data: FrameData
) -> tuple[Trigger, ...]:
    """Return the triggers; the untyped ones with the word of the main event become events of type OTHER.

    ``main`` are its words in the lead, which become one event. A verb of saying makes no other statement an event.
    """
    first, lead = main[0], {each.index: each for each in main}
    lemma = parse.lemma[first.index]
    frame = _lead_frame(lemma, data.noun_places if first.is_noun else data.verb_places)
    is_statement = lemma in data.speech.reporting and parse.child(first.index, "dobj") is None
    by_index = {each.index: each for each in triggers} | lead
    return tuple(
        replace(each, frame=frame)
        if each.frame is None and (index in lead or (not is_statement and _is_same_event(parse, each, first, data)))
        else each
        for index, each in sorted(by_index.items())
    )


def _is_same_event(parse: Parse, trigger: Trigger, main: Trigger, data: FrameData) -> bool:
    """Return whether an untyped word may name the main event again: no verb for what is usual, no noun for another
    number of events or for the paper that came of it ("the report says").
    """
    if parse.lemma[trigger.index] != parse.lemma[main.index] or trigger.is_noun != main.is_noun:
        return False
    if not trigger.is_noun:
        return _is_news(parse, trigger.index, data)
    is_number = parse.tag[trigger.index].endswith("S") == parse.tag[main.index].endswith("S")
    is_new = any(parse.lower[c] in data.indefinite_words for c in parse.children[trigger.index])
    return is_number and (is_new or parse.lemma[trigger.index] not in data.documents)


@cache
def _lead_frame(lemma: str, places: tuple[str, ...]) -> Frame:
    return Frame(lemma, (), (), OTHER, None, None, places, False, False, f"{lemma}{LEAD_RULE}")
