"""Marks in saved pages: each program's comment, the page's own links, and the folders of a mirror."""

from datetime import UTC, datetime

import pytest

from newslake.pipeline.sources.page_marks import PageMarks, read_marks, url_of_folders

URL = "https://post.example/news/ferry?id=4711"
SINGLEFILE = (
    "<!DOCTYPE html> <html lang=en><!--\n Page saved with SingleFile \n url: https://post.example/news/ferry?id=4711 \n"
    " saved date: Tue Mar 03 2026 10:05:00 GMT+0100 (Central European Standard Time)\n--><meta charset=utf-8>"
)
SAVED_FROM = (
    "<!DOCTYPE html>\n<!-- saved from url=(0039)https://post.example/news/ferry?id=4711 -->\n<html><head></head></html>"
)
HTTRACK = (
    "<html><body><p>Ferry.</p></body>\n<!-- Mirrored from post.example/news/ferry?id=4711 by HTTrack Website "
    "Copier/3.x [XR&CO'2014], Tue, 03 Mar 2026 09:05:00 GMT -->\n</html>"
)
CANONICAL = (
    '<html><head><link href="https://post.example/news/ferry?id=4711" rel="canonical"></head><body></body></html>'
)
OPEN_GRAPH = '<html><head><meta property="og:url" content="https://post.example/news/ferry?id=4711"></head></html>'
NINE = datetime(2026, 3, 3, 9, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("page", "marks"),
    [
        (SINGLEFILE, PageMarks(url=URL, url_method="singlefile", fetched_at=NINE, fetched_at_method="singlefile")),
        (SAVED_FROM, PageMarks(url=URL, url_method="saved_from")),
        (HTTRACK, PageMarks(url=URL, url_method="httrack", fetched_at=NINE, fetched_at_method="httrack")),
        (CANONICAL, PageMarks(url=URL, url_method="canonical_link")),
        (OPEN_GRAPH, PageMarks(url=URL, url_method="og_url")),
        (
            CANONICAL.replace("<link", f"<style>{'p {margin: 0} ' * 40_000}</style><link"),
            PageMarks(url=URL, url_method="canonical_link"),
        ),
    ],
)
def test_each_mark_gives_the_url(page: str, marks: PageMarks) -> None:
    """Each mark gives the URL of the page, and the programs that note a time give it in UTC."""
    assert read_marks(page.encode(), place="saved/ferry.html") == marks


@pytest.mark.parametrize(
    "page",
    [
        "<html><!-- saved from url=(0014)about:internet --></html>",
        "<html><!-- saved from url=(0022)file:///C:/ferry.html --></html>",
        "<html><p>Page saved with SingleFile url: https://post.example/a</p></html>",
        "<html><!-- Page saved with SingleFile --></html>",
        "<html><p>Mirrored from post.example/a by HTTrack Website Copier/3.x, Tue, 03 Mar 2026 09:05:00 GMT</p></html>",
        '<html><head><link rel="canonical" href="/news/ferry"></head></html>',
        '<html><head><link rel="canonical" href="https://post.example/"></head></html>',
        '<html><body><link rel="canonical" href="https://post.example/comment"></body></html>',
        "",
        "\x00",
    ],
)
def test_what_is_no_mark_gives_nothing(page: str) -> None:
    """Local addresses, words in the text, relative links, front pages and links in the body are no marks."""
    assert read_marks(page.encode(), place="saved/ferry.html") == PageMarks()


def test_program_has_priority_over_the_page() -> None:
    """The comment of the program that saved the page gives the URL before the canonical link and the folders."""
    page = SAVED_FROM.replace("<head>", '<head><link rel="canonical" href="https://post.example/other">')

    assert read_marks(page.encode(), place="mirror.example/a.html").url_method == "saved_from"


def test_utf_16_page_has_its_mark() -> None:
    """The comment is found in a page that a browser saved as UTF-16."""
    assert read_marks(SAVED_FROM.encode("utf-16"), place="ferry.html").url == URL


def test_broken_date_is_no_time() -> None:
    """A comment with a date that does not exist gives its URL and no time."""
    page = SINGLEFILE.replace("Mar 03", "Xyz 99")

    assert read_marks(page.encode(), place="a.html") == PageMarks(url=URL, url_method="singlefile")


@pytest.mark.parametrize(
    ("place", "url"),
    [
        ("post.example/news/ferry.html", "https://post.example/news/ferry.html"),
        ("mirror/www.post.example/news/index.html", "https://www.post.example/news/"),
        ("mirror/http/post.example/a b.html", "http://post.example/a%20b.html"),
        ("saved/ferry.html", None),
        ("ferry.html", None),
        ("post.example", None),
        ("pages.old/ferry.html", None),
        ("2026.03/ferry.html", None),
        ("a/b/c/post.example/ferry.html", None),
        ("post.co.uk/ferry.html", "https://post.co.uk/ferry.html"),
        ("vue.js/ferry.html", None),
        ("saved.zip/ferry.html", None),
        ("post.example/story.html?id=5.html", "https://post.example/story.html?id=5"),
        ("post.example/index.html?p=5&q=a b.html", "https://post.example/?p=5&q=a%20b"),
        ("post.example/story?id=5%2F6.htm", "https://post.example/story?id=5%2F6"),
    ],
)
def test_folders_of_a_mirror_give_the_url(place: str, url: str | None) -> None:
    """A host among the first three folders gives the URL, with the query in a name; other folders do not."""
    assert url_of_folders(place) == url
