"""Relate articles to other articles: write the cluster tables of every day that a change can reach.

The tables are ``near_duplicates``, ``quote_clusters``, ``event_cluster_members``, ``event_clusters``,
``person_links``, ``co_mentions`` and ``revisions``.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from newslake.pipeline.clusters import (
    EVENT_COLUMNS,
    LINK_COLUMNS,
    MENTION_COLUMNS,
    OUTLET_COLUMNS,
    PLAN_COLUMNS,
    PLAN_WINDOW,
    QUOTE_COLUMNS,
    REPORTED_COLUMNS,
    SKETCH_FIELDS,
    WINDOW,
    ChangedPlans,
    EventDay,
    Plans,
    QuoteDay,
    affected_days,
    article_groups,
    cluster_quotes,
    cluster_rows,
    co_mention_rows,
    contents_in_order,
    drop_site_boilerplate,
    event_cluster_member_rows,
    events_of_day,
    find_near_duplicates,
    person_link_rows,
    plans_of,
    quote_cluster_rows,
    quotes_of_day,
    relate_events,
    revision_rows,
    sketches_of,
)
from newslake.pipeline.errors import NewsError
from newslake.pipeline.jobs.clean import clean_capture
from newslake.pipeline.jobs.pipeline_version import sketch_version, version_of
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.leases import Lease
from newslake.pipeline.model import Article
from newslake.pipeline.store.tables import ArticleStates, Tables, TablesVersion
from newslake.pipeline.tables import TABLE_SPECS
from newslake.pipeline.tables.spec import Row


def cluster(workspace: Workspace, *, news_day: date, days: Iterable[date]) -> int:
    """Write the cluster tables of every day that a change can reach; return how many files changed.

    The changed days are the published ``days`` and the published days of the articles of the news day. So the next run
    of a news day repairs a run that was killed between commit and cluster.
    """
    with workspace.at_work() as lease:
        return relate(workspace, news_day=news_day, days=days, lease=lease)


def relate(workspace: Workspace, *, news_day: date | None, days: Iterable[date], lease: Lease | None = None) -> int:
    """Do what ``cluster`` does, without its lock: for a takedown, or if no takedown can run meanwhile.

    Without a news day, only ``days`` are changed days: a takedown names all days that it changes. ``lease`` is checked
    before each write. Raises: StoreError (lease_lost).
    """
    lake, changed = workspace.lake, changed_days(workspace, news_day=news_day, days=days)
    reached = {day for each in changed for day in affected_days(each)}
    duplicates = lake.replace("near_duplicates", _under(lease, lambda: near_duplicates_of(lake, reached)))
    clusters = lake.replace_all(_under(lease, lambda: relate_rows_of(lake, changed)))
    return duplicates + clusters + _relate_revisions(workspace, changed, lease=lease)


def _under[T](lease: Lease | None, relate: Callable[[], T]) -> Callable[[], T]:
    """Return ``relate`` with a check of a lease after it, under the committer's lease: waiting for that takes long."""

    def checked() -> T:
        rows = relate()
        if lease is not None:
            lease.check()
        return rows

    return checked


def changed_days(workspace: Workspace, *, news_day: date | None, days: Iterable[date]) -> set[date]:
    """Return some published days, and those of the articles of a news day, if there is one.

    A commit that moves an article to another day meanwhile is followed by its clustering of both days.
    """
    if news_day is None:
        return {*days}
    ids = workspace.archive.articles_of_day(news_day)
    return {*days, *(article.published_date for article in workspace.lake.index.stored(ids).values())}


def relate_rows_of(lake: Tables, days: Iterable[date]) -> dict[str, dict[date, pa.Table]]:
    """Return the tables of quotes, events and people for every day that a change of some days can reach.

    Write ``near_duplicates`` before. The tables are in the order in which to write them: each before its inputs. Until
    the last is written, the next run can still see which rows changed.
    """
    changed = tuple(days)
    return lake.read_at_once(lambda version: _relate_rows(version, lake.index, changed))


