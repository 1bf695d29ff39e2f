"""Audits: how often the rows of the tables are right, judged by readers on a random sample."""

from newslake.pipeline.addons.audit.draw import AuditDraw, DrawnRow, Population, SamplingDesign, Stratum, allocate
from newslake.pipeline.addons.audit.questions import AUDITED_TABLES, Answer, AuditQuestion, Verdict, questions_for
from newslake.pipeline.addons.audit.sheet import (
    FilledSheet,
    RowAnswers,
    RowContext,
    SheetProblem,
    blank_sheet,
    is_sheet,
    read_draw_id,
    read_sheet,
    sheet_columns,
    write_sheet,
)

__all__ = [
    "AUDITED_TABLES",
    "Answer",
    "AuditDraw",
    "AuditQuestion",
    "DrawnRow",
    "FilledSheet",
    "Population",
    "RowAnswers",
    "RowContext",
    "SamplingDesign",
    "SheetProblem",
    "Stratum",
    "Verdict",
    "allocate",
    "blank_sheet",
    "is_sheet",
    "questions_for",
    "read_draw_id",
    "read_sheet",
    "sheet_columns",
    "write_sheet",
]
