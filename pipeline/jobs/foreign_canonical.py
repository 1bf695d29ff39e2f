"""Decide when a page is archived whether it is believed that it is another page of its domain."""

from collections.abc import Callable

from newslake.pipeline.archive import ArchiveWriter, RecordArchive, page_key_of
from newslake.pipeline.boundary import run_isolated
from newslake.pipeline.clean import PageIdentity, extract, url_identity
from newslake.pipeline.clusters import match_of_variant
from newslake.pipeline.model import Article, Capture, Page, article_id_of, domain_of


def believed_identity(
    page: Page, stated: PageIdentity, *, archive: RecordArchive, writer: ArchiveWriter
) -> PageIdentity:
    """Return the identity under which a page is archived: ``stated`` by the page, else that of its final URL.

    A page that states the URL of another page of its domain is believed if the archive has no capture of that page as
    the article of this URL, or if the last of these captures has a text like that of the page.
    """
    by_url = url_identity(page)
    last = None if by_url is None else _last_of_named(page, stated, by_url, writer)
    if by_url is None or last is None:
        return stated
    other = _extract(lambda: writer.unfinished_page(last) or archive.page(last), key=last.page_key)
    return stated if _is_alike(_extract(lambda: page, key=page_key_of(page)), other) else by_url


def _last_of_named(page: Page, stated: PageIdentity, by_url: PageIdentity, writer: ArchiveWriter) -> Capture | None:
    """Return the last capture of another page of the domain whose URL a page states; None without one.

    A page whose requested URL is stated was only redirected. A page that is itself captured as another article has no
    row to lose.
    """
    named = stated.canonical_url or ""
    if named in (by_url.canonical_url, page_key_of(page)):
        return None
    if domain_of(named) != domain_of(by_url.canonical_url or ""):
        return None
    last = writer.last(named)
    return last if last is not None and last.article_id == stated.article_id else None


def _extract(read: Callable[[], Page], *, key: str) -> Article | None:
    """Return the article of a page; None if its record or its text cannot be read, which cleaning reports."""
    got = run_isolated(lambda: extract(read(), source_key=""), key=key)
    return got if isinstance(got, Article) else None


def _is_alike(variant: Article | None, known: Article | None) -> bool:
    if variant is None or known is None:
        return False
    return variant.content_hash == known.content_hash or match_of_variant(variant.text, known.text) is not None


def may_revalidate(archive: RecordArchive, last: Capture) -> bool:
    """Return whether the next request of a page may have the validators of its last capture.

    A 304 brings back no lost bytes. It also keeps the article of the last capture, which was believed perhaps only
    because the page with that URL was unknown: once it is known, one request needs the whole page.
    """
    if not archive.has_bytes(last):
        return False
    if article_id_of(canonical=last.page_key, text="") == last.article_id:
        return True
    same = archive.captures(article_id=last.article_id)  # oldest first
    named = next((each for each in same if article_id_of(canonical=each.page_key, text="") == last.article_id), None)
    return named is None or named.fetched_at < last.fetched_at
