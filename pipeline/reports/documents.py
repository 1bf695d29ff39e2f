"""Documents in, documents out: `newslake annotate` and `newslake clean`, one JSON object per line, without a lake.

The commands differ only in the middle step. An invalid line is reported and skipped; processing continues.
"""

import json
import multiprocessing
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from itertools import batched
from pathlib import Path
from typing import Any

from pipeline.clean import article_from_text, extract, in_zone
from pipeline.errors import NewsError
from pipeline.jobs.annotator import LoadedAnnotator, knowledge_of, load_annotator
from pipeline.model import Annotation, Article, Entity, Event, Page
from pipeline.settings import Settings


@dataclass(frozen=True, slots=True)
class Line:
    """The result of one input line: an output object, or the problem with it. ``number`` counts from 1."""

    number: int
    result: dict[str, object] | None
    problem: str | None


class BadLineError(ValueError):
    """An invalid input line; the message names the field."""


def annotate_lines(lines: Iterable[str], *, settings: Settings, workers: int = 1) -> Iterator[Line]:
    """Yield one line for each input line ``{doc_id, text, title, published_at}``, in order.

    Blank lines are skipped. Each of the ``workers`` processes loads a model.
    """
    yield from _process_lines(lines, partial(_open_annotate, settings), workers=workers)


def clean_lines(lines: Iterable[str], *, folder: Path, settings: Settings, workers: int = 1) -> Iterator[Line]:
    """Yield one line for each input line ``{doc_id, url, html, fetched_at}``, in order.

    ``html`` names a file in ``folder``. Pages are never rejected: each result has its page type.
    """
    yield from _process_lines(lines, partial(_open_clean, settings, folder), workers=workers)


# Lines are processed in groups, in order, by this process or by several.

_GROUP = 64  # lines: a few batches of the model; a compromise between few calls and frequent results

GroupWorker = Callable[[list[tuple[int, str]]], list[Line]]
_worker: GroupWorker | None = None  # of a worker process, set once when it starts


def _start_worker(opening: Callable[[], GroupWorker]) -> None:
    global _worker  # noqa: PLW0603 - the model must outlive the call that loads it, and processes share no objects
    _worker = opening()


def _call_worker(group: list[tuple[int, str]]) -> list[Line]:
    assert _worker is not None
    return _worker(group)


def _process_lines(lines: Iterable[str], opening: Callable[[], GroupWorker], *, workers: int) -> Iterator[Line]:
    numbered = ((number, line) for number, line in enumerate(lines, 1) if line.strip())
    groups = (list(group) for group in batched(numbered, _GROUP))
    if workers == 1:
        step = opening()
        for group in groups:
            yield from step(group)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, initializer=_start_worker, initargs=(opening,)) as pool:
        waiting: deque[Future[list[Line]]] = deque()
        for group in groups:
            waiting.append(pool.submit(_call_worker, group))
            if len(waiting) > workers * 2:
                yield from waiting.popleft().result()
        while waiting:
            yield from waiting.popleft().result()


def _open_annotate(settings: Settings) -> GroupWorker:
    return partial(_annotate, load_annotator(settings, knowledge_of(settings), with_untyped=True))


def _annotate(annotator: LoadedAnnotator, group: list[tuple[int, str]]) -> list[Line]:
    parsed = list(_parse_group(group, _text_article))
    read = annotator.read(article for _, _, article in parsed if isinstance(article, Article))
    return [
        Line(number, None, article) if isinstance(article, str) else _annotation_line(number, doc_id, *next(read))
        for number, doc_id, article in parsed
    ]


def _annotation_line(number: int, doc_id: str, article: Article, read: Annotation | NewsError | None) -> Line:
    if isinstance(read, NewsError):
        return Line(number, None, str(read))
    return Line(number, annotation_object(doc_id, article, read or Annotation()), None)


def _open_clean(settings: Settings, folder: Path) -> GroupWorker:
    return partial(_clean, settings, folder)


def _clean(settings: Settings, folder: Path, group: list[tuple[int, str]]) -> list[Line]:
    return [
        Line(number, None, page) if isinstance(page, str) else _extraction_line(number, doc_id, page)
        for number, doc_id, page in _parse_group(group, partial(_page, settings, folder))
    ]


def _extraction_line(number: int, doc_id: str, page: Page) -> Line:
    try:
        article = extract(page, source_key="lines")
    except NewsError as error:
        return Line(number, None, str(error))
    return Line(number, extraction_object(doc_id, article), None)


# Parsing of input lines.


def _parse_group[T](
    group: list[tuple[int, str]], parse: Callable[[dict[str, Any]], T]
) -> Iterator[tuple[int, str, T | str]]:
    """Yield (line number, doc_id, parsed input or the problem with it) for each line."""
    for number, line in group:
        try:
            given = json.loads(line)
            if not isinstance(given, dict) or not isinstance(given.get("doc_id"), str):
                raise BadLineError("not an object with a string doc_id")
            yield number, given["doc_id"], parse(given)
        except json.JSONDecodeError as error:
            yield number, "", f"not a JSON object: {error}"
        except (ValueError, OSError) as error:  # a field, a date, a file
            yield number, "", f"{error}"


def _text_article(given: dict[str, Any]) -> Article:
    text = given.get("text")
    if not isinstance(text, str):
        raise BadLineError("text: must be a string")
    return article_from_text(
        text,
        title=given.get("title"),
        published_at=_moment(given, "published_at"),
        language=given.get("language") or "en",
    )


def _page(settings: Settings, folder: Path, given: dict[str, Any]) -> Page:
    name = given.get("html")
    if not isinstance(name, str) or not (folder / name).resolve().is_relative_to(folder.resolve()):
        raise BadLineError("html: must name a file in the input's folder")
    if not (folder / name).is_file():
        raise BadLineError(f"html: no file {name[:80]!r} in the input's folder")
    return Page(
        url=given.get("url"),
        final_url=given.get("url"),
        status=200,
        headers={"content-type": "text/html"},
        body=(folder / name).read_bytes(),
        fetched_at=_moment(given, "fetched_at") or settings.now(),
    )


def _moment(given: dict[str, Any], field: str) -> datetime | None:
    value = given.get(field)
    if value is None:
        return None
    try:
        return parse_moment(value)
    except (TypeError, ValueError) as error:
        raise BadLineError(f"{field}: {value!r} is not an ISO date or time") from error


def parse_moment(text: str) -> datetime:
    """Return an ISO 8601 date or time as UTC. A time without a zone is UTC. Raises: ValueError."""
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


# Output objects.

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
        "event_cluster_id": f"{doc_id}:{'event' if event.event_type else 'frame'}{event.coref_event_index}",
    }


def _texts(words: str | None, names: tuple[str, ...]) -> list[str] | str | None:
    """Return the text of a participant, with all names if it refers to several."""
    return list(dict.fromkeys([words or "", *names])) if names else words


def _event_day(event: Event) -> str | None:
    day: date | None = event.event_date
    if day is None or event.event_date_precision in ("week", "quarter", "year", "unknown"):
        return None
    return f"{day:%Y-%m}" if event.event_date_precision == "month" else day.isoformat()


def extraction_object(doc_id: str, article: Article) -> dict[str, object]:
    """Return the extraction as one JSON-able object; ``paragraphs`` are the whole body in reading order."""
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
    """Return the publication time as ISO 8601 in the zone of the page; without a time, only the day."""
    when, zone = article.published_at, article.published_at_zone
    if when is None:
        return None
    if article.published_at_precision == "day":
        return when.date().isoformat() + (f"T00:00:00{zone}" if zone else "")
    return in_zone(when, zone).isoformat()
