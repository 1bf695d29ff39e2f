"""Whether a body is its whole story and nothing else, by what the page says of itself.

Nothing is cut or added here: a disagreement gives a flag. The thresholds are from planted losses and excesses:
``python -m tests.quality.planted``.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import accumulate, chain, islice
from operator import itemgetter
from typing import NamedTuple

from newslake.pipeline.clean.blocks import UNSPACED_SCRIPT, StoryText, TextPiece, count_words
from newslake.pipeline.clean.html import Tree
from newslake.pipeline.clean.markup import Markup

# The prose of a page.

_PROSE_TAGS = ("p", "li", "blockquote", "div")
_INNER_TAGS = ("div", "p", "ul", "li", "section", "blockquote", "ol", "table", "h2", "h3", "h4")
_PROSE_WORDS = 12
_ENDS = tuple(".!?…:;\"'”’»)。！？」।")
_LINK_SHARE = 0.5
_KEY_CHARS = 40
_NEAR_DEPTH = 3  # ancestors of a paragraph, one of which is a container of the body if the paragraph is by the story


@dataclass(frozen=True, slots=True)
class Prose:
    """A long paragraph of a page, before boxes are removed. ``start`` is its first letters without white space."""

    start: str
    words: int
    around: tuple[Tree, ...]
    has_link: bool


def read_prose(root: Tree) -> tuple[Prose, ...]:
    """Return the paragraphs of a page that have 12 words or more and end like a sentence, in page order."""
    return tuple(prose for element in root.iter(*_PROSE_TAGS) if (prose := _prose_of(element)) is not None)


def _prose_of(element: Tree) -> Prose | None:
    if element.tag != "p" and (_starts_with_block(element) or not _has_text(element) or _has_blocks(element)):
        return None
    words = "".join(element.itertext()).split()
    if len(words) < _PROSE_WORDS or not words[-1].endswith(_ENDS):
        return None
    linked = [len("".join(link.itertext()).split()) for link in element.iter("a")]
    if sum(linked) > _LINK_SHARE * len(words):
        return None
    start = "".join(words)[:_KEY_CHARS]
    return Prose(start, len(words), tuple(islice(element.iterancestors(), _NEAR_DEPTH)), bool(linked))


def _starts_with_block(element: Tree) -> bool:
    return len(element) > 0 and element[0].tag in _INNER_TAGS  # most divisions: the quickest test


def _has_text(element: Tree) -> bool:
    length = len(element.text or "")
    return length >= _KEY_CHARS or length + sum(len(child.tail or "") for child in element) >= _KEY_CHARS


def _has_blocks(element: Tree) -> bool:
    return any(each is not element for each in islice(element.iter(*_INNER_TAGS), 2))


# What the body lacks.

_WHOLE_SHARE = 0.5  # of the densest run of paragraphs, or of the words that the page states
_DENSE_MIN_WORDS = 120
_STATED_SHARE = 0.77  # of the runs of words of a stated text; one text may have captions that the other has not
_LEFT_SHARE = 0.15
_CONTAINER_SHARE = 0.15  # of the words of a body that are in one container of it
_LEFT_MIN = 2  # paragraphs; one may be a box or an appeal
_LEFT_OUTSIDE_WORDS = 30  # on average; notes of a publisher before or after a body are shorter
_RUN = 4  # words
_MAX_SEARCHED = 200  # each is searched in the whole text
_CHARS_PER_WORD = 4  # at least, in scripts with spaces
_COUNT_DIGITS = 7
_TAG = re.compile(r"<[^>]+>")
_WORD = re.compile(r"[^\W\d_]+")


def is_far_shorter(words: int, expected: int) -> bool:
    """Return whether a body has less than half of the words that it should have, if these are a story."""
    return expected >= _DENSE_MIN_WORDS and words < _WHOLE_SHARE * expected


def _stated_word_count(markup: Markup, story: StoryText) -> int:
    """Return the number of words that the page's JSON-LD says its article has; 0 if it does not.

    A ``wordCount`` that counts characters, as those of the story show, does not count.
    """
    count = str(markup.story.node.get("wordCount", "")).strip()
    number = int(count) if count.isascii() and count.isdecimal() and len(count) < _COUNT_DIGITS else 0
    characters = sum(map(len, story.paragraphs))
    return 0 if number > _CHARS_PER_WORD * story.words and 0.5 * characters < number < 2 * characters else number


def _lacks_stated_text(story: StoryText, stated: str) -> bool:
    """Return whether a story lacks a quarter of the text that the page's JSON-LD gives as its body."""
    if is_far_shorter(story.words, count_words([stated])):
        return True
    expected = _runs(_TAG.sub(" ", stated))
    return len(expected) >= _DENSE_MIN_WORDS and len(expected & _runs(story.text)) < _STATED_SHARE * len(expected)


