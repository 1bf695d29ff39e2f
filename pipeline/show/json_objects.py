"""A cleaned page and its annotation as JSON: `newslake try --json`, `newslake clean`, `newslake annotate`."""

import re
from collections.abc import Mapping

from newslake.pipeline.clean import in_zone
from newslake.pipeline.model import Annotation, Article, Entity, Event, Quote

_KINDS = {"name": "name", "pronoun": "pron", "nominal": "nom"}
_BODY = ("standfirst", "heading", "paragraph", "list")


def annotation_object(doc_id: str, article: Article, annotation: Annotation) -> dict[str, object]:
    """Return the annotation as one JSON-able object; ``entity_id`` is the cluster within the document.

    A mention of several entities is written once per entity.
    """
    of_cluster = {e.cluster_index: e for e in reversed(annotation.entities) if e.cluster_index is not None}
    return {
        "doc_id": doc_id,
        "mentions": [
            _mention_object(entity, cluster, of_cluster)
            for entity in annotation.entities
            for cluster in entity.group_cluster_indexes or (entity.cluster_index,)
        ],
        "quotes": [
            {
                "start": quote.start_char,
                "end": quote.end_char,
                "spans": _spans(article.text, quote),
                "text": quote.quote_text,
                "type": quote.quote_type,
                "speaker_text": quote.speaker_text,
                "speaker_start": quote.speaker_start_char,
                "speaker_end": quote.speaker_end_char,
                "speaker_name": quote.speaker_name,
                "speaker_kind": quote.speaker_kind,
                "speaker_candidate": quote.speaker_candidate,
                "co_speakers": [other.name or other.text for other in quote.co_speakers or ()],
                "reported_by": quote.reported_by_name or quote.reported_by_text,
                "cue": quote.cue_text,
                "confidence": quote.confidence,
                "rule_id": quote.rule_id,
            }
            for quote in annotation.quotes
        ],
        "events": [_event_object(doc_id, event) for event in _by_position(annotation)],
        "timex": [
            {
                "start": time.start_char,
                "end": time.end_char,
                "text": time.timex_text,
                "type": time.timex_type,
                "value": time.value,
            }
            for time in annotation.times
        ],
    }


def _mention_object(entity: Entity, cluster: int | None, of_cluster: Mapping[int, Entity]) -> dict[str, object]:
    meant = entity if cluster is None else of_cluster.get(cluster, entity)
    return {
        "start": entity.start_char,
        "end": entity.end_char,
        "text": entity.entity_text,
        "label": entity.entity_type,
        "kind": _KINDS[entity.mention_kind],
        "entity_id": None if cluster is None else f"e{cluster}",
        "entity_name": meant.entity_name,
        "qid": meant.qid,
    }


def _by_position(annotation: Annotation) -> list[Event]:
    return sorted((*annotation.events, *annotation.untyped), key=lambda event: (event.start_char, event.end_char))


def _spans(text: str, quote: Quote) -> list[list[int]]:
    """Return a quote's spans: one per paragraph, and two for one that its reporting clause interrupts."""
    start, end = quote.reporting_clause_start_char, quote.reporting_clause_end_char
    if start is None or end is None:
        return _paragraph_spans(text, quote.start_char, quote.end_char)
    rest = end + len(text[end:]) - len(text[end:].lstrip())
    return [*_paragraph_spans(text, quote.start_char, start), *_paragraph_spans(text, rest, quote.end_char)]


def _paragraph_spans(text: str, start: int, end: int) -> list[list[int]]:
    return [[start + piece.start(), start + piece.end()] for piece in re.finditer(r"[^\n]*\S", text[start:end])]


def _event_object(doc_id: str, event: Event) -> dict[str, object]:
    return {
        "event_type": event.event_type,
        "trigger_text": event.trigger_text,
        "trigger_start": event.start_char,
        "source_text": _texts(event.actor_text, event.actors),
        "target_text": _texts(event.recipient_text, event.recipients),
        "source_name": _resolved_name(event.actor_text, event.actor_name),
        "target_name": _resolved_name(event.recipient_text, event.recipient_name),
        "source_code": event.actor_country,
        "target_code": event.recipient_country,
        "date": None if event.event_date_basis == "publication" else _event_day(event),
        "best_date": _event_day(event),
        "date_basis": event.event_date_basis,
        "location": event.place_text,
        "place_basis": event.place_basis,
        "modality": event.modality,
        "score": event.salience,
        "is_main": event.is_main,
        "confidence": event.confidence,
        "rule_id": event.rule_id,
        "event_cluster_id": f"{doc_id}:{'event' if event.event_type else 'frame'}{event.coref_event_index}",
    }


def _texts(words: str | None, names: tuple[str, ...]) -> list[str] | str | None:
    """Return the text of a participant, with all names if it refers to several."""
    return list(dict.fromkeys([words or "", *names])) if names else words


def _resolved_name(text: str | None, name: str | None) -> str | None:
    """Return the name of a participant where the text says it otherwise ("she", "the minister"); else None."""
    return None if name == text else name


def _event_day(event: Event) -> str | None:
    """Return the day of an event, or the month or the year that contains all its days, in ISO 8601."""
    first, last = event.event_date, event.event_date_end or event.event_date
    if first is None or last is None or first.year != last.year:
        return None
    if event.event_date_precision == "day":
        return first.isoformat()
    return f"{first:%Y-%m}" if first.month == last.month else f"{first:%Y}"


def extraction_object(doc_id: str, article: Article) -> dict[str, object]:
    """Return the extraction as one JSON-able object; ``paragraphs`` are the whole body in reading order."""
    return {
        "doc_id": doc_id,
        "title": article.title,
        "authors": list(article.authors),
        "credits": [credit.name for credit in article.credits],
        "credit_kinds": [credit.kind for credit in article.credits],
        "published_at": moment_text(article),
        "published_at_precision": article.published_at_precision,
        "paragraphs": [article.text[block.start : block.end] for block in article.blocks if block.kind in _BODY],
        "captions": list(article.texts("caption")),
        "page_type": article.page_type,
        "is_opinion": article.is_opinion,
        "field_methods": {each.field: each.method for each in article.field_methods},
    }


def moment_text(article: Article) -> str | None:
    """Return the publication time as ISO 8601 in the zone of the page; without a time, only the day."""
    when, zone = article.published_at, article.published_at_zone
    if when is None:
        return None
    if article.published_at_precision == "day":
        return when.date().isoformat() + (f"T00:00:00{zone}" if zone else "")
    return in_zone(when, zone).isoformat()
