"""Interviews in print: paragraphs that each begin with who speaks and a colon, without quotation marks."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pipeline.nlp.languages.spec import CueData
from pipeline.nlp.tokens import Tokens

_TURN = re.compile(r"\s*(?P<label>\w[\w.'’-]*(?: \w[\w.'’-]*){0,4})\s?:\s+(?P<words>\S.*\S)\s*", re.DOTALL)
_LEAST_TURNS = 3


@dataclass(frozen=True, slots=True)
class Turn:
    """What one speaker says, as code points; ``speaker`` is the last token of the name, None for "Q:" and "A:"."""

    start: int
    end: int
    speaker: int | None


def interview_turns(tokens: Tokens, is_person: Callable[[int], bool], data: CueData) -> tuple[Turn, ...]:
    """Return the turns of an interview in print, in order; none unless three paragraphs or more begin with a label.

    A label is the name of a person, a name in capitals that leads to several turns, or a word such as "Q".
    """
    turns = tuple(_labelled_paragraphs(tokens, is_person, data))
    return turns if len(turns) >= _LEAST_TURNS else ()


def _labelled_paragraphs(tokens: Tokens, is_person: Callable[[int], bool], data: CueData) -> Iterator[Turn]:
    paragraphs = [block for block in tokens.blocks if block.kind == "paragraph"]
    matches = [_TURN.fullmatch(tokens.content, block.start, block.end) for block in paragraphs]
    turns = [match for match in matches if match is not None]
    loud = Counter(match["label"].split()[-1] for match in turns if match["label"].isupper())
    for match in turns:
        last = tokens.at(match.end("label") - 1)
        if match["label"].casefold() in data.turn_labels:
            yield Turn(match.start("words"), match.end("words"), None)
        elif is_person(last) or loud[match["label"].split()[-1]] > 1:
            yield Turn(match.start("words"), match.end("words"), last)
