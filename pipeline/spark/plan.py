"""The plan of a backfill: which articles of which month one task derives, and which tasks go together."""

import hashlib
import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import batched, groupby

from newslake.pipeline.archive import RecordArchive
from newslake.pipeline.spark.tasks import DeriveTask

TASK_ARTICLES = 500  # a staged batch; enough to pay for reading the knowledge base


@dataclass(frozen=True, slots=True)
class MonthPlan:
    """The work of one month. ``name`` depends on the captures, the version and the knowledge, and on nothing else.

    ``pages`` is the number of captures.
    """

    month: str
    name: str
    tasks: tuple[DeriveTask, ...]
    pages: int

    @property
    def mark(self) -> str:
        """The name under which the store caches that the month is done."""
        return f"{self.name}.done"

    @property
    def days(self) -> list[date]:
        return sorted({task.day for task in self.tasks})

    @property
    def articles(self) -> int:
        return articles_of(self.tasks)


def articles_of(tasks: Iterable[DeriveTask]) -> int:
    return sum(len(task.article_ids) for task in tasks)


def plan_months(
    archive: RecordArchive, days: Iterable[date], *, version: str, source_keys: Sequence[str] = ()
) -> Iterator[MonthPlan]:
    """Yield the work of each month of some news days with captures, which are sorted.

    With ``source_keys``, only articles of these sources. ``version`` is that of the rows. Articles that are current
    take a task no time.
    """
    for month, those in groupby(days, lambda day: f"{day:%Y-%m}"):
        chosen = list(those)
        digest, pages, articles = hashlib.sha256(version.encode()), 0, dict[date, list[str]]()
        listed = archive.captures_in_file_order(chosen[0], chosen[-1], source_keys=source_keys)
        for day, captures in groupby(listed, lambda capture: capture.news_day):
            places: dict[str, None] = {}
            for capture in captures:
                pages += 1
                digest.update(f"\n{capture.article_id} {capture.digest} {capture.fetched_at}".encode())
                places.pop(capture.article_id, None)
                places[capture.article_id] = None  # where its last capture is
            articles[day] = list(places)
        name = f"spark.{month}.{digest.hexdigest()[:12]}"
        tasks = tuple(
            DeriveTask(day, f"{name}.{day}", number, ids)
            for day, ids_of_day in articles.items()
            for number, ids in enumerate(batched(ids_of_day, TASK_ARTICLES))
        )
        if tasks:
            yield MonthPlan(month, name, tasks, pages)


def spread_tasks(tasks: Iterable[DeriveTask], count: int) -> list[list[DeriveTask]]:
    """Return tasks in at most ``count`` groups with about as many articles each, the largest groups first."""
    groups: list[tuple[int, int, list[DeriveTask]]] = [(0, number, []) for number in range(count)]
    for task in sorted(tasks, key=lambda each: -len(each.article_ids)):
        articles, number, group = groups[0]
        group.append(task)
        heapq.heapreplace(groups, (articles + len(task.article_ids), number, group))
    return [group for articles, _, group in sorted(groups, key=lambda each: -each[0]) if articles]