def _runs(text: str) -> frozenset[tuple[str, ...]]:
    words = _WORD.findall(text.casefold())
    return frozenset(zip(*(words[start:] for start in range(_RUN)), strict=False))


def _lacks_prose(story: StoryText, prose: Sequence[Prose], *, captions: Iterable[str]) -> bool:
    """Return whether a story lacks paragraphs of the page that its containers have, with a sixth of its words.

    They are two or more. Before and after its paragraphs only long ones without links count.
    """
    texts = chain((piece.text for piece in story.pieces), captions)
    starts = {"".join(text[: 2 * _KEY_CHARS].split())[:_KEY_CHARS] for text in texts}
    present = [each.start in starts for each in prose]
    if True not in present:
        return False
    containers = _containers(each for each, is_present in zip(prose, present, strict=True) if is_present)
    first, last = present.index(True), len(present) - 1 - present[::-1].index(True)
    whole = "".join(chain.from_iterable(piece.text.split() for piece in story.pieces))  # a piece may have several
    absent = [
        (index, each)
        for index, (each, is_present) in enumerate(zip(prose, present, strict=True))
        if not is_present and not containers.isdisjoint(each.around)
    ]
    absent = [(index, each) for index, each in absent[:_MAX_SEARCHED] if each.start not in whole]
    inside = [each.words for index, each in absent if first < index < last]
    outside = [each.words for index, each in absent if not first < index < last and not each.has_link]
    words = sum(inside) if len(inside) >= _LEFT_MIN else 0
    if len(outside) >= _LEFT_MIN and sum(outside) >= _LEFT_OUTSIDE_WORDS * len(outside):
        words += sum(outside)
    return words > _LEFT_SHARE * (story.words + words)


def _containers(prose: Iterable[Prose]) -> frozenset[Tree]:
    words: Counter[Tree] = Counter()
    for each in prose:
        words[each.around[0]] += each.words
    return frozenset(element for element, count in words.items() if count >= _CONTAINER_SHARE * words.total())


# What the body has too much.

_EXCESS_SHARE, _EXCESS_MAX = 0.15, 0.5
_STATED_EXCESS = 1.15
_STATED_MIN_WORDS = 50
_WORD_LETTERS, _STEM = 5, 6  # shorter words are in every text; longer ones begin alike in all their forms
_BOUND_WORDS, _BOUND_COHESION = 25, 0.2
_FREE_WORDS, _FREE_COHESION = 40, 0.07
_TITLE_WORDS = 3
_COMMON_WORDS = frozenset(
    resources.files("newslake.pipeline.clean").joinpath("data", "common_words.txt").read_text("utf-8").split()
)


def _has_stated_excess(words: int, stated: int) -> bool:
    """Return whether a story has a seventh more words than its page states."""
    return stated >= _STATED_MIN_WORDS and words > _STATED_EXCESS * stated


def _lacks_title_words(story: StoryText, *, title: str | None) -> bool:
    """Return whether no content word of a title, of three or more, is in a story of some length."""
    stems = _stems(title or "")
    if story.words < _DENSE_MIN_WORDS or len(stems) < _TITLE_WORDS:
        return False
    text = " ".join(story.paragraphs).casefold()
    return not any(stem in text for stem in stems)


