"""A backfill on Spark after a loss or another version: the marks of an earlier call and the rows of its months.

The driver is that of Spark; the tasks run in this process, without a JVM.
"""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pytest

from newslake.pipeline.clean import page_identity
from newslake.pipeline.jobs.pipeline_version import version_of
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.settings import Settings
from newslake.pipeline.spark.plan import plan_months
from newslake.pipeline.spark.tasks import rows_version, run_tasks
from newslake.pipeline.upkeep.maintenance import repair
from tests.engines.spark_archive import FIRST, page_of
from tests.scale.comparison import store_of
from tests.store.shared_stores import StoreServices
from tests.store.shared_town import HASTY

driver = pytest.importorskip("newslake.pipeline.spark.backfill")  # needs Spark

pytestmark = [pytest.mark.model, pytest.mark.timeout(300)]
PAGES = 3


class BackfillHere(driver.SparkBackfill):
    """The driver without a session: executors are this process."""

    def _submit(self, plan: Any, tasks: Any, *, is_again: bool) -> dict[tuple[str, int], str]:
        rows = [dict(zip(("day", "run_id", "chunk", "article_ids"), task.row, strict=True)) for task in tasks]
        batch = pa.RecordBatch.from_pylist(rows)
        found = run_tasks(self._space.settings, self._version, [batch], is_again=is_again)
        return {(row["day"], row["chunk"]): row["result"] for each in found for row in each.to_pylist()}

    def _report_pages(self) -> None:
        """Report nothing: there is no job of Spark to ask."""

    def _cancel(self) -> None:
        """Cancel nothing."""


def backfill(space: Workspace) -> Mapping[str, int]:
    version = rows_version(space.settings)
    plans = plan_months(space.archive, space.archive.days(), version=version)
    return BackfillHere(space, None, version=version, report=lambda pages: None).run(plans)  # type: ignore[arg-type]


def put_pages(space: Workspace) -> None:
    with space.at_work() as lease, space.archive.writer(source_key="made", run_id="in", lease=lease) as writer:
        for page in (page_of(number, FIRST) for number in range(PAGES)):
            writer.put(page, news_day=FIRST, article_id=page_identity(page).article_id)


def test_lost_tables_are_filled_again(weed, postgres, schema, tmp_path):
    """A month that an earlier call has done is done again if the tables were lost and given up."""
    services = StoreServices(weed=weed, database_url=postgres.url, name=schema, folder=tmp_path)
    (tmp_path / "sources.toml").touch()
    space = services.workspace(patience=HASTY)
    put_pages(space)
    assert [backfill(space), backfill(space)] == [{"2026-01": PAGES}, {"2026-01": 0}]
    store_of(space).places.catalog.drop_table((schema, "quotes"))
    repair(services.workspace(patience=HASTY), gives_up=["tables"])
    last = services.workspace(patience=HASTY)
    assert backfill(last) == {"2026-01": PAGES}
    assert last.lake.read("articles").num_rows == PAGES


@pytest.mark.parametrize("store", ["local", "shared"])
def test_rows_of_another_version_are_replaced_also_after_a_change_there_and_back(store, request, tmp_path):
    """A month that was done by one version, then by another, is done again by the first one."""
    (tmp_path / "sources.toml").touch()

    def space(*, infer_gender: bool) -> Workspace:
        if store == "local":
            given = {"sources_file": tmp_path / "sources.toml", "infer_gender": infer_gender}
            return Workspace(Settings.load(data_dir=tmp_path / "data", durability="process", **given))
        weed, postgres, schema = map(request.getfixturevalue, ("weed", "postgres", "schema"))
        services = StoreServices(weed=weed, database_url=postgres.url, name=schema, folder=tmp_path)
        return services.workspace(patience=HASTY, infer_gender=infer_gender)

    put_pages(space(infer_gender=True))
    versions = set()
    for infer_gender in (True, False, True):
        now = space(infer_gender=infer_gender)
        assert backfill(now) == {"2026-01": PAGES}
        assert backfill(now) == {"2026-01": 0}
        [version] = set(now.lake.read("articles").column("pipeline_version").to_pylist())
        assert version == version_of(now.settings)
        versions.add(version)
    assert len(versions) == 2
