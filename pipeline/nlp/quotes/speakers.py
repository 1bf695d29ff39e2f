"""Speakers: from the head token next to a quote to the mention, its entity and its kind."""

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import cache

from newslake.pipeline.model import Entity
from newslake.pipeline.model.annotation import SpeakerKind
from newslake.pipeline.nlp.languages.spec import LanguageData, NameData
from newslake.pipeline.nlp.quotes.cues import CueMention, noun_phrase
from newslake.pipeline.nlp.quotes.organisations import OrganisationFinder, organisation_finder
from newslake.pipeline.nlp.quotes.persons import PersonFinder, person_finder
from newslake.pipeline.nlp.quotes.quotation_marks import QuotedText
from newslake.pipeline.nlp.tokens import Tokens

_LINKING = frozenset({"IN", "TO", "CC"})
_FARTHEST = 120  # tokens from an unnamed speaker to a pronoun that refers to them
_KINDS: Mapping[str, SpeakerKind] = {
    "PERSON": "person",
    "AUTHOR": "author",
    "WORK_OF_ART": "document",
    "LAW": "document",
}
_ORGANISED = frozenset({"ORG", "GPE", "NORP", "FAC", "LOC"})
_SPEAKING = frozenset({"PERSON", "ORG", "NORP"})


@dataclass(frozen=True, slots=True)
class Speaker:
    """A speaker as the text names it. ``entity`` is the mention, None for a common noun.

    For a group ("the couple"), it is a mention of the first member, and ``others`` has one of each other member.
    """

    text: str
    start: int
    end: int
    entity: Entity | None
    kind: SpeakerKind
    role: str | None
    others: tuple[Entity, ...] = ()


