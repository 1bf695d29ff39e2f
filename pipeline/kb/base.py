"""All that is known beforehand, as one thing that is asked by name.

The built-in base is a dict: its 1,200 names are read in milliseconds and asked for thousands of times a batch. A base
of your own lies in SQLite (``store``) and is asked a name at a time.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from pipeline.kb.cities import City
from pipeline.kb.entry import KbEntry, fold_name
from pipeline.kb.overrides import NO_CORRECTIONS, Corrections, NameOverride, QuoteOverride, article_id_at
from pipeline.kb.store import KbStore


@dataclass(frozen=True, slots=True, kw_only=True)
class KnowledgeBase:
    """What is known beforehand. Keys of every mapping are folded names (``fold_name``).

    ``overrides`` are the corrections of names that hold here: everywhere, or in one article after ``for_article``;
    ``quote_overrides`` are those of quotes in one article.
    ``version`` is 12 hex of the hash of what is yours: the store and all corrections.
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
        """Return what is known with these corrections in place of any others."""
        told = (
            repr((sorted(corrections.by_name.items()), corrections.quotes)),
            self.store.version if self.store else "",
        )
        return replace(
            self,
            corrections=corrections,
            overrides=corrections.of(article_ids=(), source_key=""),
            quote_overrides=(),
            version=hashlib.sha256("\n".join(told).encode()).hexdigest()[:12],
        )

    def for_article(self, article_id: str, *, url: str | None, source_key: str) -> "KnowledgeBase":
        """Return what is known where this article is read: with the corrections for it and for its source."""
        if not self.corrections:
            return self
        ids = [each for each in (article_id, article_id_at(url)) if each is not None]
        names = self.corrections.of(article_ids=ids, source_key=source_key)
        return replace(self, overrides=names, quote_overrides=self.corrections.of_quotes(article_ids=ids))

    def candidates(self, name: str) -> tuple[KbEntry, ...]:
        """Return all that goes by a name, whatever its type: yours by QID, then what only the built-in base has."""
        folded = fold_name(name)
        own = self.store.named(folded) if self.store is not None else ()
        known = {entry.qid for entry in own} | {(fold_name(entry.name), entry.types[:1]) for entry in own}
        built_in = (
            entry
            for entry in self.entries.get(folded, ())
            if entry.qid not in known and (fold_name(entry.name), entry.types) not in known
        )
        return (*own, *built_in)

    def lookup(self, name: str, entity_type: str) -> KbEntry | None:
        """Return the one built-in thing of a fitting type that goes by this name; an override wins.

        None for an unknown name, for two bearers, and where the override gives an empty ``qid``.
        """
        folded = fold_name(name)
        override = self.overrides.get(folded)
        found = [entry for entry in self.entries.get(folded, ()) if entry.may_be(entity_type)]
        known = found[0] if len(found) == 1 else None
        if override is None or override.qid is None:
            return known
        if not override.qid:
            return None
        country = override.country or (known.country if known else None)
        called = override.name or (known.name if known else name)
        return KbEntry(name=called, types=(override.entity_type or entity_type,), qid=override.qid, country=country)

    def type_of(self, name: str) -> str | None:
        """Return the type of a name that only one kind of thing bears; None where it is unknown or has several.

        A city votes only where its name is no word, forename or surname.
        """
        folded = fold_name(name)
        override = self.overrides.get(folded)
        if override is not None and override.entity_type is not None:
            return override.entity_type
        types = {entry.entity_type for entry in self.entries.get(folded, ())}
        if not types and any(city.is_plain for city in self.cities.get(folded, ())):
            return "GPE"
        return types.pop() if len(types) == 1 else None

    def is_demonym(self, word: str) -> bool:
        """Return whether a word is one for a people and for nothing else that is built in."""
        return {entry.types for entry in self.entries.get(fold_name(word), ())} == {("NORP",)}

    def override_of(self, name: str) -> NameOverride | None:
        """Return what the corrections that hold here say about a name."""
        return self.overrides.get(fold_name(name)) if self.overrides else None

    def country_of(self, word: str) -> str | None:
        """Return the alpha-3 code of a country's name, alias or demonym."""
        return self.countries.get(fold_name(word))

    def capital_country(self, name: str) -> str | None:
        """Return the alpha-3 code of the country whose capital this is."""
        return self.capitals.get(fold_name(name))

    def city(self, name: str, *, country: str | None = None) -> City | None:
        """Return the city of over 100,000 inhabitants that a name means, in a country where one is given.

        None where it is not known, or where two are of a like size: the largest must have four times as many.
        """
        found = [city for city in self.cities.get(fold_name(name), ()) if country in (None, city.country)]
        if len(found) > 1 and found[0].population < 4 * found[1].population:
            return None
        return found[0] if found else None

    def entry_of(self, qid: str) -> KbEntry | None:
        """Return the thing with a QID: yours, else the built-in one; None where it is unknown."""
        own = self.store.bearing(qid) if self.store is not None else None
        known = (entry for entries in self.entries.values() for entry in entries if entry.qid == qid)
        return own or next(known, None)

    def quotes_version(self) -> str | None:
        """Return 12 hex that name the corrections of quotes here and who is known to be meant; None without any."""
        if not self.quote_overrides:
            return None
        meant = [self.entry_of(each.qid) if each.qid else None for each in self.quote_overrides]
        told = [
            (each, entry and _canonical_text(entry)) for each, entry in zip(self.quote_overrides, meant, strict=True)
        ]
        return hashlib.sha256(repr(told).encode()).hexdigest()[:12]

    def version_of(self, names: Iterable[str]) -> str | None:
        """Return 12 hex that name all that is known of some names here, corrections included; None for nothing."""
        folded = sorted({fold_name(name) for name in names})
        told = [(name, self.overrides.get(name), *map(_canonical_text, self.candidates(name))) for name in folded]
        known = [each for each in told if each[1:] != (None,)]
        return hashlib.sha256(repr(known).encode()).hexdigest()[:12] if known else None


@lru_cache(maxsize=20_000)
def _canonical_text(entry: KbEntry) -> str:
    """Return an entry as text that is the same in every process."""
    return repr((replace(entry, words=frozenset()), sorted(entry.words)))
