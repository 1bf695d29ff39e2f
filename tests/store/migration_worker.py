"""A move in a process of its own that can be killed: ``python -m tests.store.migration_worker JSON``.

A step is the begin or the end of a call that changes a service: see ``takedown_worker``. Its output is how many there
were.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from newslake.pipeline.settings import Settings
from newslake.pipeline.shared.move_job import migrate
from newslake.pipeline.shared.settings import SharedSettings
from tests.store.takedown_worker import kill_at


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveOrder:
    """What a process moves. It is killed at step ``kill_at``; 0 is never."""

    settings: Mapping[str, Any]
    registers: bool
    kill_at: int = 0

    def argument(self) -> str:
        return json.dumps(asdict(self), default=str)


def main(arguments: Sequence[str]) -> None:
    order = MoveOrder(**json.loads(arguments[0]))
    settings = Settings.load(**order.settings)
    steps = kill_at(order.kill_at)
    to = str(settings.of(SharedSettings).objects_url)
    done = migrate(settings, to=to, registers=order.registers, report=lambda step, unit, done, total: None)
    assert done.problems == ()
    sys.stdout.write(f"{steps()}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
