"""Addresses: which service a key or a token may be sent to, and where an inbox may be."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from newslake.pipeline.errors import ConfigError
from newslake.pipeline.model.source import share_prefix


def is_plain_http(address: str, *, what: str, allow_http: bool) -> bool:
    """Return whether the address of a service is not encrypted. ``what`` names the service in messages.

    Without encryption, it is on this machine, or ``allow_http`` is set. Raises: ConfigError for any other address, and
    for one that has a key in it or of another form; the message does not repeat such an address.
    """
    try:
        parts = urlsplit(address)
        host = parts.hostname
    except ValueError:
        parts, host = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc:
        message = f"the address of {what} is https://host:port, without a key; correct it"
        raise ConfigError(message, key=what, reason="store_url")
    if parts.scheme == "http" and not allow_http and not is_this_machine(host):
        message = (
            f"{what} at {address} is not encrypted; use https, or set NEWS_ALLOW_HTTP=true if the network is private"
        )
        raise ConfigError(message, key=address, reason="store_url")
    return parts.scheme == "http"


def is_this_machine(host: str) -> bool:
    """Return whether a host is this machine by its name or its number, without a look-up."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_inbox_place(location: str, *, archive: str | None, name: str) -> None:
    """Check that an inbox in a bucket and the archive are not in each other: a run would take the archive's objects.

    ``name`` says what has the location. Raises: ConfigError (inbox_place).
    """
    if archive is not None and share_prefix(location, archive):
        message = (
            f"{name} is {location}, and NEWS_OBJECTS_URL is {archive}: one is in the other; give each its own prefix"
        )
        raise ConfigError(message, key=location, reason="inbox_place")
