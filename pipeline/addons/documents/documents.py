"""Documents in, documents out: `newslake annotate` and `newslake clean`, one JSON object per line, without a lake.

The commands differ only in the middle step. An invalid line is reported and skipped; processing continues.
"""

import json
import multiprocessing
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
from newslake.pipeline.clean import article_from_text, extract
from newslake.pipeline.derive import LoadedAnnotator
from newslake.pipeline.errors import BrokenListingError, ConfigError, ExtractorError, NewsError
from newslake.pipeline.jobs.knowledge import annotator_of
from newslake.pipeline.model import Annotation, Article, Event, Page
from newslake.pipeline.model.annotation import WordExplanation
from newslake.pipeline.nlp import TOO_LONG, why_not_annotated
from newslake.pipeline.nlp.events.explanation import explain_article
from newslake.pipeline.settings import Settings
from newslake.pipeline.show.json_objects import annotation_object, extraction_object
from newslake.pipeline.sources import bounded_lines, parse_iso
from newslake.pipeline.unicode import printable_path, to_well_formed, well_formed_json


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


def explain_events(
    text: str, *, settings: Settings, published_at: datetime | None
) -> tuple[tuple[Event, ...], tuple[WordExplanation, ...]]:
    """Return the typed events of a text, and why its other words name no event.

    Raises: NewsError if it cannot be annotated.
    """
    article = article_from_text(to_well_formed(text), title=None, published_at=published_at, language="en")
    annotator = annotator_of(settings)
    article, read = next(annotator.read([article]))
    if isinstance(read, NewsError):
        raise read
    if TOO_LONG in article.flags:
        raise ConfigError(f"the text cannot be annotated: {why_not_annotated(article)}", key="TEXT")
    _, doc = next(annotator.reader.docs([article]))
    if read is None or doc is None or isinstance(doc, NewsError):
        return (), ()
    return read.events, explain_article(article, doc, read)


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
