"""Which sources are late or stale, since when and why: histories in a real lake, and rules for any history."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from newslake.pipeline.addons.operate.freshness import freshness, judge
from newslake.pipeline.addons.operate.freshness_facts import FreshnessFacts
from newslake.pipeline.cli import app
from newslake.pipeline.errors import ConfigError, LakeError
from newslake.pipeline.model import FreshnessLimits, Source, SourceFreshness
from newslake.pipeline.upkeep.health import Finding, examine
from newslake.pipeline.upkeep.takedown import TakedownTarget, forget
from tests.addons.operate.source_history import HOUR, NOW, add_articles, add_outcome, add_poll, every, make_space

DAY = timedelta(days=1)
LIMITS = "[sources.post.freshness]\nwarn_after_hours = 24\nerror_after_hours = 48\n"


def of(root: Path, *, after: timedelta = timedelta(), limits: str = "", key: str = "post") -> SourceFreshness:
    """Return the freshness of a source some time after now."""
    [found] = freshness(make_space(root, now=NOW + after, limits=limits, keys=(key,)))
    return found


# Defaults from the history of the source.


def test_status_follows_the_age_of_the_newest_article(tmp_path: Path) -> None:
    """A source with an article every 6 hours and a poll a day is late after 45 hours, and stale after 90."""
    space = make_space(tmp_path)
    add_articles(space, every(6))
    add_poll(space, NOW)
    found = [of(tmp_path, after=hours * HOUR) for hours in (0, 45, 46, 90, 91, 24 * 267)]
    assert [each.status for each in found] == ["ok", "ok", "warn", "warn", "stale", "stale"]
    late, stale = NOW + 45 * HOUR, NOW + 90 * HOUR
    assert [each.since for each in found] == [None, None, late, late, stale, stale]
    assert {(each.newest_at, each.warn_after_hours, each.error_after_hours, each.basis) for each in found} == {
        (NOW, 45.0, 90.0, "history")
    }
    assert found[-1].line.startswith("post: STALE since 2026-04-03 06:00 UTC: newest article 267 days old; not polled")


def test_frequent_polls_make_shorter_limits(tmp_path: Path) -> None:
    """With polls every 2 hours for weeks, the usual time between two polls takes the place of a day."""
    space = make_space(tmp_path)
    add_articles(space, every(8))
    for at in every(12, weeks=4):
        add_poll(space, at)
    found = of(tmp_path)
    assert (found.warn_after_hours, found.error_after_hours) == (30.0, 60.0)


def test_one_outage_does_not_change_the_limits(tmp_path: Path) -> None:
    """Two weeks without an article are one long gap, which the median of the weeks passes over."""
    outage = [at for at in every(6) if not NOW - 5 * 7 * DAY < at < NOW - 3 * 7 * DAY]
    add_articles(make_space(tmp_path), outage)
    assert of(tmp_path).error_after_hours == 90.0


def test_weekend_is_not_silence(tmp_path: Path) -> None:
    """A source that publishes on weekdays only is not late on a Sunday or on Monday morning."""
    add_articles(make_space(tmp_path), [at for at in every(3, end=NOW + 4 * DAY) if at.weekday() < 5])
    monday = timedelta(days=7)
    assert of(tmp_path, after=monday).status == "ok"
    assert of(tmp_path, after=monday + 2 * DAY).status == "warn"


def test_little_history_is_no_baseline(tmp_path: Path) -> None:
    """A source with articles of two weeks is not healthy, it is unknown; after four weeks it is late, then stale."""
    space = make_space(tmp_path)
    assert of(tmp_path).message.startswith("no article yet; its usual gaps are known after 3 weeks")
    add_articles(space, every(3, weeks=1.9))
    add_poll(space, NOW)
    found = [of(tmp_path, after=days * DAY) for days in (0, 28, 29, 56, 57)]
    assert [each.status for each in found] == ["no_baseline", "no_baseline", "warn", "warn", "stale"]
    assert {each.basis for each in found} == {None}
    assert "set warn_after_hours in [sources.post.freshness]" in found[0].message


def test_source_that_never_gave_an_article_becomes_stale(tmp_path: Path) -> None:
    """A source that is polled without any article is as old as its first day."""
    space = make_space(tmp_path)
    add_poll(space, NOW)
    assert of(tmp_path, limits=LIMITS).status == "no_baseline"
    add_poll(space, NOW + 3 * DAY)
    found = of(tmp_path, after=3 * DAY, limits=LIMITS)
    assert (found.status, found.cause, found.newest_at) == ("stale", "quiet", None)
    assert found.message == "no article yet; polled 2026-04-02 12:00 UTC, with nothing newer"


# What counts as the newest article.


def test_article_without_a_time_counts_from_its_first_fetch(tmp_path: Path) -> None:
    """An undated article is as old as its first fetch, and a date without a time ends with its day or the fetch."""
    space = make_space(tmp_path)
    add_articles(space, [None], fetched_at=NOW - 9 * HOUR)
    assert of(tmp_path).newest_at == NOW - 9 * HOUR
    midnight = NOW.replace(hour=0)
    add_articles(space, [midnight], precision="day", fetched_at=NOW - 2 * HOUR)
    assert of(tmp_path).newest_at == NOW - 2 * HOUR


def test_date_in_the_future_does_not_make_a_source_fresh(tmp_path: Path) -> None:
    """An article cannot be newer than its first fetch."""
    add_articles(make_space(tmp_path), [NOW + 300 * DAY], fetched_at=NOW - 60 * HOUR)
    assert (of(tmp_path).newest_at, of(tmp_path, limits=LIMITS).status) == (NOW - 60 * HOUR, "stale")


def test_clock_that_jumps_back_gives_no_negative_age(tmp_path: Path) -> None:
    """What is later than the clock does not count."""
    space = make_space(tmp_path)
    add_articles(space, every(6))
    add_poll(space, NOW)
    found = of(tmp_path, after=-50 * HOUR)
    assert (found.newest_at, found.last_polled_at, found.status) == (NOW - 54 * HOUR, None, "ok")
    assert found.message == "newest article 4 h old"


# Causes.


def test_cause_is_what_the_polls_have_shown(tmp_path: Path) -> None:
    """A late source is quiet if polls are answered, failing if they fail, and else not polled; each says what to do."""
    space = make_space(tmp_path)
    add_articles(space, every(6, end=NOW - 5 * DAY))
    found = of(tmp_path)
    assert (found.cause, found.last_polled_at) == ("not_polled", None)
    assert "not polled by a run (last answer: never): `newslake run --source post`" in found.message
    add_poll(space, NOW - HOUR, result="failed")
    found = of(tmp_path)
    assert (found.cause, found.last_polled_at) == ("failing", None)
    assert "polls fail (http_503; last answer: never): `newslake sources check post`" in found.message
    add_poll(space, NOW, result="unchanged")
    found = of(tmp_path)
    assert (found.cause, found.last_polled_at) == ("quiet", NOW)
    answered = "newest article 5 days old; polled 2026-03-30 12:00 UTC, with nothing newer"
    assert found.message == answered
    add_poll(space, NOW + HOUR / 4, result="failed")
    found = of(tmp_path, after=HOUR / 2)
    assert (found.cause, found.message) == ("quiet", f"{answered}; the poll of 2026-03-30 12:15 UTC failed (http_503)")


@pytest.mark.parametrize(
    ("kind", "reason", "stage", "cause"),
    [
        ("pending", "http_500", "fetch", "failing"),
        ("quarantined", "broken_item", "derive", "failing"),
        ("rejected", "http_404", "fetch", "failing"),
        ("rejected", "video_page", "derive", "quiet"),
    ],
)
def test_new_pages_that_cannot_be_read_are_failing(
    tmp_path: Path, kind: str, reason: str, stage: str, cause: str
) -> None:
    """A listing with new pages is not quiet if none of them can be read; pages that are no articles do not count."""
    space = make_space(tmp_path)
    add_articles(space, every(6, end=NOW - 5 * DAY))
    add_poll(space, NOW)
    add_outcome(space, NOW - HOUR, kind=kind, reason=reason, stage=stage)  # type: ignore[arg-type]
    found = of(tmp_path)
    assert (found.status, found.cause) == ("stale", cause)
    assert ("1 new page not read" in found.message) == (cause == "failing")
    assert (found.unread_pages, found.unread_reason) == ((1, reason) if cause == "failing" else (0, None))


@pytest.mark.parametrize("reason", ["entry_without_link", "bad_url"])
def test_an_entry_without_a_page_does_not_count(tmp_path: Path, reason: str) -> None:
    """A feed with an entry that names no page is quiet: there was nothing to read."""
    space = make_space(tmp_path)
    add_articles(space, every(6, end=NOW - 5 * DAY))
    add_poll(space, NOW)
    add_outcome(space, NOW - HOUR, kind="quarantined", reason=reason)
    found = of(tmp_path)
    assert (found.status, found.cause, found.unread_pages) == ("stale", "quiet", 0)


def test_a_page_next_to_one_that_was_read_does_not_count(tmp_path: Path) -> None:
    """A page that fails at each poll counts only if no page that was found with it, or later, could be read."""
    space = make_space(tmp_path)
    [*_, newest] = add_articles(space, every(6, end=NOW - 5 * DAY))
    found_at = NOW - 5 * DAY + HOUR
    causes = []
    add_outcome(space, found_at, kind="pending", reason="archived", article_id=newest)
    for hours in (0, 24, 118):
        add_poll(space, found_at + hours * HOUR)
        add_outcome(space, found_at + hours * HOUR, kind="pending", reason="http_500", page="old")
        causes.append(of(tmp_path).cause)
    add_outcome(space, NOW - 2 * HOUR, kind="rejected", reason="http_404", page="new")
    assert (causes[-1], of(tmp_path).cause) == ("quiet", "failing")
    add_outcome(space, NOW - HOUR, kind="kept", stage="commit", article_id="b" * 32)
    assert of(tmp_path).cause == "quiet"


def test_polls_that_fail_are_the_cause_before_unread_pages(tmp_path: Path) -> None:
    """If the listing fails too, the message says so; the unread pages are still counted."""
    space = make_space(tmp_path)
    add_articles(space, every(6, end=NOW - 5 * DAY))
    add_outcome(space, NOW - 4 * DAY, kind="rejected", reason="http_404")
    add_poll(space, NOW, result="failed")
    found = of(tmp_path)
    assert (found.cause, found.unread_pages, "polls fail (http_503" in found.message) == ("failing", 1, True)


# Configured limits.


def test_configured_limits_replace_those_of_the_history(tmp_path: Path) -> None:
    """Limits of sources.toml hold with and without a history; one of them never contradicts the other's default."""
    add_articles(make_space(tmp_path), every(6))
    found = of(tmp_path, after=30 * HOUR, limits=LIMITS)
    assert (found.status, found.basis, found.since) == ("warn", "configured", NOW + 24 * HOUR)
    early = of(tmp_path, limits="[sources.post.freshness]\nerror_after_hours = 10\n")
    assert (early.warn_after_hours, early.error_after_hours) == (10, 10)
    late = of(tmp_path, limits="[sources.post.freshness]\nwarn_after_hours = 400\n")
    assert (late.warn_after_hours, late.error_after_hours) == (400, 400)