@dataclass(frozen=True, slots=True)
class SpeakerFinder:
    """``at`` maps each token of a mention to the mention; ``roles`` gives the first role of a cluster, ``named`` its
    first name.

    ``documents`` are nouns for what is written or counted, ``people`` those for who can speak, ``groups``
    those for organisations; ``introducing`` are words that mark a new speaker.
    """

    tokens: Tokens
    data: NameData
    at: Mapping[int, Entity]
    roles: Mapping[int, str]
    named: Mapping[int, Entity]
    documents: AbstractSet[str]
    people: AbstractSet[str]
    groups: AbstractSet[str]
    organisations: OrganisationFinder
    persons: PersonFinder
    introducing: AbstractSet[str]
    anybody: AbstractSet[str]

    def speaker(self, head: int) -> Speaker:
        """Return the speaker with this head token."""
        entity = self.at.get(head)
        if (described := self._described(head)) is not None:
            return self._named(described, self.tokens.head[head])
        if entity is None and head and self.tokens.lower[head].rstrip(".") in self.data.post_nominals:
            entity = self.at.get(head - 1)
        if entity is None and self.tokens.lower[head].rstrip(".") in self.data.honorifics:
            entity = self.at.get(head + 1)  # "Dr." of "Dr. O’Connor", which a wrong parse makes the head
        if entity is not None:
            return self._named(entity, head)
        first, last = noun_phrase(self.tokens, head)
        entity = self._name_in(head, first, last)
        if entity is not None:
            end = self.tokens.at(entity.end_char - 1)
            return self._speaker_from(min(first, self.tokens.at(entity.start_char)), max(end, head), entity)
        referent = self.organisations.referent(head) or self.persons.referent(head)
        return self._speaker_from(first, last, referent, head=head)

    def _described(self, head: int) -> Entity | None:
        """Return the person whom an apposition describes: "Ana Brito, a Democrat who said"."""
        named = self.tokens.head[head]
        is_apposition = self.tokens.dep[head] == "appos" and named < head and not self.is_person(head)
        return self.at[named] if is_apposition and self.is_person(named) else None

    def is_person(self, token: int) -> bool:
        """Return whether a token belongs to a person's name."""
        entity = self.at.get(token)
        return entity is not None and entity.mention_kind == "name" and entity.entity_type == "PERSON"

    def is_same(self, token: int, other: int) -> bool:
        """Return whether two head tokens mean one speaker, as far as the text says: one entity, or one pronoun."""
        entity, another = self.at.get(token), self.at.get(other)
        if entity is not None and another is not None and entity.cluster_index is not None:
            return entity.cluster_index == another.cluster_index
        return token == other or self.tokens.lower[token] == self.tokens.lower[other]

    def is_date(self, head: int) -> bool:
        """Return whether a phrase is a date, which never speaks: "Tuesday night"."""
        first, _ = noun_phrase(self.tokens, head)
        return self.tokens.lower[first] in self.data.months_and_days and head not in self.at

    def can_speak(self, token: int) -> bool:
        """Return whether a token names or refers to a person or an organisation.

        A place and the writer's "I" do not count.
        """
        entity = self.at.get(token)
        if entity is not None and (entity.cluster_index is not None or entity.mention_kind == "name"):
            return entity.entity_type in _SPEAKING
        if self.tokens.tag[token] in ("NN", "NNS"):
            return self.tokens.lemma[token] in self.people
        pronoun = self.data.pronouns.get(self.tokens.lower[token])
        is_group = entity is not None and entity.group_cluster_indexes is not None
        return pronoun is not None and (pronoun.kind == "person" or is_group)

    def can_claim(self, token: int) -> bool:
        """Return whether a token can be the subject of "suggest": whoever can speak, or a state."""
        entity = self.at.get(token)
        return self.can_speak(token) or (entity is not None and entity.entity_type == "GPE")

    def is_thing(self, token: int) -> bool:
        """Return whether a common noun means neither a person or an organisation nor a document."""
        is_noun = self.tokens.tag[token] in ("NN", "NNS") and token not in self.at
        lemma = self.tokens.lemma[token]
        is_known = lemma in self.people or lemma in self.documents or lemma in self.data.country_nouns
        return is_noun and not is_known and not lemma.endswith(self.data.person_suffixes)

    def is_nobody(self, token: int, cue: CueMention | None) -> bool:
        """Return whether the subject of a cue is a word for anybody, or a thing "which" explains something."""
        if self.tokens.lower[token] in self.anybody:
            return True
        subjects = () if cue is None else self.tokens.dependents(cue.token, "nsubj")
        relatives = self.data.evidence.thing_relatives
        return self.is_thing(token) and any(self.tokens.lower[each] in relatives for each in subjects)

    def _named(self, entity: Entity, head: int) -> Speaker:
        tokens = self.tokens
        first, last = tokens.at(entity.start_char), tokens.at(entity.end_char - 1)
        if entity.mention_kind == "name" and entity.honorific_text:
            first = tokens.at(entity.start_char - len(entity.honorific_text) - 1)
        elif entity.mention_kind == "nominal" and first and tokens.lower[first - 1] in self.data.articles:
            first -= 1
        members = [self.named.get(each) for each in entity.group_cluster_indexes or ()]
        known = [member for member in members if member is not None]
        if not known or len(known) < len(members):
            return self._speaker_from(first, last, entity, head=head)
        return replace(self._speaker_from(first, last, known[0], head=head), others=tuple(known[1:]))

    def _name_in(self, head: int, first: int, last: int) -> Entity | None:
        """Return the name that ends a noun phrase or is its apposition ("its head Ana Brito", "the chain Acme")."""
        if (joined := self.joined_name(head)) is not None:
            return joined
        for child in self.tokens.dependents(head, "appos"):
            if (entity := self.at.get(child)) is not None and self._speaks(entity):
                return entity
        if (named := self._publisher_of(head) or self._name_after(head, last)) is not None:
            return named
        entity = self.at.get(last)
        if entity is not None and self._names_phrase(entity, head):
            return entity
        if entity is None or entity.entity_type != "PERSON" or entity.mention_kind != "name":
            return None
        start = self.tokens.at(entity.start_char)
        while start > first and self._is_title(start - 1):
            start -= 1
        return None if self.tokens.tag[start - 1] in _LINKING else entity

    def _publisher_of(self, head: int) -> Entity | None:
        """Return the organisation whose figures speak: "Census Bureau data"."""
        publisher = self.at.get(head - 1)
        if self.tokens.lemma[head] not in self.data.figure_nouns or publisher is None:
            return None
        is_modifier = head - 1 in self.tokens.dependents(head, "compound")
        return publisher if is_modifier and publisher.entity_type == "ORG" and self._speaks(publisher) else None

    def _name_after(self, head: int, last: int) -> Entity | None:
        """Return the person between commas after a role that ends with another name: "MEC for Roads, Ana Brito,"."""
        tokens, word = self.tokens, self.tokens.lower[head]
        is_role = word in self.data.roles or word in self.data.title_nouns
        if not is_role or last + 3 >= len(tokens) or tokens.text[last + 1] != "," or not self.is_person(last + 2):
            return None
        entity = self.at[last + 2]
        end = tokens.at(entity.end_char - 1) + 1
        is_closed = end + 1 < len(tokens) and tokens.text[end] == "," and tokens.tag[end + 1] != "CC"
        is_last = end < len(tokens) and tokens.text[end] == "."  # "said the editor of the Courier, Ana Brito."
        return entity if (is_closed or is_last) and tokens.sentence[end] == tokens.sentence[head] else None

    def joined_name(self, head: int) -> Entity | None:
        """Return the person who has two roles: "the author and broadcaster Ana Brito".

        The second role has no article, unlike in "the mayor and the broadcaster Ana Brito".
        """
        if self.tokens.tag[head] != "NN" or head in self.at:
            return None
        for name in self.tokens.dependents(head, "conj"):
            first, _ = noun_phrase(self.tokens, name)
            is_role = self.tokens.tag[first] in ("NN", "JJ") and not self.tokens.is_capital[first]
            if is_role and self.is_person(name):
                return self.at[name]
        return None

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

    def _speaker_from(self, first: int, last: int, entity: Entity | None, *, head: int = -1) -> Speaker:
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
        tokens, lemma = self.tokens, self.tokens.lemma[head]
        if lemma in self.documents:
            return "document"
        if lemma in self.groups:
            return "unnamed" if tokens.tag[head] == "NNS" else "organisation"  # "authorities"
        return "organisation" if tokens.tag[head] == "NNP" and self._is_organisation(head) else "unnamed"

    def _is_organisation(self, head: int) -> bool:
        """Return whether an unknown name is an organisation's: "WebMD", "the Penwick Courier", "the charity Ember"."""
        tokens = self.tokens
        first, _ = noun_phrase(tokens, head)
        is_brand = not tokens.text[head][1:].islower()
        is_the = first < head and tokens.lower[first] in self.data.definite
        return is_brand or is_the or any(tokens.lower[index] in self.groups for index in range(first, head))

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
    thing: Speaker | None = None
    thing_head = 0
    for head in heads:
        speaker = None if head is None or finder.is_date(head) else finder.speaker(head)
        if speaker is not None and head is not None:
            if _is_open_thing(finder, speaker, head):
                speaker = _continue_thing(finder, speaker, thing, (thing_head, head))
            elif source is not None and _refers_to(finder, quoted, source, source_head, head):
                speaker = replace(speaker, entity=source.entity, kind=source.kind, role=source.role)
            else:
                source = speaker if _is_source(finder, speaker, head) else None
            source_head = head
            thing = speaker if speaker.kind in ("organisation", "document") else None
            thing_head = head
        yield speaker


