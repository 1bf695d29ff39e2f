"""Compaction of the log, and its end: a closed month is one file, and a month that is too old is removed.

A month is closed by one exchange of folders, so a plain reader sees the files of the batches or that of the month. The
list in the index has the batches in both states. Appending waits for the exchange only: the new file is written before,
and is dropped if a file has changed in the meantime. The old folder stays for the retention time of ``gc``, because
a reader may have opened it; ``gc`` also removes a new folder that a dead process left there.

Removal says first, in ``removed.json``, from which month on the log is whole: then no check takes the month for lost,
and no reader its silence for an answer.
"""

import json
import os
import shutil
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from newslake.pipeline.errors import LakeError
from newslake.pipeline.lake.article_index import ArticleIndex
from newslake.pipeline.lake.exchange import check_exchange, exchange
from newslake.pipeline.lake.log_files import (
    encode_rows,
    has_current_columns,
    listed_name,
    log_folder,
    log_months,
    merge_rows,
    month_file,
    month_in,
    month_start,
    read_log_file,
)
from newslake.pipeline.lake.storage import Disk, Layout, Month, files_in, is_parquet_sound, sha256_of
from newslake.pipeline.model import pluralize
from newslake.pipeline.tables import LOG_TABLES, TableSpec

# Takedowns must stay known, so deletions stay.
EXPIRING = tuple(spec for spec in LOG_TABLES if spec.name != "deletions")
REMOVED = "removed.json"
_DIGEST = "sha256"


class LogCompaction:
    """Closes and removes months of the log tables of one lake."""

    def __init__(self, root: Path, disk: Disk, index: ArticleIndex) -> None:
        self._root = root
        self._layout = Layout(root)
        self._disk = disk
        self._index = index
        self._can_exchange = False

    def close_months(
        self, *, before: Month, among: Collection[Month] | None, on_error: Callable[[LakeError], None] | None
    ) -> Iterator[str]:
        """Close the months before a month, all or some of them; yield a sentence per table and month that changed.

        Raises: LakeError (no_exchange); (foreign_file) unless ``on_error`` takes it. The month stays as it is.
        """
        for spec in LOG_TABLES:
            for month in log_months(self._root, spec):
                if month < before and (among is None or month in among):
                    try:
                        yield from self._close(spec, month)
                    except LakeError as error:
                        if on_error is None or error.reason == "no_exchange":
                            raise
                        on_error(error)

    def _close(self, spec: TableSpec, month: Month) -> Iterator[str]:
        folder = log_folder(self._root, spec, month)
        states, closed, name = _states(folder), month_file(folder), f"{spec.name} of {month}"
        paths = [folder / each for each in states]
        if not paths or (paths == [closed] and has_current_columns(closed, spec)):
            return
        self._check_files(paths, closed, name)
        parts = []
        for path in paths:
            data = path.read_bytes()
            if not is_parquet_sound(data):
                yield f"{name} stays as it is: {path.name} is damaged, see `newslake lake verify`"
                return
            parts.append(read_log_file(path, spec, data))
        rows = merge_rows(parts, spec)
        new = self._write(closed.name, encode_rows(rows, spec, is_closed=True))
        with self._disk.log_writer():
            is_same = _states(folder) == states
            if is_same:
                # A batch of a process that died before it listed it would be missed in the file of the month.
                names = (listed_name(self._root, folder / f"{batch}.parquet") for batch in rows.batches)
                self._index.change_log_files(added=names)
                self._exchange(folder, new)
        if not is_same:
            shutil.rmtree(new)
            yield f"{name} stays as it is: a run has changed it in the meantime"
        elif closed in paths:
            yield f"{name}: its file has the columns of this version"
        else:
            yield f"{name}: {pluralize(len(paths), 'file')} became 1"

    def _check_files(self, paths: Sequence[Path], closed: Path, name: str) -> None:
        """Raises: LakeError (foreign_file) for a file that is not ours, or from before the month was closed."""
        for path in paths:
            if path.suffix != ".parquet" or (path != closed and closed in paths):
                named = path.relative_to(self._root).as_posix()
                message = f"{named} is not a file of newslake, so {name} cannot be compacted; move it out of the lake"
                raise LakeError(message, key=named, reason="foreign_file")

    def _write(self, name: str, data: bytes) -> Path:
        """Write the only file of a new folder; return the folder."""
        if not self._can_exchange:
            self._disk.folder(self._layout.exchanged_log)
            check_exchange(self._layout.exchanged_log)
            self._can_exchange = True
        new = self._layout.exchanged_log / uuid.uuid4().hex
        self._disk.write(new / name, data)
        self._disk.sync(new)  # after power loss, the new folder must have its file
        return new

    def _exchange(self, folder: Path, new: Path) -> None:
        """Put the new folder in the place of a month's folder."""
        os.utime(folder)  # the retention time begins now
        exchange(folder, new)
        for parent in (folder.parent, new.parent):  # nor must the old folder be back after its files were removed
            self._disk.sync(parent)

    def remove_months(self, *, before: Month) -> Iterator[str]:
        """Remove the closed months before a month, but no deletions; yield a sentence per file.

        The caller holds the lock of the log's writers.
        """
        for spec in EXPIRING:
            for month in (each for each in log_months(self._root, spec) if each < before):
                path = month_file(log_folder(self._root, spec, month))
                there = files_in(path.parent)
                if there == [path]:
                    self._note_removal(spec, month_start(month, shift=1))
                    self._disk.remove(path, durably=True)
                    yield f"removed {path.relative_to(self._root).as_posix()}"
                elif not there and _is_removed(month, spec.name, removed_log(self._root)):
                    self._disk.remove(path, durably=True)  # the folder, of a process that died before it removed it
        self._index.change_log_files(removed=names_of_removed(self._root, self._index))

    def _note_removal(self, spec: TableSpec, whole_from: date) -> None:
        known = removed_log(self._root)
        if known.get(spec.name, date.min) < whole_from:
            self._disk.replace(self._root / "log" / REMOVED, _removed_bytes({**known, spec.name: whole_from}))


