"""Is the dip genuine, or is the crawler broken: outages injected into weeks of a source, and their anomalies."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from newslake.pipeline.addons.newsroom.pages.outcomes import pages_page
from newslake.pipeline.addons.operate.coverage import coverage
from newslake.pipeline.addons.operate.coverage_page import coverage_page
from newslake.pipeline.addons.operate.coverage_values import Cell
from newslake.pipeline.cli import app
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.jobs.outcomes import ListingRow, append_listing, append_outcomes
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import Outcome
from newslake.pipeline.query.connection import connect
from newslake.pipeline.query.saved_queries import answer
from newslake.pipeline.settings import Settings
from tests.addons.operate.source_history import add_articles, add_outcome, make_space
from tests.faults.hostile import Hostile
from tests.unit.jobs.test_ingest import PAGE, lists, run, server

__all__ = ["server"]

NOW = datetime(2026, 3, 30, 12, 0, tzinfo=UTC)
MONDAY = date(2026, 2, 2)
DAYS = tuple(MONDAY + timedelta(days=number) for number in range(56))  # until Sunday, 29 March
WEEKDAY, WEEKEND = 20, 4
Word = tuple[str, str | None]
KEPT: Word = ("kept", None)


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    """A workspace with a feed, and a folder."""
    sources = tmp_path / "sources.toml"
    sources.write_text(
        "[sources.post]\nkind = 'feed'\nurl = 'http://127.0.0.1:9/f'\n[sources.year]\nkind = 'folder'\npath = 'year'\n"
    )
    return Workspace(Settings.load(data_dir=tmp_path, sources_file=sources, frozen_now=NOW, durability="process"))


def outcomes_of(day: date, words: Mapping[Word, int]) -> Iterator[Outcome]:
    """Yield a number of outcomes of each kind for pages of a day."""
    number = 0
    for (kind, reason), count in words.items():
        for _ in range(count):
            number += 1
            yield Outcome(
                run_id=f"run-{day}",
                source_key="post",
                news_day=day,
                url=f"https://post.example/{day}/{number}",
                article_id=None,
                stage="derive",
                outcome=kind,  # type: ignore[arg-type]
                reason=reason,
                detail=None,
                payload_digest=None,
                decided_at=datetime(day.year, day.month, day.day, 20, tzinfo=UTC),
            )


def usual(day: date) -> dict[Word, int]:
    """Return the usual pages: about twenty on a weekday, four on a weekend day, one of them a video."""
    pages = (WEEKEND if day.weekday() > 4 else WEEKDAY) + day.toordinal() % 3 - 1
    return {KEPT: pages - 1, ("rejected", "video_page"): 1}


def add_listing(space: Workspace, day: date, *, result: str = "listed", entries: int = 30, hour: int = 20) -> None:
    at = datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    row = ListingRow(
        run_id=f"run-{day}",
        source_key="post",
        listed_day=None,
        result=result,  # type: ignore[arg-type]
        entries=entries,
        reason={"failed": "http_503", "partial": "broken_feed"}.get(result),
        requested_at=at,
    )
    append_listing(space, row, batch_id=f"run-{day}.post")


def fill(space: Workspace, changed: Mapping[date, Mapping[Word, int] | None]) -> None:
    """Write eight weeks; a changed day has these pages, or no listing."""
    for day in DAYS:
        words = changed.get(day, usual(day))
        append_outcomes(space, tuple(outcomes_of(day, words or {})), batch_id=f"run-{day}")


def cells(space: Workspace) -> dict[date, Cell]:
    """Return the feed's days of the last two weeks."""
    found = coverage(space, first=DAYS[-14], last=NOW.date(), source_keys=["post"])
    return {cell.facts.day: cell for cell in found.sources[0].cells}


def odd(space: Workspace) -> dict[date, list[tuple[str, str, str]]]:
    return {
        day: [(each.kind, each.cause, each.message) for each in cell.anomalies]
        for day, cell in cells(space).items()
        if cell.anomalies
    }


