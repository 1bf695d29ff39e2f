"""Copies of a lake stay correct although processes of the lake are killed."""

import random
from datetime import UTC, datetime
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

import pytest

from newslake.pipeline.lake import Lake
from tests.faults.lake.newsdesk import open_lake, publish_hour
from tests.faults.lake.promises import public_files
from tests.faults.sample_run import Worker
from tests.long_form import LONG, seed_or

KILLS = 60 if LONG else 8
_NAMES = ["article_id", "revision_id", "fetched_at", "published_date"]


def follow(lake: Lake, copy: dict[str, dict[str, Any]], since: datetime) -> datetime:
    """Update a copy by the recipe of docs/addons/share.md; return the start time of the next update."""
    found = lake.index.changes(since)
    for each in found.articles:
        copy.pop(each.article_id, None)
        if each.kind != "removed":
            rows = lake.read("articles", days=[each.day], columns=_NAMES).to_pylist()
            copy.update({row["article_id"]: row for row in rows if row["article_id"] == each.article_id})
    return found.until or since


@pytest.mark.timeout(600)
def test_follower_of_a_killed_lake(processes: ForkServerContext, tmp_path: Path) -> None:
    """After each SIGKILL of a committer, the changes since the last update make the copy equal to the table."""
    chance = random.Random(seed_or(20260204))
    root = tmp_path / "lake"
    publish_hour(root, 0)
    copy: dict[str, dict[str, Any]] = {}
    since = datetime(2020, 1, 1, tzinfo=UTC)
    killed = 0
    for hour in range(1, KILLS + 1):
        killed += Worker(processes, publish_hour, root, hour, at=chance.randint(1, 180)).done().code == -9
        lake = open_lake(root)
        lake.recover()
        since = follow(lake, copy, since)
        assert sorted(copy.values(), key=str) == sorted(lake.read("articles", columns=_NAMES).to_pylist(), key=str)
    assert killed > KILLS / 2


def take(root: Path) -> None:
    open_lake(root).snapshots.take("v1")


def drop(root: Path) -> None:
    open_lake(root).snapshots.drop("v1")


@pytest.mark.timeout(600)
def test_killed_while_taking_and_dropping(processes: ForkServerContext, tmp_path: Path) -> None:
    """After a kill at a seeded moment, a snapshot is complete or missing; the next one removes the leftovers."""
    chance = random.Random(seed_or(20260205))
    root = tmp_path / "lake"
    publish_hour(root, 0)
    before, seen = public_files(root), set()
    for number in range(KILLS):
        has = bool(open_lake(root).snapshots.list())
        worker = Worker(processes, drop if has else take, root, at=chance.randint(1, 70 if has else 110))
        seen.add((has, worker.done().code))
        lake = open_lake(root)
        for each in lake.snapshots.list():
            assert lake.snapshots.verify(each.facts.name) == ()
            assert public_files(tmp_path / "snapshots" / each.facts.name) == before, number
        assert lake.verify() == ()
        assert public_files(root) == before
    assert (False, -9) in seen
    lake.snapshots.take("last")
    assert not list((tmp_path / "snapshots").glob(".*"))
