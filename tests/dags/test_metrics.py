"""Metrics of real runs, sent to a real receiver of OTLP."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from samples.server import DAYS, Newsroom
from tests.dags.otlp import otlp_receiver

ROOT = Path(__file__).parents[2]
DAGS = ("news_ingest", "news_extract", "news_inbox", "news_maintain")

pytestmark = [pytest.mark.airflow, pytest.mark.model]


def run_a_day(root: Path, settings: Mapping[str, str]) -> dict[str, object]:
    """Run the DAGs of the newsroom's first evening in a process of their own, with the settings of `make up`."""
    code = (
        "from news_airflow.local_airflow import _whole_environment as e; import json, pathlib, sys\n"
        "print(json.dumps(e(pathlib.Path(sys.argv[1]), port=1)))"
    )
    names = ("NEWS_", "AIRFLOW", "OTEL_", "OPENLINEAGE")
    given = {name: value for name, value in os.environ.items() if not name.startswith(names)}
    with Newsroom(day=DAYS[0]) as newsroom:
        (root / "sources.toml").write_text(
            f'private_hosts = ["127.0.0.1:{newsroom.port}"]\n'
            f'[sources.courier]\nkind = "feed"\nurl = "{newsroom.base_url}/courier/rss.xml?key=secret"\n'
            "interval_seconds = 0\nfreshness = {warn_after_hours = 1, error_after_hours = 2}\n"
        )
        ours = {
            "PYTHONPATH": f"{ROOT}:{ROOT / 'plugins'}",
            "NEWS_DATA_DIR": str(root / "data"),
            "NEWS_SOURCES_FILE": str(root / "sources.toml"),
            "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "0",
            "NEWS_FROZEN_NOW": f"{DAYS[0]}T20:00:00+00:00",
        }
        command = [sys.executable, "-c", code, str(root / "airflow")]
        whole = subprocess.run(command, env=given | ours | settings, capture_output=True, text=True, check=True)
        command = [sys.executable, "-m", "tests.dags.runs_of_one_day", DAYS[0].isoformat()]
        environment = json.loads(whole.stdout)
        done = subprocess.run(
            command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False, timeout=200
        )
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, object] = json.loads(
        next(line for line in done.stdout.splitlines() if line.startswith('{"states"'))
    )
    return found


def test_runs_send_their_metrics_to_the_collector(tmp_path: Path) -> None:
    """With an endpoint of OTLP, and nothing else, runs send Airflow's metrics and ours, with the numbers of the run."""
    with otlp_receiver() as receiver:
        done = run_a_day(tmp_path, {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url})
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
