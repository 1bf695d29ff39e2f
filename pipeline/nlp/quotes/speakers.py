"""Speakers: from the head token next to a quote to the mention, its entity and its kind."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from pipeline.model import Entity
from pipeline.model.annotation import SpeakerKind
from pipeline.nlp.languages.spec import LanguageData, NameData
from pipeline.nlp.quotes.cues import noun_phrase
from pipeline.nlp.quotes.quotation_marks import QuotedText
from pipeline.nlp.tokens import Tokens

_LINKING = frozenset({"IN", "TO", "CC"})
_FARTHEST = 120  # tokens from an unnamed speaker to a pronoun that refers to them
_KINDS: Mapping[str, SpeakerKind] = {"PERSON": "person", "WORK_OF_ART": "document", "LAW": "document"}
_ORGANISED = frozenset({"ORG", "GPE", "NORP", "FAC", "LOC"})


@dataclass(frozen=True, slots=True)
class Speaker:
    """A speaker as the text names it. ``entity`` is the mention, None for a common noun."""

    text: str
    start: int
    end: int
    entity: Entity | None
    kind: SpeakerKind
    role: str | None


@dataclass(frozen=True, slots=True)
class SpeakerFinder:
    """``at`` maps each token of a mention to the mention; ``roles`` gives the first role of a cluster.

    ``documents`` are nouns for what is written or counted; ``introducing`` are words that mark a new speaker.
    """

    tokens: Tokens
    data: NameData
    at: Mapping[int, Entity]
    roles: Mapping[int, str]
    documents: AbstractSet[str]
    introducing: AbstractSet[str]

    def speaker(self, head: int) -> Speaker:
        """Return the speaker with this head token."""
        entity = self.at.get(head)
        if entity is None and head and self.tokens.lower[head].rstrip(".") in self.data.post_nominals:
            entity = self.at.get(head - 1)
        if entity is not None:
            return self._named(entity, head)
        first, last = noun_phrase(self.tokens, head)
        entity = self._name_in(head, first, last)
        if entity is not None:
            end = self.tokens.at(entity.end_char - 1)
            return self._made(min(first, self.tokens.at(entity.start_char)), max(end, head), entity)
        return self._made(first, last, None, head=head)

    def is_person(self, token: int) -> bool:
        """Return whether a token belongs to a person's name."""
        entity = self.at.get(token)
        return entity is not None and entity.mention_kind == "name" and entity.entity_type == "PERSON"

    def _named(self, entity: Entity, head: int) -> Speaker:
        tokens = self.tokens
        first, last = tokens.at(entity.start_char), tokens.at(entity.end_char - 1)
        if entity.mention_kind == "name" and entity.honorific_text:
            first = tokens.at(entity.start_char - len(entity.honorific_text) - 1)
        return self._made(first, last, entity, head=head)

    def _name_in(self, head: int, first: int, last: int) -> Entity | None:
        """Return the name that ends a noun phrase or is its apposition ("its head Ana Brito", "the chain Acme")."""
        for child in self.tokens.dependents(head, "appos"):
            if (entity := self.at.get(child)) is not None and self._speaks(entity):
                return entity
        entity = self.at.get(last)
        if entity is not None and self._names_phrase(entity, head):
            return entity
        if entity is None or entity.entity_type != "PERSON" or entity.mention_kind != "name":
            return None
        start = self.tokens.at(entity.start_char)
        while start > first and self._is_title(start - 1):
            start -= 1
        return None if self.tokens.tag[start - 1] in _LINKING else entity

    def _speaks(self, entity: Entity) -> bool:
        return entity.mention_kind == "name" and entity.entity_type in ("PERSON", "ORG", "FAC", "PRODUCT")

    def _names_phrase(self, entity: Entity, head: int) -> bool:
        """Return whether an organisation's name ends a phrase about itself, unlike "staff at Acme"."""
        start = self.tokens.at(entity.start_char)
        linked = any(self.tokens.tag[index] in _LINKING for index in range(head, start))
        return self._speaks(entity) and entity.entity_type != "PERSON" and head < start and not linked

    def _is_title(self, token: int) -> bool:
        word = self.tokens.lower[token].rstrip(".")
        return word in self.data.titles or word in self.data.honorifics

    def _made(self, first: int, last: int, entity: Entity | None, *, head: int = -1) -> Speaker:
        cluster = entity.cluster_index if entity else None
        role = (entity.role_text if entity else None) or (self.roles.get(cluster) if cluster is not None else None)
        kind = kind_of_speaker(entity) if entity else self._kind_of_noun(head)
        return Speaker(
            text=self.tokens.span(first, last),
            start=self.tokens.start[first],
            end=self.tokens.end[last],
            entity=entity,
            kind=kind,
            role=role if entity else self._noun_role(head),
        )

    def _kind_of_noun(self, head: int) -> SpeakerKind:
        lemma = self.tokens.lemma[head]
        if lemma in self.documents:
            return "document"
        return "organisation" if lemma in self.data.organisation_nouns else "unnamed"

    def _noun_role(self, head: int) -> str | None:
        """Return the role of an unnamed source, with the thing it speaks for: "spokesman for the operator"."""
        if self.tokens.lemma[head] not in self.data.roles:
            return None
        return self.tokens.span(head, noun_phrase(self.tokens, head)[1])


