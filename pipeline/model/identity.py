"""Identity of pages: canonical URLs, and ids of articles and revisions as hashes.

All links to an article have one canonical URL. The same content has the same revision id, whatever its history.
"""

import functools
import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urljoin, urlsplit, urlunsplit

_MOBILE_HOST = re.compile(r"^(www\d?|m|mobile|amp)\.(?=[^.]+\.[^.]+)")
_AMP_PATH = re.compile(r"/amp/?$|(?<=\.)amp(?=\.html?$)|^/amp(?=/)")
_DEFAULT_PORTS = {"http": 80, "https": 443}
URL_MAX_CHARS = 8192  # servers refuse longer ones
_SAFE_IN_PATH = "/:@!$&'()*+,;=-._~"
_SLASH = re.compile("%2f", re.IGNORECASE)  # a character of its segment: a%2Fb is not a/b
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))
_DOTS = ".\u3002\uff0e\uff61"  # RFC 3490, section 3.1
_CONTROLS_AND_SPACE = "".join(map(chr, range(0x21)))
_BREAKS = re.compile("[\t\n\r]")
_UNSAFE = re.compile("[\x00-\x20\x7f]")


def browser_url(text: str) -> str:
    """Return a link as browsers read it, by the WHATWG URL standard for http and https.

    Control characters and blanks at its ends are removed, line breaks and tabs everywhere. In the part before "?" and
    "#" a backslash is a slash. Other blanks and control characters become ``%20`` and the like; one in the host, where
    the standard allows none, stays. Idempotent.
    """
    text = _BREAKS.sub("", text.strip(_CONTROLS_AND_SPACE))
    if text.isprintable() and " " not in text and "\\" not in text:
        return text
    end = next((at for at, char in enumerate(text) if char in "?#"), len(text))
    head, tail = text[:end].replace("\\", "/"), text[end:]
    start, slashes, rest = head.partition("//")
    if slashes and (not start or start.endswith(":")):
        host, slash, path = rest.partition("/")
        start, head = f"{start}//{host}", f"{slash}{path}"
    else:
        start = ""
    return start + _UNSAFE.sub(lambda char: quote(char.group()), head + tail)


@functools.lru_cache(maxsize=1024)  # a page states its own URL up to ten times
def canonical_url(url: str) -> str:
    """Return the canonical form of a URL, read as browsers do; the same for every link to its article.

    http becomes https unless the URL has a port. The host becomes lower-case ASCII (IDNA) without www., m., mobile.,
    amp. Default port, user info, tracking parameters and AMP suffixes are removed. The query is sorted. The path keeps
    its case and its encoded slashes, loses its trailing slash, and its dot segments are resolved. A fragment is removed
    unless it is the route of an application ("#!/story/1"). Idempotent.

    Raises: ValueError if it is not an http(s) URL with a host, or longer than 8,192 characters, written or canonical.
    """
    if len(url) > URL_MAX_CHARS:
        raise ValueError(f"URL too long ({len(url)} characters): {url[:100]!r}...")
    parts = urlsplit(browser_url(url))
    host = _ascii_host(parts.hostname or "")
    if parts.scheme.lower() not in _DEFAULT_PORTS or not host:
        raise ValueError(f"not an http(s) URL: {url!r}")
    netloc, scheme = _netloc(parts, host)
    query = urlencode(sorted(query_pairs(parts.query)), errors="surrogateescape")
    canonical = urlunsplit((scheme, netloc, _path(parts.path), query, _route(parts.fragment)))
    if len(canonical) > URL_MAX_CHARS:
        raise ValueError(f"URL too long when it is encoded ({len(canonical)} characters): {url[:100]!r}...")
    return canonical


def canonical_link(link: str, *, base: str = "") -> str:
    """Return the canonical URL of a link, relative to the URL ``base``. Idempotent. Raises: ValueError."""
    return canonical_url(urljoin(base, browser_url(link)))


def without_anchor(url: str) -> str:
    """Return a URL without its fragment, except the route of an application ("#!/story/1")."""
    page, mark, fragment = url.partition("#")
    return f"{page}{mark}{fragment}" if _is_route(fragment) else page


def query_pairs(query: str) -> list[tuple[str, str]]:
    """Return the decoded names and values of a query, in its order, without tracking parameters."""
    pairs = parse_qsl(query, keep_blank_values=True, errors="surrogateescape")
    tracking = _tracking()
    return [(name, value) for name, value in pairs if not tracking.has(name, value)]


class _Tracking(NamedTuple):
    """The parameters of ``data/tracking_parameters.toml``, lower-case. ``values``: the beginning of a value by name."""

    names: frozenset[str]
    prefixes: tuple[str, ...]
    values: Mapping[str, str]

    def has(self, name: str, value: str) -> bool:
        name = name.lower()
        if name in self.names or name.startswith(self.prefixes):
            return True
        return name in self.values and value.lower().startswith(self.values[name])


