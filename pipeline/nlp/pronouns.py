"""Pronouns: a running prominence of each entity, and the most prominent one that agrees.

Every mention raises its entity's prominence, subjects most; each sentence fades it. The weights were set on
development articles; no weight is for one article.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pipeline.model.annotation import Gender
from pipeline.nlp.languages.spec import NameData, Pronoun
from pipeline.nlp.tokens import Tokens

_SUBJECTS = frozenset({"nsubj", "nsubjpass", "csubj"})
_OBJECTS = frozenset({"dobj", "pobj", "dative", "iobj"})
_FADE = 0.6
_WEIGHT: Mapping[str, float] = {"nsubj": 1.8, "nsubjpass": 1.7, "dobj": 1.0, "dative": 1.0, "poss": 0.8, "pobj": 0.7}
_OTHER = 0.8
_IN_QUOTE = 0.2
_PARALLEL = 2.2
_NEAR_SUBJECT = 1.2
_SAME_SENTENCE = 1.5
_LEAST_PERSON = 0.05
_LEAST_THING = 0.6
_THINGS = frozenset({"ORG", "GPE", "PRODUCT", "FAC", "EVENT"})
_FARTHEST = 4


@dataclass(frozen=True, slots=True)
class Resolved:
    """A pronoun's token, what it is, and its cluster; None where it is empty or nobody fits."""

    token: int
    pronoun: Pronoun
    cluster: int | None
    confidence: float


@dataclass(slots=True)
class _Standing:
    """How prominent an entity is, and where and how it was last mentioned. ``governor`` is the head of that mention."""

    value: float = 0.0
    sentence: int = 0
    dep: str = ""
    governor: int = -1
    token: int = -1


