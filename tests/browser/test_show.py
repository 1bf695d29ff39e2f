"""The file of `newslake show --html` as people open it: offline, by keyboard, in dark mode, in print."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from typer.testing import CliRunner

from newslake.pipeline.cli import app
from newslake.pipeline.query.connection import connect, query
from tests.architecture.tree import ROOT
from tests.browser.looking import assert_standing, overflow, references, running, violations_in_both_schemes
from tests.browser.walking import enter, follow
from tests.browser.watch import watched_page

pytestmark = [pytest.mark.model]
TWIN = ROOT / "samples" / "inbox" / "twin.txt"
CHANGED = "SELECT url FROM articles WHERE url LIKE '%harbour-bridge-closed%'"
KINDS = ("file", "article")
PLANNED = re.compile(r"^\d+ planned$")  # the label of an event: its number and modality
_COLOURS = (
    "() => (({ color, backgroundColor }) => [color, backgroundColor])(getComputedStyle(document.documentElement))"
)


@pytest.fixture(scope="module")
def shown(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The URLs of two pages by kind: of a file outside any lake, and of an article with revisions."""
    folder = tmp_path_factory.mktemp("shown")
    settings = {"NEWS_DATA_DIR": str(sample), "NEWS_SOURCES_FILE": str(sample / "sources.toml")}
    changed = str(query(connect(sample / "lake"), CHANGED).rows[0][0])
    calls = {"file": [str(TWIN), "--published-at", "2026-03-03"], "article": [changed]}
    for kind, words in calls.items():
        done = CliRunner().invoke(app, ["show", *words, "--html", str(folder / f"{kind}.html")], env=settings)
        assert done.exit_code == 0, done.output
    return {kind: (folder / f"{kind}.html").as_uri() for kind in calls}


@pytest.fixture
def twin(browser: Browser, shown: dict[str, str]) -> Iterator[Page]:
    """The page of the file, offline and watched."""
    with watched_page(browser, home=shown["file"], offline=True) as (page, _):
        page.goto(shown["file"])
        yield page


@pytest.mark.parametrize("kind", KINDS)
def test_opens_offline_and_refers_to_nothing(browser: Browser, shown: dict[str, str], kind: str) -> None:
    """The browser requests only the file; nothing in it runs, is fetched, or is wider than a window of 320 pixels."""
    with watched_page(browser, home=shown[kind], offline=True) as (page, watch):
        page.goto(shown[kind])
        assert_standing(page)
        assert (references(page), running(page), overflow(page)) == ([], [], 0)
        page.set_viewport_size({"width": 320, "height": 640})
        assert overflow(page) == 0

    assert watch.requests == [shown[kind]]


@pytest.mark.parametrize("kind", KINDS)
def test_is_accessible(browser: Browser, shown: dict[str, str], kind: str) -> None:
    """axe-core finds no violation, light and dark, with all details open."""
    with watched_page(browser, home=shown[kind], offline=True) as (page, _):
        page.goto(shown[kind])
        page.evaluate("() => document.querySelectorAll('details').forEach(each => each.open = true)")
        assert violations_in_both_schemes(page) == []


def test_without_scripts_it_is_the_same_page(browser: Browser, shown: dict[str, str]) -> None:
    """Without JavaScript the text is complete, and details open."""
    texts = []
    for is_on in (True, False):
        with watched_page(browser, home=shown["article"], offline=True, java_script_enabled=is_on) as (page, _):
            page.goto(shown["article"])
            texts.append(page.locator("body").inner_text())
            page.locator("#rows ~ details summary").first.click()
            expect(page.locator("#rows ~ details pre").first).to_be_visible()

    assert texts[0] == texts[1]
    assert "Revisions" in texts[0]


def test_quote_of_three_paragraphs_is_one(twin: Page) -> None:
    """The statement continues twice: each part is marked as hers and links to its beginning."""
    expect(twin.locator("#q2")).to_have_attribute("aria-label", "direct quote 2 by Rufina Cask begins")
    goes_on = twin.locator("p a.l.q[href='#q2']", has_text="2…")
    parts = twin.locator(".b:has(#q2) .said, .b:has(p > a[href='#q2']:text('2…')) .said")

    expect(goes_on).to_have_count(4)  # twice in the text, twice in the margin
    expect(parts).to_have_count(3)
    expect(twin.locator(".note", has_text="Rufina Cask, continued")).to_have_count(2)


def test_a_heading_is_not_a_quote_and_a_plan_is_labelled(twin: Page) -> None:
    """The cross-heading in quotation marks is a heading without a quote; a planned event has a label."""
    heading = twin.locator(".b.heading", has_text="‘Taxed for flowers’")

    expect(heading.locator("h2")).to_have_count(1)
    expect(heading.locator(".said, .quote, .l.q")).to_have_count(0)
    expect(heading).to_contain_text("heading", ignore_case=True)
    expect(twin.locator(".event.planned:text('receive') + a")).to_have_text(PLANNED)


def test_keyboard_leads_from_speaker_to_quote_and_back(twin: Page) -> None:
    """Tab and Enter lead from a person in the list to a quote, to its speaker in the sentence, and back."""
    enter(twin, ".skip")
    assert twin.evaluate("() => document.activeElement.id") == "main"

    assert follow(twin, ".said-list a[href='#q2']") == "#q2"
    expect(twin.locator(".b:has(#q2)")).to_contain_text("We have been counted, weighed and photographed")
    assert follow(twin, "#q2") == "#s2"
    assert follow(twin, "#s2") == "#q2"


def test_paper_is_white_and_has_all_that_can_be_read(browser: Browser, shown: dict[str, str]) -> None:
    """Printed from dark mode it is dark on white, without navigation, with the marks."""
    with watched_page(browser, home=shown["file"], offline=True, color_scheme="dark") as (page, _):
        page.goto(shown["file"])
        page.emulate_media(media="print")
        colours = page.evaluate(_COLOURS)
        expect(page.locator(".top")).to_be_hidden()
        expect(page.locator("#q2")).to_be_visible()
        expect(page.locator("#about")).to_be_visible()
        assert page.pdf().startswith(b"%PDF")

    assert colours == ["rgb(22, 29, 45)", "rgb(255, 255, 255)"]


def test_forced_colours_leave_shapes(browser: Browser, shown: dict[str, str]) -> None:
    """With forced colours, kinds still differ by line and label, and nothing moves."""
    options = {"offline": True, "forced_colors": "active", "reduced_motion": "reduce"}
    with watched_page(browser, home=shown["file"], **options) as (page, _):
        page.goto(shown["file"])
        lines = {
            kind: page.locator(f".text .{kind}").last.evaluate("each => getComputedStyle(each).textDecorationStyle")
            for kind in ("person", "organisation", "place", "other")
        }
        expect(page.locator(".event.planned:text('receive') + a")).to_have_text(PLANNED)
        assert page.evaluate("() => document.getAnimations().length") == 0

    assert len(set(lines.values())) == len(lines)
