"""Annotate many articles: parse them in groups, isolate one that breaks, parse equal texts once."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from newslake.pipeline.boundary import run_isolated
from newslake.pipeline.errors import NewsError
from newslake.pipeline.kb import KnowledgeBase
from newslake.pipeline.model import Annotation, Article
from newslake.pipeline.nlp import Annotator, load_model, model_label
from newslake.pipeline.settings import Settings

_GROUP_CHARS = 100_000  # about one batch of the parser: a longer group would hold more parsed texts and save nothing

# An article with its annotation, or the error of annotating it. None: it is not annotated.
ReadArticle = tuple[Article, Annotation | NewsError | None]


class Turns(Protocol):
    """What learns which articles are worked on."""

    def begin(self, *keys: str) -> None: ...


class NoTurns:
    """Turns that nobody records."""

    def begin(self, *keys: str) -> None:
        """Record nothing."""


@dataclass(frozen=True, slots=True)
class LoadedAnnotator:
    """A loaded annotator and the name of its model. Loading takes about 3 s and 700 MB."""

    reader: Annotator
    model_name: str
    batch_size: int

    def read(self, articles: Iterable[Article], *, turns: Turns | None = None) -> Iterator[ReadArticle]:
        """Yield each article with its annotation, in order.

        None means a language without data, or a text with the flag ``TOO_LONG``. An error means that this
        article broke the annotator, or is over another limit; the others continue.
        Articles next to each other with the same text are parsed once.
        """
        for group in self.read_groups(articles, turns=turns):
            yield from group

    def read_groups(
        self, articles: Iterable[Article], *, turns: Turns | None = None
    ) -> Iterator[tuple[ReadArticle, ...]]:
        """Yield the articles and annotations of ``read`` in the groups in which they are parsed."""
        known = turns or NoTurns()
        for group in _groups(articles, self.batch_size):
            with self.reader.forgetting():
                read = tuple(self._read_group(group, known))
            yield read

    def _read_group(self, group: Sequence[Article], turns: Turns) -> Iterator[ReadArticle]:
        turns.begin(*(each.article_id for each in group))
        firsts = tuple({content_of(each): each for each in reversed(group)}.values())[::-1]
        is_alone = len(group) == 1
        docs = run_isolated(lambda: list(self.reader.docs(firsts)), key=_name_of(group[0]), log_traceback=is_alone)
        if isinstance(docs, NewsError):
            if is_alone:
                yield group[0], docs
            else:  # one of them broke the parser
                for each in group:
                    yield from self._read_group([each], turns)
            return
        parsed = {content_of(first): (first, *result) for first, result in zip(firsts, docs, strict=True)}
        for each in group:
            first, article, doc = parsed[content_of(each)]
            if each is not first:
                # Only a Doc is shared: anything else costs no parse, and names its article.
                is_parsed = doc is not None and not isinstance(doc, NewsError)
                article, doc = (each, doc) if is_parsed else next(self.reader.docs([each]))
            turns.begin(each.article_id)
            if doc is None or isinstance(doc, NewsError):
                yield article, doc
            else:
                yield article, run_isolated(partial(self.reader.annotate, article, doc), key=_name_of(each))


def content_of(article: Article) -> Hashable:
    """Return what a parse depends on: articles with equal content have equal Docs."""
    return article.text, article.blocks, article.language


def _name_of(article: Article) -> str:
    return article.url or article.article_id


def _groups(articles: Iterable[Article], size: int) -> Iterator[list[Article]]:
    """Yield the articles to parse together: at most ``size``, and few if they are long.

    Articles with the content of the one before them are in its group, and do not count.
    """
    group: list[Article] = []
    texts = chars = 0
    for article in articles:
        is_same = bool(group) and content_of(group[-1]) == content_of(article)
        is_full = texts == size or chars + len(article.text) > _GROUP_CHARS
        if group and is_full and not is_same:
            yield group
            group, texts, chars = [], 0, 0
        group.append(article)
        if not is_same:
            texts, chars = texts + 1, chars + len(article.text)
    if group:
        yield group


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
