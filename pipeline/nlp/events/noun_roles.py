"""Roles of event nouns: their phrases ("Spain's attack on the port"), or those of the words that govern them."""

from collections.abc import Iterable

from newslake.pipeline.model import Entity
from newslake.pipeline.nlp.events.parse import Parse
from newslake.pipeline.nlp.events.participants import takes_part
from newslake.pipeline.nlp.events.subjects import agents_in_phrase, doers_of
from newslake.pipeline.nlp.events.triggers import Trigger, denotes
from newslake.pipeline.nlp.languages.plover import OTHER
from newslake.pipeline.nlp.languages.spec_events import FrameData

VAGUE_PREPOSITIONS = frozenset({"in", "at", "near", "along", "through", "outside", "over"})
_PLACED_TYPES = frozenset({"ASSAULT", "PROTEST", "OTHER", "COERCE"})
_VOICED_TYPES = frozenset({"ACCUSE", "AID", "PROTEST", "REJECT", "REQUEST", "SUPPORT", "THREATEN"})  # "from" whom
_ATTENDED_TYPES = frozenset({"AGREE", "CONSULT", "COOPERATE", "PROTEST"})
_DONE_TYPES = frozenset({"ASSAULT", "COERCE", "MOBILIZE", "RETREAT", "SANCTION"})  # "bombing of a bridge by rebels"
_HELD_TYPES = frozenset({"ASSAULT", "COERCE", "CONCEDE", "RETREAT"})  # "hostage release"
_MOVED_TYPES = frozenset({"MOBILIZE", "RETREAT"})  # "troop deployments", "prisoner release"
_ACTING_SECTORS = frozenset({"COP", "GOV", "JUD", "LEG", "MIL", "REB", "UAF"})
_UTTERED_TYPES = frozenset({"ACCUSE", "PROTEST", "REJECT", "REQUEST"})  # "shareholder lawsuits"
_SUFFERING_SECTORS = frozenset({"CVL", "JRN", "MED", "REF", "REL"})
_MODIFIERS = frozenset({"amod", "compound", "nmod"})
_PAIRED = _MODIFIERS | {"npadvmod", "punct"}
_OBJECTS = frozenset({"dobj", "nsubjpass"})
_GOVERNORS_MAX = 3  # nouns up to the governing verb: "conducted a round of talks"


def actors_of_noun(parse: Parse, trigger: Trigger, data: FrameData) -> list[int]:
    """Return the actors among the noun's phrases: "between A and B", "A's", "by A", "from A", "police raid"."""
    index, kind = trigger.index, trigger.frame.event_type if trigger.frame else OTHER
    actors = _objects_of(parse, index, data.pair_prepositions)
    if not actors and not _has_patient_owner(parse, index, data):
        actors = [c for c in parse.children[index] if parse.dep[c] == "poss" and takes_part(parse, c, data)]
    actors = actors or _objects_of(parse, index, data.agent_prepositions) or _launchers(parse, index, data)
    actors = actors or agents_in_phrase(parse, index, data)
    actors = actors or _voices(parse, index, kind, data) or _agents_below(parse, index, kind, data)
    if not actors and len(pair := _hyphenated(parse, index)) > 1:
        return pair
    return actors or [a for c in parse.children[index] if (a := _actor_before(parse, c, kind, data)) is not None]


def patients_of_noun(parse: Parse, trigger: Trigger, data: FrameData) -> list[int]:
    """Return the recipients among the noun's phrases: "of B", "on B", "B's arrest"."""
    index, frame = trigger.index, trigger.frame
    if _has_patient_owner(parse, index, data):
        return [c for c in parse.children[index] if parse.dep[c] == "poss"]
    if _subjective(parse, index, data):
        return []
    prepositions = {parse.lower[c] for c in parse.children[index] if parse.dep[c] in ("prep", "agent", "dative")}
    is_carried = parse.dep[index] == "dobj"
    clauses = [c for c in parse.children[index] if parse.dep[c] == "relcl"]
    for code in frame.recipient if frame else data.noun_places:
        nouns = place_after(parse, index, code, data) if code in prepositions else []
        if nouns or (is_carried and (nouns := _place_after_verb(parse, parse.head[index], code, data))):
            return nouns
        if nouns := next((f for clause in clauses if (f := _place_after_verb(parse, clause, code, data))), []):
            return nouns  # "promises that he made to the voters"
    if frame is None or frame.event_type == OTHER:
        return [c for c in parse.children[index] if _is_thing_before(parse, c)]
    return [c for c in parse.children[index] if _is_victim_before(parse, c, frame.event_type, data)]


def _subjective(parse: Parse, index: int, data: FrameData) -> list[int]:
    """Return the doer after "of": "the refusal of the bank", "a summit of ministers"."""
    if parse.lemma[index] not in data.subjective:
        return []
    return [i for i in _objects_of(parse, index, (data.modality.genitive,)) if denotes(parse, i, data)]