def _has_foreign_part(pieces: Sequence[TextPiece], *, title: str | None, summary: str, bounds: Collection[str]) -> bool:
    """Return whether the start or the end of a story, a seventh of its words or more, is about something else.

    It shares almost no words with the rest, with title and summary. ``bounds``: texts of pieces at which the page
    begins something else; there less than a fifth is enough (lexical cohesion: Hearst 1997, TextTiling).
    """
    counts = [0 if piece.kind in ("heading", "caption") else piece.word_count for piece in pieces]
    stems = [frozenset[str]() if piece.kind == "caption" else _stems(piece.text) for piece in pieces]
    before, total = [0, *accumulate(counts)], sum(counts)
    free: list[tuple[float, slice, slice]] = []
    for index, split in enumerate(_splits(stems, about=_stems(f"{title or ''} {summary}")), start=1):
        is_bound = pieces[index].text in bounds
        head, tail = slice(None, index), slice(index, None)
        for words, size, shared, part, rest in (
            (before[index], split.head, split.head_shared, head, tail),
            (total - before[index], split.tail, split.tail_shared, tail, head),
        ):
            if not _EXCESS_SHARE * total <= words <= _EXCESS_MAX * total:
                continue
            if is_bound and size >= _BOUND_WORDS and shared < _BOUND_COHESION * size:
                return True
            if size >= _FREE_WORDS and shared < _FREE_COHESION * size:
                free.append((shared / size, part, rest))
    if not free:
        return False
    _, part, rest = min(free, key=itemgetter(0))
    return not _is_in_compounds(frozenset[str]().union(*stems[part]), [piece.text for piece in pieces[rest]])


def _is_in_compounds(stems: frozenset[str], texts: Iterable[str]) -> bool:
    """Return whether a fifth of some words are in other texts after all, as parts of compounds."""
    text, searched = " ".join(texts).casefold(), sorted(stems)[:_MAX_SEARCHED]
    return sum(stem in text for stem in searched) >= _BOUND_COHESION * len(searched)


class _Split(NamedTuple):
    """The numbers of different words before and after a place, and of those that the other side has too."""

    head: int
    head_shared: int
    tail: int
    tail_shared: int


def _splits(stems: Sequence[frozenset[str]], *, about: frozenset[str]) -> Iterator[_Split]:
    """Yield the splits before each piece but the first. ``about``: words that both sides have.

    A word is counted where it begins and ends: time grows with the length of the text, not with its square.
    """
    last = {stem: index for index, each in enumerate(stems) for stem in each}
    tail, known = len(last), set[str]()
    tail_shared = len(about.intersection(last))
    head = head_shared = 0
    for index, each in enumerate(stems[:-1]):
        for stem in each:
            is_first, is_last, is_about = stem not in known, last[stem] == index, stem in about
            head += is_first
            head_shared += (is_first and (is_about or not is_last)) - (not is_first and is_last and not is_about)
            tail -= is_last
            tail_shared += (is_first and not is_last and not is_about) - (is_last and (is_about or not is_first))
        known |= each
        yield _Split(head, head_shared, tail, tail_shared)


def _stems(text: str) -> frozenset[str]:
    """Return the first letters of the content words of a text; none in scripts without spaces."""
    words = {word for word in _WORD.findall(text.casefold()) if len(word) >= _WORD_LETTERS} - _COMMON_WORDS
    if not text.isascii() and UNSPACED_SCRIPT.search(text):
        words = {word for word in words if not UNSPACED_SCRIPT.search(word)}
    return frozenset(word[:_STEM] for word in words)


# The flags.


def completeness_flags(  # noqa: PLR0913 - a story, and what its page says of it
    story: StoryText,
    markup: Markup,
    *,
    title: str | None,
    summary: str,
    densest: int,
    prose: Sequence[Prose],
    captions: Iterable[str],
    bounds: Collection[str],
) -> tuple[str, ...]:
    """Return ``body_excess`` and ``body_incomplete`` for a story that disagrees with its page.

    ``densest``: words of the densest run of paragraphs; ``prose``, ``captions`` and ``bounds``: see ``PageBody``.
    """
    stated = _stated_word_count(markup, story)
    is_incomplete = (
        is_far_shorter(story.words, max(stated, densest))
        or _lacks_stated_text(story, markup.story.texts["articleBody"])
        or _lacks_prose(story, prose, captions=captions)
    )
    has_excess = (
        _has_stated_excess(story.words, stated)
        or _lacks_title_words(story, title=title)
        or _has_foreign_part(story.pieces, title=title, summary=summary, bounds=bounds)
    )
    return (*(("body_excess",) if has_excess else ()), *(("body_incomplete",) if is_incomplete else ()))
