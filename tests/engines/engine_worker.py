"""`python engine_worker.py ENGINE FOLDER...`: runs the code of engines.md in each folder and writes the answers.

FOLDER/queries.json has the code: {"one": {table: Python, ...}, "all": Python, "sql": {name: SQL, ...}}. An answer is an
Arrow file, FOLDER/answers/one.TABLE.arrow or NAME.arrow; an error of the engine is a text file, .error.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow as pa

ASK: Mapping[str, Callable[[Any, str], Any]] = {
    "duckdb": lambda db, sql: db.sql(sql),
    "clickhouse": lambda db, sql: pa.ipc.open_file(db.query(sql, "Arrow").bytes()).read_all(),
    "polars": lambda db, sql: db.execute(sql),
    "datafusion": lambda db, sql: db.sql(sql),
    "spark": lambda db, sql: db.sql(sql),
}
_AS_ARROW = ("to_arrow_table", "to_arrow", "toArrow")
_BATCHES = "_collect_as_arrow"  # what Spark 3.5 has in place of toArrow


def as_arrow(found: Any) -> pa.Table:
    """Return a frame of any engine as an Arrow table."""
    if isinstance(found, pa.Table):
        return found
    if hasattr(found, "collect") and hasattr(found, "lazy"):
        found = found.collect()
    for name in _AS_ARROW:
        if hasattr(found, name):
            return getattr(found, name)()
    if hasattr(found, _BATCHES):
        batches = getattr(found, _BATCHES)()
        types = import_module("pyspark.sql.pandas.types")
        return pa.Table.from_batches(batches, None if batches else types.to_arrow_schema(found.schema))
    return pa.Table.from_pandas(found, preserve_index=False)


def answer(engine: str, folder: Path) -> None:
    """Run all code of a folder."""
    os.chdir(folder)
    queries = json.loads(Path("queries.json").read_text("utf-8"))
    Path("answers").mkdir()
    for table, lines in queries["one"].items():
        _leave(f"one.{table}", lambda table=table, lines=lines: _names(lines)[table])
    if queries["all"]:
        names = _names(queries["all"])
        db = names["spark" if engine == "spark" else "db"]
        for name, sql in queries["sql"].items():
            _leave(name, lambda sql=sql: ASK[engine](db, sql))


def _names(lines: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(lines, names)
    return names


def _leave(name: str, answered: Callable[[], Any]) -> None:
    try:
        table = as_arrow(answered())
        with pa.ipc.new_file(f"answers/{name}.arrow", table.schema) as file:
            file.write_table(table)
    except Exception as error:  # noqa: BLE001 - the test of this answer fails with this error
        Path(f"answers/{name}.error").write_text(f"{type(error).__name__}: {error}", "utf-8")


if __name__ == "__main__":
    for each in sys.argv[2:]:
        answer(sys.argv[1], Path(each).absolute())
