"""That a source was asked, and what its listing gave: what tells a day without news from a day without a run."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Literal

from pipeline.jobs.workspace import Workspace
from pipeline.tables import rows_table, table_named

ListingResult = Literal["failed", "unchanged", "partial", "listed"]
_WORST_FIRST: tuple[ListingResult, ...] = ("failed", "unchanged", "partial", "listed")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingRow:
    """One row of ``listings``; field names are its columns. ``listed_day`` is None where any day is listed."""

    run_id: str
    source_key: str
    listed_day: date | None
    result: ListingResult
    entries: int
    reason: str | None
    asked_at: datetime

    @property
    def _rank(self) -> tuple[int, int]:
        return _WORST_FIRST.index(self.result), self.entries


def append_listing(workspace: Workspace, row: ListingRow, *, batch_id: str) -> None:
    """Append what a run was told. Of its tries the best stands: after it, a server may say that nothing changed."""
    told = [ListingRow(**each) for each in workspace.lake.log.read_batches("listings", [batch_id]).to_pylist()]
    best = max((row, *told), key=lambda each: each._rank)
    workspace.lake.log.append("listings", batch_id, rows_table(table_named("listings"), [asdict(best)]))
