"""Pronoun resolution, left to right: the entity, mentioned before or soon after, that each pronoun refers to.

Features score the candidates that agree in kind and gender. Their weights are part of the language data
(`scripts/train_pronouns.py`).
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import chain, islice, takewhile
from typing import Literal, NamedTuple

from newslake.pipeline.model.annotation import Gender, MentionKind
from newslake.pipeline.nlp.coref.interviews import Interview
from newslake.pipeline.nlp.coref.roles import is_role
from newslake.pipeline.nlp.languages.spec import NameData, Pronoun
from newslake.pipeline.nlp.tokens import (
    SUBJECTS,
    Tokens,
    coordination_head,
    governor_of,
    governors_of,
    grammatical_role,
    head_of,
)

_SALIENCE_DECAY = 0.6
_WEIGHT: Mapping[str, float] = {"subject": 1.8, "object": 1.0, "poss": 0.8, "pobj": 0.7}
_OTHER = 0.8
_IN_QUOTE = 0.2
_THINGS = frozenset({"ORG", "GPE", "PRODUCT", "FAC", "EVENT", "LOC", "LAW", "WORK_OF_ART"})
_MANY = frozenset({"ORG", "GPE", "NORP"})
_FARTHEST = 8  # sentences
_MOST_SEEN = 40  # entities checked per pronoun, last mentioned first
_MOST = 8  # matching ones among them
_AHEAD = 30  # tokens
_SURE = 0.5
_INTERVIEWEE = 0.8  # confidence that I in an answer is the person interviewed
GenderEvidence = Literal["shown", "heard", "clash", "surname", "unknown", "none"]


@dataclass(slots=True)
class LastMention:
    """The last mention of an entity: its head token, the head's relation and governor, and the kind of mention."""

    token: int
    sentence: int
    block: int
    place: str
    governor: int
    kind: str
    in_quote: bool


_ClusterMention = tuple[int, LastMention]  # a cluster and one of its mentions


class Anaphor(NamedTuple):
    """A pronoun with the features that candidates are compared with. ``above`` maps its governors to their distance."""

    token: int
    pronoun: Pronoun
    sentence: int
    block: int
    place: str
    governor: int
    above: dict[int, int]
    in_quote: bool
    says_whole_clause: bool


class Candidate(NamedTuple):
    """An entity that a pronoun may refer to. ``rank`` counts the matching entities mentioned later, ``between`` common
    nouns.

    ``mentions`` counts those before the pronoun, ``named`` the names in the whole article; ``is_main``: no matching
    entity has more names. ``prominence`` decays with each sentence; ``leads``: no other entity has a higher one.
    """

    cluster: int
    last: LastMention
    entity_type: str
    gender: GenderEvidence
    mentions: int
    named: int
    prominence: float
    rank: int
    between: int
    subject_before: bool
    leads: bool
    is_main: bool

    @property
    def is_guess(self) -> bool:
        """Whether the entity is a person only by guess."""
        return self.entity_type in ("guess", "forename")


class Option(NamedTuple):
    """One reading of a pronoun; with ``cluster`` None it refers to nothing that has a name.

    ``prominence`` is the natural logarithm of the candidate's.
    """

    cluster: int | None
    features: tuple[str, ...]
    prominence: float = 0.0


class KnownMention(NamedTuple):
    """A mention resolved before the pronouns: its last token, its cluster and its kind."""

    last: int
    cluster: int | None
    kind: MentionKind


class PronounResolution(NamedTuple):
    """A pronoun's token, its data and its cluster; None if the pronoun is pleonastic or no candidate matches."""

    token: int
    pronoun: Pronoun
    cluster: int | None
    confidence: float
    options: tuple[Option, ...] = ()


@dataclass(slots=True)
class _Salience:
    """How often and how prominently an entity was mentioned so far, and its last mention."""

    last: LastMention
    value: float = 0.0
    mentions: int = 0
    subject_sentence: int = -2


