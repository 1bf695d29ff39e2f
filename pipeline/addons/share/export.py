"""Export the tables of some days into a folder of Parquet, CSV or SQLite files, with documentation.

``export`` is the entry point. The folder appears complete or not at all.
"""

import json
import shutil
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Literal, get_args

import pyarrow as pa
import pyarrow.compute as pc

from newslake.pipeline import __version__
from newslake.pipeline.addons.share.writers import CsvWriter, ExportFile, ParquetWriter, SqliteWriter, Writer
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.store.tables import Tables, TablesVersion
from newslake.pipeline.tables import ANNOTATION_TABLES, CLUSTER_TABLES, TABLE_SPECS, Column, TableSpec
from newslake.pipeline.tables.datapackage import (
    NO_TEXT_NOTE,
    TEXT_COLUMNS,
    TEXT_RIGHTS_NOTE,
    DataPackage,
    TableResource,
    package_bytes,
    text_columns,
)

Form = Literal["folder", "csv", "sqlite"]
FORMS: tuple[Form, ...] = get_args(Form)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Selection of an export: published days from first to last, and sources; without ``source_keys``, all sources."""

    first: date = date.min
    last: date = date.max
    source_keys: frozenset[str] = frozenset()
    has_text: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportReport:
    """Result of an export: rows by table, days with articles, and the size of the folder in bytes."""

    folder: Path
    rows: Mapping[str, int]
    days: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFacts:
    """Facts of a written export, for its documentation. ``rows`` are by table, ``publishers`` sorted."""

    has_text: bool
    rows: Mapping[str, int]
    publishers: Sequence[str]
    first_day: date | None
    last_day: date | None
    fetched_at: datetime | None


def export(
    lake: Tables,
    target: Path,
    *,
    form: Form,
    selection: Selection,
    has_bom: bool = False,
    report_progress: Callable[[str], None],
) -> ExportReport:
    """Write an export into a folder that does not exist or is empty. A failed export leaves no files.

    All rows are of one instant between commits. Only a few days are in memory. Equal rows give equal files.
    Raises: ConfigError for a folder that is not empty and for an empty selection; LakeError for a damaged object.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ConfigError(f"{target} already exists and is not empty; name a new folder", key=str(target))
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.parent / f".{target.name}.{uuid.uuid4().hex}.part"
    temporary.mkdir()
    try:
        specs = (*export_specs(has_text=selection.has_text), _DELETIONS)
        writer = _writer(form, temporary, specs, has_bom=has_bom)
        try:
            facts, days = _write_days(lake, writer, specs, selection, report_progress)
        finally:
            writer.close()
        if not days:
            raise ConfigError(
                f"no articles to export {_describe_selection(selection)}; change the selection", key=str(target)
            )
        write_documentation(temporary, specs, {spec.name: writer.file_of(spec) for spec in specs}, facts)
        temporary.replace(target)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise
    size = sum(path.stat().st_size for path in target.iterdir())
    return ExportReport(folder=target, rows=facts.rows, days=days, bytes=size)


def _writer(form: Form, folder: Path, specs: Sequence[TableSpec], *, has_bom: bool) -> Writer:
    if form == "csv":
        return CsvWriter(folder, specs, has_bom=has_bom)
    return ParquetWriter(folder, specs) if form == "folder" else SqliteWriter(folder, specs)


def _write_days(
    lake: Tables,
    writer: Writer,
    specs: Sequence[TableSpec],
    selection: Selection,
    report_progress: Callable[[str], None],
) -> tuple[ExportFacts, int]:
    rows: Counter[str] = Counter({spec.name: 0 for spec in specs})
    publishers: set[str] = set()
    days: list[date] = []
    newest: list[datetime] = []
    version = lake.present()
    for day in [day for day in version.days() if selection.first <= day <= selection.last]:
        report_progress(f"writing {day}")
        tables = day_tables(version, day, source_keys=selection.source_keys)
        for spec in (each for each in specs if each != _DELETIONS):
            rows[spec.name] += _write_rows(writer, spec, tables[spec.name].select(spec.schema.names))
        articles = tables["articles"]
        if articles.num_rows:
            days.append(day)
            publishers |= _publishers(articles)
            newest = [max([*newest, pc.max(articles["fetched_at"]).as_py()])]
    rows[_DELETIONS.name] = _write_rows(
        writer, _DELETIONS, lake.log.read(_DELETIONS.name).select(_DELETIONS.schema.names)
    )
    facts = ExportFacts(
        has_text=selection.has_text,
        rows=dict(rows),
        publishers=sorted(publishers),
        first_day=min(days, default=None),
        last_day=max(days, default=None),
        fetched_at=newest[0] if newest else None,
    )
    return facts, len(days)


