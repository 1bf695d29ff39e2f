"""Takedowns: remove every trace of some pages from archive, lake, log, inboxes, add-ons and state; block their return.

The takedown is recorded first, so that none of its pages can come in afterwards. After a crash, the next call finishes
it.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from functools import partial
from math import ceil
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.compute as pc

from newslake.pipeline.archive import (
    DeletedArticle,
    Takedown,
    TakedownKind,
    TakedownPlan,
    page_key_of,
    page_name,
    pseudonym,
    publisher_name,
    source_name,
)
from newslake.pipeline.clean import page_identity
from newslake.pipeline.clusters import WINDOW, co_mention_rows
from newslake.pipeline.durability import sync_all
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.jobs.cluster import relate
from newslake.pipeline.jobs.inventory import note_stores
from newslake.pipeline.jobs.workspace import ProgressCallback, Workspace
from newslake.pipeline.lake import Redaction, SnapshotErasure
from newslake.pipeline.leases import Lease
from newslake.pipeline.model import Capture, RightsStatement, article_id_of, canonical_url, pluralize
from newslake.pipeline.sources import EntryFilter, ListingEntry, ReadContext, erase_from
from newslake.pipeline.tables import ANNOTATION_TABLES, TABLE_SPECS, rows_table
from newslake.pipeline.upkeep.addon_takedown import (
    AddonErasure,
    NamedPart,
    check_reach,
    copies_elsewhere,
    erase_from_addons,
    out_of_reach,
)
from newslake.pipeline.upkeep.takedown_traces import find_traces

_CAME_AGAIN = "its records came in again with an old file"


@dataclass(frozen=True, slots=True, kw_only=True)
class TakedownTarget:
    """What to take down: a URL or article_id, a publisher's name, or a source key.

    ``value`` is "" for all pages that reserve text and data mining. ``with_duplicates``: also the duplicates of the
    articles.
    """

    kind: TakedownKind
    value: str
    with_duplicates: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TakedownResult:
    """What a takedown deletes or deleted. ``rows`` counts rows per annotation table; ``duplicates`` stay.

    ``log_rows`` were redacted, ``inbox_files`` changed or removed, ``snapshots`` lost rows, ``dropped_snapshots`` are
    gone because they had rows, ``parts`` is how much changed in the data of each add-on, and ``part_lines`` say it to
    people; a preview has no ``takedown_id`` and none of these. ``remaining`` are sentences about copies elsewhere from
    which a person has to remove the rows, also those of a killed takedown that was finished first. ``is_here``:
    archive, tables, fetch state, log, an inbox or an add-on had a trace of the target. ``unfinished`` are sentences
    that say why the takedown could not finish.
    """

    takedown_id: str | None
    is_here: bool
    articles: tuple[str, ...]
    pages: int
    captures: int
    rows: Mapping[str, int]
    days: tuple[str, ...]
    duplicates: tuple[str, ...]
    log_rows: int = 0
    inbox_files: int = 0
    parts: Mapping[str, int] = field(default_factory=dict)
    part_lines: tuple[str, ...] = ()
    remaining: tuple[str, ...] = ()
    snapshots: tuple[str, ...] = ()
    dropped_snapshots: tuple[str, ...] = ()
    unfinished: tuple[str, ...] = ()


def preview_takedown(workspace: Workspace, target: TakedownTarget) -> TakedownResult:
    """Return what ``forget`` would delete now. Raises: ConfigError."""
    check_reach(workspace)
    return _summary(workspace, plan_takedown(workspace, target), target)


def forget(
    workspace: Workspace, target: TakedownTarget, *, reason: str | None, report_progress: ProgressCallback
) -> TakedownResult:
    """Delete pages permanently, after the current runs end.

    Raises: ConfigError before anything is deleted, also if the add-on of a part with articles is not loaded; StoreError
    (lease_lost) before the next part, and the next call finishes it.
    """
    with workspace.store.leases.takedown() as lease:
        check_reach(workspace)
        earlier = _finish(workspace, lease, report_progress)
        work = plan_takedown(workspace, target)
        seen = _summary(workspace, work, target)
        takedown = workspace.takedowns.begin(
            target.kind, names=target_names(target, work), work=work, at=workspace.settings.now(), reason=reason
        )
        done = _carry_out(workspace, takedown, lease, report_progress)
        note_stores(workspace.settings)
    is_here = seen.is_here or bool(done["log_rows"] or done["inbox_files"] or any(done["parts"].values()))
    remaining = [line for each in (*earlier.values(), done) for line in each["remaining"]]
    done["remaining"] = tuple(dict.fromkeys(remaining))
    return replace(seen, takedown_id=takedown.takedown_id, is_here=is_here, **done)


def finish_takedowns(workspace: Workspace, report_progress: ProgressCallback = lambda _: None) -> tuple[str, ...]:
    """Finish interrupted takedowns and delete again what old files brought back.

    Return sentences that say what was done, and why a takedown could not finish.
    """
    if not workspace.takedowns.all():
        return ()
    with workspace.store.leases.takedown() as lease:
        done = [
            line for key, each in _finish(workspace, lease, report_progress).items() for line in _endings(key, each)
        ]
        for work in _returned_articles(workspace):
            takedown = workspace.takedowns.begin(
                "article", names=plan_names(work), work=work, at=workspace.settings.now(), reason=_CAME_AGAIN
            )
            key, again = takedown.takedown_id, _carry_out(workspace, takedown, lease, report_progress)
            done.append(f"removed taken-down pages that came in again: takedown {key}")
            done += _remaining_lines(key, again)
    return tuple(done)


def _finish(workspace: Workspace, lease: Lease, report_progress: ProgressCallback) -> dict[str, dict[str, Any]]:
    """Finish interrupted takedowns; return what was done by takedown_id, as ``_carry_out`` does.

    One without a plan has only to delete its bytes; carrying it out again would forget how many articles it had.
    """
    done: dict[str, dict[str, Any]] = {}
    for each in workspace.takedowns.all():
        if not each.is_done and workspace.takedowns.work(each.takedown_id) == TakedownPlan():
            workspace.takedowns.finish(each.takedown_id)
            done[each.takedown_id] = {"unfinished": (), "remaining": ()}
        elif not each.is_done:
            done[each.takedown_id] = _carry_out(workspace, each, lease, report_progress)
    return done


def _endings(takedown_id: str, done: Mapping[str, Any]) -> Iterator[str]:
    if done["unfinished"]:
        yield f"takedown {takedown_id} is not finished: {'; '.join(done['unfinished'])}"
    else:
        yield f"finished takedown {takedown_id}"
    yield from _remaining_lines(takedown_id, done)


def _remaining_lines(takedown_id: str, done: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"takedown {takedown_id}: {line}" for line in done["remaining"])


def _returned_articles(workspace: Workspace) -> list[TakedownPlan]:
    """Return the plans for blocked pages that any part of the store has again, and for such sources."""
    blocked = workspace.takedowns.names()
    traces = find_traces(workspace, blocked)
    again = TakedownPlan(
        article_ids=frozenset(name for name in blocked if ":" not in name), page_keys=frozenset(traces.page_keys)
    )
    archived = {key for key in workspace.archive.last_days() if source_name(key) in blocked}
    sources = [TakedownPlan(source_key=key) for key in sorted(archived | traces.source_keys)]
    plans = [with_rows(workspace, expand_plan(workspace, each)) for each in (again, *sources)]

    def is_there(work: TakedownPlan) -> bool:
        if work.source_key is None:
            is_traced = bool(traces.page_keys or traces.article_ids)
        else:
            is_traced = work.source_key in traces.source_keys
        return is_traced or bool(work.rows or _captures(workspace, work))

    return [each for each in plans if is_there(each)]


def _carry_out(
    workspace: Workspace, takedown: Takedown, lease: Lease, report_progress: ProgressCallback
) -> dict[str, Any]:
    """Carry out a takedown, or the rest of it; return the fields of ``TakedownResult`` that a plan does not know.

    ``lease`` is that of takedowns, and is checked before each part. Raises: StoreError (lease_lost).
    """
    begin = partial(_begin_part, lease, report_progress)
    begin(_waiting(workspace.store.leases.notice_seconds))
    called_at = workspace.store.leases.wait_for_writers()
    lease.check()
    work = _complete_plan(workspace, takedown)
    begin("erasing from the archive")
    workspace.archive.erase(_captures(workspace, work), page_keys=work.page_keys, source_key=work.source_key)
    begin("erasing from the tables")
    list_deletions(workspace, takedown, work)
    _erase_rows(workspace, work, lease, begin)
    parts: list[NamedPart] = []
    snapshots = _erase_versions(workspace, work, lease, parts, older_than=called_at)
    begin("erasing from log, inboxes, add-ons and state")
    logged = _erase_state(workspace, work, lease, parts)
    sync_all(workspace.settings.durability)  # while the plan is stored: `repair` erases again what comes back
    addons = AddonErasure.of(parts)
    unfinished = (*snapshots.damaged, *addons.unfinished, *out_of_reach(workspace))
    if not unfinished:  # otherwise the plan is needed to finish it
        workspace.takedowns.finish(takedown.takedown_id)
    versions = {"snapshots": snapshots.changed, "dropped_snapshots": snapshots.dropped}
    return {**logged, **versions, **asdict(addons), "unfinished": unfinished}


def _erase_versions(
    workspace: Workspace, work: TakedownPlan, lease: Lease, parts: list[NamedPart], *, older_than: float
) -> SnapshotErasure:
    """Erase from earlier versions of the tables, from add-ons that follow the tables, and from snapshots.

    Return what was done to snapshots; add the parts of add-ons to ``parts``.
    """
    lease.check()
    workspace.lake.erasure.traces(days=work.days, older_than=older_than)
    parts += erase_from_addons(workspace, work, lease, "rows")
    return workspace.lake.erasure.snapshots(work.article_ids, count=co_mention_rows)


def _erase_state(workspace: Workspace, work: TakedownPlan, lease: Lease, parts: list[NamedPart]) -> dict[str, int]:
    """Erase from log, inboxes, state of add-ons and fetch state.

    Return how many rows of the log and files of inboxes changed; add the parts of add-ons to ``parts``.
    """
    log_rows = redact_log(workspace, work)
    lease.check()
    inbox_files = erase_from_inboxes(workspace, work)
    parts += erase_from_addons(workspace, work, lease, "state")
    workspace.fetch_state.erase(work.page_keys, source_key=work.source_key)
    lease.check()
    return {"log_rows": log_rows, "inbox_files": inbox_files}


def _waiting(notice_seconds: float) -> str:
    """Return what a takedown waits for, and for how long at least."""
    runs = "waiting for current runs to end"
    if not notice_seconds:
        return runs
    minutes = pluralize(ceil(notice_seconds / 60), "minute")
    return f"{runs}, then {minutes} more, for hosts that have lost their lease and do not know it yet"


def _begin_part(lease: Lease, report_progress: ProgressCallback, part: str) -> None:
    """Report the next part. Raises: StoreError (lease_lost): another takedown may have begun."""
    lease.check()
    report_progress(part)


def _complete_plan(workspace: Workspace, takedown: Takedown) -> TakedownPlan:
    """Return the plan with what runs have added meanwhile; store it, and block its names."""
    workspace.archive.recover(is_quick=True)  # so that pages archived by dead runs are there, too
    stored = _with_source_key(workspace, workspace.takedowns.work(takedown.takedown_id))
    work = with_rows(workspace, expand_plan(workspace, stored))
    workspace.takedowns.widen(takedown.takedown_id, names=plan_names(work), work=work)
    return work


def _erase_rows(workspace: Workspace, work: TakedownPlan, lease: Lease, begin: ProgressCallback) -> None:
    """Erase the articles from the tables, and cluster near days again, a quarter of a year at a time.

    So memory does not grow with the days. After a crash, the next attempt clusters all quarters again: the plan has the
    days of articles that are erased already.
    """
    quarters: dict[tuple[int, int], list[DeletedArticle]] = defaultdict(list)
    for row in work.rows:
        quarters[row.published_date.year, (row.published_date.month - 1) // 3].append(row)
    erase = workspace.lake.erasure.rows
    erase(work.article_ids.difference(row.article_id for row in work.rows))  # from batches that wait for their commit
    for _, rows in sorted(quarters.items()):
        erase([row.article_id for row in rows])
        days = {row.published_date for row in rows}
        begin(f"updating the cluster tables near {min(days)}" + (f" to {max(days)}" if len(days) > 1 else ""))
        relate(workspace, news_day=None, days=days, lease=lease)


def _with_source_key(workspace: Workspace, work: TakedownPlan) -> TakedownPlan:
    """Return the plan with the key of its source: a plan restored from a copy has only the hashed name."""
    keys = {*workspace.archive.last_days(), *(source.key for source in workspace.sources.sources)}
    key = next((key for key in sorted(keys) if source_name(key) == work.source_key), None)
    return work if key is None else replace(work, source_key=key)


def _summary(workspace: Workspace, work: TakedownPlan, target: TakedownTarget) -> TakedownResult:
    captures = len(_captures(workspace, work))
    return TakedownResult(
        takedown_id=None,
        is_here=bool(captures or work.rows or workspace.fetch_state.of_pages(work.page_keys)),
        articles=tuple(sorted(work.article_ids)),
        pages=len(work.page_keys),
        captures=captures,
        rows={spec.name: len(article_ids_in(workspace, spec.name, work)) for spec in ANNOTATION_TABLES},
        days=tuple(sorted(map(str, work.days))),
        duplicates=tuple(sorted(duplicates_of(workspace, work))) if target.kind == "article" else (),
        remaining=copies_elsewhere(workspace, work),
    )


def _captures(workspace: Workspace, work: TakedownPlan) -> tuple[Capture, ...]:
    """Return the records to delete; for a source, only those of the source."""
    if work.source_key is not None:
        return workspace.archive.find_captures(source_key=work.source_key)
    return workspace.archive.find_captures(page_keys=work.page_keys, article_ids=work.article_ids)


# The takedown plan: from a target to the pages, articles and rows to delete.

_ARTICLE_ID = re.compile(r"[0-9a-f]{32}")
_REVISION_COLUMNS = ("article_id", "revision_id")


def plan_takedown(workspace: Workspace, target: TakedownTarget) -> TakedownPlan:
    """Return the plan. Raises: ConfigError for neither a URL nor an id, an unknown source, or the wrong policy."""
    if target.kind == "source":
        workspace.sources.named(target.value)
        return with_rows(workspace, _of_source(workspace, target.value))
    seeds = {"article": _article_seed, "publisher": _publisher_seed, "reserved": _reserved_seed}[target.kind](
        workspace, target.value
    )
    work = with_rows(workspace, expand_plan(workspace, seeds))
    if target.with_duplicates:
        more = replace(work, article_ids=work.article_ids | duplicates_of(workspace, work))
        work = with_rows(workspace, expand_plan(workspace, more))
    return work


def _article_seed(workspace: Workspace, value: str) -> TakedownPlan:
    if _ARTICLE_ID.fullmatch(value):
        return TakedownPlan(article_ids=frozenset([value]))
    try:
        key = canonical_url(value)
    except ValueError as error:
        raise ConfigError(f"{value} is neither a URL nor an article id", key=value) from error
    return TakedownPlan(page_keys=frozenset([key]), article_ids=frozenset([article_id_of(canonical=key, text="")]))


def _publisher_seed(workspace: Workspace, value: str) -> TakedownPlan:
    return TakedownPlan(publisher=publisher_name(value))


def _reserved_seed(workspace: Workspace, value: str) -> TakedownPlan:
    """Return the articles that the policy "obey" would reject, stored under an earlier policy."""
    if workspace.settings.tdm_policy != "obey":
        message = "reservations are recorded, not obeyed; set NEWS_TDM_POLICY=obey first"
        raise ConfigError(message, key="tdm_policy")
    rows = workspace.lake.read("articles", columns=("article_id", "tdm_reserved", "license"))
    has_statement = pc.fill_null(pc.greater(pc.list_value_length(rows["license"]), 0), fill_value=False)
    stated = rows.filter(pc.or_(rows["tdm_reserved"], has_statement)).to_pylist()
    ids = {row["article_id"] for row in stated if row["tdm_reserved"] or _is_licensed(row["license"] or ())}
    return TakedownPlan(article_ids=frozenset(ids | {each.article_id for each in workspace.archive.reserved()}))


def _is_licensed(statements: Iterable[str]) -> bool:
    return any(RightsStatement(each, "").is_license for each in statements)


def target_names(target: TakedownTarget, work: TakedownPlan) -> set[str]:
    """Return the names to block from now on."""
    if target.kind == "source":
        return {source_name(target.value)}
    publisher = {publisher_name(target.value)} if target.kind == "publisher" else set()
    return publisher | plan_names(work)


def plan_names(work: TakedownPlan) -> set[str]:
    """Return the names that block the pages and articles of a plan; empty if the source itself is blocked."""
    return set() if work.source_key is not None else {page_name(key) for key in work.page_keys} | set(work.article_ids)


def expand_plan(workspace: Workspace, work: TakedownPlan) -> TakedownPlan:
    """Add all pages of the articles, all articles of these pages, and so on, until nothing is added."""
    if work.source_key is not None:
        more = _of_source(workspace, work.source_key)  # a killed attempt may have deleted some of its records already
        return replace(work, page_keys=work.page_keys | more.page_keys, article_ids=work.article_ids | more.article_ids)
    if work.publisher is not None:  # current runs may have added more pages of it
        more = _of_publisher(workspace, work.publisher)
        work = replace(work, page_keys=work.page_keys | more.page_keys, article_ids=work.article_ids | more.article_ids)
    while True:
        captures = workspace.archive.find_captures(page_keys=work.page_keys, article_ids=work.article_ids)
        keys = work.page_keys | {each.page_key for each in captures}
        ids = work.article_ids | {each.article_id for each in captures}
        if (keys, ids) == (work.page_keys, work.article_ids):
            return work
        work = replace(work, page_keys=keys, article_ids=ids)


def _of_source(workspace: Workspace, source_key: str) -> TakedownPlan:
    captures = workspace.archive.find_captures(source_key=source_key)
    pages = workspace.fetch_state.pages_of([source_key])
    keys = {each.page_key for each in captures} | {key for key, *_ in pages}
    ids = {each.article_id for each in captures}
    return TakedownPlan(page_keys=frozenset(keys), article_ids=frozenset(ids), source_key=source_key)


def _of_publisher(workspace: Workspace, wanted: str) -> TakedownPlan:
    """Return the articles with a publisher in their row, and the pages without a row that sources or listings attribute
    to it."""
    rows = workspace.lake.read("articles", columns=("article_id", "publisher"))
    others = set(rows["article_id"].to_pylist())
    folded = {name: publisher_name(name) for name in pc.unique(rows["publisher"]).to_pylist() if name}
    spellings = pa.array([name for name, hashed in folded.items() if hashed == wanted], pa.string())
    ids = set(rows.filter(pc.is_in(rows["publisher"], value_set=spellings))["article_id"].to_pylist())
    unread = [each for each in _captures_by_publisher(workspace, wanted) if each.article_id not in others]
    pages = {key for key, *_ in _pages_by_publisher(workspace, wanted)}
    held = workspace.archive.find_captures(page_keys=pages)
    pages -= {each.page_key for each in held if each.article_id in others}
    keys = pages | {each.page_key for each in unread}
    return TakedownPlan(page_keys=frozenset(keys), article_ids=frozenset(ids | {each.article_id for each in unread}))


def _captures_by_publisher(workspace: Workspace, wanted: str) -> Iterator[Capture]:
    """Yield the captures that their source or listing attributes to a publisher."""
    publishers = {each.key: each.publisher for each in workspace.sources.sources}
    for each in workspace.archive.captures():
        name = publishers.get(each.source_key) or each.hints.publisher
        if name and publisher_name(name) == wanted:
            yield each


def _pages_by_publisher(workspace: Workspace, wanted: str) -> Iterator[tuple[str, str, str, str | None]]:
    publishers = {each.key: each.publisher for each in workspace.sources.sources}
    for row in workspace.fetch_state.pages_of(publishers):
        name = publishers[row[2]] or row[3]
        if name and publisher_name(name) == wanted:
            yield row


def with_rows(workspace: Workspace, work: TakedownPlan) -> TakedownPlan:
    """Return the plan with its rows in the lake, and with those of a killed attempt."""
    stored = workspace.lake.index.stored(work.article_ids)
    table = workspace.lake.read(
        "revisions", days={each.published_date for each in stored.values()}, columns=_REVISION_COLUMNS
    )
    revisions: dict[str, set[str]] = {each: {row.revision_id} for each, row in stored.items()}
    for article_id, revision_id in _rows_of(table, work.article_ids):
        revisions.setdefault(article_id, set()).add(revision_id)
    rows = {row.article_id: row for row in work.rows}
    for article_id, row in stored.items():
        those = tuple(sorted(revisions[article_id]))
        rows[article_id] = DeletedArticle(article_id=article_id, published_date=row.published_date, revision_ids=those)
    return replace(work, rows=tuple(rows[each] for each in sorted(rows)))


def _rows_of(table: pa.Table, article_ids: Collection[str]) -> Iterable[tuple[Any, ...]]:
    hits = table.filter(pc.is_in(table["article_id"], value_set=pa.array(sorted(article_ids), pa.string())))
    return zip(*(column.to_pylist() for column in hits.columns), strict=True)


def article_ids_in(workspace: Workspace, table: str, work: TakedownPlan) -> list[str]:
    """Return the article_id of each row of a table that the plan deletes."""
    rows = workspace.lake.read(table, days=work.days, columns=("article_id",))
    return [each for (each,) in _rows_of(rows, work.article_ids)]


def duplicates_of(workspace: Workspace, work: TakedownPlan) -> frozenset[str]:
    """Return the duplicates of the articles of a plan; they stay unless they are targets too."""
    days = {day + timedelta(days=step) for day in work.days for step in range(-WINDOW.days, WINDOW.days + 1)}
    table = workspace.lake.read("near_duplicates", days=days, columns=("article_id", "dup_group_id"))
    group_of = dict(zip(table["article_id"].to_pylist(), table["dup_group_id"].to_pylist(), strict=True))
    groups = {group_of.get(each, each) for each in work.article_ids} | work.article_ids
    return frozenset(each for each, group in group_of.items() if group in groups) - work.article_ids


# Deletions, log and inboxes: they still name pages after their records and rows are gone.


def list_deletions(workspace: Workspace, takedown: Takedown, work: TakedownPlan) -> None:
    """Log the deleted articles in ``deletions``, except those that another source still has.

    Those that an attempt has logged stay: a plan restored from a copy has no rows.
    """
    held = workspace.archive.find_captures(article_ids=[row.article_id for row in work.rows])
    staying = {each.article_id for each in held}
    logged = workspace.lake.log.read_batches("deletions", [takedown.takedown_id]).to_pylist()
    named = {row.article_id for row in work.rows}
    rows = [row for row in logged if row["article_id"] not in named] + [
        {
            "article_id": row.article_id,
            "revision_ids": list(row.revision_ids),
            "last_published_date": row.published_date,
            "reason": takedown.reason,
            "deleted_at": takedown.at,
        }
        for row in work.rows
        if row.article_id not in staying
    ]
    table = rows_table(TABLE_SPECS["deletions"], rows)
    workspace.lake.log.append("deletions", takedown.takedown_id, table)


def redact_log(workspace: Workspace, work: TakedownPlan) -> int:
    """Redact the names of the pages in the log; return how many rows changed."""
    redaction = Redaction(
        article_ids=work.article_ids,
        hosts=_hosts(work),
        is_page=lambda url: _key_of(url) in work.page_keys,
        alias=pseudonym,
        source_key=work.source_key,
    )
    return workspace.lake.erasure.names(redaction)


def _key_of(url: str) -> str | None:
    try:
        return canonical_url(url)
    except ValueError:  # a file name
        return None


def _hosts(work: TakedownPlan) -> set[str]:
    """Return the hosts of the pages, as ASCII and as Unicode."""
    hosts = {urlsplit(key).netloc for key in work.page_keys if key.startswith("http")}
    return hosts | {host.encode("ascii").decode("idna") for host in hosts if "xn--" in host}


def erase_from_inboxes(workspace: Workspace, work: TakedownPlan) -> int:
    """Delete the pages from the files of all inboxes, or all files of a target source; return how many changed."""
    changed = 0
    for source in workspace.sources.sources:
        is_target = source.key == work.source_key
        if source.kind == "inbox" and (is_target or work.source_key is None):
            limit = workspace.settings.page_max_bytes
            reading = ReadContext(source_key=source.key, now=workspace.settings.now(), page_max_bytes=limit)
            doomed = _match_everything() if is_target else _entry_filter(work)
            changed += workspace.inbox(source).erase(partial(erase_from, context=reading, doomed=doomed))
    return changed


def _match_everything() -> EntryFilter:
    return EntryFilter(is_page=lambda entry: True, is_url=lambda url: True, spellings=(b"",))


def _entry_filter(work: TakedownPlan) -> EntryFilter:
    """Return which entries of files to delete. Pages without a URL are matched by their bytes or their text."""

    def is_url(url: str) -> bool:
        return _key_of(url) in work.page_keys

    def is_page(entry: ListingEntry) -> bool:
        if entry.ref.url is not None and is_url(entry.ref.url):
            return True
        page = entry.page
        return page is not None and (
            page_key_of(page) in work.page_keys or page_identity(page).article_id in work.article_ids
        )

    marks = {host.encode() for host in _hosts(work)}
    has_local = any(not key.startswith("http") for key in work.page_keys)
    plain = {key.partition("://")[2].partition("?")[0].lower().encode() for key in work.page_keys if "://" in key}
    return EntryFilter(
        is_page=is_page, is_url=is_url, marks=() if has_local else tuple(marks), spellings=tuple(sorted(plain))
    )
