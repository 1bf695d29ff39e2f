"""Newsroom, a read-only web application: access, places for requests at the same time, headers and errors."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Any

from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException as AnyHTTPException

from newslake.pipeline.addons.newsroom.page_list import bar_pages
from newslake.pipeline.addons.newsroom.page_request import NewsroomRequest
from newslake.pipeline.addons.newsroom.pages.json_pages import error_json
from newslake.pipeline.addons.newsroom.rendering import TEMPLATES, error_page
from newslake.pipeline.addons.newsroom.responders import JSON, POLICY, Responder, answer_within_limits, routes
from newslake.pipeline.errors import BrokenItemError, ConfigError, LimitError, NewsError

if TYPE_CHECKING:
    from newslake.pipeline.addons.airflow.apps import Access, Asgi, Message, Receive, Send

log = logging.getLogger(__name__)

AT_ONCE, WAIT_SECONDS = 2, 20.0
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-cache",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def newsroom_asgi(access: "Access") -> "Asgi":
    """Return the application with the headers that every response needs, refusals too."""
    app = newsroom_app(access.check, messages=access.messages)

    async def respond(scope: "Message", receive: "Receive", send: "Send") -> None:
        await app(scope, receive, _with_headers(send))

    return respond


def _with_headers(send: "Send") -> "Send":
    """Return ``send`` that adds the headers which a response lacks."""
    headers = {**_HEADERS, POLICY: TEMPLATES.policy(is_served=True)}

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


def endpoint(answer: Responder, *, root: str, slots: asyncio.Semaphore) -> Callable[[Request], Awaitable[Response]]:
    """Return the endpoint of a route. ``slots`` limits concurrency; each request has a thread and limits.

    When its client is gone, its queries end.
    """

    async def respond(request: Request) -> Response:
        end = Event()
        watch = asyncio.create_task(_set_when_gone(end, request))
        try:
            await _wait_for_turn(slots)
            build = partial(NewsroomRequest, dict(request.query_params), request.path_params, root)
            work = asyncio.create_task(_answer_request(answer, build, slots=slots, end=end))
            work.add_done_callback(_ignore_error)
            return await asyncio.shield(work)  # a thread continues after its client is gone, and must keep its slot
        finally:
            end.set()
            watch.cancel()

    return respond


def _ignore_error(work: "asyncio.Task[Response]") -> None:
    """Take the error of work for which nobody waits any more; asyncio would log it."""
    if not work.cancelled():
        work.exception()


async def _set_when_gone(end: Event, request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    end.set()


async def _wait_for_turn(slots: asyncio.Semaphore) -> None:
    try:
        await asyncio.wait_for(slots.acquire(), WAIT_SECONDS)
    except TimeoutError as error:
        raise HTTPException(503, "Too many concurrent requests: try again in a moment.") from error


async def _answer_request(
    answer: Responder, build: Callable[[], NewsroomRequest], *, slots: asyncio.Semaphore, end: Event
) -> Response:
    try:
        return await asyncio.to_thread(_respond, answer, build, end)
    finally:
        slots.release()


def _respond(answer: Responder, build: Callable[[], NewsroomRequest], end: Event) -> Response:
    sent = answer_within_limits(answer, build(), end=end)
    return Response(sent.content, media_type=sent.media_type, headers=dict(sent.headers))


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
        BrokenItemError: _bug_response,  # as an exception comes back from a process, whose log has the details
        Exception: _bug_response,
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


def _bug_response(request: Request, error: Exception) -> Response:
    return _error_response(request, 500, "Read the log of the api-server.")


def _error_response(request: Request, status: int, message: str) -> Response:
    if request.scope["path"].endswith(".json"):
        return Response(error_json(status, message), status_code=status, media_type=JSON)
    inside = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    root = "../" * max(0, inside.count("/") - 1)
    return HTMLResponse(error_page(status, message, root=root), status_code=status)
