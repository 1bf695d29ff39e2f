"""Reading articles: the model, the rules and the knowledge base as one thing with one version."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from pipeline.errors import NewsError
from pipeline.kb import KnowledgeBase, load_kb
from pipeline.model import Annotation, Article
from pipeline.nlp import Reader, load_model, model_label
from pipeline.settings import Settings, load_sources
from pipeline.stages.disposition import guarded
from pipeline.stages.versions import pipeline_version


@dataclass(frozen=True, slots=True)
class Desk:
    """A loaded reader and the names of what it is made of. Loading takes about 3 s and 700 MB."""

    reader: Reader
    model_name: str
    version: str
    batch_size: int

    def read(self, articles: Iterable[Article]) -> Iterator[tuple[Article, Annotation | NewsError | None]]:
        """Yield each article with its annotation, in order.

        None: a language without data. An error: the article broke an extractor; the others go on.
        """
        for article, doc in self.reader.docs(articles, batch_size=self.batch_size):
            key = article.url or article.article_id
            yield article, None if doc is None else guarded(partial(self.reader.annotate, article, doc), key=key)


def knowledge_of(settings: Settings) -> KnowledgeBase:
    """Return all that is known beforehand. Raises: ConfigError or KnowledgeError when a file of it cannot be read."""
    return load_kb(settings.overrides_file, store=settings.kb_path)


def version_of(settings: Settings) -> str:
    """Return the pipeline version that these settings derive with, without loading the model.

    Your knowledge base and corrections are no part of it: ``pipeline.stages.knowledge`` says whom they concern.
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


def readers_of(settings: Settings, *knowledge: KnowledgeBase) -> tuple[Reader, ...]:
    """Return a reader for each of several states of knowledge; they share one model. Raises: ConfigError."""
    model = load_model(settings.spacy_model)
    return tuple(Reader(model, kb=each, infer_gender=settings.infer_gender) for each in knowledge)


def open_desk(settings: Settings, *, with_untyped: bool = False) -> Desk:
    """Load model and knowledge base. Raises: ConfigError when the model or the overrides cannot be read, KnowledgeError
    when your knowledge base cannot."""
    knowledge = knowledge_of(settings)
    reader = Reader(
        load_model(settings.spacy_model), kb=knowledge, infer_gender=settings.infer_gender, with_untyped=with_untyped
    )
    return Desk(
        reader=reader,
        model_name=model_label(settings.spacy_model),
        version=version_of(settings),
        batch_size=settings.nlp_batch_size,
    )
