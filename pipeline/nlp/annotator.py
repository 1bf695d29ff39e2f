"""Annotation of an article: parse its text once, then extract entities, quotes, times and events from the Doc."""

import importlib
import importlib.util
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import batched, chain, islice, pairwise
from pathlib import Path

import numpy as np
import spacy
from spacy.attrs import IDX
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import get_model_meta

from pipeline.errors import ConfigError, ExtractorError
from pipeline.kb import KnowledgeBase
from pipeline.model import Annotation, Article
from pipeline.nlp.entities.extraction import find_entities, link_quotes
from pipeline.nlp.events.extraction import extract_events
from pipeline.nlp.languages import LANGUAGES
from pipeline.nlp.quotes.extraction import extract_quotes
from pipeline.nlp.quotes.overrides import correct_quotes
from pipeline.nlp.quotes.quotation_marks import scan_marks
from pipeline.nlp.times.extraction import find_times
from pipeline.nlp.tokens import gather_tokens

MAX_CHARS = 2_000_000  # the most whose tokens fit in a worker's 900 MB
_ANY_LANGUAGE = "xx"  # spaCy's language code of a multilingual model


class Annotator:
    """Annotates articles with one model and one knowledge base. Not thread-safe.

    ``with_untyped`` fills ``Annotation.untyped``, which no table stores.
    """

    def __init__(
        self, nlp: Language, *, kb: KnowledgeBase, infer_gender: bool = True, with_untyped: bool = False
    ) -> None:
        self._nlp = nlp
        self._kb = kb
        self._infer_gender = infer_gender
        self._with_untyped = with_untyped

    def docs(self, articles: Iterable[Article], *, batch_size: int = 16) -> Iterator[tuple[Article, Doc | None]]:
        """Yield each article with its parsed Doc, in order; with None if the language is unknown, has no data, or is
        not the model's.

        At most ``batch_size`` articles are in memory at a time. An article longer than ``MAX_CHARS`` gets an empty Doc,
        which ``annotate`` refuses, so that no other article is affected.
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
        """Return whether there is language data for the article and the model supports its language."""
        return article.language in LANGUAGES and self._nlp.lang in (article.language, _ANY_LANGUAGE)

    def annotate(self, article: Article, doc: Doc) -> Annotation:
        """Return the annotation of an article with its Doc from ``docs``.

        Pure: the same article, model and knowledge base give the same annotation.

        Raises: ExtractorError for a text longer than ``MAX_CHARS``.
        """
        if len(article.text) > MAX_CHARS:
            raise ExtractorError(
                f"the text of article {article.article_id} has {len(article.text)} characters, more than the "
                f"limit of {MAX_CHARS}; its page is kept; check whether it is one article",
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


# Parsing: a long text is cut into pieces, because memory grows with the number of tokens parsed at a time.

# Measured with the md model: 20,000 tokens parsed at a time need 400 MB; 40,000 need more than a worker's 900 MB.
_PARSED_TOKENS = 20_000
_PIECE_CHARS = 20_000
# The tokenizer's time is quadratic in text without white space: 50 s for 40,000 quotation marks.
_LONG_RUN = re.compile(r"\S{1000}")
_SENTENCE_END = re.compile(r"[.!?…]['\"’”)\]]*\s+|\n+")


def make_docs(nlp: Language, article: Article) -> list[Doc]:
    """Return the whole text as one Doc, or a long text as several consecutive ones.

    Each block starts a sentence, so that no sentence crosses blocks: the parser keeps forced sentence starts, and the
    entity recognizer never lets a name cross one.
    """
    block_starts = [block.start for block in article.blocks]
    cuts = list(_cuts(article.text, block_starts))
    return [
        _tokenize(nlp, article.text[start:end], [at - start for at in block_starts if start <= at < end])
        for start, end in pairwise(cuts)
    ]


def _cuts(text: str, block_starts: list[int]) -> Iterator[int]:
    """Yield the starts of the pieces, and the end. Cut at the last block start that fits, else at a sentence, else at a
    word, else anywhere.
    """
    start = 0
    yield start
    while len(text) - start > _PIECE_CHARS:
        start = _cut(text, start, start + _PIECE_CHARS, block_starts)
        yield start
    yield len(text)


def _cut(text: str, start: int, limit: int, block_starts: list[int]) -> int:
    last = bisect_right(block_starts, limit) - 1
    if last >= 0 and block_starts[last] > start:
        return block_starts[last]
    sentence_ends = [match.end() for match in _SENTENCE_END.finditer(text, start, limit)]
    space = text.rfind(" ", start, limit)
    return sentence_ends[-1] if sentence_ends else space + 1 if space > start else limit


def _tokenize(nlp: Language, piece: str, sentence_starts: list[int]) -> Doc:
    doc = _make_piece(nlp, piece)
    token_starts: list[int] = doc.to_array(IDX).tolist()
    for start in sentence_starts:
        index = bisect_left(token_starts, start)
        if index < len(token_starts):
            doc[index].is_sent_start = True
    return doc


def _make_piece(nlp: Language, piece: str) -> Doc:
    cuts = [0, *(match.end() for match in _LONG_RUN.finditer(piece)), len(piece)]
    return join_docs([nlp.make_doc(piece[start:end]) for start, end in pairwise(cuts)])


def parse_docs(nlp: Language, docs: Iterable[Doc]) -> Iterator[Doc]:
    """Yield the parsed docs in order; parse at most ``_PARSED_TOKENS`` at a time."""
    group: list[Doc] = []
    for doc in docs:
        if group and sum(map(len, group)) + len(doc) > _PARSED_TOKENS:
            yield from _run_pipe(nlp, group)
            group = []
        group.append(doc)
    yield from _run_pipe(nlp, group)


def _run_pipe(nlp: Language, group: list[Doc]) -> Iterator[Doc]:
    for doc in nlp.pipe(group, batch_size=len(group) or 1):
        doc.tensor = np.empty(0, dtype=np.float32)  # 400 bytes per token; no rule reads them
        yield doc


def join_docs(docs: list[Doc]) -> Doc:
    """Return one Doc made of an article's pieces, with offsets and heads from the start of the article."""
    if len(docs) == 1:
        return docs[0]
    doc = Doc.from_docs(docs, ensure_whitespace=False)
    assert doc is not None  # None only for an empty list
    return doc


