"""When messages are due: quiet hours and digests, in local time; and what messages that waited say together."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from newslake.pipeline.addons.alerts.message import due_at
from tests.addons.alerts.receiver import HOUR, NOON, failed, new_store, policy, rows, state
from tests.addons.alerts.test_store import sent

NIGHT = (time(22), time(7))
LONDON = "Europe/London"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "quiet", "due"),
    [
        ("2026-01-10 21:59", NIGHT, None),
        ("2026-01-10 22:00", NIGHT, "2026-01-11 07:00"),
        ("2026-01-11 06:59", NIGHT, "2026-01-11 07:00"),
        ("2026-01-11 07:00", NIGHT, None),
        ("2026-01-10 12:30", (time(12), time(13)), "2026-01-10 13:00"),
        ("2026-07-10 21:30", NIGHT, "2026-07-11 06:00"),  # 22:30 in summer
        ("2026-03-28 23:00", NIGHT, "2026-03-29 06:00"),  # clocks go forward at 01:00
        ("2026-10-24 22:00", NIGHT, "2026-10-25 07:00"),  # clocks go back at 02:00 of summer time
        ("2026-03-29 00:30", (time(0), time(1, 30)), "2026-03-29 01:30"),  # 01:30 does not exist: 02:30 of summer time
        ("2026-10-25 00:15", (time(0), time(1, 30)), "2026-10-25 00:30"),  # the first 01:30
        ("2026-10-25 01:15", (time(0), time(1, 30)), "2026-10-25 01:30"),  # the second 01:30
    ],
)
def test_quiet_hours_end_at_local_time(now: str, quiet: tuple[time, time], due: str | None) -> None:
    """A message in quiet hours waits for their end, across midnight and changes of summer time."""
    assert due_at(policy(quiet=quiet, zone=LONDON), at(now)) == (None if due is None else at(due))


@pytest.mark.parametrize(
    ("now", "digest", "quiet", "due"),
    [
        ("2026-01-10 07:59", time(8), None, "2026-01-10 08:00"),
        ("2026-01-10 08:00", time(8), None, "2026-01-11 08:00"),
        ("2026-07-10 07:30", time(8), None, "2026-07-11 07:00"),
        ("2026-01-10 12:00", time(6), NIGHT, "2026-01-11 07:00"),
        ("2026-10-25 01:15", time(1, 30), None, "2026-10-26 01:30"),  # the second 01:30 is no second digest
    ],
)
def test_digest_is_daily(now: str, digest: time, quiet: tuple[time, time] | None, due: str) -> None:
    """A digest is sent at its local time once a day, and not within quiet hours."""
    assert due_at(policy(digest=digest, quiet=quiet, zone=LONDON), at(now)) == at(due)


def test_alert_resolved_in_quiet_hours_is_not_sent(tmp_path: Path) -> None:
    """An alert that opens and ends while its messages wait is in no message; others are in one."""
    store, night = new_store(tmp_path), policy(quiet=NIGHT)
    evening = at("2026-01-10 22:30")
    for number, keys in enumerate([["river"], ["river", "mill"], ["mill"], ["mill"]]):
        store.record(state(*keys), night, now=evening + number * HOUR)
    assert sent(store, now=evening + 4 * HOUR) == []
    assert sent(store, now=at("2026-01-11 07:00")) == ["Sources: mill is stale"]


def test_night_that_comes_to_nothing_is_silent(tmp_path: Path) -> None:
    """If every alert of the night is over, nothing is sent and nothing waits; the Atom file still has all of it."""
    store, night = new_store(tmp_path), policy(quiet=NIGHT)
    evening = at("2026-01-10 22:30")
    for number, keys in enumerate([["river"], [], ["river"], []]):
        store.record(state(*keys), night, now=evening + number * HOUR)
    assert sent(store, now=at("2026-01-11 07:00")) == []
    assert store.waiting() == {}
    assert Path(store.feed_place("sources")).read_text().count("<entry>") == 4


def test_alert_of_the_day_that_ends_at_night_is_reported(tmp_path: Path) -> None:
    """If the opening of an alert was sent, its end is sent after the quiet hours, and so is its return."""
    store, night = new_store(tmp_path), policy(quiet=NIGHT)
    store.record(state("river"), night, now=NOON)
    assert sent(store) == ["Sources: river is stale"]
    evening = NOON + 11 * HOUR
    store.record(state(), night, now=evening)
    store.record(state("river"), night, now=evening)
    assert sent(store, now=evening + 12 * HOUR) == ["Sources: 1 alert resolved, 1 alert"]


def test_digest_is_one_message_per_rule(tmp_path: Path) -> None:
    """A digest has all that happened since the last one, as one message per rule with a section per kind."""
    store = new_store(tmp_path)
    for number in range(5):
        store.record(rows(f"a{number}", f"b{number}"), policy(rule="ferry", digest=time(8)), now=NOON + number * HOUR)
    store.record(failed("slow", rule="ferry", kind="rows"), policy(rule="ferry", digest=time(8)), now=NOON + 6 * HOUR)
    store.record(state("river"), policy(digest=time(8)), now=NOON)
    assert sent(store, now=NOON + 19 * HOUR) == []
    store.seal(now=NOON + 20 * HOUR)
    delivery = store.next_delivery("desk")
    assert delivery is not None
    assert delivery.subject == "Ferry: 10 new rows, 1 alert"
    assert [line for line in delivery.body.splitlines() if line.endswith("checked")] == [
        "Ferry: the rule cannot be checked",
        "- the rule cannot be checked",
    ]
    assert sent(store, now=NOON + 20 * HOUR) == ["Ferry: 10 new rows, 1 alert", "Sources: river is stale"]


def test_digest_keeps_its_id_and_content(tmp_path: Path) -> None:
    """A digest that is due stays as it is until it is sent; what is recorded later is in the next one."""
    store, daily = new_store(tmp_path), policy(rule="ferry", digest=time(8))
    store.record(rows("a"), daily, now=NOON)
    store.seal(now=NOON + 20 * HOUR)
    first = store.next_delivery("desk")
    store.record(rows("b"), daily, now=NOON)  # the clock jumped back: it has the same time of delivery
    store.seal(now=NOON + 20 * HOUR)
    assert store.next_delivery("desk") == first
    assert sent(store) == ["Ferry: quote a", "Ferry: quote b"]


@pytest.mark.parametrize("jump", [timedelta(days=-30), timedelta(days=30)])
def test_message_does_not_wait_for_a_clock_that_jumped(tmp_path: Path, jump: timedelta) -> None:
    """A time of delivery that the wrong clock gave does not hold a message back after the clock is right."""
    store = new_store(tmp_path)
    store.record(rows("a"), policy(rule="ferry", digest=time(8)), now=NOON + jump)
    assert sent(store, now=NOON) == ["Ferry: quote a"]


def test_order_of_a_rule_survives_a_clock_that_goes_back(tmp_path: Path) -> None:
    """The end of an alert never comes before its opening, also if only the opening waits for the morning."""
    store, night = new_store(tmp_path), policy(quiet=NIGHT)
    store.record(state("river"), night, now=NOON + 11 * HOUR)
    store.record(state(), night, now=NOON)
    assert [each.partition(":")[0] for each in sent(store, now=NOON)] == ["Sources", "Resolved"]
