"""What `connect` shows of a lake: some days, one source, and rows of one commit."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from pipeline.lake import Lake
from pipeline.query import answer, connect, list_questions, query, question_named
from pipeline.query.saved_queries import sql_of
from tests.big_lake import FIRST_DAY, make_big_lake
from tests.unit.lake.rows import NOON, Story, batch_keys, batch_tables

DAYS, SINCE, UNTIL = 9, FIRST_DAY + timedelta(days=3), FIRST_DAY + timedelta(days=6)
SOURCE = "outlet-1"
_CO_MENTIONS = "SELECT * FROM co_mentions ORDER BY published_date, entity_id, other_entity_id"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_big_lake(tmp_path_factory.mktemp("big") / "lake", articles=900, days=DAYS, outlets=4)


@pytest.mark.parametrize(
    "table", ["articles", "entities", "quotes", "events", "copies", "event_clusters", "co_mentions"]
)
def test_days_are_both_included(table, lake):
    """With since and until, a table has the rows of these days, the first and the last among them."""
    days = f"SELECT min(published_date), max(published_date), count(*) FROM {table}"
    between = f"{days} WHERE published_date BETWEEN DATE '{SINCE}' AND DATE '{UNTIL}'"

    assert query(connect(lake, since=SINCE, until=UNTIL), days).rows == query(connect(lake), between).rows


def test_outcomes_are_of_these_news_days(lake):
    """Outcomes are chosen by the page's news day, runs are not."""
    sql = "SELECT min(news_day), max(news_day) FROM outcomes"

    assert query(connect(lake, since=SINCE, until=UNTIL), sql).rows == ((SINCE, UNTIL),)
    assert query(connect(lake, until=UNTIL), "SELECT count(*) FROM runs").rows == ((DAYS,),)


@pytest.mark.parametrize(
    "table", ["entities", "quotes", "events", "copies", "revisions", "quote_groups", "event_reports"]
)
def test_children_follow_their_articles(table, lake):
    """Of one source, a table has the rows of that source's articles, all of them and no other."""
    of_source = (
        f"SELECT count(*) FROM {table} WHERE article_id IN (SELECT article_id FROM articles WHERE source_key = ?)"
    )
    expected = query(connect(lake), of_source.replace("?", f"'{SOURCE}'")).rows

    assert query(connect(lake, source=SOURCE), f"SELECT count(*) FROM {table}").rows == expected


def test_events_are_those_that_the_source_tells_of(lake):
    """Of one source, an event is there if one of the source's articles reports it, whoever tells most of it."""
    told = f"""SELECT count(*) FROM event_clusters WHERE event_cluster_id IN (
        SELECT event_cluster_id FROM event_reports JOIN articles USING (article_id, revision_id)
        WHERE source_key = '{SOURCE}')"""
    counted = query(connect(lake, source=SOURCE), "SELECT count(*) FROM event_clusters").rows

    assert counted == query(connect(lake), told).rows
    assert counted < query(connect(lake), "SELECT count(*) FROM event_clusters").rows


def test_event_whose_fullest_report_is_another_sources_is_told(lake):
    """What happened, of one source, has every event that it tells of, also where another source tells most of it."""
    connection = connect(lake, source=SOURCE)
    [(events,)] = query(connection, "SELECT count(*) FROM event_clusters WHERE modality = 'happened'").rows
    told = query(connection, sql_of(question_named("what-happened"), limit=1_000_000))

    assert len(told.rows) == events
    assert 0 < sum(row["publisher"] is None for row in told.records()) < events


def test_pairs_of_one_source_are_counted_as_the_roll_up_counts(tmp_path):
    """Where a lake has one source, its pairs counted from mentions are those of the roll-up, to the last column."""
    lake = make_big_lake(tmp_path / "lake", articles=200, days=3, outlets=1)

    assert query(connect(lake, source="outlet-0"), _CO_MENTIONS) == query(connect(lake), _CO_MENTIONS)
    assert query(connect(lake, source="another"), _CO_MENTIONS).rows == ()


def test_source_is_text_and_no_sql(lake):
    """Whatever a source is called, its name ends nothing."""
    strange = connect(lake, source="x' OR 'a' = 'a")

    assert query(strange, "SELECT count(*) FROM articles").rows == ((0,),)


@pytest.mark.parametrize("slug", [question.slug for question in list_questions()])
def test_questions_answer_a_selection(slug, lake):
    """Every question answers of some days of one source, and of days and a source that are not there."""
    assert answer(connect(lake, since=SINCE, until=UNTIL, source=SOURCE), slug).columns
    assert answer(connect(lake, since=date(2030, 1, 1)), slug).rows == ()
    assert answer(connect(lake, source="nobody"), slug).rows == ()


def test_connection_sees_one_commit(tmp_path):
    """A connection goes on seeing the day as it was when it opened; the next one sees the commit in between."""
    lake = Lake(tmp_path, durability="process", now=lambda: NOON)
    _commit(lake, "first", [Story(1)])
    before = connect(tmp_path)
    _commit(lake, "second", [Story(2), Story(1, words="It was on time.", seen=1)])

    pairs = (
        "SELECT count(*), count(DISTINCT a.revision_id) FROM articles a JOIN quotes q USING (article_id, revision_id)"
    )
    assert query(before, pairs).rows == ((1, 1),)
    assert query(before, "SELECT quote_text FROM quotes").rows == (("“The ferry was late again.”",),)
    assert query(connect(tmp_path), pairs).rows == ((2, 2),)


def test_folder_of_tables_without_manifests_opens(tmp_path):
    """A copy of the tables alone, as somebody was given it, can be asked, too."""
    lake = make_big_lake(tmp_path / "lake", articles=60, days=2)
    asked = query(connect(lake), "SELECT count(*), min(published_date) FROM quotes")
    (lake / "_state").rename(tmp_path / "kept")

    assert query(connect(lake), "SELECT count(*), min(published_date) FROM quotes") == asked


def _commit(lake: Lake, batch: str, stories: list[Story]) -> None:
    lake.stage(batch, batch_tables(stories), batch_keys(stories))
    lake.commit([batch], is_current=lambda *_: True)