def _relate_rows(
    version: TablesVersion, articles: ArticleStates, changed: Collection[date]
) -> dict[str, dict[date, pa.Table]]:
    quotes, events = _quote_clusters(version, changed), _relate_events(version, articles, changed)
    reached = {each for day in changed for each in affected_days(day)} | {*quotes, *events[_REPORTS]}
    links = _person_links(version, reached, clusters={_QUOTES: quotes, _REPORTS: events[_REPORTS]})
    pairs = _co_mentions(version, reached, links=links)
    return {"co_mentions": pairs, "person_links": links, **events, _QUOTES: quotes}


# The table ``near_duplicates``.


def near_duplicates_of(lake: Tables, days: Iterable[date]) -> dict[date, pa.Table]:
    """Return the table ``near_duplicates`` of each day with articles, in order.

    All rows are read at one version; the texts of only one window of days are in memory.
    """
    chosen = frozenset(days)
    return lake.read_at_once(lambda version: dict(_near_duplicates(version, lake, chosen)))


def _near_duplicates(version: TablesVersion, lake: Tables, days: Collection[date]) -> Iterator[tuple[date, pa.Table]]:
    stored, names = version.days(), version.day_versions("articles")
    window: dict[date, pa.Table] = {}
    for day in sorted({*days}.intersection(stored)):
        near = [each for each in stored if day - WINDOW <= each <= day]
        window = {
            each: window[each]
            if each in window
            else drop_site_boilerplate(_sketch_articles(version, lake, each, name=names.get(each)))
            for each in near
        }
        yield day, find_near_duplicates(pa.concat_tables(window.values()), day=day)


# Text sketches of a day, cached in the lake so that each text is read once.

# Two rows with the same key have the same text: it was cleaned from the same bytes by the same rules.
_TEXT_KEY = ("article_id", "revision_id", "payload_digest", "pipeline_version")
_SKETCH_COLUMNS = ("published_date", *_TEXT_KEY, "published_at", "fetched_at", "content_hash", "domain")
_SKETCHES = tuple(field.name for field in SKETCH_FIELDS)
_INPUT_KEY = b"input"
_TEXTS_PER_BATCH = 1000  # texts in memory


def _sketch_articles(version: TablesVersion, lake: Tables, day: date, *, name: str | None) -> pa.Table:
    """Return a day's articles with their sketches, without text. ``name`` is its version; None without articles.

    Cached sketches of unchanged articles are used, else only new texts are sketched. Others are computed again.
    """
    input_key = f"{sketch_version()} {name or ''}".encode()
    cached = _cached_sketches(lake, day)
    cached_key = b"" if cached is None else (cached.schema.metadata or {}).get(_INPUT_KEY, b"")
    if cached is not None and cached_key == input_key:
        return cached
    is_usable = cached_key.startswith(sketch_version().encode())
    table = _with_sketches(version, day, cached if is_usable else None).replace_schema_metadata({_INPUT_KEY: input_key})
    if name is not None:
        lake.put_cached(_cache_name(day), _encode_sketches(table))
    return table


def _with_sketches(version: TablesVersion, day: date, cached: pa.Table | None) -> pa.Table:
    articles = version.read("articles", days=[day], columns=_SKETCH_COLUMNS)
    known = {} if cached is None else {key: row for row, key in enumerate(_text_keys(cached))}
    keys = _text_keys(articles)
    new = [row for row, key in enumerate(keys) if key not in known]
    sketches = _sketches(version, day, new)
    sources = sketches if cached is None else pa.concat_tables([cached.select(_SKETCHES), sketches])
    place = {row: len(known) + at for at, row in enumerate(new)}
    order = [place[row] if row in place else known[key] for row, key in enumerate(keys)]
    chosen = sources.take(pa.array(order, pa.int64()))
    for field in SKETCH_FIELDS:
        articles = articles.append_column(field, chosen[field.name])
    return articles.combine_chunks()


def _text_keys(articles: pa.Table) -> list[tuple[str | None, ...]]:
    return list(zip(*(articles[name].to_pylist() for name in _TEXT_KEY), strict=True))


def _sketches(version: TablesVersion, day: date, rows: list[int]) -> pa.Table:
    if not rows:
        return pa.schema(SKETCH_FIELDS).empty_table()
    texts = version.read("articles", days=[day], columns=["text"])["text"]
    parts = [rows[start : start + _TEXTS_PER_BATCH] for start in range(0, len(rows), _TEXTS_PER_BATCH)]
    return pa.concat_tables(sketches_of(texts.take(pa.array(part, pa.int64())).to_pylist()) for part in parts)


