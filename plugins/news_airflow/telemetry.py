"""Requests to servers of lineage and metrics, which must not hold up a task.

The timeout of a request limits the time until the whole head of the response is there, not each read of it. The body
is never read: nobody needs it, and it may have no end. A server that let one request wait gets none for a minute.
"""

import io
import logging
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from newslake.pipeline.fetch.transport import Clock, TimedResponse

log = logging.getLogger(__name__)

SECONDS = 3.0
PAUSE_SECONDS = 60.0
_REDIRECTS = 1  # each has the whole time again


class CircuitBreaker:
    """Drops the exports to a server for ``PAUSE_SECONDS`` after one of them waited in vain; then one tries again.

    Each task is a process, and the provider of lineage sends an event in a child of it. So the state is in files of
    AIRFLOW_HOME: the first has the time of the last wait, by the clock that begins when the machine starts, the second
    a byte per dropped export. If they cannot be written, each export waits in vain, and no task fails.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._server = f"{parts.hostname}:{parts.port}"  # without a password
        folder = Path(os.environ.get("AIRFLOW_HOME", "~/airflow")).expanduser() / "telemetry"
        self._waited, self._dropped = folder / f"{self._server}.waited", folder / f"{self._server}.dropped"

    def is_open(self) -> bool:
        """Return whether exports are dropped now. Of many processes after the pause, the first one tries."""
        try:
            age_seconds = time.monotonic() - self._waited.stat().st_mtime
        except OSError:
            return False
        if 0 <= age_seconds < PAUSE_SECONDS:  # a later time is from before the last start of the machine
            return True
        self._begin_pause()
        return False

    def drop(self) -> None:
        """Count a dropped export, if the disk has room for it."""
        with suppress(OSError), self._dropped.open("ab") as file:
            file.write(b".")

    def open(self) -> None:
        """Begin the pause after an export that waited in vain. It needs a folder that can be written."""
        log.warning("%s does not answer; exports to it are dropped for %.0f s", self._server, PAUSE_SECONDS)
        self._begin_pause()

    def _begin_pause(self) -> None:
        with suppress(OSError):
            self._waited.parent.mkdir(parents=True, exist_ok=True)
            self._waited.touch()
            os.utime(self._waited, (time.monotonic(),) * 2)

    def close(self) -> None:
        """End the pauses: the server has answered."""
        with suppress(OSError):  # also if another process was first
            self._waited.unlink()
            count = self._dropped.stat().st_size
            self._dropped.unlink()
            log.warning("%s answers again; %d exports to it were dropped", self._server, count)


class DeadlineAdapter(HTTPAdapter):
    """Sends a request once, and returns a response without a body."""

    def __init__(self) -> None:
        self._clock = Clock(SECONDS)
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self._limit(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        self._limit(manager)
        return manager

    def _limit(self, manager: urllib3.PoolManager) -> None:
        members = {"response_class": staticmethod(partial(TimedResponse, self._clock))}
        pools = {"http": (HTTPConnectionPool, HTTPConnection), "https": (HTTPSConnectionPool, HTTPSConnection)}
        manager.pool_classes_by_scheme = {
            scheme: type(pool.__name__, (pool,), {"ConnectionCls": type(connection.__name__, (connection,), members)})
            for scheme, (pool, connection) in pools.items()
        }

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Return the response, whose body is empty. Raises: requests.RequestException, also at the deadline.

        A dropped request gets 204: after an error, the clients would wait, try again, and log a message for each.
        """
        breaker = CircuitBreaker(request.url or "")
        if breaker.is_open():
            breaker.drop()
            return _response_to_dropped(request)
        seconds = timeout if isinstance(timeout, int | float) else SECONDS
        self._clock.read_timeout_seconds = seconds
        began = time.monotonic()
        self._clock.deadline = began + seconds
        try:
            response = super().send(request, stream=True, timeout=seconds, verify=verify, cert=cert, proxies=proxies)
        except requests.RequestException:
            if time.monotonic() - began > seconds / 2:  # a refused connection costs no time
                breaker.open()
            raise
        breaker.close()
        response.close()
        response.raw = io.BytesIO()
        return response


def _response_to_dropped(request: requests.PreparedRequest) -> requests.Response:
    response = requests.Response()
    response.status_code, response.request, response.url = 204, request, request.url or ""
    response.raw = io.BytesIO()
    return response


def limit_session(session: requests.Session) -> requests.Session:
    """Return the session, whose requests all end in time."""
    session.max_redirects = _REDIRECTS
    for scheme in ("http://", "https://"):
        session.mount(scheme, DeadlineAdapter())
    return session


def metrics_session() -> requests.Session:
    """Return the session for metrics. OpenTelemetry finds this function by the entry point in ``plugins``."""
    return limit_session(requests.Session())
