"""Objects in a folder of this machine: one file each."""

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from newslake.pipeline.durability import Durability, make_folder, sync_folder, write_file
from newslake.pipeline.errors import StoreError
from newslake.pipeline.shared.bucket import ObjectInfo, by_key, check_key, check_range, is_key

_CHUNK = 1 << 23
_TRIES = 20
_UPLOADS = ".uploads"  # a key has no segment that begins with a dot


class FolderObjects:
    """Implements ``Bucket``. Several processes may use one folder at once.

    Links of keys are not followed out of the folder. ``durability`` "full" survives power loss.
    """

    def __init__(self, root: Path, *, durability: Durability = "full") -> None:
        self._root = root
        self._durability: Durability = durability

    def put_new(self, key: str, data: bytes) -> bool:
        path = self._path(key)
        with self._upload(data) as temporary:
            try:
                self._place(key, lambda: os.link(temporary, path))
            except FileExistsError:
                if path.is_dir():
                    raise _is_folder(key) from None
                if self._read(path, offset=0, length=None) != data:
                    return False
        self._sync(path)  # also an equal object: who put it may have died before this
        return True

    def put(self, key: str, data: bytes) -> None:
        path = self._path(key)
        with self._upload(data) as temporary:
            self._place(key, lambda: os.replace(temporary, path))
        self._sync(path)

    def get(self, key: str) -> bytes | None:
        return self._read(self._path(key), offset=0, length=None)

    def get_range(self, key: str, *, offset: int, length: int) -> bytes | None:
        check_range(offset, length)
        return self._read(self._path(key), offset=offset, length=length)

    def read_chunks(self, key: str) -> Iterator[bytes] | None:
        path = self._path(key)
        return _chunks_of(path) if path.is_file() else None

    def info(self, key: str) -> ObjectInfo | None:
        path = self._path(key)
        return _info(key, path) if path.is_file() else None

    def list(self, folder: str = "", *, is_deep: bool = True) -> Iterator[ObjectInfo]:
        top = self._path(folder) if folder else self._root
        found = []
        for place, folders, names in os.walk(top):
            folders[:] = [name for name in folders if is_deep and not name.startswith(".")]
            for path in (Path(place, name) for name in names):
                key = path.relative_to(self._root).as_posix()
                if is_key(key) and (info := _info(key, path)) is not None:
                    found.append(info)
        return by_key(found)

    def delete(self, key: str) -> None:
        path = self._path(key)
        if path.is_file():
            path.unlink(missing_ok=True)
        self._sync(path)  # also if it is gone: who deleted it may have died before this
        with suppress(OSError):  # an empty folder would keep its name from objects
            for folder in path.relative_to(self._root).parents[:-1]:
                (self._root / folder).rmdir()

    def _path(self, key: str) -> Path:
        path = self._root / check_key(key)
        if not path.parent.resolve().is_relative_to(self._root.resolve()):
            message = f"{key} leaves {self._root} through a link; remove the link"
            raise StoreError(message, key=key, reason="store_key_invalid")
        return path

    @contextmanager
    def _upload(self, data: bytes) -> Iterator[Path]:
        """Yield a temporary file with the bytes, in the file system of the objects."""
        uploads = self._root / _UPLOADS
        make_folder(uploads, durability=self._durability)
        temporary = uploads / uuid.uuid4().hex
        try:
            write_file(temporary, data, durability=self._durability)
            yield temporary
        finally:
            temporary.unlink(missing_ok=True)

    def _place(self, key: str, move: Callable[[], None]) -> None:
        """Make the folder of a key, and move a file there; again, if a delete removed the empty folder meanwhile."""
        for is_last in (*[False] * _TRIES, True):
            try:
                self._make_folder(key)
                move()
            except FileNotFoundError:
                if is_last:
                    raise
            except IsADirectoryError as error:
                raise _is_folder(key) from error
            else:
                return

    def _make_folder(self, key: str) -> None:
        """Make the folder of a key. Raises: FileNotFoundError if a part of it was removed meanwhile; StoreError."""
        folder = self._path(key).parent
        try:
            make_folder(folder, durability=self._durability)
        except (FileExistsError, NotADirectoryError) as error:
            if any(each.is_file() for each in (folder, *folder.parents)):
                raise _is_folder(key) from error
            raise FileNotFoundError(folder) from error

    def _sync(self, path: Path) -> None:
        """Make a name durable, with those of its folders: another process may have made one, and not synced it yet."""
        if self._durability == "full":
            for folder in path.relative_to(self._root).parents:
                with suppress(FileNotFoundError, NotADirectoryError):  # deleted with its last object, or another object
                    sync_folder(self._root / folder)

    def _read(self, path: Path, *, offset: int, length: int | None) -> bytes | None:
        try:
            with path.open("rb") as file:
                file.seek(offset)
                return file.read() if length is None else file.read(length)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return None


def _chunks_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from iter(lambda: file.read(_CHUNK), b"")


def _info(key: str, path: Path) -> ObjectInfo | None:
    """Return what the file system says of a file; None if it has just been deleted."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return ObjectInfo(key, stat.st_size, datetime.fromtimestamp(stat.st_mtime, UTC))


def _is_folder(key: str) -> StoreError:
    message = f"{key} is a folder of other keys, or below an object; use another name"
    return StoreError(message, key=key, reason="store_conflict")
