"""Requests to servers of lineage and metrics, which must not hold up a task.

The timeout of a request limits the time until the whole head of the response is there, not each read of it. The body
is never read: nobody needs it, and it may have no end.
"""

import io
import time
from collections.abc import Mapping
from functools import partial
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from newslake.pipeline.fetch.transport import Clock, TimedResponse

SECONDS = 3.0
_REDIRECTS = 1  # each has the whole time again


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
        """Return the response, whose body is empty. Raises: requests.RequestException, also at the deadline."""
        seconds = timeout if isinstance(timeout, int | float) else SECONDS
        self._clock.read_timeout_seconds = seconds
        self._clock.deadline = time.monotonic() + seconds
        response = super().send(request, stream=True, timeout=seconds, verify=verify, cert=cert, proxies=proxies)
        response.close()
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
