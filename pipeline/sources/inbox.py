"""An inbox in a folder: a run claims files by rename, and moves them away by rename.

``inbox/NAME`` -> ``inbox/claimed/RUN/NAME`` -> ``inbox/done/NAME`` or ``inbox/failed/NAME`` with ``NAME.reason.txt``.
A file that a slice has not read to its end waits as ``inbox/unread/NAME`` for the next claim.
A rename never replaces a file: a second file with the same name becomes ``NAME~2``, before the suffix.
A living run holds a lock on its folder in ``claim_files``. The next run takes over the files of unlocked folders.
"""

import errno
import fcntl
import hashlib
import logging
import os
import stat
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path

from newslake.pipeline.durability import make_folder, sync_folder, write_whole_file
from newslake.pipeline.model import file_name_of
from newslake.pipeline.sources.files import SIDECAR
from newslake.pipeline.sources.folder import is_ready, local_files
from newslake.pipeline.sources.positions import inbox_mark
from newslake.pipeline.unicode import printable_path

log = logging.getLogger(__name__)

REASON_SUFFIX = ".reason.txt"
_CLAIMED = "claimed"
_UNREAD = "unread"
_QUIET_SECONDS = 2.0  # a file without a change for this time is complete
_TICK_SECONDS = 0.1  # the clock of a file system may be late by this time
ALONE_SECONDS = 3600.0  # a sidecar without its page waits for this time
_NAME_MAX_BYTES = 255
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS}


