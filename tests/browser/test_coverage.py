"""Coverage of sources that are stale, late or without a baseline: what a reader sees, in light and dark."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from newslake.pipeline.addons.operate.coverage import coverage
from newslake.pipeline.addons.operate.coverage_page import COVERAGE_TEMPLATES, coverage_page
from newslake.pipeline.jobs.workspace import Workspace
from tests.addons.operate.source_history import HOUR, NOW, add_articles, add_poll, every, make_space
from tests.browser.looking import assert_standing, overflow, references, running, violations_in_both_schemes
from tests.browser.watch import watched_page

SITE = "http://newsroom.invalid"  # its responses are mocked in the browser
TODAY = NOW.date()
LATE = "[sources.echo.freshness]\nwarn_after_hours = 2\n"


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with a stale feed that answers, a late sitemap that no run polled, and a folder."""
    root = tmp_path_factory.mktemp("stale")
    made = make_space(root, keys=("post", "echo", "year"), limits=LATE)
    add_articles(made, every(6, end=NOW - timedelta(days=30)))
    add_articles(made, every(6, end=NOW - 5 * HOUR), source_key="echo")
    add_poll(made, NOW - HOUR)
    return made


@pytest.fixture
def page(browser: Browser, space: Workspace) -> Iterator[Page]:
    """A watched page of the coverage of two weeks, with Newsroom's content security policy."""

    def answer(route: Route) -> None:
        found = coverage(space, first=TODAY - timedelta(days=13), last=TODAY)
        policy = COVERAGE_TEMPLATES.policy(is_served=True)
        headers = {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy}
        route.fulfill(body=coverage_page(found, root=""), headers=headers)

    with watched_page(browser, home=SITE, base_url=SITE) as (shown, _):
        shown.route(f"{SITE}/**", answer)
        shown.goto("/coverage")
        yield shown


def test_stale_source_is_said_in_text(page: Page) -> None:
    """A stale source is named with the word STALE, since when and why; a late one is not called stale."""
    table = page.get_by_role("region", name="Late and stale sources")
    rows = table.locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("post")
    expect(rows.nth(0)).to_contain_text("STALE")
    expect(rows.nth(0)).to_contain_text("2026-03-04 06:00 UTC")
    expect(rows.nth(0)).to_contain_text("quiet")
    expect(rows.nth(1)).to_contain_text("late")
    expect(rows.nth(1)).to_contain_text("not polled")
    expect(rows.nth(1).locator("code")).to_have_text("newslake run --source echo")
    expect(table.get_by_text("STALE", exact=True)).to_be_in_viewport()
    expect(page.get_by_role("region", name="Sources by days").locator("tr", has_text="post")).to_contain_text("STALE")


def test_days_without_an_answer_are_not_called_normal(page: Page) -> None:
    """The page claims "No anomalies" for no day without an answered poll."""
    main = page.locator("main")
    expect(main).not_to_contain_text("No anomalies.")
    expect(main).to_contain_text("No poll was answered for post (12 of 13 days), echo (13 of 13 days).")


def test_freshness_is_open_to_all(page: Page) -> None:
    """The page is intact, has no active content, passes axe in light and dark, and fits a small window."""
    assert_standing(page)
    assert (references(page), running(page)) == ([], [])
    assert violations_in_both_schemes(page) == []
    page.set_viewport_size({"width": 320, "height": 640})
    assert overflow(page) == 0
