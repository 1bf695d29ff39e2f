"""The two ways to read a page: always, and with a decision."""

from pipeline.clean.html_article import empty_article, html_article
from pipeline.clean.media import media_kind_of
from pipeline.clean.origin import Origin
from pipeline.clean.page_types import reject_reason
from pipeline.clean.text_article import text_article
from pipeline.model import Article, Page, Rejected


def clean(
    page: Page, *, source_key: str, publisher: str | None = None, raw_ref: str | None = None
) -> Article | Rejected:
    """Return the page's article, or why it is none. The same page gives the same value, always.

    Raises: UndecodablePageError when the bytes give no text.
    """
    article = extract(page, source_key=source_key, publisher=publisher, raw_ref=raw_ref)
    return reject_reason(article) or article


def extract(page: Page, *, source_key: str, publisher: str | None = None, raw_ref: str | None = None) -> Article:
    """Return what the page gives, with its page type, whatever that is.

    A page without anything to read is an Article without text whose ``flags`` say why: ``empty``, ``content_type``,
    ``too_many_elements`` or ``parse_error``. Raises: UndecodablePageError when the bytes give no text.
    """
    origin = Origin(source_key, publisher, raw_ref)
    kind = media_kind_of(page)
    if not page.body or page.body.isspace():
        return empty_article(page, origin, flag="empty")
    if kind == "other":
        return empty_article(page, origin, flag="content_type")
    return html_article(page, origin) if kind == "html" else text_article(page, origin)
