"""The attribute ruler of a spaCy model with a cache: the same annotations in a fraction of the time.

Nearly all rules of a model read one token: its tag, word and dependency. spaCy's component applies them once per
combination of these attributes; the cache repeats the result.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from spacy.attrs import DEP, IS_SPACE, LEMMA, LOWER, MORPH, POS, TAG
from spacy.language import Language
from spacy.matcher import Matcher
from spacy.pipeline import AttributeRuler
from spacy.tokens import Doc

_READ = (TAG, LOWER, DEP, IS_SPACE)
_READ_NAMES = frozenset({"TAG", "LOWER", "DEP", "IS_SPACE"})
_WRITTEN = (POS, MORPH, LEMMA, TAG, DEP)
_OPERATORS = frozenset({"IN", "NOT_IN", "REGEX"})
_KNOWN_MAX = 100_000  # combinations of attributes; a model has some thousand
_RULER = "attribute_ruler"
_FACTORY = "newslake_attribute_rules"

_Key = tuple[int, ...]


class _TokenResult(NamedTuple):
    """What the rules of single tokens say: the values of the written attributes, and the numbers of the rules."""

    values: tuple[int, ...]
    rules: tuple[int, ...]


class CachedAttributeRuler:
    """A component of the pipeline that does what an attribute ruler does. The ruler must have no unread attribute."""

    def __init__(self, ruler: AttributeRuler) -> None:
        self._ruler = ruler
        self._vocab = ruler.vocab
        self._known: dict[_Key, _TokenResult] = {}
        self._longer = Matcher(ruler.vocab)
        words: set[str] = set()
        expressions: set[str] = set()
        for number, rule in enumerate(ruler.patterns):
            if _is_of_one_token(rule["patterns"]):
                words.update(_words_of(rule["patterns"]))
                expressions.update(_expressions_of(rule["patterns"]))
            else:
                self._longer.add(str(number), rule["patterns"])
        self._expressions = tuple(map(re.compile, sorted(expressions)))
        self._words = np.array(sorted(ruler.vocab.strings.add(word) for word in words), dtype=np.uint64)

    def __call__(self, doc: Doc) -> Doc:
        read = doc.to_array(_READ).astype(np.uint64).reshape(len(doc), len(_READ))
        read[~self._is_named(read[:, 1]), 1] = 0  # other words are alike to all rules
        keys = list(map(tuple, read.tolist()))
        known = self._known
        if len(known) > _KNOWN_MAX:
            known.clear()
        for index, key in enumerate(keys):
            if key not in known:
                known[key] = self._result_of(doc, index)
        values = np.array([known[key].values for key in keys], dtype=np.uint64).reshape(len(doc), len(_WRITTEN))
        for number, index in self._longer_matches(doc):
            later = {each for rule in known[keys[index]].rules if rule > number for each in self._ruler.attrs[rule]}
            for attribute, value in self._ruler.attrs[number].items():
                if attribute not in later:
                    values[index, _WRITTEN.index(attribute)] = value
        doc.from_array(list(_WRITTEN), values)
        return doc

    def pipe(self, docs: Iterable[Doc], **_: Any) -> Iterator[Doc]:
        """Yield the docs, annotated."""
        yield from map(self, docs)

    def _is_named(self, words: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
        """Return which words the rules of single tokens name or describe."""
        is_named = np.isin(words, self._words)
        if not self._expressions:
            return is_named
        others = ((key, self._vocab.strings[key]) for key in np.unique(words[~is_named]).tolist())
        described = [key for key, word in others if any(each.search(word) for each in self._expressions)]
        return is_named | np.isin(words, np.array(described, dtype=np.uint64))

    def _longer_matches(self, doc: Doc) -> list[tuple[int, int]]:
        """Return the rules of several tokens that match, each with the token that it annotates, in their order."""
        spans = self._longer(doc, allow_missing=True)
        matches = sorted((int(self._vocab.strings[name]), start, end) for name, start, end in spans)
        return [(number, range(start, end)[self._ruler.indices[number]]) for number, start, end in matches]

    def _result_of(self, doc: Doc, index: int) -> _TokenResult:
        """Return what the ruler says of one token of a doc, alone."""
        token = doc[index]
        alone = Doc(self._vocab, words=[token.text], tags=[token.tag_], deps=[token.dep_], heads=[0])
        rules = tuple(match[0] for match in self._ruler.match(alone))
        self._ruler(alone)
        return _TokenResult(tuple(alone.to_array(_WRITTEN).astype(np.uint64)[0].tolist()), rules)


def _is_of_one_token(patterns: list[list[dict[str, Any]]]) -> bool:
    return all(len(pattern) == 1 and pattern[0].keys() <= _READ_NAMES for pattern in patterns)


def _words_of(patterns: list[list[dict[str, Any]]]) -> Iterator[str]:
    for [token] in patterns:
        value = token.get("LOWER", ())
        if isinstance(value, dict):
            yield from (word for name in ("IN", "NOT_IN") for word in value.get(name, ()))
        elif value:
            yield value


def _expressions_of(patterns: list[list[dict[str, Any]]]) -> Iterator[str]:
    for [token] in patterns:
        value = token.get("LOWER")
        if isinstance(value, dict) and "REGEX" in value:
            yield value["REGEX"]


def _can_cache(ruler: AttributeRuler) -> bool:
    """Return whether all rules of a ruler are of the kind that the cache knows."""
    for rule in ruler.patterns:
        kinds = {len(pattern) == 1 and pattern[0].keys() <= _READ_NAMES for pattern in rule["patterns"]}
        values = [value for pattern in rule["patterns"] for token in pattern for value in token.values()]
        if len(kinds) > 1 or not all(map(_is_known_value, values)):
            return False
    return all(attrs.keys() <= set(_WRITTEN) for attrs in ruler.attrs)


def _is_known_value(value: object) -> bool:
    if not isinstance(value, dict):
        return True
    return value.keys() <= _OPERATORS and isinstance(value.get("REGEX", ""), str)


def _component(nlp: Language, name: str) -> CachedAttributeRuler:
    return CachedAttributeRuler(nlp.get_pipe(_RULER))


if not Language.has_factory(_FACTORY):  # this module may be imported again, and spaCy refuses a second one
    Language.factory(_FACTORY, assigns=["token.pos", "token.morph", "token.lemma"], func=_component)


def cache_attribute_rules(nlp: Language) -> None:
    """Put the cached ruler in the place of a model's attribute ruler, if it has one that can be cached."""
    ruler = nlp.get_pipe(_RULER) if _RULER in nlp.pipe_names else None
    if isinstance(ruler, AttributeRuler) and _can_cache(ruler):
        nlp.add_pipe(_FACTORY, after=_RULER)
        nlp.disable_pipe(_RULER)
