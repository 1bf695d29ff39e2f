"""Checks and deliveries are killed at every step: no message is lost, and a receiver that keeps ids sees none twice."""

import random
import shutil
import signal
from collections.abc import Iterator
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest
from lxml import etree

from tests.addons.alerts.receiver import Receiver, new_store
from tests.faults.alert_worker import ANSWERED, SENDERS, URL, WORDS, begin, begin_doomed, do_round, erase
from tests.faults.lake.tally import SEED, form
from tests.faults.sample_run import Worker, at_leisure, at_once, say
from tests.long_form import LONG
from tests.traces import Traces

pytestmark = [pytest.mark.model]  # of the fork server

KILLS = 5  # in the short form
RULES = ("daily", "ferry", "slow", "sources")
EXPECTED = [
    "Daily: 3 new rows",
    "Resolved: Sources: mill is stale (lasted 2 h 0 min)",
    "Sources: river is stale",
    "Ferry: 2 new rows",
    "Slow: the rule cannot be checked",
]


@pytest.fixture
def webhooks() -> Iterator[dict[str, Receiver]]:
    with Receiver() as desk, Receiver() as mail:
        yield dict(zip(SENDERS, (desk, mail), strict=True))


def urls_of(webhooks: dict[str, Receiver]) -> dict[str, str]:
    return {name: each.url for name, each in webhooks.items()}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("alerts") / "data"
    begin(folder)
    return folder


@pytest.fixture(scope="module")
def moments(base: Path, processes: ForkServerContext, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The moments of an undisturbed round."""
    folder = tmp_path_factory.mktemp("undisturbed") / "data"
    shutil.copytree(base, folder)
    with Receiver() as desk, Receiver() as mail:
        failures, names = at_leisure(processes, do_round, folder, {"desk": desk.url, "mail": mail.url})
        assert failures == ()
        assert desk.titles == mail.titles == EXPECTED
    return names


def chosen(names: list[str], chance: random.Random) -> list[int]:
    """Return the moments of the kills, from 1: all in the long form, else some, always one amid a message."""
    if LONG:
        return list(range(1, len(names) + 1))
    amid = [number for number, name in enumerate(names, 1) if name == ANSWERED]
    return [chance.choice(amid), *chance.sample(range(1, len(names) + 1), KILLS - 1)]


def assert_whole(folder: Path) -> None:
    """Every Atom file that is there can be read, and has no entry twice."""
    for path in (folder / "alerts" / "feeds").glob("*.xml"):
        ids = [each.text for each in etree.fromstring(path.read_bytes()).iterfind("{*}entry/{*}id")]
        assert len(ids) == len(set(ids))


@pytest.mark.timeout(3600)
def test_killed_at_every_step(
    base: Path, moments: list[str], webhooks: dict[str, Receiver], processes: ForkServerContext, tmp_path: Path
) -> None:
    """A round that is killed at any step, and made again, sends every message in order, once for each id."""
    chance, killed = random.Random(SEED), form("a check or a delivery of alerts is killed")
    for number, at in enumerate(chosen(moments, chance)):
        folder = tmp_path / str(number)
        shutil.copytree(base, folder)
        for each in webhooks.values():
            each.taken.clear()
        say(f"seed {SEED}: kill at {moments[at - 1]}, step {at} of {len(moments)}")
        assert Worker(processes, do_round, folder, urls_of(webhooks), at).done().code == -signal.SIGKILL
        assert_whole(folder)
        failures, _ = at_leisure(processes, do_round, folder, urls_of(webhooks))
        assert failures == ()
        assert_whole(folder)
        for each in webhooks.values():
            assert each.titles == EXPECTED
            killed.counts["messages sent again with their id"] += each.ids.total() - len(EXPECTED)
            assert each.ids.total() <= len(EXPECTED) + 1  # at most the one that was on its way
        store = new_store(folder)
        assert store.waiting() == {}
        entries = [Path(store.feed_place(rule)).read_text().count("<entry>") for rule in RULES]
        assert entries == [2, 2, 1, 3]
        killed.counts["kills"] += 1


def test_message_on_its_way_is_sent_again_with_its_id(
    base: Path, moments: list[str], webhooks: dict[str, Receiver], processes: ForkServerContext, tmp_path: Path
) -> None:
    """A kill between the answer of a server and the mark is the one case of a second request: with the same id."""
    folder = tmp_path / "data"
    shutil.copytree(base, folder)
    at = moments.index(ANSWERED) + 1
    assert Worker(processes, do_round, folder, urls_of(webhooks), at).done().code == -signal.SIGKILL
    at_leisure(processes, do_round, folder, urls_of(webhooks))
    assert max(max(each.ids.values()) for each in webhooks.values()) == 2
    assert all(each.titles == EXPECTED for each in webhooks.values())


def test_two_processes_at_once_send_once(
    base: Path, webhooks: dict[str, Receiver], processes: ForkServerContext, tmp_path: Path
) -> None:
    """A task and a command that check and deliver at the same time send every message once."""
    folder = tmp_path / "data"
    shutil.copytree(base, folder)
    works = [lambda: at_leisure(processes, do_round, folder, urls_of(webhooks))] * 3
    at_once(*works)
    for each in webhooks.values():
        assert [message["title"] for message in each.taken] == EXPECTED


@pytest.mark.timeout(3600)
def test_killed_takedown_leaves_no_trace(processes: ForkServerContext, tmp_path: Path) -> None:
    """A takedown that is killed at any step within the alerts, and made again, leaves nothing of the article."""
    chance, traces = random.Random(SEED), Traces([WORDS, URL.removeprefix("https://")])
    killed = form("a takedown is killed within the alerts")
    base = tmp_path / "base"
    begin_doomed(base)
    shutil.copytree(base, tmp_path / "undisturbed")
    names = at_leisure(processes, erase, tmp_path / "undisturbed")
    steps = range(1, len(names) + 1)
    for at in steps if LONG else chance.sample(steps, KILLS):
        folder = tmp_path / str(at)
        shutil.copytree(base, folder)
        assert Worker(processes, erase, folder, at).done().code == -signal.SIGKILL
        store = new_store(folder)
        if chance.random() < 0.5:  # a check may come between
            with store.exclusive():
                store.write_feeds()
        at_leisure(processes, erase, folder)
        assert traces.under(folder) == {}
        with store.exclusive():
            store.write_feeds()
        assert traces.under(folder) == {}
        assert_whole(folder)
        found = store.next_delivery("desk")
        assert found is not None
        assert found.subject == "Both: river is stale"
        killed.counts["kills"] += 1
