"""Names by the words in or next to them: after an honorific, "University of X", "Lake X", a nickname in marks."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from newslake.pipeline.nlp.languages.spec import NameData
from newslake.pipeline.nlp.ner.boundaries import IRISH, LONGEST, is_forename_after_title
from newslake.pipeline.nlp.ner.spans import Name, Spans
from newslake.pipeline.nlp.tokens import Tokens

_PROPER = frozenset({"NNP", "NNPS"})
_NOUNS = _PROPER | {"NN"}
_OPENING = frozenset("“\"‘'(")
_CLOSING = frozenset("”\"’')")


@dataclass(frozen=True, slots=True)
class PatternContext:
    """The article and the tokens that indicate a name. ``all_caps`` are sentences with every word capitalised."""

    tokens: Tokens
    data: NameData
    all_caps: frozenset[int]
    places: tuple[int, ...]


def pattern_context(tokens: Tokens, data: NameData, all_caps: frozenset[int]) -> PatternContext:
    """Return an article's context, with the positions of all words that indicate a name."""
    words = _indicators(data)
    places = tuple([index for index, word in enumerate(tokens.lower) if word in words and tokens.is_capital[index]])
    return PatternContext(tokens, data, all_caps, places)


@cache
def _indicators(data: NameData) -> frozenset[str]:
    """Return all words that indicate a name; an honorific or a title may have a full stop."""
    titles = {*data.honorifics, *data.titles}
    evidence = data.evidence
    return frozenset(
        {*titles, *(f"{word}." for word in titles), *evidence.first_words, *evidence.of_heads, *evidence.last_words}
    )


def find_after_honorific(context: PatternContext, others: frozenset[int]) -> Iterator[Name]:
    """Yield the capitalised words after an honorific, and after a capitalised title outside names.

    ``others`` are the tokens of the model's names that are not people. If every word is capitalised, a title proves
    nothing.
    """
    tokens, data = context.tokens, context.data
    for index in context.places:
        short = tokens.bare[index]
        honorific = short in data.honorifics
        if not honorific and (short not in data.titles or index + 1 in others or index in others):
            continue
        if is_forename_after_title(tokens, data, index):
            continue
        is_all_caps = tokens.sentence[index] in context.all_caps
        first = index + 1
        while not honorific and first + 1 < len(tokens) and _is_title_word(tokens, data, first):
            first += 1
        last = None if is_all_caps and not honorific else _name_end(tokens, data, first)
        if last is None or (last == first and not honorific and _is_noun(tokens, data, last)):
            continue
        if last > first or len(tokens.text[last]) > 1:  # not "Gen Z"
            yield Name(first, first if is_all_caps else last, "PERSON", after_honorific=honorific)


def _is_title_word(tokens: Tokens, data: NameData, index: int) -> bool:
    """Return whether a word continues the title before it, and a name may follow ("Chief Executive Ana Brito")."""
    word = tokens.lower[index]
    is_listed = (word in data.title_modifiers or word in data.roles) and word not in data.titles
    return is_listed and tokens.is_capital[index] and tokens.is_capital[index + 1]


def _is_noun(tokens: Tokens, data: NameData, index: int) -> bool:
    """Return whether a word is a common noun with a capital: "General Audio" in an article about audio."""
    return tokens.lower[index] in tokens.common_nouns and tokens.lower[index] not in data.evidence.surnames


def _name_end(tokens: Tokens, data: NameData, first: int) -> int | None:
    """Return the last token of the capitalised sequence that begins at ``first``."""
    last: int | None = None
    for index in range(first, min(first + LONGEST + 1, len(tokens))):
        word = tokens.bare[index]
        if tokens.block[index] != tokens.block[first] or word in data.post_nominals:
            break
        if word in data.titles or word in data.organisation_nouns or word in data.honorifics:
            is_head = last == first and tokens.head[first] == index and tokens.is_capital[index]
            return None if is_head else last  # "Chief Brand Officer"
        if tokens.is_capital[index] and (tokens.tag[index] in _PROPER or IRISH.match(tokens.text[index])):
            last = index
        elif word not in data.name_particles:
            break
    return last


def find_with_nickname(tokens: Tokens, data: NameData) -> Iterator[Name]:
    """Yield a forename, a nickname in marks or brackets, and a surname as one name."""
    for index in [index for index, text in enumerate(tokens.text[:-3]) if text in _OPENING and index]:
        if tokens.text[index + 2] not in _CLOSING:
            continue
        words = (index - 1, index + 1, index + 3)
        if tokens.lower[index - 1] in data.forenames and all(_is_proper(tokens, word) for word in words):
            yield Name(index - 1, index + 3, "PERSON")


def find_by_first_word(context: PatternContext, name_map: Spans) -> Iterator[Name]:
    """Yield the names whose first word shows their type ("Lake Orrin", "University of Orrin")."""
    tokens, data, words = context.tokens, context.data, context.data.evidence
    for index in context.places:
        word = tokens.lower[index]
        if index + 1 == len(tokens) or tokens.tag[index] not in _NOUNS or tokens.sentence[index] in context.all_caps:
            continue
        if word in words.of_heads and tokens.lower[index + 1] in words.of_words:
            yield from _of_place(tokens, data, name_map, index)
        elif word in words.first_words and tokens.is_capital[index + 1] and tokens.text[index + 1].isalpha():
            owner = name_map.at(index + 1)
            if tokens.block[index + 1] == tokens.block[index] and (owner is None or owner.first in (index, index + 1)):
                yield Name(index, owner.last if owner else index + 1, words.first_words[word])


