"""The proxy of the fault tests."""

import socket
import threading
from contextlib import closing, suppress

from tests.scale.cut_proxy import CutProxy
from tests.scale.postgres import free_ports


def _request(port: int) -> bytes:
    with closing(socket.create_connection(("127.0.0.1", port), timeout=5)) as client:
        client.sendall(b"hello")
        return client.recv(100)


def _serve_once(listener: socket.socket) -> None:
    with suppress(OSError), closing(listener.accept()[0]) as client:
        client.sendall(client.recv(100).upper())


def test_the_proxy_of_a_dead_service_passes_connections_on_once_it_is_back() -> None:
    """A service that is away when a client connects ends that connection, not the proxy."""
    (target,) = free_ports(1)
    with CutProxy.running(target) as proxy:
        assert _request_or_none(proxy.port) is None
        with socket.create_server(("127.0.0.1", target)) as listener:
            threading.Thread(target=_serve_once, args=(listener,), daemon=True).start()
            assert _request(proxy.port) == b"HELLO"


def test_a_cut_network_refuses_new_connections_until_it_is_mended() -> None:
    """A proxy that is not open ends each new connection, and passes them on once it is open again."""
    with socket.create_server(("127.0.0.1", 0)) as listener, CutProxy.running(listener.getsockname()[1]) as proxy:
        threading.Thread(target=_serve_once, args=(listener,), daemon=True).start()
        proxy.is_open = False
        assert _request_or_none(proxy.port) is None
        proxy.is_open = True
        assert _request(proxy.port) == b"HELLO"


def _request_or_none(port: int) -> bytes | None:
    """Return the answer; None if the connection ends without one."""
    try:
        return _request(port) or None
    except ConnectionError:
        return None
