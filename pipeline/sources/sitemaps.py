"""Sitemaps: what one document says. Following an index is ``sitemap_walk``'s."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from lxml import etree

from pipeline.fetch import BadEncodingError, TooLargeError, gunzip
from pipeline.model import Hints, Ref, Source
from pipeline.sources.dates import listed_date
from pipeline.sources.feeds import language_of
from pipeline.sources.listing import ListingEntry, broken_entry
from pipeline.sources.normalize import absolute_url
from pipeline.sources.xml_guard import declares_entities

_NEWS = "http://www.google.com/schemas/sitemap-news/0.9"
_URLS_MAX = 50_000  # sitemaps.org, one file


@dataclass(frozen=True, slots=True)
class Child:
    """A sitemap that an index names, with its last change as the index tells it."""

    url: str
    changed_at: datetime | None


@dataclass(slots=True)
class Sitemap:
    """One document as far as it could be read. ``trouble`` is (reason, detail) of what stopped the reading."""

    kind: Literal["urlset", "sitemapindex"] | None = None
    entries: list[ListingEntry] = field(default_factory=list)
    children: list[Child] = field(default_factory=list)
    trouble: tuple[str, str] | None = None


def read_sitemap(body: bytes, source: Source, *, url: str, now: datetime, max_bytes: int) -> Sitemap:
    """Return what a sitemap document holds, gzip taken off; entities are never expanded, nothing is loaded."""
    sitemap = Sitemap()
    try:
        if body.startswith(b"\x1f\x8b"):
            body = gunzip(body, max_bytes=max_bytes)
    except TooLargeError as error:
        sitemap.trouble = "too_large", f"unpacked it is {error}"
    except BadEncodingError as error:
        sitemap.trouble = "broken_gzip", str(error)
    else:
        _read_xml(body, sitemap, source, url=url, now=now)
    return sitemap


def _read_xml(body: bytes, sitemap: Sitemap, source: Source, *, url: str, now: datetime) -> None:
    if declares_entities(body):
        sitemap.trouble = "hostile_xml", "it declares entities; nothing was expanded"
        return
    try:
        for element in _elements(body, sitemap):
            link = absolute_url(element.findtext("{*}loc") or "", base=url)
            if sitemap.kind == "sitemapindex" and link:
                changed_at, _ = listed_date(element.findtext("{*}lastmod"), now=now)
                sitemap.children.append(Child(link, changed_at))
            elif len(sitemap.entries) >= _URLS_MAX:
                sitemap.trouble = "too_many_urls", f"more than {_URLS_MAX} URLs; the rest is left out"
                return
            else:
                sitemap.entries.append(_entry(element, link, sitemap, source, url=url, now=now))
    except etree.XMLSyntaxError as error:
        reason = "broken_sitemap" if sitemap.kind else "not_a_sitemap"
        sitemap.trouble = reason, f"it is not well-formed ({error})"


def _elements(body: bytes, sitemap: Sitemap) -> Iterator[Any]:
    """Yield each url or sitemap element, freed after use; set the kind at the root."""
    events = etree.iterparse(
        io.BytesIO(body),
        events=("start", "end"),
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
    )
    for event, element in events:
        if sitemap.kind is None and event == "start":
            if not _is_root_of_sitemap(element, sitemap):
                return
        elif event == "end" and _is_child_of_root(element):
            if _name(element) in ("url", "sitemap"):
                yield element
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]


def _is_root_of_sitemap(root: Any, sitemap: Sitemap) -> bool:
    if root.getroottree().docinfo.internalDTD is not None:
        sitemap.trouble = "hostile_xml", "it has a DOCTYPE, which no sitemap needs"
    elif _name(root) == "urlset":
        sitemap.kind = "urlset"
    elif _name(root) == "sitemapindex":
        sitemap.kind = "sitemapindex"
    else:
        sitemap.trouble = "not_a_sitemap", f"its root is {_name(root)[:40]!r}; check the source's url"
    return sitemap.kind is not None


def _is_child_of_root(element: Any) -> bool:
    parent = element.getparent()
    return parent is not None and parent.getparent() is None


def _entry(
    element: Any, link: str | None, sitemap: Sitemap, source: Source, *, url: str, now: datetime
) -> ListingEntry:
    if link is not None:
        return ListingEntry(ref=Ref(source_key=source.key, url=link, hints=_hints(element, source, now=now)))
    written = (element.findtext("{*}loc") or "").strip()
    reason = "bad_url" if written else "entry_without_link"
    detail = f"{written[:200]!r} is no http(s) URL; left out" if written else "the entry names no page; left out"
    return broken_entry(source.key, f"{url}#entry-{len(sitemap.entries) + 1}", reason=reason, detail=detail)


def _hints(element: Any, source: Source, *, now: datetime) -> Hints:
    modified, _ = listed_date(element.findtext("{*}lastmod"), now=now)
    news = element.find(f"{{{_NEWS}}}news")
    if news is None:
        return Hints(modified_at=modified, publisher=source.publisher, language=source.language)
    published, precision = listed_date(news.findtext(f"{{{_NEWS}}}publication_date"), now=now)
    publication = f"{{{_NEWS}}}publication/{{{_NEWS}}}"
    return Hints(
        title=_clean(news.findtext(f"{{{_NEWS}}}title")),
        published_at=published,
        published_precision=precision,
        modified_at=modified,
        publisher=source.publisher or _clean(news.findtext(f"{publication}name")),
        language=source.language or language_of(news.findtext(f"{publication}language")),
    )


def _clean(text: str | None) -> str | None:
    return " ".join((text or "").split()) or None


def _name(element: Any) -> str:
    if not isinstance(element.tag, str):
        return ""
    return element.tag.rpartition("}")[2]  # QName refuses a prefix that nobody declared
