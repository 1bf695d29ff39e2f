"""Applications of add-ons in Airflow's web server. Readers are logged in; the first request builds an application."""

import asyncio
from pkgutil import resolve_name
from threading import Lock
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from newslake.pipeline.addons.airflow.apps import Access, App, Asgi, Message, Receive, Send

# Permission to read this DAG, which fills the tables, is permission to read the pages of add-ons.
DAG_ID = "news_extract"


class WebApp:
    """An application of an add-on, for readers who are logged in.

    The first request builds it, outside of the event loop.
    """

    def __init__(self, app: "App") -> None:
        self._app = app
        self._asgi: Asgi | None = None
        self._building = Lock()

    async def __call__(self, scope: "Message", receive: "Receive", send: "Send") -> None:
        asgi = await asyncio.to_thread(self._build)
        await asgi(scope, receive, send)

    def _build(self) -> "Asgi":
        with self._building:  # concurrent first requests must not both build it
            if self._asgi is None:
                self._asgi = resolve_name(self._app.place)(access_of(self._app.label))
            return self._asgi


def access_of(label: str) -> "Access":
    """Return the check of Airflow's login for an application, with texts for its short messages."""
    from airflow.api_fastapi.core_api.security import requires_access_dag

    from newslake.pipeline.addons.airflow.apps import Access

    messages = {
        "Not authenticated": "Log in to Airflow, then open this page again.",
        "Token Expired": "Your session has ended: log in to Airflow again, then open this page.",
        "Invalid JWT token": "Airflow does not know this session: log in to Airflow again, then open this page.",
        "Forbidden": f"Your role may not read the DAG {DAG_ID}, which is required for {label}.",
    }
    return Access(requires_access_dag("GET", param_dag_id=DAG_ID), messages)


def fastapi_app(app: "App") -> dict[str, Any]:
    """Return an application as Airflow's list of them has it."""
    return {"app": WebApp(app), "url_prefix": f"/{app.prefix}", "name": app.prefix}


def external_view(app: "App") -> dict[str, Any]:
    """Return the entry of an application in Airflow's navigation."""
    return {
        "name": app.label,
        "href": f"{app.prefix}/",
        "destination": "nav",
        "url_route": app.prefix,
        "nav_top_level": True,
    }
