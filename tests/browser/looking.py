"""Checks of a rendered page: accessibility, external references, active content, and layout."""

from collections.abc import Sequence

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Frame, Page

# All attributes of elements that make a browser send a request, except to the server's own pages; and link targets.
_REFERENCES = """() => {
  const own = value => location.protocol.startsWith('http') &&
                       new URL(value, document.baseURI).origin === location.origin;
  const names = ['src', 'srcset', 'href', 'xlink:href', 'data', 'poster', 'action', 'formaction', 'background', 'ping'];
  const requested = [...document.querySelectorAll('*')].flatMap(element => names
    .filter(name => element.hasAttribute(name) && !(name === 'href' && element.localName === 'a'))
    .filter(name => !element.getAttribute(name).startsWith('#') && !own(element.getAttribute(name)))
    .map(name => `${element.localName}[${name}]=${element.getAttribute(name)}`));
  const dressed = [...document.querySelectorAll('[style]')]
    .map(each => `${each.localName}[style]=${each.style.cssText}`);
  const links = [...document.querySelectorAll('a[href]')]
    .filter(link => !['http:', 'https:', new URL(document.baseURI).protocol].includes(link.protocol))
    .map(link => `a[href]=${link.getAttribute('href')}`);
  const leaving = [...document.querySelectorAll('a[href]')]
    .filter(link => ['http:', 'https:'].includes(link.protocol) && link.origin !== location.origin)
    .filter(link => link.target !== '_blank' || link.rel !== 'noopener noreferrer')
    .map(link => `a[target=${link.target} rel=${link.rel}]=${link.getAttribute('href')}`);
  return [...requested, ...dressed, ...links, ...leaving] }"""
_RUNNING = """() => [...document.querySelectorAll('*')].flatMap(element => [
  ...(/^(script|iframe|object|embed|base|frame|template)$/.test(element.localName) ? [element.localName] : []),
  ...element.getAttributeNames().filter(name => name.startsWith('on')).map(name => `${element.localName}[${name}]`)])"""
_STANDING = """() => ({
  main: document.querySelectorAll('main').length, h1: document.querySelectorAll('main h1').length,
  nav: document.querySelectorAll('body > header nav').length, lang: document.documentElement.lang,
  in_order: (([first, second]) => !second || first.left < second.left || first.top < second.top)(
    [...document.querySelectorAll('header nav a')].map(link => link.getBoundingClientRect())),
  seen: document.querySelector('main')?.getBoundingClientRect().height > 0 &&
        getComputedStyle(document.body).display !== 'none'})"""
_OF_COLOURS = ("color-contrast", "link-in-text-block")  # rules of axe-core that compare colours
_WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


def violations(page: Page | Frame, *, rules: Sequence[str] = ()) -> list[str]:
    """Return the axe-core rules, of all or of some, that a page violates, each with its first violating element."""
    options = {"resultTypes": ["violations"]} | ({"runOnly": rules} if rules else {})
    found = Axe().run(page, options=options).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]} ({len(each['nodes'])} of them)" for each in found]


def violations_in_both_schemes(page: Page) -> list[str]:
    """Return the rules that a page violates in light, and those about colours that it violates in dark."""
    page.emulate_media(color_scheme="light")
    found = violations(page)
    page.emulate_media(color_scheme="dark")
    return found + [f"dark: {each}" for each in violations(page, rules=_OF_COLOURS)]


def references(page: Page | Frame) -> list[str]:
    """Return external references and inline styles of a page, links that do not lead to a page, and links to another
    site that would open in the frame of Airflow."""
    return page.evaluate(_REFERENCES)


def running(page: Page | Frame) -> list[str]:
    """Return the elements and attributes of a page that run code, embed content or change its base URL."""
    return page.evaluate(_RUNNING)


def assert_standing(page: Page | Frame) -> None:
    """Assert that the layout is intact: one visible main part with one h1, and the navigation from left to right."""
    standing = page.evaluate(_STANDING)
    expected = {"main": 1, "h1": 1, "nav": 1, "lang": "en", "in_order": True, "seen": True}
    assert standing == expected, f"{standing} on {page.url}"


def overflow(page: Page | Frame) -> int:
    """Return by how many pixels the page is wider than its window."""
    return page.evaluate(_WIDER)
