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
    """Prefixes, roles, addresses, organisations and the outlet itself are no part of a name."""
    assert _authors(f'<meta name="author" content="{content}">') == authors


def test_byline_in_the_page() -> None:
    """Without markup a byline link names the author."""
    assert _authors("", '<a rel="author" href="/jo">By Jo Marrick</a>') == ("Jo Marrick",)


def test_person_typed_as_both_is_a_person() -> None:
    """Content systems type a site's one author as Person and Organization: that is a person."""
    node = '{"@type":"NewsArticle","author":{"@type":["Person","Organization"],"name":"Tess Amberley"}}'
    assert _authors(f'<script type="application/ld+json">{node}</script>') == ("Tess Amberley",)
