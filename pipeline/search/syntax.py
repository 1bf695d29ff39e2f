"""The syntax of a search text, and its translation to an expression of SQLite's FTS5.

Words are combined with AND. A "phrase" is words in this order, OR is an alternative, -word (or NOT word) must not
occur, prefix* is the start of a word, and title:word is in the title. Every other character only separates words, so no
text is a syntax error.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.errors import ConfigError
from pipeline.unicode import to_well_formed

MOST_LETTERS, MOST_TERMS = 400, 32
_LEAST_PREFIX = 2  # letters: a shorter prefix matches most articles
_QUOTATION_MARKS = str.maketrans(dict.fromkeys("“”„‟«»＂", '"') | {"\0": " "})
_PART = re.compile(r'(?P<sign>-?)(?P<column>(?i:title):)?(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))(?P<star>\*?)')


@dataclass(frozen=True, slots=True)
class _Term:
    """A word or phrase of a search text."""

    words: str
    is_prefix: bool
    is_of_title: bool

    def __str__(self) -> str:
        quoted = '"' + self.words.replace('"', '""') + '"'
        return f"{'title : ' if self.is_of_title else ''}{quoted}{' *' if self.is_prefix else ''}"


def match_expression(text: str) -> str:
    """Return the FTS5 expression of a search text; FTS5 accepts it for every text.

    Raises: ConfigError with key "text" for a text without a word to find, that is too long, has too many words, or a
    prefix of one letter.
    """
    if len(text) > MOST_LETTERS:
        raise _error(f"the search has {len(text)} letters: use at most {MOST_LETTERS}")
    wanted: list[list[_Term]] = []
    unwanted: list[_Term] = []
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
    return _joined(wanted, unwanted)


def _terms_of(part: re.Match[str]) -> Iterator[_Term]:
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
    yield _Term(words, is_prefix, bool(part["column"]))


def _is_of_word(letter: str) -> bool:
    """Return whether FTS5's tokenizer counts a character as a part of a word."""
    return letter.isalnum() or unicodedata.category(letter) in ("Co", "Nl", "No")


def _last_word(words: str) -> str:
    start = len(words)
    while start and _is_of_word(words[start - 1]):
        start -= 1
    return words[start:]


def _joined(wanted: list[list[_Term]], unwanted: list[_Term]) -> str:
    if not wanted:
        advice = "add a word that the articles have" if unwanted else "write a word to find"
        raise _error(f"the search has no word to find: {advice}")
    if (count := sum(map(len, wanted)) + len(unwanted)) > MOST_TERMS:
        raise _error(f"the search has {count} words and phrases: use at most {MOST_TERMS}")
    groups = (" OR ".join(map(str, terms)) for terms in wanted)
    expression = " AND ".join(f"({group})" for group in groups)
    return f"({expression}) NOT ({' OR '.join(map(str, unwanted))})" if unwanted else expression


def _error(message: str) -> ConfigError:
    return ConfigError(message, key="text")
