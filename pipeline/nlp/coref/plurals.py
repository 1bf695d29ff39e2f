"""Plural anaphora and definite nouns: "the two leaders", "they", "the 34-year-old"."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from newslake.pipeline.model.annotation import Gender, MentionKind
from newslake.pipeline.nlp.languages.spec import NameData
from newslake.pipeline.nlp.tokens import SUBJECTS, Tokens, governors_of, grammatical_role

_FARTHEST = 2  # sentences
_MOST = 12  # antecedents that are compared with one noun or pronoun
_MOST_WORDS = 80
_WORDS_TO_NOUN = 3
_OBJECTS = ("dobj", "pobj")
_NOUNS = ("NN", "NNS", "NNP", "NNPS", "POS")
_NEAREST = 4  # mentions before one that may be paired with it
_AGE = ("-", "year", "-", "old")


class Antecedent(NamedTuple):
    """A mention of one entity: its head token, cluster and type, and its gender if known.

    ``is_public`` marks a public body, or another organisation that is never called a company; ``is_country`` a state.
    """

    token: int
    cluster: int
    entity_type: str
    gender: Gender | None
    is_public: bool
    is_country: bool


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

    Two persons may be the only ones that the article names together; countries, all that it names before.
    ``antecedents`` are mentions in reading order; ``in_role`` maps each role to the clusters of its persons.
    """
    queries = tuple(_noun_queries(tokens, data))
    if not queries:
        return
    antecedents_before = _antecedent_lookup(antecedents)
    first_tokens = {each.cluster: each.token for each in reversed(antecedents)}
    countries = tuple(dict.fromkeys(each.cluster for each in antecedents if each.is_country))
    pairs = tuple(_joint_pairs(tokens, data, antecedents))
    for query in queries:
        fitting = countries if query.entity_type == "GPE" else in_role.get(query.role or "", ())
        members = tuple(c for c in fitting if first_tokens.get(c, query.first) < query.first)
        if query.size == len(members) > 1:
            yield GroupMention(query.first, query.last, "nominal", members, 0.75)
        elif group := _group_before(tokens, antecedents_before(query.first), query):
            yield group
        elif query.size == 2 and set(members) <= set(pair := _only_pair(pairs, query) or ()) and pair:
            yield GroupMention(query.first, query.last, "nominal", pair, 0.6)


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
    pairs = tuple(_joint_pairs(tokens, data, antecedents))
    several = sorted((each for each in counted if len(each.members) > 1), key=_last_token)
    ends = [each.last for each in several]
    before: GroupMention | None = None
    for token in plurals:
        place = bisect_left(ends, token) - 1
        if place >= 0 and (before is None or before.last < ends[place]):
            before = several[place]
        joined = (
            _conjuncts_before(tokens, antecedents_before(token), token)
            or _pair_before(tokens, pairs, token)
            or _partners(tokens, data, antecedents_before(token), token)
        )
        if joined is None and before is not None:
            last = _carried(tokens, data, before.last, token)
            joined = before.members if _is_unobstructed(tokens, last, token) else None
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
    pairs = zip(["", *tokens.lower], tokens.lower, strict=False)  # of each word the one before
    near = [i for i, (before, word) in enumerate(pairs) if before in data.definite or word in data.definite_numbers]
    for index in near:
        word, definite = tokens.lower[index], index > 0 and tokens.lower[index - 1] in data.definite
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
    clusters: list[int] = []
    sentence = tokens.sentence[query.first]
    for each in reversed(antecedents):
        away = tokens.sentence[query.first] - tokens.sentence[each.token]
        if away > _FARTHEST or (tokens.sentence[each.token] != sentence and len(clusters) >= query.size):
            break
        sentence = tokens.sentence[each.token]
        if _fits(each, query) and each.cluster not in clusters:
            clusters.append(each.cluster)
    if len(clusters) != query.size:
        return None
    confidence = 0.5 if query.size == 1 else 0.75
    return GroupMention(query.first, query.last, "nominal", tuple(reversed(clusters)), confidence)


def _fits(each: Antecedent, query: NounQuery) -> bool:
    is_gender = not query.gender or each.gender in (None, query.gender)
    return (
        each.entity_type == query.entity_type
        and is_gender
        and not (query.is_company and each.is_public)
        and (each.is_country or query.entity_type != "GPE")
    )


