"""Newsroom inside Airflow: a real login, the real navigation, and the links from a number to its sentence."""

import re
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.airflow import PASSWORDS
from tests.browser.looking import assert_standing, overflow, references, running, violations_in_both_schemes
from tests.browser.walking import click, enter, follow, tab_to
from tests.browser.watch import Watch, taken_in_turn, watched_page

pytestmark = [pytest.mark.airflow, pytest.mark.model]
DAYS = "from=2026-03-02&to=2026-03-04"
PAGES = (
    f"coverage?{DAYS}",
    f"coverage?{DAYS}&source=courier",
    f"pages?source=courier&{DAYS}",
    f"articles?{DAYS}",
    "articles?person=Nobody+At+All",
    "search",
    "search?q=bridge+OR+ferry",
    "search?q=-nothing",
    f"people?{DAYS}",
    "people?name=Nobody+At+All",
    f"organisations?{DAYS}",
    f"events?{DAYS}",
    "events?month=2020-01",
    f"events/map?{DAYS}",
    "questions",
    "questions/top-speakers",
    "questions/who-said-what",
    "why",
)


@pytest.fixture(scope="module")
def login(browser: Browser, origin: str) -> Any:
    """The state of a browser after the login of a user with the role of a viewer."""
    context = browser.new_context()
    log_in(context.new_page(), origin, "reader")
    state = context.storage_state()
    context.close()
    return state


def log_in(page: Page, origin: str, name: str) -> None:
    """Log in as a user of the test's Airflow, through its own page."""
    page.goto(f"{origin}/auth/login")
    page.fill("input[name=username]", name)
    page.fill("input[name=password]", PASSWORDS[name])
    page.keyboard.press("Enter")
    page.wait_for_url(f"{origin}/")
    expect(page.get_by_role("link", name="Newsroom")).to_be_visible(timeout=30_000)


def session_of(page: Page) -> tuple[Any, ...]:
    """Return the user of a session, and the attributes of its cookie."""
    [cookie] = [each for each in page.context.cookies() if each["name"] == "_token"]
    user = jwt.decode(cookie["value"], options={"verify_signature": False})["sub"]
    return user, cookie["httpOnly"], cookie["sameSite"]


@pytest.fixture(scope="module")
def window(browser: Browser, origin: str, login: Any) -> Iterator[tuple[Page, Watch]]:
    """A watched page of a logged-in user; URLs are relative to Newsroom."""
    with watched_page(browser, home=origin, storage_state=login, base_url=f"{origin}/newsroom/") as opened:
        yield opened


@pytest.fixture
def reader(window: tuple[Page, Watch]) -> Iterator[Page]:
    """The page of the logged-in user, in its first size and in light."""
    with taken_in_turn(*window) as page:
        yield page


def test_stranger_sees_nothing(browser: Browser, origin: str) -> None:
    """Without a login, the pages are refused."""
    context = browser.new_context()
    page = context.new_page()
    answer = page.goto(f"{origin}/newsroom/coverage")

    assert answer is not None
    assert answer.status == 401
    expect(page.locator("table")).to_have_count(0)
    context.close()


def test_session_is_protected_and_replaced_by_a_login(browser: Browser, origin: str, login: Any) -> None:
    """Scripts cannot read the cookie, other sites do not send it, and the login of another user replaces it."""
    context = browser.new_context(storage_state=login)
    page = context.new_page()
    page.goto(f"{origin}/newsroom/why")
    for name in ("reader", "editor"):
        if name == "editor":
            log_in(page, origin, name)
        assert session_of(page) == (name, True, "Lax")
        assert "_token" not in page.evaluate("() => document.cookie")
    context.close()


def test_navigation_leads_from_a_cell_to_a_reason(reader: Page, origin: str) -> None:
    """Airflow's navigation links to Newsroom; a day of the map links to its pages, a rejected page to its reason."""
    reader.goto(origin)
    reader.get_by_role("link", name="Newsroom").click()
    frame = reader.frame_locator("iframe[title=Newsroom]")
    frame.locator("tr", has_text="courier").first.locator("a[title*='2026-03-02']").click()
    expect(frame.locator("h1")).to_have_text("Pages of courier, 2026-03-02")
    row = frame.locator("tr", has_text="regatta-rescue")
    expect(row).to_contain_text("video_page")
    row.locator("th a").click()

    expect(frame.locator("h1")).to_have_text("Why")
    expect(frame.locator("main")).to_contain_text("0 words in paragraphs and lists, at least 120 are needed")
    assert reader.url.startswith(f"{origin}/plugin/newsroom")


