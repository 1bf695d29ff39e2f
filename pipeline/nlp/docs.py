"""From an article to the one Doc that it is read as, parsed in pieces: memory goes with what is parsed at a time."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import pairwise

import numpy as np
from spacy.attrs import IDX
from spacy.language import Language
from spacy.tokens import Doc

from pipeline.model import Article

# Measured with the md model: 20,000 tokens parsed at a time cost 400 MB, 40,000 pass a worker's 900 MB.
_PARSED_TOKENS = 20_000
_PIECE_CHARS = 20_000
_LONG_RUN = re.compile(
    r"\S{1000}"
)  # the tokenizer's time is quadratic in what no white space parts: 50 s for 40,000 marks
_SENTENCE_END = re.compile(r"[.!?…]['\"’”)\]]*\s+|\n+")


def make_docs(nlp: Language, article: Article) -> list[Doc]:
    """Return the whole text as the tokens of one Doc or, where it is long, of several that follow each other.

    A sentence start is forced at each block, so that none crosses blocks: the parser keeps forced starts, and the name
    finder never begins a name before one and ends it after.
    """
    block_starts = [block.start for block in article.blocks]
    cuts = list(_cuts(article.text, block_starts))
    return [
        _tokenize(nlp, article.text[start:end], [at - start for at in block_starts if start <= at < end])
        for start, end in pairwise(cuts)
    ]


def _cuts(text: str, block_starts: list[int]) -> Iterator[int]:
    """Yield where pieces begin, and the end: at the last block of a piece, else sentence, else word, else anywhere."""
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
    """Yield the docs parsed, in order, no more than ``_PARSED_TOKENS`` of them at a time."""
    group: list[Doc] = []
    for doc in docs:
        if group and sum(map(len, group)) + len(doc) > _PARSED_TOKENS:
            yield from _run_pipe(nlp, group)
            group = []
        group.append(doc)
    yield from _run_pipe(nlp, group)


def _run_pipe(nlp: Language, group: list[Doc]) -> Iterator[Doc]:
    for doc in nlp.pipe(group, batch_size=len(group) or 1):
        doc.tensor = np.empty(0, dtype=np.float32)  # 400 bytes a token that no rule reads
        yield doc


def join_docs(docs: list[Doc]) -> Doc:
    """Return the one Doc of an article's pieces; offsets and heads count from its start."""
    if len(docs) == 1:
        return docs[0]
    doc = Doc.from_docs(docs, ensure_whitespace=False)
    assert doc is not None  # only of no docs
    return doc
