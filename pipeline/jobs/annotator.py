"""Load the annotator: model, rules and knowledge base."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from pipeline.boundary import run_isolated
from pipeline.errors import NewsError
from pipeline.jobs.in_flight import InFlight
from pipeline.jobs.inventory import KNOWLEDGE, check_stores
from pipeline.kb import KnowledgeBase, load_kb
from pipeline.model import Annotation, Article
from pipeline.nlp import Annotator, load_model, model_label
from pipeline.settings import Settings

_GROUP_CHARS = 100_000  # about one batch of the parser: a longer group would hold more parsed texts and save nothing


def knowledge_of(settings: Settings) -> KnowledgeBase:
    """Return the knowledge base with the corrections.

    Raises: ConfigError or KnowledgeError for an unreadable file, MissingStoreError for a lost one.
    """
    check_stores(settings, KNOWLEDGE)
    return load_kb(settings.overrides_file, store=settings.kb_path)


@dataclass(frozen=True, slots=True)
class LoadedAnnotator:
    """A loaded annotator and the name of its model. Loading takes about 3 s and 700 MB."""

    reader: Annotator
    model_name: str
    batch_size: int

    def read(
        self, articles: Iterable[Article], *, turns: InFlight | None = None
    ) -> Iterator[tuple[Article, Annotation | NewsError | None]]:
        """Yield each article with its annotation, in order.

        None means a language without data, or a text with the flag ``TOO_LONG``. An error means that this
        article broke the annotator, or is over another limit; the others continue.
        ``turns`` learns which articles are in flight; an article that it suspects is parsed alone.
        """
        for group in _groups(articles, self.batch_size, turns):
            yield from self._read_group(group, turns)

    def _read_group(
        self, group: Sequence[Article], turns: InFlight | None
    ) -> Iterator[tuple[Article, Annotation | NewsError | None]]:
        _begin(turns, group)
        is_alone = len(group) == 1
        key = group[0].url or group[0].article_id
        docs = run_isolated(
            lambda: list(self.reader.docs(group, batch_size=len(group))), key=key, log_traceback=is_alone
        )
        if not isinstance(docs, NewsError):
            for article, doc in docs:
                _begin(turns, [article])
                if doc is None or isinstance(doc, NewsError):
                    yield article, doc
                    continue
                key = article.url or article.article_id
                yield article, run_isolated(partial(self.reader.annotate, article, doc), key=key)
        elif is_alone:
            yield group[0], docs
        else:  # one of them broke the parser
            for article in group:
                yield from self._read_group([article], turns)


def _groups(articles: Iterable[Article], size: int, turns: InFlight | None) -> Iterator[list[Article]]:
    """Yield the articles to parse together: at most ``size``, and few if they are long; a suspect is alone."""
    group: list[Article] = []
    for article in articles:
        is_alone = turns is not None and turns.is_suspect(article.article_id)
        chars = sum(len(each.text) for each in group)
        if group and (is_alone or len(group) == size or chars + len(article.text) > _GROUP_CHARS):
            yield group
            group = []
        group.append(article)
        if is_alone:
            yield group
            group = []
    if group:
        yield group


def _begin(turns: InFlight | None, articles: Sequence[Article]) -> None:
    if turns is not None:
        turns.begin(*(each.article_id for each in articles))


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
