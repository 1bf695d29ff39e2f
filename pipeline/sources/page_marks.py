"""Marks in saved pages: where the page came from and when, as browsers, crawlers and the page itself note it.

Sources of the formats: SingleFile's comment header; Chromium's "Webpage, complete" and Microsoft's mark of the web,
``saved from url=(LENGTH)URL``; HTTrack's footer; the folders that Wget and HTTrack make; RFC 6596; Open Graph.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import unescape
from itertools import chain
from typing import Literal
from urllib.parse import quote, urlsplit

from newslake.pipeline.model.identity import has_public_suffix
from newslake.pipeline.model.page import FetchTimeMethod, UrlMethod
from newslake.pipeline.sources.normalize import absolute_url
from newslake.pipeline.stated_urls import stated_urls

_COMMENTS_MAX_BYTES = 65_536  # a comment of a browser or crawler is near the start ...
_FOOTER_MAX_BYTES = 4_096  # ... or, of HTTrack, near the end
_SINGLEFILE = re.compile(rb"<!--\s*(?:Page saved with|Archive processed by) SingleFile\b(.*?)-->", re.DOTALL)
_SINGLEFILE_URL = re.compile(rb"^\s*url:\s*(\S+)", re.MULTILINE)
# JavaScript's Date.toString(): Tue Mar 03 2026 10:00:00 GMT+0100 (Central European Standard Time)
_SINGLEFILE_DATE = re.compile(
    rb"^\s*saved date:\s*(?P<weekday>\w{3}) (?P<month>\w{3}) (?P<day>\d{1,2}) (?P<year>\d{4}) "
    rb"(?P<clock>\d\d:\d\d:\d\d) GMT(?P<zone>[+-]\d{4})",
    re.MULTILINE,
)
_SAVED_FROM = re.compile(rb"<!--\s*saved from url=\(\d+\)(\S+?)\s*-->", re.IGNORECASE)
_HTTRACK = re.compile(
    rb"<!--\s*Mirrored from (?P<url>\S+) by HTTrack Website Copier/[^,>]*,\s*(?P<date>[^>]*?)\s*-->", re.IGNORECASE
)
_HOST = re.compile(r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}", re.IGNORECASE)
_INDEX_FILE = re.compile(r"index\.html?$", re.IGNORECASE)
_HOST_DEPTH = 3
_FILE_SUFFIXES = frozenset({"zip", "mov"})  # also public suffixes; as a folder's, far more often the suffix of a file
_PAGE_SUFFIX = re.compile(r"\.html?$", re.IGNORECASE)
_QUERY_SAFE = "%=&/?:@!$'()*+,;"  # RFC 3986, 3.4; Wget has encoded what a file name may not have


@dataclass(frozen=True, slots=True, kw_only=True)
class PageMarks:
    """What the marks of a page say; None without a mark. ``fetched_at`` is UTC."""

    url: str | None = None
    url_method: UrlMethod | None = None
    fetched_at: datetime | None = None
    fetched_at_method: FetchTimeMethod | None = None


def read_marks(body: bytes, *, place: str) -> PageMarks:
    """Return the URL and the time that a saved HTML page gives for itself. Raises: nothing.

    The URL is that of the first mark: SingleFile, "saved from url", HTTrack, the canonical link, og:url, and the
    folders of ``place``, the path of the file from its source's folder on. A canonical link or og:url to a front page
    is a mistake of many templates and is no mark.
    """
    start, end = _ascii_bytes(body[:_COMMENTS_MAX_BYTES]), _ascii_bytes(body[-_FOOTER_MAX_BYTES:])
    comments = [(method, *read(start, end)) for method, read in _COMMENTS.items()]
    urls = chain(((url, method) for method, url, _ in comments if url is not None), _other_urls(body, place))
    times = ((when, method) for method, _, when in comments if when is not None and method != "saved_from")
    url, url_method = next(urls, (None, None))
    fetched_at, fetched_at_method = next(times, (None, None))
    return PageMarks(url=url, url_method=url_method, fetched_at=fetched_at, fetched_at_method=fetched_at_method)


def _ascii_bytes(part: bytes) -> bytes:
    """Return the bytes of a text without the zeros of UTF-16."""
    return part.replace(b"\0", b"") if b"\0" in part else part


# Comments of programs that save pages.


def _singlefile(start: bytes, _: bytes) -> tuple[str | None, datetime | None]:
    comment = _SINGLEFILE.search(start)
    if comment is None:
        return None, None
    url, date = _SINGLEFILE_URL.search(comment[1]), _SINGLEFILE_DATE.search(comment[1])
    when = date and b"%(weekday)s, %(day)s %(month)s %(year)s %(clock)s %(zone)s" % {
        name.encode(): value for name, value in date.groupdict().items()
    }
    return _url_of(url[1]) if url else None, _time_of(when) if when else None


def _saved_from(start: bytes, _: bytes) -> tuple[str | None, datetime | None]:
    comment = _SAVED_FROM.search(start)
    return _url_of(comment[1]) if comment else None, None


def _httrack(start: bytes, end: bytes) -> tuple[str | None, datetime | None]:
    """Return the URL, which HTTrack writes without its scheme, and the time."""
    comment = _HTTRACK.search(start) or _HTTRACK.search(end)
    if comment is None:
        return None, None
    stated = comment["url"]
    return _url_of(stated if b"://" in stated else b"https://" + stated), _time_of(comment["date"])


_Program = Literal["singlefile", "saved_from", "httrack"]
_COMMENTS: dict[_Program, Callable[[bytes, bytes], tuple[str | None, datetime | None]]] = {
    "singlefile": _singlefile,
    "saved_from": _saved_from,
    "httrack": _httrack,
}


def _url_of(stated: bytes) -> str | None:
    return absolute_url(unescape(stated.decode("utf-8", "replace")))


def _time_of(stated: bytes) -> datetime | None:
    try:
        moment = parsedate_to_datetime(stated.decode("ascii", "replace"))
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


# What the page says about itself, and its place among other files.


def _other_urls(body: bytes, place: str) -> Iterator[tuple[str, UrlMethod]]:
    yield from ((url, method) for url, method in _stated_urls(body) if urlsplit(url).path.strip("/"))
    if (url := url_of_folders(place)) is not None:
        yield url, "folders"


def _stated_urls(body: bytes) -> Iterator[tuple[str, UrlMethod]]:
    stated = stated_urls(_ascii_bytes(body).decode("utf-8", "replace"))
    named: tuple[tuple[str | None, UrlMethod], ...] = (
        (stated.canonical, "canonical_link"),
        (stated.og_url, "og_url"),
    )
    for link, method in named:
        is_whole = link is not None and "\ufffd" not in link  # bytes of an older charset are lost
        if is_whole and (url := absolute_url(link or "")) is not None:
            yield url, method


def url_of_folders(place: str) -> str | None:
    """Return the URL of a file in folders as Wget and HTTrack make them, "post.example/news/story.html"; else None.

    The host is one of the first folders, and its last part is a public suffix. A folder "http" or "https" before it is
    the scheme (``wget --protocol-directories``). "story.php?id=5.html" has a query, to which Wget has added the suffix
    (``wget --adjust-extension``).
    """
    folders, name = place.split("/")[:-1], place.rpartition("/")[2]
    for at, host in enumerate(folders[:_HOST_DEPTH]):
        if _HOST.fullmatch(host) and host.rpartition(".")[2].lower() not in _FILE_SUFFIXES and has_public_suffix(host):
            scheme = folders[at - 1] if at and folders[at - 1] in ("http", "https") else "https"
            page, mark, rest = name.partition("?")
            path = "/".join((*folders[at + 1 :], _INDEX_FILE.sub("", page)))
            query = quote(_PAGE_SUFFIX.sub("", rest), safe=_QUERY_SAFE)
            return absolute_url(f"{scheme}://{host}/{quote(path)}{mark}{query}")
    return None
