"""Alerts on the news: which rows fire, how they are identified, and the receipt of each."""

from datetime import UTC, date, datetime

import pytest

from newslake.pipeline.addons.alerts.alert import AlertCheck
from newslake.pipeline.addons.alerts.evaluation import evaluate, read_rules
from newslake.pipeline.jobs.workspace import Workspace
from tests.addons.alerts.conftest import WriteAlerts

DAY = date(2026, 3, 2)
AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
RULE = 'public_url = "http://127.0.0.1:8080"\n[rules.a]\non = "question"\n'
QUOTES = f'{RULE}question = "quotes-about"\n'


def _check(space: Workspace) -> AlertCheck:
    rules = read_rules(space)
    return evaluate(space, rules.rules[0], rules)


def test_each_quote_has_its_receipt(write_alerts: WriteAlerts, small_lake) -> None:
    """A quote is one item: who says what, the publisher's page, the article page, and the command that traces it."""
    found = _check(write_alerts(f"{QUOTES}options = {{name = 'Okoro'}}"))

    (item,) = found.items
    article_id = "a" * 32
    assert (found.rule, found.kind, found.total, found.error) == ("a", "rows", 1, None)
    assert item.key == f"{article_id}:0"
    assert item.title == "Ada Okoro · “The quay is open.”"
    assert item.detail.splitlines()[:2] == ["cue: said", "publisher: Echo"]
    assert (item.article_id, item.article_url) == (article_id, "https://a.example/1")
    assert item.receipt == f"http://127.0.0.1:8080/newsroom/articles/{article_id}"
    assert item.command == f"newslake why {article_id}:quotes:0"
    assert item.at == AT


def test_a_row_with_a_url_alone_has_its_receipt(write_alerts: WriteAlerts, small_lake) -> None:
    """For a question without article_id, the article is found by its URL; the key is a hash without words."""
    found = _check(write_alerts(f'{RULE}question = "silent-edits"\nkey = ["url", "quotes_removed"]'))

    (item,) = found.items
    assert (item.article_id, item.command) == ("a" * 32, f"newslake why {'a' * 32}")
    assert (len(item.key), set(item.key) <= set("0123456789abcdef")) == (32, True)
    assert item.title == "Harbour reopens"


def test_a_later_check_has_the_same_keys(write_alerts: WriteAlerts, small_lake) -> None:
    """Rows are the same rows in the next check, with or without ids."""
    for text in (QUOTES, f"{RULE}question = 'top-people'"):
        space = write_alerts(text)
        keys = [item.key for item in _check(space).items]
        assert keys == [item.key for item in _check(space).items]
        assert len({*keys}) == len(keys) > 1


def test_old_news_do_not_fire(write_alerts: WriteAlerts, small_lake) -> None:
    """Only the published days of the rule are read: today is 4 March."""
    counts = [len(_check(write_alerts(f"{QUOTES}days = {days}")).items) for days in (1, 2, 3)]

    assert counts == [0, 1, 3]


@pytest.mark.parametrize(
    ("more", "fired"),
    [("", ["sure"]), ("min_confidence = 0.9", []), ("min_confidence = 0.5", ["sure", "unsure"])],
)
def test_unsure_rows_do_not_fire(more: str, fired: list[str], write_alerts: WriteAlerts, write_rows) -> None:
    """Rows below the confidence do not fire; nor does a row whose confidence is not known."""
    sql = "SELECT * FROM (VALUES ('sure', 0.6), ('unsure', 0.59), ('unknown', NULL)) AS t (name, confidence)"
    found = _check(write_alerts(f'{RULE}sql = "{sql}"\n{more}'))

    assert [item.title for item in found.items] == fired


def test_an_event_needs_two_independent_reports(write_alerts: WriteAlerts, write_rows) -> None:
    """An event that one article reports does not fire, however sure it is; the rule may lower the bound."""
    key = {"article_id": "a" * 32, "revision_id": "a" * 16}
    events = [(f"{'a' * 32}:{count}", count) for count in (1, 2)]
    write_rows(
        "event_cluster_members",
        DAY,
        [{**key, "event_cluster_id": name, "event_index": count} for name, count in events],
    )
    write_rows(
        "event_clusters",
        DAY,
        [
            {**key, "event_cluster_id": name, "event_type": "PROTEST", "independent_count": count, "event_index": count}
            for name, count in events
        ],
    )
    write_rows("articles", DAY, [{**key, "fetched_at": AT, "url": "https://a.example/1"}])
    rule = f'{RULE}question = "reported-events"\n'

    (item,) = _check(write_alerts(rule)).items
    assert (item.key, item.command) == (f"{'a' * 32}:2", f"newslake why {'a' * 32}:events:2")
    assert len(_check(write_alerts(f"{rule}min_independent = 1")).items) == 2


