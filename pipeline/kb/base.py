"""The knowledge base as frozen mappings.

Its 1,200 names are read in milliseconds and asked for thousands of times a batch: a dict is simpler than SQLite,
which needs a connection a thread and a query a name. A base of dump size would change this module alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.kb.fold import fold_name
from pipeline.kb.overrides import NameOverride

# Types that one thing goes by in different models and sentences: a country acts as an organisation, a label errs.
_FAMILY: Mapping[str, str] = {
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
    """One known thing. ``qid`` is None where nobody has checked it; ``country`` is ISO 3166-1 alpha-3."""

    name: str
    entity_type: str
    qid: str | None
    country: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeBase:
    """What is known beforehand. Keys of every mapping are folded names (``fold_name``).

    ``version`` is 12 hex of the hash of all its data, overrides included.
    """

    entries: Mapping[str, tuple[KbEntry, ...]]
    countries: Mapping[str, str]
    capitals: Mapping[str, str]
    overrides: Mapping[str, NameOverride]
    version: str

    def lookup(self, name: str, entity_type: str) -> KbEntry | None:
        """Return the one thing of a fitting type that goes by this name; an override wins.

        None for an unknown name, for two bearers, and where the override gives an empty ``qid``.
        """
        folded = fold_name(name)
        override = self.overrides.get(folded)
        known = self._known(folded, entity_type)
        if override is None or override.qid is None:
            return known
        if not override.qid:
            return None
        country = override.country or (known.country if known else None)
        return KbEntry(
            name=override.name, entity_type=override.entity_type or entity_type, qid=override.qid, country=country
        )

    def _known(self, folded: str, entity_type: str) -> KbEntry | None:
        family = _FAMILY.get(entity_type, entity_type)
        found = [e for e in self.entries.get(folded, ()) if _FAMILY.get(e.entity_type, e.entity_type) == family]
        return found[0] if len(found) == 1 else None

    def type_of(self, name: str) -> str | None:
        """Return the type of a name that only one kind of thing bears; None where it is unknown or has several."""
        folded = fold_name(name)
        override = self.overrides.get(folded)
        if override is not None and override.entity_type is not None:
            return override.entity_type
        types = {entry.entity_type for entry in self.entries.get(folded, ())}
        return types.pop() if len(types) == 1 else None

    def override_of(self, name: str) -> NameOverride | None:
        """Return what the reader's file says about a name."""
        return self.overrides.get(fold_name(name)) if self.overrides else None

    def country_of(self, word: str) -> str | None:
        """Return the alpha-3 code of a country's name, alias or demonym."""
        return self.countries.get(fold_name(word))

    def capital_country(self, name: str) -> str | None:
        """Return the alpha-3 code of the country whose capital this is."""
        return self.capitals.get(fold_name(name))
