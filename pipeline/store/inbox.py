"""An inbox: a place for files, each of which one run claims, reads, and moves to done/ or failed/.

A folder inbox is for the runs of one host: it moves files by rename, and its locks end with the processes that hold
them. A bucket inbox is for the runs of all hosts: leases of the shared store hold its objects, and each run has copies
on the disk of its host.
"""

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol


class Inbox(Protocol):
    """The files of one inbox, in a folder or in a bucket.

    A page may have a sidecar, a .json file of the same name: both go to the same run, and move together. Write the
    sidecar first. One without its page stays for an hour. Names that start with "." or end in .part or .tmp are
    ignored. A file keeps its name in done/ and failed/; if another file has it there, it becomes NAME~2, before the
    suffix.

    If a run is killed at any step, its files are free for the next run, which continues: none is lost, and none is
    there twice. Every method raises OSError or StoreError if the place cannot be used.
    """

    def put(self, name: str, data: bytes) -> str:
        """Put a file with a name that no other file has or had; return its place once it is whole and durable."""
        ...

    def waiting(self) -> list[str]:
        """Return the names of the files that a run would claim now, pages before their sidecars."""
        ...

    def claim(self, *, run_id: str) -> AbstractContextManager[Path]:
        """Hold the waiting files for one run, and yield a folder with them, which only this run uses.

        Files of an earlier try of this run are included; while that try is alive, wait for its end.
        """
        ...

    def give_back(self, folder: Path, names: Collection[str]) -> None:
        """Leave some claimed files, with their sidecars, to the next run, which may claim them at once.

        They are gone from the folder. ``names`` are printable names of pages. If interrupted, call it again.
        """
        ...

    def marks(self) -> frozenset[str]:
        """Return the ``inbox_mark`` of each file that is not settled, also of those that living runs have."""
        ...

    def settle(self, folder: Path, *, reasons: Mapping[str, str]) -> None:
        """Move every claimed file as it is now in the folder: to done/, or to failed/ with its reason in a file.

        A file that is gone from the folder also leaves the inbox. ``reasons`` has printable names. If interrupted, call
        it again.
        """
        ...

    def erase(self, edit: Callable[[Path], int]) -> int:
        """Change all files that no living run holds, also settled ones. Return how many were changed.

        ``edit`` changes or removes files of one folder, and returns how many. If interrupted, call it again.
        """
        ...
