"""Where pages are still named when their records and rows are gone: the log and the files of inboxes."""

from pathlib import Path
from urllib.parse import urlsplit

from pipeline.archive import Takedown, TakedownPlan, page_key_of, pseudonym
from pipeline.clean import page_identity
from pipeline.jobs.workspace import Workspace
from pipeline.lake import Redaction
from pipeline.model import canonical_url
from pipeline.sources import EntryFilter, ListingEntry, ReadContext, erase_from_inbox
from pipeline.tables import rows_table, table_named


def list_deletions(workspace: Workspace, takedown: Takedown, work: TakedownPlan) -> None:
    """Write for holders of copies which articles are gone; what another source brought comes back, and is not."""
    held = workspace.archive.find_captures(article_ids=[row.article_id for row in work.rows])
    staying = {each.article_id for each in held}
    rows = [
        {
            "article_id": row.article_id,
            "revision_ids": list(row.revision_ids),
            "last_day": row.published_date,
            "reason": takedown.reason,
            "deleted_at": takedown.at,
        }
        for row in work.rows
        if row.article_id not in staying
    ]
    table = rows_table(table_named("deletions"), rows)
    workspace.lake.log.append("deletions", takedown.takedown_id, table)


def redact_log(workspace: Workspace, work: TakedownPlan) -> int:
    """Take the pages' names out of the log; return how many rows changed."""
    redaction = Redaction(
        article_ids=work.article_ids,
        hosts=_hosts(work),
        is_page=lambda url: _key_of(url) in work.page_keys,
        alias=pseudonym,
        source_key=work.source_key,
    )
    return workspace.lake.erasure.names(redaction)


def _key_of(url: str) -> str | None:
    try:
        return canonical_url(url)
    except ValueError:  # the name of a file
        return None


def _hosts(work: TakedownPlan) -> set[str]:
    """Return the hosts of pages, in both spellings where they have two."""
    hosts = {urlsplit(key).netloc for key in work.page_keys if key.startswith("http")}
    return hosts | {host.encode("ascii").decode("idna") for host in hosts if "xn--" in host}


def erase_from_inboxes(workspace: Workspace, work: TakedownPlan) -> int:
    """Take the pages out of the files of all inboxes; of a source that is one, all files go. Returns how many
    changed."""
    changed = 0
    for source in workspace.sources.sources:
        folder = Path(source.location)
        is_own = source.key == work.source_key
        if source.kind == "inbox" and folder.is_dir() and (is_own or work.source_key is None):
            limit = workspace.settings.page_max_bytes
            reading = ReadContext(source_key=source.key, now=workspace.settings.now(), page_max_bytes=limit)
            changed += erase_from_inbox(folder, reading, _match_everything() if is_own else _entry_filter(work))
    return changed


def _match_everything() -> EntryFilter:
    return EntryFilter(is_page=lambda found: True, is_url=lambda url: True, spellings=(b"",))


def _entry_filter(work: TakedownPlan) -> EntryFilter:
    """Return which entries of files go. Pages without a URL are known by their bytes or their text."""

    def is_url(url: str) -> bool:
        return _key_of(url) in work.page_keys

    def is_page(found: ListingEntry) -> bool:
        if found.ref.url is not None and is_url(found.ref.url):
            return True
        page = found.page
        return page is not None and (
            page_key_of(page) in work.page_keys or page_identity(page).article_id in work.article_ids
        )

    marks = {host.encode() for host in _hosts(work)}
    has_local = any(not key.startswith("http") for key in work.page_keys)
    plain = {key.partition("://")[2].partition("?")[0].lower().encode() for key in work.page_keys if "://" in key}
    return EntryFilter(
        is_page=is_page, is_url=is_url, marks=() if has_local else tuple(marks), spellings=tuple(sorted(plain))
    )
