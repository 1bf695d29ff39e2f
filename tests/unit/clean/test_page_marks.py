"""Pages that show themselves to be something else than an article, and articles about the same things."""

import pytest
from pages_for_clean import JSONLD, html_of, page_of

from newslake.pipeline.clean import clean, extract
from newslake.pipeline.model import Rejected
from newslake.pipeline.model.article import PageType

HOST = "https://www.harbourpost.example"
OFFER = '"offers":{"@type":"Offer","price":"12"}'
ARTICLE_CARD = '<meta property="og:type" content="article">'


def _linked(name: str, more: str = "") -> str:
    return f'<script type="application/ld+json">{{"@type":"{name}"{more and "," + more}}}</script>'


def _metas(**contents: str) -> str:
    return "".join(f'<meta name="{name}" content="{content}">' for name, content in contents.items())


def _on_root(attributes: str) -> str:
    return html_of(head="").replace("<body>", f"<body {attributes}>")


def _item(name: str, more: str = "") -> str:
    return html_of(head="", extra=f'<div itemscope itemtype="https://schema.org/{name}">Quay{more}</div>')


PUBLISHED_CARD = '<meta property="article:published_time" content="2031-05-03T10:00:00Z">'
DOI, JOURNAL = {"citation_doi": "10.0000/quay"}, {"citation_journal_title": "Annals of Ferries"}
ITEM_OFFER = '<p itemprop="offers" itemscope itemtype="https://schema.org/Offer">12</p>'


@pytest.mark.parametrize(
    ("html", "url", "page_type", "method"),
    [
        (html_of(head=_linked("QAPage")), "/q/7", "forum", "jsonld_type"),
        (html_of(head=ARTICLE_CARD + _linked("DiscussionForumPosting")), "/t/7", "forum", "jsonld_type"),
        (html_of(head=_metas(generator="Discourse 3.4.0")), "/t/7", "forum", "generator"),
        (_on_root('id="phpbb" class="nojs section-viewtopic ltr"'), "/t/7", "forum", "root_mark"),
        (html_of(head=""), "/boats/showthread.php?t=7", "forum", "url"),
        (html_of(head=""), "/threads/rope.71/page-2", "forum", "url"),
        (html_of(head=_metas(generator="MediaWiki 1.43.1") + _linked("Article")), "/x", "reference", "generator"),
        (html_of(head=_linked("DefinedTerm")), "/x", "reference", "jsonld_type"),
        (html_of(head=_linked("Recipe")), "/x", "reference", "jsonld_type"),
        (html_of(head=""), "/dictionary/english/quay", "reference", "url"),
        (html_of(head=""), "https://wiki.harbour.example/Quay", "reference", "url"),
        (html_of(head=""), "https://www.quaydictionary.example/browse/quay", "reference", "site_name"),
        (html_of(head='<meta property="og:site_name" content="Quay Wörterbuch">'), "/x", "reference", "site_name"),
        (html_of(head="").replace("| Harbour Post", "| Harbour Dictionary"), "/x", "reference", "site_name"),
        (html_of(head=_metas(**DOI, **JOURNAL) + _linked("Article")), "/x", "paper", "citation_meta"),
        (html_of(head=_linked("ScholarlyArticle")), "/x", "paper", "jsonld_type"),
        (html_of(head=_linked("Product", OFFER)), "/x", "product", "jsonld_type"),
        (_item("Product", ITEM_OFFER), "/x", "product", "microdata_type"),
        (_on_root('class="woocommerce single-product"'), "/x", "product", "root_mark"),
        (html_of(head='<meta property="og:type" content="product">'), "/x", "product", "opengraph_type"),
        (_item("SoftwareSourceCode"), "/x", "software", "microdata_type"),
        (html_of(head='<meta name="go-import" content="c.example/a git c">'), "/x", "software", "repository_meta"),
        (html_of(head="", title="Datenschutzerklärung"), "/x", "policy", "title"),
        (html_of(head=ARTICLE_CARD, title="How we handle data"), "/legal/privacy-policy.html", "policy", "url"),
        (html_of(head="", title="Privacy policy of Arlen Ferries"), "/en/privacy/", "policy", "title_and_url"),
        (_on_root('class="page privacy-policy"'), "/x", "policy", "root_mark"),
    ],
)
def test_page_that_marks_itself_as_another_kind_is_rejected(
    html: str, url: str, page_type: PageType, method: str
) -> None:
    """A long text is rejected if its page says that it is a thread, an entry, a paper, a product, code or a policy."""
    page = page_of(html, url=url if url.startswith("https:") else HOST + url)
    article = extract(page, source_key="harbour")
    methods = {each.field: each.method for each in article.field_methods}
    assert (article.page_type, methods["page_type"]) == (page_type, method)
    rejected = clean(page, source_key="harbour")
    assert isinstance(rejected, Rejected)
    assert (bool(rejected.evidence), rejected.thresholds) == (True, ())


