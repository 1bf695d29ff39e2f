"""A committing process is killed between any two system calls, or any call fails; a retry is enough."""

import errno
import os
import random
import shutil
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from newslake.pipeline.errors import NewsError
from tests.faults.lake.calls import KILL, READS, TEAR, Strike
from tests.faults.lake.newsdesk import open_lake, work_struck
from tests.faults.lake.promises import NONE, assert_whole, losses
from tests.faults.lake.tally import SEED, form
from tests.faults.lake.undisturbed import Baseline, assert_as_of_one_moment, assert_ends_well, copy_lake
from tests.faults.sample_run import Worker, say
from tests.long_form import LONG

KILLS, FAILURES = 5, 4  # in the short form
# Always included: before a commit, with all its manifests written; before, between and after exchanges of folders.
TURNS = [
    *(Strike("replace head.json", nth, KILL) for nth in (1, 2)),
    *(Strike("exchange tables", nth, KILL) for nth in (1, 4)),
]
Lakes = Callable[[], AbstractContextManager[Path]]
ERRORS = (errno.ENOSPC, errno.EIO, errno.EACCES)


def kills(calls: list[str]) -> list[Strike]:
    """Return a kill before every call that changes something, and one during every write."""
    before = [Strike(name, nth, KILL) for name, nth in points(calls) if not name.startswith(READS)]
    return before + [Strike(name, nth, TEAR) for name, nth in points(calls) if name.startswith("write")]


def failures(calls: list[str], chance: random.Random) -> list[Strike]:
    """Return one error for every call, and all errors for the first call of each name; only some for reading calls."""
    every = [Strike(name, 1, error) for name in dict.fromkeys(calls) for error in ERRORS]
    later = [Strike(name, nth, chance.choice(ERRORS)) for name, nth in points(calls) if nth > 1]
    reads = [strike for strike in later if strike.name.startswith(READS)]
    return every + [strike for strike in later if strike not in reads] + chance.sample(reads, 30)


def points(calls: list[str]) -> Iterator[tuple[str, int]]:
    """Yield each call as its name and its number among the calls of that name, from 1."""
    for name, count in Counter(calls).items():
        yield from ((name, nth) for nth in range(1, count + 1))


def sample(strikes: list[Strike], count: int, chance: random.Random) -> list[Strike]:
    """Return all strikes in the long form, else some of them: one of each name before a second one of any name."""
    if LONG:
        return strikes
    turns: Counter[str] = Counter()
    shuffled = []
    for strike in chance.sample(strikes, len(strikes)):
        turns[strike.name] += 1
        shuffled.append((turns[strike.name], strike))
    return [strike for _, strike in sorted(shuffled, key=lambda turn: turn[0])][:count]


def assert_clear(error: Exception, root: Path, strike: Strike) -> None:
    """The error is shown to people as one line, and says what happened to which file."""
    say(f"  {error}")
    assert isinstance(error, (OSError, NewsError)), repr(error)
    assert str(root) in str(error)
    assert os.strerror(strike.how) in str(error)


@pytest.fixture
def lakes(tmp_path: Path, undisturbed: Baseline) -> Lakes:
    """Return a function that yields a temporary lake before the work."""

    @contextmanager
    def lake() -> Iterator[Path]:
        yield copy_lake(undisturbed.base, tmp_path)
        shutil.rmtree(tmp_path / "lake")

    return lake


@pytest.mark.timeout(3600)
def test_killed_between_any_two_calls(processes: ForkServerContext, lakes: Lakes, undisturbed: Baseline) -> None:
    """After a kill before any call or during a write, the lake is of one commit; a retry gives the baseline."""
    chance, killed = random.Random(SEED), form("killed between two calls, or amid one")
    for strike in [*TURNS, *sample(kills(undisturbed.calls), KILLS, chance)]:
        say(f"seed {SEED}: {strike}")
        with lakes() as root:
            assert Worker(processes, work_struck, root, strike).done().code == -signal.SIGKILL
            assert_as_of_one_moment(root, undisturbed)
            if chance.random() < 0.5:  # otherwise the next commit must recover by itself
                open_lake(root).recover()
                assert_whole(open_lake(root))
                assert losses(root) == NONE
            assert_ends_well(root, undisturbed)
        killed.counts["kills"] += 1


@pytest.mark.parametrize("is_repaired", [True, False])
def test_killed_while_a_staged_batch_is_discarded(
    processes: ForkServerContext, lakes: Lakes, undisturbed: Baseline, is_repaired: bool
) -> None:
    """A kill amid the removal of a staged batch leaves no half batch, for a repair and for the next commit."""
    name = [each for each in undisturbed.calls if each in ("unlink staged", "unlink tmp")][-1]
    strike = Strike(name, undisturbed.calls.count(name) - 1, KILL)
    with lakes() as root:
        assert Worker(processes, work_struck, root, strike).done().code == -signal.SIGKILL
        if is_repaired:
            open_lake(root).recover()
            assert_whole(open_lake(root))
        assert_ends_well(root, undisturbed)


@pytest.mark.timeout(3600)
def test_any_call_may_fail(processes: ForkServerContext, lakes: Lakes, undisturbed: Baseline) -> None:
    """After ENOSPC, EIO or EACCES at any call, the error names the file, old rows remain, and a retry is enough."""
    chance, failed = random.Random(SEED), form("a call that fails: ENOSPC, EIO, EACCES")
    for strike in sample(failures(undisturbed.calls, chance), FAILURES, chance):
        say(f"seed {SEED}: {strike}")
        with lakes() as root:
            done = Worker(processes, work_struck, root, strike).done()
            assert done.code == 0
            if isinstance(done.result, Exception):
                assert_clear(done.result, root, strike)
                failed.counts["failures"] += 1
            else:
                failed.counts["failures without effect"] += 1
            assert_as_of_one_moment(root, undisturbed)
            assert_ends_well(root, undisturbed)
