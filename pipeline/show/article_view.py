"""All data of one article to show: its committed rows with provenance and revisions, or a page annotated now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path

from newslake.pipeline.boundary import run_isolated
from newslake.pipeline.clean import Origin, explain, reject_reason
from newslake.pipeline.errors import ArchiveError, ConfigError, NewsError
from newslake.pipeline.fetch import NotModified
from newslake.pipeline.jobs.knowledge import annotator_of
from newslake.pipeline.jobs.pipeline_version import version_of
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import Annotation, Article, Hints, Page, Rejected
from newslake.pipeline.model.provenance import ProvenanceStep
from newslake.pipeline.nlp import model_label, why_not_annotated
from newslake.pipeline.show.page_history import PageRevision, page_history
from newslake.pipeline.show.provenance import StoredRows, resolve_article_ids, trace_provenance
from newslake.pipeline.sources import parse_iso, read_file
from newslake.pipeline.tables import annotation_rows
from newslake.pipeline.tables.spec import Row
from newslake.pipeline.unicode import printable_path

_TABLES = (
    "articles",
    "entities",
    "quotes",
    "events",
    "near_duplicates",
    "revisions",
    "quote_clusters",
    "event_cluster_members",
    "person_links",
)
_OMITTED_STEPS = ("article", "next")  # steps that repeat the rows, or suggest commands


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleView:
    """``rows`` are all rows of the article by table name; ``origin`` is a sentence about where they are from.

    ``published_date`` is the day of its rows in the lake; None for a page that is not stored. ``provenance`` and
    ``versions`` are empty for a page that is not in the archive.
    """

    rows: Mapping[str, Sequence[Row]]
    origin: str
    published_date: date | None = None
    provenance: tuple[ProvenanceStep, ...] = ()
    versions: tuple[PageRevision, ...] = ()


def view_article(workspace: Workspace, query: str) -> ArticleView | None:
    """Return the lake's rows of the article with a URL or an id; None without such an article.

    Raises: ConfigError for anything else, LakeError for damaged table files.
    """
    ids = resolve_article_ids(workspace, query)
    stored = workspace.lake.index.stored(ids)
    article_id = next((each for each in ids if each in stored), None)
    if article_id is None:
        return None
    rows = StoredRows(workspace=workspace, article_id=article_id, stored=stored[article_id])
    provenance = trace_provenance(workspace, article_id, rows=rows)
    steps = tuple(step for step in provenance.steps if step.name not in _OMITTED_STEPS)
    origin = f"From the lake; published day {rows.stored.published_date}."
    return ArticleView(
        rows={table: rows.of(table) for table in _TABLES},
        origin=origin,
        published_date=rows.stored.published_date,
        provenance=steps,
        versions=_versions(workspace, article_id),
    )


def newest_article_id(workspace: Workspace) -> str | None:
    """Return the article that was published last, of those with annotations if there is one on that day.

    None for a lake without articles. Raises: LakeError.
    """
    days = workspace.lake.days()
    if not days:
        return None
    columns = ("article_id", "published_at", "quote_count")
    rows = workspace.lake.read("articles", days=days[-1:], columns=columns).to_pylist()
    newest = max(rows, key=lambda row: (row["quote_count"] is not None, str(row["published_at"]), row["article_id"]))
    return str(newest["article_id"])


def _versions(workspace: Workspace, article_id: str) -> tuple[PageRevision, ...]:
    try:
        return page_history(workspace, article_id).revisions
    except (ArchiveError, ConfigError):  # the archive lost its records; the provenance says so
        return ()


# Previews of one page or text; nothing is stored.


@dataclass(frozen=True, slots=True)
class Preview:
    """The result of cleaning and annotating one page.

    ``fired`` counts how often each rule fired. ``read`` is a message if annotating failed, and None for a language
    without data. ``rejected`` says why a run would not keep the page.
    """

    article: Article
    fired: Mapping[str, int]
    read: Annotation | str | None
    rejected: Rejected | None

    @property
    def why_not_annotated(self) -> str:
        return why_not_annotated(self.article)


def preview(
    workspace: Workspace, page: str, *, published_at: str | None = None, source_key: str | None = None
) -> Preview:
    """Clean and annotate one file or URL, with the rules of a source if one is named.

    Raises: NewsError if it cannot be fetched or decoded.
    """
    source = workspace.sources.named(source_key) if source_key else None
    hints = Hints(published_at=moment_of(published_at), published_precision="day", date_method="given")
    got = _page(workspace, page, hints if published_at else Hints())
    origin = Origin("try")
    if source is not None:
        origin = Origin(source.key, source.publisher, None, source.rules, workspace.sources.outlet_keys(source))
    explained = run_isolated(partial(explain, got, origin), key=printable_path(page))
    if isinstance(explained, NewsError):
        raise explained
    annotator = annotator_of(workspace.settings)
    article, read = next(annotator.read([explained.article]))
    result = str(read) if isinstance(read, NewsError) else read
    return Preview(article, explained.fired, result, reject_reason(article, evidence=explained.evidence))


def view_preview(workspace: Workspace, name: str, page_preview: Preview) -> ArticleView:
    """Return the view of a preview. Raises: NewsError if annotating the page failed."""
    if isinstance(page_preview.read, str):
        raise NewsError(page_preview.read, key=printable_path(name))
    settings = workspace.settings
    rows = annotation_rows(
        page_preview.article,
        page_preview.read,
        model_name=model_label(settings.spacy_model),
        pipeline_version=version_of(settings),
    )
    rejected = page_preview.rejected
    refused = "" if rejected is None else f" A run would reject it: {rejected.reason}: {rejected.detail}."
    return ArticleView(rows=rows, origin=f"Read from {printable_path(name)}; not stored.{refused}")


def moment_of(text: str | None) -> datetime | None:
    """Return the time of an option ``--published-at``. Raises: ConfigError for anything but an ISO date."""
    if text is None:
        return None
    try:
        return parse_iso(text)[0]
    except ValueError as error:
        raise ConfigError(f"--published-at {text!r} is not an ISO date", key="published-at") from error


def _page(workspace: Workspace, page: str, hints: Hints) -> Page:
    if not page.startswith(("http://", "https://")):
        if not Path(page).is_file():
            name = printable_path(page)
            raise ConfigError(
                f"{name}: no such file; give a file, or a URL that begins with http:// or https://", key=name
            )
        settings = workspace.settings
        return read_file(Path(page), hints=hints, now=settings.now(), page_max_bytes=settings.page_max_bytes)
    with workspace.fetcher() as fetcher:
        got = fetcher.fetch(page, hints=hints)
    assert not isinstance(got, NotModified)  # no validators were sent
    return got
