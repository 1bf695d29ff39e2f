"""The tables can be derived from the archive, twice with the same result, without any network."""

import shutil
import subprocess
import sys
from functools import partial
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from samples.server import DAYS, ROOT, Newsroom
from tests.faults.invariants import table_files
from tests.faults.reclean_worker import derive_all, open_socket
from tests.faults.resume_worker import whole_evening
from tests.faults.sample_run import SECOND, Evening, at_leisure

pytestmark = [pytest.mark.model, pytest.mark.timeout(1800)]


@pytest.fixture
def live(undisturbed: Evening, newsroom: Newsroom, processes: ForkServerContext, tmp_path: Path) -> Path:
    """A data root after all three evenings of the sample newsroom."""
    folder = tmp_path / "live"
    shutil.copytree(undisturbed.folder, folder)
    newsroom.day = DAYS[2]
    try:
        at_leisure(processes, whole_evening, folder, DAYS[2])
    finally:
        newsroom.day = SECOND
    return folder


def test_archive_derives_twice_to_the_same_bytes_without_network(
    live: Path, processes: ForkServerContext, tmp_path: Path
) -> None:
    """Two processes without sockets derive the sample newsroom to the same bytes as the live runs."""
    found = []
    for name, derive in (("first", partial(at_leisure, processes, derive_all)), ("second", derive_in_a_new_process)):
        folder = tmp_path / name
        folder.mkdir()
        shutil.copytree(live / "archive", folder / "archive")
        shutil.copy(live / "sources.toml", folder)
        derive(folder)
        found.append(table_files(folder))
    assert found[0] == found[1] == table_files(live)
    assert {name.split("/")[0] for name in found[0]} >= {"articles", "entities", "quotes", "events", "revisions"}


def derive_in_a_new_process(folder: Path) -> None:
    """Derive in a process with another order of sets: forks of one process share its hash seed."""
    command = [sys.executable, "-m", "tests.faults.reclean_worker", str(folder)]
    subprocess.run(command, cwd=ROOT.parents[1], check=True, timeout=1200)


def test_hook_detects_a_socket(processes: ForkServerContext) -> None:
    """With the hook a socket cannot be created, so that the test above can fail."""
    with pytest.raises(PermissionError, match="deriving must not touch the network"):
        at_leisure(processes, open_socket)
