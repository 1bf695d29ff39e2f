"""Broken pages: after any damage to a good one, cleaning gives an article, a rejection or an undecodable page."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from newslake.pipeline.clean import clean, page_identity
from newslake.pipeline.clean.decoding import decode_body, media_kind_of
from newslake.pipeline.errors import UndecodablePageError
from newslake.pipeline.model import Article, Page, Rejected
from newslake.pipeline.unicode import to_well_formed
from tests.properties.fuzzing import broken, examples, page_of

NEWSROOM = sorted(Path("samples/newsroom").rglob("*.html"))
PAGES = [path.read_bytes() for path in NEWSROOM]
TEXTS = [
    "Harbour vote\n\nThe clerk read the plan aloud.\n\n- a bridge\n- a ferry\n\nWHAT NEXT\n\n“No,” he said.".encode(),
]
CHARSETS = st.sampled_from((
    "utf-8", "utf-16", "utf-7", "latin-1", "windows-1252", "shift_jis", "gbk", "hz", "koi8-r", "iso-2022-jp", "big5",
    "hex", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem", "uu", "rot13",
    "utf-8-sig", "x", "",
))  # fmt: skip
TYPES = st.sampled_from(
    ("text/html", "text/plain", "application/xhtml+xml", "text/xml", "", "image/png", "text/html;;;")
)

ANY_TEXT = st.text(st.characters(codec=None, categories=None), max_size=30)  # also lone surrogates and NUL
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=8,
)
FIELDS = (
    "@type", "@id", "@graph", "url", "headline", "name", "author", "creator", "datePublished", "dateModified",
    "keywords", "publisher", "articleSection", "description", "inLanguage", "isAccessibleForFree", "mainEntityOfPage",
    "hasPart", "mainEntity", "sourceOrganization", "creditText", "provider", "dateCreated", "uploadDate",
)  # fmt: skip
TYPED = st.sampled_from(
    ("NewsArticle", ["NewsArticle", 1], "Person", "VideoObject", "https://schema.org/Article", None)
)
NODE = st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=8).flatmap(
    lambda node: TYPED.map(lambda kind: {**node, "@type": kind})
)
_TAGS = (
    "p", "div", "ul", "li", "table", "tr", "td", "figure", "figcaption", "h1", "h2", "a", "b", "br", "blockquote",
    "article", "header", "footer", "nav", "time", "meta", "link", "title", "script", "style", "form", "svg", "math",
    "template", "pre",
)  # fmt: skip
_ATTRIBUTES = st.sampled_from((
    "", " class='caption'", " itemprop='datePublished'", " datetime='0001-01-01T00:00:00+14:00'", " rel=author",
    " rel='canonical' " "href='http://[x'", " property='og:url' content='//'", " name=author content='\U0001f600'",
    " class='standfirst' id=\0x",
))  # fmt: skip
SOUP = st.lists(
    st.one_of(
        st.builds("<{}{}>".format, st.sampled_from(_TAGS), _ATTRIBUTES),
        st.sampled_from(_TAGS).map("</{}>".format),
        st.sampled_from(
            ("The council of Port Arlen voted on Tuesday to close the old quay. ", "12 March 2031 ", "&", "&#xd800;")
        ),
        ANY_TEXT,
    ),
    max_size=60,
).map("".join)


def _outcome(page: Page) -> Article | Rejected | str:
    try:
        return clean(page, source_key="any")
    except UndecodablePageError as error:
        return error.reason


def _well_formed(value: object) -> bool:
    """Return whether every string in a value can be encoded and has no NUL."""
    if isinstance(value, str):
        return to_well_formed(value) == value
    if isinstance(value, Mapping):
        return all(map(_well_formed, (*value, *value.values())))
    return not isinstance(value, list | tuple | set | frozenset) or all(map(_well_formed, value))


def _check(page: Page) -> None:
    """The outcome is repeatable valid Unicode; blocks are in the text, in order, without white space at their ends."""
    outcome = _outcome(page)
    assert outcome == _outcome(page)
    assert _well_formed(outcome if isinstance(outcome, str) else asdict(outcome))
    if not isinstance(outcome, Article):
        assert outcome if isinstance(outcome, str) else outcome.reason
        return
    last = 0
    for block in outcome.blocks:
        assert last <= block.start < block.end <= len(outcome.text)
        content = outcome.text[block.start : block.end]
        assert content == content.strip()
        last = block.end
    assert page_identity(page) == (outcome.canonical_url, outcome.article_id)
    assert outcome.published_at is None or outcome.published_at.tzinfo is not None


@examples(60)
@given(body=broken(*PAGES), content_type=st.sampled_from(("text/html", "text/html; charset=utf-8", "")))
def test_broken_page(body: bytes, content_type: str) -> None:
    """A page of the newsroom, cut anywhere, with flipped bytes, doubled tags, control characters and entities."""
    _check(page_of(body, content_type))


@examples(60)
@given(source=SOUP)
def test_tag_soup(source: str) -> None:
    """Any tags in any order."""
    _check(page_of(source.encode("utf-8", "surrogatepass"), "text/html; charset=utf-8"))


@examples(60)
@given(nodes=st.lists(NODE, max_size=4), end=st.sampled_from(("", "}", ",]", ";", "-->", "\\")))
def test_linked_data_of_any_types(nodes: list[object], end: str) -> None:
    """JSON-LD with the wrong type in every field, and with text after its end."""
    data = json.dumps(nodes).replace("</", "<\\/") + end
    head = f'<script type="application/ld+json">{data}</script>'.encode("utf-8", "surrogatepass")
    _check(page_of(PAGES[0].replace(b"</head>", head + b"</head>", 1), "text/html; charset=utf-8"))


@examples(60)
@given(body=broken(*TEXTS))
def test_broken_text(body: bytes) -> None:
    """A damaged plain text; no character that can be decoded is lost."""
    page = page_of(body, "text/plain")
    _check(page)
    outcome = _outcome(page)
    if isinstance(outcome, Article) and media_kind_of(page) == "text":
        assert outcome.text == decode_body(page).text


@examples(150)
@given(
    body=st.one_of(
        st.binary(max_size=300), broken(*PAGES[:3], *TEXTS), st.text(max_size=80).map(lambda t: t.encode("utf-16"))
    ),
    kind=TYPES,
    charset=CHARSETS,
    meta=CHARSETS,
    mark=st.sampled_from((b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xff\xfe\0\0", b"+/v8")),
)
def test_any_bytes_under_any_charset(body: bytes, kind: str, charset: str, meta: str, mark: bytes) -> None:
    """With any header, byte-order mark and meta element, the page is text or undecodable, and repeatably so."""
    page = page_of(mark + f"<meta charset={meta}>".encode() + body, f"{kind}; charset={charset}")
    try:
        decoded = decode_body(page)
    except UndecodablePageError:
        pass
    else:
        assert decoded == decode_body(page)
    assert media_kind_of(page) in ("html", "text", "other")
