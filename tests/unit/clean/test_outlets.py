"""Outlets: the key of a page, the name of its publisher and its news agency."""

import json
import socket

import pytest
from pages_for_clean import PARAGRAPHS, URL, html_of, page_of

from newslake.pipeline.clean import explain, extract
from newslake.pipeline.clean.blocks import Origin
from newslake.pipeline.clean.outlets import outlet_key_of
from newslake.pipeline.clean.shown_names import is_spelled_like
from newslake.pipeline.model import Article, Hints, OutletKeys

GIVEN = OutletKeys(aliases={"post-online.example": "post.example", "sport.post.example": "sport.post.example"})


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://www.post.co.uk/news/1", "post.co.uk"),
        ("https://news.post.example:8443/1", "post.example"),
        ("https://m.post-online.example/1", "post.example"),
        ("https://sport.post.example/1", "sport.post.example"),
        ("https://www.bbc.com/1", "bbc.co.uk"),
        ("https://harbour.wordpress.com/1", "harbour.wordpress.com"),
        ("https://wordpress.com/1", "wordpress.com"),
        ("https://web.archive.org/web/20310503101010/http://post-online.example/1", "post.example"),
        ("http://127.0.0.1:8808/1", "127.0.0.1"),
        ("https://[::1/1", None),
        ("post.example", None),
        (None, None),
    ],
)
def test_outlet_key(url: str | None, key: str | None) -> None:
    """The key is the registrable domain, after the user's and the built-in aliases; shared hosts keep the subdomain."""
    assert outlet_key_of(url, GIVEN) == key


@pytest.mark.parametrize("url", ["https://news.post.example/1", None])
def test_key_of_the_source_counts_for_all_its_pages(url: str | None) -> None:
    """A source's own key precedes every host, and a page without a URL has it too."""
    assert outlet_key_of(url, OutletKeys("post.example", {"news.post.example": "other.example"})) == "post.example"


def test_keys_need_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys are found without a connection: the list of public suffixes is in the library."""

    def refuse(*_: object) -> None:
        raise AssertionError("a key needs no connection")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)

    assert outlet_key_of("https://news.never-seen-before.org.uk/1") == "never-seen-before.org.uk"


def test_article_has_the_key() -> None:
    """The key is in the article, by its canonical link; the source's own key replaces it."""
    page = page_of(html_of())
    assert extract(page, source_key="s").outlet_key == "harbourpost.example"
    assert explain(page, Origin("s", outlets=OutletKeys("port.example"))).article.outlet_key == "port.example"
    assert extract(page_of("", url=URL), source_key="s").outlet_key == "harbourpost.example"


def _nameless(html: str) -> str:
    """Return a page without the names of its outlet in the title element and the footer."""
    return html.replace(" | Harbour Post</title>", "</title>").replace("© Harbour Post. ", "")


def _article(*, publisher: str = "", site: str = "", section: object = "", hint: str = "", **more: object) -> Article:
    story = {"@type": "NewsArticle", "publisher": {"name": publisher}, "articleSection": section, **more}
    head = f'<script type="application/ld+json">{json.dumps(story)}</script>'
    head += f'<meta property="og:site_name" content="{site}">'
    return extract(page_of(_nameless(html_of(head=head)), hints=Hints(publisher=hint or None)), source_key="s")


@pytest.mark.parametrize(
    ("article", "name", "method"),
    [
        (_article(publisher="Harbour Post", site="The Daily"), "Harbour Post", "jsonld"),
        (_article(publisher="Quayside Media Group", site="Harbour Post"), "Harbour Post", "opengraph"),
        (_article(publisher="Quayside Media Group"), "Quayside Media Group", "jsonld"),
        (_article(site="Harbour Post | News from the coast"), "Harbour Post", "opengraph"),
        (_article(publisher="Harbour Post Ltd."), "Harbour Post", "jsonld"),
        (_article(publisher="Quayside Ltd."), "Quayside Ltd.", "jsonld"),
        (_article(site="https://www.harbourpost.example/"), "harbourpost.example", "opengraph"),
        (_article(publisher="Reuters", hint="Harbour Post - All articles"), "Harbour Post", "feed"),
        (_article(publisher="YouTube"), None, "unknown"),
        (_article(site="Faktencheck"), None, "unknown"),
        (_article(site="Faktencheck Arlen"), "Faktencheck Arlen", "opengraph"),
        (_article(publisher="All", site="Post"), None, "unknown"),
        (_article(publisher="Port Arlen", contentLocation={"name": "Port Arlen"}), None, "unknown"),
        (_article(publisher="Fishing", section="Fishing"), None, "unknown"),
        (_article(site="Council backs ferry", headline="Council backs ferry"), None, "unknown"),
        (_article(site="{{ site.title }}"), None, "unknown"),
        (_article(publisher="@harbour_desk"), None, "unknown"),
        (_article(publisher="World News"), None, "unknown"),
    ],
)
def test_publisher(article: Article, name: str | None, method: str) -> None:
    """The name that resembles the host wins, without slogan and legal form; what is no publisher's name is left out."""
    methods = {each.field: each.method for each in article.field_methods}
    assert (article.publisher, methods["publisher"]) == (name, method)


@pytest.mark.parametrize(
    ("url", "publisher", "agency"),
    [("https://www.reuters.com/world/1", "Reuters", None), (URL, None, "Reuters")],
)
def test_agency_as_publisher(url: str, publisher: str | None, agency: str | None) -> None:
    """An agency publishes its own site; on a host of others it is credited instead."""
    head = '<script type="application/ld+json">{"@type":"NewsArticle","publisher":{"name":"Reuters"}}</script>'
    article = extract(page_of(_nameless(html_of(head=head)), url=url), source_key="s")
    assert (article.publisher, article.wire_agency) == (publisher, agency)


