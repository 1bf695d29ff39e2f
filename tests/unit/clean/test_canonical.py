"""The URL that identifies a page."""

import pytest
from pages_for_clean import html_of, page_of

from newslake.pipeline.clean import page_identity
from newslake.pipeline.model import article_id_of

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


LINK = '<link rel="canonical" href="/a/b">'
SCRIPT = f"<script>{'var ferry = 1; ' * 40_000}</script>"


@pytest.mark.parametrize(
    ("head", "canonical"),
    [
        (SCRIPT + LINK, "https://harbourpost.example/a/b"),
        (f"<script>'</head>'</script>{LINK}", "https://harbourpost.example/a/b"),
        (f"<script>'{LINK}'</script>", FINAL),
        (f"<!-- {LINK} -->", FINAL),
        (f"</head><body>{LINK}", FINAL),
    ],
    ids=["long head", "end of a head in a script", "script", "comment", "body"],
)
def test_canonical_link_counts_in_the_head_alone(head: str, canonical: str) -> None:
    """The link counts however long the head is, and not in a script, a comment or the body."""
    assert page_identity(page_of(html_of(head=head)))[0] == canonical


def test_saved_front_page_has_no_url() -> None:
    """A page without a URL whose canonical link is the front page has no URL: else all of a site were one article."""
    head = '<link rel="canonical" href="https://harbourpost.example/">'
    assert page_identity(page_of(html_of(head=head), url=None))[0] is None


STORY = "https://harbourpost.example/story.php"
HEADLINES = ("Ferry firm fined over its sulphur", "Council votes for a new bridge")


def links_with(parameter: str, *texts: str) -> str:
    """Return links to the page's own path, each with another value of a parameter."""
    return "".join(f'<p><a href="story.php?{parameter}={number}">{text}</a></p>' for number, text in enumerate(texts))


@pytest.mark.parametrize(
    ("head", "extra", "url", "canonical"),
    [
        ("", "", f"{STORY}?cid=4711&ref=home&gclid=x", f"{STORY}?cid=4711&ref=home"),
        (f'<link rel="canonical" href="{STORY}?cid=4711">', "", f"{STORY}?cid=4711&ref=home", f"{STORY}?cid=4711"),
        (f'<link rel="canonical" href="{STORY}">', "", f"{STORY}?share=mail", STORY),
        (
            f'<link rel="canonical" href="{STORY}">',
            links_with("cid", *HEADLINES),
            f"{STORY}?cid=4711&ref=home",
            f"{STORY}?cid=4711",
        ),
        (f'<link rel="canonical" href="{STORY}">', links_with("cid", HEADLINES[0]), f"{STORY}?cid=4711", STORY),
        (f'<link rel="canonical" href="{STORY}">', links_with("page", "1", "2", "3"), f"{STORY}?page=2", STORY),
        (
            '<link rel="canonical" href="https://harbourpost.example/">',
            "",
            "https://harbourpost.example/?p=4711",
            "https://harbourpost.example/?p=4711",
        ),
        (
            '<link rel="canonical" href="https://harbourpost.example/">',
            "",
            "https://harbourpost.example/#!/story/1",
            "https://harbourpost.example/#!/story/1",
        ),
    ],
)
def test_page_says_which_parameters_identify_it(head: str, extra: str, url: str, canonical: str) -> None:
    """Parameters stay without a canonical link; those that it drops go, unless the page's links tell articles apart."""
    assert page_identity(page_of(html_of(head=head, extra=extra), url=url))[0] == canonical


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
