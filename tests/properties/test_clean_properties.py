"""Properties of any bytes and any text."""

from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newslake.pipeline.clean import article_from_text, clean, page_identity
from newslake.pipeline.clean.blocks import TextPiece
from newslake.pipeline.clean.completion import complete_pieces
from newslake.pipeline.clean.html import parse_html
from newslake.pipeline.errors import UndecodablePageError
from newslake.pipeline.model import Article, Page, Rejected
from tests.long_form import LONG

TAGS = ("p", "div", "h1", "h2", "li", "figcaption", "article", "script", "blockquote", "table", "br", "time", "a")
MARKUP = st.lists(
    st.one_of(
        st.sampled_from([f"<{tag}>" for tag in TAGS] + [f"</{tag}>" for tag in TAGS]),
        st.sampled_from(
            ['<meta name="author" content="', '<script type="application/ld+json">{"@type":"Article"', "<!--"]
        ),
        st.text(max_size=80),
    ),
    max_size=40,
).map("".join)
TYPES = st.sampled_from(
    ("text/html", "text/html; charset=utf-8", "text/plain", "", "image/png", "text/html; charset=x")
)


def _page(body: bytes, content_type: str, url: str | None) -> Page:
    return Page(
        url=url,
        final_url=url,
        status=200,
        headers={"content-type": content_type},
        body=body,
        fetched_at=datetime(2031, 5, 4, tzinfo=UTC),
    )


def _check_blocks(article: Article) -> None:
    last = 0
    for block in article.blocks:
        assert last <= block.start < block.end <= len(article.text)
        assert article.text[block.start : block.end].strip() == article.text[block.start : block.end]
        last = block.end


def _outcome(page: Page) -> Article | Rejected | str:
    try:
        return clean(page, source_key="any")
    except UndecodablePageError as error:
        return error.reason


@settings(max_examples=1500 if LONG else 30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    body=st.one_of(st.binary(max_size=400), MARKUP.map(lambda text: text.encode("utf-8", "surrogatepass"))),
    content_type=TYPES,
    url=st.sampled_from((None, "https://any.example/2031/05/03/a")),
)
def test_any_bytes_are_an_article_a_reason_or_undecodable(body: bytes, content_type: str, url: str | None) -> None:
    """For any bytes, cleaning gives one of three outcomes, repeatably, with valid blocks."""
    page = _page(body, content_type, url)
    outcome = _outcome(page)
    assert outcome == _outcome(page)
    if isinstance(outcome, Article):
        _check_blocks(outcome)
        assert page_identity(page) == (outcome.canonical_url, outcome.article_id)


@settings(max_examples=2000 if LONG else 40, deadline=None)
@given(text=st.text(max_size=300), title=st.none() | st.text(max_size=30))
def test_any_text_keeps_its_characters(text: str, title: str | None) -> None:
    """Plain text is never changed, and its blocks are valid."""
    article = article_from_text(text, title=title)
    assert article.text == text
    _check_blocks(article)


@settings(max_examples=1500 if LONG else 30, deadline=None)
@given(
    homes=st.lists(st.sampled_from(("entry-content", "box", "")), min_size=1, max_size=12),
    known=st.sets(st.integers(0, 11), min_size=1),
    repeats=st.sets(st.integers(0, 11), max_size=4),
)
def test_a_completed_body_has_no_text_twice(homes: list[str], known: set[int], repeats: set[int]) -> None:
    """However paragraphs are spread and repeated, a completed body has each once, and all that it had before."""
    texts = [f"Paragraph {n} of this story says what {n} fishermen of the old quay did that night." for n in range(12)]
    parts = [f"<div class='{home}'><p>{text}</p></div>" for home, text in zip(homes, texts, strict=False)]
    again = [f"<div class='entry-content'><p>{texts[n]}</p></div>" for n in sorted(repeats)]
    root = parse_html(f"<html><body><main><h1>A night</h1>{''.join(parts + again)}</main></body></html>")
    before = [TextPiece("paragraph", texts[n]) for n in sorted(known)]
    after = [piece.text for piece in complete_pieces(before, root).pieces]
    assert len(after) == len(set(after))
    assert [text for text in after if text in {piece.text for piece in before}] == [piece.text for piece in before]
