"""The parse of an article for the event rules: its tokens, with their entity mentions and time expressions."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from newslake.pipeline.kb import KnowledgeBase
from newslake.pipeline.model import Article, Block, Entity, TimeExpression
from newslake.pipeline.nlp.events.verbs import Surroundings, verb_facts
from newslake.pipeline.nlp.languages.spec_events import FrameData
from newslake.pipeline.nlp.tokens import Tokens

Described = Mapping[str, Sequence[tuple[frozenset[str], Entity]]]
_WORD = re.compile(r"[^\W\d_]+")
_HEADLINE_MOST, _LEAD_LEAST = 16, 12  # words
_DASHES = frozenset({"-", "--", "–", "—", ":"})
_NOUNS = frozenset({"NOUN", "PROPN", "PRON", "ADJ", "NUM"})
_NOUN_PLACES = frozenset({"pobj", "dobj", "nsubj", "nsubjpass", "poss", "compound"})
_PREDICATES = frozenset({"ROOT", "ccomp", "advcl", "acomp", "xcomp"})


@dataclass(frozen=True, slots=True)
class Parse:
    """Token attributes by token index. ``entity`` is the index of the mention that contains a token, else -1.

    ``mentions`` gives that mention, or the person's name right before the token ("Ann Lee QC"). ``named`` maps each
    cluster to its first name, ``countries`` each country code to the first name of that country, ``described`` each
    noun to the names that it describes. ``sentence`` is 0-based. ``headline`` is True inside titles and headings.
    ``in_time`` are the tokens of time expressions, ``dashes`` the dashes between spaces and the colons. ``things`` are
    the words that are used as nouns: a verb tag in a noun's position is a tagging error. The facts of verbs are those
    of ``VerbFacts``.
    """

    text: str
    lemma: list[str]
    lower: list[str]
    pos: list[str]
    tag: list[str]
    dep: list[str]
    head: list[int]
    children: list[list[int]]
    sentence: list[int]
    start: list[int]
    end: list[int]
    entity: list[int]
    mentions: list[Entity | None]
    headline: list[bool]
    entities: tuple[Entity, ...]
    named: Mapping[int, Entity]
    countries: Mapping[str, Entity]
    described: Described
    in_time: frozenset[int]
    dashes: frozenset[int]
    things: frozenset[int]
    verbs: frozenset[int]
    finite: frozenset[int]
    passives: frozenset[int]
    particles: Mapping[int, int]
    subjects: Mapping[int, int]
    patients: Mapping[int, int]

    def child(self, index: int, *deps: str) -> int | None:
        """Return the first dependent with one of these labels; None without one."""
        labels = self.dep
        for child in self.children[index]:  # the most frequent call of all: a generator takes twice the time
            if labels[child] in deps:
                return child
        return None

    def has_word(self, index: int, words: Collection[str], deps: Collection[str] | None = None) -> bool:
        """Return whether one of these words depends on a word, with one of these labels, if there are any."""
        for child in self.children[index]:
            if self.lower[child] in words and (deps is None or self.dep[child] in deps):
                return True
        return False

    def phrasal_lemma(self, index: int) -> str:
        """Return the lemma of a verb with its particle: "call_off"."""
        particle = self.particles.get(index)
        return self.lemma[index] if particle is None else f"{self.lemma[index]}_{self.lower[particle]}"

    def prep_objects(self, index: int, preposition: str) -> Iterator[int]:
        """Yield the objects of a word's preposition: Y in "talks with Y and Z", for "with"."""
        for child in self.children[index]:
            if self.dep[child] in ("prep", "agent", "dative") and self.lower[child] == preposition:
                yield from (c for c in self.children[child] if self.dep[c] in ("pobj", "pcomp"))

    def conjuncts(self, index: int) -> list[int]:
        """Return a noun and everything coordinated with it, in text order."""
        nouns = [index]
        for item in nouns:
            nouns.extend(c for c in self.children[item] if self.dep[c] == "conj")
        return nouns

    def governors(self, index: int) -> list[int]:
        """Return the words above a word, up to the root of its sentence."""
        above: list[int] = []
        while self.head[index] != index:
            index = self.head[index]
            above.append(index)
        return above

    def governors_of_all(self, indices: Iterable[int]) -> set[int]:
        """Return the words above any of some words; each word is visited once."""
        above: set[int] = set()
        for word in indices:
            index = word
            while self.head[index] != index and self.head[index] not in above:
                index = self.head[index]
                above.add(index)
        return above

    def token_at(self, start_char: int) -> int:
        """Return the token that covers an offset of the text."""
        return max(bisect_right(self.start, start_char) - 1, 0)


