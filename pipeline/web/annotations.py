"""Who and what an article names: one entry an entity, with what it said and how it was recognised."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.tables.spec import Row
from pipeline.web.corrections import Correction, name_corrections
from pipeline.web.events import EventView
from pipeline.web.quotes import QuoteView, describe_gender

EntityGroup = Literal["person", "organisation", "place", "other"]
_GROUPS: dict[str, EntityGroup] = {
    "PERSON": "person",
    "ORG": "organisation",
    "NORP": "organisation",
    "GPE": "place",
    "LOC": "place",
    "FAC": "place",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityCard:
    """One entity. ``cluster`` is its ``cluster_index``; ``forms`` are its mentions with their numbers, most used first.

    ``blocks`` are the numbers, from 1, of the blocks that mention it; ``linked_by`` says how each mention joined it,
    ``quotes`` are the quotations that it speaks, ``event_numbers`` the events that it takes part in.
    """

    cluster: int
    group: EntityGroup
    name: str
    kind: str
    gender: str
    titles: tuple[str, ...]
    roles: tuple[str, ...]
    country: str
    item: str
    forms: tuple[tuple[str, int], ...]
    linked_by: tuple[tuple[str, int], ...]
    with_others: int
    blocks: tuple[int, ...]
    quotes: tuple[QuoteView, ...]
    event_numbers: tuple[int, ...]
    corrections: tuple[Correction, ...]

    @property
    def mentions(self) -> int:
        """How often it is mentioned alone."""
        return sum(number for _, number in self.forms)


def entity_group(entity_type: str) -> EntityGroup:
    """Return which list an entity stands in."""
    return _GROUPS.get(entity_type, "other")


def build_entity_cards(
    article: Row, entities: Sequence[Row], quotes: Sequence[QuoteView], events: Sequence[EventView]
) -> tuple[EntityCard, ...]:
    """Return the entities of an article: first who is quoted, by the first quotation, then the others by mention."""
    own: dict[int, list[Row]] = {}
    shared = Counter[int]()
    for row in sorted(entities, key=lambda row: int(row["entity_index"])):
        if row["cluster_index"] is not None:
            own.setdefault(row["cluster_index"], []).append(row)
        shared.update(row["group_cluster_indexes"] or ())
    quotes_of: dict[int | None, list[QuoteView]] = {}
    for quote in quotes:
        quotes_of.setdefault(quote.speaker_cluster, []).append(quote)
    event_numbers: dict[int, list[int]] = {}
    for event in events:
        for cluster in event.participant_clusters:
            event_numbers.setdefault(cluster, []).append(event.number)
    speaking = [cluster for cluster in quotes_of if cluster in own]
    return tuple(
        _entity_card(article, own[cluster], quotes_of.get(cluster, []), event_numbers.get(cluster, []), shared[cluster])
        for cluster in dict.fromkeys([*speaking, *own])
        if cluster is not None
    )


def _entity_card(
    article: Row, rows: Sequence[Row], quotes_of: Sequence[QuoteView], event_numbers: Sequence[int], with_others: int
) -> EntityCard:
    known = rows[0]
    names = [row["entity_text"] for row in rows if row["mention_kind"] == "name"]
    sure = f" ({known['qid_confidence']:.2f})" if known["qid"] and known["qid_confidence"] is not None else ""
    by = f" by {known['country_method']}" if known["country_code"] and known["country_method"] else ""
    return EntityCard(
        cluster=known["cluster_index"],
        group=entity_group(known["entity_type"]),
        name=known["entity_name"] or known["entity_text"],
        kind=known["entity_type"],
        gender=describe_gender(known["gender"], known["gender_method"]),
        titles=_distinct(rows, "title_text"),
        roles=_distinct(rows, "role_text"),
        country=f"{known['country_code'] or ''}{by}",
        item=f"{known['qid'] or ''}{sure}",
        forms=tuple(Counter(row["entity_text"] for row in rows).most_common()),
        linked_by=tuple(Counter(row["link_method"] for row in rows).most_common()),
        with_others=with_others,
        blocks=tuple(dict.fromkeys(row["paragraph_index"] + 1 for row in rows)),
        quotes=tuple(quotes_of),
        event_numbers=tuple(event_numbers),
        corrections=name_corrections(article, known["entity_name"], names),
    )


def _distinct(rows: Sequence[Row], column: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(row[column] for row in rows if row[column]))
