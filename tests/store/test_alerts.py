"""The state of alerts of both stores: the same answers, one holder of the lock, and nothing left of a takedown."""

import random
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from newslake.pipeline.addons.alerts.alert import AlertCheck, AlertItem, DeliveryPolicy
from newslake.pipeline.addons.alerts.delivery import deliver
from newslake.pipeline.addons.alerts.erasure import erase_from_alerts
from newslake.pipeline.addons.alerts.state import ALERT_STATE
from newslake.pipeline.addons.alerts.store import AlertStore
from newslake.pipeline.archive import TakedownPlan
from newslake.pipeline.errors import BrokenDatabaseError, StoreError
from newslake.pipeline.model import article_id_of, canonical_url
from newslake.pipeline.shared.database import PostgresDatabase
from newslake.pipeline.shared.leases import PostgresLeases
from newslake.pipeline.shared.side_state import PostgresSideState
from newslake.pipeline.store.side_state import SideState
from tests.addons.alerts.receiver import HOUR, NOON, Receiver, failed, item, policy, rows, state
from tests.store.alert_stores import AlertPlace
from tests.store.folder import FolderObjects
from tests.store.stores import bucket_of
from tests.traces import Traces

OpenState = Callable[[], SideState]
URL = "https://harbour.example/quicksilver-lanterns"
ARTICLE = article_id_of(canonical=canonical_url(URL), text="")
WORDS = "Zephyrine Quackenthorpe carries quicksilver lanterns"
TRACES = Traces([WORDS, URL.removeprefix("https://")])
DOOMED = (
    AlertItem(key="1", title=WORDS, article_id=ARTICLE),
    AlertItem(key="2", title=WORDS, article_url=URL),
    AlertItem(key="3", title=WORDS, command=f"newslake why {ARTICLE}"),
)
PLAN = TakedownPlan(article_ids=frozenset([ARTICLE]), page_keys=frozenset([canonical_url(URL)]))


@pytest.fixture(params=["local", "shared"])
def open_state(request: pytest.FixtureRequest, tmp_path: Path) -> OpenState:
    """Return a function that opens the state of alerts as another host would; that of the shared store in a bucket."""
    if request.param == "local":
        return AlertPlace(tmp_path).state
    server, schema = request.getfixturevalue("postgres"), request.getfixturevalue("schema")
    place, objects = AlertPlace(tmp_path, server.url, schema), bucket_of(request.getfixturevalue("weed"))
    return lambda: place.state(objects)


@pytest.fixture
def store(open_state: OpenState) -> AlertStore:
    return AlertStore(open_state())


def subjects_sent(store: AlertStore, *, sender: str = "desk", now: datetime = NOON) -> list[str]:
    """Return the subjects of all that is due to a sender, as if its server took them."""
    subjects = []
    store.seal(now=now)
    while (delivery := store.next_delivery(sender)) is not None:
        with store.exclusive():
            assert store.begin_sending(sender, delivery.delivery_id, seconds=1) == 0
        subjects.append(delivery.subject)
        store.mark_sent(sender, delivery.delivery_id)
    return subjects


def feed_text(store: AlertStore, rule: str) -> str:
    """Return the Atom file of a rule with numbers in place of random ids."""
    numbers: dict[str, str] = {}
    text = (store.feed(rule) or b"").decode()
    return re.sub(r"urn:uuid:\S+?(?=<)", lambda found: numbers.setdefault(found[0], str(len(numbers))), text)


# What is reported.


def test_a_state_is_reported_when_it_opens_and_when_it_is_over(store):
    """A state is one message when it opens, none while it lasts, and one with its duration when it is over."""
    for number in range(3):
        store.record(state("river"), policy(), now=NOON + number * HOUR)
    assert subjects_sent(store) == ["Sources: river is stale"]
    store.record(state(), policy(), now=NOON + 3 * HOUR)
    assert subjects_sent(store) == ["Resolved: Sources: river is stale (lasted 3 h 0 min)"]
    assert (store.open_counts(), store.waiting(), store.checked_rules()) == ({}, {}, {"sources"})