@pytest.mark.parametrize(
    ("html", "url"),
    [
        # News and posts with the marks of something else.
        (html_of(head=JSONLD + _linked("QAPage")), "/x"),
        (html_of(head=JSONLD + _metas(**DOI, **JOURNAL)), "/x"),
        (html_of(head=JSONLD + _linked("Product", OFFER), title="Our test: the best rope"), "/x"),
        (html_of(head=_linked("BlogPosting") + _linked("Recipe")), "/recipes/eel-soup"),
        (html_of(head=JSONLD, title="Privacy policy"), "/x"),
        # Articles about such things.
        (html_of(head="", title="Ferry firm changes its privacy policy"), "/ferry-firm-changes-its-privacy-policy"),
        (html_of(head="", title="Privacy policy - what the ferry firm changes"), "/x"),
        (html_of(head="", title="Ferry firm has shared data").replace("<title>", "<title>Datenschutz | "), "/x"),
        (
            html_of(head="", title="Court stops ferry privacy policy"),
            "https://legal.harbour.example/court-stops-ferry-policy",
        ),
        (html_of(head="", title="Harbour sued over its privacy policy"), "/legal/harbour-sued-over-privacy"),
        (html_of(head="", title="A new dictionary of the harbour"), "/news/a-new-dictionary"),
        (html_of(head="", title="Forum thread sinks a ferry"), "/news/forum-thread"),
        # Some of the metas of a paper, or another kind of contribution.
        (html_of(head=_metas(citation_title="The quay", citation_author="Bell, Ann")), "/x"),
        (html_of(head=_metas(**DOI)), "/x"),
        (html_of(head=_metas(**DOI, **JOURNAL, citation_article_type="News Feature")), "/x"),
        (html_of(head=_metas(**DOI, **JOURNAL, citation_section="News &amp; Views")), "/x"),
        (html_of(head=PUBLISHED_CARD), "/threads/a-new-quay"),
        (html_of(head=PUBLISHED_CARD + _linked("Recipe")), "/x"),
        # A dated recipe, a list of products, a rating, a product inside an article, the card of an article.
        (html_of(head=_linked("Recipe", '"datePublished":"2031-05-03"')), "/x"),
        (html_of(head=_linked("Product", OFFER) * 3), "/x"),
        (html_of(head=_linked("Product", '"aggregateRating":{"ratingValue":4}')), "/x"),
        (html_of(head=ARTICLE_CARD + _linked("Product", OFFER)), "/x"),
        (html_of(head=ARTICLE_CARD), "/glossary/quay"),
        # Software of a wiki that publishes news, of a shop with a magazine.
        (html_of(head=_metas(generator="MediaWiki 1.43.1")), "https://en.harbournews.example/wiki/Quay"),
        (_on_root('class="theme-single-product-on woocommerce"'), "/x"),
    ],
)
def test_article_with_a_mark_of_another_kind_is_an_article(html: str, url: str) -> None:
    """Neither an article about such a thing, nor one that has a product, a term or a recipe in it, is rejected."""
    page = page_of(html, url=url if url.startswith("https:") else HOST + url)
    assert extract(page, source_key="harbour").page_type == "article"
