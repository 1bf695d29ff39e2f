"""RSS, Atom and JSON Feed."""

import html
import io
import json
import re
from calendar import timegm
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import feedparser

from newslake.pipeline.boundary import run_isolated
from newslake.pipeline.errors import BrokenListingError, NewsError
from newslake.pipeline.model import Hints, Page, Ref, Source
from newslake.pipeline.sources.feed_xml import ENTRIES_MAX, decode_feed, reduce_feed
from newslake.pipeline.sources.listing import ListingEntry, broken_entry, broken_link, failed_entry
from newslake.pipeline.sources.normalize import (
    Precision,
    absolute_url,
    declares_entities,
    is_plausible,
    listed_date,
    one_line,
)

# Raised by feedparser's lenient parser for invalid markup.
_FEEDPARSER_ERRORS = (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError)
_HAS_TIME = re.compile(r"\d:\d\d|T\d\d")
_TAG = re.compile(r"<[^<>]*>")
_LANGUAGE = re.compile(r"[A-Za-z]{2}\b")


def read_feed(page: Page, source: Source, *, now: datetime) -> tuple[ListingEntry, ...]:
    """Return the entries of a feed, in feed order, without repeated URLs. A valid empty feed has no entries.

    A feed that ends early, or has too many entries, gives the entries before that, also none, and last a broken entry
    that ``ends_listing``. An entry that cannot be read is one broken entry.
    Raises: BrokenListingError (not_a_feed, hostile_xml; too_complex if no entry can be read).
    """
    body = page.body.removeprefix(b"\xef\xbb\xbf").strip(b" \t\r\n")
    if not body:
        raise _broken_feed(source, "not_a_feed", "it is empty; check the source's url")
    read = _read_json if body.startswith(b"{") else _read_xml
    content = read(page, source, now=now)
    entries = tuple(_listed(content, page, source))
    if content.failure is not None and content.failure[0] == "too_complex" and len(entries) == 1:
        reason, detail = content.failure
        raise _broken_feed(source, reason, f"{detail}, and nothing can be read before; ask the publisher")
    return entries


@dataclass(frozen=True, slots=True)
class _FeedContent:
    """The raw entries of a feed, and how one is read. ``failure`` is (reason, detail) of what ended the reading."""

    entries: Sequence[Any]
    read_entry: Callable[[Any], tuple[str | None, Hints]]
    failure: tuple[str, str] | None = None


def _listed(content: _FeedContent, page: Page, source: Source) -> Iterator[ListingEntry]:
    base = page.final_url or source.location
    seen = set()
    for number, entry in enumerate(content.entries, start=1):
        where = f"{source.location}#entry-{number}"
        got = run_isolated(partial(content.read_entry, entry), key=where)
        if isinstance(got, NewsError):
            yield failed_entry(source.key, where, got)
            continue
        link, hints = got
        url = absolute_url(link, base=base) if link else None
        if url is None:
            yield broken_link(source.key, where, link)
        elif url not in seen:
            seen.add(url)
            yield ListingEntry(ref=Ref(source_key=source.key, url=url, hints=hints))
    if content.failure is not None:
        reason, detail = content.failure
        yield replace(broken_entry(source.key, source.location, reason=reason, detail=detail), ends_listing=True)


def _read_xml(page: Page, source: Source, *, now: datetime) -> _FeedContent:
    text = decode_feed(page.body, content_type=page.headers.get("content-type", ""))
    if declares_entities(text):
        raise _broken_feed(source, "hostile_xml", "it declares entities, which are not expanded; ask the publisher")
    reduced = reduce_feed(text)
    headers = {"content-location": page.final_url or source.location, "content-type": "application/xml; charset=utf-8"}
    # A stream, because feedparser tries bytes as a file name first, and a str as a URL.
    try:
        parsed = feedparser.parse(
            io.BytesIO(reduced.xml), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
        )
    except _FEEDPARSER_ERRORS as error:
        raise _broken_feed(source, "not_a_feed", f"it cannot be parsed ({error}); ask the publisher") from error
    version = parsed.get("version")  # missing for an empty body
    if not version:
        raise _broken_feed(source, "not_a_feed", "it is neither RSS nor Atom; check the source's url")
    read_entry = partial(
        _xml_entry,
        is_atom=version.startswith("atom"),
        publisher=source.publisher or _text(parsed.feed, "title"),
        language=source.language or language_of(parsed.feed.get("language")),
        now=now,
    )
    return _FeedContent(parsed.entries, read_entry, reduced.failure)


