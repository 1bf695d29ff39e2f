"""Newsroom as people see it inside Airflow: a real login, the real navigation, and the way from a number to a sentence."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.airflow import PASSWORDS
from tests.browser.watch import watched

pytestmark = [pytest.mark.airflow, pytest.mark.model]
PAGES = (
    "coverage?from=2026-03-02&to=2026-03-04",
    "pages?source=courier&from=2026-03-02&to=2026-03-04",
    "articles?from=2026-03-02&to=2026-03-04",
    "articles?person=Nobody+At+All",
    "questions",
    "questions/top-speakers",
    "questions/gender-of-sources",
    "questions/who-said-what",
    "questions/no-such-question",
)


@pytest.fixture(scope="module")
def login(browser: Browser, origin: str) -> Any:
    """The state of a browser in which somebody with a reader's rights has signed in."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{origin}/auth/login")
    page.fill("input[name=username]", "reader")
    page.fill("input[name=password]", PASSWORDS["reader"])
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Home")).to_be_visible()
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def reader(browser: Browser, origin: str, login: Any) -> Iterator[Page]:
    """A watched page of somebody who has signed in."""
    with watched(browser, home=origin, storage_state=login) as (page, _):
        yield page
