"""Turn a page into an Article. Public entry points: ``clean``, ``extract``, ``explain``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import trafilatura

from newslake.pipeline.clean import metadata
from newslake.pipeline.clean.authors import Authors, read_authors
from newslake.pipeline.clean.blocks import ExtractedField, Origin, TextPiece, count_words, join_pieces
from newslake.pipeline.clean.body import Body, LayoutResult, apply_layout, densest_words, is_far_shorter, read_body
from newslake.pipeline.clean.boilerplate import GENERATION, is_foreign_line, keep_story_lines
from newslake.pipeline.clean.canonical import identity_of, page_identity
from newslake.pipeline.clean.captions import take_captions
from newslake.pipeline.clean.dates import PublicationTime, in_zone, read_published
from newslake.pipeline.clean.decoding import decode_body, media_kind_of
from newslake.pipeline.clean.genres import Genre, opinion_in_standfirst, opinion_of
from newslake.pipeline.clean.html import Tree, excess_of, keep_code, parse_html, strip_unread, text_of
from newslake.pipeline.clean.markup import Markup, read_markup
from newslake.pipeline.clean.metadata import with_standfirst
from newslake.pipeline.clean.outlets import outlet_key_of, read_publisher
from newslake.pipeline.clean.page_parts import drop_appeals, drop_boxes, drop_note_marks, join_drop_caps
from newslake.pipeline.clean.page_types import PageKind, page_kind_of, reject_reason
from newslake.pipeline.clean.plain_text import text_article
from newslake.pipeline.clean.rights import PageRights, read_rights
from newslake.pipeline.clean.sections import read_section
from newslake.pipeline.clean.signatures import with_signature
from newslake.pipeline.clean.story_edges import link_finder
from newslake.pipeline.clean.titles import read_headline
from newslake.pipeline.model import (
    NO_OUTLET_KEYS,
    Article,
    FieldMethod,
    LayoutRule,
    OutletKeys,
    Page,
    Rejected,
    content_hash_of,
    domain_of,
    revision_id_of,
)

EXTRACTOR = f"trafilatura-{trafilatura.__version__}/{GENERATION}"
_DEEP_CHARS = 200


@dataclass(frozen=True, slots=True)
class Explanation:
    """An article, and the number of matches of each rule: line rules by name, layout rules as "drop: SELECTOR".

    ``evidence`` says why the page has its type; it is for people.
    """

    article: Article
    fired: Mapping[str, int]
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class _PageContent:
    """Values extracted from one page.

    ``pieces`` do not include the title; ``texts`` are the paragraphs and list items, in reading order, and ``words``
    their number of words. ``wall`` says why only the part before a paywall is there, None if all is.
    """

    markup: Markup
    identity: tuple[str | None, str]
    title: ExtractedField
    publisher: ExtractedField
    outlet: str | None
    published: PublicationTime
    authors: Authors
    section: ExtractedField
    body: Body
    pieces: tuple[TextPiece, ...]
    texts: tuple[str, ...]
    words: int
    wall: str | None
    kind: PageKind
    fired: Mapping[str, int]
    rights: PageRights
    opinion: Genre | None

    @property
    def standfirst(self) -> str | None:
        return _standfirst_of(self.pieces)


def _standfirst_of(pieces: Sequence[TextPiece]) -> str | None:
    return next((piece.text for piece in pieces if piece.kind == "standfirst"), None)


def clean(
    page: Page,
    *,
    source_key: str,
    publisher: str | None = None,
    payload_digest: str | None = None,
    rules: tuple[LayoutRule, ...] = (),
    outlets: OutletKeys = NO_OUTLET_KEYS,
) -> Article | Rejected:
    """Return the page's article, or why the page is rejected. The same page and options give the same result.

    ``outlets`` are the user's keys of outlets.
    Raises: UndecodablePageError if the bytes cannot be decoded to text.
    """
    explained = explain(page, Origin(source_key, publisher, payload_digest, rules, outlets))
    return reject_reason(explained.article, evidence=explained.evidence) or explained.article


def extract(page: Page, *, source_key: str) -> Article:
    """Return the article of a page of any type, also of a rejected one. See ``explain``."""
    return explain(page, Origin(source_key)).article


def explain(page: Page, origin: Origin) -> Explanation:
    """Return the article of a page of any type, also of a rejected one, and the number of matches of each rule.

    For a page without readable text the article has no text, and its ``flags`` say why: ``empty``, ``content_type``,
    ``too_many_elements``, ``too_much_text`` or ``parse_error``.
    Raises: UndecodablePageError if the bytes cannot be decoded to text.
    """
    explained = _explain_kind(page, origin)
    return replace(explained, article=_with_origin_marks(explained.article, page))


def publication_time(page: Page, *, canonical: str | None) -> datetime | None:
    """Return the ``published_at`` that an HTML page gets, without reading its body; None if it has none.

    ``canonical`` is the page's canonical URL.
    Raises: UndecodablePageError.
    """
    if media_kind_of(page) != "html" or not page.body.strip():
        return page.hints.published_at
    source = decode_body(page).text
    root = parse_html(source)
    if root is None or excess_of(root, source) is not None:
        return page.hints.published_at
    markup = read_markup(root, canonical=canonical)
    title = read_headline(markup, domain=_domain_of(page, canonical), hint=page.hints.title)
    return read_published(markup, page, title=title.text).when


def _with_origin_marks(article: Article, page: Page) -> Article:
    """Return an article with the flags and methods that say what a saved page does not tell about its origin."""
    hints = page.hints
    found = (("url", hints.url_method), ("fetched_at", hints.fetched_at_method))
    methods = tuple(FieldMethod(name, method) for name, method in found if method is not None)
    flags = {
        *article.flags,
        *(["no_url"] if article.url is None else []),
        *(["no_fetch_time"] if hints.fetched_at_method == "file" else []),
    }
    return replace(article, flags=tuple(sorted(flags)), field_methods=(*article.field_methods, *methods))


def _explain_kind(page: Page, origin: Origin) -> Explanation:
    kind = media_kind_of(page)
    if not page.body or page.body.isspace():
        return Explanation(_empty_article(page, origin, flag="empty"), {})
    if kind == "other":
        return Explanation(_empty_article(page, origin, flag="content_type"), {})
    return _html_article(page, origin) if kind == "html" else Explanation(text_article(page, origin), {})


def _html_article(page: Page, origin: Origin) -> Explanation:
    """Return the article of an HTML page. Without text it has a flag that says why.

    Raises: UndecodablePageError.
    """
    decoded = decode_body(page)
    root = parse_html(decoded.text)
    if root is None:
        return Explanation(_empty_article(page, origin, flag="empty"), {})
    if (excess := excess_of(root, decoded.text)) is not None:
        return Explanation(_empty_article(page, origin, flag=excess), {})
    reading = _read(page, origin, root, decoded.text)
    if not reading.pieces and _is_too_deep(root, decoded.text):
        return Explanation(_empty_article(page, origin, flag="parse_error"), reading.fired)
    article = _article(page, origin, reading)
    if decoded.is_repaired:
        article = replace(article, flags=tuple(sorted((*article.flags, "charset_repaired"))))
    return Explanation(article, reading.fired, reading.kind.evidence)


def _is_too_deep(root: Tree, source: str) -> bool:
    return len(source) > _DEEP_CHARS and len(text_of(root)) < len(source) // 1000


def _read(page: Page, origin: Origin, root: Tree, source: str) -> _PageContent:
    identity = identity_of(page, text=source)
    markup = read_markup(root, canonical=identity[0])
    domain = _domain_of(page, identity[0])
    title = read_headline(markup, domain=domain, hint=page.hints.title)
    published = read_published(markup, page, title=title.text)
    outlet = _outlet_of(page, origin, identity[0])
    publisher = read_publisher(markup, page, given=origin.publisher, outlet=outlet, title=title.text)
    site = markup.meta("og:site_name")
    authors = read_authors(markup, publisher=publisher.text, site=site, domain=domain, title=title.text)
    rights = read_rights(page, markup)
    opinion = opinion_of(markup, url=page.final_url or page.url or "", title=title.text)
    section = read_section(markup, page, title=title.text, outlet=outlet, others=(publisher.text, *authors.names))
    laid, densest = _lay_out(root, origin, day=in_zone(published.when or page.fetched_at, published.zone).date())
    captions = take_captions(laid.root)
    body = read_body(laid.root, densest=densest)
    is_link = link_finder(laid.root)
    authors = with_signature(authors, body.pieces, is_link=is_link)
    kept = keep_story_lines(
        body.pieces, title=title.text, echoes=captions.echoes, authors=authors.names, is_link=is_link
    )
    pieces = captions.insert_into(with_standfirst(kept.pieces, markup, title=title.text, is_foreign=is_foreign_line))
    texts = tuple(piece.text for piece in pieces if piece.kind in ("paragraph", "list"))
    words = count_words(texts)
    wall = metadata.paywall_reason(markup, word_count=words, has_terms=kept.fired["subscription_terms"] > 1)
    return _PageContent(
        markup=markup,
        identity=identity,
        title=title,
        publisher=publisher,
        outlet=outlet,
        published=published,
        authors=authors,
        section=section,
        body=body,
        pieces=pieces,
        texts=texts,
        words=words,
        wall=wall,
        kind=page_kind_of(markup, page, pieces, title=title.text, wall=wall),
        fired={**laid.fired, **kept.fired},
        rights=rights,
        opinion=opinion or opinion_in_standfirst(_standfirst_of(pieces) or ""),
    )


def _lay_out(root: Tree, origin: Origin, *, day: date) -> tuple[LayoutResult, int]:
    """Return a page, after its markup has been read, without what is no text of a story.

    The second value is the number of words of its densest run of paragraphs, counted before boxes leave.
    """
    strip_unread(root)
    keep_code(root)
    join_drop_caps(root)
    drop_note_marks(root)
    laid = apply_layout(root, origin.rules, day=day)
    densest = densest_words(laid.root)
    drop_boxes(laid.root)
    drop_appeals(laid.root)
    return laid, densest


def _domain_of(page: Page, canonical: str | None) -> str | None:
    return domain_of(canonical or page.final_url or page.url or "") or None


def _outlet_of(page: Page, origin: Origin, canonical: str | None) -> str | None:
    return outlet_key_of(canonical or page.final_url or page.url, origin.outlets)


def _article(page: Page, origin: Origin, reading: _PageContent) -> Article:
    (canonical, article_id), markup, texts = reading.identity, reading.markup, reading.texts
    url, title, pieces, published = page.final_url or page.url, reading.title.text, reading.pieces, reading.published
    text, blocks = join_pieces(((TextPiece("title", title),) if title else ()) + pieces)
    content_hash = content_hash_of(title, texts)
    language = metadata.read_language(markup, page, text="\n".join(texts))
    return Article(
        article_id=article_id,
        revision_id=revision_id_of(content_hash),
        url=url,
        canonical_url=canonical,
        source_key=origin.source_key,
        publisher=reading.publisher.text,
        outlet_key=reading.outlet,
        domain=_domain_of(page, canonical),
        title=title,
        standfirst=reading.standfirst,
        authors=reading.authors.names,
        credits=reading.authors.credits,
        section=reading.section.text,
        tags=metadata.read_tags(markup),
        language=language.text,
        published_at=published.when,
        published_at_method=published.method,
        published_at_precision=published.precision,
        published_at_zone=published.zone,
        modified_at=published.modified,
        fetched_at=page.fetched_at,
        text=text,
        blocks=blocks,
        word_count=reading.words,
        page_type=reading.kind.page_type,
        is_paywalled=reading.wall is not None,
        is_opinion=reading.opinion is not None,
        **reading.rights._asdict(),
        content_hash=content_hash,
        wire_agency=_agency_of(reading),
        flags=_flags(reading),
        payload_digest=origin.payload_digest,
        http_status=page.status if url else None,
        extractor=EXTRACTOR,
        field_methods=_field_methods(reading, language=language),
    )


def _agency_of(reading: _PageContent) -> str | None:
    texts = reading.texts
    return metadata.read_agency(
        reading.markup,
        bylines=reading.markup.all_meta("author"),
        lead=texts[0] if texts else "",
        end=texts[-1] if texts else "",
        publisher=reading.publisher.text,
    )


def _flags(reading: _PageContent) -> tuple[str, ...]:
    """Return the warnings of an article in order."""
    stated = metadata.stated_word_count(reading.markup, words=reading.words, characters=sum(map(len, reading.texts)))
    is_incomplete = is_far_shorter(reading.words, max(stated, reading.body.densest))
    return tuple(sorted((*reading.published.flags, *(("body_incomplete",) if is_incomplete else ()))))


def _field_methods(reading: _PageContent, *, language: ExtractedField) -> tuple[FieldMethod, ...]:
    return (
        FieldMethod("title", reading.title.method),
        FieldMethod("authors", reading.authors.method),
        FieldMethod("credits", reading.authors.credits_method),
        FieldMethod("standfirst", "shown" if reading.standfirst is not None else "unknown"),
        FieldMethod("section", reading.section.method),
        FieldMethod("language", language.method),
        FieldMethod("publisher", reading.publisher.method),
        FieldMethod("body", reading.body.method),
        FieldMethod("page_type", reading.kind.reason),
        FieldMethod("is_paywalled", reading.wall or "unknown"),
        FieldMethod("is_opinion", reading.opinion.method if reading.opinion else "unknown"),
        *reading.published.conflict,
    )


def _empty_article(page: Page, origin: Origin, *, flag: str) -> Article:
    """Return the article of a page without readable text: no text, no blocks, and a flag that says why."""
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
        outlet_key=_outlet_of(page, origin, canonical),
        domain=_domain_of(page, canonical),
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
        **read_rights(page, None)._asdict(),
        content_hash=content_hash,
        wire_agency=None,
        flags=(flag,),
        payload_digest=origin.payload_digest,
        http_status=page.status if url else None,
        extractor=EXTRACTOR,
    )
