"""Sitemaps: the days in a sitemap's name, the entries of one document, and the walk through an index."""

import io
import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from lxml import etree

from newslake.pipeline.boundary import run_isolated
from newslake.pipeline.errors import BrokenListingError, NewsError
from newslake.pipeline.fetch import BadEncodingError, Fetcher, NotModified, TooLargeError, gunzip
from newslake.pipeline.model import Hints, Page, Ref, Source
from newslake.pipeline.sources.feeds import language_of
from newslake.pipeline.sources.listing import ListingEntry, broken_entry, broken_link, failed_entry, isolated_entries
from newslake.pipeline.sources.normalize import absolute_url, declares_entities, listed_date, one_line

# Days of a sitemap and of its entries.

_BETWEEN = r"(?:[-_./]|&[a-z]+=)?"  # 2026-03-02, 20260302, 2026/03/02, yyyy=2026&mm=03&dd=02
_YEAR, _MONTH, _DAY = r"((?:19|20)\d\d)", r"(0[1-9]|1[0-2])", r"(0[1-9]|[12]\d|3[01])"
_DATED = re.compile(rf"(?<!\d){_YEAR}(?:{_BETWEEN}{_MONTH}(?:{_BETWEEN}{_DAY})?)?(?!\d)", re.ASCII | re.IGNORECASE)
_DATED_PATH = re.compile(rf"/{_YEAR}[-/]?{_MONTH}[-/]?{_DAY}/", re.ASCII)
# Because of time zones, an article around midnight may be in the sitemap of the next or previous day.
_MARGIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """A range of days, inclusive."""

    first: date
    last: date

    @classmethod
    def of(cls, year: int, month: int | None = None, day: int | None = None) -> Self:
        """Return the window of a year, a month or a day. Raises: ValueError for a date that does not exist."""
        last_month = month or 12
        last = date(year, last_month, day or monthrange(year, last_month)[1])
        return cls(date(year, month or 1, day or 1), last)

    def can_hold(self, day: date) -> bool:
        """Return whether a sitemap of these days may have entries of a day."""
        return self.first - _MARGIN <= day <= self.last + _MARGIN


def window_of(url: str) -> Window | None:
    """Return the days in a sitemap's path or query, the shortest window if it has several; None without a date."""
    parts = urlsplit(url)
    windows = []
    for match in _DATED.finditer(f"{parts.path}?{parts.query}"):
        try:
            windows.append(Window.of(*(int(each) for each in match.groups() if each)))
        except ValueError:  # 30 February
            continue
    return min(windows, key=lambda window: window.last - window.first, default=None)


def fill_template(template: str, day: date) -> tuple[str, Window | None]:
    """Return a URL with {year}, {month} and {day} filled in, and the days that it covers; None without placeholders."""
    url = template.replace("{year}", f"{day:%Y}").replace("{month}", f"{day:%m}").replace("{day}", f"{day:%d}")
    if url == template:
        return url, None
    finest = day.day if "{day}" in template else None
    return url, Window.of(day.year, day.month if finest or "{month}" in template else None, finest)


def can_hold(url: str, changed_at: datetime | None, *, day: date, around: Window | None) -> bool:
    """Return whether a sitemap may have entries of a day: by its name, else by the name of its index (``around``).

    If neither name has a date, its last change decides: a sitemap last changed before the day has no entries of it.
    """
    window = window_of(url) or around
    if window is not None:
        return window.can_hold(day)
    return changed_at is None or changed_at.date() >= day - _MARGIN


def day_of(ref: Ref) -> date | None:
    """Return the day of an entry: its published day, else the day in its path, else of its last change, else None."""
    if ref.hints.published_at is not None:
        return ref.hints.published_at.date()
    for match in _DATED_PATH.finditer(urlsplit(ref.url or "").path):
        try:
            return date(*(int(each) for each in match.groups()))
        except ValueError:
            continue
    return ref.hints.modified_at.date() if ref.hints.modified_at is not None else None


# One document.

_NEWS = "http://www.google.com/schemas/sitemap-news/0.9"
_URLS_MAX = 50_000  # per file, from sitemaps.org
_LONG = re.compile(rb"<[^<]{1000000}")  # attributes take 35 times their bytes in memory
_HELD_MAX = 20_000  # elements of one entry; one with 1000 images has some thousands


@dataclass(frozen=True, slots=True)
class Child:
    """A sitemap in an index, with its last change according to the index."""

    url: str
    changed_at: datetime | None


@dataclass(slots=True)
class Sitemap:
    """The readable part of one document. ``failure`` is (reason, detail) of the error that ended the reading."""

    kind: Literal["urlset", "sitemapindex"] | None = None
    entries: list[ListingEntry] = field(default_factory=list)
    children: list[Child] = field(default_factory=list)
    failure: tuple[str, str] | None = None


