"""What one Spark task does: derive some articles of a news day, and stage their rows in the store.

Executors import this module, so newslake and its model are installed there.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

import pyarrow as pa

from pipeline.errors import ExtractorError, NewsError
from pipeline.jobs.derive import DeriveReport, derive
from pipeline.jobs.workspace import Workspace
from pipeline.model import StageReport
from pipeline.settings import Settings

TASK_SCHEMA = "day string, run_id string, chunk int, article_ids array<string>"
RESULT_SCHEMA = "day string, chunk int, result string"
_RESULTS = pa.schema([("day", pa.string()), ("chunk", pa.int32()), ("result", pa.string())])


@dataclass(frozen=True, slots=True)
class DeriveTask:
    """Articles of a news day that one task derives, neighbours in the archive.

    ``run_id`` and ``chunk`` name its outcomes in the log. The same work has the same names, so that a task that is done
    again replaces what it did.
    """

    day: date
    run_id: str
    chunk: int
    article_ids: Sequence[str]

    @property
    def cache_name(self) -> str:
        """The name under which the store caches its result."""
        return f"{self.run_id}.{self.chunk}"

    @property
    def row(self) -> tuple[str, str, int, list[str]]:
        """The task as a row of ``TASK_SCHEMA``."""
        return self.day.isoformat(), self.run_id, self.chunk, list(self.article_ids)


def run_tasks(settings: Settings, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Do the tasks in record batches of ``TASK_SCHEMA``; yield one batch of ``RESULT_SCHEMA`` per task.

    ``report_of`` reads a result. An article that cannot be read is quarantined, and does not stop its task.
    """
    space = Workspace(settings)
    for batch in batches:
        for row in batch.to_pylist():
            task = DeriveTask(date.fromisoformat(row["day"]), row["run_id"], row["chunk"], row["article_ids"])
            yield pa.RecordBatch.from_arrays([[row["day"]], [task.chunk], [_run(space, task)]], schema=_RESULTS)


def _run(space: Workspace, task: DeriveTask) -> str:
    try:
        done = derive(space, day=task.day, run_id=task.run_id, chunk=task.chunk, article_ids=task.article_ids)
    except NewsError as error:
        return json.dumps({"error": str(error), "key": error.key, "reason": error.reason})
    result = json.dumps({"report": done.report.as_dict(), "batch_ids": done.batch_ids})
    space.lake.put_cached(task.cache_name, result.encode())
    return result


def report_of(result: str | bytes) -> DeriveReport:
    """Return the report in a result. Raises: ExtractorError for a task that could not work, such as without a model."""
    given = json.loads(result)
    if "error" in given:
        message = f"{given['error']} (on an executor of Spark, which needs what this machine has)"
        raise ExtractorError(message, key=given["key"], reason=given["reason"])
    return DeriveReport(StageReport.from_dict(given["report"]), tuple(given["batch_ids"]))
