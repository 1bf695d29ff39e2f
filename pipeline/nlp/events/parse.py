"""The parse of an article for the event rules: its tokens, with their entity mentions and time expressions."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress

from newslake.pipeline.kb import KnowledgeBase
from newslake.pipeline.model import Article, Block, Entity, TimeExpression
from newslake.pipeline.nlp.languages.spec_events import FrameData
from newslake.pipeline.nlp.tokens import Tokens

Described = Mapping[str, Sequence[tuple[frozenset[str], Entity]]]
_WORD = re.compile(r"[^\W\d_]+")
_HEADLINE_MOST, _LEAD_LEAST = 16, 12  # words
_DASHES = frozenset({"-", "--", "–", "—"})
_SUBJECTS = frozenset({"nsubj", "nsubjpass", "csubj", "csubjpass"})
_PARTICLES = frozenset({"prt"})
_PASSIVE = frozenset({"nsubjpass", "auxpass", "csubjpass", "agent"})
_RELATED = _SUBJECTS | _PARTICLES | _PASSIVE


@dataclass(frozen=True, slots=True)
class Parse:
    """Token attributes by token index. ``entity`` is the index of the mention that contains a token, else -1.

    ``named`` maps each cluster to its first name, ``countries`` each country code to the first name of that country,
    ``described`` each noun to the names that it describes.
    ``sentence`` is 0-based. ``headline`` is True inside titles and headings. ``in_time`` are the tokens of time
    expressions. ``subjects`` and ``particles`` are the dependents of these kinds by verb, ``passives`` the verbs that
    are marked as passive, and those of headlines, where the auxiliary is left out.
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
    headline: list[bool]
    entities: tuple[Entity, ...]
    named: Mapping[int, Entity]
    countries: Mapping[str, Entity]
    described: Described
    in_time: frozenset[int]
    subjects: Mapping[int, Sequence[int]]
    particles: Mapping[int, int]
    passives: frozenset[int]

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

    def subject(self, index: int) -> int | None:
        """Return the subject of a verb; of two in apposition, the named one. None if the verb has no subject of its
        own.
        """
        found = self.subjects.get(index)
        if found is None:
            return self._subject_before_time(index)
        chosen = found[0] if len(found) == 1 else next((c for c in found if self.mention(c)), found[0])
        opens = chosen + 2 < index and (chosen == 0 or self.sentence[chosen - 1] != self.sentence[chosen])
        return self._after_dateline(chosen, index) if opens else chosen

    def _subject_before_time(self, verb: int) -> int | None:
        """Return the name that the parser takes for an adverb: "Norway on Monday summoned"; None without one."""
        first = min(self.children[verb], default=verb)
        if (
            first >= verb
            or self.dep[first] != "npadvmod"
            or self.entity[first] < 0
            or self.tag[verb] not in ("VBD", "VBZ")
        ):
            return None
        return first if self.tag[first + 1] == "IN" and first + 2 in self.in_time else None

    def _after_dateline(self, subject: int, verb: int) -> int:
        """Return the subject after a dateline that the parser takes for it: "OSLO (Wire) - Police have arrested"."""
        mention = self.mention(subject)
        marks = [i for i in range(subject + 1, verb) if self.is_dash(i)]
        if mention is None or mention.entity_type not in ("GPE", "LOC") or len(marks) != 1:
            return subject
        after = range(marks[0] + 1, verb)
        found = (i for i in after if self.dep[i] in ("nsubj", "nsubjpass") and self.head[i] == verb)
        apposed = (i for i in after if self.dep[i] in ("appos", "conj") and self.head[i] < marks[0])
        return next(found, next(apposed, subject))

    def is_dash(self, index: int) -> bool:
        """Return whether a token is a dash between spaces, or a colon."""
        spaced = index > 0 and self.end[index - 1] < self.start[index]
        return self.lower[index] == ":" or (spaced and self.lower[index] in _DASHES)

    def is_verb(self, index: int) -> bool:
        return self.pos[index] in ("VERB", "AUX")

    def is_passive(self, index: int) -> bool:
        if index in self.passives:
            return True
        shares = self.dep[index] == "conj" and self.tag[index] in ("VBN", "VBD") and index not in self.subjects
        shares = shares and self.child(index, "aux", "dobj") is None  # "was invited and has signed the deal"
        return shares and self.head[index] < index and self.is_passive(self.head[index])

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
        found = [index]
        for item in found:
            found.extend(c for c in self.children[item] if self.dep[c] == "conj")
        return found

    def governors(self, index: int) -> list[int]:
        """Return the words above a word, up to the root of its sentence."""
        found: list[int] = []
        while self.head[index] != index:
            index = self.head[index]
            found.append(index)
        return found

    def mention(self, index: int) -> Entity | None:
        """Return the mention that contains a token, or the person's name right before it ("Ann Lee QC")."""
        if self.entity[index] >= 0:
            return self.entities[self.entity[index]]
        if self.pos[index] != "PROPN" or index == 0 or self.entity[index - 1] < 0 or self.head[index - 1] != index:
            return None
        before = self.entities[self.entity[index - 1]]
        return before if before.entity_type == "PERSON" else None

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
    lemma = tokens.lemma
    if not data.lemmas.keys().isdisjoint(tokens.lower):
        lemma = [data.lemmas.get(form) or word for word, form in zip(lemma, tokens.lower, strict=True)]
    headline = _headlines(article, tokens.start)
    entity = _entity_of_tokens(entities, tokens.start)
    clipped = (i for i in compress(range(len(lemma)), headline) if lemma[i] in data.clipped_passives)
    related = [i for i, label in enumerate(tokens.dep) if label in _RELATED and tokens.head[i] != i]
    subjects = _by_head(tokens, related, _SUBJECTS)
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
        headline=headline,
        entities=tuple(entities),
        named={e.cluster_index: e for e in reversed(entities) if e.cluster_index is not None and _is_name(e)},
        countries=_countries(entities, kb) if kb is not None else {},
        described=_described_by(entities, _appositions(tokens, entities, entity), data),
        in_time=frozenset(i for time in times for i in _tokens_in(tokens.start, time.start_char, time.end_char)),
        subjects=subjects,
        particles={head: found[0] for head, found in _by_head(tokens, related, _PARTICLES).items()},
        passives=frozenset((*_by_head(tokens, related, _PASSIVE), *_other_passives(tokens, clipped, subjects, data))),
    )


