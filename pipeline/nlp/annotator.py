"""One article's reading: the Doc made once, then entities, quotes, times and events from it."""

from collections.abc import Iterable, Iterator
from itertools import batched, chain, islice

from spacy.language import Language
from spacy.tokens import Doc

from pipeline.errors import ExtractorError
from pipeline.kb import KnowledgeBase
from pipeline.model import Annotation, Article
from pipeline.nlp.docs import join_docs, make_docs, parse_docs
from pipeline.nlp.entities.extraction import find_entities, link_quotes
from pipeline.nlp.events.extraction import extract_events
from pipeline.nlp.languages import LANGUAGES
from pipeline.nlp.quotes.extraction import extract_quotes
from pipeline.nlp.quotes.overrides import correct_quotes
from pipeline.nlp.quotes.quotation_marks import scan_marks
from pipeline.nlp.times.extraction import find_times
from pipeline.nlp.tokens import gather_tokens

MAX_CHARS = 2_000_000  # what a worker's 900 MB hold as tokens
_ANY_LANGUAGE = "xx"  # what spaCy calls a model for many


class Annotator:
    """Annotates articles with one model and one knowledge base. Not for use by several threads at once.

    ``with_untyped`` fills ``Annotation.untyped``, which no table holds.
    """

    def __init__(
        self, nlp: Language, *, kb: KnowledgeBase, infer_gender: bool = True, with_untyped: bool = False
    ) -> None:
        self._nlp = nlp
        self._kb = kb
        self._infer_gender = infer_gender
        self._with_untyped = with_untyped

    def docs(self, articles: Iterable[Article], *, batch_size: int = 16) -> Iterator[tuple[Article, Doc | None]]:
        """Yield each article with its parsed Doc, in order; None where its language is not stated, has no data,
        or is not the model's.

        ``batch_size`` articles are held at a time. One longer than ``MAX_CHARS`` gets an empty Doc, which ``annotate``
        refuses, so that it costs no other article.
        """
        for batch in batched(articles, batch_size):
            pieces = [make_docs(self._nlp, article) if self._is_annotated(article) else [] for article in batch]
            read = parse_docs(self._nlp, chain.from_iterable(pieces))
            for article, its in zip(batch, pieces, strict=True):
                if its:
                    yield article, join_docs(list(islice(read, len(its))))
                else:
                    yield article, Doc(self._nlp.vocab) if self._can_annotate(article) else None

    def _is_annotated(self, article: Article) -> bool:
        return self._can_annotate(article) and len(article.text) <= MAX_CHARS

    def _can_annotate(self, article: Article) -> bool:
        """Return whether there are words for an article's language, and the model is one for it."""
        return article.language in LANGUAGES and self._nlp.lang in (article.language, _ANY_LANGUAGE)

    def annotate(self, article: Article, doc: Doc) -> Annotation:
        """Return what a Doc of ``docs`` says. Pure: the same article, model and knowledge give the same annotation.

        Raises: ExtractorError for a text longer than ``MAX_CHARS``.
        """
        if len(article.text) > MAX_CHARS:
            raise ExtractorError(
                f"the text of article {article.article_id} has {len(article.text)} characters, more than the "
                f"{MAX_CHARS} that are read; its page is kept, check whether it is one article",
                key=article.article_id,
                reason="text_too_long",
            )
        language = LANGUAGES[article.language or ""]
        kb = self._kb.for_article(article.article_id, url=article.url, source_key=article.source_key)
        tokens = gather_tokens(doc, article)
        marked = scan_marks(article.text, tokens.blocks, language.cues)
        entities = find_entities(tokens, marked, language.names, kb, infer_gender=self._infer_gender)
        read = extract_quotes(tokens, marked, entities, language)
        quotes = correct_quotes(read, entities, kb, infer_gender=self._infer_gender).quotes
        entities = link_quotes(entities, quotes, language.names)
        times = find_times(doc, article, entities, language)
        events, untyped = extract_events(
            tokens, article, entities, quotes, times, language, kb=kb, with_untyped=self._with_untyped
        )
        return Annotation(
            entities=entities,
            quotes=quotes,
            events=events,
            untyped=untyped,
            times=times,
            override_version=kb.quotes_version(),
        )
