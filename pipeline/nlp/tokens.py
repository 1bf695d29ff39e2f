"""A Doc's attributes as plain lists, and the grammatical position of a mention.

The lists are built once: reading attributes from spaCy per token would take longer than our rules.
"""

from bisect import bisect_right
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from spacy.attrs import DEP, HEAD, IDX, LEMMA, LENGTH, ORTH, POS, SENT_START, TAG
from spacy.tokens import Doc

from newslake.pipeline.model import Article, Block

_NOUNS = frozenset({"NN", "NNS"})
BODY_KINDS = frozenset({"standfirst", "paragraph", "list"})  # blocks of running text


@dataclass(frozen=True, slots=True)
class Tokens:
    """Attributes by token index. ``start`` and ``end`` are code points; ``head`` is the index of the head.

    ``bare`` are the words as in the word lists: in lower case, without full stops at the end. ``is_capital``: the word
    begins with a capital. ``sentence`` and ``block`` are 0-based; white space between two blocks counts as the earlier
    block. ``is_body``: the token is in running text, not in a title, heading or caption. ``children`` are the
    dependents of each token, in text order. ``common_nouns`` are the singular forms of the nouns that the article
    writes in lower case.
    """

    doc: Doc
    content: str
    blocks: tuple[Block, ...]
    text: list[str]
    lower: list[str]
    bare: list[str]
    is_capital: list[bool]
    lemma: list[str]
    tag: list[str]
    pos: list[str]
    dep: list[str]
    head: list[int]
    start: list[int]
    end: list[int]
    sentence: list[int]
    block: list[int]
    is_body: list[bool]
    children: list[list[int]]
    common_nouns: frozenset[str]

    def __len__(self) -> int:
        return len(self.text)

    def at(self, char: int) -> int:
        """Return the token at this code point; for white space, the token before it."""
        return bisect_right(self.start, char) - 1

    def kind(self, token: int) -> str:
        """Return the kind of block that contains a token."""
        return self.blocks[self.block[token]].kind

    def left_edge(self, token: int) -> int:
        """Return the first token of this token's subtree."""
        return int(self.doc[token].left_edge.i)

    def right_edge(self, token: int) -> int:
        """Return the last token of this token's subtree."""
        return int(self.doc[token].right_edge.i)

    def dependents(self, token: int, *deps: str) -> list[int]:
        """Return the children with one of these dependency relations, in text order."""
        dep = self.dep
        return [child for child in self.children[token] if dep[child] in deps]

    def span(self, first: int, last: int) -> str:
        """Return the text from one token to another, both included."""
        return self.content[self.start[first] : self.end[last]]


def gather_tokens(doc: Doc, article: Article) -> Tokens:
    """Return the Doc's tokens as lists. An article without blocks is treated as one paragraph."""
    columns = doc.to_array([ORTH, LEMMA, TAG, POS, DEP, HEAD, IDX, LENGTH, SENT_START]).astype("int64").T
    orth, lemma, tag, pos, dep, offset, start, length, is_start = columns
    texts, lower = _strings(doc, orth)
    _, lemmas = _strings(doc, lemma)
    tags, _ = _strings(doc, tag)
    head = (np.arange(len(doc)) + offset).tolist()
    children: list[list[int]] = [[] for _ in head]
    for index, governor in enumerate(head):
        if governor != index:
            children[governor].append(index)
    blocks = article.blocks or (Block("paragraph", 0, len(article.text)),)
    block = np.maximum(np.searchsorted([each.start for each in blocks], start, side="right") - 1, 0).tolist()
    in_body = [each.kind in BODY_KINDS for each in blocks]
    return Tokens(
        doc=doc,
        content=article.text,
        blocks=blocks,
        text=texts,
        lower=lower,
        bare=[word.rstrip(".") for word in lower],
        is_capital=[word[0].isupper() for word in texts],
        lemma=lemmas,
        tag=tags,
        pos=_strings(doc, pos)[0],
        dep=_strings(doc, dep)[0],
        head=head,
        start=start.tolist(),
        end=(start + length).tolist(),
        sentence=np.maximum(np.cumsum(is_start == 1) - 1, 0).tolist(),
        block=block,
        is_body=[in_body[index] for index in block],
        children=children,
        common_nouns=frozenset(
            word for text, kind, word in zip(texts, tags, lemmas, strict=True) if kind in _NOUNS and text.islower()
        ),
    )


