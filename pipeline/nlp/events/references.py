"""What pronouns and definite nouns refer to where entities do not say: "The army says it has left", "the union"."""

from collections.abc import Iterable

from newslake.pipeline.model import Entity
from newslake.pipeline.nlp.events.parse import Parse
from newslake.pipeline.nlp.events.subjects import subject_of
from newslake.pipeline.nlp.events.triggers import denotes
from newslake.pipeline.nlp.languages.spec_events import FrameData

_PERSONS = frozenset({"PERSON"})
_OBJECTS = frozenset({"dobj", "nsubjpass"})
_SUBJECTS = frozenset({"nsubj", "nsubjpass"})
_NEAR = 2  # sentences
_MARKS = frozenset({'"', "“", "”", "``", "''"})


def antecedent_of(parse: Parse, index: int, data: FrameData) -> int | None:
    """Return the head of the phrase that a pronoun refers to; None if the grammar does not decide.

    For the subject of a clause it is the subject of a clause above, or of the sentence before; for the possessor of an
    event the subject of the verb that carries the event ("the rebels began their attack").
    """
    if parse.dep[index] == "poss":
        verb = _carrier(parse, parse.head[index], data)
        subject = subject_of(parse, verb, data) if verb is not None else None
        return subject if subject is not None and subject != index and _agrees(parse, index, subject, data) else None
    if parse.dep[index] not in _SUBJECTS:
        return None
    return _subject_above(parse, index, data)


def _carrier(parse: Parse, noun: int, data: FrameData) -> int | None:
    verb = parse.head[noun]
    light = parse.lemma[verb] in data.modality.carriers or parse.phrasal_lemma(verb) in data.conducting
    return verb if parse.dep[noun] in _OBJECTS and light else None


def _subject_above(parse: Parse, index: int, data: FrameData) -> int | None:
    """Return the subject of the nearest clause above that has one, else of the sentence before, if it agrees with a
    pronoun: "Norway denied that it had asked", "The union is angry. It will strike".
    """
    clause = parse.head[index]
    for above in parse.governors(clause):
        if above not in parse.verbs or parse.dep[clause] == "conj":
            clause = above if above in parse.verbs else clause
            continue
        subject = subject_of(parse, above, data)
        if subject is not None and subject < index and _agrees(parse, index, subject, data):
            return subject
        if subject is not None and subject < index and parse.lower[index] not in data.group_pronouns:
            return None
        clause = above
    subject = subject_before(parse, index)
    return subject if subject is not None and _agrees(parse, index, subject, data) else None


def subject_before(parse: Parse, index: int) -> int | None:
    """Return the subject of the sentence before a word; None without one, and between or out of quotation marks."""
    sentence = parse.sentence[index]
    first = index
    while first > 0 and parse.sentence[first - 1] == sentence:
        first -= 1
    root = None
    for i in range(first - 1, -1, -1):
        if parse.sentence[i] != sentence - 1 or parse.headline[i] or parse.lower[i] in _MARKS:
            break
        if parse.dep[i] == "ROOT":
            root = i
    return parse.subjects.get(root) if root is not None and not _is_quoted(parse, first, index) else None


def _is_quoted(parse: Parse, first: int, index: int) -> bool:
    return any(parse.lower[i] in _MARKS for i in range(first, index))


def _agrees(parse: Parse, pronoun: int, noun: int, data: FrameData) -> bool:
    word, mention = parse.lower[pronoun], parse.mentions[noun]
    is_body = parse.lemma[noun] in data.bodies or (mention is not None and mention.entity_type in ("GPE", "ORG"))
    if word in data.thing_pronouns:
        return is_body and parse.tag[noun] in ("NN", "NNP")
    if word in data.person_pronouns:
        return not is_body and parse.tag[noun] in ("NN", "NNP") and denotes(parse, noun, data, _PERSONS)
    is_plural = parse.tag[noun] in ("NNS", "NNPS") or len(parse.conjuncts(noun)) > 1
    return word in data.group_pronouns and (is_body or (is_plural and denotes(parse, noun, data)))


