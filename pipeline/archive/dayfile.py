"""One WARC file while it is written: a locked ``.part`` beside its final name."""

import fcntl
import os
from datetime import date
from io import FileIO
from pathlib import Path
from typing import BinaryIO

from pipeline.archive.members import Member, members_of
from pipeline.errors import name_file_on_error
from pipeline.model import Attempt, Capture, file_name_of
from pipeline.sqlite import Durability

SUFFIX = ".warc.gz"
PART = ".part"


class WarcFile:
    """The file of one news day, source and run. A live writer holds flock on it; a dead one does not."""

    def __init__(self, root: Path, *, news_day: date, source_key: str, run_id: str) -> None:
        folder = root / "warc" / news_day.isoformat() / file_name_of(source_key)
        folder.mkdir(parents=True, exist_ok=True)
        self.part, self._file = _create_part(folder, file_name_of(run_id))
        self.final = self.part.with_suffix("")
        self.name = self.final.relative_to(root).as_posix()
        self.records: list[Capture | Attempt] = []

    @property
    def size(self) -> int:
        """Bytes written so far."""
        return self._file.tell()

    def append(self, *members: bytes) -> list[int]:
        """Write members in one go, all or none; return the offset of each. Raises: OSError where the disk is full."""
        offset = self._file.tell()
        rest = memoryview(b"".join(members))
        try:
            with name_file_on_error(self.part):
                while rest:
                    rest = rest[self._file.write(rest) :]
        except OSError:
            self._file.truncate(offset)
            raise
        return [offset + sum(map(len, members[:index])) for index in range(len(members))]

    def finish(self, *, durability: Durability) -> None:
        """Give the file its final name, or remove one without records; after this it is never written again."""
        with self._file:
            if self.records:
                publish_part(self._file, self.part, durability=durability)
            else:
                self.part.unlink()


def _create_part(folder: Path, stem: str) -> tuple[Path, FileIO]:
    """Create and lock a ``.part`` whose final name is free: a run that is tried again writes ``~2``, ``~3``, ..."""
    number = 0
    while True:
        number += 1
        final = folder / f"{stem}{'' if number == 1 else f'~{number}'}{SUFFIX}"
        part = final.with_name(final.name + PART)
        if final.exists():
            continue
        try:
            file = part.open("xb", buffering=0)
        except FileExistsError:
            continue
        if lock_part(file, part) and not final.exists():
            return part, file
        file.close()


def lock_part(file: BinaryIO | FileIO, part: Path) -> bool:
    """Return whether the file could be locked and is still the one at ``part``."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(file.fileno()), part.stat())
    except (BlockingIOError, FileNotFoundError):
        return False


def publish_part(file: BinaryIO | FileIO, part: Path, *, durability: Durability) -> None:
    """Make the bytes durable, then rename."""
    if durability == "full":
        os.fsync(file.fileno())
    part.rename(part.with_suffix(""))
    if durability == "full":
        for folder in (part.parent, part.parent.parent, part.parent.parent.parent):
            sync_folder(folder)


def sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def finish_dead_part(part: Path, *, durability: Durability) -> Path | None:
    """Cut the torn tail of a dead writer's ``.part`` and give it its final name.

    Returns None when a live writer holds it, or when nothing whole is in it (then it is removed).
    """
    try:
        file = part.open("r+b")
    except FileNotFoundError:  # its writer lives, and has just finished it
        return None
    with file:
        if not lock_part(file, part):
            return None
        end = 0
        for member in members_of(file):  # damage with good records behind it stays, and is named by verify
            if isinstance(member, Member):
                end = member.offset + member.length
        if end == 0:
            part.unlink()
            return None
        file.truncate(end)
        publish_part(file, part, durability=durability)
        return part.with_suffix("")
