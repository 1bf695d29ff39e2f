"""Invented draws and filled sheets for the tests of audits."""

import csv
import io
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from newslake.pipeline.addons.audit.draw import AuditDraw, DrawnRow, Population, SamplingDesign, Stratum
from newslake.pipeline.addons.audit.questions import questions_for
from newslake.pipeline.addons.audit.sheet import RowContext, write_sheet

IDS = tuple(f"{number:032x}" for number in range(1, 9))


def draw(
    table: str = "quotes", *, strata: Mapping[str, int] | None = None, folder: str = "", ids: tuple[str, ...] = IDS
) -> AuditDraw:
    """Return a draw of one row per id. ``strata`` maps names to sizes; rows are in them in turn."""
    sizes = dict(strata or {"": 100})
    names = [list(sizes)[at % len(sizes)] for at in range(len(ids))]
    columns = [each.column for each in questions_for(table) if each.column]
    return AuditDraw(
        draw_id=f"{table}-seed",
        population=Population(table=table, language="en"),
        design=SamplingDesign(count=len(ids), seed="seed", by="source" if strata else ""),
        drawn_at=datetime(2026, 11, 27, 9, 30, tzinfo=UTC),
        code_version="c" * 12,
        pipeline_versions=("p" * 12,),
        strata=tuple(Stratum(name, size, names.count(name)) for name, size in sizes.items()),
        rows=tuple(
            DrawnRow(f"{each}:{table}:0", names[at], "1 2 3", {column: f"{column} {at}" for column in columns})
            for at, each in enumerate(ids)
        ),
        sheet_hash="0" * 64,
        folder=folder,
    )


def contexts(drawn: AuditDraw) -> dict[str, RowContext]:
    """Return the context of each row of a draw."""
    return {
        row.name: RowContext(
            f"Title {row.name}", "The Merrowby Courier", "2026-03-02", "spoke", "He spoke.", "He spoke.\nThen he left."
        )
        for row in drawn.rows
    }


def fill(drawn: AuditDraw, path: Path, answers: Mapping[int, Mapping[str, str]], *, separator: str = ",") -> Path:
    """Write a sheet of a draw with the answers about some rows, by their place in the draw; return its path."""
    lines = list(csv.DictReader(io.StringIO(write_sheet(drawn, contexts(drawn)).removeprefix("\ufeff"), newline="")))
    for at, given in answers.items():
        lines[at] |= given
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, lines[0].keys(), delimiter=separator)
        writer.writeheader()
        writer.writerows(lines)
    return path


def all_right(table: str = "quotes", **other: str) -> dict[str, str]:
    """Return the answer "right" to every question about a row, except for the others given."""
    return {each.name: "right" for each in questions_for(table)} | other
