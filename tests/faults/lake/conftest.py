"""Shared by the lake's fault tests: an undisturbed lake."""

from multiprocessing.context import ForkServerContext

import pytest

from tests.faults.lake.newsdesk import HOURS, begin, months_of, open_lake, publish_all, state_of, work_struck
from tests.faults.lake.promises import assert_whole, public_files
from tests.faults.lake.undisturbed import Baseline, copy_lake
from tests.faults.sample_run import Worker, wait_for_exit


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return the public files of an undisturbed lake with only the last hour, all of its months closed."""
    root = tmp_path_factory.mktemp("clean")
    publish_all(open_lake(root), hour=HOURS)
    open_lake(root).compact(months=months_of(open_lake(root)))
    assert open_lake(root).verify() == ()
    return public_files(root)


@pytest.fixture(scope="session")
def undisturbed(processes: ForkServerContext, tmp_path_factory: pytest.TempPathFactory) -> Baseline:
    """Return the baseline: the work without a disturbed call."""
    base = tmp_path_factory.mktemp("base") / "lake"
    begin(base)
    root = copy_lake(base, tmp_path_factory.mktemp("undisturbed"))
    calls, states = wait_for_exit(Worker(processes, work_struck, root, None)).result
    assert_whole(open_lake(root))
    return Baseline(base, public_files(base), public_files(root), calls, frozenset([*states, state_of(base)]))
