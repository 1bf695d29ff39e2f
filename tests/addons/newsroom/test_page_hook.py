"""Pages of add-ons: a function and a template of another distribution are a page of Newsroom."""

import importlib
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from newslake.pipeline import addon_registry
from newslake.pipeline.addon_registry import GROUP, addons_of
from newslake.pipeline.addons.newsroom.page_list import build_bar, list_pages
from newslake.pipeline.addons.newsroom.web_app import newsroom_app

_ADDON = """\
from newslake.pipeline.hooks import AddonInfo, implementation

@implementation
def addon_info():
    return AddonInfo("rival", "Rival", fits=("newsroom",))

@implementation(optionalhook=True)
def newsroom_pages():
    from newslake.pipeline.addons.newsroom.page_list import NewsroomPage

    return {pages}
"""
_PAGE = """\
from newslake.pipeline.addons.newsroom.page_request import PageAnswer
from newslake.pipeline.addons.newsroom.rendering import TEMPLATES, page

OURS = TEMPLATES.extend("rival_addon", style="letters.css")

def answer_letters(request):
    letters = [request.parameters["name"], request.query["q"]]
    values = {"templates": OURS, "root": request.root, "letters": letters}
    return PageAnswer(lambda: letters, lambda: page("letters.html", **values), OURS)
"""
_TEMPLATE = """\
{% extends "newsroom.html" %}
{% set section = "letters" %}
{% block title %}Letters{% endblock %}
{% block main %}<p>{{ letters | join(", ") }}</p>{% endblock %}
"""
_LETTERS = '[NewsroomPage("/letters/{name}", "rival_addon.letters:answer_letters")]'
Install = Callable[[str], None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Install a package with an add-on, which has the pages of an expression."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("NEWS_DATA_DIR", str(tmp_path))

    def install(pages: str) -> None:
        package = tmp_path / "rival_addon"
        (package / "templates").mkdir(parents=True)
        (package / "__init__.py").touch()
        (package / "addon.py").write_text(_ADDON.format(pages=pages))
        (package / "letters.py").write_text(_PAGE)
        (package / "templates" / "letters.html").write_text(_TEMPLATE)
        (package / "templates" / "letters.css").write_text(".letters{margin:0}\n")
        importlib.invalidate_caches()
        points = [EntryPoint("rival", "rival_addon.addon", GROUP)]
        monkeypatch.setattr(addon_registry, "entry_points", lambda group: points)
        addons_of.cache_clear()

    yield install
    addons_of.cache_clear()
    for name in [name for name in sys.modules if name.split(".")[0] == "rival_addon"]:
        del sys.modules[name]


def test_a_function_and_a_template_are_a_page(install: Install) -> None:
    """The page has Newsroom's bar and style, its own style after that, values that are escaped, and JSON."""
    install(_LETTERS)
    client = TestClient(newsroom_app(lambda: None))
    html, data = (client.get(f"/letters/anna{form}?q=<b>") for form in ("", ".json"))

    assert "<p>anna, &lt;b&gt;</p>" in html.text
    assert '<a href="../people">People</a>' in html.text
    assert html.text.split("</style>")[0].endswith(".letters{margin:0}\n")
    assert html.headers["content-security-policy"] != client.get("/questions").headers["content-security-policy"]
    assert data.json() == ["anna", "<b>"]


def test_an_entry_in_the_bar_has_its_place(install: Install) -> None:
    """Entries are in the order of their ranks; one without a rank is the last."""
    install('[NewsroomPage("/letters", "-", label="Letters"), NewsroomPage("/x", "-", label="X", rank=55)]')

    labels = [label for _, label in build_bar().entries]
    assert labels == ["Coverage", "Articles", "People", "Events", "Questions", "X", "Why", "Letters"]


@pytest.mark.parametrize(
    ("pages", "message"),
    [("1 / 0", "division by zero"), ('[NewsroomPage("/people", "-")]', "add-on rival: another page")],
)
def test_a_wrong_add_on_loses_its_pages_only(
    install: Install, caplog: pytest.LogCaptureFixture, pages: str, message: str
) -> None:
    """An add-on that fails, or has a path that Newsroom has already, is named in the log; all other pages are there."""
    before = list_pages()
    install(pages)

    assert list_pages() == before
    assert message in caplog.text


def test_newsroom_alone_has_its_own_pages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without other add-ons there is neither coverage nor search, and the list of articles is the first page."""
    monkeypatch.setenv("NEWS_ADDONS", "newsroom")
    monkeypatch.setenv("NEWS_DATA_DIR", str(tmp_path))
    client = TestClient(newsroom_app(lambda: None))

    assert [client.get(path).status_code for path in ("/coverage", "/search")] == [404, 404]
    assert "<h1>Articles</h1>" in client.get("/").text
    assert 'role="search"' not in client.get("/").text
    assert "Start from Articles" in client.get("/coverage").text