@pytest.mark.parametrize(
    ("source", "agency"),
    [("Northwire", "Northwire"), ("Reuters", "Reuters"), ("Quayside Gazette", None), ("Harbour Wire", None)],
)
def test_only_an_agency_is_a_source(source: str, agency: str | None) -> None:
    """The source of a story is its agency if its name is one's; another outlet, and the publisher itself, is not."""
    named = f'"sourceOrganization":{{"name":"{source}"}},"publisher":{{"name":"Harbour Wire"}}'
    head = f'<script type="application/ld+json">{{"@type":"NewsArticle",{named}}}</script>'
    assert extract(page_of(_nameless(html_of(head=head))), source_key="s").wire_agency == agency


@pytest.mark.parametrize(
    ("end", "agency"),
    [
        ("Die Fähren fahren wieder. (dpa/lno)", "dpa"),
        ("Les ferries naviguent de nouveau. (AFP)", "AFP"),
        ("The ferries sail again. — AP", "AP"),
        ("He quoted a report (AP) on the ferries.", None),
        ("The quay was named Old-AP.", None),
    ],
)
def test_agency_at_the_end(end: str, agency: str | None) -> None:
    """An agency that signs the last paragraph is credited; one that is only mentioned is not."""
    body = "".join(f"<p>{text}</p>" for text in (*PARAGRAPHS, end))
    assert extract(page_of(html_of(head="", body=body)), source_key="s").wire_agency == agency


LOGO = '<a href="/"><img alt="Zur Startseite von Harbour Post"></a>'


@pytest.mark.parametrize(
    ("head", "parts", "name", "method"),
    [
        ("<title>A vote | Politics | Harbour Post</title>", "", "Harbour Post", "title"),
        ("<title>The Harbour Post: A vote</title>", "", "The Harbour Post", "title"),
        ("<title>A vote | Harbour</title>", "", None, "unknown"),
        ('<meta name="application-name" content="Harbour Post">', "", "Harbour Post", "meta"),
        ("", LOGO, "Harbour Post", "logo"),
        ("", '<a href="/sport">Harbour Post Sport</a>', None, "unknown"),
        ("", "<footer>© 2031 Harbour Post. All rights reserved.</footer>", "Harbour Post", "copyright"),
        ("", "<footer>© 2031 Quayside Media Group</footer>", None, "unknown"),
        ("<title>A vote - Coast Weekly</title>", '<a href="/">Coast Weekly</a>', "Coast Weekly", "title"),
        ("<title>A vote - Coast Weekly</title>", "", None, "unknown"),
        ('<meta property="og:site_name" content="harbourpost">', LOGO, "Harbour Post", "logo"),
        ('<meta property="og:site_name" content="harbourpost">', "", "harbourpost", "opengraph"),
        ('<meta property="og:site_name" content="HarbourPost.example">', LOGO, "HarbourPost.example", "opengraph"),
        ('<meta property="og:site_name" content="News and opinion on www.post.example">', LOGO, "Harbour Post", "logo"),
        ('<meta property="og:site_name" content="Quayside Group">', LOGO, "Harbour Post", "logo"),
        ('<meta property="og:site_name" content="港の新聞">', LOGO, "港の新聞", "opengraph"),
        ("<title>新しい桟橋-港新聞</title>", "<footer>© 港新聞社</footer>", "港新聞", "title"),
        ("<title>A vote - World News</title>", '<a href="/">World News</a>', None, "unknown"),
    ],
)
def test_publisher_that_the_page_shows(head: str, parts: str, name: str | None, method: str) -> None:
    """A name that the page shows is the publisher's if it is spelled like the host, or shown in two places."""
    html = f"<html><head>{head}</head><body>{parts}<h1>A vote</h1><p>{PARAGRAPHS[0]}</p></body></html>"
    article = extract(page_of(html), source_key="s")
    methods = {each.field: each.method for each in article.field_methods}
    assert (article.publisher, methods["publisher"]) == (name, method)


@pytest.mark.parametrize(
    ("url", "head", "name"),
    [
        ("https://www.aljazeera.com/news/1", "", "Al Jazeera"),
        ("https://www.bbc.com/news/1", '<meta property="og:site_name" content="World">', "BBC News"),
        ("https://www.bbc.com/news/1", '<meta property="og:site_name" content="BBC Sport">', "BBC Sport"),
        ("https://quayside.example/news/1", "", None),
    ],
)
def test_known_outlet_has_a_publisher(url: str, head: str, name: str | None) -> None:
    """The name of a known host counts where the page does not name its publisher; the page's own name goes first."""
    html = f"<html><head>{head}</head><body><h1>A vote</h1><p>{PARAGRAPHS[0]}</p></body></html>"
    assert extract(page_of(html, url=url), source_key="s").publisher == name


@pytest.mark.parametrize(
    ("name", "key", "is_like"),
    [
        ("Börsen-Post", "boersenpost", True),
        ("The Harbour Post", "harbourpost", True),
        ("Rosalind Foundation", "rosalind", True),
        ("Deutsche Hafen Zeitung", "dhz", True),
        ("Sport", "sportpost", False),
        ("Port Arlen", "pa", False),
    ],
)
def test_spelling_of_a_host(name: str, key: str, is_like: bool) -> None:
    """A name is spelled like its key if it has its letters or initials; a part of the key is too little."""
    assert is_spelled_like(name, key) == is_like
