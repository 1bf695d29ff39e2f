"""A server whose TLS cannot be trusted gets no request, and one that stalls costs bounded time.

That a trusted one gets its request is in tests/unit/fetch/test_transport.py, and in the redirects here.
"""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests.adapters

from newslake.pipeline.errors import RefusedFetchError, TransientFetchError
from newslake.pipeline.fetch import Fetcher
from tests.faults.certificates import Authority, TlsHostile, tls_server
from tests.faults.hostile import NOW, Hostile, fetcher_for, hostile_server, limits

PAGE = b"<html><body><p>The harbour of Almere reopened on Monday.</p></body></html>"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(autouse=True)
def trust(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine trusts the test authority alone."""
    monkeypatch.setattr(requests.adapters, "DEFAULT_CA_BUNDLE_PATH", str(authority.bundle))


def _reason(url: str, *servers: Hostile) -> tuple[type, str]:
    with fetcher_for(*servers) as fetcher:
        with pytest.raises((RefusedFetchError, TransientFetchError)) as caught:
            fetcher.fetch(url)
    return type(caught.value), caught.value.reason


def _serve(server: TlsHostile) -> str:
    server.says("/robots.txt", 404)
    return server.says("/a", 200, PAGE)


UNTRUSTED: dict[str, Callable[[Authority, Path], Path]] = {
    "expired": lambda authority, folder: authority.issue("127.0.0.1", days=(-9, -1)),
    "not yet valid": lambda authority, folder: authority.issue("127.0.0.1", days=(2, 9)),
    "other host": lambda authority, folder: authority.issue("courier.example"),
    "other address": lambda authority, folder: authority.issue("127.0.0.2"),
    "wildcard": lambda authority, folder: authority.issue("*.example"),
    "self-signed": lambda authority, folder: Authority(folder, name="127.0.0.1").issue_for_itself(),
    "unknown authority": lambda authority, folder: Authority(folder, name="Another").issue("127.0.0.1"),
    "authority of the same name": lambda authority, folder: Authority(folder).issue("127.0.0.1"),
}


@pytest.mark.parametrize("kind", UNTRUSTED)
def test_untrusted_certificate_gets_no_request(authority: Authority, tmp_path: Path, kind: str) -> None:
    """A certificate that does not prove the host defers the page; the server sees no request, not even robots.txt."""
    with tls_server(UNTRUSTED[kind](authority, tmp_path)) as server:
        url = _serve(server)
        with fetcher_for(server) as fetcher:
            got = fetcher.try_fetch(url)
        assert got.reason == "robots_unreachable"
        assert "no trusted TLS connection" in str(got)
        assert "check the server's certificate" in str(got)
        assert server.seen.total() == 0


@contextmanager
def raw_server(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """Run a server that does ``talk`` with each connection; yield its "host:port"."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(connection: socket.socket) -> None:
        with connection:
            try:
                talk(connection)
            except OSError:
                return  # the client has gone

    def listen() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return  # the test is over
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=listen, daemon=True).start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _stall(connection: socket.socket) -> None:
    time.sleep(20)


def _drip_handshake(connection: socket.socket) -> None:
    connection.sendall(b"\x16\x03\x03\x40\x00")  # a record of 16 kB, of which a byte comes at a time
    for _ in range(200):
        connection.sendall(b"\x02")
        time.sleep(0.1)


def _flood_with_records(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"\x16\x03\x03\x00\x04\x0e\x00\x00\x00" * 100)


def _answer_in_plain_text(connection: socket.socket) -> None:
    connection.recv(1000)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno")


def _answer_with_noise(connection: socket.socket) -> None:
    connection.recv(1000)
    connection.sendall(os.urandom(4000))


@pytest.mark.parametrize(
    "talk",
    [
        _stall,
        _drip_handshake,
        _flood_with_records,
        _answer_in_plain_text,
        _answer_with_noise,
        lambda connection: None,
    ],
    ids=["stalls", "drips", "floods", "plain text", "noise", "hangs up"],
)
def test_broken_handshake_ends(talk: Callable[[socket.socket], None]) -> None:
    """A handshake that stalls, drips or breaks ends within the timeouts, and its page is left for a later run."""
    with raw_server(talk) as host:
        started = time.monotonic()
        changes = {"read_timeout_seconds": 0.5, "page_deadline_seconds": 2.0, "attempts": 2}
        with Fetcher(limits(**changes), private_hosts=frozenset({host}), now=lambda: NOW) as fetcher:
            got = fetcher.try_fetch(f"https://{host}/", is_listing=True)
        took = time.monotonic() - started

    assert (type(got), got.reason) == (TransientFetchError, "robots_unreachable")
    assert took < 10  # each of these servers goes on for 20 seconds


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_from_https_to_http_is_refused(authority: Authority, status: int) -> None:
    """No redirect leads from https to http, and the plain server gets no request."""
    with tls_server(authority.issue("127.0.0.1")) as server, hostile_server() as plain:
        _serve(server)
        server.says("/old", status, Location=plain.says("/a", 200, PAGE))
        server.says("/hop", status, Location="/old")

        assert _reason(server.url("/old"), server, plain) == (RefusedFetchError, "https_downgrade")
        assert _reason(server.url("/hop"), server, plain) == (RefusedFetchError, "https_downgrade")
        assert plain.seen.total() == 0


def test_redirect_to_an_untrusted_server_ends(authority: Authority) -> None:
    """A redirect from a trusted server to one with an expired certificate sends no request there."""
    with tls_server(authority.issue("127.0.0.1")) as server:
        with tls_server(authority.issue("127.0.0.1", days=(-9, -1))) as expired:
            _serve(server)
            server.says("/out", 302, Location=_serve(expired))

            assert _reason(server.url("/out"), server, expired)[0] is TransientFetchError
            assert expired.seen.total() == 0
