"""The work of the processes that the fault tests of alerts kill: one round of checks, their delivery, a takedown."""

import os
import signal
import sys
from datetime import time, timedelta
from pathlib import Path
from typing import Any

from newslake.pipeline.addons.alerts import delivery
from newslake.pipeline.addons.alerts.alert import AlertItem, DeliveryPolicy
from newslake.pipeline.addons.alerts.erasure import erase_from_alerts
from newslake.pipeline.addons.alerts.store import AlertStore, DeliveryFailure, state_of
from newslake.pipeline.archive import TakedownPlan
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import canonical_url
from newslake.pipeline.settings import Settings
from newslake.pipeline.sqlite import Database
from tests.addons.alerts.receiver import NOON, failed, new_store, policy, rows, state

SENDERS = ("desk", "mail")
URL = "https://harbour.example/quicksilver-lanterns"
WORDS = "Zephyrine Quackenthorpe carries quicksilver lanterns"
DOOMED = AlertItem(key="doomed", title=WORDS, article_url=URL)
PLAN = TakedownPlan(page_keys=frozenset([canonical_url(URL)]))
_EVENTS = {"os.rename", "os.remove", "os.mkdir", "fcntl.flock", "subprocess.Popen"}
_STATEMENTS = ("BEGIN IMMEDIATE", "COMMIT", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)")
ANSWERED = "answered"  # after the server took a message, before it is marked


class Moments:
    """The moments of a process at which it may be killed, by name; at the ``at``-th, from 1, it kills itself."""

    def __init__(self, at: int | None) -> None:
        self.at = at
        self.names: list[str] = []

    def watch(self) -> None:
        """Watch this process for the rest of its life."""
        sys.addaudithook(self._hear)
        real_execute, real_answer = Database.execute, delivery._SenderProcess._answer

        def execute(connection: Database, statement: str, *given: Any) -> Any:
            if statement.startswith(_STATEMENTS):
                self.meet(statement.split(maxsplit=1)[0])
            return real_execute(connection, statement, *given)

        def answer(process: delivery._SenderProcess) -> bytes:
            self.meet("waits for an answer")
            found = real_answer(process)
            self.meet(ANSWERED)
            return found

        Database.execute, delivery._SenderProcess._answer = execute, answer

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        is_write = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if event in _EVENTS or is_write:
            self.meet(event)

    def meet(self, name: str) -> None:
        self.names.append(name)
        if len(self.names) == self.at:
            os.kill(os.getpid(), signal.SIGKILL)


def policy_of(rule: str) -> DeliveryPolicy:
    return policy(*SENDERS, rule=rule)


def begin(folder: Path) -> None:
    """Record the state of the day before in a new folder."""
    record_day_before(new_store(folder))


def record_day_before(store: AlertStore) -> None:
    """Record the state of the day before, which the round finds changed; only a digest waits to be sent."""
    store.record(state("mill"), policy_of("sources"), now=NOON)
    store.record(rows("a"), policy_of("ferry"), now=NOON)
    for sender in SENDERS:
        while (waiting := store.next_delivery(sender)) is not None:
            store.mark_sent(sender, waiting.delivery_id)
    daily = policy(*SENDERS, rule="daily", digest=time(13))
    store.record(rows("a", "b", rule="daily"), daily, now=NOON)
    store.record(rows("c", rule="daily"), daily, now=NOON)


def do_round(
    folder: Path, urls: dict[str, str], at: int | None = None
) -> tuple[tuple[DeliveryFailure, ...], list[str]]:
    """Check three rules and deliver, as a task does that is tried again after a kill; return failures and moments."""
    moments = Moments(at)
    moments.watch()
    return check_and_send(new_store(folder), urls), moments.names


def check_and_send(store: AlertStore, urls: dict[str, str], **given: float) -> tuple[DeliveryFailure, ...]:
    """Record what three rules find, and deliver."""
    now = NOON + timedelta(hours=2)
    store.record(state("river"), policy_of("sources"), now=now)
    store.record(rows("a", "b", "c"), policy_of("ferry"), now=now)
    store.record(failed("the question takes too long", rule="slow"), policy_of("slow"), now=now)
    return delivery.deliver(store, urls, now=now, **given)


def begin_doomed(folder: Path) -> None:
    """Record alerts of which some are about an article that is to be taken down, in a new folder."""
    record_doomed(new_store(folder))


def record_doomed(store: AlertStore) -> None:
    """Record alerts of which some are about an article that is to be taken down; all wait for the sender."""
    for rule, items in {"lost": (DOOMED,), "both": (DOOMED, state("river").items[0])}.items():
        check = state(rule=rule)
        store.record(type(check)(rule=rule, kind="state", items=items), policy(rule=rule), now=NOON)


def erase(folder: Path, at: int | None = None) -> list[str]:
    """Erase the article from the alerts, as a takedown does; return the moments."""
    moments = Moments(at)
    moments.watch()
    settings = Settings.load(data_dir=folder, sources_file=folder / "sources.toml", durability="process")
    erase_from_alerts(state_of(Workspace(settings)), PLAN)
    return moments.names
