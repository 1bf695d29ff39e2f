"""Staged batches enter the lake atomically, once, in any order."""

import errno
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from newslake.pipeline.errors import ContractError, LakeError
from newslake.pipeline.lake import CommitReport, Lake, StoredArticle
from newslake.pipeline.lake.partitions import Partitions, ReadRows
from newslake.pipeline.lake.storage import Disk, Layout
from newslake.pipeline.tables import ANNOTATION_TABLES
from tests.unit.lake.rows import NOON, Story, batch_keys, batch_tables, near_duplicate_rows

DAY, NEXT_DAY = date(2026, 2, 3), date(2026, 2, 4)
NAMES = tuple(spec.name for spec in ANNOTATION_TABLES)


def is_current(article_id: str, seen_at: datetime) -> bool:
    """Return True: the archive has seen no newer revision."""
    return True


def open_lake(root: Path, **options: float) -> Lake:
    return Lake(root, durability="process", now=lambda: datetime.now(UTC), **options)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return open_lake(tmp_path / "lake")


def commit(lake: Lake, stories: Sequence[Story], *, batch_id: str = "b1", current: bool = True) -> CommitReport:
    lake.stage(batch_id, batch_tables(stories), batch_keys(stories))
    return lake.commit([batch_id], is_current=lambda *_: current)


def public_files(root: Path) -> dict[str, bytes]:
    """Return every public file, by its path."""
    tables = root / "tables"
    return {path.relative_to(tables).as_posix(): path.read_bytes() for path in tables.rglob("*") if path.is_file()}


def inodes(root: Path) -> dict[str, int]:
    return {path.as_posix(): path.stat().st_ino for path in (root / "tables").rglob("*.parquet")}


def test_staged_batches_are_listed_until_they_are_committed(lake: Lake) -> None:
    """A batch is listed from its staging to its commit."""
    for number, batch_id in enumerate(["b1", "b 2"], start=1):
        lake.stage(batch_id, batch_tables([Story(number)]), batch_keys([Story(number)]))
    assert lake.staged() == ("b 2", "b1")
    lake.commit(["b1"], is_current=is_current)
    assert lake.staged() == ("b 2",)


def test_committed_rows_can_be_read(lake: Lake, tmp_path: Path) -> None:
    """The committed rows are the staged rows, read by newslake and by DuckDB, and verify finds no problem."""
    stories = [Story(1), Story(2), Story(3, day=1), Story(4, day=None, news_day=1)]
    report = commit(lake, stories)
    assert report.articles == {story.article_id: "committed" for story in stories}
    assert report.rows == {"articles": 4, "entities": 4, "quotes": 4, "events": 2}
    assert (report.days, report.files_changed) == ((DAY, NEXT_DAY), 8)
    assert lake.days() == (DAY, NEXT_DAY)
    tables = batch_tables(stories)
    for name in NAMES:
        glob = f"{tmp_path}/lake/tables/{name}/*/*.parquet"
        counted = duckdb.sql(f"select count(*) from read_parquet('{glob}')").fetchall()
        assert counted == [(tables[name].num_rows,)]
        assert lake.read(name).sort_by("article_id").to_pylist() == tables[name].to_pylist()
    assert sum(day.tables["articles"].rows for day in lake.partitions.state().days.values()) == 4
    assert lake.verify() == ()


def test_rows_are_sorted_and_have_their_day(lake: Lake, tmp_path: Path) -> None:
    """A file has the columns and the order of the contract, then the day; the month is only in the path."""
    commit(lake, [Story(9), Story(1, day=None), Story(3)])
    path = tmp_path / "lake/tables/articles/published_month=2026-02/2026-02-03.parquet"
    table = pq.ParquetFile(path).read()
    assert table.schema.names == [*ANNOTATION_TABLES[0].schema.names, "published_date"]
    assert table["title"].to_pylist() == ["Story 3", "Story 9", "Story 1"]
    assert table["published_date"].to_pylist() == [DAY] * 3


