"""A host that checks and delivers alerts, or takes down in them: python -m tests.store.alert_worker.

Each line of its input is a task: its name, the place of the alerts, the senders, and the step at which it kills itself.
It answers with the steps that it made, and the reason of an error. With the word "patient" it gives a sender as much
time as newslake does.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from newslake.pipeline.addons.alerts import delivery
from newslake.pipeline.addons.alerts.erasure import erase_from_alerts
from newslake.pipeline.errors import StoreError
from newslake.pipeline.shared.database import PostgresDatabase
from tests.faults.alert_worker import ANSWERED, PLAN, Moments, check_and_send
from tests.store.alert_stores import AlertPlace

DEADLINE_SECONDS, START_SECONDS = 2.0, 6.0  # the next host waits so long for the mark of one that was killed
PATIENT = "patient"
ON_ITS_WAY = "a message is on its way"
Meet = Callable[[str], None]


def watched_steps(meet: Meet) -> list[tuple[type, str, Any]]:
    """Return methods with their substitutes, which meet each step: of a transaction, and of sending."""
    real_write, real_answer = PostgresDatabase.write, delivery._SenderProcess._answer

    def write(database: PostgresDatabase, work: Callable[[psycopg.Cursor], Any], *, runs_again: bool = True) -> Any:
        def attempt(cursor: psycopg.Cursor) -> Any:
            meet("a transaction begins")
            result = work(cursor)
            meet("a transaction ends")
            return result

        result = real_write(database, attempt, runs_again=runs_again)
        meet("a transaction is committed")
        return result

    def answer(process: delivery._SenderProcess) -> bytes | None:
        meet(ON_ITS_WAY)
        found = real_answer(process)
        meet(ANSWERED)
        return found

    return [(PostgresDatabase, "write", write), (delivery._SenderProcess, "_answer", answer)]


def _do(task: str, place: AlertPlace, senders: dict[str, str], limits: dict[str, float]) -> None:
    store = place.open()
    store.waiting()  # a server that was never reached is not waited for
    if task == "erase":
        erase_from_alerts(place.state(), PLAN)
    else:
        check_and_send(store, senders, **limits)


def main() -> None:
    moments = Moments(None)
    moments.watch()  # writes of Atom files
    limits = {}
    if PATIENT not in sys.argv:
        delivery._START_SECONDS = START_SECONDS
        limits["deadline_seconds"] = DEADLINE_SECONDS
    for owner, name, substitute in watched_steps(moments.meet):
        setattr(owner, name, substitute)
    for line in sys.stdin:
        task, (folder, url, schema), senders, at = json.loads(line)
        moments.names, moments.at, reason = [], at, None
        try:
            _do(task, AlertPlace(Path(folder), url, schema), senders, limits)
        except StoreError as error:
            reason = error.reason
        sys.stdout.write(json.dumps([moments.names, reason]) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
