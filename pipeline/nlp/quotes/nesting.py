"""Nested speech: the innermost verb of saying owns the words, and the cue around it has the reporter."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from newslake.pipeline.nlp.languages.spec import CueData
from newslake.pipeline.nlp.quotes.clauses import Clause
from newslake.pipeline.nlp.quotes.cues import CueMention, reporting_verb
from newslake.pipeline.nlp.quotes.speakers import SpeakerFinder
from newslake.pipeline.nlp.tokens import Tokens, coordination_head

_REPORTS = 0.7
_NEAR = 60  # tokens from a cue to the words that it reports
_FINITE = frozenset({"VBD", "VBZ", "VBP", "VBN"})
_QUESTIONS = frozenset({"WP", "WDT", "WRB"})


@dataclass(frozen=True)
class NestedSpeech:
    """The cues of an article in reading order, and the clauses that they report, in the order of their cues."""

    tokens: Tokens
    cues: Sequence[CueMention]
    clauses: Sequence[Clause]
    data: CueData
    finder: SpeakerFinder

    @cached_property
    def places(self) -> list[int]:
        """The tokens of the cues."""
        return [cue.token for cue in self.cues]

    @cached_property
    def _clause_places(self) -> list[int]:
        return [clause.cue.token for clause in self.clauses]

    def clauses_around(self, first: int, last: int) -> list[Clause]:
        """Return the reported clauses that hold these tokens."""
        begin = bisect_left(self._clause_places, first - _NEAR)
        end = bisect_left(self._clause_places, last + _NEAR)
        return [clause for clause in self.clauses[begin:end] if clause.holds(first, last)]

    def owner(self, cue: CueMention, *, is_clause: bool) -> CueMention:
        """Return the cue that owns the words which a cue governs: itself if it says them, and is somebody else's.

        Otherwise it is the cue that reports its clause: "he said" in "he said it had “no legs”", "he said he warned of
        “chaos”" and "he said she called it “a sham”". ``is_clause`` is False if the words are a phrase.
        """
        verb = reporting_verb(self.tokens, cue.token) if cue.kind == "verb" else cue.token
        place = bisect_left(self.places, verb)
        if verb == cue.token or place == len(self.places) or self.places[place] != verb:
            return cue
        outer = self.cues[place]
        if not outer.is_listed or outer.entry.weight < _REPORTS or outer.speaker is None:
            return cue
        return cue if is_clause and self._owns(cue, outer) else outer

    def is_report(self, outer: CueMention | None, inner: CueMention | None) -> bool:
        """Return whether the clause of one cue is nothing but another's report: "police said" / "he told them that"."""
        if outer is None or inner is None or not self._owns(inner, outer):
            return False
        head = self.tokens.head
        return head[inner.token] == outer.token or (outer.kind == "source" and head[outer.token] == inner.token)

    def reporter(self, cue: CueMention | None) -> int | None:
        """Return the head token of who reports what the speaker of a cue says: of the smallest clause around the cue.

        None if nobody does, or if the reporter is the speaker ("he said he had warned them").
        """
        if cue is None or cue.speaker is None:
            return None
        verb = coordination_head(self.tokens, cue.token)  # "said he drove there and told"
        around = [*self.clauses_around(cue.token, cue.token), *self.clauses_around(verb, verb)]
        spoken = [each for each in around if each.cue != cue and each.cue.entry.cue_class != "thought"]
        inner = min(spoken, key=lambda each: each.last - each.first, default=None)
        return None if inner is None or self._has_same_speaker(cue, inner.cue) else inner.cue.speaker

    def _owns(self, inner: CueMention, outer: CueMention) -> bool:
        """Return whether a verb surely says its clause, and somebody else than the outer speaker says it.

        What records show that people say is the records' statement: "a poll shows that most drivers say".
        """
        tokens, entry = self.tokens, inner.entry
        is_saying = inner.kind == "verb" and entry.cue_class != "thought" and entry.weight >= _REPORTS
        is_plain = inner.is_listed and tokens.tag[inner.token] in _FINITE
        first = tokens.left_edge(inner.token)
        is_question = tokens.tag[first] in _QUESTIONS and tokens.lower[first] != "that"
        is_evidence = tokens.lemma[outer.token] in self.data.evidence_verbs
        if not is_saying or not is_plain or is_question or is_evidence:
            return False
        return tokens.lemma[inner.token] not in self.data.evidence_verbs and not self._has_same_speaker(inner, outer)

    def _has_same_speaker(self, cue: CueMention, other: CueMention) -> bool:
        """Return whether two cues have one speaker, as far as the text says."""
        if cue.speaker is None or other.speaker is None:
            return True
        return self.finder.is_same(cue.speaker, other.speaker)
