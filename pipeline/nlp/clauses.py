"""The reported clause around quoted fragments, and clauses reported without marks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.nlp.cues import CueUse, QuotedText
from pipeline.nlp.languages.spec import CueData
from pipeline.nlp.tokens import Tokens

_CLAUSES = ("ccomp", "xcomp", "dobj", "attr", "oprd", "acomp", "prep", "advcl", "acl", "dative")
_TRIMMED = frozenset({".", ",", ";", ":", "—", "–", "-", "!", "?"})
_LEAST_INDIRECT = 0.7


@dataclass(frozen=True, slots=True)
class Clause:
    """Tokens from ``first`` to ``last``, both inside, that a reporting word governs."""

    first: int
    last: int
    use: CueUse


def clause_around(tokens: Tokens, use: CueUse, first: int, last: int, data: CueData) -> Clause | None:
    """Return the complement of a reporting word that holds the tokens ``first`` to ``last``; None without one.

    It leaves out "that" and stops before what is co-ordinated with the reporting word itself.
    """
    for child in tokens.children.get(use.token, ()):
        left, right = tokens.left_edge(child), tokens.right_edge(child)
        if tokens.dep[child] not in _CLAUSES or not (left <= last and first <= right):
            continue
        if left <= use.token <= right:
            return None
        if child > use.token:
            right = _whole_right(tokens, use.token, right)
        begin = min(left, first) if child > use.token else left
        begin = max(begin, use.token + 1) if child > use.token else begin
        return _trimmed(tokens, Clause(begin, max(right, last), use), first, last)
    if use.token < first and first - use.token < 14:
        return _trimmed(tokens, Clause(use.token + 1, last, use), first, last)
    return None


def _whole_right(tokens: Tokens, cue: int, right: int) -> int:
    """Return the end of a complement that the parse has cut in two because its subject stands in marks."""
    for child in tokens.dependents(cue, "ccomp"):
        if cue < child and right < tokens.left_edge(child) <= right + 2:
            right = tokens.right_edge(child)
    return right


def _trimmed(tokens: Tokens, clause: Clause, first: int, last: int) -> Clause:
    """Return the clause within its block, without "that" and outer punctuation, never less than the fragment."""
    begin, end = clause.first, clause.last
    while end > last and tokens.block[end] != tokens.block[last]:
        end -= 1
    while begin < first and (
        tokens.lower[begin] == "that" or tokens.text[begin] in _TRIMMED or tokens.text[begin].isspace()
    ):
        begin += 1
    while end > last and (tokens.text[end] in _TRIMMED or tokens.text[end].isspace()):
        end -= 1
    return Clause(begin, end, clause.use)


def indirect_clauses(tokens: Tokens, quoted: QuotedText, cues: Sequence[CueUse]) -> Iterator[Clause]:
    """Yield the clauses that speech verbs report without marks, in the order of the verbs."""
    for use in cues:
        if use.kind != "verb" or not use.is_listed or use.cue.weight < _LEAST_INDIRECT or use.speaker is None:
            continue
        if use.cue.cue_class == "thought" or tokens.dependents(use.token, "neg"):
            continue
        for child in tokens.dependents(use.token, "ccomp"):
            clause = _indirect(tokens, quoted, use, child)
            if clause is not None:
                yield clause
                break


def _indirect(tokens: Tokens, quoted: QuotedText, use: CueUse, child: int) -> Clause | None:
    left, right = tokens.left_edge(child), tokens.right_edge(child)
    if left <= use.token <= right or not tokens.dependents(child, "nsubj", "nsubjpass", "expl", "csubj"):
        return None
    if use.speaker is not None and left <= use.speaker <= right:
        return None
    clause = _trimmed(tokens, Clause(left, right, use), child, child)
    if any(quoted.inside(index) for index in range(clause.first, clause.last + 1)) or clause.last - clause.first < 2:
        return None
    return clause if tokens.block[clause.first] == tokens.block[use.token] else None
