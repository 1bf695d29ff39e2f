"""Names of the contract's types in the SQL of each engine."""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

from newslake.pipeline.tables import Column


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeNames:
    """Names of an engine's types. ``a_field`` is one field of a struct."""

    text: str = "STRING"
    whole: str = "INT"
    real: str = "DOUBLE"
    truth: str = "BOOLEAN"
    time: str = "TIMESTAMP"
    day: str = "DATE"
    a_list: str = "ARRAY<{}>"
    a_struct: str = "STRUCT<{}>"
    a_field: str = "{} {}"
    nullable: str = "{}"

    def of(self, kind: pa.DataType) -> str:
        """Return the engine's name for an Arrow type of the contract. Raises: KeyError for an unknown type."""
        if pa.types.is_list(kind):
            return self.a_list.format(self.of(kind.value_type))
        if pa.types.is_struct(kind):
            return self.a_struct.format(", ".join(self.a_field.format(part.name, self.of(part.type)) for part in kind))
        names = {
            pa.string(): self.text,
            pa.int32(): self.whole,
            pa.float64(): self.real,
            pa.bool_(): self.truth,
            pa.timestamp("us", tz="UTC"): self.time,
            pa.date32(): self.day,
        }
        return names[kind]

    def column(self, column: Column) -> str:
        """Return ``name TYPE``."""
        kind = self.of(column.type)
        may_be_null = column.nullable and not pa.types.is_nested(column.type)
        return f"{column.name} {self.nullable.format(kind) if may_be_null else kind}"


DUCKDB_TYPES = TypeNames(text="VARCHAR", time="TIMESTAMP WITH TIME ZONE", a_list="{}[]", a_struct="STRUCT({})")
TYPE_NAMES: Mapping[str, TypeNames] = {
    "ansi": TypeNames(text="VARCHAR"),
    "athena": TypeNames(a_field="{}:{}"),
    "bigquery": TypeNames(whole="INT64", real="FLOAT64", truth="BOOL"),
    "clickhouse": TypeNames(
        text="String",
        whole="Int32",
        real="Float64",
        truth="Bool",
        time=r"DateTime64(6, \'UTC\')",  # the columns are inside a SQL string
        day="Date32",
        a_list="Array({})",
        a_struct="Tuple({})",
        nullable="Nullable({})",
    ),
    "datafusion": TypeNames(text="VARCHAR", time="TIMESTAMP(6) WITH TIME ZONE", a_list="{}[]"),
    "duckdb": DUCKDB_TYPES,
    "polars": TypeNames(text="VARCHAR", time="TIMESTAMP WITH TIME ZONE", a_list="{}[]"),
    "spark": TypeNames(a_field="{}: {}"),
    "trino": TypeNames(text="VARCHAR", whole="INTEGER", time="TIMESTAMP(3)", a_list="ARRAY({})", a_struct="ROW({})"),
}