def test_same_batch_again_changes_nothing(lake: Lake, tmp_path: Path) -> None:
    """A batch that is staged and committed again changes no row and no inode."""
    stories = [Story(1), Story(2)]
    commit(lake, stories)
    before = inodes(tmp_path / "lake")
    report = commit(lake, stories, batch_id="other-name")
    assert set(report.articles.values()) == {"unchanged"}
    assert (report.days, report.files_changed) == ((), 0)
    assert inodes(tmp_path / "lake") == before


def test_commit_again_names_its_articles(lake: Lake) -> None:
    """A retried commit, or another run of the same batch, reports each article and the days."""
    lake.stage("b1", batch_tables([Story(1)]), batch_keys([Story(1)]))
    lake.commit(["b1"], is_current=is_current)
    report = lake.commit(["b1"], is_current=is_current)
    assert (set(report.articles.values()), report.days, report.files_changed) == ({"unchanged"}, (DAY,), 0)


def test_redelivered_batch_still_names_its_days(lake: Lake, tmp_path: Path) -> None:
    """Committing a batch again after it was discarded changes nothing, and reports the days to cluster."""
    commit(lake, [Story(1), Story(2, day=1)])
    open_lake(tmp_path / "lake", gc_grace_hours=0).gc()
    report = lake.commit(["b1"], is_current=is_current)
    assert (dict(report.articles), report.days, report.files_changed) == ({}, (DAY, NEXT_DAY), 0)


def test_unknown_batch_is_an_error(lake: Lake) -> None:
    """A batch that was never staged is an error."""
    with pytest.raises(LakeError, match="b7") as caught:
        lake.commit(["b7"], is_current=is_current)
    assert caught.value.reason == "batch_missing"


def test_days_without_a_change_keep_their_files(lake: Lake, tmp_path: Path) -> None:
    """A new article rewrites its own day; other days, and tables without a new row, keep their inodes."""
    commit(lake, [Story(1), Story(2), Story(3, day=1)])
    before = inodes(tmp_path / "lake")
    report = commit(lake, [Story(5)], batch_id="b2")
    assert (report.days, report.files_changed) == ((DAY,), 3)
    after = inodes(tmp_path / "lake")
    changed = {path.split("tables/")[1] for path in after if after[path] != before[path]}
    assert changed == {
        f"{name}/published_month=2026-02/2026-02-03.parquet" for name in ("articles", "entities", "quotes")
    }


def test_new_revision_replaces_the_row_and_its_children(lake: Lake) -> None:
    """An article has the rows of one revision in all tables."""
    commit(lake, [Story(1), Story(2)])
    newer = Story(2, "The ferry was on time.", seen=2)
    commit(lake, [newer], batch_id="b2")
    assert lake.read("quotes")["quote_text"].to_pylist() == ["“The ferry was late again.”", f"“{newer.words}”"]
    assert lake.index.stored([newer.article_id, "none"]) == {
        newer.article_id: StoredArticle(DAY, newer.revision_id, "v1", None, f"sha256:{newer.content_hash}", NOON)
    }
    assert lake.verify() == ()


def test_new_pipeline_version_replaces_the_same_revision(lake: Lake) -> None:
    """Another pipeline version of the same revision replaces its row."""
    commit(lake, [Story(1)])
    report = commit(lake, [Story(1, version="v2")], batch_id="b2")
    assert set(report.articles.values()) == {"committed"}
    assert lake.read("articles")["pipeline_version"].to_pylist() == ["v2"]


def test_superseded_revision_is_dropped(lake: Lake) -> None:
    """A revision that the archive has seen replaced is not committed."""
    commit(lake, [Story(1, "new words", seen=5)])
    report = commit(lake, [Story(1, "old words", seen=1)], batch_id="b2", current=False)
    assert (set(report.articles.values()), report.days) == ({"superseded"}, ())
    assert lake.read("quotes")["quote_text"].to_pylist() == ["“new words”"]


def test_returning_revision_wins(lake: Lake) -> None:
    """Revision A, then B, then A again gives A: the revision seen last counts, not the one fetched first."""
    for number, words in enumerate(["A", "B", "A"]):
        commit(lake, [Story(1, words, seen=number)], batch_id=f"b-{words}")
    assert lake.read("quotes")["quote_text"].to_pylist() == ["“A”"]


