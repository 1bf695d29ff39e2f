"""Iceberg registers the files of the lake as they are, with the code of engines.md: no row is written again."""

import re
from collections.abc import Iterable, Mapping
from contextlib import chdir
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from newslake.pipeline.lake import Lake
from newslake.pipeline.query.connection import connect, query
from newslake.pipeline.query.views import stored_name, table_files
from newslake.pipeline.tables import ANNOTATION_TABLES, CLUSTER_TABLES
from tests.big_lake import make_big_lake
from tests.engines.engine_answers import PAGE, plain

pytestmark = pytest.mark.nightly

CLOSED = ("2024-01", "2024-02")
SPECS = {spec.name: spec for spec in (*ANNOTATION_TABLES, *CLUSTER_TABLES)}
DAYS = "published_date >= DATE '2024-02-10' AND published_date < DATE '2024-03-05'"
JOIN = f"""SELECT e.entity_name, count(DISTINCT a.article_id) AS n FROM {{articles}} a
JOIN {{entities}} e USING (article_id, revision_id, published_date)
WHERE {DAYS} AND e.entity_type = 'PERSON' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a snapshot of a lake of two closed months and an open one."""
    root = tmp_path_factory.mktemp("iceberg")
    lake = Lake(
        make_big_lake(root / "data" / "lake", articles=2_000, days=80),
        durability="process",
        now=lambda: datetime.now(UTC),
    )
    lake.compact(months=CLOSED)
    lake.snapshots.take("2026")
    return root


@pytest.fixture(scope="module")
def registered(home: Path) -> Mapping[str, Any]:
    """The Iceberg table of each table, registered as the page says."""
    section = PAGE.split("\n## Iceberg\n")[1].split("\n## ")[0]
    (code,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    opened, rest = code.split("files = ")
    names: dict[str, Any] = {}
    with chdir(home):
        exec(opened, names)
        for spec in SPECS.values():
            exec(re.sub(r"\bquotes\b", spec.name, f"files = {rest}"), names)
    return {name: names[name] for name in SPECS}


def snapshot_of(home: Path) -> Path:
    return home / "data" / "snapshots" / "2026"


@pytest.mark.parametrize("name", SPECS)
def test_iceberg_has_the_rows_of_each_table(name: str, home: Path, registered: Mapping[str, Any]) -> None:
    """Every file of a table is registered, and each cell is that of `newslake sql`."""
    spec, scan = SPECS[name], registered[name].scan()
    planned = {task.file.file_path.removeprefix("file://") for task in scan.plan_files()}
    assert planned == {str(path) for path in table_files(snapshot_of(home), spec)}
    names, lists = spec.file_schema.names, {each.name for each in spec.columns if pa.types.is_list(each.type)}
    rows = query(connect(snapshot_of(home)), f"SELECT {', '.join(names)} FROM {stored_name(spec)}").rows

    def cells(row: Iterable[Any]) -> str:  # pyiceberg reads some null lists as empty ones
        return repr(
            [[] if cell is None and name in lists else plain(cell) for name, cell in zip(names, row, strict=True)]
        )

    found = sorted(cells(row.values()) for row in scan.to_arrow().select(names).to_pylist())
    assert found == sorted(map(cells, rows))
    assert found


def test_join_of_registered_tables_agrees(home: Path, registered: Mapping[str, Any]) -> None:
    """A join of two Iceberg tables has the rows of `newslake sql`."""
    expected = query(connect(snapshot_of(home)), JOIN.format(articles="articles_stored", entities="entities_stored"))
    with duckdb.connect() as plain:
        for name in ("articles", "entities"):
            plain.register(name, registered[name].scan().to_arrow())
        assert plain.sql(JOIN.format(articles="articles", entities="entities")).fetchall() == list(expected.rows)
    assert len(expected.rows) == 20


def test_scan_of_some_days_opens_the_files_of_their_months(home: Path, registered: Mapping[str, Any]) -> None:
    """A condition on published_date prunes the files of other months and days."""
    scan = registered["quotes"].scan(row_filter="published_date >= '2024-02-05' and published_date < '2024-02-08'")
    assert [Path(task.file.file_path).name for task in scan.plan_files()] == ["2024-02.parquet"]
    scan = registered["quotes"].scan(row_filter="published_date == '2024-03-05'")
    assert [Path(task.file.file_path).name for task in scan.plan_files()] == ["2024-03-05.parquet"]
