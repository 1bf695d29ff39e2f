"""Who and what an article names: one entry an entity, with what it said and how it was recognised."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pipeline.pages.corrections import Correction, name_corrections
from pipeline.pages.events import ShownEvent
from pipeline.pages.quotes import ShownQuote, gender_told

Row = Mapping[str, Any]
Group = Literal["person", "organisation", "place", "other"]
_GROUPS: dict[str, Group] = {
    "PERSON": "person",
    "ORG": "organisation",
    "NORP": "organisation",
    "GPE": "place",
    "LOC": "place",
    "FAC": "place",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """One entity. ``cluster`` is its ``cluster_index``; ``forms`` are its mentions with their numbers, most used first.

    ``blocks`` are the numbers, from 1, of the blocks that mention it; ``linked_by`` says how each mention joined it,
    ``said`` are the quotations that it speaks, ``does`` the numbers of the events that it takes part in.
    """

    cluster: int
    group: Group
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
    said: tuple[ShownQuote, ...]
    does: tuple[int, ...]
    corrections: tuple[Correction, ...]

    @property
    def mentions(self) -> int:
        """How often it is mentioned alone."""
        return sum(number for _, number in self.forms)


def group_of(entity_type: str) -> Group:
    """Return which list an entity stands in."""
    return _GROUPS.get(entity_type, "other")


def cast_of(
    article: Row, entities: Sequence[Row], quotes: Sequence[ShownQuote], events: Sequence[ShownEvent]
) -> tuple[Named, ...]:
    """Return the entities of an article: first who is quoted, by the first quotation, then the others by mention."""
    own: dict[int, list[Row]] = {}
    shared = Counter[int]()
    for row in sorted(entities, key=lambda row: int(row["entity_index"])):
        if row["cluster_index"] is not None:
            own.setdefault(row["cluster_index"], []).append(row)
        shared.update(row["group_cluster_indexes"] or ())
    said: dict[int | None, list[ShownQuote]] = {}
    for quote in quotes:
        said.setdefault(quote.who, []).append(quote)
    does: dict[int, list[int]] = {}
    for event in events:
        for cluster in event.who:
            does.setdefault(cluster, []).append(event.number)
    speaking = [cluster for cluster in said if cluster in own]
    return tuple(
        _named(article, own[cluster], said.get(cluster, []), does.get(cluster, []), shared[cluster])
        for cluster in dict.fromkeys([*speaking, *own])
        if cluster is not None
    )


def _named(
    article: Row, rows: Sequence[Row], said: Sequence[ShownQuote], does: Sequence[int], with_others: int
) -> Named:
    known = rows[0]
    names = [row["entity_text"] for row in rows if row["mention_kind"] == "name"]
    sure = f" ({known['qid_confidence']:.2f})" if known["qid"] and known["qid_confidence"] is not None else ""
    by = f" by {known['country_method']}" if known["country_code"] and known["country_method"] else ""
    return Named(
        cluster=known["cluster_index"],
        group=group_of(known["entity_type"]),
        name=known["entity_name"] or known["entity_text"],
        kind=known["entity_type"],
        gender=gender_told(known["gender"], known["gender_method"]),
        titles=_each(rows, "title_text"),
        roles=_each(rows, "role_text"),
        country=f"{known['country_code'] or ''}{by}",
        item=f"{known['qid'] or ''}{sure}",
        forms=tuple(Counter(row["entity_text"] for row in rows).most_common()),
        linked_by=tuple(Counter(row["link_method"] for row in rows).most_common()),
        with_others=with_others,
        blocks=tuple(dict.fromkeys(row["paragraph_index"] + 1 for row in rows)),
        said=tuple(said),
        does=tuple(does),
        corrections=name_corrections(article, known["entity_name"], names),
    )


def _each(rows: Sequence[Row], column: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(row[column] for row in rows if row[column]))