@pytest.mark.parametrize("key", ["year", "drop", "old"])
def test_folders_and_archives_have_freshness_only_if_configured(tmp_path: Path, key: str) -> None:
    """Nobody expects a folder or an archive to publish, unless its own table says so."""
    add_articles(make_space(tmp_path, keys=(key,)), [NOW - 5 * DAY], source_key=key)
    assert freshness(make_space(tmp_path, keys=(key,))) == ()
    found = of(tmp_path, limits=f"[sources.{key}.freshness]\nerror_after_hours = 24\n", key=key)
    assert (found.status, found.cause) == ("stale", "not_polled" if key == "old" else "quiet")


def test_day_below_its_minimum_is_late_then_stale(tmp_path: Path) -> None:
    """A finished day with too few articles is a warning six hours after its end, until a later day has enough."""
    limits = f"{LIMITS}min_articles = {{friday = 5, saturday = 1, monday = 3}}\n"
    space = make_space(tmp_path)
    friday = datetime(2026, 3, 27, 9, tzinfo=UTC)
    add_articles(space, [friday - DAY, friday, friday + HOUR, friday + 22 * HOUR])

    def at(hour: datetime) -> SourceFreshness:
        return of(tmp_path, after=hour - NOW, limits=limits)

    judged_at = datetime(2026, 3, 28, 6, tzinfo=UTC)
    assert at(judged_at - HOUR).status == "ok"
    found = at(judged_at + HOUR)
    assert (found.status, found.since, found.basis) == ("warn", judged_at, "configured")
    assert "2 articles on Friday, 2026-03-27, at least 5 expected" in found.message
    assert at(judged_at + DAY + HOUR).status == "ok"  # Saturday has one, and no other day since then has a minimum
    add_articles(space, [datetime(2026, 3, 30, 9, tzinfo=UTC)])
    assert at(datetime(2026, 3, 31, 7, tzinfo=UTC)).status == "warn"
    add_articles(space, [datetime(2026, 4, 2, 9, tzinfo=UTC)])
    found = at(datetime(2026, 4, 2, 10, tzinfo=UTC))
    assert (found.status, found.since) == ("stale", datetime(2026, 4, 2, 6, tzinfo=UTC))


