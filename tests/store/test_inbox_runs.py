"""Runs of two hosts that empty an inbox in a bucket: ingest as a process, on all services of a shared store."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from newslake.pipeline.jobs.ingest import ingest
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.settings import Settings
from newslake.pipeline.shared.bucket import Bucket
from newslake.pipeline.shared.tables import create_tables
from tests.architecture.tree import ROOT
from tests.faults.inbox import plain_text
from tests.scale.seaweedfs import BUCKET, REGION
from tests.store.stores import bucket_of

FILES = 30
DAY = date(2026, 3, 3)
_INGEST = """
import sys
from datetime import date
from newslake.pipeline.jobs.ingest import ingest
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.settings import Settings
done = ingest(Workspace(Settings.load()), source_key="gate", day=date.fromisoformat(sys.argv[1]), run_id=sys.argv[2])
print(done.report.discovered)
"""


class Hosts:
    """Hosts without a common disk that work on one shared store."""

    def __init__(self, folder: Path, store: dict[str, str], gate: Bucket) -> None:
        self._folder = folder
        self._store = store
        self.gate = gate

    def _environment(self, host: str) -> dict[str, str]:
        data, sources = self._folder / host / "data", self._folder / "sources.toml"
        return {**self._store, "NEWS_DATA_DIR": str(data), "NEWS_SOURCES_FILE": str(sources)}

    def start(self, host: str, run_id: str) -> subprocess.Popen[str]:
        """Start a run on a host."""
        environment = {**os.environ, **self._environment(host), "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", _INGEST, DAY.isoformat(), run_id]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def space(self, host: str) -> Workspace:
        """Return the view of a host."""
        given = {name.removeprefix("NEWS_").lower(): value for name, value in self._environment(host).items()}
        return Workspace(Settings.load(**{name: value for name, value in given.items() if not name.startswith("aws_")}))

    def names(self, folder: str = "") -> list[str]:
        return [each.key.rpartition("/")[2] for each in self.gate.list(folder, is_deep=False)]


@pytest.fixture
def hosts(postgres, weed, schema, tmp_path, monkeypatch) -> Hosts:
    for name, value in weed.admin.environment().items():
        monkeypatch.setenv(name, value)
    prefix = f"runs/{schema}"
    (tmp_path / "sources.toml").write_text(f'[sources.gate]\nkind = "inbox"\nurl = "s3://{BUCKET}/{prefix}/gate"\n')
    properties = {"rest.sigv4-enabled": "true", "rest.signing-name": "s3tables", "rest.signing-region": REGION}
    file = tmp_path / "catalog.toml"
    file.write_text("".join(f"{json.dumps(name)} = {json.dumps(value)}\n" for name, value in properties.items()))
    store = {
        "NEWS_STORE": "shared",
        "NEWS_DATABASE_URL": postgres.url,
        "NEWS_DATABASE_SCHEMA": schema,
        "NEWS_OBJECTS_URL": f"s3://{BUCKET}/{prefix}/archive",
        "NEWS_OBJECTS_ENDPOINT": weed.endpoint,
        "NEWS_OBJECTS_REGION": REGION,
        "NEWS_ALLOW_HTTP": "true",
        "NEWS_CATALOG_URL": weed.catalog_url,
        "NEWS_CATALOG_WAREHOUSE": weed.warehouse,
        "NEWS_CATALOG_NAMESPACE": f"runs_{schema}",
        "NEWS_CATALOG_PROPERTIES_FILE": str(file),
    }
    given = Hosts(tmp_path, store, bucket_of(weed, prefix=f"{prefix}/gate"))
    shared: Any = given.space("one").store
    create_tables(shared.tables.places, shared.leases.committer)
    for number in range(FILES):
        given.gate.put(f"plan-{number}.txt", plain_text(number).encode())
    return given


def wait_until(there: Callable[[], object], run: subprocess.Popen[str]) -> None:
    """Wait until something is there, while a run lives."""
    while not there():
        assert run.poll() is None, run.communicate()
        time.sleep(0.002)


def finish(run: subprocess.Popen[str]) -> int:
    """Return how many pages a run has discovered."""
    said, errors = run.communicate(timeout=180)
    assert run.returncode == 0, errors
    return int(said)


def assert_nothing_is_lost_or_doubled(hosts: Hosts) -> None:
    assert sorted(hosts.names("done")) == sorted(f"plan-{number}.txt" for number in range(FILES))
    assert (hosts.names(), hosts.names("failed")) == ([], [])
    captures = hosts.space("one").archive.captures()
    assert len({capture.article_id for capture in captures}) == FILES
    assert sum(not capture.is_revisit for capture in captures) == FILES


def claims(hosts: Hosts) -> Callable[[], object]:
    shared: Any = hosts.space("one").store
    return lambda: shared.database.query("SELECT 1 FROM inbox_claims LIMIT 1")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("moment", ["claimed", "settling"])
def test_a_run_that_is_killed_goes_on_at_another_host(hosts, moment):
    """What a killed run has claimed, read or half moved away, another host's run reads and moves; each file once."""
    first = hosts.start("one", "in-1")
    wait_until(claims(hosts) if moment == "claimed" else lambda: hosts.names("done"), first)
    first.send_signal(signal.SIGKILL)
    first.wait(30)
    waiting = len(hosts.names())
    assert waiting > 0  # killed in time
    finish(hosts.start("other", "in-1"))
    assert_nothing_is_lost_or_doubled(hosts)


@pytest.mark.timeout(600)
def test_two_hosts_share_the_files_of_an_inbox(hosts):
    """Two runs at once, and files that come meanwhile: each file has one outcome of one run."""
    runs = [hosts.start("one", "in-1"), hosts.start("other", "in-2")]
    discovered = [finish(run) for run in runs]
    discovered.append(finish(hosts.start("other", "in-3")))
    assert sum(discovered) == FILES
    assert_nothing_is_lost_or_doubled(hosts)
    rows = hosts.space("other").store.tables.log.read("outcomes").to_pylist()
    assert set(Counter(row["url"] for row in rows).values()) == {1}


@pytest.mark.timeout(600)
def test_hosts_read_on_in_a_file_of_an_inbox(hosts):
    """Runs of two hosts read one line each, where the last one has stopped; the file moves after its end."""
    for name in hosts.names():
        hosts.gate.delete(name)
    hosts.gate.put("plans.jsonl", "\n".join(json.dumps({"text": plain_text(number)}) for number in range(3)).encode())
    discovered = []
    for number in range(4):
        assert hosts.names() == ["plans.jsonl"]
        space = hosts.space(("one", "other")[number % 2])
        done = ingest(space, source_key="gate", day=DAY, run_id=f"in-{number}", slice_seconds=0)
        discovered.append(done.report.discovered)
    assert discovered == [1, 1, 1, 0]
    assert (hosts.names(), hosts.names("done")) == ([], ["plans.jsonl"])
    assert list(hosts.space("one").fetch_state.listings()) == []
