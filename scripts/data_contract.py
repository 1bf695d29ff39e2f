"""Generate the contract in the Open Data Contract Standard (ODCS, version 3): the files of `pipeline/tables/data/`.

    python -m scripts.data_contract

One is datacontract.odcs.yaml of a lake, the other that of a snapshot, which has no log tables. They have JSON, which is
also YAML. They depend on the tables alone, not on their rows: datapackage.json has the numbers of rows and bytes, and
the sources.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from newslake.pipeline.tables.datapackage import CONTRACT_FILES, PARENTS, TEXT_RIGHTS_NOTE, drop_nulls, text_columns
from newslake.pipeline.tables.log_schema import LOG_TABLES
from newslake.pipeline.tables.schema import SCHEMA_VERSION, TABLES
from newslake.pipeline.tables.spec import Column, TableSpec

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "pipeline" / "tables" / "data"
API_VERSION = "v3.2.0"
_PURPOSE = "News articles and what their text says: entities, quotes and events, with the provenance of each row."
_USAGE = (
    "Open the files with SQL or a data frame. Join the annotation tables on article_id and revision_id. Offsets count "
    "code points of articles.text. A null value is unknown."
)
# Logical types of the standard, and physical types by names that its tools know for Parquet.
_TYPES: Mapping[pa.DataType, tuple[str, str]] = {
    pa.string(): ("string", "string"),
    pa.int32(): ("integer", "int32"),
    pa.float64(): ("number", "double"),
    pa.bool_(): ("boolean", "boolean"),
    pa.date32(): ("date", "date"),
    pa.timestamp("us", tz="UTC"): ("timestamp", "timestamp_tz"),
}
# Relative to the lake; the tools replace {model} by the name of a table. Tables and logs are in two folders.
_SERVER = {"server": "lake", "type": "local", "path": "*/{model}/*/*.parquet", "format": "parquet"}


def main() -> int:
    """Write both files."""
    FOLDER.mkdir(exist_ok=True)
    for has_log, name in CONTRACT_FILES.items():
        (FOLDER / name).write_bytes(generate_contract(has_log=has_log))
    return 0


def generate_contract(*, has_log: bool) -> bytes:
    """Return a contract of the tables. ``has_log`` includes the log tables."""
    specs = (spec for spec in TABLES if has_log or spec not in LOG_TABLES)
    content = {
        "apiVersion": API_VERSION,
        "kind": "DataContract",
        "id": "newslake",
        "name": "newslake",
        "version": str(SCHEMA_VERSION),
        "status": "active",
        "description": {"purpose": _PURPOSE, "usage": _USAGE, "limitations": TEXT_RIGHTS_NOTE},
        "servers": [_SERVER],
        "schema": list(map(_table, specs)),
    }
    return json.dumps(content, ensure_ascii=False, indent=1).encode() + b"\n"


def _table(spec: TableSpec) -> dict[str, Any]:
    return drop_nulls(
        {
            "name": spec.name,
            "physicalName": spec.name,
            "logicalType": "object",
            "physicalType": "table",
            "description": spec.about,
            "properties": [*(_property(spec, column) for column in spec.file_columns), _partition(spec)],
            "relationships": list(_relationships(spec)) or None,
        }
    )


def _property(spec: TableSpec, column: Column) -> dict[str, Any]:
    is_key = column.name in spec.whole_key
    return drop_nulls(
        {
            "name": column.name,
            **_types(column.type),
            "description": column.about,
            "required": not column.nullable,
            "primaryKey": is_key or None,
            "primaryKeyPosition": spec.whole_key.index(column.name) + 1 if is_key else None,
            "enum": [{"value": value} for value in column.values] or None,
            "classification": "publisher text" if column.name in text_columns(spec) else None,
        }
    )


def _partition(spec: TableSpec) -> dict[str, Any]:
    """Return the month, which is in the names of the folders and not in the files."""
    return {
        "name": spec.month_column,
        **_types(pa.string()),
        "description": f"Month of {spec.day_column}, YYYY-MM: a part of the path.",
        "required": True,
        "partitioned": True,
        "partitionKeyPosition": 1,
    }


def _types(kind: pa.DataType) -> dict[str, Any]:
    """Return the logical and the physical type, with the items of a list and the properties of a struct."""
    if pa.types.is_list(kind):
        return {"logicalType": "array", "physicalType": "list", "items": _types(kind.value_type)}
    if pa.types.is_struct(kind):
        fields = [{"name": field.name, **_types(field.type)} for field in kind]
        return {"logicalType": "object", "physicalType": "struct", "properties": fields}
    logical, physical = _TYPES[kind]
    return {"logicalType": logical, "physicalType": physical}


def _relationships(spec: TableSpec) -> Iterator[dict[str, Sequence[str]]]:
    if spec.name in PARENTS:
        parent, columns = PARENTS[spec.name]
        yield {"from": [f"{spec.name}.{each}" for each in columns], "to": [f"{parent}.{each}" for each in columns]}


if __name__ == "__main__":
    sys.exit(main())
