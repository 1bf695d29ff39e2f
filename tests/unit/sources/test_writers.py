"""A file that somebody is still writing stays in the inbox, whatever its name says."""

import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.sources import claimed, waiting
from pipeline.sources.writers import FolderClock, is_finished

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="leases are Linux's")


def names_claimed(inbox: Path, run_id: str = "run") -> list[str]:
    """Return the names that a run gets."""
    with claimed(inbox, run_id=run_id) as own:
        return sorted(path.name for path in own.iterdir())


@LINUX
def test_open_file_is_left_until_its_writer_closes_it(tmp_path: Path) -> None:
    """A file open for writing is neither told nor claimed, however old its last change; closed, it is at once."""
    with (tmp_path / "a.txt").open("w") as writer:
        writer.write("half an article")
        writer.flush()
        os.utime(writer.fileno(), (0, 0))
        (tmp_path / "b.txt").write_text("whole")
        assert [file.name for file in waiting(tmp_path)] == ["b.txt"]
        assert names_claimed(tmp_path) == ["b.txt"]
    assert names_claimed(tmp_path) == ["a.txt", "b.txt"]


@LINUX
def test_open_file_for_reading_is_no_writer(tmp_path: Path) -> None:
    """Who reads a file does not hold it back."""
    (tmp_path / "a.txt").write_text("whole")
    with (tmp_path / "a.txt").open():
        assert names_claimed(tmp_path) == ["a.txt"]


def _write_again_and_again(path: str, stop: object) -> None:
    while not stop.is_set():
        with open(path, "w") as file:
            file.write("x")


@LINUX
def test_asking_survives_a_writer_that_comes_meanwhile(tmp_path: Path) -> None:
    """A writer that breaks the lease while it is asked for ends nobody: its signal is one that is ignored."""
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    path = tmp_path / "a.txt"
    path.write_text("x")
    writer = context.Process(target=_write_again_and_again, args=(str(path), stop))
    writer.start()
    answers = set()
    end = time.monotonic() + 20
    while time.monotonic() < end and answers != {True, False}:
        answers.add(is_finished(path, clock=FolderClock(tmp_path)))
    for _ in range(300):
        is_finished(path, clock=FolderClock(tmp_path))
    stop.set()
    writer.join()
    assert answers == {True, False}


def test_without_leases_a_file_rests_for_two_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the kernel tells nothing of writers, a file is claimed once it has not changed for two seconds."""
    monkeypatch.setattr(sys, "platform", "somewhere else")
    (tmp_path / "a.txt").write_text("x")
    assert names_claimed(tmp_path) == []
    then = (tmp_path / "a.txt").stat().st_mtime - 2.1
    os.utime(tmp_path / "a.txt", (then, then))
    assert names_claimed(tmp_path) == ["a.txt"]


_AS_NOBODY = """
import os, sys
from pathlib import Path
from pipeline.sources.writers import FolderClock, is_finished
os.chdir(sys.argv[1])
os.setuid(65534)
clock = FolderClock(Path())
print(*(name for name in ("new.txt", "old.txt") if is_finished(Path(name), clock=clock)))
"""


@LINUX
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
def test_file_of_another_owner_rests_for_two_seconds(tmp_path: Path) -> None:
    """Of another user's file no lease is to be had, so it counts by its last change."""
    tmp_path.chmod(0o777)
    for name, age in (("old.txt", 3.0), ("new.txt", -60.0)):
        (tmp_path / name).write_text("x")
        then = (tmp_path / name).stat().st_mtime - age
        os.utime(tmp_path / name, (then, then))
    asked = [sys.executable, "-c", _AS_NOBODY, str(tmp_path)]
    assert subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split() == ["old.txt"]


def test_lone_sidecar_is_not_told(tmp_path: Path) -> None:
    """A .json that waits for its page wakes nobody."""
    (tmp_path / "a.json").write_text("{}")
    assert waiting(tmp_path) == []
