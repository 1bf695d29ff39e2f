"""Going through pages: by a click, or as somebody does who has no mouse."""

from collections.abc import Callable

from playwright.sync_api import Locator, Page

_MOST_TABS = 600
_AT = "selector => document.activeElement?.matches(selector) ?? false"
_RING = """() => { const style = getComputedStyle(document.activeElement);
  return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 }"""
_IN_VIEW = """selector => { const box = document.querySelector(selector).getBoundingClientRect();
  return box.bottom > 0 && box.top < innerHeight }"""


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until what a selector names has the focus, and see that it shows it."""
    for _ in range(_MOST_TABS):
        page.keyboard.press("Tab")
        if page.evaluate(_AT, selector):
            assert page.evaluate(_RING), f"{selector} has the focus and does not show it"
            return
    raise AssertionError(f"{_MOST_TABS} times Tab, and never at {selector}")


def follow(page: Page, selector: str) -> str:
    """Tab to a link to a place on the page and press Enter; return the selector of that place, which is in view."""
    enter(page, selector)
    place = page.evaluate("() => location.hash")
    assert page.evaluate(_IN_VIEW, place), f"{place} is not in view after {selector}"
    return place


def enter(page: Page, selector: str) -> None:
    """Tab to a link, press Enter, and wait until what it leads to is loaded."""
    tab_to(page, selector)
    _leave(page, lambda: page.keyboard.press("Enter"))


def click(link: Locator) -> None:
    """Click a link, and wait until what it leads to is loaded."""
    _leave(link.page, link.click)


def _leave(page: Page, act: Callable[[], None]) -> None:
    """Act, and wait for another address and its document: Playwright returns from a click before there is one."""
    before = page.url
    act()
    page.wait_for_url(lambda url: url != before)
