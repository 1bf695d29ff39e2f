"""A process that commits may be killed at any moment; what comes after gives what would have been."""

import os
import random
import time
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

import pytest

from tests.faults.lake_worker import (
    ARTICLES,
    edition,
    open_lake,
    publish_and_die,
    publish_edition,
    publish_forever,
    race,
)

LONG = bool(os.environ.get("NEWSLAKE_LONG"))
KILLS = int(os.environ.get("NEWSLAKE_KILLS", "500" if LONG else "20"))
RACES = 100 if LONG else 4
FINAL = 1_000_000


def public_files(root: Path) -> dict[str, bytes]:
    tables = root / "tables"
    return {path.relative_to(tables).as_posix(): path.read_bytes() for path in tables.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return the public files of a lake that saw the last edition only, undisturbed."""
    root = tmp_path_factory.mktemp("clean")
    publish_edition(root, FINAL)
    assert open_lake(root).verify() == ()
    return public_files(root)


def finish(process: ForkServerProcess) -> int | None:
    process.join(timeout=60)
    code = process.exitcode
    process.close()
    return code


def assert_ends_like(root: Path, clean: dict[str, bytes]) -> None:
    publish_edition(root, FINAL)
    assert open_lake(root).verify() == ()
    assert public_files(root) == clean
    assert open_lake(root).recover() == ()


@pytest.mark.timeout(1800)
def test_killed_at_any_write(processes: ForkServerContext, tmp_path: Path, clean: dict[str, bytes]) -> None:
    """After SIGKILL at seeded writes, recover makes the lake whole; publishing again gives a clean run's bytes."""
    chance = random.Random(20260203)
    publish_edition(tmp_path, 0)
    killed = 0
    for number in range(1, KILLS + 1):
        process = processes.Process(target=publish_and_die, args=(tmp_path, number, chance.randint(1, 180)))
        process.start()
        killed += finish(process) == -9
        if chance.random() < 0.7:  # otherwise the next commit must find its own way
            open_lake(tmp_path).recover()
            assert open_lake(tmp_path).verify() == ()
            assert open_lake(tmp_path).read("articles").num_rows == ARTICLES
    assert killed > KILLS * 0.6
    assert_ends_like(tmp_path, clean)


@pytest.mark.timeout(1800)
def test_killed_by_the_clock(processes: ForkServerContext, tmp_path: Path, clean: dict[str, bytes]) -> None:
    """After SIGKILL at random times, inside SQLite or between two system calls, the same holds."""
    chance = random.Random(7)
    for number in range(max(5, KILLS // 4)):
        process = processes.Process(target=publish_forever, args=(tmp_path, number * 1000))
        process.start()
        time.sleep(0.1 + chance.random() * 0.4)
        process.kill()
        assert finish(process) == -9
        open_lake(tmp_path).recover()
        assert open_lake(tmp_path).verify() == ()
    assert_ends_like(tmp_path, clean)


def test_racing_processes_commit_once(processes: ForkServerContext, tmp_path: Path, clean: dict[str, bytes]) -> None:
    """Two processes that publish the same edition at once end in one edition, each without an error."""
    for number in [*range(RACES), FINAL]:
        start = processes.Barrier(2)
        both = [processes.Process(target=race, args=(tmp_path, number, start)) for _ in range(2)]
        for process in both:
            process.start()
        assert [finish(process) for process in both] == [0, 0]
        assert open_lake(tmp_path).verify() == ()
    assert public_files(tmp_path) == clean
    assert open_lake(tmp_path).read("articles").num_rows == len(edition(FINAL))
