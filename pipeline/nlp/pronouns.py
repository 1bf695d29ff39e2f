"""Pronouns, left to right: who of those mentioned before, or soon after, each stands for.

What fits in kind and gender is weighed by features; the weights come with the language (`tests/train_pronouns.py`).
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from pipeline.model.annotation import Gender, MentionKind
from pipeline.nlp.languages.spec import NameData, Pronoun
from pipeline.nlp.pronoun_features import (
    Anaphor,
    Candidate,
    GenderEvidence,
    Mentioned,
    Option,
    best_of,
    features_of,
    features_of_none,
    log_of,
)
from pipeline.nlp.syntax import SUBJECTS, above, first_joined, governor_of, head_of, place_of
from pipeline.nlp.tokens import Tokens

_FADE = 0.6
_WEIGHT: Mapping[str, float] = {"subject": 1.8, "object": 1.0, "poss": 0.8, "pobj": 0.7}
_OTHER = 0.8
_IN_QUOTE = 0.2
_THINGS = frozenset({"ORG", "GPE", "PRODUCT", "FAC", "EVENT", "LOC", "LAW", "WORK_OF_ART"})
_MANY = frozenset({"ORG", "GPE", "NORP"})
_FARTHEST = 8  # sentences
_MOST_SEEN = 40  # entities that are looked at for one pronoun, the last mentioned first
_MOST = 8  # of these that fit
_AHEAD = 30  # tokens
_SURE = 0.5


@dataclass(frozen=True, slots=True)
class Known:
    """A mention that is settled before the pronouns are: its last token, its cluster and its kind."""

    last: int
    cluster: int | None
    kind: MentionKind


@dataclass(frozen=True, slots=True)
class Resolved:
    """A pronoun's token, what it is, and its cluster; None where it is empty or nobody fits."""

    token: int
    pronoun: Pronoun
    cluster: int | None
    confidence: float
    options: tuple[Option, ...] = ()


@dataclass(slots=True)
class _Standing:
    """How often and how prominently an entity was mentioned so far, and where last."""

    last: Mentioned
    value: float = 0.0
    mentions: int = 0
    subject_sentence: int = -2


