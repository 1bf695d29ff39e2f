"""Block the pages of takedowns at every entrance: they are not fetched, stored, or named in the log."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from newslake.pipeline.archive import page_name, pseudonym, publisher_name, source_name, url_name
from newslake.pipeline.archive.interfaces import Blocklist
from newslake.pipeline.boundary import run_isolated
from newslake.pipeline.clean import PageIdentity, extract, page_identity
from newslake.pipeline.jobs.outcomes import PageName
from newslake.pipeline.model import Article, Capture, Outcome, Page, Ref, Source
from newslake.pipeline.sources import EntryFilter, ListingEntry, ReadContext, erase_from

REASON = "taken_down"
DETAIL = "taken down and blocked; `newslake forget --list` says when and why"


class TakedownGuard:
    """Checks whether a takedown blocks a source or its pages. ``has_refused``: at least one was blocked."""

    def __init__(self, takedowns: Blocklist, source: Source) -> None:
        self._takedowns = takedowns
        self._source = source
        self.has_refused = False

    def blocks_source(self) -> bool:
        return self._takedowns.is_blocked(source_name(self._source.key))

    def blocks_ref(self, ref: Ref) -> bool:
        """Return whether a listed page is blocked, by its URL or by the publisher that the listing names."""
        name = None if ref.url is None else url_name(ref.url)
        return self._note_refusal(self._takedowns.is_blocked(name, self._publisher_name(ref.hints.publisher)))

    def blocks_page(self, page: Page, identity: PageIdentity, *, requested_url: str | None = None) -> bool:
        """Return whether a page is blocked; if so, block ``requested_url`` from now on."""
        urls = [url_name(url) for url in (page.url, page.final_url) if url is not None]
        names = [identity.article_id, *urls, self._publisher_name(self._stated_publisher(page))]
        is_blocked = self._takedowns.is_blocked(*names)
        if is_blocked and requested_url is not None and (name := url_name(requested_url)) is not None:
            self._takedowns.block_alias(name, like=names)
        return self._note_refusal(is_blocked)

    def blocks_entry(self, found: ListingEntry, identity: PageIdentity | None) -> bool:
        """Return whether an entry of a listing or a file is blocked. ``identity`` is that of its page, if any."""
        if self.blocks_ref(found.ref):
            return True
        return found.page is not None and identity is not None and self.blocks_page(found.page, identity)

    def blocks_url(self, url: str) -> bool:
        return self._takedowns.is_blocked(url_name(url))

    def redacted(self, outcome: Outcome) -> Outcome:
        """Return an outcome of an earlier attempt, without the name of a page taken down since."""
        if not self._takedowns.is_blocked(url_name(outcome.url), outcome.article_id):
            return outcome
        alias = pseudonym(outcome.url)
        return replace(outcome, url=alias, reason=REASON, article_id=None, detail=None, payload_digest=None)

    def _note_refusal(self, is_blocked: bool) -> bool:
        self.has_refused |= is_blocked
        return is_blocked

    def _publisher_name(self, stated: str | None) -> str | None:
        publisher = self._source.publisher or stated  # the same order as in cleaning
        return publisher_name(publisher) if publisher else None

    def _stated_publisher(self, page: Page) -> str | None:
        """Return the publisher that a page names; the page is cleaned only if a publisher is blocked."""
        if self._source.publisher is not None or not self._takedowns.blocks_publishers():
            return None
        read = run_isolated(partial(extract, page, source_key=self._source.key), key=page.url or self._source.key)
        return read.publisher if isinstance(read, Article) else page.hints.publisher

    def erase_from(self, folder: Path, reading: ReadContext) -> None:
        """Erase blocked entries from the files of a claimed folder, before they are moved to their final folder."""
        if self.has_refused:
            erase_from(folder, reading, EntryFilter(is_page=self._blocks_found, is_url=self.blocks_url))

    def _blocks_found(self, found: ListingEntry) -> bool:
        if found.page is None:
            return self.blocks_entry(found, None)
        identity = run_isolated(partial(page_identity, found.page), key=found.ref.url or found.ref.file or "")
        return self.blocks_entry(found, identity if isinstance(identity, PageIdentity) else None)


def blocked_articles(takedowns: Blocklist, captures: Mapping[str, Sequence[Capture]]) -> set[str]:
    """Return the articles that are blocked by their id, by a URL, or because only blocked sources have them.

    Their records came in with an old archive file.
    """
    names = {each: {each, *(page_name(one.page_key) for one in those)} for each, those in captures.items()}
    sources = {each: {source_name(one.source_key) for one in those} for each, those in captures.items()}
    blocked = takedowns.blocked_among({name for those in (*names.values(), *sources.values()) for name in those})
    return {each for each in captures if blocked & names[each] or sources[each] <= blocked} if blocked else set()


def redacted_page(page: PageName) -> PageName:
    """Return the name of a blocked page in the log."""
    return page[0], pseudonym(page[1])
