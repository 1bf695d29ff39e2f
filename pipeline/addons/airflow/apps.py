"""Applications of other add-ons in Airflow's web server, for readers who are logged in."""

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[Message, Receive, Send], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Access:
    """The check of access that every route of an application needs.

    ``check`` is a dependency of FastAPI. ``messages`` are the texts for readers, by the short message of the error that
    ``check`` raises.
    """

    check: Callable[..., object]
    messages: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class App:
    """An application: the first part of its paths, and its entry in the navigation.

    ``place`` is "module:name" of a function from ``Access`` to an ASGI application. It is loaded and called with the
    first request, because every component of Airflow loads the plugin.
    """

    prefix: str
    label: str
    place: str
