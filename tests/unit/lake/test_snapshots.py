"""A named version of the lake does not change with the lake."""

import errno
import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import frictionless
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from newslake.pipeline.cli import app
from newslake.pipeline.clusters import co_mention_rows
from newslake.pipeline.errors import ConfigError, LakeError
from newslake.pipeline.lake import Lake, committed_files
from newslake.pipeline.query.connection import connect, query
from newslake.pipeline.tables import TABLE_SPECS, rows_table
from tests.traces import Traces
from tests.unit.lake.rows import Story, batch_keys, batch_tables, blank, near_duplicate_rows
from tests.unit.lake.test_commit import DAY, commit, inodes, is_current, lake, open_lake, public_files

__all__ = ["lake"]


MONTH = "2026-02"
both_layouts = pytest.mark.parametrize("stem", [DAY.isoformat(), MONTH], ids=["open", "closed"])
"""Repeat a test with a closed month: ``stem`` is that of the public files with the rows of the day."""


def close_if(lake: Lake, stem: str) -> None:
    """Close the month if its files are to have the stem of a closed one."""
    if stem == MONTH:
        lake.compact(months=[MONTH])


def bytes_of(snapshot: Path) -> dict[str, bytes]:
    return public_files(snapshot)


def test_snapshot_is_the_lake_as_it_was(lake: Lake, tmp_path: Path) -> None:
    """New revisions, new rows, garbage collection and compaction change the lake, not the snapshot; both are valid."""
    commit(lake, [Story(1), Story(2, day=1)])
    lake.replace("near_duplicates", lambda: {DAY: near_duplicate_rows([Story(1)])})
    before = public_files(tmp_path / "lake")
    taken = lake.snapshots.take("spring")
    assert (taken.facts.days, taken.facts.rows["articles"], taken.own_bytes) == (2, 2, 0)
    assert taken.shared_bytes == sum(map(len, before.values()))
    commit(lake, [Story(1, words="It sank."), Story(2, day=0), Story(3)], batch_id="b2")
    hasty = open_lake(tmp_path / "lake", gc_grace_hours=0)
    commit(hasty, [Story(1, words="It was raised.")], batch_id="b3")
    hasty.gc()
    hasty.compact(months=[MONTH])
    hasty.gc()
    assert bytes_of(tmp_path / "snapshots/spring") == before
    assert (lake.snapshots.verify("spring"), lake.verify()) == ((), ())
    [listed] = lake.snapshots.list()
    assert listed.facts == taken.facts
    assert listed.own_bytes > 0


def test_snapshot_of_a_closed_month(lake: Lake, tmp_path: Path) -> None:
    """A snapshot of open and closed months keeps the files of both as they are, also after a late article."""
    commit(lake, [Story(1), Story(2, day=1), Story(3, day=40)])
    lake.compact(months=[MONTH])
    taken = lake.snapshots.take("mixed")
    assert (taken.facts.days, taken.facts.rows["articles"], taken.own_bytes) == (3, 3, 0)
    before = bytes_of(tmp_path / "snapshots/mixed")
    assert {Path(name).stem for name in before} == {MONTH, "2026-03-15"}
    commit(lake, [Story(4)], batch_id="late")
    assert (bytes_of(tmp_path / "snapshots/mixed"), lake.snapshots.verify("mixed")) == (before, ())


@both_layouts
def test_snapshot_opens_like_the_lake(lake: Lake, tmp_path: Path, stem: str) -> None:
    """SQL over the snapshot's folder has the rows of that time; a glob over the lake's root does not find it."""
    commit(lake, [Story(1)])
    close_if(lake, stem)
    lake.snapshots.take("v1")
    commit(lake, [Story(2)], batch_id="b2")
    assert open_lake(tmp_path / "snapshots/v1").read("articles")["title"].to_pylist() == ["Story 1"]
    committed = committed_files(tmp_path / "snapshots/v1")
    assert committed is not None
    [file] = committed["articles"]
    assert (Path(file.path).resolve().stem, file.first_day, file.last_day, file.is_current) == (stem, DAY, DAY, True)
    count = "SELECT count(*) FROM articles"
    assert query(connect(tmp_path / "snapshots/v1"), count).rows == ((1,),)
    assert query(connect(tmp_path / "lake"), count).rows == ((2,),)
    assert len(list((tmp_path / "lake").rglob("articles/*/*.parquet"))) == 1
    package = json.loads((tmp_path / "snapshots/v1/datapackage.json").read_bytes())
    assert frictionless.Package.validate_descriptor(package).valid
    assert {each["name"]: each["rows"] for each in package["resources"]}["articles"] == 1


