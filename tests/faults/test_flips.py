"""A flipped byte in any file of lake and archive is reported by verify, or has no effect on any reader."""

import subprocess
from pathlib import Path

import pytest

from tests.faults.flips import Flips, chosen, files_of
from tests.faults.lake.tally import form
from tests.faults.sample_run import Evening, say
from tests.long_form import LONG, seed_or

pytestmark = [pytest.mark.model, pytest.mark.timeout(3600)]

FLIPS = 1000 if LONG else 22
SEED = seed_or(20261125)
# The kinds of files in a data root of this newsroom; verify must also check any new kind.
KINDS = {
    *("tables", "datapackage", "data", "manifest", "article_index", "log", "staged", "cache", "warc", "capture_index"),
    "state",
}


@pytest.fixture
def folder(undisturbed: Evening, tmp_path: Path) -> Path:
    """A data root of two evenings, with its hard links."""
    subprocess.run(["cp", "-a", str(undisturbed.folder), str(tmp_path / "data")], check=True)
    return tmp_path / "data"


def test_flipped_bytes_are_reported(folder: Path) -> None:
    """Each random flip in any kind of file is reported, or a reader of the file sees no change."""
    flips = Flips(folder)
    assert files_of(folder).keys() == KINDS
    wrong = [each for flip in chosen(folder, seed=SEED, count=FLIPS) if (each := flips.judge(flip)) is not None]
    say(f"seed {SEED}: {FLIPS} flips")
    for (kind, how), count in sorted(flips.counts.items()):
        say(f"{kind}: {count} {how}")
        form("a flipped byte in any file of lake and archive", SEED).counts[how] += count
    assert wrong == []
    assert {path: path.read_bytes() for paths in files_of(folder).values() for path in paths} == flips.before
