"""Definite nouns that speak for a person: "the new minister" is the minister, or the only person just talked about."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from newslake.pipeline.model import Entity
from newslake.pipeline.nlp.languages.spec import LanguageData, NameData
from newslake.pipeline.nlp.quotes.cues import noun_phrase
from newslake.pipeline.nlp.quotes.quotation_marks import QuotedText
from newslake.pipeline.nlp.tokens import SUBJECTS, Tokens, head_of

_FARTHEST_BEARER = 8  # sentences from the bearer of a role to the noun
_FARTHEST_TOPIC = 2  # sentences from the person that the text is about to the noun
_NOUNS = frozenset({"NN", "NNP"})
_ADDITIONS = ("appos", "relcl", "acl", "prep")


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """A mention of a person outside quotation marks: a name, a pronoun or a noun that is linked to one."""

    first: int
    entity: Entity
    is_subject: bool


@dataclass(frozen=True, slots=True)
class PersonFinder:
    """``known`` are the mentions of persons, in reading order; ``starts`` are their first tokens.

    ``roles`` has the words of each role that the text gives a cluster; ``indefinite`` are the nouns that the article
    also uses for somebody else ("a worker", "workers"); ``bystanders`` are nouns for people who are
    seldom the topic ("the judge"), ``past`` words that end a role ("former").
    """

    tokens: Tokens
    data: NameData
    known: Sequence[KnownPerson]
    starts: Sequence[int]
    roles: Mapping[int, Sequence[frozenset[str]]]
    indefinite: AbstractSet[str]
    bystanders: AbstractSet[str]
    past: AbstractSet[str]

    def referent(self, head: int) -> Entity | None:
        """Return a mention of the person whom the noun phrase with this head refers to.

        It is the last one named in that role. If nobody has it, "the ..." is the person whom the sentence before is
        about. None for a gender that does not fit.
        """
        modifiers = self._modifiers(head)
        if modifiers is None:
            return None
        noun = self.tokens.lower[head]
        bearers = [each for each in self._before(head, _FARTHEST_BEARER) if self._bears(each, noun, modifiers)]
        if bearers:
            return self._last(bearers, noun)
        if self._is_owned(head):
            return None
        is_borne = any(noun in words for roles in self.roles.values() for words in roles if not words & self.past)
        if is_borne or noun in self.bystanders or noun in self.indefinite:
            return None
        return self._topic(head, noun)

    def _modifiers(self, head: int) -> frozenset[str] | None:
        """Return the words between "the" and a singular noun for a person; None if it is another phrase."""
        tokens = self.tokens
        first, last = noun_phrase(tokens, head)
        is_definite = first < head == last and (tokens.lower[first] in self.data.definite or self._is_owned(head))
        if tokens.tag[head] not in _NOUNS or not is_definite or not self._is_person_noun(head):
            return None
        if any(child > head for child in tokens.dependents(head, *_ADDITIONS)):
            return None
        return frozenset(tokens.lower[first + 1 : head])

    def _is_owned(self, head: int) -> bool:
        """Return whether a phrase is "her husband", which only somebody called a husband can be."""
        tokens = self.tokens
        return any(tokens.tag[owner] == "PRP$" for owner in tokens.dependents(head, "poss"))

    def _is_person_noun(self, head: int) -> bool:
        """Return whether a noun is for a person; with a capital, "the Courier" is a name unless it is a known role."""
        noun = self.tokens.lower[head]
        if noun in self.data.organisation_nouns or noun in self.data.document_nouns:
            return False
        is_regular = noun.endswith(self.data.person_suffixes) and not self.tokens.is_capital[head]
        return is_regular or noun in self.data.roles

    def _before(self, head: int, sentences: int) -> Iterator[KnownPerson]:
        """Yield the persons before a token, last first, in its sentence and at most this number before it."""
        for place in range(bisect_left(self.starts, head) - 1, -1, -1):
            each = self.known[place]
            if self.tokens.sentence[head] - self.tokens.sentence[each.first] > sentences:
                return
            yield each

    def _bears(self, person: KnownPerson, noun: str, modifiers: frozenset[str]) -> bool:
        """Return whether a person has a role with this noun, and with each modifier that is no adjective for anybody.

        A role of the past needs a word for it: "the former minister".
        """
        cluster = person.entity.cluster_index
        roles = self.roles.get(cluster, ()) if cluster is not None else ()
        named = modifiers & self.data.title_modifiers
        return any(
            noun in words and named <= words and bool(words & self.past) == bool(modifiers & self.past)
            for words in roles
        )

    def _last(self, bearers: Sequence[KnownPerson], noun: str) -> Entity | None:
        """Return the bearer that was mentioned last; of several in one sentence, the subject."""
        near = [each for each in bearers if self._is_same_sentence(each, bearers[0])]
        if len({each.entity.cluster_index for each in near}) > 1:
            near = [each for each in near if each.is_subject]
        is_one = len({each.entity.cluster_index for each in near}) == 1
        return near[0].entity if is_one and self._agrees(near[0].entity, noun) else None

    def _is_same_sentence(self, person: KnownPerson, other: KnownPerson) -> bool:
        return self.tokens.sentence[person.first] == self.tokens.sentence[other.first]

    def _topic(self, head: int, noun: str) -> Entity | None:
        """Return the person whom the sentences right before a noun are about: the only one who is a subject there.

        It must be in the nearest sentence with a person.
        """
        tokens = self.tokens
        near = [
            each for each in self._before(head, _FARTHEST_TOPIC) if tokens.block[head] - tokens.block[each.first] <= 1
        ]
        topics = {each.entity.cluster_index for each in near if each.is_subject}
        last = [each for each in near if self._is_same_sentence(each, near[0]) and each.entity.cluster_index in topics]
        return last[0].entity if len(topics) == 1 and last and self._agrees(last[0].entity, noun) else None

    def _agrees(self, entity: Entity, noun: str) -> bool:
        gender = self.data.roles.get(noun)
        return gender is None or entity.gender in (None, "U", gender)


def _roles_of(entities: Sequence[Entity]) -> Mapping[int, Sequence[frozenset[str]]]:
    roles_of: dict[int, set[frozenset[str]]] = {}
    for entity in entities:
        if entity.cluster_index is not None and entity.role_text:
            roles_of.setdefault(entity.cluster_index, set()).add(frozenset(entity.role_text.lower().split()))
    return {cluster: tuple(roles) for cluster, roles in roles_of.items()}


def _indefinite(tokens: Tokens, data: NameData) -> frozenset[str]:
    """Return the singular of the nouns that the article uses in the plural, or with "a": "a worker", "workers"."""
    nouns = set()
    for index, tag in enumerate(tokens.tag):
        if tag == "NNS":
            nouns.add(tokens.lemma[index])
        elif tag == "NN" and any(tokens.lower[child] in data.indefinite for child in tokens.children[index]):
            nouns.add(tokens.lower[index])
    return frozenset(nouns)


def person_finder(
    tokens: Tokens, quoted: QuotedText, entities: Sequence[Entity], language: LanguageData
) -> PersonFinder:
    """Return a person finder over an article's mentions."""
    known = []
    for entity in entities:
        if entity.entity_type != "PERSON" or entity.cluster_index is None:
            continue
        first = tokens.at(entity.start_char)
        if quoted.inside[first] or not tokens.is_body[first]:
            continue
        head = head_of(tokens, first, tokens.at(entity.end_char - 1))
        known.append(KnownPerson(first, entity, tokens.dep[head] in SUBJECTS))
    return PersonFinder(
        tokens=tokens,
        data=language.names,
        known=known,
        starts=[each.first for each in known],
        roles=_roles_of(entities),
        indefinite=_indefinite(tokens, language.names),
        bystanders=language.cues.bystanders,
        past=language.cues.past_roles,
    )
