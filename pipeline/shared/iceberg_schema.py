"""The tables of the contract as Iceberg tables: schema, partition, sort order, properties.

Field ids are those of the catalog, looked up by name: a column that is added later changes no other. A log table also
has the batch that appended each row: a batch that is appended again replaces its rows.
"""

from collections.abc import Iterator
from functools import cache
from itertools import count
from typing import Any

import pyarrow as pa
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table.sorting import NullOrder, SortField, SortOrder
from pyiceberg.transforms import IdentityTransform, MonthTransform, Transform
from pyiceberg.types import (
    BooleanType,
    DateType,
    DoubleType,
    IcebergType,
    IntegerType,
    ListType,
    NestedField,
    StringType,
    StructType,
    TimestamptzType,
)

from newslake.pipeline.tables import ANNOTATION_TABLES, CLUSTER_TABLES, LOG_TABLES, Column, TableSpec
from newslake.pipeline.tables.spec import TEXT

BATCH = Column("batch_id", TEXT, "Batch that appended the row.")
LAKE_NAMES = tuple(spec.name for spec in (*ANNOTATION_TABLES, *CLUSTER_TABLES))
LOG_NAMES = tuple(spec.name for spec in LOG_TABLES)
BATCH_OF = dict.fromkeys(LOG_NAMES, (BATCH.name,))  # columns of a file that only log tables have
FIELD_ID = b"PARQUET:field_id"
_PLAIN: dict[pa.DataType, IcebergType] = {
    pa.string(): StringType(),
    pa.int32(): IntegerType(),
    pa.float64(): DoubleType(),
    pa.bool_(): BooleanType(),
    pa.date32(): DateType(),
    pa.timestamp("us", tz="UTC"): TimestamptzType(),
}


def columns_of(spec: TableSpec) -> tuple[Column, ...]:
    """Return the columns of a table in Iceberg: those of a file and, in a log table, the batch."""
    return (*spec.file_columns, BATCH) if spec.name in LOG_NAMES else spec.file_columns


@cache
def arrow_schema(spec: TableSpec) -> pa.Schema:
    """Return the Arrow schema of the data files of a table."""
    return (
        spec.file_schema.append(pa.field(BATCH.name, BATCH.type, False)) if spec.name in LOG_NAMES else spec.file_schema
    )


def iceberg_schema(spec: TableSpec) -> Schema:
    """Return the schema of a new table. Columns come first in the numbering, then the fields within them."""
    columns = columns_of(spec)
    nested = count(len(columns) + 1)
    return Schema(
        *(
            NestedField(
                number, column.name, _iceberg_type(column.type, nested), required=not column.nullable, doc=column.about
            )
            for number, column in enumerate(columns, start=1)
        )
    )


def _iceberg_type(kind: pa.DataType, ids: Iterator[int]) -> IcebergType:
    if pa.types.is_list(kind):
        element = next(ids)
        return ListType(element, _iceberg_type(kind.value_type, ids), element_required=not kind.value_field.nullable)
    if pa.types.is_struct(kind):
        numbers = [next(ids) for _ in kind]
        fields = zip(numbers, kind, strict=True)
        return StructType(
            *(NestedField(n, f.name, _iceberg_type(f.type, ids), required=not f.nullable) for n, f in fields)
        )
    return _PLAIN[kind]


def partition_spec(spec: TableSpec, schema: Schema) -> PartitionSpec:
    """Return the partition by the month of the day column."""
    source = schema.find_field(spec.day_column).field_id
    return PartitionSpec(PartitionField(source, 1000, MonthTransform(), spec.month_column))


def sort_order(spec: TableSpec, schema: Schema) -> SortOrder:
    """Return the order of the rows of a file: by day, then as the contract says."""
    names = (spec.day_column, *spec.sort_by)
    identity: Transform[Any, Any] = IdentityTransform()
    last = NullOrder.NULLS_LAST
    return SortOrder(*(SortField(schema.find_field(name).field_id, identity, null_order=last) for name in names))


def properties_of(spec: TableSpec) -> dict[str, str]:
    """Return the properties of a new table. Only days have statistics, as only these prune."""
    return {
        "format-version": "2",
        "write.parquet.compression-codec": "zstd",
        "write.parquet.compression-level": "3",
        "write.metadata.previous-versions-max": "10",
        "write.metadata.metrics.default": "none",
        **{f"write.metadata.metrics.column.{name}": "full" for name in (spec.day_column, *BATCH_OF.get(spec.name, ()))},
        "commit.manifest-merge.enabled": "true",
        "commit.manifest.min-count-to-merge": "8",
        "newslake.columns": spec.fingerprint,
    }


def with_field_ids(arrow: pa.Schema, schema: Schema) -> pa.Schema:
    """Return an Arrow schema whose fields have the ids of the catalog's schema, as Iceberg's readers expect."""
    return pa.schema([_field_with_id(field, schema.find_field(field.name)) for field in arrow])


def _field_with_id(field: pa.Field, known: NestedField) -> pa.Field:
    return pa.field(
        field.name,
        _type_with_ids(field.type, known.field_type),
        field.nullable,
        metadata={FIELD_ID: str(known.field_id).encode()},
    )


def _type_with_ids(kind: pa.DataType, known: IcebergType) -> pa.DataType:
    if isinstance(known, ListType):
        return pa.list_(_field_with_id(kind.value_field.with_name("element"), known.element_field))
    if isinstance(known, StructType):
        fields = {each.name: each for each in known.fields}
        return pa.struct([_field_with_id(each, fields[each.name]) for each in kind])
    return kind


def schema_problems(spec: TableSpec, schema: Schema) -> Iterator[str]:
    """Yield what of a catalog's table differs from the contract, as phrases."""
    wanted = {field.name: field for field in iceberg_schema(spec).fields}
    there = {field.name: field for field in schema.fields}
    yield from (f"has no column {name}" for name in wanted if name not in there)
    yield from (f"has a column {name}, which this version does not know" for name in there if name not in wanted)
    for name in wanted.keys() & there.keys():
        if _shape(wanted[name].field_type) != _shape(there[name].field_type):
            yield f"has another type of the column {name}"


def _shape(kind: IcebergType) -> object:
    """Return a type without its ids."""
    if isinstance(kind, ListType):
        return ("list", _shape(kind.element_type))
    if isinstance(kind, StructType):
        return tuple((each.name, _shape(each.field_type)) for each in kind.fields)
    return str(kind)