@dataclass(slots=True)
class PronounResolver:
    """Resolves pronouns left to right.

    By cluster: ``types`` are the entity types, ``person_likelihoods`` say how likely a person is meant (the type, a
    guess or None), ``genders`` are from names and titles, ``words`` counts the words of the fullest name, ``named`` the
    names. ``gender_from_pronoun`` is the gender that pronouns gave each cluster so far. In the answers of an
    ``interview``, I is the person interviewed.
    """

    tokens: Tokens
    data: NameData
    types: Sequence[str]
    person_likelihoods: Sequence[str | None]
    genders: Sequence[Gender | None]
    words: Sequence[int]
    named: Sequence[int]
    in_quote: Sequence[bool]
    interview: Interview | None = None
    _saliences: dict[int, _Salience] = field(default_factory=dict)
    gender_from_pronoun: dict[int, Gender] = field(default_factory=dict)
    _starts: list[int] = field(default_factory=list)
    _nouns: dict[str, list[int]] = field(default_factory=dict)
    _known_at: dict[int, LastMention] = field(default_factory=dict)
    _quote_speaker: tuple[int, int] | None = None  # cluster and block

    def resolve(self, known: Mapping[int, KnownMention]) -> tuple[PronounResolution, ...]:
        """Return all pronouns of the article. ``known`` has the resolved mentions by their first token."""
        self._starts = sorted(known)
        settled = {i for first, mention in known.items() for i in range(first, mention.last + 1)}
        self._nouns = _common_nouns(self.tokens, self.data, settled)
        resolutions: list[PronounResolution] = []
        pronouns = self.data.pronouns
        for index in sorted({*known, *[index for index, word in enumerate(self.tokens.lower) if word in pronouns]}):
            if index in known:
                mention = known[index]
                if mention.cluster is not None:
                    self._mention(mention.cluster, self._known_mention(index, mention))
            elif self._is_pronoun(index):
                resolutions.append(self._resolve(index, pronouns[self.tokens.lower[index]], known))
        return tuple(resolutions)

    def _is_pronoun(self, index: int) -> bool:
        # "US" and "IT" are names; "I" is the only pronoun that is always upper case.
        text = self.tokens.text[index]
        return not (len(text) > 1 and text.isupper()) and self.tokens.tag[index] in ("PRP", "PRP$")

    def _mention(self, cluster: int, last: LastMention) -> None:
        """Record a mention; the entity becomes the last of the saliences."""
        weight = _WEIGHT.get(last.place, _OTHER) * (_IN_QUOTE if last.in_quote else 1.0)
        before = self._saliences.pop(cluster, None) or _Salience(last)
        before.value = weight + self._decayed(before, last.sentence)
        before.mentions += 1
        before.subject_sentence = last.sentence if last.place == "subject" else before.subject_sentence
        before.last = last
        self._saliences[cluster] = before

    def _known_mention(self, first: int, mention: KnownMention) -> LastMention:
        if first not in self._known_at:  # each pronoun before it in its sentence looks at it too
            self._known_at[first] = self._last_mention(head_of(self.tokens, first, mention.last), mention.kind)
        return self._known_at[first]

    def _last_mention(self, head: int, kind: MentionKind) -> LastMention:
        tokens = self.tokens
        return LastMention(
            token=head,
            sentence=tokens.sentence[head],
            block=tokens.block[head],
            place=grammatical_role(tokens, head),
            governor=governor_of(tokens, head),
            kind=kind,
            in_quote=self.in_quote[head],
        )

    def _decayed(self, salience: _Salience, sentence: int) -> float:
        return salience.value * float(_SALIENCE_DECAY ** (sentence - salience.last.sentence))

    def _resolve(self, index: int, pronoun: Pronoun, known: Mapping[int, KnownMention]) -> PronounResolution:
        weights = self.data.pronoun_weights.get(pronoun.kind)
        if pronoun.kind == "speaker":
            answering = self._answering(index)
            return PronounResolution(index, pronoun, answering, 0.0 if answering is None else _INTERVIEWEE)
        is_bound = pronoun.kind == "person" and _is_bound(self.tokens, self.data, index, known)
        if weights is None or is_bound or _is_pleonastic(self.tokens, self.data, index):
            return PronounResolution(index, pronoun, None, 0.0)
        options = self._options(self._anaphor(index, pronoun), known)
        cluster, confidence = _best_of(options, weights)
        if cluster is not None:
            self._mention(cluster, self._last_mention(index, "pronoun"))
            if pronoun.gender and confidence >= _SURE:
                self.gender_from_pronoun.setdefault(cluster, pronoun.gender)
        return PronounResolution(index, pronoun, cluster, confidence, options)

    def _answering(self, index: int) -> int | None:
        """Return the person interviewed if a token is in an answer and outside quotation marks."""
        is_answer = self.interview is not None and self.tokens.block[index] in self.interview.answers
        return self.interview.interviewee if self.interview and is_answer and not self.in_quote[index] else None

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
            in_quote=self.in_quote[index],
            says_whole_clause=self._says_whole_clause(index, governors),
        )

    def _options(self, anaphor: Anaphor, known: Mapping[int, KnownMention]) -> tuple[Option, ...]:
        """Return the readings: earlier entities (last mentioned first), then entities soon after, then none."""
        later = tuple(self._later(anaphor, known))
        excluded = self._excluded(anaphor, later, known)
        candidates = list(self._before(anaphor, excluded))
        here = (each.last for each in candidates if each.last.sentence == anaphor.sentence)
        if anaphor.place != "subject" or not any(self._is_governing(anaphor, last) for last in here):
            candidates += self._ahead(anaphor, later, excluded)
        fitting = len({each.cluster for each in candidates if not each.is_guess})
        none = Option(None, tuple(_features_of_none(anaphor, self.tokens.lower[anaphor.token], fitting)))
        readings = [Option(c.cluster, _features_of(anaphor, c), _log(c.prominence)) for c in candidates]
        return (*readings, none)

    def _before(self, anaphor: Anaphor, excluded: Set[int]) -> Iterator[Candidate]:
        fitting: list[tuple[int, _Salience]] = []
        for seen, (cluster, salience) in enumerate(reversed(self._saliences.items())):
            is_far = anaphor.sentence - salience.last.sentence > _FARTHEST
            if is_far or seen >= _MOST_SEEN or len(fitting) >= _MOST:
                break
            if self._may_be(anaphor, cluster, salience.last, excluded):
                fitting.append((cluster, salience))
        values = [self._decayed(salience, anaphor.sentence) for _, salience in fitting]
        most = max(values, default=0.0)
        main = max((self.named[cluster] for cluster, _ in fitting), default=0)
        for rank, (cluster, salience) in enumerate(fitting):
            leads = (values[rank] == most, self.named[cluster] == main)
            yield self._candidate(anaphor, cluster, salience, (rank, values[rank], *leads))

    def _ahead(self, anaphor: Anaphor, later: Iterable[_ClusterMention], excluded: Set[int]) -> Iterator[Candidate]:
        """Yield the first matching entity soon after the pronoun: "In his speech, Brito said"."""
        for cluster, last in later:
            if self._is_governing(anaphor, last) and self._may_be(anaphor, cluster, last, excluded):
                before = self._saliences.get(cluster)
                salience = _Salience(last, before.value if before else 0.0, before.mentions if before else 0)
                yield self._candidate(anaphor, cluster, salience, (0, salience.value, False, False))
                return

    def _later(self, anaphor: Anaphor, known: Mapping[int, KnownMention]) -> Iterator[_ClusterMention]:
        """Yield the resolved mentions after the pronoun in its sentence."""
        for place in range(bisect_right(self._starts, anaphor.token), len(self._starts)):
            first = self._starts[place]
            if first - anaphor.token > _AHEAD or self.tokens.sentence[first] != anaphor.sentence:
                return
            mention = known[first]
            if mention.cluster is not None:
                yield mention.cluster, self._known_mention(first, mention)

    def _is_governing(self, anaphor: Anaphor, last: LastMention) -> bool:
        """Return whether a mention is the subject of a governor of the pronoun, and the pronoun is not a part of it."""
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
            between=max(bisect_right(nouns, anaphor.token) - bisect_right(nouns, salience.last.token), 0),
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
        if gender_from_pronoun is None:
            return "surname" if self.words[cluster] == 1 else "unknown"
        return "heard" if gender_from_pronoun == pronoun.gender else "clash"

    def _may_be(self, anaphor: Anaphor, cluster: int, last: LastMention, excluded: Set[int]) -> bool:
        return (
            cluster not in excluded
            and self._fits(cluster, anaphor.pronoun)
            and not _is_excluded_antecedent(self.tokens, anaphor, last)
        )

    def _excluded(
        self, anaphor: Anaphor, later: Iterable[_ClusterMention], known: Mapping[int, KnownMention]
    ) -> Set[int]:
        """Return the excluded entities: those named in what "he" says or does, and the speaker of a quote or an answer
        with "he" in it.
        """
        excluded = {c for c, last in later if _is_c_commanded(self.tokens, anaphor, last)}
        answering = self._answering(anaphor.token)
        if answering is not None:
            excluded.add(answering)
        if anaphor.says_whole_clause:
            self._note_quote_speaker(anaphor, later, known)
            if self._quote_speaker is not None and self._quote_speaker[1] == anaphor.block:
                excluded.add(self._quote_speaker[0])
        return excluded

    def _note_quote_speaker(
        self, anaphor: Anaphor, later: Iterable[_ClusterMention], known: Mapping[int, KnownMention]
    ) -> None:
        """Record the speaker of the quote with the pronoun's clause: the subject, outside the quote, of its governing
        verb.

        This speaker also holds for other quotes in the same block.
        """
        before = ((cluster, each.last) for cluster, each in islice(reversed(self._saliences.items()), _MOST_SEEN))
        here = takewhile(lambda each: each[1].sentence == anaphor.sentence, before)
        for cluster, last in chain(here, later):
            is_outside = not last.in_quote and not self.in_quote[last.governor]
            if is_outside and self._is_governing(anaphor, last):
                self._quote_speaker = (cluster, anaphor.block)
                return
        speaker = self._speaking_pronoun(anaphor, known)
        if speaker is not None:
            self._quote_speaker = (speaker, anaphor.block)

    def _speaking_pronoun(self, anaphor: Anaphor, known: Mapping[int, KnownMention]) -> int | None:
        """Return who is meant by the "he" that, outside the quote, says the pronoun's clause: "He ran," he said."""
        for verb in anaphor.above:
            for subject in () if self.in_quote[verb] else self.tokens.dependents(verb, *SUBJECTS):
                pronoun = self.data.pronouns.get(self.tokens.lower[subject])
                if pronoun is not None and pronoun.kind == "person" and not self.in_quote[subject]:
                    options = self._options(self._anaphor(subject, pronoun), known)
                    return _best_of(options, self.data.pronoun_weights["person"])[0]
        return None

    def _says_whole_clause(self, index: int, governors: Iterable[int]) -> bool:
        """Return whether a quote has both the pronoun and the verb of its clause: its speaker is then "I", not "he"."""
        verb = next((i for i in governors if self.tokens.tag[i][0] in "VM"), None)
        return verb is not None and self.in_quote[index] and self.in_quote[verb]