def read_sitemap(body: bytes, source: Source, *, url: str, now: datetime, max_bytes: int) -> Sitemap:
    """Return the content of a sitemap document, gzipped or not; no entity is expanded, no file is loaded."""
    sitemap = Sitemap()
    try:
        if body.startswith(b"\x1f\x8b"):
            body = gunzip(body, max_bytes=max_bytes)
    except TooLargeError as error:
        sitemap.failure = "too_large", f"after decompression it has {error}"
    except BadEncodingError as error:
        sitemap.failure = "broken_gzip", str(error)
    else:
        _read_xml(body, sitemap, source, url=url, now=now)
    return sitemap


def _read_xml(body: bytes, sitemap: Sitemap, source: Source, *, url: str, now: datetime) -> None:
    sitemap.failure = _refusal(body)
    if sitemap.failure is not None:
        return
    try:
        for element in _elements(body, sitemap):
            if len(sitemap.entries) + len(sitemap.children) >= _URLS_MAX:
                sitemap.failure = "too_many_urls", f"more than {_URLS_MAX} URLs; the rest is skipped"
                return
            where = f"{url}#entry-{len(sitemap.entries) + 1}"
            part = run_isolated(partial(_child_or_entry, element, sitemap, source, url=url, now=now), key=where)
            if isinstance(part, Child):
                sitemap.children.append(part)
            elif isinstance(part, NewsError):
                sitemap.entries.append(failed_entry(source.key, where, part))
            else:
                sitemap.entries.append(part)
    except etree.XMLSyntaxError as error:
        reason = "broken_sitemap" if sitemap.kind else "not_a_sitemap"
        sitemap.failure = reason, f"it is not well-formed ({error})"


def _elements(body: bytes, sitemap: Sitemap) -> Iterator[Any]:
    """Yield each url or sitemap element and free it after use; the root sets the kind."""
    events = etree.iterparse(
        io.BytesIO(body),
        events=("start", "end"),
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        remove_comments=True,
        remove_pis=True,
        huge_tree=False,
    )
    held = 0  # elements in memory
    for event, element in events:
        held += event == "start"
        if sitemap.kind is None and event == "start":
            if not _is_root_of_sitemap(element, sitemap):
                return
        elif held > _HELD_MAX:
            sitemap.failure = "too_complex", f"an entry has more than {_HELD_MAX} elements"
            return
        elif event == "end" and _is_child_of_root(element):
            held = 0
            if _name(element) in ("url", "sitemap"):
                yield element
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]


def _is_root_of_sitemap(root: Any, sitemap: Sitemap) -> bool:
    if root.getroottree().docinfo.internalDTD is not None:
        sitemap.failure = "hostile_xml", "it has a DOCTYPE, which is not allowed in a sitemap"
    elif _name(root) == "urlset":
        sitemap.kind = "urlset"
    elif _name(root) == "sitemapindex":
        sitemap.kind = "sitemapindex"
    else:
        sitemap.failure = "not_a_sitemap", f"its root element is {_name(root)[:40]!r}; check the source's url"
    return sitemap.kind is not None


def _is_child_of_root(element: Any) -> bool:
    parent = element.getparent()
    return parent is not None and parent.getparent() is None


def _refusal(body: bytes) -> tuple[str, str] | None:
    """Return (reason, detail) of a document that is not parsed."""
    if not body.strip():
        return "not_a_sitemap", "it is empty; check the source's url"
    if declares_entities(body):
        return "hostile_xml", "it declares entities, which are not expanded"
    if _LONG.search(body):
        return "too_complex", "it has a tag or text of more than a million bytes"
    return None


def _child_or_entry(element: Any, sitemap: Sitemap, source: Source, *, url: str, now: datetime) -> Child | ListingEntry:
    link = absolute_url(element.findtext("{*}loc") or "", base=url)
    if sitemap.kind == "sitemapindex" and link:
        changed_at, _ = listed_date(element.findtext("{*}lastmod"), now=now)
        return Child(link, changed_at)
    return _entry(element, link, sitemap, source, url=url, now=now)


def _entry(
    element: Any, link: str | None, sitemap: Sitemap, source: Source, *, url: str, now: datetime
) -> ListingEntry:
    if link is not None:
        return ListingEntry(ref=Ref(source_key=source.key, url=link, hints=_hints(element, source, now=now)))
    written = (element.findtext("{*}loc") or "").strip()
    return broken_link(source.key, f"{url}#entry-{len(sitemap.entries) + 1}", written)


def _hints(element: Any, source: Source, *, now: datetime) -> Hints:
    modified, _ = listed_date(element.findtext("{*}lastmod"), now=now)
    news = element.find(f"{{{_NEWS}}}news")
    if news is None:
        return Hints(modified_at=modified, publisher=source.publisher, language=source.language)
    published, precision = listed_date(news.findtext(f"{{{_NEWS}}}publication_date"), now=now)
    publication = f"{{{_NEWS}}}publication/{{{_NEWS}}}"
    return Hints(
        title=one_line(news.findtext(f"{{{_NEWS}}}title")),
        published_at=published,
        published_precision=precision,
        modified_at=modified,
        publisher=source.publisher or one_line(news.findtext(f"{publication}name")),
        language=source.language or language_of(news.findtext(f"{publication}language")),
    )


def _name(element: Any) -> str:
    if not isinstance(element.tag, str):
        return ""
    return element.tag.rpartition("}")[2]  # QName does not accept an undeclared prefix