def _cache_name(day: date) -> str:
    return f"sketches/{day.isoformat()}.arrow"


def _encode_sketches(table: pa.Table) -> memoryview:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return memoryview(sink.getvalue())


def _cached_sketches(lake: Tables, day: date) -> pa.Table | None:
    """Return the cached sketches of a day, if any."""
    data = lake.get_cached(_cache_name(day))
    return None if data is None else pa.ipc.open_file(pa.BufferReader(data)).read_all()


# Propagation of ids over days: a row takes the id of an earlier matching row in its window.


class DayRows(Protocol):
    """The rows of one day in order: the id of each, and the columns that identify it."""

    @property
    def ids(self) -> list[str]: ...

    @property
    def keys(self) -> pa.Table: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class IdPropagation[D: DayRows]:
    """How the rows of ``source`` get their ids in ``table``, one row per row.

    ``prepare`` reads a day. ``relate`` returns its ids from earlier days and their ids. ``rows`` builds the table.
    ``index`` is the column with the row's number in its article, ``cluster`` the column with its id.
    """

    source: str
    table: str
    index: str
    cluster: str
    prepare: Callable[[TablesVersion, date], D]
    relate: Callable[[D, Sequence[tuple[D, Sequence[str]]]], Sequence[str]]
    rows: Callable[[D, Sequence[str]], pa.Table]


def _propagate_ids[D: DayRows](
    version: TablesVersion, propagation: IdPropagation[D], days: Iterable[date]
) -> dict[date, pa.Table]:
    """Return the table of every day that a change of some days can reach, and of earlier days that lack it.

    A day whose ids change also reaches the days after it, so the result is the same as if all days were built at once.
    Only one window of days is in memory.
    """
    entries, stored, written = version.days(), *map(version.day_versions, (propagation.source, propagation.table))
    reached = {each for day in days for each in affected_days(day)}
    first = min(reached, default=date.max) - WINDOW
    reached |= {each for each in entries if first <= each and (each in stored) != (each in written)}
    tables: dict[date, pa.Table] = {}
    window: dict[date, D] = {}
    for day in entries:
        if day in reached:
            near = [each for each in stored if day - WINDOW <= each <= day]
            window = {each: window[each] if each in window else propagation.prepare(version, each) for each in near}
            tables[day] = _day_table(version, propagation, day=day, window=window, tables=tables)
            before = version.read(propagation.table, days=[day])
            if _ids_by_row(propagation, tables[day]) != _ids_by_row(propagation, before):
                reached |= {*affected_days(day)}
    return tables


def _day_table[D: DayRows](
    version: TablesVersion,
    propagation: IdPropagation[D],
    *,
    day: date,
    window: Mapping[date, D],
    tables: Mapping[date, pa.Table],
) -> pa.Table:
    """Return the table of a day; ``tables`` are those of earlier days that are not written yet."""

    def table_of(each: date) -> pa.Table:
        return tables[each] if each in tables else version.read(propagation.table, days=[each])

    rows = window.get(day) or propagation.prepare(version, day)
    before = [
        (earlier, _current_ids(propagation, earlier, table_of(each))) for each, earlier in window.items() if each < day
    ]
    return propagation.rows(rows, propagation.relate(rows, before))


def _current_ids[D: DayRows](propagation: IdPropagation[D], rows: D, table: pa.Table) -> list[str]:
    """Return the current ids of some rows; those that name the rows themselves where they have none yet."""
    ids = _ids_by_row(propagation, table)
    keys = zip(rows.keys["article_id"].to_pylist(), rows.keys[propagation.index].to_pylist(), strict=True)
    return [ids.get(key, first) for key, first in zip(keys, rows.ids, strict=True)]


def _ids_by_row[D: DayRows](propagation: IdPropagation[D], table: pa.Table) -> dict[tuple[str, int], str]:
    names = ("article_id", propagation.index, propagation.cluster)
    return {
        (article, index): cluster
        for article, index, cluster in zip(*(table[n].to_pylist() for n in names), strict=True)
    }


