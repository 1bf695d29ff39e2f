"""The search for traces of blocked pages in outcomes: it reads a file once, and finds what comes in on any way."""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from newslake.pipeline.archive import page_name, source_name
from newslake.pipeline.errors import LakeError
from newslake.pipeline.jobs.outcomes import append_outcomes
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import Outcome
from newslake.pipeline.settings import Settings
from newslake.pipeline.shared.tables import SharedTables
from newslake.pipeline.upkeep.takedown_traces import BlockedTraces, find_traces
from tests.store.shared_stores import StoreServices

MARCH = datetime(2026, 3, 2, 12, tzinfo=UTC)
GONE, STAYS, OTHER = (f"https://news.test/{name}" for name in ("gone", "stays", "other"))
BLOCKED = frozenset([page_name(GONE)])
NOTHING, TRACE = BlockedTraces(), BlockedTraces(page_keys={GONE})


@pytest.fixture(params=["local", "shared"])
def space(request: pytest.FixtureRequest, tmp_path: Path) -> Workspace:
    """The workspace of a new store, in which three runs of two months have logged a page each."""
    if request.param == "local":
        found = Workspace(Settings.load(data_dir=tmp_path / "data", store="local", durability="process"))
    else:
        url, weed, name = (request.getfixturevalue(each) for each in ("database_url", "weed", "schema"))
        found = StoreServices(weed=weed, database_url=url, name=name, folder=tmp_path).workspace()
    for number, at in enumerate((MARCH, MARCH + timedelta(hours=1), MARCH + timedelta(days=40))):
        log_page(found, f"{STAYS}/{number}", at=at)
    return found


def log_page(space: Workspace, url: str, *, at: datetime = MARCH, batch_id: str | None = None) -> None:
    """Log the outcome of a page, as a run does."""
    outcome = Outcome(
        run_id="r",
        source_key="post",
        news_day=date(2026, 3, 2),
        url=url,
        article_id=page_name(url),
        stage="derive",
        outcome="unchanged",
        reason="committed",
        detail=None,
        payload_digest=None,
        decided_at=at,
    )
    append_outcomes(space, [outcome], batch_id=batch_id or f"r.{page_name(url)}")


def spoil_outcomes(space: Workspace) -> None:
    """Change the bytes of all files of outcomes, so that nobody can read them, and nobody can see it but by reading."""
    if isinstance(space.lake, SharedTables):
        objects = space.lake.places.warehouse.objects
        for each in [each for each in objects.list("outcomes") if "/data/" in each.key]:
            objects.put(each.key, b"?" * each.size)
        return
    for path in (space.settings.lake_dir / "log" / "outcomes").rglob("*.parquet"):
        state = path.stat()
        with path.open("r+b") as file:
            file.write(b"?" * state.st_size)
        os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


def test_later_night_reads_only_what_was_logged_since(space):
    """Files without a trace are not read again for the same names; a new one is, and its trace is found."""
    assert find_traces(space, BLOCKED) == NOTHING
    spoil_outcomes(space)
    assert find_traces(space, BLOCKED) == NOTHING
    log_page(space, GONE)
    assert GONE in find_traces(space, BLOCKED).page_keys


def test_new_takedown_reads_everything(space):
    """Names that are blocked since are looked for in all files, by page, article and source."""
    assert find_traces(space, BLOCKED) == NOTHING
    other = f"{STAYS}/0"
    more = find_traces(space, BLOCKED | {page_name(other), source_name("post")})
    assert more == BlockedTraces(page_keys={other}, article_ids={page_name(other)}, source_keys={"post"})


def drop_cache(space: Workspace) -> frozenset[str]:
    """Lose the cache."""
    space.lake.drop_cached("outcomes_without_traces")
    return BLOCKED


def revoke(space: Workspace) -> frozenset[str]:
    """Return what is blocked after a takedown was revoked."""
    return frozenset([page_name(OTHER)])


@pytest.mark.parametrize("change", [drop_cache, revoke])
def test_all_is_read_again(space, change: Callable[[Workspace], frozenset[str]]):
    """Without the cache, or for other names, every file is read, also one that cannot be read any more."""
    assert find_traces(space, BLOCKED | {page_name(OTHER)}) == NOTHING
    names = change(space)
    spoil_outcomes(space)
    with pytest.raises((LakeError, pa.ArrowInvalid)):
        find_traces(space, names)


def test_trace_is_found_until_it_is_erased(space):
    """A file with a trace does not count as read: the process may die before it erases the trace."""
    log_page(space, GONE)
    log_page(space, OTHER)
    first = find_traces(space, BLOCKED)
    assert GONE in first.page_keys
    assert find_traces(space, BLOCKED) == first


def test_page_that_came_in_while_its_takedown_was_revoked_is_found(space):
    """Names that are blocked again are looked for in what was logged in between."""
    names = BLOCKED | {page_name(OTHER)}
    for blocked in (names, BLOCKED):
        assert find_traces(space, blocked) == NOTHING
    log_page(space, OTHER)
    assert find_traces(space, BLOCKED) == NOTHING
    assert OTHER in find_traces(space, names).page_keys


def test_late_rows_of_a_compacted_month_are_found(space):
    """A compaction writes files that were not read; a run that logs into the month afterwards is found."""
    assert find_traces(space, BLOCKED) == NOTHING
    assert space.lake.log.compact(now=MARCH + timedelta(days=90)) != ()
    for batch_id in (None, f"r.{page_name(STAYS)}"):
        assert find_traces(space, BLOCKED) == NOTHING
        log_page(space, GONE, batch_id=batch_id)
        assert GONE in find_traces(space, BLOCKED).page_keys
        log_page(space, STAYS, batch_id=batch_id or f"r.{page_name(GONE)}")  # in its place


def test_file_that_is_logged_during_the_search_is_read_the_next_night(space, monkeypatch: pytest.MonkeyPatch):
    """A run that logs after the last month was read is found by the next search."""
    kind = type(space.lake.log)
    months = kind.months

    def months_before_a_run(*given: Any, **options: Any) -> Iterator[pa.Table]:
        yield from months(*given, **options)
        log_page(space, GONE)

    with monkeypatch.context() as patch:
        patch.setattr(kind, "months", months_before_a_run)
        assert find_traces(space, BLOCKED) == NOTHING
    assert GONE in find_traces(space, BLOCKED).page_keys


@pytest.mark.parametrize("is_closed", [False, True])
def test_file_of_outcomes_that_was_put_back_is_found(tmp_path, is_closed: bool):
    """A copy of a file, put back with its name and time in place of the one without the page, is read."""
    space = Workspace(Settings.load(data_dir=tmp_path / "data", store="local", durability="process"))
    log, copy = space.settings.lake_dir / "log" / "outcomes", tmp_path / "copy"
    log_page(space, STAYS)
    log_page(space, GONE, batch_id="r.back")
    if is_closed:
        space.lake.log.compact(now=MARCH + timedelta(days=90))
    shutil.copytree(log, copy)  # with times
    log_page(space, OTHER, batch_id="r.back")
    for _ in range(2):
        assert find_traces(space, BLOCKED) == NOTHING
    shutil.copytree(copy, log, dirs_exist_ok=True)
    assert GONE in find_traces(space, BLOCKED).page_keys
