"""Corrections as lines to append to ``overrides.toml``, and how such a line identifies a quote.

A line identifies a quote by some of its words, never by its number: numbers shift when rules change, words do not.
Words are compared without case, quotation marks and punctuation.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from newslake.pipeline.model.identity import article_id_of, canonical_url

_WORD = re.compile(r"\w+(?:['’]\w+)*")
_TO_ESCAPE = re.compile(r"[^\w !#$%&()*+,./:;<=>?@^`{|}~“”‘’–—-]")  # all that may need it, and some that do not
_WORDS_MAX = 12  # enough to distinguish quotes; still fits on a line
_SHORT: Mapping[str, str] = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


@dataclass(frozen=True, slots=True)
class QuotePlace:
    """Identifies a quote of an article: the one with these words.

    ``occurrence`` is for quotes with the same words: its number among them, from 1; None if only one matches.
    """

    words: str
    occurrence: int | None = None


def quote_words(text: str) -> list[str]:
    """Return the words of a quote as written."""
    return _WORD.findall(text)


def folded_words(text: str) -> tuple[str, ...]:
    """Return the words of a quote in the form for comparison."""
    plain = unicodedata.normalize("NFKC", text).replace("’", "'").casefold()
    return tuple(quote_words(plain))


def holds_words(words: Sequence[str], wanted: Sequence[str]) -> bool:
    """Return whether ``words`` contain the sequence ``wanted``; both are folded."""
    size = len(wanted)
    return any(words[at : at + size] == wanted for at in range(len(words) - size + 1))


def matching_quotes(quotes: Sequence[str], words: str) -> tuple[int, ...]:
    """Return the positions of the quotes that match the words of a place.

    Quotes of exactly these words take precedence over quotes that contain them as a sequence of whole words.
    """
    wanted = _line_of_words(words)
    if not wanted.strip():
        return ()
    lines = [_line_of_words(quote) for quote in quotes]
    equal = tuple(index for index, each in enumerate(lines) if each == wanted)
    return equal or tuple(index for index, each in enumerate(lines) if wanted in each)


@lru_cache(maxsize=4096)  # each quote of an article is compared with all the others
def _line_of_words(text: str) -> str:
    """Return folded words on one line with a space around each, so that a sequence of words is a substring."""
    return f" {' '.join(folded_words(text))} "


def place_of_quote(quotes: Sequence[str], index: int, *, marked: str = "") -> QuotePlace | None:
    """Return the place of one quote among the ``quotes`` of an article (texts in reading order).

    ``marked`` is its first span in quotation marks, if any: quotation marks do not move when rules change. Return None
    for a text without words.
    """
    tries = (_first_words(marked), _first_words(quotes[index]), " ".join(quotes[index].split()))
    for words in tries:
        if matching_quotes(quotes, words) == (index,):
            return QuotePlace(words)
    same = matching_quotes(quotes, tries[-1])
    return QuotePlace(tries[-1], same.index(index) + 1) if index in same else None


def _first_words(text: str) -> str:
    """Return the beginning of a text as written, from its first word to its 12th."""
    words = list(_WORD.finditer(text))[:_WORDS_MAX]
    return " ".join(text[words[0].start() : words[-1].end()].split()) if words else ""


def place_of_article(article_id: str, url: str | None) -> str:
    """Return how a line identifies an article: by its URL if that is ASCII and gives its id, else by its id."""
    try:
        is_same = url is not None and article_id_of(canonical=canonical_url(url), text="") == article_id
    except ValueError:
        return article_id
    return url if url is not None and is_same and re.fullmatch(r"https?://[!-~]+", url) else article_id


def speaker_lines(
    place: QuotePlace, *, article: str, speaker: str | None = None, qid: str | None = None, entity_type: str = "PERSON"
) -> str:
    """Return the lines that set the speaker of a quote, ending in a line break.

    ``article`` is a URL or an id (``place_of_article``). ``speaker`` is a name, preferably the full name in the
    article; "" means unknown. ``qid`` is for a speaker that the article does not name.
    """
    kind = None if entity_type == "PERSON" else entity_type
    return _quote_lines(place, article, {"speaker": speaker, "qid": qid, "type": kind})


def no_quote_lines(place: QuotePlace, *, article: str) -> str:
    """Return the lines that mark a span as not a quote, ending in a line break."""
    return _quote_lines(place, article, {"is_quote": False})


def _quote_lines(place: QuotePlace, article: str, said: Mapping[str, str | bool | None]) -> str:
    where = {"article": article, "quote": place.words, "occurrence": place.occurrence}
    return _table("quotes", {**where, **said})


def name_lines(
    name: str,
    *,
    article: str | None = None,
    qid: str | None = None,
    called: str | None = None,
    entity_type: str | None = None,
    gender: str | None = None,
) -> str:
    """Return the lines that set the entity of a name, ending in a line break.

    ``name`` is a name as written in the article (``name_to_correct``); ``article`` None means all articles. ``qid`` ""
    means no link; ``called`` is the entity name to use.
    """
    said = {"article": article, "qid": qid, "name": called, "type": entity_type, "gender": gender}
    return _table(f"names.{toml_text(name)}", said)


def name_to_correct(entity_name: str | None, mentions: Iterable[str]) -> str | None:
    """Return the mention to correct for an entity: its fullest form in the article; None without mentions.

    ``mentions`` are the ``entity_text`` of its name mentions.
    """
    names = sorted(set(mentions), key=lambda text: (text != entity_name, -len(text.split()), -len(text), text))
    return names[0] if names else None


def _table(name: str, values: Mapping[str, str | int | bool | None]) -> str:
    lines = (f"{key} = {_value(value)}" for key, value in values.items() if value is not None)
    return "\n".join((f"[[{name}]]", *lines, ""))


def _value(value: str | int | bool) -> str:
    if isinstance(value, str):
        return toml_text(value)
    return str(value).lower()


def toml_text(text: str) -> str:
    """Return a text as a basic string of TOML, on one line, with invisible characters escaped.

    TOML cannot hold a lone surrogate; it becomes U+FFFD.
    """
    return f'"{_TO_ESCAPE.sub(lambda char: _escaped(char[0]), text)}"'


def _escaped(char: str) -> str:
    if char in _SHORT:
        return _SHORT[char]
    if "\ud800" <= char <= "\udfff":
        return "\ufffd"
    if char.isprintable():
        return char
    return f"\\u{ord(char):04x}" if ord(char) <= 0xFFFF else f"\\U{ord(char):08x}"
