"""Draw rows for an audit: a random sample of a table, each row with its article and the text around it."""

import hashlib
import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

from newslake.pipeline.addons.audit.draw import AuditDraw, DrawnRow, Population, SamplingDesign, Stratum, draw_id_of
from newslake.pipeline.addons.audit.questions import questions_for
from newslake.pipeline.addons.audit.row_samples import rows_named, sample_rows
from newslake.pipeline.addons.audit.sheet import RowContext, write_sheet
from newslake.pipeline.addons.audit.store import AuditStore
from newslake.pipeline.clean.decoding import decode_body, media_kind_of
from newslake.pipeline.clusters.text import sentence_spans
from newslake.pipeline.errors import ArchiveError, ConfigError, UndecodablePageError
from newslake.pipeline.jobs.pipeline_version import code_version
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.query.connection import connect
from newslake.pipeline.tables.spec import Row

_SEED = re.compile(r"[A-Za-z0-9_-]{1,40}")
Span = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditItem:
    """A drawn row with what a reader needs to judge it.

    ``sentence`` is the span of the row's sentences in the text of its article, empty for an article. ``original`` is
    the archived page as HTML, for an article whose page is in the archive.
    """

    drawn: DrawnRow
    row: Row
    article: Row
    context: RowContext
    sentence: Span
    original: str | None


@dataclass(frozen=True, slots=True)
class AuditSample:
    """A draw with its rows in random order, and its sheet as CSV."""

    draw: AuditDraw
    items: tuple[AuditItem, ...]
    sheet: str


def draw_sample(
    workspace: Workspace, population: Population, design: SamplingDesign, *, folder: Path | None = None
) -> AuditSample:
    """Return a random sample of the rows of a population. Nothing is stored.

    ``folder`` is where the sheets will be; None for the folder of the draw in the data root.
    Raises: ConfigError for an unknown table, column, condition, source or draw, or if no row is left.
    """
    settings, table = workspace.settings, population.table
    questions_for(table)  # refuse an unknown table
    store = AuditStore(settings)
    if not _SEED.fullmatch(design.seed):
        raise ConfigError(f"seed {design.seed!r} is not valid: use letters, digits, _ and -, at most 40", key="seed")
    if population.source is not None:
        workspace.sources.named(population.source)
    sizes, items = _draw_items(workspace, population, design, excluded=store.articles_of(design.without))
    drawn = [each.drawn.stratum for each in items]
    draw_id = draw_id_of(population, design)
    draw = AuditDraw(
        draw_id=draw_id,
        population=population,
        design=design,
        drawn_at=settings.now(),
        code_version=code_version(),
        pipeline_versions=tuple(sorted({each.article["pipeline_version"] for each in items})),
        strata=tuple(Stratum(name, size, drawn.count(name)) for name, size in sizes.items()),
        rows=tuple(each.drawn for each in items),
        sheet_hash="",
        folder=str(store.folder_of(draw_id) if folder is None else folder.absolute()),
    )
    sheet = write_sheet(draw, {each.drawn.name: each.context for each in items})
    return AuditSample(replace(draw, sheet_hash=hashlib.sha256(sheet.encode()).hexdigest()), items, sheet)


def _draw_items(
    workspace: Workspace, population: Population, design: SamplingDesign, *, excluded: Collection[str]
) -> tuple[dict[str, int], tuple[AuditItem, ...]]:
    """Return the size of each stratum, and the drawn rows in random order. Raises: ConfigError if no row is left."""
    table, lake = population.table, workspace.place
    with connect(lake, since=population.first, until=population.last, source=population.source) as connection:
        sizes, strata = sample_rows(connection, population, design, excluded=excluded)
        if not strata:
            raise ConfigError(f"no row of {table} meets these conditions: nothing to draw", key="table")
        rows = rows_named(connection, table, strata)
        article_ids = {row["article_id"] for row in rows.values()}
        articles = rows if table == "articles" else rows_named(connection, "articles", article_ids)
    return sizes, tuple(
        audit_item(
            DrawnRow(name, stratum, place_of(rows[name]), judged_values(table, rows[name])),
            row=rows[name],
            article=articles[rows[name]["article_id"]],
            original=_original(workspace, rows[name]) if table == "articles" else None,
        )
        for name, stratum in strata.items()
    )


def audit_item(drawn: DrawnRow, *, row: Row, article: Row, original: str | None) -> AuditItem:
    """Return a drawn row with the text around it; for ``articles``, ``row`` is the article itself."""
    is_article = drawn.name == drawn.article_id
    extent = (0, len(article["text"])) if is_article else (row["start_char"], row["end_char"])
    words = (0, 0) if is_article else extent
    sentence = words if is_article else _sentences_of(article, extent)
    return AuditItem(
        drawn=drawn,
        row=row,
        article=article,
        context=_context(article, words=words, sentence=sentence, paragraph=_blocks_of(article, extent)),
        sentence=sentence,
        original=original,
    )


def _sentences_of(article: Row, extent: Span) -> Span:
    """Return the span of the sentences that have words of a row, without the blanks after them."""
    text, sentences = article["text"], []
    for block in _overlapping(article, extent):
        start = block["start_char"]
        spans = ((start + first, start + last) for first, last in sentence_spans(text[start : block["end_char"]]))
        sentences += [span for span in spans if span[0] < extent[1] and extent[0] < span[1]]
    start, end = (sentences[0][0], sentences[-1][1]) if sentences else extent
    return start, start + len(text[start:end].rstrip())


def _blocks_of(article: Row, extent: Span) -> Span:
    """Return the span of the blocks that have words of a row: a quote may run over several paragraphs."""
    blocks = _overlapping(article, extent)
    return (blocks[0]["start_char"], blocks[-1]["end_char"]) if blocks else extent


def _overlapping(article: Row, extent: Span) -> list[Row]:
    return [each for each in article["blocks"] if each["start_char"] < extent[1] and extent[0] < each["end_char"]]


def _original(workspace: Workspace, article: Row) -> str | None:
    """Return the archived page of an article as HTML; None if the archive does not have it any more."""
    if article["payload_digest"] is None:
        return None
    try:
        page = workspace.archive.get(article["payload_digest"])
        return decode_body(page).text if media_kind_of(page) == "html" else None
    except (ArchiveError, UndecodablePageError):
        return None


def place_of(row: Row) -> str:
    """Return what tells a row from another one that gets its name later: its revision and its offsets."""
    return " ".join(str(row[each]) for each in ("revision_id", "start_char", "end_char") if each in row)


def judged_values(table: str, row: Row) -> dict[str, str | None]:
    """Return the columns of a row that the questions judge, as a person writes them; None for null."""
    return {each.column: value_text(row[each.column]) for each in questions_for(table) if each.column}


def value_text(value: object) -> str | None:
    """Return a value as a person writes it in a sheet."""
    if value is None or value == []:
        return None
    if isinstance(value, list):
        return "; ".join(" ".join(each.values()) if isinstance(each, dict) else str(each) for each in value)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return value.isoformat() if isinstance(value, date) else str(value)


def _context(article: Row, *, words: Span, sentence: Span, paragraph: Span) -> RowContext:
    text = article["text"]
    return RowContext(
        article=article["title"] or "",
        outlet=article["publisher"] or "",
        day=value_text(article["published_at"]) or "",
        words=text[slice(*words)],
        sentence=text[slice(*sentence)],
        paragraph=text[slice(*paragraph)],
    )
