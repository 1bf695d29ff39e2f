"""A takedown in a process of its own that can be killed: ``python -m tests.store.takedown_worker JSON``.

A step is the begin or the end of a call that changes a service: an object that is put or deleted, a transaction in the
database or in the catalog.
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import wraps
from itertools import count
from typing import Any

from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.settings import Settings
from newslake.pipeline.shared.bucket import Bucket
from newslake.pipeline.shared.catalog import TransactionCatalog
from newslake.pipeline.shared.database import PostgresDatabase
from newslake.pipeline.shared.leases import PostgresLease
from newslake.pipeline.shared.store import Patience, SharedStore
from newslake.pipeline.upkeep.takedown import TakedownTarget, forget

_CALLS: tuple[tuple[type, str], ...] = (
    (Bucket, "put"),
    (Bucket, "_create"),
    (Bucket, "delete"),
    (PostgresDatabase, "write"),
    (PostgresLease, "write"),
    (TransactionCatalog, "send"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakedownOrder:
    """What a process takes down: an article by URL or id. It is killed at step ``kill_at``; 0 is never."""

    settings: Mapping[str, Any]
    patience: Mapping[str, float]
    value: str
    kill_at: int = 0

    def argument(self) -> str:
        return json.dumps(asdict(self), default=str)


def kill_at(step: int) -> Callable[[], int]:
    """Let this process kill itself at a step from now on; return a function that returns how many there were."""
    numbers, seen = count(1), [0]

    def pass_step() -> None:
        seen[0] = next(numbers)
        if seen[0] == step:
            os.kill(os.getpid(), signal.SIGKILL)

    def with_steps(call: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(call)
        def counted(*given: Any, **named: Any) -> Any:
            pass_step()
            try:
                return call(*given, **named)
            finally:
                pass_step()

        return counted

    for owner, name in _CALLS:
        setattr(owner, name, with_steps(getattr(owner, name)))
    return lambda: seen[0]


def main(arguments: Sequence[str]) -> None:
    order = TakedownOrder(**json.loads(arguments[0]))
    space = Workspace(Settings.load(**order.settings))
    vars(space)["store"] = SharedStore(space.settings, patience=Patience(**order.patience))
    steps = kill_at(order.kill_at)
    target = TakedownTarget(kind="article", value=order.value)
    forget(space, target, reason="asked to", report_progress=lambda _: None)
    sys.stdout.write(f"{steps()}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
