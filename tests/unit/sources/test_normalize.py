"""Values of listings: links as browsers read them, dates, text on one line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newslake.pipeline.sources.normalize import absolute_url, one_line
from tests.properties.fuzzing import examples

BASE = "https://post.example/news/today/feed.xml"
ANY_TEXT = st.text(st.characters(codec=None, categories=None), max_size=60)


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("/harbour plan/a b.html?q=one two", "https://post.example/harbour%20plan/a%20b.html?q=one%20two"),
        (" \n\t/a\n ", "https://post.example/a"),
        ("https://post.example/har\n\tbour", "https://post.example/harbour"),
        ("https:\\\\post.example\\a\\b?c=d\\e", "https://post.example/a/b?c=d\\e"),
        ("\\a\\b", "https://post.example/a/b"),
        ("..\\b", "https://post.example/news/b"),
        ("\x00\x1f/a\x7fb\x01", "https://post.example/a%7Fb"),
        ("/a%20b", "https://post.example/a%20b"),
        ("//cdn.example/a b", "https://cdn.example/a%20b"),
        ("/a?b//c d", "https://post.example/a?b//c%20d"),
        ("https://post.example/%", "https://post.example/%"),
        ("https://po st.example/a", None),
        ("https://po\x7fst.example/a", None),
        ("//po st.example/a", None),
        ("/half\ud83d", None),
        ("mailto:desk@post.example", None),
        ("/#!/story/1", "https://post.example/#!/story/1"),
        ("/a#top", "https://post.example/a"),
        ("/a#!", "https://post.example/a"),
        ("x" * 9000, None),
        ("ä" * 2000, None),
        (" " * 9000 + "/a", "https://post.example/a"),
        (" \n ", None),
    ],
)
def test_link_is_read_as_browsers_read_it(link, url):
    """Blanks inside are %20, ends, line breaks and anchors go, backslashes are slashes, a host has no blank."""
    assert absolute_url(link, base=BASE) == url


@examples(200)
@given(link=ANY_TEXT)
def test_any_link_is_a_stable_url_or_none(link):
    """A link of any code points is a URL that can be stored and reads as itself, or None."""
    for written in (link, f"https://post.example/{link}", f"https://{link}/"):
        url = absolute_url(written, base=BASE)
        if url is not None:
            url.encode()
            assert absolute_url(url) == url
            assert not set(url) & {" ", "\n", "\t", "\r", "\0"}


@examples(100)
@given(text=ANY_TEXT)
def test_any_text_on_one_line_can_be_stored(text):
    """A text of any code points is valid Unicode without line breaks, or None."""
    line = one_line(text)
    assert line is None or (line.encode() and "\0" not in line and "\n" not in line)
