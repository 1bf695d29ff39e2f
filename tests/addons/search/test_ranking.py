"""Ranks are those of one table: bm25 with the frequencies of words in all months that are searched."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from newslake.pipeline.addons.search.articles import SearchFilter, search_articles
from newslake.pipeline.addons.search.index import update_index
from tests.addons.search.conftest import Commit
from tests.unit.lake.rows import Story

# All articles have as many words. "storm" is in few articles of February and in most of March; "crane" the other way.
WORDS = ("storm harbour bridge", "crane harbour bridge", "crane harbour storm", "crane crane bridge", "bus bus tram")
MONTHS = {0: (1, 6, 1, 4, 9), 30: (9, 1, 4, 1, 6)}  # of the first day of each month: how many articles have which words


def stories() -> list[Story]:
    counts = [
        (day, words) for day, each in MONTHS.items() for words, n in zip(WORDS, each, strict=True) for _ in range(n)
    ]
    return [Story(4 * number, words, day=day) for number, (day, words) in enumerate(counts, 1)]


def scores_of_one_table(expression: str, found: Sequence[Story]) -> dict[str, float]:
    """Return the scores of FTS5 for stories in one table."""
    with closing(sqlite3.connect(":memory:")) as memory:
        memory.execute("CREATE VIRTUAL TABLE words USING fts5 (title, text, tokenize='unicode61 remove_diacritics 2')")
        memory.executemany("INSERT INTO words VALUES (?, ?)", [(f"Story {each.number}", each.text) for each in found])
        query = "SELECT rowid, -bm25(words, 5.0, 1.0) FROM words WHERE words MATCH ?"
        return {found[row - 1].article_id: score for row, score in memory.execute(query, (expression,))}


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("storm", "storm"),
        ("storm OR crane", "storm OR crane"),
        ("harbour crane OR bus", "harbour AND (crane OR bus)"),
        ("crane -bridge", "crane NOT bridge"),
        ('"crane harbour" OR tram', '"crane harbour" OR tram'),
        ("cra* OR bri*", "cra* OR bri*"),
        ("title:story storm OR bus", "title : story AND (storm OR bus)"),
        ("story", "story"),
    ],
)
def test_scores_are_those_of_one_table(lake_dir: Path, commit: Commit, text: str, expression: str) -> None:
    """Articles of two months with other frequencies have the scores that FTS5 gives them in one table."""
    commit(*stories())
    update_index(lake_dir, durability="process")
    result = search_articles(lake_dir, text, limit=100)
    expected = scores_of_one_table(expression, stories())
    assert {hit.article_id: hit.score for hit in result.hits} == pytest.approx(expected, rel=1e-6)
    assert [hit.score for hit in result.hits] == sorted((hit.score for hit in result.hits), reverse=True)


def test_frequencies_are_those_of_the_months_searched(lake_dir: Path, commit: Commit) -> None:
    """If days of one month are searched, the other month does not count."""
    commit(*stories())
    update_index(lake_dir, durability="process")
    result = search_articles(lake_dir, "storm", SearchFilter(first=date(2026, 3, 1)), limit=100)
    expected = scores_of_one_table("storm", [each for each in stories() if each.day])
    assert {hit.article_id: hit.score for hit in result.hits} == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("language", ["de", None])
def test_forms_score_in_english_only(lake_dir: Path, commit: Commit, language: str | None) -> None:
    """In an article of another language, a word that looks like a form adds nothing to the score."""
    one, other = "Tag des Ferry, ferries, ferries.", "Tag des Ferry, dampfer, dampfer."
    english = [Story(4 * number, "The ferries wait.", language="en") for number in range(3, 6)]
    commit(Story(4, one, language=language), Story(8, other, language=language), *english)
    update_index(lake_dir, durability="process")
    scores = {hit.article_id: hit.score for hit in search_articles(lake_dir, "ferry").hits}
    assert len(scores) == 5
    assert scores[Story(4).article_id] == pytest.approx(scores[Story(8).article_id], rel=1e-9)


def test_forms_of_a_word_have_one_weight(lake_dir: Path, commit: Commit) -> None:
    """A rare form counts as much as a common form, because both are one word."""
    texts = ["The ferry waits."] * 5 + ["The ferries wait."] + ["A bus stops here."] * 20
    commit(*(Story(4 * number, words, language="en") for number, words in enumerate(texts, 1)))
    update_index(lake_dir, durability="process")
    result = search_articles(lake_dir, "ferry")
    assert result.total == 6
    assert {round(hit.score, 6) for hit in result.hits} == {round(result.hits[0].score, 6)}
