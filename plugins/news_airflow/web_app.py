"""Newsroom as an application: who may see it, how much a page may cost, and what every answer carries."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from functools import cache
from threading import Lock
from typing import Any

from airflow.api_fastapi.core_api.security import requires_access_dag
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException as AnyHTTPException

log = logging.getLogger(__name__)

# Whoever may read the DAG that fills the tables may read what it put there.
DAG_ID = "news_extract"
AT_ONCE, WAIT_SECONDS = 2, 20.0
_BUILDING = Lock()
Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
# What Airflow and the framework say in a word or two, said to a person.
_ERROR_MESSAGES = {
    "Not authenticated": "Log in to Airflow, then open this page again.",
    "Token Expired": "Your session has ended: log in to Airflow again, then open this page.",
    "Invalid JWT token": "Airflow does not know this session: log in to Airflow again, then open this page.",
    "Forbidden": f"Your role may not read the DAG {DAG_ID}, and so not what it has put into the tables.",
    "Not Found": "Coverage, Articles and Questions have all there is.",
    "Method Not Allowed": "Nothing can be sent to these pages, or changed by them.",
}
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-cache",
    "Cross-Origin-Resource-Policy": "same-origin",
}


async def respond(scope: Message, receive: Callable[[], Awaitable[Message]], send: Send) -> None:
    """Answer one request. What it needs is loaded by the first one, beside the event loop."""
    app = await asyncio.to_thread(_shared_app)
    await app(scope, receive, _with_headers(send))


def _with_headers(send: Send) -> Send:
    """Return ``send`` with the headers that no answer goes without, whoever made it."""
    from pipeline.web import policy

    standing = {**_HEADERS, "Content-Security-Policy": policy(is_served=True)}

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = {name.lower() for name, _ in message["headers"]}
            added = ((name.lower().encode(), value.encode()) for name, value in standing.items())
            message["headers"] = [*message["headers"], *(pair for pair in added if pair[0] not in given)]
        await send(message)

    return send_with_headers


def _shared_app() -> FastAPI:
    with _BUILDING:  # of two first requests one builds it
        return newsroom_app()


@cache
def newsroom_app() -> FastAPI:
    """Return the application. Each of its routes asks Airflow who is there, before anything else."""
    from news_airflow.newsroom_pages import PAGES

    allowed = Depends(requires_access_dag("GET", param_dag_id=DAG_ID))
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False, dependencies=[allowed])
    slots = asyncio.Semaphore(AT_ONCE)
    for path, answer in PAGES.items():
        app.add_api_route(path, _endpoint(answer, root="../" * (path.count("/") - 1), slots=slots), methods=["GET"])
    for error, tell in _error_handlers().items():
        app.add_exception_handler(error, tell)
    return app


def _endpoint(
    answer: Callable[[Request, str], Response], *, root: str, slots: asyncio.Semaphore
) -> Callable[[Request], Awaitable[Response]]:
    """Return what answers a route: few at once, each in a thread of its own, within the limits of the settings."""

    async def endpoint(request: Request) -> Response:
        try:
            await asyncio.wait_for(slots.acquire(), WAIT_SECONDS)
        except TimeoutError as error:
            raise HTTPException(503, "Many people look at pages now: try again in a moment.") from error
        work = asyncio.create_task(_answer_request(answer, request, root, slots=slots))
        return await asyncio.shield(work)  # a thread goes on when nobody waits for it any more, and so keeps its slot

    return endpoint


async def _answer_request(
    answer: Callable[[Request, str], Response], request: Request, root: str, *, slots: asyncio.Semaphore
) -> Response:
    try:
        return await asyncio.to_thread(_within_limits, answer, request, root)
    finally:
        slots.release()


def _within_limits(answer: Callable[[Request, str], Response], request: Request, root: str) -> Response:
    from pipeline.settings import Settings
    from pipeline.web.rendering import within_limits

    with within_limits(Settings.load()):
        return answer(request, root)


def _error_handlers() -> Mapping[type[Exception], Callable[[Request, Any], Response]]:
    """Return what is told of each kind of error; whatever is not named is a defect, and told as little as can be."""
    from pipeline.errors import ConfigError, LimitError, NewsError

    return {
        AnyHTTPException: lambda request, error: _error_response(
            request, error.status_code, _ERROR_MESSAGES.get(error.detail, error.detail)
        ),
        LimitError: lambda request, error: _error_response(request, 503, f"Asked for too much: {error}."),
        ConfigError: lambda request, error: _error_response(
            request, 404 if "no_such" in error.reason else 400, str(error)
        ),
        NewsError: _logged_error_response,
        Exception: lambda request, _: _error_response(request, 500, "The log of the api-server says what happened."),
    }


def _logged_error_response(request: Request, error: Exception) -> Response:
    log.error("newsroom: %s: %s", request.url.path, error)
    return _error_response(request, 500, str(error))


def _error_response(request: Request, status: int, message: str) -> Response:
    from pipeline.web.rendering import error_page

    inside = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    root = "../" * max(0, inside.count("/") - 1)
    return HTMLResponse(error_page(status, message, root=root), status_code=status)
