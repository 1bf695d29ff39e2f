"""One article's reading: the Doc made once, then entities, quotes, times and events from it."""

from collections.abc import Iterable, Iterator

from spacy.language import Language
from spacy.tokens import Doc

from pipeline.kb import KnowledgeBase
from pipeline.model import Annotation, Article
from pipeline.nlp.docs import make_doc
from pipeline.nlp.entities import find_entities, link_quotes
from pipeline.nlp.events import extract_events
from pipeline.nlp.languages import LANGUAGES
from pipeline.nlp.marks import scan_marks
from pipeline.nlp.quotes import extract_quotes
from pipeline.nlp.times import find_times
from pipeline.nlp.tokens import gather_tokens


class Reader:
    """Reads articles with one model and one knowledge base. Not for use by several threads at once."""

    def __init__(self, nlp: Language, *, kb: KnowledgeBase, infer_gender: bool = True) -> None:
        self._nlp = nlp
        self._kb = kb
        self._infer_gender = infer_gender

    def docs(self, articles: Iterable[Article], *, batch_size: int = 16) -> Iterator[tuple[Article, Doc | None]]:
        """Yield each article with its parsed Doc, in order; None for a language without data, or none stated.

        ``batch_size`` articles are held and parsed at a time.
        """
        batch: list[Article] = []
        for article in articles:
            batch.append(article)
            if len(batch) == batch_size:
                yield from self._parsed(batch)
                batch = []
        yield from self._parsed(batch)

    def _parsed(self, batch: list[Article]) -> Iterator[tuple[Article, Doc | None]]:
        readable = [article for article in batch if article.language in LANGUAGES]
        parsed = self._nlp.pipe((make_doc(self._nlp, article) for article in readable), batch_size=len(batch) or 1)
        for article in batch:
            yield article, next(parsed) if article.language in LANGUAGES else None

    def annotate(self, article: Article, doc: Doc) -> Annotation:
        """Return what a Doc of ``docs`` says. Pure: the same article, model and knowledge give the same annotation."""
        language = LANGUAGES[article.language or ""]
        tokens = gather_tokens(doc, article)
        marked = scan_marks(article.text, tokens.blocks, elisions=language.cues.elisions)
        entities = find_entities(tokens, marked, language.names, self._kb, infer_gender=self._infer_gender)
        quotes = extract_quotes(tokens, marked, entities, language)
        entities = link_quotes(entities, quotes, language.names)
        times = find_times(doc, article, entities, language)
        events, untyped = extract_events(doc, article, entities, quotes, times, language)
        return Annotation(entities=entities, quotes=quotes, events=events, untyped=untyped, times=times)