# The table ``quote_clusters``.

_QUOTES = "quote_clusters"


def _prepare_quotes(version: TablesVersion, day: date) -> QuoteDay:
    return quotes_of_day(version.read("quotes", days=[day], columns=QUOTE_COLUMNS))


_QUOTE_PROPAGATION = IdPropagation(
    source="quotes",
    table=_QUOTES,
    index="quote_index",
    cluster="quote_cluster_id",
    prepare=_prepare_quotes,
    relate=cluster_quotes,
    rows=quote_cluster_rows,
)


def _quote_clusters(version: TablesVersion, days: Iterable[date]) -> dict[date, pa.Table]:
    """Return the quote clusters of every day that a change of some days can reach."""
    return _propagate_ids(version, _QUOTE_PROPAGATION, days)


# The tables ``event_cluster_members`` and ``event_clusters``.

_REPORTS, _CLUSTERS = "event_cluster_members", "event_clusters"
_EVENT_KEY = ("article_id", "revision_id", "event_index")


def _relate_events(
    version: TablesVersion, articles: ArticleStates, days: Iterable[date]
) -> dict[str, dict[date, pa.Table]]:
    """Return both tables for every day that a change of some days can reach, in the order in which to write them.

    The reports come last: until they are written, the next run can still see which events changed.
    """
    reports = _propagate_ids(version, _EVENT_PROPAGATION, days)
    return {_CLUSTERS: _clusters(version, articles, reports), _REPORTS: reports}


def _prepare_events(version: TablesVersion, day: date) -> EventDay:
    return events_of_day(
        version.read("events", days=[day], columns=EVENT_COLUMNS),
        version.read("articles", days=[day], columns=("article_id", "text", "blocks")),
        version.read("entities", days=[day], columns=("article_id", "entity_id")),
        version.read("near_duplicates", days=[day], columns=("article_id", "dup_group_id", "is_duplicate")),
        day=day,
    )


_EVENT_PROPAGATION = IdPropagation(
    source="events",
    table=_REPORTS,
    index="event_index",
    cluster="event_cluster_id",
    prepare=_prepare_events,
    relate=relate_events,
    rows=event_cluster_member_rows,
)


def _clusters(
    version: TablesVersion, articles: ArticleStates, reports: Mapping[date, pa.Table]
) -> dict[date, pa.Table]:
    """Return the clusters that begin on the days of some reports, or that these reports belong or belonged to."""
    first_days = {*reports, *_first_days(version, articles, reports)}
    clusters = {day: cluster_rows(those) for day, those in _reports_by_first_day(version, reports, first_days)}
    return _with_plans(version, dict(sorted(clusters.items())))


def _first_days(version: TablesVersion, articles: ArticleStates, reports: Mapping[date, pa.Table]) -> set[date]:
    """Return the days of the articles that name the clusters of some reports, now and before."""
    tables = [*reports.values(), version.read(_REPORTS, days=reports)]
    ids = {each for table in tables for each in pc.unique(_articles_of(table)).to_pylist()}
    return {article.published_date for article in articles.stored(ids).values()}


def _articles_of(reports: pa.Table) -> pa.ChunkedArray:
    """Return for each report the article that names its cluster."""
    return pc.replace_substring_regex(reports["event_cluster_id"], ":[0-9]+$", "")


def _reports_by_first_day(
    version: TablesVersion, new: Mapping[date, pa.Table], first_days: Collection[date]
) -> Iterator[tuple[date, pa.Table]]:
    """Yield all reports of the clusters named by articles of each day, with the columns of their events.

    The ``new`` reports of a day replace those of the lake. Two consecutive reports of a cluster are at most one window
    apart, so an empty window ends the clusters of a day. Each day is read once.
    """
    begun: dict[date, _BegunClusters] = {}
    for day in sorted({*version.day_versions(_REPORTS), *new, *first_days}):
        for first in [first for first, each in begun.items() if each.last + WINDOW < day]:
            yield first, begun.pop(first).reports()
        if day in first_days:
            begun[day] = _BegunClusters(version.read("articles", days=[day], columns=("article_id",)), day)
        if begun:
            reports = new[day] if day in new else version.read(_REPORTS, days=[day])
            joined = _join_events(reports, version.read("events", days=[day], columns=REPORTED_COLUMNS))
            for each in begun.values():
                each.add(joined, day)
    yield from ((first, each.reports()) for first, each in begun.items())