def entity_described_at(parse: Parse, index: int, first: int, data: FrameData) -> Entity | None:
    """Return the entity that a definite noun describes: "the union", "the French envoy", "the billionaire".

    In a headline the noun needs no article, and the text below may name whom it describes.
    """
    is_clipped = parse.headline[index] and parse.tag[index] == "NN" and parse.lemma[index] in data.people
    is_clipped = is_clipped and parse.tag[first] != "DT"
    if parse.lower[first] not in data.modality.definite_words and not is_clipped:
        return None
    if parse.lower[index] not in parse.described:
        return _only_one_near(parse, index, first, data)
    if any(parse.tag[i] == "PRP$" for i in range(first, index)) or parse.child(index, "conj") is not None:
        return None
    places = [i for i in range(first, index) if parse.entity[i] >= 0 and _is_place(parse, i)]
    lands = {code for i in places if (code := parse.entities[parse.entity[i]].country_code) is not None}
    if len(lands) > 1:
        return None
    field = [j for i in parse.prep_objects(index, data.modality.genitive) for j in (*parse.children[i], i)]
    words = [i for i in range(first, index) if i not in places and parse.tag[i] not in ("DT", "POS", "HYPH")]
    modifiers = frozenset(parse.lower[i] for i in words + field)
    before = len(parse.text) if is_clipped else parse.start[first]
    return _find_described(parse, index, modifiers, before=before, country=next(iter(lands), None), data=data)


def _only_one_near(parse: Parse, index: int, first: int, data: FrameData) -> Entity | None:
    """Return the only country, person or organisation near that a general noun can mean."""
    word = parse.lower[index]
    if word in data.countries:
        return _only_before(parse, index, parse.countries.values()) if index == first + 1 else None
    if word in data.epithets:
        return _only_before(parse, index, _others(parse, index, "PERSON"))
    plain = all(parse.entity[i] < 0 and parse.pos[i] in ("NOUN", "ADJ") for i in range(first + 1, index))
    return _only_organisation_before(parse, index, data) if plain else None


def _is_place(parse: Parse, index: int) -> bool:
    """Return whether a word before a noun is of a place or a nation: "the Spanish envoy", "the Vermont senator"."""
    mention = parse.entities[parse.entity[index]]
    return mention.entity_type == "GPE" or (mention.entity_type == "NORP" and mention.country_code is not None)


def _only_organisation_before(parse: Parse, index: int, data: FrameData) -> Entity | None:
    """Return what "the company" refers to: the only organisation of this sentence and the two before it.

    None if its name says that it is a body of another kind.
    """
    if parse.lower[index] not in data.general_bodies or any(parse.dep[c] == "prep" for c in parse.children[index]):
        return None
    only = _only_before(parse, index, _others(parse, index, "ORG"))
    name = frozenset((only.entity_name or "").lower().split()) if only is not None else frozenset()
    return None if name & data.bodies - data.general_bodies else only


def _others(parse: Parse, index: int, entity_type: str) -> list[Entity]:
    """Return the named entities of a type, without the subject of the clause of a word."""
    doer = next((s for i in parse.governors(index) if (s := parse.subjects.get(i)) is not None and s != index), None)
    mention = parse.mentions[doer] if doer is not None else None
    named = (each for each in parse.named.values() if each.entity_type == entity_type)
    return [each for each in named if mention is None or each.cluster_index != mention.cluster_index]


def _only_before(parse: Parse, index: int, fitting: Iterable[Entity]) -> Entity | None:
    """Return the only one of some entities that this sentence and the two before it mention."""
    wanted = {each.cluster_index: each for each in fitting}
    clusters: set[int | None] = set()
    for i in range(index - 1, -1, -1):
        if parse.sentence[index] - parse.sentence[i] > _NEAR:
            break
        if parse.entity[i] >= 0:
            clusters.add(parse.entities[parse.entity[i]].cluster_index)
    only = [each for cluster, each in wanted.items() if cluster is not None and cluster in clusters]
    return only[0] if len(only) == 1 else None


def _find_described(
    parse: Parse, index: int, modifiers: frozenset[str], *, before: int, country: str | None, data: FrameData
) -> Entity | None:
    """Return the entity named before an offset that a noun with these modifiers describes, of a country if there
    is one: the only one, or of several the subject of the sentence before. None without one.

    "The union" is the Dockers' Union, "the senator" Senator Ann Lee.
    """
    bearers: dict[int | None, Entity] = {}
    for words, entity in parse.described.get(parse.lower[index], ()):
        past = (words & data.past_roles) - modifiers
        fits = country is None or entity.country_code == country
        first = entity if entity.cluster_index is None else parse.named.get(entity.cluster_index, entity)
        if first.start_char < before and modifiers <= words and fits and not past:
            bearers.setdefault(entity.cluster_index, entity)
    if len(bearers) < 2:
        return next(iter(bearers.values()), None)
    last = subject_before(parse, index)
    mention = parse.mentions[last] if last is not None and len(parse.conjuncts(last)) == 1 else None
    subject = bearers.get(mention.cluster_index) if mention is not None else None
    return subject or _only_before(parse, index, bearers.values())
