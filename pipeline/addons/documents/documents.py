"""Documents in, documents out: `newslake annotate` and `newslake clean`, one JSON object per line, without a lake.

The commands differ only in the middle step. An invalid line is reported and skipped; processing continues.
"""

import json
import multiprocessing
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from newslake.pipeline.boundary import run_isolated
from newslake.pipeline.clean import article_from_text, extract, in_zone
from newslake.pipeline.derive import LoadedAnnotator
from newslake.pipeline.errors import BrokenListingError, ExtractorError, NewsError
from newslake.pipeline.jobs.knowledge import annotator_of
from newslake.pipeline.model import Annotation, Article, Entity, Event, Page, Quote
from newslake.pipeline.nlp import TOO_LONG, why_not_annotated
from newslake.pipeline.settings import Settings
from newslake.pipeline.sources import bounded_lines, parse_iso
from newslake.pipeline.unicode import printable_path, well_formed_json


@dataclass(frozen=True, slots=True)
class Line:
    """The result of one input line: an output line of JSON, or the problem with it. ``number`` counts from 1."""

    number: int
    result: bytes | None
    problem: str | None


def annotate_lines(stream: BinaryIO, *, settings: Settings, workers: int = 1) -> Iterator[Line]:
    """Yield one line for each input line ``{doc_id, text, title, published_at}``, in order.

    Blank lines are skipped. Each of the ``workers`` processes loads a model. Raises: ExtractorError if one of them
    dies.
    """
    yield from _process_lines(_numbered_lines(stream, settings), partial(_open_annotate, settings), workers=workers)


def clean_lines(stream: BinaryIO, *, folder: Path, settings: Settings, workers: int = 1) -> Iterator[Line]:
    """Yield one line for each input line ``{doc_id, url, html, fetched_at}``, in order.

    ``html`` names a file in ``folder``. Pages are never rejected: each result has its page type. Raises: ExtractorError
    if one of the ``workers`` processes dies.
    """
    opening = partial(_open_clean, settings, folder)
    yield from _process_lines(_numbered_lines(stream, settings), opening, workers=workers)


# Lines are processed in groups, in order, by this process or by several.

_GROUP = 64  # lines: a few batches of the model; a compromise between few calls and frequent results
_GROUP_BYTES = 4_000_000  # a group of long lines ends earlier, because all its lines are in memory
_ESCAPED = 6  # bytes that JSON may use for one byte of a page ("\u0041")

Numbered = tuple[int, bytes | None]
GroupWorker = Callable[[list[Numbered]], list[Line]]
_worker: GroupWorker | None = None  # of a worker process, set once when it starts


def _start_worker(opening: Callable[[], GroupWorker]) -> None:
    global _worker  # noqa: PLW0603 - the model must outlive the call that loads it, and processes share no objects
    _worker = opening()


def _call_worker(group: list[Numbered]) -> list[Line]:
    assert _worker is not None
    return _worker(group)


def _numbered_lines(stream: BinaryIO, settings: Settings) -> Iterator[Numbered]:
    """Yield each line that is not blank, with its number; None for a line over the limit of a page."""
    for number, line in enumerate(bounded_lines(stream, settings.page_max_bytes * _ESCAPED), 1):
        if line is None or line.strip():
            yield number, line


def _groups(lines: Iterable[Numbered]) -> Iterator[list[Numbered]]:
    group: list[Numbered] = []
    size = 0
    for number, line in lines:
        group.append((number, line))
        size += len(line or b"")
        if len(group) == _GROUP or size >= _GROUP_BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


def _process_lines(lines: Iterable[Numbered], opening: Callable[[], GroupWorker], *, workers: int) -> Iterator[Line]:
    if workers == 1:
        step = opening()
        for group in _groups(lines):
            yield from step(group)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, initializer=_start_worker, initargs=(opening,)) as pool:
        waiting: deque[tuple[list[Numbered], Future[list[Line]]]] = deque()
        for group in _groups(lines):
            waiting.append((group, pool.submit(_call_worker, group)))
            if len(waiting) > workers * 2:
                yield from _result_of(*waiting.popleft())
        while waiting:
            yield from _result_of(*waiting.popleft())


def _result_of(group: list[Numbered], future: Future[list[Line]]) -> list[Line]:
    try:
        return future.result()
    except BrokenProcessPool as error:
        first = group[0][0]
        raise ExtractorError(
            f"a process ended before line {first} was written, perhaps for lack of memory; the lines before it are "
            f"done; give the lines from {first} on with a smaller --workers",
            key=f"line {first}",
            reason="killed_worker",
        ) from error


def _isolated_line(number: int, doc_id: str, made: Callable[[], dict[str, object]]) -> Line:
    """Return the output line of an object that ``made`` returns, or the problem with it."""
    result = run_isolated(lambda: json.dumps(made(), ensure_ascii=False).encode(), key=doc_id)
    return Line(number, None, str(result)) if isinstance(result, NewsError) else Line(number, result, None)


def _open_annotate(settings: Settings) -> GroupWorker:
    return partial(_annotate, annotator_of(settings, with_untyped=True))


def _annotate(annotator: LoadedAnnotator, group: list[Numbered]) -> list[Line]:
    parsed = list(_parse_group(group, _text_article))
    read = annotator.read(article for _, _, article in parsed if isinstance(article, Article))
    return [
        Line(number, None, str(article))
        if isinstance(article, NewsError)
        else _isolated_line(number, doc_id, partial(_annotation, doc_id, *next(read)))
        for number, doc_id, article in parsed
    ]


