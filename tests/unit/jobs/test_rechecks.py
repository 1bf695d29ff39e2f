"""Edits are seen: an archived page is requested again on the schedule of its source, or if somebody asks for it."""

import gc
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from newslake.pipeline.addons.operate.coverage import coverage
from newslake.pipeline.addons.operate.plan import plan
from newslake.pipeline.archive import PageState
from newslake.pipeline.jobs.ingest import ingest
from newslake.pipeline.jobs.push import push_urls
from newslake.pipeline.jobs.rechecks import RecheckPlan, next_recheck, plan_rechecks, published_by, rechecks_after
from newslake.pipeline.jobs.run import ingest_sources
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import Hints, canonical_url
from newslake.pipeline.settings import Settings
from newslake.pipeline.show.page_history import page_history
from newslake.pipeline.show.provenance import trace_provenance
from tests.faults.hostile import Hostile, HostileHandler, hostile_server, story
from tests.processor_time import processor_seconds
from tests.unit.jobs.test_ingest import DAY, NOON

HOURS = (1.0, 6.0, 24.0, 72.0)
OLD, NEW = "will be closed", "will be sold"


class Site:
    """A site on loopback: a feed that answers 304 after its first request, and pages with an ETag per text."""

    def __init__(self, server: Hostile, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.statuses: list[int] = []
        self.entry = ""
        self.published = ""
        self.has_news = False  # whether the feed never answers 304
        server.routes["/feed"] = self._say_feed
        server.routes["/a"] = self._say_page
        self.says(OLD)

    def says(self, words: str, *, published: str = "") -> None:
        """Put the page online with these words in it."""
        self.body = f"<html><head><title>Pier</title></head><body><p>The pier {words}.</p>{story(1)}</body></html>"
        self.status = 200
        self.published = published or self.published

    def _say_feed(self, answer: HostileHandler) -> None:
        if answer.headers["If-None-Match"] == '"feed"' and not self.has_news:
            answer.say(304)
            return
        date = self.published and f"<published>{self.published}</published>"
        link = f"<entry><title>Pier</title><id>a</id><link href='{self.server.url('/a')}'/>{date}</entry>"
        body = f"<feed xmlns='http://www.w3.org/2005/Atom'><title>f</title>{link}</feed>".encode()
        answer.say(200, body, Content_Type="application/atom+xml", ETag='"feed"')

    def _say_page(self, answer: HostileHandler) -> None:
        tag = f'"{hash(self.body)}"'
        status = 304 if self.status == 200 and answer.headers["If-None-Match"] == tag else self.status
        self.statuses.append(status)
        answer.say(status, b"" if status == 304 else self.body.encode(), Content_Type="text/html", ETag=tag)

    def space(self, hours: float) -> Workspace:
        """Return the workspace some hours after noon."""
        sources = self.folder / "sources.toml"
        sources.write_text(
            f'private_hosts = ["{self.server.host}"]\n[sources.feed]\nkind = "feed"\n'
            f'url = "{self.server.url("/feed")}"\n{self.entry}\n[sources.door]\nkind = "inbox"\npath = "in"\n'
        )
        settings = Settings.load(
            data_dir=self.folder,
            sources_file=sources,
            frozen_now=NOON + timedelta(hours=hours),
            durability="process",
            host_interval_seconds=0,
            fetch_attempts=1,
            retry_after_max_seconds=0,
        )
        return Workspace(settings)

    def run(self, hours: float, *, keys: tuple[str, ...] = ("feed", "door")) -> dict[tuple[str, str], str]:
        """Run some hours after noon, for the day of then; return outcome and reason of each source's page."""
        space = self.space(hours)
        day, name = space.settings.now().date(), f"at {hours}"
        done = ingest_sources(space, source_keys=keys, day=day, run_id=name, report_progress=lambda _: None)
        rows = [row for row in space.lake.log.read("outcomes").to_pylist() if row["run_id"] == name]
        found = {(row["source_key"], row["url"].removeprefix(self.server.url(""))): row for row in rows}
        assert len(found) == len(rows) == done.report.discovered
        return {page: f"{row['outcome']} {row['reason']}" for page, row in found.items()}

    def details(self, hours: float) -> list[str]:
        """Return the details of the outcomes of the run some hours after noon."""
        rows = self.space(hours).lake.log.read("outcomes").to_pylist()
        return [row["detail"] for row in rows if row["run_id"] == f"at {hours}"]

    def push(self, hours: float, *, is_refetch: bool = False) -> tuple[str, ...]:
        """Push the page's URL; return the URLs that are in the archive."""
        done = push_urls(self.space(hours), [self.server.url("/a")], is_refetch=is_refetch)
        return done.archived

    def drop_page(self) -> None:
        """Put the page and its URL into the inbox, as files."""
        inbox = self.folder / "in"
        inbox.mkdir(exist_ok=True)
        (inbox / "p.json").write_text(json.dumps({"url": self.server.url("/a"), "fetched_at": "2026-03-02T12:06:00Z"}))
        (inbox / "p.html").write_text(self.body)

    def state(self) -> PageState:
        """Return the stored state of the page."""
        found = self.space(0).fetch_state.seen(canonical_url(self.server.url("/a")))
        assert found is not None
        return found


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A site with one page in its feed."""
    with hostile_server() as server:
        yield Site(server, tmp_path)


PAGE = ("feed", "/a")


def test_edit_is_found_by_schedule_although_the_feed_answers_304(site: Site) -> None:
    """The page is requested 1, 6, 24 and 72 hours after publication, conditionally; history has the edit's diff."""
    assert site.run(0) == {PAGE: "pending archived"}
    assert site.run(0.9) == {}
    assert site.run(1) == {PAGE: "unchanged not_modified"}
    site.says(NEW)
    assert site.run(5.9) == {}
    assert site.run(6) == {PAGE: "pending archived"}
    assert [site.run(hours) for hours in (6.5, 24, 25, 72, 73, 500)] == [
        {},
        {PAGE: "unchanged not_modified"},
        {},
        {PAGE: "unchanged not_modified"},
        {},
        {},
    ]

    assert site.statuses == [200, 304, 200, 304, 304]
    history = page_history(site.space(500), site.server.url("/a"))
    assert [visit.what for visit in history.visits] == [
        "content",
        "not_modified",
        "content",
        "not_modified",
        "not_modified",
    ]
    changes = {(change.kind, change.sentence) for change in history.revisions[1].changes}
    assert changes == {("removed", f"The pier {OLD}."), ("added", f"The pier {NEW}.")}


def test_edited_day_is_announced(site: Site) -> None:
    """The news day of a page that a recheck finds edited is a day to derive; that of an unchanged page is not."""
    site.run(0)
    report = ingest(site.space(1), source_key="feed", day=DAY, run_id="same").report
    site.says(NEW)
    later = ingest(site.space(30), source_key="feed", day=DAY + timedelta(days=1), run_id="edit").report
    assert (report.days, later.days) == ((), (DAY,))


def test_signal_and_daily_run_request_the_same_pages(site: Site) -> None:
    """A run for a past day, and one that a signal started, request the pages that are due, each once."""
    site.run(0)
    done = ingest(site.space(7), source_key="feed", day=DAY, run_id="signal", waits=False).report
    again = ingest(site.space(7.1), source_key="feed", day=DAY - timedelta(days=1), run_id="daily").report
    assert (dict(done.outcomes)["unchanged"], again.discovered, site.statuses) == (1, 0, [200, 304])


def test_missed_rechecks_are_one_request(site: Site) -> None:
    """After days without a run, the page is requested once, and its schedule is over."""
    site.run(0)
    assert [site.run(hours) for hours in (400, 401)] == [{PAGE: "unchanged not_modified"}, {}]
    assert site.statuses == [200, 304]


def test_old_page_is_not_requested_again(site: Site) -> None:
    """A page that was published more than 72 hours before its first fetch has no recheck."""
    site.says(OLD, published="2026-02-20T08:00:00Z")
    site.run(0)
    assert (site.run(2), site.run(100), site.statuses) == ({}, {}, [200])


def test_listed_page_is_not_checked_until_it_is_due(site: Site) -> None:
    """A page that a feed still lists is not checked between its rechecks, and the outcome has the next time."""
    site.run(0)
    site.has_news = True
    assert site.run(0.5) == {PAGE: "not_checked already_fetched"}
    assert site.details(0.5) == ["archived before; next recheck after 2026-03-02 13:00 UTC"]
    assert site.run(1) == {PAGE: "unchanged not_modified"}


def test_empty_schedule_switches_rechecks_off(site: Site) -> None:
    """With `recheck_hours = []` the page is never requested again, also if a recheck was planned before."""
    site.run(0)
    site.entry = "recheck_hours = []"
    assert site.run(2) == {PAGE: "not_checked already_fetched"}
    assert site.details(2) == ["archived before; no recheck is planned"]
    assert (site.run(3), site.run(100), site.statuses) == ({}, {}, [200])
    assert site.state().next_try_at is None


def test_other_schedule_counts_from_the_next_recheck_on(site: Site) -> None:
    """After an edit of the schedule, a page is requested at the new hours."""
    site.run(0)
    site.entry = "recheck_hours = [4, 48]"
    site.run(1)
    assert site.statuses == [200]
    assert site.run(4) == {PAGE: "unchanged not_modified"}
    assert (site.run(24), site.run(48)) == ({}, {PAGE: "unchanged not_modified"})


@pytest.mark.parametrize(("entry", "hours"), [("[0.5, 4]", 1), ("[4, 48]", 4), ("[]", None)])
def test_next_recheck_after_an_edit_of_the_schedule(site: Site, entry: str, hours: int | None) -> None:
    """`why` and the plan have the time at which the page is requested: no time before the one that was planned."""
    site.run(0)
    site.entry = f"recheck_hours = {entry}"
    space = site.space(0.2)
    facts = [fact for step in trace_provenance(space, site.server.url("/a")).steps for fact in step.facts]
    named = [fact.value for fact in facts if fact.name == "next recheck"]
    assert named == ([f"in the first run after {NOON + timedelta(hours=hours):%Y-%m-%d %H:%M} UTC"] if hours else [])
    feed = space.sources.named("feed")
    assert plan_rechecks(space, feed).total == {"[0.5, 4]": 2, "[4, 48]": 2, "[]": 0}[entry]
    done = "unchanged not_modified" if hours else "not_checked already_fetched"
    assert (site.run(0.7), site.run(hours or 4)) == ({}, {PAGE: done})


@pytest.mark.parametrize("status", [404, 410])
def test_gone_page_is_a_tombstone(site: Site, status: int) -> None:
    """A page that is gone at a recheck leaves a tombstone, and is not requested again."""
    site.run(0)
    site.status = status
    assert site.run(1) == {PAGE: f"rejected http_{status}"}
    assert (site.run(7), site.run(100), site.statuses) == ({}, {}, [200, status])
    history = page_history(site.space(100), site.server.url("/a"))
    assert ([visit.what for visit in history.visits], history.is_gone) == (["content", "gone"], True)


def test_recheck_obeys_robots_txt(site: Site) -> None:
    """A page that robots.txt forbids since its first fetch is not requested at a recheck, and keeps its status."""
    site.run(0)
    site.server.says("/robots.txt", 200, b"User-agent: *\nDisallow: /a\n")
    assert site.run(1) == {PAGE: "not_checked robots_refused"}
    assert site.statuses == [200]


def test_refused_recheck_leaves_the_status_alone(site: Site) -> None:
    """A recheck that gets 403 is not checked, and the next one of the schedule follows; `why` has its time."""
    site.run(0)
    site.status = 403
    site.has_news = True
    assert site.run(1) == {PAGE: "not_checked http_403"}
    facts = [fact for step in trace_provenance(site.space(1), site.server.url("/a")).steps for fact in step.facts]
    assert [fact.value for fact in facts if fact.name == "next recheck"] == [
        "in the first run after 2026-03-02 18:00 UTC"
    ]
    assert site.run(2) == {PAGE: "not_checked http_403"}
    site.says(NEW)
    assert site.run(6) == {PAGE: "pending archived"}
    assert site.statuses == [200, 403, 200]


def test_failed_recheck_is_not_checked_and_tried_again(site: Site) -> None:
    """A recheck that a server answers with 503 leaves the page's status alone, and is tried an hour later."""
    site.run(0)
    site.status = 503
    assert site.run(1) == {PAGE: "not_checked http_503"}
    assert site.run(1.5) == {}
    site.says(NEW)
    assert site.run(2) == {PAGE: "pending archived"}
    assert site.run(6) == {PAGE: "unchanged not_modified"}


def test_recheck_that_fails_eight_times_waits_for_the_next(site: Site) -> None:
    """After eight failures a recheck is given up; the page is neither rejected nor requested until the next one."""
    site.entry = "recheck_hours = [1, 2000, 3000]"
    site.run(0)
    site.status = 503
    found = [site.run(hours) for hours in range(10, 1010, 100)]
    assert found == [{PAGE: "not_checked http_503"}] * 8 + [{}] * 2
    site.status = 200
    assert site.run(2000) == {PAGE: "unchanged not_modified"}
    assert site.run(3000) == {PAGE: "unchanged not_modified"}


def test_pushed_page_of_the_archive_is_not_checked(site: Site) -> None:
    """Without --refetch, a pushed page of the archive is not requested, and its outcome says so."""
    site.run(0)
    assert site.push(2) == (site.server.url("/a"),)
    site.says(NEW)
    assert site.run(2, keys=("door",)) == {("door", "/a"): "not_checked already_fetched"}
    assert site.statuses == [200]


def test_pushed_page_of_a_file_is_not_rechecked(site: Site) -> None:
    """A page that came as a file has no recheck after a push of its URL; it stays with its source."""
    site.drop_page()
    assert site.run(0, keys=("door",)) == {("door", "/a"): "pending archived"}
    site.push(0.1)
    assert site.run(0.2, keys=("door",)) == {("door", "/a"): "not_checked already_fetched"}
    assert (site.run(80, keys=("door",)), site.state().next_try_at, site.statuses) == ({}, None, [])


def test_push_takes_no_page_from_its_source(site: Site) -> None:
    """After a loss of the fetch state, a page that is pushed comes back to the schedule of its feed."""
    site.run(0)
    site.space(0).fetch_state.erase([canonical_url(site.server.url("/a"))])
    site.push(0.1)
    site.run(0.2, keys=("door",))
    site.has_news = True
    site.run(0.3, keys=("feed",))
    assert site.state().source_key == "feed"
    assert (site.run(2, keys=("door",)), site.run(2.1, keys=("feed",))) == ({}, {PAGE: "unchanged not_modified"})


def test_file_leaves_a_waiting_page_with_its_feed(site: Site) -> None:
    """A file brings a page for which its feed waits: the feed requests it no longer at once, but on its schedule."""
    site.status = 503
    site.run(0)
    site.says(OLD)
    site.drop_page()
    assert site.run(0.1, keys=("door",)) == {("door", "/a"): "pending archived"}
    state = site.state()
    assert (state.source_key, state.next_try_at) == ("feed", NOON + timedelta(hours=1.1))
    site.says(NEW)
    assert site.run(1) == {}
    assert site.run(1.2) == {PAGE: "pending archived"}


def test_refetch_of_an_excluded_page_says_so(site: Site) -> None:
    """A link that asks again for a page that its source excludes requests nothing, and names the pattern."""
    site.run(0)
    site.entry = 'exclude = ["/a$"]'
    site.push(0.1, is_refetch=True)
    assert site.run(0.2, keys=("door",)) == {("door", "/a"): "not_checked excluded_url"}
    assert site.details(0.2) == [
        "source feed has the page, and does not take it: its URL matches '/a$' of exclude in sources.toml"
    ]
    assert site.statuses == [200]


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("owner", ["feed", "door"])
def test_second_link_changes_no_request(site: Site, owner: str, *, is_first: bool) -> None:
    """A page that one link requests again and another only names is requested in the same run, whatever the order."""
    if owner == "door":
        site.push(0)
    site.run(0, keys=(owner,))
    site.push(0.1, is_refetch=is_first)
    site.push(0.2, is_refetch=not is_first)
    found = site.run(0.3, keys=("door",))
    assert found[owner, "/a"] == "unchanged not_modified"
    assert found["door", "/a"] == ("unchanged not_modified" if owner == "door" else "not_checked left_to_source")


def test_refetch_finds_an_edit_for_the_source_of_the_page(site: Site) -> None:
    """With --refetch, the page is requested at once, by the source that has it; history has both revisions."""
    site.run(0)
    site.says(NEW)
    assert site.push(0.5, is_refetch=True) == (site.server.url("/a"),)
    assert site.run(0.5, keys=("door",)) == {("door", "/a"): "not_checked left_to_source", PAGE: "pending archived"}
    assert site.run(1) == {PAGE: "unchanged not_modified"}
    space = site.space(2)
    history = page_history(space, site.server.url("/a"))
    assert (len(history.revisions), site.statuses) == (2, [200, 200, 304])
    assert {each.source_key for each in space.archive.captures()} == {"feed"}
    [file] = (site.folder / "in" / "done").iterdir()
    assert file.suffix == ".jsonl"


def test_refetch_in_the_run_of_its_source_has_one_outcome(site: Site) -> None:
    """A run that lists the page and reads the push has one outcome per source and page."""
    site.run(0)
    site.push(0.5, is_refetch=True)
    assert site.run(0.5) == {("door", "/a"): "not_checked left_to_source", PAGE: "unchanged not_modified"}
    assert site.statuses == [200, 304]


def test_refetch_of_a_page_that_is_gone_or_new(site: Site) -> None:
    """A page with a tombstone is requested again if somebody asks for it; a new page is fetched as usual."""
    site.push(0, is_refetch=True)
    assert site.run(0, keys=("door",)) == {("door", "/a"): "pending archived"}
    site.status = 410
    assert site.run(1, keys=("door",)) == {("door", "/a"): "rejected http_410"}
    site.says(NEW)
    site.push(2, is_refetch=True)
    assert site.run(2.5, keys=("door",)) == {("door", "/a"): "pending archived"}


def test_refetch_waits_for_another_run_of_the_source(site: Site) -> None:
    """While another run has the page's source, the request is left to the source's next run, and not lost."""
    site.run(0)
    site.push(0.5, is_refetch=True)
    space = site.space(0.5)
    with space.store.leases.source("feed", waits=True):
        assert site.run(0.5, keys=("door",)) == {("door", "/a"): "not_checked left_to_source"}
    assert site.run(0.6, keys=("feed",)) == {PAGE: "unchanged not_modified"}


@pytest.mark.parametrize("status", [200, 410])
def test_killed_run_loses_and_doubles_no_recheck(site: Site, status: int) -> None:
    """If a run dies between archiving a recheck and storing the fetch state, the next run does not repeat it."""
    site.run(0)
    gc.collect()  # closes the databases of the run
    before = {path.name: path.read_bytes() for path in (site.folder / "archive").glob("state.sqlite*")}
    site.says(NEW)
    site.status = status
    site.run(1)
    gc.collect()
    for path in (site.folder / "archive").glob("state.sqlite*"):
        path.unlink()
    for name, data in before.items():
        (site.folder / "archive" / name).write_bytes(data)

    expected = {200: "not_checked already_fetched", 410: "rejected http_410"}[status]
    assert site.run(1.2) == {PAGE: expected}
    assert (site.run(1.3), site.statuses) == ({}, [200, status])
    assert site.run(6) == ({PAGE: "unchanged not_modified"} if status == 200 else {})


def test_plan_counts_the_requests(site: Site) -> None:
    """The plan has the requests per day, missed ones as one; coverage and the page's origin name the recheck."""
    site.run(0)
    feed = site.space(0).sources.named("feed")
    days = {DAY: 2, DAY + timedelta(days=1): 1, DAY + timedelta(days=3): 1}
    assert plan_rechecks(site.space(0.5), feed) == RecheckPlan(source_key="feed", due=0, days=days)
    late = site.space(7)
    [found] = plan(late, first=DAY, last=DAY).rechecks
    assert (found.due, found.total, found.days[DAY]) == (1, 3, 1)
    assert [each.rechecks_due for each in coverage(late, first=DAY, last=DAY).sources] == [1, 0]
    facts = [fact for step in trace_provenance(late, site.server.url("/a")).steps for fact in step.facts]
    assert [fact.value for fact in facts if fact.name == "next recheck"] == [
        "in the first run after 2026-03-02 13:00 UTC"
    ]


def test_plan_counts_a_failed_recheck_once(site: Site) -> None:
    """The next try of a failed recheck is one request; the schedule follows after it."""
    site.run(0)
    site.status = 503
    site.run(1)
    space = site.space(1.5)
    plan_at = [plan_rechecks(each, each.sources.named("feed")) for each in (space, site.space(3))]
    days = {DAY: 2, DAY + timedelta(days=1): 1, DAY + timedelta(days=3): 1}
    assert [(each.due, each.days) for each in plan_at] == [(0, days), (1, days)]


def test_plan_counts_no_excluded_page(site: Site) -> None:
    """A page that its source excludes since its first fetch costs no request."""
    site.run(0)
    site.entry = 'exclude = ["/a$"]'
    space = site.space(2)
    assert plan_rechecks(space, space.sources.named("feed")).total == 0


def test_hours_count_from_publication() -> None:
    """The listing's time counts, else the end of the news day; a page is never published after its first fetch."""
    first = datetime.fromisoformat("2026-03-02T12:00:00Z")

    def at(hints: Hints, day: date) -> datetime:
        return published_by(hints, news_day=day, first_fetched_at=first)

    assert at(Hints(published_at=first - timedelta(hours=3)), DAY) == first - timedelta(hours=3)
    assert at(Hints(published_at=first + timedelta(hours=3)), DAY) == first
    midnight = first.replace(hour=0)
    assert at(Hints(published_at=midnight, published_precision="day"), DAY) == first
    assert at(Hints(), date(2019, 5, 1)) == datetime.fromisoformat("2019-05-02T00:00:00Z")


def test_next_recheck_is_after_the_last_fetch() -> None:
    """The next recheck is the first of the schedule after the last fetch; after the last one the schedule is over."""
    hours = [next_recheck(NOON + timedelta(hours=each), hours=HOURS, published=NOON) for each in (0, 1, 7, 72)]
    assert hours == [NOON + timedelta(hours=1), NOON + timedelta(hours=6), NOON + timedelta(hours=24), None]
    assert list(rechecks_after(NOON, hours=(), published=NOON)) == []


KNOWN = 10_000


def test_many_known_pages_do_not_slow_a_run(site: Site) -> None:
    """With 10,000 pages on the schedule, a run requests the one that is due, in little more than no time."""
    site.run(0)
    space, state = site.space(0), site.state()
    space.fetch_state.record_many(
        replace(state, page_key=f"https://post.example/{number}", next_try_at=NOON + timedelta(hours=5))
        for number in range(KNOWN)
    )
    done = {}
    seconds = processor_seconds(lambda: done.update(site.run(1)))
    assert (done, site.statuses) == ({PAGE: "unchanged not_modified"}, [200, 304])
    assert seconds < 10
