"""Annotate an invented article with its quotes: the starting point of the tests of what people say."""

from spacy.language import Language

from newslake.pipeline.model import Event
from newslake.pipeline.nlp.annotator import join_docs, make_docs, parse_docs
from newslake.pipeline.nlp.languages import LANGUAGES
from newslake.pipeline.nlp.quotes.extraction import extract_quotes
from newslake.pipeline.nlp.quotes.quotation_marks import quoted_text, scan_marks
from newslake.pipeline.nlp.tokens import gather_tokens
from tests.unit.nlp.events_case import Case, article_of, names_in, read

HOLM = ("Ada Holm", "PERSON", 0, "NOR")
BRANDT = ("Otto Brandt", "PERSON", 1, "DEU")
SPAIN = ("Spain", "GPE", 3, "ESP")
NAMES = (HOLM, BRANDT, SPAIN)


def read_quoted(nlp: Language, text: str) -> Case:
    """Annotate a text with its quotes."""
    article, english = article_of(text), LANGUAGES["en"]
    tokens = gather_tokens(join_docs(list(parse_docs(nlp, make_docs(nlp, article)))), article)
    quoted = quoted_text(tokens, scan_marks(article.text, tokens.blocks, english.cues))
    quotes = extract_quotes(tokens, quoted, names_in(article.text, NAMES), english)
    return read(nlp, text, *NAMES, quotes=quotes)


def whom(event: Event) -> str | None:
    """Return the recipient without its article."""
    return (event.recipient_name or event.recipient_text or "").lower().removeprefix("the ") or None
