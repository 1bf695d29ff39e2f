"""Pronouns, left to right: who of those mentioned before, or soon after, each stands for.

What fits in kind and gender is weighed by features; the weights come with the language (`scripts/train_pronouns.py`).
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import chain, islice, takewhile

from pipeline.model.annotation import Gender, MentionKind
from pipeline.nlp.coref.pronoun_features import (
    Anaphor,
    Candidate,
    GenderEvidence,
    LastMention,
    Option,
    best_of,
    features_of,
    features_of_none,
    log_of,
)
from pipeline.nlp.coref.pronoun_filters import is_c_commanded, is_excluded_antecedent, is_pleonastic, noun_counts
from pipeline.nlp.languages.spec import NameData, Pronoun
from pipeline.nlp.tokens import Tokens, coordination_head, governor_of, governors_of, grammatical_role, head_of

_SALIENCE_DECAY = 0.6
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
_ClusterMention = tuple[int, LastMention]  # a cluster, and one mention of it


@dataclass(frozen=True, slots=True)
class KnownMention:
    """A mention that is settled before the pronouns are: its last token, its cluster and its kind."""

    last: int
    cluster: int | None
    kind: MentionKind


@dataclass(frozen=True, slots=True)
class PronounResolution:
    """A pronoun's token, what it is, and its cluster; None where it is empty or nobody fits."""

    token: int
    pronoun: Pronoun
    cluster: int | None
    confidence: float
    options: tuple[Option, ...] = ()


@dataclass(slots=True)
class _Salience:
    """How often and how prominently an entity was mentioned so far, and where last."""

    last: LastMention
    value: float = 0.0
    mentions: int = 0
    subject_sentence: int = -2


