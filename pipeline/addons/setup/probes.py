"""The sources and their state, probes of what each lists, and the listings of a site that could become sources."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from itertools import islice
from urllib.parse import urljoin

from newslake.pipeline.addons.setup.autodiscovery import COMMON_PATHS, kind_of_listing, linked_feeds, robots_sitemaps
from newslake.pipeline.addons.setup.source_entry import keys_of_url
from newslake.pipeline.boundary import run_isolated
from newslake.pipeline.errors import NewsError
from newslake.pipeline.fetch import Fetcher, PageRequest
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import Page, Source
from newslake.pipeline.model.outcome import OUTCOME_KINDS
from newslake.pipeline.sources import ListingEntry, WaybackFetcher, discover, isolated_entries, listable_days
from newslake.pipeline.tables.spec import Row

_PROBE_ENTRIES_MAX = 200  # entries that a probe reads: a sitemap index may lead to fifty thousand
_CANDIDATES_MAX = 20
_LOG_BATCHES_MAX = 200
_INGEST_STAGES = ("discover", "fetch")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """A source of sources.toml.

    ``last_run_at`` is the time of the last run that fetched or read pages of the source, ``outcomes`` counts the latest
    outcomes of these pages; both are None if no run did.
    """

    key: str
    kind: str
    location: str
    lists: str
    last_run_at: datetime | None
    outcomes: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """The result of probing a source for a day.

    ``entries`` counts what it lists, up to ``_PROBE_ENTRIES_MAX``; ``newest`` is their latest date. ``problems`` are
    the reasons of broken entries, with counts. ``incomplete`` says why entries are missing at the end of the listing.
    ``page`` is the result of fetching the first listed page. ``error`` says why the listing or its pages cannot be
    fetched.
    """

    source: Source
    day: date
    entries: int = 0
    newest: datetime | None = None
    problems: str = ""
    incomplete: str | None = None
    page: str = ""
    publisher: str | None = None
    error: str | None = None


def source_states(workspace: Workspace) -> tuple[SourceState, ...]:
    """Return the sources in the order of sources.toml, each with its last run."""
    logged: dict[str, list[Row]] = defaultdict(list)
    decided_at: dict[str, datetime] = {}
    for row in workspace.lake.log.read("outcomes", newest=_LOG_BATCHES_MAX).to_pylist():
        logged[row["source_key"]].append(row)
        if row["article_id"] is not None and _is_decision(row):
            decided_at[row["article_id"]] = max(row["decided_at"], decided_at.get(row["article_id"], row["decided_at"]))
    last = {key: run for key, rows in logged.items() if (run := _last_run(rows, decided_at)) is not None}
    now = workspace.settings.now()
    return tuple(
        SourceState(
            key=source.key,
            kind=source.kind,
            location=source.location,
            lists=listable_days(source, now=now).note,
            last_run_at=last[source.key][0] if source.key in last else None,
            outcomes=last[source.key][1] if source.key in last else None,
        )
        for source in workspace.sources.sources
    )


def _is_decision(row: Row) -> bool:
    """Return whether an outcome decides its article, as in `newslake.pipeline.query.outcomes`."""
    return row["stage"] in ("derive", "commit") and row["outcome"] != "pending" and row["reason"] != "duplicate_url"


def _last_run(rows: Iterable[Row], decided_at: Mapping[str, datetime]) -> tuple[datetime, str] | None:
    """Return the last ingest run in the outcomes of a source: its time, and the latest outcomes of its pages.

    ``decided_at`` has the last decision of each article, under any source: its archived pages no longer wait for it.
    """
    ingested = [row for row in rows if row["stage"] in _INGEST_STAGES]
    if not ingested:
        return None
    last = max(ingested, key=lambda row: row["decided_at"])
    own = [row for row in ingested if row["run_id"] == last["run_id"]]
    began = min(row["decided_at"] for row in own)
    pages = {row["url"]: _status(row, decided_at) for row in own}
    pending = {row["article_id"]: row["url"] for row in own if row["reason"] == "archived"}
    for row in sorted(rows, key=lambda row: row["decided_at"]):
        if row["stage"] in _INGEST_STAGES or row["decided_at"] < began:
            continue
        url = row["url"] if row["url"] in pages else pending.get(row["article_id"])
        if url is not None and row["outcome"] not in ("unchanged", "not_checked"):  # as in the summary of a run
            pages[url] = row["outcome"]
    counts = Counter(pages.values())
    return last["decided_at"], ", ".join(f"{counts[kind]} {kind}" for kind in OUTCOME_KINDS if counts[kind])


def _status(row: Row, decided_at: Mapping[str, datetime]) -> str:
    """Return the outcome of a page; "unchanged" if it was archived and its article is decided."""
    decided = decided_at.get(row["article_id"]) if row["reason"] == "archived" else None
    is_settled = row["outcome"] == "pending" and decided is not None and row["decided_at"] <= decided
    return "unchanged" if is_settled else str(row["outcome"])


def probe(workspace: Workspace, source: Source) -> Probe:
    """List a source as a run does, for the newest day that it promises; archive and claim nothing."""
    now = workspace.settings.now
    days = listable_days(source, now=now())
    day = now().date() if now().date() in days or days.last is None else days.last
    with workspace.fetcher(source) as fetcher:
        try:
            if source.kind == "inbox":
                return Probe(source=source, day=day, entries=len(workspace.store.inbox(source.location).waiting()))
            read = partial(discover, source, day=day, fetcher=fetcher, validators=None, now=now, is_probe=True)
            listing = run_isolated(read, key=source.location)
            if isinstance(listing, NewsError):
                raise listing
            entries = isolated_entries(listing.entries, source.key, where=source.location, ends_listing=True)
            found = list(islice(entries, _PROBE_ENTRIES_MAX))
            if isinstance(listing.entries, tuple):  # read already, so a missing end is known
                found += [each for each in listing.entries[_PROBE_ENTRIES_MAX:] if each.ends_listing]
            return _probe_result(source, day, found, fetcher)
        except (NewsError, OSError) as error:
            return Probe(source=source, day=day, error=str(error).removeprefix(f"{source.location}: "))


def _probe_result(source: Source, day: date, found: list[ListingEntry], fetcher: Fetcher) -> Probe:
    entries = [each for each in found if each.problem is None]
    reasons = Counter(each.problem.reason for each in found if each.problem is not None and not each.ends_listing)
    ends = (str(each.problem).removeprefix(f"{source.location}: ") for each in found if each.ends_listing)
    dates = [date for each in entries for date in (each.ref.hints.published_at, each.ref.hints.modified_at) if date]
    page, error = _first_page(entries, fetcher)
    return Probe(
        source=source,
        day=day,
        entries=len(entries),
        newest=max(dates, default=None),
        incomplete=next(ends, None),
        problems=", ".join(f"{n} {reason}" for reason, n in sorted(reasons.items())),
        page=page,
        publisher=next((each.ref.hints.publisher for each in entries if each.ref.hints.publisher), None),
        error=error if entries or not reasons else "all entries of the listing are broken",
    )


def _first_page(entries: Iterable[ListingEntry], fetcher: Fetcher) -> tuple[str, str | None]:
    """Fetch the first listed page; return the result, and the error if robots.txt forbids it."""
    first = next((each.ref for each in entries if each.page is None and not each.finished and each.ref.url), None)
    if first is None:
        return "", None
    wanted = PageRequest(url=first.url or "", hints=first.hints)
    ((_, got),) = WaybackFetcher(fetcher).fetch_many([(None, wanted)])
    if isinstance(got, Page):
        return "fetched; robots.txt allows it", None
    if isinstance(got, NewsError):
        return got.reason, str(got) if got.reason.startswith("robots") else None
    return "unchanged", None


def find(workspace: Workspace, url: str) -> tuple[Probe, ...]:
    """Return the possible sources of a site, each probed.

    They are the URL itself, else the listings that its page and robots.txt name, else listings at common paths.
    Raises: NewsError if nothing can be fetched from the URL.
    """
    with workspace.fetcher() as fetcher:
        page = fetcher.fetch(url, is_listing=True)
        assert isinstance(page, Page)  # no validators were sent
        if (itself := _as_source(workspace, page, fetcher, taken=set())) is not None:
            return (probe(workspace, itself),)
        base = page.final_url or url
        robots = fetcher.try_fetch(urljoin(base, "/robots.txt"))
        named = (*linked_feeds(page), *(robots_sitemaps(robots) if isinstance(robots, Page) else ()))
        found = list(_sources_at(workspace, named, fetcher))
        if not found:
            found = list(_sources_at(workspace, [urljoin(base, path) for path in COMMON_PATHS], fetcher))
    return tuple(probe(workspace, source) for source in found)


def _sources_at(workspace: Workspace, urls: Iterable[str], fetcher: Fetcher) -> Iterator[Source]:
    taken: set[str] = set()
    for url in islice(dict.fromkeys(urls), _CANDIDATES_MAX):
        page = fetcher.try_fetch(url, is_listing=True)
        source = _as_source(workspace, page, fetcher, taken=taken) if isinstance(page, Page) else None
        if source is not None:
            yield source


def _as_source(workspace: Workspace, page: Page, fetcher: Fetcher, *, taken: set[str]) -> Source | None:
    """Return a source for a page that is a listing, under an unused key; None for any other page."""
    url = page.url or ""
    draft = Source(key="found", kind="feed", location=url)
    kind = kind_of_listing(page, draft, max_bytes=fetcher.limits.listing_max_bytes)
    if kind is None:
        return None
    keys = {source.key for source in workspace.sources.sources} | taken
    key = next(each for each in keys_of_url(url, kind) if each not in keys)
    taken.add(key)
    return Source(key=key, kind=kind, location=url)
