"""What derives a row, as one hash."""

import hashlib
import importlib.metadata
import unicodedata
from functools import cache
from pathlib import Path

from pipeline.tables import SCHEMA_VERSION

_ROOMS = ("model", "clean", "kb", "nlp", "tables", "clusters")
# Libraries that choose bytes of a row; a new version of one may derive other rows.
_LIBRARIES = (
    "spacy",
    "trafilatura",
    "htmldate",
    "py3langid",
    "charset-normalizer",
    "lxml",
    "cssselect",
    "beautifulsoup4",
    "courlan",
    "rensa",
)
_PACKAGE = Path(__file__).parent.parent


@cache
def sketch_version() -> str:
    """Return the 12 hex digits that name how texts are sketched: the code, its library and the tables of Unicode."""
    code = b"".join((_PACKAGE / "clusters" / name).read_bytes() for name in ("minhash.py", "text.py"))
    library = f"rensa {importlib.metadata.version('rensa')} unicode {unicodedata.unidata_version}"
    return hashlib.sha256(code + library.encode()).hexdigest()[:12]


@cache
def rules_digest() -> str:
    """Return one hash over the source and data of every room that a row depends on, and the libraries under them."""
    digest = hashlib.sha256(f"schema {SCHEMA_VERSION}\n".encode())
    for room in _ROOMS:
        for path in sorted((_PACKAGE / room).rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                digest.update(f"{path.relative_to(_PACKAGE)}\n".encode() + path.read_bytes())
    for library in _LIBRARIES:
        digest.update(f"{library} {importlib.metadata.version(library)}\n".encode())
    return digest.hexdigest()


def pipeline_version(*, model: str, infer_gender: bool, tdm_policy: str, layouts: str = "") -> str:
    """Return the 12 hex digits that name rules, lexicons, built-in knowledge, model and switches together.

    ``layouts`` are the layout rules of the sources, "" for none.
    """
    parts = (rules_digest(), model, str(infer_gender), tdm_policy, *filter(None, [layouts]))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
