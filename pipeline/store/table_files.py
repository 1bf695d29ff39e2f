"""Data files of the tables, as readers of SQL need them: all at one instant, each read by ranges of bytes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class PinnedTable:
    """The data files of a table at one instant, by day: their paths.

    ``is_current`` says whether all have the columns of the contract and no others; ``rows`` is their number, if known.
    """

    paths: Sequence[str] = ()
    is_current: bool = False
    rows: int | None = None


class FileBytes(Protocol):
    """An open data file. Several threads may read it at once."""

    size: int
    modified: datetime

    def read(self, size: int, place: int) -> bytes:
        """Return at most ``size`` bytes from a place on; fewer only at the end."""
        ...

    def close(self) -> None:
        """End the use of the file."""
        ...


class PinnedFiles(Protocol):
    """The data files of all tables at one instant."""

    @property
    def tables(self) -> Mapping[str, PinnedTable]:
        """The files by table; log tables are whole, the others have the files of the days of the pin."""
        ...

    def open(self, path: str) -> FileBytes:
        """Open one file. Raises: FileNotFoundError that says what to do, OSError, StoreError."""
        ...


class TableFiles(Protocol):
    """The committed data files of the tables of one lake. Raises: LakeError, StoreError."""

    def pin(self, *, since: date | None = None, until: date | None = None) -> PinnedFiles:
        """Return the files of now, those of the tables at one commit; only those that may have rows of some days.

        The log tables are not part of a commit: theirs are the files of the same moment, of all days.
        """
        ...

    def last_day(self, table: str) -> date | None:
        """Return the last published date in a table other than the log's; None for an empty one."""
        ...

    def at(self, name: str) -> "LakePlace":
        """Return the place of a named version; it has no log tables. Raises: ConfigError for an unknown name."""
        ...


type LakePlace = Path | TableFiles
"""Where readers find a lake: the folder of one on this machine, or the files of a shared one."""


def has_lake(place: LakePlace) -> bool:
    """Return whether there is a lake; a shared one is created before it is used, and its catalog says if it is not."""
    return not isinstance(place, Path) or place.is_dir()
