"""The URL that identifies a page."""

import pytest
from pages_for_clean import html_of, page_of

from pipeline.clean import page_identity
from pipeline.model import article_id_of

FINAL = "https://harbourpost.example/news/2031/05/ferry-terminal"


@pytest.mark.parametrize(
    ("head", "canonical"),
    [
        ('<link rel="canonical" href="https://www.harbourpost.example/a/b">', "https://harbourpost.example/a/b"),
        ('<meta property="og:url" content="http://m.harbourpost.example/a/b#top">', "https://harbourpost.example/a/b"),
        ('<link rel="canonical" href="https://elsewhere.example/a/b">', FINAL),
        ('<link rel="canonical" href="https://www.harbourpost.example/">', FINAL),
        ('<link rel="canonical" href="mailto:desk@harbourpost.example">', FINAL),
        ("", FINAL),
    ],
)
def test_canonical_url(head: str, canonical: str) -> None:
    """The canonical link or og:url counts if it is on the same site and not its front page, else the final URL."""
    assert page_identity(page_of(html_of(head=head))) == (canonical, article_id_of(canonical=canonical, text=""))


def test_loopback_host_is_a_site_of_its_own() -> None:
    """Without a registrable domain the hosts are compared."""
    head = '<link rel="canonical" href="http://127.0.0.1:8081/story">'
    page = page_of(html_of(head=head), url="http://127.0.0.1:8081/story?utm_medium=feed")
    assert page_identity(page)[0] == "http://127.0.0.1:8081/story"


def test_page_without_url_is_identified_by_its_text() -> None:
    """Two files with the same text are one article; another text is another article."""
    one, same, other = (page_of(text, url=None, content_type="text/plain") for text in ("a b", "a b", "a c"))
    assert page_identity(one) == page_identity(same) == (None, article_id_of(canonical=None, text="a b"))
    assert page_identity(other) != page_identity(one)


def test_undecodable_bytes_have_an_identity() -> None:
    """page_identity never raises: cleaning reports bytes without text."""
    canonical, article_id = page_identity(page_of(b"\x89PNG\r\n\x1a\n", url=None))
    assert (canonical, len(article_id)) == (None, 32)
