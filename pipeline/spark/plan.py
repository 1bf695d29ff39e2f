"""The plan of a backfill: which articles of which month one task derives."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import batched, groupby

from pipeline.jobs.inventory import knowledge_of
from pipeline.jobs.pipeline_version import version_of
from pipeline.jobs.workspace import Workspace
from pipeline.model import Capture
from pipeline.spark.tasks import DeriveTask

TASK_ARTICLES = 500  # a staged batch; enough to pay for reading the knowledge base


@dataclass(frozen=True, slots=True)
class MonthPlan:
    """The work of one month. ``name`` depends on the captures, the version and the knowledge, and on nothing else."""

    month: str
    name: str
    tasks: tuple[DeriveTask, ...]

    @property
    def mark(self) -> str:
        """The name under which the store caches that the month is done."""
        return f"{self.name}.done"

    @property
    def days(self) -> list[date]:
        return sorted({task.day for task in self.tasks})

    @property
    def articles(self) -> int:
        return sum(len(task.article_ids) for task in self.tasks)


def plan_months(space: Workspace, *, first: date, last: date, source_keys: Sequence[str] = ()) -> Iterator[MonthPlan]:
    """Yield the work of each month with captures for news days from first to last, oldest first.

    With ``source_keys``, only articles of these sources. Articles that are current take a task no time.
    """
    version = f"{version_of(space.settings)} {knowledge_of(space.settings).version}"
    days = (day for day in space.archive.days() if first <= day <= last)
    for month, each in groupby(days, lambda day: f"{day:%Y-%m}"):
        chunks, digest = {}, hashlib.sha256(version.encode())
        for day in each:
            chosen = [
                capture
                for capture in space.archive.captures_of_day(day)
                if not source_keys or capture.source_key in source_keys
            ]
            digest.update("".join(f"\n{one.article_id} {one.digest} {one.fetched_at}" for one in chosen).encode())
            chunks[day] = list(batched(_in_file_order(chosen), TASK_ARTICLES))
        name = f"spark.{month}.{digest.hexdigest()[:12]}"
        tasks = tuple(
            DeriveTask(day, f"{name}.{day}", number, tuple(ids))
            for day, pieces in chunks.items()
            for number, ids in enumerate(pieces)
        )
        if tasks:
            yield MonthPlan(month, name, tasks)


def _in_file_order(captures: Iterable[Capture]) -> list[str]:
    """Return the articles of some captures, in the order of their last captures in the archive's files."""
    last = {capture.article_id: (capture.file, capture.offset) for capture in captures}
    return sorted(last, key=last.__getitem__)
