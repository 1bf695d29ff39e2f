"""JSON of pages: the values of their queries, valid and safe, and the same as the pages show."""

import json
import math
import re
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from newslake.pipeline.addons.newsroom.pages.json_pages import (
    ArticleList,
    PageOutcomeList,
    QuestionData,
    QuestionEntry,
    error_json,
    list_articles,
    list_page_outcomes,
    question_answer,
    question_entries,
    to_json,
)
from newslake.pipeline.addons.newsroom.pages.people import EntityList, list_entities
from newslake.pipeline.addons.newsroom.pages.saved_queries import parse_question_request
from newslake.pipeline.addons.newsroom.queries.event_timeline import EventMap, EventTimeline
from newslake.pipeline.addons.newsroom.queries.people import EntityView
from newslake.pipeline.model.provenance import Provenance
from tests.architecture.tree import text_of
from tests.unit.query.conftest import small_lake, write_rows

__all__ = ["small_lake", "write_rows"]

TODAY = date(2026, 3, 4)


@dataclass(frozen=True)
class _Values:
    at: datetime
    day: date
    share: Decimal
    broken: float
    by_reason: dict[tuple[str, str], int]
    text: str


def test_values_have_one_form():
    """Times are ISO 8601 in UTC, numbers are numbers or null, keys of several parts are one text."""
    values = _Values(
        datetime(2026, 3, 2, 8, tzinfo=UTC), TODAY, Decimal("0.5"), math.nan, {("a", "b"): 1, ("c", ""): 2}, "x"
    )

    assert json.loads(to_json(values)) == {
        "at": "2026-03-02T08:00:00Z",
        "day": "2026-03-04",
        "share": 0.5,
        "broken": None,
        "by_reason": {"a: b": 1, "c": 2},
        "text": "x",
    }


@pytest.mark.parametrize("text", ["\u202e", "\ud800", "\x00", "\u2028", "</script>", '"\\'])
def test_every_text_is_valid(text: str):
    """A text comes back unchanged; invisible characters and half an emoji are escaped, so that UTF-8 can have them."""
    written = to_json({"text": text})

    assert json.loads(written) == {"text": text}
    assert written.decode().isprintable()


def test_lists_have_their_rows_and_the_next_page(small_lake: Path):
    """The lists of articles, pages and people have their filters, rows with typed values, and the next cursor."""
    articles = json.loads(to_json(list_articles(small_lake, {}, today=TODAY)))
    pages = json.loads(to_json(list_page_outcomes(small_lake, {"source": "harbour", "day": "2026-03-02"}, today=TODAY)))
    people = json.loads(to_json(list_entities(small_lake, "person", {}, today=TODAY)))

    assert [each["title"] for each in articles["rows"]] == ["Bridge talks", "Harbour reopens", "Harbour reopens"]
    assert articles["rows"][0]["published_at"] == "2026-03-03T09:00:00Z"
    assert [each["outcome"] for each in pages["rows"]][:2] == ["kept", "rejected"]
    assert people["rows"][0] | {"entity_id": ""} == {
        "entity_id": "",
        "name": "Ada Okoro",
        "quote_count": 2,
        "mention_count": 3,
        "last_quoted": "2026-03-02",
    }
    assert {each["after"] for each in (articles, pages, people)} == {None}


def test_question_has_its_rows_as_objects(small_lake: Path):
    """An answer has its columns, its rows by column, and what was counted; the list has every question."""
    request = parse_question_request("top-speakers", {"from": "2026-03-01", "to": "2026-03-04"})
    found = json.loads(to_json(question_answer(small_lake, request)))

    assert list(found["rows"][0]) == found["columns"]
    assert found["row_count"] == len(found["rows"]) > 0
    assert found["parameters"] == {"from": "2026-03-01", "to": "2026-03-04", "source": None}
    assert found["counted"][0].startswith("Counted: ")
    assert "top-speakers" in {each.slug for each in question_entries()}


def test_error_says_what_happened():
    """An error has its status, its title and its message."""
    found = json.loads(error_json(404, "no such page"))

    assert found == {"error": {"status": 404, "title": "Page not found", "message": "no such page"}}


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("/pages.json", PageOutcomeList),
        ("/why.json", Provenance),
        ("/articles.json", ArticleList),
        ("/people.json", EntityList),
        ("/people/ID.json", EntityView),
        ("/events.json", EventTimeline),
        ("/events/map.json", EventMap),
        ("/questions.json", QuestionEntry),
        ("/questions/QUESTION.json", QuestionData),
    ],
)
def test_guide_lists_the_fields(path: str, values: type):
    """docs/addons/newsroom.md has every field of the JSON of a page."""
    [row] = [line for line in text_of("docs/addons/newsroom.md").splitlines() if line.startswith(f"| `{path}`")]

    assert {each.name for each in fields(values)} - set(re.findall(r"`(\w+)`", row)) == set()