def test_outages_are_distinguished_from_news(space: Workspace) -> None:
    """Each injected outage has its cause, a genuine rush is real, and usual days and weekends are no anomalies."""
    gap, empty, consent, busy, unread = (DAYS[-14 + number] for number in (1, 4, 7, 9, 11))
    words: dict[date, Mapping[Word, int] | None] = {
        gap: None,
        empty: {},
        consent: {KEPT: 4, ("rejected", "consent_page"): 16},
        busy: {KEPT: 57, ("rejected", "video_page"): 3},
        unread: {KEPT: 4, ("pending", "archived"): 16},
    }
    fill(space, words)
    for day in DAYS:
        if day not in (gap, gap + timedelta(days=1)):  # the next run lists the day before, but no earlier day
            add_listing(space, day, entries=0 if day == empty else 30)
    add_listing(space, DAYS[-1] + timedelta(days=1), entries=30)
    found = odd(space)
    assert {day: [each[0] for each in odds] for day, odds in found.items()} == {
        gap: ["not_polled"],
        empty: ["empty"],
        consent: ["rejected"],
        busy: ["many"],
        unread: ["waiting"],
    }
    assert found[gap] == [
        ("not_polled", "pipeline", "0 pages, usually 20: no run polled the source on the day or the day after")
    ]
    [(_, whose, cause)] = found[empty]
    assert (whose, "had no entries" in cause) == ("source", True)
    assert found[consent] == [
        ("rejected", "source", "16 of 20 pages rejected or quarantined, usually 5 %: 16 rejected as consent_page")
    ]
    assert found[busy][0][1:] == ("genuine", "60 pages, usually 20: the listing has all of them for this day")
    assert found[unread][0][2].endswith(f"16 archived: `newslake run --day {unread}` processes them")


def test_quiet_and_variable_sources_have_their_own_baseline(space: Workspace) -> None:
    """A source with few pages may be silent for a day by chance, and a variable source may vary."""
    quiet = {day: {KEPT: 0 if day.day % 5 == 0 else 2} for day in DAYS}
    fill(space, quiet)
    for day in DAYS:
        add_listing(space, day)
    assert odd(space) == {}
    restless = {day: {KEPT: 5 + day.toordinal() * 7 % 11 * 4} for day in DAYS}
    fill(space, restless)
    assert odd(space) == {}


def test_dip_of_a_source_without_errors_is_genuine(space: Workspace) -> None:
    """Far fewer pages from polls without errors are genuine; with errors, the cause is the pipeline."""
    real, late, failed, half = DAYS[-13], DAYS[-11], DAYS[-6], DAYS[-4]
    fill(space, {real: {KEPT: 2}, late: {KEPT: 3}, failed: {}, half: {KEPT: 2}})
    for day in DAYS:
        if day == failed + timedelta(days=1):
            add_listing(space, day, result="failed")
        elif day == late + timedelta(days=1):
            continue
        else:
            add_listing(
                space, day, result="failed" if day in (failed, half) else "listed", hour=8 if day == late else 20
            )
    add_listing(space, NOW.date())
    found = odd(space)
    assert found[real] == [("few", "genuine", "2 pages, usually 20: 2 polls without errors, no more pages were listed")]
    assert found[late] == [
        ("few", "pipeline", "3 pages, usually 20: last polled at 08:00, later pages were never listed")
    ]
    assert found[failed] == [("failed", "pipeline", "0 pages, usually 20: feed unavailable in 2 polls: http_503")]
    assert found[half][0][:2] == ("few", "pipeline")
    assert "feed unavailable in 1 of 2 polls: http_503" in found[half][0][2]


def test_day_of_incomplete_listings_is_an_anomaly(space: Workspace) -> None:
    """A day whose every listing ended early is named with the reason, whatever its number of pages."""
    cut, once = DAYS[-10], DAYS[-5]
    fill(space, {})
    for day in DAYS:
        add_listing(space, day, hour=8, result="partial" if day in (cut, cut + timedelta(days=1)) else "listed")
        add_listing(space, day, hour=20, result="partial" if day in (cut, cut + timedelta(days=1), once) else "listed")
    add_listing(space, NOW.date())

    found = odd(space)

    assert found[cut] == [("incomplete", "source", "19 pages: every listing was incomplete: broken_feed")]
    assert once not in found


def test_unknown_days_have_no_anomaly(space: Workspace) -> None:
    """Days before the first run, too few days to compare, an unfinished day, and folders have no volume anomaly."""
    for day in DAYS[-9:-7]:
        append_outcomes(space, tuple(outcomes_of(day, usual(day))), batch_id=f"run-{day}")
        add_listing(space, day)
    for day in DAYS[-7:]:
        add_listing(space, day)
    first = cells(space)[DAYS[-14]]
    assert (first.is_known, first.anomalies) == (False, ())
    assert cells(space)[DAYS[-9]].usual is None
    assert cells(space)[NOW.date()].anomalies == ()
    [folder] = coverage(space, first=DAYS[-14], last=DAYS[-1], source_keys=["year"]).sources
    assert [cell.anomalies for cell in folder.cells] == [()] * 14


