"""The pages of Newsroom: those of all add-ons, in the order of the add-ons, and the bar with links to them."""

import logging
from dataclasses import dataclass

from newslake.pipeline.addon_registry import load_addons

log = logging.getLogger(__name__)

_LAST = 100


@dataclass(frozen=True, slots=True)
class NewsroomPage:
    """A page of Newsroom, served as HTML, and as JSON at its path with `.json`.

    ``path`` may have parameters: "/people/{entity_id}". ``place`` is "module:name" of a function from
    ``NewsroomRequest`` to ``PageAnswer``; it is loaded with the first request for the page. ``label`` is the entry in
    the bar, "" for none; ``rank`` orders the entries. The page of the first entry is also that of "/".
    """

    path: str
    place: str
    label: str = ""
    rank: int = _LAST


@dataclass(frozen=True, slots=True)
class NewsroomBar:
    """The bar of Newsroom: path and label of each entry, and whether it has the field of full-text search."""

    entries: tuple[tuple[str, str], ...]
    has_search: bool


EMPTY_BAR = NewsroomBar((), has_search=False)


def list_pages() -> tuple[NewsroomPage, ...]:
    """Return the pages of all add-ons. One that cannot say which pages it has, or has a path twice, is logged."""
    pages: dict[str, NewsroomPage] = {}
    results, errors = load_addons().collect("newsroom_pages")
    for error in errors:
        log.error("newsroom: %s", error)
    for info, its_pages in results:
        for page in its_pages:
            if pages.setdefault(page.path, page) is not page:
                log.error("newsroom: add-on %s: another page has the path %s", info.name, page.path)
    return tuple(pages.values())


def bar_pages() -> list[NewsroomPage]:
    """Return the pages with an entry in the bar, in its order."""
    return sorted((page for page in list_pages() if page.label), key=lambda page: page.rank)


def build_bar() -> NewsroomBar:
    """Return the bar of every page."""
    entries = tuple((page.path.removeprefix("/"), page.label) for page in bar_pages())
    return NewsroomBar(entries, has_search=any(page.path == "/search" for page in list_pages()))
