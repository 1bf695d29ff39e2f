"""Alerts on sources, runs and the machine: what opens each, and what ends it."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from newslake.pipeline.addons.alerts.alert import AlertCheck
from newslake.pipeline.addons.alerts.evaluation import evaluate, read_rules
from newslake.pipeline.jobs.outcomes import append_failure, append_outcomes, append_run
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import Outcome
from newslake.pipeline.tables import TABLE_SPECS, rows_table
from tests.addons.alerts.conftest import NOW, WriteAlerts


def _check(space: Workspace) -> AlertCheck:
    rules = read_rules(space)
    return evaluate(space, rules.rules[0], rules)


def _titles(check: AlertCheck) -> list[str]:
    assert check.error is None
    return [item.title for item in check.items]


def _poll(space: Workspace, at: datetime, result: str, reason: str | None = None) -> None:
    row = {
        "run_id": f"run-{at}",
        "source_key": "harbour",
        "listed_day": None,
        "result": result,
        "entries": 1,
        "reason": reason,
        "requested_at": at,
    }
    space.lake.log.append("listing_fetches", f"run-{at}", rows_table(TABLE_SPECS["listing_fetches"], [row]))


def _outcome(at: datetime, reason: str, *, url: str = "https://harbour.example/1", stage: str = "derive") -> Outcome:
    return Outcome(
        run_id=f"run-{at.hour}",
        source_key="harbour",
        news_day=at.date(),
        url=url,
        article_id=None,
        stage=stage,
        outcome="quarantined",
        reason=reason,
        detail="ValueError in pipeline/x.py:1",
        payload_digest=None,
        decided_at=at,
    )


def _articles(space: Workspace, times: Sequence[datetime], write_rows) -> None:
    for day in sorted({each.date() for each in times}):
        rows = [
            {
                "article_id": f"{at:%m%d%H}".ljust(32, "0"),
                "revision_id": "a" * 16,
                "source_key": "harbour",
                "published_at": at,
                "fetched_at": at,
            }
            for at in times
            if at.date() == day
        ]
        write_rows("articles", day, rows)


# Sources.


def test_a_source_fails_until_it_answers(write_alerts: WriteAlerts) -> None:
    """A source whose last request failed is failing, with the reason; its next answer ends it."""
    space = write_alerts("[rules.a]\non = 'sources'\nstates = ['failing']")
    _poll(space, NOW - timedelta(hours=3), "listed")
    before = _check(space)
    _poll(space, NOW - timedelta(hours=2), "failed", "connection_refused")
    failing = _check(space)
    _poll(space, NOW - timedelta(hours=1), "unchanged")

    assert [_titles(each) for each in (before, failing, _check(space))] == [[], ["source harbour is failing"], []]
    (item,) = failing.items
    assert (failing.kind, item.key, item.at) == ("state", "failing:harbour", NOW - timedelta(hours=2))
    assert item.detail == (
        "its listing was requested at 2026-03-04 10:00 UTC: connection_refused; the last answer was at "
        "2026-03-04 09:00 UTC"
    )
    assert item.command == "newslake coverage --source harbour"


def test_a_source_is_late_and_then_stale(write_alerts: WriteAlerts, write_rows) -> None:
    """A late source is reported only to a rule that names late; a stale one by default."""
    space = write_alerts("[rules.a]\non = 'sources'\n[rules.b]\non = 'sources'\nstates = ['late']")
    limits = "[sources.harbour.freshness]\nwarn_after_hours = 6\nerror_after_hours = 24\n"
    space.settings.sources_file.write_text(space.settings.sources_file.read_text() + limits)
    newest = NOW - timedelta(hours=10)
    _poll(space, NOW - timedelta(minutes=5), "listed")
    _articles(space, [newest], write_rows)
    found = {}
    for hours in (10, 30):
        moved = replace(
            space, settings=space.settings.model_copy(update={"frozen_now": newest + timedelta(hours=hours)})
        )
        rules = read_rules(moved)
        found[hours] = [_titles(evaluate(moved, rule, rules)) for rule in rules.rules]

    assert found == {10: [[], ["source harbour is late"]], 30: [["source harbour is stale"], []]}


def test_an_outage_after_unread_pages_is_another_alert(write_alerts: WriteAlerts, write_rows) -> None:
    """Pages that cannot be read, and a listing that cannot be requested, are items with keys of their own."""
    space = write_alerts("[rules.a]\non = 'sources'\nstates = ['failing']")
    limits = "[sources.harbour.freshness]\nwarn_after_hours = 6\n"
    space.settings.sources_file.write_text(space.settings.sources_file.read_text() + limits)
    _articles(space, [NOW - timedelta(hours=10)], write_rows)
    append_outcomes(space, [_outcome(NOW - timedelta(hours=2), "http_404", stage="fetch")], batch_id="run.harbour")
    _poll(space, NOW - timedelta(hours=2), "listed")
    unread = _check(space)
    _poll(space, NOW - timedelta(hours=1), "failed", "robots_unreachable")

    (item,) = unread.items
    assert (item.key, item.title) == ("unread:harbour", "no new page of source harbour can be read")
    assert item.detail == "1 page not read: http_404"
    assert [each.key for each in _check(space).items] == ["failing:harbour", "unread:harbour"]


def test_an_anomaly_of_yesterday_is_reported(write_alerts: WriteAlerts) -> None:
    """A day without a single answered request is an anomaly, reported while it is yesterday or today."""
    space = write_alerts("[rules.a]\non = 'sources'\nstates = ['anomalous']")
    _poll(space, NOW - timedelta(days=2), "listed")
    _poll(space, NOW - timedelta(days=1), "failed", "timeout")

    (item,) = _check(space).items
    assert (item.key, item.title) == (
        "anomalous:harbour:2026-03-03:failed",
        "source harbour is anomalous on 2026-03-03",
    )
    assert item.command == "newslake coverage --source harbour --from 2026-03-03 --to 2026-03-04"


# Runs.


def test_a_failed_run_is_a_row(write_alerts: WriteAlerts) -> None:
    """A run that failed in the last days is reported with its errors; one that ended well is not."""
    space = write_alerts("[rules.a]\non = 'runs'")
    append_run(
        space, run_id="cli.1.ingest", kind="manual", started_at=NOW, counts={"discovered": 1}, days=(), versions={}
    )
    for name, days in (("cli.1", 0), ("cli.0", 3)):
        at = NOW - timedelta(days=days)
        append_failure(space, run_id=name, kind="manual", started_at=at, errors=["harbour: no answer", "disk full"])

    found = _check(space)
    (item,) = found.items
    assert (found.kind, item.title) == ("rows", "run cli.1 failed")
    assert item.detail == "harbour: no answer\ndisk full"


def test_the_same_failure_is_one_item_per_day(write_alerts: WriteAlerts) -> None:
    """Hourly runs in which the same fails are one item, with the same key, whatever the reason; another failure, DAG
    or day is another item."""
    space = write_alerts("[rules.a]\non = 'runs'")
    keys = []
    for number, (name, hours, error) in enumerate(
        (
            ("cli.1", 5, "source harbour: timeout"),
            ("cli.2", 4, "source harbour: robots_unreachable"),
            ("cli.3", 3, "news day 2026-03-04"),
            ("news_ingest.4", 2, "source harbour"),
            ("cli.5", 30, "source harbour"),
        )
    ):
        at = NOW - timedelta(hours=hours)
        append_failure(space, run_id=name, kind="manual", started_at=at, errors=[error])
        keys.append({item.key for item in _check(space).items})
        assert len(keys[-1]) == (1, 1, 2, 3, 4)[number]

    assert keys[0] == keys[1] < keys[2] < keys[3] < keys[4]


def test_a_broken_item_is_reported_once_per_page(write_alerts: WriteAlerts) -> None:
    """An item that broke newslake in two runs is one item, with the command that explains it; its key has no URL."""
    space = write_alerts("[rules.a]\non = 'runs'\nevents = ['broken']")
    url = "https://harbour.example/1"
    for hour, reason in ((9, "broken_item"), (10, "killed_worker"), (11, "video_page")):
        outcome = _outcome(NOW.replace(hour=hour), reason, url=url if reason != "video_page" else f"{url}2")
        append_outcomes(space, [outcome], batch_id=f"run-{hour}.harbour")

    (item,) = _check(space).items
    assert (item.title, item.detail) == (
        "an item of source harbour broke newslake (killed_worker)",
        f"{url}\nValueError in pipeline/x.py:1",
    )
    assert (item.article_url, item.command, url in item.key) == (url, f"newslake why '{url}'", False)


# The machine.


def test_a_full_disk_is_open_while_it_is_full(write_alerts: WriteAlerts, tmp_path) -> None:
    """Less free space than the limit opens an alert; a limit below the free space does not."""
    free_gb = shutil.disk_usage(tmp_path).free / 1e9
    rule = "[rules.a]\non = 'machine'\nstates = ['disk']\ndisk_free_gb = "

    assert _titles(_check(write_alerts(f"{rule}{free_gb * 2}")))[0].endswith(f"are free, fewer than {free_gb * 2:g} GB")
    assert _titles(_check(write_alerts(f"{rule}{free_gb / 2}"))) == []


@pytest.mark.parametrize(
    ("counts", "keys"),
    [
        (({"verified": {}}, {"warnings": []}), ["verify"]),
        (({"warnings": []}, {"verified": {}}), []),
        ((), []),
    ],
    ids=["failed", "repaired", "no maintenance"],
)
def test_a_failed_verification_is_open_until_one_succeeds(counts, keys, write_alerts: WriteAlerts) -> None:
    """The last maintenance run decides: without the count of its verification, the verification failed."""
    space = write_alerts("[rules.a]\non = 'machine'\nstates = ['verify']")
    for number, each in enumerate(counts):
        moved = replace(space, settings=space.settings.model_copy(update={"frozen_now": NOW + timedelta(days=number)}))
        append_run(
            moved,
            run_id=f"news_maintain.{number}",
            kind="scheduled",
            started_at=NOW,
            counts=each,
            days=(),
            versions={},
        )

    assert [item.key for item in _check(space).items] == keys


def test_a_lost_lake_is_an_alert(write_alerts: WriteAlerts) -> None:
    """A store that was there and is missing is named, with what to do."""
    space = write_alerts("[rules.a]\non = 'machine'")
    append_failure(space, run_id="cli.1", kind="manual", started_at=NOW, errors=[])
    with space.at_work():
        pass
    shutil.rmtree(space.settings.lake_dir)

    items = [item for item in _check(space).items if item.key != "disk"]
    assert [item.key for item in items] == ["missing:lake/_state"]