def _strings(doc: Doc, ids: npt.NDArray[np.int64]) -> tuple[list[str], list[str]]:
    """Return the strings of a column of a Doc, and the same in lower case."""
    strings, keys = doc.vocab.strings, ids.tolist()
    # to_array returns unsigned 64-bit hashes; the cast to int64 above turned the upper half negative.
    names = {key: strings[key & 0xFFFFFFFFFFFFFFFF] for key in set(keys)}
    lower = {key: name.lower() for key, name in names.items()}
    return list(map(names.__getitem__, keys)), list(map(lower.__getitem__, keys))


# The grammatical position of a mention in its sentence.

SUBJECTS = frozenset({"nsubj", "nsubjpass", "csubj"})
_GRAMMATICAL_ROLES = {
    **dict.fromkeys(SUBJECTS, "subject"),
    **dict.fromkeys(("dobj", "dative", "iobj", "oprd"), "object"),
    **dict.fromkeys(("poss", "pobj", "attr"), None),
}
_FINITE = ("VBD", "VBZ", "VBP", "MD")
_DEEPEST = 15


def head_of(tokens: Tokens, first: int, last: int) -> int:
    """Return the head of a span: the token whose head lies outside the span."""
    for index in range(last, first - 1, -1):
        if not first <= tokens.head[index] <= last or tokens.head[index] == index:
            return index
    return last


def root_of(tokens: Tokens, first: int, last: int) -> int:
    """Return the token of a span that is nearest to the root of its sentence, both ends included."""
    if first == last:
        return first
    tops = [i for i in range(first, last + 1) if not first <= tokens.head[i] <= last or tokens.head[i] == i]
    return tops[0] if len(tops) == 1 else min(tops, key=lambda index: _depth(tokens, index))


def _depth(tokens: Tokens, index: int) -> int:
    depth = 0
    while tokens.head[index] != index:
        index, depth = tokens.head[index], depth + 1
    return depth


def coordination_head(tokens: Tokens, index: int) -> int:
    """Return the head of a mention's coordination, apposition or compound; otherwise the mention itself."""
    for _ in range(3):
        if tokens.dep[index] not in ("conj", "appos", "compound", "nmod"):
            break
        index = tokens.head[index]
    return index


def grammatical_role(tokens: Tokens, index: int) -> str:
    """Return the grammatical role of a mention: subject, object, poss, pobj or other."""
    if _verb_after_apposition(tokens, index) is not None:
        return "subject"
    dep = tokens.dep[coordination_head(tokens, index)]
    return _GRAMMATICAL_ROLES.get(dep, "other") or dep


def governor_of(tokens: Tokens, index: int) -> int:
    """Return the governor of a mention; a preposition between them is skipped."""
    verb = _verb_after_apposition(tokens, index)
    governor = tokens.head[coordination_head(tokens, index)] if verb is None else verb
    return tokens.head[governor] if tokens.tag[governor] in ("IN", "TO") else governor


def _verb_after_apposition(tokens: Tokens, index: int) -> int | None:
    """Return the verb of "The mayor of Varnholt, Ana Brito, said", where parsers attach the name to the town."""
    is_closed = tokens.dep[index] in ("appos", "conj") and index + 2 < len(tokens) and tokens.text[index + 1] == ","
    return index + 2 if is_closed and tokens.tag[index + 2] in _FINITE else None


def governors_of(tokens: Tokens, index: int) -> dict[int, int]:
    """Return the governors of this token, each with its distance in steps."""
    distances: dict[int, int] = {}
    while len(distances) < _DEEPEST and tokens.head[index] != index:
        index = tokens.head[index]
        distances[index] = len(distances) + 1
    return distances
