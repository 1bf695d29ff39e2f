"""What a reader opens: the files that the manifests name, so that all tables of a day are of one commit."""

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path

from pipeline.lake.partitions import Days
from pipeline.lake.storage import PUBLISH_ORDER, Disk, Layout

_TRIES = 20


def committed_files(root: Path) -> dict[str, dict[date, str]] | None:
    """Return the path of each table's committed file of each day, in order; None in a folder without manifests.

    Paths are text: ten thousand of another kind cost more time than the manifests.
    A file named here does not change, and stays until it is replaced and older than the grace of ``gc``.
    Raises: LakeError for a broken manifest.
    """
    layout = Layout(root)
    days = Days(layout, Disk(layout, durability="process"))
    if not days.known():
        return None
    state = str(layout.state)
    files: dict[str, dict[date, str]] = {spec.name: {} for spec in PUBLISH_ORDER}
    for manifest in read_consistently(layout, lambda: list(days.manifests())):
        for name, entry in manifest.entries.items():
            files[name][manifest.day] = os.path.join(state, entry.object)
    return files


def read_consistently[T](layout: Layout, read: Callable[[], T]) -> T:
    """Return what all days hold together. Else an article that moves to a day that was read already is on none.

    Where commits change some during every try, each day is as it was read last.
    """
    for _ in range(_TRIES - 1):
        before = _manifest_stamps(layout)
        found = read()
        if _manifest_stamps(layout) == before:
            return found
    return read()


def _manifest_stamps(layout: Layout) -> dict[str, tuple[int, int]]:
    """Return what tells a manifest from the one that replaces it."""
    marks = {}
    folder = layout.manifest(date.min).parent
    if not folder.is_dir():
        return {}
    with os.scandir(folder) as found:
        for file in found:
            with suppress(FileNotFoundError):  # a day that is taken out just now
                state = file.stat()
                marks[file.name] = state.st_ino, state.st_mtime_ns
    return marks
