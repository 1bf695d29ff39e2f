"""Leftovers of dead processes and manual changes are reported, repaired or removed."""

import hashlib
import json
import os
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from newslake.pipeline.errors import LakeError
from newslake.pipeline.lake import Garbage, Lake
from newslake.pipeline.lake.manifests import Head, head_bytes
from newslake.pipeline.tables import TABLE_SPECS
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
    return root / f"tables/{table}/published_month=2026-02/2026-02-03.parquet"


def manifest(root: Path, month: str = "2026-02") -> Path:
    """Return the newest manifest of a month."""
    return max((root / "_state/months" / month).iterdir())


def files(root: Path) -> dict[str, bytes]:
    return {path.as_posix(): path.read_bytes() for path in (root / "tables").rglob("*") if path.is_file()}


def lose_public(root: Path) -> None:
    public(root).unlink()


def overwrite_public(root: Path) -> None:
    public(root).unlink()
    public(root).write_bytes(b"PAR1")


def add_stray_day(root: Path) -> None:
    public(root).with_name("2026-02-28.parquet").write_bytes(public(root).read_bytes())


def add_stray_month(root: Path) -> None:
    folder = root / "tables/quotes/published_month=1999-01"
    folder.mkdir()
    (folder / "1999-01.parquet").write_bytes(public(root).read_bytes())


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
        (lose_public, "tables/quotes/published_month=2026-02/2026-02-03.parquet"),
        (overwrite_public, "tables/quotes/published_month=2026-02/2026-02-03.parquet"),
        (add_stray_day, "tables/quotes/published_month=2026-02/2026-02-28.parquet"),
        (add_stray_month, "tables/quotes/published_month=1999-01/1999-01.parquet"),
        (lose_index_rows, "2026-02-03: the article index"),
    ],
    ids=["lost", "overwritten", "orphan-day", "orphan-month", "index"],
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


@pytest.mark.parametrize(
    "name",
    [
        "quotes/published_month=2026-02/2026-02-03-copy.parquet",
        "quotes/published_month=2026-02/2026-03-01.parquet",
        "quotes/published_month=2026-02/notes.txt",
        "quotes/2026-02.parquet",
        "mine/published_month=2026-02/2026-02.parquet",
        "notes.txt",
    ],
)
def test_file_of_others_is_named_and_stays(root: Path, name: str) -> None:
    """A file with a path that newslake gives to no file is named by verify; nothing that newslake does removes it."""
    path = root / "tables" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("mine")
    lake = open_lake(root)
    [problem] = lake.verify()
    assert problem.startswith(f"tables/{name}: is not a file of newslake; move it out of the lake")
    assert lake.recover() == ()
    assert lake.recover(drops_damaged=True) == ()
    lake.gc()
    assert path.read_text() == "mine"


def with_checksum(content: dict[str, object]) -> bytes:
    """Return the bytes of a head or manifest with this content."""
    rest = json.dumps(content, separators=(",", ":")).encode()
    return b'{"checksum": "%s", %s\n' % (hashlib.sha256(rest).hexdigest().encode(), rest[1:])


@pytest.mark.parametrize("named", ["_state/head.json", "manifest"])
def test_lake_of_another_schema_is_refused(root: Path, named: str) -> None:
    """A head or month that another schema version wrote is refused by name, not read."""
    path = manifest(root) if named == "manifest" else root / named
    content = json.loads(path.read_bytes())
    assert with_checksum({name: value for name, value in content.items() if name != "checksum"}) == path.read_bytes()
    del content["checksum"]
    path.write_bytes(with_checksum(content | {"schema_version": 1}))
    with pytest.raises(LakeError, match=rf"{path.name} was written with schema 1; .* reads schema 3 only"):
        open_lake(root).read("articles", days=[DAY])


@pytest.mark.parametrize("named", ["_state/head.json", "manifest"])
def test_head_or_manifest_without_its_checksum_is_damaged(root: Path, named: str) -> None:
    """A head or manifest without its checksum counts as damaged."""
    path = manifest(root) if named == "manifest" else root / named
    content = json.loads(path.read_text())
    del content["checksum"]
    path.write_text(json.dumps(content, separators=(",", ":")) + "\n")
    assert any("it does not begin with a checksum" in problem for problem in open_lake(root).verify())


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


@pytest.mark.parametrize("is_committed", [False, True])
def test_article_is_on_one_day_if_a_move_dies(root: Path, is_committed: bool) -> None:
    """A move that died, and an index that was lost: the article is on its old day, or after the commit on its new."""
    head, before = (root / "_state/head.json").read_bytes(), files(root)
    commit(open_lake(root), Story(1, day=40, seen=1), batch_id="b2")
    if not is_committed:
        (root / "_state/head.json").write_bytes(head)  # both months have a newer manifest
    lose_index(root)
    [problem] = open_lake(root).verify()
    assert problem.startswith("_state/index.sqlite: is missing; run `newslake lake repair`")
    open_lake(root).recover()
    assert open_lake(root).verify() == ()
    articles = open_lake(root).read("articles", columns=["article_id", "published_date"]).to_pylist()
    assert len(articles) == len(STORIES)
    [day] = [each["published_date"] for each in articles if each["article_id"] == Story(1).article_id]
    assert day == (date(2026, 3, 15) if is_committed else DAY)
    assert is_committed or files(root) == before
    assert len(list(root.glob("_state/months/*/*"))) == (3 if is_committed else 1)


