"""Where things lie in the lake, and how bytes get there to stay."""

import errno
import fcntl
import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipeline.errors import name_file_on_error
from pipeline.model import file_name_of
from pipeline.sqlite import Durability
from pipeline.tables import CLUSTER_TABLES, READING_TABLES, TableSpec

# In the order in which they are published: children first, so that an article never stands without them.
PUBLISH_ORDER: tuple[TableSpec, ...] = (*READING_TABLES[1:], *CLUSTER_TABLES, READING_TABLES[0])
PART = "part-0.parquet"
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.EXDEV, errno.ENOSYS}


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths of one lake. Below ``tables`` lie only the files that readers may see."""

    root: Path

    @property
    def state(self) -> Path:
        return self.root / "_state"

    @property
    def index(self) -> Path:
        return self.state / "ledger.sqlite"

    @property
    def temporary(self) -> Path:
        return self.state / "stage"

    def public(self, table: str, day: date) -> Path:
        return self.root / "tables" / table / _partition(day) / PART

    def objects(self, table: str, day: date) -> Path:
        return self.state / "objects" / table / _partition(day)

    def manifest(self, day: date) -> Path:
        return self.state / "manifest" / f"{day.isoformat()}.json"

    def staged(self, batch_id: str) -> Path:
        return self.state / "staged" / file_name_of(batch_id)

    def kept(self, name: str) -> Path:
        return self.state / "kept" / name

    def objects_of(self, day: date) -> tuple[Path, ...]:
        """Return every object of a day, needed or not."""
        folder = self.state / "objects"
        names = sorted(os.listdir(folder)) if folder.is_dir() else []
        return tuple(path for name in names for path in files_in(self.objects(name, day)))

    def folders_of_objects(self) -> Iterator[Path]:
        """Yield the folders in which objects may lie."""
        yield from (self.state / "objects").glob("*/*=*")

    def days_of_objects(self) -> frozenset[date]:
        names = (path.name.partition("=")[2] for path in self.folders_of_objects())
        return frozenset(map(date.fromisoformat, names))

    @property
    def snapshots(self) -> Path:
        """Beside the lake: a pattern over the lake's root must not see rows twice."""
        return self.root.parent / "snapshots"

    def relative(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()


def files_in(folder: Path) -> list[Path]:
    """Return the files of a folder by name; none where there is no folder."""
    try:
        return [folder / name for name in sorted(os.listdir(folder))]
    except (FileNotFoundError, NotADirectoryError):
        return []


def link_or_copy(source: Path, target: Path) -> None:
    """Give a file a second name; a copy where the file system has none, or the other name is on another."""
    try:
        target.hardlink_to(source)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        shutil.copyfile(source, target)


def _partition(day: date) -> str:
    return f"published_date={day.isoformat()}"


def object_name(generation: int, digest: str) -> str:
    return f"{generation:06d}-{digest[:8]}.obj"


def is_named_by_digest(path: Path, digest: str) -> bool:
    """Return whether an object's name is the one that it got with this content."""
    return path.stem.partition("-")[2] == digest[:8]


def sha256_of(data: bytes | memoryview) -> str:
    return hashlib.sha256(data).hexdigest()


class Disk:
    """Writes in a lake. "full" makes files and folders durable before it goes on, "process" leaves that to the system.

    Raises: OSError as the system gives it; what was there before is still there.
    """

    def __init__(self, layout: Layout, *, durability: Durability) -> None:
        self._layout = layout
        self._is_full = durability == "full"

    @contextmanager
    def committer(self) -> Iterator[None]:
        """Hold the one lock under which public files change; it dies with the process."""
        folder = self._layout.state / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "commit.lock"
        with path.open("w") as lock:
            with name_file_on_error(path):
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def now(self) -> float:
        """Return seconds since 1970 by the clock that dates the files here, whatever the hosts' own clocks say."""
        path = self.temporary()
        path.touch()
        seconds = path.stat().st_mtime
        path.unlink()
        return seconds

    def temporary(self) -> Path:
        """Return a new name in the folder for unfinished things, on the same file system."""
        if not self._layout.temporary.is_dir():
            self._layout.temporary.mkdir(parents=True, exist_ok=True)
        return self._layout.temporary / uuid.uuid4().hex

    def write(self, path: Path, data: bytes | memoryview) -> None:
        """Write a file that nobody reads yet; where there is no room for it, none is left."""
        self.folder(path.parent)
        try:
            with name_file_on_error(path), path.open("wb") as file:
                file.write(data)
                if self._is_full:
                    file.flush()
                    os.fsync(file.fileno())
        except OSError:
            path.unlink(missing_ok=True)
            raise

    def replace(self, path: Path, data: bytes | memoryview) -> None:
        """Put a file in place at one instant."""
        temporary = self.temporary()
        self.write(temporary, data)
        self.move(temporary, path)

    def move(self, source: Path, target: Path) -> None:
        self.folder(target.parent)
        source.replace(target)
        self.sync(target.parent)

    def link(self, source: Path, target: Path) -> None:
        """Put a hard link in place at one instant; a copy where the file system has none.

        Not made durable: what power loss takes of a public file, recover links again.
        """
        temporary = self.temporary()
        link_or_copy(source, temporary)
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary.replace(target)

    def remove(self, path: Path) -> None:
        """Remove a file, and its folder when that is empty now."""
        path.unlink(missing_ok=True)
        if path.parent.is_dir() and not any(path.parent.iterdir()):
            path.parent.rmdir()

    def folder(self, folder: Path) -> None:
        """Make a folder and its parents, durable."""
        if not folder.is_dir():
            self.folder(folder.parent)
            folder.mkdir(exist_ok=True)
            self.sync(folder.parent)

    def sync_all(self) -> None:
        """Make everything durable that was written, many small files at once."""
        if self._is_full:
            os.sync()

    def sync(self, path: Path) -> None:
        """Make a file's bytes or a folder's entries durable."""
        if self._is_full:
            descriptor = os.open(path, os.O_RDONLY)
            try:
                with name_file_on_error(path):
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)
