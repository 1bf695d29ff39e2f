"""Trigger filters: triggers that lose their type, because they are the content of another event or named in passing.

What is agreed, requested or refused is not a separate event.
"""

from collections.abc import Collection, Iterator, Sequence

from newslake.pipeline.nlp.events.parse import Parse
from newslake.pipeline.nlp.events.triggers import Trigger, drop_type, infinitive_of, pattern_objects
from newslake.pipeline.nlp.languages.plover import MATERIAL_CONFLICT, QUAD_CLASSES
from newslake.pipeline.nlp.languages.spec_events import Frame, FrameData

_CONTENT_TYPES = frozenset({"AGREE", "REQUEST", "REJECT", "THREATEN"})
_ANNOUNCED = {"AGREE": "CONSULT", "THREATEN": "PROTEST"}
_NATURAL = frozenset({"accident", "disaster"})


def drop_content(parse: Parse, triggers: Sequence[Trigger], data: FrameData) -> tuple[Trigger, ...]:
    """Return the triggers; the content of another frame loses its type."""
    typed = [trigger for trigger in triggers if trigger.frame is not None]
    content = {index for trigger in typed for index in _content_of(parse, trigger)}
    content -= set(_announced_events(parse, typed))
    content |= {*_purposes(parse, typed), *_results(parse, typed), *_light_verbs(parse, typed, data)}
    content &= {trigger.index for trigger in typed}
    return tuple(drop_type(trigger) if trigger.index in content else trigger for trigger in triggers)


def _announced_events(parse: Parse, triggers: Sequence[Trigger]) -> Iterator[int]:
    """Yield events that an outer verb announces: the meeting agreed on, the strike threatened."""
    kinds = {trigger.index: trigger.frame.event_type for trigger in triggers if trigger.frame}
    for index, kind in kinds.items():
        inner = infinitive_of(parse, index) if kind in _ANNOUNCED else None
        if inner is not None and kinds.get(inner) == _ANNOUNCED[kind]:
            yield inner


def _purposes(parse: Parse, triggers: Sequence[Trigger]) -> Iterator[int]:
    """Yield infinitives that only give the purpose of an event of the same type: "met to discuss"."""
    kinds = {trigger.index: trigger.frame.event_type for trigger in triggers if trigger.frame}
    for index, kind in kinds.items():
        if parse.dep[index] in ("advcl", "xcomp") and kinds.get(parse.head[index]) == kind and parse.tag[index] == "VB":
            yield index


def _results(parse: Parse, triggers: Sequence[Trigger]) -> Iterator[int]:
    """Yield the effects of an accident or a disaster: "The bus overturned, killing two" is not an assault."""
    frames = {trigger.index: trigger.frame for trigger in triggers if trigger.frame}
    for index, frame in frames.items():
        first = parse.head[index] if parse.dep[index] == "conj" else index  # "killing two and injuring nine"
        outer = frames.get(parse.head[first])
        if outer is not None and parse.dep[first] == "advcl" and parse.tag[index] == "VBG":
            harm = QUAD_CLASSES.get(frame.event_type) == MATERIAL_CONFLICT
            if harm and outer.subtype in _NATURAL:
                yield index


def _light_verbs(parse: Parse, triggers: Sequence[Trigger], data: FrameData) -> Iterator[int]:
    """Yield light verbs that only carry an event noun: to launch an attack is not a launch."""
    for trigger in triggers:
        verb = parse.head[trigger.index]
        carried = trigger.is_noun and trigger.frame is not None and parse.dep[trigger.index] != "nsubj"
        if carried and parse.lemma[verb] in data.modality.carriers:
            yield from (t.index for t in triggers if t.index == verb and t.frame and t.frame.event_type == "OTHER")


