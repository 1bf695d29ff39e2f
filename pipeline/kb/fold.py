"""One spelling for names that are written in several ways."""

import re
import unicodedata
from functools import lru_cache

_WORD = re.compile(r"\w{3,}")
_MARKS = str.maketrans({"’": "'", "‘": "'", "‑": "-", "–": "-", "\u00a0": " "})


@lru_cache(maxsize=50_000)  # a name is asked about many times, and by many steps
def fold_name(name: str) -> str:
    """Return a name for comparing: no accents, no case, no leading article, no full stops, single spaces."""
    return _fold(name)


def _fold(name: str) -> str:
    if name.isascii():
        plain = name
    else:
        decomposed = unicodedata.normalize("NFKD", name.translate(_MARKS))
        plain = "".join(char for char in decomposed if not unicodedata.combining(char))
    words = plain.casefold().replace(".", "").split()
    return " ".join(words[1:] if len(words) > 1 and words[0] == "the" else words)


def words_of(text: str) -> frozenset[str]:
    """Return the folded words of a text, of three letters or more."""
    return frozenset(word for word in _WORD.findall(_fold(text)) if not word.isdigit())
