"""From an HTML page to an Article."""

import logging
from dataclasses import dataclass, replace

import trafilatura

from pipeline.clean import about
from pipeline.clean.assemble import count_words, joined_text
from pipeline.clean.body import read_body
from pipeline.clean.captions import read_captions
from pipeline.clean.decode import decode_body
from pipeline.clean.headline import read_headline
from pipeline.clean.identity import identity_of, page_identity
from pipeline.clean.line_rules import GENERATION
from pipeline.clean.lines import keep_story_lines
from pipeline.clean.markup import Markup, read_markup
from pipeline.clean.origin import Origin
from pipeline.clean.page_types import page_type_of
from pipeline.clean.people import read_authors
from pipeline.clean.pieces import Piece
from pipeline.clean.published import Published, read_published
from pipeline.clean.standfirst import with_standfirst
from pipeline.clean.tree import Tree, is_crowded, parse_html, strip_unread, text_of
from pipeline.model import Article, Page, content_hash_of, domain_of, revision_id_of

log = logging.getLogger(__name__)

EXTRACTOR = f"trafilatura-{trafilatura.__version__}/{GENERATION}"
_DEEP_CHARS = 200


@dataclass(frozen=True, slots=True)
class _Reading:
    """What was read off one page. ``pieces`` are without the title."""

    markup: Markup
    identity: tuple[str | None, str]
    title: str | None
    published: Published
    pieces: tuple[Piece, ...]

    def texts(self) -> tuple[str, ...]:
        """Return the paragraphs and list items, in reading order."""
        return tuple(piece.text for piece in self.pieces if piece.kind in ("paragraph", "list"))


def html_article(page: Page, origin: Origin) -> Article:
    """Return the article of an HTML page; of a page without any text an Article with an empty one and a flag.

    Raises: UndecodablePageError.
    """
    decoded = decode_body(page)
    root = parse_html(decoded.text)
    if root is None:
        return empty_article(page, origin, flag="empty")
    if is_crowded(root):
        return empty_article(page, origin, flag="too_many_elements")
    reading = _read(page, root, decoded.text)
    if not reading.pieces and _is_too_deep(root, decoded.text):
        return empty_article(page, origin, flag="parse_error")
    article = _article(page, origin, reading)
    return (
        replace(article, flags=tuple(sorted((*article.flags, "charset_repaired")))) if decoded.is_repaired else article
    )


def _read(page: Page, root: Tree, source: str) -> _Reading:
    identity = identity_of(page, text=source)
    markup = read_markup(root, canonical=identity[0])
    title = read_headline(markup, hint=page.hints.title)
    published = read_published(markup, page)
    strip_unread(root)
    return _Reading(markup, identity, title, published, _story_pieces(root, markup, title))


def _story_pieces(root: Tree, markup: Markup, title: str | None) -> tuple[Piece, ...]:
    captions = read_captions(root)
    kept = keep_story_lines(read_body(root), title=title, echoes=captions.echoes)
    log.debug("line rules fired", extra={"fired": dict(kept.fired)})
    return captions.woven_into(with_standfirst(kept.pieces, markup, title=title))


def _is_too_deep(root: Tree, source: str) -> bool:
    return len(source) > _DEEP_CHARS and len(text_of(root)) < len(source) // 1000


def _article(page: Page, origin: Origin, reading: _Reading) -> Article:
    (canonical, article_id), markup, texts = reading.identity, reading.markup, reading.texts()
    url, title, pieces, published = page.final_url or page.url, reading.title, reading.pieces, reading.published
    domain = domain_of(canonical or url or "") or None
    publisher = origin.publisher or about.read_publisher(markup, page)
    text, blocks = joined_text(((Piece("title", title),) if title else ()) + pieces)
    content_hash = content_hash_of(title, texts)
    words = count_words(texts)
    is_walled = about.is_behind_wall(markup, word_count=words)
    return Article(
        article_id=article_id,
        revision_id=revision_id_of(content_hash),
        url=url,
        canonical_url=canonical,
        source_key=origin.source_key,
        publisher=publisher,
        domain=domain,
        title=title,
        standfirst=next((piece.text for piece in pieces if piece.kind == "standfirst"), None),
        authors=read_authors(markup, publisher=publisher, domain=domain),
        section=about.read_section(markup),
        tags=about.read_tags(markup),
        language=about.read_language(markup, page, text="\n".join(texts)),
        published_at=published.when,
        published_at_method=published.method,
        published_at_precision=published.precision,
        modified_at=published.modified,
        fetched_at=page.fetched_at,
        text=text,
        blocks=blocks,
        word_count=words,
        page_type=page_type_of(markup, page, pieces, title=title, is_walled=is_walled),
        is_paywalled=is_walled,
        tdm_reserved=about.is_mining_reserved(markup, page.headers),
        content_hash=content_hash,
        wire_agency=about.read_agency(markup, bylines=markup.all_meta("author"), lead=texts[0] if texts else ""),
        flags=published.flags,
        raw_ref=origin.raw_ref,
        http_status=page.status if url else None,
        extractor=EXTRACTOR,
    )


def empty_article(page: Page, origin: Origin, *, flag: str) -> Article:
    """Return the Article of a page that gives nothing to read: no text, no blocks, and the flag that says why."""
    canonical, article_id = page_identity(page)
    url = page.final_url or page.url
    content_hash = content_hash_of(None, ())
    return Article(
        article_id=article_id,
        revision_id=revision_id_of(content_hash),
        url=url,
        canonical_url=canonical,
        source_key=origin.source_key,
        publisher=origin.publisher or page.hints.publisher,
        domain=domain_of(canonical or url or "") or None,
        title=None,
        standfirst=None,
        authors=(),
        section=None,
        tags=(),
        language=None,
        published_at=None,
        published_at_method="unknown",
        published_at_precision=None,
        modified_at=None,
        fetched_at=page.fetched_at,
        text="",
        blocks=(),
        word_count=0,
        page_type="other",
        is_paywalled=False,
        tdm_reserved=about.is_mining_reserved(None, page.headers),
        content_hash=content_hash,
        wire_agency=None,
        flags=(flag,),
        raw_ref=origin.raw_ref,
        http_status=page.status if url else None,
        extractor=EXTRACTOR,
    )
