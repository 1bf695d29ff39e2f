"""A share of a population as the tables have it, and for audited rows as the readers say it should be."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa

from newslake.pipeline.addons.audit.draw import Population
from newslake.pipeline.addons.audit.row_samples import check_condition, explain_errors, population_sql
from newslake.pipeline.query.connection import Connection, query
from newslake.pipeline.tables import TABLE_SPECS

_CORRECTIONS = "audit_corrections"
_COUNTS = """\
SELECT stratum, count(*), count(*) FILTER (is_in_denominator), count(*) FILTER (is_in_denominator AND is_in_numerator)
FROM (SELECT stratum, coalesce(({denominator}\n), false) AS is_in_denominator,
  coalesce(({numerator}\n), false) AS is_in_numerator FROM ({rows}))
GROUP BY stratum ORDER BY stratum"""
_ROWS = """\
SELECT row_name, stratum, is_in_denominator, is_in_denominator AND is_in_numerator
FROM (SELECT row_name, stratum, coalesce(({denominator}\n), false) AS is_in_denominator,
  coalesce(({numerator}\n), false) AS is_in_numerator FROM ({rows}))"""
_CORRECTED = """\
SELECT rows.* REPLACE ({replaced}) FROM ({rows}) AS rows JOIN audit_corrections AS corrected USING (row_name)"""


@dataclass(frozen=True, slots=True)
class Share:
    """A share as SQL conditions on the columns of a table. Rows of the numerator are in the denominator, too."""

    numerator: str
    denominator: str = "true"

    @property
    def words(self) -> frozenset[str]:
        """Return the words of both conditions, case-folded: SQL ignores the case of a column."""
        return frozenset(re.findall(r"\w+", f"{self.numerator} {self.denominator}".casefold()))


@dataclass(frozen=True, slots=True)
class StratumCounts:
    """The rows of a stratum: all, those in the denominator, and those in the numerator."""

    size: int
    denominator: int
    numerator: int


def count_share(
    connection: Connection, population: Population, share: Share, *, by: str, excluded: Collection[str]
) -> dict[str, StratumCounts]:
    """Return the counts of a share in each stratum, as the tables have it.

    Raises: ConfigError for a condition that DuckDB rejects.
    """
    rows = population_sql(connection, population, by=by, excluded=excluded)
    for option, condition in {"--share": share.numerator, "--of": share.denominator}.items():
        check_condition(connection, condition, source=f"({rows})", option=option)
    sql = _COUNTS.format(rows=rows, numerator=share.numerator, denominator=share.denominator)
    with explain_errors("--share or --of"):
        records = query(connection, sql).rows
    return {str(name): StratumCounts(*(int(str(each)) for each in counts)) for name, *counts in records}


@dataclass(frozen=True, slots=True)
class RowInShare:
    """A row of the population: its stratum, and whether it is in the denominator and in the numerator."""

    stratum: str
    is_in_denominator: bool
    is_in_numerator: bool


def rows_in_share(
    connection: Connection,
    population: Population,
    share: Share,
    corrections: Mapping[str, Mapping[str, str | None]],
    *,
    by: str,
) -> dict[str, RowInShare]:
    """Return some rows of the population by name, with corrections applied.

    ``corrections`` maps names of rows to what columns should be; a value that is not of the column's type is null.
    Rows that are not in the population, or not any more, are left out.
    """
    columns = sorted({column for each in corrections.values() for column in each})
    connection.register(_CORRECTIONS, _table(corrections, columns))
    types = {column.name: column.type for column in TABLE_SPECS[population.table].columns}
    replaced = ", ".join(_replacement(column, types[column]) for column in columns)
    rows = population_sql(connection, population, by=by, excluded=())
    corrected = _CORRECTED.format(rows=rows, replaced=replaced or "rows.row_name AS row_name")
    sql = _ROWS.format(rows=corrected, numerator=share.numerator, denominator=share.denominator)
    records = query(connection, sql).rows
    return {str(name): RowInShare(str(stratum), bool(whole), bool(part)) for name, stratum, whole, part in records}


def _table(corrections: Mapping[str, Mapping[str, str | None]], columns: Iterable[str]) -> pa.Table:
    """Return one row per corrected row: its name, and for each column whether it is corrected, and to what."""
    data: dict[str, list[object]] = {"row_name": list(corrections)}
    types: dict[str, pa.DataType] = {"row_name": pa.string()}
    for column in columns:
        data[f"has_{column}"] = [column in each for each in corrections.values()]
        data[f"new_{column}"] = [each.get(column) for each in corrections.values()]
        types |= {f"has_{column}": pa.bool_(), f"new_{column}": pa.string()}
    return pa.table(data, schema=pa.schema(types))


def _replacement(column: str, kind: pa.DataType) -> str:
    new = f"corrected.new_{column}"
    value = f"string_split({new}, '; ')" if pa.types.is_list(kind) else f"TRY_CAST({new} AS {_sql_type(kind)})"
    return f'CASE WHEN corrected.has_{column} THEN {value} ELSE rows."{column}" END AS "{column}"'


def _sql_type(kind: pa.DataType) -> str:
    if pa.types.is_timestamp(kind):
        return "TIMESTAMPTZ"
    return "DATE" if pa.types.is_date(kind) else "VARCHAR"
