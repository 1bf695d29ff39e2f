"""The invented newsroom as a real web server on 127.0.0.1. The pages that are online depend on the newsroom's day.

``newsroom/day-1`` has the pages of the first day; ``day-2`` and ``day-3`` have only new or changed pages. A path is
served from the latest of these folders that has it, up to the current day.
"""

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).parent / "newsroom"
FOLDERS: Mapping[date, str] = {
    date(2026, 3, 2): "day-1",
    date(2026, 3, 3): "day-2",
    date(2026, 3, 4): "day-3",
}
DAYS = tuple(FOLDERS)
DEFAULT_PORT = 8808
BASE = b"{base}"  # placeholder for the server's URL in feeds, canonical links and JSON-LD

_CHANGED_AT = time(19, 45, tzinfo=UTC)  # after the last article of a day, before the demo's clock of 20:00
_CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
    ".xml": "application/xml; charset=utf-8",
    ".gz": "application/gzip",
}
_FEED_TYPES = {"rss.xml": "application/rss+xml; charset=utf-8", "atom.xml": "application/atom+xml; charset=utf-8"}
_NOT_FOUND = b"<!doctype html><title>Not found</title><h1>Not found</h1>"


class Request(NamedTuple):
    """One answered request. ``path`` includes the query."""

    method: str
    path: str
    status: int


@dataclass(frozen=True, slots=True)
class SiteResource:
    """The content of a path on a day. ``body`` is ready to send; ``changed_at`` is the evening of its last change."""

    body: bytes
    content_type: str
    changed_at: datetime

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.body).hexdigest()[:32]}"'

    @property
    def last_modified(self) -> str:
        return format_datetime(self.changed_at, usegmt=True)


def resource_at(path: str, *, day: date, base: str, root: Path = ROOT) -> SiteResource | None:
    """Return the content of ``path`` on ``day``; None if it is not online. ``base`` is the URL without final slash."""
    name = unquote(urlsplit(path).path).strip("/")
    if ".." in name or not name:
        return None
    if name.endswith(".xml.gz"):
        plain = resource_at(name.removesuffix(".gz"), day=day, base=base, root=root)
        return plain and SiteResource(gzip.compress(plain.body, mtime=0), _CONTENT_TYPES[".gz"], plain.changed_at)
    file_name = name if Path(name).suffix else f"{name}.html"
    for changed in sorted((known for known in FOLDERS if known <= day), reverse=True):
        file = root / FOLDERS[changed] / file_name
        if file.is_file():
            body = file.read_bytes().replace(BASE, base.encode("ascii"))
            content_type = _FEED_TYPES.get(file.name) or _CONTENT_TYPES[file.suffix]
            return SiteResource(body, content_type, datetime.combine(changed, _CHANGED_AT))
    return None


def is_unchanged(resource: SiteResource, *, if_none_match: str | None, if_modified_since: str | None) -> bool:
    """Return whether the response to a conditional request is 304. If-None-Match has precedence."""
    if if_none_match is not None:
        tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
        return resource.etag in tags or "*" in tags
    if if_modified_since is None:
        return False
    try:
        return parsedate_to_datetime(if_modified_since) >= resource.changed_at
    except (ValueError, TypeError):  # invalid, or without a zone: ignored, as RFC 9110 requires
        return False


class Newsroom:
    """The newsroom, served during the ``with`` block. Port 0 selects a free one.

    ``day`` may be set at any time; before the first day nothing is online. ``requests`` lists the requests in order.
    ``root`` has the folders of the days.
    """

    def __init__(self, *, day: date = DAYS[-1], port: int = 0, root: Path = ROOT) -> None:
        self.day = day
        self.root = root
        self.requests: list[Request] = []
        self._server = _Server(self, port)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def base_url(self) -> str:
        """The URL without final slash: http://127.0.0.1:PORT."""
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def newsroom_at(port: int, *, day: date = DAYS[-1]) -> tuple[Newsroom, str]:
    """Return the newsroom on a port, or on a free one if the port is in use, and the sentence that says so."""
    try:
        return Newsroom(day=day, port=port), ""
    except OSError as error:
        newsroom = Newsroom(day=day)
        problem = f"port {port} of 127.0.0.1 cannot be used ({error.strerror})"
        return newsroom, f"{problem}: the newsroom takes port {newsroom.port} instead. NEWS_DEMO_PORT sets the port"


def sources_at(port: int) -> str:
    """Return the project's ``sources.toml`` with the newsroom on another port, for a file next to the inbox."""
    given = (ROOT.parents[1] / "sources.toml").read_text("utf-8")
    return given.replace(f"127.0.0.1:{DEFAULT_PORT}", f"127.0.0.1:{port}").replace("data/inbox", "inbox")


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, newsroom: Newsroom, port: int) -> None:
        self.newsroom = newsroom
        super().__init__(("127.0.0.1", port), _Handler)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "SampleNewsroom"
    wbufsize = -1  # send head and body together
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        newsroom = self.server.newsroom
        found = resource_at(self.path, day=newsroom.day, base=newsroom.base_url, root=newsroom.root)
        if found is None:
            self._send(HTTPStatus.NOT_FOUND, _NOT_FOUND, {"Content-Type": _CONTENT_TYPES[".html"]})
            return
        headers = {"ETag": found.etag, "Last-Modified": found.last_modified}
        header = self.headers.get
        if is_unchanged(found, if_none_match=header("If-None-Match"), if_modified_since=header("If-Modified-Since")):
            self._send(HTTPStatus.NOT_MODIFIED, b"", headers)
        else:
            self._send(HTTPStatus.OK, found.body, headers | {"Content-Type": found.content_type})

    def do_HEAD(self) -> None:
        self.do_GET()

    def _send(self, status: HTTPStatus, body: bytes, headers: Mapping[str, str]) -> None:
        self.server.newsroom.requests.append(Request(self.command, self.path, int(status)))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status is not HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class names it)
        """Log nothing: the newsroom's ``requests`` is the log."""