def test_counts_are_those_of_the_saved_question(space: Workspace) -> None:
    """Pages and outcomes of a day are the counts of `newslake ask coverage`: one definition."""
    fill(space, {DAYS[-3]: {KEPT: 4, ("pending", "archived"): 2}})
    for day in DAYS[-2:]:  # seen again a day later: the latest status of a page counts
        again = [each for each in outcomes_of(day, usual(day))][:2]
        rows = tuple(
            Outcome(**{name: getattr(each, name) for name in Outcome.__slots__} | {
                "run_id": "again", "outcome": "unchanged", "reason": "already_fetched", "decided_at": NOW
            })
            for each in again
        )  # fmt: skip
        append_outcomes(space, rows, batch_id=f"again-{day}")
    counted = {row["news_day"]: row for row in answer(connect(space.settings.lake_dir), "coverage").records()}
    for day, cell in cells(space).items():
        if day in counted:
            kinds = ("kept", "unchanged", "not_checked", "rejected", "quarantined", "pending")
            assert {kind: cell.facts.outcomes.get(kind, 0) for kind in kinds} == {k: counted[day][k] for k in kinds}
            assert cell.facts.pages == counted[day]["discovered"]


def test_run_logs_its_listing(server: Hostile, tmp_path: Path) -> None:
    """A run that polls a source logs a row, also if the poll is empty or fails; a retry does not hide the first row."""
    lists(server, "/a", "/b", ETag='"1"')
    for path in ("/a", "/b"):
        server.says(path, 200, PAGE, Content_Type="text/html")
    run(tmp_path, server, "1")
    run(tmp_path, server, "1", hours=1)
    lists(server)
    run(tmp_path, server, "2", hours=24)
    server.says("/feed", 503)
    run(tmp_path, server, "3", hours=48)
    run(tmp_path, server, "4", hours=48, day=date(2026, 2, 1))
    space = Workspace(Settings.load(data_dir=tmp_path, sources_file=tmp_path / "sources.toml"))
    rows = space.lake.log.read("listing_fetches").to_pylist()
    assert [(row["run_id"], row["result"], row["entries"], row["reason"]) for row in rows] == [
        ("1", "listed", 2, None),
        ("2", "listed", 0, None),
        ("3", "failed", 0, "http_503"),
    ]


