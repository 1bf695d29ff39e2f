"""From a page to an Article or a reason."""

from datetime import UTC, datetime

import pytest
from pages_for_clean import JSONLD, PARAGRAPHS, URL, html_of, page_of

from newslake.pipeline.clean import Origin, clean, explain, extract, page_identity
from newslake.pipeline.errors import UndecodablePageError
from newslake.pipeline.model import Article, Credit, Hints, Rejected

# The method that decided each field.


def _methods(article: Article) -> dict[str, str]:
    return {each.field: each.method for each in article.field_methods}


def test_methods_of_a_marked_up_page() -> None:
    """Each field has the method that found it."""
    assert _methods(extract(page_of(html_of()), source_key="harbour")) == {
        "title": "heading+jsonld+title",
        "authors": "jsonld",
        "credits": "jsonld",
        "standfirst": "unknown",
        "section": "jsonld",
        "language": "markup",
        "publisher": "jsonld",
        "body": "fast",
        "page_type": "text",
        "is_paywalled": "unknown",
        "is_opinion": "unknown",
    }


def test_methods_of_a_bare_page() -> None:
    """Without markup the byline, the source and the listing are used and recorded."""
    html = html_of(
        head='<meta property="og:site_name" content="Harbour Post">', extra="<p class='byline'>By Jo Marrick</p>"
    )
    methods = _methods(extract(page_of(html), source_key="harbour"))
    assert (methods["authors"], methods["publisher"], methods["section"]) == ("byline", "opengraph", "unknown")
    methods = explain(page_of(html), Origin("harbour", "The Post")).article
    assert _methods(methods)["publisher"] == "source"
    hinted = page_of("<html><body><p>Short.</p></body></html>", url=URL, hints=Hints(title="Ferry"))
    assert _methods(extract(hinted, source_key="harbour"))["title"] == "feed"


def _article(html: str | bytes, **options: str) -> Article:
    return extract(page_of(html, **options), source_key="harbour")  # type: ignore[arg-type]


def test_article_page_gives_its_title_and_paragraphs() -> None:
    """The text is the headline and the paragraphs, joined by blank lines, without boilerplate."""
    article = _article(html_of())
    assert article.text == "\n\n".join(("Council backs ferry terminal", *PARAGRAPHS))
    assert [block.kind for block in article.blocks] == ["title", *["paragraph"] * 4]


def test_jsonld_gives_the_metadata() -> None:
    """Date, authors, section, tags and publisher come from the @graph; an organisation is a credit."""
    article = _article(html_of())
    assert (article.published_at, article.published_at_method, article.published_at_precision) == (
        datetime(2031, 5, 3, 19, 30, tzinfo=UTC),
        "jsonld",
        "second",
    )
    assert article.modified_at == datetime(2031, 5, 4, 8, 0, tzinfo=UTC)
    assert article.authors == ("Jo Marrick",)
    assert article.credits == (Credit("Northwire", "agency"),)
    assert (article.section, article.tags) == ("Politics", ("ferries", "Port Arlen"))
    assert (article.publisher, article.domain, article.language) == ("Harbour Post", "harbourpost.example", "en")


def test_publisher_of_the_source_wins() -> None:
    """The publisher that the caller gives is recorded."""
    article = clean(page_of(html_of()), source_key="harbour", publisher="The Post", payload_digest="sha256:00")
    assert isinstance(article, Article)
    assert (article.publisher, article.payload_digest, article.source_key) == ("The Post", "sha256:00", "harbour")


def test_caption_is_a_caption_block_in_its_place() -> None:
    """A figure's caption is a caption block between the paragraphs; its repetition in the body is dropped."""
    figure = (
        "<figure><img src='q.jpg'><figcaption>The eastern quay on the morning before the vote"
        " <span class='credit'>Ada Lorn</span></figcaption></figure>"
        "<p>The eastern quay on the morning before the vote</p>"
    )
    article = _article(html_of(extra=figure))
    assert [block.kind for block in article.blocks] == ["title", "paragraph", "caption", *["paragraph"] * 3]
    assert article.texts("caption") == ("The eastern quay on the morning before the vote",)
    assert article.texts("paragraph") == PARAGRAPHS


def test_cross_heading_and_list_are_blocks() -> None:
    """A heading inside the body is a heading block, list items are list blocks, in page order."""
    extra = "<h2>What it costs</h2><ul><li>Forty million crowns for the quay itself</li><li>Two for the road</li></ul>"
    article = _article(html_of(extra=extra))
    assert article.texts("heading") == ("What it costs",)
    assert article.texts("list") == ("Forty million crowns for the quay itself", "Two for the road")