def _xml_entry(
    entry: dict[str, Any], *, is_atom: bool, publisher: str | None, language: str | None, now: datetime
) -> tuple[str | None, Hints]:
    return entry.get("link"), _hints(entry, is_atom=is_atom, publisher=publisher, language=language, now=now)


def _hints(
    entry: dict[str, Any], *, is_atom: bool, publisher: str | None, language: str | None, now: datetime
) -> Hints:
    published, precision = _date(entry, "published", now=now)
    modified, modified_precision = _date(entry, "updated", now=now)
    if published is None and not is_atom:  # RSS 1.0 and dc:date: feedparser stores the only date as "updated"
        published, precision, modified = modified, modified_precision, None
    return Hints(
        title=_text(entry, "title"),
        published_at=published,
        published_precision=precision,
        modified_at=modified,
        publisher=publisher,
        language=language,
    )


def _date(entry: dict[str, Any], name: str, *, now: datetime) -> tuple[datetime | None, Precision | None]:
    # dict.get, because ``entry.get`` returns "published" for a missing "updated".
    parsed, written = dict.get(entry, f"{name}_parsed"), dict.get(entry, name)
    if parsed is None or not isinstance(written, str):
        return None, None
    try:
        moment = datetime.fromtimestamp(timegm(parsed), UTC)
    except (ValueError, OverflowError, OSError):  # year 0, year 10000
        return None, None
    if not is_plausible(moment, now=now):
        return None, None
    return moment, "second" if _HAS_TIME.search(written) else "day"


def _text(entry: Mapping[str, Any], name: str) -> str | None:
    text = entry.get(name) or ""
    if (entry.get(f"{name}_detail") or {}).get("type") in ("text/html", "application/xhtml+xml"):
        text = html.unescape(_TAG.sub("", text))
    return one_line(text)


def language_of(tag: object) -> str | None:
    """Return the two-letter language of a language tag like "en-GB"."""
    language = _LANGUAGE.match(tag) if isinstance(tag, str) else None
    return language.group().lower() if language else None


def _read_json(page: Page, source: Source, *, now: datetime) -> _FeedContent:
    """Return the items of a JSON Feed (jsonfeed.org, 1.0 and 1.1)."""
    try:
        feed = json.loads(page.body.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError) as error:
        raise _broken_feed(source, "not_a_feed", f"it starts like JSON but is not valid JSON ({error})") from error
    items = feed.get("items")
    if "jsonfeed.org/version/" not in str(feed.get("version")) or not isinstance(items, list):
        raise _broken_feed(source, "not_a_feed", "it is JSON but not a JSON Feed; check the source's url")
    has_more = len(items) > ENTRIES_MAX
    failure = ("too_many_urls", f"more than {ENTRIES_MAX} entries; the rest is skipped") if has_more else None
    return _FeedContent(items[:ENTRIES_MAX], partial(_json_entry, feed=feed, source=source, now=now), failure)


def _json_entry(item: object, *, feed: Mapping[str, object], source: Source, now: datetime) -> tuple[str | None, Hints]:
    item = item if isinstance(item, dict) else {}
    published, precision = listed_date(_string(item, "date_published"), now=now)
    modified, _ = listed_date(_string(item, "date_modified"), now=now)
    hints = Hints(
        title=_string(item, "title"),
        published_at=published,
        published_precision=precision,
        modified_at=modified,
        publisher=source.publisher or _string(feed, "title"),
        language=source.language or language_of(item.get("language") or feed.get("language")),
    )
    links = (item.get("url"), item.get("external_url"))
    return next((link for link in links if isinstance(link, str) and link.strip()), None), hints


def _string(item: Mapping[str, object], name: str) -> str | None:
    value = item.get(name)
    return one_line(value) if isinstance(value, str) else None


def _broken_feed(source: Source, reason: str, detail: str) -> BrokenListingError:
    return BrokenListingError(f"{source.location}: {detail}", key=source.key, reason=reason)
