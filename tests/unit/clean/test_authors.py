"""Authors are people."""

import pytest
from pages_for_clean import html_of, page_of

from pipeline.clean import extract


def _authors(head: str, extra: str = "") -> tuple[str, ...]:
    return extract(page_of(html_of(head=head, extra=extra)), source_key="s").authors


@pytest.mark.parametrize(
    ("content", "authors"),
    [
        ("By Jo Marrick", ("Jo Marrick",)),
        ("By Jo Marrick and Tess O’Dell", ("Jo Marrick", "Tess O’Dell")),
        ("JO MARRICK", ("Jo Marrick",)),
        ("Jo Marrick, Political Editor", ("Jo Marrick",)),
        ("Diego Marl Jr.", ("Diego Marl Jr.",)),
        ("Harbour Post Staff", ()),
        ("https://www.social.example/jo", ()),
        ("jo@harbourpost.example", ()),
        ("Reuters", ()),
        ("Harbourpost", ()),
    ],
)
def test_meta_author(content: str, authors: tuple[str, ...]) -> None:
    """Prefixes, roles, addresses, organisations and the publisher are not part of a name."""
    assert _authors(f'<meta name="author" content="{content}">') == authors


def test_byline_in_the_page() -> None:
    """Without markup a byline link gives the author."""
    assert _authors("", '<a rel="author" href="/jo">By Jo Marrick</a>') == ("Jo Marrick",)


def test_person_typed_as_both_is_a_person() -> None:
    """Some content management systems type a site's only author as Person and Organization; this is a person."""
    node = '{"@type":"NewsArticle","author":{"@type":["Person","Organization"],"name":"Tess Amberley"}}'
    assert _authors(f'<script type="application/ld+json">{node}</script>') == ("Tess Amberley",)


@pytest.mark.parametrize(
    ("extra", "authors"),
    [
        ('<div class="byline">By Jo Marrick and Tess O’Dell, Port Arlen</div>', ("Jo Marrick", "Tess O’Dell")),
        ('<span class="post-author"><a href="/jo">Jo Marrick</a></span>', ("Jo Marrick",)),
        ("<p>Von Jo Marrick</p>", ("Jo Marrick",)),
        ("<p>Par JO MARRICK et TESS AMBERLEY</p>", ("Jo Marrick", "Tess Amberley")),
        ("<p>Por Jo Marrick</p>", ("Jo Marrick",)),
        ("<p>By Friday the harbour had frozen over and nobody came.</p>", ()),
        ('<div class="comments"><span class="author">Grim Visitor</span></div>', ()),
    ],
)
def test_byline_near_the_headline(extra: str, authors: tuple[str, ...]) -> None:
    """A line that starts with "by", or in an element with a byline class, gives the authors; comments do not."""
    html = html_of(head="").replace("</h1>", f"</h1>{extra}")
    assert extract(page_of(html), source_key="s").authors == authors


def test_fuller_name_replaces_a_forename() -> None:
    """If markup gives a handle or forename, its fuller form in the byline is the name."""
    html = html_of(head='<meta name="author" content="Jo">').replace("</h1>", '</h1><p class="byline">Jo Marrick</p>')
    assert extract(page_of(html), source_key="s").authors == ("Jo Marrick",)


def test_list_of_categories_has_no_authors() -> None:
    """Several single words in the author field are categories."""
    assert _authors('<meta name="author" content="Harbour, Business, Culture">') == ()


def test_social_card_label_gives_the_author() -> None:
    """The "Written by" label of a card is used, its reading time is not."""
    card = '<meta name="twitter:label1" content="{}"><meta name="twitter:data1" content="{}">'
    assert _authors(card.format("Written by", "Jo Marrick")) == ("Jo Marrick",)
    assert _authors(card.format("Reading time", "Four Minutes")) == ()
