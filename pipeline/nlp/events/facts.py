"""The facts of an event: what its mentions in an article say of date, place and participants, shared among them.

Entry points: ``event_date_of``, ``share_facts``, ``date_main``.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from newslake.pipeline.model import Event, TimeExpression
from newslake.pipeline.model.annotation import DateBasis, DatePrecision, Modality
from newslake.pipeline.nlp.languages.plover import DEEDS, OTHER


@dataclass(frozen=True, slots=True)
class EventDate:
    """The date of an event, as in the columns ``event_date_*``."""

    first: date | None = None
    last: date | None = None
    precision: DatePrecision = "unknown"
    text: str | None = None
    basis: DateBasis | None = None
    note: str | None = None


CONTRADICTION = "no day: what happened has no day after the report, what is planned none before it"


def event_date_of(
    time: TimeExpression | None, modality: Modality | None = None, published: date | None = None
) -> EventDate:
    """Return the date that a time expression gives, or the note why it gives none.

    An event that happened cannot have a day after the published day, a planned one none before it.
    """
    if time is None:
        return EventDate()
    if time.first_day is None or time.last_day is None:
        return EventDate(text=time.timex_text, note=time.note)
    if published is not None:
        is_late = modality == "happened" and time.first_day > published
        if is_late or (modality == "planned" and time.last_day < published):
            return EventDate(text=time.timex_text, note=CONTRADICTION)
    return EventDate(time.first_day, time.last_day, time.precision, time.timex_text, time.basis)


def date_main(
    events: Sequence[Event], days: Sequence[EventDate], *, published: date | None, is_news: bool
) -> tuple[Event, ...]:
    """Return the events; if no mention of the main event has a date, it gets the first of ``days`` that fits, the days
    of the lead. Without one, an event of the lexicon that happened gets the published day if it ``is_news``: the lead
    has no day, and its sentences have no words about time. What is only said has no day of another verb.
    """
    main = [each for each in events if each.is_main]
    if not main or published is None or any(each.event_date or each.event_date_text for each in main):
        return tuple(events)
    days = days if main[0].event_type in DEEDS else ()
    when = next((day for day in days if _fits(day, main[0].modality, published)), None)
    is_known = main[0].event_type != OTHER or main[0].event_subtype is not None
    if when is None and main[0].modality == "happened" and is_known and is_news:
        when = EventDate(published, published, "day", None, "publication")
    return tuple(_dated(each, when) if when and each.is_main else each for each in events)


def _dated(event: Event, when: EventDate) -> Event:
    return replace(
        event,
        event_date=when.first,
        event_date_end=when.last,
        event_date_precision=when.precision,
        event_date_text=when.text,
        event_date_basis=when.basis,
        event_date_note=when.note,
    )


def _fits(when: EventDate, modality: Modality, published: date) -> bool:
    """Return whether an event of this modality may have this day."""
    if when.first is None or when.last is None:
        return False
    return when.first <= published if modality == "happened" else modality == "planned" and when.last >= published


# Facts of one mention that its other mentions take over.

_DATE = ("event_date", "event_date_end", "event_date_precision", "event_date_text", "event_date_note")
_PLACE = ("place_text", "place_entity_id", "place_country", "place_lat", "place_lon")
PARTICIPANT = ("text", "cluster_index", "entity_id", "name", "country", "sector")


def share_facts(events: Sequence[Event], pronouns: Collection[str], placed: Collection[int]) -> tuple[Event, ...]:
    """Return the events of an article, with the facts that only other mentions of the same event state.

    The basis of a fact taken over is ``coref``. A mention keeps its facts. ``pronouns`` are the texts of
    participants that name nobody, ``placed`` the indexes of the sentences that name a place.
    """
    groups: dict[int, list[Event]] = defaultdict(list)
    for event in events:
        groups[event.coref_event_index].append(event)
    shared = {first: mentions for first, mentions in groups.items() if len(mentions) > 1 and _is_specific(mentions[0])}
    facts = {first: _facts_of(mentions, pronouns) for first, mentions in shared.items()}
    return tuple(_complete(event, facts.get(event.coref_event_index, {}), placed) for event in events)


def _is_specific(event: Event) -> bool:
    """Return whether mentions with the same word are surely one event. Sales, votes and hirings are often many."""
    return event.event_type != OTHER or event.is_main


@dataclass(frozen=True, slots=True)
class _SharedFact:
    """Columns to take over from another mention; ``source`` states the fact, of a date it is the first that does."""

    columns: Mapping[str, Any]
    source: Event


type _SharedFacts = Mapping[str, _SharedFact]  # by the column that must be null for it


def _facts_of(mentions: Sequence[Event], pronouns: Collection[str]) -> _SharedFacts:
    dated = [each for each in mentions if each.event_date is not None]
    placed = [each for each in mentions if each.place_basis == "clause"]
    facts: dict[str, _SharedFact] = {}
    if dated:
        best = min(dated, key=_date_rank)
        facts["event_date"] = _SharedFact(_columns(best, _DATE) | {"event_date_basis": "coref"}, dated[0])
    if placed:
        facts["place_text"] = _SharedFact(_columns(placed[0], _PLACE) | {"place_basis": "coref"}, placed[0])
    for role in () if mentions[0].event_type == OTHER else ("actor", "recipient"):
        named = [each for each in mentions if _is_telling(each, role, pronouns)]
        if named:
            best = next((each for each in named if _is_named(each, role)), named[0])
            columns = (*(f"{role}_{name}" for name in PARTICIPANT), f"{role}s")
            facts[f"{role}_text"] = _SharedFact(_columns(best, columns) | {f"{role}_basis": "coref"}, best)
    return facts


def _is_telling(event: Event, role: str, pronouns: Collection[str]) -> bool:
    """Return whether the clause of a mention says who takes part; its context is too far for another mention."""
    if getattr(event, f"{role}_basis") != "clause":
        return False
    if _is_named(event, role):
        return True
    words = getattr(event, f"{role}_text")
    return words is not None and words.lower() not in pronouns


def _is_named(event: Event, role: str) -> bool:
    return bool(getattr(event, f"{role}_name") or getattr(event, f"{role}s"))


def _columns(event: Event, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(event, name) for name in names}


def _date_rank(event: Event) -> tuple[bool, bool]:
    return event.event_date_precision != "day", event.event_date_basis != "explicit"


def _complete(event: Event, facts: _SharedFacts, placed: Collection[int]) -> Event:
    taken: dict[str, Any] = {}
    for column, fact in facts.items():
        if getattr(event, column) is None and _may_take(event, column, fact, placed):
            taken |= fact.columns
    return replace(event, **taken) if taken else event


def _may_take(event: Event, column: str, fact: _SharedFact, placed: Collection[int]) -> bool:
    """Return whether a mention may take over a fact: its words do not hint at another one.

    A place goes to the main event only. What is said about a deed elsewhere, or is not done yet, has none.
    """
    if column == "event_date":
        return _may_take_day(event, fact)
    if column == "place_text":
        is_done = event.modality == "happened" and event.event_type in DEEDS
        return is_done and event.is_main and event.sentence_index not in placed
    return not _is_other_side(event, column, fact.columns)


def _may_take_day(event: Event, fact: _SharedFact) -> bool:
    """Return whether a mention without words about time has the day of another mention. The day of a deed also goes to
    earlier mentions. A month or a year does not, because they may be of a newer event; nor does the day of words.
    """
    if event.event_date_text is not None:
        return False
    is_day_of_deed = event.event_type in DEEDS and fact.columns["event_date_precision"] == "day"
    return event.is_main or is_day_of_deed or fact.source.start_char < event.start_char


def _is_other_side(event: Event, column: str, values: Mapping[str, Any]) -> bool:
    """Return whether a participant to take over is already on the event's other side."""
    role = column.removesuffix("_text")
    other = {"actor": "recipient", "recipient": "actor"}.get(role)
    if other is None:
        return False
    names = (getattr(event, f"{other}_text"), getattr(event, f"{other}_name"), *getattr(event, f"{other}s"))
    known = {each for each in names if each}
    return bool(known & {values[f"{role}_text"], values[f"{role}_name"], *values[f"{role}s"]})
