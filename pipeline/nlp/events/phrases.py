"""The noun phrases that fill the places of a frame, and who or what they stand for."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pipeline.model import Entity
from pipeline.nlp.events.parse import Parse
from pipeline.nlp.languages.spec_events import FrameData

_LEFT = frozenset(
    {"det", "amod", "compound", "nmod", "poss", "nummod", "advmod", "quantmod", "predet", "case", "punct"}
)
_LIMIT = 8  # longest way down to the left edge of a phrase


@dataclass(frozen=True, slots=True)
class Participant:
    """A phrase that fills a place of a frame. ``index`` is its head; ``text`` the words as written."""

    index: int
    text: str
    entity: Entity | None
    country: str | None
    sector: str | None

    @property
    def name(self) -> str | None:
        return self.entity.entity_name if self.entity else None

    @property
    def label(self) -> str:
        return self.name or self.text


def participant_at(parse: Parse, index: int, data: FrameData) -> Participant:
    """Return the phrase around a noun: its modifiers on the left, and what follows "of"."""
    first, last = phrase_of(parse, index)
    entity = parse.mention(index) or _name_in_apposition(parse, index, last)
    return Participant(
        index=index,
        text=parse.text[parse.start[first] : parse.end[last]],
        entity=entity,
        country=_country(parse, entity, first, last),
        sector=_sector(parse, entity, first, index, data),
    )


def members_of(parse: Parse, who: Participant) -> Iterator[Participant]:
    """Yield those whom a phrase stands for ("the two leaders"), the phrase itself where it stands for one."""
    members = [parse.named[c] for c in (who.entity and who.entity.group_cluster_indexes) or () if c in parse.named]
    for entity in members:
        yield replace(who, entity=entity, country=entity.country_code)
    if not members:
        yield who


def phrase_of(parse: Parse, index: int) -> tuple[int, int]:
    """Return the first and last token of the phrase around a noun, without clauses and what is coordinated with it."""
    first = min([index, *(_left_edge(parse, c) for c in parse.children[index] if c < index and parse.dep[c] in _LEFT)])
    while first < index and parse.dep[first] in ("punct", "advmod"):
        first += 1
    last = index
    for child in parse.children[index]:
        if child == last + 1 and parse.dep[child] == "prep" and parse.lower[child] == "of":
            last = max([last, *(c for c in parse.children[child] if parse.dep[c] == "pobj")])
    return first, last


def _left_edge(parse: Parse, index: int) -> int:
    for _ in range(_LIMIT):
        below = [c for c in parse.children[index] if c < index]
        if not below:
            break
        index = below[0]
    return index


def _name_in_apposition(parse: Parse, index: int, last: int) -> Entity | None:
    """Return the name in apposition ("the chief, Ann Lee"), or the person that the phrase ends in by a slip."""
    for child in parse.children[index]:
        if parse.dep[child] == "appos" and parse.entity[child] >= 0:
            return parse.mention(child)
    mention = parse.mention(last) if last != index else None
    return mention if mention is not None and mention.entity_type == "PERSON" else None


def _country(parse: Parse, entity: Entity | None, first: int, last: int) -> str | None:
    if entity is not None and entity.country_code:
        return entity.country_code
    found = (parse.mention(index) for index in range(first, last + 1))
    return next((m.country_code for m in found if m is not None and m.country_code), None)


def _sector(parse: Parse, entity: Entity | None, first: int, index: int, data: FrameData) -> str | None:
    role = (entity.role_text or entity.title_text or "").lower().split() if entity else []
    said = [parse.lemma[i] for i in range(index, first - 1, -1)]
    return next((sector for word in (*said, *reversed(role)) if (sector := data.people.get(word))), None)
