"""All that there is to show of one article: of the lake, with its receipt and versions, or of a file read just now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.errors import ArchiveError, ConfigError, NewsError
from pipeline.model.receipt import Step
from pipeline.nlp import model_label
from pipeline.stages.page_history import Revision, page_history
from pipeline.stages.reading import version_of
from pipeline.stages.trial import Trial
from pipeline.stages.why import articles_named, why
from pipeline.stages.why_row import StoredRows
from pipeline.stages.workspace import Workspace
from pipeline.tables import annotation_rows

Row = Mapping[str, Any]
_TABLES = ("articles", "entities", "quotes", "events", "copies", "revisions", "quote_groups", "event_reports")
_ELSEWHERE = ("article", "next")  # steps of a receipt that say what the rows do, or what to type


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """``rows`` are all of the article's by table name; ``origin`` says in a sentence where they are from.

    ``receipt`` and ``versions`` are empty for what is not in the archive.
    """

    rows: Mapping[str, Sequence[Row]]
    origin: str
    receipt: tuple[Step, ...] = ()
    versions: tuple[Revision, ...] = ()


def stored_article(workspace: Workspace, asked: str) -> Shown | None:
    """Return what the lake has of the article that a URL or an id names, None where it has none.

    Raises: ConfigError for what is neither, LakeError for damaged table files.
    """
    ids = articles_named(workspace, asked)
    stored = workspace.lake.index.stored(ids)
    article_id = next((each for each in ids if each in stored), None)
    if article_id is None:
        return None
    rows = StoredRows(workspace=workspace, article_id=article_id, stored=stored[article_id])
    receipt = why(workspace, article_id, rows=rows)
    steps = tuple(step for step in receipt.steps if step.name not in _ELSEWHERE)
    told = f"From the lake, committed under {rows.stored.published_date}."
    return Shown(
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


def tried_article(workspace: Workspace, name: str, tried: Trial) -> Shown:
    """Return what was made of one page that is kept nowhere. Raises: NewsError where reading it failed."""
    if isinstance(tried.read, str):
        raise NewsError(tried.read, key=name)
    settings = workspace.settings
    rows = annotation_rows(
        tried.article,
        tried.read,
        model_name=model_label(settings.spacy_model),
        pipeline_version=version_of(settings),
    )
    refused = "" if tried.rejected is None else f" A run would reject it: {tried.rejected.reason}, {tried.rejected}."
    return Shown(rows=rows, origin=f"Read from {name} for this page, kept nowhere.{refused}")
