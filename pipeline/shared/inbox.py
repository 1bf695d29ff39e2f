"""An inbox in a bucket: a run claims objects by a lease, reads copies of them, and moves the objects away.

``PREFIX/NAME`` -> ``PREFIX/done/NAME`` or ``PREFIX/failed/NAME`` with ``NAME.reason.txt``. An object moves by a put
under its new name, and then a delete of the old one: a run after a kill in between puts the same bytes again. An object
is whole once it is listed, so none has to rest. The claims are rows in PostgreSQL, so nothing moves before it is read.
"""

import hashlib
import logging
import os
import shutil
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

from newslake.pipeline.errors import StoreError
from newslake.pipeline.shared.bucket import Bucket, ObjectInfo, is_key
from newslake.pipeline.shared.leases import PostgresLeases
from newslake.pipeline.sources.files import SIDECAR
from newslake.pipeline.sources.folder import is_ready
from newslake.pipeline.sources.inbox import (
    ALONE_SECONDS,
    REASON_SUFFIX,
    free_names,
    is_file,
    lock_folder,
    reason_name,
    run_folder,
)
from newslake.pipeline.sources.positions import mark_of
from newslake.pipeline.unicode import printable_path

log = logging.getLogger(__name__)

MAX_BYTES = 1 << 30  # of one file: it is in memory while it moves
_DONE, _FAILED = "done", "failed"


class BucketInbox:
    """Implements ``Inbox``. ``place`` is its URL, ``copies`` a folder of this host for the files of its runs.

    ``now`` returns the time. Threads of a process may use one inbox at once.
    """

    def __init__(
        self, objects: Bucket, leases: PostgresLeases, *, place: str, copies: Path, now: Callable[[], datetime]
    ) -> None:
        self._objects = objects
        self._leases = leases
        self._place = place
        self._copies = copies
        self._now = now
        self._claimed: dict[Path, dict[str, ObjectInfo]] = {}  # what living runs of this process have, by folder

    def put(self, name: str, data: bytes) -> str:
        if not self._objects.put_new(name, data):
            message = f"{self._place}/{name} exists already; give the file another name"
            raise StoreError(message, key=f"{self._place}/{name}", reason="store_conflict")
        return f"{self._place}/{name}"

    def waiting(self) -> list[str]:
        return _due(self._listed(), now=self._now())

    @contextmanager
    def claim(self, *, run_id: str) -> Iterator[Path]:
        with self._leases.source(f"{self._place} {run_id}", waits=True), private_copies(self._copies) as copies:
            listed = self._listed()
            for each in listed.values():
                if each.size > MAX_BYTES:
                    log.error("%s/%s has more than %d bytes and stays; split it", self._place, each.key, MAX_BYTES)
            names = _due(listed, now=self._now())
            with self._leases.claim(self._place, {each for name in names for each in _group(name)}) as mine:
                self._claimed[copies] = {}
                try:
                    for name in names:
                        if mine.issuperset(_group(name)):  # else another run has its sidecar, and takes both later
                            self._take(name, copies)
                    yield copies
                finally:
                    del self._claimed[copies]

    def give_back(self, folder: Path, names: Collection[str]) -> None:
        claimed = self._claimed[folder]
        for name in [each for each in claimed if printable_path(each) in names]:
            for each in _group(name):
                (folder / each).unlink(missing_ok=True)
                claimed.pop(each, None)

    def marks(self) -> frozenset[str]:
        listed = self._listed()
        return frozenset(
            mark_of(printable_path(key), each.size, changed_ns=_changed_ns(each)) for key, each in listed.items()
        )

    def settle(self, folder: Path, *, reasons: Mapping[str, str]) -> None:
        claimed = self._claimed[folder]
        for name in sorted(claimed, key=_is_sidecar):
            group = [each for each in _group(name) if each in claimed]
            if name in group:  # a sidecar has gone with its page
                files = [folder / each for each in group if is_file(folder / each)]
                if files and files[0].name == name:
                    self._keep(files, reason=reasons.get(printable_path(name)))
                for each in group:  # the page first: without its sidecar it would be read as another one
                    self._delete_unless_replaced(each, claimed[each])
                    del claimed[each]

    def erase(self, edit: Callable[[Path], int]) -> int:
        with private_copies(self._copies) as copies:
            with self._leases.claim(self._place, self._listed()) as mine:
                changed = self._edit("", mine, copies, edit)
            for folder in (_DONE, _FAILED):
                names = [each.key.rpartition("/")[2] for each in self._objects.list(folder, is_deep=False)]
                changed += self._edit(folder, names, copies, edit)
        return changed

    def _listed(self) -> dict[str, ObjectInfo]:
        """Return the complete files of the inbox itself, by name."""
        return {each.key: each for each in self._objects.list(is_deep=False) if is_ready(each.key)}

    def _take(self, name: str, copies: Path) -> None:
        """Copy an object and its sidecar into the folder of a run. One that is gone was listed too late."""
        claimed = self._claimed[copies]
        for each in _group(name):
            if each not in claimed and (info := self._copy(each, copies / each)) is not None:
                claimed[each] = info
            if name not in claimed:
                return
        if _is_sidecar(name) and self._is_settled(copies / name):
            (copies / name).unlink()  # a run was killed after it had moved the page

    def _copy(self, key: str, target: Path) -> ObjectInfo | None:
        """Copy an object to a file; return what the store said of it before, or None if it is gone."""
        info = self._objects.info(key)
        chunks = None if info is None else self._objects.read_chunks(key)
        if info is None or chunks is None:
            return None
        with target.open("wb") as file:
            file.writelines(chunks)
        os.utime(target, ns=(_changed_ns(info),) * 2)  # so that a later copy is the same file
        return info

    def _is_settled(self, sidecar: Path) -> bool:
        data = sidecar.read_bytes()
        return any(self._objects.get(f"{folder}/{sidecar.name}") == data for folder in (_DONE, _FAILED))

    def _keep(self, files: list[Path], *, reason: str | None) -> None:
        """Put a file, and a sidecar after it, into done/ or failed/, under a name that is free or has these bytes."""
        folder = _DONE if reason is None else _FAILED
        parts = [(each.name, each.read_bytes()) for each in files]
        for name in free_names(files[0].name):
            targets = (name, _sidecar_of(name) or f"{name}{SIDECAR}")
            if all(
                self._objects.put_new(f"{folder}/{to}", data) for to, (_, data) in zip(targets, parts, strict=False)
            ):
                break
        if reason is not None:
            self._objects.put(f"{folder}/{reason_name(name)}", f"{reason.rstrip('\n')}\n".encode())

    def _delete_unless_replaced(self, key: str, info: ObjectInfo) -> None:
        """Delete an object; not another one that a program has put under the same name since it was copied."""
        if self._is_same(key, info):
            self._objects.delete(key)
        else:
            log.warning("%s/%s was replaced or removed while a run had it", self._place, key)

    def _is_same(self, key: str, info: ObjectInfo) -> bool:
        now = self._objects.info(key)
        return now is not None and _version(now) == _version(info)

    def _edit(self, folder: str, names: Collection[str], copies: Path, edit: Callable[[Path], int]) -> int:
        """Let ``edit`` change copies of some objects, then put or delete the objects alike."""
        target = copies / (folder or "waiting")
        target.mkdir()
        infos = {name: self._copy(f"{folder}/{name}".lstrip("/"), target / name) for name in sorted(names)}
        before = {name: _digest(target / name) for name, info in infos.items() if info is not None}
        changed = edit(target)
        # The page last: a repetition after an interruption finds what belongs to it by its name.
        for name in sorted(before, key=lambda each: not each.endswith((SIDECAR, REASON_SUFFIX))):
            key, info = f"{folder}/{name}".lstrip("/"), infos[name]
            if _digest(target / name) == before[name] or info is None or not self._is_same(key, info):
                continue
            if is_file(target / name):
                self._objects.put(key, (target / name).read_bytes())
            else:
                self._objects.delete(key)
        shutil.rmtree(target)
        return changed