# The walk from a sitemap or a sitemap index to the pages.

_DEPTH_MAX = 3  # indexes inside indexes
_CHILDREN_MAX = 500
_LISTED_MAX = 50_000  # sitemaps that the indexes of a listing name; each index may name as many, and takes seconds
_LISTING_URLS_MAX = 50_000  # per listing, the same as per sitemap


def read_root(page: Page, source: Source, *, now: datetime, max_bytes: int) -> Sitemap:
    """Return the sitemap of a source.

    Raises: BrokenListingError if it is not a sitemap. If it is damaged later, the entries before the damage count.
    """
    url = page.final_url or source.location
    root = read_sitemap(page.body, source, url=url, now=now, max_bytes=max_bytes)
    if root.kind is None:
        reason, detail = root.failure or ("not_a_sitemap", "it is empty")
        raise BrokenListingError(f"{url}: {detail}", key=source.key, reason=reason)
    return root


class SitemapWalk:
    """The pages of a sitemap and its children, without repeated URLs. A failed child is one broken entry.

    With a ``day`` only sitemaps that may have entries of that day are read, and only its entries returned: those of
    that date, and those without a date in a sitemap of only that day.
    """

    def __init__(self, source: Source, fetcher: Fetcher, *, now: datetime, day: date | None = None) -> None:
        self._source = source
        self._fetcher = fetcher
        self._now = now
        self._day = day
        self._urls: set[str] = set()
        self._sitemaps: set[str] = set()
        self._listed = 0

    def pages(
        self, sitemap: Sitemap, *, url: str, depth: int = 1, window: Window | None = None
    ) -> Iterator[ListingEntry]:
        """Yield the entries of a sitemap and its children, in document order. ``window`` are its days."""
        self._sitemaps.add(url)
        self._listed += len(sitemap.children)
        yield from self._new(self._wanted(sitemap, url, window), url)
        if sitemap.failure is not None:
            yield self._end(url, *sitemap.failure)
        if sitemap.children and depth > _DEPTH_MAX:
            yield self._end(url, "sitemap_too_deep", f"a sitemap index inside {_DEPTH_MAX} others is not followed")
            return
        for child in sitemap.children:
            if child.url in self._sitemaps or not self._is_followed(child, window):
                continue
            if len(self._sitemaps) > _CHILDREN_MAX:
                yield self._end(url, "too_many_sitemaps", f"more than {_CHILDREN_MAX} sitemaps; the rest is skipped")
                return
            if self._listed > _LISTED_MAX:
                yield self._end(url, "too_many_sitemaps", f"its indexes name more than {_LISTED_MAX} sitemaps")
                return
            self._sitemaps.add(child.url)
            pages = self._child(child.url, depth=depth + 1, window=window_of(child.url) or window)
            yield from isolated_entries(pages, self._source.key, where=child.url, ends_listing=True)

    def _end(self, url: str, reason: str, detail: str) -> ListingEntry:
        """Return the broken entry of a sitemap with missing entries."""
        return replace(broken_entry(self._source.key, url, reason=reason, detail=detail), ends_listing=True)

    def _is_followed(self, child: Child, window: Window | None) -> bool:
        return self._day is None or can_hold(child.url, child.changed_at, day=self._day, around=window)

    def _wanted(self, sitemap: Sitemap, url: str, window: Window | None) -> Iterator[ListingEntry]:
        """Yield the entries of the day, and one broken entry with the number of undated ones."""
        if self._day is None:
            yield from sitemap.entries
            return
        is_of_one_day = window is not None and window.first == window.last
        undated = 0
        for entry in sitemap.entries:
            day = day_of(entry.ref)
            if day is None and is_of_one_day and window is not None:
                day = window.first
            if day == self._day:
                yield entry
            undated += day is None
        if undated:
            detail = f"{undated} entries have no date and the sitemap covers several days; skipped"
            yield broken_entry(self._source.key, url, reason="undated_entries", detail=detail)

    def _new(self, entries: Iterator[ListingEntry], url: str) -> Iterator[ListingEntry]:
        for entry in entries:
            if entry.problem is None and entry.ref.url in self._urls:
                continue
            if len(self._urls) >= _LISTING_URLS_MAX:
                detail = f"the listing has more than {_LISTING_URLS_MAX} URLs; the rest is skipped"
                yield self._end(url, "too_many_urls", detail)
                return
            self._urls.add(entry.ref.url or "")
            yield entry

    def _child(self, url: str, *, depth: int, window: Window | None) -> Iterator[ListingEntry]:
        got = self._fetcher.try_fetch(url, is_listing=True, interval_seconds=self._source.interval_seconds)
        if isinstance(got, NewsError):
            yield ListingEntry(ref=Ref(source_key=self._source.key, url=url), problem=got)
            return
        assert not isinstance(got, NotModified)  # no validators were sent
        limit = self._fetcher.limits.listing_max_bytes
        sitemap = read_sitemap(got.body, self._source, url=got.final_url or url, now=self._now, max_bytes=limit)
        yield from self.pages(sitemap, url=url, depth=depth, window=window)
