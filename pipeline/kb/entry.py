"""One known thing, and which types of things may be one."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

# One spelling for names that are written in several ways.

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


# The names of OntoNotes for what has a name.
ENTITY_TYPES = (
    "PERSON", "ORG", "GPE", "LOC", "FAC", "NORP", "EVENT", "PRODUCT", "WORK_OF_ART", "LAW", "LANGUAGE",
)  # fmt: skip
# Types that one thing goes by in different models and sentences: a country acts as an organisation, a label errs.
_TYPE_GROUPS: Mapping[str, str] = {
    "GPE": "place",
    "LOC": "place",
    "FAC": "place",
    "ORG": "group",
    "PRODUCT": "group",
    "WORK_OF_ART": "group",
    "NORP": "people",
    "LANGUAGE": "people",
    "PERSON": "person",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class KbEntry:
    """One known thing. ``types`` are OntoNotes names, the first the usual one; ``country`` is ISO 3166-1 alpha-3.

    ``qid`` is None where nobody has checked it. ``prior`` says how often it is meant, beside others of the same name in
    the same base; None for the built-in one. ``words`` are folded words that stand near it, its name's
    left out. ``lat`` and ``lon`` are
    degrees, for places.
    """

    name: str
    types: tuple[str, ...]
    qid: str | None
    country: str | None = None
    prior: float | None = None
    description: str = ""
    words: frozenset[str] = frozenset()
    lat: float | None = None
    lon: float | None = None

    @property
    def entity_type(self) -> str:
        return self.types[0]

    def may_be(self, entity_type: str) -> bool:
        """Return whether a name of this type may mean this thing."""
        return entity_type_group(entity_type) in map(entity_type_group, self.types)


def entity_type_group(entity_type: str) -> str:
    """Return the word for types that one thing may go by."""
    return _TYPE_GROUPS.get(entity_type, entity_type)