def _voices(parse: Parse, index: int, kind: str, data: FrameData) -> list[int]:
    """Return the doer after "from": "criticism from Spain", "under attack from rebels", "drew protests from Spain"."""
    above = parse.head[index]
    is_elicited = parse.dep[index] == "dobj" and parse.lemma[above] in data.eliciting
    is_suffered = parse.dep[index] == "pobj" and parse.lower[above] in data.exposing
    nouns = [index] if kind in _VOICED_TYPES or is_elicited or is_suffered else []
    places = [*nouns, above] if is_elicited else nouns
    sources = (i for place in places for i in _objects_of(parse, place, data.origin_prepositions))
    return [i for i in sources if denotes(parse, i, data)]


def _agents_below(parse: Parse, index: int, kind: str, data: FrameData) -> list[int]:
    """Return the doer that the parser leaves to another noun: "killing of civilians by the army", "support for the bill
    from the party".
    """
    for preposition in parse.children[index]:
        for noun in parse.children[preposition] if parse.dep[preposition] == "prep" else ():
            is_group = denotes(parse, noun, data)
            if parse.dep[noun] != "pobj" or parse.lemma[noun] in data.matters or parse.lemma[noun] in data.documents:
                continue
            is_done = is_group or parse.mentions[noun] is not None or kind in _DONE_TYPES
            voices = data.origin_prepositions if kind in _VOICED_TYPES and not is_group else ()
            words = (*(data.agent_prepositions if is_done else ()), *voices)
            agents = [i for i in _objects_of(parse, noun, words) if denotes(parse, i, data)]
            if agents:
                return agents
    return []


def _objects_of(parse: Parse, index: int, prepositions: Iterable[str]) -> list[int]:
    return [i for preposition in prepositions for i in parse.prep_objects(index, preposition)]


def _launchers(parse: Parse, index: int, data: FrameData) -> list[int]:
    """Return who acts in a clause about an event noun: "the talks it had planned", "a raid launched by rebels"."""
    for clause in parse.children[index]:
        verb = parse.lemma[clause]
        if parse.dep[clause] not in ("acl", "relcl") or clause not in parse.verbs:
            continue
        acts = _conducts(parse, clause, data) or verb in data.modality.planning or verb in data.modality.carriers
        if not acts or verb in data.modality.saying or verb in data.modality.refusing:
            continue
        subject = parse.subjects.get(clause)
        if parse.dep[clause] == "acl":
            is_of_noun = subject is None and parse.tag[clause] == "VBN"
        else:
            is_of_noun = (
                subject is None or parse.lower[subject] not in data.relative_pronouns or clause in parse.passives
            )
        if is_of_noun:
            return doers_of(parse, clause, data)
    return []


def _has_patient_owner(parse: Parse, index: int, data: FrameData) -> bool:
    """Return whether the possessor suffers the event: "his arrest", but not "the army's killing of civilians"."""
    if parse.lemma[index] not in data.suffered or parse.child(index, "poss") is None:
        return False
    return not any(parse.lower[c] == "of" for c in parse.children[index])


def _hyphenated(parse: Parse, index: int) -> list[int]:
    """Return A and B of "A-B talks"."""
    if index < 3 or parse.lower[index - 2] not in ("-", "–"):
        return []
    pair = [i for i in (index - 3, index - 1) if parse.entity[i] >= 0 and parse.dep[i] in _PAIRED]
    return pair if len({parse.entity[i] for i in pair}) > 1 else []


def _actor_before(parse: Parse, child: int, kind: str, data: FrameData) -> int | None:
    """Return the actor that a modifier names: "Spanish attack", "army raid", "Saudi-led strike"."""
    if parse.dep[child] not in _MODIFIERS:
        return None
    mention = parse.mentions[child]
    if mention is None:
        if parse.lemma[child] == "lead" and (leader := parse.child(child, "npadvmod")) is not None:
            return leader
        sector = data.people.get(parse.lemma[child])
        acts = kind not in _MOVED_TYPES and (
            sector in _ACTING_SECTORS or (kind in _UTTERED_TYPES and sector is not None)
        )
        is_group = parse.dep[child] == "compound" or any(parse.entity[c] >= 0 for c in parse.children[child])
        return child if acts and is_group else None
    return child if _name_acts(parse, child, mention, kind, data) else None


def _name_acts(parse: Parse, child: int, mention: Entity, kind: str, data: FrameData) -> bool:
    """Return whether a name before an event noun is its actor, not its victim or its place."""
    noun = parse.lemma[parse.head[child]]
    if mention.entity_type == "PERSON":
        return noun not in data.suffered
    if mention.entity_type == "ORG":
        return noun not in data.crimes
    if mention.entity_type in ("NORP", "AUTHOR") or parse.lower[child] in data.country_adjectives:
        return True
    return mention.entity_type == "GPE" and kind not in _PLACED_TYPES and not _is_town(parse, mention)