def _of_place(tokens: Tokens, data: NameData, name_map: Spans, head: int) -> Iterator[Name]:
    """Yield "Bank of Orrin", with the words of the name before "Bank" ("Royal Bank of Orrin")."""
    after = head + 2
    if after < len(tokens) and tokens.lower[after] in data.definite:
        after += 1
    tail, owner = name_map.at(after), name_map.at(head)
    if (tail is not None and tail.first != after) or (owner is not None and owner.last > head + 1):
        return
    last = tail.last if tail else after - 1
    while tail is None and last + 1 < len(tokens) and _is_proper(tokens, last + 1) and last - after < LONGEST:
        last += 1
    if last >= after:
        yield Name(owner.first if owner else head, last, data.evidence.of_heads[tokens.lower[head]])


def find_by_last_word(context: PatternContext) -> Iterator[Name]:
    """Yield the capitalised sequences whose last word shows their type ("Orrin Gazette", "Kettle Lane")."""
    tokens, data, words = context.tokens, context.data, context.data.evidence.last_words
    for last in context.places:
        word = tokens.lower[last]
        if word not in words or tokens.tag[last] not in _PROPER or tokens.sentence[last] in context.all_caps:
            continue
        first = last
        while first > 0 and last - first < LONGEST and _goes_on(tokens, data, first - 1, last):
            first -= 1
        is_whole = last + 1 == len(tokens) or not _is_proper(tokens, last + 1)
        is_person = tokens.lower[first] in data.forenames and not _is_named_after_person(tokens, data, first, last)
        if first < last and is_whole and not is_person:
            yield Name(first, last, words[word])


def _is_named_after_person(tokens: Tokens, data: NameData, first: int, last: int) -> bool:
    """Return whether a full name and more words modify the final word ("Ana Brito Dance Company")."""
    is_head = all(index < tokens.head[index] <= last for index in range(first, last))
    return last - first > 2 and is_head and tokens.lower[last] not in data.evidence.surnames


def find_by_forename(context: PatternContext) -> Iterator[Name]:
    """Yield a forename with the one or two capitalised words after it."""
    tokens, data = context.tokens, context.data
    proper = [index for index, tag in enumerate(tokens.tag[:-1]) if tag in _PROPER]  # fewer than forenames to look up
    for first in proper:
        word = tokens.lower[first]
        if word not in data.forenames or not tokens.is_capital[first] or tokens.sentence[first] in context.all_caps:
            continue
        last = first
        while last + 1 < len(tokens) and last - first < 2 and _goes_on(tokens, data, last + 1, first):
            last += 1
        if last > first and tokens.bare[last] not in data.organisation_nouns:
            yield Name(first, last, "PERSON")


def _goes_on(tokens: Tokens, data: NameData, index: int, last: int) -> bool:
    word = tokens.bare[index]
    is_title = word in data.honorifics or word in data.titles or word in data.months_and_days
    return _is_proper(tokens, index) and tokens.block[index] == tokens.block[last] and not is_title


def find_bracketed_acronyms(tokens: Tokens, names: list[Name]) -> Iterator[Name]:
    """Yield an acronym in brackets after a name with the same initial, or before such a name in brackets."""
    if "(" not in tokens.content:
        return
    for name in names:
        if name.label == "PERSON":
            continue
        initial = tokens.text[name.first][0]
        for short, opening, closing in (
            (name.last + 2, name.last + 1, name.last + 3),
            (name.first - 2, name.first - 1, name.last + 1),
        ):
            is_inside = short >= 0 and closing < len(tokens)
            if is_inside and tokens.text[opening] == "(" and tokens.text[closing] == ")":
                text = tokens.text[short]
                if text.isupper() and text.isalpha() and text[0] == initial and len(text) > 1:
                    yield Name(short, short, name.label)


def join_forenames(tokens: Tokens, data: NameData, names: list[Name]) -> Iterator[Name]:
    """Yield the names, with a forename and the next surname joined: the model may label "March" as a month."""
    stems = {left.first for left, right in pairwise(names) if _are_one_name(tokens, data, left, right)}
    for name in names:
        if name.first - 1 in stems:
            yield Name(name.first - 1, name.last, "PERSON")
        elif name.first not in stems:
            yield name


def _are_one_name(tokens: Tokens, data: NameData, left: Name, right: Name) -> bool:
    return (
        left.last + 1 == right.first
        and left.length == right.length == 1
        and left.label == right.label == "PERSON"
        and tokens.lower[left.first] in data.forenames
        and tokens.block[left.first] == tokens.block[right.first]
    )


def add_family_names(tokens: Tokens, data: NameData, names: list[Name]) -> Iterator[Name]:
    """Yield the names; a forename gets the family name that it shares with the next name ("Ana and Tom Brito")."""
    for place, name in enumerate(names):
        after = names[place + 1] if place + 1 < len(names) else None
        shares = (
            after is not None
            and after.first == name.last + 2
            and tokens.lower[name.last + 1] in data.evidence.joining_words
            and tokens.lower[name.first] in data.forenames
            and tokens.lower[after.first] in data.forenames
            and name.length == 1
            and after.length == 2
            and after.label == "PERSON"
        )
        yield Name(name.first, name.last, "PERSON", family=after.last) if after and shares else name


def _is_proper(tokens: Tokens, index: int) -> bool:
    return tokens.tag[index] in _PROPER and tokens.is_capital[index]
