"""Runs of the DAGs for one evening of the newsroom, and what they send about themselves."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from samples.server import DAYS, Newsroom
from tests.dags.otlp import Receiver, otlp_receiver

ROOT = Path(__file__).parents[2]
DAGS = ("news_ingest", "news_extract", "news_inbox", "news_maintain")


@dataclass(frozen=True)
class ObservedDay:
    """What one run of a day printed, its metrics, and its lineage as lines of JSON."""

    done: dict[str, object]
    receiver: Receiver
    lineage: str


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


def observe_a_day(root: Path) -> ObservedDay:
    """Run a day with an endpoint for metrics and a transport for lineage, and nothing else."""
    file = root / "events.jsonl"
    transport = json.dumps({"type": "file", "log_file_path": str(file), "append": True})
    with otlp_receiver() as receiver:
        settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url, "AIRFLOW__OPENLINEAGE__TRANSPORT": transport}
        done = run_a_day(root, settings)
    return ObservedDay(done, receiver, file.read_text("utf-8"))
