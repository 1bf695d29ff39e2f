"""The state of alerts: what opens and resolves, which rows are new, and what waits for whom."""

import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from newslake.pipeline.addons.alerts.alert import AlertCheck, AlertItem
from newslake.pipeline.addons.alerts.store import AlertStore
from newslake.pipeline.errors import BrokenDatabaseError
from tests.addons.alerts.receiver import HOUR, NOON, failed, item, new_store, policy, rows, state


def sent(store: AlertStore, sender: str = "desk", *, now=NOON) -> list[str]:
    """Return the subjects of all that is due to a sender, as if its server took them."""
    subjects = []
    store.seal(now=now)
    while (delivery := store.next_delivery(sender)) is not None:
        subjects.append(delivery.subject)
        store.mark_sent(sender, delivery.delivery_id)
    return subjects


def test_alert_is_reported_when_it_opens_and_when_it_is_over(tmp_path: Path) -> None:
    """A state is one message when it opens, none while it lasts, and one with its duration when it is over."""
    store = new_store(tmp_path)
    for number in range(3):
        store.record(state("river"), policy(), now=NOON + number * HOUR)
    assert sent(store) == ["Sources: river is stale"]
    store.record(state(), policy(), now=NOON + timedelta(hours=3, minutes=20))
    store.record(state(), policy(), now=NOON + 4 * HOUR)
    assert sent(store) == ["Resolved: Sources: river is stale (lasted 3 h 20 min)"]


def test_alert_that_comes_again_is_new(tmp_path: Path) -> None:
    """A state that is over at one check, and there at the next, is reported each time: nothing is held back."""
    store = new_store(tmp_path)
    for number, keys in enumerate([["river"], [], ["river"], []]):
        store.record(state(*keys), policy(), now=NOON + number * HOUR)
    assert [subject.partition(":")[0] for subject in sent(store)] == ["Sources", "Resolved", "Sources", "Resolved"]


def test_many_items_are_one_message(tmp_path: Path) -> None:
    """Items of one check are one message with a count, the first 20 items, and how many more there are."""
    store = new_store(tmp_path)
    store.record(state(*(f"source {number}" for number in range(30))), policy(), now=NOON)
    delivery = store.next_delivery("desk")
    assert delivery is not None
    assert delivery.subject == "Sources: 30 alerts"
    assert delivery.body.count("is stale") == 20
    assert delivery.body.endswith("and 10 more")


def test_rows_are_reported_once_each(tmp_path: Path) -> None:
    """The first check reports the rows of its window in one message, later ones only rows that are new."""
    store = new_store(tmp_path)
    store.record(rows("a", "b", "c"), policy(rule="ferry"), now=NOON)
    store.record(rows("b", "c"), policy(rule="ferry"), now=NOON)
    store.record(rows("a", "c", "d"), policy(rule="ferry"), now=NOON)
    assert sent(store) == ["Ferry: 3 new rows", "Ferry: quote d"]


def test_ten_thousand_rows_are_one_message(tmp_path: Path) -> None:
    """10,000 new rows, of which a check lists 1,000, are one message with a count; the same again adds nothing."""
    store = new_store(tmp_path)
    for total in (10_000, 10_000, 10_500):
        keys = [f"row {number}" for number in range(total)]
        store.record(rows(*keys[:1000], unlisted=keys[1000:]), policy(rule="ferry"), now=NOON)
    assert sent(store) == ["Ferry: 10,000 new rows", "Ferry: 500 new rows"]


def test_new_rows_among_ten_thousand_are_counted_once(tmp_path: Path) -> None:
    """A row is new once, whether or not a check lists it, and also if the number of rows falls and rises again."""
    store = new_store(tmp_path)
    for first, last in ((5, 4000), (0, 4000), (2500, 3300), (2500, 4005)):
        keys = [f"row {number}" for number in range(first, last)]
        store.record(rows(*keys[:1000], unlisted=keys[1000:]), policy(rule="ferry"), now=NOON)
    assert sent(store) == ["Ferry: 3,995 new rows", "Ferry: 5 new rows", "Ferry: 5 new rows"]


def test_rule_that_cannot_be_checked_is_an_alert(tmp_path: Path) -> None:
    """An error opens an alert of its own and changes no other one; the next good check resolves it."""
    store = new_store(tmp_path)
    store.record(state("river"), policy(), now=NOON)
    store.record(failed("the question takes too long"), policy(), now=NOON)
    store.record(failed("the question takes too long"), policy(), now=NOON)
    store.record(state("river"), policy(), now=NOON + HOUR)
    assert sent(store) == [
        "Sources: river is stale",
        "Sources: the rule cannot be checked",
        "Resolved: Sources: the rule cannot be checked (lasted 1 h 0 min)",
    ]


def test_error_of_a_row_rule_is_resolved(tmp_path: Path) -> None:
    """A rule on rows, too, says when it can be checked again, and reports the rows since."""
    store = new_store(tmp_path)
    store.record(failed("damaged", rule="ferry", kind="rows"), policy(rule="ferry"), now=NOON)
    store.record(rows("a"), policy(rule="ferry"), now=NOON)
    assert sent(store) == [
        "Ferry: the rule cannot be checked",
        "Resolved: Ferry: the rule cannot be checked (lasted 0 min)",
        "Ferry: quote a",
    ]


