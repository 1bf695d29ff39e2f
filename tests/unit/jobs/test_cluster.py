"""Sketches are cached, so that a batch reads only new texts; the result is the same without the cache."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from newslake.pipeline.jobs import cluster
from newslake.pipeline.jobs.cluster import near_duplicates_of
from newslake.pipeline.lake import Lake
from newslake.pipeline.lake.reader import LakeVersion
from tests.planted import COPIES, Press, articles_table, commit_articles

DAY = date(2026, 2, 3)
LAST = DAY + timedelta(7)
PRESS = Press(seed=21)
STORIES = [PRESS.prose(120) for _ in range(4)]


@dataclass(frozen=True)
class WatchedVersion(LakeVersion):
    """A version that notes which columns are read, by day."""

    reads: list[tuple[date, tuple[str, ...]]]

    def read(self, table, *, days=None, columns=None):
        self.reads.extend((day, tuple(columns or ())) for day in days or ())
        return super().read(table, days=days, columns=columns)


class WatchedLake(Lake):
    """A lake that knows which columns of articles were read, by day."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, durability="process", now=lambda: datetime.now(UTC))
        self.reads: list[tuple[date, tuple[str, ...]]] = []

    def read_at_once(self, read):
        return super().read_at_once(lambda each: read(WatchedVersion(each.partitions, each.state, self.reads)))


@pytest.fixture
def lake(tmp_path: Path) -> WatchedLake:
    """Eight days of four stories; each day duplicates them in another way."""
    lake = WatchedLake(tmp_path)
    for number in range(8):
        texts = [PRESS.copied(story, COPIES[number % len(COPIES)]) for story in STORIES]
        commit(lake, texts, first=number * 10, day=DAY + timedelta(number))
    return lake


def commit(lake: Lake, texts: Sequence[str], *, first: int, day: date) -> None:
    numbers = range(first, first + len(texts))
    commit_articles(lake, articles_table(texts, numbers, day=day), batch=f"{first}-{day}")


def related(lake: Lake) -> list[pa.Table]:
    return list(near_duplicates_of(lake, lake.days()).values())


@pytest.fixture
def texts_sketched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that are sketched, in order."""
    seen: list[str] = []
    real = cluster.sketches_of
    monkeypatch.setattr(cluster, "sketches_of", lambda texts: [seen.extend(texts), real(texts)][1])
    return seen


def test_a_batch_reads_its_own_day_alone(lake: WatchedLake, texts_sketched: list[str]) -> None:
    """One more article: the texts of its day are read and one is sketched; nothing of the window before is read."""
    related(lake)
    commit(lake, ["A word that is new."], first=90, day=LAST)
    lake.reads.clear()
    texts_sketched.clear()
    near_duplicates_of(lake, [LAST])
    assert {day for day, _ in lake.reads} == {LAST}
    assert texts_sketched == ["A word that is new."]
    lake.reads.clear()
    near_duplicates_of(lake, [LAST])
    assert lake.reads == []


def test_a_later_revision_is_sketched_again(lake: WatchedLake, texts_sketched: list[str]) -> None:
    """A changed article is another text; the other articles are not read again."""
    before = related(lake)
    texts_sketched.clear()
    commit(lake, ["It was all different."], first=0, day=DAY)
    after = related(lake)
    assert texts_sketched == ["It was all different."]
    assert before[1]["dup_group_id"][0].as_py() == f"{0:032x}" != after[1]["dup_group_id"][0].as_py()


@pytest.mark.parametrize("damage", ["lost", "empty", "cut", "changed", "swapped", "foreign"])
def test_damaged_sketches_are_made_again(lake: WatchedLake, tmp_path: Path, damage: str) -> None:
    """Whatever became of the kept files, the copies are the same, and the files are whole again."""
    expected = related(lake)
    kept = sorted((tmp_path / "_state/cache/sketches").iterdir())
    whole = [path.read_bytes() for path in kept]
    for path, data in zip(kept, whole, strict=True):
        half = len(data) // 2
        changed = data[:half] + bytes([data[half] ^ 1]) + data[half + 1 :]
        made = {"empty": b"", "cut": data[:half], "changed": changed, "swapped": whole[0], "foreign": b"x" * 99}
        path.unlink() if damage == "lost" else path.write_bytes(made[damage])
    assert related(lake) == expected
    assert [path.read_bytes() for path in kept] == whole


def test_sketches_of_another_version_are_made_again(
    lake: WatchedLake, texts_sketched: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another version of library or rule sketches every text again."""
    related(lake)
    texts_sketched.clear()
    monkeypatch.setattr(cluster, "sketch_version", lambda: "another")
    related(lake)
    assert len(texts_sketched) == 32


def test_kept_sketches_are_no_public_files(lake: WatchedLake) -> None:
    """A lake with sketches verifies, and recover and gc keep them."""
    related(lake)
    assert lake.verify() == ()
    assert lake.recover() == ()
    lake.gc()
    lake.reads.clear()
    related(lake)
    assert lake.reads == []
