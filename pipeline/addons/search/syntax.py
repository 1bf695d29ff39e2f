"""The syntax of a search text, and its translation to an expression of SQLite's FTS5.

Words are combined with AND. A "phrase" is words in this order, OR is an alternative, -word (or NOT word) must not
occur, prefix* is the start of a word, and title:word is in the title. Every other character only separates words, so no
text is a syntax error. A single word without quotes also means its other forms, in English articles.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from newslake.pipeline.errors import ConfigError
from newslake.pipeline.unicode import to_well_formed

MOST_LETTERS, MOST_TERMS = 400, 32
_LEAST_PREFIX = 2  # letters: a shorter prefix matches most articles
_QUOTATION_MARKS = str.maketrans(dict.fromkeys("“”„‟«»＂", '"') | {"\0": " "})
_PART = re.compile(r'(?P<sign>-?)(?P<column>(?i:title):)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))(?P<star>\*?)')


type Forms = Mapping[str, tuple[str, ...]]
"""The forms of a word, with itself, by the word as it is written in a search."""


@dataclass(frozen=True, slots=True)
class Term:
    """A word or phrase of a search text. ``has_forms``: it is a word that also means its other forms."""

    words: str
    is_prefix: bool
    is_of_title: bool
    has_forms: bool

    def patterns(self, forms: Forms) -> tuple[str, ...]:
        """Return an FTS5 expression for each form of the term, at least one."""
        words = (forms.get(self.words) or (self.words,)) if self.has_forms else (self.words,)
        return tuple(map(self._pattern, words))

    def _pattern(self, words: str) -> str:
        quoted = '"' + words.replace('"', '""') + '"'
        return f"{'title : ' if self.is_of_title else ''}{quoted}{' *' if self.is_prefix else ''}"


@dataclass(frozen=True, slots=True)
class SearchTerms:
    """The terms of a search text: all groups of ``wanted`` must occur, by one term of each; no term of ``unwanted``."""

    wanted: tuple[tuple[Term, ...], ...]
    unwanted: tuple[Term, ...]

    def words(self) -> frozenset[str]:
        """Return the words that may have other forms."""
        return frozenset(each.words for group in (*self.wanted, self.unwanted) for each in group if each.has_forms)

    def expression(self, forms: Forms) -> str:
        """Return the FTS5 expression, with some forms of its words."""
        expression = " AND ".join(f"({_alternatives(group, forms)})" for group in self.wanted)
        return f"({expression}) NOT ({_alternatives(self.unwanted, forms)})" if self.unwanted else expression


def _alternatives(terms: Collection[Term], forms: Forms) -> str:
    return " OR ".join(pattern for term in terms for pattern in term.patterns(forms))


def parse_search_text(text: str) -> SearchTerms:
    """Return the terms of a search text; FTS5 accepts their expression for every text.

    Raises: ConfigError with key "text" for a text without a word to find, that is too long, has too many words, or a
    prefix of one letter.
    """
    if len(text) > MOST_LETTERS:
        raise _error(f"the search has {len(text)} letters: use at most {MOST_LETTERS}")
    wanted: list[list[Term]] = []
    unwanted: list[Term] = []
    is_alternative = is_negated = False
    for part in _PART.finditer(to_well_formed(text).translate(_QUOTATION_MARKS)):
        if (operator := part["word"]) in ("AND", "OR", "NOT") and not (part["sign"] or part["column"]):
            is_alternative, is_negated = operator == "OR", operator == "NOT"
            continue
        terms = list(_terms_of(part))
        if part["sign"] or is_negated:
            unwanted += terms
        elif is_alternative and wanted:
            wanted[-1] += terms
        elif terms:
            wanted.append(terms)
        is_alternative = is_negated = False
    _check_number(wanted, unwanted)
    return SearchTerms(tuple(map(tuple, wanted)), tuple(unwanted))


def _terms_of(part: re.Match[str]) -> Iterator[Term]:
    """Yield the term of a part; nothing if it has only punctuation."""
    words = part["phrase"] if part["phrase"] is not None else part["word"]
    is_prefix = bool(part["star"]) or (part["phrase"] is None and words.endswith("*"))
    words = words.rstrip("*") if part["phrase"] is None else words
    if not any(map(_is_of_word, words)):
        return
    if is_prefix and not _is_of_word(words[-1]):
        is_prefix = False
    if is_prefix and len(_last_word(words)) < _LEAST_PREFIX:
        raise _error(f"{_last_word(words)}* is too short: write at least {_LEAST_PREFIX} letters before *")
    has_forms = part["phrase"] is None and not is_prefix
    yield Term(words, is_prefix, bool(part["column"]), has_forms)


def _is_of_word(letter: str) -> bool:
    """Return whether FTS5's tokenizer counts a character as a part of a word."""
    return letter.isalnum() or unicodedata.category(letter) in ("Co", "Nl", "No")


def _last_word(words: str) -> str:
    start = len(words)
    while start and _is_of_word(words[start - 1]):
        start -= 1
    return words[start:]


def _check_number(wanted: Collection[Collection[Term]], unwanted: Collection[Term]) -> None:
    if not wanted:
        advice = "add a word that the articles have" if unwanted else "write a word to find"
        raise _error(f"the search has no word to find: {advice}")
    if (count := sum(map(len, wanted)) + len(unwanted)) > MOST_TERMS:
        raise _error(f"the search has {count} words and phrases: use at most {MOST_TERMS}")


def _error(message: str) -> ConfigError:
    return ConfigError(message, key="text")
