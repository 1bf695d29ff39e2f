"""What the pages of a local source say about themselves: where URL and times come from, and which pages lack them."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path

from newslake.pipeline.boundary import run_isolated
from newslake.pipeline.clean import page_identity, publication_time
from newslake.pipeline.clean.decoding import media_kind_of
from newslake.pipeline.errors import NewsError, UndecodablePageError
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import Page, Source, pluralize
from newslake.pipeline.sources import ListingEntry, discover, isolated_entries

PAGES_MAX = 2_000  # pages that a survey reads
_VALUE_CHARS = 40  # of a value in a message
_METHODS = {
    "singlefile": "SingleFile comment",
    "saved_from": "“saved from url” comment",
    "httrack": "HTTrack comment",
    "canonical_link": "canonical link",
    "og_url": "og:url",
    "folders": "folders named by host and path",
    "file": "time of the file",
}
_WARC = "WARC record"
_PLACES = {".warc": _WARC, ".gz": _WARC, ".jsonl": "JSON line", ".csv": "CSV row"}


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSurvey:
    """The pages of a source, counted by where their URL, publication time and fetch time come from.

    ``links`` counts URLs to fetch, ``problems`` broken entries and pages that are no text by reason; ``examples`` has
    the detail of the first of each reason. ``ignored`` are dates in a table that cannot be read, each with its place.
    ``without_url`` and ``without_date`` name the pages without a URL or publication time, ``repeated`` those with the
    URL of an earlier page. ``is_cut``: there are more than ``PAGES_MAX`` entries.
    """

    pages: int
    links: int
    repeated: tuple[str, ...]
    urls: Counter[str]
    published: Counter[str]
    fetched: Counter[str]
    problems: Counter[str]
    examples: Mapping[str, str]
    ignored: tuple[str, ...]
    without_url: tuple[str, ...]
    without_date: tuple[str, ...]
    is_cut: bool


def survey(workspace: Workspace, source: Source, *, count_page: Callable[[], None] = lambda: None) -> PageSurvey:
    """Read the first pages of a local source as a run does; archive nothing. Call ``count_page`` after each.

    Raises: NewsError if the source cannot be read.
    """
    now = workspace.settings.now
    listing = discover(source, day=now().date(), fetcher=None, validators=None, now=now, is_probe=True)
    entries = isolated_entries(listing.entries, source.key, where=source.location)
    tally = _Tally(workspace)
    number = 0
    for number, entry in enumerate(islice(entries, PAGES_MAX + 1), start=1):
        if number <= PAGES_MAX:
            tally.add(entry)
            count_page()
    return tally.result(is_cut=number > PAGES_MAX)


class _Tally:
    """The counts of the entries so far."""

    def __init__(self, workspace: Workspace) -> None:
        self._now = workspace.settings.now()
        self._counts: dict[str, Counter[str]] = {
            name: Counter() for name in ("urls", "published", "fetched", "problems")
        }
        self._examples: dict[str, str] = {}
        self._ignored: list[str] = []
        self._seen: set[str] = set()
        self._repeated: list[str] = []
        self._links = self._pages = 0
        self._without_url: list[str] = []
        self._without_date: list[str] = []

    def add(self, entry: ListingEntry) -> None:
        self._ignored += [f"{value[:_VALUE_CHARS]!r} ({entry.ref.file or entry.ref.url})" for value in entry.ignored]
        if entry.problem is not None:
            self._add_problem(entry.problem.reason, str(entry.problem))
        elif entry.page is None:
            self._links += 1
        else:
            self._add_page(entry, entry.page)

    def _add_page(self, entry: ListingEntry, page: Page) -> None:
        place = _place_of(entry.ref.file or "")
        name = _name_of(entry, page, place)
        if media_kind_of(page) == "other":
            detail = f"{name}: {page.content_type[:_VALUE_CHARS] or 'XML'}, neither HTML nor plain text"
            self._add_problem("content_type", detail)
            return
        has_date = run_isolated(partial(self._has_date, page), key=name)
        if isinstance(has_date, NewsError):
            is_binary = isinstance(has_date, UndecodablePageError)
            self._add_problem(has_date.reason, f"{name}: it cannot be decoded to text" if is_binary else str(has_date))
            return
        self._pages += 1
        if page.url is None:
            self._without_url.append(name)
        else:
            self._counts["urls"][_METHODS.get(page.hints.url_method or "", place)] += 1
            self._repeated += [name] if page.url in self._seen else []
            self._seen.add(page.url)
        self._counts["fetched"][_METHODS.get(page.hints.fetched_at_method or "", place)] += 1
        if has_date:
            self._counts["published"][place if page.hints.published_at is not None else "the page"] += 1
        else:
            self._without_date.append(name)

    def _add_problem(self, reason: str, detail: str) -> None:
        self._counts["problems"][reason] += 1
        self._examples.setdefault(reason, detail)

    def _has_date(self, page: Page) -> bool:
        canonical = page_identity(page).canonical_url
        return publication_time(replace(page, fetched_at=self._now), canonical=canonical) is not None

    def result(self, *, is_cut: bool) -> PageSurvey:
        return PageSurvey(
            pages=self._pages,
            links=self._links,
            examples=self._examples,
            ignored=tuple(self._ignored),
            repeated=tuple(self._repeated),
            without_url=tuple(self._without_url),
            without_date=tuple(self._without_date),
            is_cut=is_cut,
            **self._counts,
        )


def _place_of(file: str) -> str:
    name, is_part, _ = file.rpartition("#")
    return _PLACES.get(Path(name).suffix.lower(), "sidecar or index") if is_part else "sidecar or index"


def _name_of(entry: ListingEntry, page: Page, place: str) -> str:
    """Return what names a page in a message: its file, for a WARC record also its URL."""
    file = entry.ref.file or page.url or ""
    return f"{file} {page.url}" if place == _WARC else file


# The survey as text.

_NAMES_MAX = 5
_DETAIL_CHARS = 300


def survey_lines(found: PageSurvey) -> Iterator[str]:
    """Yield what was found for how many pages, and the names of pages without URL or publication time."""
    links = f", {pluralize(found.links, 'link')} to fetch" if found.links else ""
    cut = f" (only the first {PAGES_MAX:,} entries were read)" if found.is_cut else ""
    yield f"{pluralize(found.pages, 'page')}{links}{cut}"
    if found.pages:
        yield f"  URL from         {_counts(found.urls, len(found.without_url))}"
        yield f"  published, from  {_counts(found.published, len(found.without_date))}"
        yield f"  fetched, from    {_counts(found.fetched, 0)}"
    if found.repeated:
        pages = pluralize(len(found.repeated), "page")
        yield f"  {pages} with the URL of another page, whose revisions they become: {_names(found.repeated)}"
    if found.problems:
        yield f"  not read         {_counts(found.problems, 0)}"
        yield from (f"    {reason}: {_short(found.examples[reason])}" for reason, _ in found.problems.most_common())
    if found.ignored:
        yield f"  {pluralize(len(found.ignored), 'date')} not in ISO 8601 and ignored: {_names(found.ignored)}"
    if found.without_url:
        yield f"  no URL: {_names(found.without_url)}; their rows have the flag no_url"
    if found.without_date:
        yield f"  no publication time: {_names(found.without_date)}; their day is that of the fetch time"


def _counts(counts: Counter[str], missing: int) -> str:
    parts = [f"{name} {number:,}" for name, number in counts.most_common()]
    return ", ".join([*parts, *([f"none {missing:,}"] if missing else [])])


def _short(detail: str) -> str:
    line = " ".join(detail.split())
    return f"{line[:_DETAIL_CHARS]}…" if len(line) > _DETAIL_CHARS else line


def _names(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _NAMES_MAX:,} more" if len(names) > _NAMES_MAX else ""
    return ", ".join(names[:_NAMES_MAX]) + more


def survey_object(found: PageSurvey) -> dict[str, object]:
    """Return the survey as JSON."""
    return {
        "pages": found.pages,
        "links": found.links,
        "repeated": list(found.repeated),
        "url_from": dict(found.urls),
        "published_from": dict(found.published),
        "fetched_from": dict(found.fetched),
        "problems": dict(found.problems),
        "problem_examples": dict(found.examples),
        "ignored_dates": list(found.ignored),
        "without_url": list(found.without_url),
        "without_published": list(found.without_date),
        "is_cut": found.is_cut,
    }
