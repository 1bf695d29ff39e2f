"""What pronouns and definite nouns refer to where entities do not say: "The army says it has left", "the union"."""

from pipeline.model import Entity
from pipeline.nlp.events.parse import Parse
from pipeline.nlp.events.subjects import subject_of
from pipeline.nlp.events.triggers import denotes
from pipeline.nlp.languages.spec_events import FrameData

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
        found = subject_of(parse, verb, data) if verb is not None else None
        return found if found is not None and found != index and _agrees(parse, index, found, data) else None
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
        if not parse.is_verb(above) or parse.dep[clause] == "conj":
            clause = above if parse.is_verb(above) else clause
            continue
        found = subject_of(parse, above, data)
        if found is not None and found < index and _agrees(parse, index, found, data):
            return found
        if found is not None and found < index and parse.lower[index] not in data.group_pronouns:
            return None
        clause = above
    found = subject_before(parse, index)
    return found if found is not None and _agrees(parse, index, found, data) else None


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
    return parse.subject(root) if root is not None and not _is_quoted(parse, first, index) else None


def _is_quoted(parse: Parse, first: int, index: int) -> bool:
    return any(parse.lower[i] in _MARKS for i in range(first, index))


def _agrees(parse: Parse, pronoun: int, noun: int, data: FrameData) -> bool:
    word, mention = parse.lower[pronoun], parse.mention(noun)
    is_body = parse.lemma[noun] in data.bodies or (mention is not None and mention.entity_type in ("GPE", "ORG"))
    if word in data.thing_pronouns:
        return is_body and parse.tag[noun] in ("NN", "NNP")
    if word in data.person_pronouns:
        return not is_body and parse.tag[noun] in ("NN", "NNP") and denotes(parse, noun, data, _PERSONS)
    is_plural = parse.tag[noun] in ("NNS", "NNPS") or len(parse.conjuncts(noun)) > 1
    return word in data.group_pronouns and (is_body or (is_plural and denotes(parse, noun, data)))


def entity_described_at(parse: Parse, index: int, first: int, data: FrameData) -> Entity | None:
    """Return the entity that a definite noun describes: "the union", "the French envoy". None with an "of" phrase, or a
    name in it that is of no country.
    """
    if parse.lower[first] not in data.modality.definite_words:
        return None
    if parse.lower[index] not in parse.described:
        return _only_organisation_before(parse, index, data) if index == first + 1 else None
    if any(parse.tag[i] == "PRP$" for i in range(first, index)):
        return None
    named = [i for i in range(first, index) if parse.entity[i] >= 0]
    lands = {parse.entities[parse.entity[i]].country_code for i in named}
    if None in lands or len(lands) > 1:
        return None
    if any(parse.lower[c] == "of" or parse.dep[c] == "conj" for c in parse.children[index]):
        return None
    modifiers = frozenset(parse.lower[i] for i in range(first + 1, index) if i not in named)
    country = next(iter(lands), None)
    return _find_described(parse, index, modifiers, before=parse.start[first], country=country, data=data)


def _only_organisation_before(parse: Parse, index: int, data: FrameData) -> Entity | None:
    """Return what "the company" refers to: the only organisation of this sentence and the two before it.

    None if its name says that it is a body of another kind.
    """
    if parse.lower[index] not in data.general_bodies or any(parse.dep[c] == "prep" for c in parse.children[index]):
        return None
    found: dict[int | None, Entity] = {}
    for i in range(index - 1, -1, -1):
        if parse.sentence[index] - parse.sentence[i] > _NEAR:
            break
        mention = parse.entities[parse.entity[i]] if parse.entity[i] >= 0 else None
        if mention is not None and mention.entity_type == "ORG" and mention.cluster_index is not None:
            found[mention.cluster_index] = mention
    only = next(iter(found.values())) if len(found) == 1 else None
    name = frozenset((only.entity_name or "").lower().split()) if only is not None else frozenset()
    return None if name & data.bodies - data.general_bodies else only


def _find_described(
    parse: Parse, index: int, modifiers: frozenset[str], *, before: int, country: str | None, data: FrameData
) -> Entity | None:
    """Return the entity named before an offset that a noun with these modifiers describes, of a country if one is
    given: the only one, or of several the subject of the sentence before. None without one.

    "The union" is the Dockers' Union, "the senator" Senator Ann Lee.
    """
    found: dict[int | None, Entity] = {}
    for words, entity in parse.described.get(parse.lower[index], ()):
        past = (words & data.past_roles) - modifiers
        fits = country is None or entity.country_code == country
        if entity.start_char < before and modifiers <= words and fits and not past:
            found.setdefault(entity.cluster_index, entity)
    if len(found) < 2:
        return next(iter(found.values()), None)
    last = subject_before(parse, index)
    mention = parse.mention(last) if last is not None and len(parse.conjuncts(last)) == 1 else None
    return found.get(mention.cluster_index) if mention is not None else None