def remove_exchanged_log(layout: Layout, disk: Disk) -> None:
    """Remove the replaced folders of the log durably: they name pages that a takedown redacts."""
    for folder in files_in(layout.exchanged_log):
        shutil.rmtree(folder)
    if layout.exchanged_log.is_dir():
        disk.sync(layout.exchanged_log)


def _states(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Return the files of a folder by name, each with what changes when it is replaced."""
    states = {path.name: path.stat() for path in files_in(folder)}
    return {name: (state.st_ino, state.st_size, state.st_mtime_ns) for name, state in states.items()}


def _is_removed(month: Month, name: str, whole_from: Mapping[str, date]) -> bool:
    return month_start(month) < whole_from.get(name, date.min)


def names_of_removed(root: Path, index: ArticleIndex) -> frozenset[str]:
    """Return the listed batches of months that were removed; the process died before it took them off the list."""
    try:
        whole_from = removed_log(root)
    except LakeError:  # reported by its own check; without it, a removed month counts as lost
        return frozenset()
    folders = {
        folder: not files_in(root / "log" / folder)
        and _is_removed(month_in(Path(folder)), folder.partition("/")[0], whole_from)
        for folder in {name.rpartition("/")[0] for name in (index.log_files() if whole_from else ())}
    }
    return frozenset(name for name in index.log_files() if folders.get(name.rpartition("/")[0]))


def removed_log(root: Path) -> Mapping[str, date]:
    """Return the day before which a log table was removed, by table. Raises: LakeError for a damaged file."""
    path = root / "log" / REMOVED
    if not path.is_file():
        return {}
    try:
        data = path.read_bytes()
        content: dict[str, Any] = json.loads(data)
        first_days = {name: date.fromisoformat(day) for name, day in content["whole_from"].items()}
        if data == _removed_bytes(first_days):
            return first_days
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    message = (
        f"log/{REMOVED}: is damaged; it says from which day on the log is whole; restore it from a copy, or delete it"
    )
    raise LakeError(message, key=str(path), reason="file_broken")


def removed_log_problems(root: Path) -> Iterator[str]:
    """Yield a sentence if the file that ``removed_log`` reads is damaged."""
    try:
        removed_log(root)
    except LakeError as error:
        yield str(error)


def _removed_bytes(first_days: Mapping[str, date]) -> bytes:
    days = {name: first_days[name].isoformat() for name in sorted(first_days)}
    digest = sha256_of(json.dumps(days).encode())
    return json.dumps({"whole_from": days, _DIGEST: digest}, indent=1).encode() + b"\n"
