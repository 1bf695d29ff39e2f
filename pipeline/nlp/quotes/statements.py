"""Statements without quotation marks: the paragraphs after a line that introduces them ("The statement reads:"), and
posts of a social network with the name and handle of who wrote them.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from newslake.pipeline.nlp.languages.spec import CueData
from newslake.pipeline.nlp.quotes.cues import CueMention
from newslake.pipeline.nlp.quotes.quotation_marks import QuotedText
from newslake.pipeline.nlp.tokens import BODY_KINDS, SUBJECTS, Tokens

_MOST = 20  # paragraphs of one statement
_LEAST_WEIGHT = 0.7
_LEAST_WORDS = 5
_POST = re.compile(
    r"\s*(?P<words>\S.+?)\s*[—–]\s?(?P<name>[^\n()—–]{2,60}?)\s\(@\w+\)\s(?:\w+ \d{1,2}|\d{1,2} \w+),? \d{4}\s*",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class BlockStatement:
    """A statement's paragraphs as (start, end) code points, and the head token of its speaker, if the text says one."""

    paragraphs: tuple[tuple[int, int], ...]
    cue: CueMention | None
    speaker: int | None


@dataclass(frozen=True, slots=True)
class _Introduction:
    """The line before a statement. ``is_document`` says that it names the statement ("The letter reads:")."""

    cue: CueMention | None
    speaker: int | None
    is_document: bool


def find_block_statements(
    tokens: Tokens, quoted: QuotedText, cues: Sequence[CueMention], data: CueData, can_speak: Callable[[int], bool]
) -> Iterator[BlockStatement]:
    """Yield the statements without marks, in reading order.

    A statement begins in the paragraph after a line that ends with a colon and has a statement's noun or a cue. It ends
    with the last paragraph in the first person, before one that reports or that has quotation marks.
    """
    places = [cue.token for cue in cues]
    starts = [bisect_left(tokens.start, block.start) for block in tokens.blocks]
    block = 0
    while block < len(tokens.blocks) - 1:
        block += 1
        colon = starts[block] - 1
        while colon > 0 and tokens.text[colon].isspace():
            colon -= 1
        if colon < 1 or tokens.text[colon] != ":" or not tokens.is_body[colon]:
            continue
        last = _last_block(tokens, quoted, cues, (places, starts), block, data)
        if last is None:
            continue
        introduction = _introduction(tokens, quoted, cues, places, colon, data)
        if introduction is None:
            continue
        speaker = introduction.speaker
        if introduction.is_document and (speaker is None or not can_speak(speaker)):
            speaker = next((each for each in _main_subjects(tokens, quoted, colon) if can_speak(each)), speaker)
        spans = tuple((each.start, each.end) for each in tokens.blocks[block : last + 1])
        yield BlockStatement(spans, introduction.cue, speaker)
        block = last


def find_posts(tokens: Tokens, quoted: QuotedText) -> Iterator[BlockStatement]:
    """Yield the paragraphs that are a post and its signature: "It is late. — Ana Brito (@brito) May 3, 2031"."""
    for block in tokens.blocks:
        if block.kind not in BODY_KINDS or tokens.content.find("(@", block.start, block.end) < 0:
            continue
        post = _POST.fullmatch(tokens.content, block.start, block.end)
        if post is None:
            continue
        first, last = tokens.at(post.start("words")), tokens.at(post.end("words") - 1)
        if last - first >= _LEAST_WORDS and not any(quoted.inside[first : last + 1]):
            yield BlockStatement((post.span("words"),), None, tokens.at(post.end("name") - 1))


def _introduction(
    tokens: Tokens, quoted: QuotedText, cues: Sequence[CueMention], places: list[int], colon: int, data: CueData
) -> _Introduction | None:
    """Return what the sentence before a colon says of the statement that follows; None if it introduces none."""
    first = bisect_left(tokens.sentence, tokens.sentence[colon])
    near = [cue for cue in cues[bisect_left(places, first) : bisect_left(places, colon)] if cue.is_listed]
    words = tokens.lower[first:colon]
    is_full = tuple(words[-2:]) in data.full_phrases
    nouns = [index for index in range(first, colon) if tokens.lemma[index] in data.statement_nouns]
    is_read = any(tokens.lemma[index] in data.reading_verbs for index in range(first, colon))
    if nouns and (is_full or is_read):
        owned = [cue for cue in near if cue.kind == "noun" and cue.speaker is not None and cue.speaker not in nouns]
        cue = owned[-1] if owned else None
        return _Introduction(cue, cue.speaker if cue else nouns[-1], is_document=cue is None)
    if is_full:
        return _Introduction(None, None, is_document=True)
    said = [cue for cue in near if cue.kind == "verb" and cue.speaker is not None and cue.entry.weight >= _LEAST_WEIGHT]
    if not said or tokens.lower[said[-1].speaker or 0] in data.first_person:
        return None
    return _Introduction(said[-1], said[-1].speaker, is_document=False)


def _last_block(
    tokens: Tokens,
    quoted: QuotedText,
    cues: Sequence[CueMention],
    indexes: tuple[list[int], list[int]],
    block: int,
    data: CueData,
) -> int | None:
    """Return the last paragraph of a statement that begins with this one; None if it is not in the first person."""
    places, starts = indexes
    last = None
    for index in range(block, min(block + _MOST, len(tokens.blocks))):
        end = starts[index + 1] if index + 1 < len(starts) else len(tokens)
        paragraph = range(starts[index], end)
        reports = cues[bisect_left(places, starts[index]) : bisect_left(places, end)]
        is_narrative = tokens.blocks[index].kind not in ("paragraph", "list") or any(
            quoted.inside[token] for token in paragraph
        )
        if is_narrative or any(_is_report(tokens, cue, data) for cue in reports):
            break
        if len(paragraph) >= _LEAST_WORDS and any(tokens.lower[token] in data.first_person for token in paragraph):
            last = index
        elif last is None:
            break
    return last


def _is_report(tokens: Tokens, cue: CueMention, data: CueData) -> bool:
    """Return whether a cue reports the words of somebody else than the writer of the paragraph."""
    is_strong = cue.is_listed and cue.kind == "verb" and cue.entry.weight >= _LEAST_WEIGHT
    return is_strong and cue.speaker is not None and tokens.lower[cue.speaker] not in data.first_person


def _main_subjects(tokens: Tokens, quoted: QuotedText, colon: int) -> Iterator[int]:
    """Yield the subjects of main clauses before a colon, last first, in its paragraph and the one before."""
    for token in range(colon, -1, -1):
        if tokens.block[colon] - tokens.block[token] > 1:
            return
        is_subject = tokens.dep[token] in SUBJECTS and tokens.dep[tokens.head[token]] in ("ROOT", "conj")
        if is_subject and not quoted.inside[token]:
            yield token
