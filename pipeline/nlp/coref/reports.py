"""Who spoke last: the subjects of the verbs of saying, in reading order, for a pronoun that speaks ("he said").

"He said" mostly means the last speaker or a newly named subject, however often another man is named.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from typing import NamedTuple

from newslake.pipeline.nlp.coref.pronoun_features import LastMention, SpeakingContext
from newslake.pipeline.nlp.languages.spec import NameData
from newslake.pipeline.nlp.tokens import SUBJECTS, Tokens, governors_of

_LINKED = ("xcomp", "conj", "advcl")  # a verb without a subject of its own has that of its head
_NOUNS = ("NN", "NNP")
_DEEPEST = 4
_MOST = 200  # reports before a pronoun
_MAIN = ("ROOT", "conj")


class Report(NamedTuple):
    """A verb that has a speaker as its subject, or the "according" before one, and the head token of that speaker."""

    verb: int
    speaker: int

    @property
    def end(self) -> int:
        """The last of its two tokens."""
        return max(self.verb, self.speaker)


@dataclass(slots=True)
class ReportLog:
    """The reports of an article outside quotation marks, and their speakers as far as they are known.

    ``verbs`` are their verbs, ``speaking`` the head tokens of their speakers.
    """

    tokens: Tokens
    data: NameData
    reports: Sequence[Report]
    verbs: Set[int]
    speaking: Set[int]
    _ends: Sequence[int]
    _speakers: dict[int, int] = field(default_factory=dict)
    _subject: int | None = None

    def note(self, cluster: int, mention: LastMention) -> None:
        """Record a mention that is the speaker of a report, or the subject of a main clause."""
        if mention.in_quote or mention.place not in ("subject", "pobj"):
            return
        if mention.governor in self.verbs:
            self._speakers[mention.governor] = cluster
        if mention.place == "subject" and self.tokens.dep[mention.governor] in _MAIN:
            self._subject = cluster

    def is_reported(self, mention: LastMention) -> bool:
        """Return whether a mention is within what somebody reports: "Y" in "X said Y left"."""
        above = governors_of(self.tokens, mention.token)
        return any(verb in self.verbs and verb != mention.governor for verb in above)

    def context(self, token: int) -> SpeakingContext:
        """Return what precedes a pronoun that speaks."""
        end = bisect_left(self._ends, token)
        earlier = self.reports[max(end - _MOST, 0) : end]
        speakers = [self._speakers.get(report.verb) for report in earlier]
        known = [each for each in speakers if each is not None]
        last = earlier[-1].speaker if earlier else None
        return SpeakingContext(
            last=speakers[-1] if speakers else None,
            before=known[-1] if known else None,
            subject=self._subject,
            gap=0 if last is None else self.tokens.block[token] - self.tokens.block[last],
            is_unnamed=last is not None and speakers[-1] is None and self._may_be(last, token),
            spoken=Counter(known),
        )

    def _may_be(self, speaker: int, pronoun: int) -> bool:
        """Return whether a speaker without a name is a person whom a pronoun may mean."""
        gender = self.data.pronouns[self.tokens.lower[pronoun]].gender
        other = self.data.pronouns.get(self.tokens.lower[speaker])
        if other is not None:
            return other.gender == gender
        return self.tokens.tag[speaker] in _NOUNS and self.data.roles.get(self.tokens.lower[speaker]) in (None, gender)


def report_log(tokens: Tokens, data: NameData, in_quote: Sequence[bool]) -> ReportLog:
    """Return the log of an article, without speakers yet."""
    reports = sorted({*_reports(tokens, data, in_quote)}, key=lambda report: report.end)
    return ReportLog(
        tokens,
        data,
        reports,
        verbs={report.verb for report in reports},
        speaking={report.speaker for report in reports},
        _ends=[report.end for report in reports],
    )


def _reports(tokens: Tokens, data: NameData, in_quote: Sequence[bool]) -> Iterator[Report]:
    for index, lemma in enumerate(tokens.lemma):
        if in_quote[index]:
            continue
        if lemma in data.evidence.reporting_verbs and tokens.tag[index][0] == "V":
            yield from _with_subject(tokens, index)
        elif tokens.lower[index] == "according":
            for link in tokens.dependents(index, "prep"):
                yield from (Report(index, each) for each in tokens.dependents(link, "pobj"))


def _with_subject(tokens: Tokens, verb: int) -> Iterator[Report]:
    for _ in range(_DEEPEST):
        subjects = tokens.dependents(verb, *SUBJECTS)
        if subjects:
            yield Report(verb, subjects[0])
            return
        if tokens.dep[verb] not in _LINKED:
            return
        verb = tokens.head[verb]
