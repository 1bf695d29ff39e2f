"""Send the messages that wait: through Apprise, one process per sender, each message marked when its server took it.

A process that is killed after the server took a message, and before the mark, leaves the one window in which a message
is sent twice: with the same id both times. On a shared store, a process can lose the lock while it lives, if the
database restarts: it notes each message before it sends it, so that the next holder of the lock waits for its mark. A
sender that fails or hangs stops no other one.
"""

import json
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock
from types import TracebackType
from typing import Self

from newslake.pipeline.addons.alerts.message import Delivery
from newslake.pipeline.addons.alerts.store import AlertStore, DeliveryFailure

DEADLINE_SECONDS = 30.0  # of one message
_START_SECONDS = 30.0  # of the process of a sender, on a busy machine
_TURN_SECONDS = 120.0  # of a sender with many messages; the others are sent next time
_LOOK_SECONDS = 1.0  # whether a message that another process sends is marked
_UNKNOWN = "[senders] of alerts.toml does not have it; add it there, or run `newslake alerts drop` with its name"


def deliver(
    store: AlertStore, senders: Mapping[str, str], *, now: datetime, deadline_seconds: float = DEADLINE_SECONDS
) -> tuple[DeliveryFailure, ...]:
    """Send what is due to each sender, in the order of recording; return the senders that do not work.

    ``senders`` are Apprise addresses by name. A sender that fails is tried again after a pause, which doubles up to an
    hour; its messages wait. No reason has a part of an address. A second process waits until this one ends.
    """
    with store.exclusive() as lock:
        store.seal(now=now)
        waiting = store.waiting()
        turns = [
            _SenderTurn(
                store=store,
                sender=name,
                address=senders[name],
                lock=lock.descriptor,
                now=now,
                deadline_seconds=deadline_seconds,
            )
            for name in waiting
            if name in senders and not store.pauses(name, now=now)
        ]
        shared = Lock()
        with ThreadPoolExecutor(len(turns) or 1, thread_name_prefix="sender") as pool:
            for done in [pool.submit(turn.run, shared) for turn in turns]:
                done.result()
        unknown = [
            DeliveryFailure(sender=name, reason=_UNKNOWN, since=store.waiting_since(name, now=now), waiting=count)
            for name, count in waiting.items()
            if name not in senders
        ]
        return (*(each for each in store.failures(now=now) if each.sender in senders), *unknown)


def send_once(delivery: Delivery, address: str, *, deadline_seconds: float = DEADLINE_SECONDS) -> str | None:
    """Send one message that is in no state; return None if the server of the address took it, else why not."""
    with _SenderProcess(address, lock=None, deadline_seconds=deadline_seconds) as process:
        return process.send(delivery)


@dataclass(frozen=True, slots=True, kw_only=True)
class _SenderTurn:
    """The messages of one sender, sent until one fails or the time is over."""

    store: AlertStore
    sender: str
    address: str = field(repr=False)
    lock: int
    now: datetime
    deadline_seconds: float

    def run(self, shared: Lock) -> None:
        """Send. ``shared`` is held for each use of the store, which has one connection."""
        end = time.monotonic() + _TURN_SECONDS
        with shared:
            delivery = self.store.next_delivery(self.sender)
        if delivery is None:
            return
        with _SenderProcess(self.address, lock=self.lock, deadline_seconds=self.deadline_seconds) as process:
            while delivery is not None and time.monotonic() < end:
                if not self._begin(delivery, shared):
                    reason = process.send(delivery)
                    with shared:
                        if reason is not None:
                            self.store.mark_failed(self.sender, reason, now=self.now)
                            return
                        self.store.mark_sent(self.sender, delivery.delivery_id)
                with shared:
                    delivery = self.store.next_delivery(self.sender)

    def _begin(self, delivery: Delivery, shared: Lock) -> bool:
        """Note that a message is on its way; return whether another process may still be sending it, after a wait."""
        longest = self.deadline_seconds + _START_SECONDS
        with shared:
            wait_seconds = self.store.begin_sending(self.sender, delivery.delivery_id, seconds=longest)
        time.sleep(min(wait_seconds, _LOOK_SECONDS))
        return wait_seconds > 0


class _SenderProcess:
    """The process of one sender. It inherits the lock: if this process dies, no other one sends amid its message."""

    def __init__(self, address: str, *, lock: int | None, deadline_seconds: float) -> None:
        self._deadline_seconds = deadline_seconds
        self._process = subprocess.Popen(
            [sys.executable, "-m", "newslake.pipeline.addons.alerts.sender_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=() if lock is None else (lock,),
        )
        self._say({"address": address, "deadline": deadline_seconds})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.kill()
        self._process.communicate()

    def send(self, delivery: Delivery) -> str | None:
        """Send one message; return None if its server took it, else why not."""
        values = {"id": delivery.delivery_id, "subject": delivery.subject, "body": delivery.body, "kind": delivery.kind}
        self._say(values)
        answer = self._answer()
        if answer:
            reason: str | None = json.loads(answer)["reason"]
            return reason
        self._process.kill()  # unless it has ended itself
        if self._process.wait() == -signal.SIGALRM or answer is None:
            return f"no answer within {self._deadline_seconds:g} seconds"
        return "its process ended without an answer"

    def _say(self, values: Mapping[str, object]) -> None:
        if self._process.stdin is None:
            raise ValueError("the process of a sender has no input")
        try:
            self._process.stdin.write(json.dumps(values).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            return  # it ended: its answer is missing, too

    def _answer(self) -> bytes | None:
        """Return the line of the answer; empty if the process ends, None if it is silent for too long."""
        output = self._process.stdout
        if output is None:
            raise ValueError("the process of a sender has no output")
        ready, _, _ = select.select([output], [], [], self._deadline_seconds + _START_SECONDS)
        return output.readline() if ready else None
