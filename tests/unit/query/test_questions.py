"""The saved questions, on an empty lake and on a lake with known answers."""

from datetime import UTC, date, datetime

import pytest

from pipeline.errors import ConfigError
from pipeline.query import answer, connect, list_questions

SLUGS = [question.slug for question in list_questions()]
EXPECTED = {
    "top-speakers": [("Ada Okoro", 1, 4, 2), ("Per Lindt", 1, 3, 1)],
    "what-is-planned": [
        (date(2026, 3, 9), "day", "CONSULT", "Ada Okoro, Per Lindt", "", None, 1, "Talks planned", "Post", "c")
    ],
    "what-happened": [
        (date(2026, 3, 1), "day", "OTHER", "Harbour Board", "", None, 1, "It reopened.", "Echo", "a"),
        *[(None, "day", "OTHER", "Harbour Board", "", None, 1, "It reopened.", "Echo", "a")] * 3,
    ],
    "meetings-next-week": [(date(2026, 3, 9), "day", "Ada Okoro, Per Lindt", "", None, 1, "Talks planned", "Post")],
    "country-pairs": [
        ("MAR", "PRT", date(2026, 3, 2), "verbal cooperation", 2, 4, 2, "MAR and PRT"),
        ("MAR", "PRT", date(2026, 3, 2), "material conflict", 1, 2, 1, "MAR and PRT"),
    ],
    "why-rejected": [
        ("harbour", "rejected", "video_page", 2, "https://a.example/4", "only a player"),
        ("harbour", "pending", "status_503", 1, "https://a.example/5", None),
        ("harbour", "quarantined", "undecodable", 1, "https://a.example/3", "no text comes out"),
    ],
    "coverage": [("harbour", date(2026, 3, 2), 5, 1, 0, 0, 2, 1, 1)],
    "gender-of-sources": [
        ("Echo", date(2026, 3, 2), 1, 1.0, 0.0, 0.0),
        ("Post", date(2026, 3, 2), 2, 0.5, 0.0, 0.5),
    ],
    "unnamed-sources": [
        ("Echo", "Local", date(2026, 3, 1), 2, 0.5, 0.0),
        ("Post", "Local", date(2026, 3, 1), 2, 0.0, 0.0),
    ],
    "syndication": [("Post", 2, 0.5, 0.5), ("Echo", 1, 0.0, 1.0)],
    "new-voices": [("Ada Okoro", date(2026, 3, 2), 2, 2), ("Per Lindt", date(2026, 3, 3), 1, 1)],
    "silent-edits": [
        ("Echo", "Harbour reopens", "a", 1, 2, 2, *[datetime(2026, 3, 2, at, tzinfo=UTC) for at in (7, 8)])
    ],
    "trust-check": [],
    "top-people": [("Ada Okoro", None, 2, 2, 3), ("Per Lindt", None, 2, 2, 3)],
    "co-mentions": [("Ada Okoro", "Per Lindt", 1)],
    "reporting-lag": [("Echo", 1.0, 1, 1), ("Post", 1.0, 1, 0)],
    "said-or-claimed": [("Echo", "person", "F", 1, 0.0), ("Post", "person", "U", 1, 1.0)],
    "who-speaks-first": [("Echo", "person", "F", 1, 1.0), ("Post", "person", "U", 1, 1.0)],
    "quote-travel": [("“The quay is open.”", "Ada Okoro", datetime(2026, 3, 2, 8, tzinfo=UTC), "Echo", 2, 1.0)],
    "source-diversity": [("Post", 2, 2.0, 1.0), ("Echo", 1, 1.0, 1.0)],
    "who-said-what": [
        ("Per Lindt", "claimed", "“No deal yet.”", "Post"),
        ("Ada Okoro", "said", "“The quay is open.”", "Echo"),
    ],
}


def _shape(slug: str, row: dict[str, object]) -> tuple[object, ...]:
    """Shorten a row: a URL to its letter, a statement to speaker, cue, quote and publisher."""
    if slug == "who-said-what":
        return (row["speaker"], row["cue"], row["quote"], row["publisher"])
    return tuple(str(value)[8] if name == "url" else value for name, value in row.items())


def test_every_question_is_checked():
    """Each new question needs an expected answer."""
    assert set(SLUGS) == set(EXPECTED)


@pytest.mark.parametrize("question", list_questions(), ids=lambda question: question.slug)
def test_question_says_what_it_counts(question):
    """Every question has a title that is a question, and a sentence on what is counted."""
    assert question.title.endswith("?")
    assert question.about.endswith(".")


@pytest.mark.parametrize("slug", SLUGS)
def test_question_answers_an_empty_lake(slug, tmp_path):
    """Before the first article every question runs and returns no rows."""
    assert answer(connect(tmp_path), slug).rows == ()


@pytest.mark.parametrize("slug", SLUGS)
def test_question_answers_the_small_lake(slug, small_lake):
    """On three articles with known rows, every question gives the known answer in its order."""
    records = answer(connect(small_lake), slug).records()

    assert [_shape(slug, record) for record in records] == EXPECTED[slug]


def test_coverage_is_balanced(small_lake):
    """The number of discovered pages is the sum of their outcomes."""
    (row,) = answer(connect(small_lake), "coverage").records()

    kinds = ("kept", "unchanged", "not_checked", "rejected", "quarantined", "pending")
    assert row["discovered"] == sum(row[kind] for kind in kinds)


def test_unknown_question_names_the_known_ones(tmp_path):
    """The error for an unknown slug lists the slugs."""
    with pytest.raises(ConfigError, match=r"unknown question 'who'; use one of co-mentions, "):
        answer(connect(tmp_path), "who")


def test_a_decision_precedes_pending_at_the_same_time(write_rows):
    """With a frozen clock, a page that was archived and processed at one time counts as kept, not as pending."""
    moment = {"decided_at": datetime(2026, 3, 2, 8, tzinfo=UTC), "news_day": date(2026, 3, 2), "source_key": "harbour"}
    fetched = {**moment, "run_id": "news_ingest.1", "url": "https://a.example/1", "outcome": "pending"}
    derived = {**moment, "run_id": "news_extract.1", "url": "https://a.example/1", "outcome": "kept"}
    lake = write_rows("outcomes", date(2026, 3, 2), [fetched, derived])

    assert answer(connect(lake), "coverage").rows == (("harbour", date(2026, 3, 2), 1, 1, 0, 0, 0, 0, 0),)


@pytest.mark.parametrize("slug", ["top-speakers", "new-voices"])
def test_outlet_without_a_publisher(slug: str, write_rows) -> None:
    """If articles do not name their publisher, outlets are their domains, else their sources."""
    day, one = date(2026, 3, 2), {"article_id": "a" * 32, "revision_id": "a" * 16}
    other, third = ({name: text.replace("a", letter) for name, text in one.items()} for letter in "bc")
    said = {"speaker_kind": "person", "speaker_name": "Ada Okoro", "word_count": 3}
    write_rows("quotes", day, [{**each, **said} for each in (one, other, third)])
    places = ({"source_key": "x", "domain": "a.example"}, {"source_key": "y"}, {"source_key": "z"})
    read = [{**each, **place} for each, place in zip((one, other, third), places, strict=True)]
    lake = write_rows("articles", day, [{**each, "fetched_at": datetime(2026, 3, 2, tzinfo=UTC)} for each in read])

    assert [row["outlets"] for row in answer(connect(lake), slug).records()] == [3]
