"""The pipeline version: one hash over rules, lexicons, model and switches that names what derives a row."""

import hashlib
import importlib.metadata
import unicodedata
from functools import cache
from pathlib import Path

from newslake.pipeline.nlp import model_label
from newslake.pipeline.settings import Settings, load_sources
from newslake.pipeline.tables import SCHEMA_VERSION

# Packages whose code and data decide the rows.
_PACKAGES = ("model", "clean", "kb", "nlp", "tables", "derive", "clusters")
# Libraries that decide bytes of a row; a new version of one may derive different rows.
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
    "tld",
    "rensa",
)
_ROOT = Path(__file__).parent.parent


@cache
def sketch_version() -> str:
    """Return the 12 hex digits that name the text sketches: code, library and Unicode tables."""
    code = b"".join((_ROOT / "clusters" / name).read_bytes() for name in ("minhash.py", "text.py"))
    library = f"rensa {importlib.metadata.version('rensa')} unicode {unicodedata.unidata_version}"
    return hashlib.sha256(code + library.encode()).hexdigest()[:12]


@cache
def code_version() -> str:
    """Return the 12 hex digits that name all code and data of newslake, not only what rows depend on."""
    digest = hashlib.sha256()
    _add_files(digest, _ROOT)
    return digest.hexdigest()[:12]


def _add_files(digest: "hashlib._Hash", folder: Path) -> None:
    """Add the names and bytes of all files of a folder, without the bytecode that Python caches while it runs."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(f"{path.relative_to(_ROOT)}\n".encode() + path.read_bytes())


def failure_version(version: str) -> str:
    """Return the version to which a failure on an item belongs: rows of ``version``, made by this code."""
    return f"{version}.{code_version()}"


@cache
def rules_digest() -> str:
    """Return one hash of the code and data of every package that rows depend on, and of the library versions."""
    digest = hashlib.sha256(f"schema {SCHEMA_VERSION}\n".encode())
    for package in _PACKAGES:
        _add_files(digest, _ROOT / package)
    for library in _LIBRARIES:
        digest.update(f"{library} {importlib.metadata.version(library)}\n".encode())
    return digest.hexdigest()


def pipeline_version(*, model: str, infer_gender: bool, tdm_policy: str, sources: str = "") -> str:
    """Return the 12 hex digits that name rules, lexicons, built-in knowledge, model and switches together.

    ``sources`` are the layout rules and outlets of the sources, "" for none.
    """
    parts = (rules_digest(), model, str(infer_gender), tdm_policy, *filter(None, [sources]))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def version_of(settings: Settings) -> str:
    """Return the pipeline version of these settings, without loading the model.

    Knowledge base and corrections are not part of it: ``jobs.knowledge`` finds the articles they affect.
    """
    return pipeline_version(
        model=model_label(settings.spacy_model),
        infer_gender=settings.infer_gender,
        tdm_policy=settings.tdm_policy,
        sources=_source_rules(settings),
    )


def versions_of(settings: Settings) -> dict[str, object]:
    """Return the versions of a run, as the column ``runs.versions`` has them."""
    return {"pipeline": version_of(settings), "code": code_version(), "schema": SCHEMA_VERSION}


def _source_rules(settings: Settings) -> str:
    """Return layout rules and outlets of the sources as one text, "" without a file: documents need no sources."""
    if not settings.sources_file.is_file():
        return ""
    found = load_sources(settings.sources_file)
    lines = [f"{source.key} {source.rules}" for source in found.sources if source.rules]
    lines += [f"{source.key} outlet {source.outlet}" for source in found.sources if source.outlet]
    return "\n".join((*lines, *(f"outlet {host} {key}" for host, key in sorted(found.outlets.items()))))
