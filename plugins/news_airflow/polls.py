"""What the Airflow triggers poll: files that wait in inboxes, and listings with something new.

The triggerer imports this module, so it must not import packages that clean, annotate or write tables.
"""

import hashlib
import heapq
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any, Literal

from newslake.pipeline.addons.airflow.settings import AirflowSettings
from newslake.pipeline.archive import page_name
from newslake.pipeline.boundary import run_isolated
from newslake.pipeline.errors import ConfigError, NewsError, TransientFetchError
from newslake.pipeline.fetch import Fetcher, limits_from
from newslake.pipeline.jobs.inventory import ARCHIVE, STATE, check_stores
from newslake.pipeline.jobs.stores import open_store
from newslake.pipeline.model import Ref, Source, canonical_url
from newslake.pipeline.settings import Settings, SourceList, load_sources
from newslake.pipeline.sources import Listing, ListingEntry, Validators, discover, listable_days
from newslake.pipeline.unicode import printable_path

log = logging.getLogger(__name__)

SourceGroup = Literal["web", "files"]
_SLOWEST_SECONDS = 3600.0  # the longest pause between polls of a failing listing
_MARKS_MAX, _MARK_CHARS = 4000, 10  # 40 kB of the 64 KiB that the state store keeps per key
_UNDATED = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ListedPage:
    """A page of a listing, with its dates."""

    page_key: str
    changed_at: datetime | None
    published_at: datetime | None

    @property
    def when(self) -> datetime:
        return self.changed_at or self.published_at or _UNDATED

    @property
    def mark(self) -> str:
        return hashlib.sha256(f"{self.page_key} {self.changed_at}".encode()).hexdigest()[:_MARK_CHARS]


@dataclass(frozen=True, slots=True, kw_only=True)
class PollResult:
    """Result of one poll of a listing.

    ``state`` is JSON of less than 64 KiB, stored between polls. ``new`` are the listed pages and page changes that
    neither an earlier poll nor the archive knows. The next poll is due in ``pause_seconds``. ``error`` says why the
    poll failed.
    """

    state: Mapping[str, str | None] = field(default_factory=dict)
    new: tuple[ListedPage, ...] = ()
    pause_seconds: float = 0.0
    error: str | None = None


class LastGoodSources:
    """The current ``sources.toml``; while it is invalid or missing, the last valid one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._version: tuple[int, ...] | None = None
        self._list = SourceList(sources=(), private_hosts=frozenset())

    def read(self) -> SourceList:
        version = self._version_now()
        if version != self._version:
            self._version = version
            try:
                self._list = load_sources(self._path)
            except (ConfigError, OSError) as error:
                known = ", ".join(source.key for source in self._list.sources) or "none"
                log.error("%s; using the last valid sources until it is corrected: %s", error, known)
        return self._list

    def _version_now(self) -> tuple[int, ...]:
        try:
            state = self._path.stat()
        except OSError:  # loading it reports the error
            return ()
        return state.st_mtime_ns, state.st_size, state.st_ino


class Inboxes:
    """The folders and buckets of all sources of kind inbox."""

    def __init__(self, settings: Settings) -> None:
        self.poll_seconds = settings.of(AirflowSettings).inbox_poll_seconds
        self._sources = LastGoodSources(settings.sources_file)
        self._store = open_store(settings)
        self._errors: dict[str, str] = {}

    def waiting(self) -> dict[str, tuple[str, ...]]:
        """Return the names of the files that a run would claim now, by source; only sources with files."""
        inboxes = (source for source in self._sources.read().sources if source.kind == "inbox")
        names_of = {source.key: self._names(source) for source in inboxes}
        return {key: names for key, names in names_of.items() if names}

    def _names(self, source: Source) -> tuple[str, ...]:
        try:
            names = tuple(printable_path(name) for name in self._store.inbox(source.location).waiting())
        except (NewsError, OSError) as error:
            if self._errors.get(source.key) != str(error):
                log.error("%s: the inbox cannot be read (%s); make it readable and writable", source.key, error)
            self._errors[source.key] = str(error)
            return ()
        self._errors.pop(source.key, None)
        return names


class Listings:
    """Polls the listings of online sources with one shared fetcher, so that robots.txt and rate limits apply.

    Several threads may call ``poll`` at once; only one may call ``sources``.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._sources = LastGoodSources(settings.sources_file)
        self._store = open_store(settings)
        self._lock = Lock()  # for the databases of the store: each has one connection
        self._open(frozenset())

    def _open(self, private_hosts: frozenset[str]) -> None:
        self._private_hosts = private_hosts
        self._fetcher = Fetcher(
            limits_from(self._settings),
            private_hosts=private_hosts,
            now=self._settings.now,
            host_rates=self._store.host_rates,
        )

    def sources(self) -> tuple[Source, ...]:
        """Return the current online sources that list new pages; a web archive lists no new ones."""
        listed = self._sources.read()
        if listed.private_hosts != self._private_hosts:
            self._open(listed.private_hosts)
        now = self._settings.now()
        return tuple(s for s in listed.sources if s.is_online and now.date() in listable_days(s, now=now))

    def poll(self, source: Source, before: PollResult) -> PollResult:
        """Compare a listing with the previous poll; child sitemaps are followed.

        A listing that answers 304 or lists only known pages has nothing new.
        """
        pause = self._settings.of(AirflowSettings).poll_seconds if source.poll_seconds is None else source.poll_seconds
        known = before.state if before.state.get("url") == source.location else {}
        now = self._settings.now
        validators = Validators(etag=known.get("etag"), last_modified=known.get("last_modified"))
        read = partial(discover, source, day=now().date(), fetcher=self._fetcher, validators=validators, now=now)
        try:
            got = run_isolated(partial(_read_newest, read), key=source.location)
        except (NewsError, OSError) as error:  # OSError: the rate limit file cannot be written
            return _failed_poll(source, error, before=before, pause=pause)
        if isinstance(got, NewsError):
            return _failed_poll(source, got, before=before, pause=pause)
        listing, pages = got
        if before.error is not None:
            log.info("%s: its listing can be read again", source.key)
        if listing.is_unchanged:
            return PollResult(state=before.state, pause_seconds=pause)
        seen = _split_marks(known.get("marks") or "")
        state = _next_state(source, [page.mark for page in pages], seen, listing.validators or Validators())
        earlier = set(seen)
        new = self.unfetched(page for page in pages if page.mark not in earlier)
        return PollResult(state=state, new=new, pause_seconds=pause)

    def unfetched(self, pages: Iterable[ListedPage]) -> tuple[ListedPage, ...]:
        """Return the listed pages that no run has fetched, or tried to fetch, since they changed."""
        listed = tuple(pages)
        try:
            check_stores(self._settings, ARCHIVE, STATE)
            with self._lock:
                return tuple(page for page in listed if not self._is_fetched(page))
        except NewsError as error:
            log.error("new pages cannot be distinguished from archived ones (%s); all listed pages count", error)
            return listed

    def _is_fetched(self, page: ListedPage) -> bool:
        if self._store.blocklist.is_blocked(page_name(page.page_key)):
            return True
        seen = self._store.page_states.seen(page.page_key)
        captures = self._store.archive.captures(page_key=page.page_key)
        if page.changed_at is None:
            return seen is not None or bool(captures)
        listed_at = seen.listed_modified_at if seen is not None else None
        known = listed_at or (captures[-1].fetched_at if captures else None)
        return known is not None and known >= page.changed_at