def _write_rows(writer: Writer, spec: TableSpec, table: pa.Table) -> int:
    """Write rows, if any, and return their number."""
    count: int = table.num_rows
    if count:
        writer.write(spec, table)
    return count


def _describe_selection(selection: Selection) -> str:
    sources = ", ".join(sorted(selection.source_keys)) or "any source"
    return f"from {sources}, published from {selection.first} to {selection.last}"


def _publishers(articles: pa.Table) -> set[str]:
    """Return the publishers of articles: publisher, else domain, else source_key."""
    names = pc.coalesce(articles["publisher"], articles["domain"], articles["source_key"])
    return set(pc.unique(names).to_pylist())


# Tables of an export: as in `newslake sql`, with the day of each row, with or without text.

# Without co_mentions, which only counts rows of other tables: it can be computed from the selected rows.
_EXPORT_TABLES = tuple(spec for spec in (*ANNOTATION_TABLES, *CLUSTER_TABLES) if spec.name != "co_mentions")
_IDS = ("article_id", "revision_id")
_ID_LENGTH = 32


@dataclass(frozen=True, slots=True)
class _ClusterJoin:
    """Columns that a cluster table adds, joined on keys.

    Without a cluster row, an id is the row's own: the values of the columns ``own``, joined by ":"; a flag is false.
    """

    table: str
    keys: tuple[str, ...]
    columns: tuple[str, ...]
    own: tuple[str, ...]


_CLUSTER_JOINS: Mapping[str, _ClusterJoin] = {
    "articles": _ClusterJoin("near_duplicates", _IDS, ("dup_group_id", "is_duplicate"), ("article_id",)),
    "quotes": _ClusterJoin(
        "quote_clusters", (*_IDS, "quote_index"), ("quote_cluster_id",), ("article_id", "quote_index")
    ),
    "events": _ClusterJoin(
        "event_cluster_members", (*_IDS, "event_index"), ("event_cluster_id",), ("article_id", "coref_event_index")
    ),
}


@dataclass(frozen=True, slots=True)
class _PersonJoin:
    """Columns that ``person_links`` adds: by name, the link's column, the row's own column, and its description.

    ``cluster`` is the column with the cluster of the person. Without a link, a row whose column ``kind`` has the value
    ``person`` has its own values; all others are null.
    """

    cluster: str
    kind: str
    person: str
    columns: Mapping[str, tuple[str, str, str]]


_ABOUT_PERSON = "of the person in `person_links`, else `{}` of a person; null for everything else."
_PERSON_JOINS: Mapping[str, _PersonJoin] = {
    table: _PersonJoin(
        f"{prefix}cluster_index",
        kind,
        person,
        {
            f"{prefix}{column}": (column, own, f"`{column}` {_ABOUT_PERSON.format(own)}")
            for column, own in (("person_id", f"{prefix}entity_id"), ("person_name", name))
        },
    )
    for table, prefix, kind, person, name in (
        ("entities", "", "entity_type", "PERSON", "entity_name"),
        ("quotes", "speaker_", "speaker_kind", "person", "speaker_name"),
    )
}
_DELETIONS = TABLE_SPECS["deletions"]  # always complete, so that holders of older exports can apply it


def export_specs(*, has_text: bool) -> tuple[TableSpec, ...]:
    """Return the tables of an export: those of the contract, with joined columns and the day."""
    return tuple(_export_spec(spec, has_text=has_text) for spec in _EXPORT_TABLES)


