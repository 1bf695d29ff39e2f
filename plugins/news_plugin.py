"""Newsroom in Airflow's navigation, and the guard of Airflow's web server.

Every component imports this file at its start, so it imports nothing heavy: the first request loads the pages.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, ClassVar

from airflow.plugins_manager import AirflowPlugin

Message = MutableMapping[str, Any]


async def newsroom(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """Answer one request for a page of Newsroom."""
    from newslake.pipeline.addons.newsroom.web_app import respond

    await respond(scope, receive, send)


def request_guard(app: Any) -> Any:
    """Return the guard around Airflow's web server; the server calls it once, at its start."""
    from news_airflow.request_guard import guard

    return guard(app)


class NewsroomPlugin(AirflowPlugin):  # type: ignore[misc]  # airflow has no types for us
    """The pages, their entry in the navigation, and the guard."""

    name = "newsroom"
    fastapi_apps: ClassVar[list[Any]] = [{"app": newsroom, "url_prefix": "/newsroom", "name": "newsroom"}]
    fastapi_root_middlewares: ClassVar[list[Any]] = [{"middleware": request_guard, "name": "request_guard"}]
    external_views: ClassVar[list[Any]] = [
        {
            "name": "Newsroom",
            "href": "newsroom/",
            "destination": "nav",
            "url_route": "newsroom",
            "nav_top_level": True,
        }
    ]
