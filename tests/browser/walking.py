"""Going through a page as somebody does who has no mouse."""

from playwright.sync_api import Page

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
    tab_to(page, selector)
    page.keyboard.press("Enter")
    place = page.evaluate("() => location.hash")
    assert page.evaluate(_IN_VIEW, place), f"{place} is not in view after {selector}"
    return place