def _is_town(parse: Parse, place: Entity) -> bool:
    """Return whether a place is no country that the article names: "the Oslo summit"."""
    country = parse.countries.get(place.country_code or "")
    return bool(parse.countries) and (country is None or country.cluster_index != place.cluster_index)


def place_after(parse: Parse, index: int, code: str, data: FrameData) -> list[int]:
    """Return the objects of a preposition of a word; after a preposition of place, only persons and groups."""
    nouns = [i for i in parse.prep_objects(index, code) if parse.dep[i] == "pobj"]
    return [i for i in nouns if denotes(parse, i, data)] if code in VAGUE_PREPOSITIONS else nouns


def _place_after_verb(parse: Parse, verb: int, code: str, data: FrameData) -> list[int]:
    """Return B in "carried out strikes this year against B": the parser attaches the preposition to the light verb."""
    lemma = parse.lemma[verb]
    if lemma not in data.conducting and lemma not in data.modality.carriers:
        return []
    return [i for i in place_after(parse, verb, code, data) if i > verb and i not in parse.in_time]


def casualties_of(parse: Parse, index: int, data: FrameData) -> list[int]:
    """Return who is harmed by an attack: "the blast left nine dead", "they fired, leaving two hurt"."""
    above = [parse.head[index]] if parse.dep[index] == "nsubj" else []
    below = [c for c in parse.children[index] if parse.dep[c] in ("relcl", "acl", "advcl")]
    for verb in (*above, *below):
        thing = parse.patients.get(verb)
        if thing is None or parse.lemma[verb] not in data.resulting:
            continue
        if any(parse.lower[c] in data.harmed for i in (verb, thing) for c in parse.children[i]):
            return [thing]
    return []


def _is_thing_before(parse: Parse, child: int) -> bool:
    """Return whether a modifier names the patient ("vehicle sales", "a plant closure")."""
    return parse.dep[child] in ("compound", "nmod") and parse.pos[child] == "NOUN" and parse.entity[child] < 0


def _is_victim_before(parse: Parse, child: int, kind: str, data: FrameData) -> bool:
    """Return whether a modifier names who suffers the event: "hostage release", "the Holm murder"."""
    if parse.dep[child] not in ("compound", "nmod"):
        return False
    mention = parse.mentions[child]
    if mention is not None:
        return mention.entity_type == "PERSON" and parse.lemma[parse.head[child]] in data.suffered
    lemma = parse.lemma[child]
    if kind not in _HELD_TYPES or lemma not in data.people or lemma in data.bodies:
        return False
    sector = data.people[lemma]
    return sector in _SUFFERING_SECTORS or (sector is None and kind != "ASSAULT")


# The words that govern an event noun.


def roles_from_verb(parse: Parse, trigger: Trigger, data: FrameData) -> tuple[list[int], list[int]]:
    """Return the actors and recipients of the verb that carries an event noun: "held talks", "is under attack"."""
    index = _carried(parse, trigger.index, data)
    dep, verb = parse.dep[index], parse.head[index]
    if dep in ("dobj", "nsubjpass", "attr") and verb in parse.verbs:
        lemma, words = parse.lemma[verb], data.modality
        if lemma in words.carriers and lemma not in words.saying and lemma not in words.refusing:
            return doers_of(parse, verb, data), []
        if lemma in data.bearers:
            return agents_in_phrase(parse, verb, data), doers_of(parse, verb, data)
    if dep != "pobj" or parse.head[verb] not in parse.verbs:
        return [], []
    preposition, verb = parse.lower[verb], parse.head[verb]
    phrase = f"{preposition}_{parse.lemma[index]}"
    if phrase in data.attending:
        return doers_of(parse, verb, data), []
    if preposition in data.exposing or phrase in data.exposing:
        thing = parse.patients.get(verb)
        return [], doers_of(parse, verb, data) if thing is None else [thing]
    return [], []


def actors_above_noun(parse: Parse, trigger: Trigger, data: FrameData) -> list[int]:
    """Return the actors of the clause above: who announces, plans or intensifies the event, or comes for it."""
    index = _carried(parse, trigger.index, data)
    verb = parse.head[index]
    actors: list[int] = []
    if parse.dep[index] in _OBJECTS:
        actors = doers_of(parse, verb, data) if _conducts(parse, verb, data) else []
    elif parse.dep[index] == "pobj":
        actors = _from_plan(parse, index, data) or _from_attendance(parse, trigger, index, data)
    return actors or _suspects_of(parse, trigger.index, data) or _subjective(parse, trigger.index, data)


