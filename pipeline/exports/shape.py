"""The tables as they are exported: as `newslake sql` shows them, with each row's day, and without words if wished."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.lake import Lake, Manifest
from pipeline.tables import CLUSTER_TABLES, READING_TABLES, TableSpec, table_named
from pipeline.tables.datapackage import day_column
from pipeline.tables.rights import text_columns

# What sums others up is left out: whoever has an export can count it, of the rows that he chose.
_EXPORT_TABLES = tuple(spec for spec in (*READING_TABLES, *CLUSTER_TABLES) if spec.name != "co_mentions")
_IDS = ("article_id", "revision_id")
_ID_LENGTH = 32


@dataclass(frozen=True, slots=True)
class _ClusterJoin:
    """Columns that a cluster table adds, on keys. ``own`` are the columns whose values, joined by ":", are a row's own
    id: what stands before its article is related. A flag is false until then.
    """

    table: str
    keys: tuple[str, ...]
    columns: tuple[str, ...]
    own: tuple[str, ...]


_CLUSTER_JOINS: Mapping[str, _ClusterJoin] = {
    "articles": _ClusterJoin("copies", _IDS, ("dup_group_id", "is_copy"), ("article_id",)),
    "quotes": _ClusterJoin("quote_groups", (*_IDS, "quote_index"), ("quote_group_id",), ("article_id", "quote_index")),
    "events": _ClusterJoin(
        "event_reports", (*_IDS, "event_index"), ("event_cluster_id",), ("article_id", "same_event_index")
    ),
}


def export_specs(*, has_text: bool) -> tuple[TableSpec, ...]:
    """Return the tables of an export: the contract's with the columns that are joined onto them, and their day."""
    return tuple(_export_spec(spec, has_text=has_text) for spec in _EXPORT_TABLES)


def _export_spec(spec: TableSpec, *, has_text: bool) -> TableSpec:
    left_out = frozenset() if has_text else text_columns(spec)
    joined = _CLUSTER_JOINS.get(spec.name)
    other = () if joined is None else [table_named(joined.table).column(name) for name in joined.columns]
    columns = (*spec.columns, *other, day_column(spec))
    return replace(spec, columns=tuple(column for column in columns if column.name not in left_out))


def day_tables(lake: Lake, manifest: Manifest, *, source_keys: Collection[str]) -> dict[str, pa.Table]:
    """Return all tables of a day by its manifest, with the joined columns and the day; of some sources, or of all."""
    stored = lake.read_manifest_tables(manifest, [spec.name for spec in _EXPORT_TABLES])
    if source_keys:
        stored = _filter_sources(stored, source_keys)
    days = {name: pa.array([manifest.day] * table.num_rows, pa.date32()) for name, table in stored.items()}
    return {
        name: _join_cluster_columns(name, table, stored).append_column("published_date", days[name])
        for name, table in stored.items()
    }


def _filter_sources(tables: Mapping[str, pa.Table], source_keys: Collection[str]) -> dict[str, pa.Table]:
    """Return the rows of the articles of some sources; of event_clusters those whose first report is one of these."""
    articles = tables["articles"]
    mine = articles.filter(pc.is_in(articles["source_key"], value_set=pa.array(sorted(source_keys), pa.string())))
    ids = mine["article_id"].combine_chunks()
    return {name: table.filter(pc.is_in(_article_ids(name, table), value_set=ids)) for name, table in tables.items()}


def _article_ids(name: str, table: pa.Table) -> pa.ChunkedArray:
    """Return the article that each row belongs to: of a cluster of events, which stands on its day, the earliest."""
    if name == "event_clusters":
        return pc.utf8_slice_codeunits(table["event_cluster_id"], 0, _ID_LENGTH)
    return table["article_id"]


def _join_cluster_columns(name: str, table: pa.Table, stored: Mapping[str, pa.Table]) -> pa.Table:
    joined = _CLUSTER_JOINS.get(name)
    if joined is None:
        return table
    other = stored[joined.table]
    places = pc.index_in(_joined_key(table, joined.keys), value_set=_joined_key(other, joined.keys).combine_chunks())
    for column in joined.columns:
        found = other[column].combine_chunks().take(places.combine_chunks())
        default = (
            pa.scalar(False) if pa.types.is_boolean(found.type) else _joined_key(table, joined.own).combine_chunks()
        )
        table = table.append_column(column, pc.coalesce(found, default))
    return table


def _joined_key(table: pa.Table, columns: Sequence[str]) -> pa.ChunkedArray:
    """Return the values of some columns as one name a row."""
    values = [table[name].cast(pa.string()) for name in columns]
    return pc.binary_join_element_wise(*values, ":")