def test_day_of_the_first_poll_is_not_judged(tmp_path: Path) -> None:
    """The days that a first listing happens to reach are not compared with a minimum; the first whole day is."""
    limits = "[sources.post.freshness]\nmin_articles = 3\n"
    space = make_space(tmp_path)
    add_articles(space, [NOW - 3 * DAY, NOW - 2 * DAY, NOW])
    add_poll(space, NOW)
    assert of(tmp_path, after=20 * HOUR, limits=limits).status == "ok"
    found = of(tmp_path, after=44 * HOUR, limits=limits)
    assert (found.status, found.since) == ("warn", datetime(2026, 4, 1, 6, tzinfo=UTC))
    assert "0 articles on Tuesday, 2026-03-31, at least 3 expected" in found.message


# Which sources.


def test_blocked_source_has_no_freshness(tmp_path: Path) -> None:
    """A source that a takedown removed is no longer polled on purpose, so it is not stale."""
    space = make_space(tmp_path, keys=("post", "echo"))
    add_articles(space, every(6, weeks=1))
    forget(space, TakedownTarget(kind="source", value="post"), reason=None, report_progress=lambda _: None)
    found = freshness(make_space(tmp_path, now=NOW + 300 * DAY, keys=("post", "echo")))
    assert [each.source_key for each in found] == ["echo"]


