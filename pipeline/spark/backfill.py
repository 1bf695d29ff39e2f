"""The driver of a backfill: list the captures of a month, let executors derive them, commit and cluster the month.

While one month is committed, Spark derives the next one. What is done is cached by names that depend on the work alone:
the backfill that is called again after a kill derives only the tasks that had not ended, and commits no batch twice.
"""

import hashlib
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from py4j.protocol import Py4JJavaError
from pyspark import SparkConf, SparkContext
from pyspark.errors import PySparkException
from pyspark.java_gateway import launch_gateway
from pyspark.sql import SparkSession

from newslake.pipeline.environment import set_default_variable
from newslake.pipeline.errors import ConfigError, ExtractorError, LakeError
from newslake.pipeline.jobs.cluster import changed_days, cluster
from newslake.pipeline.jobs.commit import DayCommit, DerivedDay, commit_days
from newslake.pipeline.jobs.derive import DeriveReport
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import pluralize
from newslake.pipeline.spark.plan import TASK_ARTICLES, MonthPlan, articles_of, spread_tasks
from newslake.pipeline.spark.tasks import RESULT_SCHEMA, TASK_SCHEMA, DeriveTask, report_of, run_tasks

_GROUPS_PER_CORE = 4  # of the tasks of a month with few articles: small enough to keep all cores busy
_MONTHS_AT_ONCE = 2  # the next one keeps the cores busy while the last tasks of a month run, and while it is committed
_POLL_SECONDS = 1.0
_TASK_TRIES = 5  # a page ends one worker of Spark, then only children of workers: a group of tasks may have four such
# The line of an error in a stack trace of Python or Java, without the one that only opens a trace.
_ERROR_LINE = re.compile(r"^(?:Caused by: |: )?((?:\w+\.)*\w*(?:Error|Exception): (?!.*Traceback).+)$", re.MULTILINE)
_HERE = f"local[*,{_TASK_TRIES}]"  # all cores of this machine
_OPTIONS = {
    "spark.app.name": "newslake backfill",
    "spark.log.level": "ERROR",
    "spark.python.worker.reuse": "true",  # a worker keeps the model
    "spark.speculation": "false",  # the same task twice at once is only work
    "spark.task.maxFailures": str(_TASK_TRIES),
}


def open_session(master: str | None) -> SparkSession:
    """Return a new session on a master; without one on that of spark-submit, else on all cores of this machine.

    What the caller of spark-submit has set stays. Executors run this Python, unless PYSPARK_PYTHON names another.
    """
    set_default_variable("PYSPARK_PYTHON", sys.executable)  # Spark would take the first python3 of the path
    gateway = launch_gateway()
    conf = gateway.jvm.SparkConf(True)  # only Java knows the options of spark-submit
    wanted = {"spark.master": _HERE, **_OPTIONS}
    options = {name: value for name, value in wanted.items() if not conf.contains(name)}
    options["spark.ui.showConsoleProgress"] = (
        "false"  # a shell has it, and it would write into the progress of newslake
    )
    if master is not None:
        options["spark.master"] = master
    try:
        SparkContext(conf=SparkConf().setAll(list(options.items())), gateway=gateway)
        return SparkSession.builder.getOrCreate()
    except (PySparkException, Py4JJavaError) as error:
        name = options.get("spark.master") or conf.get("spark.master")
        message = f"Spark does not start on {name} ({_cause_of(error)}); check that its master is there"
        raise ConfigError(message, key="master") from error


type Reports = Mapping[DeriveTask, DeriveReport]


@dataclass(frozen=True, slots=True)
class WaitingMonth:
    """A month that executors derive. ``started_at`` is the time of the driver."""

    plan: MonthPlan
    started_at: datetime
    job: Future[Reports]