def kind_of_speaker(entity: Entity) -> SpeakerKind:
    """Return a mention's kind of speaker; "unnamed" for a thing that only a pronoun or common noun refers to."""
    is_known = entity.mention_kind == "name" or entity.entity_type in _ORGANISED or entity.entity_type in _KINDS
    return kind_of_type(entity.entity_type) if is_known else "unnamed"


def kind_of_type(entity_type: str) -> SpeakerKind:
    """Return the kind of speaker of a named entity by its type."""
    return _KINDS.get(entity_type, "organisation")


def speakers(finder: SpeakerFinder, quoted: QuotedText, heads: Sequence[int | None]) -> Iterator[Speaker | None]:
    """Yield the speakers with these head tokens, in reading order; None for None.

    "She added" directly after a quote refers to the speaker of that quote, not to a woman named earlier.
    """
    source: Speaker | None = None
    source_head = 0
    for head in heads:
        speaker = None if head is None else finder.speaker(head)
        if speaker is not None and head is not None:
            if source is not None and _refers_to(finder, quoted, source, source_head, head):
                speaker = replace(speaker, entity=source.entity, kind=source.kind, role=source.role)
            else:
                source = speaker if _is_source(finder, speaker, head) else None
            source_head = head
        yield speaker


def _is_source(finder: SpeakerFinder, speaker: Speaker, head: int) -> bool:
    """Return whether a speaker is a named person or a new one: "a pal", not "the former minister"."""
    if speaker.entity is not None:
        return finder.is_person(head) and finder.tokens.dep[head] != "poss"
    if speaker.kind != "unnamed" or finder.tokens.tag[head] != "NN":
        return False
    is_owned = bool(finder.tokens.dependents(head, "poss"))
    return is_owned or finder.tokens.lower[noun_phrase(finder.tokens, head)[0]] in finder.introducing


def _refers_to(finder: SpeakerFinder, quoted: QuotedText, source: Speaker, source_head: int, head: int) -> bool:
    """Return whether a pronoun refers to the previous speaker: in the same or the next paragraph, with no name between.

    A pronoun that begins a sentence refers to the topic of the article instead.
    """
    tokens, pronoun = finder.tokens, finder.data.pronouns.get(finder.tokens.lower[head])
    if pronoun is None or pronoun.kind != "person" or tokens.is_capital(head):
        return False
    gender = source.entity.gender if source.entity else finder.data.roles.get(tokens.lemma[source_head])
    if gender not in (None, pronoun.gender):
        return False
    first = tokens.at(source.end - 1) + 1
    is_near = head - _FARTHEST < source_head < head and tokens.block[head] - tokens.block[source_head] <= 1
    return is_near and not any(finder.is_person(token) and not quoted.inside(token) for token in range(first, head))


def speaker_finder(tokens: Tokens, entities: tuple[Entity, ...], language: LanguageData) -> SpeakerFinder:
    """Return a speaker finder over an article's mentions."""
    at: dict[int, Entity] = {}
    roles: dict[int, str] = {}
    for entity in entities:
        for token in range(tokens.at(entity.start_char), tokens.at(entity.end_char - 1) + 1):
            at[token] = entity
        if entity.cluster_index is not None and entity.role_text:
            roles.setdefault(entity.cluster_index, entity.role_text)
    documents = language.names.document_nouns | language.cues.evidence
    return SpeakerFinder(tokens, language.names, at, roles, documents, language.cues.introducing)
