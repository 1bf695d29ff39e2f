"""The sheet of an audit as a page: each drawn row in its text, the questions, and a script that saves the answers.

The page is one file and requests nothing. Everything that comes from a row's article is between two comments, so
that a takedown can cut it out.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from newslake.pipeline.addons.audit.draw import AuditDraw, DrawnRow
from newslake.pipeline.addons.audit.questions import AuditQuestion, questions_for
from newslake.pipeline.addons.audit.report import AuditItem
from newslake.pipeline.addons.audit.sheet import RowContext, sheet_columns
from newslake.pipeline.show.annotations import Span, build_events, build_quotes
from newslake.pipeline.show.rendering import TEMPLATES, make_visible, web_link
from newslake.pipeline.show.text_markup import BlockView, Mark, entity_marks, event_marks, mark_blocks, quote_marks
from newslake.pipeline.tables.spec import Row
from newslake.pipeline.tables.vocabularies import vocabulary_of

SHEET_TEMPLATES = TEMPLATES.extend("newslake.pipeline.addons.audit", style="audit_sheet.css")
# Columns that help to judge the one of a question: shown with it if they have a value.
_FACT_COLUMNS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "quotes": {"speaker": ("speaker_text", "speaker_role")},
    "entities": {"type": ("mention_kind",), "name": ("entity_text",), "role": ("honorific_text",)},
    "events": {
        "event": ("event_subtype", "event_mode"),
        "actor": ("actor_text", "actors"),
        "recipient": ("recipient_text", "recipients"),
        "date": ("event_date_end", "event_date_text", "event_date_basis"),
        "place": ("place_country",),
    },
    "articles": {},
}
# Words of the text that are marked with the trigger of an event, by the column that has them.
_ARGUMENTS = {"actor_text": "actor", "recipient_text": "recipient", "place_text": "place", "event_date_text": "date"}
# Elements of an archived page that are never seen in its frame, and are most of its size.
_UNSEEN = re.compile(r"<(script|style|svg)\b|<(!--)", re.IGNORECASE)
_ENDS = {name: re.compile(rf"</{name}\s*>", re.IGNORECASE) for name in ("script", "style", "svg")}
_ENDS["!--"] = re.compile("-->")


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetRow:
    """What a drawn row shows. ``context`` is also that of its line in the sheet as CSV.

    ``url`` is "" if the article has none to link to. ``blocks`` are all blocks of the article, with the parts of the
    row marked; those of the row are from ``first`` to before ``end``. ``facts`` are columns that help to judge another
    one, by question. ``original_html`` is the archived page; None if it is not shown.
    """

    drawn: DrawnRow
    url: str
    context: RowContext
    blocks: tuple[BlockView, ...]
    first: int
    end: int
    facts: Mapping[str, tuple[tuple[str, str], ...]]
    original_html: str | None

    @property
    def excerpt(self) -> tuple[tuple[BlockView, bool], ...]:
        """The blocks of the row and one on either side, each with whether it is of the row."""
        first, end = max(self.first - 1, 0), min(self.end + 1, len(self.blocks))
        return tuple((self.blocks[at], self.first <= at < self.end) for at in range(first, end))


def build_sheet_row(table: str, item: AuditItem) -> SheetRow:
    """Return what a row of a table shows; for ``articles``, its row is the article itself."""
    article, row, is_whole = item.article, item.row, table == "articles"
    spans = [(block["start_char"], block["end_char"]) for block in article["blocks"]]
    extent = (0, len(article["text"])) if is_whole else (row["start_char"], row["end_char"])
    inside = [at for at, span in enumerate(spans) if _overlap(span, extent)] or [0]
    first, end = inside[0], inside[-1] + 1
    marks: list[Mark] = []
    if not is_whole:
        paragraph = (spans[first][0], spans[end - 1][1]) if spans else extent
        marks = [Mark("sentence", *item.sentence, ""), *_row_marks(table, article, row, within=paragraph)]
    return SheetRow(
        drawn=item.drawn,
        url=web_link(article["url"]),
        context=item.context,
        blocks=mark_blocks(article, marks),
        first=first,
        end=end,
        facts={question: tuple(_facts(row, columns)) for question, columns in _FACT_COLUMNS[table].items()},
        original_html=item.original,
    )


def _overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _row_marks(table: str, article: Row, row: Row, *, within: Span) -> Iterator[Mark]:
    """Yield the marks of one row, without links; the arguments of an event only ``within`` a span."""
    if table == "quotes":
        every = [(block["start_char"], block["end_char"]) for block in article["blocks"]]
        yield from quote_marks(article["text"], every, build_quotes(article, [row]))
    elif table == "entities":
        yield from (replace(mark, target="") for mark in entity_marks([row]))
    else:
        yield from event_marks(build_events([row]))
        for column, look in _ARGUMENTS.items():
            span = _nearest(article["text"], row[column], within=within, to=row["start_char"])
            if span is not None:
                yield Mark("argument", *span, look)


def _nearest(text: str, words: str | None, *, within: Span, to: int) -> Span | None:
    """Return where words stand nearest to an offset; None if they do not. The tables have no offsets of arguments."""
    if not words:
        return None
    matches = re.compile(rf"(?<!\w){re.escape(words)}(?!\w)").finditer(text, *within)
    return min((match.span() for match in matches), key=lambda span: abs(span[0] - to), default=None)


def _facts(row: Row, columns: Iterable[str]) -> Iterator[tuple[str, str]]:
    for column in columns:
        value = row[column]
        text = ", ".join(value) if isinstance(value, list | tuple) else str(value or "")
        if text:
            yield column, text


def audit_sheet(draw: AuditDraw, rows: Sequence[SheetRow]) -> str:
    """Return the page of a draw; ``rows`` are those of the draw, in its order."""
    questions = questions_for(draw.table)
    vocabularies = {each.name: vocabulary_of(draw.table, each.column) for each in questions if each.column}
    sheet = {
        "draw": draw.draw_id,
        "columns": sheet_columns(draw.table),
        "questions": [_script_question(each) for each in questions],
    }
    return SHEET_TEMPLATES.page(
        "audit_sheet.html",
        draw=draw,
        questions=questions,
        vocabularies=vocabularies,
        sheet=_script_json(sheet),
        rows=[(row, _script_json(_row_data(row, draw, questions))) for row in rows],
    )


def _script_question(question: AuditQuestion) -> dict[str, object]:
    return {
        "name": question.name,
        "column": question.column,
        "isGate": question.is_gate,
        "answers": [{"name": each.name, "key": each.key, "verdict": each.verdict} for each in question.answers],
    }


def _row_data(row: SheetRow, draw: AuditDraw, questions: Sequence[AuditQuestion]) -> dict[str, object]:
    """Return what the script knows of a row: the cells before its answers, the facts of each question, the page."""
    judged = {each.name: (each.column, row.drawn.values[each.column] or "") for each in questions if each.column}
    facts = {each.name: [*filter(None, [judged.get(each.name)]), *row.facts.get(each.name, ())] for each in questions}
    shown = [getattr(row.context, name) for name in RowContext.__slots__]
    return {
        "cells": [draw.draw_id, row.drawn.name, row.drawn.stratum, *shown, *(value for _, value in judged.values())],
        "facts": {
            name: [
                (column.replace("_", " "), make_visible(value), _meaning(draw.table, column, value))
                for column, value in pairs
            ]
            for name, pairs in facts.items()
        },
        "page": None if row.original_html is None else _shorten_page(row.original_html),
    }


def _meaning(table: str, column: str, value: str) -> str:
    return vocabulary_of(table, column).get(value, "").replace("`", "")


def _script_json(value: object) -> str:
    """Return JSON in ASCII that ends no element of HTML and begins no comment."""
    text = json.dumps(value)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _shorten_page(html: str) -> str:
    """Return a page without scripts, styles, drawings and comments: for its size, the frame allows none of them."""
    parts, place = [], 0
    ends = dict(_ENDS)
    while match := _UNSEEN.search(html, place):
        name = (match[1] or match[2]).lower()
        end = ends[name].search(html, match.end()) if name in ends else None
        if end is None:
            ends.pop(name, None)  # no such end follows: never search the whole page again
            parts.append(html[place : match.end()])
            place = match.end()
        else:
            parts.append(html[place : match.start()])
            place = end.end()
    return "".join((*parts, html[place:]))