class FolderInbox:
    """Implements ``Inbox`` of ``newslake.pipeline.store.inbox``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, name: str, data: bytes) -> str:
        make_folder(self._folder, durability="full")
        write_whole_file(self._folder / name, data, durability="full")
        return str(self._folder / name)

    def waiting(self) -> list[str]:
        return [file.name for file in waiting_files(self._folder)]

    def claim(self, *, run_id: str) -> AbstractContextManager[Path]:
        return claim_files(self._folder, run_id=run_id)

    def give_back(self, folder: Path, names: Collection[str]) -> None:
        give_back(folder, names)

    def marks(self) -> frozenset[str]:
        return marks_of_unsettled(self._folder)

    def settle(self, folder: Path, *, reasons: Mapping[str, str]) -> None:
        settle_all(folder, reasons=reasons)

    def erase(self, edit: Callable[[Path], int]) -> int:
        if not self._folder.is_dir():
            return 0
        with idle_folders(self._folder) as folders:
            return sum(edit(folder) for folder in folders)


def waiting_files(inbox: Path) -> list[Path]:
    """Return the files that a run would claim now, pages before their .json; create the inbox if it is missing.

    Names that start with "." or end in .part or .tmp, symlinks, folders and files that changed in the last 2 seconds
    are ignored. A page's .json moves with it; write the .json first. A .json without a page stays for an hour.
    Those that a slice has left come first.
    """
    unread = inbox / _UNREAD
    left = pages_first(unread) if unread.is_dir() else []
    return [*left, *(file for file, seconds in _seconds_until_due(inbox).items() if seconds <= 0)]


@contextmanager
def claim_files(inbox: Path, *, run_id: str) -> Iterator[Path]:
    """Yield the run's folder with every waiting file of the inbox in it, and the files of dead runs.

    Wait at most 2 seconds for files that have just been written; a file that still changes then stays.
    Files of an earlier try of this run are included; while that try is alive, wait for its end.
    """
    folder = inbox / _CLAIMED
    with run_folder(folder / file_name_of(run_id)) as target:
        _drop_settled(target)
        _let_rest(inbox)
        with lock_folder(folder):  # a page and its sidecar go to the same run
            for other in sorted(path for path in folder.iterdir() if path != target and path.is_dir()):
                _take_over(other, target)
            for file in waiting_files(inbox):
                _take(file, target)
        yield target


def give_back(folder: Path, names: Collection[str]) -> None:
    """Move files of a claimed folder to unread/, with their .json. ``names`` are printable.

    They do not go back into the inbox itself: there a program may have put another file of the same name.
    """
    if not names:
        return
    unread = folder.parent.parent / _UNREAD
    unread.mkdir(exist_ok=True)
    with lock_folder(folder.parent):  # as in ``claim_files``
        for file in pages_first(folder):
            if printable_path(file.name) in names:
                _take(file, unread)


def marks_of_unsettled(inbox: Path) -> frozenset[str]:
    """Return the ``inbox_mark`` of each file that waits, or that a run has."""
    claimed = inbox / _CLAIMED
    if not claimed.is_dir():
        return frozenset()
    with lock_folder(claimed):  # as in ``claim_files``: a file that moved meanwhile could be in neither folder
        folders = [inbox, inbox / _UNREAD, *(path for path in claimed.iterdir() if path.is_dir())]
        return frozenset(inbox_mark(file) for folder in folders for file in local_files(folder, is_deep=False))


def settle(file: Path, *, reason: str | None) -> Path:
    """Move a claimed file to done/, or with a reason to failed/ with the reason next to it; return its new path.

    A page's .json moves with it, and a .json that has moved with its page is skipped.
    After an interruption call it again to continue.
    """
    inbox = file.parent.parent.parent
    folder = inbox / ("done" if reason is None else "failed")
    folder.mkdir(exist_ok=True)
    sidecar = file.with_suffix(SIDECAR)
    has_sidecar = sidecar != file and is_file(sidecar)
    moved = _link(file, folder, sidecar=sidecar if has_sidecar else None)
    if moved is None:
        return folder / file.name
    if reason is not None:
        reason_file(moved).write_text(reason.rstrip("\n") + "\n", "utf-8")
        sync_folder(folder)  # the archive has no copy of the file that is removed below
    if has_sidecar:
        _put(sidecar, moved.with_suffix(SIDECAR))
    file.unlink(missing_ok=True)  # already moved on file systems without links
    if has_sidecar:
        sidecar.unlink(missing_ok=True)
    return moved


def settle_all(folder: Path, *, reasons: Mapping[str, str]) -> None:
    """Settle every file of a claimed folder, the files in ``reasons`` as failed, and remove the folder.

    ``reasons`` has printable names.
    Pages come before their .json, which move with them.
    """
    for file in pages_first(folder):
        settle(file, reason=reasons.get(printable_path(file.name)))
    _remove_if_empty(folder)


def reason_file(file: Path) -> Path:
    """Return the path of the reasons of a failed file."""
    return file.with_name(reason_name(file.name))


def reason_name(name: str) -> str:
    """Return the name of the file with the reasons of a failed file."""
    return _fitting(name, REASON_SUFFIX)


def free_names(name: str) -> Iterator[str]:
    """Yield the names that a file may get in a folder: its name, then NAME~2, NAME~3, before the suffix."""
    stem, dot, suffixes = name.partition(".")
    yield name
    yield from (_fitting(stem, f"~{number}{dot}{suffixes}") for number in count(2))


def _fitting(name: str, suffix: str) -> str:
    """Return a name with a suffix, cut and unique by a hash if it is longer than file systems allow."""
    whole = os.fsencode(name)
    if len(whole) + len(suffix) <= _NAME_MAX_BYTES:
        return f"{name}{suffix}"
    mark = f"~{hashlib.sha256(whole).hexdigest()[:12]}"
    return os.fsdecode(whole[: _NAME_MAX_BYTES - len(mark) - len(suffix)]) + mark + suffix


@contextmanager
def idle_folders(inbox: Path) -> Iterator[tuple[Path, ...]]:
    """Yield the folders of an inbox with files that no run processes; meanwhile no run can claim files."""
    folder = inbox / _CLAIMED
    folder.mkdir(parents=True, exist_ok=True)
    with lock_folder(folder), ExitStack() as held:
        idle = [inbox, *inbox.glob(_UNREAD), inbox / "done", inbox / "failed"]
        for run in sorted(path for path in folder.iterdir() if path.is_dir()):
            with suppress(BlockingIOError, FileNotFoundError):
                held.enter_context(lock_folder(run, waits=False))
                idle.append(run)
        yield tuple(idle)


@contextmanager
def run_folder(folder: Path) -> Iterator[Path]:
    """Create and lock a run's folder; repeat if another run removes it meanwhile as the folder of a dead run."""
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as held:
            try:
                descriptor = held.enter_context(lock_folder(folder))
            except FileNotFoundError:  # removed before it was locked
                continue
            state = _state_of(folder)
            if state is not None and os.path.samestat(state, os.fstat(descriptor)):
                yield folder
                return


