"""What an article records of the statements of its publisher about its use."""

import pytest
from pages_for_clean import FETCHED, html_of, page_of

from newslake.pipeline.clean import extract
from newslake.pipeline.model import Article, Hints, RightsStatement

TIME = f"{FETCHED:%Y-%m-%dT%H:%M:%SZ}"
ROBOTS = RightsStatement(
    "content-signal: search=yes, ai-train=no",
    "line 4 of https://www.harbourpost.example/robots.txt, 2031-05-04T11:00:00Z",
)
RSL = "rsl: https://www.harbourpost.example/license.xml"


def article_with(head: str = "", *, hints: Hints | None = None, **headers: str) -> Article:
    """Return the article of a page with these elements in its head, and these headers."""
    return extract(page_of(html_of(head=head), hints=hints, **headers), source_key="harbour")


@pytest.mark.parametrize(
    ("element", "statements", "place", "is_reserved"),
    [
        ('<link rel="license" type="application/rsl+xml" href="/license.xml">', [RSL], "link element", False),
        ('<link rel="license" href="https://harbourpost.example/by">', [], "", False),
        ('<link rel="alternate" type="application/rsl+xml" href="/license.xml">', [], "", False),
        (
            '<script type="application/rsl+xml"><rsl xmlns="https://rslstandard.org/rsl"></rsl></script>',
            ["rsl: in the page"],
            "script element",
            False,
        ),
        ('<meta name="robots" content="max-image-preview:large, noai">', ["robots: noai"], "meta element robots", True),
        ('<meta name="robots" content="noindex">', [], "", False),
        ('<meta name="tdm-reservation" content="0">', [], "", False),
    ],
)
def test_elements_of_a_page(element: str, statements: list[str], place: str, is_reserved: bool) -> None:
    """Each element that says something is a statement; a license alone reserves nothing."""
    article = article_with(element)
    assert article.license == tuple(statements)
    assert article.license_evidence == tuple(f"{place}, {TIME}" for _ in statements)
    assert article.tdm_reserved is is_reserved


def test_reservation_with_its_policy() -> None:
    """A reservation in meta elements has its policy after it."""
    head = '<meta name="tdm-reservation" content="1"><meta name="tdm-policy" content="https://post.example/tdm.json">'
    assert article_with(head).license == ("tdm-reservation: 1", "tdm-policy: https://post.example/tdm.json")


def test_statements_of_host_header_and_page_are_combined() -> None:
    """The host comes first, then the headers, then the elements; a repeated statement has its first evidence."""
    link = '<link rel="license" type="application/rsl+xml" href="/license.xml">'
    header = '</license.xml>; rel="license"; type="application/rsl+xml"'
    article = article_with(link, hints=Hints(rights=(ROBOTS,)), link=header, content_usage="train-ai=n")
    assert article.license == (ROBOTS.statement, "content-usage: train-ai=n", RSL)
    assert article.license_evidence == (ROBOTS.evidence, f"header content-usage, {TIME}", f"header link, {TIME}")
    assert article.tdm_reserved is True


def test_plain_text_has_the_statements_of_host_and_headers() -> None:
    """A page without markup has the statements of its host and headers, and one without readable text, too."""
    for body, kind in (("The ferry sails again.", "text/plain"), ("", "text/html")):
        page = page_of(body, content_type=kind, hints=Hints(rights=(ROBOTS,)), content_usage="train-ai=n")
        assert extract(page, source_key="harbour").license == (ROBOTS.statement, "content-usage: train-ai=n")


def test_page_without_statements_has_none() -> None:
    """A page about which its publisher says nothing has no statement, and is not reserved."""
    article = article_with()
    assert (article.license, article.license_evidence, article.tdm_reserved) == ((), (), False)
