"""A real Airflow in a temporary home: SQLite, no examples. Its settings are made before airflow is imported."""

import gc
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.dags.observed import ObservedDay

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "plugins"))


@pytest.fixture(autouse=True)
def _plugins_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the processes that a test starts find the plugins."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(ROOT), str(ROOT / "plugins"))))


@pytest.fixture(scope="session")
def bag(tmp_path_factory: pytest.TempPathFactory):
    """All DAGs of dags/, with a migrated database."""
    from news_airflow.local_airflow import environment

    home = tmp_path_factory.mktemp("airflow")
    ours = {name: value for name, value in environment(home).items() if not name.startswith("NEWS_")}
    del ours["PYTHONPATH"]  # of each test here alone: other folders run in this process, too
    os.environ.update(ours | {"AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR"})
    from airflow.dag_processing.dagbag import DagBag
    from airflow.utils.db import initdb

    initdb()
    dags = DagBag(str(ROOT / "dags"))
    gc.collect()
    gc.freeze()  # the modules of Airflow
    return dags


@pytest.fixture(scope="session")
def observed(tmp_path_factory: pytest.TempPathFactory) -> "ObservedDay":
    """One run of a day for its metrics and its lineage."""
    from tests.dags.observed import observe_a_day

    return observe_a_day(tmp_path_factory.mktemp("observed"))


@pytest.fixture(scope="session")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The origin of a real api-server that requires a login, with a data root without a lake."""
    from tests.browser.airflow import airflow_pages

    root = tmp_path_factory.mktemp("empty").resolve()
    (root / "sources.toml").write_text("[sources.post]\nkind = 'feed'\nurl = 'http://127.0.0.1:9/feed'\n")
    with airflow_pages(root) as wait:
        yield wait()
