"""From the data files of this package and ``overrides.toml`` to one KnowledgeBase."""

import csv
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from pathlib import Path

from pipeline.kb.base import KbEntry, KnowledgeBase
from pipeline.kb.fold import fold_name
from pipeline.kb.overrides import NameOverride, read_overrides

_FILES = ("countries.csv", "places.csv", "organisations.csv")
Named = tuple[str, KbEntry]


def load_kb(overrides: Path | None = None) -> KnowledgeBase:
    """Return the built-in knowledge base under the corrections of ``overrides``.

    Raises: ConfigError naming the wrong key of the overrides file.
    """
    texts = {name: resources.files("pipeline.kb").joinpath("data", name).read_text("utf-8") for name in _FILES}
    countries, places, organisations = (tuple(csv.DictReader(texts[name].splitlines())) for name in _FILES)
    corrections = read_overrides(overrides)
    named = [*_country_names(countries), *_place_names(places), *_organisation_names(organisations)]
    return KnowledgeBase(
        entries=_by_name(named),
        countries=dict(_country_words(countries)),
        capitals={fold_name(row["capital"]): row["alpha3"] for row in countries if row["capital"]},
        overrides={fold_name(each.name): each for each in corrections},
        version=_version(texts.values(), corrections),
    )


def _aliases(row: Mapping[str, str]) -> Iterator[str]:
    yield row["name"]
    yield from filter(None, row["aliases"].split("|"))


def _country_names(rows: Iterable[Mapping[str, str]]) -> Iterator[Named]:
    for row in rows:
        entry = KbEntry(name=row["name"], entity_type="GPE", qid=row["qid"] or None, country=row["alpha3"])
        yield from ((alias, entry) for alias in _aliases(row))
        for demonym in filter(None, row["demonyms"].split("|")):
            yield demonym, KbEntry(name=demonym, entity_type="NORP", qid=None, country=row["alpha3"])
        if row["capital"]:
            qid = row["capital_qid"] or None
            yield row["capital"], KbEntry(name=row["capital"], entity_type="GPE", qid=qid, country=row["alpha3"])


def _place_names(rows: Iterable[Mapping[str, str]]) -> Iterator[Named]:
    for row in rows:
        entry = KbEntry(name=row["name"], entity_type="GPE", qid=row["qid"] or None, country=row["alpha3"] or None)
        yield from ((alias, entry) for alias in _aliases(row))


def _organisation_names(rows: Iterable[Mapping[str, str]]) -> Iterator[Named]:
    for row in rows:
        entry = KbEntry(
            name=row["name"], entity_type=row["type"], qid=row["qid"] or None, country=row["country"] or None
        )
        yield from ((alias, entry) for alias in _aliases(row))


def _country_words(rows: Iterable[Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    for row in rows:
        for word in (*_aliases(row), *filter(None, row["demonyms"].split("|"))):
            yield fold_name(word), row["alpha3"]


def _by_name(named: Iterable[Named]) -> Mapping[str, tuple[KbEntry, ...]]:
    found: defaultdict[str, dict[tuple[str, str], KbEntry]] = defaultdict(dict)
    for name, entry in named:
        # One thing listed twice (a capital that is a large city too) is one entry; a checked QID is kept.
        before = found[fold_name(name)].setdefault((entry.name, entry.entity_type), entry)
        if before.qid is None and entry.qid is not None:
            found[fold_name(name)][entry.name, entry.entity_type] = entry
    return {name: tuple(entries.values()) for name, entries in found.items()}


def _version(texts: Iterable[str], corrections: tuple[NameOverride, ...]) -> str:
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode())
    digest.update(repr(corrections).encode())
    return digest.hexdigest()[:12]
