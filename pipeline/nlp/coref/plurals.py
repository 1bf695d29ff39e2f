"""Plural anaphora and definite nouns: "the two leaders", "they", "the 34-year-old"."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.model.annotation import Gender, MentionKind
from pipeline.nlp.languages.spec import NameData
from pipeline.nlp.tokens import SUBJECTS, Tokens

_FARTHEST = 2  # sentences
_MOST = 12  # antecedents that are compared with one noun or pronoun
_MOST_WORDS = 80
_WORDS_TO_NOUN = 3
_OBJECTS = ("dobj", "pobj")
_NOUNS = ("NN", "NNS", "NNP", "NNPS", "POS")
_AGE = ("-", "year", "-", "old")


@dataclass(frozen=True, slots=True)
class Antecedent:
    """A mention of one entity: its head token, cluster and type, and its gender if known.

    ``is_public`` marks a public body, or another organisation that is never called a company.
    """

    token: int
    cluster: int
    entity_type: str
    gender: Gender | None
    is_public: bool


@dataclass(frozen=True, slots=True)
class GroupMention:
    """A noun or pronoun (tokens inclusive) and the clusters that it refers to."""

    first: int
    last: int
    kind: MentionKind
    members: tuple[int, ...]
    confidence: float


@dataclass(frozen=True, slots=True)
class NounQuery:
    """What a noun refers to: number, entity type, gender and role."""

    first: int
    last: int
    size: int
    entity_type: str
    gender: Gender | None = None
    role: str | None = None
    is_company: bool = False


def resolve_counted_nouns(
    tokens: Tokens, data: NameData, antecedents: Sequence[Antecedent], in_role: Mapping[str, Sequence[int]]
) -> Iterator[GroupMention]:
    """Yield the counted nouns for which exactly that many have the role, or are named together before.

    ``antecedents`` are mentions in reading order; ``in_role`` maps each role to the clusters of its persons.
    """
    antecedents_before = _antecedent_lookup(antecedents)
    first_tokens = {each.cluster: each.token for each in reversed(antecedents)}
    for query in _noun_queries(tokens, data):
        members = tuple(c for c in in_role.get(query.role or "", ()) if first_tokens.get(c, query.first) < query.first)
        if query.size == len(members) > 1:
            yield GroupMention(query.first, query.last, "nominal", members, 0.75)
        elif group := _group_before(tokens, antecedents_before(query.first), query):
            yield group


def resolve_plural_pronouns(
    tokens: Tokens,
    data: NameData,
    antecedents: Sequence[Antecedent],
    plurals: Sequence[int],
    counted: Sequence[GroupMention],
) -> Iterator[GroupMention]:
    """Yield they, them and their (at the tokens ``plurals``) that refer to entities coordinated with "and".

    They may also refer to the persons of a ``counted`` noun ("the two leaders").
    """
    antecedents_before = _antecedent_lookup(antecedents)
    several = sorted((each for each in counted if len(each.members) > 1), key=_last_token)
    ends = [each.last for each in several]
    before: GroupMention | None = None
    for token in plurals:
        place = bisect_left(ends, token) - 1
        if place >= 0 and (before is None or before.last < ends[place]):
            before = several[place]
        joined = _conjuncts_before(tokens, antecedents_before(token), token) or _partners(
            tokens, data, antecedents_before(token), token
        )
        if joined is None and before is not None and _is_unobstructed(tokens, before.last, token):
            joined = before.members
        before = GroupMention(token, token, "pronoun", joined, 0.7) if joined else None
        if before is not None:
            yield before


def _last_token(group: GroupMention) -> int:
    return group.last


def _antecedent_lookup(antecedents: Sequence[Antecedent]) -> Callable[[int], Sequence[Antecedent]]:
    heads = [each.token for each in antecedents]

    def antecedents_before(token: int) -> Sequence[Antecedent]:
        end = bisect_left(heads, token)
        return antecedents[max(end - _MOST, 0) : end]

    return antecedents_before


def _noun_queries(tokens: Tokens, data: NameData) -> Iterator[NounQuery]:
    for index, word in enumerate(tokens.lower):
        definite = index > 0 and tokens.lower[index - 1] in data.definite
        if word in data.numbers and (definite or word in data.definite_numbers):
            yield from _counted_noun_query(tokens, data, index)
        elif definite and word in data.group_sizes:
            yield NounQuery(index, index, data.group_sizes[word], "PERSON", data.roles.get(tokens.lemma[index]))
        elif definite and word in data.company_nouns and _ends_phrase(tokens, data, index):
            yield NounQuery(index, index, 1, "ORG", is_company=True)
        elif definite and tokens.tag[index] == "CD" and _is_age(tokens, data, index):
            yield NounQuery(index, index + len(_AGE), 1, "PERSON")


def _is_age(tokens: Tokens, data: NameData, index: int) -> bool:
    """Return whether "34-year-old" begins here and is a whole phrase."""
    last = index + len(_AGE)
    return tuple(tokens.lower[index + 1 : last + 1]) == _AGE and _ends_phrase(tokens, data, last)


def _ends_phrase(tokens: Tokens, data: NameData, index: int) -> bool:
    """Return whether the phrase ends here: no noun, name or "of" follows."""
    return index + 1 == len(tokens) or not (
        tokens.tag[index + 1] in _NOUNS[:4] or tokens.lower[index + 1] in data.possessive_prepositions
    )


def _counted_noun_query(tokens: Tokens, data: NameData, number: int) -> Iterator[NounQuery]:
    """Yield the query of a counted noun: "two leaders", "both ailing companies"."""
    for index in range(number + 1, min(number + 1 + _WORDS_TO_NOUN, len(tokens))):
        if tokens.tag[index] == "NNS":
            lemma = tokens.lemma[index]
            entity_type = _type_of(lemma, data)
            if entity_type:
                size = data.numbers[tokens.lower[number]]
                yield NounQuery(number, index, size, entity_type, data.roles.get(lemma), lemma)
            return
        if tokens.tag[index] not in ("JJ", "NN", "NNP", "HYPH", "DT", "VBG", "VBN"):
            return


def _type_of(lemma: str, data: NameData) -> str | None:
    if lemma in data.roles:
        return "PERSON"
    if lemma in data.country_nouns:
        return "GPE"
    return "ORG" if lemma in data.organisation_nouns else None


def _group_before(tokens: Tokens, antecedents: Sequence[Antecedent], query: NounQuery) -> GroupMention | None:
    """Return the group of matching entities in the sentences before, if their number is exactly right."""
    found: list[int] = []
    sentence = tokens.sentence[query.first]
    for each in reversed(antecedents):
        away = tokens.sentence[query.first] - tokens.sentence[each.token]
        if away > _FARTHEST or (tokens.sentence[each.token] != sentence and len(found) >= query.size):
            break
        sentence = tokens.sentence[each.token]
        if _fits(each, query) and each.cluster not in found:
            found.append(each.cluster)
    if len(found) != query.size:
        return None
    confidence = 0.5 if query.size == 1 else 0.75
    return GroupMention(query.first, query.last, "nominal", tuple(reversed(found)), confidence)


def _fits(each: Antecedent, query: NounQuery) -> bool:
    is_gender = not query.gender or each.gender in (None, query.gender)
    return each.entity_type == query.entity_type and is_gender and not (query.is_company and each.is_public)


def _conjuncts_before(tokens: Tokens, antecedents: Sequence[Antecedent], token: int) -> tuple[int, ...] | None:
    """Return the entities coordinated with "and", if no other plural is between them and the pronoun.

    Only "their" in the same sentence may refer to countries or organisations.
    """
    for place in range(len(antecedents) - 1, 0, -1):
        last = antecedents[place]
        if tokens.sentence[token] - tokens.sentence[last.token] > 1 or not _is_unobstructed(tokens, last.token, token):
            return None
        is_owner = tokens.tag[token] == "PRP$" and tokens.sentence[token] == tokens.sentence[last.token]
        if tokens.dep[_joint(tokens, last.token)] == "conj" and (is_owner or last.entity_type == "PERSON"):
            members = _chain(tokens, antecedents[: place + 1])
            return members if len(members) > 1 else None
    return None


def _partners(tokens: Tokens, data: NameData, antecedents: Sequence[Antecedent], token: int) -> tuple[int, ...] | None:
    """Return the last two persons if "they" do what two people do with each other: "they married in May"."""
    verb = tokens.head[token]
    if tokens.dep[token] != "nsubj" or tokens.lemma[verb] not in data.joint_verbs or tokens.dependents(verb, "dobj"):
        return None
    near = (each for each in reversed(antecedents) if tokens.sentence[token] - tokens.sentence[each.token] <= 1)
    people = tuple(dict.fromkeys(each.cluster for each in near if each.entity_type == "PERSON"))[:2]
    return people[::-1] if len(people) == 2 else None


def _chain(tokens: Tokens, antecedents: Sequence[Antecedent]) -> tuple[int, ...]:
    """Return the clusters coordinated with the last mention, in text order, all of its type."""
    last = antecedents[-1]
    members = [last.cluster]
    joint = _joint(tokens, last.token)
    for each in reversed(antecedents[:-1]):
        if tokens.dep[joint] != "conj":
            break
        if _joint(tokens, each.token) == tokens.head[joint] and each.entity_type == last.entity_type:
            members.append(each.cluster)
            joint = tokens.head[joint]
    return tuple(dict.fromkeys(reversed(members))) if tokens.dep[joint] != "conj" else ()


def _joint(tokens: Tokens, token: int) -> int:
    """Return the conjunct: the name, or the noun that it is in apposition to ("her counterpart, Ana Brito")."""
    return tokens.head[token] if tokens.dep[token] == "appos" else token


def _is_unobstructed(tokens: Tokens, last: int, token: int) -> bool:
    """Return whether no plural common noun and at most one sentence end is between two tokens."""
    if tokens.sentence[token] - tokens.sentence[last] > 1 or token - last > _MOST_WORDS:
        return False
    nouns = (i for i in range(last + 1, token) if tokens.tag[i] in ("NNS", "NNPS"))
    return not any(tokens.dep[i] in SUBJECTS or tokens.dep[i] in _OBJECTS for i in nouns)
