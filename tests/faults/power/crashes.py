"""Crash a recording at many moments, in many ways, and check each state once."""

import gc
import os
import random
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.power.checks import Checks, checks_of
from tests.faults.power.disk import ADVERSE, Loss, Mark, Recording, Tree, random_losses, write_tree

ENDS_WELL_EVERY = 8  # states; the whole work again is slow


@dataclass
class Crashes:
    """The crashes of one job. ``counts`` has how many moments and different states were checked."""

    job: str
    recording: Recording
    folder: Path
    counts: Counter[str] = field(default_factory=Counter)
    _seen: set[bytes] = field(default_factory=set)

    def __post_init__(self) -> None:
        gc.collect()
        gc.freeze()  # modules need not be searched after each crash
        self._checks: Checks = checks_of(self.job, self.recording)

    def check(self, crashes: Iterable[tuple[int, Loss]]) -> str | None:
        """Return the first broken promise; None if all hold."""
        for end, loss in crashes:
            self.counts["crashes"] += 1
            tree = self.recording.crash(end, loss)
            if not self._is_new(tree, end):
                continue
            self.counts["states"] += 1
            problem = self._problem(tree, end)
            if problem is not None:
                before = self.recording.steps[end - 1] if end else "the beginning"
                return f"{self.job}, before step {end} (after {str(before)[:300]}), {loss.title}: {problem}"
        return None

    def distinct(self, crashes: Iterable[tuple[int, Loss]]) -> list[tuple[int, Loss]]:
        """Return the crashes that lead to different states, and count all of them."""
        chosen = []
        for end, loss in crashes:
            self.counts["crashes"] += 1
            if self._is_new(self.recording.crash(end, loss), end):
                chosen.append((end, loss))
        return chosen

    def _is_new(self, tree: Tree, end: int) -> bool:
        """Return whether no crash before led to a state like this one, with the same reports."""
        key = self._checks.key_of(tree) + str(len(self.recording.marks(end))).encode()
        is_new = key not in self._seen
        self._seen.add(key)
        return is_new

    def _problem(self, tree: Tree, end: int) -> str | None:
        for problem in self._checks.problems_of_files(tree, end):
            return problem
        root = self.folder / f"{self.job}-{os.getpid()}"
        write_tree(tree, root)
        try:
            self._checks.assert_kept(root, end)
            if self.counts["states"] % ENDS_WELL_EVERY == 0:
                self.counts["work done again"] += 1
                self._checks.assert_ends_well(root)
        except Exception as error:  # noqa: BLE001 - whatever it is, the report names the crash
            return f"{type(error).__name__}: {error}"
        finally:
            gc.collect()  # closes the databases
            shutil.rmtree(root)
        return None


def adverse_crashes(ends: Iterable[int]) -> Iterator[tuple[int, Loss]]:
    """Yield all adverse losses at some moments."""
    for end in ends:
        for loss in ADVERSE:
            yield end, loss


def random_crashes(ends: Iterable[int], *, seed: int, each: int) -> Iterator[tuple[int, Loss]]:
    """Yield random losses at some moments."""
    for end in ends:
        for loss in random_losses(seed * 1_000_003 + end, each):
            yield end, loss


def moments(recording: Recording) -> list[int]:
    """Return each moment of a crash: before the first step, and after each."""
    return list(range(len(recording.steps) + 1))


def sample_crashes(recording: Recording, *, seed: int, count: int) -> list[tuple[int, Loss]]:
    """Return some adverse crashes: four losses after every report, then others at seeded moments."""
    chance = random.Random(seed)
    reports = [at + 1 for at, step in enumerate(recording.steps) if isinstance(step, Mark)]
    chosen = [(end, loss) for end in reports for loss in ADVERSE[:4]]
    others = list(adverse_crashes(moments(recording)))
    return chosen + chance.sample(others, max(0, min(count - len(chosen), len(others))))


def check_part(
    job: str, recording: Recording, folder: Path, *, crashes: Sequence[tuple[int, Loss]]
) -> tuple[str | None, Counter[str]]:
    """Check some crashes, for a process of its own; return the first broken promise, and the counts."""
    part = Crashes(job, recording, folder)
    return part.check(crashes), part.counts
