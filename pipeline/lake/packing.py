"""How the columns of a table are packed in Parquet: encodings, compression and statistics.

They were measured column by column on real pages; `newslake lake sizes` measures any lake.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any

import pyarrow as pa

from newslake.pipeline.tables import TableSpec

# Columns with hardly a value twice: a dictionary of them costs bytes and time. Other texts and numbers have one.
_DISTINCT = {
    "articles": (
        *("article_id", "revision_id", "url", "canonical_url", "title", "standfirst", "tags.list.element"),
        *("fetched_at", "text", "content_hash", "payload_digest"),
    ),
    "quotes": ("quote_text",),
    "events": ("salience",),
    "near_duplicates": ("article_id", "revision_id", "published_at", "dup_group_id"),
    "revisions": ("article_id", "revision_id", "published_at", "payload_digest", "input_hash"),
    "quote_clusters": ("quote_cluster_id",),
    "event_cluster_members": ("event_cluster_id",),
    "event_clusters": ("event_cluster_id", "article_id", "revision_id"),
    "outcomes": ("url", "payload_digest", "decided_at"),
}
# Numbers that grow along the rows of an article are delta-encoded: a third of the bytes of a dictionary.
_DELTA_SUFFIXES = ("_char", "_index")
# Digits of hashes have no repetition to find: a higher level finds little, and costs more bytes than it saves.
_HASH_SUFFIXES = ("article_id", "revision_id", "entity_id", "_hash", "_digest")
_LEVEL, _HASH_LEVEL = 3, 1


@cache
def writer_options(spec: TableSpec) -> dict[str, Any]:
    """Return the options of ``pyarrow.parquet.ParquetWriter`` for the files of a table.

    Only days and times have statistics, as only these prune: all other values occur in most row groups. The Arrow
    schema is not stored, as Parquet has the same types; descriptions of columns would be a tenth of a small file.
    """
    leaves = tuple(_leaves(spec.file_schema))
    names = tuple(name for name, _ in leaves)
    encodings = dict.fromkeys((name for name in names if name.endswith(_DELTA_SUFFIXES)), "DELTA_BINARY_PACKED")
    encodings |= dict.fromkeys(_DISTINCT.get(spec.name, ()), "PLAIN")
    return {
        "compression": "zstd",
        "compression_level": {name: _HASH_LEVEL if name.endswith(_HASH_SUFFIXES) else _LEVEL for name in names},
        "version": "2.6",
        "use_dictionary": [name for name in names if name not in encodings],
        "column_encoding": encodings,
        "write_statistics": [name for name, kind in leaves if pa.types.is_temporal(kind)],
        "write_page_index": False,
        "store_schema": False,
    }


def _leaves(schema: pa.Schema) -> Iterator[tuple[str, pa.DataType]]:
    """Yield the leaf columns of Parquet with their types: a list has one per field of its elements."""
    for field in schema:
        element = field.type.value_type if pa.types.is_list(field.type) else None
        if element is None:
            yield field.name, field.type
        elif pa.types.is_struct(element):
            yield from ((f"{field.name}.list.element.{inner.name}", inner.type) for inner in element)
        else:
            yield f"{field.name}.list.element", element
