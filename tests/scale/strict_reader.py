"""A reader that compares all tables at one instant, over and over, while others write."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

from newslake.pipeline.errors import StoreError
from newslake.pipeline.shared.tables import SharedTables

_SECONDS = 300


@dataclass
class StrictReader:
    """Reads tables in a thread until its block ends. ``look`` returns what is not consistent at one instant."""

    tables: SharedTables
    look: Callable[[SharedTables], list[str]]
    pause_seconds: float = 0.0
    reads: int = 0
    problems: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._end.set()
        self._thread.join(_SECONDS)

    def _read(self) -> None:
        while not self._end.is_set():
            try:
                self.problems += self.look(self.tables)
                self.reads += 1
                self._end.wait(self.pause_seconds)
            except (StoreError, OSError):  # the services are away
                self._end.wait(0.5)
