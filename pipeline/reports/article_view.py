"""All that there is to show of one article: of the lake, with its receipt and versions, or of a file read just now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.errors import ArchiveError, ConfigError, NewsError
from pipeline.jobs.annotator import version_of
from pipeline.jobs.workspace import Workspace
from pipeline.model.provenance import ProvenanceStep
from pipeline.nlp import model_label
from pipeline.reports.page_history import Revision, page_history
from pipeline.reports.provenance import resolve_article_ids, trace_provenance
from pipeline.reports.trial import Preview
from pipeline.reports.why_row import StoredRows
from pipeline.tables import annotation_rows
from pipeline.tables.spec import Row

_TABLES = ("articles", "entities", "quotes", "events", "copies", "revisions", "quote_groups", "event_reports")
_OMITTED_STEPS = ("article", "next")  # steps of a receipt that say what the rows do, or what to type


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleView:
    """``rows`` are all of the article's by table name; ``origin`` says in a sentence where they are from.

    ``receipt`` and ``versions`` are empty for what is not in the archive.
    """

    rows: Mapping[str, Sequence[Row]]
    origin: str
    receipt: tuple[ProvenanceStep, ...] = ()
    versions: tuple[Revision, ...] = ()


def view_article(workspace: Workspace, asked: str) -> ArticleView | None:
    """Return what the lake has of the article that a URL or an id names, None where it has none.

    Raises: ConfigError for what is neither, LakeError for damaged table files.
    """
    ids = resolve_article_ids(workspace, asked)
    stored = workspace.lake.index.stored(ids)
    article_id = next((each for each in ids if each in stored), None)
    if article_id is None:
        return None
    rows = StoredRows(workspace=workspace, article_id=article_id, stored=stored[article_id])
    receipt = trace_provenance(workspace, article_id, rows=rows)
    steps = tuple(step for step in receipt.steps if step.name not in _OMITTED_STEPS)
    told = f"From the lake, committed under {rows.stored.published_date}."
    return ArticleView(
        rows={table: rows.of(table) for table in _TABLES},
        origin=told,
        receipt=steps,
        versions=_versions(workspace, article_id),
    )


def _versions(workspace: Workspace, article_id: str) -> tuple[Revision, ...]:
    try:
        return page_history(workspace, article_id).revisions
    except (ArchiveError, ConfigError):  # it has lost its records; the receipt says so
        return ()


def view_preview(workspace: Workspace, name: str, page_preview: Preview) -> ArticleView:
    """Return what was made of one page that is kept nowhere. Raises: NewsError where reading it failed."""
    if isinstance(page_preview.read, str):
        raise NewsError(page_preview.read, key=name)
    settings = workspace.settings
    rows = annotation_rows(
        page_preview.article,
        page_preview.read,
        model_name=model_label(settings.spacy_model),
        pipeline_version=version_of(settings),
    )
    refused = (
        ""
        if page_preview.rejected is None
        else f" A run would reject it: {page_preview.rejected.reason}, {page_preview.rejected}."
    )
    return ArticleView(rows=rows, origin=f"Read from {name} for this page, kept nowhere.{refused}")