# Features: named ``what:value``, each on or off. `scripts/train_pronouns.py` trains the weights; a missing one is 0.

_LEAST_PROMINENCE = 0.02
_EDGES: Mapping[str, tuple[int, ...]] = {
    "distance": (0, 1, 2, 3, 5),
    "rank": (0, 1, 2),
    "mentions": (1, 3, 6),
    "between": (0, 1, 3),
    "block": (0, 1),
    "named": (1, 3),
    "words": (3, 6, 12, 24),
}
# By name, the features of a value that is above no edge, above the first, above two and so on.
_ABOVE = {
    name: [tuple(f"{name}>{edge}" for edge in edges[:count]) for count in range(len(edges) + 1)]
    for name, edges in _EDGES.items()
}


def _features_of(anaphor: Anaphor, candidate: Candidate) -> tuple[str, ...]:
    """Return the features of a pronoun and one candidate."""
    last = candidate.last
    distance = anaphor.sentence - last.sentence
    near = "here" if distance == 0 else "before" if distance == 1 else "far"
    is_parallel = last.place == anaphor.place
    is_new_topic = near == "before" and last.kind == "name" and candidate.rank == 0 and is_parallel
    return (
        *_above("distance", distance),
        *_above("rank", candidate.rank),
        *_above("mentions", candidate.mentions),
        *_above("between", candidate.between),
        *_above("block", anaphor.block - last.block),
        f"place:{last.place}:{near}",
        f"kind:{last.kind}:{near}",
        f"type:{candidate.entity_type}",
        f"gender:{candidate.gender}",
        f"quote:{_inside(anaphor.in_quote)}<{_inside(last.in_quote)}",
        *((f"parallel:{last.place}:{near}",) if is_parallel else ()),
        *_above("named", candidate.named),
        *(("main",) if candidate.is_main else ()),
        *(("leads",) if candidate.leads else ()),
        *(("subject_before",) if candidate.subject_before else ()),
        *(("named_subject_before",) if is_new_topic and last.place == "subject" else ()),
        *(_within(anaphor, last) if distance == 0 else ()),
    )


