"""The place of an event: a locative phrase of its clause, of the clauses above it, or the dateline of the report."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from newslake.pipeline.kb import KnowledgeBase
from newslake.pipeline.model import Article, Entity
from newslake.pipeline.model.annotation import PlaceBasis
from newslake.pipeline.nlp.events.date_sharing import is_occasion
from newslake.pipeline.nlp.events.parse import Parse
from newslake.pipeline.nlp.events.triggers import Trigger
from newslake.pipeline.nlp.languages.plover import DEEDS
from newslake.pipeline.nlp.languages.spec_events import FrameData

_PLACE_TYPES = frozenset({"GPE", "LOC", "FAC"})
_ARGUMENTS = frozenset({"dobj", "pobj", "nsubj", "nsubjpass", "attr", "conj"})
_LIMIT = 5  # clauses above an event that may place it
_DEPTH = 4  # nouns inside nouns: "at a school in a suburb of Lyon"
_VISIT = "visit"
_TOUCHING = frozenset({"disaster", "accident"})
_PHYSICAL = frozenset({"ASSAULT", "MOBILIZE"})


@dataclass(frozen=True, slots=True)
class Dateline:
    """The dateline of a report: "LYON, France (Northwire) -". ``end`` is the offset of the text after it, 0 without
    one; ``place`` is None if it begins with another word.
    """

    place: Entity | None = None
    end: int = 0


@dataclass(frozen=True, slots=True)
class EventPlace:
    """The place of an event, and where the text names it."""

    entity: Entity
    basis: PlaceBasis


@dataclass(frozen=True, slots=True)
class _PlaceSearch:
    """The search for the place of one event. ``taken`` are the heads of its participants, ``events`` typed events."""

    parse: Parse
    data: FrameData
    taken: frozenset[int]
    events: frozenset[int]
    kb: KnowledgeBase | None
    said: frozenset[int] = frozenset()  # verbs of what is only said
    at_events: bool = False  # of the nouns with a place inside, only events count, not where somebody works


def place_of(  # noqa: PLR0913
    parse: Parse,
    trigger: Trigger,
    data: FrameData,
    taken: frozenset[int],
    *,
    events: frozenset[int],
    kb: KnowledgeBase | None,
    dateline: Dateline | None = None,
) -> EventPlace | None:
    """Return the place of an event; None if the text gives none.

    ``taken`` are the heads of its participants: a country that acts is no place. ``events`` are the tokens of all typed
    events, which have other places. ``dateline`` is set for an event of
    the lead only.
    """
    search = _PlaceSearch(parse, data, taken, events, kb)
    near = _place_in_clause(search, trigger)
    if near is not None:
        return EventPlace(near, "clause")
    above = _place_above(search, trigger)
    if above is not None:
        return EventPlace(above, "sentence")
    return EventPlace(dateline.place, "dateline") if dateline and dateline.place else None


# The clause of the event.


def _place_in_clause(search: _PlaceSearch, trigger: Trigger) -> Entity | None:
    parse, index = search.parse, trigger.index
    place = _most_specific(search, _places_below(search, trigger))
    if place is None and trigger.is_noun:
        place = _modifying_place(search, index)
    if place is None and parse.dep[index] in _ARGUMENTS and trigger.is_noun:
        place = _most_specific(search, _located(search, _governor(parse, index)))
    if place is None and not trigger.is_noun:
        place = _most_specific(search, _located_participants(search, trigger))
        place = place or _most_specific(search, _located_occasion(search, index))
    return _place_where(search, index) if place is None else place


def _places_below(search: _PlaceSearch, trigger: Trigger) -> Iterator[Entity]:
    """Yield the places of an event word, and of the clause that says where it happens ("the rally held in Lyon")."""
    parse, index, words = search.parse, trigger.index, search.data.attachment
    frame = trigger.frame
    is_said = frame is not None and not trigger.is_noun and frame.event_type not in DEEDS
    yield from _located(replace(search, said=frozenset({index})) if is_said else search, index)
    yield from _touched_places(search, trigger)
    if trigger.is_noun:
        for verb in parse.children[index]:
            if parse.dep[verb] in ("acl", "relcl") and parse.lemma[verb] in words.carriers:
                yield from _located(search, verb)


def _governor(parse: Parse, index: int) -> int:
    head = parse.head[index]
    return parse.head[head] if parse.pos[head] == "ADP" else head


def _located(search: _PlaceSearch, index: int, depth: int = _DEPTH) -> Iterator[Entity]:
    """Yield the places in the locative phrases of a word: "in Lyon", "at a school in Lyon", "here in Lyon"."""
    parse, words = search.parse, search.data.attachment
    for child in parse.children[index]:
        if parse.dep[child] == "advmod":
            yield from (place for c in parse.children[child] for place in _in_phrase(search, c, depth))
        elif parse.lower[child] not in words.parts or parse.lemma[index] in words.regions:
            yield from _in_phrase(search, child, depth)


def _in_phrase(search: _PlaceSearch, preposition: int, depth: int) -> Iterator[Entity]:
    """Yield the places after a locative preposition, and "of" in "a suburb of Lyon"."""
    parse, words = search.parse, search.data.attachment
    lower = parse.lower[preposition]
    if parse.dep[preposition] != "prep" or (lower not in search.data.place_prepositions and lower not in words.parts):
        return
    taken = search.taken if lower in words.goals else frozenset()  # "in Lyon" is no participant
    for noun in parse.children[preposition]:
        if parse.dep[noun] == "pobj":
            for part in parse.conjuncts(noun):
                place = _place_at(parse, part, taken)
                if place is not None:
                    yield from () if _is_of_content(search, preposition) else (place,)
                elif lower not in search.data.modality.topic_prepositions:  # "criticized Oslo over its role in Ulm"
                    yield from _places_in(search, part, depth, is_goal=lower in words.goals)


def _is_of_content(search: _PlaceSearch, preposition: int) -> bool:
    """Return whether a place after what is said may be that of the content: "accused Oslo of a raid in Ulm"."""
    parse, verb = search.parse, search.parse.head[preposition]
    if verb not in search.said:
        return False
    between = (c for c in parse.children[verb] if verb < c < preposition and parse.dep[c] in ("dobj", "prep", "dative"))
    return any(not search.parse.in_time.intersection(parse.children[c]) and c not in parse.in_time for c in between)


def _places_in(search: _PlaceSearch, noun: int, depth: int, *, is_goal: bool) -> Iterator[Entity]:
    """Yield the places in a noun: "a school in Leeds", "a Leeds school". "Leeds steel" is no place to be on."""
    place, words, lemma = _venue_at(search, noun), search.data.attachment, search.parse.lemma[noun]
    if search.at_events and lemma not in search.data.noun_index and lemma not in search.data.occurrences:
        return
    if place is not None:
        yield place
    elif depth > 0 and not _is_name(search.parse, noun):
        is_site = not is_goal or lemma in words.regions | words.venues
        inner = _modifying_place(search, noun) if is_site else None
        if inner is not None:
            yield inner
        yield from _located(search, noun, depth - 1)


def _is_name(parse: Parse, index: int) -> bool:
    mention = parse.mentions[index]
    return mention is not None and mention.mention_kind == "name"


def _place_at(parse: Parse, index: int, taken: frozenset[int]) -> Entity | None:
    """Return the place that a token names, by its name if the text names it elsewhere ("the town")."""
    mention = parse.mentions[index]
    if mention is None or index in taken or mention.entity_type not in _PLACE_TYPES:
        return None
    if mention.mention_kind == "name" or mention.cluster_index is None:
        return mention
    return parse.named.get(mention.cluster_index, mention)


def _venue_at(search: _PlaceSearch, index: int) -> Entity | None:
    """Return an organisation that is also a building: a court, a hospital."""
    mention = search.parse.mentions[index]
    if mention is None or index in search.taken or mention.entity_type != "ORG" or mention.mention_kind != "name":
        return None
    return mention if search.parse.lemma[index].lower() in search.data.attachment.venues else None


def _modifying_place(search: _PlaceSearch, index: int) -> Entity | None:
    """Return the place that modifies a noun: "the Leeds fire"."""
    parse = search.parse
    modifiers = [c for c in parse.children[index] if parse.dep[c] in ("compound", "nmod", "poss")]
    return next((place for c in modifiers if (place := _place_at(parse, c, search.taken)) is not None), None)


def _most_specific(search: _PlaceSearch, places: Iterator[Entity]) -> Entity | None:
    """Return the smallest place: a building before a town, a town before a country; None without a place."""
    return min(places, key=lambda place: _size(search, place), default=None)


def _size(search: _PlaceSearch, place: Entity) -> int:
    if place.entity_type != "GPE":
        return 0 if place.entity_type in ("FAC", "ORG") else 1
    is_country = search.kb is not None and search.kb.country_of(place.entity_name or place.entity_text) is not None
    return 2 if is_country else 1


def _located_participants(search: _PlaceSearch, trigger: Trigger) -> Iterator[Entity]:
    """Yield the places of the participants: "police in Leeds arrested a man", "Ann Lee at a summit in Leeds warned".

    The phrase after a name belongs to the verb, though the parser takes it from it: what is only said has the place of
    a named speaker, a deed also that of a named object ("met Tom Hall in Leeds").
    """
    parse, index, frame = search.parse, trigger.index, trigger.frame
    search = replace(search, at_events=frame is None or frame.event_type not in _PHYSICAL)
    is_done = frame is not None and frame.event_type in DEEDS
    for child in parse.children[index]:
        subject = parse.dep[child] in ("nsubj", "nsubjpass")
        if _is_name(parse, child):
            is_near = (subject and child < index) or (is_done and parse.dep[child] == "dobj")
            if is_near and not _is_place(parse, child):
                yield from _located(search, child)
        elif is_done and (subject or (parse.dep[child] == "dobj" and child not in search.events)):
            yield from _located(search, child)


def _located_occasion(search: _PlaceSearch, verb: int) -> Iterator[Entity]:
    """Yield the places of the participle that gives the occasion of a verb: "Speaking in Leeds, she warned"."""
    parse = search.parse
    for clause in parse.children[verb]:
        if parse.dep[clause] == "advcl" and is_occasion(parse, clause, search.data.attachment):
            yield from _located(search, clause)


def _is_place(parse: Parse, index: int) -> bool:
    mention = parse.mentions[index]
    return mention is not None and mention.entity_type in _PLACE_TYPES


def _touched_places(search: _PlaceSearch, trigger: Trigger) -> Iterator[Entity]:
    """Yield the places that an event is done to: the town that is visited, shelled or flooded."""
    frame, parse, index = trigger.frame, search.parse, trigger.index
    if frame is None or not (frame.event_type in _PHYSICAL or frame.mode == _VISIT or frame.subtype in _TOUCHING):
        return
    things = [c for c in parse.children[index] if parse.dep[c] in ("dobj", "nsubjpass")]
    goals = search.data.attachment.goals
    things += [n for c in parse.children[index] if parse.lower[c] in goals for n in parse.children[c]]
    yield from (place for c in things if (place := _place_at(parse, c, frozenset())) is not None)


def _place_where(search: _PlaceSearch, index: int) -> Entity | None:
    """Return the place that a relative clause describes: "Oslo, where they met"."""
    parse, verb = search.parse, index
    while parse.dep[verb] in ("conj", "xcomp") and parse.head[verb] != verb:
        verb = parse.head[verb]
    if parse.dep[verb] != "relcl":
        return None
    where = any(parse.lower[c] in search.data.attachment.place_relatives for c in parse.children[verb])
    return _place_at(parse, parse.head[verb], search.taken) if where else None


def sentences_with_places(parse: Parse) -> frozenset[int]:
    """Return the indexes of the sentences that name a place."""
    names = (e for e in parse.entities if e.mention_kind == "name" and e.entity_type in _PLACE_TYPES)
    return frozenset(parse.sentence[parse.token_at(name.start_char)] for name in names)


# The clauses above the event.


def _place_above(search: _PlaceSearch, trigger: Trigger) -> Entity | None:
    """Return the place of the nearest clause above an event that happens in one place with it."""
    parse, index = search.parse, trigger.index
    for _ in range(_LIMIT):
        head = parse.head[index]
        if head == index or not _is_together(search, index, head):
            return None
        index = head
        if parse.pos[index] != "ADP":
            place = _most_specific(search, _located_above(search, index))
            if place is not None:
                return place
    return None


def _located_above(search: _PlaceSearch, index: int) -> Iterator[Entity]:
    """Yield the places of a clause above the event, and of the thing that it acts on: "robbed a bank in Lyon"."""
    parse = search.parse
    yield from _located(search, index)
    for child in parse.children[index]:
        if parse.dep[child] == "dobj" and child not in search.events and not _is_name(parse, child):
            yield from _located(search, child)


def _is_together(search: _PlaceSearch, index: int, head: int) -> bool:
    """Return whether a word happens where its head happens: a coordinated verb, a participle, an argument."""
    parse, dep = search.parse, search.parse.dep[index]
    if parse.lemma[head] in search.data.modality.saying:
        return False
    if dep == "conj":
        return parse.subjects.get(index) is None or index not in parse.verbs
    if dep in ("advcl", "acl"):
        return parse.tag[index] == "VBG" and parse.child(index, "mark", "nsubj") is None
    if dep == "pobj":
        words = search.data.attachment
        return parse.lower[head] in words.occasions or parse.lower[head] in words.aims
    return dep in ("xcomp", "dobj", "nsubj", "nsubjpass", "attr", "pcomp", "prep", "agent")


# The dateline.

_DATELINE = re.compile(r"(?=[^\W\d_])([^\n]{2,80}?)(?:\s[-–—]+\s|\s?(?:—|--)\s?)")
_HEAD_WORD = re.compile(r"[^\W\d_][\w.'’-]*")
_LOWER_WORDS = 1  # "of", "de"


def find_dateline(article: Article, entities: tuple[Entity, ...]) -> Dateline:
    """Return the dateline of the first paragraph: capitalized words before a dash, a place first."""
    block = next((b for b in article.blocks if b.kind == "paragraph"), None)
    match = _DATELINE.match(article.text, block.start, block.end) if block else None
    if match is None:
        return Dateline()
    words = _HEAD_WORD.findall(match[1])
    if sum(word[0].islower() for word in words) > _LOWER_WORDS or not (
        words[0].isupper() or re.search(r"[\d(]", match[1])
    ):
        return Dateline()
    first = next((e for e in entities if match.start() <= e.start_char < match.end(1)), None)
    place = first if first and first.entity_type == "GPE" and first.start_char == match.start() else None
    return Dateline(place, match.end())


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