def parse_of(
    tokens: Tokens,
    article: Article,
    entities: Sequence[Entity],
    times: Sequence[TimeExpression],
    data: FrameData,
    *,
    kb: KnowledgeBase | None = None,
) -> Parse:
    """Return the parse of an article, with its mentions and times mapped to the tokens."""
    lemma, headline = _lemmas(tokens, data), _headlines(article, tokens.start)
    entity = _entity_of_tokens(entities, tokens.start)
    mentions = _mentions(tokens, entities, entity)
    in_time = frozenset(i for time in times for i in _tokens_in(tokens.start, time.start_char, time.end_char))
    dashes = frozenset(_dashes(tokens))
    facts = verb_facts(tokens, Surroundings(mentions, entity, in_time, dashes, lemma, headline), data)
    return Parse(
        text=tokens.content,
        lemma=lemma,
        lower=tokens.lower,
        pos=tokens.pos,
        tag=tokens.tag,
        dep=tokens.dep,
        head=tokens.head,
        children=tokens.children,
        sentence=tokens.sentence,
        start=tokens.start,
        end=tokens.end,
        entity=entity,
        mentions=mentions,
        headline=headline,
        entities=tuple(entities),
        named={e.cluster_index: e for e in reversed(entities) if e.cluster_index is not None and _is_name(e)},
        countries=_countries(entities, kb) if kb is not None else {},
        described=_described_by(entities, _appositions(tokens, entities, entity), data),
        in_time=in_time,
        dashes=dashes,
        things=frozenset(_things(tokens)),
        verbs=frozenset(i for i, pos in enumerate(tokens.pos) if pos in ("VERB", "AUX")),
        finite=facts.finite,
        passives=facts.passives,
        particles=facts.particles,
        subjects=facts.subjects,
        patients=facts.patients,
    )


def _lemmas(tokens: Tokens, data: FrameData) -> list[str]:
    if data.lemmas.keys().isdisjoint(tokens.lower):
        return tokens.lemma
    return [data.lemmas.get(form) or word for word, form in zip(tokens.lemma, tokens.lower, strict=True)]


def _things(tokens: Tokens) -> Iterator[int]:
    """Yield the words that are used as nouns."""
    for index, (pos, dep) in enumerate(zip(tokens.pos, tokens.dep, strict=True)):
        if pos in _NOUNS:
            if pos != "ADJ" or dep not in _PREDICATES:
                yield index
        elif dep in _NOUN_PLACES and tokens.tag[index] != "VBG":
            yield index


def _dashes(tokens: Tokens) -> Iterator[int]:
    for index in [index for index, word in enumerate(tokens.lower) if word in _DASHES]:
        if tokens.lower[index] == ":" or (index > 0 and tokens.end[index - 1] < tokens.start[index]):
            yield index


def _countries(entities: Sequence[Entity], kb: KnowledgeBase) -> dict[str, Entity]:
    """Return the first name of each country by its code: "India", but not "Delhi"."""
    return {
        entity.country_code: entity
        for entity in reversed(entities)
        if entity.country_code is not None and entity.entity_type == "GPE" and _is_name(entity)
        if kb.country_of(entity.entity_name or "") == entity.country_code
    }


def _described_by(
    entities: Sequence[Entity], appositions: Iterable[tuple[str, frozenset[str], Entity]], data: FrameData
) -> Described:
    """Return, per noun, the named entities that it describes, each with all words of its description."""
    described: dict[str, list[tuple[frozenset[str], Entity]]] = {}
    for noun, words, entity in appositions:
        if entity.cluster_index is not None and (noun in data.bodies or noun in data.people):
            described.setdefault(noun, []).append((words, entity))
    seen: set[tuple[int, str | None, str | None]] = set()
    for entity in entities:
        if entity.mention_kind != "name" or entity.cluster_index is None:
            continue
        description = (entity.cluster_index, entity.role_text, entity.honorific_text)
        if description not in seen:
            seen.add(description)
            for noun, words in _descriptions(entity, data):
                described.setdefault(noun, []).append((words, entity))
    return described


