"""The headline that a reader sees."""

import pytest
from pages_for_clean import PARAGRAPHS, page_of

from pipeline.clean import extract

BODY = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)


@pytest.mark.parametrize(
    ("head", "body", "title"),
    [
        (
            "<title>Terminal gets its vote | Harbour Post</title>",
            "<h1>Terminal gets its vote</h1>",
            "Terminal gets its vote",
        ),
        ("<title>Terminal gets its vote - Harbour Post</title>", "", "Terminal gets its vote"),
        (
            "<title>Terminal gets its vote | Harbour Post</title>",
            "<h1><a href='/'>Harbour Post</a></h1><h2>Terminal gets its vote</h2>",
            "Terminal gets its vote",
        ),
        ('<meta property="og:title" content="Terminal gets its vote">', "<h1>Menu</h1>", "Terminal gets its vote"),
        (
            '<meta property="og:title" content="Terminal gets its vote">',
            "<h1>Harbour: Terminal gets its vote</h1>",
            "Terminal gets its vote",
        ),
        (
            '<script type="application/ld+json">{"@type":"Article","headline":"Terminal gets &quot;it&quot;"}</script>',
            "",
            'Terminal gets "it"',
        ),
    ],
)
def test_headline(head: str, body: str, title: str) -> None:
    """Site names, logos and kickers are not part of the headline."""
    html = f"<html><head>{head}</head><body><article>{body}{BODY}</article></body></html>"
    assert extract(page_of(html), source_key="s").title == title


def test_truncated_headline_does_not_end_in_a_space() -> None:
    """A title over 300 characters is truncated, and its block ends with a letter."""
    for shift in range(8):
        title = f"{'y' * shift} {'Ferry ' * 60}"
        html = f"<html><head><title>{title}</title></head><body><article><h1>{title}</h1>{BODY}</article></body></html>"
        found = extract(page_of(html), source_key="s").title
        assert found == f"{'y' * shift} {'Ferry ' * 60}".strip()[:300].rstrip()


def _title_of(head: str, body: str = "") -> tuple[str | None, str]:
    html = f"<html><head>{head}</head><body><article>{body}{BODY}</article></body></html>"
    article = extract(page_of(html), source_key="s")
    return article.title, next(each.method for each in article.field_methods if each.field == "title")


def _linked(headline: str) -> str:
    return f'<script type="application/ld+json">{{"@type":"Article","headline":"{headline}"}}</script>'


def test_method_names_the_voters() -> None:
    """The method has every voter with the elected title; a voter with another one is not in it."""
    head = _linked("Ferry gets a vote") + '<meta property="og:title" content="You will not believe this ferry">'
    found = _title_of(head + "<title>Ferry gets a vote | Harbour Post</title>", "<h1>Ferry gets a vote</h1>")
    assert found == ("Ferry gets a vote", "heading+jsonld+title")


def test_title_that_most_places_give_wins_over_the_heading() -> None:
    """Three other places that agree outvote a heading; one does not."""
    other, card = "Island ferry: council sets a vote", '<meta name="twitter:title" content="{0}">'
    graph = '<meta property="og:title" content="{0}">'
    h1 = "<h1>Island ferry: harbour town gets its vote</h1>"
    assert _title_of((graph + card + "<title>{0}</title>").format(other), h1)[0] == other
    assert _title_of(graph.format(other), h1)[0] == "Island ferry: harbour town gets its vote"


@pytest.mark.parametrize(
    ("head", "body", "title"),
    [
        ('<meta property="og:title" content="Corsets - shops and makers">', "", "Corsets - shops and makers"),
        (
            '<meta property="og:title" content="Snow – with a dog in winter">'
            "<title>Snow – with a dog in winter - Paw Weekly</title>",
            "",
            "Snow – with a dog in winter",
        ),
        (
            "<title>Ferry - the long way home - Harbour Post</title>",
            "<h1>Ferry - the long way home</h1>",
            "Ferry - the long way home",
        ),
    ],
)
def test_dash_of_a_headline_stays(head: str, body: str, title: str) -> None:
    """A title is cut at a dash only before a name of the site, or where another title ends."""
    assert _title_of(head, body)[0] == title


@pytest.mark.parametrize(
    "text",
    [
        "Ferry gets a vote | Politics News | Harbourpost News",
        "Ferry gets a vote - Harbourpost",
        "Harbourpost: Ferry gets a vote",
        "Ferry gets a vote | The harbour town's own weekly paper",
    ],
)
def test_names_of_site_and_section_are_off(text: str) -> None:
    """The site is known by its domain, the section by its place; both are off where another voter has the rest."""
    head = f"<title>{text.replace('Harbourpost:', 'Harbourpost :')}</title>" + _linked("Ferry gets a vote")
    assert _title_of(head) == ("Ferry gets a vote", "jsonld+title")


def test_spelling_of_most_voters() -> None:
    """White space that only a heading's markup has is not in the title."""
    head = _linked("Ferry: the vote") + '<meta property="og:title" content="Ferry: the vote">'
    assert _title_of(head, "<h1>Ferry : the vote</h1>")[0] == "Ferry: the vote"
