"""Declaration of a table and its columns, and the Arrow types of the contract."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

TEXT = pa.string()
TEXTS = pa.list_(pa.string())
INT = pa.int32()
INTS = pa.list_(pa.int32())
REAL = pa.float64()
BOOL = pa.bool_()
TIME = pa.timestamp("us", tz="UTC")
DAY = pa.date32()
SPANS = pa.list_(pa.struct([("start_char", pa.int32()), ("end_char", pa.int32())]))
BLOCKS = pa.list_(pa.struct([("kind", pa.string()), ("start_char", pa.int32()), ("end_char", pa.int32())]))
CREDITS = pa.list_(pa.struct([("name", pa.string()), ("kind", pa.string())]))
CO_SPEAKERS = pa.list_(pa.struct([("text", pa.string()), ("name", pa.string()), ("entity_id", pa.string())]))
METHODS = pa.list_(pa.struct([("field", pa.string()), ("method", pa.string())]))

type Row = Mapping[str, Any]  # column -> value


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``about`` is its description in the docs, ``values`` its closed vocabulary, if it has one."""

    name: str
    type: pa.DataType
    about: str
    nullable: bool = False
    values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TableSpec:
    """One table. ``key`` is unique in the table, or per day with ``key_includes_day``; ``whole_key`` over all days.

    ``columns`` are those of the rows of one day. In files (``file_columns``), ``day`` follows them: the UTC day
    ``day_column``. ``sort_by`` is the order of the rows of a day; files are sorted by day first. ``month_column``, the
    month of the day as YYYY-MM, is the partition key of the folders.
    ``schema`` and ``file_schema`` are the Arrow schemas of both kinds of columns, with the description of each field.
    ``fingerprint`` is 16 hex digits of the SHA-256 of the columns of a file; files with equal columns share it.
    """

    name: str
    about: str
    key: tuple[str, ...]
    sort_by: tuple[str, ...]
    columns: tuple[Column, ...]
    day_column: str = "published_date"
    key_includes_day: bool = False
    whole_key: tuple[str, ...] = field(init=False, repr=False, compare=False)
    month_column: str = field(init=False, repr=False, compare=False)
    day: Column = field(init=False, repr=False, compare=False)
    file_columns: tuple[Column, ...] = field(init=False, repr=False, compare=False)
    schema: pa.Schema = field(init=False, repr=False, compare=False)
    file_schema: pa.Schema = field(init=False, repr=False, compare=False)
    fingerprint: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Compute the other fields once: every read and write of a file needs them."""
        day = Column(self.day_column, DAY, "UTC day of the row.")
        schema = pa.schema([_field(column) for column in self.columns])
        file_schema = schema.append(_field(day))
        names = "\n".join(f"{each.name} {each.type} {each.nullable}" for each in file_schema)
        facts = {
            "whole_key": (self.day_column, *self.key) if self.key_includes_day else self.key,
            "month_column": self.day_column.removesuffix("_date") + "_month",
            "day": day,
            "file_columns": (*self.columns, day),
            "schema": schema,
            "file_schema": file_schema,
            "fingerprint": hashlib.sha256(names.encode()).hexdigest()[:16],
        }
        for name, value in facts.items():
            object.__setattr__(self, name, value)

    def column(self, name: str) -> Column:
        """Return one column by name. Raises: KeyError."""
        return {column.name: column for column in self.columns}[name]


def _field(column: Column) -> pa.Field:
    return pa.field(column.name, column.type, column.nullable, {"about": column.about})


# The first columns of each table with rows of an article.

ARTICLE_KEYS = (
    Column(
        "article_id",
        TEXT,
        "Id of the article: 32 hex digits of the SHA-256 of its canonical URL, or of its text if it has no URL.",
    ),
    Column(
        "revision_id",
        TEXT,
        "Id of the revision: the first 16 hex digits of `content_hash`. Join on `(article_id, revision_id)`.",
    ),
    Column("published_at", TIME, "Publication time, UTC; null if no date was found.", True),
)
