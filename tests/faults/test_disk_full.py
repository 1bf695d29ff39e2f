"""A full disk while pages are archived or tables committed: the error names the disk, and free space is enough."""

import errno
import os
import random
import resource
import shutil
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.faults.lake.tally import form
from tests.faults.resume_worker import do_task
from tests.faults.sample_run import SECOND, STAGE_OF, Evening, Worker, WorkerExit, say, wait_for_exit
from tests.faults.test_resume import assert_like
from tests.long_form import LONG, seed_or

pytestmark = [pytest.mark.model, pytest.mark.timeout(1800)]

EVENINGS = 5 if LONG else 1
SEED = seed_or(20260310)
_DISK_BYTES = 8_000_000


class Tight:
    """Runs each task of an evening first with too little space, then with enough, and stores the errors between."""

    def __init__(self, seed: int, attempt: Callable[[Evening, str, dict[str, Any], int], WorkerExit]) -> None:
        self.chance = random.Random(seed)
        self.attempt = attempt
        self.failed: Counter[str] = Counter()

    def __call__(self, evening: Evening, name: str, given: dict[str, Any]) -> WorkerExit:
        done = self.attempt(evening, name, given, self.chance.choice((0, 48, 80, 112, 144)) << 10)
        if not isinstance(done.result, Exception):
            return finished_already(done)
        say(f"{name}: {done.result}")
        assert isinstance(done.result, OSError), repr(done.result)
        assert done.result.errno in (errno.ENOSPC, errno.EFBIG), repr(done.result)
        assert str(evening.folder) in str(done.result)
        assert "free" in str(done.result)
        self.failed[STAGE_OF[name]] += 1
        return wait_for_exit(evening.worker(name, given))


def finished_already(done: WorkerExit) -> WorkerExit:
    assert done.code == 0
    return done


def on_a_full_disk(evening: Evening, name: str, given: dict[str, Any], left: int) -> WorkerExit:
    """Run a task while its disk has ``left`` free bytes."""
    ballast = evening.folder.parent / "ballast"
    room = os.statvfs(evening.folder)
    ballast.write_bytes(bytes(max(0, room.f_bavail * room.f_frsize - left)))
    done = evening.worker(name, given).done()
    ballast.unlink()
    return done


def with_small_files(evening: Evening, name: str, given: dict[str, Any], left: int) -> WorkerExit:
    """Run a task in a process that may write only files of at most ``left`` bytes."""
    return Worker(evening.processes, do_small_task, left, evening.folder, SECOND, name, given).done()


def do_small_task(most: int, folder: Path, day: date, name: str, given: dict[str, Any]) -> Any:
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
    return do_task(folder, day, name, given)


def test_full_disk(small_disk: Path, evening_at: Callable[..., Evening], undisturbed: Evening) -> None:
    """With any amount of free space a task reports the full disk; with enough space it ends as undisturbed."""
    run_tight(small_disk.name, on_a_full_disk, evening_at, undisturbed)


def test_file_that_cannot_grow(evening_at: Callable[..., Evening], undisturbed: Evening) -> None:
    """The same on any system: every file of the process has a maximum size."""
    run_tight("", with_small_files, evening_at, undisturbed)


def size_of(folder: Path) -> int:
    return sum(path.stat().st_blocks * 512 for path in folder.rglob("*") if path.is_file())


def run_tight(disk: str, attempt: Any, evening_at: Callable[..., Evening], undisturbed: Evening) -> None:
    failed: Counter[str] = Counter()
    for seed in range(SEED, SEED + EVENINGS):
        tight = Tight(seed, attempt)
        evening = evening_at(os.path.join(disk, str(seed)), doing=tight).run()
        assert_like(evening, undisturbed)
        failed.update(tight.failed)
        form("a task on a disk that is full", seed).counts.update(tight.failed)
        say(f"seed {seed}: failed {dict(tight.failed)}")
        say(f"seed {seed}: {evening.folder} has {size_of(evening.folder):,} bytes of {_DISK_BYTES:,}")
        shutil.rmtree(evening.folder)  # several evenings do not fit on the small disk
    assert min(failed[stage] for stage in ("fetch", "derive", "commit")) > 0
