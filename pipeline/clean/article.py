"""Turn a page into an Article. Public entry points: ``clean``, ``extract``, ``explain``."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import trafilatura

from newslake.pipeline.clean import metadata
from newslake.pipeline.clean.authors import Authors, read_authors
from newslake.pipeline.clean.blocks import ExtractedField, Origin, StoryText, join_pieces
from newslake.pipeline.clean.body import PageBody, read_body
from newslake.pipeline.clean.boilerplate import GENERATION, is_foreign_line, keep_story_lines
from newslake.pipeline.clean.canonical import PageIdentity, archived_identity, identity_of, page_identity
from newslake.pipeline.clean.completeness import completeness_flags
from newslake.pipeline.clean.dates import PublicationTime, read_published
from newslake.pipeline.clean.decoding import DecodedText, decode_body, decode_page, media_kind_of
from newslake.pipeline.clean.genres import Genre, genres_of_text, opinion_of
from newslake.pipeline.clean.html import Tree, parse_page, text_of
from newslake.pipeline.clean.markup import Markup, read_markup
from newslake.pipeline.clean.metadata import with_standfirst
from newslake.pipeline.clean.moments import in_zone
from newslake.pipeline.clean.outlets import PageOutlet, outlet_key_of, read_outlet
from newslake.pipeline.clean.page_types import PageKind, page_kind_of, reject_reason
from newslake.pipeline.clean.plain_text import text_article
from newslake.pipeline.clean.rights import PageRights, read_rights
from newslake.pipeline.clean.sections import read_section
from newslake.pipeline.clean.signatures import with_signature
from newslake.pipeline.clean.titles import read_headline
from newslake.pipeline.model import (
    NO_OUTLET_KEYS,
    Article,
    FieldMethod,
    LayoutRule,
    OutletKeys,
    Page,
    Rejected,
    domain_of,
    revision_of,
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
    """Values extracted from one page."""

    stated: PageIdentity
    identity: PageIdentity
    title: ExtractedField
    outlet: PageOutlet
    published: PublicationTime
    authors: Authors
    section: ExtractedField
    body: PageBody
    story: StoryText
    details: metadata.Details
    completeness: tuple[str, ...]
    kind: PageKind
    fired: Mapping[str, int]
    rights: PageRights
    opinion: Genre | None

    @property
    def standfirst(self) -> str | None:
        return next((piece.text for piece in self.story.pieces if piece.kind == "standfirst"), None)


def clean(  # noqa: PLR0913 - a page, and what is known of its origin
    page: Page,
    *,
    source_key: str,
    publisher: str | None = None,
    payload_digest: str | None = None,
    rules: tuple[LayoutRule, ...] = (),
    outlets: OutletKeys = NO_OUTLET_KEYS,
    article_id: str | None = None,
) -> Article | Rejected:
    """Return the page's article, or why the page is rejected. The same page and options give the same result.

    ``outlets`` are the user's keys of outlets. ``article_id`` is the article that the archive has the page for.
    Raises: UndecodablePageError if the bytes cannot be decoded to text.
    """
    explained = explain(page, Origin(source_key, publisher, payload_digest, rules, outlets, article_id))
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
    root, _ = parse_page(decode_body(page).text)
    if root is None:
        return page.hints.published_at
    markup = read_markup(root, canonical=canonical)
    title = read_headline(markup, domain=_domain_of(page, canonical), hint=page.hints.title)
    area = metadata.read_headline_area(root, title=title.text)
    return read_published(markup, page, area=area).when


def _with_origin_marks(article: Article, page: Page) -> Article:
    """Return an article with the flags and methods that say what a saved page does not tell about its origin."""
    hints = page.hints
    origins = (("url", hints.url_method), ("fetched_at", hints.fetched_at_method))
    methods = tuple(FieldMethod(name, method) for name, method in origins if method is not None)
    flags = {
        *article.flags,
        *(["no_url"] if article.url is None else []),
        *(["no_fetch_time"] if hints.fetched_at_method == "file" else []),
    }
    return replace(article, flags=tuple(sorted(flags)), field_methods=(*article.field_methods, *methods))


def _explain_kind(page: Page, origin: Origin) -> Explanation:
    decoded = decode_page(page)
    if isinstance(decoded, str):
        return Explanation(_empty_article(page, origin, flag=decoded), {})
    if decoded.kind == "text":
        return Explanation(text_article(page, origin, decoded), {})
    return _html_article(page, origin, decoded)


def _html_article(page: Page, origin: Origin, decoded: DecodedText) -> Explanation:
    """Return the article of an HTML page. Without text it has a flag that says why."""
    root, flag = parse_page(decoded.text)
    if flag is not None:
        return Explanation(_empty_article(page, origin, flag=flag), {})
    reading = _read(page, origin, root, decoded.text)
    if not reading.story.pieces and _is_too_deep(root, decoded.text):
        return Explanation(_empty_article(page, origin, flag="parse_error"), reading.fired)
    article = _article(page, origin, reading)
    if decoded.is_repaired:
        article = replace(article, flags=tuple(sorted((*article.flags, "charset_repaired"))))
    return Explanation(article, reading.fired, reading.kind.evidence)


def _is_too_deep(root: Tree, source: str) -> bool:
    return len(source) > _DEEP_CHARS and len(text_of(root)) < len(source) // 1000


def _read(page: Page, origin: Origin, root: Tree, source: str) -> _PageContent:
    stated = identity_of(page, text=source, kind="html")
    identity = archived_identity(page, stated, article_id=origin.article_id)
    markup = read_markup(root, canonical=identity.canonical_url)
    domain = _domain_of(page, identity.canonical_url)
    title = read_headline(markup, domain=domain, hint=page.hints.title)
    area = metadata.read_headline_area(root, title=title.text)
    published = read_published(markup, page, area=area)
    outlet = read_outlet(markup, page, origin, canonical=identity.canonical_url, title=title.text)
    publisher = outlet.publisher.text
    authors = read_authors(markup, area, publisher=publisher, site=markup.meta("og:site_name"), domain=domain)
    rights = read_rights(page, markup)
    url = page.final_url or page.url or ""
    opinion = opinion_of(markup, url=url, title=title.text)
    section = read_section(markup, page, title=title.text, outlet=outlet.key, others=(publisher, *authors.names))
    body = read_body(root, origin.rules, day=in_zone(published.when or page.fetched_at, published.zone).date())
    authors = with_signature(authors, body.pieces, is_link=body.is_link)
    lines = keep_story_lines(
        body.pieces, title=title.text, echoes=body.captions.echoes, authors=authors.names, is_link=body.is_link
    )
    pieces = body.captions.insert_into(
        with_standfirst(lines.pieces, markup, title=title.text, is_foreign=is_foreign_line)
    )
    story = join_pieces(title.text, pieces)
    has_terms = lines.fired["subscription_terms"] > 1
    details = metadata.read_details(markup, page, story, publisher=publisher, has_terms=has_terms)
    genres = genres_of_text(markup, pieces, url=url, opinion=opinion)
    kind = page_kind_of(markup, page, story, title=title.text, wall=details.wall, release=genres.release)
    return _PageContent(
        stated=stated,
        identity=identity,
        title=title,
        outlet=outlet,
        published=published,
        authors=authors,
        section=section,
        body=body,
        story=story,
        details=details,
        completeness=_completeness(markup, story, body, details, title=title.text),
        kind=kind,
        fired={**body.fired, **lines.fired},
        rights=rights,
        opinion=genres.opinion,
    )


def _completeness(
    markup: Markup, story: StoryText, body: PageBody, details: metadata.Details, *, title: str | None
) -> tuple[str, ...]:
    return completeness_flags(
        story,
        markup,
        title=title,
        summary=" ".join((metadata.read_description(markup), *details.tags)),
        densest=body.densest,
        prose=body.prose,
        captions=body.captions.echoes,
        bounds=body.bounds,
    )


def _domain_of(page: Page, canonical: str | None) -> str | None:
    return domain_of(canonical or page.final_url or page.url or "") or None


def _article(page: Page, origin: Origin, reading: _PageContent) -> Article:
    (canonical, article_id), story, details = reading.identity, reading.story, reading.details
    url, title, published = page.final_url or page.url, reading.title.text, reading.published
    revision = revision_of(title, story.paragraphs)
    return Article(
        article_id=article_id,
        revision_id=revision.revision_id,
        url=url,
        canonical_url=canonical,
        source_key=origin.source_key,
        publisher=reading.outlet.publisher.text,
        outlet_key=reading.outlet.key,
        domain=_domain_of(page, canonical),
        title=title,
        standfirst=reading.standfirst,
        authors=reading.authors.names,
        credits=reading.authors.credits,
        section=reading.section.text,
        tags=details.tags,
        language=details.language.text,
        published_at=published.when,
        published_at_method=published.method,
        published_at_precision=published.precision,
        published_at_zone=published.zone,
        modified_at=published.modified,
        fetched_at=page.fetched_at,
        text=story.text,
        blocks=story.blocks,
        word_count=story.words,
        page_type=reading.kind.page_type,
        is_paywalled=details.wall is not None,
        is_opinion=reading.opinion is not None,
        **reading.rights._asdict(),
        content_hash=revision.content_hash,
        wire_agency=details.agency,
        flags=_flags(reading),
        payload_digest=origin.payload_digest,
        http_status=page.status if url else None,
        extractor=EXTRACTOR,
        field_methods=_field_methods(reading),
    )


def _flags(reading: _PageContent) -> tuple[str, ...]:
    """Return the warnings of an article in order."""
    return tuple(
        sorted((*reading.published.flags, *reading.completeness, *_identity_flags(reading.stated, reading.identity)))
    )


def _identity_flags(stated: PageIdentity, identity: PageIdentity) -> tuple[str, ...]:
    return ("foreign_canonical",) if stated != identity else ()


def _field_methods(reading: _PageContent) -> tuple[FieldMethod, ...]:
    return (
        FieldMethod("title", reading.title.method),
        FieldMethod("authors", reading.authors.method),
        FieldMethod("credits", reading.authors.credits_method),
        FieldMethod("standfirst", "shown" if reading.standfirst is not None else "unknown"),
        FieldMethod("section", reading.section.method),
        FieldMethod("language", reading.details.language.method),
        FieldMethod("publisher", reading.outlet.publisher.method),
        FieldMethod("body", reading.body.method),
        FieldMethod("page_type", reading.kind.reason),
        FieldMethod("is_paywalled", reading.details.wall or "unknown"),
        FieldMethod("is_opinion", reading.opinion.method if reading.opinion else "unknown"),
        *reading.published.conflict,
    )


def _empty_article(page: Page, origin: Origin, *, flag: str) -> Article:
    """Return the article of a page without readable text: no text, no blocks, and a flag that says why."""
    stated = page_identity(page)
    identity = canonical, article_id = archived_identity(page, stated, article_id=origin.article_id)
    url = page.final_url or page.url
    revision = revision_of(None, ())
    return Article(
        article_id=article_id,
        revision_id=revision.revision_id,
        url=url,
        canonical_url=canonical,
        source_key=origin.source_key,
        publisher=origin.publisher or page.hints.publisher,
        outlet_key=outlet_key_of(canonical or url, origin.outlets),
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
        content_hash=revision.content_hash,
        wire_agency=None,
        flags=tuple(sorted((flag, *_identity_flags(stated, identity)))),
        payload_digest=origin.payload_digest,
        http_status=page.status if url else None,
        extractor=EXTRACTOR,
    )