def test_unlisted_item_is_not_resolved(tmp_path: Path) -> None:
    """An alert that a check does not list, because it has too many, stays open."""
    store = new_store(tmp_path)
    store.record(state("river", "mill"), policy(), now=NOON)
    store.record(replace(state("river"), unlisted=("mill",)), policy(), now=NOON)
    assert sent(store) == ["Sources: 2 alerts"]


@pytest.mark.parametrize("jump", [timedelta(days=-40), timedelta(days=40)])
def test_clock_that_jumps_changes_no_order(tmp_path: Path, jump: timedelta) -> None:
    """With a clock that jumps by days, each message comes once, in order, and no duration is negative."""
    store = new_store(tmp_path)
    store.record(state("river"), policy(), now=NOON)
    store.record(state(), policy(), now=NOON + jump)
    store.record(state("river"), policy(), now=NOON)
    subjects = sent(store, now=NOON + jump)
    assert [subject.partition(":")[0] for subject in subjects] == ["Sources", "Resolved", "Sources"]
    assert "-" not in subjects[1]


def test_pause_of_a_failing_sender_doubles(tmp_path: Path) -> None:
    """A sender pauses one minute after its first failure, up to an hour; a success ends that, and so does a jump."""
    store = new_store(tmp_path)
    store.record(state("river"), policy(), now=NOON)
    pauses = []
    for _ in range(9):
        store.mark_failed("desk", "its server answers 500", now=NOON)
        steps = [minute for minute in range(100) if store.pauses("desk", now=NOON + timedelta(minutes=minute))]
        pauses.append(len(steps))
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert not store.pauses("desk", now=NOON - timedelta(days=3))
    [failure] = store.failures(now=NOON)
    assert (failure.sender, failure.reason, failure.waiting) == ("desk", "its server answers 500", 1)
    assert sent(store) == ["Sources: river is stale"]
    assert store.failures(now=NOON) == ()


def test_each_sender_has_its_own_queue(tmp_path: Path) -> None:
    """What one sender has got still waits for the other one."""
    store = new_store(tmp_path)
    store.record(state("river"), policy("desk", "mail"), now=NOON)
    assert sent(store, "desk") == ["Sources: river is stale"]
    assert store.waiting() == {"mail": 1}


def test_old_messages_are_dropped_only_when_sent(tmp_path: Path) -> None:
    """The store keeps the newest 100 messages of a rule, and all that wait for a sender."""
    store = new_store(tmp_path)
    for number in range(130):
        store.record(rows(str(number)), policy("desk", rule="ferry"), now=NOON)
    assert store.waiting() == {"desk": 130}
    assert Path(store.feed_place("ferry")).read_text().count("<entry>") == 100
    sent(store)
    store.record(rows("last"), policy("desk", rule="ferry"), now=NOON)
    with sqlite3.connect(tmp_path / "alerts" / "alerts.sqlite") as found:
        assert found.execute("SELECT count(*) FROM alerts_messages").fetchall() == [(100,)]
        assert found.execute("SELECT count(*) FROM alerts_items").fetchall() == [(100,)]
    found.close()


def test_keys_are_hashes(tmp_path: Path) -> None:
    """Keys of rows are in no file: they may be ids of articles."""
    key = "0123456789abcdef0123456789abcdef"
    check = AlertCheck(rule="ferry", kind="rows", items=(AlertItem(key=key, title="a quote"),))
    new_store(tmp_path).record(check, policy(rule="ferry"), now=NOON)
    files = [path.read_bytes() for path in (tmp_path / "alerts").rglob("*") if path.is_file()]
    assert any(b"a quote" in data for data in files)
    assert not any(key.encode() in data for data in files)


def test_control_characters_reach_nobody(tmp_path: Path) -> None:
    """A title is one line of valid text, whatever a page had in it."""
    store = new_store(tmp_path)
    odd = item("odd", detail="one\x00two\ud800")
    check = AlertCheck(rule="sources", kind="state", items=(odd,))
    store.record(check, policy(), now=NOON)
    delivery = store.next_delivery("desk")
    assert delivery is not None
    assert delivery.body == "- odd is stale\n  one\ufffdtwo\ufffd"


def test_long_texts_are_shortened(tmp_path: Path) -> None:
    """A title of a page's whole text, and a long detail, do not make a message that no service takes."""
    store = new_store(tmp_path)
    check = AlertCheck(
        rule="ferry", kind="rows", items=(AlertItem(key="a", title="t" * 5000, detail="d" * 50_000, at=NOON),)
    )
    store.record(check, policy(rule="ferry"), now=NOON)
    delivery = store.next_delivery("desk")
    assert delivery is not None
    assert len(delivery.subject) == len("Ferry: ") + 200
    assert delivery.body.splitlines()[2] == "  2026-03-10 12:00 UTC"
    assert len(delivery.body) < 1300


def test_damaged_row_is_named(tmp_path: Path) -> None:
    """A message that its checksum denies is not sent; the error names the file and what to do."""
    store = new_store(tmp_path)
    store.record(state("river"), policy(), now=NOON)
    with sqlite3.connect(tmp_path / "alerts" / "alerts.sqlite") as found:
        found.execute("UPDATE alerts_items SET content = replace(content, 'river', 'mill')")
    found.close()
    with pytest.raises(BrokenDatabaseError, match=r"alerts\.sqlite cannot be read .*--give-up alerts/alerts.sqlite"):
        store.next_delivery("desk")