def _content_of(parse: Parse, trigger: Trigger) -> Iterator[int]:
    """Yield the content of a trigger: what is agreed, requested, refused, threatened or alleged."""
    frame, index = trigger.frame, trigger.index
    if frame is None or not (frame.takes_content or (trigger.is_noun and frame.event_type in _CONTENT_TYPES)):
        yield from _pattern_object(parse, trigger)
        return
    inner = infinitive_of(parse, index)
    if inner is not None:
        yield from parse.conjuncts(inner)
    for child in parse.children[index]:
        if parse.dep[child] == "prep" and parse.lower[child] in frame.needs + frame.recipient:
            yield from (
                c for c in parse.children[child] if parse.dep[c] == "pcomp" or _is_noun_content(frame, parse, c)
            )
        elif parse.dep[child] == "xcomp" or (
            _is_noun_content(frame, parse, child)
            and parse.dep[child] == "dobj"
            and parse.lemma[child] not in pattern_objects(frame)
        ):
            yield from parse.conjuncts(child)
    yield from _pattern_object(parse, trigger)


def _is_noun_content(frame: Frame, parse: Parse, index: int) -> bool:
    return frame.event_type in _CONTENT_TYPES and parse.dep[index] in ("pobj", "dobj")


def _pattern_object(parse: Parse, trigger: Trigger) -> Iterator[int]:
    """Yield the object that the pattern itself names: "impose sanctions" is one event."""
    if trigger.frame is None or trigger.is_noun or trigger.frame.event_type == "REJECT":
        return  # to cancel talks is one event, the talks not held another
    thing = parse.patients.get(trigger.index)
    if thing is not None and parse.lemma[thing] in pattern_objects(trigger.frame):
        yield thing


# Passing mentions: an event noun governed by a preposition, without participants or a day.

_NAMING = ("compound", "nmod", "poss")


def drop_passing_mentions(
    parse: Parse, triggers: Sequence[Trigger], with_participants: Collection[int], data: FrameData
) -> tuple[Trigger, ...]:
    """Return the triggers; passing mentions lose their type ("after the war", "a role in the genocide").

    ``with_participants`` are the tokens of triggers with a participant. A passing mention keeps its type if the article
    reports the event elsewhere, because it corefers with that event. A noun governed by a word of the same type is the
    same event ("killed in an attack").
    """
    kinds = {t.index: t.frame.event_type for t in triggers if t.frame is not None}
    lone = [t for t in triggers if t.index in kinds and t.is_noun and t.index not in with_participants]
    spoken = {
        t.index for t in triggers if t.is_noun and kinds.get(t.index) == "CONSULT" and _is_occasion(parse, t, data)
    }
    governed = {t.index for t in lone if is_passing(parse, t)}
    passing = {index for index in governed if not _is_dated(parse, index)}
    elsewhere = {parse.lemma[index] for index in kinds.keys() - passing}
    bare = {index for index in passing if parse.lemma[index] not in elsewhere}
    bare |= {index for index in governed if kinds.get(parse.head[parse.head[index]]) == kinds[index]}
    return tuple(drop_type(t) if t.index in bare | spoken else t for t in triggers)


def _is_occasion(parse: Parse, trigger: Trigger, data: FrameData) -> bool:
    """Return whether a conversation is only where something is said: "said in an interview"."""
    preposition = parse.head[trigger.index]
    if parse.dep[trigger.index] != "pobj" or parse.lower[preposition] not in data.attachment.occasions:
        return False
    return parse.lemma[parse.head[preposition]] in data.modality.saying


def is_passing(parse: Parse, trigger: Trigger) -> bool:
    """Return whether an event noun depends on a preposition outside a headline, and no name identifies it."""
    index = trigger.index
    if parse.headline[index] or _is_identified(parse, index):
        return False
    while parse.dep[index] == "conj" and parse.head[index] != index:
        index = parse.head[index]
    return parse.dep[index] == "pobj"


def _is_identified(parse: Parse, index: int) -> bool:
    """Return whether a name identifies the event ("the Leeds attack")."""
    return any(parse.dep[c] in _NAMING and parse.entity[c] >= 0 for c in parse.children[index])


def _is_dated(parse: Parse, index: int) -> bool:
    """Return whether a day or year belongs to an event: "Sunday's attack", "the attack in 2019"."""
    for child in parse.children[index]:
        if parse.dep[child] in _NAMING and child in parse.in_time and parse.pos[child] == "PROPN":
            return True
        if parse.dep[child] == "prep" and any(thing in parse.in_time for thing in parse.children[child]):
            return True
    return False
