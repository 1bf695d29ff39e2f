"""How tables are packed in Parquet: bytes that depend on rows alone, and encodings that every engine reads."""

import random
from datetime import UTC, date, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from newslake.pipeline.lake.packing import writer_options
from newslake.pipeline.lake.storage import decode, encode, sort_rows, with_day
from newslake.pipeline.tables import TABLES, TableSpec, rows_table

SPECS = [pytest.param(spec, id=spec.name) for spec in TABLES]
WORDS = ("", "plain", "é 😀", "a longer text with several words")
# What Spark 3.3, Trino and DuckDB 1.0 read; newer encodings of whole numbers pack better, but many readers lack them.
WIDELY_READ = {"PLAIN", "RLE", "RLE_DICTIONARY", "DELTA_BINARY_PACKED"}


def value(kind: pa.DataType, chance: random.Random) -> object:
    if pa.types.is_list(kind):
        return [value(kind.value_type, chance) for _ in range(chance.randrange(3))]
    if pa.types.is_struct(kind):
        return {field.name: value(field.type, chance) for field in kind}
    pools = {pa.string(): WORDS, pa.int32(): range(-9, 9), pa.float64(): (0.0, 0.1, 1e300), pa.bool_(): (True, False)}
    moment = datetime.fromtimestamp(chance.randrange(10**9), UTC)
    if pa.types.is_timestamp(kind):
        return moment
    return moment.date() if pa.types.is_date(kind) else chance.choice(pools[kind])


def made_rows(spec: TableSpec, *, count: int) -> pa.Table:
    chance = random.Random(spec.name)
    rows = [
        {c.name: None if c.nullable and chance.random() < 0.3 else value(c.type, chance) for c in spec.columns}
        for _ in range(count)
    ]
    return with_day(sort_rows(rows_table(spec, rows), spec).combine_chunks(), spec, date(2026, 3, 2))


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("count", [0, 1, 300])
def test_rows_come_back_with_their_types(spec: TableSpec, count: int) -> None:
    """Rows that are read back equal the rows that were written, in values and types, without a stored Arrow schema."""
    rows = made_rows(spec, count=count)
    data = bytes(encode(rows, spec))

    assert decode(data, spec, key="made", columns=spec.file_schema.names).equals(rows)
    assert pq.read_table(pa.BufferReader(data)).schema.remove_metadata().types == rows.schema.types


@pytest.mark.parametrize("spec", SPECS)
def test_bytes_depend_on_rows_alone(spec: TableSpec) -> None:
    """The same rows in other chunks have the same bytes."""
    rows = made_rows(spec, count=300)
    chunks = pa.concat_tables([rows.slice(0, 7), rows.slice(7, 200), rows.slice(207)])

    assert encode(chunks, spec) == encode(rows, spec)


@pytest.mark.parametrize("spec", SPECS)
def test_encodings_are_widely_read(spec: TableSpec) -> None:
    """Files have only encodings that all engines of engines.md read, and statistics of days and times alone."""
    group = pq.ParquetFile(pa.BufferReader(bytes(encode(made_rows(spec, count=300), spec)))).metadata.row_group(0)
    chunks = [group.column(number) for number in range(group.num_columns)]
    times = {field.name for field in spec.file_schema if pa.types.is_temporal(field.type)}

    assert {encoding for chunk in chunks for encoding in chunk.encodings} <= WIDELY_READ
    assert {chunk.path_in_schema for chunk in chunks if chunk.is_stats_set} <= times


@pytest.mark.parametrize("spec", SPECS)
def test_options_name_columns_that_exist(spec: TableSpec) -> None:
    """Each column has one encoding and a level, and no option names a column that the table lacks."""
    options = writer_options(spec)
    own = {*options["use_dictionary"]} | options["column_encoding"].keys()

    assert own == options["compression_level"].keys()
    assert {name.partition(".")[0] for name in own} == set(spec.file_schema.names)
    assert not {*options["use_dictionary"]} & options["column_encoding"].keys()
