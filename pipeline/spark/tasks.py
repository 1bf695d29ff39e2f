"""What one Spark task does: derive some articles of a news day, and stage their rows in the store.

Executors import this module, so newslake and its model are installed there.
"""

import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa

from newslake.pipeline.environment import PREFIX, variable_of
from newslake.pipeline.errors import ExtractorError, NewsError, StoreError
from newslake.pipeline.jobs.derive import DeriveReport, derive
from newslake.pipeline.jobs.inventory import knowledge_of
from newslake.pipeline.jobs.pipeline_version import version_of
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import StageReport
from newslake.pipeline.settings import Settings

log = logging.getLogger(__name__)

TASK_SCHEMA = "day string, run_id string, chunk int, article_ids array<string>"
RESULT_SCHEMA = "day string, chunk int, result string"
_RESULTS = pa.schema([("day", pa.string()), ("chunk", pa.int32()), ("result", pa.string())])
_LEASES = 5  # of one task: each is lost with its connection, as when the database starts again


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


def with_whole_paths(settings: Settings) -> Settings:
    """Return settings with absolute paths: an executor has another working folder than the driver."""
    values = {name: value for model in settings.models() for name, value in model}
    return settings.replace(**{name: value.absolute() for name, value in values.items() if isinstance(value, Path)})


def settings_here(settings: Settings) -> Settings:
    """Return the settings of the driver with those absolute paths that the environment of this host names."""
    fields = (field for model in settings.models() for field in type(model).model_fields.items())
    names = [name for name, field in fields if field.annotation in (Path, Path | None)]
    paths = {name: Path(variable_of(f"{PREFIX}{name.upper()}") or "") for name in names}
    return settings.replace(**{name: path for name, path in paths.items() if path.is_absolute()})


def rows_version(settings: Settings) -> str:
    """Return what decides the rows of an article, apart from its pages: pipeline version, knowledge and corrections.

    Raises: NewsError without the model, or for a file that cannot be read.
    """
    return f"{version_of(settings)} {knowledge_of(settings).version}"


def run_tasks(
    settings: Settings, version: str, batches: Iterable[pa.RecordBatch], *, is_again: bool
) -> Iterator[pa.RecordBatch]:
    """Do the tasks in record batches of ``TASK_SCHEMA``; yield one batch of ``RESULT_SCHEMA`` per task.

    ``settings`` and ``version`` are those of the driver; an executor of another version does nothing. A task that has a
    result is not done, unless ``is_again``: Spark tries a group of tasks again as a whole. ``report_of`` reads a
    result. An article that cannot be read is quarantined, and does not stop its task.
    """
    space = Workspace(settings_here(settings))
    for batch in batches:
        for row in batch.to_pylist():
            task = DeriveTask(date.fromisoformat(row["day"]), row["run_id"], row["chunk"], row["article_ids"])
            yield pa.RecordBatch.from_arrays(
                [[row["day"]], [task.chunk], [_run(space, version, task, is_again=is_again)]], schema=_RESULTS
            )


def _run(space: Workspace, version: str, task: DeriveTask, *, is_again: bool) -> str:
    try:
        if not is_again and (cached := space.lake.get_cached(task.cache_name)) is not None:
            return cached.decode()
        _check_version(space.settings, version)
        done = _derive(space, task)
    except NewsError as error:
        return json.dumps({"error": str(error), "key": error.key, "reason": error.reason})
    result = json.dumps({"report": done.report.as_dict(), "batch_ids": done.batch_ids})
    space.lake.put_cached(task.cache_name, result.encode())
    return result


def _check_version(settings: Settings, version: str) -> None:
    """Raises: ExtractorError (other_version) if this executor would make other rows than the driver."""
    if (ours := rows_version(settings)) != version:
        raise ExtractorError(
            f"pipeline and knowledge have the versions {ours}, those of the driver {version}; install the same "
            "newslake and model, and give it the same sources.toml, overrides.toml and knowledge base",
            key="version",
            reason="other_version",
        )


def _derive(space: Workspace, task: DeriveTask) -> DeriveReport:
    """Derive the articles of a task; begin again when its lease is lost, as what it has staged has the same names."""
    lost = 0
    while True:
        try:
            return derive(space, day=task.day, run_id=task.run_id, chunk=task.chunk, article_ids=task.article_ids)
        except StoreError as error:
            lost += 1
            if error.reason != "lease_lost" or lost == _LEASES:
                raise
            log.warning("the task %s begins again: %s", task.cache_name, error)


def report_of(result: str | bytes) -> DeriveReport:
    """Return the report in a result. Raises: ExtractorError for a task that could not work, such as without a model."""
    answer = json.loads(result)
    if "error" in answer:
        message = f"{answer['error']} (on an executor of Spark, which needs what this machine has)"
        raise ExtractorError(message, key=answer["key"], reason=answer["reason"])
    return DeriveReport(StageReport.from_dict(answer["report"]), tuple(answer["batch_ids"]))
