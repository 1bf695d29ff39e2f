"""What a reader opens: the files that the manifests name, so that all tables of a day are of one commit."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path

from pipeline.lake.days import Days
from pipeline.lake.layout import PUBLISHED, Disk, Layout

_TRIES = 20


def committed_files(root: Path) -> dict[str, dict[date, Path]] | None:
    """Return the committed file of each table and day, in order; None where a folder of tables has no manifests.

    A file named here does not change, and stays until it is replaced and older than the grace of ``gc``.
    Raises: LakeError for a broken manifest.
    """
    layout = Layout(root)
    days = Days(layout, Disk(layout, durability="process"))
    if not days.known():
        return None
    files: dict[str, dict[date, Path]] = {spec.name: {} for spec in PUBLISHED}
    for manifest in unmoved(layout, lambda: list(days.manifests())):
        for name, entry in manifest.entries.items():
            files[name][manifest.day] = layout.state / entry.object
    return files


def unmoved[T](layout: Layout, look: Callable[[], T]) -> T:
    """Return what all days hold together. Else an article that moves to a day that was read already is on none.

    Where commits change some during every try, each day is as it was read last.
    """
    for _ in range(_TRIES - 1):
        before = _marks(layout)
        found = look()
        if _marks(layout) == before:
            return found
    return look()


def _marks(layout: Layout) -> dict[str, tuple[int, int]]:
    """Return what tells a manifest from the one that replaces it."""
    marks = {}
    for path in layout.manifest(date.min).parent.glob("*.json"):
        with suppress(FileNotFoundError):  # a day that is taken out just now
            state = path.stat()
            marks[path.name] = state.st_ino, state.st_mtime_ns
    return marks
