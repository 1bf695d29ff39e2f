"""The plan of a backfill on Spark: names of months and tasks, and what a task without a model says. Without Spark."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from newslake.pipeline.errors import ExtractorError
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import Page
from newslake.pipeline.settings import Settings
from newslake.pipeline.spark.plan import MonthPlan, plan_months, spread_tasks
from newslake.pipeline.spark.tasks import DeriveTask, report_of, rows_version, run_tasks

pytestmark = [pytest.mark.model]

FIRST, LAST = date(2026, 1, 31), date(2026, 2, 1)


def archive(space: Workspace, *, day: date, body: str, article: str = "", source: str = "made") -> None:
    """Archive one capture of a page of a day: of another article and source, if they are given."""
    at = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=len(body))
    url = f"https://made.example/{day}/{article}"
    page = Page(
        url=url,
        final_url=url,
        status=200,
        headers={"content-type": "text/html; charset=utf-8"},
        body=f"<html lang=en><title>Ferry</title><article><p>{body}</p></article></html>".encode(),
        fetched_at=at,
    )
    with space.archive.writer(source_key=source, run_id=f"in-{day}-{len(body)}") as writer:
        writer.put(page, news_day=day, article_id=(article or f"{day:%Y%m%d}").ljust(32, "0"))


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    """A data root with one archived page in each of two months."""
    (tmp_path / "sources.toml").touch()
    space = Workspace(Settings(data_dir=tmp_path, sources_file=tmp_path / "sources.toml", durability="process"))
    for day in (FIRST, LAST):
        archive(space, day=day, body="The ferry left.")
    return space


def plans(space: Workspace, **options: Any) -> list[MonthPlan]:
    """Return the plans of the archived days."""
    given = {"version": "v", **options}
    return list(plan_months(space.archive, space.archive.counts_by_day(FIRST, LAST), **given))


def test_same_work_has_the_same_names(space: Workspace) -> None:
    """The same captures give the same plan, by which a backfill finds what is done; a new capture renames its month."""
    [january, february] = plans(space)
    assert (january.month, february.month) == ("2026-01", "2026-02")
    assert plans(space) == [january, february]

    archive(space, day=LAST, body="The ferry came back.")
    [same, other] = plans(space)

    assert same == january
    assert other.name != february.name
    assert {task.cache_name for task in other.tasks}.isdisjoint(task.cache_name for task in february.tasks)
    assert other.articles == february.articles == 1


def test_another_version_is_other_work(space: Workspace) -> None:
    """Other rules or corrections rename every month, so that nothing of before counts as done."""
    before, after = plans(space), plans(space, version="w")
    assert {each.name for each in before}.isdisjoint(each.name for each in after)
    assert [each.tasks[0].article_ids for each in before] == [each.tasks[0].article_ids for each in after]


def test_articles_of_a_task_are_neighbours_in_the_archive(space: Workspace) -> None:
    """A task has each article once, where its last capture is, in the order of the files; others are not chosen."""
    archive(space, day=LAST, body="Gulls.", article="b", source="other")
    archive(space, day=LAST, body="The ferry came back late.")
    archive(space, day=LAST, body="Buoys are repaired.", article="a")

    [_, month] = plans(space)
    [task] = month.tasks
    assert [each.rstrip("0") for each in task.article_ids] == ["a", f"{LAST:%Y%m%d}".rstrip("0"), "b"]
    assert (month.pages, month.articles) == (4, 3)
    [of_other] = plans(space, source_keys=["other"])
    assert (of_other.month, of_other.pages) == ("2026-02", 1)


def test_groups_have_about_as_many_articles() -> None:
    """Days of a skewed month are spread, so that no core waits long for another one: nothing is lost or twice."""
    sizes = [500] * 18 + [20, 3, 3, 1]
    tasks = [DeriveTask(FIRST, "run", number, ["x"] * size) for number, size in enumerate(sizes)]

    groups = spread_tasks(tasks, 4)

    assert sorted(task.chunk for group in groups for task in group) == list(range(len(sizes)))
    totals = [sum(len(task.article_ids) for task in group) for group in groups]
    assert max(totals) - min(totals) <= 500
    assert totals == sorted(totals, reverse=True)
    assert spread_tasks(tasks[:1], 4) == [tasks[:1]]


def run_one(settings: Settings, version: str, task: DeriveTask, *, is_again: bool = False) -> str:
    """Do one task as Spark does; return its result."""
    day, run_id, chunk, article_ids = task.row
    row = {"day": day, "run_id": run_id, "chunk": chunk, "article_ids": article_ids}
    [batch] = run_tasks(settings, version, [pa.RecordBatch.from_pylist([row])], is_again=is_again)
    [done] = batch.to_pylist()
    assert (done["day"], done["chunk"]) == (day, chunk)
    result: str = done["result"]
    return result


def test_executor_without_the_model_is_an_error(space: Workspace) -> None:
    """A task without its model returns a result that the driver reads as one clear sentence, and caches nothing."""
    [task] = plans(space)[0].tasks
    settings = space.settings.model_copy(update={"spacy_model": "no_such_model"})

    result = run_one(settings, rows_version(space.settings), task)

    with pytest.raises(ExtractorError, match=r"no_such_model") as caught:
        report_of(result)
    assert "on an executor of Spark" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert space.lake.get_cached(task.cache_name) is None


def test_executor_with_other_corrections_does_nothing(
    space: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Executors on hosts with another overrides.toml would make other rows; they say so instead."""
    [task] = plans(space)[0].tasks
    version = rows_version(space.settings)
    other = tmp_path / "host" / "overrides.toml"
    other.parent.mkdir()
    other.write_text('[names."Jane Roe"]\nqid = "Q1"\n', "utf-8")
    monkeypatch.setenv("NEWS_OVERRIDES_FILE", str(other))

    result = run_one(space.settings, version, task)

    with pytest.raises(ExtractorError, match=r"overrides\.toml") as caught:
        report_of(result)
    assert caught.value.reason == "other_version"
    assert space.lake.get_cached(task.cache_name) is None
    monkeypatch.delenv("NEWS_OVERRIDES_FILE")
    assert report_of(run_one(space.settings, version, task)).report.discovered == 1


def test_task_that_has_a_result_is_not_done_twice(space: Workspace) -> None:
    """Spark tries a group of tasks again as a whole: those that had ended return their result, unless it is lost."""
    [task] = plans(space)[0].tasks
    space.lake.put_cached(task.cache_name, b"the result of the first try")

    assert run_one(space.settings, rows_version(space.settings), task) == "the result of the first try"
    again = run_one(space.settings, "another version", task, is_again=True)

    with pytest.raises(ExtractorError, match="another version"):
        report_of(again)
