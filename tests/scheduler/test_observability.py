"""Metrics, lineage and JSON logs of a real Airflow as `make up` starts it, with one variable for each."""

import json
from pathlib import Path

import pytest
from news_airflow.supervisor import log_file

from samples.server import DAYS
from tests.dags.otlp import otlp_receiver
from tests.scheduler.machine import newsroom_machine

pytestmark = [pytest.mark.airflow, pytest.mark.model, pytest.mark.nightly, pytest.mark.timeout(1200)]


def test_tasks_send_metrics_and_lineage_and_parts_write_json(tmp_path: Path) -> None:
    """A backfilled day of a real scheduler sends the numbers of its tasks and the lineage of its runs; no task is
    skipped; every line of the scheduler's log is a JSON object."""
    events = tmp_path / "lineage.jsonl"
    transport = json.dumps({"type": "file", "log_file_path": str(events), "append": True})
    with otlp_receiver() as receiver:
        settings = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url,
            "AIRFLOW__OPENLINEAGE__TRANSPORT": transport,
            "NEWS_LOG_FORMAT": "json",
        }
        with newsroom_machine(tmp_path, **settings) as machine:
            day = DAYS[-1].isoformat()
            create = ("airflow", "backfill", "create", "--dag-id", "news_ingest", "--from-date", day, "--to-date", day)
            machine.command(*create)
            machine.wait_until_quiet(seconds=3000)
            rows = machine.wait_until(lambda: receiver.values("airflow.newslake.rows"), seconds=300)
    sent = [json.loads(line) for line in events.read_text("utf-8").splitlines()]
    done = {each["job"]["name"] for each in sent if each["eventType"] == "COMPLETE"}
    lines = log_file(machine.home, "scheduler").read_text("utf-8").splitlines()

    assert rows[(("table", "articles"),)] > 0
    assert {"airflow.newslake.pages", "airflow.ti_successes", "airflow.scheduler_heartbeat"} <= receiver.names()
    assert receiver.temporalities() == {1}
    assert {"news_ingest", "news_ingest.ingest_web", "news_extract.commit"} <= done
    assert [line for line in lines if not line.startswith("{")] == []
