"""One known thing, and which types of things may be one."""

from collections.abc import Mapping
from dataclasses import dataclass

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
