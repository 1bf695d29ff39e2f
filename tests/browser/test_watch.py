"""The watchers detect each breach that a page really commits."""

import pytest
from playwright.sync_api import Browser

from samples.chromium import chromium
from tests.browser.looking import assert_standing, overflow, references, running, violations
from tests.browser.watch import Gate, watched_page

NOWHERE = "http://127.0.0.1:1"
LEAVING = {
    "image": "<img src=http://stray.example/i.png>",
    "style": "<style>body { background: url(http://stray.example/b.png) }</style>",
    "script": "<script src=http://stray.example/s.js></script>",
    "beacon": "<script>navigator.sendBeacon('http://stray.example/')</script>",
    "socket": "<script>new WebSocket('ws://stray.example/')</script>",
}


@pytest.fixture(scope="module")
def own_gate(_installed: None):
    """A gate that may receive requests."""
    gate = Gate()
    yield gate
    gate.close()


@pytest.fixture(scope="module")
def free_browser(own_gate: Gate):
    """A browser for pages that may misbehave."""
    with chromium(proxy=own_gate.address) as started:
        yield started


@pytest.mark.parametrize("how", LEAVING)
def test_external_connections_are_detected(free_browser: Browser, own_gate: Gate, how: str) -> None:
    """A connection that leaves loopback reaches the gate, however the page opens it."""
    own_gate.requests.clear()
    page = free_browser.new_page()
    page.set_content(LEAVING[how])
    page.wait_for_timeout(50)
    for _ in range(40):
        if own_gate.requests:
            break
        page.wait_for_timeout(50)
    page.close()

    assert any("stray.example" in request for request in own_gate.requests)


BREACHES = {  # by the watch's name for it
    "dialogs": "<script>alert('here')</script>",
    "errors": "<script>throw new Error('broken')</script>",
    "strays": "<img src=http://127.0.0.1:9/i.png>",
    "Content Security Policy": """<meta http-equiv=Content-Security-Policy content="script-src 'none'">
                                  <script>1</script>""",
}


def _show(browser: Browser, html: str) -> None:
    with watched_page(browser, home=NOWHERE) as (page, _):
        page.set_content(html)
        page.wait_for_timeout(100)


@pytest.mark.parametrize("breach", BREACHES)
def test_breach_is_not_calm(free_browser: Browser, breach: str) -> None:
    """A dialog, an error, a request to another port and a policy violation are each a breach."""
    with pytest.raises(AssertionError, match=f"not calm: .*{breach}"):
        _show(free_browser, BREACHES[breach])


def test_quiet_page_is_calm(free_browser: Browser) -> None:
    """A page without external requests is calm."""
    _show(free_browser, "<h1>Quiet</h1><img alt='' src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>")


DEFECTS = """<a href='http://x.example/'></a><img src=data:, onerror=1><p style='width:5000px'>wide</p>
             <svg><use href='#x'/></svg><a href='javascript:1'>x</a>"""


def test_defects_of_a_page_are_reported(free_browser: Browser) -> None:
    """Each defect is reported: accessibility, references, active content, width and layout."""
    page = free_browser.new_page()
    page.set_content(DEFECTS)

    assert any(each.startswith("link-name: <a") for each in violations(page))
    assert references(page) == [
        "img[src]=data:,",
        "p[style]=width: 5000px;",
        "a[href]=javascript:1",
        "a[target= rel=]=http://x.example/",
    ]
    assert running(page) == ["img[onerror]"]
    assert overflow(page) > 1000
    with pytest.raises(AssertionError, match="'main': 0"):
        assert_standing(page)
    page.close()