def _carried(parse: Parse, index: int, data: FrameData) -> int:
    """Return the noun that the governing verb has for an event noun: "round" of "round of talks"."""
    for _ in range(_GOVERNORS_MAX):
        while parse.dep[index] == "conj":
            index = parse.head[index]
        above = parse.head[parse.head[index]]
        if parse.dep[index] != "pobj" or not _measures(parse, above, parse.head[index], data):
            break
        index = above
    return index


def _measures(parse: Parse, noun: int, preposition: int, data: FrameData) -> bool:
    """Return whether a noun is only the amount of what follows: "a wave of", "$2 million in"."""
    if parse.pos[noun] == "NUM" or parse.lemma[noun] in data.amounts:
        return parse.lower[preposition] in ("of", "in")
    return False


def _conducts(parse: Parse, verb: int, data: FrameData) -> bool:
    return verb in parse.verbs and parse.phrasal_lemma(verb) in data.conducting


def _from_plan(parse: Parse, index: int, data: FrameData) -> list[int]:
    """Return the actor of a planned event: "the rebels prepared for the launch of an attack"."""
    for _ in range(_GOVERNORS_MAX):
        preposition = parse.head[index]
        if parse.lower[preposition] not in data.modality.content_prepositions | {data.modality.genitive}:
            return []  # "offered talks after the attack"
        index = parse.head[preposition]
        if index in parse.verbs:
            planned = parse.lemma[index] in data.modality.planning
            return doers_of(parse, index, data) if planned else []
        if parse.dep[index] != "pobj":
            return []
    return []


def authors_of(parse: Parse, trigger: Trigger, data: FrameData) -> list[int]:
    """Return the authors of a document: "Spain's letter", "a report from Spain", "Spain issued a statement"."""
    index = trigger.index
    actors = actors_of_noun(parse, trigger, data) or _objects_of(parse, index, data.origin_prepositions)
    if actors:
        return actors
    verb = parse.head[index]
    if parse.dep[index] == "pobj" and parse.lower[verb] in data.attending:
        verb = parse.head[verb]
        return [i for i in doers_of(parse, verb, data) if denotes(parse, i, data)] if verb in parse.verbs else []
    if parse.dep[index] not in _OBJECTS:
        return []
    issues = parse.phrasal_lemma(verb) in data.publishing or _conducts(parse, verb, data)
    return doers_of(parse, verb, data) if issues else []


def _from_attendance(parse: Parse, trigger: Trigger, index: int, data: FrameData) -> list[int]:
    """Return who comes for an event or takes part in it: "arrived for talks", "went on strike"."""
    preposition = parse.head[index]
    verb = parse.head[preposition]
    kind = trigger.frame.event_type if trigger.frame else OTHER
    if verb not in parse.verbs:
        return []
    word, thing = parse.lower[preposition], parse.child(verb, "dobj")
    part = "" if thing is None else f"{parse.lemma[thing]}_"
    joins = f"{parse.lemma[verb]}_{part}{word}" in data.joining
    attends = kind in _ATTENDED_TYPES and word in data.attending
    hosts = kind == "CONSULT" and word in data.hosting and _has_guest(parse, trigger)
    if not (attends or hosts or joins):
        return []
    return [i for i in doers_of(parse, verb, data) if denotes(parse, i, data)]


def _has_guest(parse: Parse, trigger: Trigger) -> bool:
    """Return whether a meeting's words name one side, so that the subject of the clause is the other."""
    codes = trigger.frame.recipient if trigger.frame else ()
    return bool(_objects_of(parse, trigger.index, codes))


def _suspects_of(parse: Parse, index: int, data: FrameData) -> list[int]:
    """Return who is said to have done an event: "charged with the murder", "blamed on rebels"."""
    while parse.dep[index] == "conj":
        index = parse.head[index]
    above = parse.head[index]
    clauses = [c for c in parse.children[index] if parse.dep[c] in ("acl", "relcl")]
    for verb in [*clauses, *([above] if parse.dep[index] in _OBJECTS else [])]:
        if parse.lemma[verb] in data.attributing:
            suspects = _objects_of(parse, verb, data.attributions) or _objects_of(parse, index, data.attributions)
            return [i for i in suspects if denotes(parse, i, data)]
    return _accused_of(parse, above, data) if parse.dep[index] == "pobj" else []


def _accused_of(parse: Parse, preposition: int, data: FrameData) -> list[int]:
    above = parse.head[preposition]
    if parse.lemma[above] in data.guilt:
        verb = parse.head[above]
        return doers_of(parse, verb, data) if parse.dep[above] in ("dobj", "acomp", "oprd") else []
    if parse.lemma[above] in data.suspecting and parse.lower[preposition] in data.suspicions:
        accused = parse.patients.get(above)
        return [accused] if accused is not None and denotes(parse, accused, data) else []
    return []
