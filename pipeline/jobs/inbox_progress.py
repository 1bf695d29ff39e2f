"""The end of a run in an inbox: which of its files are broken, and where the files go."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from newslake.pipeline.jobs.takedown_guard import TakedownGuard
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.leases import Lease
from newslake.pipeline.model import Outcome, Source
from newslake.pipeline.sources import ReadContext

# The line or record of a file; other files have no parts, so "a.html#2" is a name.
_PLACE_IN_FILE = re.compile(r"(?P<file>.+\.(?:jsonl|csv|urls|w?arc(?:\.gz)?))#\d+", re.DOTALL | re.IGNORECASE)


def broken_files(outcomes: Iterable[Outcome]) -> dict[str, str]:
    """Return why local files are broken, one line per broken page, by file name."""
    reasons: dict[str, str] = {}
    for outcome in outcomes:
        if outcome.outcome == "quarantined":
            place = _PLACE_IN_FILE.fullmatch(outcome.url)
            for name in {outcome.url, place["file"] if place else outcome.url}:
                reasons[name] = f"{reasons.get(name, '')}{outcome.reason}: {outcome.url}: {outcome.detail}\n"
    return reasons


class InboxProgress:
    """The files of an inbox that one run has claimed: ``source`` has their folder as its location."""

    def __init__(self, workspace: Workspace, source: Source, *, guard: TakedownGuard, lease: Lease) -> None:
        self._workspace = workspace
        self._source = source
        self._folder = Path(source.location)
        self._guard = guard
        self._lease = lease

    @classmethod
    def of(cls, workspace: Workspace, source: Source, *, guard: TakedownGuard, lease: Lease) -> Self | None:
        """Return the progress of an inbox; None for any other source."""
        return cls(workspace, source, guard=guard, lease=lease) if source.kind == "inbox" else None

    def finish(self, outcomes: Iterable[Outcome]) -> None:
        """Move the files out of the inbox: to failed/ with the reasons if a part is broken, else to done/.

        Call it after their pages are stored and logged. If the run is killed before or amid that, the next one reads
        the files that are left once more. What a takedown blocks is erased from them first.

        Raises: StoreError (lease_lost); then nothing moves.
        """
        self._lease.check()
        self._erase()
        self._workspace.inbox(self._source).settle(self._folder, reasons=broken_files(outcomes))

    def _erase(self) -> None:
        """Erase what a takedown blocks; the guard reads no file if it has refused no page."""
        settings = self._workspace.settings
        reading = ReadContext(source_key=self._source.key, now=settings.now(), page_max_bytes=settings.page_max_bytes)
        self._guard.erase_from(self._folder, reading)