@cache
def _tracking() -> _Tracking:
    text = files("newslake.pipeline.model").joinpath("data/tracking_parameters.toml").read_text(encoding="utf-8")
    families = tomllib.loads(text).values()
    return _Tracking(
        frozenset(name for family in families for name in family.get("names", ())),
        tuple(prefix for family in families for prefix in family.get("prefixes", ())),
        {name: start for family in families for name, start in family.get("values", {}).items()},
    )


def _route(fragment: str) -> str:
    return quote(fragment, safe=_PRINTABLE) if _is_route(fragment) else ""


def _is_route(fragment: str) -> bool:
    """Return whether a fragment is the route of an application in the page: its pages differ only there."""
    return fragment.startswith(("!", "/")) and bool(fragment.strip("!/"))


def _netloc(parts: SplitResult, host: str) -> tuple[str, str]:
    while _MOBILE_HOST.match(host) and not _is_address(host):
        host = _MOBILE_HOST.sub("", host, count=1)
    if ":" in host:
        host = f"[{host}]"
    if parts.port is None or parts.port == _DEFAULT_PORTS[parts.scheme.lower()]:
        return host, "https"
    return f"{host}:{parts.port}", parts.scheme.lower()


def _ascii_host(host: str) -> str:
    host = host.rstrip(_DOTS)
    try:
        return host.encode("idna").decode("ascii").lower()
    except UnicodeError:  # labels too long or empty: keep the host as written
        return host.lower()


def _is_address(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()


def _path(path: str) -> str:
    parts = (unquote(part, errors="surrogateescape") for part in _SLASH.split(path))
    path = _without_dots("%2F".join(quote(part, safe=_SAFE_IN_PATH, errors="surrogateescape") for part in parts))
    while (shorter := _without_dots(_AMP_PATH.sub("", path))) != path:  # an AMP page of an AMP page
        path = shorter
    return path or "/"


def _without_dots(path: str) -> str:
    """Return a path without empty, "." and ".." segments, as browsers send it."""
    steps: list[str] = []
    for step in path.split("/"):
        if step == "..":
            del steps[-1:]
        elif step not in ("", "."):
            steps.append(step)
    return "".join(f"/{step}" for step in steps)


_RESERVED_TOP_LEVEL = ("example", "test")  # RFC 2606; the public suffix list has none of them


def has_public_suffix(host: str) -> bool:
    """Return whether a host name ends in a public suffix, by the list of ``domain_of``, or in a reserved one."""
    from courlan import extract_domain  # noqa: PLC0415 - it imports urllib3, which few commands need

    return host.lower().endswith(tuple(f".{each}" for each in _RESERVED_TOP_LEVEL)) or bool(
        extract_domain(f"https://{host}/")
    )


@functools.lru_cache(maxsize=1024)
def domain_of(url: str) -> str | None:
    """Return the registrable domain of a URL ("bbc.co.uk"); None if it is not a URL.

    By the public suffix list that the library tld has with it: nothing is looked up. Under a suffix that is not in the
    list the last two names are the domain, as the algorithm of the list says. An address and a single name stay as they
    are. The dot that may end a host is left out.
    """
    from courlan import extract_domain  # noqa: PLC0415 - it imports urllib3, which few commands need

    host = urlsplit(url).hostname
    host = host and host.rstrip(_DOTS)
    return extract_domain(url) or (host if host is None or _is_address(host) else ".".join(host.split(".")[-2:]))


def article_id_of(*, canonical: str | None, text: str) -> str:
    """Return the article's id: 32 hex digits of SHA-256 of the canonical URL, or of the text without a URL."""
    return _sha256(canonical if canonical is not None else text)[:32]


def content_hash_of(title: str | None, paragraphs: Iterable[str]) -> str:
    """Return the content hash, 64 hex digits, of title and paragraphs, folded in case and white space.

    Duplicates under other URLs and in other layouts have the same hash.
    """
    return _sha256("\n".join(" ".join(part.casefold().split()) for part in (title or "", *paragraphs)))


def revision_id_of(content_hash: str) -> str:
    """Return the revision's id: the first 16 hex digits of the content hash, so it is not a sequence number."""
    return content_hash[:16]


class Revision(NamedTuple):
    """The content hash of an article, and the id of the revision with this content."""

    content_hash: str
    revision_id: str


def revision_of(title: str | None, paragraphs: Iterable[str]) -> Revision:
    """Return the revision of title and paragraphs."""
    content_hash = content_hash_of(title, paragraphs)
    return Revision(content_hash, revision_id_of(content_hash))


def file_name_of(key: str) -> str:
    """Return a file name for a run id, batch id or other key. It is unique per key and cannot leave its folder.

    ASCII letters, digits, "_", "-" and "+" stay, everything else is percent-encoded UTF-8. The end of a name over
    150 characters is replaced by a hash.
    """
    plain = quote(key, safe="+", errors="surrogatepass").replace(".", "%2E").replace("~", "%7E") or "%"
    return plain if len(plain) <= 150 else f"{plain[:100]}%%{_sha256(key)[:32]}"


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