def test_removed_log_is_a_limit(space: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After old months of the log were removed, earlier days have no anomalies, and the map says why."""
    fill(space, {DAYS[-5]: {}, DAYS[-40]: {}})
    for day in {*DAYS} - {DAYS[-5], DAYS[-4], DAYS[-40], DAYS[-39]}:
        add_listing(space, day)
    before = coverage(space, first=DAYS[0], last=DAYS[-1], source_keys=["post"])
    late = Outcome(**{**asdict(next(outcomes_of(DAYS[3], usual(DAYS[3])))), "url": "https://post.example/late"})
    append_outcomes(space, (replace(late, decided_at=NOW - timedelta(days=3)),), batch_id="backfill")
    later = NOW + timedelta(days=30)
    space.lake.log.compact(now=later)
    assert "removed log/outcomes/decided_month=2026-02/2026-02.parquet" in space.lake.log.expire(
        now=later, keep_months=1
    )
    after = coverage(space, first=DAYS[0], last=DAYS[-1], source_keys=["post"])
    assert (before.limit, after.whole_from) == (None, date(2026, 3, 1))
    march = date(2026, 3, 1)
    early = [
        {cell.facts.day for cell in each.sources[0].cells if cell.anomalies and cell.facts.day < march}
        for each in (before, after)
    ]
    assert DAYS[-40] in early[0]
    assert early[1] == set()
    cells = {cell.facts.day: cell for cell in after.sources[0].cells}
    assert [cells[day].facts.pages for day in (DAYS[3], DAYS[4])] == [1, 0]
    assert [cells[day].is_known for day in (march - timedelta(days=1), march)] == [False, True]
    assert [each.kind for each in cells[DAYS[-5]].anomalies] == ["not_polled"]
    monkeypatch.setenv("NEWS_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("NEWS_SOURCES_FILE", str(tmp_path / "sources.toml"))
    said = "The log before 2026-03-01 was removed (NEWS_LOG_KEEP_MONTHS)"
    days = ["coverage", "--from", str(DAYS[0]), "--to", str(DAYS[-1]), "--source", "post"]
    assert said in CliRunner().invoke(app, days).output
    assert json.loads(CliRunner().invoke(app, [*days, "--json"]).output)["log_whole_from"] == "2026-03-01"
    assert said in coverage_page(after)
    assert coverage(space, first=date(2026, 3, 1), last=DAYS[-1]).limit is None


def test_map_of_several_years_names_them(space: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above a map of days of several years, each year is at its first day."""
    fill(space, {})
    monkeypatch.setenv("NEWS_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("NEWS_SOURCES_FILE", str(tmp_path / "sources.toml"))

    shown = CliRunner().invoke(app, ["coverage", "--from", "2024-12-25", "--to", "2025-01-20"]).output.splitlines()

    at = len(shown[2]) - len(shown[2].lstrip())
    assert (shown[1][at:], shown[2][at:]) == ("2024   2025", "12-25  01-01  01-08  01-15")


def test_map_on_the_terminal_and_as_a_page(space: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The map has one symbol per day and a list of anomalies; the page is self-contained."""
    gap = DAYS[-5]
    fill(space, {gap: {}})
    for day in DAYS:
        if day not in (gap, gap + timedelta(days=1)):
            add_listing(space, day)
    monkeypatch.setenv("NEWS_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("NEWS_SOURCES_FILE", str(tmp_path / "sources.toml"))
    page = tmp_path / "coverage.html"
    days = ["coverage", "--from", str(DAYS[-14]), "--to", str(DAYS[-1]), "--source", "post"]
    shown = CliRunner().invoke(app, [*days, "--html", str(page)])
    assert shown.exit_code == 0
    assert "post    ▓▓▓▓▓▓▓▓▓X▓▓▓▒  newest article: none with a date" in shown.output
    assert f"{gap} Wed  X post  pipeline  0 pages, usually 20: no run polled the source" in shown.output
    as_json = json.loads(CliRunner().invoke(app, [*days, "--json"]).output)
    [odd_day] = [day for day in as_json["sources"][0]["days"] if day["anomalies"]]
    assert (odd_day["day"], odd_day["usual"], odd_day["was_polled"]) == (str(gap), 20, False)
    html = page.read_text()
    assert not re.search(r"<script|https?:|url\(|<link|<img", html)
    assert len(re.findall(r"<td><span class=[^>]* role=\"img\" title=", html)) == 14
    assert html.count("<sup>X</sup></i></span></td>") == 1
    assert f'aria-label="{gap}: 0 pages, usually 20; 0 pages, usually 20: no run polled the source' in html


def test_archive_of_captures_is_on_the_days_of_publication(tmp_path: Path) -> None:
    """Pages of a web archive count on the published day of their article, on the map and in the list of a cell.

    A page that became no article stays on the day of its capture, and no day is expected to have pages.
    """
    space = make_space(tmp_path, keys=("web",))
    capture = datetime(2026, 3, 29, 9, tzinfo=UTC)
    published = [capture - timedelta(days=4), capture - timedelta(days=4, hours=2), capture - timedelta(days=2)]
    ids = add_articles(space, published, source_key="web", fetched_at=capture)
    for number, article_id in enumerate(ids):
        at = capture + timedelta(minutes=number)
        add_outcome(space, at, kind="kept", stage="commit", source_key="web", article_id=article_id)
    add_outcome(space, capture, kind="rejected", reason="video_page", stage="derive", source_key="web")

    found = coverage(space, first=date(2026, 3, 24), last=date(2026, 3, 29))

    [source] = found.sources
    pages = {cell.facts.day: dict(cell.facts.outcomes) for cell in source.cells if cell.facts.pages}
    assert pages == {date(2026, 3, 25): {"kept": 2}, date(2026, 3, 27): {"kept": 1}, date(2026, 3, 29): {"rejected": 1}}
    assert found.verdict == "No anomalies."
    html = coverage_page(found, root="")
    assert "pages?source=web&amp;day=2026-03-25&amp;by=publication" in html
    query = {"source": "web", "day": "2026-03-25", "by": "publication"}
    listed = pages_page(space.settings.lake_dir, query, today=date(2026, 3, 30), root="")
    assert sorted(each for each in ids if f"articles/{each}" in listed) == sorted(ids[:2])
    assert '<input type="hidden" name="by" value="publication">' in listed
    with pytest.raises(ConfigError, match="by=news is not known"):
        pages_page(space.settings.lake_dir, {**query, "by": "news"}, today=date(2026, 3, 30), root="")
