"""The saved questions, on an empty lake and on a lake with known answers."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from newslake.pipeline.addons.newsroom.queries.articles import ArticleFilter, find_articles
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.query.connection import connect, query
from newslake.pipeline.query.saved_queries import answer, list_questions, question_named

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
    "quote-travel": [
        ("“The quay is open.”", "Ada Okoro", date(2026, 3, 2), datetime(2026, 3, 2, 8, tzinfo=UTC), "Echo", 2, 1.0)
    ],
    "source-diversity": [("Post", 2, 2.0, 1.0), ("Echo", 1, 1.0, 1.0)],
    "quotes-about": [
        ("Per Lindt", "“No deal yet.”", "Post", "c" * 32, 0),
        ("Ada Okoro", "“The quay is open.”", "Echo", "a" * 32, 0),
        (None, "", "Echo", "a" * 32, 1),
    ],
    "reported-events": [
        ("OTHER", 1, 2, "It reopened.", "Echo", f"{'a' * 32}:0"),
        ("CONSULT", 1, 1, "Talks planned", "Post", f"{'c' * 32}:0"),
    ],
    "who-said-what": [
        ("Per Lindt", "claimed", "“No deal yet.”", "Post"),
        ("Ada Okoro", "said", "“The quay is open.”", "Echo"),
    ],
}


_SHOWN = {
    "who-said-what": ("speaker", "cue", "quote", "publisher"),
    "quotes-about": ("speaker", "quote", "publisher", "article_id", "quote_index"),
    "reported-events": ("event_type", "independent_count", "outlets", "sentence", "publisher", "event_cluster_id"),
}


def _shape(slug: str, row: dict[str, object]) -> tuple[object, ...]:
    """Shorten a row: a URL to its letter, and a row of a long answer to some of its columns."""
    if slug in _SHOWN:
        return tuple(row[name] for name in _SHOWN[slug])
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
    given = {"minimum": "1"} if "minimum" in question_named(slug).options else {}
    records = answer(connect(small_lake), slug, options=given).records()

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


# Outlets.


def _reports(write_rows, *columns: dict[str, object]) -> Path:
    """Write articles of one day, each with the same quote and event; the first one has them first."""
    day, articles = date(2026, 3, 2), []
    for letter, given in zip("abcdefgh", columns, strict=False):
        keys = {"article_id": letter * 32, "revision_id": letter * 16, "published_at": given["published_at"]}
        articles.append({**keys, "fetched_at": datetime(2026, 3, 3, tzinfo=UTC), **given})
    keys = [{name: each[name] for name in ("article_id", "revision_id", "published_at")} for each in articles]
    said = {"quote_type": "direct", "quote_text": "“Yes.”", "speaker_kind": "person", "cue_stance": "neutral"}
    happened = {"modality": "happened", "event_date": date(2026, 3, 1), "event_date_precision": "day"}
    write_rows("quotes", day, [{**each, **said} for each in keys])
    write_rows("quote_clusters", day, [{**each, "quote_cluster_id": f"{'a' * 32}:0"} for each in keys])
    write_rows("events", day, [{**each, **happened, "event_date_basis": "explicit"} for each in keys])
    groups = [{**each, "event_cluster_id": "one"} for each in keys]
    write_rows("event_cluster_members", day, groups)
    same = [
        {**each, "dup_group_id": "a" * 32, "is_duplicate": at > 0, "method": "exact"} for at, each in enumerate(keys)
    ]
    write_rows("near_duplicates", day, same)
    return write_rows("articles", day, articles)


def _seconds(key: str, hour: int, **more: object) -> dict[str, object]:
    at = datetime(2026, 3, 2, hour, tzinfo=UTC)
    return {"outlet_key": key, "publisher": key.upper(), "published_at": at, "published_at_precision": "second", **more}


def _day(key: str, **more: object) -> dict[str, object]:
    return _seconds(key, 0, **more) | {"published_at_precision": "day"}


def test_spellings_of_one_outlet(write_rows) -> None:
    """An outlet has one row, under the name that most of its articles have."""
    names = ("The Echo", "Echo", "The Echo", None)
    lake = _reports(write_rows, *(_seconds("echo.example", 8, publisher=name) for name in names), _seconds("post", 9))

    connection = connect(lake)
    assert query(connection, "SELECT * FROM outlets ORDER BY outlet").rows == (
        ("echo.example", "The Echo", 4),
        ("post", "POST", 1),
    )
    assert [
        row["publisher"] for row in answer(connection, "gender-of-sources", options={"minimum": "1"}).records()
    ] == [
        "POST",
        "The Echo",
    ]


@pytest.mark.parametrize(("given", "outlets"), [({}, []), ({"minimum": "4"}, ["ECHO"])])
def test_shares_need_a_minimum(given: dict[str, str], outlets: list[str], write_rows) -> None:
    """A share of fewer than five rows is not shown, unless the option says so."""
    lake = _reports(write_rows, *[_seconds("echo", 8)] * 4, _seconds("post", 9))

    for slug in ("gender-of-sources", "said-or-claimed", "unnamed-sources", "syndication"):
        found = answer(connect(lake), slug, options=given).records()
        assert [row["publisher"] for row in found] == ([] if slug == "said-or-claimed" and outlets else outlets)


@pytest.mark.parametrize(
    ("reports", "travel", "firsts"),
    [
        ((_seconds("echo", 8), _seconds("post", 10)), (datetime(2026, 3, 2, 8, tzinfo=UTC), "ECHO", 1.0), {"ECHO": 1}),
        ((_day("echo"), _seconds("post", 10)), (None, None, None), {}),
        ((_day("echo"), _day("post")), (None, None, None), {}),
    ],
)
def test_day_precision_has_no_order_inside_its_day(reports, travel, firsts, write_rows) -> None:
    """Of two articles of a day none is first if only the day of one is known; then no lag is counted either."""
    connection = connect(_reports(write_rows, *reports))

    (quote,) = answer(connection, "quote-travel").records()
    lags = answer(connection, "reporting-lag").records()

    assert (quote["first_day"], quote["outlets"]) == (date(2026, 3, 2), 2)
    assert (quote["first_seen"], quote["first_publisher"], quote["median_lag_hours"]) == travel
    assert {row["publisher"]: row["first_reports"] for row in lags if row["first_reports"]} == firsts


@pytest.mark.parametrize(
    ("reports", "openings"),
    [
        ((_seconds("echo", 8), _seconds("post", 10)), {"ECHO": 1}),
        ((_day("echo"), _seconds("post", 10)), {"ECHO": 1, "POST": 1}),
        ((_day("echo"), _seconds("echo", 10)), {"ECHO": 1}),
    ],
)
def test_duplicates_without_an_order_speak_for_their_outlet(reports, openings, write_rows) -> None:
    """A duplicate of an earlier article is excluded; one of the same day, in no known order, counts for its outlet."""
    records = answer(connect(_reports(write_rows, *reports)), "who-speaks-first", options={"minimum": "1"}).records()

    assert {row["publisher"]: row["first_quotes"] for row in records} == openings


# People whom an article names only by surname.


@pytest.fixture
def surname_lake(write_rows) -> Path:
    """The Echo names Ada Okoro; the Post, with the same quote first, only Okoro; both mention Per Lindt with them.

    The Post also reports that the board says what Okoro said.
    """
    articles = [_seconds("echo", 9), _seconds("post", 8)]
    lake = _reports(write_rows, *articles)
    day, keys = date(2026, 3, 2), [{name: letter * size for name, size in _KEY_SIZES} for letter in "ab"]
    people = [("id-ada", "Ada Okoro"), ("id-okoro", "Okoro")]
    entities, quotes = [], []
    for key, (person, name) in zip(keys, people, strict=True):
        who = {**key, "entity_type": "PERSON", "mention_kind": "name", "cluster_index": 0}
        entities.append({**who, "entity_id": person, "entity_name": name, "entity_text": name})
        lindt = {"entity_id": "id-lindt", "entity_name": "Per Lindt", "entity_text": "Lindt", "cluster_index": 1}
        entities.append({**who, **lindt, "entity_index": 1})
        said = {"quote_type": "direct", "quote_text": "“Yes.”", "speaker_kind": "person", "word_count": 1}
        speaker = {"speaker_name": name, "speaker_entity_id": person, "speaker_cluster_index": 0}
        quotes.append({**key, **said, **speaker, "reported_by_name": "The Board" if name == "Okoro" else None})
    write_rows("entities", day, entities)
    write_rows("quotes", day, quotes)
    write_rows("quote_clusters", day, [{**key, "quote_cluster_id": f"{'b' * 32}:0"} for key in keys])
    write_rows("near_duplicates", day, [{**key, "dup_group_id": key["article_id"]} for key in keys])
    link = {**keys[1], "cluster_index": 0, "person_id": "id-ada", "person_name": "Ada Okoro"}
    write_rows("person_links", day, [{**link, "method": "related", "confidence": 0.95}])
    return lake


_KEY_SIZES = (("article_id", 32), ("revision_id", 16))


@pytest.mark.parametrize(
    ("slug", "given", "rows"),
    [
        ("top-people", {}, [("Ada Okoro", 2, 2), ("Per Lindt", 2, 2)]),
        ("top-speakers", {}, [("Ada Okoro", 1, 2)]),
        ("new-voices", {}, [("Ada Okoro", 2, 2)]),
        ("quote-travel", {}, [("Ada Okoro", "POST", 2)]),
        ("who-said-what", {"about": "ada okoro"}, [("Ada Okoro", "ECHO"), ("Ada Okoro", "POST")]),
        ("who-said-what", {"about": "the board"}, [("Ada Okoro", "POST")]),
    ],
)
def test_a_linked_surname_counts_for_its_person(slug, given, rows, surname_lake) -> None:
    """Every question about people counts, shows and finds a linked surname as the person with the full name."""
    shown = {
        "top-people": ("person", "articles", "outlets"),
        "top-speakers": ("speaker", "quotes", "outlets"),
        "new-voices": ("speaker", "quotes", "outlets"),
        "quote-travel": ("speaker", "first_publisher", "outlets"),
        "who-said-what": ("speaker", "publisher"),
    }[slug]
    records = answer(connect(surname_lake), slug, options=given).records()

    assert [tuple(record[name] for name in shown) for record in records] == rows


def test_pairs_of_a_source_count_linked_surnames(surname_lake) -> None:
    """For one source, too, a linked surname is in a pair as its person."""
    records = answer(connect(surname_lake, source=""), "co-mentions").records()

    assert [(row["person"], row["other_person"], row["articles"]) for row in records] == [("Ada Okoro", "Per Lindt", 2)]


@pytest.mark.parametrize(("person", "letters"), [("ada okoro", "ba"), ("Okoro", "ba"), ("Lindt", "ba"), ("Quill", "")])
def test_the_list_of_articles_finds_linked_surnames(person, letters, surname_lake) -> None:
    """Articles are found by the name in their text and by the full name of a linked person."""
    day = date(2026, 3, 2)
    found, is_more = find_articles(surname_lake, ArticleFilter(first=day, last=day, person=person))

    assert ([each.article_id[0] for each in found], is_more) == (sorted(letters), False)


_EVENT: dict[str, object] = {"article_id": "a" * 32, "revision_id": "a" * 16, "report_count": 1, "independent_count": 1}


def _clusters(write_rows, *rows: dict[str, object]) -> Path:
    day = date(2026, 3, 2)
    published = datetime(2026, 3, 2, 8, tzinfo=UTC)
    keys = {name: _EVENT[name] for name in ("article_id", "revision_id")}
    write_rows("articles", day, [{**keys, "published_at": published, "fetched_at": published, "text": "It reopened."}])
    reported = {"first_reported_at": published, "last_reported_at": published, "confidence": 0.8}
    return write_rows(
        "event_clusters",
        day,
        [{**_EVENT, **reported, "event_cluster_id": f"{'a' * 32}:{at}", **row} for at, row in enumerate(rows)],
    )


def test_plans_begin_with_the_latest_article(write_rows) -> None:
    """A plan is shown until its last day is over, an undated main event for 28 days, and none that happened."""
    plan = {"modality": "planned", "event_type": "CONSULT"}
    days = (date(2009, 5, 1), date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 9), date(2026, 2, 1))
    old = datetime(2026, 2, 2, 8, tzinfo=UTC)
    lake = _clusters(
        write_rows,
        *({**plan, "event_date": day, "event_date_end": day} for day in days[:-1]),
        {**plan, "event_date": days[-1], "event_date_end": date(2026, 3, 31)},
        {**plan, "is_main": True},
        {**plan, "is_main": False},
        {**plan, "is_main": True, "first_reported_at": old, "last_reported_at": old},
        {**plan, "event_date": days[3]},
        {"modality": "happened", "planned_cluster_id": f"{'a' * 32}:8"},
    )

    shown = [row["event_date"] for row in answer(connect(lake), "what-is-planned").records()]

    assert shown == [days[4], days[2], days[3], None]


@pytest.mark.parametrize(("given", "shown"), [({}, 2), ({"min_confidence": "0.9"}, 1), ({"min_confidence": "0"}, 3)])
@pytest.mark.parametrize(("slug", "modality"), [("what-happened", "happened"), ("what-is-planned", "planned")])
def test_events_need_a_confidence(slug: str, modality: str, given: dict[str, str], shown: int, write_rows) -> None:
    """The option --min-confidence excludes the events below it; its default is 0.5."""
    common = {"modality": modality, "is_main": True}
    lake = _clusters(write_rows, *({**common, "confidence": value} for value in (0.3, 0.5, 0.95)))

    assert len(answer(connect(lake), slug, options=given).rows) == shown


@pytest.mark.parametrize("value", ["1.5", "-1", "half", "1e-3", ""])
def test_confidence_is_a_share(value: str, tmp_path) -> None:
    """A value of --min-confidence outside 0 to 1 is refused; the error names the option as it is typed."""
    with pytest.raises(ConfigError, match=r"--min-confidence '.*': give a number from 0 to 1"):
        answer(connect(tmp_path), "what-happened", options={"min_confidence": value})


def test_article_events_has_one_row_per_event(write_rows) -> None:
    """The view has the first mention of each event of an article, with its mentions and their highest confidence."""
    mentions = [
        {"event_index": at, "coref_event_index": first, "confidence": confidence, "trigger_text": word}
        for at, first, confidence, word in ((0, 0, 0.5, "meet"), (1, 1, 0.7, "fined"), (2, 0, 0.9, "talks"))
    ]
    keys = {"article_id": "a" * 32, "revision_id": "a" * 16}
    lake = write_rows("events", date(2026, 3, 2), [{**keys, **mention} for mention in mentions])
    sql = "SELECT event_index, trigger_text, confidence, mention_count, mention_indexes FROM article_events ORDER BY 1"

    assert query(connect(lake), sql).rows == ((0, "meet", 0.9, 2, [0, 2]), (1, "fined", 0.7, 1, [1]))


# Questions with several options.


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"name": "per lindt"}, [("Per Lindt", "Post")]),
        ({"name": "OKORO"}, [("Ada Okoro", "Echo")]),
        ({"name": "minister"}, []),
        ({"outlet": "echo"}, [("Ada Okoro", "Echo"), (None, "Echo")]),
        ({"name": "Lindt", "outlet": "Echo"}, []),
    ],
)
def test_quotes_about_keeps_a_name_and_an_outlet(given, found, small_lake) -> None:
    """A name is that of the speaker, in any case; both options together must hold."""
    records = answer(connect(small_lake), "quotes-about", options=given).records()

    assert [(row["speaker"], row["publisher"]) for row in records] == found


def test_quotes_about_finds_a_role_and_a_name_inside_a_quote(write_rows) -> None:
    """The option also finds the role of a speaker, and a name that the quote mentions."""
    day, keys = date(2026, 3, 2), {"article_id": "a" * 32, "revision_id": "a" * 16}
    said = [
        {**keys, "quote_text": "“Yes.”", "speaker_name": "Ada Okoro", "speaker_role": "transport minister"},
        {**keys, "quote_text": "“Ask the Minister.”", "speaker_name": "Per Lindt", "quote_index": 1},
        {**keys, "quote_text": "“No.”", "speaker_name": "Per Lindt", "quote_index": 2},
    ]
    write_rows("quotes", day, said)
    write_rows("entities", day, [{**keys, "entity_text": "the Minister", "quote_index": 1}])
    lake = write_rows("articles", day, [{**keys, "fetched_at": datetime(2026, 3, 2, tzinfo=UTC)}])

    assert [
        row["quote_index"] for row in answer(connect(lake), "quotes-about", options={"name": "minister"}).records()
    ] == [
        0,
        1,
    ]


@pytest.mark.parametrize(
    ("given", "types"),
    [
        ({}, ["CONSULT", "PROTEST"]),
        ({"type": "protest", "country": "chl"}, ["PROTEST"]),
        ({"type": "PROTEST", "country": "PRT"}, []),
        ({"outlets": "2"}, ["PROTEST"]),
        ({"outlets": "3"}, []),
        ({"modality": "planned"}, ["CONSULT"]),
        ({"min_confidence": "0.8"}, ["PROTEST"]),
        ({"min_confidence": "0.95"}, []),
    ],
)
def test_reported_events_count_independent_outlets(given, types, write_rows) -> None:
    """A duplicate and a second article of an outlet add no outlet; the options keep type, country, modality and the
    confidence.
    """
    day = date(2026, 3, 2)
    outlets = {"a": "echo", "b": "echo", "c": "post", "d": "wire"}
    keys = {letter: {"article_id": letter * 32, "revision_id": letter * 16} for letter in outlets}
    at = datetime(2026, 3, 2, tzinfo=UTC)
    articles = [{**keys[letter], "outlet_key": name, "fetched_at": at} for letter, name in outlets.items()]
    protest, talks = f"{'a' * 32}:0", f"{'d' * 32}:1"
    members = [{**key, "event_cluster_id": protest, "is_duplicate": letter == "d"} for letter, key in keys.items()]
    write_rows("event_cluster_members", day, [*members, {**keys["d"], "event_index": 1, "event_cluster_id": talks}])
    clusters = [
        {
            **keys["a"],
            "event_cluster_id": protest,
            "event_type": "PROTEST",
            "confidence": 0.9,
            "place_country": "CHL",
            "modality": "happened",
        },
        {
            **keys["d"],
            "event_cluster_id": talks,
            "event_type": "CONSULT",
            "confidence": 0.6,
            "modality": "planned",
            "last_reported_at": at,
        },
    ]
    write_rows("event_clusters", day, clusters)
    lake = write_rows("articles", day, articles)

    records = answer(connect(lake), "reported-events", options=given).records()

    assert [row["event_type"] for row in records] == types
    assert {row["event_type"]: row["outlets"] for row in records} == {
        name: count for name, count in (("CONSULT", 1), ("PROTEST", 2)) if name in types
    }