@dataclass(slots=True)
class PronounResolver:
    """Resolves pronouns left to right.

    ``types`` are the entity types by cluster, ``person_likelihoods`` what each is as a person (its type, a guess,
    or None), and ``genders`` what names and titles show, ``named`` how often the article names each.
    ``gender_from_pronoun`` is the gender that pronouns gave each cluster so far.
    """

    tokens: Tokens
    data: NameData
    types: Sequence[str]
    person_likelihoods: Sequence[str | None]
    genders: Sequence[Gender | None]
    named: Sequence[int]
    in_quote: Callable[[int], bool]
    _saliences: dict[int, _Salience] = field(default_factory=dict)
    gender_from_pronoun: dict[int, Gender] = field(default_factory=dict)
    _starts: list[int] = field(default_factory=list)
    _nouns: dict[str, list[int]] = field(default_factory=dict)
    _quote_speaker: tuple[int, int] | None = None  # cluster and block

    def resolve(self, known: Mapping[int, KnownMention]) -> tuple[PronounResolution, ...]:
        """Return all pronouns of the article. ``known`` has the settled mentions by their first token."""
        self._starts = sorted(known)
        settled = {i for first, mention in known.items() for i in range(first, mention.last + 1)}
        self._nouns = noun_counts(self.tokens, self.data, settled)
        found: list[PronounResolution] = []
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
        """Note a mention; the entity becomes the last of the saliences."""
        last = self._last_mention(head, kind)
        weight = _WEIGHT.get(last.place, _OTHER) * (_IN_QUOTE if last.in_quote else 1.0)
        before = self._saliences.pop(cluster, None) or _Salience(last)
        before.value = weight + self._decayed(before, last.sentence)
        before.mentions += 1
        before.subject_sentence = last.sentence if last.place == "subject" else before.subject_sentence
        before.last = last
        self._saliences[cluster] = before

    def _last_mention(self, head: int, kind: MentionKind) -> LastMention:
        tokens = self.tokens
        return LastMention(
            token=head,
            sentence=tokens.sentence[head],
            block=tokens.block[head],
            place=grammatical_role(tokens, head),
            governor=governor_of(tokens, head),
            kind=kind,
            in_quote=self.in_quote(head),
        )

    def _decayed(self, salience: _Salience, sentence: int) -> float:
        return salience.value * float(_SALIENCE_DECAY ** (sentence - salience.last.sentence))

    def _resolve(self, index: int, pronoun: Pronoun, known: Mapping[int, KnownMention]) -> PronounResolution:
        weights = self.data.pronoun_weights.get(pronoun.kind)
        if weights is None or is_pleonastic(self.tokens, self.data, index):
            return PronounResolution(index, pronoun, None, 0.0)
        options = self._options(self._anaphor(index, pronoun), known)
        cluster, confidence = best_of(options, weights)
        if cluster is not None:
            self._mention(cluster, index, "pronoun")
            if pronoun.gender and confidence >= _SURE:
                self.gender_from_pronoun.setdefault(cluster, pronoun.gender)
        return PronounResolution(index, pronoun, cluster, confidence, options)

    def _anaphor(self, index: int, pronoun: Pronoun) -> Anaphor:
        tokens = self.tokens
        governors = governors_of(tokens, index)
        return Anaphor(
            token=index,
            pronoun=pronoun,
            sentence=tokens.sentence[index],
            block=tokens.block[index],
            place="reflexive" if pronoun.is_reflexive else grammatical_role(tokens, index),
            governor=governor_of(tokens, index),
            above=governors,
            in_quote=self.in_quote(index),
            says_whole_clause=self._says_whole_clause(index, governors),
        )

    def _options(self, anaphor: Anaphor, known: Mapping[int, KnownMention]) -> tuple[Option, ...]:
        """Return the readings: who fits, the last mentioned first, then who comes soon after, then nobody."""
        later = tuple(self._later(anaphor, known))
        barred = self._barred(anaphor, later)
        found = [*self._before(anaphor, barred), *self._ahead(anaphor, later, barred)]
        fitting = len({each.cluster for each in found if not each.is_guess})
        none = Option(None, tuple(features_of_none(anaphor, self.tokens.lower[anaphor.token], fitting)))
        readings = (Option(c.cluster, tuple(features_of(anaphor, c)), log_of(c.prominence)) for c in found)
        return (*readings, none)

    def _before(self, anaphor: Anaphor, barred: Set[int]) -> Iterator[Candidate]:
        fitting: list[tuple[int, _Salience]] = []
        for seen, (cluster, salience) in enumerate(reversed(self._saliences.items())):
            is_far = anaphor.sentence - salience.last.sentence > _FARTHEST
            if is_far or seen >= _MOST_SEEN or len(fitting) >= _MOST:
                break
            if self._may_be(anaphor, cluster, salience.last, barred):
                fitting.append((cluster, salience))
        values = [self._decayed(salience, anaphor.sentence) for _, salience in fitting]
        most = max(values, default=0.0)
        main = max((self.named[cluster] for cluster, _ in fitting), default=0)
        for rank, (cluster, salience) in enumerate(fitting):
            leads = (values[rank] == most, self.named[cluster] == main)
            yield self._candidate(anaphor, cluster, salience, (rank, values[rank], *leads))

    def _ahead(self, anaphor: Anaphor, later: Iterable[_ClusterMention], barred: Set[int]) -> Iterator[Candidate]:
        """Yield who comes soon after the pronoun: "In his speech, Brito said"."""
        for cluster, last in later:
            if self._is_governing(anaphor, last) and self._may_be(anaphor, cluster, last, barred):
                before = self._saliences.get(cluster)
                salience = _Salience(last, before.value if before else 0.0, before.mentions if before else 0)
                yield self._candidate(anaphor, cluster, salience, (0, salience.value, False, False))
                return

    def _later(self, anaphor: Anaphor, known: Mapping[int, KnownMention]) -> Iterator[_ClusterMention]:
        """Yield the settled mentions after the pronoun in its sentence."""
        for place in range(bisect_right(self._starts, anaphor.token), len(self._starts)):
            first = self._starts[place]
            if first - anaphor.token > _AHEAD or self.tokens.sentence[first] != anaphor.sentence:
                return
            mention = known[first]
            if mention.cluster is not None:
                yield mention.cluster, self._last_mention(head_of(self.tokens, first, mention.last), mention.kind)

    def _is_governing(self, anaphor: Anaphor, last: LastMention) -> bool:
        """Return whether a mention is a subject of what the pronoun hangs on, and the pronoun no part of it."""
        is_around = last.token in anaphor.above or coordination_head(self.tokens, last.token) in anaphor.above
        return last.governor in anaphor.above and last.place == "subject" and not is_around

    def _candidate(
        self, anaphor: Anaphor, cluster: int, salience: _Salience, ranked: tuple[int, float, bool, bool]
    ) -> Candidate:
        rank, prominence, leads, is_main = ranked
        nouns = self._nouns[anaphor.pronoun.kind]
        is_person = anaphor.pronoun.kind == "person"
        return Candidate(
            cluster=cluster,
            last=salience.last,
            entity_type=(self.person_likelihoods[cluster] or "" if is_person else self.types[cluster]),
            gender=self._evidence(cluster, anaphor.pronoun) if is_person else "none",
            mentions=salience.mentions,
            named=self.named[cluster],
            prominence=prominence,
            rank=rank,
            between=max(nouns[anaphor.token] - nouns[salience.last.token], 0),
            subject_before=anaphor.sentence - salience.subject_sentence == 1,
            leads=leads,
            is_main=is_main,
        )

    def _fits(self, cluster: int, pronoun: Pronoun) -> bool:
        if pronoun.kind == "person":
            return self.person_likelihoods[cluster] is not None and self.genders[cluster] in (None, pronoun.gender)
        return self.types[cluster] in (_THINGS if pronoun.kind == "thing" else _MANY)

    def _evidence(self, cluster: int, pronoun: Pronoun) -> GenderEvidence:
        if self.genders[cluster]:
            return "shown"
        gender_from_pronoun = self.gender_from_pronoun.get(cluster)
        return (
            "unknown" if gender_from_pronoun is None else "heard" if gender_from_pronoun == pronoun.gender else "clash"
        )

    def _may_be(self, anaphor: Anaphor, cluster: int, last: LastMention, barred: Set[int]) -> bool:
        return (
            cluster not in barred
            and self._fits(cluster, anaphor.pronoun)
            and not is_excluded_antecedent(self.tokens, anaphor, last)
        )

    def _barred(self, anaphor: Anaphor, later: Iterable[_ClusterMention]) -> Set[int]:
        """Return who is not meant: who is named in what "he" says or does, and the speaker of "he" in a quotation."""
        barred = {c for c, last in later if is_c_commanded(self.tokens, anaphor, last)}
        if anaphor.says_whole_clause:
            self._note_quote_speaker(anaphor, later)
            if self._quote_speaker is not None and self._quote_speaker[1] == anaphor.block:
                barred.add(self._quote_speaker[0])
        return barred

    def _note_quote_speaker(self, anaphor: Anaphor, later: Iterable[_ClusterMention]) -> None:
        """Keep who says the quotation that has the pronoun's clause: the subject outside whose verb governs it.

        It stays the speaker of what else is quoted in the same block.
        """
        before = ((cluster, each.last) for cluster, each in islice(reversed(self._saliences.items()), _MOST_SEEN))
        here = takewhile(lambda each: each[1].sentence == anaphor.sentence, before)
        for cluster, last in chain(here, later):
            is_outside = not last.in_quote and not self.in_quote(last.governor)
            if is_outside and self._is_governing(anaphor, last):
                self._quote_speaker = (cluster, anaphor.block)
                return

    def _says_whole_clause(self, index: int, governors: Iterable[int]) -> bool:
        """Return whether a quotation has both the pronoun and the verb of its clause: then its speaker is "I" in it."""
        verb = next((i for i in governors if self.tokens.tag[i][0] in "VM"), None)
        return verb is not None and self.in_quote(index) and self.in_quote(verb)
