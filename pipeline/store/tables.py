"""Tables: what jobs, reports and questions need of the lake, in one machine's files or on shared services."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

import pyarrow as pa

from pipeline.lake import CachedOutcome, Changes, CommitReport, Lake, StoredArticle
from pipeline.lake.article_index import ArticleIndex, DayContents
from pipeline.lake.merge import IsCurrent

type Month = str


class ArticleStates(Protocol):
    """What the store knows of each article: its stored state, its cached outcome, its changes. Raises: StoreError."""

    def stored(self, article_ids: Iterable[str]) -> Mapping[str, StoredArticle]:
        """Return the stored state of those articles that the lake has."""
        ...

    def cached_outcomes(self, article_ids: Iterable[str]) -> Mapping[str, CachedOutcome]:
        """Return the cached outcome of those articles that have one."""
        ...

    def put_outcomes(self, cached_outcomes: Mapping[str, CachedOutcome]) -> None:
        """Store outcomes by article, in place of earlier ones."""
        ...

    def days_current_with(self, knowledge: str) -> frozenset[date]:
        """Return the days whose current rows are all derived with this knowledge."""
        ...

    def mark_current(self, generations: Mapping[date, int], knowledge: str) -> None:
        """Record the days that, at these generations, are derived with this knowledge."""
        ...

    def changes(self, since: datetime) -> Changes:
        """Return which articles' rows, and which days, changed after a time."""
        ...

    def note_gone(self, article_ids: Iterable[str], *, now: datetime) -> None:
        """Set the articles whose pages are gone from the web; ``changes`` reports the differences."""
        ...


class CommitIndex(ArticleStates, Protocol):
    """What a committer needs of the article states, besides. Only the holder of the committer's lease writes it.

    It follows the tables: what it does not have of them, as after a kill or from a copy, is read from them again.
    ``write_intent``, ``apply`` and ``forget_outcomes`` raise StoreError (lease_lost) where the lease can be lost.
    """

    def forget_outcomes(self, article_ids: Iterable[str]) -> None:
        """Delete the cached outcomes of some articles."""
        ...

    def generations(self) -> Mapping[date, int]:
        """Return the number of the commit that last changed each day."""
        ...

    def is_done(self, batch_id: str) -> bool:
        """Return whether a batch was committed."""
        ...

    def changed_days(self, batch_ids: Iterable[str]) -> tuple[date, ...]:
        """Return the days that any commit of these batches changed, sorted."""
        ...

    def intent(self) -> tuple[Month, ...]:
        """Return the months of an unfinished commit, sorted."""
        ...

    def write_intent(
        self, months: Iterable[Month], *, changed_days: Mapping[str, Iterable[date]] | None = None
    ) -> None:
        """Record the months that a commit is about to write, and the days that each of its batches changes."""
        ...

    def apply(
        self,
        days: Mapping[date, DayContents],
        *,
        now: datetime,
        batch_ids: Iterable[str] = (),
    ) -> None:
        """Store the content of days, stamp changes, end the intent, mark batches as done; all or nothing."""
        ...

    def vacuum_and_truncate(self) -> None:
        """Remove all bytes of deleted rows from the files of the index. Raises: BusyDatabaseError."""
        ...


class LogRecords(Protocol):
    """The log tables: rows are appended by batch. Any number of processes append at the same time."""

    def append(self, name: str, batch_id: str, table: pa.Table) -> None:
        """Append a batch's rows; appending the same batch again replaces them. Raises: ContractError."""
        ...

    def read(self, name: str, *, newest: int | None = None) -> pa.Table:
        """Return all rows of a log table, by day; or only those of the ``newest`` batches."""
        ...

    def months(self, name: str, *, columns: Sequence[str]) -> Iterator[pa.Table]:
        """Yield some columns of the rows of each month of a log table, newest month first."""
        ...

    def batches(self, name: str) -> frozenset[str]:
        """Return the ids of the batches in a log table."""
        ...

    def read_batches(self, name: str, batch_ids: Iterable[str]) -> pa.Table:
        """Return the rows of some batches, by month."""
        ...

    def expire(self, *, now: datetime, keep_months: int) -> tuple[str, ...]:
        """Remove the months before the last ``keep_months`` whole ones, but no deletions; return a sentence each."""
        ...


