"""A year and a hundred thousand pages: planning counts, and does not read."""

import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from sqlite3 import DatabaseError

import pytest

from pipeline.archive import PageState
from pipeline.archive.index import Index
from pipeline.errors import ArchiveError
from pipeline.jobs.annotator import version_of
from pipeline.jobs.workspace import Workspace
from pipeline.lake.article_index import ArticleIndex, DayContents, StoredArticle
from pipeline.model import Capture, Hints
from pipeline.reports.plan import plan
from pipeline.settings import Settings
from pipeline.sqlite import open_database

FIRST = date(2025, 1, 1)
PAGES, DAYS = 100_000, 365
TOLD = Hints(title="Harbour to be widened", published_at=datetime(2025, 1, 1, tzinfo=UTC))


def capture(number: int, *, hours: int = 0) -> Capture:
    """Return a page's capture; it stands in an invented file of its day."""
    day = FIRST + timedelta(days=number % DAYS)
    return Capture(
        page_key=f"https://post.example/{number}",
        url=f"https://post.example/{number}",
        article_id=f"{number:032x}",
        source_key="post",
        news_day=day,
        run_id="run",
        fetched_at=datetime(day.year, day.month, day.day, 8, tzinfo=UTC) + timedelta(hours=hours),
        status=200,
        digest=f"sha256:{number:064x}",
        is_revisit=hours > 0,
        file=f"warc/{day}/post/run-{hours}.warc.gz",
        offset=number,
        length=1,
        hints=TOLD,
    )


def seen(number: int) -> PageState:
    """Return the state of a page that has not been had yet."""
    return PageState(
        page_key=f"https://post.example/late/{number}",
        url=f"https://post.example/late/{number}",
        source_key="post",
        news_day=FIRST + timedelta(days=number % DAYS),
        listed_modified_at=None,
        last_outcome="pending",
        reason="http_503",
        attempts=1,
        next_try_at=datetime(2026, 1, 1, tzinfo=UTC),
        hints=TOLD,
    )


def _broken(error: DatabaseError) -> ArchiveError:
    return ArchiveError(str(error))


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    """A workspace whose indexes know a year of pages, each captured twice, half of them derived."""
    sources = tmp_path / "sources.toml"
    sources.write_text('[sources.post]\nkind = "feed"\nurl = "https://post.example/feed"\n')
    space = Workspace(Settings.load(data_dir=tmp_path, sources_file=sources, durability="process"))
    connection = open_database(space.settings.raw_dir / "index.sqlite", durability="process", broken=_broken)
    captures = [capture(number, hours=hours) for number in range(PAGES) for hours in (0, 1)]
    Index(connection).rebuild([(captures[0].file, captures)])
    connection.close()
    space.fetch_state.record_many(map(seen, range(PAGES // 10)))
    version = version_of(space.settings)
    index = ArticleIndex(space.settings.lake_dir / "_state" / "ledger.sqlite", durability="process")
    rows = {
        f"{number:032x}": StoredArticle(FIRST, "r", version, None, f"sha256:{number:064x}", capture(number).fetched_at)
        for number in range(0, PAGES, 2)
    }
    index.apply({FIRST: DayContents(1, rows)}, now=datetime(2026, 1, 1, tzinfo=UTC))
    index.connection.close()
    return space


@pytest.mark.nightly
def test_a_year_is_planned_within_seconds(space: Workspace) -> None:
    """A year of 100,000 pages, each captured twice, is counted within a few seconds, and counted right."""
    started = time.process_time()
    found = plan(space, first=FIRST, last=FIRST + timedelta(days=DAYS - 1))
    took = time.process_time() - started
    totals = [sum(getattr(day, name) for day in found.days) for name in ("known", "to_fetch", "derived", "to_derive")]
    assert (len(found.days), totals) == (DAYS, [PAGES * 11 // 10, PAGES // 10, PAGES // 2, PAGES // 2])
    assert took < 15, f"{PAGES} pages took {took:.1f} CPU s"
