"""Entries of the knowledge base, folded names, and groups of entity types."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

_WORD = re.compile(r"\w{3,}")
_MARKS = str.maketrans({"’": "'", "‘": "'", "‑": "-", "–": "-", "\u00a0": " "})


@lru_cache(maxsize=50_000)  # every step of the pipeline folds the same names
def fold_name(name: str) -> str:
    """Return a name for comparison: no accents, no case, no leading article, no full stops, single spaces."""
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


# Entity types of OntoNotes.
ENTITY_TYPES = (
    "PERSON", "ORG", "GPE", "LOC", "FAC", "NORP", "EVENT", "PRODUCT", "WORK_OF_ART", "LAW", "LANGUAGE",
)  # fmt: skip
# Groups of types that models confuse and texts mix; a country may act as an organisation.
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
    """One entry. ``types`` are OntoNotes types, the usual one first; ``country`` is ISO 3166-1 alpha-3.

    ``qid`` is None if it is not verified. ``prior`` is how often the entry is meant, relative to other entries with the
    same name in the same base; None in the built-in base. ``words`` are folded context words, without those of its
    name. ``lat`` and ``lon`` are degrees, for places.
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
        """Return whether a name of this type may mean this entry."""
        return entity_type_group(entity_type) in map(entity_type_group, self.types)


def entity_type_group(entity_type: str) -> str:
    """Return the group of an entity type: one entity may have any type of its group."""
    return _TYPE_GROUPS.get(entity_type, entity_type)
