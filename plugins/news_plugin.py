"""Newsroom in Airflow's navigation.

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
    from news_airflow.web_app import respond

    await respond(scope, receive, send)


class NewsroomPlugin(AirflowPlugin):  # type: ignore[misc]  # airflow has no types for us
    """The pages and their entry in the navigation."""

    name = "newsroom"
    fastapi_apps: ClassVar[list[Any]] = [{"app": newsroom, "url_prefix": "/newsroom", "name": "newsroom"}]
    external_views: ClassVar[list[Any]] = [
        {
            "name": "Newsroom",
            "href": "newsroom/",
            "destination": "nav",
            "url_route": "newsroom",
            "nav_top_level": True,
        }
    ]
