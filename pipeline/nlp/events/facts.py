"""The facts of an event: what its mentions in an article say of date, place and participants, shared among them.

Entry points: ``event_date_of``, ``share_facts``.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from pipeline.model import Event, TimeExpression
from pipeline.model.annotation import DateBasis, DatePrecision


@dataclass(frozen=True, slots=True)
class EventDate:
    """The date of an event, as in the columns ``event_date_*``."""

    first: date | None = None
    last: date | None = None
    precision: DatePrecision = "unknown"
    text: str | None = None
    basis: DateBasis | None = None
    note: str | None = None


def event_date_of(time: TimeExpression | None) -> EventDate:
    """Return the date that a time expression gives, or the note why it gives none."""
    if time is None:
        return EventDate()
    if time.first_day is None:
        return EventDate(text=time.timex_text, note=time.note)
    return EventDate(time.first_day, time.last_day, time.precision, time.timex_text, time.basis)


# Facts of one mention that its other mentions take over.

_DATE = ("event_date", "event_date_end", "event_date_precision", "event_date_text", "event_date_note")
_PLACE = ("place_text", "place_entity_id", "place_country", "place_lat", "place_lon")
_PARTICIPANT = ("text", "cluster_index", "entity_id", "name", "country", "sector")


def share_facts(events: Sequence[Event]) -> tuple[Event, ...]:
    """Return the events of an article, with the facts that only other mentions of the same event state.

    The basis of a fact taken over is ``coref``. A mention keeps its own facts.
    """
    groups: dict[int, list[Event]] = defaultdict(list)
    for event in events:
        groups[event.coref_event_index].append(event)
    given = {first: _facts_of(mentions) for first, mentions in groups.items() if len(mentions) > 1}
    return tuple(_complete(event, given.get(event.coref_event_index, {})) for event in events)


type Facts = Mapping[str, Mapping[str, Any]]  # the columns to take over, by the column that must be null for it


def _facts_of(mentions: Sequence[Event]) -> Facts:
    dated = [each for each in mentions if each.event_date is not None]
    placed = [each for each in mentions if each.place_text is not None]
    found: dict[str, Mapping[str, Any]] = {}
    if dated:
        best = min(dated, key=_date_rank)
        found["event_date"] = {**_columns(best, _DATE), "event_date_basis": "coref"}
    if placed:
        found["place_text"] = {**_columns(placed[0], _PLACE), "place_basis": "coref"}
    for role in ("actor", "recipient"):
        named = [each for each in mentions if getattr(each, f"{role}_text") is not None]
        if named:
            best = min(named, key=_participant_rank(role))
            columns = (*(f"{role}_{name}" for name in _PARTICIPANT), f"{role}s")
            found[f"{role}_text"] = {**_columns(best, columns), f"{role}_basis": "coref"}
    return found


def _columns(event: Event, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(event, name) for name in names}


def _date_rank(event: Event) -> tuple[bool, bool]:
    return event.event_date_precision != "day", event.event_date_basis != "explicit"


def _participant_rank(role: str) -> Callable[[Event], tuple[bool, bool]]:
    def rank(event: Event) -> tuple[bool, bool]:
        return not (getattr(event, f"{role}_name") or getattr(event, f"{role}s")), event.event_index == 0

    return rank


def _complete(event: Event, facts: Facts) -> Event:
    taken: dict[str, Any] = {}
    for column, values in facts.items():
        if getattr(event, column) is None and not _is_other_side(event, column, values):
            taken |= values
    return replace(event, **taken) if taken else event


def _is_other_side(event: Event, column: str, values: Mapping[str, Any]) -> bool:
    """Return whether a participant to take over is already on the event's other side."""
    role = column.removesuffix("_text")
    other = {"actor": "recipient", "recipient": "actor"}.get(role)
    if other is None:
        return False
    own = (getattr(event, f"{other}_text"), getattr(event, f"{other}_name"), *getattr(event, f"{other}s"))
    known = {each for each in own if each}
    return bool(known & {values[f"{role}_text"], values[f"{role}_name"], *values[f"{role}s"]})
