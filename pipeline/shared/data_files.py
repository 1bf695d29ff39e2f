"""The data files of an Iceberg table: written, planned and read by days. A file is of one month, sorted by day."""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.conversions import from_bytes
from pyiceberg.io import FileIO
from pyiceberg.io.pyarrow import (
    compute_statistics_plan,
    data_file_statistics_from_parquet_metadata,
    parquet_file_to_data_file,
    parquet_path_to_id_mapping,
)
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.table import Table, TableProperties
from pyiceberg.typedef import Record
from pyiceberg.types import DateType, PrimitiveType

from newslake.pipeline.lake.packing import writer_options
from newslake.pipeline.lake.storage import conform, groups_with, month_of, with_day
from newslake.pipeline.shared.iceberg_schema import BATCH_OF, arrow_schema, with_field_ids
from newslake.pipeline.shared.snapshot_writer import entries_of, manifests_of, month_number
from newslake.pipeline.tables import TABLE_SPECS, TableSpec

_EPOCH = date(1970, 1, 1).toordinal()
_DAY: PrimitiveType = DateType()


def spec_of(table: Table) -> TableSpec:
    """Return the table of the contract."""
    return TABLE_SPECS[table.name()[-1]]


def write_days(table: Table, days: Mapping[date, pa.Table]) -> DataFile:
    """Write rows of days of one month as one data file, a row group a day; no snapshot has it yet.

    The rows are without the day, each day's sorted as the contract says.
    """
    spec = spec_of(table)
    return write_rows(table, (with_day(rows, spec, day) for day, rows in sorted(days.items())), month=min(days))


def write_rows(table: Table, groups: Iterable[pa.Table], *, month: date) -> DataFile:
    """Write rows with their day as one data file, each part as a row group."""
    spec, schema = spec_of(table), table.schema()
    target = with_field_ids(arrow_schema(spec), schema)
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, target, **_options(spec)) as writer:
        for rows in groups:
            writer.write_table(rows.combine_chunks().cast(target))
    data = sink.getvalue()
    path = _put(table, data.to_pybytes(), month=month)
    return _data_file(table, path, pq.read_metadata(pa.BufferReader(data)), size=data.size, month=month)


def _put(table: Table, data: bytes, *, month: date) -> str:
    """Put a data file into the folder of a month; return its path."""
    name = f"{spec_of(table).month_column}={month_of(month)}/{uuid.uuid4()}.parquet"
    path: str = table.location_provider().new_data_location(name)
    with table.io.new_output(path).create(overwrite=True) as out:
        out.write(data)
    return path


def register_file(table: Table, data: bytes, *, month: date) -> DataFile:
    """Put a Parquet file of one month as a data file, as it is, as ``add_files`` of pyiceberg does.

    The file has the columns of the contract, sorted as in ``write_rows``, but no field ids: ``name_mapping`` says which
    column is which. Raises: ValueError for other columns, or for rows of several months.
    """
    return parquet_file_to_data_file(table.io, table.metadata, _put(table, data, month=month))


def name_mapping(table: Table) -> Mapping[str, str]:
    """Return the property of a table by which readers find the columns of files without field ids."""
    return {TableProperties.DEFAULT_NAME_MAPPING: table.schema().name_mapping.model_dump_json()}


def _options(spec: TableSpec) -> dict[str, Any]:
    """Return the options of the writer; the batch of a log table has statistics, too."""
    options = writer_options(spec)
    return {**options, "write_statistics": [*options["write_statistics"], *BATCH_OF.get(spec.name, ())]}


def _data_file(table: Table, path: str, footer: pq.FileMetaData, *, size: int, month: date) -> DataFile:
    schema = table.schema()
    statistics = data_file_statistics_from_parquet_metadata(
        parquet_metadata=footer,
        stats_columns=compute_statistics_plan(schema, table.properties),
        parquet_column_mapping=parquet_path_to_id_mapping(schema),
    )
    return DataFile.from_args(
        content=DataFileContent.DATA,
        file_path=path,
        file_format=FileFormat.PARQUET,
        partition=Record(month_number(month)),
        file_size_in_bytes=size,
        sort_order_id=None,
        spec_id=table.spec().spec_id,
        equality_ids=None,
        key_metadata=None,
        **statistics.to_serialized_dict(),
    )


def plan(table: Table, snapshot_id: int | None, *, days: Collection[date] | None = None) -> list[DataFile]:
    """Return the data files of a snapshot, sorted by day; or those that may have rows of some days."""
    months = None if days is None else {month_number(day) for day in days}
    entries = entries_of(table, manifests_of(table, snapshot_id), months)
    spans = [(days_of(each.data_file, table), each.data_file) for each in entries]
    chosen = [(span, file) for span, file in spans if days is None or any(span[0] <= day <= span[1] for day in days)]
    return [file for _, file in sorted(chosen, key=lambda each: (each[0], each[1].file_path))]


def days_of(file: DataFile, table: Table) -> tuple[date, date]:
    """Return the first and the last day of a data file."""
    number = table.schema().find_field(spec_of(table).day_column).field_id
    first, last = file.lower_bounds[number], file.upper_bounds[number]
    return _day(first), _day(last)


@cache
def _day(bound: bytes) -> date:
    return date.fromordinal(_EPOCH + int(from_bytes(_DAY, bound)))


def read_file(
    io: FileIO,
    file: DataFile,
    spec: TableSpec,
    *,
    columns: Sequence[str] | None = None,
    days: Collection[date] | None = None,
) -> pa.Table:
    """Return the rows of a data file; the default is all columns of ``arrow_schema``. A missing column is null.

    With ``days``, the row groups without rows of these days are not read.
    """
    schema = arrow_schema(spec)
    wanted = schema if columns is None else pa.schema([schema.field(name) for name in columns])
    with io.new_input(file.file_path).open() as stream:
        there = pq.ParquetFile(stream)
        names = [name for name in wanted.names if name in there.schema_arrow.names]
        if days is None:
            return conform(_without_ids(there.read(columns=names)), wanted)
        groups = sorted({each for day in days for each in groups_with(there, spec, day)})
        return conform(_without_ids(there.read_row_groups(groups, columns=names)), wanted)


def _without_ids(table: pa.Table) -> pa.Table:
    """Return a table without field ids, which make equal types unequal."""
    return table.replace_schema_metadata(None)


def read_files(
    io: FileIO,
    files: Iterable[DataFile],
    spec: TableSpec,
    *,
    columns: Sequence[str] | None = None,
    days: Collection[date] | None = None,
) -> pa.Table:
    """Return the rows of data files, in their order; with ``days``, at least those of these days."""
    schema = arrow_schema(spec)
    empty = (schema if columns is None else pa.schema([schema.field(name) for name in columns])).empty_table()
    return pa.concat_tables([empty, *(read_file(io, each, spec, columns=columns, days=days) for each in files)])
