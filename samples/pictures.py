"""`python -m samples.pictures`: pictures of the pages for README and docs, of the sample newsroom in a real browser.

Clock and URLs are fixed, so a picture changes only with its page, Chromium or fonts.
"""

import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import Browser, Route
from starlette.testclient import TestClient

from newslake.pipeline.query.connection import connect, query
from samples.answers import ROOT, replay_newsroom
from samples.chromium import chromium
from samples.server import DAYS

FOLDER = ROOT / "docs" / "pictures"
_SITE = "http://newsroom.invalid"  # receives no request: the browser's requests go to the app in this process
_ARTICLE = "SELECT article_id FROM articles WHERE title = 'Finland and Estonia agree to end ferry row'"
_WIDTH = 1200
_PERIOD = {"from": DAYS[0].isoformat(), "to": DAYS[-1].isoformat()}


@dataclass(frozen=True)
class Shot:
    """One picture: the path of its page, its query, and its height in pixels."""

    path: str
    height: int
    query: Mapping[str, str] | None = None


def main() -> int:
    """Regenerate every picture; return the exit code."""
    from newslake.pipeline.addons.newsroom.web_app import newsroom_app

    with tempfile.TemporaryDirectory() as folder:
        replay_newsroom(Path(folder))
        os.environ |= {
            "NEWS_DATA_DIR": folder,
            "NEWS_SOURCES_FILE": str(Path(folder, "sources.toml")),
            "NEWS_FROZEN_NOW": f"{DAYS[-1]}T20:00:00+00:00",
        }
        app = TestClient(newsroom_app(lambda: None), base_url=_SITE)
        with chromium() as browser:
            for name, shot in _shots(Path(folder, "lake"), app).items():
                (FOLDER / name).write_bytes(_picture(browser, shot, app))
                print(f"docs/pictures/{name}")
    return 0


def _shots(lake: Path, app: TestClient) -> Mapping[str, Shot]:
    """Return the page of each picture; the person is the one with the most quotes."""
    article_id = str(query(connect(lake), _ARTICLE).rows[0][0])
    person = app.get("/people.json", params=_PERIOD).json()["rows"][0]
    return {
        "article.png": Shot(f"/articles/{article_id}", 800),
        "coverage.png": Shot("/coverage", 960, _PERIOD),
        "events.png": Shot("/events", 960, _PERIOD),
        "map.png": Shot("/events/map", 800, _PERIOD),
        "person.png": Shot(f"/people/{person['entity_id']}", 960, _PERIOD),
        "question.png": Shot("/questions/gender-of-sources", 960),
        "search.png": Shot("/search", 760, {"q": "ferry"}),
    }


def _picture(browser: Browser, shot: Shot, app: TestClient) -> bytes:
    def answer(route: Route) -> None:
        found = app.get(route.request.url)
        route.fulfill(status=found.status_code, content_type=found.headers["content-type"], body=found.content)

    page = browser.new_page(viewport={"width": _WIDTH, "height": shot.height}, color_scheme="light")
    page.route(f"{_SITE}/**", answer)
    response = page.goto(f"{_SITE}{shot.path}?{urlencode(shot.query or {})}", wait_until="networkidle")
    if response is None or not response.ok:
        raise SystemExit(f"pictures: {shot.path} is not a page: {response and response.status}")
    taken = page.screenshot(animations="disabled", caret="hide")
    page.close()
    return taken


if __name__ == "__main__":
    sys.exit(main())
