"""Shared by the fault tests: a fork server with the model loaded, and one undisturbed evening."""

import multiprocessing
import shutil
import subprocess
from collections.abc import Callable, Iterator
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from samples.server import ROOT, Newsroom
from tests.faults.invariants import table_files
from tests.faults.resume_worker import derive_afresh, whole_evening
from tests.faults.sample_run import FIRST, SECOND, Evening, at_leisure

_DISK_BYTES = 8_000_000


@pytest.fixture(scope="session")
def processes() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.faults.preload"])
    return context


@pytest.fixture(scope="session")
def newsroom() -> Iterator[Newsroom]:
    with Newsroom(day=FIRST) as served:
        yield served


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory, newsroom: Newsroom, processes: ForkServerContext) -> Path:
    """A data root after the first evening; the second evening is online, and three files wait in the inbox."""
    folder = tmp_path_factory.mktemp("base") / "data"
    folder.mkdir()
    given = (ROOT.parents[1] / "sources.toml").read_text("utf-8")
    port = f"127.0.0.1:{newsroom.port}"
    (folder / "sources.toml").write_text(given.replace("127.0.0.1:8808", port).replace("data/inbox", "inbox"))
    (folder / "inbox").mkdir()
    at_leisure(processes, whole_evening, folder, FIRST)
    shutil.copytree(ROOT.parent / "inbox", folder / "inbox", dirs_exist_ok=True)
    newsroom.day = SECOND
    return folder


@pytest.fixture
def evening_at(base: Path, tmp_path: Path, processes: ForkServerContext) -> Callable[..., Evening]:
    """Return a function that gives the second evening, not started, in a copy of the base."""

    def copied(name: str = "data", **given) -> Evening:
        folder = tmp_path / name
        if not folder.exists():
            shutil.copytree(base, folder)
        return Evening(processes, folder, **given)

    return copied


@pytest.fixture(scope="session")
def undisturbed(base: Path, processes: ForkServerContext, tmp_path_factory: pytest.TempPathFactory) -> Evening:
    """The second evening without a kill; its tables equal a derive of its archive."""
    folder = tmp_path_factory.mktemp("undisturbed") / "data"
    shutil.copytree(base, folder)
    evening = Evening(processes, folder).run()
    afresh = tmp_path_factory.mktemp("afresh")
    at_leisure(processes, derive_afresh, folder, SECOND, afresh)
    assert table_files(folder) == table_files(afresh)
    return evening


@pytest.fixture
def inbox_root(tmp_path: Path) -> Path:
    """A data root with an empty inbox as its only source."""
    root = tmp_path / "data"
    (root / "inbox").mkdir(parents=True)
    (root / "sources.toml").write_text('[sources.inbox]\nkind = "inbox"\npath = "inbox"\n')
    return root


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A separate file system of a few megabytes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={_DISK_BYTES}", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"cannot mount a small disk here ({mounted.stderr.decode().strip()}); the other form runs")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)
