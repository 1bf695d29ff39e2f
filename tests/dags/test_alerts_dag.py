"""The alerts of Airflow: the DAG that checks the rules, wrong rules, and tasks that failed."""

from pathlib import Path

import pytest

from newslake.pipeline.query.connection import connect, query
from tests.addons.alerts.receiver import Receiver

pytestmark = pytest.mark.airflow

NEWS = "[rules.news]\non = 'question'\nsql = \"SELECT 'The ferry sails' AS title\"\n"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data root without sources; its alerts.toml is where the settings say."""
    (tmp_path / "sources.toml").touch()
    for name, value in (("DATA_DIR", ""), ("SOURCES_FILE", "sources.toml"), ("ALERTS_FILE", "alerts.toml")):
        monkeypatch.setenv(f"NEWS_{name}", str(tmp_path / value))
    return tmp_path


def test_rules_are_checked_and_sent_once(bag, place: Path) -> None:
    """Two runs of news_alerts report a row once; a sender that answers 500 fails no task, and its message waits."""
    with Receiver("fails") as webhook:
        (place / "alerts.toml").write_text(f"[senders]\ndesk = '{webhook.url}'\n{NEWS}")
        assert [bag.dags["news_alerts"].test().state for _ in range(2)] == ["success", "success"]
        assert (place / "alerts" / "alerts.sqlite").exists()


def test_without_a_file_the_run_is_green_and_writes_nothing(bag, place: Path) -> None:
    """Without alerts.toml, the task succeeds and creates no state."""
    assert bag.dags["news_alerts"].test().state == "success"
    assert not (place / "alerts").exists()


def test_without_the_add_on_no_rule_is_checked(bag, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If NEWS_ADDONS leaves alerts out, the task succeeds, and not even a wrong rule is read."""
    (place / "alerts.toml").write_text(NEWS.replace("sql", "sq"))
    monkeypatch.setenv("NEWS_ADDONS", "operate")

    assert bag.dags["news_alerts"].test().state == "success"
    assert not (place / "alerts").exists()


@pytest.mark.parametrize(("dag_id", "first"), [("news_ingest", "sources_web"), ("news_alerts", "check_alerts")])
def test_a_wrong_rule_fails_the_first_task(bag, place: Path, dag_id: str, first: str) -> None:
    """A wrong rule fails the run in its first task, at its first try."""
    (place / "alerts.toml").write_text(NEWS.replace("sql", "sq"))
    done = bag.dags[dag_id].test(run_conf={"day": "2026-03-02"})
    tries = {each.task_id: (each.state, each.try_number) for each in done.get_task_instances()}
    assert (done.state, tries[first]) == ("failed", ("failed", 1))


def test_a_failed_task_has_a_row(bag, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A task that failed for the last time is a failed run with its error, one row per task."""
    monkeypatch.setenv("NEWS_FROZEN_NOW", "2026-03-02T20:00:00+00:00")
    (place / "sources.toml").write_text("[sources.gone]\nkind = 'feed'\nurl = 'http://127.0.0.1:9/feed'\n")
    done = bag.dags["news_ingest"].test(run_conf={"day": "2026-03-02"})
    rows = query(connect(place / "lake"), "SELECT run_id, counts FROM runs WHERE status = 'failed'").rows
    assert (done.state, len(rows)) == ("failed", 1)
    run_id, counts = rows[0]
    assert str(run_id) == f"news_ingest.{done.run_id}.ingest_web.0"
    assert str(counts) == '{"errors": ["task ingest_web.0 failed (RefusedFetchError); read its log"]}'
