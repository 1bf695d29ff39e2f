"""After power loss at any moment committed work is there, nothing torn is served, and forgotten text stays away."""

import functools
import os
import random
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from tests.faults.lake.tally import form
from tests.faults.power.crashes import Crashes, adverse_crashes, check_part, moments, random_crashes, sample_crashes
from tests.faults.power.disk import Recording, difference
from tests.faults.power.jobs import JOBS
from tests.faults.power.mutants import MUTANTS, Mutant
from tests.faults.power.recorder import STRACE, Reader, record
from tests.faults.sample_run import Worker, say, wait_for_exit
from tests.long_form import LONG, seed_or

SEED = seed_or(20261127)
# Crashes in the short form; random ones per step in the long form.
SHARE = {
    "first": 16,
    "commit": 24,
    "resuming": 16,
    "closing": 24,
    "archive": 60,
    "takedown": 16,
    "closed-takedown": 16,
    "maintenance": 16,
}
RANDOM_EACH = {
    "first": 2,
    "commit": 3,
    "resuming": 4,
    "closing": 8,
    "archive": 8,
    "takedown": 1,
    "closed-takedown": 1,
    "maintenance": 6,
}
STATES_AT_ONCE = 150

pytestmark = [pytest.mark.timeout(7200)]


def chosen_mutants() -> tuple[Mutant, ...]:
    return tuple(each for each in MUTANTS if LONG or each.is_quick)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda each: each.name)
def test_bug_can_be_planted(mutant: Mutant, tmp_path: Path) -> None:
    """The code that each planted bug changes is still there, also that of bugs which only the long form plants."""
    mutant.write(tmp_path)


@pytest.fixture(scope="module")
def disk() -> Iterator[Path]:
    """A folder in memory if possible: thousands of small trees are written."""
    shared = Path("/dev/shm")
    folder = tempfile.mkdtemp(prefix="newslake-power-", dir=shared if os.access(shared, os.W_OK) else None)
    yield Path(folder)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def recordings(disk: Path) -> Mapping[str, Recording]:
    """The recordings of all jobs, and of the jobs with a planted bug, from one process."""
    if STRACE is None:
        message = "strace is missing: apt-get install strace"
        assert not os.environ.get("NEWSLAKE_STRACE_REQUIRED"), message
        pytest.skip(f"{message}; power loss is not simulated")
    top, marks = disk / "jobs", disk / "marks"
    top.mkdir()
    runs = []
    for mutant in chosen_mutants():
        mutant.write(disk / "copies" / mutant.name)
        runs.append(f"{mutant.name}={mutant.job}={disk / 'copies' / mutant.name}")
    paths = os.pathsep.join([str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH", "")])
    given = {**os.environ, "PYTHONPATH": paths}
    lines = record("tests.faults.power.jobs", str(top), str(marks), *runs, *JOBS, log=disk / "calls", environment=given)
    found = Reader(top, marks).read(lines)
    for name in JOBS:
        assert difference(found[name].live(), top / name) == [], f"{name}: the recording has missed a call"
    return found


@pytest.mark.parametrize("job", JOBS)
def test_power_loss(job: str, recordings: Mapping[str, Recording], disk: Path, request: pytest.FixtureRequest) -> None:
    """Whatever part of the unsynced writes and names survives: reported work is there, whole, and can go on."""
    recording = recordings[job]
    if LONG:
        problems = check_everything(job, recording, disk, request.getfixturevalue("processes"))
    else:
        crashes = Crashes(job, recording, disk)
        problems = [crashes.check(sample_crashes(recording, seed=SEED, count=SHARE[job]))]
        form("power loss", SEED).counts.update(crashes.counts)
    assert list(filter(None, problems)) == []


def check_everything(job: str, recording: Recording, disk: Path, processes: ForkServerContext) -> list[str | None]:
    """Check the states after all adverse and some random crashes at every step, each state once, in two processes."""
    ends = moments(recording)
    whole = Crashes(job, recording, disk)
    states = whole.distinct([*adverse_crashes(ends), *random_crashes(ends, seed=SEED, each=RANDOM_EACH[job])])

    def check(start: int) -> tuple[str | None, Counter[str]]:
        task = functools.partial(check_part, crashes=states[start : start + STATES_AT_ONCE])
        return wait_for_exit(Worker(processes, task, job, recording, disk)).result

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(check, range(0, len(states), STATES_AT_ONCE)))
    counts = sum((counts for _, counts in results), Counter[str]())
    counts["crashes"] = whole.counts["crashes"]
    form("power loss", SEED).counts.update(counts)
    say(f"seed {SEED}, {job}: {dict(counts)}")
    return [problem for problem, _ in results]


@pytest.mark.parametrize("mutant", chosen_mutants(), ids=lambda mutant: mutant.name)
def test_planted_bug_is_found(mutant: Mutant, recordings: Mapping[str, Recording], disk: Path) -> None:
    """A missing or misplaced sync, and a wrong order of two steps, break a promise after some crash."""
    recording = recordings[mutant.name]
    crashes = Crashes(mutant.job, recording, disk)
    others = list(adverse_crashes(moments(recording)))
    random.Random(SEED).shuffle(others)

    problem = crashes.check([*sample_crashes(recording, seed=SEED, count=0), *others])

    assert problem is not None
    say(f"{mutant.name}, after {crashes.counts['states']} states: {problem[:300]}")
