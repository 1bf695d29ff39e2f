"""Real runs of news_inbox: in process, on SQLite, with the sample newsroom."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from samples.server import DAYS, Newsroom

pytestmark = pytest.mark.airflow


@pytest.fixture
def watch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A function that configures some sources of the newsroom's first evening."""
    with Newsroom(day=DAYS[0]) as newsroom:
        listed = {
            "door": 'kind = "inbox"\npath = "in"\n',
            "courier": f'kind = "feed"\nurl = "{newsroom.base_url}/courier/rss.xml"\ninterval_seconds = 0\n',
            "broken": f'kind = "feed"\nurl = "{newsroom.base_url}/robots.txt"\ninterval_seconds = 0\n',
        }

        def settings_for(*keys: str) -> None:
            tables = "".join(f"[sources.{key}]\n{listed[key]}" for key in keys)
            (tmp_path / "sources.toml").write_text(f'private_hosts = ["127.0.0.1:{newsroom.port}"]\n{tables}')

        monkeypatch.setenv("NEWS_DATA_DIR", str(tmp_path))
        monkeypatch.setenv("NEWS_SOURCES_FILE", str(tmp_path / "sources.toml"))
        monkeypatch.setenv("NEWS_FROZEN_NOW", f"{DAYS[0]}T20:00:00+00:00")
        (tmp_path / "in").mkdir()
        yield settings_for


def run(bag: Any) -> tuple[str, dict[str, list[str]], list[str]]:
    """Run a sweep of news_inbox; return its state, the states of its tasks, and the days that it announced."""
    from airflow.models.asset import AssetEvent
    from airflow.utils.session import create_session
    from sqlalchemy import select

    done = bag.dags["news_inbox"].test()
    states: dict[str, list[str]] = {}
    for task in done.get_task_instances():
        states.setdefault(task.task_id, []).append(str(task.state))
    with create_session() as session:
        events = session.scalars(select(AssetEvent).where(AssetEvent.source_run_id == done.run_id))
        return str(done.state), states, sorted(event.partition_key for event in events)


def test_sweep_ingests_every_source_and_announces_new_days(bag: Any, watch: Any, tmp_path: Path) -> None:
    """Files and feeds are archived and their days announced; a second sweep finds nothing new and emits no event."""
    watch("door", "courier")
    (tmp_path / "in" / "a.txt").write_text("A ferry sails again.\n\nThe ferry of Tarnwick sails again on Monday.\n")
    state, tasks, days = run(bag)
    assert (state, days) == ("success", [DAYS[0].isoformat()])
    assert (tasks["ingest_web"], tasks["ingest_files"]) == (["success"], ["success"])
    assert (tmp_path / "in" / "done" / "a.txt").exists()
    state, tasks, days = run(bag)
    assert (state, tasks["publish"], days) == ("success", ["success"], [])


def test_empty_group_does_not_suppress_the_signal(bag: Any, watch: Any, tmp_path: Path) -> None:
    """Without online sources, their task has nothing to do and succeeds, and the days of the inbox are announced."""
    watch("door")
    (tmp_path / "in" / "a.txt").write_text("A ferry sails again.\n\nThe ferry of Tarnwick sails again on Monday.\n")
    state, tasks, days = run(bag)
    assert (state, {state for each in tasks.values() for state in each}) == ("success", {"success"})
    assert days == [DAYS[0].isoformat()]


def test_sources_are_those_of_all_signals(bag: Any, watch: Any) -> None:
    """The sources of a run are those of all its signals."""
    from news_airflow.assets import FEEDS, INBOX
    from news_airflow.ingesting import sources

    watch("door", "courier", "broken")
    feeds = [SimpleNamespace(extra={"payload": {"sources": [key]}}) for key in ("broken", "courier")]
    woken = {FEEDS: feeds, INBOX: [SimpleNamespace(extra={"payload": {"sources": ["door"]}})]}
    assert sources.function("web", is_daily=False, triggering_asset_events=woken) == ["courier", "broken"]
    assert sources.function("web", is_daily=False, triggering_asset_events={INBOX: woken[INBOX]}) == [None]