def test_ten_thousand_rows_are_one_message(store):
    """10,000 new rows, of which a check lists 1,000, are one message with a count; only new ones are added later."""
    for total in (10_000, 10_000, 10_500):
        keys = [f"row {number}" for number in range(total)]
        store.record(rows(*keys[:1000], unlisted=keys[1000:]), policy(rule="ferry"), now=NOON)
    assert subjects_sent(store) == ["Ferry: 10,000 new rows", "Ferry: 500 new rows"]


def test_odd_texts_come_back(store):
    """Names of rules and senders with zero bytes, marks of statements and other scripts are stored as they are."""
    odd = "a\0b\1c %s ? ' \u20acn \U0001f4f0"
    store.record(rows("1", rule=odd), policy(odd, rule=odd), now=NOON)
    store.mark_failed(odd, odd, now=NOON)
    assert store.waiting() == {odd: 1}
    assert store.checked_rules() == {odd}
    assert [(each.sender, each.reason) for each in store.failures(now=NOON)] == [(odd, odd)]


def test_a_digest_is_one_message(store):
    """Messages that wait for a time become one when it has come, with the same id at each try."""
    daily = policy(rule="ferry", digest=time(8))
    for number in range(3):
        store.record(rows(str(number)), daily, now=NOON + number * HOUR)
    assert store.next_delivery("desk") is None
    ids = set()
    for _ in range(2):
        store.seal(now=NOON + 21 * HOUR)
        delivery = store.next_delivery("desk")
        ids.add((delivery.delivery_id, delivery.subject))
    assert [subject for _, subject in ids] == ["Ferry: 3 new rows"]


def test_messages_of_a_dropped_sender_are_counted(store):
    """What waits for a sender is dropped with its failure; another sender keeps its messages."""
    store.record(state("river"), policy("desk", "mail"), now=NOON)
    store.record(state(), policy("desk", "mail"), now=NOON)
    store.mark_failed("desk", "its server answers 500", now=NOON)
    assert store.drop_waiting("desk") == 2
    assert store.drop_waiting("desk") == 0
    assert (store.waiting(), store.failures(now=NOON)) == ({"mail": 2}, ())


def test_a_damaged_row_is_named(open_state, store):
    """A message that its checksum denies is not sent; the error says what to do."""
    store.record(state("river"), policy(), now=NOON)
    change = "UPDATE alerts_items SET content = replace(content, 'river', 'mill')"
    open_state().change(lambda rows: rows.execute(change), lock=None)
    with pytest.raises(BrokenDatabaseError, match=r"damaged row.*restore"):
        store.next_delivery("desk")


def step_of(chance: random.Random, now: datetime) -> Callable[[AlertStore], Any]:
    """Return a random step, which gives the same answer on each store."""
    rule, sender = chance.choice(["sources", "ferry", "daily"]), chance.choice(["desk", "mail"])
    senders, digest = chance.choice([("desk",), ("desk", "mail"), ()]), time(13) if rule == "daily" else None
    keys = chance.sample(["a", "b", "c", "\u00e4", "Z", "\0"], chance.randrange(5))
    check = replace(state(*keys, rule=rule) if rule == "sources" else rows(*keys, rule=rule), unlisted=tuple(keys[:1]))
    given = chance.choice([check, check, check, failed("the question takes too long", rule=rule)])
    to = DeliveryPolicy(rule=rule, title=rule, senders=senders, quiet_hours=None, digest_at=digest)
    kept = chance.sample(["sources", "ferry", "daily"], 2)
    plan = TakedownPlan(page_keys=frozenset([canonical_url(f"https://harbour.example/{chance.randrange(3)}")]))
    about = replace(given, items=(*given.items, item("page", article_url=f"https://harbour.example/{len(keys) % 3}")))
    steps: list[Callable[[AlertStore], Any]] = [
        lambda store: store.record(given, to, now=now),
        lambda store: store.record(about if given.error is None else given, to, now=now),
        lambda store: subjects_sent(store, sender=sender, now=now),
        lambda store: store.mark_failed(sender, "its server answers 500", now=now),
        lambda store: (store.pauses(sender, now=now), store.failures(now=now), store.waiting()),
        lambda store: store.close_removed(kept, now=now),
        lambda store: store.drop_waiting(sender),
        lambda store: erase_from_alerts(store._state, plan),
        lambda store: store.write_feeds(),
    ]
    return chance.choices(steps, weights=[6, 4, 3, 1, 2, 1, 1, 1, 1])[0]


