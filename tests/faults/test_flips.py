"""A flipped byte, in whatever file of lake and archive, is named by verify, or nobody could ever read it."""

import subprocess
from pathlib import Path

import pytest

from tests.faults.flips import Flips, chosen, files_of
from tests.faults.sample_run import LONG, Evening, say

pytestmark = [pytest.mark.model, pytest.mark.timeout(3600)]

FLIPS = 1000 if LONG else 22
SEED = 20261125
# What a data root of this newsroom has; another kind of file must be looked at by verify too.
KINDS = {
    *("tables", "datapackage", "data", "manifest", "article_index", "log", "staged", "cache", "warc", "capture_index"),
    "state",
}


@pytest.fixture
def folder(undisturbed: Evening, tmp_path: Path) -> Path:
    """A data root of two evenings, with its hard links."""
    subprocess.run(["cp", "-a", str(undisturbed.folder), str(tmp_path / "data")], check=True)
    return tmp_path / "data"


def test_flipped_bytes_are_named(folder: Path) -> None:
    """Of random flips over all kinds of files, each is named, or what the file says to a reader is as before."""
    flips = Flips(folder)
    assert files_of(folder).keys() == KINDS
    wrong = [told for flip in chosen(folder, seed=SEED, count=FLIPS) if (told := flips.judge(flip)) is not None]
    say(f"seed {SEED}: {FLIPS} flips")
    for (kind, how), count in sorted(flips.told.items()):
        say(f"{kind}: {count} {how}")
    assert wrong == []
    assert {path: path.read_bytes() for paths in files_of(folder).values() for path in paths} == flips.before
