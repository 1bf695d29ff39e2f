"""Participants of events: the noun phrases that fill a role, each with its entity, country and sector."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from newslake.pipeline.model import Entity
from newslake.pipeline.nlp.events.parse import Parse
from newslake.pipeline.nlp.events.references import antecedent_of, entity_described_at
from newslake.pipeline.nlp.events.subjects import leads_clause, subject_of
from newslake.pipeline.nlp.events.triggers import denotes
from newslake.pipeline.nlp.languages.spec_events import FrameData


@dataclass(frozen=True, slots=True)
class Participant:
    """A noun phrase that fills a role of a frame. ``index`` is its head; ``text`` is as written.

    ``antecedent`` is what a pronoun without an entity refers to: "Iraqi forces" for "they".
    """

    index: int
    text: str
    entity: Entity | None
    country: str | None
    sector: str | None
    antecedent: str | None = None

    @property
    def name(self) -> str | None:
        return (self.entity.entity_name if self.entity else None) or self.antecedent

    @property
    def cluster_index(self) -> int | None:
        return self.entity.cluster_index if self.entity else None

    def is_same(self, other: "Participant") -> bool:
        """Return whether both are one: the same word, entity, or name."""
        if self.index == other.index:
            return True
        if self.cluster_index is not None and other.cluster_index is not None:
            return self.cluster_index == other.cluster_index
        return self.label.casefold() == other.label.casefold()

    @property
    def label(self) -> str:
        return self.name or self.text


def participants_of(parse: Parse, heads: Iterable[int], data: FrameData) -> Iterator[Participant]:
    seen: set[int] = set()
    for head in (_antecedent_of_relative(parse, i, data) for i in heads):
        for index in parse.conjuncts(head):
            if (
                index not in seen
                and takes_part(parse, index, data)
                and (index == head or not leads_clause(parse, index))
            ):
                seen.add(index)
                for who in _referents(parse, index, data):
                    yield from members_of(parse, who)


def _antecedent_of_relative(parse: Parse, index: int, data: FrameData) -> int:
    """Return the noun of a relative clause for its pronoun: "the senators with whom he met", "whose arrest".

    For "those" it is who is said to be among them.
    """
    among = next(parse.prep_objects(index, data.modality.genitive), index)  # "two senators, both of whom"
    if parse.lower[index] in data.pointers and (member := _member_of(parse, index, data)) is not None:
        return member
    pronoun = next((i for i in (index, among) if parse.tag[i] in _RELATIVE_TAGS), None)
    if pronoun is None or parse.lower[pronoun] not in data.relative_pronouns:
        return index
    clause = next((i for i in parse.governors(index) if parse.dep[i] == "relcl"), None)
    return index if clause is None else parse.head[clause]


def takes_part(parse: Parse, index: int, data: FrameData) -> bool:
    """Return whether a word can be a participant; events and abstractions cannot."""
    if index in parse.in_time or parse.pos[index] == "VERB" or parse.dep[index] in ("pcomp", "expl"):
        return False
    if parse.lower[index] in data.pointers:
        return parse.entity[index] >= 0
    lemma = parse.lemma[index]
    if lemma in data.amounts:  # "a number of the families"
        counted = list(parse.prep_objects(index, "of"))
        if counted or lemma not in data.people:
            return any(takes_part(parse, i, data) for i in counted)
    happens = lemma in data.noun_index or lemma in data.occurrences or lemma in data.abstractions
    acts = lemma in data.bodies and parse.dep[index] in _SUBJECTS  # "the alliance said"
    if happens and acts and parse.has_word(index, data.modality.definite_words):
        return True
    return not happens or denotes(parse, index, data)


_SUBJECTS = frozenset({"nsubj", "nsubjpass"})
_RELATIVE_TAGS = frozenset({"WP", "WP$"})
_LEFT = frozenset(
    {"det", "amod", "compound", "nmod", "poss", "nummod", "advmod", "quantmod", "predet", "case", "punct"}
)
_LEFT_EDGE_MAX = 8  # steps down to the left edge of a phrase


def _referents(parse: Parse, index: int, data: FrameData) -> Iterator[Participant]:
    """Yield the participant at a noun; for a pronoun without an entity, each of those that it refers to."""
    who = _participant_at(parse, index, data)
    meant = None
    if parse.tag[index] in ("PRP", "PRP$") and _is_unresolved(who.entity):
        meant = antecedent_of(parse, index, data)
    if meant is None:
        yield who
        return
    for each in parse.conjuncts(meant):
        if each == meant or not leads_clause(parse, each):
            referent = _participant_at(parse, each, data)
            yield replace(referent, index=index, text=who.text, antecedent=referent.text)


def _participant_at(parse: Parse, index: int, data: FrameData) -> Participant:
    """Return the phrase around a noun: the noun, its left modifiers and its "of" phrase."""
    first, last = _phrase_of(parse, index)
    text = parse.text[parse.start[first] : parse.end[last]]
    entity = country_of_adjective(parse, index) or parse.mentions[index]
    if _is_unresolved(entity):
        entity = (
            _name_in_apposition(parse, index, last, data)
            or entity_described_at(parse, index, first, data)
            or _name_of_identity(parse, index, data)
            or _body_of_members(parse, index, data)
            or entity
        )
    return Participant(
        index=index,
        text=text,
        entity=entity,
        country=_country(parse, entity, first, last),
        sector=_sector(parse, entity, first, index, data),
    )


def country_of_adjective(parse: Parse, index: int) -> Entity | None:
    """Return the country that the article names and an adjective means: India for "Indian strikes"."""
    mention = parse.mentions[index]
    if mention is None or mention.entity_type != "NORP" or parse.dep[index] not in ("amod", "compound", "nmod"):
        return None
    return parse.countries.get(mention.country_code or "")


def _is_unresolved(entity: Entity | None) -> bool:
    return entity is None or (entity.cluster_index is None and not entity.group_cluster_indexes)


def members_of(parse: Parse, who: Participant) -> Iterator[Participant]:
    """Yield the members of the group that a phrase refers to ("the two leaders"), or the phrase itself."""
    members = [parse.named[c] for c in (who.entity and who.entity.group_cluster_indexes) or () if c in parse.named]
    for entity in members:
        yield replace(who, entity=entity, country=entity.country_code)
    if not members:
        yield who


def _phrase_of(parse: Parse, index: int) -> tuple[int, int]:
    """Return the first and last token of the phrase around a noun, without clauses and conjuncts."""
    first = min([index, *(_left_edge(parse, c) for c in parse.children[index] if c < index and parse.dep[c] in _LEFT)])
    first = max([first, *(i + 1 for i in range(first, index) if i in parse.dashes)])  # "OSLO - Police"
    while first < index and parse.dep[first] in ("punct", "advmod"):
        first += 1
    last = index
    for child in parse.children[index]:
        if child == last + 1 and parse.dep[child] == "prep" and parse.lower[child] == "of":
            last = max([last, *(c for c in parse.children[child] if parse.dep[c] == "pobj")])
    return first, last


def _left_edge(parse: Parse, index: int) -> int:
    for _ in range(_LEFT_EDGE_MAX):
        below = [c for c in parse.children[index] if c < index]
        if not below:
            break
        index = below[0]
    return index


def _name_in_apposition(parse: Parse, index: int, last: int, data: FrameData) -> Entity | None:
    """Return the name in apposition ("the chief, Ann Lee"), or the person that a wrong parse puts at the end."""
    for child in parse.children[index]:
        if parse.dep[child] == "appos" and parse.entity[child] >= 0:
            return parse.mentions[child]
    named = _name_in_phrase(parse, index, data)
    if named is not None:
        return named
    mention = parse.mentions[last] if last != index else None
    return mention if mention is not None and mention.entity_type == "PERSON" else None


def _name_of_identity(parse: Parse, index: int, data: FrameData) -> Entity | None:
    """Return the name that a noun without one is said to be: "Oxfam, a charity that ...", "Holm is a senator who ...",
    "The first senator to come was Holm".
    """
    while parse.dep[index] == "conj":  # "Holm is a critic and senator who"
        index = parse.head[index]
    head = parse.head[index]
    if parse.dep[index] == "appos":
        return parse.mentions[head]
    if (member := _member_of(parse, index, data)) is not None:
        return parse.mentions[member]
    if parse.lemma[head] not in data.copulas or parse.child(head, "neg") is not None:
        return None
    other = {"attr": parse.subjects.get(head), "nsubj": parse.child(head, "attr")}.get(parse.dep[index])
    named = parse.mentions[other] if other is not None and len(parse.conjuncts(other)) == 1 else None
    return named if named is not None and named.entity_type in ("ORG", "PERSON") else None


def _body_of_members(parse: Parse, index: int, data: FrameData) -> Entity | None:
    """Return the organisation that a phrase names and for which those act: "Holm Trust officials"."""
    if parse.lemma[index] not in data.acting_members:
        return None
    before = (parse.mentions[c] for c in parse.children[index] if parse.dep[c] in ("compound", "nmod", "poss"))
    return next((each for each in before if each is not None and each.entity_type == "ORG"), None)


def _member_of(parse: Parse, index: int, data: FrameData) -> int | None:
    """Return who is said to be in a group: Holm for "those" in "Holm was among those who left"."""
    above = parse.head[index]
    if parse.dep[index] != "pobj" or parse.lower[above] not in data.grouping:
        return None
    verb = parse.head[above]
    return subject_of(parse, verb, data) if parse.lemma[verb] in data.copulas else None


def _name_in_phrase(parse: Parse, index: int, data: FrameData) -> Entity | None:
    """Return the person that the phrase of a noun names: "a judge at the court, Ann Lee", "a rebel known as Lee"."""
    if parse.lemma[index] not in data.people and parse.lemma[index] not in data.agents:
        return None
    for child in parse.children[index]:
        below: list[int] = []
        if parse.dep[child] == "prep" and parse.lower[child] in data.role_prepositions:
            below = [c for place in parse.children[child] for c in parse.children[place] if parse.dep[c] == "appos"]
        elif parse.dep[child] == "acl" and parse.lemma[child] in data.naming:
            below = [*parse.prep_objects(child, "as"), *(c for c in parse.children[child] if parse.dep[c] == "oprd")]
        for i in below:
            mention = parse.mentions[i]
            if mention is not None and mention.entity_type == "PERSON":
                return mention
    return None


def _country(parse: Parse, entity: Entity | None, first: int, last: int) -> str | None:
    if entity is not None and entity.country_code:
        return entity.country_code
    mentions = (parse.mentions[index] for index in range(first, last + 1))
    return next((m.country_code for m in mentions if m is not None and m.country_code), None)


def _sector(parse: Parse, entity: Entity | None, first: int, index: int, data: FrameData) -> str | None:
    role = (entity.role_text or entity.honorific_text or "").lower().split() if entity else []
    said = [parse.lemma[i] for i in range(index, first - 1, -1)]
    return next((sector for word in (*said, *reversed(role)) if (sector := data.people.get(word))), None)
