"""The baseline for a disturbed lake: the same work on the same lake without a disturbance."""

import hashlib
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.faults.lake.newsdesk import open_lake, work
from tests.faults.lake.promises import READING, assert_tidy, public_files, touched_files, written_versions


@dataclass(frozen=True)
class Baseline:
    """A lake before the work, the public files after it, the calls of the work, and each state of a day in between."""

    base: Path
    before: dict[str, bytes]
    after: dict[str, bytes]
    calls: list[str]
    states: frozenset[str]


def copy_lake(base: Path, folder: Path) -> Path:
    """Copy a lake with its hard links."""
    subprocess.run(["cp", "-a", str(base), str(folder / "lake")], check=True)
    return folder / "lake"


def manifest_files(root: Path) -> list[Path]:
    return sorted((root / "_state" / "manifest").glob("*.json"))


def state_of(manifest: bytes) -> str:
    """Return the checksums in a manifest: all tables of a day at one moment."""
    return json.dumps(json.loads(manifest)["sha256"], sort_keys=True)


def assert_as_of_one_moment(root: Path, undisturbed: Baseline) -> None:
    """Each day is from one commit, each public file was written completely, days without a commit are unchanged."""
    written = written_versions(root)
    for path in manifest_files(root):
        assert state_of(path.read_bytes()) in undisturbed.states
    for name in READING:
        open_lake(root).read(name)
    files = public_files(root)
    for name, data in files.items():
        table, day, _ = name.split("/")
        assert (table, day.partition("=")[2], hashlib.sha256(data).hexdigest()) in written, name
    for path in manifest_files(undisturbed.base):
        if (root / "_state" / "manifest" / path.name).read_bytes() == path.read_bytes():
            of_day = {name: data for name, data in undisturbed.before.items() if path.stem in name}
            assert {name: data for name, data in files.items() if path.stem in name} == of_day


def assert_ends_well(root: Path, undisturbed: Baseline) -> None:
    """A retry gives the bytes of an undisturbed run, a further one changes no file, and gc leaves no garbage."""
    work(root)
    assert public_files(root) == undisturbed.after
    before = touched_files(root)
    work(root)
    assert touched_files(root) == before
    assert_tidy(root)
    assert public_files(root) == undisturbed.after
