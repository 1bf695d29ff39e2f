"""A web archive on 127.0.0.1 that responds like the Wayback Machine: its CDX index and its raw snapshots."""

import hashlib
import json
from base64 import b32encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from tests.faults.hostile import Hostile, HostileHandler, hostile_server


@dataclass(frozen=True)
class Kept:
    """One capture. ``timestamp`` has 14 digits."""

    timestamp: str
    original: str
    body: bytes
    status: str = "200"
    mimetype: str = "text/html"

    @property
    def urlkey(self) -> str:
        parts = urlsplit(self.original)
        host = (parts.hostname or "").removeprefix("www.")
        return f"{','.join(reversed(host.split('.')))}){parts.path}"

    @property
    def digest(self) -> str:
        return b32encode(hashlib.sha1(self.body, usedforsecurity=False).digest()).decode()


class _Routes(dict):
    """Routes by path prefix."""

    def get(self, path: str, default: object = None) -> Callable[[HostileHandler], None] | object:
        return next((route for start, route in self.items() if path.startswith(start)), default)


class Wayback:
    """The archive. ``rows_max`` limits a response of the index, ``extra_rows`` go into each; ``asks`` are queries."""

    def __init__(self, hostile: Hostile, *kept: Kept) -> None:
        self.server = hostile
        self.kept = sorted(kept, key=lambda each: (each.urlkey, each.timestamp))
        self.rows_max = 1000
        self.extra_rows: list[list[object]] = []
        self.asks: list[dict[str, list[str]]] = []
        self.copies: list[str] = []
        self.too_many_after: int | None = None
        hostile.routes = _Routes({"/cdx/search/cdx?": self._index, "/web/": self._copy})

    @property
    def api(self) -> str:
        return self.server.url("")

    def _index(self, answer: HostileHandler) -> None:
        ask = parse_qs(urlsplit(answer.path).query)
        self.asks.append(ask)
        fields = ask["fl"][0].split(",")
        rows = [[getattr(each, name) for name in fields] for each in self._matching(ask)]
        start = int(ask.get("resumeKey", ["0"])[0].removeprefix("key "))
        limit = min(int(ask["limit"][0]), self.rows_max)
        shown = [*rows[start : start + limit], *self.extra_rows]
        tail = [[], [f"key {start + limit}"]] if start + limit < len(rows) else []
        body = [fields, *shown, *tail] if shown else []
        answer.say(200, json.dumps(body).encode(), Content_Type="application/json")

    def _matching(self, ask: dict[str, list[str]]) -> Iterator[Kept]:
        """Yield the captures that match a query; of consecutive ones with the same digest only the first."""
        wanted = Kept("", ask["url"][0].removesuffix("*"), b"").urlkey
        filters = dict(each.split(":", 1) for each in ask["filter"])
        last = None
        for each in self.kept:
            is_in = ask["from"][0] <= each.timestamp[:8] <= ask["to"][0] and each.urlkey.startswith(wanted)
            if is_in and (each.status, each.mimetype) == (filters["statuscode"], filters["mimetype"]):
                if each.digest != last:
                    yield each
                last = each.digest

    def _copy(self, answer: HostileHandler) -> None:
        self.copies.append(answer.path)
        if self.too_many_after is not None and len(self.copies) > self.too_many_after:
            answer.say(429)
            return
        stamp, _, original = answer.path.removeprefix("/web/").partition("id_/")
        of_page = [each for each in self.kept if each.original == original]
        if not of_page:
            answer.say(404)
            return
        nearest = min(of_page, key=lambda each: abs(int(each.timestamp) - int(stamp)))
        if nearest.timestamp != stamp:
            answer.say(302, Location=f"/web/{nearest.timestamp}id_/{nearest.original}")
            return
        answer.say(
            200,
            nearest.body,
            Content_Type="text/html; charset=utf-8",
            x_archive_orig_server="press/1",
            x_archive_orig_etag='"orig"',
            x_archive_orig_content_encoding="gzip",
            x_archive_src="warc-17.gz",
        )


@contextmanager
def wayback(*kept: Kept) -> Iterator[Wayback]:
    """Run an archive for the duration of a block."""
    with hostile_server() as hostile:
        yield Wayback(hostile, *kept)
