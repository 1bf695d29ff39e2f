"""Stops a task in the middle of its work: the counterpart of site/sitecustomize.py."""

import os
from pathlib import Path

from tests.cluster.rest import wait_for

FOLDER = "NEWSLAKE_TEST_HOLDS"

# The file at which a process is stopped: "N PATTERN". A critical moment for each stage.
INGEST = r"1 /archive/warc/.*\.warc\.gz$"  # all pages are fetched, none is in the archive
DERIVE = r"1 /_state/staged/"  # all articles are processed, the batch is not staged
COMMIT = r"2 /lake/tables/"  # one table is published, the others are not


class Holds:
    """A folder with the file to stop at, and the stopped process."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.environment = {FOLDER: str(folder)}
        self._wanted, self._held = folder / "wanted", folder / "held"

    def want(self, where: str) -> None:
        """Stop the next process that reaches this file."""
        self._held.unlink(missing_ok=True)
        temporary = self._wanted.with_suffix(".new")
        temporary.write_text(where)
        os.replace(temporary, self._wanted)

    def held(self, *, seconds: float) -> int:
        """Wait until a process is stopped; return its pid. Later processes are not stopped."""

        def look() -> int:
            return int(self._held.read_text() or 0) if self._held.exists() else 0

        return wait_for("a task at the hold", look, seconds=seconds)

    def lift(self) -> None:
        """Let all processes continue."""
        self._wanted.unlink(missing_ok=True)
