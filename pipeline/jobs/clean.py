"""Clean archived captures: one capture, or the latest revision of an article."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from pipeline.boundary import run_isolated
from pipeline.clean import clean
from pipeline.errors import NewsError
from pipeline.fetch.robots import reserving_header
from pipeline.jobs.workspace import Workspace
from pipeline.model import Article, Capture, Page, Rejected

_RESERVED = "its publisher reserves text and data mining: {}; NEWS_TDM_POLICY=record keeps such pages"


def apply_reservation(read: Article | Rejected, page: Page, *, is_obeyed: bool) -> Article | Rejected:
    """Return the article with its reservation of text and data mining; Rejected if reservations are obeyed.

    The reservation is in the page, or in the tdmrep.json of its host.
    """
    if not isinstance(read, Article):
        return read
    in_page = reserving_header(page.headers) or "a meta element of the page"
    evidence = in_page if read.tdm_reserved else "tdmrep.json of its host"
    if page.hints.tdm_reserved:
        read = replace(read, tdm_reserved=True)
    if is_obeyed and read.tdm_reserved:
        return Rejected(reason="tdm_reserved", detail=_RESERVED.format(evidence), evidence=evidence)
    return read


def clean_capture(workspace: Workspace, capture: Capture) -> Article | Rejected | NewsError:
    """Return the article in a capture, or why it was rejected, or the error of its record or the extractor."""

    def work() -> Article | Rejected:
        page = workspace.archive.page(capture)
        return apply_reservation(read(page), page, is_obeyed=workspace.settings.tdm_policy == "obey")

    source = next((each for each in workspace.sources.sources if each.key == capture.source_key), None)
    publisher = source.publisher if source is not None else None
    rules = source.rules if source is not None else ()
    read = partial(
        clean, source_key=capture.source_key, publisher=publisher, payload_digest=capture.digest, rules=rules
    )
    return run_isolated(work, key=capture.url or capture.hints.file or capture.article_id)


def latest_content(workspace: Workspace, captures: Sequence[Capture]) -> Article | Rejected | NewsError:
    """Return the latest revision of one article, as cleaned from the first capture that has it.

    ``captures`` are oldest first. Captures that are not an article are skipped. If none is an article, the result is
    that of the last capture. If newslake fails on the last capture, the result is that error: an older revision is not
    the latest.
    """
    readings: dict[str, Article | Rejected | NewsError] = {}
    first_of = {capture.digest: capture for capture in reversed(captures)}

    def read(digest: str) -> Article | Rejected | NewsError:
        if digest not in readings:
            readings[digest] = clean_capture(workspace, first_of[digest])
        return readings[digest]

    if isinstance(newest := read(captures[-1].digest), NewsError):
        return newest
    found = (got for each in reversed(captures) if isinstance(got := read(each.digest), Article))
    latest = next(found, None)
    if latest is None:
        return newest
    same = (got for each in captures if isinstance(got := read(each.digest), Article))
    return next(first for first in same if first.revision_id == latest.revision_id)