def test_later_of_two_batches_wins(lake: Lake) -> None:
    """If two batches of one commit have an article, the revision seen later is committed, in any order of names."""
    for batch_id, story in (("z", Story(1, "early", seen=1)), ("a", Story(1, "late", seen=2)), ("m", Story(2))):
        lake.stage(batch_id, batch_tables([story]), batch_keys([story]))
    report = lake.commit(["z", "a", "m"], is_current=is_current)
    assert report.rows["articles"] == 2
    assert lake.read("quotes")["quote_text"].to_pylist() == ["“late”", "“The ferry was late again.”"]


def test_each_batch_has_its_own_result(lake: Lake) -> None:
    """Of batches that are committed together, each has its rows, days and results; an article has the rows of one."""
    old, new, other = Story(1, "early", seen=1), Story(1, "late", seen=2), Story(2, day=1)
    for batch_id, stories in (("old", [old]), ("new", [new, other]), ("same", [other, Story(3, day=2)])):
        lake.stage(batch_id, batch_tables(stories), batch_keys(stories))
    report = lake.commit(["old", "new", "same"], is_current=is_current)
    found = {each: (dict(report.of([each]).articles), report.of([each]).rows["articles"]) for each in report.parts}
    assert found == {
        "old": ({old.article_id: "superseded"}, 0),
        "new": ({new.article_id: "committed", other.article_id: "committed"}, 2),
        "same": ({other.article_id: "unchanged", Story(3).article_id: "committed"}, 1),
    }
    assert report.of(["old", "new", "same"]).articles == report.articles
    assert report.of(["old", "new", "same"]).rows == report.rows
    assert report.of(["same"]).days == (date(2026, 2, 5),)
    again = lake.commit(["old", "same"], is_current=is_current)
    assert again.of(["same"]).days == (date(2026, 2, 5),)
    assert set(again.of(["same"]).articles.values()) == {"unchanged"}


def test_row_moves_to_another_day(lake: Lake, tmp_path: Path) -> None:
    """If the date of an article changes, its row is only on the new day; an empty day has no file."""
    commit(lake, [Story(1), Story(2, day=1)])
    report = commit(lake, [Story(1, "Corrected.", day=1, seen=1)], batch_id="b2")
    assert report.days == (DAY, NEXT_DAY)
    assert lake.days() == (NEXT_DAY,)
    assert not list((tmp_path / "lake/tables").rglob("*2026-02-03*"))
    assert lake.read("articles").num_rows == 2
    assert lake.verify() == ()


def test_two_rows_change_places(lake: Lake) -> None:
    """Two articles that swap their days are both there, once."""
    commit(lake, [Story(1), Story(2, day=1)])
    commit(lake, [Story(1, "x", day=1, seen=1), Story(2, "y", day=0, seen=1)], batch_id="b2")
    where = {
        i: stored.published_date for i, stored in lake.index.stored([Story(1).article_id, Story(2).article_id]).items()
    }
    assert where == {Story(1).article_id: NEXT_DAY, Story(2).article_id: DAY}
    assert lake.read("articles").num_rows == 2
    assert lake.verify() == ()


def test_undated_article_moves_with_its_news_day(lake: Lake) -> None:
    """The same revision under another news day is moved, not unchanged."""
    commit(lake, [Story(1, day=None, news_day=0)])
    report = commit(lake, [Story(1, day=None, news_day=1)], batch_id="b2")
    assert (set(report.articles.values()), lake.days()) == ({"committed"}, (NEXT_DAY,))


def break_text(tables: dict[str, pa.Table]) -> None:
    tables["quotes"] = tables["quotes"].drop_columns(["quote_text"])


def break_count(tables: dict[str, pa.Table]) -> None:
    tables["entities"] = tables["entities"].slice(0, 0)


def break_parent(tables: dict[str, pa.Table]) -> None:
    tables["articles"] = tables["articles"].slice(0, 0)


def break_key(tables: dict[str, pa.Table]) -> None:
    tables["articles"] = pa.concat_tables([tables["articles"]] * 2)