def test_sources_are_in_the_order_of_the_file(tmp_path: Path) -> None:
    """All sources are returned in the order of sources.toml, or those that are named; an unknown one is an error."""
    space = make_space(tmp_path, keys=("post", "year", "echo"))
    add_articles(space, every(6), source_key="echo")
    found = freshness(space)
    assert [(each.source_key, each.status) for each in found] == [("post", "no_baseline"), ("echo", "ok")]
    assert [each.source_key for each in freshness(space, source_keys=["echo"])] == ["echo"]
    with pytest.raises(ConfigError, match="unknown source 'ecko'; did you mean echo"):
        freshness(space, source_keys=["ecko"])


# What people see.


def finding(root: Path, **given: Any) -> Finding:
    """Return what the doctor says about freshness."""
    [found] = [each for each in examine(make_space(root, **given)) if each.name == "freshness"]
    return found


def test_doctor_fails_on_a_stale_source(tmp_path: Path) -> None:
    """The doctor counts the sources of the worst status, names the first with its cause, and says what to do."""
    keys = ("post", "echo")
    add_articles(make_space(tmp_path, keys=keys), every(6))
    nothing = finding(tmp_path, keys=("year",))
    assert (nothing.status, nothing.message, nothing.action) == ("ok", "no source to watch", None)
    unknown = finding(tmp_path, keys=keys)
    assert (unknown.status, unknown.message.split(", ")[0]) == ("warn", "1 of 2 sources no baseline")
    assert unknown.action is not None
    assert unknown.action.startswith("wait until the history is long enough")
    late = finding(tmp_path, keys=keys, now=NOW + 50 * HOUR)
    assert (late.status, late.message.split(": ")[:2]) == (
        "warn",
        ["1 of 2 sources late, first post", "late since 2026-04-01 09:00 UTC"],
    )
    stale = finding(tmp_path, keys=keys, now=NOW + 100 * HOUR)
    assert (stale.status, stale.message, stale.action) == (
        "fail",
        "1 of 2 sources STALE, first post: STALE since 2026-04-03 06:00 UTC: newest article 4 days old; not polled by "
        "a run (last answer: never): `newslake run --source post`",
        "run `newslake coverage`, which names each source",
    )


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """A call of newslake some time after now, on a feed and an inbox."""

    def run(*words: str, after: timedelta = timedelta()) -> Result:
        make_space(tmp_path, keys=("post", "drop"))
        monkeypatch.setenv("NEWS_DATA_DIR", str(tmp_path))
        monkeypatch.setenv("NEWS_SOURCES_FILE", str(tmp_path / "sources.toml"))
        monkeypatch.setenv("NEWS_FROZEN_NOW", (NOW + after).isoformat())
        return CliRunner().invoke(app, [*words])

    return run


