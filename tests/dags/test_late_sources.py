"""The DAGs report late and stale sources: in the asset events of the daily ingest and of maintenance."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from newslake.pipeline.jobs.workspace import Workspace
from tests.addons.operate.source_history import NOW, add_articles, every, make_space

pytestmark = [pytest.mark.airflow, pytest.mark.model]


def extra_of(run_id: str) -> dict[str, Any]:
    """Return the extra of the asset events of a run, which all have the same."""
    from airflow.models.asset import AssetEvent
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        events = session.scalars(select(AssetEvent).where(AssetEvent.source_run_id == run_id))
        [extra] = {json.dumps(event.extra, sort_keys=True) for event in events}
        found: dict[str, Any] = json.loads(extra)
        return found


@pytest.fixture
def space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A feed that cannot be listed, five days after its newest article."""
    add_articles(make_space(tmp_path), every(6))
    monkeypatch.setenv("NEWS_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("NEWS_SOURCES_FILE", str(tmp_path / "sources.toml"))
    monkeypatch.setenv("NEWS_FROZEN_NOW", (NOW + timedelta(days=5)).isoformat())
    return make_space(tmp_path, now=NOW + timedelta(days=5))


def test_stale_source_is_in_the_events(bag, space: Workspace) -> None:
    """The daily ingest and the maintenance run have a stale source in their events, and the row of the run names it."""
    ingested = bag.dags["news_ingest"].test(run_conf={"day": "2026-04-03"})
    [late] = extra_of(ingested.run_id)["freshness"]["late"]
    assert (late["source_key"], late["status"], late["cause"]) == ("post", "stale", "failing")
    assert late["since"] == "2026-04-03T06:00:00+00:00"
    maintained = bag.dags["news_maintain"].test()  # its step verify fails: the archive has no page of these articles
    extra = extra_of(maintained.run_id)
    assert extra["freshness"] == {"late": [late], "error": None}
    assert late["line"] in extra["warnings"]
    assert late["line"].startswith("post: STALE since 2026-04-03 06:00 UTC: newest article 5 days old; polls fail (")
    run_id = f"news_maintain.{maintained.run_id}"
    rows = [row for row in space.lake.log.read("runs").to_pylist() if row["run_id"] == run_id]
    assert [late["line"] in json.loads(row["counts"])["warnings"] for row in rows] == [True]
