"""`python -m samples.pictures`: pictures of the pages for README and docs, of the sample newsroom in a real browser.

Clock and URLs are fixed, so a picture changes only with its page, Chromium or fonts.
"""

import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Route

from pipeline.jobs.workspace import Workspace
from pipeline.query import connect, query
from pipeline.reports.article_view import view_article
from pipeline.reports.coverage import coverage
from pipeline.settings import Settings
from pipeline.web.article import article_page, newsroom_article
from pipeline.web.coverage import coverage_page
from pipeline.web.saved_queries import parse_question_request, question_page, question_svg
from samples.answers import ROOT, replay_newsroom
from samples.chromium import chromium
from samples.server import DAYS

FOLDER = ROOT / "docs" / "pictures"
_SITE = "http://newsroom.invalid/"  # receives no request: its responses are mocked in the browser
_ARTICLE = "SELECT article_id FROM articles WHERE title = 'Finland and Estonia agree to end ferry row'"
_SLUG = "gender-of-sources"
_WIDTH = 1200


@dataclass(frozen=True)
class Shot:
    """One picture: its path and its height in pixels."""

    path: str
    height: int


SHOTS: Mapping[str, Shot] = {
    "article.png": Shot("articles/1", 800),
    "coverage.png": Shot("coverage", 960),
    "question.png": Shot(f"questions/{_SLUG}", 960),
}


def main() -> int:
    """Regenerate every picture; return the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        replay_newsroom(Path(folder))
        space = Workspace(Settings.load(data_dir=folder, frozen_now=f"{DAYS[-1]}T20:00:00+00:00"))
        pages = _pages(space)
        with chromium() as browser:
            for name, shot in SHOTS.items():
                (FOLDER / name).write_bytes(_picture(browser, shot, pages))
                print(f"docs/pictures/{name}")
    return 0


def _pages(space: Workspace) -> Mapping[str, Callable[[], tuple[str, str | bytes]]]:
    """Return the response of each path of the site: type and body."""
    lake = space.settings.lake_dir
    article_id = str(query(connect(lake), _ARTICLE).rows[0][0])
    found = view_article(space, article_id)
    if found is None:
        raise SystemExit(f"pictures: the lake has no article {article_id}")
    shown = article_page(found.rows, origin=found.origin, provenance=found.provenance, versions=found.versions)
    request = parse_question_request(_SLUG, {})
    covered = coverage(space, first=DAYS[0], last=DAYS[-1])
    return {
        "articles/1": lambda: ("text/html; charset=utf-8", newsroom_article(shown, root="../")),
        "coverage": lambda: ("text/html; charset=utf-8", coverage_page(covered, root="")),
        f"questions/{_SLUG}": lambda: ("text/html; charset=utf-8", question_page(lake, request, root="../")),
        f"questions/{_SLUG}.svg": lambda: ("image/svg+xml", question_svg(lake, request)),
    }


def _picture(browser: Browser, shot: Shot, pages: Mapping[str, Callable[[], tuple[str, str | bytes]]]) -> bytes:
    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(_SITE)
        if path not in pages:
            route.abort()
            return
        kind, body = pages[path]()
        route.fulfill(content_type=kind, body=body)

    page = browser.new_page(viewport={"width": _WIDTH, "height": shot.height}, color_scheme="light")
    page.route("**/*", answer)
    page.goto(f"{_SITE}{shot.path}", wait_until="networkidle")
    taken = page.screenshot(animations="disabled", caret="hide")
    page.close()
    return taken


if __name__ == "__main__":
    sys.exit(main())