@pytest.mark.parametrize("seed", range(3))
def test_random_steps_have_the_same_answers(postgres, schema, tmp_path, seed):
    """The same steps give the same answers, in the same order, and the same Atom files on both stores."""
    local, shared = (AlertPlace(tmp_path, *where).open() for where in ((), (postgres.url, schema)))
    chance, now = random.Random(seed), NOON
    for _ in range(150):
        now += timedelta(minutes=chance.randrange(90))
        step = step_of(chance, now)
        assert step(local) == step(shared)
        assert list(local.open_counts().items()) == list(shared.open_counts().items())
        assert list(local.waiting().items()) == list(shared.waiting().items())
    for store in (local, shared):
        store.write_feeds()
    feeds = {rule: feed_text(local, rule) for rule in sorted(local.checked_rules())}
    assert feeds == {rule: feed_text(shared, rule) for rule in sorted(shared.checked_rules())}
    assert any("<entry>" in text for text in feeds.values())


# Atom files.


def test_atom_files_that_are_lost_are_written_again(open_state, store):
    """An Atom file has the messages of its rule; a lost or changed one is as before after the next check."""
    store.record(state("river"), policy(), now=NOON)
    before = store.feed("sources")
    assert b"river is stale" in before
    assert store.feed("other") is None
    open_state().delete_files()
    assert store.feed("sources") is None
    store.write_feeds()
    assert store.feed("sources") == before
    open_state().write_file("sources.xml", lambda rows: b"<feed/>", lock=None)
    store.write_feeds()
    assert store.feed("sources") == before


def test_a_bucket_that_fails_stops_no_message(postgres, schema, tmp_path, caplog):
    """If no Atom file can be written, the message is queued, a warning says so, and the next check writes the file."""
    place = AlertPlace(tmp_path, postgres.url, schema)
    folder = tmp_path / "objects" / "alerts" / "feeds"
    folder.parent.mkdir(parents=True)
    folder.write_text("in the way")
    store = place.open()
    store.record(state("river"), policy(), now=NOON)
    assert "Atom file of rule sources is not written" in caplog.text
    assert store.next_delivery("desk").subject == "Sources: river is stale"
    folder.unlink()
    store.write_feeds()
    assert b"river" in store.feed("sources")


# The lock.


def test_hosts_that_deliver_at_once_send_once(open_state, store):
    """Four hosts that check and deliver at the same time send every message once, in order."""
    together = threading.Barrier(4)

    def run() -> None:
        mine = AlertStore(open_state())
        together.wait(30)
        mine.record(state("river"), policy("desk", "mail"), now=NOON)
        mine.record(rows("a", "b"), policy("desk", "mail", rule="ferry"), now=NOON)
        assert deliver(mine, senders, now=NOON) == ()

    with Receiver() as desk, Receiver() as mail, ThreadPoolExecutor(4) as pool:
        senders = {"desk": desk.url, "mail": mail.url}
        for done in [pool.submit(run) for _ in range(4)]:
            done.result(timeout=300)
        for each in (desk, mail):
            assert sorted(message["title"] for message in each.taken) == [
                "Ferry: 2 new rows",
                "Sources: river is stale",
            ]


