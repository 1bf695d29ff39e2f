"""The baseline for a disturbed lake: the same work on the same lake without a disturbance."""

import hashlib
import json
import subprocess
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from newslake.pipeline.lake.storage import Month
from tests.faults.lake.newsdesk import state_of, work
from tests.faults.lake.promises import (
    assert_tidy,
    public_files,
    read_at_one_head,
    strict_faults,
    touched_files,
)


@dataclass(frozen=True)
class Baseline:
    """A lake before the work, the public files after it, the calls of the work, and the state after each commit."""

    base: Path
    before: dict[str, bytes]
    after: dict[str, bytes]
    calls: list[str]
    states: frozenset[str]


def copy_lake(base: Path, folder: Path) -> Path:
    """Copy a lake with its hard links."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["cp", "-a", str(base), str(folder / "lake")], check=True)
    return folder / "lake"


def assert_as_of_one_moment(root: Path, undisturbed: Baseline) -> None:
    """All tables of all days are from one commit; a public file was written as a whole, a folder has one kind of file.

    Months that no commit has changed are unchanged.
    """
    state = state_of(root)
    assert state in undisturbed.states
    assert strict_faults(read_at_one_head(root)) == []
    files = public_files(root)
    data = (root / "_state" / "data").glob("*/*/*.obj")
    written = {hashlib.sha256(path.read_bytes()).hexdigest() for path in data}
    for name, content in files.items():
        assert hashlib.sha256(content).hexdigest() in written, name
    assert_no_day_twice(files)
    before, now = json.loads(state_of(undisturbed.base)), json.loads(state)
    for month in before:
        if now.get(month) == before[month]:
            assert files_of(files, month) == files_of(undisturbed.before, month)


def files_of(files: dict[str, bytes], month: Month) -> dict[str, bytes]:
    """Return the public files of a month."""
    return {name: data for name, data in files.items() if f"={month}/" in name}


def assert_no_day_twice(files: dict[str, bytes]) -> None:
    """The folder of a month has the month's file, or files of its days."""
    lengths = defaultdict(set)
    for name in files:
        folder, _, file = name.rpartition("/")
        lengths[folder].add(len(file))
    assert [folder for folder, found in lengths.items() if len(found) > 1] == []


def assert_ends_well(root: Path, undisturbed: Baseline) -> None:
    """A retry gives the bytes of an undisturbed run, a further one changes no file, and gc leaves no garbage."""
    work(root)
    assert public_files(root) == undisturbed.after
    before = touched_files(root)
    work(root)
    assert touched_files(root) == before
    assert_tidy(root)
    assert public_files(root) == undisturbed.after
