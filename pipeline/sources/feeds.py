"""RSS, Atom and JSON Feed."""

import html
import io
import json
import re
from calendar import timegm
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import feedparser

from pipeline.errors import BrokenListingError
from pipeline.model import Hints, Page, Ref, Source
from pipeline.sources.listing import ListingEntry, broken_link
from pipeline.sources.normalize import Precision, absolute_url, declares_entities, is_plausible, listed_date, one_line

# Raised by feedparser's lenient parser for invalid markup.
_FEEDPARSER_ERRORS = (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError)
_HAS_TIME = re.compile(r"\d:\d\d|T\d\d")
_TAG = re.compile(r"<[^<>]*>")
_LANGUAGE = re.compile(r"[A-Za-z]{2}\b")


def read_feed(page: Page, source: Source, *, now: datetime) -> tuple[ListingEntry, ...]:
    """Return the entries of a feed, in feed order, without repeated URLs. A valid empty feed has no entries.

    Raises: BrokenListingError (not_a_feed, hostile_xml).
    """
    if page.body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        entries = _json_entries(page, source, now=now)
    else:
        entries = _xml_entries(page, source, now=now)
    return tuple(_without_repeats(entries, page, source))


def _without_repeats(entries: Iterator[tuple[str | None, Hints]], page: Page, source: Source) -> Iterator[ListingEntry]:
    base = page.final_url or source.location
    seen = set()
    for number, (link, hints) in enumerate(entries, start=1):
        where = f"{source.location}#entry-{number}"
        url = absolute_url(link, base=base) if link else None
        if url is None:
            yield broken_link(source.key, where, link)
        elif url not in seen:
            seen.add(url)
            yield ListingEntry(ref=Ref(source_key=source.key, url=url, hints=hints))


def _xml_entries(page: Page, source: Source, *, now: datetime) -> Iterator[tuple[str | None, Hints]]:
    if declares_entities(page.body):
        raise _broken_feed(source, "hostile_xml", "it declares entities, which are not expanded; ask the publisher")
    headers = {"content-location": page.final_url or source.location}
    if "content-type" in page.headers:
        headers["content-type"] = page.headers["content-type"]
    # A stream, because feedparser tries bytes as a file name first, and a str as a URL.
    try:
        parsed = feedparser.parse(
            io.BytesIO(page.body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
        )
    except _FEEDPARSER_ERRORS as error:
        raise _broken_feed(source, "not_a_feed", f"it cannot be parsed ({error}); ask the publisher") from error
    version = parsed.get("version")  # missing for an empty body
    if not version:
        raise _broken_feed(source, "not_a_feed", "it is neither RSS nor Atom; check the source's url")
    publisher = source.publisher or _text(parsed.feed, "title")
    language = source.language or language_of(parsed.feed.get("language"))
    is_atom = version.startswith("atom")
    return (
        (entry.get("link"), _hints(entry, is_atom=is_atom, publisher=publisher, language=language, now=now))
        for entry in parsed.entries
    )


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
    # dict.get, because the entry's own get returns "published" for a missing "updated".
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
    found = _LANGUAGE.match(tag) if isinstance(tag, str) else None
    return found.group().lower() if found else None


def _json_entries(page: Page, source: Source, *, now: datetime) -> Iterator[tuple[str | None, Hints]]:
    """Return the items of a JSON Feed (jsonfeed.org, 1.0 and 1.1)."""
    try:
        feed = json.loads(page.body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise _broken_feed(source, "not_a_feed", f"it starts like JSON but is not valid JSON ({error})") from error
    items = feed.get("items")
    if "jsonfeed.org/version/" not in str(feed.get("version")) or not isinstance(items, list):
        raise _broken_feed(source, "not_a_feed", "it is JSON but not a JSON Feed; check the source's url")
    return (_json_entry(item if isinstance(item, dict) else {}, feed, source, now=now) for item in items)


def _json_entry(
    item: Mapping[str, object], feed: Mapping[str, object], source: Source, *, now: datetime
) -> tuple[str | None, Hints]:
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
    return _string(item, "url") or _string(item, "external_url"), hints


def _string(item: Mapping[str, object], name: str) -> str | None:
    value = item.get(name)
    return one_line(value) if isinstance(value, str) else None


def _broken_feed(source: Source, reason: str, detail: str) -> BrokenListingError:
    return BrokenListingError(f"{source.location}: {detail}", key=source.key, reason=reason)
