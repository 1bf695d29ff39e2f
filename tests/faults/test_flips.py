"""A flipped byte in any file of lake and archive is reported by verify, or has no effect on any reader."""

import gc
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.faults.flips import Flips, chosen, files_of
from tests.faults.lake.tally import form
from tests.faults.resume_worker import open_space
from tests.faults.sample_run import SECOND, Evening, say
from tests.long_form import LONG, seed_or

pytestmark = [pytest.mark.model, pytest.mark.timeout(3600)]

FLIPS = 500 if LONG else 12  # with an open month, and with a closed one
SEED = seed_or(20261125)
# The kinds of files in a data root of this newsroom; verify must also check any new kind.
KINDS = {
    *(
        "tables",
        "datapackage",
        "datacontract.odcs",
        "data",
        "head",
        "months",
        "article_index",
        "search_index",
        "log",
        "staged",
        "cache",
        "warc",
        "capture_index",
    ),
    "state",
}


@pytest.fixture(params=[False, True], ids=["open", "closed"])
def folder(undisturbed: Evening, tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A data root of two evenings, with its hard links; the month of its tables and its log is open, or closed."""
    folder = tmp_path / "data"
    subprocess.run(["cp", "-a", str(undisturbed.folder), str(folder)], check=True)
    if request.param:
        lake = open_space(folder, SECOND).lake
        done = [*lake.compact(months=["2026-03"]), *lake.log.compact(now=datetime(2026, 5, 1, tzinfo=UTC))]
        assert len(done) == 4
        for name in ("exchanged", "exchanged_log"):  # as ``gc`` does after some time
            shutil.rmtree(folder / "lake/_state" / name)
        gc.collect()  # closes the index
    return folder


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