def test_a_takedown_waits_for_a_check_that_has_read(open_state, store):
    """What a check read before a takedown, and records while the takedown waits, is erased with the rest."""
    with ThreadPoolExecutor(1) as pool:
        with store.exclusive():
            takedown = pool.submit(lambda: erase_from_alerts(open_state(), PLAN))
            wait([takedown], timeout=0.5)
            assert not takedown.done()
            store.record(AlertCheck(rule="late", kind="rows", items=DOOMED), policy(rule="late"), now=NOON)
        assert takedown.result(timeout=300) == len(DOOMED)
    assert store.next_delivery("desk") is None


@pytest.fixture
def shared(postgres, schema, tmp_path) -> Iterator[tuple[AlertPlace, PostgresDatabase]]:
    """A place on the shared store, and its database, whose leases the test ends as a restart of the server would."""
    database = PostgresDatabase(postgres.url, schema=schema)
    yield AlertPlace(tmp_path, postgres.url, schema), database
    database.close()


def end_leases(database: PostgresDatabase) -> None:
    """End all sessions of the database that hold a lock; their holders live."""
    query = """SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory' AND granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
    assert database.query(query) != []


def test_a_holder_that_lost_the_lock_changes_nothing(shared):
    """After another host has taken the lock, a check that still lives records nothing and sends nothing."""
    place, database = shared
    late, other = place.open(), place.open()
    other.record(state("river"), policy(), now=NOON)
    delivery = late.next_delivery("desk")
    with late.exclusive():
        end_leases(database)
        with other.exclusive():
            pass
        for step in (
            lambda: late.record(rows("a"), policy(rule="ferry"), now=NOON),
            lambda: late.begin_sending("desk", delivery.delivery_id, seconds=1),
            lambda: late.seal(now=NOON),
            lambda: late.drop_waiting("desk"),
            late.write_feeds,
        ):
            with pytest.raises(StoreError, match="the lease was lost with its connection") as caught:
                step()
            assert caught.value.reason == "lease_lost"
    assert (other.checked_rules(), other.waiting()) == ({"sources"}, {"desk": 1})


def test_a_holder_whose_lock_nobody_took_goes_on(shared):
    """If the lease ends while nobody waits for it, the check goes on to its end."""
    place, database = shared
    store = place.open()
    with store.exclusive():
        end_leases(database)
        store.record(state("river"), policy(), now=NOON)
    assert store.waiting() == {"desk": 1}


def test_the_next_holder_waits_for_a_message_on_its_way(shared):
    """A message of a host that lost the lock amid sending it is not sent by the next one, which finds it marked."""
    place, database = shared
    late, other = place.open(), place.open()
    late.record(state("river"), policy(), now=NOON)
    delivery = late.next_delivery("desk")
    with Receiver() as desk, ThreadPoolExecutor(1) as pool:
        with late.exclusive():
            assert late.begin_sending("desk", delivery.delivery_id, seconds=60) == 0
            assert late.begin_sending("desk", delivery.delivery_id, seconds=60) == 0  # a try of its own
            end_leases(database)
            done = pool.submit(lambda: deliver(other, {"desk": desk.url}, now=NOON))
            wait([done], timeout=3)
            assert not done.done()
            late.mark_sent("desk", delivery.delivery_id)
            assert done.result(timeout=60) == ()
        assert desk.taken == []


def test_a_message_of_a_dead_host_is_sent_after_its_time(shared):
    """If its sender does not mark a message, the next holder sends it when the time of its note is over."""
    place, database = shared
    late, other = place.open(), place.open()
    late.record(state("river"), policy(), now=NOON)
    delivery = late.next_delivery("desk")
    with late.exclusive():
        late.begin_sending("desk", delivery.delivery_id, seconds=3)
        end_leases(database)
        with Receiver() as desk:
            assert deliver(other, {"desk": desk.url}, now=NOON) == ()
            assert [each["id"] for each in desk.taken] == [delivery.delivery_id]
        late.mark_sent("desk", delivery.delivery_id)
    assert other.waiting() == {}


# Takedowns.


def record_doomed(store: AlertStore) -> None:
    """Record alerts about a doomed article: open, over, in a message of its own, and in one with another article."""
    staying = AlertItem(key="4", title="the bridge is open", article_url="https://bridge.example/open")
    for rule, items in {"lost": DOOMED[:1], "both": (*DOOMED, staying), "bridge": (staying,), "over": DOOMED}.items():
        store.record(AlertCheck(rule=rule, kind="state", items=items), policy(rule=rule), now=NOON)
    store.record(state(rule="over"), policy(rule="over"), now=NOON)
    store.record(AlertCheck(rule="rows", kind="rows", items=DOOMED), policy(rule="rows"), now=NOON)


def test_a_takedown_leaves_what_is_about_other_articles(open_state, store):
    """Open alerts, messages and Atom files lose the article; the key of a reported row and all others stay."""
    record_doomed(store)
    before = feed_text(store, "bridge")
    assert erase_from_alerts(open_state(), PLAN) == 17
    assert all(store.feed(rule) is None for rule in store.checked_rules())
    store.write_feeds()
    assert feed_text(store, "bridge") == before
    assert "the bridge is open" in feed_text(store, "both")
    assert "<entry>" not in feed_text(store, "lost")
    assert store.open_counts() == {"both": 1, "bridge": 1}
    store.record(rows("1", rule="rows"), policy(rule="rows"), now=NOON)
    assert subjects_sent(store) == ["Both: the bridge is open", "Bridge: the bridge is open"]
    assert erase_from_alerts(open_state(), PLAN) == 0


def test_no_byte_of_a_takedown_is_left(mortal_postgres, schema, tmp_path):
    """No file of the server's tables and no object has a byte of the article, also while an old reader reads."""
    place = AlertPlace(tmp_path, mortal_postgres.url, schema)
    store = place.open()
    record_doomed(store)
    database = PostgresDatabase(mortal_postgres.url, schema=schema)
    tables = mortal_postgres.data / "base"
    mortal_postgres.execute("ANALYZE")
    mortal_postgres.execute("CHECKPOINT")
    assert TRACES.under(tables) != {}
    assert set(TRACES.under(tmp_path)) == {
        f"objects/alerts/feeds/{rule}.xml" for rule in ("lost", "both", "over", "rows")
    }
    reader = database.connect()
    reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
    reader.execute("SELECT count(*) FROM takedowns")
    erase_from_alerts(place.state(), PLAN)
    store.write_feeds()
    reader.close()
    mortal_postgres.execute("CHECKPOINT")
    assert TRACES.under(tables) == {}
    assert TRACES.under(tmp_path) == {}


def test_a_takedown_waits_for_a_put_that_may_still_come(postgres, schema, tmp_path):
    """If the last holder of the lock died or failed, Atom files are deleted when no put of it can come any more."""
    database = PostgresDatabase(postgres.url, schema=schema)
    objects = FolderObjects(tmp_path, durability="process")
    leases = PostgresLeases(database)
    dead = PostgresSideState(database, objects, ALERT_STATE, leases=leases, put_seconds=3)
    with pytest.raises(KeyError), dead.exclusive():
        raise KeyError
    AlertStore(dead).record(state("river"), policy(), now=NOON)  # a turn in between that ends well
    with ThreadPoolExecutor(1) as pool:
        takedown = pool.submit(
            lambda: erase_from_alerts(
                PostgresSideState(database, objects, ALERT_STATE, leases=leases, put_seconds=3), PLAN
            )
        )
        wait([takedown], timeout=0.3)
        objects.put(dead.file_place("sources.xml"), WORDS.encode())
        objects.put("alerts/feeds/unknown.xml", WORDS.encode())
        takedown.result(timeout=60)
    assert list(objects.list()) == []
