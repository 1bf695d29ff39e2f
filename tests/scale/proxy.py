"""A proxy for HTTP on loopback that spoils requests and answers: between a client and a real server."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

_END = b"\r\n\r\n"


@dataclass
class Proxy:
    """Forwards requests to a port of 127.0.0.1, one request per connection.

    ``edit`` changes the head of each request. The answers of requests for which ``loses`` is true are read and then
    dropped, with the connection; for ``cuts`` the connection ends in the middle of the request. ``heads`` has the first
    line of each request that arrived.
    """

    port: int
    target: int
    edit: Callable[[bytes], bytes] = lambda head: head
    loses: Callable[[bytes], bool] = lambda head: False
    cuts: Callable[[bytes], bool] = lambda head: False
    heads: list[str] = field(default_factory=list)

    @property
    def endpoint(self) -> str:
        """The address of the proxy."""
        return f"http://127.0.0.1:{self.port}"

    def handle(self, client: socket.socket) -> None:
        """Handle the one request of a connection."""
        with client, suppress(OSError):
            client.settimeout(20)
            head, body = _read_message(client)
            if not head:
                return
            self.heads.append(head.partition(b"\r\n")[0].decode())
            with socket.create_connection(("127.0.0.1", self.target), timeout=20) as server:
                lines = self.edit(head).removesuffix(_END).split(b"\r\n")
                kept = [line for line in lines if not line.lower().startswith(b"connection:")]
                server.sendall(b"\r\n".join([*kept, b"Connection: close"]) + _END)
                if self.cuts(head):
                    server.sendall(body[: len(body) // 2])
                    return
                server.sendall(body)
                answer = b"".join(iter(lambda: server.recv(1 << 16), b""))
            if not self.loses(head):
                client.sendall(answer)


@contextmanager
def proxy_to(target: int, **faults: Callable[[bytes], object]) -> Iterator[Proxy]:
    """Run a proxy to a port in the block."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = Proxy(listener.getsockname()[1], target, **faults)  # type: ignore[arg-type]

        def serve() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    threading.Thread(target=proxy.handle, args=(client,), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield proxy
        listener.shutdown(socket.SHUT_RDWR)


def first(wanted: bytes) -> Callable[[bytes], bool]:
    """Return a condition that is true for the first request whose head has these bytes."""
    met: list[bytes] = []

    def is_first(head: bytes) -> bool:
        if wanted in head and not met:
            met.append(head)
            return True
        return False

    return is_first


def _read_message(client: socket.socket) -> tuple[bytes, bytes]:
    data = b""
    while _END not in data:
        piece = client.recv(1 << 16)
        if not piece:
            return b"", b""
        data += piece
    head, _, body = data.partition(_END)
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        body += client.recv(1 << 16)
    return head + _END, body
