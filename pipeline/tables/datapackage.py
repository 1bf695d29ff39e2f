"""The contract as a Data Package (version 2): datapackage.json of a lake, a snapshot or an export.

``TEXT_COLUMNS`` are the columns to drop if text may not be passed on. ``contract_bytes`` is the contract in the Open
Data Contract Standard, which depends on no rows: `make docs` writes it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Any

import pyarrow as pa

from newslake.pipeline.tables.schema import SCHEMA_VERSION
from newslake.pipeline.tables.spec import Column, TableSpec

# Columns with text of the publishers. All others have facts about the text.
#
# An export without text has no sentences, no headlines, no quotes, no long phrases that say where a statement was made,
# and no messages that may quote them. It has names, single words and short phrases that name or date something,
# offsets, ids, hashes, counts and URLs. With the pages, a reader can restore the text from the offsets.
# tests/unit/tables/test_datapackage.py requires a decision on every text column.
TEXT_COLUMNS: Mapping[str, frozenset[str]] = {
    "articles": frozenset({"title", "standfirst", "text"}),
    "quotes": frozenset({"quote_text", "medium_text"}),
    "outcomes": frozenset({"detail"}),
}


def text_columns(spec: TableSpec) -> frozenset[str]:
    """Return the columns of a table to drop if text may not be passed on."""
    return TEXT_COLUMNS.get(spec.name, frozenset())


_ARTICLE_KEY = ("article_id", "revision_id")
# The parent of each table and the columns of the foreign key. Parent and child of a day change in one commit.
PARENTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "entities": ("articles", _ARTICLE_KEY),
    "quotes": ("articles", _ARTICLE_KEY),
    "events": ("articles", _ARTICLE_KEY),
}
_TYPES: Mapping[pa.DataType, str] = {
    pa.string(): "string",
    pa.int32(): "integer",
    pa.float64(): "number",
    pa.bool_(): "boolean",
    pa.date32(): "date",
    pa.timestamp("us", tz="UTC"): "datetime",
}
TEXT_RIGHTS_NOTE = "Texts belong to their publishers: ask them before you pass on more than the law allows."
NO_TEXT_NOTE = "Without texts, headlines and quoted words. The terms of use are those of the person who shares it."

# The data contract of a lake, and that of a snapshot, which has no log tables.
CONTRACT_FILES: Mapping[bool, str] = {True: "datacontract.odcs.yaml", False: "datacontract_without_log.odcs.yaml"}


@cache  # every commit compares it
def contract_bytes(*, has_log: bool) -> bytes:
    """Return datacontract.odcs.yaml. ``has_log`` includes the log tables."""
    return files(__package__).joinpath("data", CONTRACT_FILES[has_log]).read_bytes()


@dataclass(frozen=True, slots=True, kw_only=True)
class TableResource:
    """A table as files. ``path`` is one file, several files, or a glob pattern. ``columns`` are those in the files.

    ``form`` are the properties of the file format.
    """

    name: str
    about: str
    path: str | Sequence[str]
    columns: Sequence[Column]
    key: Sequence[str]
    form: Mapping[str, object]
    rows: int | None = None
    bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DataPackage:
    """Tables and their common properties.

    ``first_day`` and ``last_day`` are the first and last published day. ``fetched_at`` is the fetch time of the newest
    revision. It becomes ``created`` of the package, so that equal rows give equal packages.
    """

    about: str
    resources: Sequence[TableResource]
    sources: Sequence[str]
    has_text: bool
    first_day: date | None
    last_day: date | None
    fetched_at: datetime | None


def package_bytes(package: DataPackage) -> bytes:
    """Return datapackage.json."""
    names = {each.name for each in package.resources}
    licence = {"name": "other-closed", "title": TEXT_RIGHTS_NOTE}
    content = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "newslake",
        "title": "News: articles, entities, quotes, events",
        "description": package.about,
        "version": str(SCHEMA_VERSION),
        "created": None if package.fetched_at is None else package.fetched_at.isoformat(),
        "licenses": [licence if package.has_text else {"name": "notspecified", "title": NO_TEXT_NOTE}],
        "sources": [{"title": title} for title in package.sources],
        "period": _period(package),
        "resources": [_resource(each, names) for each in package.resources],
    }
    return json.dumps(drop_nulls(content), ensure_ascii=False, indent=1).encode() + b"\n"


def _period(package: DataPackage) -> dict[str, str] | None:
    if package.first_day is None or package.last_day is None:
        return None
    return {"first": package.first_day.isoformat(), "last": package.last_day.isoformat()}


def _resource(resource: TableResource, tables: set[str]) -> dict[str, Any]:
    has = {column.name for column in resource.columns}
    table, columns = PARENTS.get(resource.name, ("", ()))
    parent = {"fields": list(columns), "reference": {"resource": table, "fields": list(columns)}}
    schema = {
        "fields": [_field(column) for column in resource.columns],
        "missingValues": [""],
        "primaryKey": list(resource.key) if has.issuperset(resource.key) else None,
        "foreignKeys": [parent] if table in tables else None,
    }
    return drop_nulls(
        {
            "name": resource.name,
            "type": "table",
            "description": resource.about,
            "path": resource.path if isinstance(resource.path, str) else list(resource.path),
            **resource.form,
            "bytes": resource.bytes,
            "rows": resource.rows,
            "schema": drop_nulls(schema),
        }
    )


@cache  # every commit writes the package
def _field(column: Column) -> dict[str, Any]:
    constraints = {"required": None if column.nullable else True, "enum": list(column.values) or None}
    return drop_nulls(
        {
            "name": column.name,
            "type": _TYPES.get(column.type, "array"),
            "description": column.about,
            "constraints": drop_nulls(constraints) or None,
        }
    )


def drop_nulls(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties that have a value."""
    return {name: value for name, value in properties.items() if value is not None}
