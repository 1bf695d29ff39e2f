"""An export: the tables of some days, in one kind of file, in a folder that is there whole or not at all."""

import shutil
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Literal, get_args

import pyarrow as pa
import pyarrow.compute as pc

from pipeline.errors import ConfigError
from pipeline.exports.papers import ExportFacts, write_documentation
from pipeline.exports.shape import day_tables, export_specs
from pipeline.exports.writers import CsvWriter, ParquetWriter, SqliteWriter, Writer
from pipeline.lake import Lake
from pipeline.tables import TableSpec, table_named

Form = Literal["folder", "csv", "sqlite"]
FORMS: tuple[Form, ...] = get_args(Form)
_DELETIONS = table_named("deletions")  # whole, whatever is selected: who has an older copy must be able to obey it


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What goes into an export: published days from first to last, articles of some sources, or of all where none."""

    first: date = date.min
    last: date = date.max
    source_keys: frozenset[str] = frozenset()
    has_text: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportReport:
    """Result of an export: rows by table, how many days had any, and the bytes of the folder."""

    folder: Path
    rows: Mapping[str, int]
    days: int
    bytes: int


def export(
    lake: Lake,
    target: Path,
    *,
    form: Form,
    selection: Selection,
    has_bom: bool = False,
    report_progress: Callable[[str], None],
) -> ExportReport:
    """Write an export into a folder that does not exist or is empty; a failed one leaves nothing.

    All is of one instant between commits. Only a few days are in memory. Equal rows give equal files.
    Raises: ConfigError for a folder that has something in it, or where nothing is selected; LakeError for a damaged
    object.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ConfigError(f"{target} is there and not empty; name a new folder", key=str(target))
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.parent / f".{target.name}.{uuid.uuid4().hex}.part"
    temporary.mkdir()
    try:
        specs = (*export_specs(has_text=selection.has_text), _DELETIONS)
        writer = _writer(form, temporary, specs, has_bom=has_bom)
        try:
            facts, days = _write(lake, writer, specs, selection, report_progress)
        finally:
            writer.close()
        if not days:
            raise ConfigError(f"there is no article to export: {_describe_selection(selection)}", key=str(target))
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


def _write(
    lake: Lake, writer: Writer, specs: Sequence[TableSpec], selection: Selection, report_progress: Callable[[str], None]
) -> tuple[ExportFacts, int]:
    rows: Counter[str] = Counter({spec.name: 0 for spec in specs})
    publishers: set[str] = set()
    days: list[date] = []
    newest: list[datetime] = []
    for manifest in (each for each in lake.current_manifests() if selection.first <= each.day <= selection.last):
        report_progress(f"writing {manifest.day}")
        tables = day_tables(lake, manifest, source_keys=selection.source_keys)
        for spec in (each for each in specs if each != _DELETIONS):
            rows[spec.name] += _put(writer, spec, tables[spec.name].select(spec.schema.names))
        articles = tables["articles"]
        if articles.num_rows:
            days.append(manifest.day)
            publishers |= _publishers(articles)
            newest = [max([*newest, pc.max(articles["fetched_at"]).as_py()])]
    rows[_DELETIONS.name] = _put(writer, _DELETIONS, lake.log.read(_DELETIONS.name).select(_DELETIONS.schema.names))
    facts = ExportFacts(
        has_text=selection.has_text,
        rows=dict(rows),
        publishers=sorted(publishers),
        first_day=min(days, default=None),
        last_day=max(days, default=None),
        fetched_at=newest[0] if newest else None,
    )
    return facts, len(days)


def _put(writer: Writer, spec: TableSpec, table: pa.Table) -> int:
    """Write rows, if there are any; return how many."""
    count: int = table.num_rows
    if count:
        writer.write(spec, table)
    return count


def _describe_selection(selection: Selection) -> str:
    sources = ", ".join(sorted(selection.source_keys)) or "any source"
    return f"of {sources}, published from {selection.first} to {selection.last}"


def _publishers(articles: pa.Table) -> set[str]:
    """Return who published, by the best name that is known."""
    names = pc.coalesce(articles["publisher"], articles["domain"], articles["source_key"])
    return set(pc.unique(names).to_pylist())
