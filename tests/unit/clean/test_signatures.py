"""People who sign a text at its end are its authors if nothing else names any."""

import pytest
from pages_for_clean import PARAGRAPHS, html_of, page_of

from newslake.pipeline.clean import extract

_TEXT = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)


@pytest.mark.parametrize(
    ("end", "authors"),
    [
        ("– Jo Marrick", ("Jo Marrick",)),
        ("By Jo Marrick and Tess Amberley", ("Jo Marrick", "Tess Amberley")),
        ("Autorin: Jo Marrick (guest), of the harbour board", ("Jo Marrick",)),
        ("(Jo Marrick)", ("Jo Marrick",)),
        ("Jo Marrick", ("Jo Marrick",)),
        ("von Jo Marrick", ("Jo Marrick",)),
        ("– Port of the quiet", ()),
        ("Photo: Jo Marrick", ()),
        ("By the way", ()),
        ("Rules - Harbour", ()),
        ("Ways zur Quay", ()),
        ("Constitutional literacy", ()),
        ("(Northwire)", ()),
    ],
)
def test_line_at_the_end_signs_the_text(end: str, authors: tuple[str, ...]) -> None:
    """A dash, "by" or brackets mark a signature at the end, and so does a paragraph that is a whole name."""
    article = extract(page_of(html_of(head="", body=f"{_TEXT}<p>{end}</p>")), source_key="s")
    assert article.authors == authors
    assert (("authors", "byline") in [(each.field, each.method) for each in article.field_methods]) == bool(authors)


def test_byline_counts_more_than_a_signature() -> None:
    """Where the page names a person elsewhere, a name at the end is of somebody else."""
    html = html_of(head='<meta name="author" content="Tess Amberley">', body=f"{_TEXT}<p>– Jo Marrick</p>")
    assert extract(page_of(html), source_key="s").authors == ("Tess Amberley",)


def test_signature_keeps_the_credits() -> None:
    """The outlet that the markup names is a credit next to the person who signs."""
    html = html_of(head='<meta name="author" content="Harbour Post">', body=f"{_TEXT}<p>– Jo Marrick</p>")
    article = extract(page_of(html), source_key="s")
    assert article.authors == ("Jo Marrick",)
    assert [(credit.name, credit.kind) for credit in article.credits] == [("Harbour Post", "outlet")]


@pytest.mark.parametrize(
    "end",
    [
        "<p>“The quay is ours, and so it will be.”</p><p>– Jo Marrick</p>",
        "<ul><li>– Jo Marrick</li><li>– Tess Amberley</li></ul>",
        "<a href='/offers'>Quay Offers</a>",
    ],
)
def test_speaker_list_or_button_at_the_end_signs_nothing(end: str) -> None:
    """The speaker of a quote, the names of a list and the text of a link are no signatures."""
    assert extract(page_of(html_of(head="", body=f"{_TEXT}{end}")), source_key="s").authors == ()
