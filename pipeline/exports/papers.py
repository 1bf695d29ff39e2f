"""What goes with an export: datapackage.json, CITATION.cff and README.txt."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from pipeline import __version__
from pipeline.exports.writers import ExportFile
from pipeline.tables import Column, TableSpec
from pipeline.tables.datapackage import NO_TEXT_NOTE, TEXT_RIGHTS_NOTE, DataPackage, TableResource, package_bytes
from pipeline.tables.rights import TEXT_COLUMNS

_OFFSETS = "Offsets count code points of articles.text from 0, the end is the code point after the last."
_JOIN = "Join entities, quotes and events to articles on article_id and revision_id."
_CELLS = (
    "Empty cells are nulls or empty text. Lists are JSON. Text that begins with = + - @, a tab or a carriage return "
    "has an apostrophe before it, so that no spreadsheet runs it; a program that reads the cells takes it off again. "
    "A spreadsheet shows at most 32,767 characters of a cell, and takes some ids for numbers: say that ids are text."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFacts:
    """Facts of an export once its rows are written. ``rows`` are by table, ``publishers`` sorted."""

    has_text: bool
    rows: Mapping[str, int]
    publishers: Sequence[str]
    first_day: date | None
    last_day: date | None
    fetched_at: datetime | None


def write_documentation(
    folder: Path, specs: Sequence[TableSpec], files: Mapping[str, ExportFile], facts: ExportFacts
) -> None:
    """Write the documentation of an export into its folder: functions of what it holds, not of when it was made."""
    is_csv = any(file.name.endswith(".csv") for file in files.values())
    (folder / "datapackage.json").write_bytes(_package(folder, specs, files, facts, is_csv=is_csv))
    (folder / "CITATION.cff").write_text(_citation(facts), encoding="utf-8")
    (folder / "README.txt").write_text(_readme(specs, files, facts, is_csv=is_csv), encoding="utf-8")


def _package(
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
            about=" ".join((_OFFSETS, _JOIN, *([_CELLS] if is_csv else []))),
            resources=resources,
            sources=facts.publishers,
            has_text=facts.has_text,
            first_day=facts.first_day,
            last_day=facts.last_day,
            fetched_at=facts.fetched_at,
        )
    )


def _in_csv(column: Column, spec: TableSpec) -> Column:
    """Return a column as CSV has it: empty text and null are one there, so only a key's text is required."""
    return column if column.name in spec.key else replace(column, nullable=True)


def _period(facts: ExportFacts) -> str:
    return f"{facts.first_day} to {facts.last_day}" if facts.first_day else "no day"


def _citation(facts: ExportFacts) -> str:
    """Return CITATION.cff: a dataset, made with a piece of software, by nobody who is named."""
    quoted = json.dumps  # a JSON text is a YAML text
    version = [f"version: {quoted(facts.fetched_at.isoformat())}"] if facts.fetched_at else []
    lines = (
        "cff-version: 1.2.0",
        "message: Cite this data so, and the publishers of the articles that you quote.",
        "type: dataset",
        f"title: {quoted(f'News read by newslake, published {_period(facts)}')}",
        f"abstract: {quoted('Articles, who is named in them, who said what, and what happened. ' + _rights(facts))}",
        "authors:",
        "  - name: newslake",
        *version,
        "keywords: [news, entities, quotations, events]",
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
    left_out = ", ".join(f"{s.name}.{name}" for s in specs for name in sorted(TEXT_COLUMNS.get(s.name, ())))
    tables = [f"  {files[s.name].name:<24} {s.name:<16} {facts.rows[s.name]:>12,} rows  {s.about}" for s in specs]
    paragraphs = (
        "News read by newslake",
        f"Published {_period(facts)}, by: {', '.join(facts.publishers) or 'nobody'}.",
        "\n".join(tables),
        f"{_JOIN} {_OFFSETS} Times are UTC. A null means that the text or the page does not say.",
        *([_CELLS] if is_csv else []),
        _rights(facts)
        if facts.has_text
        else f"{NO_TEXT_NOTE} Left out: {left_out}. articles.url says where each text was.",
        "People are named as the articles name them. Names, quotations and events were read by a program and can be "
        "wrong: look at confidence and rule_id, and at the text, before you say that somebody said something.",
        "Publishers change and withdraw articles: ask whoever gave you this for `newslake changes`, and follow it. "
        "Delete what `deletions` lists from this and every older copy.",
        "datapackage.json describes every column; CITATION.cff says how to cite.",
    )
    return "\n\n".join(paragraphs) + "\n"