def test_dark_follows_the_switch_of_airflow(browser: Browser, origin: str, login: Any) -> None:
    """Newsroom in its frame is dark or light as Airflow is, also where the system is not, without a script."""
    with watched_page(browser, home=origin, storage_state=login, color_scheme="null") as (page, _):
        page.goto(f"{origin}/newsroom/why")
        frame = page.frame_locator("iframe[title=Newsroom]")
        for theme, colour in (("dark", "rgb(22, 29, 45)"), ("light", "rgb(255, 255, 255)")):
            page.evaluate("theme => localStorage.setItem('theme', theme)", theme)
            page.goto(f"{origin}/plugin/newsroom")
            expect(frame.locator("html")).to_have_css("background-color", colour)
            expect(page.locator("html")).to_have_class(re.compile(theme))


def test_bar_leads_to_why(reader: Page) -> None:
    """The bar marks the current page, and its entry Why has a form that traces a page."""
    reader.goto("questions")
    expect(reader.locator("nav [aria-current=page]")).to_have_text("Questions")
    click(reader.get_by_role("link", name="Why", exact=True))
    expect(reader.locator("nav [aria-current=page]")).to_have_text("Why")
    reader.get_by_label("URL, article_id, or row").fill("https://nowhere.example/1")
    click(reader.get_by_role("button", name="Trace"))
    expect(reader.locator("main")).to_contain_text("https://nowhere.example/1")


def test_person_leads_to_quote_and_sentence(reader: Page) -> None:
    """The person filter finds an article; the person in its list links to her quote and its sentence."""
    reader.goto(f"articles?{DAYS}")
    reader.get_by_label("Person").fill("Aino Kestilä")
    click(reader.get_by_role("button", name="Show"))
    click(reader.get_by_role("link", name="Finland and Estonia agree to end ferry row"))
    said = reader.locator("#names li", has=reader.locator("h3", has_text="Aino Kestilä")).locator(".said-list").first
    expect(said).to_contain_text("We shouted until lunch")
    said.locator("a").click()

    sentence = reader.locator(".b:has(:target)")
    expect(sentence).to_contain_text("“We shouted until lunch and then we ate the same soup,”")
    expect(sentence).to_be_in_viewport()


def test_keyboard_is_enough(reader: Page) -> None:
    """Tab and Enter suffice to skip the navigation, and to go from the map to a reason or from the list to a quote."""
    reader.goto(f"coverage?{DAYS}")
    enter(reader, ".skip")
    enter(reader, "td a[href*='source=courier'][href*='2026-03-02']")
    enter(reader, "th a[href*='regatta-rescue']")
    expect(reader.locator("main")).to_contain_text("at least 120 are needed")
    enter(reader, "nav a[href*='articles']")
    enter(reader, "th a[href*='articles/']")
    quote = follow(reader, ".said-list a")
    expect(reader.locator(f".b:has({quote}) .said, .b:has({quote}) .quote").first).to_be_in_viewport()


@pytest.mark.parametrize("path", PAGES)
def test_is_accessible(reader: Page, path: str) -> None:
    """Each page is intact, has no active content, fits a small window, and passes axe, light and dark."""
    reader.goto(path)
    _assert_open_to_all(reader)


def test_person_and_organisation_are_accessible(reader: Page) -> None:
    """The pages of a person and of an organisation pass the same checks."""
    for path in ("people", "organisations"):
        reader.goto(f"{path}?{DAYS}")
        click(reader.locator(f"th a[href*='{path}/']").first)
        _assert_open_to_all(reader)


def test_person_is_reached_by_keyboard(reader: Page) -> None:
    """Tab and Enter suffice to go from the bar to a person, to the words of a quote, and to its reason."""
    reader.goto(f"coverage?{DAYS}")
    enter(reader, "nav a[href$='people']")
    enter(reader, "th a[href*='people/']")
    expect(reader.locator("figure.bars svg")).to_be_visible()
    tab_to(reader, "summary")
    reader.keyboard.press("Enter")
    expect(reader.locator("figure.bars table")).to_be_visible()
    enter(reader, "td a[href*='why']")
    expect(reader.locator("main")).to_contain_text("speaker")
    reader.go_back()
    enter(reader, "td a[href*='#q']")
    expect(reader.locator(":target")).to_be_in_viewport()


