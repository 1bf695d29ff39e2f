"""Load the knowledge base: the data files of this package, your store, and ``overrides.toml``."""

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path

from newslake.pipeline.kb.base import KnowledgeBase
from newslake.pipeline.kb.cities import read_cities
from newslake.pipeline.kb.entry import KbEntry, fold_name
from newslake.pipeline.kb.overrides import read_overrides
from newslake.pipeline.kb.store import KbStore

_FILES = ("countries.csv", "places.csv", "organisations.csv")
CsvRow = Mapping[str, str]
NamedEntry = tuple[str, KbEntry]


@dataclass(frozen=True, slots=True)
class BuiltinBase:
    """The base that comes with this package."""

    entries: Mapping[str, tuple[KbEntry, ...]]
    countries: Mapping[str, str]
    capitals: Mapping[str, str]


def load_kb(overrides: Path | None = None, *, store: Path | None = None) -> KnowledgeBase:
    """Return the built-in base with the store, if that file exists, and the corrections of the overrides file.

    Raises: ConfigError for a wrong key of the overrides file, KnowledgeError for an unreadable store.
    """
    known = load_builtin()
    corrections = read_overrides(overrides)
    return KnowledgeBase(
        entries=known.entries,
        countries=known.countries,
        capitals=known.capitals,
        cities=read_cities(),
        store=KbStore(store) if store is not None and store.exists() else None,
    ).under(corrections)


@cache
def load_builtin() -> BuiltinBase:
    """Return the built-in base. Loaded once per process."""
    data = resources.files("newslake.pipeline.kb").joinpath("data")
    countries, places, organisations = (
        tuple(csv.DictReader(data.joinpath(name).read_text("utf-8").splitlines())) for name in _FILES
    )
    named = [*_country_names(countries), *_place_names(places), *_organisation_names(organisations)]
    return BuiltinBase(
        entries=_by_name(named),
        countries=dict(_country_words(countries)),
        capitals={fold_name(row["capital"]): row["alpha3"] for row in countries if row["capital"]},
    )


def _aliases(row: CsvRow) -> Iterator[str]:
    yield row["name"]
    yield from filter(None, row["aliases"].split("|"))


def _place(name: str, *, country: str | None, qid: str) -> KbEntry:
    """Return a place, with coordinates if it is a large city."""
    cities = [city for city in read_cities().get(fold_name(name), ()) if city.country == country]
    lat, lon = (cities[0].lat, cities[0].lon) if cities else (None, None)
    return KbEntry(name=name, types=("GPE",), qid=qid or None, country=country, lat=lat, lon=lon)


def _country_names(rows: Iterable[CsvRow]) -> Iterator[NamedEntry]:
    for row in rows:
        code = row["alpha3"]
        entry = _place(row["name"], country=code, qid=row["qid"])
        yield from ((alias, entry) for alias in _aliases(row))
        for demonym in filter(None, row["demonyms"].split("|")):
            yield demonym, KbEntry(name=demonym, types=("NORP",), qid=None, country=code)
        if row["capital"]:
            yield row["capital"], _place(row["capital"], country=code, qid=row["capital_qid"])


def _place_names(rows: Iterable[CsvRow]) -> Iterator[NamedEntry]:
    for row in rows:
        entry = _place(row["name"], country=row["alpha3"] or None, qid=row["qid"])
        yield from ((alias, entry) for alias in _aliases(row))


def _organisation_names(rows: Iterable[CsvRow]) -> Iterator[NamedEntry]:
    for row in rows:
        entry = KbEntry(name=row["name"], types=(row["type"],), qid=row["qid"] or None, country=row["country"] or None)
        yield from ((alias, entry) for alias in _aliases(row))


def _country_words(rows: Iterable[CsvRow]) -> Iterator[tuple[str, str]]:
    for row in rows:
        for word in (*_aliases(row), *filter(None, row["demonyms"].split("|"))):
            yield fold_name(word), row["alpha3"]


def _by_name(named: Iterable[NamedEntry]) -> Mapping[str, tuple[KbEntry, ...]]:
    entries_of: defaultdict[str, dict[tuple[str, str], KbEntry]] = defaultdict(dict)
    for name, entry in named:
        # A place listed twice (a capital that is also a large city) is one entry; an entry with a QID wins.
        before = entries_of[fold_name(name)].setdefault((entry.name, entry.entity_type), entry)
        if before.qid is None and entry.qid is not None:
            entries_of[fold_name(name)][entry.name, entry.entity_type] = entry
    return {name: tuple(entries.values()) for name, entries in entries_of.items()}