class Erasing(Protocol):
    """Deletion of articles. Each step is idempotent."""

    def rows(self, article_ids: Collection[str]) -> tuple[date, ...]:
        """Delete some articles from all tables, staged batches and cached outcomes; return their days.

        Rows of other articles may still refer to them, and older data files have them: cluster the days again, then
        call ``traces``.
        """
        ...

    def traces(self, *, days: Collection[date], older_than: float) -> None:
        """Delete everything that the present tables do not need: earlier versions, and the cache of ``days``.

        Temporary files from before ``older_than`` (seconds since 1970) belong to no running process.
        """
        ...


class Tables(Protocol):
    """The tables of the lake. Any number of processes use them; one commits at a time.

    Raises: LakeError, StoreError, ContractError for rows that break the contract.
    """

    @property
    def index(self) -> ArticleStates:
        """The stored state of each article, cached outcomes, and changes."""
        ...

    @property
    def log(self) -> LogRecords:
        """The log tables."""
        ...

    @property
    def erasure(self) -> Erasing:
        """The deletion of articles."""
        ...

    def stage(self, batch_id: str, tables: Mapping[str, pa.Table], keys: pa.Table) -> None:
        """Stage the annotation tables of a batch; ``keys`` has the columns of ``KEYS_SCHEMA``, one row per article.

        Atomic. Staging the same batch again replaces it. Readers see no change.
        """
        ...

    def commit(self, batch_ids: Sequence[str], *, is_current: IsCurrent) -> CommitReport:
        """Commit staged batches together: all tables and days change at one instant.

        ``is_current(article_id, seen_at)`` says whether the archive has seen no other revision since. The batches stay
        staged for some time, so that a retried commit reports the same articles. A retried batch changes nothing.
        """
        ...

    def replace(self, table_name: str, relate: Callable[[], Mapping[date, pa.Table]]) -> int:
        """Replace one cluster table on some days with the rows that ``relate`` returns; see ``replace_all``."""
        ...

    def replace_all(self, relate: Callable[[], Mapping[str, Mapping[date, pa.Table]]]) -> int:
        """Replace cluster tables on some days with the rows that ``relate`` returns; return how many files changed.

        ``relate`` is called under the committer's lease, again if another commit came first. All change in one commit.
        Equal rows change no file.
        """
        ...

    def days(self) -> tuple[date, ...]:
        """Return the published days that have rows, sorted."""
        ...

    def day_versions(self, table: str) -> Mapping[date, str]:
        """Return, for each day on which a table has rows, a text that differs when its rows differ; in order.

        It may also differ when they do not, as after a compaction.
        """
        ...

    def read(self, table: str, *, days: Iterable[date] | None = None, columns: Sequence[str] | None = None) -> pa.Table:
        """Return committed rows by day, sorted as the contract says. All are of one commit.

        ``columns`` may name ``published_date``; the default is the columns of the contract.
        """
        ...

    def put_cached(self, name: str, data: bytes | memoryview) -> None:
        """Cache bytes that can be computed again from the tables."""
        ...

    def get_cached(self, name: str) -> bytes | None:
        """Return the bytes cached under a name; None if they are missing or damaged."""
        ...

    def verify(self) -> tuple[str, ...]:
        """Return a sentence per problem, with the file or day and the fix."""
        ...

    def recover(self) -> tuple[str, ...]:
        """Finish interrupted commits; return a sentence per repair."""
        ...

    def compact(self, *, months: Collection[Month] | None = None, quiet_days: int = 0) -> tuple[str, ...]:
        """Give each table one file a month; return a sentence per month that changed.

        Without ``months``, those that ended and were quiet for ``quiet_days`` days.
        """
        ...

    def gc(self) -> int:
        """Delete unneeded files and staged batches older than the retention time; return the number of files."""
        ...


_CONFORMS: type[Tables] = Lake  # checked by mypy: the tables of one machine
_INDEX_CONFORMS: type[CommitIndex] = ArticleIndex