def _within(anaphor: Anaphor, last: LastMention) -> Iterator[str]:
    """Yield the features that apply only within one sentence."""
    yield from _above("words", abs(anaphor.token - last.token))
    if last.token > anaphor.token:
        yield f"ahead:{anaphor.place}"
    if last.token in anaphor.above:
        yield f"within_its_phrase:{anaphor.place}"
    if last.governor in anaphor.above and last.place == "subject":
        yield f"own_subject:{min(anaphor.above[last.governor], 4)}"
    if last.governor == anaphor.governor:
        yield f"same_governor:{anaphor.place}<{last.place}"
    if anaphor.pronoun.is_reflexive:
        yield f"reflexive<{last.place}"


def _above(name: str, value: int) -> tuple[str, ...]:
    """Return the features ``name>edge`` of all edges below a value."""
    return _ABOVE[name][bisect_left(_EDGES[name], value)]


def _features_of_none(anaphor: Anaphor, word: str, fitting: int) -> Iterator[str]:
    """Yield the features of the reading without a named referent."""
    yield "none"
    if anaphor.pronoun.gender is None:  # he and she have the same weights
        yield f"none:word:{word}"
    yield f"none:place:{anaphor.place}"
    yield f"none:quote:{_inside(anaphor.in_quote)}"
    yield f"none:fitting:{min(fitting, 4)}"


