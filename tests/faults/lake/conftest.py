"""Shared by the lake's fault tests: an undisturbed lake."""

from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from tests.faults.lake.newsdesk import HOURS, open_lake, publish_all, work_struck
from tests.faults.lake.promises import assert_whole, public_files
from tests.faults.lake.undisturbed import Baseline, copy_lake, manifest_files, state_of
from tests.faults.sample_run import Worker, wait_for_exit


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return the public files of an undisturbed lake with only the last hour."""
    root = tmp_path_factory.mktemp("clean")
    publish_all(open_lake(root), hour=HOURS)
    assert open_lake(root).verify() == ()
    return public_files(root)


@pytest.fixture(scope="session")
def undisturbed(processes: ForkServerContext, tmp_path_factory: pytest.TempPathFactory) -> Baseline:
    """Return the baseline: the work without a disturbed call."""
    base = tmp_path_factory.mktemp("base") / "lake"
    publish_all(open_lake(base), hour=0)
    root = copy_lake(base, tmp_path_factory.mktemp("undisturbed"))
    calls, manifests = wait_for_exit(Worker(processes, work_struck, root, None)).result
    assert_whole(open_lake(root))
    states = {state_of(content) for content in [*manifests, *map(Path.read_bytes, manifest_files(base))]}
    return Baseline(base, public_files(base), public_files(root), calls, frozenset(states))
