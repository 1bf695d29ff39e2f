"""The headline that a reader sees."""

import time

import pytest
from pages_for_clean import PARAGRAPHS, page_of

from newslake.pipeline.clean import extract
from newslake.pipeline.clean.titles import elect_title

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


def test_spelling_of_the_heading() -> None:
    """The heading's capitals and marks win over the spelling of other voters with the same words."""
    head = _linked("FERRY GETS A VOTE") + '<meta property="og:title" content="FERRY GETS A VOTE">'
    assert _title_of(head, "<h1>Ferry “gets” a vote</h1>") == ("Ferry “gets” a vote", "heading+jsonld+opengraph")


@pytest.mark.parametrize("title", ["Games in Arlen - Ferry gets a vote", "Games in Arlen: Ferry gets a vote"])
def test_spelling_with_the_separator_that_a_heading_lacks(title: str) -> None:
    """A kicker inside the heading's element is separated as the other voters separate it."""
    heading = "<h1><span>Games in Arlen</span> <b>Ferry gets a vote</b></h1>"
    assert _title_of(_linked(title) + f"<title>{title}</title>", heading)[0] == title


@pytest.mark.parametrize(
    "start",
    ["Ferry gets a vote in the har…", "Ferry gets a vote ...", "Ferry gets a vote in t"],
)
def test_cut_off_title_is_a_vote_for_the_heading(start: str) -> None:
    """Three voters with the cut-off start of a heading do not outvote it."""
    cards = f'<meta property="og:title" content="{start}"><meta name="twitter:title" content="{start}">'
    whole = "Ferry gets a vote in the harbour"
    assert _title_of(_linked(start) + cards, f"<h1>{whole}</h1>") == (whole, "heading+jsonld+opengraph+twitter")


def test_title_cut_at_a_limit_of_characters_is_a_vote_for_the_heading() -> None:
    """A title of over 100 characters that ends between two words of the heading is its cut-off start."""
    whole = f"Ferry gets a vote {'in the long night of the harbour council ' * 3}of Arlen"
    head = _linked(whole[:120].rstrip()) + f'<meta property="og:title" content="{whole[:120].rstrip()}">'
    assert _title_of(head, f"<h1>{whole}</h1>")[0] == whole


def test_cut_off_title_is_a_vote_for_a_whole_claim() -> None:
    """Without a heading the whole title of one voter wins over the start with an ellipsis of others."""
    cards = (
        '<meta property="og:title" content="Ferry gets a vote in…"><meta name="twitter:title" content="Ferry gets a…">'
    )
    assert _title_of(_linked("Ferry gets a vote in Arlen") + cards)[0] == "Ferry gets a vote in Arlen"


def test_short_title_before_a_separator_is_a_title() -> None:
    """A short title that ends between two words is whole, and so is one whose ellipsis is its own end."""
    card = '<meta property="og:title" content="{0}"><meta name="twitter:title" content="{0}">'
    short = "Ferry gets a vote"
    assert _title_of(_linked(short) + card.format(short), f"<h1>{short}: a night out</h1>")[0] == short
    assert _title_of(_linked(short) + card.format(short), f"<h1>{short} in Arlen</h1>")[0] == short
    assert _title_of(_linked("And then they left…"), "<h1>And then they left…</h1>")[0] == "And then they left…"


@pytest.mark.parametrize("title", ["a | " * 3000, " | ".join(f"Word{number} again" for number in range(400))])
def test_title_of_many_separators_takes_no_time(title: str) -> None:
    """A title of thousands of parts is read in less than a second of processor time."""
    start = time.process_time()
    elect_title([], [("title", title), ("opengraph", title)], frozenset({"harbourpost"}))
    assert time.process_time() - start < 1
