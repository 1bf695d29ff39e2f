"""Forgetting in the lake, as stages see it: rows first, then what related days leave behind, then the log's names."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from pipeline.lake.commit import OpenCommitter
from pipeline.lake.erase import erase_rows, erase_traces
from pipeline.lake.erase_log import Redaction, redact_log
from pipeline.lake.erase_snapshots import CountPairs, SnapshotErasure, erase_from_snapshots
from pipeline.lake.storage import Disk, Layout


@dataclass(frozen=True, slots=True)
class Erasure:
    """Takes articles out of one lake. ``open_committer`` holds the committer's lock. Each step may be done again."""

    layout: Layout
    disk: Disk
    open_committer: OpenCommitter

    def rows(self, article_ids: Collection[str]) -> tuple[date, ...]:
        """Take articles out of all tables and staged batches; return the days on which they stood.

        Others may still name them until these days are related again.
        """
        with self.open_committer() as committer:
            return erase_rows(committer, article_ids)

    def traces(self, *, days: Collection[date], older_than: float) -> None:
        """Leave of erased rows nothing in older objects, kept bytes, unfinished things of before a time (seconds since
        1970) and the index."""
        with self.open_committer() as committer:
            erase_traces(committer, days=days, older_than=older_than)

    def snapshots(self, article_ids: Collection[str], *, count: CountPairs) -> SnapshotErasure:
        """Take erased articles out of snapshots, too.

        ``count`` gives the rows of ``co_mentions`` for a day's entities and copies.
        """
        with self.open_committer() as committer:
            return erase_from_snapshots(committer, article_ids, count=count)

    def names(self, redaction: Redaction) -> int:
        """Take the names of some pages out of the rows of outcomes; return how many rows changed."""
        return redact_log(self.layout.root, self.disk, redaction)