def _inside(in_quote: bool) -> str:
    return "in" if in_quote else "out"


def _best_of(options: Sequence[Option], weights: Mapping[str, float]) -> tuple[int | None, float]:
    """Return the reading with the highest score, and its share of the total probability."""
    scores = [_score(option, weights) for option in options]
    highest = max(scores)
    best = options[scores.index(highest)].cluster
    odds = [math.exp(score - highest) for score in scores]
    agreeing = sum(odd for odd, option in zip(odds, options, strict=True) if option.cluster == best)
    return best, round(agreeing / sum(odds), 2)


def _score(option: Option, weights: Mapping[str, float]) -> float:
    return option.prominence * weights.get("prominence", 0.0) + sum(
        [weights[feature] for feature in option.features if feature in weights]
    )


def _log(prominence: float) -> float:
    return math.log(max(prominence, _LEAST_PROMINENCE))


# Constraints: entities that a pronoun cannot refer to, whatever the features say.


def _is_excluded_antecedent(tokens: Tokens, anaphor: Anaphor, last: LastMention) -> bool:
    """Return whether pronoun and candidate are arguments of one verb, or a "he said" and a "he" in its clause."""
    if anaphor.sentence != last.sentence:
        return False
    if last.in_quote and not anaphor.in_quote and anaphor.place == "subject":
        return anaphor.governor in governors_of(tokens, last.token)
    if tokens.tag[anaphor.token] == "PRP$" or anaphor.pronoun.is_reflexive or last.place == "poss":
        return False
    if anaphor.place == "subject":
        return _is_infinitive(tokens, anaphor.governor) and tokens.head[anaphor.governor] == last.governor
    return anaphor.place in ("object", "pobj") and anaphor.governor == last.governor


