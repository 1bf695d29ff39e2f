"""By which method each field was decided."""

from pages_for_clean import URL, html_of, page_of

from pipeline.clean import Origin, explain, extract
from pipeline.model import Article, Hints


def _methods(article: Article) -> dict[str, str]:
    return {each.field: each.method for each in article.field_methods}


def test_methods_of_a_marked_up_page() -> None:
    """Each field names the place that gave it."""
    assert _methods(extract(page_of(html_of()), source_key="harbour")) == {
        "title": "heading",
        "authors": "jsonld",
        "standfirst": "unknown",
        "section": "jsonld",
        "language": "markup",
        "publisher": "jsonld",
        "body": "fast",
        "page_type": "text",
        "is_paywalled": "unknown",
    }


def test_methods_of_a_bare_page() -> None:
    """Where markup is silent the byline, the source and the listing speak, and are named."""
    html = html_of(head='<meta property="og:site_name" content="Post">', extra="<p class='byline'>By Jo Marrick</p>")
    methods = _methods(extract(page_of(html), source_key="harbour"))
    assert (methods["authors"], methods["publisher"], methods["section"]) == ("byline", "opengraph", "unknown")
    told = explain(page_of(html), Origin("harbour", "The Post")).article
    assert _methods(told)["publisher"] == "source"
    hinted = page_of("<html><body><p>Short.</p></body></html>", url=URL, hints=Hints(title="Ferry"))
    assert _methods(extract(hinted, source_key="harbour"))["title"] == "feed"
