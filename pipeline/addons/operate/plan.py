"""What a range of days still needs, and the time it may take: counted from the indexes, without reading a page."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from newslake.pipeline.archive import CaptureSummary, Validators
from newslake.pipeline.jobs.failures import unmarked_validators
from newslake.pipeline.jobs.inventory import knowledge_of
from newslake.pipeline.jobs.knowledge import stale_articles
from newslake.pipeline.jobs.pipeline_version import failure_version, version_of
from newslake.pipeline.jobs.rechecks import RecheckPlan, plan_rechecks
from newslake.pipeline.jobs.runtimes import LAUNCHERS, Estimate, estimate, read_history
from newslake.pipeline.jobs.worklist import classify
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import Source
from newslake.pipeline.model.source import LOCAL_KINDS, is_bucket
from newslake.pipeline.sources import listable_days
from newslake.pipeline.sources.files import SIDECAR
from newslake.pipeline.sources.folder import folder_version, is_ready, local_files

_PlanKey = tuple[str, date]  # source, news day


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPlan:
    """One source's news day. A page counts under the source and day of its last capture.

    known = archived + to_fetch + unfetchable counts pages that a listing contained; the number of further pages is
    unknown before the next listing. kept + rejected + to_process counts the article_ids of archived pages at this
    version; several pages may have one article_id. ``can_list``: a run of this day fetches the source's listing,
    otherwise it only reads the archive.
    """

    source_key: str
    news_day: date
    can_list: bool
    archived: int = 0
    to_fetch: int = 0
    unfetchable: int = 0
    kept: int = 0
    rejected: int = 0
    derive_new: int = 0
    derive_again: int = 0

    @property
    def known(self) -> int:
        return self.archived + self.to_fetch + self.unfetchable

    @property
    def to_process(self) -> int:
        return self.derive_new + self.derive_again


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePlan:
    """A source. ``kind`` None: no longer in sources.toml. ``files_waiting`` None: not a folder, or a missing one."""

    key: str
    kind: str | None
    lists: str
    files_waiting: int | None

    @property
    def is_folder(self) -> bool:
        return self.kind in LOCAL_KINDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """``days`` contains only days with known pages or articles, by source, then day.

    ``rechecks`` are the requests for known pages from now on, whatever the range of days; only sources with some.
    """

    first: date
    last: date
    version: str
    sources: tuple[SourcePlan, ...]
    days: tuple[DayPlan, ...]
    estimates: tuple[Estimate, ...]
    rechecks: tuple[RecheckPlan, ...] = ()


def plan(workspace: Workspace, *, first: date, last: date, source_keys: Sequence[str] = ()) -> Plan:
    """Return what the news days from first to last need, for some sources or all known ones.

    Raises: ConfigError for an unknown source.
    """
    version = version_of(workspace.settings)
    counts = _counts(workspace, first, last, version=version)
    named = [workspace.sources.named(key) for key in source_keys] or list(workspace.sources.sources)
    known = {source.key: source for source in named}
    gone = [] if source_keys else sorted({key for key, _ in counts} - known.keys())
    rows = []
    for key in (*known, *gone):
        lists = listable_days(known[key], now=workspace.settings.now()) if key in known else ()
        for day in sorted(day for source_key, day in counts if source_key == key):
            rows.append(DayPlan(source_key=key, news_day=day, can_list=day in lists, **counts[key, day]))
    sources = [_source_plan(workspace, source) for source in known.values()]
    sources += [SourcePlan(key=key, kind=None, lists="no longer in sources.toml", files_waiting=None) for key in gone]
    return Plan(
        first=first,
        last=last,
        version=version,
        sources=tuple(sources),
        days=tuple(rows),
        estimates=_estimates(workspace, first, last, rows),
        rechecks=tuple(each for source in known.values() if (each := plan_rechecks(workspace, source)).total),
    )


def _counts(workspace: Workspace, first: date, last: date, *, version: str) -> Mapping[_PlanKey, Counter[str]]:
    """Return the counts of ``DayPlan`` for each source and day of the range with known pages or articles."""
    articles: dict[str, list[CaptureSummary]] = defaultdict(list)
    pages: dict[str, _PlanKey] = {}
    places: dict[str, _PlanKey] = {}
    for each in workspace.archive.capture_summaries(first, last):
        articles[each.article_id].append(each)
        if first <= each.news_day <= last:
            pages[each.page_key] = places[each.article_id] = (each.source_key, each.news_day)
    counts: defaultdict[_PlanKey, Counter[str]] = defaultdict(Counter)
    for place in pages.values():
        counts[place]["archived"] += 1
    for page in workspace.fetch_state.known(first, last):
        if page.page_key not in pages:
            counts[page.source_key, page.news_day]["to_fetch" if page.waits else "unfetchable"] += 1
    lake = workspace.lake
    stored = lake.index.stored(articles)
    stale = stale_articles(lake, stored, knowledge_of(workspace.settings))
    todo, settled = classify(articles, stored, lake.index.cached_outcomes(articles), version=version, stale=stale)
    for article_id, why in todo.items():
        counts[places[article_id]][f"derive_{why}"] += 1
    for article_id, cached in settled.items():
        counts[places[article_id]]["rejected" if cached.row_key is None else "kept"] += 1
    return counts


def _source_plan(workspace: Workspace, source: Source) -> SourcePlan:
    lists = listable_days(source, now=workspace.settings.now()).note
    waiting = _files_waiting(workspace, source) if source.kind in LOCAL_KINDS else None
    return SourcePlan(key=source.key, kind=source.kind, lists=lists, files_waiting=waiting)


def _files_waiting(workspace: Workspace, source: Source) -> int | None:
    """Return how many files the next run reads; the number of their pages is known only afterwards."""
    if is_bucket(source.location):
        return sum(not name.endswith(SIDECAR) for name in workspace.inbox(source).waiting())
    folder = Path(source.location)
    if not folder.is_dir() and not (source.kind == "folder" and folder.is_file()):
        return None
    if source.kind == "inbox":
        return _count((*folder.glob("*"), *folder.glob("unread/*"), *folder.glob("claimed/*/*")))
    stored = workspace.fetch_state.validators(source.key)
    known = unmarked_validators(stored, version=failure_version(version_of(workspace.settings)))
    if known == Validators(etag=folder_version(folder, filters=source.page_filters)):
        return 0
    return _count(file.path for file in local_files(folder, is_deep=True))


def _count(paths: Iterable[Path]) -> int:
    return sum(is_ready(path.name) and path.suffix.lower() != SIDECAR and path.is_file() for path in paths)


def _estimates(workspace: Workspace, first: date, last: date, rows: Iterable[DayPlan]) -> tuple[Estimate, ...]:
    """Return the estimates for one run per day, including days with nothing to do."""
    pages = {first + timedelta(days=number): 0 for number in range((last - first).days + 1)}
    articles = dict(pages)
    usual, paced = workspace.settings.host_interval_seconds, 0.0
    intervals = {source.key: source.interval_seconds for source in workspace.sources.sources}
    for row in rows:
        pages[row.news_day] += row.to_fetch
        articles[row.news_day] += row.to_process
        interval = intervals.get(row.source_key)
        paced += row.to_fetch * (usual if interval is None else interval)
    history = read_history(workspace)
    sizes = {"pages": tuple(pages.values()), "articles": tuple(articles.values())}
    return tuple(estimate(history, launcher=launcher, least_seconds=paced, **sizes) for launcher in LAUNCHERS)
