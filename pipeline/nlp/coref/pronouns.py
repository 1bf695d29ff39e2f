"""Pronoun resolution, left to right: the entity, mentioned before or soon after, that each pronoun refers to.

Features score the candidates that agree in kind and gender. Their weights are part of the language data
(`scripts/train_pronouns.py`).
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import chain, islice, takewhile
from typing import NamedTuple

from newslake.pipeline.model.annotation import Gender, MentionKind
from newslake.pipeline.nlp.coref.binding import is_bound, is_c_commanded, is_excluded_antecedent, is_pleonastic
from newslake.pipeline.nlp.coref.interviews import Interview
from newslake.pipeline.nlp.coref.pronoun_features import (
    Anaphor,
    Candidate,
    GenderEvidence,
    KnownMention,
    LastMention,
    Option,
    SpeakingContext,
    best_of,
    features_of_none,
    readings_of,
)
from newslake.pipeline.nlp.coref.reports import ReportLog, report_log
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


_ClusterMention = tuple[int, LastMention]  # a cluster and one of its mentions


class PronounResolution(NamedTuple):
    """A pronoun's token, its data and its cluster; None if the pronoun is pleonastic or no candidate matches."""

    token: int
    pronoun: Pronoun
    cluster: int | None
    confidence: float
    options: tuple[Option, ...] = ()
    is_speaking: bool = False


@dataclass(slots=True)
class _Salience:
    """How often and how prominently an entity was mentioned so far, and its last mention."""

    last: LastMention
    value: float = 0.0
    mentions: int = 0
    outside: int = 0
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
    _reports: ReportLog = field(init=False)

    def resolve(self, known: Mapping[int, KnownMention]) -> tuple[PronounResolution, ...]:
        """Return all pronouns of the article. ``known`` has the resolved mentions by their first token."""
        self._starts = sorted(known)
        self._reports = report_log(self.tokens, self.data, self.in_quote)
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
        before.outside += not last.in_quote
        self._saliences[cluster] = before
        if last.governor in self._reports.verbs or last.place == "subject":
            self._reports.note(cluster, last)

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
        is_owned = pronoun.kind == "person" and is_bound(self.tokens, self.data, index, known)
        if weights is None or is_owned or is_pleonastic(self.tokens, self.data, index):
            return PronounResolution(index, pronoun, None, 0.0)
        anaphor = self._anaphor(index, pronoun)
        options = self._options(anaphor, known)
        cluster, confidence = best_of(options, self._weights(anaphor))
        if cluster is not None:
            self._mention(cluster, self._last_mention(index, "pronoun"))
            if pronoun.gender and confidence >= _SURE:
                self.gender_from_pronoun.setdefault(cluster, pronoun.gender)
        return PronounResolution(index, pronoun, cluster, confidence, options, anaphor.speaking is not None)

    def _weights(self, anaphor: Anaphor) -> Mapping[str, float]:
        """Return the weights for a pronoun: those of its kind, or of speakers."""
        kind = anaphor.pronoun.kind if anaphor.speaking is None else "speaking"
        return self.data.pronoun_weights.get(kind, self.data.pronoun_weights[anaphor.pronoun.kind])

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
            speaking=self._speaking(index, pronoun),
        )

    def _speaking(self, index: int, pronoun: Pronoun) -> SpeakingContext | None:
        """Return what precedes a "he" or "she" that says something outside quotation marks; None for others."""
        is_person = pronoun.kind == "person" and self.tokens.tag[index] == "PRP"
        return self._reports.context(index) if is_person and index in self._reports.speaking else None

    def _options(self, anaphor: Anaphor, known: Mapping[int, KnownMention]) -> tuple[Option, ...]:
        """Return the readings: earlier entities (last mentioned first), then entities soon after, then none."""
        later = tuple(self._later(anaphor, known))
        excluded = self._excluded(anaphor, later, known)
        candidates = list(self._before(anaphor, excluded))
        here = (each.last for each in candidates if each.last.sentence == anaphor.sentence)
        if anaphor.place != "subject" or not any(self._is_governing(anaphor, last) for last in here):
            candidates += self._ahead(anaphor, later, excluded)
        fitting = len({each.cluster for each in candidates if not each.is_guess})
        none = Option(None, tuple(features_of_none(anaphor, self.tokens.lower[anaphor.token], fitting)))
        return (*readings_of(anaphor, candidates), none)

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
            is_quoted=not salience.outside,
            is_reported=anaphor.speaking is not None and self._reports.is_reported(salience.last),
        )

    def _fits(self, cluster: int, anaphor: Anaphor) -> bool:
        pronoun = anaphor.pronoun
        if pronoun.kind == "person":
            return self.genders[cluster] in (None, pronoun.gender) and self.person_likelihoods[cluster] is not None
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
            and self._fits(cluster, anaphor)
            and not is_excluded_antecedent(self.tokens, anaphor, last)
        )

    def _excluded(
        self, anaphor: Anaphor, later: Iterable[_ClusterMention], known: Mapping[int, KnownMention]
    ) -> Set[int]:
        """Return the excluded entities: those named in what "he" says or does, and the speaker of a quote or an answer
        with "he" in it.
        """
        excluded = {c for c, last in later if is_c_commanded(self.tokens, anaphor, last)}
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
                    speaker = self._anaphor(subject, pronoun)
                    return best_of(self._options(speaker, known), self._weights(speaker))[0]
        return None

    def _says_whole_clause(self, index: int, governors: Iterable[int]) -> bool:
        """Return whether a quote has both the pronoun and the verb of its clause: its speaker is then "I", not "he"."""
        verb = next((i for i in governors if self.tokens.tag[i][0] in "VM"), None)
        return verb is not None and self.in_quote[index] and self.in_quote[verb]


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
