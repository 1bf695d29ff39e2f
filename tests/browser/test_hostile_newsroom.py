"""Newsroom on a lake with hostile strings in every field: a browser shows them as text on each page."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route

from newslake.pipeline.addons.newsroom.pages.articles import articles_page
from newslake.pipeline.addons.newsroom.pages.events import event_map_page, events_page, list_events, list_places
from newslake.pipeline.addons.newsroom.pages.outcomes import pages_page, why_page
from newslake.pipeline.addons.newsroom.pages.people import entity_page, list_entities, people_page, read_entity
from newslake.pipeline.addons.newsroom.pages.saved_queries import parse_question_request, question_page, question_svg
from newslake.pipeline.addons.newsroom.rendering import TEMPLATES, chart_policy
from newslake.pipeline.addons.operate.coverage import coverage
from newslake.pipeline.addons.operate.coverage_page import COVERAGE_TEMPLATES, coverage_page
from newslake.pipeline.addons.search.index import update_index
from newslake.pipeline.addons.search.page import SEARCH_TEMPLATES, parse_search_request, search_page
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.query.saved_queries import list_questions
from newslake.pipeline.settings import Settings
from newslake.pipeline.show.provenance import trace_provenance
from tests.browser.hostile import STRING_COUNT
from tests.browser.hostile_lake import DAY, ONE, STRINGS, entity_id_of, make_hostile_lake
from tests.browser.looking import assert_standing, overflow, references, running
from tests.browser.shown import letters
from tests.browser.walking import click
from tests.browser.watch import Watch, taken_in_turn, watched_page
from tests.long_form import LONG

SITE = "http://newsroom.invalid"  # its responses are mocked in the browser
TODAY = DAY.date()
DRAWN = "top-speakers"  # the only rendered chart: rendering letters of every script takes seconds
_BLANK = "<svg xmlns='http://www.w3.org/2000/svg'/>"
_STYLED = {"/coverage": COVERAGE_TEMPLATES, "/search": SEARCH_TEMPLATES}  # pages with a stylesheet of their own
_REASONS = 10
_SEARCHES = 42 if LONG else 20
_FAR = 60  # maximum pages of one list
_PEOPLE = 25  # with a page each


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with the hostile lake."""
    root = tmp_path_factory.mktemp("hostile")
    update_index(make_hostile_lake(root), durability="process")
    (root / "sources.toml").write_text(f'[sources.{ONE}]\nkind = "folder"\npath = "{root}/none"\n')
    return Workspace(Settings.load(data_dir=root, sources_file=root / "sources.toml", frozen_now=DAY.isoformat()))


def _answer(space: Workspace, path: str, given: dict[str, str]) -> tuple[str, bytes | str]:
    """Return type and body of a page of Newsroom."""
    lake, slug = space.settings.lake_dir, Path(path).stem
    if path.endswith(".svg"):
        is_drawn = slug == DRAWN
        return "image/svg+xml", question_svg(lake, parse_question_request(slug, given)) if is_drawn else _BLANK
    pages = {
        "/coverage": lambda: coverage_page(coverage(space, first=TODAY, last=TODAY), root=""),
        "/pages": lambda: pages_page(lake, given, today=TODAY, root=""),
        "/articles": lambda: articles_page(lake, given, today=TODAY, root=""),
        "/search": lambda: search_page(lake, parse_search_request(given), root="", seconds=60),
        "/why": lambda: why_page(trace_provenance(space, given["url"]), root=""),
        "/people": lambda: people_page(list_entities(lake, "person", given, today=TODAY), root=""),
        "/events": lambda: events_page(list_events(lake, given, today=TODAY), given, root=""),
        "/events/map": lambda: event_map_page(list_places(lake, given, today=TODAY), root="../"),
    }
    if path.startswith("/people/"):
        found = read_entity(lake, "person", unquote(path.removeprefix("/people/")), given, today=TODAY)
        assert found is not None, path
        return "text/html", entity_page(found, given, root="../")
    question = partial(question_page, lake, root="../")
    return "text/html", pages[path]() if path in pages else question(parse_question_request(slug, given))


@pytest.fixture(scope="module")
def window(browser: Browser, space: Workspace) -> Iterator[tuple[Page, Watch]]:
    """A watched page with Newsroom's responses and their content security policy."""

    def answer(route: Route) -> None:
        url = urlsplit(route.request.url)
        kind, body = _answer(space, url.path, dict(parse_qsl(url.query, keep_blank_values=True)))
        templates = _STYLED.get(url.path, TEMPLATES)
        policy = chart_policy() if kind == "image/svg+xml" else templates.policy(is_served=True)
        headers = {"Content-Type": f"{kind}; charset=utf-8", "Content-Security-Policy": policy}
        route.fulfill(body=body, headers=headers)

    with watched_page(browser, home=SITE, base_url=SITE) as (shown, watch):
        shown.route(f"{SITE}/**", answer)
        yield shown, watch