def _annotation(doc_id: str, article: Article, read: Annotation | NewsError | None) -> dict[str, object]:
    if isinstance(read, NewsError):
        raise read
    if TOO_LONG in article.flags:
        raise ExtractorError(f"{why_not_annotated(article)}; split it into its articles", key=doc_id, reason=TOO_LONG)
    return annotation_object(doc_id, article, read or Annotation())


def _open_clean(settings: Settings, folder: Path) -> GroupWorker:
    return partial(_clean, settings, folder)


def _clean(settings: Settings, folder: Path, group: list[Numbered]) -> list[Line]:
    return [
        Line(number, None, str(page))
        if isinstance(page, NewsError)
        else _isolated_line(number, doc_id, partial(_extraction, doc_id, page))
        for number, doc_id, page in _parse_group(group, partial(_page, settings, folder))
    ]


def _extraction(doc_id: str, page: Page) -> dict[str, object]:
    return extraction_object(doc_id, extract(page, source_key="lines"))


# Parsing of input lines.

_SHOWN = 80  # characters of a wrong value in a message


def _parse_group[T](
    group: list[Numbered], parse: Callable[[dict[str, Any]], T]
) -> Iterator[tuple[int, str, T | NewsError]]:
    """Yield (line number, doc_id, parsed input or the problem with it) for each line."""
    for number, line in group:
        given = run_isolated(partial(_given_object, line), key="the line")
        if isinstance(given, NewsError):
            yield number, "", given
        else:
            yield number, given["doc_id"], run_isolated(partial(parse, given), key=given["doc_id"])


def _bad_line(message: str) -> BrokenListingError:
    return BrokenListingError(message, reason="broken_line")


def _given_object(line: bytes | None) -> dict[str, Any]:
    """Return the object of a line as valid Unicode. Raises: BrokenListingError."""
    if line is None:
        raise _bad_line(f"longer than {_ESCAPED} times NEWS_PAGE_MAX_BYTES; is this one document?")
    try:
        given = well_formed_json(json.loads(line.decode("utf-8-sig")))
    except UnicodeDecodeError as error:
        raise _bad_line(f"not UTF-8: {error}") from error
    except ValueError as error:
        raise _bad_line(f"not a JSON object: {error}") from error
    except RecursionError as error:
        raise _bad_line("not a JSON object: nested too deeply") from error
    if not isinstance(given, dict) or not isinstance(given.get("doc_id"), str):
        raise _bad_line("not an object with a string doc_id")
    return given


def _text_article(given: dict[str, Any]) -> Article:
    text = given.get("text")
    if not isinstance(text, str):
        raise _bad_line("text: must be a string")
    return article_from_text(
        text,
        title=_text_of(given, "title"),
        published_at=_moment(given, "published_at"),
        language=_text_of(given, "language") or "en",
    )


def _page(settings: Settings, folder: Path, given: dict[str, Any]) -> Page:
    url = _url(given)
    return Page(
        url=url,
        final_url=url,
        status=200,
        headers={"content-type": "text/html"},
        body=_body(folder, _text_of(given, "html") or "", page_max_bytes=settings.page_max_bytes),
        fetched_at=_moment(given, "fetched_at") or settings.now(),
    )


def _body(folder: Path, name: str, *, page_max_bytes: int) -> bytes:
    """Return the bytes of a file in ``folder``. Raises: BrokenListingError if it cannot be read, or is too large."""
    path = folder / name
    try:
        if not name or not path.resolve().is_relative_to(folder.resolve()):
            raise _bad_line("html: must name a file in the input's folder")
        if not path.is_file():
            raise _bad_line(f"html: no file {name[:_SHOWN]!r} in the input's folder")
        with path.open("rb") as file:
            body = file.read(page_max_bytes + 1)
    except OSError as error:
        problem = error.strerror or error
        raise _bad_line(f"html: {printable_path(path)[:_SHOWN]!r} cannot be read ({problem})") from error
    if len(body) > page_max_bytes:
        raise _bad_line(f"html: {name[:_SHOWN]!r} has more than {page_max_bytes} bytes, the NEWS_PAGE_MAX_BYTES")
    return body


def _text_of(given: Mapping[str, object], field: str) -> str | None:
    value = given.get(field)
    if value is not None and not isinstance(value, str):
        raise _bad_line(f"{field}: must be a string")
    return value


def _url(given: Mapping[str, object]) -> str | None:
    url = _text_of(given, "url")
    try:
        _ = urlsplit(url or "").port
    except ValueError as error:
        raise _bad_line(f"url: {str(url)[:_SHOWN]!r} is not a URL ({error})") from error
    return url


def _moment(given: Mapping[str, object], field: str) -> datetime | None:
    value = _text_of(given, field)
    if value is None:
        return None
    try:
        return parse_iso(value)[0]
    except ValueError as error:
        raise _bad_line(f"{field}: {value[:_SHOWN]!r} is not an ISO date or time") from error


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
                "spans": _spans(article.text, quote),
                "text": quote.quote_text,
                "type": quote.quote_type,
                "speaker_text": quote.speaker_text,
                "speaker_start": quote.speaker_start_char,
                "speaker_end": quote.speaker_end_char,
                "speaker_name": quote.speaker_name,
                "speaker_kind": quote.speaker_kind,
                "co_speakers": [other.name or other.text for other in quote.co_speakers or ()],
                "reported_by": quote.reported_by_name or quote.reported_by_text,
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
        "date": _event_day(event),
        "date_basis": event.event_date_basis,
        "location": event.place_text,
        "place_basis": event.place_basis,
        "modality": event.modality,
        "score": event.salience,
        "is_main": event.is_main,
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
    if event.event_date_basis == "publication" or first is None or last is None or first.year != last.year:
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
