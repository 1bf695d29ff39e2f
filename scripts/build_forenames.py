"""Write forenames_census.txt: `python scripts/build_forenames.py FOLDER`.

FOLDER has ``dist.female.first``, ``dist.male.first`` and ``dist.all.last`` of the US Census of 1990 (public domain),
from the package ``names`` 0.3.0: one name per line, with the percentage of people with it.
"""

import sys
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path

LANGUAGE = Path(__file__).parent.parent / "pipeline" / "nlp" / "languages" / "en"
_LEAST_SHARE = 0.95  # minimum share of one gender among the bearers of a forename
# Maximum share as a surname, relative to the share as a forename; above it, a forename alone shows no gender.
_SURNAME = 0.3
_LEAST_LETTERS = 3  # "An", "Le", "Li" and "Ha" are more often family names or common words
_HEAD = """\
# Forenames of the US Census of 1990 (public domain) that one gender bears in 95 of 100 cases.
# Written by scripts/build_forenames.py. A section is a gender; "surname" holds forenames that are also common surnames.
"""


def _shares(path: Path) -> Mapping[str, float]:
    rows = (line.split() for line in path.read_text("ascii").splitlines() if line.strip())
    return {name.lower(): float(share) for name, share, *_ in rows}


def _classify(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield (section, forename) in alphabetical order."""
    female, male, surnames = (_shares(folder / f"dist.{name}") for name in ("female.first", "male.first", "all.last"))
    for name in sorted(female.keys() | male.keys()):
        both = female.get(name, 0.0) + male.get(name, 0.0)
        share = female.get(name, 0.0) / both
        gender = "F" if share >= _LEAST_SHARE else "M" if share <= 1 - _LEAST_SHARE else None
        if gender and len(name) >= _LEAST_LETTERS:
            yield (f"{gender} surname" if surnames.get(name, 0.0) > _SURNAME * both else gender), name


def census_text(folder: Path) -> str:
    """Return the data file from the three lists of a folder."""
    sections: dict[str, list[str]] = {"F": [], "F surname": [], "M": [], "M surname": []}
    for section, name in _classify(folder):
        sections[section].append(name)
    wrapped = (f"[{section}]\n{textwrap.fill(' '.join(names), 118)}\n" for section, names in sections.items())
    return _HEAD + "\n" + "\n".join(wrapped)


if __name__ == "__main__":
    (LANGUAGE / "forenames_census.txt").write_text(census_text(Path(sys.argv[1])), "utf-8")
