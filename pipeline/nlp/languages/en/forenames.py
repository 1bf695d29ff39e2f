"""Forenames and the gender that they show: the census lists under our own choice from many countries."""

from collections import defaultdict
from collections.abc import Mapping
from importlib import resources

from pipeline.model.annotation import Gender

_GENDERS: Mapping[str, Gender] = {"F": "F", "M": "M"}


def _sections(name: str) -> Mapping[str, frozenset[str]]:
    """Return the words of a data file by the header in brackets above them."""
    text = resources.files(__package__).joinpath(name).read_text("utf-8")
    found: defaultdict[str, set[str]] = defaultdict(set)
    header = ""
    for line in text.splitlines():
        if line.startswith("["):
            header = line.strip("[]")
        elif not line.startswith("#"):
            found[header].update(line.split())
    return {header: frozenset(words) for header, words in found.items()}


_CENSUS = _sections("forenames_census.txt")
_CURATED = _sections("forenames_own.txt")
AMBIGUOUS_FORENAMES = (_CENSUS["F surname"] | _CENSUS["M surname"]) - _CURATED["F"] - _CURATED["M"]
FORENAMES: Mapping[str, Gender] = {
    **{word: _GENDERS[header[0]] for header, words in _CENSUS.items() if header for word in words - _CURATED["U"]},
    **{word: gender for header, gender in _GENDERS.items() for word in _CURATED[header]},
}