def test_coverage_says_stale_and_which_days_are_not_known(tmp_path: Path, command: Callable[..., Result]) -> None:
    """Coverage names a stale source with since when and the cause, and does not claim a day that was not polled."""
    space = make_space(tmp_path, keys=("post", "drop"))
    add_articles(space, every(6))
    for days_ago in range(4):
        add_poll(space, NOW - days_ago * DAY)
    fine = command("coverage").output
    assert "Freshness: 1 of 1 watched source ok.\n" in fine
    assert "No anomalies on the days with an answered poll. No poll was answered for post (23 of 27 days)." in fine
    polled = command("coverage", "--from", "2026-03-27").output
    assert "\nNo anomalies.\n" in polled
    quiet = command("coverage", after=267 * DAY).output
    assert "newest article: 267 days ago; STALE" in quiet
    assert "\npost: STALE since 2026-04-03 06:00 UTC: newest article 267 days old; not polled by a run (last " in quiet
    assert "Anomalies are not known: on these days, no poll was answered for post (27 of 27 days)." in quiet
    assert "No anomalies" not in quiet


def test_failed_poll_is_no_answer(tmp_path: Path, command: Callable[..., Result]) -> None:
    """A day whose polls all failed is an anomaly, days before are not known; JSON has both, and the freshness."""
    space = make_space(tmp_path, keys=("post", "drop"))
    add_articles(space, every(6))
    add_poll(space, NOW - DAY, result="failed")
    shown = json.loads(command("coverage", "--from", "2026-03-26", "--to", "2026-03-30", "--json").output)
    post, drop = shown["sources"]
    assert (post["expected_days"], post["unanswered_days"], drop["expected_days"]) == (4, 2, 0)
    assert shown["verdict"] == "2 anomalies. There may be more on days without an answered poll: post (2 of 4 days)."
    assert (post["freshness"]["status"], drop["freshness"]) == ("ok", None)
    assert set(post["freshness"]) == set(SourceFreshness.__slots__)


