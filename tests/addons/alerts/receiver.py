"""A real webhook on loopback that keeps what it gets, and checks and items for the tests of alerts."""

import json
import threading
import zlib
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from types import TracebackType
from typing import Any, Literal, Self

from newslake.pipeline.addons.alerts.alert import AlertCheck, AlertItem, DeliveryPolicy
from newslake.pipeline.addons.alerts.state import ALERT_STATE
from newslake.pipeline.addons.alerts.store import AlertStore
from newslake.pipeline.store.sqlite_side_state import SqliteSideState

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
Manner = Literal["takes", "fails", "hangs", "drips", "redirects", "gushes"]


class Receiver:
    """A webhook. ``manner`` is how it answers; ``taken`` are the messages that it took, in order of arrival."""

    def __init__(self, manner: Manner = "takes") -> None:
        self.manner = manner
        self.taken: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.reads_json = True
        self.redirect = (302, "/elsewhere")
        self.called = threading.Event()
        self._ends = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ends.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self._server.server_port}/hook"

    @property
    def titles(self) -> list[str]:
        """The titles of what was taken, each message once, as a receiver that keeps ids sees them."""
        return list({each["id"]: each["title"] for each in self.taken}.values())

    @property
    def ids(self) -> Counter[str]:
        return Counter(each["id"] for each in self.taken)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.called.set()
                receiver.answer(self, json.loads(body) if receiver.reads_json else {})

            def log_message(self, *given: object) -> None:
                """Be silent."""

        return Handler

    def answer(self, request: BaseHTTPRequestHandler, message: dict[str, Any]) -> None:
        """Answer one request in the receiver's manner."""
        if self.manner == "takes":
            self.taken.append(message)
            self.headers.append(dict(request.headers))
            _reply(request, 204)
        elif self.manner == "fails":
            _reply(request, 500)
        elif self.manner == "redirects":
            status, location = self.redirect
            _reply(request, status, Location=location)
        elif self.manner == "hangs":
            self._ends.wait(20)
        elif self.manner == "gushes":
            self._gush(request)
        else:
            self._drip(request)

    def _gush(self, request: BaseHTTPRequestHandler) -> None:
        """Send two gigabytes, as gzip of 2 MB that unpacks to zeros."""
        request.send_response(200)
        request.send_header("Content-Encoding", "gzip")
        request.end_headers()
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        piece = bytes(10_000_000)
        try:
            for _ in range(200):
                request.wfile.write(packer.compress(piece))
        except OSError:
            request.close_connection = True

    def _drip(self, request: BaseHTTPRequestHandler) -> None:
        """Send a byte of a header every 50 ms: no read times out."""
        request.wfile.write(b"HTTP/1.0 200 OK\r\nX-Slow: ")
        try:
            while not self._ends.wait(0.05):
                request.wfile.write(b"a")
        except OSError:
            request.close_connection = True


def _reply(request: BaseHTTPRequestHandler, status: int, **headers: str) -> None:
    request.send_response(status)
    for name, value in headers.items():
        request.send_header(name, value)
    request.send_header("Content-Length", "0")
    request.end_headers()


class MailServer:
    """A mail server that takes everything; ``mails`` are the texts."""

    def __init__(self) -> None:
        self.mails: list[str] = []
        self._server = ThreadingTCPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[StreamRequestHandler]:
        mails = self.mails

        class MailHandler(StreamRequestHandler):
            def handle(self) -> None:
                self.wfile.write(b"220 ready\r\n")
                while line := self.rfile.readline().decode():
                    verb = line.split(maxsplit=1)[0].upper()
                    if verb == "DATA":
                        self.wfile.write(b"354 go on\r\n")
                        lines = iter(lambda: self.rfile.readline().decode(), ".\r\n")
                        mails.append("".join(lines))
                    self.wfile.write(b"221 bye\r\n" if verb == "QUIT" else b"250 ok\r\n")

        return MailHandler


def new_store(folder: Path) -> AlertStore:
    return AlertStore(SqliteSideState(folder, ALERT_STATE, durability="process"))


def policy(
    *senders: str,
    rule: str = "sources",
    quiet: tuple[time, time] | None = None,
    digest: time | None = None,
    zone: str = "UTC",
) -> DeliveryPolicy:
    """Return a policy of a rule, by default with the one sender "desk"."""
    return DeliveryPolicy(
        rule=rule,
        title=rule.capitalize(),
        senders=senders or ("desk",),
        quiet_hours=quiet,
        digest_at=digest,
        time_zone=zone,
    )


def item(key: str, **given: Any) -> AlertItem:
    return AlertItem(key=key, title=f"{key} is stale", **given)


def state(*keys: str, rule: str = "sources") -> AlertCheck:
    """Return a check that found these sources stale."""
    return AlertCheck(rule=rule, kind="state", items=tuple(map(item, keys)))


def rows(*keys: str, rule: str = "ferry", unlisted: Iterable[str] = ()) -> AlertCheck:
    """Return a check that found these rows, and further ones that it does not list."""
    items = tuple(AlertItem(key=key, title=f"quote {key}") for key in keys)
    return AlertCheck(rule=rule, kind="rows", items=items, unlisted=tuple(unlisted))


def failed(reason: str, *, rule: str = "sources", kind: Literal["state", "rows"] = "state") -> AlertCheck:
    return AlertCheck(rule=rule, kind=kind, items=(), error=reason)
