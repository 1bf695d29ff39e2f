"""Newsroom, a read-only web application in Airflow: access, limits per page, headers, errors, and pages."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from functools import cache, partial
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal

from airflow.api_fastapi.core_api.security import requires_access_dag
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse
from starlette.exceptions import HTTPException as AnyHTTPException

if TYPE_CHECKING:
    from datetime import date

    from newslake.pipeline.addons.newsroom.pages.json_pages import PageAnswer
    from newslake.pipeline.addons.newsroom.pages.saved_queries import QuestionRequest
    from newslake.pipeline.jobs.workspace import Workspace
    from newslake.pipeline.store.table_files import LakePlace


log = logging.getLogger(__name__)

# Permission to read this DAG, which fills the tables, is permission to read Newsroom.
DAG_ID = "news_extract"
AT_ONCE, WAIT_SECONDS = 2, 20.0
_BUILDING = Lock()
Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]
# Replacements for the short messages of Airflow and the framework.
_ERROR_MESSAGES = {
    "Not authenticated": "Log in to Airflow, then open this page again.",
    "Token Expired": "Your session has ended: log in to Airflow again, then open this page.",
    "Invalid JWT token": "Airflow does not know this session: log in to Airflow again, then open this page.",
    "Forbidden": f"Your role may not read the DAG {DAG_ID}, which is required for Newsroom.",
    "Not Found": "Newsroom has no such page. Start from Coverage, or another page of the bar.",
    "Method Not Allowed": "These pages accept only GET requests.",
}
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-cache",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# ``root`` is the link from the page to Newsroom's first page.
ResponseHandler = Callable[[Request, str], Response]
PageHandler = Callable[[Request, str], "PageAnswer"]
Kind = Literal["person", "organisation"]  # of newslake.pipeline.addons.newsroom.queries.people
_JSON = "application/json"


async def respond(scope: Message, receive: Callable[[], Awaitable[Message]], send: Send) -> None:
    """Answer one request. The first request loads the application, outside of the event loop."""
    app = await asyncio.to_thread(_shared_app)
    await app(scope, receive, _with_headers(send))


def _with_headers(send: Send) -> Send:
    """Return ``send`` with the headers that every response needs."""
    from newslake.pipeline.show.rendering import policy

    headers = {**_HEADERS, "Content-Security-Policy": policy(is_served=True)}

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = {name.lower() for name, _ in message["headers"]}
            added = ((name.lower().encode(), value.encode()) for name, value in headers.items())
            message["headers"] = [*message["headers"], *(pair for pair in added if pair[0] not in given)]
        await send(message)

    return send_with_headers


def _shared_app() -> FastAPI:
    with _BUILDING:  # concurrent first requests must not both build it
        return newsroom_app()


@cache
def newsroom_app() -> FastAPI:
    """Return the application. Every route checks access with Airflow first."""
    allowed = Depends(requires_access_dag("GET", param_dag_id=DAG_ID))
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False, dependencies=[allowed])
    slots = asyncio.Semaphore(AT_ONCE)
    for path, answer in routes().items():
        app.add_api_route(path, _endpoint(answer, root="../" * (path.count("/") - 1), slots=slots), methods=["GET"])
    for error, handler in _error_handlers().items():
        app.add_exception_handler(error, handler)
    return app


def routes() -> Mapping[str, ResponseHandler]:
    """Return the handler of each path: files, and each page as JSON (its path with `.json`) and as HTML.

    The order matters: the path of a page with an id would also match the path of its files.
    """
    found: dict[str, ResponseHandler] = dict(FILES)
    for path, read in PAGES.items():
        if path != "/":
            found[f"{path}.json"] = partial(_json_response, read)
        found[path] = partial(_html_response, read)
    return found


def _html_response(read: PageHandler, request: Request, root: str) -> Response:
    return HTMLResponse(read(request, root).html())


def _json_response(read: PageHandler, request: Request, root: str) -> Response:
    from newslake.pipeline.addons.newsroom.pages.json_pages import to_json

    return Response(to_json(read(request, root).data()), media_type=_JSON)


def _endpoint(
    answer: ResponseHandler, *, root: str, slots: asyncio.Semaphore
) -> Callable[[Request], Awaitable[Response]]:
    """Return the endpoint of a route. ``slots`` limits concurrency; each request has its own thread and limits."""

    async def endpoint(request: Request) -> Response:
        try:
            await asyncio.wait_for(slots.acquire(), WAIT_SECONDS)
        except TimeoutError as error:
            raise HTTPException(503, "Too many concurrent requests: try again in a moment.") from error
        work = asyncio.create_task(_answer_request(answer, request, root, slots=slots))
        return await asyncio.shield(work)  # a thread continues after its client disconnects, and must keep its slot

    return endpoint


async def _answer_request(
    answer: ResponseHandler, request: Request, root: str, *, slots: asyncio.Semaphore
) -> Response:
    try:
        return await asyncio.to_thread(_within_limits, answer, request, root)
    finally:
        slots.release()


def _within_limits(answer: ResponseHandler, request: Request, root: str) -> Response:
    from newslake.pipeline.settings import Settings
    from newslake.pipeline.show.rendering import within_limits

    with within_limits(Settings.load()):
        return answer(request, root)


def _error_handlers() -> Mapping[type[Exception], Callable[[Request, Any], Response]]:
    """Return one handler per kind of error. Any other error is a bug; its page has no details."""
    from newslake.pipeline.errors import ConfigError, LimitError, NewsError

    return {
        AnyHTTPException: lambda request, error: _error_response(
            request, error.status_code, _ERROR_MESSAGES.get(error.detail, error.detail)
        ),
        LimitError: lambda request, error: _error_response(request, 503, f"{error}."),
        ConfigError: lambda request, error: _error_response(
            request, 404 if "no_such" in error.reason else 400, str(error)
        ),
        NewsError: _logged_error_response,
        Exception: lambda request, _: _error_response(request, 500, "Read the log of the api-server."),
    }


def _logged_error_response(request: Request, error: Exception) -> Response:
    log.error("newsroom: %s: %s", request.url.path, error)
    return _error_response(request, 500, str(error))


def _error_response(request: Request, status: int, message: str) -> Response:
    from newslake.pipeline.addons.newsroom.pages.json_pages import error_json
    from newslake.pipeline.show.rendering import error_page

    if request.scope["path"].endswith(".json"):
        return Response(error_json(status, message), status_code=status, media_type=_JSON)
    inside = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    root = "../" * max(0, inside.count("/") - 1)
    return HTMLResponse(error_page(status, message, root=root), status_code=status)


# Pages: the data of each, and its HTML.


def _workspace() -> "Workspace":
    from newslake.pipeline.jobs.workspace import Workspace
    from newslake.pipeline.settings import Settings

    return Workspace(Settings.load(), is_reader=True)


def _source_keys(space: "Workspace") -> list[str]:
    return [each.key for each in space.sources.sources]


def _given(request: Request) -> tuple["LakePlace", Mapping[str, str], "date"]:
    """Return what most pages need: the lake, the query of the URL, and the day of today."""
    space = _workspace()
    return space.place, request.query_params, space.settings.now().date()


def _coverage(request: Request, root: str) -> "PageAnswer":
    from newslake.pipeline.addons.newsroom.pages.json_pages import PageAnswer
    from newslake.pipeline.addons.operate.coverage import coverage
    from newslake.pipeline.addons.operate.coverage_page import coverage_page, parse_coverage_period
    from newslake.pipeline.show.rendering import parse_text

    space, query = _workspace(), request.query_params
    first, last = parse_coverage_period(space.place, query, today=space.settings.now().date())
    source = parse_text(query, "source")
    found = coverage(space, first=first, last=last, source_keys=[source] if source else ())
    html = partial(coverage_page, found, root=root, source_key=source or "", choices=_source_keys(space))
    return PageAnswer(lambda: found, html)


def _pages(request: Request, root: str) -> "PageAnswer":
    from newslake.pipeline.addons.newsroom.pages.json_pages import PageAnswer, list_page_outcomes
    from newslake.pipeline.addons.newsroom.pages.outcomes import pages_page

    space = _workspace()
    given, today = (space.place, request.query_params), space.settings.now().date()
    html = partial(pages_page, *given, today=today, root=root, choices=_source_keys(space))
    return PageAnswer(partial(list_page_outcomes, *given, today=today), html)


def _why(request: Request, root: str) -> "PageAnswer":
    from newslake.pipeline.addons.newsroom.pages.json_pages import PageAnswer
    from newslake.pipeline.addons.newsroom.pages.outcomes import why_form, why_page
    from newslake.pipeline.show.provenance import trace_provenance

    def missing() -> object:
        raise HTTPException(400, "url is missing: give a URL, an article_id, or a row such as ARTICLE_ID:quotes:3.")

    subject = request.query_params.get("url", "").strip()
    if not subject:
        return PageAnswer(missing, partial(why_form, root=root))
    found = trace_provenance(_workspace(), subject)
    return PageAnswer(lambda: found, lambda: why_page(found, root=root))


def _articles(request: Request, root: str) -> "PageAnswer":
    from newslake.pipeline.addons.newsroom.pages.articles import articles_page
    from newslake.pipeline.addons.newsroom.pages.json_pages import PageAnswer, list_articles

    lake, query, today = _given(request)
    return PageAnswer(
        partial(list_articles, lake, query, today=today), partial(articles_page, lake, query, today=today, root=root)
    )


def _search(request: Request, root: str) -> "PageAnswer":
    from newslake.pipeline.addons.newsroom.pages.json_pages import PageAnswer
    from newslake.pipeline.addons.search.page import list_hits, parse_search_request, search_page
    from newslake.pipeline.addons.search.upkeep import await_update, search_place_of

    space, wanted = _workspace(), parse_search_request(request.query_params)
    place, limit = search_place_of(space), space.settings.newsroom_seconds
    is_building = bool(wanted.text) and await_update(space)
    html = partial(search_page, root=root, choices=_source_keys(space), seconds=limit, is_building=is_building)
    return PageAnswer(partial(list_hits, place, wanted, seconds=limit), partial(html, place, wanted))


def _article(request: Request, root: str) -> "PageAnswer":
    from newslake.pipeline.addons.newsroom.pages.json_pages import PageAnswer
    from newslake.pipeline.show.article import article_page, newsroom_article
    from newslake.pipeline.show.article_view import view_article

    article_id = request.path_params["article_id"]
    found = view_article(_workspace(), article_id)
    if found is None:
        raise HTTPException(404, f"The lake has no article {article_id}.")

    def html() -> str:
        shown = article_page(
            found.rows,
            origin=found.origin,
            published_date=found.published_date,
            provenance=found.provenance,
            versions=found.versions,
        )
        return newsroom_article(shown, root=root)

    return PageAnswer(lambda: found, html)


def _entities(kind: Kind, request: Request, root: str) -> "PageAnswer":
    from newslake.pipeline.addons.newsroom.pages.json_pages import PageAnswer
    from newslake.pipeline.addons.newsroom.pages.people import list_entities, people_page

    lake, query, today = _given(request)
    found = list_entities(lake, kind, query, today=today)
    return PageAnswer(lambda: found, partial(people_page, found, root=root, choices=_source_keys(_workspace())))


def _entity(kind: Kind, request: Request, root: str) -> "PageAnswer":
    from newslake.pipeline.addons.newsroom.pages.json_pages import PageAnswer
    from newslake.pipeline.addons.newsroom.pages.people import entity_page, read_entity

    lake, query, today = _given(request)
    entity_id = request.path_params["entity_id"]
    found = read_entity(lake, kind, entity_id, query, today=today)
    if found is None:
        raise HTTPException(404, f"No article of these days mentions the {kind} {entity_id}: select other days.")
    return PageAnswer(lambda: found, lambda: entity_page(found, query, root=root))


def _events(request: Request, root: str) -> "PageAnswer":
    from newslake.pipeline.addons.newsroom.pages.events import events_page, list_events
    from newslake.pipeline.addons.newsroom.pages.json_pages import PageAnswer

    lake, query, today = _given(request)
    found = list_events(lake, query, today=today)
    return PageAnswer(lambda: found, partial(events_page, found, query, root=root, choices=_source_keys(_workspace())))


def _event_map(request: Request, root: str) -> "PageAnswer":
    from newslake.pipeline.addons.newsroom.pages.events import event_map_page, list_places
    from newslake.pipeline.addons.newsroom.pages.json_pages import PageAnswer

    lake, query, today = _given(request)
    found = list_places(lake, query, today=today)
    return PageAnswer(lambda: found, partial(event_map_page, found, root=root, choices=_source_keys(_workspace())))


def _questions(request: Request, root: str) -> "PageAnswer":
    from newslake.pipeline.addons.newsroom.pages.json_pages import PageAnswer, question_entries
    from newslake.pipeline.addons.newsroom.pages.saved_queries import questions_page

    return PageAnswer(question_entries, partial(questions_page, root=root))


def _question(request: Request, root: str) -> "PageAnswer":
    from newslake.pipeline.addons.newsroom.pages.json_pages import PageAnswer, question_answer
    from newslake.pipeline.addons.newsroom.pages.saved_queries import question_page

    given = _workspace().place, _question_request(request)
    return PageAnswer(partial(question_answer, *given), partial(question_page, *given, root=root))


def _question_svg(request: Request, root: str) -> Response:
    from newslake.pipeline.addons.newsroom.pages.saved_queries import question_svg
    from newslake.pipeline.show.rendering import chart_policy

    is_narrow = request.query_params.get("width") == "phone"
    drawn = question_svg(_workspace().place, _question_request(request), is_narrow=is_narrow)
    return Response(drawn, media_type="image/svg+xml", headers={"Content-Security-Policy": chart_policy()})


def _question_csv(request: Request, root: str) -> Response:
    from newslake.pipeline.addons.newsroom.pages.saved_queries import question_csv

    question = _question_request(request)
    rows = question_csv(_workspace().place, question)
    name = f'attachment; filename="{question.question.slug}.csv"'
    return Response(rows, media_type="text/csv; charset=utf-8", headers={"Content-Disposition": name})


def _question_request(request: Request) -> "QuestionRequest":
    from newslake.pipeline.addons.newsroom.pages.saved_queries import parse_question_request

    return parse_question_request(request.path_params["slug"], request.query_params)


PAGES: Mapping[str, PageHandler] = {
    "/": _coverage,
    "/coverage": _coverage,
    "/pages": _pages,
    "/why": _why,
    "/articles": _articles,
    "/articles/{article_id}": _article,
    "/search": _search,
    "/people": partial(_entities, "person"),
    "/people/{entity_id}": partial(_entity, "person"),
    "/organisations": partial(_entities, "organisation"),
    "/organisations/{entity_id}": partial(_entity, "organisation"),
    "/events": _events,
    "/events/map": _event_map,
    "/questions": _questions,
    "/questions/{slug}": _question,
}
FILES: Mapping[str, ResponseHandler] = {
    "/questions/{slug}.svg": _question_svg,
    "/questions/{slug}.csv": _question_csv,
}
