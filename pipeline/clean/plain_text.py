"""Turn plain text into an Article. Its characters are unchanged; blocks give the kind of each line."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise

from newslake.pipeline.clean.blocks import Origin, count_words
from newslake.pipeline.clean.boilerplate import GENERATION
from newslake.pipeline.clean.canonical import PageIdentity, identity_of, page_identity
from newslake.pipeline.clean.decoding import DecodedText
from newslake.pipeline.clean.genres import release_in_text
from newslake.pipeline.clean.html import fold_title
from newslake.pipeline.clean.metadata import language_of, read_agency
from newslake.pipeline.clean.moments import Moment, doubt_of
from newslake.pipeline.clean.outlets import outlet_key_of
from newslake.pipeline.clean.rights import read_rights
from newslake.pipeline.model import Article, Block, Hints, Page, domain_of, revision_of
from newslake.pipeline.model.article import BlockKind, PageType

# Blocks: the kind of each line.

_LINE = re.compile(r"[^\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+")
_PARAGRAPH = re.compile(r"\S(?:[^\r\n]|\r?\n(?!\s*(?:\r?\n|$)))*")
_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)\]]*$")
_SPEECH = re.compile(r"[\"“”„«»]|``|''")
_IN_SINGLE_MARKS = re.compile(r"^[‘'][^‘’']*(?:['’]\w[^‘’']*)*[’']$")
_BULLET = re.compile(r"^(?:[-*•·‣▪–—]|\d{1,3}[.)])\s+\S")
_BYLINE = re.compile(r"^(?:by|from|published|updated|posted)\b|\b(?:19|20)\d\d\b", re.IGNORECASE)
_LINKING_WORDS = frozenset(("a", "an", "and", "at", "by", "for", "from", "in", "of", "on", "the", "to", "with"))
_TITLE_MAX_WORDS, _CAPTION_MAX_WORDS, _HEADING_MAX_WORDS = 25, 25, 10
_LEAD_MIN_WORDS = 12
_WRAPPED_AT = 90  # columns; in a wrapped text all lines are shorter, and most end inside a sentence


def blocks_of_text(text: str, *, title: str | None) -> tuple[Block, ...]:
    """Return the blocks of a plain text, in order, without white space at their ends.

    A block is a line; in wrapped text it is a run of lines between blank lines. Between headline and lead, repeated
    lines and fragments with a name from headline or lead are captions.
    """
    spans = tuple(_spans(text))
    lines = [text[start:end] for start, end in spans]
    has_title = bool(lines) and _is_title(lines, title)
    counts = Counter(fold_title(line) for line in lines)
    lead = next((i for i, line in enumerate(lines) if i >= has_title and _is_lead(line)), len(lines))
    known = _names(lines[0]) | _names(lines[lead]) if has_title and lead < len(lines) else frozenset()
    kinds: list[BlockKind] = []
    for index, line in enumerate(lines):
        if index == 0 and has_title:
            kinds.append("title")
        elif has_title and index < lead < len(lines) and _is_caption(line, known, counts):
            kinds.append("caption")
        else:
            kinds.append(_kind_of(line, index, lines, counts))
    return tuple(Block(kind, start, end) for kind, (start, end) in zip(kinds, spans, strict=True))


def _spans(text: str) -> Iterator[tuple[int, int]]:
    pattern = _PARAGRAPH if _is_wrapped(text) else _LINE
    for match in pattern.finditer(text):
        stretch = match.group()
        body = stretch.strip()
        if body:
            start = match.start() + stretch.index(body[0])
            yield start, start + len(body)


def _is_wrapped(text: str) -> bool:
    """Return whether a text has blank lines between paragraphs, and most other line breaks inside sentences."""
    lines = [line.rstrip() for line in text.splitlines()]
    pairs = [(one, two) for one, two in pairwise(lines) if one and two]
    if not pairs or "" not in lines or max(map(len, lines)) > _WRAPPED_AT:
        return False
    inside = sum(not _SENTENCE_END.search(one) and len(one) > _WRAPPED_AT // 2 for one, _ in pairs)
    return inside > 0.5 * len(pairs)


def _is_title(lines: Sequence[str], title: str | None) -> bool:
    if title is not None:
        return fold_title(lines[0]) == fold_title(title) != ""
    first = lines[0]
    is_short = len(first.split()) <= _TITLE_MAX_WORDS and not first.endswith((".", ",", ";", ":", "…"))
    return len(lines) > 1 and is_short and not _BULLET.match(first) and not first[0].islower()


def _is_lead(line: str) -> bool:
    return len(line.split()) >= _LEAD_MIN_WORDS and _SENTENCE_END.search(line) is not None


def _is_caption(line: str, known: frozenset[str], counts: Counter[str]) -> bool:
    """Return whether a line between headline and lead is a caption: repeated, or a fragment with a known name.

    ``known`` are the names in headline and lead.
    """
    if len(line.split()) > _CAPTION_MAX_WORDS or _BYLINE.search(line):
        return False
    if counts[fold_title(line)] > 1:
        return True
    is_fragment = not _SENTENCE_END.search(line) or all(
        word[:1].isupper() or word in _LINKING_WORDS for word in re.findall(r"\w+", line)
    )
    return is_fragment and not known.isdisjoint(_names(line))


def _names(line: str) -> frozenset[str]:
    return frozenset(word for word in re.findall(r"\w{3,}", line) if word[0].isupper())


def _kind_of(line: str, index: int, lines: Sequence[str], counts: Counter[str]) -> BlockKind:
    words = len(line.split())
    if _BULLET.match(line):
        return "list"
    if counts[fold_title(line)] > 1 and words <= _CAPTION_MAX_WORDS and not _SENTENCE_END.search(line) and words > 2:
        return "caption"
    return "heading" if _is_heading(line, words, after=next(iter(lines[index + 1 : index + 2]), "")) else "paragraph"


def _is_heading(line: str, words: int, *, after: str) -> bool:
    """Return whether a short line is a heading: not a sentence, or completely in single quotation marks."""
    if words > _HEADING_MAX_WORDS or len(after.split()) <= words or _BYLINE.search(line):
        return False
    if _IN_SINGLE_MARKS.match(line):
        return line[-2:-1] != "."  # a paragraph of speech ends its sentence
    return line[0].isupper() and line[-1].isalnum() and not _SPEECH.search(line)


# The article.

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
    """Return the article of a plain text with unchanged characters: ``article.text == text``.

    Blank lines or line breaks separate paragraphs. Headline, captions and headings are blocks of their kind. Without
    ``title`` the first line is the title if it looks like a title. ``published_at`` is aware; its method is "given".
    ``fetched_at`` is the epoch, because the text was not fetched. Lone surrogates stay.
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
    return _article(page, Origin(source_key), page_identity(page), text=text, flags=())


