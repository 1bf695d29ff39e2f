"""The inbox as a door: files are claimed by rename, and leave by rename.

``inbox/NAME`` -> ``inbox/claimed/RUN/NAME`` -> ``inbox/done/NAME`` or ``inbox/failed/NAME`` with ``NAME.reason.txt``.
A rename never replaces a file: a second file of a name becomes ``NAME~2``, before the suffix.
"""

import errno
import logging
import os
import stat
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path

from pipeline.model import file_name_of
from pipeline.sources.local import is_ready
from pipeline.sources.plain import SIDECAR
from pipeline.sources.writers import FolderClock, is_finished

log = logging.getLogger(__name__)

_CLAIMED = "claimed"
_DEAD_AFTER_SECONDS = 3600.0
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS}


def waiting(inbox: Path) -> list[Path]:
    """Return the files that a run would claim now, pages before their .json; makes the inbox where it is missing.

    Names that begin with "." or end in .part or .tmp, symlinks, folders and files that are still being written are
    left alone. A page's .json goes with it; write the .json first. One without a page is left for an hour.
    """
    inbox.mkdir(parents=True, exist_ok=True)
    clock = FolderClock(inbox / _CLAIMED)
    return [file for file in _pages_first(inbox) if _is_due(file, clock)]


def claim(inbox: Path, *, run_id: str) -> Path:
    """Return the run's own folder with every waiting file of the inbox in it; files of an earlier try are still there.

    Whether another run is dead cannot be known. One in whose folder nothing came or went for an hour is taken for
    dead, and its files are claimed anew; should it live, its pages come twice, which changes nothing.
    """
    claimed = inbox / _CLAIMED
    own = claimed / file_name_of(run_id)
    own.mkdir(parents=True, exist_ok=True)
    os.utime(own)  # a sign of life, and the file system's own clock to compare with
    now = own.stat().st_mtime
    for folder in sorted(path for path in claimed.iterdir() if path != own):
        if _is_older(folder, now - _DEAD_AFTER_SECONDS):
            log.warning("claims of %s are an hour old; taken over", folder.name)
            for file in list(_ready(folder)):
                _take(file, own)
            _remove_if_empty(folder)
    for file in waiting(inbox):
        _take(file, own)
    return own


def settle(file: Path, *, reason: str | None) -> Path:
    """Move a claimed file to done/, or with a reason to failed/ and the reason beside it; return where it is now.

    A page takes its .json along. A file that is already gone, with its page or in a run that was not dead, is left so.
    Killed anywhere, it does the rest when called again.
    """
    inbox = file.parent.parent.parent
    folder = inbox / ("done" if reason is None else "failed")
    folder.mkdir(exist_ok=True)
    moved = _linked(file, folder)
    if moved is None:
        return folder / file.name
    if reason is not None:
        moved.with_name(f"{moved.name}.reason.txt").write_text(reason.rstrip("\n") + "\n", "utf-8")
    file.unlink(missing_ok=True)  # gone where there are no links
    _take_sidecar(file, moved)
    return moved


def settle_all(folder: Path, *, reasons: Mapping[str, str]) -> None:
    """Settle every file of a claimed folder, those named in ``reasons`` as failed, and remove the folder.

    Pages go before their .json, which they take along.
    """
    if not folder.is_dir():  # taken over by a run that thought this one dead
        return
    for file in _pages_first(folder):
        settle(file, reason=reasons.get(file.name))
    _remove_if_empty(folder)


def _is_due(file: Path, clock: FolderClock) -> bool:
    if file.suffix.lower() == SIDECAR:
        return _is_older(file, clock.now() - _DEAD_AFTER_SECONDS)
    return is_finished(file, clock=clock)


def _pages_first(folder: Path) -> list[Path]:
    return sorted(_ready(folder), key=lambda path: path.suffix.lower() == SIDECAR)


def _ready(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if not is_ready(path.name):
            continue
        state = _state_of(path)
        if state is not None and stat.S_ISREG(state.st_mode):
            yield path
        elif state is not None and not stat.S_ISDIR(state.st_mode):
            log.warning("%s is no regular file and is left alone; copy the file itself into the inbox", path)


def _take(file: Path, own: Path) -> None:
    """Rename a file into a folder that no other run puts files into, unless another run was quicker."""
    target = next(target for target in _names(own, file) if not target.exists())
    try:
        os.rename(file, target)
    except FileNotFoundError:
        return
    _take_sidecar(file, target)


def _take_sidecar(file: Path, target: Path) -> None:
    sidecar = file.with_suffix(SIDECAR)
    if file.suffix.lower() != SIDECAR and _is_file(sidecar):
        os.replace(sidecar, target.with_suffix(SIDECAR))


def _linked(file: Path, folder: Path) -> Path | None:
    """Link a file into a folder under a free name, or one that a killed try linked; None where it is not there.

    Where there are no links it is renamed, and two runs that settle files of one name at once may lose one.
    """
    for target in _names(folder, file):
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
    raise AssertionError("names do not end")


def _names(folder: Path, file: Path) -> Iterator[Path]:
    """Yield the paths that a file may have in a folder: its own name, then NAME~2, NAME~3, before the suffix."""
    stem, dot, suffixes = file.name.partition(".")
    yield folder / file.name
    yield from (folder / f"{stem}~{number}{dot}{suffixes}" for number in count(2))


def _remove_if_empty(folder: Path) -> None:
    if not any(folder.iterdir()):
        folder.rmdir()


def _is_older(path: Path, moment: float) -> bool:
    state = _state_of(path)
    return state is not None and state.st_mtime <= moment


def _is_file(path: Path) -> bool:
    state = _state_of(path)
    return state is not None and stat.S_ISREG(state.st_mode)


def _state_of(path: Path) -> os.stat_result | None:
    """Return what is at a path, links not followed; None where another run has taken it."""
    try:
        return path.lstat()
    except FileNotFoundError:
        return None
