"""The checks of rows: a valid article passes every check, and each check finds its defect."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from newslake.pipeline.tables import check_batch, check_genders, check_rows
from newslake.pipeline.tables.checks import ROW_CHECKS
from tests.unit.lake.rows import Story, batch_tables, story_rows

Rows = dict[str, list[dict[str, Any]]]


def _quote_moved(rows: Rows) -> None:
    rows["quotes"][0]["start_char"] += 1


def _name_respelt(rows: Rows) -> None:
    rows["entities"][0]["entity_text"] = "Somebody Else"


def _modified_too_early(rows: Rows) -> None:
    rows["articles"][0]["modified_at"] = rows["articles"][0]["published_at"] - timedelta(minutes=1)


def _gender_lost(rows: Rows) -> None:
    rows["entities"] += [rows["entities"][0] | {"entity_type": "ORG", "gender": "U"}]


# Add a defect for each new check: what breaks it, and the beginning of its message.
DEFECTS = [
    (_quote_moved, "quotes[0].quote_text: "),
    (_name_respelt, "entities[0].entity_text: "),
    (_modified_too_early, "articles[0].modified_at: "),
    (_gender_lost, "entities[1].gender: "),
]


def test_every_check_has_its_defect():
    """Each check has at least one article that breaks it."""
    articles = [story_rows(Story(2)) for _ in DEFECTS]
    for (plant, _), rows in zip(DEFECTS, articles, strict=True):
        plant(rows)
    assert [check.__name__ for check in ROW_CHECKS if not any(any(check(rows)) for rows in articles)] == []


def test_valid_article_passes():
    """A valid article breaks no check."""
    assert check_rows(story_rows(Story(2))) == ()
    assert check_batch(batch_tables([Story(1), Story(2)])) == ()


@pytest.mark.parametrize(("plant", "sentence"), DEFECTS)
def test_planted_defect_is_reported(plant: Callable[[Rows], None], sentence: str):
    """One defect in a valid article is one breach, with table, row and column."""
    rows = story_rows(Story(2))
    plant(rows)
    assert [breach[: len(sentence)] for breach in check_rows(rows)] == [sentence], "is the check in ROW_CHECKS?"


def test_batch_reports_nulls_unknown_values_and_duplicate_keys():
    """A null in a required column, a value outside a vocabulary and a duplicate key are one message each."""
    tables = batch_tables([Story(1), Story(1)])
    articles = tables["articles"].to_pylist()
    articles[0] |= {"page_type": "poem", "source_key": None}
    tables["articles"] = tables["articles"].from_pylist(articles, schema=tables["articles"].schema)

    found = check_batch({"articles": tables["articles"]})

    assert [breach.split(" ")[0] for breach in found] == ["articles.source_key:", "articles.page_type:", "articles:"]


@pytest.mark.parametrize(
    ("others", "is_breach"),
    [
        ([("PERSON", "U"), ("PERSON", "F"), ("ORG", None)], False),
        ([("PERSON", None), ("ORG", None)], False),
        ([("PERSON", "U"), ("PERSON", None)], True),
        ([("ORG", "U")], True),
    ],
)
def test_genders_of_many_articles_are_checked(others: list[tuple[str, str | None]], is_breach: bool):
    """In an article, every person has a gender or none has, and nothing else has one."""
    tables = batch_tables([Story(1), Story(2)])
    first, second = tables["entities"].to_pylist()
    rows = [second | {"entity_type": kind, "gender": gender} for kind, gender in others]
    tables["entities"] = tables["entities"].from_pylist([first, *rows], schema=tables["entities"].schema)
    named = [second["article_id"]] if is_breach else []
    assert [breach.split(";")[0].split()[-1] for breach in check_genders(tables)] == named


def test_batch_counts_children():
    """A child without its parent is a breach, and a parent with fewer children than it counts."""
    tables = batch_tables([Story(1), Story(2)])

    found = check_batch(tables | {"quotes": tables["quotes"].slice(0, 1)})
    orphans = check_batch(tables | {"articles": tables["articles"].slice(0, 1)})

    assert len(found) == 1
    assert found[0].startswith("articles.quote_count: ")
    assert {breach.split(" ")[0] for breach in orphans} == {"entities:", "quotes:", "events:"}