class SparkBackfill:
    """One call of a backfill. ``report`` gets the number of pages that are derived, about once a second.

    ``version`` is that of the rows, which executors must have too.
    """

    def __init__(self, space: Workspace, spark: SparkSession, *, version: str, report: Callable[[int], None]) -> None:
        self._space = space
        self._spark = spark
        self._version = version
        self._report = report
        self._pages = 0  # of months that are done
        self._before: int | None = None  # pages that an earlier call has derived
        self._rest: dict[str, int] = {}  # the articles that executors derive, by plan: without those of earlier calls
        self._waiting: list[WaitingMonth] = []

    def run(self, plans: Iterable[MonthPlan]) -> Mapping[str, int]:
        """Derive, commit and cluster some months in order; return how many articles were committed, by month.

        Raises: NewsError if an executor cannot work at all, or a month cannot be committed. What was done stays.
        """
        done: dict[str, int] = {}
        self._space.store.turns.forget_ended()  # who died with an earlier driver: its pages are not to blame
        with ThreadPoolExecutor(_MONTHS_AT_ONCE, thread_name_prefix="spark-job") as jobs:
            try:
                for plan in plans:
                    if self._space.lake.get_cached(plan.mark) == self._rows_digest(plan):
                        done[plan.month] = 0
                        self._pages += plan.pages
                        continue
                    job = jobs.submit(self._derive, plan)
                    self._waiting.append(WaitingMonth(plan, self._space.settings.now(), job))
                    if len(self._waiting) == _MONTHS_AT_ONCE:
                        done |= self._finish(self._waiting[0])
                while self._waiting:
                    done |= self._finish(self._waiting[0])
            except BaseException:
                self._cancel()  # else the pool waits until the next month is derived
                raise
        return done

    def _cancel(self) -> None:
        """Cancel the jobs of Spark until there are no more, as one may be about to start."""
        left = {each.job for each in self._waiting}
        while left:
            self._spark.sparkContext.cancelAllJobs()
            left = wait(left, timeout=_POLL_SECONDS).not_done

    def _derive(self, plan: MonthPlan, *, is_again: bool = False) -> Reports:
        """Let executors derive the tasks of a month, without those that an earlier call has done, unless ``is_again``.

        Return the report of each task.
        """
        cached = {} if is_again else {task: self._space.lake.get_cached(task.cache_name) for task in plan.tasks}
        results: dict[DeriveTask, str | bytes] = {task: data for task, data in cached.items() if data is not None}
        rest = [task for task in plan.tasks if task not in results]
        self._rest[plan.name] = articles_of(rest)
        if rest:
            answers = self._submit(plan, rest, is_again=is_again)
            results |= {task: answers[task.day.isoformat(), task.chunk] for task in rest}
        return {task: report_of(result) for task, result in results.items()}

    def _submit(self, plan: MonthPlan, tasks: Sequence[DeriveTask], *, is_again: bool) -> dict[tuple[str, int], str]:
        context = self._spark.sparkContext
        context.setJobGroup(plan.name, f"derive {pluralize(articles_of(tasks), 'article')} of {plan.month}")
        wanted = max(_GROUPS_PER_CORE * context.defaultParallelism, articles_of(tasks) // TASK_ARTICLES)
        groups = [[task.row for task in group] for group in spread_tasks(tasks, min(len(tasks), wanted))]
        rows = context.parallelize(groups, len(groups)).flatMap(list)
        frame = self._spark.createDataFrame(rows, TASK_SCHEMA)
        work = partial(run_tasks, self._space.settings, self._version, is_again=is_again)
        try:
            rows = frame.mapInArrow(work, RESULT_SCHEMA).collect()
        except (PySparkException, Py4JJavaError) as error:
            raise ExtractorError(
                f"Spark gave up a task of {plan.month} ({_cause_of(error)}); its log names the executor; mend "
                "the cause, then run the backfill again: what is done stays",
                key=plan.month,
                reason="killed_worker",
            ) from error
        return {(row.day, row.chunk): row.result for row in rows}

    def _finish(self, month: WaitingMonth) -> dict[str, int]:
        """Commit and cluster a month that executors derive; return the number of its articles that changed."""
        plan = month.plan
        reports = self._wait(month.job)
        try:
            commits = self._commit(plan, reports, month.started_at)
        except LakeError as error:
            if error.reason != "batch_missing":  # an earlier call staged it, and its retention time is over
                raise
            commits = self._commit(plan, self._derive(plan, is_again=True), month.started_at)
        self._report_pages()  # the next month is derived meanwhile
        changed = {day for each in commits.values() for day in each.days}
        for news_day in plan.days:
            changed |= changed_days(self._space, news_day=news_day, days=())
        cluster(self._space, news_day=plan.days[-1], days=changed)
        for task in plan.tasks:  # first: an old result must not be taken for that of a month that is done again
            self._space.lake.drop_cached(task.cache_name)
        self._space.lake.put_cached(plan.mark, self._rows_digest(plan))
        self._waiting.remove(month)
        self._pages += plan.pages
        self._report_pages()
        return {plan.month: sum(each.rows.get("articles", 0) for each in commits.values())}

    def _rows_digest(self, plan: MonthPlan) -> bytes:
        """Return the content of the mark: a digest of the rows that the tables have of the articles of a month.

        A month whose rows were lost, or written by another version since, is done again.
        """
        digest = hashlib.sha256()
        for task in plan.tasks:
            rows = self._space.lake.index.stored(task.article_ids)
            for article_id, row in sorted(rows.items()):
                digest.update(f"{article_id} {row.pipeline_version} {row.kb_version} {row.row_key}\n".encode())
        return digest.hexdigest().encode()

    def _commit(self, plan: MonthPlan, reports: Reports, started_at: datetime) -> dict[date, DayCommit]:
        chunks: dict[date, list[DeriveReport]] = defaultdict(list)
        for task in plan.tasks:
            chunks[task.day].append(reports[task])
        days = [
            DerivedDay(day=day, run_id=f"{plan.name}.{day}", started_at=started_at, chunks=chunks[day])
            for day in plan.days
        ]
        return commit_days(self._space, days, kind="backfill")

    def _wait(self, job: Future[Reports]) -> Reports:
        while not job.done():
            self._report_pages()
            with suppress(TimeoutError):
                return job.result(_POLL_SECONDS)
        return job.result()

    def _report_pages(self) -> None:
        """Report the pages that are derived, once the first group of this call has ended: a rate begins there."""
        if any(each.plan.name not in self._rest for each in self._waiting):
            return  # how many an earlier call has derived is not known yet
        pages = self._pages + sum(map(self._derived_pages, self._waiting))
        if self._before is None:
            self._before = pages
        if pages > self._before:
            self._report(pages)

    def _derived_pages(self, month: WaitingMonth) -> int:
        """Return how many pages of a month are derived, from the ended groups of tasks: they have as many articles."""
        plan = month.plan
        rest = 0 if month.job.done() else self._rest.get(plan.name, plan.articles)
        tracker = self._spark.sparkContext.statusTracker()
        ended = groups = 0
        for number in tracker.getJobIdsForGroup(plan.name):
            info = tracker.getJobInfo(number)
            for stage in map(tracker.getStageInfo, () if info is None else info.stageIds):
                ended += 0 if stage is None else stage.numCompletedTasks
                groups += 0 if stage is None else stage.numTasks
        left = rest * (groups - ended) // groups if groups else rest
        return plan.pages * (plan.articles - left) // plan.articles


def _cause_of(error: Exception) -> str:
    """Return the last error that a message with stack traces of Python and Java names; else its first line."""
    text = str(error).strip()
    *_, last = text.partition("\n")[0], *(match[1] for match in _ERROR_LINE.finditer(text))
    return last[:300]
