"""What a reader opens: the files that the manifests name, so that all tables of a day are of one commit."""

from datetime import date
from pathlib import Path

from pipeline.lake.days import Days
from pipeline.lake.layout import PUBLISHED, Disk, Layout


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
    for manifest in days.manifests():
        for name, entry in manifest.entries.items():
            files[name][manifest.day] = layout.state / entry.object
    return files
