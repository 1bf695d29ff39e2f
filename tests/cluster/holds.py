"""Stopping a task in the middle of its work: the other half of site/sitecustomize.py."""

import os
from pathlib import Path

from tests.cluster.rest import wait_for

FOLDER = "NEWSLAKE_TEST_HOLDS"

# The file at which somebody is stopped: "N PATTERN". A bad moment for each stage.
INGEST = r"1 /archive/warc/.*\.warc\.gz$"  # all pages are fetched, none is in the archive
DERIVE = r"1 /_state/staged/"  # all articles are read, the batch is not staged
COMMIT = r"2 /lake/tables/"  # one table is published, the others are not


class Holds:
    """One folder that says who is to be stopped, and who is."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.environment = {FOLDER: str(folder)}
        self._wanted, self._held = folder / "wanted", folder / "held"

    def want(self, where: str) -> None:
        """Have the next process stopped that comes there."""
        self._held.unlink(missing_ok=True)
        temporary = self._wanted.with_suffix(".new")
        temporary.write_text(where)
        os.replace(temporary, self._wanted)

    def held(self, *, seconds: float) -> int:
        """Wait until a process has come; return its pid. Whoever comes next is not stopped."""

        def look() -> int:
            return int(self._held.read_text() or 0) if self._held.exists() else 0

        return wait_for("a task at the hold", look, seconds=seconds)

    def lift(self) -> None:
        """Let all go on."""
        self._wanted.unlink(missing_ok=True)
