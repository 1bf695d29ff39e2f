"""A search returns the articles of the head that match, best first, with offsets into their texts."""

from datetime import date
from pathlib import Path

import pytest

from newslake.pipeline.addons.search import articles as articles_module
from newslake.pipeline.addons.search.articles import SearchFilter, SearchResult, search_articles
from newslake.pipeline.addons.search.index import update_index
from newslake.pipeline.errors import ConfigError, LimitError
from newslake.pipeline.lake import Lake
from tests.addons.search.conftest import Commit
from tests.unit.lake.rows import Story

STORIES = (
    Story(1, "The ferry was late again."),
    Story(2, "The ferry, the ferry, the ferry!", day=1),
    Story(3, "A bus was late. " * 40 + "No ferry came.", day=40),
    Story(4, "The tram was early.", day=41),
)


@pytest.fixture
def searched(lake_dir: Path, commit: Commit) -> Path:
    commit(*STORIES)
    update_index(lake_dir, durability="process")
    return lake_dir


def numbers(result: SearchResult) -> list[int]:
    return [int(hit.article_id, 16) for hit in result.hits]


def test_hits_are_ranked(searched: Path) -> None:
    """The article that names a word most often, in the fewest words, is first; scores fall."""
    result = search_articles(searched, "ferry")
    assert (result.total, result.is_current, result.offset) == (3, True, 0)
    assert set(numbers(result)) == {1, 2, 3}
    scores = [hit.score for hit in result.hits]
    assert scores == sorted(scores, reverse=True)


def test_offsets_trace_a_hit(lake: Lake, searched: Path) -> None:
    """The offsets of a hit are the first match in the text of its row in the lake."""
    rows = {row["article_id"]: row for row in lake.read("articles").to_pylist()}
    for hit in search_articles(searched, "late OR tram").hits:
        row = rows[hit.article_id]
        assert row["revision_id"] == hit.revision_id
        assert row["text"][hit.start_char : hit.end_char] in ("late", "tram")
        assert row["text"].index("late" if "late" in row["text"] else "tram") == hit.start_char
        assert any(each.is_match for each in hit.snippet)


def test_match_in_the_title_has_the_offsets_of_the_text(searched: Path) -> None:
    """A text that begins with its title has the offsets of a match that is only in the title."""
    [hit] = search_articles(searched, "title:3").hits
    assert (hit.start_char, hit.end_char) == (6, 7)
    assert [each.text for each in hit.title if each.is_match] == ["3"]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"first": date(2026, 2, 4)}, {2, 3}),
        ({"last": date(2026, 2, 3)}, {1}),
        ({"first": date(2026, 2, 4), "last": date(2026, 2, 4)}, {2}),
        ({"source": "harbour"}, {1, 2, 3}),
        ({"source": "no-such"}, set()),
        ({"language": "en"}, set()),
        ({"first": date(2030, 1, 1)}, set()),
    ],
)
def test_filters(searched: Path, filters: dict, found: set[int]) -> None:
    """Period, source and language select articles, also of the count."""
    result = search_articles(searched, "ferry", SearchFilter(**filters))
    assert set(numbers(result)) == found
    assert result.total == len(found)


LANGUAGES = (
    Story(1, "The ferries wait.", language="en"),
    Story(2, "The ferry waits.", language="en", day=40),
    Story(3, "Les ferries attendent.", language="fr"),
    Story(4, "Un ferry attend.", language="fr"),
    Story(5, "Ferries."),
)


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        ("ferry", None, {1, 2, 4}),
        ("ferry", "en", {1, 2}),
        ("ferry", "fr", {4}),
        ("ferries", None, {1, 2, 3, 5}),
        ('"ferry"', None, {2, 4}),
        ("story -ferry", None, {3, 5}),
        ("waiting OR attend", None, {1, 2, 4}),
    ],
)
def test_forms_are_found_in_english(
    lake_dir: Path, commit: Commit, text: str, language: str | None, found: set[int]
) -> None:
    """Other forms of a word are found in English articles; in all others, and in quotes, words are as written."""
    commit(*LANGUAGES)
    update_index(lake_dir, durability="process")
    result = search_articles(lake_dir, text, SearchFilter(language=language))
    assert set(numbers(result)) == found
    assert result.total == len(found)


def test_form_that_matches_has_the_offsets(lake_dir: Path, commit: Commit) -> None:
    """The offsets and the marked words of a hit are of the form that its text has."""
    commit(*LANGUAGES)
    update_index(lake_dir, durability="process")
    [hit] = search_articles(lake_dir, "ferry", SearchFilter(language="en", last=date(2026, 2, 28))).hits
    assert LANGUAGES[0].text[hit.start_char : hit.end_char] == "ferries"
    assert [each.text for each in hit.snippet if each.is_match] == ["ferries"]


def test_pages(searched: Path) -> None:
    """Pages have each hit once, in the order of the whole list."""
    whole = numbers(search_articles(searched, "story"))
    pages = [numbers(search_articles(searched, "story", limit=2, offset=offset)) for offset in (0, 2, 4)]
    assert pages == [whole[:2], whole[2:], []]
    assert len(whole) == 4


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"offset": -1}, "offset"),
        ({"offset": 1001}, "offset"),
        ({"chosen": SearchFilter(first=date(2026, 2, 2), last=date(2026, 2, 1))}, "to"),
    ],
)
def test_invalid_filters_are_named(searched: Path, options: dict, key: str) -> None:
    """A limit, offset or period that is not possible is an error with its key."""
    with pytest.raises(ConfigError) as error:
        search_articles(searched, "ferry", **options)
    assert error.value.key == key


def test_hits_are_of_the_head(lake: Lake, searched: Path, commit: Commit) -> None:
    """Before the index is updated, articles that left, moved or no longer match are not shown; the result says so."""
    commit(Story(1, "The plane was late again.", seen=1))
    lake.erasure.rows([Story(2).article_id])
    result = search_articles(searched, "ferry")
    assert numbers(result) == [3]
    assert not result.is_current
    update_index(searched, durability="process")
    result = search_articles(searched, "ferry")
    assert (numbers(result), result.total, result.is_current) == ([3], 1, True)


def test_many_matches_are_ranked_by_the_latest(searched: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more matches than are ranked, those that were added last are; all are counted."""
    monkeypatch.setattr(articles_module, "RANKED", 2)
    result = search_articles(searched, "story")
    assert (len(result.hits), result.total) == (2, 4)
    assert set(numbers(result)) == {3, 4}


def test_time_limit(searched: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that takes too long is an error that says what to do."""
    monkeypatch.setattr(articles_module, "_STEPS", 1)
    with pytest.raises(LimitError, match="exceeded 0 seconds: add a word, or give a period"):
        search_articles(searched, "story", seconds=0)


def test_search_changes_nothing(searched: Path) -> None:
    """A search writes to no file of the lake."""
    before = {
        path: path.read_bytes() for path in searched.rglob("*") if path.is_file() and path.suffix != ".sqlite-shm"
    }
    search_articles(searched, "ferry")
    after = {path: path.read_bytes() for path in before}
    assert after == before