def test_standfirst_is_marked_where_the_page_shows_its_description() -> None:
    """A summary under the headline that equals the markup's description is the standfirst."""
    summary = "A vote at midnight ends ten years of argument over the eastern quay."
    head = JSONLD + f'<meta name="description" content="{summary}">'
    body = f'<p class="standfirst">{summary}</p>' + "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
    article = _article(html_of(head=head, body=body))
    assert article.standfirst == summary
    assert [block.kind for block in article.blocks][:3] == ["title", "standfirst", "paragraph"]


@pytest.mark.parametrize(
    ("shown", "is_found"),
    [
        ("<header><p>{}</p></header>", True),
        ("<h2>{}</h2>", True),
        ("<div class='HeaderDek-xYz1'>{}</div>", True),
        ("<div class='page-teaser-text'>{}</div>", True),
        ("<p>By Ada Lorn</p><p class='page-text--lead'>{}</p>", True),
        ("<p class='disclaimer'>{}</p>", False),
        ("<p>{} <a href='/join'>Join us</a></p>", False),
        ("<div class='offer hidden'><p class='intro'>{}</p></div>", False),
        ("<div class='intro'><ul><li>{}</li></ul></div>", False),
    ],
)
def test_standfirst_is_known_by_its_class_or_its_place(shown: str, is_found: bool) -> None:
    """Sentences between the headline and the body are the standfirst; asides, links, offers and lists are not."""
    summary = "After nine years of argument, the harbour gets its terminal and the market its ferry."
    page = html_of(head="", body="".join(f"<p>{text}</p>" for text in PARAGRAPHS))
    article = _article(page.replace("</h1>", f"</h1>{shown.format(summary)}"))
    assert article.standfirst == (summary if is_found else None)


@pytest.mark.parametrize(
    "line",
    [
        "Sign up to our newsletter for more news of the harbour every morning.",
        "If you buy through our links, we may receive an affiliate commission.",
        "Your browser does not support the audio element of this page.",
        "Jo Marrick is a reporter who covers the harbour and its ferries.",
    ],
)
def test_line_of_the_publisher_is_no_standfirst(line: str) -> None:
    """A line under the headline that the body would lose is no standfirst either."""
    body = f"<div><p>{line}</p></div><div class='article-body'>" + "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
    assert _article(html_of(head="", body=f"{body}</div>")).standfirst is None


def test_standfirst_of_a_page_whose_description_is_its_lead_is_the_marked_one() -> None:
    """If the description is the lead paragraph, an element with a standfirst class before it is the standfirst."""
    summary = "After nine years of argument, the harbour gets its terminal and the market its ferry."
    head = f'<meta property="og:description" content="{PARAGRAPHS[0]}">'
    page = html_of(head=head, body="".join(f"<p>{text}</p>" for text in PARAGRAPHS))
    article = _article(page.replace("</h1>", f"</h1><h2 class='epigraph'>{summary}</h2>"))
    assert (article.standfirst, article.texts("paragraph")) == (summary, PARAGRAPHS)


@pytest.mark.parametrize("count", [2, 6])
def test_text_of_the_story_is_never_a_standfirst_again(count: int) -> None:
    """A division with the class of a standfirst, or a hidden one, may repeat the story: its words count once."""
    lines = tuple(f"{text} Part {number}." for number in range(count) for text in PARAGRAPHS)
    head = f'<meta property="og:description" content="{PARAGRAPHS[0]}">'
    body = f'<div class="intro">{" ".join(lines)}</div>' + "".join(f"<p>{text}</p>" for text in lines)
    article = _article(html_of(head=head, body=body))
    assert (article.standfirst, article.texts("paragraph")) == (None, lines)


@pytest.mark.parametrize(
    ("name", "line"),
    [("summary", "{ 38 comments… read them below or add one }"), ("comment summary", "I was there and saw it all.")],
)
def test_words_of_a_template_or_a_reader_are_no_standfirst(name: str, line: str) -> None:
    """A line with braces, or of the class of comments, is no standfirst, also if it is the markup's description."""
    head = JSONLD + f'<meta name="description" content="{line}">'
    body = f'<p class="{name}">{line}</p>' + "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
    assert _article(html_of(head=head, body=body)).standfirst is None


def test_settings_of_a_template_are_no_text() -> None:
    """A list of words that are "true" or "false" is left out; a list of facts stays."""
    settings = "<dl><dt>premium:</dt><dd>false</dd><dt>hasVideo:</dt><dd>true</dd></dl>"
    facts = "<dl><dt>Length:</dt><dd>3 km</dd></dl>"
    text = _article(html_of(extra=settings + facts)).text
    assert ("premium" in text, "true" in text, "3 km" in text) == (False, False, True)


