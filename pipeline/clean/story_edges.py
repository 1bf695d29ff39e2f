"""What a body has around and between its text: teasers of other stories at its end, pull quotes."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from newslake.pipeline.clean.blocks import TextPiece
from newslake.pipeline.clean.html import fold_title
from newslake.pipeline.clean.line_rules import STORY_END_WORDS, TERMS_MAX_WORDS, is_subscription_term

_TEASER_WORDS = 45  # a teaser is shorter, a paragraph of a story often longer
_SENTENCE_WORDS, _ENDS = 12, (".", "!", "?", ".”", ".“", ".»", '."')
_HEADLINE_MIN_WORDS, _HEADLINE_MAX_WORDS = 4, 25
_TEASERS_MIN = 2
_SUMMARY_MAX_WORDS = 70  # of sentences for each teaser; with more, the links are between paragraphs of the story
_READ_SHARE, _READ_SHARE_CUT = 0.5, 0.2  # of the words of a body, before the first teaser; before summaries cut short
_CUT_ENDS = ("[…]", "[...]", "… mehr", "…/ mehr", "…mehr")  # of a summary that a template has shortened
_TERMS_MIN, _TERMS_NEAR = 2, 4  # the last of the terms is among the last pieces
_QUOTE_MIN_WORDS, _QUOTE_MAX_WORDS = 7, 60
_QUOTE_FROM = 2  # the first pieces may be a summary of the story, in its words
_QUOTE_MAX_PIECES = 500  # each is searched in the whole text
_QUOTE_SHARE = 0.2  # with more repeated words, a page has its text twice
_DASHES, _SPEAKER_MAX_WORDS = (" — ", " – ", " - "), 8

IsLink = Callable[[str], bool]

# A short line that starts a list of other stories. Near the end of a body, all lines after it are dropped.
_STORY_ENDS = re.compile(
    r"^\W*(?:popular|most (?:read|popular|viewed)|trending(?: now)?|related(?: (?:articles?|stories|posts|"
    r"content|topics))?|"
    r"more (?:from|in|on|stories|news|articles)\b.*|(?:you (?:may|might) (?:also )?(?:like|be interested).*)|"
    r"recommended(?: (?:for you|stories|articles|reading))?|editor.?s.? picks?|top stories|latest (?:news|"
    r"stories)|read next|"
    r"what to read next|in this (?:series|section)|sponsored|about the authors?|leave a (?:reply|comment)|comments|"
    r"das könnte (?:sie|dich) auch interessieren|mehr zum thema|ähnliche (?:artikel|beiträge)|à lire aussi|"
    r"sur le même sujet)\W*$",
    re.IGNORECASE,
)
_STORY_ENDS_MAX_WORDS = 8
_LIST_LABEL = re.compile(rf"^\W*(?:{'|'.join(STORY_END_WORDS)})\W*$", re.IGNORECASE)
_LONG_WORDS = 45
_STORY_SHARE, _HALF = 0.8, 0.5  # a list of other stories starts after this share of the words


@dataclass(frozen=True, slots=True)
class StoryPart:
    """The pieces of a body before other stories and terms, their texts from ``fold_title``, and the pull quotes in it.

    ``dropped`` are the numbers of pieces after it, by rule.
    """

    pieces: Sequence[TextPiece]
    folded: tuple[str, ...]
    quotes: frozenset[int]
    dropped: Mapping[str, int]


def story_part(pieces: Sequence[TextPiece], is_link: IsLink) -> StoryPart:
    """Return the part of a body that is its story. ``is_link`` says whether a text is the whole text of a link."""
    end, terms = min(_story_end(pieces), teaser_start(pieces, is_link)), terms_start(pieces)
    story = pieces[: min(end, terms)]
    folded = tuple(fold_title(piece.text) for piece in story)
    dropped = {"after_story": max(0, len(pieces) - end), "subscription_terms": max(0, end - terms)}
    return StoryPart(story, folded, pull_quotes(story, folded), dropped)


def _story_end(pieces: Sequence[TextPiece]) -> int:
    """Return the index of the line that starts a list of other stories, else the number of pieces."""
    total, read = sum(piece.word_count for piece in pieces), 0
    for index, piece in enumerate(pieces):
        if read > _HALF * total and piece.word_count <= _STORY_ENDS_MAX_WORDS:
            after, is_end = pieces[index + 1 :], _STORY_ENDS.match(piece.text) is not None
            if is_end and read > _STORY_SHARE * total and not _has_prose(after):
                return index
            if (is_end or _LIST_LABEL.match(piece.text)) and not any(map(is_sentence, after)):
                return index
        read += piece.word_count
    return len(pieces)


def _has_prose(pieces: Iterable[TextPiece]) -> bool:
    """Return whether pieces have two long paragraphs, which a list of other stories has not."""
    return sum(piece.word_count >= _LONG_WORDS for piece in pieces if piece.kind == "paragraph") > 1


def teaser_start(pieces: Sequence[TextPiece], is_link: IsLink) -> int:
    """Return the index of the first of several teasers after the story; the number of pieces if it has none.

    Teasers are short, and two or more of them are linked headlines or end as a template has cut them. Linked headlines
    with more text than summaries have are in the story. A list of links that is spread over the page is its text.
    """
    first = len(pieces)
    while first > 0 and (pieces[first - 1].word_count < _TEASER_WORDS or _is_cut(pieces[first - 1])):
        first -= 1
    teasers = [index for index in range(first, len(pieces)) if _is_teaser(pieces[index], is_link)]
    if len(teasers) < _TEASERS_MIN and not (teasers and _is_cut(pieces[-1])):
        return len(pieces)
    start = teasers[0]
    if start and _is_cut(pieces[start]) and pieces[start - 1].kind == "heading":
        start -= 1
    before = sum(piece.word_count for piece in pieces[:start])
    share = _READ_SHARE_CUT if all(_is_cut(pieces[index]) for index in teasers) else _READ_SHARE
    sentences = sum(piece.word_count for piece in pieces[start:] if is_sentence(piece) and not _is_cut(piece))
    if sentences > _SUMMARY_MAX_WORDS * len(teasers):
        return len(pieces)
    is_late = before >= share * sum(piece.word_count for piece in pieces)
    return start if is_late and not _has_linked_heading(pieces[:first], is_link) else len(pieces)


def is_sentence(piece: TextPiece) -> bool:
    """Return whether a piece is long, or ends like a sentence and is as long as one of a story."""
    return piece.word_count >= _TEASER_WORDS or (piece.word_count >= _SENTENCE_WORDS and piece.text.endswith(_ENDS))


def _is_cut(piece: TextPiece) -> bool:
    return piece.text.endswith(_CUT_ENDS)


def _is_teaser(piece: TextPiece, is_link: IsLink) -> bool:
    text = piece.text
    if _is_cut(piece):
        return True
    is_short = _HEADLINE_MIN_WORDS <= piece.word_count <= _HEADLINE_MAX_WORDS
    return piece.kind != "list" and is_short and not text.endswith((".", ":")) and is_link(text)


def _has_linked_heading(pieces: Sequence[TextPiece], is_link: IsLink) -> bool:
    return any(piece.kind == "heading" and _is_teaser(piece, is_link) for piece in pieces)


def terms_start(pieces: Sequence[TextPiece]) -> int:
    """Return the index of the first of two or more terms of a subscription that a page has in place of the story.

    The number of pieces if it has none. A paragraph of a story after them shows that they are a box in it.
    """
    if not any(map(_is_term, pieces[-_TERMS_NEAR:])):
        return len(pieces)
    start = len(pieces)
    while start > 1 and pieces[start - 1].word_count <= TERMS_MAX_WORDS:
        start -= 1
    terms = [index for index in range(start, len(pieces)) if _is_term(pieces[index])]
    if len(terms) < _TERMS_MIN:
        return len(pieces)
    start = terms[0]
    while start > 1 and pieces[start - 1].kind == "heading":
        start -= 1
    return start


def _is_term(piece: TextPiece) -> bool:
    return piece.word_count <= TERMS_MAX_WORDS and is_subscription_term(piece.text)


def pull_quotes(pieces: Sequence[TextPiece], folded: Sequence[str]) -> frozenset[int]:
    """Return the indexes of paragraphs that repeat words of a longer paragraph and name their speaker after a dash.

    Empty if the page has its text twice. ``folded``: the texts of the pieces from ``fold_title``. A body of
    more than 500 pieces is not searched: time grows with the square of its length.
    """
    if len(pieces) > _QUOTE_MAX_PIECES:
        return frozenset()
    whole = "\n".join(f" {text} " for text in folded)
    quotes = frozenset(
        index
        for index, piece in enumerate(pieces)
        if index >= _QUOTE_FROM and piece.kind == "paragraph" and _is_repeated(piece, whole)
    )
    words = sum(piece.word_count for piece in pieces)
    return quotes if sum(pieces[index].word_count for index in quotes) <= _QUOTE_SHARE * words else frozenset()


def _is_repeated(piece: TextPiece, whole: str) -> bool:
    if not _QUOTE_MIN_WORDS <= piece.word_count <= _QUOTE_MAX_WORDS:
        return False
    for dash in _DASHES:
        quote, mark, speaker = piece.text.rpartition(dash)
        words = fold_title(quote)
        if mark and len(speaker.split()) <= _SPEAKER_MAX_WORDS and words.count(" ") >= _QUOTE_MIN_WORDS - 1:
            return whole.count(f" {words} ") > 1
    return False