@dataclass(slots=True)
class PronounReader:
    """Resolves pronouns left to right.

    ``types`` are the entity types by cluster, ``looks`` what each is as a person (its type, a guess, or None), and
    ``genders`` what names and titles show, ``named`` how often the article names each.
    ``heard`` is the gender that pronouns gave each cluster so far.
    """

    tokens: Tokens
    data: NameData
    types: Sequence[str]
    looks: Sequence[str | None]
    genders: Sequence[Gender | None]
    named: Sequence[int]
    in_quote: Callable[[int], bool]
    _standing: dict[int, _Standing] = field(default_factory=dict)
    heard: dict[int, Gender] = field(default_factory=dict)
    _starts: list[int] = field(default_factory=list)
    _nouns: dict[str, list[int]] = field(default_factory=dict)

    def read(self, known: Mapping[int, Known]) -> tuple[Resolved, ...]:
        """Return all pronouns of the article. ``known`` has the settled mentions by their first token."""
        self._starts = sorted(known)
        self._nouns = _noun_counts(self.tokens, self.data, known)
        found: list[Resolved] = []
        for index, word in enumerate(self.tokens.lower):
            if index in known:
                mention = known[index]
                if mention.cluster is not None:
                    self._mention(mention.cluster, head_of(self.tokens, index, mention.last), mention.kind)
            elif (pronoun := self.data.pronouns.get(word)) and self._is_pronoun(index):
                found.append(self._resolve(index, pronoun, known))
        return tuple(found)

    def _is_pronoun(self, index: int) -> bool:
        # "US" and "IT" are names; "I" is the only pronoun that is always a capital.
        text = self.tokens.text[index]
        return not (len(text) > 1 and text.isupper()) and self.tokens.tag[index] in ("PRP", "PRP$")

    def _mention(self, cluster: int, head: int, kind: MentionKind) -> None:
        """Note a mention; the entity becomes the last of the standings."""
        last = self._mentioned(head, kind)
        weight = _WEIGHT.get(last.place, _OTHER) * (_IN_QUOTE if last.in_quote else 1.0)
        before = self._standing.pop(cluster, None) or _Standing(last)
        before.value = weight + self._faded(before, last.sentence)
        before.mentions += 1
        before.subject_sentence = last.sentence if last.place == "subject" else before.subject_sentence
        before.last = last
        self._standing[cluster] = before

    def _mentioned(self, head: int, kind: MentionKind) -> Mentioned:
        tokens = self.tokens
        return Mentioned(
            token=head,
            sentence=tokens.sentence[head],
            block=tokens.block[head],
            place=place_of(tokens, head),
            governor=governor_of(tokens, head),
            kind=kind,
            in_quote=self.in_quote(head),
        )

    def _faded(self, standing: _Standing, sentence: int) -> float:
        return standing.value * float(_FADE ** (sentence - standing.last.sentence))

    def _resolve(self, index: int, pronoun: Pronoun, known: Mapping[int, Known]) -> Resolved:
        weights = self.data.pronoun_weights.get(pronoun.kind)
        if weights is None or self._is_empty(index):
            return Resolved(index, pronoun, None, 0.0)
        options = self._options(self._anaphor(index, pronoun), known)
        cluster, confidence = best_of(options, weights)
        if cluster is not None:
            self._mention(cluster, index, "pronoun")
            if pronoun.gender and confidence >= _SURE:
                self.heard.setdefault(cluster, pronoun.gender)
        return Resolved(index, pronoun, cluster, confidence, options)

    def _anaphor(self, index: int, pronoun: Pronoun) -> Anaphor:
        tokens = self.tokens
        return Anaphor(
            token=index,
            pronoun=pronoun,
            sentence=tokens.sentence[index],
            block=tokens.block[index],
            place="reflexive" if pronoun.is_reflexive else place_of(tokens, index),
            governor=governor_of(tokens, index),
            above=above(tokens, index),
            in_quote=self.in_quote(index),
        )

    def _options(self, anaphor: Anaphor, known: Mapping[int, Known]) -> tuple[Option, ...]:
        """Return the readings: who fits, the last mentioned first, then who comes soon after, then nobody."""
        found = [*self._before(anaphor), *self._ahead(anaphor, known)]
        word = self.tokens.lower[anaphor.token]
        none = Option(
            None, tuple(features_of_none(anaphor, word, len({each.cluster for each in found if not each.is_guess})))
        )
        return (
            *(Option(each.cluster, tuple(features_of(anaphor, each)), log_of(each.prominence)) for each in found),
            none,
        )

    def _before(self, anaphor: Anaphor) -> Iterator[Candidate]:
        fitting: list[tuple[int, _Standing]] = []
        for seen, (cluster, standing) in enumerate(reversed(self._standing.items())):
            is_far = anaphor.sentence - standing.last.sentence > _FARTHEST
            if is_far or seen >= _MOST_SEEN or len(fitting) >= _MOST:
                break
            if self._fits(cluster, anaphor.pronoun) and not self._same_clause(anaphor, standing.last):
                fitting.append((cluster, standing))
        values = [self._faded(standing, anaphor.sentence) for _, standing in fitting]
        most = max(values, default=0.0)
        main = max((self.named[cluster] for cluster, _ in fitting), default=0)
        for rank, (cluster, standing) in enumerate(fitting):
            leads = (values[rank] == most, self.named[cluster] == main)
            yield self._candidate(anaphor, cluster, standing, (rank, values[rank], *leads))

    def _ahead(self, anaphor: Anaphor, known: Mapping[int, Known]) -> Iterator[Candidate]:
        """Yield the subjects of what the pronoun hangs on that come after it: "In his speech, Brito said"."""
        for place in range(bisect_right(self._starts, anaphor.token), len(self._starts)):
            first = self._starts[place]
            if first - anaphor.token > _AHEAD or self.tokens.sentence[first] != anaphor.sentence:
                return
            mention = known[first]
            if mention.cluster is None or not self._fits(mention.cluster, anaphor.pronoun):
                continue
            last = self._mentioned(head_of(self.tokens, first, mention.last), mention.kind)
            is_around = last.token in anaphor.above or first_joined(self.tokens, last.token) in anaphor.above
            if last.governor in anaphor.above and last.place == "subject" and not is_around:
                before = self._standing.get(mention.cluster)
                standing = _Standing(last, before.value if before else 0.0, before.mentions if before else 0)
                yield self._candidate(anaphor, mention.cluster, standing, (0, standing.value, False, False))
                return

    def _candidate(
        self, anaphor: Anaphor, cluster: int, standing: _Standing, ranked: tuple[int, float, bool, bool]
    ) -> Candidate:
        rank, prominence, leads, is_main = ranked
        nouns = self._nouns[anaphor.pronoun.kind]
        is_person = anaphor.pronoun.kind == "person"
        return Candidate(
            cluster=cluster,
            last=standing.last,
            entity_type=(self.looks[cluster] or "" if is_person else self.types[cluster]),
            gender=self._evidence(cluster, anaphor.pronoun) if is_person else "none",
            mentions=standing.mentions,
            named=self.named[cluster],
            prominence=prominence,
            rank=rank,
            between=max(nouns[anaphor.token] - nouns[standing.last.token], 0),
            subject_before=anaphor.sentence - standing.subject_sentence == 1,
            leads=leads,
            is_main=is_main,
        )

    def _fits(self, cluster: int, pronoun: Pronoun) -> bool:
        if pronoun.kind == "person":
            return self.looks[cluster] is not None and self.genders[cluster] in (None, pronoun.gender)
        return self.types[cluster] in (_THINGS if pronoun.kind == "thing" else _MANY)

    def _evidence(self, cluster: int, pronoun: Pronoun) -> GenderEvidence:
        if self.genders[cluster]:
            return "shown"
        heard = self.heard.get(cluster)
        return "unknown" if heard is None else "heard" if heard == pronoun.gender else "clash"

    def _same_clause(self, anaphor: Anaphor, last: Mentioned) -> bool:
        """Return whether pronoun and candidate are arguments of one verb, so that they cannot be the same."""
        if anaphor.pronoun.is_possessive or anaphor.pronoun.is_reflexive:
            return False
        return (
            anaphor.sentence == last.sentence
            and anaphor.place in ("object", "pobj")
            and anaphor.governor == last.governor
            and last.place != "poss"
        )

    def _is_empty(self, index: int) -> bool:
        """Return whether "it" stands for nothing: "it is clear that", "it comes as", "it rained"."""
        tokens, data = self.tokens, self.data
        if tokens.lower[index] != "it" or tokens.dep[index] == "expl":
            return tokens.dep[index] == "expl"
        verb = tokens.head[index]
        if tokens.dep[index] not in SUBJECTS:
            return False
        if tokens.lemma[verb] in data.empty_it_verbs:
            return True
        if tokens.lemma[verb] != "be":
            return False
        clauses = tokens.dependents(verb, "ccomp", "xcomp", "advcl", "csubj", "acl")
        predicates = tokens.dependents(verb, "acomp", "attr")
        nouns = any(tokens.lemma[p] in data.empty_it_nouns or tokens.dependents(p, "poss") for p in predicates)
        return bool(clauses) or nouns or any(tokens.dependents(p, "xcomp", "ccomp", "relcl") for p in predicates)


def _noun_counts(tokens: Tokens, data: NameData, known: Mapping[int, Known]) -> dict[str, list[int]]:
    """Return by kind of pronoun how many common nouns stand up to each token that it could mean as well."""
    settled = {i for first, mention in known.items() for i in range(first, mention.last + 1)}
    kinds: dict[str, list[bool]] = {"person": [], "thing": [], "group": []}
    for index, tag in enumerate(tokens.tag):
        is_free = tag in ("NN", "NNS") and index not in settled
        is_argument = is_free and tokens.dep[index] in ("nsubj", "nsubjpass", "dobj")
        kinds["person"].append(is_free and tag == "NN" and tokens.lower[index] in data.roles)
        kinds["thing"].append(is_argument and tag == "NN" and tokens.lower[index] not in data.roles)
        kinds["group"].append(is_argument and tag == "NNS")
    return {kind: list(accumulate(flags)) for kind, flags in kinds.items()}