def _is_infinitive(tokens: Tokens, verb: int) -> bool:
    """Return whether a verb is an infinitive whose subject is the object of the verb above: "saw him leave"."""
    is_bare = tokens.tag[verb] == "VB" and tokens.dep[verb] in ("ccomp", "xcomp")
    return is_bare and not any(tokens.tag[aux] == "MD" for aux in tokens.dependents(verb, "aux"))


def _is_c_commanded(tokens: Tokens, anaphor: Anaphor, last: LastMention) -> bool:
    """Return whether a later name is in the clause whose subject is the pronoun: "he said that Brito left".

    A coordinated clause does not count: "he left and Brito followed".
    """
    if anaphor.place != "subject" or last.kind != "name":
        return False
    governors = (last.token, *governors_of(tokens, last.token))
    below = tuple(takewhile(lambda token: token != anaphor.governor, governors))
    return 0 < len(below) < len(governors) and tokens.dep[below[-1]] != "conj"


def _is_pleonastic(tokens: Tokens, data: NameData, index: int) -> bool:
    """Return whether "it" is pleonastic: "it is clear that", "it comes as", "it rained"."""
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


def _is_bound(tokens: Tokens, data: NameData, index: int, known: Mapping[int, KnownMention]) -> bool:
    """Return whether "his" is in the phrase of an unnamed person: "a man in his forties", "a guard, who gave his name".

    Unless it is an age, the person is a subject or heads the sentence: not "he met a guard who knew his name".
    ``known`` has the resolved mentions by their first token.
    """
    if tokens.tag[index] != "PRP$":
        return False
    below = index
    for noun in governors_of(tokens, index):
        if tokens.tag[noun] == "NN" and noun not in known and _is_person_noun(tokens, data, noun, below):
            articles = tokens.dependents(noun, "det", "nummod")
            if tokens.dep[below] != "acl" and not any(tokens.lower[each] in data.indefinite for each in articles):
                return False
            is_subject = tokens.dep[noun] in (*SUBJECTS, "ROOT")
            is_clause = tokens.dep[below] in ("relcl", "acl") and not _has_other_subject(tokens, below)
            is_inside = tokens.dep[below] == "prep" and tokens.lower[below] in data.enclosing_prepositions
            return (is_subject and is_clause) or (is_inside and (is_subject or _is_age(tokens, data, index)))
        below = noun
    return False


def _is_person_noun(tokens: Tokens, data: NameData, noun: int, below: int) -> bool:
    """Return whether a noun is listed as a role, or is the "who" of the relative clause with the verb ``below``."""
    is_who = tokens.dep[below] == "relcl" and any(tokens.tag[i] == "WP" for i in tokens.dependents(below, "nsubj"))
    return is_who or is_role(tokens.lower[noun], data)


def _is_age(tokens: Tokens, data: NameData, index: int) -> bool:
    """Return whether a possessive owns a decade of life: "his 40s", "her early forties"."""
    noun = tokens.lower[tokens.head[index]]
    return noun in data.decades or (noun[:-1].isdigit() and noun[-1] == "s")


def _has_other_subject(tokens: Tokens, verb: int) -> bool:
    """Return whether a relative clause has a subject that is not "who"."""
    return any(tokens.tag[child] not in ("WP", "WDT") for child in tokens.dependents(verb, *SUBJECTS))


def _common_nouns(tokens: Tokens, data: NameData, settled: Set[int]) -> dict[str, list[int]]:
    """Return, per kind of pronoun, the tokens of the possible common-noun antecedents, in text order.

    ``settled`` are the tokens of resolved mentions.
    """
    nouns: dict[str, list[int]] = {"person": [], "thing": [], "group": []}
    for index, tag in enumerate(tokens.tag):
        if tag not in ("NN", "NNS") or index in settled:
            continue
        if tag == "NN" and tokens.lower[index] in data.roles:
            nouns["person"].append(index)
        elif tokens.dep[index] in ("nsubj", "nsubjpass", "dobj"):
            nouns["thing" if tag == "NN" else "group"].append(index)
    return nouns
