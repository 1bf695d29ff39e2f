"""Real runs of the DAGs: in process, on SQLite, with the sample newsroom."""

from pathlib import Path
from typing import Any

import pytest

from samples.server import DAYS, ROOT, Newsroom

pytestmark = [pytest.mark.airflow, pytest.mark.model]


@pytest.fixture
def newsroom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The sample newsroom on its first evening, and settings that point to it."""
    with Newsroom(day=DAYS[0]) as served:
        sources = tmp_path / "sources.toml"
        given = (ROOT.parents[1] / "sources.toml").read_text("utf-8")
        sources.write_text(given.replace("127.0.0.1:8808", f"127.0.0.1:{served.port}").replace("data/", f"{tmp_path}/"))
        monkeypatch.setenv("NEWS_DATA_DIR", str(tmp_path))
        monkeypatch.setenv("NEWS_SOURCES_FILE", str(sources))
        monkeypatch.setenv("NEWS_FROZEN_NOW", f"{DAYS[0]}T20:00:00+00:00")
        yield served


def announced(run_id: str) -> list[str]:
    """Return the partition keys that a run emitted for raw_articles."""
    from airflow.models.asset import AssetEvent
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        events = session.scalars(select(AssetEvent).where(AssetEvent.source_run_id == run_id))
        return sorted(event.partition_key for event in events if event.partition_key)


def events_of(run_id: str) -> list[str]:
    """Return the names of the assets of which a run emitted events, sorted."""
    from airflow.models.asset import AssetEvent
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        events = session.scalars(select(AssetEvent).where(AssetEvent.source_run_id == run_id))
        return sorted(event.asset.name for event in events)


def states_of(run: Any) -> dict[str, set[str]]:
    """Return the states of the tasks of a run, by task."""
    states: dict[str, set[str]] = {}
    for task in run.get_task_instances():
        states.setdefault(task.task_id, set()).add(str(task.state))
    return states


def test_ingest_announces_and_extract_commits(bag, newsroom: Newsroom, tmp_path: Path) -> None:
    """news_ingest announces its own day and every day with archived pages; news_extract commits four tables; no task
    of a run without errors is skipped."""
    done = bag.dags["news_ingest"].test(run_conf={"day": DAYS[0].isoformat()})
    keys = announced(done.run_id)
    assert (done.state, DAYS[0].isoformat() in keys) == ("success", True)
    labels = {each.rendered_map_index for each in done.get_task_instances() if each.task_id == "ingest_web"}
    assert labels == {"courier", "gazette", "lantern"}
    derived = bag.dags["news_extract"].test(run_conf={"day": DAYS[0].isoformat()})
    for run in (done, derived):
        assert {state for states in states_of(run).values() for state in states} == {"success"}, states_of(run)
    for table in ("articles", "entities", "quotes", "events", "near_duplicates"):
        assert list((tmp_path / "lake" / "tables" / table).rglob("*.parquet")), table


def test_a_day_without_sources_is_announced(bag, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any source, no task is skipped, and the day is announced."""
    (tmp_path / "sources.toml").touch()
    monkeypatch.setenv("NEWS_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("NEWS_SOURCES_FILE", str(tmp_path / "sources.toml"))
    done = bag.dags["news_ingest"].test(run_conf={"day": "2026-03-02"})
    assert (done.state, announced(done.run_id)) == ("success", ["2026-03-02"])
    assert {state for states in states_of(done).values() for state in states} == {"success"}


def test_a_source_that_cannot_be_listed_fails_only_the_daily_run(bag, newsroom: Newsroom, tmp_path: Path) -> None:
    """A missing listing fails the daily run, after all others are announced; a sweep only reports it."""
    sources = tmp_path / "sources.toml"
    gone = f"[sources.gone]\nkind = 'feed'\nurl = '{newsroom.base_url}/courier/gone.xml'\n"
    sources.write_text(sources.read_text("utf-8") + gone)
    done = bag.dags["news_ingest"].test(run_conf={"day": DAYS[0].isoformat()})
    states = states_of(done)
    assert (done.state, states["ingest_web"], states["publish"], states["report_broken_items"]) == (
        "failed",
        {"success", "failed"},
        {"success"},
        {"upstream_failed"},
    )
    assert DAYS[0].isoformat() in announced(done.run_id)
    assert bag.dags["news_inbox"].test().state == "success"


def test_a_permanent_error_is_not_retried(bag, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An invalid sources file fails the run at its first try."""
    (tmp_path / "sources.toml").write_text("[sources.a]\nkind = 'feeed'\n")
    monkeypatch.setenv("NEWS_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("NEWS_SOURCES_FILE", str(tmp_path / "sources.toml"))
    done = bag.dags["news_ingest"].test(run_conf={"day": "2026-03-02"})
    tries = {each.task_id: (each.state, each.try_number) for each in done.get_task_instances()}
    assert (done.state, tries["sources_web"]) == ("failed", ("failed", 1))


@pytest.mark.parametrize(("dag_id", "first"), [("news_ingest", "sources_web"), ("news_extract", "plan")])
def test_a_run_without_a_day_fails_at_once(
    bag, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dag_id: str, first: str
) -> None:
    """A run that is triggered by hand without a day fails in its first task, and no task is tried twice."""
    (tmp_path / "sources.toml").touch()
    monkeypatch.setenv("NEWS_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("NEWS_SOURCES_FILE", str(tmp_path / "sources.toml"))
    done = bag.dags[dag_id].test()
    tries = {each.task_id: (each.state, each.try_number) for each in done.get_task_instances()}
    assert (done.state, tries[first]) == ("failed", ("failed", 1))
    assert max(number for _, number in tries.values()) == 1
    assert [path.name for path in (tmp_path / "lake" / "log").iterdir()] == ["runs"]  # the failure itself


def test_maintain_succeeds_on_an_empty_lake(bag, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the first run of another DAG, news_maintain succeeds, skips no task and announces no day."""
    monkeypatch.setenv("NEWS_DATA_DIR", str(tmp_path))
    done = bag.dags["news_maintain"].test()
    assert (done.state, {state for states in states_of(done).values() for state in states}) == ("success", {"success"})
    assert events_of(done.run_id) == ["lake_health"]


def test_maintain_announces_unprocessed_days(bag, newsroom: Newsroom) -> None:
    """news_maintain announces days without an extract run, and not again after they are processed."""
    conf = {"day": DAYS[0].isoformat()}
    days = announced(bag.dags["news_ingest"].test(run_conf=conf).run_id)
    assert announced(bag.dags["news_maintain"].test().run_id) == days
    for day in days:
        bag.dags["news_extract"].test(run_conf={"day": day})
    done = bag.dags["news_maintain"].test()
    assert (done.state, announced(done.run_id)) == ("success", [])


def test_maintain_goes_on_after_a_failed_verify(bag, newsroom: Newsroom, tmp_path: Path) -> None:
    """A broken table file fails the run; garbage collection and report still run."""
    from newslake.pipeline.jobs.workspace import Workspace
    from newslake.pipeline.settings import Settings

    conf = {"day": DAYS[0].isoformat()}
    bag.dags["news_ingest"].test(run_conf=conf)
    bag.dags["news_extract"].test(run_conf=conf)
    for file in (tmp_path / "lake" / "_state" / "data").rglob("*"):
        if file.is_file():
            file.chmod(0o644)
            file.write_bytes(b"broken")
    done = bag.dags["news_maintain"].test()
    states = {each.task_id: each.state for each in done.get_task_instances()}
    assert (done.state, states["verify"], states["compact"], states["collect_garbage"], states["finish"]) == (
        "failed",
        "failed",
        "success",
        "success",
        "upstream_failed",
    )
    runs = Workspace(Settings.load()).lake.log.read("runs")["run_id"].to_pylist()
    assert f"news_maintain.{done.run_id}" in runs
