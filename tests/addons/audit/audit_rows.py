"""A draw of the sample newsroom's golden rows, and what its sheet shows."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from newslake.pipeline.addons.audit.draw import AuditDraw, DrawnRow, Population, SamplingDesign, Stratum
from newslake.pipeline.addons.audit.questions import questions_for
from newslake.pipeline.addons.audit.report import audit_item
from newslake.pipeline.addons.audit.sheet import RowContext
from newslake.pipeline.addons.audit.sheet_page import SheetRow, build_sheet_row
from tests.unit.show.golden_rows import golden_cases, golden_rows

ROWS_PER_ARTICLE = 2


def golden_sheet(table: str, *, count: int, page: str | None = None) -> tuple[AuditDraw, list[SheetRow]]:
    """Return a draw of some golden rows of a table, and their sheet rows; ``page`` is the archived page of each."""
    found = list(_drawn(table, count))
    return draw_of(table, [drawn for drawn, _, _ in found]), [
        build_sheet_row(table, audit_item(drawn, row=row, article=article, original=page))
        for drawn, article, row in found
    ]


def _drawn(table: str, count: int) -> Iterator[tuple[DrawnRow, Mapping[str, Any], Mapping[str, Any]]]:
    for case in golden_cases():
        rows = golden_rows(case)
        [article] = rows["articles"]
        for at, row in list(enumerate(rows[table]))[:ROWS_PER_ARTICLE]:
            if count == 0:
                return
            count -= 1
            name = article["article_id"] if table == "articles" else f"{article['article_id']}:{table}:{at}"
            values = {each.column: _text(row[each.column]) for each in questions_for(table) if each.column}
            yield DrawnRow(name, "=a stratum", "1 2 3", values), article, row


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return ", ".join(value) if isinstance(value, list) else str(value)


def draw_of(table: str, rows: list[DrawnRow]) -> AuditDraw:
    """Return a draw of these rows."""
    return AuditDraw(
        draw_id=f"{table}-20260305-1a2b",
        population=Population(table=table),
        design=SamplingDesign(count=len(rows), seed="1a2b"),
        drawn_at=datetime(2026, 3, 5, tzinfo=UTC),
        code_version="0" * 40,
        pipeline_versions=("v1",),
        strata=(Stratum("=a stratum", 10 * len(rows), len(rows)),),
        rows=tuple(rows),
        sheet_hash="",
        folder="",
    )


def contexts_of(rows: list[SheetRow]) -> dict[str, RowContext]:
    """Return the contexts of rows by name, as for the sheet as CSV."""
    return {row.drawn.name: row.context for row in rows}
