"""The ways to read a page: with a decision, always, and with its reasons."""

from pipeline.clean.article import Explanation, empty_article, html_article
from pipeline.clean.media import media_kind_of
from pipeline.clean.origin import Origin
from pipeline.clean.page_types import reject_reason
from pipeline.clean.plain_text import text_article
from pipeline.model import Article, LayoutRule, Page, Rejected


def clean(
    page: Page,
    *,
    source_key: str,
    publisher: str | None = None,
    raw_ref: str | None = None,
    rules: tuple[LayoutRule, ...] = (),
) -> Article | Rejected:
    """Return the page's article, or why it is none. The same page and ``rules`` give the same value, always.

    Raises: UndecodablePageError when the bytes give no text.
    """
    explained = explain(page, Origin(source_key, publisher, raw_ref, rules))
    return reject_reason(explained.article, evidence=explained.evidence) or explained.article


def extract(page: Page, *, source_key: str) -> Article:
    """Return what the page gives, with its page type, whatever that is. See ``explain``."""
    return explain(page, Origin(source_key)).article


def explain(page: Page, origin: Origin) -> Explanation:
    """Return what the page gives, with its page type, whatever that is, and how often each rule fired.

    A page without anything to read is an Article without text whose ``flags`` say why: ``empty``, ``content_type``,
    ``too_many_elements``, ``too_much_text`` or ``parse_error``.
    Raises: UndecodablePageError when the bytes give no text.
    """
    kind = media_kind_of(page)
    if not page.body or page.body.isspace():
        return Explanation(empty_article(page, origin, flag="empty"), {})
    if kind == "other":
        return Explanation(empty_article(page, origin, flag="content_type"), {})
    return html_article(page, origin) if kind == "html" else Explanation(text_article(page, origin), {})