def _export_spec(spec: TableSpec, *, has_text: bool) -> TableSpec:
    excluded = frozenset() if has_text else text_columns(spec)
    joined = _CLUSTER_JOINS.get(spec.name)
    other = () if joined is None else [TABLE_SPECS[joined.table].column(name) for name in joined.columns]
    people = _PERSON_JOINS[spec.name].columns if spec.name in _PERSON_JOINS else {}
    named = [Column(name, pa.string(), about, nullable=True) for name, (_, _, about) in people.items()]
    columns = (*spec.columns, *other, *named, spec.day)
    return replace(spec, columns=tuple(column for column in columns if column.name not in excluded))


def day_tables(version: TablesVersion, day: date, *, source_keys: Collection[str]) -> dict[str, pa.Table]:
    """Return all tables of a day, with joined columns and the day; for the given sources or all."""
    stored = {spec.name: version.read(spec.name, days=[day]) for spec in _EXPORT_TABLES}
    if source_keys:
        stored = _filter_sources(stored, source_keys)
    days = {name: pa.array([day] * table.num_rows, pa.date32()) for name, table in stored.items()}
    return {
        name: _join_people(name, _join_cluster_columns(name, table, stored), stored["person_links"]).append_column(
            "published_date", days[name]
        )
        for name, table in stored.items()
    }


def _filter_sources(tables: Mapping[str, pa.Table], source_keys: Collection[str]) -> dict[str, pa.Table]:
    """Return the rows of articles of some sources. An event cluster belongs to the article of its first report."""
    articles = tables["articles"]
    mine = articles.filter(pc.is_in(articles["source_key"], value_set=pa.array(sorted(source_keys), pa.string())))
    ids = mine["article_id"].combine_chunks()
    return {name: table.filter(pc.is_in(_article_ids(name, table), value_set=ids)) for name, table in tables.items()}


def _article_ids(name: str, table: pa.Table) -> pa.ChunkedArray:
    """Return the article of each row; for an event cluster, the article of its first report."""
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


def _join_people(name: str, table: pa.Table, links: pa.Table) -> pa.Table:
    joined = _PERSON_JOINS.get(name)
    if joined is None:
        return table
    known = _joined_key(links, (*_IDS, "cluster_index")).combine_chunks()
    places = pc.index_in(_joined_key(table, (*_IDS, joined.cluster)), value_set=known).combine_chunks()
    is_person = pc.equal(table[joined.kind], joined.person)
    for added, (column, own, _) in joined.columns.items():
        found = links[column].combine_chunks().take(places)
        table = table.append_column(added, pc.coalesce(found, pc.if_else(is_person, table[own], None)))
    return table


def _joined_key(table: pa.Table, columns: Sequence[str]) -> pa.ChunkedArray:
    """Return one key per row: the values of some columns, joined by ":"."""
    values = [table[name].cast(pa.string()) for name in columns]
    return pc.binary_join_element_wise(*values, ":")


# Documentation of an export: datapackage.json, CITATION.cff and README.txt.

_OFFSETS_NOTE = "Offsets count code points of articles.text from 0; the end is exclusive."
_JOIN_NOTE = "Join entities, quotes and events to articles on article_id and revision_id."
_CELLS_NOTE = (
    "Empty cells are nulls or empty text. Lists are JSON. Text that begins with = + - @, a tab or a line end "
    "has an apostrophe before it, so that no spreadsheet runs it as a formula; remove it in programs. A spreadsheet "
    "shows at most 32,767 characters per cell and reads some ids as numbers: import ids as text."
)


def write_documentation(
    folder: Path, specs: Sequence[TableSpec], files: Mapping[str, ExportFile], facts: ExportFacts
) -> None:
    """Write the documentation of an export into its folder. It depends only on the rows, not on the time."""
    is_csv = any(file.name.endswith(".csv") for file in files.values())
    (folder / "datapackage.json").write_bytes(_datapackage(folder, specs, files, facts, is_csv=is_csv))
    (folder / "CITATION.cff").write_text(_citation(facts), encoding="utf-8")
    (folder / "README.txt").write_text(_readme(specs, files, facts, is_csv=is_csv), encoding="utf-8")