def _descriptions(entity: Entity, data: FrameData) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield the nouns that describe a name: the kind of an organisation, the role of a person."""
    if entity.entity_type == "ORG":
        name = _WORD.findall((entity.entity_name or "").lower())
        words = frozenset(name)
        yield from ((word, words) for word in words & data.bodies)
        if len(name) > 1 and name[-1] not in data.bodies:  # "Fish Street Chapel" is "the chapel"
            yield name[-1], words
    elif entity.entity_type == "PERSON":
        for role in (entity.role_text, entity.honorific_text):
            title = [data.titles.get(word, word) for word in _WORD.findall((role or "").lower())]
            end = next((i for i, word in enumerate(title) if word in data.role_prepositions), len(title))
            if title[:end] and title[end - 1] not in data.bodies:
                yield title[end - 1], frozenset(title)


def _appositions(
    tokens: Tokens, entities: Sequence[Entity], entity: Sequence[int]
) -> Iterator[tuple[str, frozenset[str], Entity]]:
    """Yield nouns in apposition to a name, with their modifiers: "the dockers' union, the DDU"."""
    for index in [i for i, dep in enumerate(tokens.dep) if dep == "appos"]:
        other = _apposed_noun(tokens, index)
        for noun, name in ((index, other), (other, index)):
            if entity[name] >= 0 and entity[noun] < 0 and tokens.pos[noun] == "NOUN":
                words = frozenset(tokens.lower[c] for c in tokens.children[noun])
                yield tokens.lower[noun], words | {tokens.lower[noun]}, entities[entity[name]]


def _apposed_noun(tokens: Tokens, index: int) -> int:
    """Return the noun that an apposition explains: in "Holm and the union, the DDU" the last one."""
    head = tokens.head[index]
    near = [c for c in tokens.children[head] if tokens.dep[c] == "conj" and head < c < index]
    return near[-1] if near else head


def _is_name(entity: Entity) -> bool:
    return entity.mention_kind == "name"


def _entity_of_tokens(entities: Sequence[Entity], starts: list[int]) -> list[int]:
    entity_at = [-1] * len(starts)
    for index, entity in enumerate(entities):
        for token in _tokens_in(starts, entity.start_char, entity.end_char):
            entity_at[token] = index
    return entity_at


def _mentions(tokens: Tokens, entities: Sequence[Entity], entity: Sequence[int]) -> list[Entity | None]:
    """Return the mention of each token, or the person's name right before it ("Ann Lee QC")."""
    mentions = [None if place < 0 else entities[place] for place in entity]
    for index in [index for index, pos in enumerate(tokens.pos) if pos == "PROPN" and entity[index] < 0 < index]:
        before = mentions[index - 1] if entity[index - 1] >= 0 and tokens.head[index - 1] == index else None
        mentions[index] = before if before is not None and before.entity_type == "PERSON" else None
    return mentions


def _tokens_in(starts: list[int], start_char: int, end_char: int) -> range:
    return range(max(bisect_right(starts, start_char) - 1, 0), bisect_left(starts, end_char))


def _headlines(article: Article, starts: list[int]) -> list[bool]:
    flags = [False] * len(starts)
    for block in article.blocks:
        if block.kind in ("title", "heading"):
            first, last = bisect_left(starts, block.start), bisect_left(starts, block.end)
            flags[first:last] = [True] * (last - first)
    opening = _opening(article)
    if opening is not None:
        first, last = bisect_left(starts, opening.start), bisect_left(starts, opening.end)
        flags[first:last] = [True] * (last - first)
    return flags


def _opening(article: Article) -> Block | None:
    """Return the first line of a text whose headline is not marked as one: as short as a headline, before a lead."""
    if len(article.blocks) < 2 or article.blocks[0].kind != "paragraph":
        return None
    first, after = (article.text[block.start : block.end] for block in article.blocks[:2])
    is_short = len(first.split()) <= _HEADLINE_MOST and len(after.split()) >= _LEAD_LEAST
    return article.blocks[0] if is_short and article.title is None else None
