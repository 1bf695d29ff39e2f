"""Documents in, documents out: one JSON object a line, for programs that want no lake.

`annotate` and `clean` share everything but the step in the middle. Lines are worked on in groups, in order, by this
process or by several; a bad line is told and left out, and the rest goes on.
"""

import json
import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import batched
from pathlib import Path
from typing import Any

from pipeline.clean import article_from_text, extract
from pipeline.errors import NewsError
from pipeline.jobs.annotator import LoadedAnnotator, knowledge_of, load_annotator
from pipeline.model import Annotation, Article, Page
from pipeline.reports.documents import annotation_object, extraction_object
from pipeline.settings import Settings

_GROUP = 64  # lines: a few batches of the model, so that a worker is asked seldom and answers often


@dataclass(frozen=True, slots=True)
class Line:
    """What one input line became: an output object, or the reason why it became none. ``number`` counts from 1."""

    number: int
    result: dict[str, object] | None
    problem: str | None


class BadLineError(ValueError):
    """An input line that is not what it should be; the message names the field."""


def annotate_lines(lines: Iterable[str], *, settings: Settings, workers: int = 1) -> Iterator[Line]:
    """Yield one line for each input line ``{doc_id, text, title, published_at}``, in order.

    Blank lines are passed over. ``workers`` processes load a model each.
    """
    yield from _process_lines(lines, partial(_open_annotate, settings), workers=workers)


def clean_lines(lines: Iterable[str], *, folder: Path, settings: Settings, workers: int = 1) -> Iterator[Line]:
    """Yield one line for each input line ``{doc_id, url, html, fetched_at}``, in order; ``html`` names a file in
    ``folder``. Always the extraction and its page type, never a rejection."""
    yield from _process_lines(lines, partial(_open_clean, settings, folder), workers=workers)


GroupWorker = Callable[[list[tuple[int, str]]], list[Line]]
_worker: GroupWorker | None = None  # a worker process's own, set once when it starts


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


def _open_clean(settings: Settings, folder: Path) -> GroupWorker:
    return partial(_clean, settings, folder)


def _parse_group[T](
    group: list[tuple[int, str]], parse: Callable[[dict[str, Any]], T]
) -> Iterator[tuple[int, str, T | str]]:
    """Yield (line number, doc_id, parsed input or what is wrong with it) for each line."""
    for number, line in group:
        try:
            given = json.loads(line)
            if not isinstance(given, dict) or not isinstance(given.get("doc_id"), str):
                raise BadLineError("no object with a text doc_id")
            yield number, given["doc_id"], parse(given)
        except json.JSONDecodeError as error:
            yield number, "", f"no JSON object on this line: {error}"
        except (ValueError, OSError) as error:  # a field, a date, a file
            yield number, "", f"{error}"


def _annotate(annotator: LoadedAnnotator, group: list[tuple[int, str]]) -> list[Line]:
    parsed = list(_parse_group(group, _text_article))
    read = annotator.read(article for _, _, article in parsed if isinstance(article, Article))
    return [
        Line(number, None, article) if isinstance(article, str) else _annotation_line(number, doc_id, *next(read))
        for number, doc_id, article in parsed
    ]


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


def _moment(given: dict[str, Any], field: str) -> datetime | None:
    value = given.get(field)
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise BadLineError(f"{field}: {value!r} is no ISO date or time") from error
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _annotation_line(number: int, doc_id: str, article: Article, read: Annotation | NewsError | None) -> Line:
    if isinstance(read, NewsError):
        return Line(number, None, str(read))
    return Line(number, annotation_object(doc_id, article, read or Annotation()), None)


def _clean(settings: Settings, folder: Path, group: list[tuple[int, str]]) -> list[Line]:
    return [
        Line(number, None, page) if isinstance(page, str) else _extraction_line(number, doc_id, page)
        for number, doc_id, page in _parse_group(group, partial(_page, settings, folder))
    ]


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


def _extraction_line(number: int, doc_id: str, page: Page) -> Line:
    try:
        article = extract(page, source_key="lines")
    except NewsError as error:
        return Line(number, None, str(error))
    return Line(number, extraction_object(doc_id, article), None)