@pytest.mark.parametrize(
    ("body", "options", "reason"),
    [
        (b"", {}, "empty"),
        (b"  \n ", {}, "empty"),
        (b"<html><body></body></html>", {}, "too_short"),
        (b"%PDF-1.7 ...", {"content_type": "application/pdf"}, "content_type"),
        (html_of(body="<p>A short note of no length.</p>"), {}, "too_short"),
        (html_of(title="404: page not found", head="", body="<p>Try our front page.</p>"), {}, "soft_404"),
        (html_of(title="Sign in", head="", body="<p>Use your account to go on.</p>"), {}, "consent_page"),
        (
            html_of(head='<meta property="og:type" content="video.other">', body="<p>Watch the ferry turn.</p>"),
            {},
            "video_page",
        ),
        (html_of(head=JSONLD.replace("NewsArticle", "LiveBlogPosting")), {}, "live_page"),
        (
            html_of(head="", body="".join(f"<article><h2><a href='/{n}'>A story</a></h2></article>" for n in range(9))),
            {},
            "section_page",
        ),
    ],
)
def test_other_page_is_rejected_with_its_reason(body: str | bytes, options: dict[str, str], reason: str) -> None:
    """Each kind of page other than an article is rejected with a reason and a message for people."""
    rejected = clean(page_of(body, **options), source_key="harbour")  # type: ignore[arg-type]
    assert isinstance(rejected, Rejected)
    assert rejected.reason == reason
    assert rejected.detail


def test_paywall_stub_is_kept_and_marked() -> None:
    """A stub behind a paywall is an article of any length with is_paywalled."""
    head = JSONLD.replace('"headline"', '"isAccessibleForFree":"False","headline"')
    article = clean(page_of(html_of(head=head, body=f"<p>{PARAGRAPHS[0]}</p>")), source_key="harbour")
    assert isinstance(article, Article)
    assert (article.is_paywalled, article.page_type) == (True, "paywall")


def test_wire_story_names_its_agency() -> None:
    """The agency in the dateline is recorded, if it is known or has the usual form."""
    known = html_of().replace("The council of", "PORT ARLEN, May 3 (Reuters) - The council of")
    signed = html_of().replace("The council of", "PORT ARLEN (Northwire) - The council of")
    assert [_article(html).wire_agency for html in (known, signed, html_of())] == ["Reuters", "Northwire", None]


def test_reserved_mining_is_recorded() -> None:
    """TDMRep in header or meta element and noai in robots set tdm_reserved."""
    meta = html_of(head=JSONLD + '<meta name="robots" content="noai">')
    pages = (page_of(html_of(), tdm_reservation="1"), page_of(meta), page_of(html_of()))
    assert [extract(page, source_key="harbour").tdm_reserved for page in pages] == [True, True, False]


def test_deep_nesting_is_a_parse_error() -> None:
    """Ten thousand levels of nesting are rejected with parse_error and do not crash."""
    html = "<html><body>" + "<div>" * 10_000 + f"<p>{PARAGRAPHS[0]}</p>" + "</div>" * 10_000
    rejected = clean(page_of(html), source_key="harbour")
    assert isinstance(rejected, Rejected)
    assert rejected.reason == "parse_error"


def test_huge_attribute_and_null_bytes_do_no_harm() -> None:
    """A page with an attribute of 10 MB and null bytes in its text is read like any other."""
    html = html_of(extra=f"<p data-x='{'x' * 10_000_000}'>The quay\x00 is open to walkers until the work begins.</p>")
    assert "The quay is open to walkers until the work begins." in _article(html).texts("paragraph")


def test_element_with_countless_attributes_is_read_in_time() -> None:
    """A paragraph with half a million attributes keeps its text and loses the attributes."""
    attributes = " ".join(f"a{n}='{n}'" for n in range(500_000))
    html = html_of(extra=f"<p {attributes}>The quay is open to walkers until the work begins.</p>")
    assert "The quay is open to walkers until the work begins." in _article(html).texts("paragraph")


def test_binary_sent_as_html_is_undecodable() -> None:
    """Bytes of an image with an HTML content type raise UndecodablePageError with the page's URL."""
    with pytest.raises(UndecodablePageError) as raised:
        clean(page_of(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20), source_key="harbour")
    assert (raised.value.key, raised.value.reason) == (URL, "undecodable")


def test_identity_is_the_same_at_archive_time_and_in_the_article() -> None:
    """page_identity returns the canonical URL and id that cleaning records."""
    page = page_of(html_of(head=JSONLD + '<link rel="canonical" href="/news/ferry-terminal?utm_source=x">'))
    article = extract(page, source_key="harbour")
    assert page_identity(page) == (article.canonical_url, article.article_id)
    assert article.canonical_url == "https://harbourpost.example/news/ferry-terminal"


def test_plain_text_page_keeps_its_characters() -> None:
    """A text file is an article with the text of the file and the date that was given with it."""
    text = "Council backs ferry terminal\n\n" + "\n\n".join(PARAGRAPHS) + "\n"
    article = clean(page_of(text, url=None, content_type="text/plain"), source_key="inbox")
    assert isinstance(article, Article)
    assert (article.text, article.url, article.published_at_method) == (text, None, "unknown")
