"""A real full disk or read-only disk: the old rows remain, and free space or permission is enough to continue."""

import errno
import os
import random
import subprocess
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from tests.faults.lake.newsdesk import open_lake, work_struck
from tests.faults.lake.promises import READING
from tests.faults.lake.tally import SEED, form
from tests.faults.lake.undisturbed import Baseline, assert_as_of_one_moment, assert_ends_well, copy_lake
from tests.faults.sample_run import Worker, WorkerExit, say
from tests.long_form import LONG

DISKS = 40 if LONG else 3


def assert_refused(done: WorkerExit, root: Path, *numbers: int) -> None:
    """The work ended with an error of the system that names a file of the lake."""
    say(f"  {done.result}")
    assert isinstance(done.result, OSError), repr(done.result)
    assert done.result.errno in numbers
    assert str(root) in str(done.result)


@pytest.mark.timeout(1800)
def test_full_disk(processes: ForkServerContext, small_disk: Path, undisturbed: Baseline) -> None:
    """With any amount of free space, the error names the file, and readers still see the old rows."""
    chance, full = random.Random(SEED), form("a disk that is full")
    for left in [0, *(chance.randrange(4, 500) << 10 for _ in range(DISKS - 1))]:
        root = copy_lake(undisturbed.base, small_disk)
        ballast, room = small_disk / "ballast", os.statvfs(small_disk)
        ballast.write_bytes(bytes(max(0, room.f_bavail * room.f_frsize - left)))
        say(f"seed {SEED}: {left >> 10} kB are left")
        done = Worker(processes, work_struck, root, None).done()
        if isinstance(done.result, Exception):
            assert_refused(done, root, errno.ENOSPC)
            full.counts["failures"] += 1
        ballast.unlink()
        assert_as_of_one_moment(root, undisturbed)
        assert_ends_well(root, undisturbed)
        subprocess.run(["rm", "-r", str(root)], check=True)
    assert full.counts["failures"] > 0


def test_read_only_disk(processes: ForkServerContext, small_disk: Path, undisturbed: Baseline) -> None:
    """On a read-only disk reading works, and writing is refused with the name of the file."""
    root = copy_lake(undisturbed.base, small_disk)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    assert_refused(Worker(processes, work_struck, root, None).done(), root, errno.EROFS)
    assert_reads(root, undisturbed)
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    assert_ends_well(root, undisturbed)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write into any folder; the read-only disk is tested")
def test_read_only_folder(processes: ForkServerContext, tmp_path: Path, undisturbed: Baseline) -> None:
    """The same in folders without write permission."""
    root = copy_lake(undisturbed.base, tmp_path)
    subprocess.run(["chmod", "-R", "a-w", str(root)], check=True)
    assert_refused(Worker(processes, work_struck, root, None).done(), root, errno.EACCES, errno.EROFS)
    assert_reads(root, undisturbed)
    subprocess.run(["chmod", "-R", "u+w", str(root)], check=True)
    assert_ends_well(root, undisturbed)


def assert_reads(root: Path, undisturbed: Baseline) -> None:
    """Strict readers get every row, and no file has changed."""
    assert_as_of_one_moment(root, undisturbed)
    for name in READING:
        assert open_lake(root).read(name).equals(open_lake(undisturbed.base).read(name))
