"""Where the names are: the model's spans repaired, then every known name searched in the whole article."""

from collections.abc import Iterable, Iterator

from pipeline.kb import KnowledgeBase
from pipeline.nlp.languages.spec import NameData
from pipeline.nlp.ner.boundaries import extend_span, is_non_name, split_span, trim_span, with_title
from pipeline.nlp.ner.casing import Casing, casing_of, small_words
from pipeline.nlp.ner.patterns import (
    PatternContext,
    add_family_names,
    find_after_honorific,
    find_bracketed_acronyms,
    find_by_first_word,
    find_by_forename,
    find_by_last_word,
    find_with_nickname,
    join_forenames,
    pattern_context,
)
from pipeline.nlp.ner.search import find_known_names
from pipeline.nlp.ner.spans import Name, Spans
from pipeline.nlp.ner.types import assign_types
from pipeline.nlp.tokens import Tokens

__all__ = ["Name", "find_names"]

_Ent = tuple[int, int, str]  # first token, the token after the last, label
NAME_TYPES = frozenset(
    {"PERSON", "NORP", "FAC", "ORG", "GPE", "LOC", "PRODUCT", "EVENT", "WORK_OF_ART", "LAW", "LANGUAGE"}
)


def find_names(tokens: Tokens, data: NameData, kb: KnowledgeBase) -> tuple[Name, ...]:
    """Return the names of the article, in reading order, never overlapping, with one type for each spelling."""
    casing = casing_of(tokens)
    all_caps = frozenset(sentence for sentence, kind in enumerate(casing) if kind != "plain")
    ents = [(ent.start, ent.end, ent.label_) for ent in tokens.doc.ents]
    taken = _tokens_of(ents)
    ents = [ent for ent in ents if ent[2] in NAME_TYPES]
    model = list(_from_model(tokens, data, ents, taken))
    context = pattern_context(tokens, data, all_caps)
    others = _tokens_of(ent for ent in ents if ent[2] != "PERSON")
    found = _collect_spans(
        context,
        find_after_honorific(context, others),
        [name for name in model if tokens.sentence[name.first] not in all_caps],
    )
    for name in find_known_names(tokens, data, found.names(), casing):
        found.put(name if tokens.sentence[name.first] in all_caps else extend_span(tokens, data, name, taken))
    for name in _from_headlines(tokens, data, model, casing):
        found.add_free(name)
    names = _complete_names(tokens, data, kb, found)
    late = list(_late_people(tokens, names, found))
    for name in find_known_names(tokens, data, late, casing) if late else ():
        found.add_free(name)
    return _complete_names(tokens, data, kb, found) if late else names


def _complete_names(tokens: Tokens, data: NameData, kb: KnowledgeBase, found: Spans) -> tuple[Name, ...]:
    names = add_family_names(tokens, data, list(join_forenames(tokens, data, found.names())))
    return assign_types(tokens, tuple(with_title(tokens, data, name) for name in names), data, kb)


def _late_people(tokens: Tokens, names: tuple[Name, ...], found: Spans) -> Iterator[Name]:
    """Yield the people that were something else until evidence showed it, where nobody sought the surname."""
    late = [name for name in names if name.label == "PERSON" and name.length > 1 and _was_other(found, name)]
    surnames = {tokens.text[name.last] for name in late}
    if late and any(text in surnames and found.at(index) is None for index, text in enumerate(tokens.text)):
        yield from late


def _was_other(found: Spans, name: Name) -> bool:
    before = found.at(name.first)
    return before is not None and before.label != "PERSON"


def _collect_spans(context: PatternContext, honorific_names: Iterable[Name], model: Iterable[Name]) -> Spans:
    """Return the names after honorifics, those of the model, and those that words in them or beside them show."""
    found = Spans()
    for name in (*honorific_names, *model):
        found.add(name)
    for name in (
        *find_by_first_word(context, found),
        *find_by_last_word(context),
        *find_with_nickname(context.tokens, context.data),
    ):
        found.put(name)
    for name in find_by_forename(context):
        found.add_free(name)
    for name in find_bracketed_acronyms(context.tokens, found.names()):
        found.put(name)
    return found


def _tokens_of(ents: Iterable[_Ent]) -> frozenset[int]:
    return frozenset(index for first, stop, _ in ents for index in range(first, stop))


def _from_model(tokens: Tokens, data: NameData, ents: list[_Ent], taken: frozenset[int]) -> Iterator[Name]:
    people = frozenset(tokens.text[stop - 1] for _, stop, label in ents if label == "PERSON")
    for start, stop, label in ents:
        for piece in split_span(tokens, Name(start, stop - 1, label), people, data):
            name = trim_span(tokens, data, piece)
            if name is not None:
                yield extend_span(tokens, data, name, taken) if name.first == start else name


def _from_headlines(tokens: Tokens, data: NameData, model: list[Name], casing: list[Casing]) -> Iterator[Name]:
    """Yield the model's spans where all words are large, without words that the article writes small elsewhere."""
    if all(kind == "plain" for kind in casing):
        return
    small = small_words(tokens)
    for name in model:
        if casing[tokens.sentence[name.first]] == "plain":
            continue
        first, last = name.first, name.last
        while first <= last and tokens.lower[first] in small:
            first += 1
        while last >= first and tokens.lower[last] in small:
            last -= 1
        if first <= last and not (first == last and is_non_name(tokens, data, first)):
            yield Name(first, last, name.label, after_honorific=name.after_honorific)
