"""Declaration of a table and its columns, and the Arrow types of the contract."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
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


@dataclass(frozen=True)
class TableSpec:
    """One table. ``key`` is unique in the table, or per day with ``key_includes_partition``.

    ``sort_by`` is the order of the rows in a file. ``partition`` is the partition key of the folders: a UTC day that is
    only in the path.
    """

    name: str
    about: str
    key: tuple[str, ...]
    sort_by: tuple[str, ...]
    columns: tuple[Column, ...]
    partition: str = "published_date"
    key_includes_partition: bool = False

    @property
    def whole_key(self) -> tuple[str, ...]:
        """The key that is unique over all days."""
        return (self.partition, *self.key) if self.key_includes_partition else self.key

    @cached_property
    def schema(self) -> pa.Schema:
        """The Arrow schema; the metadata of each field has its description."""
        return pa.schema([pa.field(c.name, c.type, c.nullable, {"about": c.about}) for c in self.columns])

    def column(self, name: str) -> Column:
        """Return one column by name. Raises: KeyError."""
        return {column.name: column for column in self.columns}[name]


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
