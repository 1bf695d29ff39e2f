"""Those who keep a copy are told the truth by a lake whose processes are killed."""

import os
import random
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import pytest

from pipeline.lake import Lake
from tests.faults.lake_worker import open_lake, publish_and_die, publish_edition
from tests.faults.test_lake_kill import finish, public_files

KILLS = 60 if os.environ.get("NEWSLAKE_LONG") else 8
EDITIONS = 1_000  # numbers of their own
_NAMES = ["article_id", "revision_id", "fetched_at", "published_date"]


def follow(lake: Lake, copy: dict[str, dict[str, Any]], since: datetime) -> datetime:
    """Bring a copy up to date by the recipe of docs/how-to/share.md; return when to ask from next."""
    found = lake.changes(since)
    for each in found.articles:
        copy.pop(each.article_id, None)
        if each.kind != "removed":
            rows = lake.read("articles", days=[each.day], columns=_NAMES).to_pylist()
            copy.update({row["article_id"]: row for row in rows if row["article_id"] == each.article_id})
    return found.until or since


@pytest.mark.timeout(600)
def test_follower_of_a_killed_lake(processes: ForkServerContext, tmp_path: Path) -> None:
    """After each SIGKILL of a committer, what is told since the last time makes the copy the table again."""
    chance = random.Random(20260204)
    root = tmp_path / "lake"
    publish_edition(root, 0)
    copy: dict[str, dict[str, Any]] = {}
    since = datetime(2020, 1, 1, tzinfo=UTC)
    killed = 0
    for number in range(1, KILLS + 1):
        process = processes.Process(target=publish_and_die, args=(root, EDITIONS + number, chance.randint(1, 180)))
        process.start()
        killed += finish(process) == -9
        lake = open_lake(root)
        lake.recover()
        since = follow(lake, copy, since)
        assert sorted(copy.values(), key=str) == sorted(lake.read("articles", columns=_NAMES).to_pylist(), key=str)
    assert killed > KILLS / 2


def _die_at(left: int, act: Callable[[], object]) -> None:
    """Act, killed at the ``left``-th change of the file system; exits 0 when there are fewer."""

    def count(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        is_change = event in {"os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir"}
        is_change |= event == "open" and isinstance(arguments[1], str) and "w" in arguments[1]
        left -= is_change
        if is_change and left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)
    act()


def take(root: Path, left: int) -> None:
    _die_at(left, lambda: open_lake(root).snapshot("v1"))


def drop(root: Path, left: int) -> None:
    _die_at(left, lambda: open_lake(root).drop_snapshot("v1"))


@pytest.mark.timeout(600)
def test_killed_while_taking_and_dropping(processes: ForkServerContext, tmp_path: Path) -> None:
    """Killed at seeded moments, a snapshot is whole or not there; the next one clears away what was left."""
    chance = random.Random(20260205)
    root = tmp_path / "lake"
    publish_edition(root, 0)
    before, seen = public_files(root), set()
    for number in range(KILLS):
        has = bool(open_lake(root).snapshots())
        process = processes.Process(target=drop if has else take, args=(root, chance.randint(1, 70 if has else 110)))
        process.start()
        seen.add((has, finish(process)))
        lake = open_lake(root)
        for each in lake.snapshots():
            assert lake.verify_snapshot(each.facts.name) == ()
            assert public_files(tmp_path / "snapshots" / each.facts.name) == before, number
        assert lake.verify() == ()
        assert public_files(root) == before
    assert (False, -9) in seen
    lake.snapshot("last")
    assert not list((tmp_path / "snapshots").glob(".*"))
