"""A process that is killed while it updates, rebuilds or clears the search index leaves one that goes on."""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from news_airflow.tasks import TASKS

from newslake.pipeline.addons.search.addon import maintenance
from newslake.pipeline.addons.search.articles import search_articles
from newslake.pipeline.addons.search.index import erase_removed, index_path, problems_of_index, update_index
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.lake import Lake
from newslake.pipeline.settings import Settings
from tests.long_form import LONG, seed_or
from tests.unit.lake.rows import Story, batch_keys, batch_tables

KILLS = 40 if LONG else 2  # of each kind of work
SEED = seed_or(20261128)
ROOT = Path(__file__).parents[2]
STORIES = 150


@contextmanager
def worker(lake_dir: Path, work: str) -> Iterator[subprocess.Popen[bytes]]:
    """Start a process that works on the index; kill it at the end of the block."""
    command = [sys.executable, "-m", "tests.faults.search_worker", str(lake_dir), work]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            yield process
        finally:
            process.kill()


def commit(lake: Lake, turn: int) -> None:
    """Commit all stories with new words, some on another day."""
    stories = [
        Story(number, f"The turn{turn} ferry waits.", day=(number + turn * (number % 7 == 0)) % 50, seen=turn)
        for number in range(STORIES)
    ]
    lake.stage(f"b{turn}", batch_tables(stories), batch_keys(stories))
    lake.commit([f"b{turn}"], is_current=lambda *_: True)


def bytes_of(lake_dir: Path) -> bytes:
    return b"".join(path.read_bytes() for path in index_path(lake_dir).parent.glob("search.sqlite*"))


@pytest.mark.parametrize("work", ["update", "rebuild", "erase"])
def test_killed_work_leaves_an_index_that_goes_on(tmp_path: Path, work: str) -> None:
    """After each kill at a random moment, the index is not damaged, and finds the articles of the head after an update.

    An erasure that is run again leaves no byte of the words of earlier revisions.
    """
    chance = random.Random(f"{SEED} {work}")
    lake_dir = tmp_path / "lake"
    lake = Lake(lake_dir, durability="process", now=lambda: datetime.now(UTC))
    commit(lake, 0)
    update_index(lake_dir, durability="process")
    for turn in range(1, KILLS + 1):
        with worker(lake_dir, work):
            commit(lake, turn)
            time.sleep(chance.uniform(0, 0.4))  # the moment of the kill; nothing waits for it
        assert problems_of_index(lake_dir) == ()
        update_index(lake_dir, durability="process")
        result = search_articles(lake_dir, f"turn{turn} ferry")
        assert (result.total, result.is_current) == (STORIES, True)
        assert search_articles(lake_dir, f"turn{turn - 1}").total == 0
    erase_removed(lake_dir, durability="process")
    assert problems_of_index(lake_dir) == ()
    left = bytes_of(lake_dir)
    lake.erasure.rows([Story(number).article_id for number in range(STORIES)])
    with worker(lake_dir, "erase"):
        time.sleep(chance.uniform(0, 0.4))
    erase_removed(lake_dir, durability="process")
    assert b"ferry" in left
    assert b"ferry" not in bytes_of(lake_dir)


def commit_and_die(lake_dir: Path, *numbers: int) -> None:
    command = [sys.executable, "-m", "tests.faults.search_worker", str(lake_dir), "commit", *map(str, numbers)]
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == -signal.SIGKILL


def test_night_makes_up_for_a_kill_between_commit_and_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The nightly work indexes what a process committed before it died: at first, and later."""
    (tmp_path / "sources.toml").touch()
    for name, value in {
        "DATA_DIR": tmp_path,
        "SOURCES_FILE": tmp_path / "sources.toml",
        "DURABILITY": "process",
    }.items():
        monkeypatch.setenv(f"NEWS_{name}", str(value))
    lake_dir = tmp_path / "lake"
    commit_and_die(lake_dir, 1, 2)
    assert not index_path(lake_dir).exists()
    space = Workspace(Settings.load())
    assert maintenance(space).lines == ("built the missing search index: 2 articles",)
    assert search_articles(lake_dir, "ferry").total == 2
    commit_and_die(lake_dir, 3)
    result = search_articles(lake_dir, "ferry")
    assert (result.total, result.is_current) == (2, False)
    assert TASKS["recover"]()["repaired"] == ["updated the search index: 1 article added"]
    result = search_articles(lake_dir, "ferry")
    assert (result.total, result.is_current) == (3, True)
    assert TASKS["recover"]()["repaired"] == []
