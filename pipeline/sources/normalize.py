"""Links of listings as absolute URLs."""

from urllib.parse import urljoin, urlsplit

_MAX_CHARS = 8192  # servers refuse longer ones


def absolute_url(link: str, *, base: str | None = None) -> str | None:
    """Return the http(s) URL of a link, without its fragment; None where there is none that names a host."""
    link = "".join(link.split())  # browsers drop line breaks and blanks inside href as well
    if not link or len(link) > _MAX_CHARS:
        return None
    try:
        url = urljoin(base, link) if base else link
        parts = urlsplit(url)
        url.encode()
        has_port = parts.port is None or parts.port > 0
    except ValueError:  # a broken IPv6 host or port, half a surrogate pair
        return None
    if parts.scheme.lower() not in ("http", "https") or not (parts.hostname or "").strip(".") or not has_port:
        return None
    return url.split("#", 1)[0]