@pytest.mark.parametrize("place", [4, 500, -20])
def test_flipped_byte_is_reported(root: Path, place: int) -> None:
    """A flipped byte anywhere in a file is reported with the file, and no commit reads it."""
    with public(root).open("r+b") as file:
        file.seek(place, os.SEEK_END if place < 0 else os.SEEK_SET)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 1]))
    [problem] = open_lake(root).verify()
    assert problem.startswith("tables/quotes/published_month=2026-02/2026-02-03.parquet: ")
    assert "corrupt" in problem
    with pytest.raises(LakeError) as caught:
        commit(open_lake(root), Story(7), batch_id="b2")
    assert caught.value.reason == "object_corrupt"


def test_broken_column_name_is_reported(root: Path) -> None:
    """A data file with a column name in its footer that is not UTF-8 is reported, not raised."""
    path = next((root / "_state/data/quotes/2026-02").iterdir())
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
    name = manifest(root).name
    manifest(root).write_text("{")
    assert any(f"{name} is not a manifest" in problem for problem in open_lake(root).verify())
    with pytest.raises(LakeError, match=name) as caught:
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
    objects = root / "_state/data/quotes/2026-02"
    assert len(list(objects.glob("2026-02-03.*"))) == 6
    old = 4 * 4 + 4 + 5 * 6  # data files and manifests of four generations, files of five batches
    assert open_lake(root).gc() == Garbage(removed=0, waiting=old)
    assert open_lake(root, gc_grace_hours=0).gc() == Garbage(removed=old, waiting=0)
    assert [path.name.split(".")[1] for path in sorted(objects.glob("2026-02-03.*"))] == ["000005", "000006"]
    assert len(list(manifest(root).parent.iterdir())) == 2
    assert open_lake(root).verify() == ()


@pytest.mark.parametrize("harm", ["lost", "damaged"])
def test_damaged_generation_before_is_no_obstacle(root: Path, harm: str) -> None:
    """Commits and gc go on without the manifest of the generation before, which no reader needs."""
    commit(open_lake(root), Story(2, "Words", seen=1), batch_id="b2")
    path = min(manifest(root).parent.iterdir())
    if harm == "lost":
        path.unlink()
    else:
        path.write_bytes(b"{")
    assert [str(path.relative_to(root)) in each for each in open_lake(root).verify()] == [True] * (harm == "damaged")
    lake = open_lake(root, gc_grace_hours=0)
    commit(lake, Story(5), batch_id="b3")
    lake.gc()
    assert lake.verify() == ()


def test_commit_collects_its_own_months(root: Path) -> None:
    """A commit collects the garbage of its months."""
    lake = open_lake(root, gc_grace_hours=0)
    for number in range(5):
        commit(lake, Story(2, f"Words {number}", seen=number + 1), batch_id=f"b{number}")
    assert len(list((root / "_state/data/quotes/2026-02").glob("2026-02-03.*"))) == 2


def test_gc_removes_old_leftovers(root: Path) -> None:
    """Temporary files, orphan files and staged batches are removed after the retention time."""
    lake = open_lake(root, gc_grace_hours=0)
    lake.stage("left", batch_tables([Story(9)]), batch_keys([Story(9)]))
    (root / "_state/tmp/half").write_bytes(b"x")
    (root / "_state/data/quotes/2026-02/2026-02-03.000009.00000000.obj").write_bytes(b"x")
    assert open_lake(root).gc() == Garbage(removed=0, waiting=2 * 6 + 1 + 1)
    assert lake.gc() == Garbage(removed=2 * 6 + 1 + 1, waiting=0)
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
    entries = lake.partitions.state().month("2026-02").entries()
    snapshot = [root / "_state" / each.object for _, stem, each in entries if stem == str(DAY)]
    for number in range(3):
        commit(lake, Story(2, f"Words {number}", seen=number + 1), batch_id=f"c{number}")
    assert lake.gc().removed == 6  # the files of the batch that was committed a thousand hours ago
    assert [path for path in snapshot if not path.exists()] == []
    age(root, hours=25)
    assert lake.gc().removed == 2 * 4 + 2 + 3 * 6  # data files and manifests of two generations, files of three batches
    assert [path for path in snapshot if path.exists()] == []


