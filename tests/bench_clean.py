"""The speed of cleaning as a ratio to bare trafilatura, for `make bench`.

With pages of your own: `python -m tests.bench_clean FOLDER [SMALLEST_KB]` reads every .html file of the folder that is
an article and at least so large (default 50 KB), and also names the slowest page.
"""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import trafilatura
from rich.console import Console

from newslake.pipeline.clean import clean, extract
from newslake.pipeline.model import Article, Page
from newslake.pipeline.sources.page_marks import read_marks

ROUNDS = 3
SMALLEST_KB = 50
SLOWEST_SECONDS = 2.0
_NOW = datetime(2040, 1, 1, tzinfo=UTC)  # after each page: a later date would not be read
out = Console(highlight=False)


@dataclass(frozen=True, slots=True)
class PageTimes:
    """The least processor seconds of a page, of several rounds: ours and trafilatura's."""

    url: str
    ours: float
    bare: float


def main(folder: Path, smallest_kb: int = SMALLEST_KB) -> None:
    """Print the ratio for the pages of a folder, and the slowest page that trafilatura reads in one second."""
    pages = [page for page in _pages_in(folder) if len(page.body) >= smallest_kb * 1024]
    times = page_times([page for page in pages if isinstance(clean(page, source_key="bench"), Article)])
    if not times:
        raise SystemExit(f"{folder}: no article of {smallest_kb} KB or more in a .html file")
    _print(f"{len(times)} pages of {smallest_kb} KB and more: cleaning / bare trafilatura", ratio_of(times), ">=", 0.70)
    slowest = max((each for each in times if each.bare <= 1), key=lambda each: each.ours)
    _print(f"processor seconds of the slowest, {slowest.url}", slowest.ours, "<=", SLOWEST_SECONDS)


def page_times(pages: Sequence[Page]) -> list[PageTimes]:
    """Return the times of each page; both read it in turn, so that a busy machine slows both."""
    extract(pages[0], source_key="bench")
    trafilatura.bare_extraction(pages[0].body)
    return [_times_of(page) for page in pages]


def ratio_of(times: Sequence[PageTimes]) -> float:
    """Return pages per processor second of cleaning, relative to bare trafilatura."""
    return sum(each.bare for each in times) / sum(each.ours for each in times)


def _times_of(page: Page) -> PageTimes:
    rounds = [
        (_seconds(lambda: extract(page, source_key="bench")), _seconds(lambda: trafilatura.bare_extraction(page.body)))
        for _ in range(ROUNDS)
    ]
    return PageTimes(page.url, min(ours for ours, _ in rounds), min(bare for _, bare in rounds))


def _seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _pages_in(folder: Path) -> list[Page]:
    return [_page(path, folder) for path in sorted(folder.rglob("*.html"))]


def _page(path: Path, folder: Path) -> Page:
    body = path.read_bytes()
    url = read_marks(body, place=path.name).url or f"https://page.example/{path.relative_to(folder)}"
    return Page(url=url, final_url=url, status=200, headers={"content-type": "text/html"}, body=body, fetched_at=_NOW)


def _print(name: str, value: float, compare: str, goal: float) -> None:
    is_met = value <= goal if compare == "<=" else value >= goal
    out.print(f"{'met ' if is_met else 'MISS'} {name}: {value:.2f} (goal {compare} {goal})", soft_wrap=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
