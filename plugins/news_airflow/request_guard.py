"""The guard of Airflow's web server: it answers only for known hosts, and takes changes only from pages of this server.

Without it, a page of the web that points its name to 127.0.0.1 (DNS rebinding) could read Airflow's answers, and a
form of another site could use the cookie of a logged-in user (cross-site request forgery). It is a middleware of the
whole server: web interface, login, REST API, the API of the tasks, and Newsroom.
"""

import re
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from airflow.api_fastapi.app import get_cookie_path
from airflow.api_fastapi.auth.managers.base_auth_manager import COOKIE_NAME_JWT_TOKEN
from airflow.configuration import conf
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, Response

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_TRUSTED_SITES = (None, "same-origin", "none")  # of Sec-Fetch-Site; programs that are not browsers do not send it
_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::\d{0,5})?")  # of RFC 9110, for names of DNS
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


class RequestGuard:
    """Refuses requests for other hosts, and changes that pages of other origins ask for.

    ``allowed_hosts`` are names without port, in addition to those of loopback.
    """

    def __init__(self, app: App, *, allowed_hosts: Collection[str]) -> None:
        self._app = app
        self._allowed = frozenset(allowed_hosts) - LOOPBACK

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        request = HTTPConnection(scope)
        refusal = self._wrong_host(request) or self._foreign_origin(request)
        if refusal is None:
            await self._app(scope, receive, _with_protected_cookie(request, send))
        else:
            await refusal(scope, receive, send)

    def _wrong_host(self, request: HTTPConnection) -> Response | None:
        hosts = request.headers.getlist("host")
        host = _HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
        if host is not None and (host[1] or host[2]).lower() in self._allowed | LOOPBACK:
            return None
        return PlainTextResponse(
            f"This Airflow does not answer for the host {', '.join(hosts)!r}. Open it as 127.0.0.1 or localhost, or "
            "add the name to NEWS_ALLOWED_HOSTS and restart it.\n",
            400,
        )

    def _foreign_origin(self, request: HTTPConnection) -> Response | None:
        if request.scope["type"] == "http" and request.scope["method"] in _SAFE_METHODS:
            return None
        origin = request.headers.get("origin")
        if origin is None and request.headers.get("sec-fetch-site") in _TRUSTED_SITES:
            return None
        if origin is not None and self._is_of_server(origin, request.headers["host"]):
            return None
        return PlainTextResponse(
            f"A page of {origin or 'another site'} may not change anything in this Airflow. If it is Airflow's own "
            "page behind a proxy, add its host to NEWS_ALLOWED_HOSTS and restart Airflow.\n",
            403,
        )

    def _is_of_server(self, origin: str, host: str) -> bool:
        """Return whether a page of ``origin`` is one of this server's.

        A cookie is sent to all ports of a host, so another port of loopback is another origin. A name in the settings
        may differ from ``host``, because a proxy may replace the Host.
        """
        scheme, _, place = origin.lower().partition("://")
        default = _DEFAULT_PORTS.get(scheme, "")
        is_same = place.removesuffix(default) == host.lower().removesuffix(default)
        return scheme in _DEFAULT_PORTS and (is_same or _name_of(origin) in self._allowed)


def guard(app: App) -> RequestGuard:
    """Return the guard of ``app`` with the hosts of the settings, and of the addresses that Airflow's settings have."""
    from newslake.pipeline.addons.airflow.settings import AirflowSettings
    from newslake.pipeline.settings import Settings

    urls = (conf.get("api", "base_url", fallback=""), conf.get("core", "execution_api_server_url", fallback=""))
    names = {name for name in map(_name_of, urls) if name is not None}
    return RequestGuard(app, allowed_hosts=names | (Settings.load().of(AirflowSettings).allowed_hosts or set()))


def _name_of(url: str) -> str | None:
    """Return the lower-case host of a URL, without port; None if it has none or is not valid."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _with_protected_cookie(request: HTTPConnection, send: Send) -> Send:
    """Return ``send`` that hides the login cookie from scripts and from requests of other sites.

    Airflow's login page sets it by script, without these attributes; the next page that is loaded sets it again. A
    script cannot replace such a cookie, so a login removes it. A response that sets or deletes the cookie itself is
    left as it is: Airflow deletes an expired one and renews it, with these attributes.
    """
    token = request.cookies.get(COOKIE_NAME_JWT_TOKEN)

    async def protected_send(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=message["headers"])
            cookie = Response()
            if _sets_login(headers):
                pass
            elif _is_login(request.scope, message["status"]):
                cookie.delete_cookie(COOKIE_NAME_JWT_TOKEN, path=get_cookie_path(), httponly=True, samesite="lax")
            elif token and headers.get("content-type", "").startswith("text/html"):
                cookie.set_cookie(
                    COOKIE_NAME_JWT_TOKEN,
                    token,
                    path=get_cookie_path(),
                    secure=request.url.scheme == "https",
                    httponly=True,
                    samesite="lax",
                )
            for value in cookie.headers.getlist("set-cookie"):
                headers.append("set-cookie", value)
            message["headers"] = headers.raw
        await send(message)

    return protected_send


def _sets_login(headers: MutableHeaders) -> bool:
    return any(value.startswith(f"{COOKIE_NAME_JWT_TOKEN}=") for value in headers.getlist("set-cookie"))


def _is_login(scope: Message, status: int) -> bool:
    return scope.get("method") == "POST" and status == 201 and scope["path"].endswith("/auth/token")
