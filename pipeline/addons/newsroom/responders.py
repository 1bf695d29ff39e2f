"""What each path of Newsroom answers, within limits: in this process, or in one that is killed at its limits.

This module loads no web framework, which such a process does not need.
"""

from collections.abc import Callable, Mapping
from functools import cache, partial
from pkgutil import resolve_name
from threading import Event

from newslake.pipeline.addons.newsroom.page_answers import answer_question_csv, answer_question_svg
from newslake.pipeline.addons.newsroom.page_list import NewsroomPage, bar_pages, list_pages
from newslake.pipeline.addons.newsroom.page_request import HttpAnswer, NewsroomRequest, PageAnswer
from newslake.pipeline.addons.newsroom.pages.json_pages import to_json
from newslake.pipeline.addons.newsroom.pages.saved_queries import MOST_BYTES
from newslake.pipeline.query.connection import Limits, apply_limits, too_slow
from newslake.pipeline.query.query_process import QueryPool

POLICY, JSON = "Content-Security-Policy", "application/json"
_THREADS = 2
_ROWS = 200_000  # as Python objects, they need about as much memory as DuckDB itself
_PAGES = "newslake.pipeline.addons.newsroom.pages"
# What the pages of Newsroom load with their first request. A process that waits has loaded it.
_MODULES = (
    *(f"{_PAGES}.{name}" for name in ("article", "articles", "events", "outcomes", "people", "saved_queries")),
    *("newslake.pipeline.show.article_view", "newslake.pipeline.show.provenance"),
)
_DRAW_ONCE = "newslake.pipeline.query.charts:draw_once"
_MOST_BYTES = MOST_BYTES + (1 << 20)  # of an answer: a file with its headers
Responder = Callable[[NewsroomRequest], HttpAnswer]
FILES: Mapping[str, Responder] = {
    "/questions/{slug}.svg": answer_question_svg,
    "/questions/{slug}.csv": answer_question_csv,
}


def routes() -> Mapping[str, Responder]:
    """Return the responder of each path: files, and each page as JSON (its path with `.json`) and as HTML.

    The order matters: the path of a page with an id would also match the path of its files.
    """
    responders: dict[str, Responder] = {**FILES}
    for entry in bar_pages()[:1]:
        responders["/"] = partial(_answer_html, entry)
    for page in list_pages():
        responders[f"{page.path}.json"] = partial(_answer_json, page)
        responders[page.path] = partial(_answer_html, page)
    return responders


def _answer_of(page: NewsroomPage, request: NewsroomRequest) -> PageAnswer:
    answer: PageAnswer = resolve_name(page.place)(request)
    return answer


def _answer_html(page: NewsroomPage, request: NewsroomRequest) -> HttpAnswer:
    answer = _answer_of(page, request)
    headers = {POLICY: answer.templates.policy(is_served=True)}
    return HttpAnswer(answer.html().encode(), "text/html; charset=utf-8", headers)


def _answer_json(page: NewsroomPage, request: NewsroomRequest) -> HttpAnswer:
    return HttpAnswer(to_json(_answer_of(page, request).data()), JSON)


def answer_within_limits(answer: Responder, request: NewsroomRequest, *, end: Event) -> HttpAnswer:
    """Return the answer of a path within the limits of the settings. If another thread sets ``end``, queries end.

    Raises: LimitError, and what ``answer`` raises; if it ran in a process, an unexpected exception as BrokenItemError.
    """
    settings = request.settings
    limits = Limits(
        seconds=settings.newsroom_seconds, memory_mb=settings.newsroom_memory_mb, threads=_THREADS, rows=_ROWS
    )
    if end.is_set():  # its reader left before its turn: no process is killed for that
        raise too_slow(limits)
    if settings.sql_process:
        return HttpAnswer.from_bytes(processes().call(_answer_bytes, answer, request, limits=limits, end=end))
    with apply_limits(limits, end=end):
        return answer(request)


@cache
def processes() -> QueryPool:
    """Return the processes of all pages. The first page starts one."""
    return QueryPool(_MODULES, most_bytes=_MOST_BYTES, first_call=_DRAW_ONCE)


def _answer_bytes(answer: Responder, request: NewsroomRequest) -> bytes:
    return answer(request).to_bytes()
