"""The end of a slice of an inbox: how far its files are read, which of them are broken, and where they go."""

import json
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from newslake.pipeline.archive import Validators
from newslake.pipeline.jobs.outcomes import batch_of, logged_outcomes
from newslake.pipeline.jobs.takedown_guard import TakedownGuard
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.leases import Lease
from newslake.pipeline.model import Outcome, Source
from newslake.pipeline.sources import ReadContext
from newslake.pipeline.sources.folder import local_files
from newslake.pipeline.sources.listing import FILE_START, FilePosition, ListingEntry
from newslake.pipeline.sources.positions import inbox_mark, is_inbox_mark
from newslake.pipeline.store.inbox import Inbox

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


@dataclass(frozen=True, slots=True, kw_only=True)
class FileProgress:
    """How far a file of an inbox is read. It is stored as an ETag until the file is read to its end.

    ``broken_runs`` are the runs that logged a broken part of it. ``has_refused``: a takedown blocked a page meanwhile.
    """

    place: FilePosition = FILE_START
    broken_runs: tuple[str, ...] = ()
    has_refused: bool = False

    @classmethod
    def parse(cls, etag: str) -> Self | None:
        """Return the progress in an ETag; None if another version of newslake stored it, with other fields."""
        stored = json.loads(etag)
        try:
            place, runs = FilePosition.of(stored["place"]), tuple(stored["broken_runs"])
            return cls(place=place, broken_runs=runs, has_refused=stored["has_refused"])
        except (KeyError, TypeError):
            return None

    @property
    def etag(self) -> str:
        return json.dumps(asdict(self))


class InboxProgress:
    """The files of an inbox that one run has claimed: ``source`` has their folder as its location."""

    def __init__(
        self, workspace: Workspace, source: Source, *, run_id: str, guard: TakedownGuard, lease: Lease
    ) -> None:
        self._workspace = workspace
        self._source = source
        self._folder = Path(source.location)
        self._run_id = run_id
        self._guard = guard
        self._lease = lease
        self._before: dict[str, FileProgress] = {}  # of earlier slices, by the marks of the files
        self._marks = self._present_marks()  # before the files are read

    @classmethod
    def of(
        cls, workspace: Workspace, source: Source, *, run_id: str, guard: TakedownGuard, lease: Lease
    ) -> Self | None:
        """Return the progress of an inbox; None for any other source."""
        return cls(workspace, source, run_id=run_id, guard=guard, lease=lease) if source.kind == "inbox" else None

    def place_of(self, mark: str) -> FilePosition:
        """Return where reading goes on in a file."""
        stored = self._workspace.fetch_state.validators(self._source.key, url=mark)
        progress = None if stored is None or stored.etag is None else FileProgress.parse(stored.etag)
        if progress is None:
            return FILE_START
        self._before[mark] = progress
        return progress.place

    def finish(self, outcomes: Sequence[Outcome], *, rest: Sequence[ListingEntry]) -> None:
        """Move the files out of the inbox: to failed/ with the reasons if a part is broken, else to done/.

        Files that ``rest`` names are left to the next slice. Call it after the pages are stored, and the ``outcomes``
        of this attempt logged. If the run is killed before or amid that, the next one reads what is left once more,
        each file from the last place that is stored. What a takedown blocks is erased from the files that are moved.

        Raises: StoreError (lease_lost); then nothing moves.
        """
        self._lease.check()
        reasons = broken_files(outcomes)
        places = {each.unfinished or "": each.position for each in rest}
        present = self._present_marks()
        for name, mark in self._marks.items():
            place = places.get(name)
            if place is not None and present.get(name) == mark:  # else another place of a file that has changed
                self._store_place(mark, place, is_broken=name in reasons)
        inbox = self._workspace.inbox(self._source)
        inbox.give_back(self._folder, places.keys())  # before the takedown, whose edits would move their places
        ended = {name: mark for name, mark in self._marks.items() if name not in places and mark in self._before}
        for name, mark in ended.items():
            self._guard.has_refused |= self._before[mark].has_refused
            if self._before[mark].broken_runs:
                reasons |= self._earlier_reasons(name, self._before[mark], outcomes)
        self._erase()
        inbox.settle(self._folder, reasons=reasons)
        # Last: a run that is killed before reads the rest again, not the whole file.
        self._drop_lost_places(inbox, waiting={present[name] for name in places if name in present})

    def _present_marks(self) -> dict[str, str]:
        return {file.name: inbox_mark(file) for file in local_files(self._folder, is_deep=False)}

    def _drop_lost_places(self, inbox: Inbox, *, waiting: Collection[str]) -> None:
        """Drop the places in files that are settled, by this run or one that was killed then, or that have changed."""
        state = self._workspace.fetch_state
        stored = {url for _, url, _ in state.listings(self._source.key) if is_inbox_mark(url)}
        if others := stored.difference(waiting):
            for mark in sorted(others - inbox.marks()):
                state.drop_validators(self._source.key, url=mark)

    def _store_place(self, mark: str, place: FilePosition, *, is_broken: bool) -> None:
        before = self._before.get(mark, FileProgress())
        runs = (*before.broken_runs, self._run_id) if is_broken else before.broken_runs
        now = FileProgress(
            place=place,
            broken_runs=tuple(dict.fromkeys(runs)),
            has_refused=before.has_refused or self._guard.has_refused,
        )
        after = Validators(etag=now.etag)
        self._workspace.fetch_state.store_validators(self._source.key, after, url=mark, lease=self._lease)

    def _earlier_reasons(self, name: str, progress: FileProgress, outcomes: Sequence[Outcome]) -> dict[str, str]:
        """Return why a file is broken, as earlier slices have logged it and by the ``outcomes`` of this one."""
        batches = [batch_of(self._source.key, run_id=run) for run in progress.broken_runs]
        logged = logged_outcomes(self._workspace, batch_ids=batches)
        parts = {(each.run_id, each.url): each for each in (*logged, *outcomes)}
        return {key: why for key, why in broken_files(parts.values()).items() if key == name}

    def _erase(self) -> None:
        """Erase what a takedown blocks; the guard reads no file if it has refused no page."""
        settings = self._workspace.settings
        reading = ReadContext(source_key=self._source.key, now=settings.now(), page_max_bytes=settings.page_max_bytes)
        self._guard.erase_from(self._folder, reading)
