"""Newsroom, a read-only web application: access, limits per page, headers, errors, and the routes of its pages."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException as AnyHTTPException

from newslake.pipeline.addons.newsroom.page_answers import answer_question_csv, answer_question_svg
from newslake.pipeline.addons.newsroom.page_list import NewsroomPage, bar_pages, list_pages
from newslake.pipeline.addons.newsroom.page_request import FileAnswer, NewsroomRequest, PageAnswer
from newslake.pipeline.addons.newsroom.pages.json_pages import error_json, to_json
from newslake.pipeline.addons.newsroom.rendering import TEMPLATES, error_page, within_limits
from newslake.pipeline.errors import ConfigError, LimitError, NewsError
from newslake.pipeline.settings import Settings

if TYPE_CHECKING:
    from newslake.pipeline.addons.airflow.apps import Access, Asgi, Message, Receive, Send

log = logging.getLogger(__name__)

AT_ONCE, WAIT_SECONDS = 2, 20.0
_POLICY = "Content-Security-Policy"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-cache",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_JSON = "application/json"
Responder = Callable[[NewsroomRequest], Response]
FILES: Mapping[str, Callable[[NewsroomRequest], FileAnswer]] = {
    "/questions/{slug}.svg": answer_question_svg,
    "/questions/{slug}.csv": answer_question_csv,
}


def newsroom_asgi(access: "Access") -> "Asgi":
    """Return the application with the headers that every response needs, refusals too."""
    app = newsroom_app(access.check, messages=access.messages)

    async def respond(scope: "Message", receive: "Receive", send: "Send") -> None:
        await app(scope, receive, _with_headers(send))

    return respond


def _with_headers(send: "Send") -> "Send":
    """Return ``send`` that adds the headers which a response lacks."""
    headers = {**_HEADERS, _POLICY: TEMPLATES.policy(is_served=True)}

    async def send_with_headers(message: "Message") -> None:
        if message["type"] == "http.response.start":
            names = {name.lower() for name, _ in message["headers"]}
            pairs = ((name.lower().encode(), value.encode()) for name, value in headers.items())
            message["headers"] = [*message["headers"], *(pair for pair in pairs if pair[0] not in names)]
        await send(message)

    return send_with_headers


def newsroom_app(check: Callable[..., object], *, messages: Mapping[str, str] | None = None) -> FastAPI:
    """Return the application. Every route depends on ``check`` first; ``messages`` are texts for its errors."""
    app = FastAPI(
        docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False, dependencies=[Depends(check)]
    )
    slots = asyncio.Semaphore(AT_ONCE)
    for path, answer in routes().items():
        app.add_api_route(path, endpoint(answer, root="../" * (path.count("/") - 1), slots=slots), methods=["GET"])
    for error, handler in _error_handlers(messages or {}).items():
        app.add_exception_handler(error, handler)
    return app


def routes() -> Mapping[str, Responder]:
    """Return the responder of each path: files, and each page as JSON (its path with `.json`) and as HTML.

    The order matters: the path of a page with an id would also match the path of its files.
    """
    responders: dict[str, Responder] = {path: partial(_file_response, answer) for path, answer in FILES.items()}
    for entry in bar_pages()[:1]:
        responders["/"] = partial(_html_response, entry)
    for page in list_pages():
        responders[f"{page.path}.json"] = partial(_json_response, page)
        responders[page.path] = partial(_html_response, page)
    return responders


def _answer_of(page: NewsroomPage, request: NewsroomRequest) -> PageAnswer:
    answer: PageAnswer = resolve_name(page.place)(request)
    return answer


def _html_response(page: NewsroomPage, request: NewsroomRequest) -> Response:
    answer = _answer_of(page, request)
    return HTMLResponse(answer.html(), headers={_POLICY: answer.templates.policy(is_served=True)})


def _json_response(page: NewsroomPage, request: NewsroomRequest) -> Response:
    return Response(to_json(_answer_of(page, request).data()), media_type=_JSON)


def _file_response(answer: Callable[[NewsroomRequest], FileAnswer], request: NewsroomRequest) -> Response:
    file = answer(request)
    return Response(file.content, media_type=file.media_type, headers=dict(file.headers))


def endpoint(answer: Responder, *, root: str, slots: asyncio.Semaphore) -> Callable[[Request], Awaitable[Response]]:
    """Return the endpoint of a route. ``slots`` limits concurrency; each request has a thread and limits."""

    async def respond(request: Request) -> Response:
        try:
            await asyncio.wait_for(slots.acquire(), WAIT_SECONDS)
        except TimeoutError as error:
            raise HTTPException(503, "Too many concurrent requests: try again in a moment.") from error
        page_request = NewsroomRequest(request.query_params, request.path_params, root)
        work = asyncio.create_task(_answer_request(answer, page_request, slots=slots))
        return await asyncio.shield(work)  # a thread continues after its client disconnects, and must keep its slot

    return respond


async def _answer_request(answer: Responder, request: NewsroomRequest, *, slots: asyncio.Semaphore) -> Response:
    try:
        return await asyncio.to_thread(_within_limits, answer, request)
    finally:
        slots.release()


def _within_limits(answer: Responder, request: NewsroomRequest) -> Response:
    with within_limits(Settings.load()):
        return answer(request)


def _error_handlers(messages: Mapping[str, str]) -> Mapping[type[Exception], Callable[[Request, Any], Response]]:
    """Return one handler per kind of error. Any other error is a bug; its page has no details."""
    texts = {**_error_messages(), **messages}
    return {
        AnyHTTPException: lambda request, error: _error_response(
            request, error.status_code, texts.get(error.detail, error.detail)
        ),
        LimitError: lambda request, error: _error_response(request, 503, f"{error}."),
        ConfigError: lambda request, error: _error_response(
            request, 404 if "no_such" in error.reason else 400, str(error)
        ),
        NewsError: _logged_error_response,
        Exception: lambda request, _: _error_response(request, 500, "Read the log of the api-server."),
    }


def _error_messages() -> Mapping[str, str]:
    """Return replacements for the short messages of the framework."""
    start = "".join(f" Start from {page.label}, or another page of the bar." for page in bar_pages()[:1])
    return {
        "Not Found": f"Newsroom has no such page.{start}",
        "Method Not Allowed": "These pages accept only GET requests.",
    }


def _logged_error_response(request: Request, error: Exception) -> Response:
    log.error("newsroom: %s: %s", request.url.path, error)
    return _error_response(request, 500, str(error))


def _error_response(request: Request, status: int, message: str) -> Response:
    if request.scope["path"].endswith(".json"):
        return Response(error_json(status, message), status_code=status, media_type=_JSON)
    inside = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    root = "../" * max(0, inside.count("/") - 1)
    return HTMLResponse(error_page(status, message, root=root), status_code=status)
