"""Result files: rows written in batches as CSV, Parquet or JSON."""

import json
import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO, TextIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from newslake.pipeline.errors import ConfigError

Batches = Iterable[pa.RecordBatch]
_NEEDS_QUOTES = '[",\r\n]|^$'  # an empty text is also quoted, to distinguish it from null
_FORMULA = r"^([=+\-@\t\r\n\x00])"  # a spreadsheet takes a cell that begins with one of these for a formula
_NO_FRACTION = r"\.0+(Z?)$"


def write_csv(schema: pa.Schema, batches: Batches, file: BinaryIO, *, is_safe: bool = False) -> int:
    """Write CSV (RFC 4180, UTF-8) with a header line; return the number of rows.

    A null is an empty field, an empty text is "". Timestamps are ISO 8601 in UTC, lists and structs JSON. With
    ``is_safe`` no cell is a formula for a spreadsheet, also none of the header; otherwise texts are written unchanged.
    """
    cells = _safe_texts if is_safe else _texts
    file.write(_csv_lines([cells(pa.array([name], pa.large_string())) for name in schema.names]))
    written = 0
    for batch in batches:
        file.write(_csv_lines([cells(column) for column in batch.columns]))
        written += batch.num_rows
    return written


def disarm_formulas[Texts: pa.Array | pa.ChunkedArray](texts: Texts) -> Texts:
    """Return texts that no spreadsheet takes for formulas: such a text gets an apostrophe before it."""
    plain: Texts = pc.replace_substring_regex(texts, pattern=_FORMULA, replacement=r"'\1")
    return plain


