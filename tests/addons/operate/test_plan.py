"""The plan of a range of days, compared with the work of the jobs."""

import shutil
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from sqlite3 import DatabaseError

import pytest

from newslake.pipeline.addons.operate.plan import DayPlan, Plan, plan
from newslake.pipeline.archive import PageState
from newslake.pipeline.archive.index import Index
from newslake.pipeline.errors import ArchiveError, ConfigError
from newslake.pipeline.jobs.ingest import ingest
from newslake.pipeline.jobs.pipeline_version import version_of
from newslake.pipeline.jobs.run import extract_day, ingest_sources
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.lake.article_index import ArticleIndex, DayContents, StoredArticle
from newslake.pipeline.model import Capture, Hints
from newslake.pipeline.settings import Settings
from newslake.pipeline.sqlite import open_database
from samples.server import DAYS, ROOT, Newsroom
from tests.faults.hostile import hostile_server
from tests.page_states import page_state

# A year and a hundred thousand pages: planning counts, and does not read.

YEAR_FIRST = date(2025, 1, 1)
YEAR_PAGES, YEAR_DAYS = 100_000, 365
HINTS = Hints(title="Harbour to be widened", published_at=datetime(2025, 1, 1, tzinfo=UTC))


def capture(number: int, *, hours: int = 0) -> Capture:
    """Return a capture of a page, in an invented file of its day."""
    day = YEAR_FIRST + timedelta(days=number % YEAR_DAYS)
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
        hints=HINTS,
    )


def seen(number: int) -> PageState:
    """Return the state of a page that could not be fetched yet."""
    return page_state(
        f"https://post.example/late/{number}",
        source_key="post",
        news_day=YEAR_FIRST + timedelta(days=number % YEAR_DAYS),
        last_outcome="pending",
        reason="http_503",
        attempts=1,
        next_try_at=datetime(2026, 1, 1, tzinfo=UTC),
        hints=HINTS,
    )