@contextmanager
def lock_folder(folder: Path, *, waits: bool = True) -> Iterator[int]:
    """Hold a folder's lock; yield its descriptor. Raises: BlockingIOError if it is locked and ``waits`` is False."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if waits else fcntl.LOCK_NB))
        yield descriptor
    finally:
        os.close(descriptor)


def _take_over(other: Path, target: Path) -> None:
    """Take over the files of a dead run, not those of a living one."""
    with suppress(BlockingIOError, FileNotFoundError), lock_folder(other, waits=False):
        log.warning("the run of %s is dead; its files are taken over", other.name)
        _drop_settled(other)
        for file in pages_first(other):
            _take(file, target)
        _remove_if_empty(other)


def _drop_settled(folder: Path) -> None:
    """Remove a sidecar that a killed run has linked next to its settled page, but not removed here."""
    pages = {path.stem for path in _ready(folder) if path.suffix.lower() != SIDECAR}
    for file in list(_ready(folder)):
        if file.suffix.lower() == SIDECAR and file.stem not in pages and file.lstat().st_nlink > 1:
            file.unlink()


def _let_rest(inbox: Path) -> None:
    """Wait until files that have just been written may be claimed, unless they change again."""
    if waits := [each for each in _seconds_until_due(inbox).values() if 0 < each <= _QUIET_SECONDS]:
        time.sleep(max(waits) + _TICK_SECONDS)


def _seconds_until_due(inbox: Path) -> dict[Path, float]:
    """Return per file, pages first, the seconds until it may be claimed if it does not change; 0 or less is now."""
    inbox.mkdir(parents=True, exist_ok=True)
    states = {file: state for file in pages_first(inbox) if (state := _state_of(file)) is not None}
    if not states:
        return {}
    now = _file_system_time(inbox / _CLAIMED)
    return {file: _due_at(file, state, now=now) - now for file, state in states.items()}


def _due_at(file: Path, state: os.stat_result, *, now: float) -> float:
    if file.suffix.lower() == SIDECAR:
        return state.st_ctime + ALONE_SECONDS  # its arrival; a copied file may keep an old mtime
    if state.st_mtime > now:  # only a copied file that keeps its mtime has one in the future
        return now
    return state.st_mtime + _QUIET_SECONDS


def _file_system_time(folder: Path) -> float:
    """Touch a folder; return the time in seconds by the clock of its file system, maybe on another machine."""
    folder.mkdir(exist_ok=True)
    os.utime(folder)
    return folder.stat().st_mtime


def pages_first(folder: Path) -> list[Path]:
    """Return the complete files of a folder in name order, pages before their sidecars."""
    return sorted(_ready(folder), key=lambda path: path.suffix.lower() == SIDECAR)


def _ready(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if not is_ready(path.name):
            continue
        state = _state_of(path)
        if state is not None and stat.S_ISREG(state.st_mode):
            yield path
        elif state is not None and not stat.S_ISDIR(state.st_mode):
            log.warning(
                "%s is not a regular file and is ignored; copy the file itself into the inbox", printable_path(path)
            )


def _take(file: Path, target: Path) -> None:
    """Rename a file into a folder that only this run fills now.

    Its .json moves first: if the run is killed between the two renames, the page finds its .json there later.
    """
    sidecar = file.with_suffix(SIDECAR)
    has_sidecar = file.suffix.lower() != SIDECAR and is_file(sidecar)
    places = _free_places(target, file.name, sidecar=sidecar if has_sidecar else None)
    place = next(place for place in places if not place.exists())
    with suppress(FileNotFoundError):  # its owner has removed it
        if has_sidecar:
            os.rename(sidecar, place.with_suffix(SIDECAR))
    with suppress(FileNotFoundError):
        os.rename(file, place)


def _link(file: Path, folder: Path, *, sidecar: Path | None) -> Path | None:
    """Link a file into a folder with a free name, or with the name of a killed try; return None if it is missing.

    Without hard links it is renamed; then two runs that settle files of the same name at once may lose one.
    """
    for target in _free_places(folder, file.name, sidecar=sidecar):
        try:
            os.link(file, target, follow_symlinks=False)
        except FileExistsError:
            if not target.samefile(file):
                continue
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            if target.exists():
                continue
            os.rename(file, target)
        return target
    raise AssertionError("the names are infinite")


def _free_places(folder: Path, name: str, *, sidecar: Path | None) -> Iterator[Path]:
    """Yield ``free_names`` in a folder that are also free for a ``sidecar``, or have it from a killed try.

    A page of another suffix may have a sidecar of that name.
    """
    for each in free_names(name):
        place = folder / each
        there = place.with_suffix(SIDECAR)
        if sidecar is None or not there.exists() or there.samefile(sidecar):
            yield place


def _put(file: Path, target: Path) -> None:
    """Link a file to a path and replace the file there; rename it on file systems without links."""
    target.unlink(missing_ok=True)
    try:
        os.link(file, target, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        os.replace(file, target)


def _remove_if_empty(folder: Path) -> None:
    if not any(folder.iterdir()):
        folder.rmdir()


def is_file(path: Path) -> bool:
    """Return whether a path is a regular file, not a link. A name that is too long for a file has no file."""
    state = _state_of(path)
    return state is not None and stat.S_ISREG(state.st_mode)


def _state_of(path: Path) -> os.stat_result | None:
    """Return the stat of a path without following links; None if another run has taken the file."""
    try:
        return path.lstat()
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENAMETOOLONG):  # the name of a page fits, that of its sidecar does not
            return None
        raise