def break_word(tables: dict[str, pa.Table]) -> None:
    index = tables["articles"].schema.get_field_index("page_type")
    tables["articles"] = tables["articles"].set_column(index, "page_type", pa.array(["leaflet"]))


def forget_table(tables: dict[str, pa.Table]) -> None:
    del tables["events"]


@pytest.mark.parametrize("breach", [break_text, break_count, break_parent, break_key, break_word, forget_table])
def test_breach_of_the_contract_is_refused(lake: Lake, tmp_path: Path, breach) -> None:  # type: ignore[no-untyped-def]
    """Rows that break the contract are not staged; the error has the batch id."""
    tables = batch_tables([Story(1)])
    breach(tables)
    with pytest.raises(ContractError, match="b1"):
        lake.stage("b1", tables, batch_keys([Story(1)]))
    assert not (tmp_path / "lake/_state/staged").exists()


@pytest.mark.parametrize(
    "keys",
    [
        batch_keys([Story(2)]),
        batch_keys([Story(1), Story(1)]),
        batch_keys([]),
        batch_keys([Story(1, day=1)]),
        batch_keys([Story(1)]).drop_columns(["seen_at"]),
    ],
    ids=["stranger", "twice", "none", "wrong-day", "column"],
)
def test_keys_must_fit_the_articles(lake: Lake, keys: pa.Table) -> None:
    """Keys have one row per article of the batch, on the day of its published_at."""
    with pytest.raises(ContractError, match="keys"):
        lake.stage("b1", batch_tables([Story(1)]), keys)


def test_staging_again_replaces_the_batch(lake: Lake) -> None:
    """The batch staged last under an id is committed."""
    lake.stage("b1", batch_tables([Story(1)]), batch_keys([Story(1)]))
    report = commit(lake, [Story(2)])
    assert list(report.articles) == [Story(2).article_id]