def _is_open_thing(finder: SpeakerFinder, speaker: Speaker, head: int) -> bool:
    """Return whether a speaker is an "it" that the coreference does not link to an organisation."""
    pronoun = finder.data.pronouns.get(finder.tokens.lower[head])
    is_thing = pronoun is not None and pronoun.kind == "thing"
    return is_thing and (speaker.entity is None or speaker.entity.entity_type != "ORG")


def _continue_thing(finder: SpeakerFinder, it: Speaker, thing: Speaker | None, heads: tuple[int, int]) -> Speaker:
    """Return "it" as the organisation that was named last as a subject, or the one or the document that spoke last.

    The one that spoke last must be in the same or the previous paragraph, with no other organisation named since.
    """
    tokens, (thing_head, head) = finder.tokens, heads
    named = finder.organisations.last_subject(head)
    if named is not None and named.first > thing_head:
        return replace(it, entity=named.entity, kind="organisation", role=None)
    is_near = 0 <= head - thing_head < _FARTHEST and tokens.block[head] - tokens.block[thing_head] <= 1
    if thing is None or not is_near or finder.organisations.is_named_between(thing_head, head):
        return it
    return replace(it, entity=thing.entity, kind=thing.kind, role=thing.role)


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
    if pronoun is None or pronoun.kind != "person" or tokens.is_capital[head]:
        return False
    gender = source.entity.gender if source.entity else finder.data.roles.get(tokens.lemma[source_head])
    if gender not in (None, pronoun.gender):
        return False
    first = tokens.at(source.end - 1) + 1
    is_near = head - _FARTHEST < source_head < head and tokens.block[head] - tokens.block[source_head] <= 1
    return is_near and not any(finder.is_person(token) and not quoted.inside[token] for token in range(first, head))


@cache
def _speaking_nouns(language: LanguageData) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Return the nouns for documents, for who can speak, and for organisations."""
    names, cues = language.names, language.cues
    people = frozenset(names.roles) | names.organisation_nouns | cues.speaking_nouns
    groups = (names.organisation_nouns | names.any_organisation) - cues.speaking_nouns
    return names.document_nouns | cues.evidence, people, groups


def speaker_finder(
    tokens: Tokens, quoted: QuotedText, entities: tuple[Entity, ...], language: LanguageData
) -> SpeakerFinder:
    """Return a speaker finder over an article's mentions."""
    at: dict[int, Entity] = {}
    roles: dict[int, str] = {}
    named: dict[int, Entity] = {}
    for entity in entities:
        for token in range(tokens.at(entity.start_char), tokens.at(entity.end_char - 1) + 1):
            at[token] = entity
        if entity.cluster_index is not None and entity.mention_kind == "name":
            named.setdefault(entity.cluster_index, entity)
        if entity.cluster_index is not None and entity.role_text:
            roles.setdefault(entity.cluster_index, entity.role_text)
    documents, people, groups = _speaking_nouns(language)
    organisations = organisation_finder(tokens, quoted, entities, language)
    return SpeakerFinder(
        tokens=tokens,
        data=language.names,
        at=at,
        roles=roles,
        named=named,
        documents=documents,
        people=people,
        groups=groups,
        organisations=organisations,
        persons=person_finder(tokens, quoted, entities, language),
        introducing=language.cues.introducing,
        anybody=language.cues.anybody,
    )
