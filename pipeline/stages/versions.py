"""What derives a row, as one hash."""

import hashlib
import importlib.metadata
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
)
_PACKAGE = Path(__file__).parent.parent


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


def pipeline_version(*, model: str, knowledge: str, infer_gender: bool, layouts: str = "") -> str:
    """Return the 12 hex digits that name rules, lexicons, model, knowledge base and the gender switch together.

    ``layouts`` are the layout rules of the sources, "" for none.
    """
    parts = (rules_digest(), model, knowledge, str(infer_gender), *filter(None, [layouts]))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
