"""Clean archived captures: one capture, or the latest revision of an article."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import partial

from pipeline.archive import digest_of
from pipeline.boundary import run_isolated
from pipeline.clean import clean, publication_time
from pipeline.errors import NewsError
from pipeline.jobs.workspace import Workspace
from pipeline.model import Article, Capture, Page, Rejected, RightsStatement
from pipeline.model.rights import refusal_of

_REFUSED = {
    "tdm_reserved": "its publisher reserves text and data mining: {}; NEWS_TDM_POLICY=record keeps such pages",
    "rsl_license": "its publisher names a license, whose terms newslake does not read: {}; "
    "NEWS_TDM_POLICY=record keeps such pages",
}


def apply_rights(read: Article | Rejected, *, is_obeyed: bool) -> Article | Rejected:
    """Return the article; Rejected if what its publisher says about its use is obeyed, and refuses it."""
    if not isinstance(read, Article) or not is_obeyed:
        return read
    stated = zip(read.license, read.license_evidence, strict=True)
    refusal = refusal_of(RightsStatement(statement, evidence) for statement, evidence in stated)
    if refusal is None and not read.tdm_reserved:
        return read
    if refusal is None:  # archived before statements were kept
        reason, evidence = "tdm_reserved", "tdmrep.json of its host"
    else:
        reason, evidence = refusal[0], f"{refusal[1].statement!r} ({refusal[1].evidence})"
    return Rejected(reason=reason, detail=_REFUSED[reason].format(evidence), evidence=evidence)


def clean_capture(workspace: Workspace, capture: Capture) -> Article | Rejected | NewsError:
    """Return the article in a capture, or why it was rejected, or the error of its record or the extractor."""

    def work() -> Article | Rejected:
        return apply_rights(read(workspace.archive.page(capture)), is_obeyed=workspace.settings.tdm_policy == "obey")

    source = next((each for each in workspace.sources.sources if each.key == capture.source_key), None)
    publisher = source.publisher if source is not None else None
    rules = source.rules if source is not None else ()
    read = partial(
        clean,
        source_key=capture.source_key,
        publisher=publisher,
        payload_digest=capture.digest,
        rules=rules,
        outlets=workspace.sources.outlet_keys(source),
    )
    return run_isolated(work, key=capture.url or capture.hints.file or capture.article_id)


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
