"""The answers of each engine, from the code in docs/addons/engines.md."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from contextlib import chdir
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
from typer.testing import CliRunner

from newslake.pipeline.cli import app
from newslake.pipeline.query.views import stored_name, table_dir, table_files
from newslake.pipeline.tables import TABLES, TableSpec

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/addons/engines.md").read_text("utf-8")
SECTIONS = {
    "duckdb": "DuckDB",
    "clickhouse": "ClickHouse and chDB",
    "polars": "Polars",
    "datafusion": "DataFusion",
    "pandas": "pandas and pyarrow",
    "spark": "Spark",
}
# TZ reveals an engine that returns times in the machine's zone. Spark needs only one task for a few rows.
ENVIRONMENT = {
    "TZ": "America/New_York",
    "PYSPARK_SUBMIT_ARGS": "--master local[1] --conf spark.sql.shuffle.partitions=1 --conf spark.ui.enabled=false "
    "--conf spark.driver.bindAddress=127.0.0.1 --conf spark.driver.host=127.0.0.1 pyspark-shell",
}
Rows = list[dict[str, Any]]


class PageAnswers:
    """Runs an engine in its own process on all lakes, when its first answer is needed.

    ``homes`` are folders that contain data/lake, ``questions`` has SQL by engine and name.
    """

    def __init__(self, homes: Mapping[str, Path], questions: Mapping[str, Mapping[str, str]], folder: Path) -> None:
        self.homes = homes
        self._questions = questions
        self._folder = folder

    def rows(self, engine: str, lake: str, name: str) -> Rows:
        """Return the rows of one answer in its order. Fails with the engine's error."""
        if not (self._folder / engine).exists():
            self._run(engine)
        answers = self._folder / engine / lake / "answers"
        error = answers / f"{name}.error"
        assert not error.exists(), error.read_text("utf-8")
        arrow = answers / f"{name}.arrow"
        assert arrow.exists(), f"{engine} ended before {name}"
        found = pa.ipc.open_file(arrow).read_all()
        return [{name: plain(value) for name, value in row.items()} for row in found.to_pylist()]

    def _run(self, engine: str) -> None:
        folders = [self._prepared(engine, lake) for lake in self.homes]
        # Spark's JVM keeps its first working directory, so each folder needs its own process.
        for together in [[folder] for folder in folders] if engine == "spark" else [folders]:
            done = subprocess.run(
                [sys.executable, Path(__file__).with_name("engine_worker.py"), engine, *together],
                env={**os.environ, **ENVIRONMENT},
                cwd=together[0],
                check=False,
                capture_output=True,
                text=True,
            )
            assert done.returncode == 0, done.stderr

    def _prepared(self, engine: str, lake: str) -> Path:
        folder, home = self._folder / engine / lake, self.homes[lake]
        folder.mkdir(parents=True)
        (folder / "data").symlink_to(home / "data")
        one, calls, both = shown(engine)
        tables = {spec.name: _of_table(one, spec) for spec in TABLES if table_files(home / "data" / "lake", spec)}
        sql = dict(self._questions.get(engine, {}))
        sql |= {f"all.{spec.name}": f"SELECT * FROM {stored_name(spec)}" for spec in TABLES}
        (folder / "queries.json").write_text(json.dumps({"one": tables, "all": both, "sql": sql}), "utf-8")
        call_newslake(calls, folder)
        return folder


@cache
def shown(engine: str) -> tuple[str, str, str]:
    """Return the code of an engine's section: opening one table, calling newslake, opening all tables."""
    section = PAGE.split(f"\n## {SECTIONS[engine]}\n")[1].split("\n## ")[0]
    one, *both = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    calls = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)
    return one, "".join(calls), "".join(both)


def _of_table(lines: str, spec: TableSpec) -> str:
    """Return the code for the table quotes, adapted to another table."""
    there = lines.replace("lake/tables/quotes", f"lake/{table_dir(Path(), spec)}").replace(
        "published_month", spec.month_column
    )
    return re.sub(r"\bquotes\b", spec.name, there)


def call_newslake(lines: str, folder: Path) -> None:
    for line in lines.splitlines():
        arguments, _, file = line.removeprefix("newslake ").partition(" > ")
        with chdir(folder):
            done = CliRunner().invoke(app, arguments.split(), catch_exceptions=False)
        assert done.exit_code == 0, done.output
        (folder / file).write_text(done.stdout, "utf-8")


def plain(value: Any) -> Any:
    """Return a cell as a built-in Python type, times in UTC."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
    return float(value) if isinstance(value, Decimal) else value
