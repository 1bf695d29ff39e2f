"""What lineage by OpenLineage and metrics by OpenTelemetry take while they are off.

`python -m tests.bench_listeners`: starts fresh processes with the plugins folder and an empty home of Airflow. Prints
the processor time that a process needs for the provider's plugin after it has loaded Airflow's plugins, the modules of
OpenLineage that are loaded then, and the time of one call that would send metrics. Medians.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.figures import out

RUNS, CALLS = 7, 200
MOST_PLUGIN_MS, MOST_CALL_MS = 5.0, 1.0
_SWITCHES = ("AIRFLOW__OPENLINEAGE", "OPENLINEAGE", "OTEL_", "AIRFLOW__METRICS", "AIRFLOW__TRACES")
_MEASURE = f"""\
import json, sys, time
from airflow import plugins_manager
from news_airflow.metrics import count_pages, is_on
began = time.process_time()
from airflow.providers.openlineage.plugins.openlineage import OpenLineageProviderPlugin
loaded = time.process_time() - began
kinds = ("kept", "unchanged", "not_checked", "rejected", "quarantined", "pending")
summary = dict.fromkeys(kinds, 1)
libraries = [name for name in sys.modules if name.partition(".")[0] == "openlineage"]
is_on()
began = time.process_time()
for _ in range({CALLS}):
    count_pages(summary, stage="extract")
called = (time.process_time() - began) / {CALLS}
print(json.dumps([1000 * loaded, 1000 * called, len(OpenLineageProviderPlugin.listeners), len(libraries), is_on()]))
"""


def main() -> None:
    """Print the figures with their goals."""
    with tempfile.TemporaryDirectory() as home:
        found = [_measure(Path(home)) for _ in range(RUNS + 1)][1:]  # the first writes Airflow's configuration
    plugin, call = (statistics.median(each[number] for each in found) for number in (0, 1))
    listeners, libraries = (max(each[number] for each in found) for number in (2, 3))
    assert not any(each[4] for each in found)
    _say(plugin <= MOST_PLUGIN_MS, "OpenLineage's plugin, per process", f"{plugin:.1f} ms CPU")
    _say(listeners == 0, "listeners that are registered", f"{listeners:.0f}")
    _say(libraries == 0, "modules of OpenLineage that are loaded", f"{libraries:.0f}")
    _say(call <= MOST_CALL_MS, "metrics of a run, per call", f"{1000 * call:.0f} µs CPU")


def _measure(home: Path) -> list[float]:
    """Return the figures of one new process."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_SWITCHES)}
    paths = [str(Path(__file__).parents[1] / "plugins"), str(Path(__file__).parents[1])]
    given = {"AIRFLOW_HOME": str(home), "PYTHONPATH": os.pathsep.join(paths)}
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE], env=kept | given, capture_output=True, text=True, check=True
    )
    figures: list[float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _say(is_met: bool, name: str, figure: str) -> None:
    out.print(f"{'met ' if is_met else 'MISS'} {name}: {figure}")


if __name__ == "__main__":
    main()
