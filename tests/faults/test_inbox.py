"""Files arrive while runs claim them, die and meet each other: each file is settled once, each article exists once."""

import json
import shutil
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from itertools import count
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from tests.faults.inbox import drop, plain_text
from tests.faults.invariants import assert_whole, broken_sums, outcomes_of
from tests.faults.resume_worker import do_task, empty_inbox, extract_all, open_space
from tests.faults.sample_run import SECOND, Worker, at_leisure, say, wait_for_exit
from tests.long_form import LONG

pytestmark = [pytest.mark.model]

_numbers = count()
NO_ORIGIN = {"kind": "signal", "started_at": datetime(2026, 3, 3, 20, tzinfo=UTC)}


def ingest(processes: ForkServerContext, folder: Path, run_id: str, at: int | None = None) -> Worker:
    """Start the task that empties the inbox."""
    return Worker(processes, do_task, folder, SECOND, "ingest", _given(run_id), at=at)


def _given(run_id: str) -> dict[str, object]:
    return {"source_key": "inbox", "day": SECOND, "run_id": run_id}


def names(folder: Path, door: str) -> list[str]:
    return sorted(path.name for path in (folder / "inbox" / door).glob("*"))


def what_is_left(folder: Path) -> dict[str, object]:
    """Return the results of a run named "in": its files, its outcomes, the content of the archive."""
    space = open_space(folder, SECOND)
    rows = outcomes_of(space, "in")
    return {
        "done": names(folder, "done"),
        "failed": names(folder, "failed"),
        "claimed": names(folder, "claimed"),
        "outcomes": sorted((row["url"], row["outcome"], row["reason"]) for row in rows),
        "articles": {capture.article_id for capture in space.archive.captures()},
    }


@pytest.mark.timeout(1200)
def test_killed_at_every_step(processes: ForkServerContext, inbox_root: Path, tmp_path: Path) -> None:
    """A run that empties an inbox, is killed at any step and retried, has the results of an undisturbed run."""
    for number in (1, 2):
        drop(inbox_root, f"plan-{number}.txt", plain_text(number))
    drop(inbox_root, "story.json", json.dumps({"published_at": "2026-03-03"}))
    drop(inbox_root, "story.txt", plain_text(5))
    drop(inbox_root, "picture.bmp", "BM")
    drop(inbox_root, "plans.jsonl", "\n".join(json.dumps({"text": plain_text(number)}) for number in (3, 4)))
    whole = tmp_path / "whole"
    shutil.copytree(inbox_root, whole)
    steps = wait_for_exit(ingest(processes, whole, "in")).steps
    expected = what_is_left(whole)
    differ = []
    for step in range(1, steps + 1) if LONG else range(2, steps + 1, 8):
        copy = tmp_path / f"step-{step}"
        shutil.copytree(inbox_root, copy)
        assert ingest(processes, copy, "in", at=step).done().code == -9
        report = wait_for_exit(ingest(processes, copy, "in")).result
        at_leisure(processes, do_task, copy, SECOND, "finish_ingest", {"reports": [report], "run_id": "in"} | NO_ORIGIN)
        left, broken = what_is_left(copy), broken_sums(open_space(copy, SECOND))
        differ += [f"step {step}: {name}: {left[name]}" for name in expected if left[name] != expected[name]]
        differ += [f"step {step}: {each}" for each in broken]
    say(f"{steps} steps, expected {expected}")
    assert not differ, "\n".join(differ)


