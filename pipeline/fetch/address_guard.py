"""The address guard: resolves hosts and refuses those with an address that is not public."""

import ipaddress
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from threading import Lock

from newslake.pipeline.fetch.retry import FetchFailure

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
_CACHE_SECONDS = 600.0  # a trigger runs for weeks, and addresses change
# The last 32 bits are an IPv4 address: RFC 6052; RFC 4291 2.5.5.1, deprecated; RFC 2765 2.1, deprecated.
_HOLDS_IPV4 = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "::/96", "::ffff:0:0:0/96")))
_RETIRED = tuple(map(ipaddress.ip_network, ("fec0::/10", "192.88.99.0/24")))


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A resolved host that may be connected to: its addresses in the resolver's order."""

    host: str
    port: int
    addresses: tuple[str, ...]


class AddressBook:
    """Resolves each host once per 10 minutes. Connections use only the checked addresses. Thread-safe."""

    def __init__(self, private_hosts: frozenset[str]) -> None:
        self._private_hosts = frozenset(name.lower() for name in private_hosts)
        self._known: dict[tuple[str, int], tuple[Endpoint | FetchFailure, float]] = {}
        self._lock = Lock()

    def endpoint(self, host: str, port: int) -> Endpoint | FetchFailure:
        """Return the addresses of a host, or why it may not be connected to.

        All its addresses must be public, unless "host:port" is one of the private hosts. Unusual forms of an address
        (decimal, octal, IPv6-mapped) are checked after resolution.
        """
        endpoint, good_until = self._known.get((host, port), (None, 0.0))
        if endpoint is None or time.monotonic() >= good_until:
            endpoint = self._resolve(host, port)
            if not isinstance(endpoint, FetchFailure) or endpoint.kind == "permanent":
                with self._lock:
                    self._known[host, port] = endpoint, time.monotonic() + _CACHE_SECONDS
        return endpoint

    def _resolve(self, host: str, port: int) -> Endpoint | FetchFailure:
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError) as error:
            return FetchFailure("retry", "dns_failed", f"{host} does not resolve ({error}); check the name")
        addresses = tuple(dict.fromkeys(str(answer[4][0]) for answer in answers))
        if f"{_bracketed(host)}:{port}" not in self._private_hosts:
            for address in addresses:
                if not is_public(address):
                    return FetchFailure(
                        "permanent",
                        "private_address",
                        f"{host} is {address}, which is not a public address; if this is intended, "
                        + self._addition(f"{_bracketed(host)}:{port}"),
                    )
        return Endpoint(host, port, addresses)

    def _addition(self, name: str) -> str:
        """Return what to write into sources.toml to allow a private host."""
        if self._private_hosts:
            return f'add "{name}" to private_hosts in sources.toml'
        return f'write as the first line of sources.toml: private_hosts = ["{name}"]'


def is_public(address: str) -> bool:
    """Return whether an address is public; checks also an IPv4 address inside an IPv6 address."""
    return all(
        each.is_global and not each.is_multicast and not _is_retired(each) for each in _effective_addresses(address)
    )


def _is_retired(address: IpAddress) -> bool:
    """Return whether an address is a deprecated one that some networks still route (RFC 3879, RFC 7526)."""
    return any(address.version == network.version and address in network for network in _RETIRED)


def _effective_addresses(address: str) -> Iterator[IpAddress]:
    outer = ipaddress.ip_address(address)
    yield outer
    if isinstance(outer, ipaddress.IPv6Address):
        teredo = outer.teredo or ()
        for inner in (outer.ipv4_mapped, outer.sixtofour, *teredo):
            if inner is not None:
                yield inner
        if any(outer in network for network in _HOLDS_IPV4):
            yield ipaddress.IPv4Address(int(outer) & 0xFFFFFFFF)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host.lower()