def test_a_threshold_is_open_while_it_is_met(write_alerts: WriteAlerts, write_rows) -> None:
    """A row meets a threshold or not; its key stays the same while its number changes."""
    key = {
        "article_id": "a" * 32,
        "revision_id": "a" * 16,
        "entity_type": "PERSON",
        "entity_id": "x",
        "entity_name": "Ada",
    }
    sql = "SELECT person_name AS person, count(*) AS n FROM entities GROUP BY person_name"
    space = write_alerts(f'{RULE}sql = "{sql}"\ncolumn = "n"\nat_least = 2')
    checks = []
    for count in (1, 2, 3):
        write_rows("entities", DAY, [{**key, "entity_index": number} for number in range(count)])
        checks.append(_check(space))

    assert [[item.title for item in each.items] for each in checks] == [[], ["Ada: n is 2"], ["Ada: n is 3"]]
    assert {each.kind for each in checks} == {"state"}
    assert len({item.key for each in checks for item in each.items}) == 1


def test_at_most_is_a_threshold_too(write_alerts: WriteAlerts) -> None:
    """A number that falls is a threshold as well; no rows at all count as zero."""
    sql = "SELECT count(*) AS n FROM articles"
    (item,) = _check(write_alerts(f'{RULE}sql = "{sql}"\ncolumn = "n"\nat_most = 0')).items

    assert item.title == "n is 0"


def test_ten_thousand_rows_are_one_check(write_alerts: WriteAlerts) -> None:
    """The check has at most 1,000 items and the number of all."""
    found = _check(write_alerts(f"{RULE}sql = 'SELECT range AS n FROM range(10000)'"))

    assert (len(found.items), found.total) == (1_000, 10_000)


def test_equal_rows_are_one_item(write_alerts: WriteAlerts) -> None:
    """Rows with the same key are one item."""
    found = _check(write_alerts(f"{RULE}sql = 'SELECT range AS n, range % 3 AS k FROM range(9)'\nkey = ['k']"))

    assert (len(found.items), found.total) == (3, 3)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            "sql = 'SELECT count(*) AS n FROM range(1000000000000)'\ntimeout = 0.2",
            "the query exceeded 0.2 seconds: give",
        ),
        ("sql = 'SELECT range AS n FROM range(1000000)'", "the result exceeded 100,000 rows: give the rule fewer days"),
        ("sql = \"SELECT 'a secret text'::INT AS n\"", "its SQL fails on a value"),
    ],
    ids=["too slow", "too many rows", "wrong value"],
)
def test_a_question_that_fails_is_an_error_of_its_check(more: str, message: str, write_alerts: WriteAlerts) -> None:
    """A question that is too slow, too large or fails has no items; its error says why without quoting a value."""
    found = _check(write_alerts(f"{RULE}{more}"))

    assert (found.items, found.total) == ((), 0)
    assert message in str(found.error)
    assert "a secret text" not in str(found.error)


def test_a_damaged_lake_is_an_error_of_its_check(write_alerts: WriteAlerts, small_lake) -> None:
    """A damaged file of the lake does not end the check of the other rules."""
    for path in small_lake.rglob("*.parquet"):
        path.write_bytes(b"damaged")

    assert "newslake lake verify" in str(_check(write_alerts(QUOTES)).error)


def test_hostile_text_stays_one_line(write_alerts: WriteAlerts) -> None:
    """Line breaks and long texts of a page cannot make a title of many lines."""
    sql = "SELECT E'a\\nb\\r\\nc' || repeat('x', 10000) AS title, repeat('y', 10000) AS text"
    (item,) = _check(write_alerts(f'{RULE}sql = """{sql.replace(chr(92), chr(92) * 2)}"""')).items

    assert item.title.startswith("a b c")
    assert (len(item.title), len(item.detail), "\n" in item.title) == (200, len("text: ") + 500, False)
