"""Lists in place of an article: headlines, links, results and names, recognized by the shape of their lines.

A page with prose is never one of them, whatever else is on it: only a page with fewer than ``PROSE_WORDS``
words in sentences is looked at. Sentences that introduce other pages under linked headlines do not count.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate, islice
from urllib.parse import urlsplit

from newslake.pipeline.clean.blocks import TextPiece, count_words
from newslake.pipeline.clean.genres import WORDS
from newslake.pipeline.clean.html import Tree, fold_title, text_of
from newslake.pipeline.clean.markup import Markup
from newslake.pipeline.model.article import PageType

PROSE_WORDS = 60  # more than the lead of a page of results; the shortest news have as many
_SENTENCE_ENDS, _CLOSING_MARKS = tuple(".!?…。！？।"), "\"'”’»」)]"
_SENTENCE_WORDS = 8
_TITLE_WORD = re.compile(r"[^\W\d_]+")

_MANY, _VERY_MANY = 8, 15  # lines of one shape
_SHARE, _HIGH_SHARE = 0.6, 0.8  # of all lines of the page
_NAME_LINES = 10
_TEASERS, _TEASER_SHARE, _TEASER_WORDS = 6, 0.7, 60
_SUMMARY_LINES, _PROSE_LEAST_WORDS = 3, 25
_HEADLINE_WORDS = 3
_KEY_CHARS = 60
_TEASER_PARTS = 6  # elements next to a linked headline: summary, date, author

_SCORE = re.compile(r"\S\s+\d{1,3}\s?[-–:]\s?\d{1,3}(?!\d)")  # "Arlen 2-1 Norport"; not "1-2 spoons of sugar"
_PRICE = re.compile(r"\d[.,]\d+\s+[+−-]?\d+[.,]\d+\s?%?")  # "ARL 10.25 +0.35 %"
_NUMBER = re.compile(r"(?<![\w.,])[+−-]?\d[\d.,:]*%?(?![\w])")
_NAME = r"(?:[^\W\d_a-z][\w.'’-]*|d[aei]|de[lnr]?|v[ao]n|la|le|al|bin)"
# "Mara: Ann Bell", "Ann Bell as Mara", "Bell, Ann (1940-2031)", "Ann Bell, 84, of Arlen".
_NAME_LINE = re.compile(
    rf"(?:[\w /&.'’-]{{2,40}}(?::|\.{{2,}}| [–—|-]) ?)?{_NAME}(?:,? {_NAME}){{1,4}}"
    r"(?:,? (?:as|als|als |comme|como|come)? ?[^.!?]{0,40}| [(,–—|-][^.!?]{0,50})?"
)


@dataclass(frozen=True, slots=True)
class LineList:
    """The kind of list that a page is, the rule in snake_case, and the counts for people."""

    page_type: PageType
    method: str
    evidence: str


def line_list_of(
    markup: Markup, pieces: Sequence[TextPiece], *, url: str, title: str | None, words: int
) -> LineList | None:
    """Return the list that a page is; None for a page with prose. ``words``: its words in paragraphs."""
    lines = [piece.text for piece in pieces if piece.kind in ("paragraph", "list")]
    if words < _PROSE_LEAST_WORDS and (url or not words):  # no article anyway: only its name is open
        is_marked = bool(markup.story.node) or markup.meta("og:type").lower() == "article"
        return None if is_marked else _headlines(markup.root)
    if all(piece.word_count < _TEASER_WORDS for piece in pieces) and (
        teasers := _teaser_list(markup.root, lines, words)
    ):
        return teasers
    if len(lines) < _MANY or any(total >= PROSE_WORDS for total in accumulate(map(_words_of_sentence, lines))):
        return None
    named = {word for text in (title or "", urlsplit(url).path) for word in _TITLE_WORD.findall(text.casefold())}
    return _scores(lines, named) or _credits(lines, named) or _links(markup.root, lines)


def prose_words(lines: Iterable[str]) -> int:
    """Return the number of words in the lines that are whole sentences."""
    return sum(map(_words_of_sentence, lines))


def _words_of_sentence(line: str) -> int:
    count = count_words([line]) if _is_sentence(line) else 0
    return count if count >= _SENTENCE_WORDS else 0


def _is_sentence(line: str) -> bool:
    return line.rstrip(_CLOSING_MARKS).endswith(_SENTENCE_ENDS)


def _scores(lines: list[str], named: set[str]) -> LineList | None:
    """Return the results, standings or prices that most lines are. Without a word for them, nearly all must be."""
    count = _count(lines, _is_score)
    word = next(iter(sorted(WORDS["scores"]["titles"] & named)), None)
    if count >= _MANY and count >= _SHARE * len(lines) and word:
        return LineList(
            "scores", "score_lines", f"{count} of its {len(lines)} lines are results, and {word!r} names it"
        )
    if count >= _VERY_MANY and count >= _HIGH_SHARE * len(lines):
        return LineList("scores", "score_lines", f"{count} of its {len(lines)} lines are results or numbers")
    return None


def _is_score(line: str) -> bool:
    if len(line.split()) > 25 or _is_sentence(line):
        return False
    return bool(_SCORE.search(line) or _PRICE.search(line)) or len(_NUMBER.findall(line)) >= 3


def _credits(lines: list[str], named: set[str]) -> LineList | None:
    word = next(iter(sorted(WORDS["credits_list"]["titles"] & named)), None)
    count = _count(lines, lambda line: _NAME_LINE.fullmatch(line) is not None) if word else 0
    if count >= _NAME_LINES and count >= _SHARE * len(lines):
        return LineList(
            "credits_list", "name_lines", f"{count} of its {len(lines)} lines are names, and {word!r} names it"
        )
    return None


def _links(root: Tree, lines: list[str]) -> LineList | None:
    """Return the list of links that most lines are: the text of a link is at least the first half of such a line."""
    texts = {text for link in root.iter("a") if link.get("href") and (text := fold_title(text_of(link)))}
    count = _count(lines, lambda line: _begins_with_link(fold_title(line).split(), texts))
    if count >= _MANY and count >= _SHARE * len(lines):
        return LineList("list", "link_lines", f"{count} of its {len(lines)} lines are links")
    return None


def _begins_with_link(words: list[str], texts: set[str]) -> bool:
    shortest = max(_HEADLINE_WORDS, len(words) // 2)
    return any(" ".join(words[:count]) in texts for count in range(shortest, len(words) + 1))


def _headlines(root: Tree) -> LineList | None:
    """Return the list that a page without text is, if many of its links have as many words as headlines."""
    texts = {
        text for link in root.iter("a") if link.get("href") and len((text := text_of(link)).split()) > _HEADLINE_WORDS
    }
    said = f"{len(texts)} linked headlines, {_VERY_MANY} make a list"
    return LineList("list", "headlines", said) if len(texts) >= _VERY_MANY else None


def _count(lines: Iterable[str], is_one: Callable[[str], bool]) -> int:
    return sum(1 for line in lines if is_one(line))


def _teaser_list(root: Tree, lines: list[str], words: int) -> LineList | None:
    """Return the list of other pages that a text is: most of its words are in summaries under linked headlines.

    More than a few lines under one headline are the page's text, under a link to itself. A page with another
    paragraph is a short article among links to others.
    """
    teasers: dict[str, list[str]] = {}
    headings = list(_linked_headings(root))
    lines_by_key = {_key(line): line for line in lines} if len(headings) >= _TEASERS else {}
    keys_near = _key_finder(lines_by_key.keys())
    for heading, target in headings if lines_by_key else ():
        keys = keys_near(heading)
        if 0 < len(keys) <= _SUMMARY_LINES:
            teasers.setdefault(target, [lines_by_key[key] for key in keys])
    summaries = {line for each in teasers.values() for line in each}
    share = count_words(summaries) / words if words else 0
    if prose_words(line for line in lines if line not in summaries) >= _PROSE_LEAST_WORDS:
        return None
    if len(teasers) >= _TEASERS and len(summaries) >= _TEASERS and share >= _TEASER_SHARE:
        said = f"{len(summaries)} summaries under linked headlines have {share:.0%} of its words"
        return LineList("list", "teasers", f"{said}, {_TEASER_SHARE:.0%} make a list")
    return None


def prose_outside_cards(root: Tree, lines: Iterable[str]) -> int:
    """Return the number of words in sentences that are in no ``article`` element with a linked headline."""
    cards = {card for heading, _ in _linked_headings(root) for card in heading.iterancestors("article")}
    inside = {_key(text_of(part)) for card in cards for part in card.iter("p", "div", "span", "li")}
    return prose_words(line for line in lines if _key(line) not in inside)


def _linked_headings(root: Tree) -> Iterator[tuple[Tree, str]]:
    """Yield the headings that are links to other pages, with the target. A heading of an article is no link."""
    for heading in root.iter("h2", "h3", "h4"):
        parent = heading.getparent()
        link = parent if parent is not None and parent.tag == "a" else heading.find(".//a")
        target = link.get("href") if link is not None else None
        if target and not target.startswith("#") and len(text_of(heading).split()) >= _HEADLINE_WORDS:
            yield heading, target


def _key_finder(lines: Collection[str]) -> Callable[[Tree], Collection[str]]:
    """Return a function from a linked heading to the keys among ``lines`` of the texts next to it.

    Next to it are the elements with it in a small element, and those next to that one. Each element is read once. More
    keys than a summary has lines are not all returned.
    """

    @cache
    def read(parent: Tree) -> tuple[frozenset[str], tuple[tuple[Tree, str], ...]]:
        paragraphs = frozenset(key for each in parent.iter("p") if (key := _key(text_of(each))) in lines)
        return paragraphs, tuple((each, key) for each in parent if (key := _key(text_of(each))) in lines)

    def keys_near(heading: Tree) -> Collection[str]:
        keys: set[str] = set()
        for element in (heading, heading.getparent()):
            parent = element.getparent() if element is not None else None
            if parent is None or next(islice(parent, _TEASER_PARTS, None), None) is not None:
                continue  # len(parent) would count thousands of children
            paragraphs, children = read(parent)
            if len(paragraphs) > _SUMMARY_LINES:
                return paragraphs
            keys.update(paragraphs, (key for child, key in children if child is not element))
        return keys

    return keys_near


def _key(text: str) -> str:
    return fold_title(text[: 2 * _KEY_CHARS])[:_KEY_CHARS]