# The language model.

_NEEDED_ATTRIBUTES = ("TAG", "POS", "DEP", "LEMMA")


@cache  # takes 3 s and 700 MB: once per process
def load_model(name: str) -> Language:
    """Return the model in a folder, or of an installed package that has ``load()`` or ``model_path()``.

    Raises: ConfigError if there is no such folder or package, if it has no model, or if our rules cannot use the model.
    """
    folder = _folder_of(name)
    try:
        nlp = spacy.load(folder)
    except OSError as error:  # spaCy raises it for a folder without meta.json or config.cfg
        raise _no_model(folder, error) from error
    probe = nlp("1 2.")
    if lacking := [what for what in _NEEDED_ATTRIBUTES if not probe.has_annotation(what)]:
        raise ConfigError(
            f"model {name!r} sets no {', '.join(lacking)}, which our rules need; add the components that set it "
            "(tagger, parser, lemmatizer), or set NEWS_SPACY_MODEL to another model",
            key=name,
            reason="model_wrong",
        )
    return nlp


def model_label(name: str) -> str:
    """Return the model's name and version as rows record them, e.g. ``core_web_md-3.8.0``, without loading it.

    Raises: ConfigError as ``load_model`` does.
    """
    folder = _folder_of(name)
    try:
        meta = get_model_meta(folder)
    except (OSError, ValueError) as error:  # no folder, no meta.json, or a meta.json without the fields of a model
        raise _no_model(folder, error) from error
    return f"{meta['name']}-{meta['version']}"


def _folder_of(name: str) -> Path:
    if Path(name).is_dir():
        return Path(name)
    if not name.isidentifier() or importlib.util.find_spec(name) is None:
        raise ConfigError(
            f"language model {name!r} is neither a folder nor an installed package; "
            "run `make demo` or `make test`, which install it, or set NEWS_SPACY_MODEL to a spaCy model",
            key=name,
            reason="model_missing",
        )
    package = importlib.import_module(name)
    if hasattr(package, "model_path"):
        return Path(package.model_path())
    if not hasattr(package, "load") or package.__file__ is None:
        raise ConfigError(
            f"package {name!r} has neither load() nor model_path(), so it is not a spaCy model; set NEWS_SPACY_MODEL",
            key=name,
            reason="model_wrong",
        )
    # `spacy package` puts the model next to its load(): <package>/<name>-<version>.
    root = Path(package.__file__).parent
    return next((config.parent for config in sorted(root.glob("*/config.cfg"))), root)


def _no_model(folder: Path, error: Exception) -> ConfigError:
    return ConfigError(
        f"no spaCy model in folder {folder} ({error}); set NEWS_SPACY_MODEL", key=str(folder), reason="model_wrong"
    )
