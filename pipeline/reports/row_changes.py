"""Two readings of one article side by side: which values of which rows are others."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from pipeline.model import Annotation, Entity, Event, Quote

_AnnotationRow = Entity | Quote | Event
# Numbers of rows, which shift with every row before them, and what names a state of knowledge.
_IGNORED_COLUMNS = frozenset({"entity_index", "quote_index", "event_index", "same_event_index", "kb_version"})
_WORDS: Mapping[type[_AnnotationRow], str] = {Entity: "entity_text", Quote: "quote_text", Event: "trigger_text"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowChange:
    """One value of one row. ``text`` is what the row stands on; ``column`` None is the row itself, there or gone."""

    article_id: str
    table: str
    text: str
    column: str | None
    before: object
    after: object


def row_changes(article_id: str, before: Annotation, after: Annotation) -> tuple[RowChange, ...]:
    """Return what differs between two readings, by table, in reading order; rows are the same where their words are."""
    tables: tuple[tuple[str, Sequence[_AnnotationRow], Sequence[_AnnotationRow]], ...] = (
        ("quotes", before.quotes, after.quotes),
        ("entities", before.entities, after.entities),
        ("events", before.events, after.events),
    )
    return tuple(
        RowChange(article_id=article_id, table=table, text=_words(old or new), column=column, before=was, after=now)
        for table, olds, news in tables
        for old, new in _pairs(olds, news)
        for column, was, now in _values(old, new)
    )


def _pairs(
    olds: Sequence[_AnnotationRow], news: Sequence[_AnnotationRow]
) -> list[tuple[_AnnotationRow | None, _AnnotationRow | None]]:
    first, last = _by_place(olds), _by_place(news)
    return [(first.get(place), last.get(place)) for place in sorted(first.keys() | last.keys())]


def _by_place(rows: Sequence[_AnnotationRow]) -> dict[tuple[int, int, int], _AnnotationRow]:
    """Return rows by their offsets; several on the same words by their order."""
    seen: Counter[tuple[int, int]] = Counter()
    found = {}
    for row in rows:
        span = (row.start_char, row.end_char)
        found[(*span, seen[span])] = row
        seen[span] += 1
    return found


def _values(old: _AnnotationRow | None, new: _AnnotationRow | None) -> list[tuple[str | None, object, object]]:
    if old is None or new is None:
        return [(None, "gone" if old is None else "there", "gone" if new is None else "there")]
    pairs = ((field.name, getattr(old, field.name), getattr(new, field.name)) for field in fields(old))
    return [(name, was, now) for name, was, now in pairs if was != now and name not in _IGNORED_COLUMNS]


def _words(row: _AnnotationRow | None) -> str:
    return "" if row is None else str(getattr(row, _WORDS[type(row)]))
