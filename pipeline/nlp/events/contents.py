"""Recipients named in what is agreed, demanded, refused or condemned: "demanded that Y stop", "rejected Y's offer"."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from newslake.pipeline.nlp.events.parse import Parse
from newslake.pipeline.nlp.events.participants import takes_part
from newslake.pipeline.nlp.events.triggers import Trigger, denotes, is_group, is_infinitive
from newslake.pipeline.nlp.languages.plover import MATERIAL_CONFLICT, OTHER, QUAD_CLASSES
from newslake.pipeline.nlp.languages.spec_events import FrameData

_DOERS = frozenset(
    {"ACCUSE", "PROTEST", "REJECT", "REQUEST", "SUPPORT", "THREATEN"}
)  # the doer of the content is meant
_BLAMING = frozenset({"ACCUSE", "PROTEST"})
_ADDRESSED = frozenset({"ACCUSE", "REQUEST", "SUPPORT", "THREATEN"})  # the subject of their that-clause is meant
_CONTENT_CLAUSES = frozenset({"acl", "ccomp", "xcomp"})
_CLAUSES = frozenset({"acl", "advcl", "ccomp", "pcomp", "xcomp"})
_GIVING = frozenset({"AID", "MOBILIZE"})
_DEPTH_MAX = 4  # clauses and nouns down from the trigger
_NAMING = frozenset({"amod", "compound", "nmod", "npadvmod"})
_MENTIONS = frozenset({"GPE", "NORP", "ORG", "PERSON"})


def recipients_in_content(
    parse: Parse, trigger: Trigger, data: FrameData, actors: frozenset[int | None] = frozenset()
) -> list[int]:
    """Return the nearest person or group in the content of a typed trigger; empty without one.

    ``actors`` are the clusters of the actors, whose things are passed over.
    """
    frame = trigger.frame
    if frame is None or frame.event_type == OTHER or not frame.recipient:
        return []
    if (subject := _addressee(parse, trigger, data)) is not None:
        return [subject]
    search = _RecipientSearch(parse, data, frame.event_type, actors)
    for head in _contents_of(parse, trigger, data):
        if (recipient := search.at(head, _DEPTH_MAX)) is not None:
            return [recipient]
    return []


def _addressee(parse: Parse, trigger: Trigger, data: FrameData) -> int | None:
    """Return Y in "demanded that Y stop" and "alleged that Y had lied"."""
    if trigger.frame is None or trigger.frame.event_type not in _ADDRESSED:
        return None
    verb = parse.head[trigger.index]
    reports = trigger.is_noun and trigger.frame.event_type == "ACCUSE" and parse.dep[trigger.index] == "nsubj"
    tellers = [trigger.index, *([verb] if reports and parse.lemma[verb] in data.telling else [])]
    clauses = [c for teller in tellers for c in parse.children[teller] if parse.dep[c] in ("acl", "ccomp")]
    if trigger.frame.event_type == "ACCUSE":  # "an investigation into whether Y had lied"
        thing = parse.patients.get(trigger.index)
        nouns = tellers if thing is None or is_group(parse, thing, data) else [*tellers, thing]
        places = (c for noun in nouns for c in parse.children[noun] if parse.dep[c] == "prep")
        clauses += [c for place in places for c in parse.children[place] if parse.dep[c] == "pcomp"]
    subjects = [subject for c in clauses if (subject := parse.subjects.get(c)) is not None]
    owners = [owner for s in subjects if (owner := parse.child(s, "poss")) is not None]
    sure = (s for s in subjects if is_group(parse, s, data) and is_known(parse, s))
    return next(sure, next((i for i in owners if denotes(parse, i, data) and is_known(parse, i)), None))


def is_known(parse: Parse, index: int) -> bool:
    """Return whether a word is not a pronoun without an entity, which may be the actor itself."""
    mention = parse.mentions[index]
    return parse.pos[index] != "PRON" or (mention is not None and mention.cluster_index is not None)


def _contents_of(parse: Parse, trigger: Trigger, data: FrameData) -> Iterator[int]:
    """Yield the object of a trigger, then its clauses, then the objects of its prepositions."""
    index = trigger.index
    thing = None if trigger.is_noun else parse.patients.get(index)
    if thing is not None and not denotes(parse, thing, data):  # "sent a team": the team is a gift
        yield thing
    wanted = _CONTENT_CLAUSES | {"advcl"} if trigger.frame and trigger.frame.event_type == "AID" else _CONTENT_CLAUSES
    for child in parse.children[index]:
        if parse.dep[child] in wanted and child > index:
            yield child
    is_blaming = trigger.frame is not None and trigger.frame.event_type in _BLAMING
    yield from _prepositional(parse, index, _content_places(data, is_blaming=is_blaming))


def _content_places(data: FrameData, *, is_blaming: bool) -> tuple[str, ...]:
    """Return the prepositions of content; who files a complaint "with" an office complains about somebody else."""
    return tuple(p for p in data.content_places if p != "with") if is_blaming else data.content_places


def _prepositional(parse: Parse, index: int, prepositions: Iterable[str]) -> Iterator[int]:
    """Yield the objects of a word's prepositions, in the order of ``prepositions``."""
    below = {parse.lower[c] for c in parse.children[index] if parse.dep[c] in ("prep", "agent", "dative")}
    for preposition in prepositions:
        if preposition in below:
            yield from parse.prep_objects(index, preposition)


