"""Reporting words in the text outside quotation marks, and whose words they report."""

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.nlp.languages.spec import Cue, CueData
from pipeline.nlp.quotes.cue_subjects import speaker_of_verb, subject_of
from pipeline.nlp.quotes.quoted import QuotedText
from pipeline.nlp.tokens import Tokens

_NOMINAL = frozenset({"NNP", "NNPS", "PRP", "NN", "NNS"})
_INNER = frozenset({"compound", "det", "amod", "nmod", "poss", "case", "nummod"})
_UNLISTED_CUE = Cue("speech", 0.15)


@dataclass(frozen=True, slots=True)
class CueMention:
    """A reporting word at a token. ``speaker`` is the head token of whose words it reports; None where none is seen.

    ``is_listed`` is False for a verb that the word list does not have: it counts only where it governs a quote.
    """

    token: int
    entry: Cue
    speaker: int | None
    kind: str
    is_listed: bool = True


def find_cues(tokens: Tokens, quoted: QuotedText, data: CueData) -> tuple[CueMention, ...]:
    """Return the reporting words of the running text outside marks, in reading order."""
    found = []
    for index, tag in enumerate(tokens.tag):
        if quoted.owner[index] >= 0:
            continue
        cue = None
        if tag[0] == "V":
            cue = _verb(tokens, quoted, data, index)
        elif tag[0] == "N":
            cue = _noun(tokens, quoted, data, index)
        elif tag == "JJ":
            cue = _adjective(tokens, quoted, data, index)
        if cue is None and (tokens.lower[index], tokens.lower[min(index + 1, len(tokens) - 1)]) in data.source_phrases:
            cue = _source(tokens, index)
        if cue is not None and tokens.is_body(index):
            found.append(cue)
    return tuple(found)


def _verb(tokens: Tokens, quoted: QuotedText, data: CueData, index: int) -> CueMention | None:
    particle = tokens.lower[index + 1] if index + 1 < len(tokens) else ""
    entry = data.phrasal.get((tokens.lemma[index], particle)) or data.verbs.get(tokens.lemma[index])
    if tokens.lower[index] == "according" or tokens.dep[index] in ("aux", "auxpass", "amod"):
        return None
    speaker = speaker_of_verb(tokens, quoted, index)
    if entry is None:
        return CueMention(index, _UNLISTED_CUE, speaker, "verb", is_listed=False) if speaker is not None else None
    return CueMention(index, entry, speaker, "verb")


def is_label(tokens: Tokens, first: int, data: CueData) -> bool:
    """Return whether a stretch is what something is called by nobody in particular: "titled X", "known as X"."""
    before = first - 1
    while before > 0 and tokens.tag[before] == "DT":
        before -= 1
    verb = tokens.head[before] if before >= 0 and tokens.lower[before] in data.naming_links else before
    if verb < 0 or tokens.lemma[verb] not in data.labels or tokens.tag[verb] != "VBN":
        return False
    return not tokens.dependents(verb, "agent", "nsubj") and "have" not in {
        tokens.lemma[aux] for aux in tokens.dependents(verb, "aux")
    }


def _noun(tokens: Tokens, quoted: QuotedText, data: CueData, index: int) -> CueMention | None:
    entry = data.nouns.get(tokens.lemma[index])
    if entry is None:
        return None
    return CueMention(index, entry, next(_noun_speakers(tokens, quoted, index), None), "noun")


def _adjective(tokens: Tokens, quoted: QuotedText, data: CueData, index: int) -> CueMention | None:
    """Return "adamant" of "she was adamant that"."""
    entry, verb = data.adjectives.get(tokens.lower[index]), tokens.head[index]
    if entry is None or tokens.dep[index] != "acomp" or tokens.tag[verb][0] != "V":
        return None
    return CueMention(index, entry, subject_of(tokens, quoted, verb, 3), "adjective")


def _noun_speakers(tokens: Tokens, quoted: QuotedText, noun: int) -> Iterator[int]:
    """Yield who a statement is of: its possessor, "of/by/from X", or the subject of the verb it is object of."""
    yield from (p for p in tokens.dependents(noun, "poss") if not quoted.inside(p))
    for preposition in tokens.dependents(noun, "prep"):
        if tokens.lower[preposition] in ("of", "by", "from"):
            yield from tokens.dependents(preposition, "pobj")
    governor = tokens.head[noun]
    if tokens.dep[noun] == "pobj":
        governor = tokens.head[governor]
    if tokens.tag[governor][0] == "V" and not quoted.inside(governor):
        subject = subject_of(tokens, quoted, governor, 3)
        if subject is not None and subject != noun:
            yield subject


def _source(tokens: Tokens, index: int) -> CueMention | None:
    """Return "according to X"."""
    objects = tokens.dependents(index + 1, "pobj")
    speaker = objects[0] if objects else None
    if speaker is None:
        for place in range(index + 2, min(index + 8, len(tokens))):
            if tokens.tag[place] in _NOMINAL:
                speaker = place
            elif speaker is not None:
                break
    return CueMention(index, Cue("speech", 0.9), speaker, "source")


def _belongs(tokens: Tokens, child: int) -> bool:
    return tokens.dep[child] == "prep" and tokens.lower[child] in ("of", "for", "at", "from", "with")


def noun_phrase(tokens: Tokens, head: int) -> tuple[int, int]:
    """Return first and last token of the noun phrase of a head: what describes it on both sides, up to a comma."""
    first = last = head
    for child in tokens.children[head]:
        if child < head and tokens.dep[child] in _INNER:
            first = min(first, tokens.left_edge(child))
        elif child > head and (tokens.dep[child] in ("amod", "acl") or _belongs(tokens, child)):
            last = max(last, tokens.right_edge(child))
    for index in range(head + 1, last + 1):
        if tokens.text[index] in ',;:—–"“”' or tokens.text[index].isspace() or tokens.tag[index] in ("WP", "WDT"):
            return first, index - 1
    return first, last