def test_another_process_stages_it_in_between(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch that another process stages during the replacement is replaced again."""
    lake.stage("b1", batch_tables([Story(1)]), batch_keys([Story(1)]))
    remove, others = shutil.rmtree, [[Story(2)], [Story(3)]]

    def remove_slowly(path: Path) -> None:
        remove(path)
        if others:
            stories = others.pop()
            open_lake(tmp_path / "lake").stage("b1", batch_tables(stories), batch_keys(stories))

    monkeypatch.setattr(shutil, "rmtree", remove_slowly)
    assert list(commit(lake, [Story(4)]).articles) == [Story(4).article_id]


def test_batch_that_cannot_be_moved_keeps_the_staged_one(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk error during staging keeps the batch that was staged before."""
    lake.stage("b1", batch_tables([Story(1)]), batch_keys([Story(1)]))

    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr(os, "replace", fail)
        with pytest.raises(OSError, match="Input/output"):
            lake.stage("b1", batch_tables([Story(2)]), batch_keys([Story(2)]))
    assert list(lake.commit(["b1"], is_current=is_current).articles) == [Story(1).article_id]


def test_staged_rows_are_invisible(lake: Lake, tmp_path: Path) -> None:
    """A glob for Parquet finds no file of a staged batch, and hostile batch ids stay in the folder."""
    for name in ("../../b", "a/b", "x.parquet", "day:1+2"):
        lake.stage(name, batch_tables([Story(1)]), batch_keys([Story(1)]))
    assert list(tmp_path.rglob("*.parquet")) == []
    assert [path.name for path in tmp_path.iterdir()] == ["lake"]
    assert lake.commit(["../../b", "a/b", "x.parquet", "day:1+2"], is_current=is_current).rows["articles"] == 1


def test_cluster_rows_share_the_day(lake: Lake, tmp_path: Path) -> None:
    """Cluster rows make a generation of their day; equal rows change no file; a table without rows has no file."""
    stories = [Story(1), Story(2)]
    commit(lake, stories)
    assert lake.replace("near_duplicates", lambda: {DAY: near_duplicate_rows(stories)}) == 1
    before = inodes(tmp_path / "lake")
    assert lake.replace("near_duplicates", lambda: {DAY: near_duplicate_rows(stories[::-1])}) == 0
    assert inodes(tmp_path / "lake") == before
    assert lake.read("near_duplicates").num_rows == 2
    commit(lake, [Story(5)], batch_id="b2")
    assert lake.read("near_duplicates").num_rows == 2
    assert (
        lake.replace("near_duplicates", lambda: {DAY: near_duplicate_rows([]), NEXT_DAY: near_duplicate_rows([])}) == 1
    )
    assert not list((tmp_path / "lake/tables").rglob("near_duplicates/published_month*"))
    assert lake.verify() == ()


def test_cluster_rows_must_fit_the_contract(lake: Lake) -> None:
    """Two cluster rows of one article are an error."""
    with pytest.raises(ContractError, match="near_duplicates of 2026-02-03"):
        lake.replace("near_duplicates", lambda: {DAY: near_duplicate_rows([Story(1), Story(1)])})


def test_read_takes_days_and_columns(lake: Lake) -> None:
    """``days`` and ``columns`` select what is read; published_date is read if it is named."""
    commit(lake, [Story(1), Story(2, day=1), Story(3, day=2)])
    table = lake.read("articles", days=[NEXT_DAY, DAY, date(2020, 1, 1)], columns=["title", "published_date"])
    assert table.to_pylist() == [
        {"title": "Story 1", "published_date": DAY},
        {"title": "Story 2", "published_date": NEXT_DAY},
    ]
    assert lake.read("quotes", columns=["published_date"]).num_rows == 3
    assert lake.read("quotes", days=[]).schema.names == ANNOTATION_TABLES[2].schema.names


def test_public_bytes_depend_on_rows_alone(tmp_path: Path) -> None:
    """Deleting the lake and committing again in other batches and another order gives the same bytes."""
    stories = [Story(number, day=number % 3, seen=number % 4) for number in range(12)]
    newer = replace(stories[4], words="Later words.", seen=9, day=2)
    trees = []
    for place, groups in enumerate(([stories, [newer]], [[newer], stories[::-1]], [[s] for s in (*stories, newer)])):
        lake = open_lake(tmp_path / str(place))
        for number, group in enumerate(groups):
            lake.stage(str(number), batch_tables(group), batch_keys(group))
            lake.commit([str(number)], is_current=lambda i, at: i != newer.article_id or at == newer.seen_at)
        assert lake.verify() == ()
        trees.append(public_files(tmp_path / str(place)))
    assert trees[0] == trees[1] == trees[2]
    assert len(trees[0]) == 12


def test_durability_does_not_change_bytes(tmp_path: Path) -> None:
    """Syncing every file and folder to the disk gives the same bytes."""
    stories = [Story(1), Story(2, day=1)]
    durable = Lake(tmp_path / "full", durability="full", now=lambda: datetime.now(UTC))
    for lake in (durable, open_lake(tmp_path / "process")):
        commit(lake, stories)
        assert lake.verify() == ()
    assert public_files(tmp_path / "full") == public_files(tmp_path / "process")


def test_no_hard_links_means_copies(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without hard links, public files are copies, and the lake is valid."""

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    commit(lake, [Story(1)])
    [public] = (tmp_path / "lake/tables/articles").rglob("*.parquet")
    assert public.stat().st_nlink == 1
    assert lake.verify() == ()
    assert commit(lake, [Story(1)], batch_id="b2").files_changed == 0
    assert lake.recover() == ()


def test_failed_commit_writes_no_more(tmp_path: Path) -> None:
    """If the first of many days cannot be written, writes of later days that have not started do not start."""
    layout = Layout(tmp_path / "lake")
    partitions = Partitions(layout, Disk(layout, durability="process"))
    (tmp_path / "lake/_state").mkdir(parents=True)
    (tmp_path / "lake/_state/data").touch()  # where a folder should be
    articles, read_days = batch_tables([Story(1)])["articles"], []

    def content(day: date, name: str, present: ReadRows) -> pa.Table:
        read_days.append(day)
        time.sleep(0.01)
        return articles

    names_of = {DAY + timedelta(days=number): ["articles"] for number in range(300)}
    with pytest.raises(OSError, match="data"):
        partitions.rewrite(partitions.state(), names_of, content)
    assert len(read_days) < 200
