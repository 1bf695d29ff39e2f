"""One request from URL to reply: redirects as browsers read them, and an exception that affects one page only."""

import pytest

from newslake.pipeline.errors import BrokenItemError
from newslake.pipeline.fetch import PageRequest, redirects
from newslake.pipeline.model import Page
from tests.faults.hostile import fetcher_for, hostile_server


@pytest.mark.parametrize("location", ["/a b", "\\\\HOST\\a b", " /a%20b\t", "/a b#part"])
def test_location_is_read_as_browsers_read_it(location):
    """Blanks in a Location are %20, and backslashes are slashes."""
    with hostile_server() as server:
        server.says("/a%20b", 200, b"page")
        url = server.says("/old", 302, Location=location.replace("HOST", server.host))
        with fetcher_for(server) as fetcher:
            got = fetcher.try_fetch(url)

    assert isinstance(got, Page), got
    assert got.final_url == f"http://{server.host}/a%20b"


def test_exception_on_one_request_is_its_failure(monkeypatch):
    """A request on which the code fails is one broken item, named with its place; the others are answered."""

    def failing(reply):
        raise KeyError("half")

    monkeypatch.setattr(redirects, "_redirect_of", failing)
    with hostile_server() as server:
        server.says("/b", 302, Location="/c")
        urls = [server.says("/a", 200, b"a"), server.url("/b"), server.says("/c", 200, b"c")]
        with fetcher_for(server) as fetcher:
            found = {url: got for url, _, got in fetcher.fetch_many((url, PageRequest(url=url)) for url in urls)}

    assert [type(found[url]) for url in urls] == [Page, BrokenItemError, Page]
    assert str(found[urls[1]]).startswith(f"{urls[1]}: newslake failed on it (KeyError in pipeline/fetch/redirects.py:")
