"""Events compared with gold: found, type, modality, date and participants.

A gold event is found by a row with its trigger. Gold does not identify which of several equal words is meant, so the
best matching row with that trigger counts, and each row counts once.
"""

from collections.abc import Callable
from typing import Any

from newslake.pipeline.model import Event
from newslake.pipeline.nlp.events.triggers import pattern_objects
from newslake.pipeline.nlp.languages.en.frames import FRAMES
from tests.quality.corpus import Case
from tests.quality.figures import Figures


def judge_events(case: Case, figures: Figures) -> None:
    """Judge the events of gold, each with the row that matches best. A key missing in gold is not judged."""
    if case.annotation is None:
        return
    free = list(case.annotation.events)
    for wanted in case.gold.get("events", ()):
        row = max((row for row in free if has_trigger(row, wanted)), key=lambda row: _fit(row, wanted), default=None)
        if row is not None:
            free.remove(row)
        _judge_event(wanted, row, f"{case.name}: {wanted['trigger']}", figures)


def _judge_event(wanted: dict[str, Any], row: Event | None, label: str, figures: Figures) -> None:
    got = row and f"{row.event_type} {row.modality} {_date(row)} ({row.rule_id})"
    miss = f"{label}: {got}, gold {wanted['type']} {wanted['modality']} {wanted.get('date', '-')}"
    figures["event_found"].count(row is not None, miss)
    figures["event_type"].count(row is not None and has_type(row, wanted), miss)
    figures["event_modality"].count(row is not None and row.modality == wanted["modality"], miss)
    if "date" in wanted:
        figures["event_date"].count(row is not None and _date(row) == wanted["date"], miss)
    if wanted["modality"] in ("hypothetical", "negated"):
        figures["unreal_never_happened"].count(row is None or row.modality != "happened", miss)
    for key, read in (("actor", _actors), ("recipient", _recipients), ("place", _place)):
        if key in wanted:
            seen = f"{label}: {row and (read(row) or None)} ({row and row.rule_id}), gold {wanted[key]}"
            figures[f"event_{key}"].count(row is not None and read(row) == _names(wanted[key]), seen)


def _actors(row: Event) -> set[str]:
    return set(row.actors) or _names(row.actor_name)


def _recipients(row: Event) -> set[str]:
    return set(row.recipients) or _names(row.recipient_name)


def _place(row: Event) -> set[str]:
    return _names(row.place_text)


def _names(value: str | list[str] | None) -> set[str]:
    return set(value) if isinstance(value, list) else {value} if value else set()


_OBJECTS = {
    frame.rule_id: tuple(sorted(pattern_objects(frame))) for frames in FRAMES.verb_index.values() for frame in frames
}


def has_trigger(row: Event, wanted: dict[str, Any]) -> bool:
    """Return whether a row has this trigger, or the verb that its rule reads with it ("launch", "inquiry")."""
    got, gold = set(row.trigger_text.casefold().split()), set(wanted["trigger"].casefold().split())
    return got <= gold or gold <= got or wanted["trigger"].startswith(_OBJECTS.get(row.rule_id, ()))


def _fit(row: Event, wanted: dict[str, Any]) -> tuple[bool, bool, bool]:
    return has_type(row, wanted), row.modality == wanted["modality"], _date(row) == wanted.get("date")


def has_type(row: Event, wanted: dict[str, Any]) -> bool:
    """Return whether a row has the type of gold, or one of its types."""
    types = wanted["type"]
    return row.event_type in (types if isinstance(types, list) else [types])


_WRITTEN: dict[str, Callable[[Any], str]] = {
    "day": lambda day: day.isoformat(),
    "week": lambda day: f"{day:%G-W%V}",
    "month": lambda day: f"{day:%Y-%m}",
    "year": lambda day: f"{day:%Y}",
}


def _date(row: Event) -> str | None:
    """Return the date as in gold: a day, month, year or ISO week."""
    if row.event_date is None:
        return None
    write = _WRITTEN.get(row.event_date_precision)
    return write(row.event_date) if write else f"{row.event_date}/{row.event_date_precision}"