def _datapackage(
    folder: Path, specs: Sequence[TableSpec], files: Mapping[str, ExportFile], facts: ExportFacts, *, is_csv: bool
) -> bytes:
    resources = [
        TableResource(
            name=spec.name,
            about=spec.about,
            path=files[spec.name].name,
            columns=[_in_csv(column, spec) if is_csv else column for column in spec.columns],
            key=spec.key,
            form=files[spec.name].form,
            rows=facts.rows[spec.name],
            bytes=(folder / files[spec.name].name).stat().st_size,
        )
        for spec in specs
    ]
    return package_bytes(
        DataPackage(
            about=" ".join((_OFFSETS_NOTE, _JOIN_NOTE, *([_CELLS_NOTE] if is_csv else []))),
            resources=resources,
            sources=facts.publishers,
            has_text=facts.has_text,
            first_day=facts.first_day,
            last_day=facts.last_day,
            fetched_at=facts.fetched_at,
        )
    )


def _in_csv(column: Column, spec: TableSpec) -> Column:
    """Return a column as in CSV: empty text and null are equal there, so only columns of the key are required."""
    return column if column.name in spec.key else replace(column, nullable=True)


def _period(facts: ExportFacts) -> str:
    return f"{facts.first_day} to {facts.last_day}" if facts.first_day else "no days"


def _citation(facts: ExportFacts) -> str:
    """Return CITATION.cff: a dataset made with newslake, without personal authors."""
    quoted = json.dumps  # a JSON text is a YAML text
    version = [f"version: {quoted(facts.fetched_at.isoformat())}"] if facts.fetched_at else []
    lines = (
        "cff-version: 1.2.0",
        "message: Cite this dataset as below, and the publishers of the articles that you quote.",
        "type: dataset",
        f"title: {quoted(f'News annotated by newslake, published {_period(facts)}')}",
        f"abstract: {quoted('News articles with their entities, quotes and events. ' + _rights(facts))}",
        "authors:",
        "  - name: newslake",
        *version,
        "keywords: [news, entities, quotes, events]",
        "references:",
        "  - type: software",
        "    title: newslake",
        "    authors:",
        "      - name: The newslake contributors",
        f"    version: {quoted(__version__)}",
        "    license: Apache-2.0",
    )
    return "\n".join(lines) + "\n"


def _rights(facts: ExportFacts) -> str:
    return TEXT_RIGHTS_NOTE if facts.has_text else NO_TEXT_NOTE


def _readme(specs: Sequence[TableSpec], files: Mapping[str, ExportFile], facts: ExportFacts, *, is_csv: bool) -> str:
    excluded = ", ".join(f"{s.name}.{name}" for s in specs for name in sorted(TEXT_COLUMNS.get(s.name, ())))
    tables = [f"  {files[s.name].name:<24} {s.name:<16} {facts.rows[s.name]:>12,} rows  {s.about}" for s in specs]
    paragraphs = (
        "News annotated by newslake",
        f"Published {_period(facts)}, by: {', '.join(facts.publishers) or 'no publisher'}.",
        "\n".join(tables),
        f"{_JOIN_NOTE} {_OFFSETS_NOTE} Times are UTC. A null means that the text or the page has no value.",
        *([_CELLS_NOTE] if is_csv else []),
        _rights(facts)
        if facts.has_text
        else f"{NO_TEXT_NOTE} Omitted columns: {excluded}. articles.url has the URL of each text.",
        "Names are those of the articles. Names, quotes and events were extracted by a program and can be wrong: check "
        "confidence, rule_id and the text before you attribute a statement to a person.",
        "Publishers change and withdraw articles: ask the person who gave you this export for the output of "
        "`newslake changes`, and apply the changes. "
        "Delete the articles in `deletions` from this export and every older one.",
        "datapackage.json describes every column; CITATION.cff says how to cite the data.",
    )
    return "\n\n".join(paragraphs) + "\n"