class _BegunClusters:
    """The reports so far of the clusters that articles of one day name, and the last day with any."""

    def __init__(self, articles: pa.Table, first: date) -> None:
        self._articles = articles["article_id"].combine_chunks()
        self._reports: list[pa.Table] = []
        self.last = first

    def add(self, reports: pa.Table, day: date) -> None:
        mine = reports.filter(pc.is_in(_articles_of(reports), self._articles))
        self.last = day if mine.num_rows else self.last
        if mine.num_rows or not self._reports:  # the first has the schema
            self._reports.append(mine)

    def reports(self) -> pa.Table:
        return pa.concat_tables(self._reports)


def _join_events(reports: pa.Table, events: pa.Table) -> pa.Table:
    """Return reports with the columns of their events, in any order; reports of replaced revisions are dropped."""
    numbered = events.select(_EVENT_KEY).append_column("at", pa.array(range(events.num_rows), pa.int64()))
    joined = reports.join(numbered, list(_EVENT_KEY), join_type="inner")
    matched = events.take(joined["at"])
    for name in REPORTED_COLUMNS[len(_EVENT_KEY) :]:
        joined = joined.append_column(name, matched[name])
    return joined.drop("at")


def _with_plans(version: TablesVersion, new: Mapping[date, pa.Table]) -> dict[date, pa.Table]:
    """Return clusters with the plans that they fulfil: the new clusters, and those that a changed plan can reach."""

    def stored_plans(day: date) -> list[Row]:
        return plans_of(version.read(_CLUSTERS, days=[day], columns=PLAN_COLUMNS))

    days = sorted({*new, *version.day_versions(_CLUSTERS)})
    plans = {day: plans_of(table) for day, table in new.items()}
    before = {day: stored for day in new if plans[day] != (stored := stored_plans(day))}
    reached = {day for day in days if any(each <= day <= each + PLAN_WINDOW for each in before)}.difference(new)
    near = [each for each in days if any(each <= day <= each + PLAN_WINDOW for day in reached.union(new))]
    plans |= {each: stored_plans(each) for each in near if each not in plans}
    known = Plans(plans)
    changed = ChangedPlans(known, plans, before)
    others = {day: changed.put_into(version.read(_CLUSTERS, days=[day]), day=day) for day in sorted(reached)}
    return {day: known.put_into(table, day=day) for day, table in new.items()} | others


# The table ``person_links``.

_DUPLICATE_COLUMNS = ("article_id", "revision_id", "dup_group_id", "is_duplicate")


def _person_links(
    version: TablesVersion, days: Iterable[date], *, clusters: Mapping[str, Mapping[date, pa.Table]]
) -> dict[date, pa.Table]:
    """Return the links of some days with rows.

    ``clusters`` are quotes and events of days that are not written yet, by table; those of other days are the lake's.
    """

    def of_day(name: str, day: date) -> pa.Table:
        return clusters[name][day] if day in clusters[name] else version.read(name, days=[day])

    return {
        day: person_link_rows(
            version.read("entities", days=[day], columns=LINK_COLUMNS),
            version.read("articles", days=[day], columns=OUTLET_COLUMNS),
            article_groups(_duplicates(version, day), of_day(_QUOTES, day), of_day(_REPORTS, day)),
        )
        for day in sorted({*days}.intersection(version.days()))
    }


def _duplicates(version: TablesVersion, day: date) -> pa.Table:
    return version.read("near_duplicates", days=[day], columns=_DUPLICATE_COLUMNS)


# The table ``co_mentions``: pairs of people per day, so that queries over years need not read every mention.


def _co_mentions(
    version: TablesVersion, days: Iterable[date], *, links: Mapping[date, pa.Table]
) -> dict[date, pa.Table]:
    """Return the pairs of some days with rows; ``links`` are the person links of these days."""
    return {
        day: co_mention_rows(
            version.read("entities", days=[day], columns=MENTION_COLUMNS), _duplicates(version, day), links[day]
        )
        for day in sorted({*days}.intersection(version.days()))
    }


