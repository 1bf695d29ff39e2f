"""A proxy on loopback whose connections can be cut, as a network can."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Self

_PIECE = 65_536


class CutProxy:
    """Passes connections to a port of 127.0.0.1 until they are cut.

    ``is_open`` False refuses new ones. ``cut_before`` are bytes of an answer: the connection on which they come next is
    cut, and the client never gets them. ``observe`` is called with the bytes that a client sends.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.is_open = True
        self.cut_before: bytes | None = None
        self.observe: Callable[[bytes], object] = lambda data: None
        self._threads: list[threading.Thread] = []
        self._pairs: list[tuple[socket.socket, socket.socket]] = []

    @classmethod
    @contextmanager
    def running(cls, target: int) -> Iterator[Self]:
        """Yield a proxy of a port."""
        proxy = cls(target)
        proxy.start(proxy._accept)
        try:
            yield proxy
        finally:
            proxy.end()

    def end(self) -> None:
        """Cut all connections, and end all threads."""
        self._listener.shutdown(socket.SHUT_RDWR)  # wakes its thread, which a close does not
        self._listener.close()
        self.cut()
        for thread in self._threads:
            thread.join(10)

    def cut(self) -> None:
        """Cut all connections of now."""
        for pair in self._pairs:
            for each in pair:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
                each.close()
        self._pairs.clear()

    def start(self, work: Callable[..., None], *values: object) -> None:
        """Start a thread, which ``end`` waits for."""
        self._threads.append(threading.Thread(target=work, args=values, daemon=True))
        self._threads[-1].start()

    def _accept(self) -> None:
        with suppress(OSError):  # the listener is closed
            while True:
                client, _ = self._listener.accept()
                try:
                    server = self._connect()
                except OSError:  # the service is away, and may come back
                    client.close()
                    continue
                self._pairs.append((client, server))
                for source, sink in ((client, server), (server, client)):
                    self.start(self._pass_on, source, sink, client)

    def _connect(self) -> socket.socket:
        if not self.is_open:
            raise ConnectionRefusedError("the network is cut")
        return socket.create_connection(("127.0.0.1", self._target))

    def _pass_on(self, source: socket.socket, sink: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(_PIECE):
                if source is client:
                    self.observe(data)
                if source is not client and self.cut_before is not None and self.cut_before in data:
                    self.cut_before = None  # once
                    break
                sink.sendall(data)
        for each in (source, sink):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
