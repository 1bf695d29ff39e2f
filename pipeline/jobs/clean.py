"""Clean archived captures: one capture, or the latest revision of an article."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial

from newslake.pipeline.archive import digest_of
from newslake.pipeline.boundary import run_isolated
from newslake.pipeline.clean import Origin, publication_time
from newslake.pipeline.derive import latest_revision, read_page
from newslake.pipeline.errors import NewsError
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import Article, Capture, Page, Rejected


def clean_capture(workspace: Workspace, capture: Capture) -> Article | Rejected | NewsError:
    """Return the article in a capture, or why it was rejected, or the error of its record or the extractor."""
    return read_page(
        partial(workspace.archive.page, capture),
        _origin_of(workspace, capture),
        obeys_rights=workspace.settings.tdm_policy == "obey",
        key=capture.url or capture.hints.file or capture.article_id,
    )


def _origin_of(workspace: Workspace, capture: Capture) -> Origin:
    source = next((each for each in workspace.sources.sources if each.key == capture.source_key), None)
    return Origin(
        capture.source_key,
        publisher=source.publisher if source is not None else None,
        payload_digest=capture.digest,
        rules=source.rules if source is not None else (),
        outlets=workspace.sources.outlet_keys(source),
        article_id=capture.article_id,
    )


def date_page(page: Page, *, last: Capture | None, canonical: str | None, now: datetime) -> tuple[Page, date | None]:
    """Return a local page, and the day of its publication, else of its fetch; no day if ``last`` is the same fetch.

    A file may be older than the page in it, as copies are: such a page was fetched ``now``, or at the time of its last
    capture, if that has the same bytes.
    """
    if last is not None:
        is_file = page.hints.fetched_at_method == last.hints.fetched_at_method == "file"
        if is_file and last.digest == digest_of(page.body):
            page = replace(page, fetched_at=last.fetched_at)
        if last.fetched_at == page.fetched_at:
            return page, None
    work = partial(publication_time, replace(page, fetched_at=now), canonical=canonical)
    found = run_isolated(work, key=page.url or page.hints.file or "a local page")
    published = found if isinstance(found, datetime) else None  # cleaning reports an error
    if page.hints.fetched_at_method == "file" and published is not None and published > page.fetched_at:
        page = replace(page, fetched_at=now)
    return page, (published or page.fetched_at).date()


def latest_content(workspace: Workspace, captures: Sequence[Capture]) -> Article | Rejected | NewsError:
    """Return the latest revision of one article, as ``latest_revision`` says; ``captures`` are oldest first."""
    first_of = {capture.digest: capture for capture in reversed(captures)}
    return latest_revision(
        [each.digest for each in captures], lambda digest: clean_capture(workspace, first_of[digest])
    )
