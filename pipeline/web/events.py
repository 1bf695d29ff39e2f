"""An article's events as a page shows them: what, who, when, and whether it is said to have happened."""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.tables.spec import Row

# What a reader is told beside the shape; only the first is a fact that the article reports.
MODALITIES = {
    "happened": "happened",
    "planned": "planned, has not happened yet",
    "hypothetical": "hypothetical, no fact",
    "negated": "did not happen",
}
# The short word beside the trigger; what happened has its shape alone.
MODALITY_WORDS = {"happened": "", "planned": "planned", "hypothetical": "hypothetical", "negated": "did not happen"}


@dataclass(frozen=True, slots=True, kw_only=True)
class EventView:
    """One event. ``number`` counts from 1; ``span`` is its trigger, code points of the text, half-open.

    ``participant_clusters`` are the clusters of actor and recipient in the list of names. "" is not said.
    """

    number: int
    row: str
    kind: str
    modality: str
    modality_text: str
    trigger: str
    span: tuple[int, int]
    actor: str
    recipient: str
    participant_clusters: tuple[int, ...]
    when: str
    dated_by: str
    place: str
    how: str
    same_as: int | None


def build_events(events: Sequence[Row]) -> tuple[EventView, ...]:
    """Return the events of an article, in reading order."""
    return tuple(map(_event_view, sorted(events, key=lambda row: int(row["event_index"]))))


def _event_view(row: Row) -> EventView:
    first = row["same_event_index"]
    clusters = (row["actor_cluster_index"], row["recipient_cluster_index"])
    return EventView(
        number=row["event_index"] + 1,
        row=f"{row['article_id']}:events:{row['event_index']}",
        kind=" / ".join(filter(None, [row["event_type"], row["event_subtype"], row["event_mode"]])),
        modality=row["modality"],
        modality_text=MODALITIES[row["modality"]],
        trigger=row["trigger_text"],
        span=(row["start_char"], row["end_char"]),
        actor=_participant(row, "actor"),
        recipient=_participant(row, "recipient"),
        participant_clusters=tuple(dict.fromkeys(each for each in clusters if each is not None)),
        when=_days(row),
        dated_by=_dated_by(row),
        place=_coded(row["place_text"], row["place_country"]),
        how=f"rule {row['rule_id']}, confidence {row['confidence']:.2f}, salience {row['salience']:.2f}",
        same_as=first + 1 if first != row["event_index"] else None,
    )


def _participant(row: Row, side: str) -> str:
    names = " + ".join(row[f"{side}s"]) or row[f"{side}_name"] or row[f"{side}_text"]
    return _coded(names, row[f"{side}_country"], row[f"{side}_sector"])


def _coded(words: str | None, *codes: str | None) -> str:
    known = ", ".join(filter(None, codes))
    return f"{words} ({known})" if words and known else words or ""


def _days(row: Row) -> str:
    days = [str(day) for day in dict.fromkeys((row["event_date"], row["event_date_end"])) if day is not None]
    return " to ".join(days)


_BASES = {
    "explicit": "the text names the day",
    "relative": "relative to the day of publication",
    "tense": "by the tense of the verb and the day of publication",
    "none": "",
}


def _dated_by(row: Row) -> str:
    """Return what the date rests on: the words of the text, how exact they are, how they were read."""
    words = f"“{row['event_date_text']}”" if row["event_date_text"] else ""
    exact = row["event_date_precision"] if row["event_date"] is not None else ""
    unresolved = "not resolved" if words and row["event_date"] is None else ""
    parts = [words, unresolved, exact and f"to the {exact}", _BASES[row["event_date_basis"]], row["event_date_note"]]
    return ", ".join(filter(None, parts))
