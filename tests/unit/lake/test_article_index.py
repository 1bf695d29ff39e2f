"""Changes for readers that keep a copy of the tables: none is missed, and none is reported twice."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from newslake.pipeline.lake import Lake
from tests.unit.lake.rows import Story, near_duplicate_rows
from tests.unit.lake.test_commit import DAY, NEXT_DAY, commit

START = datetime(2026, 1, 1, tzinfo=UTC)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def lake_at(root: Path, now: datetime) -> Lake:
    return Lake(root, durability="process", now=lambda: now)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Return a lake with a frozen clock: stamps must still differ."""
    return lake_at(tmp_path / "lake", NOON)


def changes_since(lake: Lake, since: datetime) -> list[tuple[str, int, date]]:
    return [(each.kind, int(each.article_id, 16), each.day) for each in lake.index.changes(since).articles]


def until(lake: Lake) -> datetime:
    last = lake.index.changes(START).until
    assert last is not None
    return last


def test_new_changed_moved(lake: Lake) -> None:
    """Each change is reported once, after the last stamp; an unchanged article is not reported."""
    assert lake.index.changes(START).until is None
    commit(lake, [Story(1), Story(2), Story(3)])
    assert changes_since(lake, START) == [("new", 1, DAY), ("new", 2, DAY), ("new", 3, DAY)]
    first = until(lake)
    assert changes_since(lake, first) == []
    commit(lake, [Story(1, words="It sank."), Story(2, day=1), Story(3), Story(4)], batch_id="b2")
    assert sorted(changes_since(lake, first)) == [("changed", 1, DAY), ("moved", 2, NEXT_DAY), ("new", 4, DAY)]
    [moved] = [each for each in lake.index.changes(first).articles if each.kind == "moved"]
    assert moved.from_day == DAY
    assert lake.index.changes(first).days == (DAY, NEXT_DAY)
    assert changes_since(lake, until(lake)) == []


def test_rederived_rows_are_changed(lake: Lake) -> None:
    """Another pipeline version of the same revision is a change; the same version again is not."""
    commit(lake, [Story(1), Story(2)])
    before = until(lake)
    commit(lake, [Story(1, version="v2"), Story(2)], batch_id="b2")
    assert changes_since(lake, before) == [("changed", 1, DAY)]
    before = until(lake)
    commit(lake, [Story(1, version="v2")], batch_id="b3")
    assert (changes_since(lake, before), lake.index.changes(before).days) == ([], ())


def test_cluster_rows_change_a_day_and_no_article(lake: Lake) -> None:
    """Clustering changes no reading row: the day is reported, its articles are not."""
    commit(lake, [Story(1)])
    before = until(lake)
    lake.replace("near_duplicates", lambda: {DAY: near_duplicate_rows([Story(1)])})
    assert (changes_since(lake, before), lake.index.changes(before).days) == ([], (DAY,))


def test_withdrawn_and_back(lake: Lake) -> None:
    """A page that is gone is reported once, also if its row changes; so is its return. Unknown articles are not."""
    commit(lake, [Story(1), Story(2)])
    before = until(lake)
    lake.index.note_gone([Story(1).article_id, Story(9).article_id], now=NOON)
    lake.index.note_gone([Story(1).article_id, Story(9).article_id], now=NOON)
    assert changes_since(lake, before) == [("withdrawn", 1, DAY)]
    gone = until(lake)
    commit(lake, [Story(1, version="v2")], batch_id="b2")
    assert changes_since(lake, gone) == [("changed", 1, DAY)]
    lake.index.note_gone([], now=NOON)
    assert changes_since(lake, gone) == [("changed", 1, DAY), ("returned", 1, DAY)]


def test_lost_day_is_reported(lake: Lake, tmp_path: Path) -> None:
    """Rows whose data file was lost are reported as removed, and as new after they are derived again."""
    commit(lake, [Story(1)])
    before = until(lake)
    next((tmp_path / "lake/_state/data/quotes/2026-02").iterdir()).unlink()
    lake.recover(drops_damaged=True)
    assert changes_since(lake, before) == [("removed", 1, DAY)]
    commit(lake, [Story(1)], batch_id="b2")
    assert changes_since(lake, before) == [("new", 1, DAY)]


def test_lost_index_reports_everything_again(lake: Lake, tmp_path: Path) -> None:
    """An index that was lost reports every article: too many changes are safe, too few are not."""
    commit(lake, [Story(1), Story(2, day=1)])
    before = until(lake)
    for file in (tmp_path / "lake/_state").glob("index.sqlite*"):
        file.unlink()
    later = lake_at(tmp_path / "lake", NOON.replace(hour=13))
    assert changes_since(later, before) == [("new", 1, DAY), ("new", 2, NEXT_DAY)]


def test_clock_that_goes_back_hides_nothing(tmp_path: Path) -> None:
    """A stamp is later than all earlier stamps, even if the clock goes back."""
    commit(lake_at(tmp_path / "lake", NOON), [Story(1)])
    earlier = lake_at(tmp_path / "lake", NOON.replace(hour=3))
    before = until(earlier)
    commit(earlier, [Story(2)], batch_id="b2")
    assert changes_since(earlier, before) == [("new", 2, DAY)]


def test_following_the_changes_gives_the_table(lake: Lake) -> None:
    """Drop reported articles, fetch them from their days, go on from `until`: after each step, the copy is current."""
    copy: dict[str, tuple[object, ...]] = {}
    since = START
    editions = (
        [Story(n) for n in range(6)],
        [Story(1, words="It sank."), Story(2, day=1), Story(3, version="v2")],
        [Story(2, day=2, words="It floats."), Story(7, day=None, news_day=1)],
        [Story(2, day=0, words="It is a boat."), Story(7, day=2)],
    )
    for number, stories in enumerate(editions):
        commit(lake, stories, batch_id=f"b{number}")
        found = lake.index.changes(since)
        for each in found.articles:
            copy.pop(each.article_id, None)
            if each.kind != "removed":
                names = ["article_id", "revision_id", "pipeline_version", "published_date"]
                rows = lake.read("articles", days=[each.day], columns=names).to_pylist()
                copy |= {row["article_id"]: tuple(row.values()) for row in rows if row["article_id"] == each.article_id}
        since = found.until or since
        names = ["article_id", "revision_id", "pipeline_version", "published_date"]
        assert sorted(copy.values()) == sorted(
            tuple(r.values()) for r in lake.read("articles", columns=names).to_pylist()
        )
