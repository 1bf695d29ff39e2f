"""Look up names in the built-in base, your base and your corrections, as one knowledge base.

The built-in base is a dict: its 1,200 names load in milliseconds and are looked up thousands of times per batch. Your
base is in SQLite (``store``) and is queried one name at a time.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from newslake.pipeline.kb.cities import City
from newslake.pipeline.kb.entry import KbEntry, fold_name
from newslake.pipeline.kb.overrides import NO_CORRECTIONS, Corrections, NameOverride, QuoteOverride, article_id_at
from newslake.pipeline.kb.store import KbStore


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeBase:
    """All knowledge about names. The keys of every mapping are folded names (``fold_name``).

    ``overrides`` are the active corrections of names: those for everywhere, or those of one article after
    ``for_article``. ``quote_overrides`` are the corrections of quotes in one article. ``version`` is 12 hex digits of a
    hash over the store and all corrections.
    """

    entries: Mapping[str, tuple[KbEntry, ...]]
    countries: Mapping[str, str]
    capitals: Mapping[str, str]
    cities: Mapping[str, tuple[City, ...]]
    store: KbStore | None
    corrections: Corrections = NO_CORRECTIONS
    overrides: Mapping[str, NameOverride] = field(default_factory=dict)
    quote_overrides: tuple[QuoteOverride, ...] = ()
    version: str = ""

    def under(self, corrections: Corrections) -> "KnowledgeBase":
        """Return the knowledge base with these corrections instead of the present ones."""
        parts = (
            repr((sorted(corrections.by_name.items()), corrections.quotes)),
            self.store.version if self.store else "",
        )
        return replace(
            self,
            corrections=corrections,
            overrides=corrections.of(article_ids=(), source_key=""),
            quote_overrides=(),
            version=hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12],
        )

    def for_article(self, article_id: str, *, url: str | None, source_key: str) -> "KnowledgeBase":
        """Return the knowledge base for one article, with the corrections for it and for its source."""
        if not self.corrections:
            return self
        ids = [each for each in (article_id, article_id_at(url)) if each is not None]
        names = self.corrections.of(article_ids=ids, source_key=source_key)
        return replace(self, overrides=names, quote_overrides=self.corrections.of_quotes(article_ids=ids))

    def candidates(self, name: str) -> tuple[KbEntry, ...]:
        """Return all entries with a name, of any type: yours by QID, then those only in the built-in base."""
        folded = fold_name(name)
        if self.store is None:
            return self.entries.get(folded, ())
        stored = self.store.named(folded)
        known = {entry.qid for entry in stored} | {(fold_name(entry.name), entry.types[:1]) for entry in stored}
        built_in = (
            entry
            for entry in self.entries.get(folded, ())
            if entry.qid not in known and (fold_name(entry.name), entry.types) not in known
        )
        return (*stored, *built_in)

    def lookup(self, name: str, entity_type: str) -> KbEntry | None:
        """Return the only built-in entry with this name and a matching type; an override wins.

        None for an unknown name, for several entries, and for an override with an empty ``qid``.
        """
        folded = fold_name(name)
        override = self.overrides.get(folded)
        entries = [entry for entry in self.entries.get(folded, ()) if entry.may_be(entity_type)]
        known = entries[0] if len(entries) == 1 else None
        if override is None or override.qid is None:
            return known
        if not override.qid:
            return None
        country = override.country or (known.country if known else None)
        called = override.name or (known.name if known else name)
        return KbEntry(name=called, types=(override.entity_type or entity_type,), qid=override.qid, country=country)

    def type_of(self, name: str) -> str | None:
        """Return the type of a name; None if it is unknown or ambiguous.

        A city counts only if its name is not also a word, forename or surname.
        """
        return self._type_of(fold_name(name))

    def types_of(self, folded: Iterable[str]) -> dict[str, str | None]:
        """Return the type of each name as ``type_of``; the names are folded."""
        return {name: self._type_of(name) for name in folded}

    def _type_of(self, folded: str) -> str | None:
        override = self.overrides.get(folded)
        if override is not None and override.entity_type is not None:
            return override.entity_type
        if (entries := self.entries.get(folded)) is None:
            return "GPE" if any(city.is_plain for city in self.cities.get(folded, ())) else None
        types = {entry.entity_type for entry in entries}
        return types.pop() if len(types) == 1 else None

    def is_demonym(self, word: str) -> bool:
        """Return whether a word is a demonym and nothing else in the built-in base."""
        return {entry.types for entry in self.entries.get(fold_name(word), ())} == {("NORP",)}

    def override_of(self, name: str) -> NameOverride | None:
        """Return the active correction of a name, or None."""
        return self.overrides.get(fold_name(name)) if self.overrides else None

    def country_of(self, word: str) -> str | None:
        """Return the alpha-3 code for a country's name, alias or demonym."""
        return self.countries.get(fold_name(word))

    def capital_country(self, name: str) -> str | None:
        """Return the alpha-3 code of the country with this capital."""
        return self.capitals.get(fold_name(name))

    def city(self, name: str, *, country: str | None = None) -> City | None:
        """Return the city of over 100,000 inhabitants with a name, optionally in one country.

        None if it is unknown or ambiguous: the largest must have four times the population of the next.
        """
        cities = [city for city in self.cities.get(fold_name(name), ()) if country in (None, city.country)]
        if len(cities) > 1 and cities[0].population < 4 * cities[1].population:
            return None
        return cities[0] if cities else None

    def entry_of(self, qid: str) -> KbEntry | None:
        """Return the entry with a QID: yours, else the built-in one; None if it is unknown."""
        stored = self.store.bearing(qid) if self.store is not None else None
        known = (entry for entries in self.entries.values() for entry in entries if entry.qid == qid)
        return stored or next(known, None)

    def quotes_version(self) -> str | None:
        """Return 12 hex digits of a hash over the corrections of quotes and their speakers' entries; None if there are
        no corrections.
        """
        if not self.quote_overrides:
            return None
        meant = [self.entry_of(each.qid) if each.qid else None for each in self.quote_overrides]
        pairs = [
            (each, entry and _canonical_text(entry)) for each, entry in zip(self.quote_overrides, meant, strict=True)
        ]
        return hashlib.sha256(repr(pairs).encode()).hexdigest()[:12]

    def version_of(self, names: Iterable[str]) -> str | None:
        """Return 12 hex digits of a hash over all knowledge about these names, with corrections; None without
        knowledge.
        """
        folded = sorted({fold_name(name) for name in names})
        rows = [(name, self.overrides.get(name), *map(_canonical_text, self.candidates(name))) for name in folded]
        known = [each for each in rows if each[1:] != (None,)]
        return hashlib.sha256(repr(known).encode()).hexdigest()[:12] if known else None


@lru_cache(maxsize=20_000)
def _canonical_text(entry: KbEntry) -> str:
    """Return an entry as text that is the same in every process."""
    return repr((replace(entry, words=frozenset()), sorted(entry.words)))
