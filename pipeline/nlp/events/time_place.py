"""The date and place of an event: the time expressions and places connected to its trigger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from pipeline.kb import KnowledgeBase
from pipeline.model import Entity, TimeExpression
from pipeline.model.annotation import DateBasis, DatePrecision, Modality
from pipeline.nlp.events.parse import Parse
from pipeline.nlp.events.triggers import Trigger
from pipeline.nlp.languages.spec_events import FrameData
from pipeline.nlp.times.values import UNANCHORED, UNRESOLVED

_PLACE_TYPES = frozenset({"GPE", "LOC", "FAC"})
_LIMIT = 6
_ARGUMENTS = frozenset({"dobj", "nsubj", "nsubjpass", "attr", "pobj", "conj"})


@dataclass(frozen=True, slots=True)
class EventDate:
    """The date of an event, as in the columns ``event_date_*``."""

    first: date | None = None
    last: date | None = None
    precision: DatePrecision = "unknown"
    text: str | None = None
    basis: DateBasis = "none"
    note: str | None = None


def dates_of(
    parse: Parse, triggers: Sequence[Trigger], times: Sequence[TimeExpression], data: FrameData
) -> Mapping[int, TimeExpression]:
    """Return the time expression of each dated event by its trigger token.

    Dependency comes first, then the verb that carries an event noun. A date that depends on no event goes to the only
    typed event of its sentence.
    """
    at = {trigger.index: trigger for trigger in triggers}
    found: dict[int, TimeExpression] = {}
    loose: list[tuple[int, TimeExpression]] = []
    for time in times:
        if time.timex_type in ("DATE", "TIME") and not (time.value or "").endswith("_REF"):
            token, owner = _owner_of(parse, time, at, data)
            if owner is None:
                loose.append((token, time))
            elif owner not in found or found[owner].first_day is None:
                found[owner] = time
    for trigger in triggers:
        if trigger.index not in found:
            lent = _inherited_date(parse, trigger, at, found, data)
            if lent is not None:
                found[trigger.index] = lent
    _assign_loose_dates(parse, triggers, loose, found)
    return found


def _owner_of(parse: Parse, time: TimeExpression, at: Mapping[int, Trigger], data: FrameData) -> tuple[int, int | None]:
    first, last = parse.token_at(time.start_char), parse.token_at(time.end_char - 1)
    token = next((i for i in range(last, first - 1, -1) if not first <= parse.head[i] <= last), last)
    when = _relative_clause_event(parse, token, at, data)
    if when is not None:
        return token, when
    head = token
    for _ in range(_LIMIT):
        if parse.head[head] == head:
            break
        below, head = head, parse.head[head]
        if head in at and parse.dep[below] not in ("nsubj", "nsubjpass"):
            return token, head
        if parse.is_verb(head):
            break
    return token, None


def _inherited_date(
    parse: Parse, trigger: Trigger, at: Mapping[int, Trigger], found: Mapping[int, TimeExpression], data: FrameData
) -> TimeExpression | None:
    if _shares_date(parse, trigger.index, found):
        return found[parse.head[trigger.index]]
    return (_carrier_date if trigger.is_noun else _dated_object)(parse, trigger, at, found, data)


def _shares_date(parse: Parse, index: int, found: Mapping[int, TimeExpression]) -> bool:
    """Return whether a verb shares the date before the verb it is coordinated with: "On Monday they met and signed"."""
    head = parse.head[index]
    joined = parse.dep[index] == "conj" and parse.tag[index] == parse.tag[head] and parse.is_verb(index)
    return joined and head in found and found[head].start_char < parse.start[head]


def _relative_clause_event(parse: Parse, token: int, at: Mapping[int, Trigger], data: FrameData) -> int | None:
    """Return the event in a relative clause about a time ("in 2024, when soldiers attacked")."""
    for verb in parse.children[token]:
        clause = parse.dep[verb] in ("relcl", "advcl") and verb in at
        if clause and any(parse.lower[c] in data.time_relatives for c in parse.children[verb]):
            return verb
    return None


def _dated_object(
    parse: Parse, trigger: Trigger, at: Mapping[int, Trigger], found: Mapping[int, TimeExpression], data: FrameData
) -> TimeExpression | None:
    """Return the date of a verb's object that names the same event ("sign an agreement on Monday")."""
    if trigger.frame is None or trigger.frame.lemma in data.modality.saying:
        return None
    for noun in parse.children[trigger.index]:
        if parse.dep[noun] == "dobj" and noun in found and noun in at:
            frame = at[noun].frame
            return found[noun] if frame is None or frame.event_type == trigger.frame.event_type else None
    return None


def _carrier_date(
    parse: Parse, trigger: Trigger, at: Mapping[int, Trigger], found: Mapping[int, TimeExpression], data: FrameData
) -> TimeExpression | None:
    """Return the date of the verb that carries an event noun ("talks will be held on Monday")."""
    index = trigger.index
    for _ in range(_LIMIT):
        if parse.dep[index] not in _ARGUMENTS and parse.pos[index] != "ADP":
            return None
        index = parse.head[index]
        if parse.is_verb(index) or index in at:
            break
    verb = at.get(index)
    if verb is None or index not in found or parse.lemma[index] in data.modality.saying:
        return None
    same = verb.frame is not None and trigger.frame is not None and verb.frame.event_type == trigger.frame.event_type
    return found[index] if same or verb.frame is None else None


