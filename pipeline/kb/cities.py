"""Capitals and cities of over 100,000 inhabitants, from GeoNames: coordinates, population and ambiguous names."""

import csv
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from newslake.pipeline.kb.entry import fold_name


@dataclass(frozen=True, slots=True)
class City:
    """A city. ``lat`` and ``lon`` are degrees. ``is_plain``: its name is not also a word, forename or surname."""

    name: str
    country: str
    lat: float
    lon: float
    population: int
    is_plain: bool


@cache
def read_cities() -> Mapping[str, tuple[City, ...]]:
    """Return the cities by folded name and alias, the largest first. Loaded once per process, in about 20 ms."""
    text = resources.files("newslake.pipeline.kb").joinpath("data", "cities.csv").read_text("utf-8")
    by_name: defaultdict[str, list[City]] = defaultdict(list)
    rows = csv.reader(text.splitlines())
    next(rows)
    for name, country, lat, lon, population, is_plain, aliases in rows:
        city = City(name, country, float(lat), float(lon), int(population), is_plain == "1")
        for each in {fold_name(name), *(fold_name(alias) for alias in aliases.split("|") if alias)}:
            by_name[each].append(city)
    return {name: tuple(cities) for name, cities in by_name.items()}
