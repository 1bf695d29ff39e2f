"""From plain text to an Article: its characters stay as they are, blocks say what each line is."""

from datetime import UTC, datetime

from pipeline.clean.blocks import count_words
from pipeline.clean.boilerplate import GENERATION
from pipeline.clean.canonical import page_identity
from pipeline.clean.decoding import decode_body
from pipeline.clean.metadata import is_mining_reserved, language_of, read_agency
from pipeline.clean.moments import Moment, doubt_of
from pipeline.clean.origin import Origin
from pipeline.clean.text_blocks import blocks_of_text
from pipeline.model import Article, Hints, Page, content_hash_of, domain_of, revision_id_of

NEVER_FETCHED = datetime(1970, 1, 1, tzinfo=UTC)
EXTRACTOR = f"text/{GENERATION}"
_DATE_DOUBTS = {"date_in_future", "date_implausible"}


def article_from_text(
    text: str,
    *,
    title: str | None = None,
    published_at: datetime | None = None,
    source_key: str = "text",
    url: str | None = None,
    language: str | None = None,
) -> Article:
    """Return the article of a plain text, whose characters it keeps: ``article.text == text``.

    Paragraphs are parted by blank lines or by line breaks. A headline, caption lines and cross-headings are marked as
    blocks where they stand. Without ``title`` the first line is the title if it looks like one. ``published_at`` is
    aware; its method is "given". ``fetched_at`` is the epoch: nobody fetched this text. Lone surrogates are kept.
    """
    page = Page(
        url=url,
        final_url=url,
        status=200,
        headers={"content-type": "text/plain; charset=utf-8"},
        body=text.encode("utf-8", "surrogatepass"),
        fetched_at=NEVER_FETCHED,
        hints=Hints(title=title, published_at=published_at, date_method="given", language=language),
    )
    return _article(page, Origin(source_key), text=text, flags=())


def text_article(page: Page, origin: Origin) -> Article:
    """Return the article of a plain-text page. Raises: UndecodablePageError."""
    decoded = decode_body(page)
    empty = ("empty",) if not decoded.text.strip() else ()
    doubt = _date_doubt(page)
    flags = (*empty, *(("charset_repaired",) if decoded.is_repaired else ()), *((doubt,) if doubt else ()))
    return _article(page, origin, text=decoded.text, flags=tuple(sorted(flags)))


def _date_doubt(page: Page) -> str | None:
    when = page.hints.published_at
    return doubt_of(Moment(when, "second"), fetched_at=page.fetched_at) if when else None


def _article(page: Page, origin: Origin, *, text: str, flags: tuple[str, ...]) -> Article:
    canonical, article_id = page_identity(page)
    hints, url = page.hints, page.final_url or page.url
    blocks = blocks_of_text(text, title=hints.title)
    first = next((text[block.start : block.end] for block in blocks if block.kind == "title"), None)
    title = hints.title or first
    texts = tuple(text[block.start : block.end] for block in blocks if block.kind in ("paragraph", "list"))
    content_hash = content_hash_of(title, texts)
    published_at = None if _DATE_DOUBTS & set(flags) else hints.published_at
    return Article(
        article_id=article_id,
        revision_id=revision_id_of(content_hash),
        url=url,
        canonical_url=canonical,
        source_key=origin.source_key,
        publisher=origin.publisher or hints.publisher,
        domain=domain_of(canonical or url or "") or None,
        title=title,
        standfirst=None,
        authors=(),
        section=None,
        tags=(),
        language=language_of("\n".join(texts), declared=hints.language),
        published_at=published_at,
        published_at_method=hints.date_method if published_at else "unknown",
        published_at_precision=(hints.published_precision or "second") if published_at else None,
        modified_at=hints.modified_at,
        fetched_at=page.fetched_at,
        text=text,
        blocks=blocks,
        word_count=count_words(texts),
        page_type="article" if blocks else "other",
        is_paywalled=False,
        tdm_reserved=is_mining_reserved(None, page.headers),
        content_hash=content_hash,
        wire_agency=read_agency(None, bylines=(), lead=texts[0] if texts else ""),
        flags=flags,
        raw_ref=origin.raw_ref,
        http_status=page.status if url else None,
        extractor=EXTRACTOR,
    )
