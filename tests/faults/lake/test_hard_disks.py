"""A disk that is full, read-only, or without exchange: the old rows remain, and what was missing is enough to go on."""

import errno
import os
import random
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from newslake.pipeline.errors import LakeError
from tests.faults.lake.newsdesk import (
    CLOSED,
    MONTHS,
    archive,
    close_months,
    months_of,
    open_lake,
    publish,
    work_struck,
)
from tests.faults.lake.promises import (
    READING,
    assert_tidy,
    assert_whole,
    public_files,
    read_at_one_head,
    touched_files,
)
from tests.faults.lake.tally import SEED, form
from tests.faults.lake.undisturbed import (
    Baseline,
    assert_as_of_one_moment,
    assert_ends_well,
    assert_no_day_twice,
    copy_lake,
)
from tests.faults.sample_run import Worker, WorkerExit, say, wait_for_exit
from tests.long_form import LONG
from tests.without_exchange import SYSTEM_CALLS, forbid_exchange, machine

DISKS = 40 if LONG else 3


def assert_refused(done: WorkerExit, root: Path, *numbers: int) -> None:
    """The work ended with an error of the system that names a file of the lake."""
    say(f"  {done.result}")
    assert isinstance(done.result, OSError), repr(done.result)
    assert done.result.errno in numbers
    assert str(root) in str(done.result)


@contextmanager
def full_disk(disk: Path, left: int) -> Iterator[None]:
    """Leave a number of free bytes on a disk."""
    ballast, room = disk / "ballast", os.statvfs(disk)
    ballast.write_bytes(bytes(max(0, room.f_bavail * room.f_frsize - left)))
    yield
    ballast.unlink()


@pytest.mark.timeout(1800)
def test_full_disk(processes: ForkServerContext, small_disk: Path, undisturbed: Baseline) -> None:
    """With any amount of free space, the error names the file, and readers still see the old rows."""
    chance, full = random.Random(SEED), form("a disk that is full")
    for left in [0, *(chance.randrange(4, 500) << 10 for _ in range(DISKS - 1))]:
        root = copy_lake(undisturbed.base, small_disk)
        say(f"seed {SEED}: {left >> 10} kB are left")
        with full_disk(small_disk, left):
            done = Worker(processes, work_struck, root, None).done()
        if isinstance(done.result, Exception):
            assert_refused(done, root, errno.ENOSPC)
            full.counts["failures"] += 1
        assert_as_of_one_moment(root, undisturbed)
        assert_ends_well(root, undisturbed)
        subprocess.run(["rm", "-r", str(root)], check=True)
    assert full.counts["failures"] > 0


@pytest.mark.timeout(1800)
def test_full_disk_amid_compaction(processes: ForkServerContext, small_disk: Path, undisturbed: Baseline) -> None:
    """A compaction without enough free space changes no row, and ends as undisturbed with enough of it."""
    chance, full = random.Random(SEED), form("a disk that is full amid compaction")
    rows = read_at_one_head(undisturbed.base)
    whole = copy_lake(undisturbed.base, small_disk / "whole")
    close_months(whole)
    closed = public_files(whole)
    for left in [0, *(chance.randrange(4, 120) << 10 for _ in range(DISKS - 1))]:
        root = copy_lake(undisturbed.base, small_disk)
        say(f"seed {SEED}: {left >> 10} kB are left")
        with full_disk(small_disk, left):
            done = Worker(processes, close_months, root).done()
        if isinstance(done.result, Exception):
            assert_refused(done, root, errno.ENOSPC)
            full.counts["failures"] += 1
        assert read_at_one_head(root) == rows
        assert_no_day_twice(public_files(root))
        close_months(root)
        assert public_files(root) == closed
        assert_tidy(root)
        subprocess.run(["rm", "-r", str(root)], check=True)
    assert full.counts["failures"] > 0


@pytest.mark.skipif(machine() not in SYSTEM_CALLS, reason="the number of the system call is not known here")
def test_no_exchange(processes: ForkServerContext, tmp_path: Path, undisturbed: Baseline) -> None:
    """Without the system call, compaction refuses and changes nothing; commits to open and closed months go on."""
    root = copy_lake(undisturbed.base, tmp_path)
    before = touched_files(root)
    [refused, *_] = wait_for_exit(Worker(processes, work_without_exchange, root)).result
    assert "cannot exchange two folders" in refused
    assert touched_files(root) != before
    assert [month for month, each in months_of(open_lake(root)).items() if each.is_closed] == [CLOSED]
    assert_whole(open_lake(root))
    assert_ends_well(root, undisturbed)


def work_without_exchange(root: Path) -> list[str]:
    """Refuse to close months; then publish the news of an hour. Return the refusal."""
    forbid_exchange(errno.EINVAL)
    lake, before = open_lake(root), touched_files(root)
    with pytest.raises(LakeError) as refused:
        lake.compact(months=MONTHS)
    assert refused.value.reason == "no_exchange"
    assert touched_files(root) == before
    publish(lake, {f"all-1-{part}": archive(1)[part::2] for part in range(2)}, hour=1)
    return [str(refused.value)]


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
