"""The objects that `newslake annotate` and `newslake clean` write: values in, JSON-able dicts out."""

import re
from collections.abc import Mapping
from datetime import date

from pipeline.clean import in_zone
from pipeline.model import Annotation, Article, Entity, Event

_KINDS = {"name": "name", "pronoun": "pron", "nominal": "nom"}
_BODY = ("standfirst", "heading", "paragraph", "list")


def annotation_object(doc_id: str, article: Article, annotation: Annotation) -> dict[str, object]:
    """Return the annotation as one JSON-able object; ``entity_id`` is the cluster inside the document.

    A mention of several is written once for each.
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
                "spans": _paragraph_spans(article.text, quote.start_char, quote.end_char),
                "text": quote.quote_text,
                "type": quote.quote_type,
                "speaker_text": quote.speaker_text,
                "speaker_start": quote.speaker_start_char,
                "speaker_end": quote.speaker_end_char,
                "speaker_name": quote.speaker_name,
                "cue": quote.cue_text,
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


def _paragraph_spans(text: str, start: int, end: int) -> list[list[int]]:
    return [[start + piece.start(), start + piece.end()] for piece in re.finditer(r"[^\n]*\S", text[start:end])]


def _event_object(doc_id: str, event: Event) -> dict[str, object]:
    return {
        "event_type": event.event_type,
        "trigger_text": event.trigger_text,
        "trigger_start": event.start_char,
        "source_text": _texts(event.actor_text, event.actors),
        "target_text": _texts(event.recipient_text, event.recipients),
        "source_code": event.actor_country,
        "target_code": event.recipient_country,
        "date": _event_day(event),
        "location": event.place_text,
        "modality": event.modality,
        "score": event.salience,
        "event_cluster_id": f"{doc_id}:{'event' if event.event_type else 'frame'}{event.same_event_index}",
    }


def _texts(words: str | None, names: tuple[str, ...]) -> list[str] | str | None:
    """Return the words of a participant, with the names of all where it stands for several."""
    return list(dict.fromkeys([words or "", *names])) if names else words


def _event_day(event: Event) -> str | None:
    day: date | None = event.event_date
    if day is None or event.event_date_precision in ("week", "quarter", "year", "unknown"):
        return None
    return f"{day:%Y-%m}" if event.event_date_precision == "month" else day.isoformat()


def extraction_object(doc_id: str, article: Article) -> dict[str, object]:
    """Return the extraction as one JSON-able object; paragraphs are all of the body, in reading order."""
    return {
        "doc_id": doc_id,
        "title": article.title,
        "authors": list(article.authors),
        "published_at": moment_text(article),
        "published_at_precision": article.published_at_precision,
        "paragraphs": [article.text[block.start : block.end] for block in article.blocks if block.kind in _BODY],
        "captions": list(article.texts("caption")),
        "page_type": article.page_type,
        "field_methods": {each.field: each.method for each in article.field_methods},
    }


def moment_text(article: Article) -> str | None:
    """Return the publication as ISO 8601 as the page writes it, in its own zone: the day alone without a time."""
    when, zone = article.published_at, article.published_at_zone
    if when is None:
        return None
    if article.published_at_precision == "day":
        return when.date().isoformat() + (f"T00:00:00{zone}" if zone else "")
    return in_zone(when, zone).isoformat()