def _other_passives(tokens: Tokens, clipped: Iterable[int], subjects: Iterable[int], data: FrameData) -> Iterator[int]:
    """Yield the passives without an auxiliary: in headlines, and in absolute clauses ("with its leader jailed")."""
    yield from (i for i in clipped if _is_clipped(i, tokens))
    yield from (i for i in subjects if _is_absolute(i, tokens, data))


def _countries(entities: Sequence[Entity], kb: KnowledgeBase) -> dict[str, Entity]:
    """Return the first name of each country by its code: "India", but not "Delhi"."""
    return {
        entity.country_code: entity
        for entity in reversed(entities)
        if entity.country_code is not None and entity.entity_type == "GPE" and _is_name(entity)
        if kb.country_of(entity.entity_name or "") == entity.country_code
    }


def _by_head(tokens: Tokens, dependents: Iterable[int], labels: frozenset[str]) -> dict[int, list[int]]:
    """Return the dependents with one of these labels, by the word on which they depend."""
    found: dict[int, list[int]] = {}
    for index in dependents:
        if tokens.dep[index] in labels:
            found.setdefault(tokens.head[index], []).append(index)
    return found


def _described_by(
    entities: Sequence[Entity], appositions: Iterable[tuple[str, frozenset[str], Entity]], data: FrameData
) -> Described:
    """Return, per noun, the named entities that it describes, each with all words of its description."""
    found: dict[str, list[tuple[frozenset[str], Entity]]] = {}
    for noun, words, entity in appositions:
        if entity.cluster_index is not None and (noun in data.bodies or noun in data.people):
            found.setdefault(noun, []).append((words, entity))
    seen: set[tuple[int, str | None, str | None]] = set()
    for entity in entities:
        if entity.mention_kind != "name" or entity.cluster_index is None:
            continue
        description = (entity.cluster_index, entity.role_text, entity.honorific_text)
        if description not in seen:
            seen.add(description)
            for noun, words in _descriptions(entity, data):
                found.setdefault(noun, []).append((words, entity))
    return found


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


def _is_clipped(index: int, tokens: Tokens) -> bool:
    """Return whether a headline's verb has a subject but neither an auxiliary nor an object other than an amount of
    money: "Minister sacked", "Bank fined €2m".
    """
    below = tokens.children[index]
    deps = {tokens.dep[c] for c in below}
    if tokens.tag[index] not in ("VBN", "VBD") or "nsubj" not in deps or deps & {"aux", "ccomp", "dative"}:
        return False
    objects = (c for c in below if tokens.dep[c] == "dobj")
    return all("$" in tokens.tag[index:c] for c in objects)


def _is_absolute(index: int, tokens: Tokens, data: FrameData) -> bool:
    """Return whether a participle with a subject follows "with", a passive without an auxiliary: "with its leader
    jailed".
    """
    if tokens.tag[index] not in ("VBN", "VBD"):
        return False
    below = tokens.children[index]
    governed = tokens.dep[index] == "pcomp" and tokens.lower[tokens.head[index]] in data.absolute_markers
    marked = governed or any(tokens.dep[c] == "mark" and tokens.lower[c] in data.absolute_markers for c in below)
    return marked and not any(tokens.dep[c] in ("aux", "dobj", "ccomp") for c in below)


def _entity_of_tokens(entities: Sequence[Entity], starts: list[int]) -> list[int]:
    found = [-1] * len(starts)
    for index, entity in enumerate(entities):
        for token in _tokens_in(starts, entity.start_char, entity.end_char):
            found[token] = index
    return found


def _tokens_in(starts: list[int], start_char: int, end_char: int) -> range:
    return range(max(bisect_right(starts, start_char) - 1, 0), bisect_left(starts, end_char))


def _headlines(article: Article, starts: list[int]) -> list[bool]:
    found = [False] * len(starts)
    for block in article.blocks:
        if block.kind in ("title", "heading"):
            first, last = bisect_left(starts, block.start), bisect_left(starts, block.end)
            found[first:last] = [True] * (last - first)
    opening = _opening(article)
    if opening is not None:
        first, last = bisect_left(starts, opening.start), bisect_left(starts, opening.end)
        found[first:last] = [True] * (last - first)
    return found


def _opening(article: Article) -> Block | None:
    """Return the first line of a text whose headline is not marked as one: as short as a headline, before a lead."""
    if len(article.blocks) < 2 or article.blocks[0].kind != "paragraph":
        return None
    first, after = (article.text[block.start : block.end] for block in article.blocks[:2])
    is_short = len(first.split()) <= _HEADLINE_MOST and len(after.split()) >= _LEAD_LEAST
    return article.blocks[0] if is_short and article.title is None else None