def text_article(page: Page, origin: Origin, decoded: DecodedText) -> Article:
    """Return the article of a plain-text page."""
    empty = ("empty",) if not decoded.text.strip() else ()
    doubt = _date_doubt(page)
    flags = (*empty, *(("charset_repaired",) if decoded.is_repaired else ()), *((doubt,) if doubt else ()))
    identity = identity_of(page, text=decoded.text, kind=decoded.kind)
    return _article(page, origin, identity, text=decoded.text, flags=tuple(sorted(flags)))


def _date_doubt(page: Page) -> str | None:
    when = page.hints.published_at
    return doubt_of(Moment(when, "second"), fetched_at=page.fetched_at) if when else None


def _article(page: Page, origin: Origin, identity: PageIdentity, *, text: str, flags: tuple[str, ...]) -> Article:
    canonical, article_id = identity
    hints, url = page.hints, page.final_url or page.url
    blocks = blocks_of_text(text, title=hints.title)
    first = next((text[block.start : block.end] for block in blocks if block.kind == "title"), None)
    title = hints.title or first
    texts = tuple(text[block.start : block.end] for block in blocks if block.kind in ("paragraph", "list"))
    revision = revision_of(title, texts)
    published_at = None if _DATE_DOUBTS & set(flags) else hints.published_at
    return Article(
        article_id=article_id,
        revision_id=revision.revision_id,
        url=url,
        canonical_url=canonical,
        source_key=origin.source_key,
        publisher=origin.publisher or hints.publisher,
        outlet_key=outlet_key_of(canonical or url, origin.outlets),
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
        modified_at=_modified_at(hints, published_at),
        fetched_at=page.fetched_at,
        text=text,
        blocks=blocks,
        word_count=count_words(texts),
        page_type=_page_type([text[block.start : block.end] for block in blocks]),
        is_paywalled=False,
        **read_rights(page, None)._asdict(),
        content_hash=revision.content_hash,
        wire_agency=read_agency(None, bylines=(), lead=texts[0] if texts else "", end=texts[-1] if texts else ""),
        flags=flags,
        payload_digest=origin.payload_digest,
        http_status=page.status if url else None,
        extractor=EXTRACTOR,
    )


def _modified_at(hints: Hints, published_at: datetime | None) -> datetime | None:
    """Return the listing's time of the last change; None if it is before the publication."""
    is_before = published_at is not None and hints.modified_at is not None and hints.modified_at < published_at
    return None if is_before else hints.modified_at


def _page_type(lines: list[str]) -> PageType:
    if not lines:
        return "other"
    return "press_release" if release_in_text(lines) else "article"
