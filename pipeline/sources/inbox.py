"""The inbox as a door: files are claimed by rename, and leave by rename.

``inbox/NAME`` -> ``inbox/claimed/RUN/NAME`` -> ``inbox/done/NAME`` or ``inbox/failed/NAME`` with ``NAME.reason.txt``.
A rename never replaces a file: a second file of a name becomes ``NAME~2``, before the suffix.
"""

import logging
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from pipeline.model import file_name_of
from pipeline.sources.local import is_ready
from pipeline.sources.plain import SIDECAR

log = logging.getLogger(__name__)

_DEAD_AFTER_SECONDS = 3600.0


def claim(inbox: Path, *, run_id: str) -> Path:
    """Return the run's own folder with every ready file of the inbox in it; files of an earlier try are still there.

    Whether another run is dead cannot be known. One in whose folder nothing came or went for an hour is taken for
    dead, and its files are claimed anew; should it live, its pages come twice, which changes nothing.
    Names that begin with "." or end in .part or .tmp, symlinks and folders are left alone. A page's .json goes with
    it; write the .json first. One without a page is left for an hour.
    """
    claimed = inbox / "claimed"
    own = claimed / file_name_of(run_id)
    own.mkdir(parents=True, exist_ok=True)
    os.utime(own)  # a sign of life, and the file system's own clock to compare with
    now = own.stat().st_mtime
    for folder in sorted(path for path in claimed.iterdir() if path != own):
        if _is_older(folder, now - _DEAD_AFTER_SECONDS):
            log.warning("claims of %s are an hour old; taken over", folder.name)
            for file in list(_ready(folder)):
                _move_with_sidecar(file, own)
            _remove_if_empty(folder)
    for file in _pages_first(inbox):
        if file.suffix.lower() != SIDECAR or _is_older(file, now - _DEAD_AFTER_SECONDS):
            _move_with_sidecar(file, own)
    return own


def settle(file: Path, *, reason: str | None) -> Path:
    """Move a claimed file to done/, or with a reason to failed/ and the reason beside it; return where it is now.

    A page takes its .json along. A file that is already gone, with its page or in a run that was not dead, is left so.
    """
    inbox = file.parent.parent.parent
    folder = inbox / ("done" if reason is None else "failed")
    folder.mkdir(exist_ok=True)
    moved = _move_with_sidecar(file, folder)
    if moved is None:
        return folder / file.name
    if reason is not None:
        moved.with_name(f"{moved.name}.reason.txt").write_text(reason.rstrip("\n") + "\n", "utf-8")
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


def _move_with_sidecar(file: Path, folder: Path) -> Path | None:
    """Move a file into a folder under a free name; None where it is not there any more."""
    target = _reserved(folder, file)
    sidecar = file.with_suffix(SIDECAR)
    try:
        os.replace(file, target)
    except FileNotFoundError:
        target.unlink()
        return None
    if file.suffix.lower() != SIDECAR and _is_file(sidecar):
        os.replace(sidecar, target.with_suffix(SIDECAR))
    return target


def _reserved(folder: Path, file: Path) -> Path:
    """Return a free name in the folder, held by an empty file, so that two runs cannot both take it."""
    stem, dot, suffixes = file.name.partition(".")
    number = 1
    while True:
        target = folder / (file.name if number == 1 else f"{stem}~{number}{dot}{suffixes}")
        try:
            os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644))
        except FileExistsError:
            number += 1
        else:
            return target


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
