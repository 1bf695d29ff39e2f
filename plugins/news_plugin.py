"""Applications of add-ons in Airflow's navigation, such as Newsroom, and the guard of Airflow's web server.

Every component imports this file at its start, so it imports nothing heavy: the first request loads an application.
"""

import logging
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.plugins_manager import AirflowPlugin
from news_airflow.web_apps import external_view, fastapi_app

from newslake.pipeline.addon_registry import load_addons
from newslake.pipeline.errors import ConfigError

if TYPE_CHECKING:
    from newslake.pipeline.addons.airflow.apps import App

log = logging.getLogger(__name__)


def _list_apps() -> "list[App]":
    """Return the applications of all add-ons. What is wrong with an add-on is logged: the guard must be there."""
    try:
        results, errors = load_addons().collect("airflow_apps")
    except ConfigError as error:
        log.error("no add-on has pages in Airflow: %s", error)
        return []
    for each in errors:
        log.error("an add-on has no pages in Airflow: %s", each)
    return [app for _, its_apps in results for app in its_apps]


def request_guard(app: Any) -> Any:
    """Return the guard around Airflow's web server; the server calls it once, at its start."""
    from news_airflow.request_guard import guard

    return guard(app)


_APPS = _list_apps()


class NewsroomPlugin(AirflowPlugin):  # type: ignore[misc]  # airflow has no types for us
    """The applications, their entries in the navigation, and the guard."""

    name = "newsroom"
    fastapi_apps: ClassVar[list[Any]] = [fastapi_app(each) for each in _APPS]
    fastapi_root_middlewares: ClassVar[list[Any]] = [{"middleware": request_guard, "name": "request_guard"}]
    external_views: ClassVar[list[Any]] = [external_view(each) for each in _APPS]
