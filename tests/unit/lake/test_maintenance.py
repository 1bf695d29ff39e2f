"""Leftovers of dead processes and manual changes are reported, repaired or removed."""

import hashlib
import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from pipeline.errors import LakeError
from pipeline.lake import Lake
from pipeline.tables import table_named
from tests.unit.lake.rows import Story, batch_keys, batch_tables

DAY = date(2026, 2, 3)
STORIES = [Story(1), Story(2), Story(3, day=1)]


def open_lake(root: Path, *, gc_grace_hours: float = 24.0) -> Lake:
    return Lake(root, durability="process", gc_grace_hours=gc_grace_hours, now=lambda: datetime.now(UTC))


def commit(lake: Lake, *stories: Story, batch_id: str = "b1") -> None:
    lake.stage(batch_id, batch_tables(stories), batch_keys(stories))
    lake.commit([batch_id], is_current=lambda *_: True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a lake of two days."""
    commit(open_lake(tmp_path / "lake"), *STORIES)
    return tmp_path / "lake"


def public(root: Path, table: str = "quotes") -> Path:
    return root / f"tables/{table}/published_date=2026-02-03/part-0.parquet"


def files(root: Path) -> dict[str, bytes]:
    return {path.as_posix(): path.read_bytes() for path in (root / "tables").rglob("*") if path.is_file()}


def lose_public(root: Path) -> None:
    public(root).unlink()


def overwrite_public(root: Path) -> None:
    public(root).unlink()
    public(root).write_bytes(b"PAR1")


def add_stray(root: Path) -> None:
    (public(root).parent / "part-1.parquet").write_bytes(public(root).read_bytes())


def add_stray_day(root: Path) -> None:
    folder = root / "tables/quotes/published_date=1999-01-01"
    folder.mkdir()
    (folder / "part-0.parquet").write_bytes(public(root).read_bytes())


def lose_index_rows(root: Path) -> None:
    with closing(sqlite3.connect(root / "_state/index.sqlite", autocommit=True)) as connection:
        connection.execute("DELETE FROM days WHERE published_date = '2026-02-03'")
        connection.execute("DELETE FROM articles WHERE published_date = '2026-02-03'")


def lose_index(root: Path) -> None:
    for path in root.glob("_state/index.sqlite*"):
        path.unlink()


@pytest.mark.parametrize(
    ("harm", "named"),
    [
        (lose_public, "tables/quotes/published_date=2026-02-03/part-0.parquet"),
        (overwrite_public, "tables/quotes/published_date=2026-02-03/part-0.parquet"),
        (add_stray, "tables/quotes/published_date=2026-02-03/part-1.parquet"),
        (add_stray_day, "tables/quotes/published_date=1999-01-01/part-0.parquet"),
        (lose_index_rows, "2026-02-03: the article index"),
    ],
    ids=["lost", "overwritten", "orphan", "orphan-day", "index"],
)
def test_verify_reports_it_and_recover_repairs_it(root: Path, harm: Callable[[Path], None], named: str) -> None:
    """Damage that the state can undo is reported by verify and repaired by recover."""
    before, stored = files(root), open_lake(root).index.stored([story.article_id for story in STORIES])
    harm(root)
    problems = open_lake(root).verify()
    assert len(problems) == 1
    assert problems[0].startswith(named)
    assert "newslake lake repair" in problems[0]
    assert len(open_lake(root).recover()) == 1
    assert open_lake(root).verify() == ()
    assert files(root) == before
    assert open_lake(root).index.stored(stored) == stored
    assert open_lake(root).recover() == ()


def test_manifest_of_another_schema_is_refused(root: Path) -> None:
    """A day that another schema version wrote is refused by name, not read."""
    path = root / "_state/manifest/2026-02-03.json"
    content = json.loads(path.read_bytes()) | {"schema_version": 1}
    rest = _sorted_json({name: value for name, value in content.items() if name != "checksum"})
    path.write_bytes(_sorted_json(content | {"checksum": hashlib.sha256(rest).hexdigest()}))
    with pytest.raises(LakeError, match=r"was written with schema 1; this version reads schema 2 only"):
        open_lake(root).read("articles", days=[DAY])


def _sorted_json(content: object) -> bytes:
    return json.dumps(content, indent=1, sort_keys=True).encode() + b"\n"


def test_manifest_without_its_checksum_is_damaged(root: Path) -> None:
    """A manifest without its checksum counts as damaged."""
    path = root / "_state/manifest/2026-02-03.json"
    content = json.loads(path.read_text())
    del content["checksum"]
    path.write_text(json.dumps(content, indent=1, sort_keys=True) + "\n")
    assert any("its checksum does not match" in problem for problem in open_lake(root).verify())


def test_index_of_another_version_is_rebuilt_on_open(root: Path) -> None:
    """An index with the columns of another newslake version is rebuilt from the manifests."""
    before = open_lake(root).index.stored([Story(1).article_id])
    with closing(sqlite3.connect(root / "_state/index.sqlite", autocommit=True)) as connection:
        connection.execute("ALTER TABLE articles DROP COLUMN fetched_at")
        connection.execute("PRAGMA user_version = 0")
    lake = open_lake(root)
    assert lake.index.stored([Story(1).article_id]) == before
    assert lake.verify() == ()


def test_lost_index_is_rebuilt_on_open(root: Path) -> None:
    """An index that was deleted is rebuilt with the same content, and commits go on."""
    stored = open_lake(root).index.stored([story.article_id for story in STORIES])
    lose_index(root)
    assert open_lake(root).index.stored(stored) == stored
    assert open_lake(root).verify() == ()


def test_article_on_two_days_is_reported_and_resolved(root: Path) -> None:
    """If the index is lost during a move, the double row is reported and the later revision stays."""
    before = {path: path.read_bytes() for path in root.glob("_state/manifest/*.json")}
    commit(open_lake(root), Story(1, day=1, seen=1), batch_id="b2")
    [old_day] = [path for path in before if path.stem == "2026-02-03"]
    old_day.write_bytes(before[old_day])
    assert any("an article is on two days" in problem for problem in open_lake(root).verify())
    lose_index(root)
    [problem] = open_lake(root).verify()
    assert problem.startswith("_state/index.sqlite: is missing; run `newslake lake repair`")
    open_lake(root).recover()
    assert open_lake(root).verify() == ()
    assert open_lake(root).read("articles").num_rows == len(STORIES)


@pytest.mark.parametrize("place", [4, 500, -20])
def test_flipped_byte_is_reported(root: Path, place: int) -> None:
    """A flipped byte anywhere in a file is reported with the file, and no commit reads it."""
    with public(root).open("r+b") as file:
        file.seek(place, os.SEEK_END if place < 0 else os.SEEK_SET)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))
    [problem] = open_lake(root).verify()
    assert problem.startswith("tables/quotes/published_date=2026-02-03/part-0.parquet: ")
    assert "corrupt" in problem
    with pytest.raises(LakeError) as caught:
        commit(open_lake(root), Story(7), batch_id="b2")
    assert caught.value.reason == "object_corrupt"


def test_broken_column_name_is_reported(root: Path) -> None:
    """A data file with a column name in its footer that is not UTF-8 is reported, not raised."""
    path = next((root / "_state/data/quotes/published_date=2026-02-03").iterdir())
    data = path.read_bytes()
    assert data.count(b"quote_text") > 1
    path.write_bytes(data.replace(b"quote_text", b"quote\xe1text"))  # also the public file: one inode

    problems = open_lake(root).verify()

    assert [each.partition(" is corrupt")[0].rpartition("_state/")[2] for each in problems] == [
        path.relative_to(root / "_state").as_posix()
    ]


def test_damaged_day_can_be_derived_again(root: Path) -> None:
    """The advice of the message works: drop the day, derive it again."""
    before = files(root)
    public(root).write_bytes(b"PAR1")
    open_lake(root).recover(drops_damaged=True)
    assert open_lake(root).index.stored([Story(1).article_id]) == {}
    assert open_lake(root).verify() == ()
    commit(open_lake(root), *STORIES)
    assert files(root) == before
    assert open_lake(root).verify() == ()


@pytest.mark.parametrize("harm", ["no database", "a row"])
def test_process_with_an_open_index_goes_on(root: Path, harm: str) -> None:
    """A damaged index is rebuilt in place: another process that has it open reads and writes the new content."""
    other, path = open_lake(root), root / "_state/index.sqlite"
    stored, inode = other.index.stored([story.article_id for story in STORIES]), path.stat().st_ino
    with closing(sqlite3.connect(path, autocommit=True)) as connection:
        if harm == "a row":
            connection.execute("UPDATE articles SET payload_digest = 'sha256:0'")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    if harm == "no database":
        with path.open("r+b") as file:
            file.write(b"not a database" * 500)
    [message] = [each for each in open_lake(root).recover(drops_damaged=True) if "rebuilt the article index" in each]
    assert "newslake changes" in message
    assert path.stat().st_ino == inode
    assert other.index.stored(stored) == stored
    commit(other, Story(9), batch_id="b9")
    assert Story(9).article_id in open_lake(root).index.stored([Story(9).article_id])
    assert open_lake(root).verify() == ()


def test_broken_manifest_is_reported(root: Path) -> None:
    """A manifest that is not JSON is reported by verify, and an error with its name for readers."""
    (root / "_state/manifest/2026-02-03.json").write_text("{")
    assert any("2026-02-03.json is not a manifest" in problem for problem in open_lake(root).verify())
    with pytest.raises(LakeError, match=r"2026-02-03\.json") as caught:
        open_lake(root).read("articles")
    assert caught.value.reason == "manifest_broken"


def test_broken_index_is_reported(root: Path) -> None:
    """An index that is not a database is an error with the fix."""
    lose_index(root)
    (root / "_state/index.sqlite").write_bytes(b"not a database " * 100)
    with pytest.raises(LakeError, match="repair --drop-damaged") as caught:
        open_lake(root).index.stored([])
    assert caught.value.reason == "index_broken"


def test_gc_keeps_the_generation_before(root: Path) -> None:
    """Of many generations, the current and the previous one stay; so do files younger than the retention time."""
    for number in range(5):
        commit(open_lake(root), Story(2, f"Words {number}", seen=number + 1), batch_id=f"b{number}")
    objects = root / "_state/data/quotes/published_date=2026-02-03"
    assert len(list(objects.iterdir())) == 6
    assert open_lake(root).gc() == 0
    assert (
        open_lake(root, gc_grace_hours=0).gc() == 4 * 4 + 5 * 6
    )  # data files of four generations, files of five batches
    assert [path.name.split("-")[0] for path in sorted(objects.iterdir())] == ["000005", "000006"]
    assert open_lake(root).verify() == ()


def test_commit_collects_its_own_days(root: Path) -> None:
    """A commit collects the garbage of its days."""
    lake = open_lake(root, gc_grace_hours=0)
    for number in range(5):
        commit(lake, Story(2, f"Words {number}", seen=number + 1), batch_id=f"b{number}")
    assert len(list((root / "_state/data/quotes/published_date=2026-02-03").iterdir())) == 2


def test_gc_removes_old_leftovers(root: Path) -> None:
    """Temporary files, orphan files and staged batches are removed after the retention time."""
    lake = open_lake(root, gc_grace_hours=0)
    lake.stage("left", batch_tables([Story(9)]), batch_keys([Story(9)]))
    (root / "_state/tmp/half").write_bytes(b"x")
    (root / "_state/data/quotes/published_date=2026-02-03/000009-00000000.obj").write_bytes(b"x")
    assert open_lake(root).gc() == 0
    assert lake.gc() == 2 * 6 + 1 + 1
    assert list((root / "_state/staged").iterdir()) == []
    assert lake.verify() == ()


def age(root: Path, *, hours: float) -> None:
    """Set the time of every file in the lake back by ``hours``."""
    for path in root.rglob("*"):
        written = path.stat().st_mtime - hours * 3600
        os.utime(path, (written, written))


def test_replaced_files_stay_for_the_retention_time(root: Path) -> None:
    """Files that a reader uses stay for the retention time after they are replaced, at any age."""
    age(root, hours=1000)
    lake = open_lake(root)
    snapshot = [root / "_state" / each.object for each in lake.partitions.manifest(DAY).entries.values()]
    for number in range(3):
        commit(lake, Story(2, f"Words {number}", seen=number + 1), batch_id=f"c{number}")
    assert lake.gc() == 6  # the files of the batch that was committed a thousand hours ago
    assert [path for path in snapshot if not path.exists()] == []
    age(root, hours=25)
    assert lake.gc() == 2 * 4 + 3 * 6
    assert [path for path in snapshot if path.exists()] == []


@pytest.mark.parametrize("hours", [-1000, 1000])
def test_gc_of_a_host_whose_clock_is_wrong(root: Path, hours: int) -> None:
    """A host whose clock is slow or fast deletes no new file."""
    lake = Lake(root, durability="process", now=lambda: datetime.now(UTC) + timedelta(hours=hours))
    open_lake(root).stage("waits", batch_tables([Story(9)]), batch_keys([Story(9)]))
    assert lake.gc() == 0
    commit(open_lake(root), Story(2, "Words", seen=1), batch_id="waits")


def test_gc_removes_empty_folders(root: Path) -> None:
    """An empty folder of a dead process is removed."""
    for folder in ("tables/quotes", "_state/data/quotes"):
        (root / folder / "published_date=1999-01-01").mkdir()
    assert open_lake(root).gc() == 0
    assert list(root.rglob("*1999*")) == []
    assert open_lake(root).verify() == ()


def test_dropped_day_is_current_with_no_knowledge(tmp_path: Path) -> None:
    """Its generations start again at 1: the mark of the old generation 1 is not valid for the new one."""
    lake = open_lake(tmp_path / "lake")
    commit(lake, Story(1))
    lake.index.mark_current({DAY: 1}, "knowledge")
    assert lake.index.days_current_with("knowledge") == {DAY}
    (tmp_path / "lake/_state/manifest/2026-02-03.json").unlink()
    lake.recover()
    commit(lake, Story(1, words="It sank."), batch_id="again")
    assert (lake.partitions.manifest(DAY).generation, lake.index.days_current_with("knowledge")) == (1, frozenset())


@pytest.mark.parametrize("change", ["commit", "replace", "erase"])
def test_day_without_its_manifest_is_not_begun_again(root: Path, change: str) -> None:
    """Nothing is written to a day that lost its manifest: its articles would be gone, and verify would be silent."""
    lake = open_lake(root)
    manifest = root / f"_state/manifest/{DAY}.json"
    data, before = manifest.read_bytes(), files(root)
    manifest.unlink()
    rows = table_named("near_duplicates").schema.empty_table()
    changes = {
        "commit": lambda: commit(lake, Story(4), batch_id="b2"),
        "replace": lambda: lake.replace("near_duplicates", lambda: {DAY: rows}),
        "erase": lambda: lake.erasure.rows([Story(1).article_id]),
    }
    with pytest.raises(LakeError, match=r"was there before.*`newslake run`") as caught:
        changes[change]()
    assert (caught.value.reason, files(root)) == ("manifest_missing", before)
    assert any(f"{DAY}.json: is missing" in each for each in lake.verify())
    manifest.write_bytes(data)
    commit(lake, Story(4), batch_id="b2")
    assert lake.read("articles").num_rows == 4
    assert lake.verify() == ()
