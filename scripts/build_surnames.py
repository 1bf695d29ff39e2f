"""Write surnames_census.txt: `python scripts/build_surnames.py FILE`.

FILE is ``dist.all.last`` of the US Census of 1990 (public domain), from the package ``names`` 0.3.0: one name per line,
with the percentage of people with it, most frequent first.
"""

import sys
import textwrap
from pathlib import Path

LANGUAGE = Path(__file__).parent.parent / "pipeline" / "nlp" / "languages" / "en"
_MOST = 10_000
_LEAST_LETTERS = 4
_HEAD = f"""\
# The surnames of four letters and more among the {_MOST:,} most frequent of the US Census of 1990 (public domain).
# Written by scripts/build_surnames.py.
"""


def census_text(file: Path) -> str:
    """Return the data file from the census list."""
    names = [line.split()[0].lower() for line in file.read_text("ascii").splitlines()[:_MOST]]
    kept = sorted(name for name in names if len(name) >= _LEAST_LETTERS)
    return _HEAD + textwrap.fill(" ".join(kept), 118) + "\n"


if __name__ == "__main__":
    (LANGUAGE / "surnames_census.txt").write_text(census_text(Path(sys.argv[1])), "utf-8")
