"""Sections: the part of the outlet that a page belongs to."""

import json
from collections.abc import Mapping

import pytest
from pages_for_clean import PARAGRAPHS, page_of

from newslake.pipeline.clean import extract

URL = "https://www.harbourpost.example/2031/05/ferry"


def _section(
    *, story: Mapping[str, object] | None = None, before: str = "", after: str = "", url: str = URL
) -> tuple[str | None, str]:
    data = {"@type": "NewsArticle", "publisher": {"name": "Harbour Post"}, **(story or {})}
    html = (
        f'<html><head><title>A vote</title><script type="application/ld+json">{json.dumps(data)}</script></head><body>'
        f"{before}<main><h1>A vote</h1>{after}<p>{PARAGRAPHS[0]}</p></main></body></html>"
    )
    article = extract(page_of(html, url=url), source_key="s")
    return article.section, next(each.method for each in article.field_methods if each.field == "section")


@pytest.mark.parametrize(
    ("stated", "section"),
    [
        ("Politics", "Politics"),
        (["All", "Politics"], "Politics"),
        ("News,Politics,Harbour", "Politics"),
        ("Food, Wine & Travel", "Food, Wine & Travel"),
        ("Politics, Home, Harbour", "Politics"),
        (["quays", "Politics"], "Politics"),
        ("post", None),
        ("Top-News", None),
        ("news_news", None),
        ("m030000015", None),
        ("4 May 2031", None),
        ("Nachrichten", None),
        ("Harbour Post", None),
        ("A vote", None),
    ],
)
def test_stated_section(stated: object, section: str | None) -> None:
    """A list gives its first section, no keyword; placeholders, codes, headline and publisher are no section."""
    assert _section(story={"articleSection": stated, "keywords": ["quays"]})[0] == section


def test_spelling_of_a_stated_section() -> None:
    """A name in lower case is spelled as a link of the page spells it."""
    link = '<nav><a href="/daily-comment/">Daily Comment</a></nav>'
    assert _section(story={"articleSection": "daily comment"}, before=link) == ("Daily Comment", "jsonld")
    assert _section(story={"articleSection": "daily comment"}) == ("daily comment", "jsonld")


def _trail(*steps: tuple[str, str]) -> str:
    return f"<ol class='breadcrumbs'>{''.join(f'<li><a href={url}>{name}</a></li>' for name, url in steps)}</ol>"


@pytest.mark.parametrize(
    ("trail", "section"),
    [
        (_trail(("Home", "/"), ("News", "/news"), ("Storage", "/news/storage")), ("Storage", "breadcrumb")),
        (_trail(("Harbour World", "/"), ("Politics", "/p"), ("Abroad", "/p/a")), ("Politics", "breadcrumb")),
        (_trail(("Home", "/"), ("News", "/news"), ("A vote", "/1")), ("News", "breadcrumb")),
        (_trail(("Home", "/"), ("2031", "/2031"), ("A vote", "/1")), (None, "unknown")),
        (_trail(("Home", "/"), ("May", "/2031/05"), ("A vote", "/1")), (None, "unknown")),
        (_trail(("Home", "/"), ("Jo Marrick", "/author/jo"), ("Politics", "/p")), ("Politics", "breadcrumb")),
        (
            _trail(*((name, f"/{name}") for name in ("Sea", "Air", "Land", "Town", "Rail", "Roads", "Quay"))),
            (None, "unknown"),
        ),
    ],
)
def test_section_of_a_trail(trail: str, section: tuple[str | None, str]) -> None:
    """The outermost step of a trail is the section, but not the first page, a date or the headline; rather not News."""
    assert _section(before=trail) == section


def test_trail_below_the_article() -> None:
    """A menu at the foot of a page is no trail, also with the class of one."""
    html = f"<footer>{_trail(('Terms', '/terms'))}</footer>"
    assert _section(after=f"<p>{PARAGRAPHS[1]}</p></main>{html}<main>") == (None, "unknown")


def test_stated_trail() -> None:
    """A trail in JSON-LD gives the section, without the link to the first page."""
    steps = [{"name": "The Harbour", "item": "https://www.harbourpost.example/"}, {"name": "Politics", "item": "/p/"}]
    graph = {"mainEntity": {"@type": "BreadcrumbList", "itemListElement": steps}}
    assert _section(story=graph) == ("Politics", "breadcrumb")


@pytest.mark.parametrize(
    ("mark", "section"),
    [
        ('<a class="kicker" href="/opinion/">Opinion</a>', "Opinion"),
        ('<a rel="category tag" href="/c/boats/">Boats</a>', "Boats"),
        ('<span class="article-category">Boats</span>', "Boats"),
        ('<span class="kicker">Politics</span>', "Politics"),
        ('<span class="category">4 min read</span>', None),
        ('<span class="category">Filed under</span>', None),
        ('<span class="kicker">The long night</span>', None),
        ('<a class="kicker" href="/tag/quays/">Quays</a>', None),
        ('<a class="kicker" href="/2031/05/a-second-long-vote">A second vote</a>', None),
    ],
)
def test_section_next_to_the_headline(mark: str, section: str | None) -> None:
    """A link or a mark of a category above the headline is the section; a topic or another story is not."""
    assert _section(before=f"<div>{mark}</div>")[0] == section


@pytest.mark.parametrize(
    ("path", "links", "section"),
    [
        ("/politica/voto", "<a href='/politica/'>Política</a>", ("Política", "url")),
        ("/news/boats/a-vote", "<a href='/news'>News</a><a href='/news/boats'>Boats</a>", ("Boats", "url")),
        ("/news/a-vote", "<a href='/news'>News</a>", ("News", "url")),
        ("/sports/a-vote", "", ("Sports", "url")),
        ("/quays/a-vote", "", (None, "unknown")),
        ("/quays/a-vote", "<a href='/quays/'>Subscribe now</a>", (None, "unknown")),
        ("/tag/sports/a-vote", "", (None, "unknown")),
        ("/2031/a-vote", "<a href='/2031/'>2031</a>", (None, "unknown")),
    ],
)
def test_section_of_the_url(path: str, links: str, section: tuple[str | None, str]) -> None:
    """A folder of the URL is the section if the page links to it by its name, or if it is a known section."""
    assert _section(before=f"<nav>{links}</nav>", url=f"https://www.harbourpost.example{path}") == section


@pytest.mark.parametrize(
    ("items", "section"),
    [
        ("<li class='active'><a href='/fishing'>Fishing</a></li><li><a href='/ferries'>Ferries</a></li>", "Fishing"),
        ("<a href='/fishing' aria-current='page'>Fishing</a>", "Fishing"),
        ("<li class='current-post-ancestor'><a href='/category/ferries/'>Ferries</a></li>", "Ferries"),
        ("<li class='interactive'><a href='/fishing'>Fishing</a></li>", None),
        ("<li class='active'><a href='https://other.example/fishing'>Fishing</a></li>", None),
        ("<li class='active'><a href='/2031/05/ferry'>This page</a></li>", None),
        ("".join(f"<li class='active'><a href='/p{number}'>Port {number}</a></li>" for number in "abcde"), None),
    ],
)
def test_section_of_the_menu(items: str, section: str | None) -> None:
    """The item of a menu that is marked as the place of the page is its section; many marked ones are not."""
    method = "menu" if section else "unknown"
    assert _section(before=f"<nav><ul>{items}</ul></nav>") == (section, method)