def _conjuncts_before(tokens: Tokens, antecedents: Sequence[Antecedent], token: int) -> tuple[int, ...] | None:
    """Return the entities coordinated with "and", if no other plural is between them and the pronoun.

    Only "their" in the same sentence, or a subject after a subject, may refer to countries or organisations.
    """
    for place in range(len(antecedents) - 1, 0, -1):
        last = antecedents[place]
        joint = _joint(tokens, last.token)
        is_parallel = tokens.dep[token] == "nsubj" and grammatical_role(tokens, last.token) == "subject"
        if tokens.sentence[token] - tokens.sentence[last.token] > 1 or not _is_unobstructed(
            tokens, last.token, token, is_parallel=is_parallel and tokens.dep[joint] == "conj"
        ):
            return None
        is_owner = tokens.tag[token] == "PRP$" and tokens.sentence[token] == tokens.sentence[last.token]
        if tokens.dep[joint] == "conj" and (is_owner or is_parallel or last.entity_type == "PERSON"):
            members = _chain(tokens, antecedents[: place + 1])
            return members if len(members) > 1 else None
    return None


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two entities that one clause names together, and the token of the second."""

    token: int
    members: tuple[int, int]
    entity_type: str
    is_subject: bool


def _joint_pairs(tokens: Tokens, data: NameData, antecedents: Sequence[Antecedent]) -> Iterator[_Pair]:
    """Yield, by the token of the second, two mentions in one sentence that are a pair."""
    for place, right in enumerate(antecedents):
        for left in reversed(antecedents[max(place - _NEAREST, 0) : place]):
            if tokens.sentence[left.token] != tokens.sentence[right.token]:
                break
            if left.cluster != right.cluster and left.entity_type == right.entity_type:
                is_subject = _is_pair(tokens, data, left, right)
                if is_subject is not None:
                    yield _Pair(right.token, (left.cluster, right.cluster), left.entity_type, is_subject)
                    break


def _is_pair(tokens: Tokens, data: NameData, left: Antecedent, right: Antecedent) -> bool | None:
    """Return whether two mentions that are a pair are both subjects; None if they are no pair.

    They are coordinated; or persons who meet, marry or are related ("Brito met Conde"), or the subjects of coordinated
    clauses ("Brito drove and Conde slept").
    """
    first, second = _joint(tokens, left.token), _joint(tokens, right.token)
    verb, below = tokens.head[first], tokens.head[second]
    if tokens.dep[second] == "conj" and below == first:
        return tokens.dep[first] in SUBJECTS
    if left.entity_type != "PERSON" or tokens.dep[first] not in SUBJECTS:
        return None
    if tokens.dep[second] in SUBJECTS:
        return True if tokens.dep[below] == "conj" and tokens.head[below] == verb else None
    is_after_with = tokens.dep[second] == "pobj" and not tokens.dependents(verb, "dobj")
    over = tokens.head[below] if is_after_with else below
    is_joint = tokens.lemma[verb] in data.joint_verbs or tokens.lower[verb] in data.joint_states
    return True if is_joint and over == verb and tokens.dep[second] in _OBJECTS else None


def _only_pair(pairs: Sequence[_Pair], query: NounQuery) -> tuple[int, int] | None:
    """Return the only two matching entities that the article names together before a noun."""
    groups = [each for each in pairs if each.token < query.first and each.entity_type == query.entity_type]
    return groups[-1].members if len({frozenset(each.members) for each in groups}) == 1 else None


def _pair_before(tokens: Tokens, pairs: Sequence[_Pair], token: int) -> tuple[int, ...] | None:
    """Return the two persons named together in this sentence or the last, if nothing else can be meant."""
    place = bisect_left(pairs, token, key=_token_of) - 1
    if place < 0 or pairs[place].entity_type != "PERSON":
        return None
    pair = pairs[place]
    is_parallel = tokens.dep[token] == "nsubj" and pair.is_subject
    return pair.members if _is_unobstructed(tokens, pair.token, token, is_parallel=is_parallel) else None


def _token_of(pair: _Pair) -> int:
    return pair.token


def _partners(tokens: Tokens, data: NameData, antecedents: Sequence[Antecedent], token: int) -> tuple[int, ...] | None:
    """Return the last two persons if "they" do or are what two people do together: "they married"."""
    verb = tokens.head[token]
    if tokens.dep[token] not in SUBJECTS or tokens.dependents(verb, "dobj"):
        return None
    is_state = any(
        tokens.lower[each] in data.joint_states for each in (verb, *tokens.dependents(verb, "acomp", "attr"))
    )
    if not is_state and tokens.lemma[verb] not in data.joint_verbs:
        return None
    near = (e for e in reversed(antecedents) if tokens.sentence[token] - tokens.sentence[e.token] <= 1 + is_state)
    people = tuple(dict.fromkeys(each.cluster for each in near if each.entity_type == "PERSON"))[:2]
    return people[::-1] if len(people) == 2 else None


def _carried(tokens: Tokens, data: NameData, last: int, token: int) -> int:
    """Return the token that continues a group before a pronoun: "neither", "both" or "each" as a subject."""
    for index in range(token - 1, max(last, token - _MOST_WORDS), -1):
        if tokens.lower[index] in data.distributives and tokens.dep[index] in SUBJECTS:
            return index if tokens.sentence[index] - tokens.sentence[last] <= 1 else last
    return last


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


def _is_unobstructed(tokens: Tokens, last: int, token: int, *, is_parallel: bool = False) -> bool:
    """Return whether no plural common noun and at most one sentence end is between two tokens.

    A noun whose phrase contains the pronoun does not count; if both are subjects, only subjects count.
    """
    if tokens.sentence[token] - tokens.sentence[last] > 1 or token - last > _MOST_WORDS:
        return False
    above = governors_of(tokens, token)
    nouns = (i for i in range(last + 1, token) if tokens.tag[i] in ("NNS", "NNPS") and i not in above)
    return not any(tokens.dep[i] in SUBJECTS or (not is_parallel and tokens.dep[i] in _OBJECTS) for i in nouns)