def test_events_lead_to_their_sentences(reader: Page) -> None:
    """An event of the timeline leads to its trigger in the article; a place of the map leads to its events."""
    reader.goto(f"events?{DAYS}")
    click(reader.locator(".timeline a[href*='#t']").first)
    expect(reader.locator(":target")).to_be_in_viewport()
    reader.goto(f"events/map?{DAYS}")
    expect(reader.locator("circle").first).to_be_visible()
    click(reader.locator("th a[href*='place=']").first)
    expect(reader.locator(".timeline li").first).to_be_visible()


def test_search_leads_from_the_bar_to_the_word(reader: Page) -> None:
    """The search field of the bar works by keyboard: words, Enter, hits with marked words, and the article of a hit."""
    reader.goto("coverage")
    reader.get_by_role("searchbox").first.focus()
    reader.keyboard.type("title:bridge -video")
    reader.keyboard.press("Enter")
    expect(reader.get_by_role("heading", name="Search", exact=True)).to_be_visible()
    expect(reader.locator(".hits mark").first).to_have_text(re.compile("bridge", re.IGNORECASE))
    link = reader.locator(".hits a").first
    title = link.inner_text()
    link.focus()
    reader.keyboard.press("Enter")
    expect(reader.get_by_role("heading", level=1)).to_contain_text(title[:14])


def test_article_and_reason_are_accessible(reader: Page) -> None:
    """The pages of an article and of a reason pass the same checks."""
    reader.goto(f"articles?{DAYS}")
    click(reader.locator("th a").first)
    _assert_open_to_all(reader)
    reader.goto(f"pages?source=courier&{DAYS}")
    click(reader.locator("th a[href*='why']").first)
    _assert_open_to_all(reader)


@pytest.mark.parametrize("slug", ["reported-events", "what-happened", "what-is-planned", "why-rejected"])
def test_an_answer_fits_its_window(reader: Page, slug: str) -> None:
    """The answers with the most columns do not scroll sideways, in the frame of a desktop and on a phone."""
    reader.goto(f"questions/{slug}")
    for width, height in ((1180, 900), (360, 740)):
        reader.set_viewport_size({"width": width, "height": height})

        expect(reader.locator(".answer tbody tr").first).to_be_visible()
        assert reader.locator(".scroll").evaluate("box => box.scrollWidth - box.clientWidth") == 0


def test_a_name_of_an_article_leads_to_its_person(reader: Page) -> None:
    """A name in the list of names leads to the page of the person, which has the quotes of the article."""
    reader.goto(f"articles?{DAYS}")
    click(reader.get_by_role("link", name="Finland and Estonia agree to end ferry row"))
    click(reader.locator("#names h3 a", has_text="Aino Kestilä"))

    expect(reader.locator("h1")).to_have_text("Aino Kestilä")
    expect(reader.locator("main")).to_contain_text("We shouted until lunch")


def test_unknown_question_is_not_found(browser: Browser, origin: str, login: Any) -> None:
    """An unknown URL gives status 404 and a page like the others."""
    with watched_page(browser, home=origin, storage_state=login) as (page, watch):
        answer = page.goto(f"{origin}/newsroom/questions/no-such-question")
        assert answer is not None
        assert answer.status == 404
        _assert_open_to_all(page)
        assert len(watch.errors) == 1  # the browser's own message about the 404
        watch.errors.clear()


def test_picture_and_file_of_a_question_are_there(reader: Page) -> None:
    """A question shows its chart, its denominators and its SQL; its link downloads a file."""
    reader.goto("questions/gender-of-sources")
    picture = reader.locator("figure img")
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("picture => picture.naturalWidth") > 300
    expect(reader.locator("main")).to_contain_text(re.compile(r"Counted: 2\d\d quotes by people, 3\d articles"))
    expect(reader.locator("pre")).to_contain_text("SELECT")
    with reader.expect_download() as file:
        reader.get_by_role("link", name="CSV").click()
    assert file.value.suggested_filename == "gender-of-sources.csv"


def _assert_open_to_all(page: Page) -> None:
    assert_standing(page)
    assert (references(page), running(page)) == ([], [])
    page.evaluate("() => document.querySelectorAll('details').forEach(each => each.open = true)")
    assert violations_in_both_schemes(page) == []
    page.set_viewport_size({"width": 320, "height": 640})
    assert overflow(page) == 0