@pytest.mark.parametrize("hours", [-1000, 1000])
def test_gc_of_a_host_whose_clock_is_wrong(root: Path, hours: int) -> None:
    """A host whose clock is slow or fast deletes no new file."""
    lake = Lake(root, durability="process", now=lambda: datetime.now(UTC) + timedelta(hours=hours))
    open_lake(root).stage("waits", batch_tables([Story(9)]), batch_keys([Story(9)]))
    assert lake.gc().removed == 0
    commit(open_lake(root), Story(2, "Words", seen=1), batch_id="waits")


def test_gc_removes_empty_folders(root: Path) -> None:
    """An empty folder of a dead process is removed."""
    for folder in ("tables/quotes/published_month=1999-01", "_state/data/quotes/1999-01", "_state/months/1999-01"):
        (root / folder).mkdir()
    assert open_lake(root).gc().removed == 0
    assert list(root.rglob("*1999*")) == []
    assert open_lake(root).verify() == ()


def test_dropped_day_is_current_with_no_knowledge(tmp_path: Path) -> None:
    """Its generations start again at 1: the mark of the old generation 1 is not valid for the new one."""
    lake = open_lake(tmp_path / "lake")
    commit(lake, Story(1))
    lake.index.mark_current({DAY: 1}, "knowledge")
    assert lake.index.days_current_with("knowledge") == {DAY}
    next((tmp_path / "lake/_state/data/quotes/2026-02").iterdir()).unlink()
    lake.recover(drops_damaged=True)
    commit(lake, Story(1, words="It sank."), batch_id="again")
    assert (lake.partitions.state().day(DAY).generation, lake.index.days_current_with("knowledge")) == (1, frozenset())


@pytest.mark.parametrize("is_lost", [True, False])
def test_month_with_a_damaged_manifest_can_be_derived_again(root: Path, is_lost: bool) -> None:
    """The advice of the message works: drop the month, derive it again; other months stay as they are."""
    commit(open_lake(root), Story(8, day=60), batch_id="april")
    before = files(root)
    manifest(root).unlink() if is_lost else manifest(root).write_bytes(b"{")
    with pytest.raises(LakeError, match=r"repair --drop-damaged`, then `newslake run`"):
        open_lake(root).read("articles")
    open_lake(root).recover(drops_damaged=True)
    assert open_lake(root).verify() == ()
    assert files(root) == {path: data for path, data in before.items() if "2026-04" in path}
    commit(open_lake(root), *STORIES)
    assert files(root) == before
    assert open_lake(root).verify() == ()


@pytest.mark.parametrize("change", ["commit", "replace", "erase"])
@pytest.mark.parametrize(
    ("lost", "reason", "message"),
    [
        ("manifest", "manifest_missing", r"is missing; .*`newslake run`"),
        ("month", "month_missing", r"was there before.*`newslake run`"),
        ("head", "head_missing", r"head.json is missing; run `newslake lake repair --drop-damaged`"),
    ],
)
def test_lost_day_is_not_begun_again(root: Path, change: str, lost: str, reason: str, message: str) -> None:
    """Nothing is written to a day whose manifest was lost, or not named: its articles would be gone silently."""
    lake = open_lake(root)
    path, before = manifest(root) if lost == "manifest" else root / "_state/head.json", files(root)
    data = path.read_bytes()
    path.unlink()
    if lost == "month":
        path.write_bytes(head_bytes(Head(7)))
    rows = TABLE_SPECS["near_duplicates"].schema.empty_table()
    changes = {
        "commit": lambda: commit(lake, Story(4), batch_id="b2"),
        "replace": lambda: lake.replace("near_duplicates", lambda: {DAY: rows}),
        "erase": lambda: lake.erasure.rows([Story(1).article_id]),
    }
    with pytest.raises(LakeError, match=message) as caught:
        changes[change]()
    assert (caught.value.reason, files(root)) == (reason, before)
    assert any(re.search(message, each) for each in lake.verify())
    path.write_bytes(data)
    commit(lake, Story(4), batch_id="b2")
    assert lake.read("articles").num_rows == 4
    assert lake.verify() == ()


def test_lake_without_its_head_is_left_as_it_is(root: Path) -> None:
    """Neither repair nor gc takes a lake whose head was lost for an empty one: no file of it is removed."""
    commit(open_lake(root), Story(2, "Words", seen=1), batch_id="b2")
    (root / "_state/head.json").unlink()
    before = {path: path.stat().st_ino for path in root.rglob("*.*") if path.suffix in {".parquet", ".obj", ".json"}}
    for work in (open_lake(root).recover, open_lake(root, gc_grace_hours=0).gc):
        with pytest.raises(LakeError, match="repair --drop-damaged"):
            work()
    assert {path: path.stat().st_ino for path in before} == before
    open_lake(root).recover(drops_damaged=True)
    assert open_lake(root).read("articles").num_rows == len(STORIES)
    assert open_lake(root).verify() == ()