def disarm_formula(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula, as ``disarm_formulas`` does."""
    return re.sub(_FORMULA, r"'\1", text)


def write_parquet(schema: pa.Schema, batches: Batches, file: BinaryIO) -> int:
    """Write Parquet with the types of the rows; return the number of rows.

    Raises: ConfigError if two columns have the same name, or if Parquet lacks a type.
    """
    _check_unique_names(schema, "parquet")
    written = 0
    try:
        with pq.ParquetWriter(file, schema, compression="zstd") as writer:
            for batch in batches:
                writer.write_batch(batch)
                written += batch.num_rows
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid) as error:
        raise ConfigError(f"parquet: {error}; CAST that column to VARCHAR", key="parquet") from error
    return written


def write_json(schema: pa.Schema, batches: Batches, file: TextIO) -> int:
    """Write a JSON list of objects, one per line; return the number of rows. Times are ISO 8601 text.

    Raises: ConfigError if two columns have the same name.
    """
    _check_unique_names(schema, "json")
    written = 0
    file.write("[")
    for batch in batches:
        for row in _records(batch):
            file.write((",\n " if written else "\n ") + _json(row))
            written += 1
    file.write("\n]\n" if written else "]\n")
    return written


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file that appears when it is complete. An earlier file stays until then, and after a failure.

    Raises: ConfigError if its folder does not exist.
    """
    if not path.parent.is_dir():
        raise ConfigError(f"{path}: the folder does not exist; create it", key=str(path))
    part = part_of(path)
    try:
        with part.open("wb") as file:
            yield file
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def part_of(path: Path) -> Path:
    """Return the file that ``whole_file`` writes first; only a killed process leaves it."""
    return path.with_name(f".{path.name}.part")


def _check_unique_names(schema: pa.Schema, form: str) -> None:
    twice = sorted({name for name in schema.names if schema.names.count(name) > 1})
    if twice:
        raise ConfigError(f"{form}: duplicate column names {', '.join(twice)}; rename them with AS", key=form)


def _csv_lines(columns: list[pa.Array]) -> bytes:
    alone = '""' if len(columns) == 1 else ""  # an empty line is not a row
    joined = pc.binary_join_element_wise(
        *map(_quote_fields, columns), pa.scalar(",", pa.large_string()), null_handling="replace", null_replacement=alone
    )
    return "".join(f"{line}\r\n" for line in joined.to_pylist()).encode()


def _quote_fields(texts: pa.Array) -> pa.Array:
    mark, nothing = pa.scalar('"', pa.large_string()), pa.scalar("", pa.large_string())
    inside = pc.replace_substring(texts, '"', '""')
    quoted = pc.binary_join_element_wise(mark, inside, mark, nothing)
    return pc.if_else(pc.match_substring_regex(texts, _NEEDS_QUOTES), quoted, texts)


def _safe_texts(column: pa.Array) -> pa.Array:
    """Return a column's values as text without formulas. A number stays a number, also a negative one."""
    kind = column.type
    is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    return _texts(column) if is_number else disarm_formulas(_texts(column))


def _texts(column: pa.Array) -> pa.Array:
    """Return a column's values as text for CSV."""
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        return _texts(column.storage)
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_interval(kind):
        values = map(plain_value, _values(column))
        values_as_text = [value if value is None or isinstance(value, str) else _json(value) for value in values]
        return pa.array(values_as_text, pa.large_string())
    texts = _infinities(column, pc.cast(column, pa.large_string()))
    if pa.types.is_timestamp(kind):
        texts = pc.replace_substring_regex(texts, r"^([-\d]+) ", r"\1T")
        texts = pc.replace_substring_regex(texts, _NO_FRACTION, r"\1")
    return texts


# Times that Python cannot hold: DuckDB's infinities, and years before 1 or after 9999.

_LARGEST = {32: 2**31 - 1, 64: 2**63 - 1}  # DuckDB's infinity, by the bits of the type
_INFINITY = "infinity"


def _records(batch: pa.RecordBatch) -> list[dict[str, object]]:
    columns = [_values(column) for column in batch.columns]
    return [dict(zip(batch.schema.names, row, strict=True)) for row in zip(*columns, strict=True)]


def _values(column: pa.Array) -> list[object]:
    """Return the values of a column; a time that Python cannot hold is text."""
    try:
        values: list[object] = column.to_pylist()
    except (OverflowError, ValueError):
        return [_value_of(each) for each in column]
    return values


def _value_of(scalar: pa.Scalar) -> object:
    if not scalar.is_valid:
        return None
    if isinstance(scalar, pa.StructScalar):
        return {name: _value_of(each) for name, each in scalar.items()}
    if isinstance(scalar, pa.ListScalar):  # a map is a list of structs
        return [_value_of(each) for each in scalar.values]
    if isinstance(scalar, pa.UnionScalar | pa.ExtensionScalar):
        return _value_of(scalar.value)
    try:
        return scalar.as_py()
    except (OverflowError, ValueError):
        array = pa.array([scalar.value], pa.int32() if pa.types.is_date32(scalar.type) else pa.int64()).cast(
            scalar.type
        )
        return _texts(array)[0].as_py()


def _infinities(column: pa.Array, texts: pa.Array) -> pa.Array:
    """Return the texts of a column of times with DuckDB's infinities by their names."""
    kind = column.type
    if not (pa.types.is_timestamp(kind) or pa.types.is_date32(kind)):
        return texts
    bits = kind.bit_width
    numbers = column.cast(pa.int32() if bits == 32 else pa.int64())
    for number, name in ((_LARGEST[bits], _INFINITY), (-_LARGEST[bits], f"-{_INFINITY}")):
        texts = pc.if_else(pc.equal(numbers, number), pa.scalar(name, pa.large_string()), texts)
    return texts


def _json(value: object) -> str:
    return json.dumps(plain_value(value), ensure_ascii=False)


def plain_value(value: object) -> object:  # noqa: PLR0911 - one line per type
    """Return a value as a JSON type: a dataclass as an object, a number that JSON lacks as null.

    A key of several parts is one text: "rejected: video_page".
    """
    if isinstance(value, Mapping) or is_dataclass(value):
        return {name: plain_value(each) for name, each in _members(value)}
    if isinstance(value, list | tuple):
        return [plain_value(each) for each in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value.tzinfo else value.isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, bytes):
        return value.hex()
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def _members(value: object) -> Iterator[tuple[str, object]]:
    """Yield the names and values of a mapping or dataclass."""
    if not isinstance(value, Mapping):
        yield from ((each.name, getattr(value, each.name)) for each in fields(value))  # type: ignore[arg-type]
        return
    for key, each in value.items():
        yield ": ".join(str(part) for part in key if part) if isinstance(key, tuple) else str(key), each
