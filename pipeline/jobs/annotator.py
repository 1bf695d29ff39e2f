"""Reading articles: the model, the rules and the knowledge base as one thing with one version."""

import hashlib
import importlib.metadata
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from pipeline.errors import NewsError
from pipeline.jobs.outcomes import run_isolated
from pipeline.kb import KnowledgeBase, load_kb
from pipeline.model import Annotation, Article
from pipeline.nlp import Annotator, load_model, model_label
from pipeline.settings import Settings, load_sources
from pipeline.tables import SCHEMA_VERSION

# What derives a row, as one hash.

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


@dataclass(frozen=True, slots=True)
class LoadedAnnotator:
    """A loaded reader and the name of its model. Loading takes about 3 s and 700 MB."""

    reader: Annotator
    model_name: str
    batch_size: int

    def read(self, articles: Iterable[Article]) -> Iterator[tuple[Article, Annotation | NewsError | None]]:
        """Yield each article with its annotation, in order.

        None: a language without data. An error: the article broke an extractor; the others go on.
        """
        for article, doc in self.reader.docs(articles, batch_size=self.batch_size):
            key = article.url or article.article_id
            yield article, None if doc is None else run_isolated(partial(self.reader.annotate, article, doc), key=key)


def knowledge_of(settings: Settings) -> KnowledgeBase:
    """Return all that is known beforehand. Raises: ConfigError or KnowledgeError when a file of it cannot be read."""
    return load_kb(settings.overrides_file, store=settings.kb_path)


def version_of(settings: Settings) -> str:
    """Return the pipeline version that these settings derive with, without loading the model.

    Your knowledge base and corrections are no part of it: ``pipeline.jobs.knowledge`` says whom they concern.
    """
    return pipeline_version(
        model=model_label(settings.spacy_model),
        infer_gender=settings.infer_gender,
        tdm_policy=settings.tdm_policy,
        layouts=_layouts(settings),
    )


def _layouts(settings: Settings) -> str:
    """Return the layout rules of all sources as one text, "" for none; reading documents alone needs no sources."""
    if not settings.sources_file.is_file():
        return ""
    return "\n".join(
        f"{source.key} {source.rules}" for source in load_sources(settings.sources_file).sources if source.rules
    )


def readers_of(settings: Settings, *knowledge: KnowledgeBase) -> tuple[Annotator, ...]:
    """Return a reader for each of several states of knowledge; they share one model. Raises: ConfigError."""
    model = load_model(settings.spacy_model)
    return tuple(Annotator(model, kb=each, infer_gender=settings.infer_gender) for each in knowledge)


def load_annotator(settings: Settings, knowledge: KnowledgeBase, *, with_untyped: bool = False) -> LoadedAnnotator:
    """Load the model; the reader takes names from ``knowledge``. Raises: ConfigError when the model cannot be read."""
    reader = Annotator(
        load_model(settings.spacy_model), kb=knowledge, infer_gender=settings.infer_gender, with_untyped=with_untyped
    )
    return LoadedAnnotator(
        reader=reader,
        model_name=model_label(settings.spacy_model),
        batch_size=settings.nlp_batch_size,
    )