@dataclass(frozen=True, slots=True)
class _RecipientSearch:
    """A search for the recipient of an event of a type downwards through nouns and infinitives."""

    parse: Parse
    data: FrameData
    event_type: str
    actors: frozenset[int | None]

    def at(self, index: int, depth: int) -> int | None:
        """Return the first person or group at a word or below it."""
        parse = self.parse
        if depth == 0 or index in parse.in_time or not self._is_another(index):
            return None
        is_clause = index in parse.verbs and index not in parse.things
        return self._in_clause(index, depth) if is_clause else self._in_noun(index, depth)

    def _in_clause(self, verb: int, depth: int) -> int | None:
        parse, data = self.parse, self.data
        inner = next((c for c in parse.children[verb] if parse.dep[c] in _CLAUSES and is_infinitive(parse, c)), None)
        if inner is not None and parse.lemma[verb] in data.object_control and self.event_type != "THREATEN":
            doer = parse.subjects.get(inner)
            doer = parse.patients.get(verb) if doer is None else doer
            if doer is not None and takes_part(parse, doer, data):
                return doer
        thing = parse.patients.get(verb)
        datives = [c for c in parse.children[verb] if parse.dep[c] == "dative" and parse.pos[c] != "ADP"]
        things = [] if thing is None or self._is_gift(verb) else [thing]
        near = [*datives, *_prepositional(parse, verb, data.addressing), *things]
        far = [*([] if inner is None else [inner]), *_prepositional(parse, verb, data.content_places)]
        sure = [i for i in near if denotes(parse, i, data) and self._is_another(i)]
        return self._first(sure or self._receivers(verb), [*near, *far], depth)

    def _receivers(self, verb: int) -> list[int]:
        """Return who gets something in the widest sense: "offer aid to the cultural sector"."""
        frames = self.data.verb_index.get(self.parse.lemma[verb], ())
        if not any({"dative", "to"} <= set(frame.recipient) for frame in frames):
            return []
        things = (verb, self.parse.patients.get(verb))
        nouns = (i for thing in things if thing is not None for i in self.parse.prep_objects(thing, "to"))
        return [i for i in nouns if takes_part(self.parse, i, self.data)]

    def _is_gift(self, verb: int) -> bool:
        """Return whether the object of a verb is what somebody gets: "send troops"."""
        frames = self.data.verb_index.get(self.parse.lemma[verb], ())
        is_hit = any("object" in frame.recipient for frame in frames)
        return not is_hit and any(frame.event_type in _GIVING for frame in frames)

    def _in_noun(self, noun: int, depth: int) -> int | None:
        parse, data = self.parse, self.data
        if denotes(parse, noun, data):
            return noun
        named = next((c for c in parse.children[noun] if self._names(c)), None)
        if named is not None and self._is_demonym(named) and takes_part(parse, noun, data):
            return noun  # "British beef"
        doers = [c for c in (named, *self._agents(noun)) if c is not None]
        is_complaint = any(frame.event_type in _BLAMING for frame in data.noun_index.get(parse.lemma[noun], ()))
        others = list(_prepositional(parse, noun, _content_places(data, is_blaming=is_complaint)))
        if self.event_type in _BLAMING and self._is_harm(noun):
            others = []  # who condemns an attack on Y condemns the attacker
        clauses = [c for c in parse.children[noun] if parse.dep[c] == "acl" and parse.subjects.get(c) is None]
        below = [c for c in clauses if is_infinitive(parse, c) or parse.tag[c] == "VBN"]
        order = [*doers, *others] if self.event_type in _DOERS else [*others, *doers]
        sure = [i for i in order if denotes(parse, i, data) and self._is_another(i)]
        recipient = self._first(sure, [*order, *below], depth)
        return self._doer_of_idea(noun) if recipient is None and not is_complaint else recipient

    def _doer_of_idea(self, noun: int) -> int | None:
        """Return Y in "the notion that Y could win" and "the idea of Y winning"."""
        parse, data = self.parse, self.data
        clauses = [c for c in parse.children[noun] if parse.dep[c] == "acl"]
        clauses += [i for i in parse.prep_objects(noun, data.modality.genitive) if parse.dep[i] == "pcomp"]
        subjects = [s for c in clauses if (s := parse.subjects.get(c)) is not None and self._is_another(s)]
        return next((s for s in subjects if is_group(parse, s, data) and is_known(parse, s)), None)

    def _first(self, sure: Iterable[int], order: Iterable[int], depth: int) -> int | None:
        recipient = next((i for i in sure if is_known(self.parse, i)), None)
        if recipient is not None:
            return recipient
        return next((below for i in order if (below := self.at(i, depth - 1)) is not None), None)

    def _names(self, child: int) -> bool:
        parse = self.parse
        if parse.dep[child] == "poss":
            is_resolved = parse.tag[child] != "PRP$" or is_known(parse, child)
            return denotes(parse, child, self.data) and is_resolved and self._is_another(child)
        mention = parse.mentions[child]
        if mention is None:
            return parse.dep[child] == "compound" and parse.lemma[child] in self.data.bodies
        return parse.dep[child] in _NAMING and mention.entity_type in _MENTIONS

    def _is_another(self, index: int) -> bool:
        """Return whether a word does not refer to an actor of the event."""
        mention = self.parse.mentions[index]
        return mention is None or mention.cluster_index is None or mention.cluster_index not in self.actors

    def _is_demonym(self, child: int) -> bool:
        mention = self.parse.mentions[child]
        return mention is not None and mention.entity_type in ("GPE", "NORP")

    def _agents(self, noun: int) -> Iterator[int]:
        """Yield Y in "an offer by Y", "a request from Y" and "a plan by Y"."""
        parse, data = self.parse, self.data
        yield from _prepositional(parse, noun, (*data.agent_prepositions, *data.origin_prepositions))
        for child in parse.children[noun]:
            if parse.dep[child] == "acl" and parse.tag[child] == "VBN":
                yield from _prepositional(parse, child, data.agent_prepositions)

    def _is_harm(self, noun: int) -> bool:
        frames = self.data.noun_index.get(self.parse.lemma[noun], ())
        return any(QUAD_CLASSES.get(frame.event_type) == MATERIAL_CONFLICT for frame in frames)
