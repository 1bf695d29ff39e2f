"""Metrics of real runs, sent to a real receiver of OTLP."""

from pathlib import Path

import pytest

from tests.dags.observed import DAGS, ObservedDay, run_a_day

pytestmark = [pytest.mark.airflow, pytest.mark.model]


def test_runs_send_their_metrics_to_the_collector(observed: ObservedDay) -> None:
    """With an endpoint of OTLP, runs send Airflow's metrics and ours, with the numbers of the run."""
    done, receiver = observed.done, observed.receiver
    pages, rows = receiver.values("airflow.newslake.pages"), receiver.values("airflow.newslake.rows")
    kept, rejected = (pages[("outcome", outcome), ("stage", "extract")] for outcome in ("kept", "rejected"))

    assert done["states"] == dict.fromkeys(DAGS, "success")
    assert set(receiver.paths) == {"/v1/metrics"}
    assert kept > 0
    assert rows[(("table", "articles"),)] == kept
    assert {table for ((_, table),) in rows} >= {"articles", "entities", "quotes", "events"}
    assert receiver.values("airflow.newslake.articles") == {(("work", "derived_new"),): kept + rejected}
    ages = receiver.values("airflow.newslake.newest_article_age_seconds")
    assert list(ages) == [(("source", "courier"),)]
    assert 0 < ages[(("source", "courier"),)] < 86_400
    assert receiver.values("airflow.newslake.waiting_days") == {(): 0.0}
    assert receiver.temporalities() == {1}
    identity = {(each["service.name"], each["service.instance.id"]) for each in receiver.resources()}
    assert identity == {("newslake", "newslake")}
    assert "airflow.ti_successes" in receiver.names()


def test_without_an_endpoint_nothing_is_loaded(tmp_path: Path) -> None:
    """Without a collector, no task loads the SDK of OpenTelemetry or the client of OpenLineage."""
    done = run_a_day(tmp_path, {})
    assert done["states"] == dict.fromkeys(DAGS, "success")
    assert done["loaded"] == []
