"""Where the names are: the model's spans repaired, then every known name searched in the whole article."""

from collections.abc import Iterator
from itertools import chain

from pipeline.kb import KnowledgeBase
from pipeline.nlp.casing import Casing, casing_of, small_words
from pipeline.nlp.languages.spec import NameData
from pipeline.nlp.name_edges import is_never, pieces, trimmed, whole, with_title
from pipeline.nlp.name_parts import bracketed, built, ended, honoured, nicknamed, with_families
from pipeline.nlp.name_search import searched
from pipeline.nlp.name_spans import Name, Spans
from pipeline.nlp.name_types import typed
from pipeline.nlp.tokens import Tokens

__all__ = ["Name", "find_names"]

NAME_TYPES = frozenset(
    {"PERSON", "NORP", "FAC", "ORG", "GPE", "LOC", "PRODUCT", "EVENT", "WORK_OF_ART", "LAW", "LANGUAGE"}
)


def find_names(tokens: Tokens, data: NameData, kb: KnowledgeBase) -> tuple[Name, ...]:
    """Return the names of the article, in reading order, never overlapping, with one type for each spelling."""
    casing = casing_of(tokens)
    shouted = frozenset(sentence for sentence, kind in enumerate(casing) if kind != "plain")
    taken = frozenset(index for ent in tokens.doc.ents for index in range(ent.start, ent.end))
    model = list(_from_model(tokens, data, taken))
    found = Spans()
    for name in honoured(tokens, data, NAME_TYPES, shouted):
        found.add(name)
    for name in model:
        if tokens.sentence[name.first] not in shouted:
            found.add(name)
    parts = (built(tokens, data, found, shouted), ended(tokens, data, shouted), nicknamed(tokens, data))
    for name in chain.from_iterable(parts):
        found.put(name)
    for name in bracketed(tokens, found.names()):
        found.put(name)
    for name in searched(tokens, data, found.names(), casing):
        found.put(whole(tokens, data, name, taken))
    for name in _from_headlines(tokens, data, model, casing):
        found.add_free(name)
    names = with_families(tokens, data, found.names())
    return typed(tokens, tuple(with_title(tokens, data, name) for name in names), data, kb)


def _from_model(tokens: Tokens, data: NameData, taken: frozenset[int]) -> Iterator[Name]:
    ents = [ent for ent in tokens.doc.ents if ent.label_ in NAME_TYPES]
    people = frozenset(tokens.text[ent.end - 1] for ent in ents if ent.label_ == "PERSON")
    for ent in ents:
        for piece in pieces(tokens, Name(ent.start, ent.end - 1, ent.label_), people, data):
            name = trimmed(tokens, data, piece)
            if name is not None:
                name = whole(tokens, data, name, taken) if name.first == ent.start else name
                yield name


def _from_headlines(tokens: Tokens, data: NameData, model: list[Name], casing: list[Casing]) -> Iterator[Name]:
    """Yield the model's spans where all words are large, without words that the article writes small elsewhere."""
    small = small_words(tokens)
    for name in model:
        if casing[tokens.sentence[name.first]] == "plain":
            continue
        first, last = name.first, name.last
        while first <= last and tokens.lower[first] in small:
            first += 1
        while last >= first and tokens.lower[last] in small:
            last -= 1
        if first <= last and not (first == last and is_never(tokens, data, first)):
            yield Name(first, last, name.label, honoured=name.honoured)