@contextmanager
def private_copies(parent: Path) -> Iterator[Path]:
    """Yield a new folder for copies, which is removed at the end, with those that killed processes have left."""
    parent.mkdir(parents=True, exist_ok=True)
    for other in [each for each in parent.iterdir() if each.is_dir()]:
        with suppress(BlockingIOError, FileNotFoundError), lock_folder(other, waits=False):
            shutil.rmtree(other)
    with run_folder(parent / uuid.uuid4().hex) as copies:
        try:
            yield copies
        finally:
            shutil.rmtree(copies)


def _due(listed: Mapping[str, ObjectInfo], *, now: datetime) -> list[str]:
    """Return the names that a run may claim, pages first: not sidecars that wait for their page, or come with it."""
    latest = now - timedelta(seconds=ALONE_SECONDS)
    due = [
        each.key
        for each in listed.values()
        if each.size <= MAX_BYTES and (not _is_sidecar(each.key) or each.modified_at <= latest)
    ]
    return sorted(due, key=_is_sidecar)


def _is_sidecar(name: str) -> bool:
    return Path(name).suffix.lower() == SIDECAR


def _sidecar_of(name: str) -> str | None:
    """Return the name of a page's sidecar; None if it would be too long."""
    sidecar = Path(name).with_suffix(SIDECAR).name
    return sidecar if is_key(sidecar) else None


def _group(name: str) -> list[str]:
    """Return a page and the name of its sidecar, or only a sidecar."""
    sidecar = None if _is_sidecar(name) else _sidecar_of(name)
    return [name] if sidecar is None else [name, sidecar]


def _version(info: ObjectInfo) -> tuple[int, datetime]:
    """Return what changes when an object is replaced. Listings have parts of a second, other answers do not."""
    return info.size, info.modified_at.replace(microsecond=0)


def _changed_ns(info: ObjectInfo) -> int:
    """Return when an object was last changed, in nanoseconds since 1970; a whole second."""
    return int(info.modified_at.timestamp()) * 1_000_000_000


def _digest(path: Path) -> str | None:
    """Return the hash of a file; None without a file."""
    if not is_file(path):
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
