"""A takedown that is killed at any moment is finished by the next process, and waits for active runs."""

import random
import shutil
import subprocess
import time
from collections.abc import Callable
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from tests.faults.invariants import assert_whole, broken_sums, table_files
from tests.faults.lake.tally import form
from tests.faults.resume_worker import finish_forgetting, forget_one, open_space, work_a_while
from tests.faults.sample_run import SECOND, Evening, Worker, at_leisure, say, wait_for_exit
from tests.long_form import LONG, seed_or
from tests.traces import Traces

pytestmark = [pytest.mark.model]

SEED = seed_or(20260825)
KILLS = 120 if LONG else 4


@pytest.fixture(scope="module")
def compacted(undisturbed: Evening, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The newsroom after its month was closed, with a snapshot from before and one from after."""
    folder = tmp_path_factory.mktemp("compacted") / "data"
    shutil.copytree(undisturbed.folder, folder)
    lake = open_space(folder, SECOND).lake
    lake.snapshots.take("open")
    lake.compact(months=[SECOND.isoformat()[:7]])
    lake.snapshots.take("closed")
    return folder


@pytest.fixture(scope="module")
def doomed(compacted: Path) -> dict[str, str]:
    """An article of the newsroom with a changed page and without duplicates."""
    rows = open_space(compacted, SECOND).lake.read("articles").to_pylist()
    row = next(row for row in rows if row["title"] is not None and "arbour bridge" in row["title"])
    return {name: row[name] for name in ("article_id", "url", "text", "title")}


@pytest.fixture(scope="module")
def forgotten(
    compacted: Path, doomed: dict[str, str], processes: ForkServerContext, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Traces, int]:
    """A data root after an undisturbed takedown of the article, the words that only its page has, and its steps."""
    folder = tmp_path_factory.mktemp("taken_down") / "data"
    copy_with_links(compacted, folder)
    done = wait_for_exit(Worker(processes, forget_one, folder, SECOND, doomed["url"]))
    traces = Traces([doomed["text"], doomed["url"]]).unless_under(folder)
    assert len(traces.under(compacted)) > 30
    return folder, traces, done.steps


@pytest.mark.timeout(1800)
def test_killed_takedown_is_finished(
    compacted: Path,
    forgotten: tuple[Path, Traces, int],
    doomed: dict[str, str],
    processes: ForkServerContext,
    tmp_path: Path,
) -> None:
    """A takedown that is killed at seeded steps, also twice, and then finished by recover or the same call, ends like
    an undisturbed one: no trace, the same tables, also in snapshots, correct sums."""
    clean, traces, steps = forgotten
    chance, killed = random.Random(SEED), form("a takedown is killed, and killed again as it is finished", SEED)
    for number in range(KILLS):
        folder = tmp_path / str(number)
        copy_with_links(compacted, folder)
        at = chance.randint(1, steps)
        first = Worker(processes, forget_one, folder, SECOND, doomed["url"], at=at).done()
        assert first.ended_by(at)
        again = chance.randint(1, steps)
        code = Worker(processes, finish_forgetting, folder, SECOND, at=again).done().code
        ends = finish_forgetting if chance.random() < 0.5 else forget_one
        given = () if ends is finish_forgetting else (doomed["url"],)
        at_leisure(processes, ends, folder, SECOND, *given)
        space = open_space(folder, SECOND)
        has_begun = bool(space.takedowns.all())
        say(f"seed {SEED}, kill {number} at step {at} of {steps}, then at {again} ({code}); begun: {has_begun}")
        if has_begun:
            assert traces.under(folder) == {}
            assert table_files(folder) == table_files(clean)
            assert [space.lake.snapshots.verify(name) for name in ("closed", "open")] == [(), ()]
            assert files_of_snapshots(folder) == files_of_snapshots(clean)
            assert space.fetch_state.of_pages([doomed["url"]]) == ()
            assert list(space.archive.verify()) == []
        assert broken_sums(space) == []
        assert_whole(space)
        shutil.rmtree(folder)
        killed.counts["takedowns"] += first.code == -9
        killed.counts["had begun"] += has_begun


def files_of_snapshots(folder: Path) -> dict[str, bytes]:
    """Return the public files of the snapshots in a data root."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.glob("snapshots/*/tables/*/*/*")}


def copy_with_links(source: Path, target: Path) -> None:
    """Copy a data root with its hard links: snapshots share files with the lake."""
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)


def test_takedown_waits_for_earlier_work_only(
    undisturbed: Evening, doomed: dict[str, str], processes: ForkServerContext, tmp_path: Path
) -> None:
    """Nothing is removed before earlier runs end; the takedown does not wait for runs that start later."""
    folder = tmp_path / "data"
    shutil.copytree(undisturbed.folder, folder)
    earlier = Worker(processes, work_a_while, folder, SECOND, "earlier")
    wait_for((folder / "earlier.works").exists)
    takedown = Worker(processes, forget_one, folder, SECOND, doomed["url"])
    space = open_space(folder, SECOND)
    wait_for(lambda: space.takedowns.is_blocked(doomed["article_id"]))
    later = Worker(processes, work_a_while, folder, SECOND, "later")
    time.sleep(0.5)
    assert space.lake.index.stored([doomed["article_id"]]) != {}
    (folder / "earlier.leaves").touch()
    wait_for_exit(earlier)
    wait_for((folder / "later.works").exists)
    wait_for_exit(takedown)
    assert space.lake.index.stored([doomed["article_id"]]) == {}
    (folder / "later.leaves").touch()
    wait_for_exit(later)


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds. Raises: AssertionError after five minutes."""
    end = time.monotonic() + 300
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)
