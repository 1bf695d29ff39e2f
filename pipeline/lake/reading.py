"""What a reader opens: the files that the manifests name, so that all tables of a day are of one commit."""

from contextlib import suppress
from datetime import date
from pathlib import Path

from pipeline.lake.days import Days
from pipeline.lake.layout import PUBLISHED, Disk, Layout
from pipeline.lake.manifest import Manifest

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
    for manifest in _standing(layout, days):
        for name, entry in manifest.entries.items():
            files[name][manifest.day] = layout.state / entry.object
    return files


def _standing(layout: Layout, days: Days) -> list[Manifest]:
    """Return the manifests that stood together. Else an article that moves to a day that was read already is on none.

    Where commits change some during every try, each day is as it was read last.
    """
    found: list[Manifest] = []
    for _ in range(_TRIES):
        before = _marks(layout)
        found = list(days.manifests())
        if _marks(layout) == before:
            break
    return found


def _marks(layout: Layout) -> dict[str, tuple[int, int]]:
    """Return what tells a manifest from the one that replaces it."""
    marks = {}
    for path in layout.manifest(date.min).parent.glob("*.json"):
        with suppress(FileNotFoundError):  # a day that is taken out just now
            state = path.stat()
            marks[path.name] = state.st_ino, state.st_mtime_ns
    return marks