def test_run_ends_with_its_stale_sources(tmp_path: Path, command: Callable[..., Result]) -> None:
    """The last line of a run is a stale source of the run; a run without that source does not name it."""
    add_articles(make_space(tmp_path, keys=("post", "drop")), every(6))
    (tmp_path / "drop").mkdir()
    shown = command("run", "--quiet", after=5 * DAY)
    assert shown.exit_code == 1  # its feed cannot be listed
    assert shown.stdout.splitlines()[-1].startswith("post: STALE since 2026-04-03 06:00 UTC: newest article 5 days old")
    assert "polls fail (" in shown.stdout.splitlines()[-1]
    assert "STALE" not in command("run", "--quiet", "--source", "drop", after=5 * DAY).output
    [found] = json.loads(command("run", "--quiet", "--json", after=5 * DAY).stdout)["freshness"]
    assert (found["source_key"], found["status"], found["cause"]) == ("post", "stale", "failing")


def test_damaged_lake_is_named(tmp_path: Path) -> None:
    """A table file that cannot be read is an error that names it, not a source without articles."""
    add_articles(make_space(tmp_path), every(6))
    for path in tmp_path.glob("lake/**/*.parquet"):
        if "articles" in path.parts:
            whole = path.read_bytes()
            footer = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
            path.write_bytes(whole[:4] + b"\xff" * (footer - 4) + whole[footer:])
    with pytest.raises(LakeError, match=r"lake: .*; find the file with `newslake lake verify`"):
        freshness(make_space(tmp_path))


# Rules for any history.

SOURCE = Source(key="post", kind="feed", location="https://post.example/feed")
RANKS = {"ok": 0, "no_baseline": 0, "warn": 1, "stale": 2}
TIMES = st.datetimes(datetime(2025, 1, 1), datetime(2026, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - their zone is UTC
HOURS = st.floats(0.1, 2000)
GAPS = st.lists(HOURS, max_size=8).map(tuple)


@st.composite
def histories(draw: st.DrawFn) -> tuple[Source, FreshnessFacts]:
    newest = draw(st.none() | TIMES)
    polled = draw(st.none() | TIMES)
    first = [at.date() for at in (newest, polled) if at is not None]
    warn, error = draw(st.none() | HOURS), draw(st.none() | HOURS)
    if warn is not None and error is not None:
        warn, error = sorted((warn, error))
    least = draw(st.dictionaries(st.integers(1, 7), st.integers(1, 5)))
    limits = draw(
        st.none() | st.just(FreshnessLimits(warn_after_hours=warn, error_after_hours=error, min_articles=least))
    )
    days = {date(2025, 12, 31) - number * DAY: draw(st.integers(0, 5)) for number in range(10)}
    facts = FreshnessFacts(
        newest_at=newest,
        polled_at=polled,
        answered_at=draw(st.sampled_from([None, polled])),
        article_gaps=draw(GAPS),
        poll_gaps=draw(GAPS),
        articles=days,
        first_day=min(first, default=None),
    )
    source = Source(key="post", kind=SOURCE.kind, location=SOURCE.location, freshness=limits)
    return source, facts


@given(histories(), st.lists(st.floats(0, 20_000), min_size=2, max_size=6))
def test_status_never_improves_without_news(history: tuple[Source, FreshnessFacts], later: list[float]) -> None:
    """As time passes without a new fact, a status only gets worse; ages and limits are never negative or swapped."""
    source, facts = history
    start = datetime(2026, 1, 7, 6, tzinfo=UTC)
    found = [judge(source, facts, now=start + hours * HOUR) for hours in sorted(later)]
    ranks = [RANKS[each.status] for each in found]
    assert ranks == sorted(ranks)
    for each, hours in zip(found, sorted(later), strict=True):
        assert each.since is None or each.since < start + hours * HOUR
        assert (each.since is None) == (each.cause is None) == (not each.is_late)
        assert each.warn_after_hours <= each.error_after_hours
        assert "article -" not in each.message
        assert each.status != "ok" or (each.basis is not None and each.newest_at is not None)