@pytest.mark.timeout(1200)
def test_killed_at_steps_of_slices(processes: ForkServerContext, inbox_root: Path, tmp_path: Path) -> None:
    """Runs that read an inbox one line at a time are killed at many steps; the next ones read each other line once."""
    lines = [json.dumps({"text": plain_text(number)}) for number in (1, 2)]
    drop(inbox_root, "plans.jsonl", "\n".join([lines[0], "no JSON", lines[1]]))
    drop(inbox_root, "story.txt", plain_text(3))
    drop(inbox_root, "pages.jsonl", json.dumps({"file": "story.txt", "published_at": "2026-03-03"}))
    drop(inbox_root, "more.jsonl", json.dumps({"text": plain_text(4)}))
    whole = tmp_path / "whole"
    shutil.copytree(inbox_root, whole)
    steps = wait_for_exit(Worker(processes, empty_inbox, whole, SECOND, "in")).steps
    expected = what_slices_left(whole)
    differ = []
    for step in range(1, steps + 1, 2) if LONG else range(steps // 9, steps + 1, steps // 6):
        copy = tmp_path / f"step-{step}"
        shutil.copytree(inbox_root, copy)
        assert Worker(processes, empty_inbox, copy, SECOND, "in", at=step).done().code == -9
        wait_for_exit(Worker(processes, empty_inbox, copy, SECOND, "again"))
        left = what_slices_left(copy)
        differ += [f"step {step}: {name}: {left[name]}" for name in expected if left[name] != expected[name]]
        times = Counter(row["url"] for row in open_space(copy, SECOND).lake.log.read("outcomes").to_pylist())
        # Of the slice that was killed, one line is read again.
        differ += [f"step {step}: {times}"] if times.total() > len(times) + 1 else []
    say(f"{steps} steps, expected {expected}")
    assert not differ, "\n".join(differ)


def what_slices_left(folder: Path) -> dict[str, object]:
    """Return the files and pages of all runs: each file at its place, each page archived once."""
    archive = open_space(folder, SECOND).archive
    return {
        "done": names(folder, "done"),
        "failed": names(folder, "failed"),
        "left": names(folder, "claimed") + names(folder, "unread"),
        "reasons": (folder / "inbox" / "failed" / "plans.jsonl.reason.txt").read_text(),
        "articles": Counter(each.article_id for each in archive.captures() if not each.is_revisit),
        "broken": broken_sums(open_space(folder, SECOND)),
    }


def test_same_file_twice(processes: ForkServerContext, inbox_root: Path) -> None:
    """The same file with the same name and with another one is one article; no file is overwritten."""
    for run, name in enumerate(("plan.txt", "plan.txt", "other.txt")):
        drop(inbox_root, name, plain_text(1))
        wait_for_exit(ingest(processes, inbox_root, f"in-{run}"))
    at_leisure(processes, extract_all, inbox_root, SECOND)
    space = open_space(inbox_root, SECOND)
    fetched = [row["outcome"] for run in ("in-0", "in-1", "in-2") for row in outcomes_of(space, run)]
    assert names(inbox_root, "done") == ["other.txt", "plan.txt", "plan~2.txt"]
    assert space.lake.read("articles").num_rows == 1
    assert fetched == ["pending", "unchanged", "unchanged"]
    assert_whole(space)


def test_file_that_is_still_written_waits(processes: ForkServerContext, inbox_root: Path) -> None:
    """A file that grows under its final name stays until it is complete, then it is ingested once."""
    content = plain_text(1)

    def write() -> None:
        with (inbox_root / "inbox" / "slow.txt").open("w") as file:
            for start in range(0, len(content), 250):
                file.write(content[start : start + 250])
                file.flush()
                time.sleep(1.0)

    writer = threading.Thread(target=write)
    writer.start()
    for number in count():
        wait_for_exit(ingest(processes, inbox_root, f"in-{number}"))
        if not writer.is_alive():
            break
        assert names(inbox_root, "done") == []
    writer.join()
    wait_for_exit(ingest(processes, inbox_root, "in-last"))
    space = open_space(inbox_root, SECOND)
    (capture,) = space.archive.captures()
    assert space.archive.page(capture).body == content.encode()
    assert names(inbox_root, "done") == ["slow.txt"]
    assert len(space.lake.log.read("outcomes").to_pylist()) == 1


def test_burst_for_three_runs(processes: ForkServerContext, inbox_root: Path) -> None:
    """50 files that arrive while three runs claim at once are each in done/ once and in the tables once."""

    def arrive() -> None:
        for number in range(50):
            drop(inbox_root, f"plan-{number}.txt", plain_text(number))
            time.sleep(0.02)

    arriving = threading.Thread(target=arrive)
    arriving.start()
    rounds = 0
    while arriving.is_alive() or list((inbox_root / "inbox").glob("*.txt")):
        runs = [ingest(processes, inbox_root, f"in-{rounds}-{number}") for number in range(3)]
        for run in runs:
            wait_for_exit(run)
        rounds += 1
    arriving.join()
    at_leisure(processes, extract_all, inbox_root, SECOND)
    space = open_space(inbox_root, SECOND)
    fetched = Counter(row["url"] for row in space.lake.log.read("outcomes").to_pylist() if row["stage"] == "fetch")
    assert names(inbox_root, "done") == sorted(f"plan-{number}.txt" for number in range(50))
    assert (names(inbox_root, "failed"), names(inbox_root, "claimed")) == ([], [])
    assert fetched == {f"plan-{number}.txt": 1 for number in range(50)}
    assert space.lake.read("articles").num_rows == 50
    assert_whole(space)


def test_what_a_dead_run_archived_is_read(processes: ForkServerContext, inbox_root: Path) -> None:
    """If a run archives a file and dies, the next run finds nothing new, but announces its day until it is read."""
    drop(inbox_root, "plan.txt", plain_text(1))
    steps = wait_for_exit(ingest(processes, _copied(inbox_root), "in")).steps
    for step in range(1, steps + 1) if LONG else range(steps // 2, steps + 1, 6):
        root = _copied(inbox_root)
        assert ingest(processes, root, "dead", at=step).done().code == -9
        report = wait_for_exit(ingest(processes, root, "other")).result
        space = open_space(root, SECOND)
        unread = at_leisure(processes, do_task, root, SECOND, "unprocessed_days", {})
        assert unread == [SECOND.isoformat()]
        assert report["days"] in ([], unread)
        at_leisure(processes, extract_all, root, SECOND)
        assert at_leisure(processes, do_task, root, SECOND, "unprocessed_days", {}) == []
        assert space.lake.read("articles").num_rows == 1
        assert names(root, "done") == ["plan.txt"]


def _copied(root: Path) -> Path:
    copy = root.with_name(f"{root.name}-{next(_numbers)}")
    shutil.copytree(root, copy)
    return copy
