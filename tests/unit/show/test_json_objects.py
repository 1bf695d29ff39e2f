"""The JSON of `newslake try`, `newslake clean` and `newslake annotate` for one page."""

from datetime import UTC, datetime

import pytest
from spacy.language import Language

from newslake.pipeline.clean import extract
from newslake.pipeline.model import Annotation, Page
from newslake.pipeline.show.json_objects import annotation_object, extraction_object
from tests.unit.nlp.events_case import article_of, read


def test_extraction_has_the_credits_and_their_kinds() -> None:
    """`credits` are names as on the page, `credit_kinds` the kind of each, in the same order."""
    node = '{"@type":"Article","author":[{"name":"Jo Marrick"},{"name":"Northwire"},{"name":"Sports Desk"}]}'
    body = "<h1>Ferry</h1><p>The ferry sails again after two long winters in the yard of the town.</p>"
    html = f'<html><head><script type="application/ld+json">{node}</script></head><body>{body}</body></html>'
    page = Page(
        url=None,
        final_url=None,
        status=200,
        headers={"content-type": "text/html"},
        body=html.encode(),
        fetched_at=datetime(2031, 5, 3, tzinfo=UTC),
    )

    found = extraction_object("1", extract(page, source_key="harbour"))
    assert (found["authors"], found["credits"]) == (["Jo Marrick"], ["Northwire", "Sports Desk"])
    assert found["credit_kinds"] == ["agency", "desk"]


@pytest.mark.model
@pytest.mark.parametrize(
    ("when", "day"),
    [
        ("on Monday", "2026-03-09"),
        ("last week", "2026-03"),
        ("last month", "2026-02"),
        ("in 2019", "2019"),
        ("in the 1990s", None),
    ],
)
def test_date_of_event_is_as_precise_as_the_text(nlp: Language, when: str, day: str | None) -> None:
    """`date` is the day, or the month or year with all days of the event."""
    case = read(nlp, f"Soldiers attacked the village {when}.")
    found = annotation_object("1", article_of(""), Annotation(events=case.events))
    assert [event["date"] for event in found["events"]] == [day]  # type: ignore[attr-defined]


@pytest.mark.model
@pytest.mark.parametrize(
    ("when", "days"),
    [(" on Monday", ("2026-03-09", "2026-03-09", "relative")), ("", (None, "2026-03-11", "publication"))],
)
def test_stated_day_and_best_day(nlp: Language, when: str, days: tuple[str | None, str, str]) -> None:
    """`date` is the day that the text gives, `best_date` also the published day of a main event without one."""
    case = read(nlp, f"Soldiers attacked a village{when}.\nIt was cold.\nThe shops were shut.\nNobody came.")
    event = annotation_object("1", article_of(""), Annotation(events=case.events))["events"][0]  # type: ignore[index]
    assert (event["date"], event["best_date"], event["date_basis"]) == days


@pytest.mark.model
def test_basis_of_date_and_place(nlp: Language) -> None:
    """`date_basis` and `place_basis` say where the text names the day and the place."""
    case = read(nlp, "Soldiers attacked a village in Norway on Monday.", ("Norway", "GPE", 0, "NOR"))
    event = annotation_object("1", article_of(""), Annotation(events=case.events))["events"][0]  # type: ignore[index]
    assert (event["date_basis"], event["place_basis"]) == ("relative", "clause")


@pytest.mark.model
def test_name_of_a_participant_next_to_its_text(nlp: Language) -> None:
    """`source_name` is who a pronoun or a noun refers to; null if the text is the name already."""
    norway, spain = ("Norway", "GPE", 0, "NOR"), ("Spain", "GPE", 1, "ESP")
    case = read(nlp, "Norway is angry. It has accused Spain of lying.", norway, spain)
    found = annotation_object("1", article_of(""), Annotation(events=case.events))
    event = found["events"][0]  # type: ignore[index]
    assert (event["source_text"], event["source_name"]) == ("It", "Norway")
    assert (event["target_text"], event["target_name"]) == ("Spain", None)