# The table ``revisions``: every distinct revision of an article in the archive.

RevisionRow = dict[str, Any]

_REVISIONS_TABLE = "revisions"
_REVISION_COLUMNS = ("article_id", "revision_id", "published_at", "fetched_at", "payload_digest", "word_count")


def _relate_revisions(workspace: Workspace, days: Collection[date], *, lease: Lease | None) -> int:
    """Write the revisions of the articles of some published days; return how many files changed.

    Only an article with several payloads is cleaned, and only when its captures or the rules changed.
    """
    drafts = _revisions(workspace, days, drafts={})  # cleaning is slow: the lock covers only what arrives meanwhile
    return workspace.lake.replace(_REVISIONS_TABLE, _under(lease, partial(_revisions, workspace, days, drafts=drafts)))


def _revisions(
    workspace: Workspace, days: Collection[date], *, drafts: Mapping[date, pa.Table]
) -> dict[date, pa.Table]:
    articles_of, revisions = workspace.lake.read_at_once(partial(_revision_inputs, days=days))
    known = _by_article([revisions]) | _by_article(drafts.values())
    version, schema = version_of(workspace.settings), TABLE_SPECS[_REVISIONS_TABLE].schema
    tables = {}
    for day, articles in articles_of.items():
        payloads = workspace.archive.payloads(articles["article_id"].to_pylist())
        rows = [
            row
            for article in articles.to_pylist()
            for row in _revision_rows(
                workspace, article, payloads.get(article["article_id"], {}), known, version=version
            )
        ]
        tables[day] = pa.Table.from_pylist(rows, schema=schema)
    return tables


def _revision_inputs(version: TablesVersion, *, days: Collection[date]) -> tuple[dict[date, pa.Table], pa.Table]:
    """Return the articles of those days that have rows, and the revisions that are stored for them."""
    stored = sorted({*days}.intersection(version.days()))
    articles_of = {day: version.read("articles", days=[day], columns=_REVISION_COLUMNS) for day in stored}
    return articles_of, version.read(_REVISIONS_TABLE, days=stored)


def _by_article(tables: Iterable[pa.Table]) -> dict[str, list[RevisionRow]]:
    rows_of: dict[str, list[RevisionRow]] = defaultdict(list)
    for row in (row for table in tables for row in table.to_pylist()):
        rows_of[row["article_id"]].append(row)
    return rows_of


def _revision_rows(
    workspace: Workspace,
    article: RevisionRow,
    payloads: Mapping[str, datetime],
    known: Mapping[str, list[RevisionRow]],
    *,
    version: str,
) -> list[RevisionRow]:
    article_id = article["article_id"]
    keys = {
        "article_id": article_id,
        "published_at": article["published_at"],
        "input_hash": _input_hash(payloads, version=version),
    }
    current = known.get(article_id, [])
    if current and all(row["input_hash"] == keys["input_hash"] for row in current):
        return [row | keys for row in current]
    contents, is_whole = contents_of(workspace, article_id) if len(payloads) > 1 else ((), True)
    if contents:
        return revision_rows(contents, keys=keys if is_whole else keys | {"input_hash": ""})
    none = {"sentences_added": None, "sentences_removed": None, "quotes_removed": None}
    return [article | keys | none]


def _input_hash(payloads: Mapping[str, datetime], *, version: str) -> str:
    seen = sorted(f"{at.isoformat()} {digest}" for digest, at in payloads.items())
    return hashlib.sha256("\n".join((version, *seen)).encode()).hexdigest()[:16]


def contents_of(workspace: Workspace, article_id: str) -> tuple[tuple[Article, ...], bool]:
    """Return the distinct revisions of an article by first fetch, and whether all its payloads could be read.

    Payloads that are not an article are skipped.
    """
    first = {each.digest: each for each in reversed(workspace.archive.captures(article_id=article_id))}
    read = [clean_capture(workspace, capture) for capture in first.values()]
    is_whole = not any(isinstance(each, NewsError) for each in read)
    return contents_in_order(each for each in read if isinstance(each, Article)), is_whole
