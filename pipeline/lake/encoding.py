"""Tables as Parquet bytes and back. Bytes depend on rows alone: sorted, one chunk, fixed options, no names or times."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.errors import LakeError
from pipeline.tables import SCHEMA_VERSION, TableSpec

# Measured; the reasons are in docs/adr. A row group is DuckDB's own size; a day's file seldom has two.
_ROW_GROUP = 122_880
_OPTIONS: dict[str, Any] = {
    "compression": "zstd",
    "compression_level": 3,
    "version": "2.6",
    "write_statistics": True,
    "write_page_index": True,
    "store_schema": True,
}


# Numbers that grow along the rows of an article are kept as differences: a third of the bytes of a dictionary.
_DELTA_SUFFIXES = ("_char", "_index")


def encode(table: pa.Table, spec: TableSpec, *, metadata: Mapping[str, str] | None = None) -> memoryview:
    """Return the Parquet bytes of rows that stand in the contract's order already.

    The file says what it is: its table with its sentence, the contract's version, and with each column its sentence.
    ``metadata`` comes into its footer beside that.
    """
    stated = spec.schema.with_metadata({"schema_version": str(SCHEMA_VERSION), "table": spec.name, "about": spec.about})
    whole = table.combine_chunks()
    sink = pa.BufferOutputStream()
    order = pq.SortingColumn.from_ordering(stated, [(name, "ascending") for name in spec.sort_by])
    leaves = tuple(_leaves(stated))
    growing = [name for name in leaves if name.endswith(_DELTA_SUFFIXES)]
    with pq.ParquetWriter(
        sink,
        stated,
        sorting_columns=order,
        use_dictionary=[name for name in leaves if name not in growing],
        column_encoding=dict.fromkeys(growing, "DELTA_BINARY_PACKED"),
        **_OPTIONS,
    ) as writer:
        writer.write_table(pa.Table.from_arrays(whole.columns, schema=stated), row_group_size=_ROW_GROUP)
        if metadata is not None:
            writer.add_key_value_metadata(metadata)
    return memoryview(sink.getvalue())


def _leaves(schema: pa.Schema) -> Iterator[str]:
    """Yield the columns as they lie in Parquet: a list has one for each field of its elements."""
    for field in schema:
        element = field.type.value_type if pa.types.is_list(field.type) else None
        if element is None:
            yield field.name
        elif pa.types.is_struct(element):
            yield from (f"{field.name}.list.element.{inner.name}" for inner in element)
        else:
            yield f"{field.name}.list.element"


def sort_rows(table: pa.Table, spec: TableSpec) -> pa.Table:
    """Return rows in the contract's order; rows that stand in it already are not copied."""
    order = pc.sort_indices(table.select(spec.sort_by), sort_keys=[(name, "ascending") for name in spec.sort_by])
    steps = pc.pairwise_diff(order.cast(pa.int64()), period=1)
    is_sorted = pc.all(pc.equal(steps, 1), min_count=0).as_py()
    return table if is_sorted else table.take(order)


def decode(data: bytes, spec: TableSpec, *, key: str, columns: Sequence[str] | None = None) -> pa.Table:
    """Return the rows of a file in the contract's columns, or some of them; one that is newer than the file is null.

    Raises: LakeError (file_broken) where the bytes are no Parquet of this table.
    """
    try:
        schema = spec.schema if columns is None else pa.schema([spec.schema.field(name) for name in columns])
        with pq.ParquetFile(pa.BufferReader(data)) as file:
            stored = set(file.schema_arrow.names)
            table = file.read(columns=[name for name in schema.names if name in stored])
        return conform(table, schema)
    except (pa.ArrowException, OSError, ValueError, KeyError) as error:
        raise LakeError(f"{key} cannot be read as {spec.name}: {error}", key=key, reason="file_broken") from error


def conform(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return rows in a schema's columns and types; widens, and adds nullable columns.

    Raises: KeyError for a required column that is missing, ArrowInvalid for values that do not fit.
    """
    return pa.Table.from_arrays([_column(table, field) for field in schema], schema=schema)


def _column(table: pa.Table, field: pa.Field) -> pa.ChunkedArray:
    if field.name in table.schema.names:
        return table[field.name].cast(field.type)
    if not field.nullable:
        raise KeyError(field.name)
    return pa.chunked_array([pa.nulls(table.num_rows, field.type)])