def _broken(error: DatabaseError) -> ArchiveError:
    return ArchiveError(str(error))


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    """A workspace whose indexes know a year of pages, each captured twice, half of them derived."""
    sources = tmp_path / "sources.toml"
    sources.write_text('[sources.post]\nkind = "feed"\nurl = "https://post.example/feed"\n')
    space = Workspace(Settings.load(data_dir=tmp_path, sources_file=sources, durability="process"))
    connection = open_database(space.settings.archive_dir / "index.sqlite", durability="process", broken=_broken)
    captures = [capture(number, hours=hours) for number in range(YEAR_PAGES) for hours in (0, 1)]
    Index(connection).rebuild(lambda: [(captures[0].file, captures)])
    connection.close()
    space.fetch_state.record_many(map(seen, range(YEAR_PAGES // 10)))
    version = version_of(space.settings)
    index = ArticleIndex(space.settings.lake_dir / "_state" / "index.sqlite", durability="process")
    rows = {
        f"{number:032x}": StoredArticle(
            YEAR_FIRST, "r", version, None, f"sha256:{number:064x}", capture(number).fetched_at
        )
        for number in range(0, YEAR_PAGES, 2)
    }
    index.apply({YEAR_FIRST: DayContents(1, rows)}, {}, now=datetime(2026, 1, 1, tzinfo=UTC))
    index.connection.close()
    return space


@pytest.mark.nightly
def test_a_year_is_planned_within_seconds(space: Workspace) -> None:
    """A year of 100,000 pages, each captured twice, is counted within a few seconds, and counted right."""
    started = time.process_time()
    found = plan(space, first=YEAR_FIRST, last=YEAR_FIRST + timedelta(days=YEAR_DAYS - 1))
    took = time.process_time() - started
    totals = [sum(getattr(day, name) for day in found.days) for name in ("known", "to_fetch", "kept", "to_process")]
    assert (len(found.days), totals) == (
        YEAR_DAYS,
        [YEAR_PAGES * 11 // 10, YEAR_PAGES // 10, YEAR_PAGES // 2, YEAR_PAGES // 2],
    )
    assert took < 15, f"{YEAR_PAGES} pages took {took:.1f} CPU s"


EVENING = DAYS[0]
FIRST, LAST = EVENING - timedelta(days=400), EVENING


def open_at(folder: Path, *, sources: str, day: date = EVENING, **changes: object) -> Workspace:
    """Return a workspace with these sources on the evening of a day."""
    path = folder / "sources.toml"
    path.write_text(sources)
    given = {"frozen_now": f"{day}T20:00:00+00:00", "durability": "process", "host_interval_seconds": 0}
    return Workspace(Settings.load(data_dir=folder, sources_file=path, **{**given, **changes}))


def total(found: Plan, name: str) -> int:
    return sum(getattr(day, name) for day in found.days)


@pytest.fixture(scope="module")
def newsroom_sources() -> Iterator[str]:
    """The sources.toml of the sample newsroom on a free port."""
    with Newsroom(day=EVENING) as served:
        given = (ROOT.parents[1] / "sources.toml").read_text("utf-8")
        yield given.replace("127.0.0.1:8808", f"127.0.0.1:{served.port}").replace("data/inbox", "inbox")


@pytest.mark.model
def test_plan_matches_the_jobs(tmp_path: Path, newsroom_sources: str) -> None:
    """Before, between and after the jobs, the plan counts their work; another version means all articles again."""
    shutil.copytree(ROOT.parent / "inbox", tmp_path / "inbox")
    space = open_at(tmp_path, sources=newsroom_sources)
    before = plan(space, first=FIRST, last=LAST)
    files = {source.key: source.files_waiting for source in before.sources if source.files_waiting is not None}
    assert (before.days, sum(files.values())) == ((), 1)

    keys = [source.key for source in space.sources.sources]
    days = ingest_sources(space, source_keys=keys, day=EVENING, run_id="in", report_progress=lambda _: None).report.days
    between = plan(space, first=min(days), last=max(days))
    pages = Counter((each.source_key, each.news_day) for each in space.archive.captures())
    assert {(each.source_key, each.news_day): each.archived for each in between.days if each.archived} == dict(pages)
    read = {}
    for day in days:
        done = extract_day(space, day=day, run_id=f"out-{day}", report_progress=lambda _: None)
        read[day] = dict(done.report.work)["derived_new"]
    planned = Counter[date]()
    for each in between.days:
        planned[each.news_day] += each.derive_new
    assert planned == read

    after = plan(space, first=min(days), last=max(days))
    rows = space.lake.read("articles").num_rows
    assert (total(after, "to_process"), total(after, "kept"), total(after, "rejected")) == (
        0,
        rows,
        sum(read.values()) - rows,
    )
    other = plan(open_at(tmp_path, sources=newsroom_sources, infer_gender=False), first=min(days), last=max(days))
    assert (total(other, "derive_again"), total(other, "to_process")) == (rows, sum(read.values()))


def test_pages_to_fetch_and_unfetchable_pages(tmp_path: Path) -> None:
    """A page that failed is to fetch, a rejected page is not; today is listed, last month is not."""
    with hostile_server() as server:
        links = "".join(
            f"<entry><title>t</title><id>{n}</id><link href='{server.url(n)}'/></entry>" for n in ("/a", "/b")
        )
        feed = f"<feed xmlns='http://www.w3.org/2005/Atom'><title>f</title>{links}</feed>"
        server.says("/feed", 200, feed.encode(), Content_Type="application/atom+xml")
        server.says("/a", 503)
        server.says("/b", 404)
        sources = f'private_hosts = ["{server.host}"]\n[sources.feed]\nkind = "feed"\nurl = "{server.url("/feed")}"\n'
        space = open_at(tmp_path, sources=sources, fetch_attempts=1, retry_after_max_seconds=0)
        ingest(space, source_key="feed", day=EVENING, run_id="in")
    expected = DayPlan(source_key="feed", news_day=EVENING, can_list=True, to_fetch=1, unfetchable=1)
    assert plan(space, first=FIRST, last=LAST).days == (expected,)
    later = open_at(tmp_path, sources=sources, day=EVENING + timedelta(days=30))
    assert [day.can_list for day in plan(later, first=FIRST, last=LAST).days] == [False]


def test_files_of_a_folder_wait_until_they_are_read(tmp_path: Path) -> None:
    """A folder's files wait while they are new or changed; a missing folder has no count."""
    (tmp_path / "year").mkdir()
    (tmp_path / "year" / "a.jsonl").write_text('{"text": "The pier of Tarnwick.", "published_at": "2026-02-01"}\n')
    sources = "".join(f'[sources.{key}]\nkind = "folder"\npath = "{key}"\n' for key in ("year", "gone"))
    space = open_at(tmp_path, sources=sources)

    def waiting() -> dict[str, int | None]:
        return {source.key: source.files_waiting for source in plan(space, first=FIRST, last=LAST).sources}

    assert waiting() == {"year": 1, "gone": None}
    ingest(space, source_key="year", day=EVENING, run_id="in")
    assert waiting() == {"year": 0, "gone": None}
    (tmp_path / "year" / "b.txt").write_text("The pier of Oakenfell.")
    assert waiting() == {"year": 2, "gone": None}


def test_files_of_an_inbox_wait_until_they_are_read_to_their_end(tmp_path: Path) -> None:
    """A file of an inbox waits also after its first slice."""
    (tmp_path / "door").mkdir()
    (tmp_path / "door" / "a.urls").write_text("# first\n# second\n")
    space = open_at(tmp_path, sources='[sources.door]\nkind = "inbox"\npath = "door"\n')

    waiting = []
    for number in range(4):
        waiting += [source.files_waiting for source in plan(space, first=FIRST, last=LAST).sources]
        ingest(space, source_key="door", day=EVENING, run_id=f"r{number}", slice_seconds=0)

    assert waiting == [1, 1, 1, 0]


def test_source_that_is_gone_is_counted(tmp_path: Path) -> None:
    """A source that is no longer in sources.toml is still derived and planned; as an argument, it is unknown."""
    (tmp_path / "year").mkdir()
    (tmp_path / "year" / "a.jsonl").write_text('{"text": "The pier of Tarnwick.", "published_at": "2026-02-01"}\n')
    space = open_at(tmp_path, sources='[sources.year]\nkind = "folder"\npath = "year"\n')
    ingest(space, source_key="year", day=EVENING, run_id="in")
    later = open_at(tmp_path, sources="")
    found = plan(later, first=FIRST, last=LAST)
    assert [(source.key, source.kind) for source in found.sources] == [("year", None)]
    assert (total(found, "archived"), total(found, "derive_new")) == (1, 1)
    with pytest.raises(ConfigError, match="year"):
        plan(later, first=FIRST, last=LAST, source_keys=["year"])
