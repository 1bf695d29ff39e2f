"""The plan of a backfill on Spark: names of months and tasks, and what a task without a model says. Without Spark."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline.errors import ExtractorError
from pipeline.jobs.workspace import Workspace
from pipeline.model import Page
from pipeline.settings import Settings
from pipeline.spark.plan import plan_months
from pipeline.spark.tasks import report_of, run_tasks

pytestmark = [pytest.mark.model]

FIRST, LAST = date(2026, 1, 31), date(2026, 2, 1)


def archive(space: Workspace, *, day: date, body: str) -> None:
    """Archive one capture of a page of a day."""
    at = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=len(body))
    url = f"https://made.example/{day}"
    page = Page(
        url=url,
        final_url=url,
        status=200,
        headers={"content-type": "text/html; charset=utf-8"},
        body=f"<html lang=en><title>Ferry</title><article><p>{body}</p></article></html>".encode(),
        fetched_at=at,
    )
    with space.archive.writer(source_key="made", run_id=f"in-{day}-{len(body)}") as writer:
        writer.put(page, news_day=day, article_id=f"{day:%Y%m%d}".ljust(32, "0"))


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    """A data root with one archived page in each of two months."""
    (tmp_path / "sources.toml").touch()
    space = Workspace(Settings(data_dir=tmp_path, sources_file=tmp_path / "sources.toml", durability="process"))
    for day in (FIRST, LAST):
        archive(space, day=day, body="The ferry left.")
    return space


def test_same_work_has_the_same_names(space: Workspace) -> None:
    """The same captures give the same plan, by which a backfill finds what is done; a new capture renames its month."""
    [january, february] = plan_months(space, first=FIRST, last=LAST)
    assert (january.month, february.month) == ("2026-01", "2026-02")
    assert list(plan_months(space, first=FIRST, last=LAST)) == [january, february]

    archive(space, day=LAST, body="The ferry came back.")
    [same, other] = plan_months(space, first=FIRST, last=LAST)

    assert same == january
    assert other.name != february.name
    assert {task.cache_name for task in other.tasks}.isdisjoint(task.cache_name for task in february.tasks)
    assert other.articles == february.articles == 1


def test_executor_without_the_model_is_an_error(space: Workspace) -> None:
    """A task without its model returns a result that the driver reads as one clear sentence, and caches nothing."""
    [plan, _] = plan_months(space, first=FIRST, last=LAST)
    [task] = plan.tasks
    day, run_id, chunk, article_ids = task.row
    row = {"day": day, "run_id": run_id, "chunk": chunk, "article_ids": article_ids}
    settings = space.settings.model_copy(update={"spacy_model": "no_such_model"})

    [batch] = run_tasks(settings, [pa.RecordBatch.from_pylist([row])])

    [done] = batch.to_pylist()
    assert (done["day"], done["chunk"]) == (day, chunk)
    with pytest.raises(ExtractorError, match=r"no_such_model") as caught:
        report_of(done["result"])
    assert "on an executor of Spark" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert space.lake.get_cached(task.cache_name) is None
