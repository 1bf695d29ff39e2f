"""Load the annotator: model, rules and knowledge base."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from pipeline.boundary import run_isolated
from pipeline.errors import NewsError
from pipeline.kb import KnowledgeBase, load_kb
from pipeline.model import Annotation, Article
from pipeline.nlp import Annotator, load_model, model_label
from pipeline.settings import Settings


def knowledge_of(settings: Settings) -> KnowledgeBase:
    """Return the knowledge base with the corrections. Raises: ConfigError or KnowledgeError for an unreadable file."""
    return load_kb(settings.overrides_file, store=settings.kb_path)


@dataclass(frozen=True, slots=True)
class LoadedAnnotator:
    """A loaded annotator and the name of its model. Loading takes about 3 s and 700 MB."""

    reader: Annotator
    model_name: str
    batch_size: int

    def read(self, articles: Iterable[Article]) -> Iterator[tuple[Article, Annotation | NewsError | None]]:
        """Yield each article with its annotation, in order.

        None means a language without data. An error means that this article broke the annotator; the others continue.
        """
        for article, doc in self.reader.docs(articles, batch_size=self.batch_size):
            key = article.url or article.article_id
            yield article, None if doc is None else run_isolated(partial(self.reader.annotate, article, doc), key=key)


def load_annotator(settings: Settings, knowledge: KnowledgeBase, *, with_untyped: bool = False) -> LoadedAnnotator:
    """Return an annotator that links names with ``knowledge``. Raises: ConfigError if the model cannot be loaded."""
    reader = Annotator(
        load_model(settings.spacy_model), kb=knowledge, infer_gender=settings.infer_gender, with_untyped=with_untyped
    )
    return LoadedAnnotator(
        reader=reader,
        model_name=model_label(settings.spacy_model),
        batch_size=settings.nlp_batch_size,
    )


def readers_of(settings: Settings, *knowledge: KnowledgeBase) -> tuple[Annotator, ...]:
    """Return one annotator per knowledge base; they share one model. Raises: ConfigError."""
    model = load_model(settings.spacy_model)
    return tuple(Annotator(model, kb=each, infer_gender=settings.infer_gender) for each in knowledge)
