"""The archive alone gives the tables, twice the same, without any network."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from samples.server import DAYS, ROOT, Newsroom
from tests.unit.stages.test_main_job import INBOX, digests, run_evening

pytestmark = [pytest.mark.model]


def test_archive_derives_twice_to_the_same_bytes_without_network(tmp_path: Path) -> None:
    """Two processes in which every use of a socket raises derive the sample newsroom to the bytes of the live runs."""
    live = tmp_path / "live"
    live.mkdir()
    shutil.copytree(INBOX, live / "inbox")
    with Newsroom() as newsroom:
        for day in DAYS:
            run_evening(live, newsroom, day)
    found = []
    for name in ("first", "second"):
        folder = tmp_path / name
        folder.mkdir()
        shutil.copytree(live / "raw", folder / "raw")
        shutil.copy(live / "sources.toml", folder)
        command = [sys.executable, "-m", "tests.faults.reclean_worker", str(folder)]
        subprocess.run(command, cwd=ROOT.parents[1], check=True, timeout=240)
        found.append(digests(folder))
    assert found[0] == found[1] == digests(live)
    assert {name.split("/")[0] for name in found[0]} >= {"articles", "entities", "quotes", "events", "revisions"}


def test_the_hook_would_tell() -> None:
    """Under the hook a socket cannot even be made: the test above can fail."""
    code = (
        "import sys, socket; from tests.faults.reclean_worker import no_network;"
        "sys.addaudithook(no_network); socket.socket()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT.parents[1], capture_output=True, text=True, timeout=60, check=False
    )
    assert "deriving must not touch the network" in done.stderr
