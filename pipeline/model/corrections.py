"""What a person puts right, as lines of ``overrides.toml`` to paste at its end, and how a line names a quote.

A line names a quote by words of it, never by its number: rules that change shift numbers, and words stay. Words are
compared without case, marks and punctuation.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from pipeline.model.identity import article_id_of, canonical_url

_WORD = re.compile(r"\w+(?:['’]\w+)*")
_TO_ESCAPE = re.compile(r"[^\w !#$%&()*+,./:;<=>?@^`{|}~“”‘’–—-]")  # what may need it, and some that does not
_FEW = 12  # words that tell one quote from another and still fit a line
_SHORT: Mapping[str, str] = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


@dataclass(frozen=True, slots=True)
class QuotePlace:
    """Which quote of an article is meant: the one that holds these words.

    ``occurrence`` is for quotes that no words tell apart: the how-manieth of them, from 1; None where one alone fits.
    """

    words: str
    occurrence: int | None = None


def quote_words(text: str) -> list[str]:
    """Return the words of a quote as they stand there."""
    return _WORD.findall(text)


def folded_words(text: str) -> tuple[str, ...]:
    """Return the words of a quote for comparing."""
    plain = unicodedata.normalize("NFKC", text).replace("’", "'").casefold()
    return tuple(quote_words(plain))


def matching_quotes(quotes: Sequence[str], words: str) -> tuple[int, ...]:
    """Return the positions of the quotes that a place's words mean, whatever its ``occurrence``.

    Quotes of exactly these words go before those that merely hold them, in a row and whole.
    """
    wanted = _line_of_words(words)
    if not wanted.strip():
        return ()
    told = [_line_of_words(quote) for quote in quotes]
    equal = tuple(index for index, each in enumerate(told) if each == wanted)
    return equal or tuple(index for index, each in enumerate(told) if wanted in each)


@lru_cache(maxsize=4096)  # each quote of an article is compared with all the others
def _line_of_words(text: str) -> str:
    """Return folded words on one line, a space on either side of each: so words in a row are a piece of it."""
    return f" {' '.join(folded_words(text))} "


def holds_words(told: Sequence[str], wanted: Sequence[str]) -> bool:
    """Return whether folded words stand in others, in a row."""
    size = len(wanted)
    return any(told[at : at + size] == wanted for at in range(len(told) - size + 1))


def place_of_quote(quotes: Sequence[str], index: int, *, marked: str = "") -> QuotePlace | None:
    """Return what names one quote of an article among all its ``quotes``, the texts in reading order.

    ``marked`` is the first stretch of it inside marks, if any: marks stay where they are when rules change. None for
    a text without words.
    """
    tries = (_first_words(marked), _first_words(quotes[index]), " ".join(quotes[index].split()))
    for words in tries:
        if matching_quotes(quotes, words) == (index,):
            return QuotePlace(words)
    same = matching_quotes(quotes, tries[-1])
    return QuotePlace(tries[-1], same.index(index) + 1) if index in same else None


def _first_words(text: str) -> str:
    """Return the beginning of a text as it stands there, from its first word to its twelfth."""
    found = list(_WORD.finditer(text))[:_FEW]
    return " ".join(text[found[0].start() : found[-1].end()].split()) if found else ""


def place_of_article(article_id: str, url: str | None) -> str:
    """Return what a line names an article by: its address where that says the same as its id, which is easier read."""
    try:
        is_same = url is not None and article_id_of(canonical=canonical_url(url), text="") == article_id
    except ValueError:
        return article_id
    return url if url is not None and is_same and re.fullmatch(r"https?://[!-~]+", url) else article_id


def speaker_lines(
    place: QuotePlace, *, article: str, speaker: str | None = None, qid: str | None = None, entity_type: str = "PERSON"
) -> str:
    """Return the lines that say who speaks a quote, ending in a line break.

    ``article`` is an address or an id (``place_of_article``). ``speaker`` is a name, best the full one that the
    article gives; "" says that nobody knows. ``qid`` is for somebody whom the article does not name.
    """
    kind = None if entity_type == "PERSON" else entity_type
    return _quote_lines(place, article, {"speaker": speaker, "qid": qid, "type": kind})


def no_quote_lines(place: QuotePlace, *, article: str) -> str:
    """Return the lines that say that something is no quote, ending in a line break."""
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
    """Return the lines that say which entity a name is, ending in a line break.

    ``name`` is a name as the article has it (``name_to_correct``); ``article`` None means everywhere. ``qid`` "" means
    never to link it; ``called`` is what it is called instead.
    """
    said = {"article": article, "qid": qid, "name": called, "type": entity_type, "gender": gender}
    return _table(f"names.{toml_text(name)}", said)


def name_to_correct(entity_name: str | None, mentions: Iterable[str]) -> str | None:
    """Return the mention that a correction of an entity must name: its fullest form in the article; None without one.

    ``mentions`` are the ``entity_text`` of its names.
    """
    found = sorted(set(mentions), key=lambda text: (text != entity_name, -len(text.split()), -len(text), text))
    return found[0] if found else None


def _table(name: str, values: Mapping[str, str | int | bool | None]) -> str:
    told = (f"{key} = {_value(value)}" for key, value in values.items() if value is not None)
    return "\n".join((f"[[{name}]]", *told, ""))


def _value(value: str | int | bool) -> str:
    if isinstance(value, str):
        return toml_text(value)
    return str(value).lower()


def toml_text(text: str) -> str:
    """Return a text as a basic string of TOML, on one line, in which nothing is hidden.

    Half a surrogate pair, which TOML cannot hold, becomes U+FFFD.
    """
    return f'"{_TO_ESCAPE.sub(lambda found: _escaped(found[0]), text)}"'


def _escaped(char: str) -> str:
    if char in _SHORT:
        return _SHORT[char]
    if "\ud800" <= char <= "\udfff":
        return "\ufffd"
    if char.isprintable():
        return char
    return f"\\u{ord(char):04x}" if ord(char) <= 0xFFFF else f"\\U{ord(char):08x}"