@dataclass(slots=True)
class PronounReader:
    """Resolves pronouns left to right. ``gender_of`` gives what names and titles show of a cluster."""

    tokens: Tokens
    data: NameData
    types: Sequence[str]
    gender_of: Callable[[int], Gender | None]
    in_quote: Callable[[int], bool]
    _standing: dict[int, _Standing] = field(default_factory=dict)
    _heard: dict[int, Gender] = field(default_factory=dict)

    def read(self, named: Mapping[int, tuple[int, int | None]]) -> tuple[Resolved, ...]:
        """Return all pronouns of the article. ``named`` maps a name's first token to (last token, cluster)."""
        found: list[Resolved] = []
        for index, word in enumerate(self.tokens.lower):
            if index in named:
                last, cluster = named[index]
                if cluster is not None:
                    self._mention(cluster, index, last)
            elif (pronoun := self.data.pronouns.get(word)) and self._is_pronoun(index):
                found.append(self._resolve(index, pronoun))
        return tuple(found)

    def _is_pronoun(self, index: int) -> bool:
        # "US" and "IT" are names; "I" is the only pronoun that is always a capital.
        text = self.tokens.text[index]
        return not (len(text) > 1 and text.isupper()) and self.tokens.tag[index] in ("PRP", "PRP$")

    def heard_gender(self, cluster: int) -> Gender | None:
        """Return the gender that pronouns gave a cluster so far."""
        return self._heard.get(cluster)

    def _mention(self, cluster: int, first: int, last: int) -> None:
        head = _head_of(self.tokens, first, last)
        dep = _role_dep(self.tokens, head)
        weight = _WEIGHT.get(dep, _OTHER) * (_IN_QUOTE if self.in_quote(head) else 1.0)
        sentence = self.tokens.sentence[head]
        before = self._standing.get(cluster)
        value = weight + (self._faded(before, sentence) if before else 0.0)
        self._standing[cluster] = _Standing(value, sentence, dep, self.tokens.head[head], head)

    def _faded(self, standing: _Standing, sentence: int) -> float:
        return standing.value * float(_FADE ** (sentence - standing.sentence))

    def _resolve(self, index: int, pronoun: Pronoun) -> Resolved:
        if pronoun.kind == "person":
            ranked = self._ranked(index, pronoun, self._is_person_for(pronoun), _LEAST_PERSON)
        elif pronoun.kind == "thing" and not self._is_empty(index):
            ranked = self._ranked(index, pronoun, self._is_thing, _LEAST_THING)
        else:
            ranked = []
        if not ranked:
            return Resolved(index, pronoun, None, 0.0)
        (best, cluster), rest = ranked[0], ranked[1:]
        confidence = round(0.5 + 0.45 * (1 - (rest[0][0] if rest else 0.0) / best), 2)
        self._mention(cluster, index, index)
        if pronoun.gender and pronoun.kind == "person":
            self._heard.setdefault(cluster, pronoun.gender)
        return Resolved(index, pronoun, cluster, confidence)

    def _ranked(
        self, index: int, pronoun: Pronoun, fits: Callable[[int], bool], least: float
    ) -> list[tuple[float, int]]:
        """Return (score, cluster) of those who fit, best first."""
        sentence = self.tokens.sentence[index]
        dep = _role_dep(self.tokens, index)
        found = []
        for cluster, standing in self._standing.items():
            if sentence - standing.sentence > _FARTHEST or not fits(cluster):
                continue
            if not pronoun.is_possessive and not pronoun.is_reflexive and self._same_clause(index, dep, standing):
                continue
            score = self._faded(standing, sentence)
            if standing.dep in _SUBJECTS and sentence - standing.sentence <= 1:
                score *= _PARALLEL if dep in _SUBJECTS else _NEAR_SUBJECT
                score *= _SAME_SENTENCE if pronoun.kind == "thing" and sentence == standing.sentence else 1.0
            if score >= least:
                found.append((score, cluster))
        return sorted(found, reverse=True)

    def _same_clause(self, index: int, dep: str, standing: _Standing) -> bool:
        """Return whether pronoun and candidate are arguments of one verb, so that they cannot be the same."""
        if standing.sentence != self.tokens.sentence[index] or dep not in _OBJECTS:
            return False
        governor = self.tokens.head[index]
        if self.tokens.tag[governor] == "IN":
            governor = self.tokens.head[governor]
        return standing.governor == governor

    def _is_person_for(self, pronoun: Pronoun) -> Callable[[int], bool]:
        def fits(cluster: int) -> bool:
            gender = self.gender_of(cluster) or self._heard.get(cluster)
            return self.types[cluster] == "PERSON" and gender in (None, pronoun.gender)

        return fits

    def _is_thing(self, cluster: int) -> bool:
        return self.types[cluster] in _THINGS

    def _is_empty(self, index: int) -> bool:
        """Return whether "it" stands for nothing: "it is clear that", "it comes as", "it rained"."""
        tokens, data = self.tokens, self.data
        if tokens.lower[index] != "it" or tokens.dep[index] == "expl":
            return tokens.dep[index] == "expl"
        verb = tokens.head[index]
        if tokens.dep[index] not in _SUBJECTS:
            return False
        if tokens.lemma[verb] in data.empty_it_verbs:
            return True
        if tokens.lemma[verb] != "be":
            return False
        clauses = tokens.dependents(verb, "ccomp", "xcomp", "advcl", "csubj", "acl")
        predicates = tokens.dependents(verb, "acomp", "attr")
        nouns = any(tokens.lemma[p] in data.empty_it_nouns or tokens.dependents(p, "poss") for p in predicates)
        return bool(clauses) or nouns or any(tokens.dependents(p, "xcomp", "ccomp", "relcl") for p in predicates)


def _head_of(tokens: Tokens, first: int, last: int) -> int:
    """Return the token of a span whose head lies outside it."""
    for index in range(last, first - 1, -1):
        if not first <= tokens.head[index] <= last or tokens.head[index] == index:
            return index
    return last


def _role_dep(tokens: Tokens, index: int) -> str:
    """Return the relation of a mention; one that is joined by "and" or in apposition has that of the first."""
    for _ in range(3):
        dep = tokens.dep[index]
        if dep not in ("conj", "appos", "compound", "nmod"):
            return dep
        index = tokens.head[index]
    return tokens.dep[index]
