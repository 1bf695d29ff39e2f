"""What pronouns and definite nouns refer to where entities do not say: "The army says it has left", "the union"."""

from pipeline.model import Entity
from pipeline.nlp.events.parse import Parse
from pipeline.nlp.events.subjects import subject_of
from pipeline.nlp.events.triggers import denotes
from pipeline.nlp.languages.spec_events import FrameData

_PERSONS = frozenset({"PERSON"})
_OBJECTS = frozenset({"dobj", "nsubjpass"})


def antecedent_of(parse: Parse, index: int, data: FrameData) -> int | None:
    """Return the head of the phrase that a pronoun refers to; None if the grammar does not decide.

    It is the subject of the verb of saying for the subject of what is said, and the subject of a verb for the possessor
    of the event that it carries ("the rebels began their attack").
    """
    verb = _governor(parse, index, data)
    found = subject_of(parse, verb, data) if verb is not None else None
    return found if found is not None and found != index and _agrees(parse, index, found, data) else None


def _governor(parse: Parse, index: int, data: FrameData) -> int | None:
    head = parse.head[index]
    verb = parse.head[head]
    if parse.dep[index] == "poss":
        light = parse.lemma[verb] in data.modality.carriers or parse.phrasal_lemma(verb) in data.conducting
        return verb if parse.dep[head] in _OBJECTS and light else None
    while parse.dep[head] == "conj" and parse.is_verb(verb):
        head, verb = verb, parse.head[verb]
    return verb if parse.dep[head] == "ccomp" and parse.lemma[verb] in data.modality.saying else None


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
    """Return the entity that a definite noun describes: "the union". None with a name or an "of" phrase in it."""
    if parse.lower[index] not in parse.described or parse.lower[first] not in data.modality.definite_words:
        return None
    if any(parse.entity[i] >= 0 or parse.tag[i] == "PRP$" for i in range(first, index)):
        return None
    if any(parse.lower[c] == "of" or parse.dep[c] == "conj" for c in parse.children[index]):
        return None
    modifiers = frozenset(parse.lower[first + 1 : index])
    return _find_described(parse, parse.lower[index], modifiers, before=parse.start[first], data=data)


def _find_described(
    parse: Parse, noun: str, modifiers: frozenset[str], *, before: int, data: FrameData
) -> Entity | None:
    """Return the only entity named before an offset that a noun with these modifiers describes; None without one.

    "The union" is the Dockers' Union, "the senator" Senator Ann Lee.
    """
    found: dict[int | None, Entity] = {}
    for words, entity in parse.described.get(noun, ()):
        past = (words & data.past_roles) - modifiers
        if entity.start_char < before and modifiers <= words and not past:
            found.setdefault(entity.cluster_index, entity)
    return next(iter(found.values())) if len(found) == 1 else None