def test_questions_of_a_snapshot(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`newslake sql` and `ask` answer from a given snapshot; the error for a wrong name lists the snapshots."""
    monkeypatch.setenv("NEWS_DATA_DIR", str(tmp_path))
    commit(lake, [Story(1)])
    lake.snapshots.take("v1")
    commit(lake, [Story(2)], batch_id="b2")

    def call(*words: str) -> list[dict[str, object]]:
        done = CliRunner().invoke(app, [*words, "--json"], catch_exceptions=False)
        rows: list[dict[str, object]] = json.loads(done.stdout)
        return rows

    counted = ("sql", "SELECT count(*) AS articles FROM articles")
    assert (call(*counted), call(*counted, "--snapshot", "v1")) == ([{"articles": 2}], [{"articles": 1}])
    question = ("ask", "unnamed-sources", "--minimum", "1")
    [now], [then] = call(*question), call(*question, "--snapshot", "v1")
    assert (now["quotes"], then["quotes"]) == (2, 1)
    for words in (counted, ("ask", "unnamed-sources")):
        with pytest.raises(ConfigError, match="no snapshot v2; existing: v1"):
            call(*words, "--snapshot", "v2")


@pytest.mark.parametrize("name", ["", ".", "..", "../lake", "a/b", ".hidden", "a b", "x" * 65, "naïve", "a\n"])
def test_names_that_leave_the_folder_are_errors(lake: Lake, tmp_path: Path, name: str) -> None:
    """A name has letters, digits, dots, underscores and dashes, for take, verify and drop."""
    commit(lake, [Story(1)])
    for act in (lake.snapshots.take, lake.snapshots.verify, lake.snapshots.drop):
        with pytest.raises(ConfigError, match="snapshot"):
            act(name)
    assert (tmp_path / "lake/tables").is_dir()


def test_names_are_taken_once_and_dropped(lake: Lake, tmp_path: Path) -> None:
    """An existing name is an error, a dropped name is free again, and an unknown name is an error."""
    commit(lake, [Story(1)])
    lake.snapshots.take("v1")
    before = bytes_of(tmp_path / "snapshots/v1")
    with pytest.raises(ConfigError, match="v1 exists already"):
        lake.snapshots.take("v1")
    assert bytes_of(tmp_path / "snapshots/v1") == before
    with pytest.raises(ConfigError, match="no snapshot v2; existing: v1"):
        lake.snapshots.drop("v2")
    lake.snapshots.drop("v1")
    assert (list((tmp_path / "snapshots").iterdir()), lake.snapshots.list(), lake.verify()) == ([], (), ())
    lake.snapshots.take("v1")


@both_layouts
def test_damage_is_reported(lake: Lake, tmp_path: Path, stem: str) -> None:
    """A flipped byte, a lost file, an orphan file and a changed manifest are each reported with the file's name."""
    commit(lake, [Story(1)])
    close_if(lake, stem)
    for name in ("bytes", "lost", "strange", "manifest", "facts"):
        lake.snapshots.take(name)
    root = tmp_path / "snapshots"
    part = f"tables/quotes/published_month={MONTH}/{stem}.parquet"
    flipped = bytearray((root / "bytes" / part).read_bytes())
    flipped[100] ^= 1
    (root / "bytes" / part).unlink()
    (root / "bytes" / part).write_bytes(flipped)
    (root / "lost" / part).unlink()
    (root / "strange" / part).with_name("2026-02-30.parquet").write_bytes(b"")
    [manifest] = (root / "manifest/_state/months/2026-02").iterdir()
    manifest.write_text(manifest.read_text().replace('"gen":1', '"gen":7'))
    problems = {each: lake.snapshots.verify(each) for each in ("bytes", "lost", "strange", "manifest")}
    assert [len(each) for each in problems.values()] == [1, 1, 1, 1]
    assert part in problems["bytes"][0]
    assert part in problems["lost"][0]
    assert "2026-02-30.parquet" in problems["strange"][0]
    assert "manifest/_state: its files have changed" in problems["manifest"][0]
    (root / "facts/snapshot.json").write_text("{}")
    with pytest.raises(LakeError, match="facts"):
        lake.snapshots.verify("facts")
    lake.snapshots.drop("facts")


def test_missing_object_leaves_no_snapshot(lake: Lake, tmp_path: Path) -> None:
    """No snapshot is taken if a data file is missing; the error names the file."""
    commit(lake, [Story(1)])
    [gone] = (tmp_path / "lake/_state/data/quotes").rglob("*.obj")
    gone.unlink()
    with pytest.raises(LakeError, match=gone.name):
        lake.snapshots.take("v1")
    assert list((tmp_path / "snapshots").iterdir()) == []


def test_without_hard_links_it_is_a_copy(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without hard links, the snapshot has its own bytes, and reports them."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    commit(lake, [Story(1)])
    monkeypatch.setattr(os, "link", refuse)
    taken = lake.snapshots.take("copy")
    assert (taken.shared_bytes, taken.own_bytes > 0) == (0, True)
    assert lake.snapshots.verify("copy") == ()


def test_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take, list, verify and drop by name; exit 1 with the file's name if it is damaged."""
    monkeypatch.setenv("NEWS_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("NEWS_DURABILITY", "process")
    commit(open_lake(tmp_path / "lake"), [Story(1)])

    def run(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["lake", *words])
        return done.exit_code, done.output

    assert run("snapshots", "--json") == (0, "[]\n")
    assert run("snapshot", "v1")[0] == 0
    [listed] = json.loads(run("snapshots", "--json")[1])
    assert (listed["name"], listed["articles"], listed["own_bytes"]) == ("v1", 1, 0)
    assert datetime.fromisoformat(listed["taken_at"]) <= datetime.now(UTC)
    assert "v1" in run("snapshots")[1]
    assert run("snapshot", "v1", "--verify") == (0, "the snapshot v1 is intact\n")
    next((tmp_path / "snapshots/v1").rglob("*.parquet")).unlink()
    code, output = run("snapshot", "v1", "--verify")
    assert (code, "parquet" in output) == (1, True)
    assert run("snapshot", "v1", "--drop")[0] == 0
    assert run("snapshots", "--json") == (0, "[]\n")


PEOPLE = ("Ada Quill", "Bram Toller", "Cora Weld")


def meeting(number: int, names: Sequence[str]) -> tuple[Story, dict[str, pa.Table]]:
    """Return a story whose only sentence names some people, and its tables."""
    story = Story(number)
    tables = batch_tables([story])
    [row], [head] = (tables[name].to_pylist() for name in ("entities", "articles"))
    people = [
        row | {"entity_index": place, "entity_id": name[0], "entity_name": name} for place, name in enumerate(names)
    ]
    rows = {"articles": [head | {"entity_count": len(names)}], "entities": people}
    return story, tables | {name: rows_table(TABLE_SPECS[name], each) for name, each in rows.items()}


def keep_meetings(lake: Lake, *meetings: tuple[Story, dict[str, pa.Table]]) -> None:
    """Commit some stories, and the pairs of people in them."""
    tables = {name: pa.concat_tables(each[name] for _, each in meetings) for name in meetings[0][1]}
    lake.stage("meetings", tables, batch_keys([story for story, _ in meetings]))
    lake.commit(["meetings"], is_current=is_current)
    lake.replace("co_mentions", lambda: {DAY: pairs_of(lake)})


def pairs_of(lake: Lake) -> pa.Table:
    names = ("entities", "near_duplicates", "person_links")
    return co_mention_rows(*(lake.read(name, days=[DAY]) for name in names))


def erase(lake: Lake, story: Story) -> tuple[str, ...]:
    """Delete a story as `newslake forget` does in the lake; return the snapshots that changed."""
    erasure = lake.erasure
    days = erasure.rows([story.article_id])
    lake.replace("co_mentions", lambda: {DAY: pairs_of(lake)})  # as clustering the days again does
    erasure.traces(days=days, older_than=0)
    return erasure.snapshots([story.article_id], count=co_mention_rows).changed


@both_layouts
def test_pairs_of_a_forgotten_article_leave_snapshots(lake: Lake, tmp_path: Path, stem: str) -> None:
    """Pairs that only this article had are removed, and its count is subtracted from other pairs."""
    stays, goes = meeting(1, PEOPLE[:2]), meeting(2, PEOPLE)
    keep_meetings(lake, stays, goes)
    close_if(lake, stem)
    lake.snapshots.take("before")
    assert erase(lake, goes[0]) == ("before",)
    path = tmp_path / f"snapshots/before/tables/co_mentions/published_month={MONTH}/{stem}.parquet"
    [pair] = pq.ParquetFile(path).read().to_pylist()
    assert (pair["entity_name"], pair["other_entity_name"], pair["article_count"]) == (*PEOPLE[:2], 1)
    assert lake.snapshots.verify("before") == ()
    assert lake.snapshots.list()[0].facts.rows["co_mentions"] == 1


@both_layouts
def test_a_link_to_a_forgotten_name_leaves_snapshots(lake: Lake, tmp_path: Path, stem: str) -> None:
    """A surname stays linked while an article of the day has the full name; with the last one, the link goes too."""
    both, full, surname = meeting(1, PEOPLE[:2]), meeting(2, PEOPLE[1:2]), meeting(3, ("Toller",))
    keep_meetings(lake, both, full, surname)
    link = blank(TABLE_SPECS["person_links"], person_id="B", person_name=PEOPLE[1], method="related", confidence=1.0)
    keys = {name: getattr(surname[0], name) for name in ("article_id", "revision_id", "published_at")}
    links = rows_table(TABLE_SPECS["person_links"], [link | keys])
    lake.replace("person_links", lambda: {DAY: links})
    close_if(lake, stem)
    lake.snapshots.take("before")
    path = tmp_path / f"snapshots/before/tables/person_links/published_month={MONTH}/{stem}.parquet"
    erase(lake, both[0])
    assert pq.ParquetFile(path).read().num_rows == 1
    lake.replace("person_links", lambda: {DAY: links.slice(0, 0)})  # as clustering again does
    erase(lake, full[0])
    assert (path.exists(), lake.snapshots.verify("before")) == (False, ())
    assert lake.snapshots.list()[0].facts.rows.get("person_links", 0) == 0


def test_a_forgotten_article_is_nowhere(lake: Lake, tmp_path: Path) -> None:
    """No file below the data root has bytes of an erased article: neither open and closed months of the lake and of
    its snapshots, nor earlier generations, nor the folders that a compaction exchanged. Other rows stay."""
    goes = [Story(2, words="A quaint brass lantern."), Story(2, words="Two quaint brass lanterns.", seen=1)]
    days = [Story(number, day=day) for number, day in ((1, 0), (3, 1), (4, 40))]
    commit(lake, [*days, goes[0]])
    lake.snapshots.take("open")
    commit(lake, goes[1:], batch_id="b2")
    lake.compact(months=[MONTH])
    lake.snapshots.take("closed")
    # Each of the four tables was exchanged twice: for a copy of itself, and for the file of the month.
    assert len(list((tmp_path / f"lake/_state/exchanged/{MONTH}").iterdir())) == 8
    commit(lake, [Story(5)], batch_id="b3")
    traces = Traces(story.words for story in goes)
    assert len(traces.under(tmp_path)) > 10
    assert erase(lake, goes[1]) == ("closed", "open")
    assert traces.under(tmp_path) == {}
    assert lake.verify() == lake.snapshots.verify("open") == lake.snapshots.verify("closed") == ()
    titles = {
        root: sorted(open_lake(tmp_path / root).read("articles")["title"].to_pylist())
        for root in ("lake", "snapshots/open", "snapshots/closed")
    }
    kept = ["Story 1", "Story 3", "Story 4"]
    assert titles == {"lake": [*kept, "Story 5"], "snapshots/open": kept, "snapshots/closed": kept}
    names = {path.relative_to(tmp_path / "snapshots").as_posix() for path in (tmp_path / "snapshots").rglob("*.obj")}
    assert names == set()
    assert erase(lake, goes[1]) == ()


def test_exchanged_folders_of_a_dropped_month_are_erased(lake: Lake, tmp_path: Path) -> None:
    """Folders that a compaction exchanged are erased with their month, also if the lake has dropped it since."""
    commit(lake, [Story(1, words="A quaint brass lantern."), Story(3, day=40)])
    lake.compact(months=[MONTH])
    exchanged = tmp_path / "lake/_state/exchanged"
    (exchanged / MONTH).rename(exchanged / "2025-12")
    erase(lake, Story(1))
    assert Traces(["A quaint brass lantern."]).under(tmp_path) == {}


def test_files_without_the_article_are_not_written(lake: Lake, tmp_path: Path) -> None:
    """Erasing an article writes the months that have it, in lake and snapshots; other months share their files."""
    commit(lake, [Story(1), Story(3, day=40), Story(5, day=80)])
    lake.compact(months=[MONTH, "2026-03"])
    lake.snapshots.take("v1")
    roots = (tmp_path / "lake", tmp_path / "snapshots/v1")
    before = [inodes(root) for root in roots]
    erase(lake, Story(1))
    for root, then in zip(roots, before, strict=True):
        others = {path: inode for path, inode in then.items() if MONTH not in path}
        assert inodes(root) == others
    [listed] = lake.snapshots.list()
    assert listed.own_bytes == 0


def test_damaged_snapshot_is_named(lake: Lake, tmp_path: Path) -> None:
    """A snapshot without its head, or with a damaged file of the article, is named and not changed; others are."""
    commit(lake, [Story(1), Story(2)])
    for name in ("headless", "sound", "torn"):
        lake.snapshots.take(name)
    (tmp_path / "snapshots/headless/_state/head.json").unlink()
    part = tmp_path / f"snapshots/torn/tables/quotes/published_month={MONTH}/{DAY}.parquet"
    data = part.read_bytes()
    part.unlink()
    part.write_bytes(data[:-1])
    lake.erasure.rows([Story(1).article_id])
    done = lake.erasure.snapshots([Story(1).article_id], count=co_mention_rows)
    assert done.changed == ("sound",)
    assert [each.partition(" is damaged")[0] for each in done.damaged] == ["snapshot headless", "snapshot torn"]
    assert "head.json is missing" in done.damaged[0]


def test_forgetting_removes_unfinished_snapshots(lake: Lake, tmp_path: Path) -> None:
    """The leftovers of an interrupted snapshot keep nothing of a deleted article."""
    stays, goes = meeting(1, PEOPLE[:1]), meeting(2, PEOPLE[1:])
    keep_meetings(lake, stays, goes)
    lake.snapshots.take("dead")
    (tmp_path / "snapshots/dead").rename(tmp_path / "snapshots/.dead")
    assert erase(lake, goes[0]) == ()
    assert list((tmp_path / "snapshots").iterdir()) == []


def test_day_derived_again_leaves_the_files_of_a_snapshot_alone(lake: Lake, tmp_path: Path) -> None:
    """A day whose manifest was dropped gets the same file names again; no file of a snapshot is overwritten."""
    commit(lake, [Story(1)])
    lake.snapshots.take("v1")
    kept = sorted((tmp_path / "snapshots/v1/tables").rglob("*.parquet"))
    before = [(path.stat().st_ino, path.stat().st_mtime_ns, path.read_bytes()) for path in kept]
    for path in (tmp_path / "lake/_state/months").rglob("*.json"):
        path.unlink()
    lake.recover(drops_damaged=True)
    commit(lake, [Story(1)], batch_id="again")
    assert [(path.stat().st_ino, path.stat().st_mtime_ns, path.read_bytes()) for path in kept] == before
    assert lake.verify() == ()
