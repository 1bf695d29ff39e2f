"""Tables: what jobs, reports and questions need of the lake, in one machine's files or on shared services."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol

import pyarrow as pa

from newslake.pipeline.errors import LakeError, StoreError
from newslake.pipeline.lake import (
    CachedOutcome,
    Changes,
    CommitReport,
    CountPairs,
    Depth,
    Garbage,
    Lake,
    LakeVersions,
    Redaction,
    Snapshot,
    SnapshotErasure,
    StoredArticle,
)
from newslake.pipeline.lake.article_changes import ChangeHistory
from newslake.pipeline.lake.article_index import ArticleIndex
from newslake.pipeline.lake.merge import IsCurrent
from newslake.pipeline.leases import Lease

type Month = str
type OnError = Callable[[LakeError | StoreError], None]


class ArticleStates(Protocol):
    """What the store knows of each article: its stored state, its cached outcome, its changes. Raises: StoreError."""

    def stored(self, article_ids: Iterable[str]) -> Mapping[str, StoredArticle]:
        """Return the stored state of those articles that the lake has."""
        ...

    def cached_outcomes(self, article_ids: Iterable[str]) -> Mapping[str, CachedOutcome]:
        """Return the cached outcome of those articles that have one."""
        ...

    def put_outcomes(self, cached_outcomes: Mapping[str, CachedOutcome], *, lease: Lease | None = None) -> None:
        """Store outcomes by article, in place of earlier ones.

        Raises: StoreError (lease_lost) if ``lease`` is no longer held; nothing is stored then.
        """
        ...

    def generations(self) -> Mapping[date, int]:
        """Return the number of the commit that last changed each day."""
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

    def history(self) -> ChangeHistory:
        """Return all changes that the index knows, which the tables do not have."""
        ...

    def note_gone(self, article_ids: Iterable[str], *, now: datetime) -> None:
        """Set the articles whose pages are gone from the web; ``changes`` reports the differences."""
        ...


class LogRecords(Protocol):
    """The log tables: rows are appended by batch. Any number of processes append at the same time."""

    def append(self, name: str, batch_id: str, table: pa.Table, *, lease: Lease | None = None) -> None:
        """Append a batch's rows; appending the same batch again replaces them.

        Raises: ContractError; StoreError (lease_lost) if ``lease`` is no longer held; nothing is appended
        then, also by an attempt that comes after a long wait.
        """
        ...

    def read(self, name: str, *, newest: int | None = None) -> pa.Table:
        """Return all rows of a log table, by day; or only those of the ``newest`` batches."""
        ...

    def months(self, name: str, *, columns: Sequence[str], skips: Collection[str] = ()) -> Iterator[pa.Table]:
        """Yield some columns of the rows of each month of a log table, newest month first.

        Files with one of the marks ``skips`` are not read. Rows may come from them and from others: see ``marks``.
        """
        ...

    def marks(self, name: str) -> frozenset[str]:
        """Return a mark of each file of a log table. A file that is written again, or put back, has another one.

        Who reads ``months`` after it has read the rows of these files, and maybe of newer ones.
        """
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

    def compact(
        self,
        *,
        now: datetime,
        quiet_days: int = 0,
        months: Collection[Month] | None = None,
        on_error: OnError | None = None,
    ) -> tuple[str, ...]:
        """Give each log table one file in each month that ended some days ago; return a sentence per table and month.

        ``on_error`` takes the error of a month that stays as it is; without it, the first error is raised.
        """
        ...

    def whole_from(self) -> Mapping[str, date]:
        """Return the day before which a log table was removed, by table."""
        ...


class Erasing(Protocol):
    """Deletion of articles. Each step is idempotent."""

    def staged(self, article_ids: Collection[str]) -> frozenset[str]:
        """Return those of some articles that staged batches have; damaged batches are passed over."""
        ...

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

    def snapshots(self, article_ids: Collection[str], *, count: CountPairs) -> SnapshotErasure:
        """Delete the articles from the named versions, or end those that have them; return their names.

        ``count`` returns the rows of ``co_mentions`` for a day's entities, near_duplicates and person_links.
        """
        ...

    def names(self, redaction: Redaction) -> int:
        """Redact some pages in the rows of outcomes; return how many rows changed."""
        ...


class NamedVersions(Protocol):
    """Versions of all tables but the log that stay, under names, until they are dropped. Raises: LakeError, StoreError.

    A name has at most 64 letters, digits, '.', '_' and '-', the first a letter or digit.
    """

    def take(self, name: str) -> Snapshot:
        """Keep the present version under a name. Raises: ConfigError for an invalid or existing name."""
        ...

    def list(self) -> tuple[Snapshot, ...]:
        """Return all named versions, by name."""
        ...

    def drop(self, name: str) -> None:
        """End a name. Raises: ConfigError, with the known names, for an unknown one."""
        ...

    def verify(self, name: str) -> tuple[str, ...]:
        """Return a sentence per problem of a version: files that are missing or differ. Raises: as ``drop``."""
        ...

    def verify_all(self) -> Iterator[str]:
        """Yield the problems of all named versions."""
        ...


class TablesVersion(Protocol):
    """The tables as one commit left them. Its files stay for the retention time of ``gc`` after they are replaced."""

    @property
    def name(self) -> str:
        """A text that no other version has."""
        ...

    def days(self) -> tuple[date, ...]:
        """Return the published days that have rows, sorted."""
        ...

    def month_versions(self) -> Mapping[Month, str]:
        """Return, for each month with articles, a text that differs when they differ; in order."""
        ...

    def day_versions(self, table: str, *, month: Month | None = None) -> Mapping[date, str]:
        """Return, for each day on which a table has rows, a text that differs when its rows differ; in order.

        It may also differ when they do not, as after a compaction. With ``month``, only the days of that month.
        """
        ...

    def count(self, table: str, day: date) -> int:
        """Return how many rows a table has on a day."""
        ...

    def read(self, table: str, *, days: Iterable[date] | None = None, columns: Sequence[str] | None = None) -> pa.Table:
        """Return rows as ``Tables.read`` does."""
        ...


class TableReader(Protocol):
    """Reads the versions of the tables. Raises: LakeError, StoreError."""

    def version_name(self) -> str:
        """Return the name of the present version: another one after each commit."""
        ...

    def present(self) -> TablesVersion:
        """Return the present version, to read all of it at one instant."""
        ...

    def read_at_once[T](self, read: Callable[[TablesVersion], T]) -> T:
        """Return the result of ``read`` at one version; it is called again if a file was removed meanwhile."""
        ...


class Tables(TableReader, Protocol):
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

    @property
    def snapshots(self) -> NamedVersions:
        """The named versions."""
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

    def drop_cached(self, name: str) -> None:
        """Delete the bytes cached under a name, if there are any."""
        ...

    def verify(self, depth: Depth | None = None) -> tuple[str, ...]:
        """Return a sentence per problem, with the file or day and the fix. Without a depth, every row is read."""
        ...

    def recover(self, *, drops_damaged: bool = False) -> tuple[str, ...]:
        """Finish interrupted commits; return a sentence per repair.

        ``drops_damaged`` first removes what is damaged, so that it can be derived again.
        """
        ...

    def compact(
        self,
        *,
        months: Collection[Month] | None = None,
        quiet_days: int = 0,
        on_error: OnError | None = None,
    ) -> tuple[str, ...]:
        """Give each table one file a month; return a sentence per month that changed.

        Without ``months``, those that ended and were quiet for ``quiet_days`` days. ``on_error`` takes the error of
        a month that stays as it is; without it, the first error is raised. Raises: ConfigError for an unknown month.
        """
        ...

    def due_months(self, *, quiet_days: int) -> tuple[Month, ...]:
        """Return the months that ``compact`` would change, in order."""
        ...

    def closed_months(self) -> frozenset[Month]:
        """Return the months with one file per table, which each commit to them writes again."""
        ...

    def gc(self) -> Garbage:
        """Delete unneeded files and staged batches older than the retention time; return the numbers of files."""
        ...


_CONFORMS: type[Tables] = Lake  # checked by mypy: the tables of one machine
_READER_CONFORMS: type[TableReader] = LakeVersions
_INDEX_CONFORMS: type[ArticleStates] = ArticleIndex