@pytest.fixture
def page(window: tuple[Page, Watch]) -> Iterator[Page]:
    """The page, in its first size."""
    with taken_in_turn(*window) as page:
        yield page


def _assert_only_text(page: Page) -> str:
    """Assert that a page is intact and has no active content; return its text."""
    assert_standing(page)
    assert (references(page), running(page), overflow(page)) == ([], [], 0), page.url
    return page.evaluate("() => document.body.textContent")


def _read_to_the_end(page: Page, more: str) -> str:
    """Return the text of a list and of its following pages."""
    read = _assert_only_text(page)
    for _ in range(_FAR):
        if not page.get_by_role("link", name=more, exact=True).count():
            return read
        click(page.get_by_role("link", name=more, exact=True))
        read += _assert_only_text(page)
    raise AssertionError(f"no end after {_FAR} pages: {page.url}")


def test_articles_show_every_string_as_text(page: Page) -> None:
    """The list of articles has each string as a title and as a publisher."""
    page.goto("/articles")
    read = letters(_read_to_the_end(page, "More articles"))

    assert [text for text in STRINGS if read.count(letters(text)) < 2] == []


def test_pages_show_every_string_as_text(page: Page) -> None:
    """The list of a source's pages has each string as a URL, a reason and a detail."""
    page.goto(f"/pages?source={ONE}&day={TODAY}")
    read = letters(_read_to_the_end(page, "More pages"))

    assert [text for text in STRINGS if read.count(letters(text)) < 3] == []


_WORDS = ("script*", "alert", "img OR svg", "on*", "http*", "javascript", "title:a*", "style", "href*")


def test_search_shows_hostile_articles_as_text(page: Page) -> None:
    """Hits and their snippets are text, with the words that match marked."""
    marked = 0
    for words in _WORDS:
        page.goto(f"/search?{urlencode({'q': words})}")
        _assert_only_text(page)
        marked += page.locator(".hits mark").count()

    assert marked > len(_WORDS)


def test_hostile_searches_are_text(page: Page) -> None:
    """A hostile string as a search is searched or has a message, and is text in the field."""
    for text in STRINGS[:: STRING_COUNT // _SEARCHES]:
        searched = text[:200].encode("utf-8", "replace").decode()
        page.goto(f"/search?{urlencode({'q': searched})}")
        _assert_only_text(page)
        assert page.get_by_role("status").count() == bool(searched.strip())


def test_coverage_shows_hostile_sources_as_text(page: Page) -> None:
    """Hostile sources and reasons of the log are text on the map."""
    page.goto("/coverage")

    assert ONE in _assert_only_text(page)


def test_reasons_are_text(page: Page) -> None:
    """The provenance of pages with hostile URLs is text."""
    page.goto(f"/pages?source={ONE}&day={TODAY}")
    links = page.locator("th a[href^='why']").evaluate_all("links => links.map(link => link.href)")
    assert len(links) > _REASONS
    for link in links[:_REASONS]:
        page.goto(link)
        assert "hostile" in _assert_only_text(page)


def test_people_show_every_string_as_text(page: Page) -> None:
    """The list of people has each string as a name; the pages of some have their quotes, roles and articles as text."""
    page.goto("/people")
    read = letters(_read_to_the_end(page, "More people"))
    assert [text for text in STRINGS if letters(text) not in read] == []

    for at in range(0, len(STRINGS), len(STRINGS) // _PEOPLE):
        page.goto(f"/people/{quote(entity_id_of(at), safe='')}")
        assert _assert_only_text(page).count("hostile") > 5


def test_events_show_every_string_as_text(page: Page) -> None:
    """The timeline has each string as an actor, as a place and as a title; the map has some of them as places."""
    page.goto(f"/events?day={TODAY}")
    read = letters(_read_to_the_end(page, "More events"))
    assert [text for text in STRINGS if read.count(letters(text)) < 3] == []

    page.goto(f"/events/map?day={TODAY}")
    places = min(STRING_COUNT, 150)
    assert _assert_only_text(page).count("hostile") > places
    assert page.locator("circle").count() == places


@pytest.mark.parametrize("slug", [question.slug for question in list_questions()])
def test_question_is_text(page: Page, slug: str) -> None:
    """The rows of every saved question are text."""
    page.goto(f"/questions/{slug}")

    _assert_only_text(page)


def test_chart_by_itself_is_a_picture(page: Page) -> None:
    """A chart of hostile names, opened on its own, runs and requests nothing."""
    page.goto(f"/questions/{DRAWN}.svg")

    assert page.locator("svg").first.is_visible()
    assert (references(page), running(page)) == ([], [])
