"""Events that a text only mentions in passing: an event noun behind a preposition, of which nobody takes part."""

from collections.abc import Collection, Sequence

from pipeline.nlp.events.parse import Parse
from pipeline.nlp.events.triggers import Trigger, drop_type

_NAMING = ("compound", "nmod", "poss")


def drop_passing_mentions(
    parse: Parse, triggers: Sequence[Trigger], triggers_with_participants: Collection[int]
) -> tuple[Trigger, ...]:
    """Return the triggers, those in the background without their type ("after the war", "a role in the genocide").

    ``triggers_with_participants`` are the tokens of triggers that have a participant. A passing mention of what the
    article tells elsewhere keeps its type: it is a mention of that event. A noun under a word of its
    own type tells of the same event ("killed in an attack").
    """
    kinds = {t.index: t.frame.event_type for t in triggers if t.frame is not None}
    lone = [t for t in triggers if t.index in kinds and t.is_noun and t.index not in triggers_with_participants]
    passing = {t.index for t in lone if _is_passing(parse, t)}
    told = {parse.lemma[index] for index in kinds.keys() - passing}
    bare = {index for index in passing if parse.lemma[index] not in told}
    bare |= {index for index in passing if kinds.get(parse.head[parse.head[index]]) == kinds[index]}
    return tuple(drop_type(t) if t.index in bare else t for t in triggers)


def _is_passing(parse: Parse, trigger: Trigger) -> bool:
    index = trigger.index
    if parse.headline[index] or _is_identified(parse, index):
        return False
    while parse.dep[index] == "conj" and parse.head[index] != index:
        index = parse.head[index]
    return parse.dep[index] == "pobj"


def _is_identified(parse: Parse, index: int) -> bool:
    """Say whether a name says which event it is ("the Leeds attack")."""
    return any(parse.dep[c] in _NAMING and parse.entity[c] >= 0 for c in parse.children[index])