def _assign_loose_dates(
    parse: Parse,
    triggers: Sequence[Trigger],
    loose: Sequence[tuple[int, TimeExpression]],
    found: dict[int, TimeExpression],
) -> None:
    typed: dict[int, list[int]] = {}
    for trigger in triggers:
        if trigger.frame is not None:
            typed.setdefault(parse.sentence[trigger.index], []).append(trigger.index)
    for token, time in loose:
        candidates = typed.get(parse.sentence[token], [])
        if len(candidates) == 1 and candidates[0] not in found:
            found[candidates[0]] = time


def event_date_of(
    parse: Parse, index: int, time: TimeExpression | None, *, modality: Modality, anchored: bool
) -> EventDate:
    """Return the date of an event; without one, past tense shows only that it is not after the published day."""
    if time is not None:
        if time.first_day is None:
            return EventDate(text=time.timex_text, note=UNRESOLVED if anchored else UNANCHORED)
        return EventDate(time.first_day, time.last_day, time.precision, time.timex_text, time.basis)
    if anchored and modality == "happened" and _is_past(parse, index):
        return EventDate(basis="tense", note="past tense: on or before the published day")
    return EventDate()


def _is_past(parse: Parse, index: int) -> bool:
    if parse.tag[index] in ("VBD", "VBN"):
        return True
    return any(parse.lemma[c] == "have" and parse.dep[c] == "aux" for c in parse.children[index])


def place_of(
    parse: Parse,
    trigger: Trigger,
    data: FrameData,
    places: Mapping[int, Mapping[str, Sequence[int]]],
    taken: frozenset[int],
) -> Entity | None:
    """Return the place in a locative phrase of the event, or in the only such phrase of its sentence.

    ``places`` come from ``places_by_sentence``. ``taken`` are the heads of its participants: a country that acts is not
    a place.
    """
    index = trigger.index
    near = _place_in_phrase(parse, index, data, taken)
    if near is None and trigger.is_noun:
        near = _place_modifier(parse, index, taken)
    if near is None and parse.dep[index] in ("dobj", "pobj", "nsubj", "nsubjpass", "conj", "pcomp"):
        head = parse.head[index]
        head = parse.head[head] if parse.pos[head] == "ADP" else head
        near = _place_in_phrase(parse, head, data, taken)
    if near is None:
        things = [c for c in parse.children[index] if parse.dep[c] in ("dobj", "nsubjpass")]
        near = next((p for c in things if (p := _place_in_phrase(parse, c, data, taken))), None)
    return near if near is not None else _only_place(parse, index, places, taken)


def _place_in_phrase(parse: Parse, index: int, data: FrameData, taken: frozenset[int]) -> Entity | None:
    for child in parse.children[index]:
        if parse.dep[child] == "prep" and parse.lower[child] in data.place_prepositions:
            for noun in parse.children[child]:
                place = _place_at(parse, noun, taken) or _place_modifier(parse, noun, taken)
                if place is not None:
                    return place
    return None


def _place_at(parse: Parse, index: int, taken: frozenset[int]) -> Entity | None:
    mention = parse.mention(index)
    if mention is None or index in taken or mention.entity_type not in _PLACE_TYPES:
        return None
    return mention


def _place_modifier(parse: Parse, index: int, taken: frozenset[int]) -> Entity | None:
    """Return the place that modifies an event noun: "the Leeds fire"."""
    modifiers = [c for c in parse.children[index] if parse.dep[c] in ("compound", "nmod", "poss")]
    return next((place for c in modifiers if (place := _place_at(parse, c, taken)) is not None), None)


def places_by_sentence(parse: Parse, data: FrameData) -> Mapping[int, Mapping[str, Sequence[int]]]:
    """Return the tokens of places in locative phrases, by sentence and name."""
    found: dict[int, dict[str, list[int]]] = {}
    for index, dep in enumerate(parse.dep):
        if dep == "pobj" and parse.entity[index] >= 0 and parse.lower[parse.head[index]] in data.place_prepositions:
            place = _place_at(parse, index, frozenset())
            if place is not None:
                named = found.setdefault(parse.sentence[index], {})
                named.setdefault(place.entity_name or place.entity_text, []).append(index)
    return found


def _only_place(
    parse: Parse, index: int, places: Mapping[int, Mapping[str, Sequence[int]]], taken: frozenset[int]
) -> Entity | None:
    if parse.dep[index] not in ("ROOT", "ccomp", "conj", "dobj", "nsubj", "nsubjpass"):
        return None  # an inner clause has its own place
    named = places.get(parse.sentence[index], {})
    if len(named) > len(taken) + 1:
        return None
    free = [tokens for tokens in named.values() if not taken.issuperset(tokens)]
    return _place_at(parse, next(i for i in free[0] if i not in taken), taken) if len(free) == 1 else None


def coordinates_of(place: Entity, kb: KnowledgeBase) -> tuple[float, float] | None:
    """Return the coordinates of a place in degrees north and east; None for a country or an unknown place."""
    name = place.entity_name or place.entity_text
    if kb.country_of(name) is not None:
        return None
    points = {
        (entry.lat, entry.lon)
        for entry in kb.candidates(name)
        if entry.lat is not None and entry.lon is not None and entry.country == place.country_code
        if place.qid in (None, entry.qid)
    }
    city = None if points else kb.city(name, country=place.country_code)
    if city is not None:
        return city.lat, city.lon
    return points.pop() if len(points) == 1 else None
