"""Watchers of a page: every request, dialog, error, and connection that leaves loopback."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request, ViewportSize, expect

# Chromium's own requests, independent of the page. The last host has its dictionaries for text fields.
_BROWSERS_OWN = (b"googleapis.com:", b"//update.googleapis.com/", b"accounts.google.com:", b"redirector.gvt1.com:")
_INSIDE = ("about", "blob", "data")
_FIRST_SIZE = ViewportSize(width=1280, height=720)  # that of a new context
_PATIENCE_MS = 15_000  # a machine that runs other tests responds late


class Gate:
    """A proxy for all connections that leave loopback. It refuses them and records their requests."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.requests: list[str] = []
        self._thread = Thread(target=self._refuse, daemon=True)
        self._thread.start()

    def _refuse(self) -> None:
        with suppress(OSError):  # closed
            while True:
                connection, _ = self._listening.accept()
                connection.settimeout(2)
                with connection, suppress(OSError):
                    first = connection.recv(4096).split(b"\r\n")[0]
                    if first and not any(host in first for host in _BROWSERS_OWN):
                        self.requests.append(first.decode("utf-8", "replace"))

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()


@dataclass
class Watch:
    """The record of one context. ``home`` is the only permitted target of its pages: an origin, or a file."""

    home: str
    requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def strays(self) -> list[str]:
        """Requests to anywhere but home."""
        return [url for url in self.requests if urlsplit(url).scheme not in _INSIDE and not self._is_home(url)]

    def _is_home(self, url: str) -> bool:
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.netloc}" == self.home or url.split("#", maxsplit=1)[0] == self.home

    def assert_calm(self) -> None:
        """Assert that there were no external requests, dialogs, refusals or errors."""
        seen = {"strays": self.strays, "dialogs": self.dialogs, "errors": self.errors}
        assert not any(seen.values()), f"not calm: {seen}"

    def on_request(self, request: Request) -> None:
        self.requests.append(request.url)

    def on_dialog(self, dialog: Dialog) -> None:
        self.dialogs.append(f"{dialog.type}: {dialog.message}")
        dialog.dismiss()

    def on_console(self, message: ConsoleMessage) -> None:
        """Record errors, including policy violations."""
        if message.type == "error":
            self.errors.append(f"{message.text} ({message.location['url']})")


@contextmanager
def watched_page(browser: Browser, *, home: str, **options: Any) -> Iterator[tuple[Page, Watch]]:
    """Yield a page in its own context, and its watch. Without an error in the block, assert that the page was calm.

    ``options`` are those of a context: colours, JavaScript, a login.
    """
    watch = Watch(home)
    context = browser.new_context(**options)
    context.on("request", watch.on_request)
    context.on("dialog", watch.on_dialog)
    context.on("console", watch.on_console)
    context.on("weberror", lambda error: watch.errors.append(str(error.error)))
    context.set_default_timeout(_PATIENCE_MS)
    expect.set_options(timeout=_PATIENCE_MS)  # has its own, of 5 s
    try:
        yield context.new_page(), watch
    finally:
        context.close()
    watch.assert_calm()


@contextmanager
def taken_in_turn(page: Page, watch: Watch) -> Iterator[Page]:
    """Yield a page that tests share, as a new one: a context for each would take most of the time of a short test."""
    page.set_viewport_size(_FIRST_SIZE)
    page.emulate_media(color_scheme="light")
    try:
        yield page
        watch.assert_calm()
    finally:
        for each in (watch.requests, watch.dialogs, watch.errors):
            each.clear()