def _next_state(
    source: Source, marks: Sequence[str], seen: Sequence[str], validators: Validators
) -> dict[str, str | None]:
    # Pages that left the listing stay known: servers that share a name may serve listings of different age.
    latest = list(dict.fromkeys([*marks, *seen]))[:_MARKS_MAX]
    return {
        "url": source.location,
        "etag": validators.etag,
        "last_modified": validators.last_modified,
        "marks": "".join(latest),
    }


def _failed_poll(source: Source, error: NewsError | OSError, *, before: PollResult, pause: float) -> PollResult:
    """Return the failed poll. The pause doubles for a temporary error and is the longest for a permanent one."""
    reason = error.reason if isinstance(error, NewsError) else type(error).__name__
    if before.error != reason:
        log.warning("%s: its listing cannot be read (%s); it is now polled less often", source.key, error)
    wanted = _SLOWEST_SECONDS
    if isinstance(error, TransientFetchError | OSError):
        server_seconds = error.retry_after_seconds if isinstance(error, TransientFetchError) else None
        wanted = max(2 * max(before.pause_seconds, pause), server_seconds or 0.0)
    longest = max(pause, min(wanted, _SLOWEST_SECONDS))
    return replace(before, new=(), pause_seconds=longest, error=reason)


def _read_newest(read: Callable[[], Listing]) -> tuple[Listing, list[ListedPage]]:
    listing = read()
    return listing, _newest_pages(listing.entries)


def _newest_pages(entries: Iterable[ListingEntry]) -> list[ListedPage]:
    """Return the newest of the listed pages, newest first."""
    return heapq.nlargest(_MARKS_MAX, _listed_pages(entries), key=lambda page: page.when)


def _listed_pages(entries: Iterable[ListingEntry]) -> Iterator[ListedPage]:
    for each in entries:
        if each.problem is None and each.ref.url is not None:
            page = run_isolated(partial(_listed_page, each.ref, each.ref.url), key=each.ref.url)
            if isinstance(page, ListedPage):  # a run records the outcome of any other
                yield page


def _listed_page(ref: Ref, url: str) -> ListedPage:
    return ListedPage(canonical_url(url), ref.hints.modified_at, ref.hints.published_at)


def _split_marks(marks: str) -> list[str]:
    return [marks[start : start + _MARK_CHARS] for start in range(0, len(marks), _MARK_CHARS)]


def triggered_sources(
    sources: Sequence[Source], *, event_extras: Sequence[Mapping[str, Any]], group: SourceGroup
) -> list[str]:
    """Return the keys of the sources of one group that the events name, in the order of the sources.

    An event without sources, such as a manual one, means every source; no events at all mean the same.
    """
    named = [_named_sources(extra) for extra in event_extras]
    wanted = None if not named or None in named else {key for keys in named for key in keys or ()}
    if unknown := (wanted or set()).difference(source.key for source in sources):
        log.warning("signals name sources that are not in sources.toml: %s; ignored", ", ".join(sorted(unknown)))
    return [
        source.key
        for source in sources
        if source.is_online == (group == "web") and (wanted is None or source.key in wanted)
    ]


def _named_sources(extra: Mapping[str, Any]) -> list[str] | None:
    """Return the sources that an event's extra names: under "payload" from the triggers, else at the top level."""
    payload = extra.get("payload", extra)
    names = payload.get("sources") if isinstance(payload, Mapping) else None
    return [str(name) for name in names] if isinstance(names, list) and names else None
