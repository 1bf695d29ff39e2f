"""Navigation between pages, by click or by keyboard."""

from collections.abc import Callable

from playwright.sync_api import Locator, Page

_MOST_TABS = 600
_AT = "selector => document.activeElement?.matches(selector) ?? false"
_RING = """() => { const style = getComputedStyle(document.activeElement);
  return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 }"""
_IN_VIEW = """selector => { const box = document.querySelector(selector).getBoundingClientRect();
  return box.bottom > 0 && box.top < innerHeight }"""


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the selected element has the focus; check that the focus is visible."""
    for _ in range(_MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate(_AT, selector):
            assert page.evaluate(_RING), f"{selector} has the focus and does not show it"
            return
    raise AssertionError(f"{selector} has no focus after {_MOST_TABS} times Tab")


def follow(page: Page, selector: str) -> str:
    """Tab to a link to an anchor of the page and press Enter; return the selector of the anchor, which is in view."""
    enter(page, selector)
    place = page.evaluate("() => location.hash")
    assert page.evaluate(_IN_VIEW, place), f"{place} is not in view after {selector}"
    return place


def enter(page: Page, selector: str) -> None:
    """Tab to a link, press Enter, and wait until its target is loaded."""
    tab_to(page, selector)
    _leave(page, lambda: page.keyboard.press("Enter"))


def click(link: Locator) -> None:
    """Click a link, and wait until its target is loaded."""
    _leave(link.page, link.click)


def _leave(page: Page, act: Callable[[], None]) -> None:
    """Act, and wait for another URL and its document: Playwright returns from a click earlier."""
    before = page.url
    act()
    page.wait_for_url(lambda url: url != before)
