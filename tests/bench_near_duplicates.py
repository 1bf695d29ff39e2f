"""The figures of near duplicates, for `make bench`: planted pairs found; time and memory for 100,000 articles.

Alone: `python -m tests.bench_near_duplicates`.
"""

import re
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import pyarrow as pa
from rich.console import Console

from newslake.pipeline.clusters import drop_site_boilerplate, find_near_duplicates
from newslake.pipeline.jobs.cluster import near_duplicates_of
from newslake.pipeline.lake import Lake
from newslake.pipeline.model import article_id_of, canonical_url
from tests.planted import BEYOND, COPIES, STRANGERS, Press, articles_table, commit_articles, with_sketches

DAY = date(2026, 2, 3)
EACH = 200  # planted pairs per kind
DAYS, A_DAY = 20, 5000
_COPIED = 1_000_000  # added to an original's number
out = Console(highlight=False)
_NOW = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PlantedPairs:
    """Planted pairs found by kind and method, the number of reported duplicates, and the wrong ones among them."""

    found: Counter[tuple[str, str]]
    reported: int
    wrong: Counter[str]

    def recall(self, kind: str) -> float:
        return sum(count for (each, _), count in self.found.items() if each == kind) / EACH


def main() -> None:
    """Print every figure with its goal."""
    for name, value, compare, goal in copies_lines():
        is_met = value <= goal if compare == "<=" else value >= goal
        out.print(f"{'met ' if is_met else 'MISS'} {name}: {value:.2f} (goal {compare} {goal})", soft_wrap=True)


def planted_pairs() -> PlantedPairs:
    """Plant pairs of every kind in one window and count the found ones."""
    press = Press(seed=7)
    stories: list[tuple[str, str, str]] = []  # kind, original, copy
    for kind in (*COPIES, *BEYOND):
        originals = [press.article() for _ in range(EACH)]
        stories += [(kind, text, press.copied(text, kind)) for text in originals]
    stories += [(why, *press.strangers(why)) for why in STRANGERS for _ in range(EACH)]
    stories += [("alone", press.article(), press.article()) for _ in range(EACH)]
    days = (DAY, DAY + timedelta(1))
    originals = articles_table([story[1] for story in stories], range(len(stories)), day=days[0])
    copied = articles_table([story[2] for story in stories], range(_COPIED, _COPIED + len(stories)), day=days[1])
    window = pa.concat_tables(drop_site_boilerplate(with_sketches(articles)) for articles in (originals, copied))
    rows = [row for day in days for row in find_near_duplicates(window, day=day).to_pylist()]
    found: Counter[tuple[str, str]] = Counter()
    wrong: Counter[str] = Counter()
    copies = [row for row in rows if row["is_duplicate"]]
    for row in copies:
        is_later, number = divmod(int(row["article_id"], 16), _COPIED)
        kind = stories[number][0]
        is_pair = is_later and int(row["dup_group_id"], 16) == number
        if is_pair and kind in (*COPIES, *BEYOND):
            found[kind, row["method"]] += 1
        else:
            wrong[kind] += 1
    return PlantedPairs(found, len(copies), wrong)


def copies_lines() -> Iterator[tuple[str, float, str, float]]:
    """Yield name, value, "<=" or ">=", and goal of every figure."""
    planted = planted_pairs()
    pairs = planted.reported - sum(planted.wrong.values())
    yield "copies: precision on planted pairs", pairs / planted.reported, ">=", 0.99
    for kind in COPIES:
        methods = sorted(method for each, method in planted.found if each == kind)
        yield f"copies: recall, {kind} ({', '.join(methods)})", planted.recall(kind), ">=", 0.95
    yield "copies: recall, cut by 60 % (no goal)", planted.recall(BEYOND[0]), ">=", 0
    yield "copies: tracking URL is the same article", _tracking_twins(), ">=", 0.95
    yield from _at_scale()


def _tracking_twins() -> float:
    urls = [f"https://harbour-post.example/news/{number}" for number in range(EACH)]
    twins = [f"{url}?utm_source=app&utm_medium=push" for url in urls]
    return sum(_id_of(one) == _id_of(twin) for one, twin in zip(urls, twins, strict=True)) / EACH


def _id_of(url: str) -> str:
    return article_id_of(canonical=canonical_url(url), text="")


def _lake(root: Path) -> Lake:
    return Lake(root, durability="process", gc_grace_hours=24, now=lambda: _NOW)


def _at_scale() -> Iterator[tuple[str, float, str, float]]:
    """100,000 articles on 20 days, one in five a duplicate from the previous day; then ten more on the last day."""
    press = Press(seed=9)
    with tempfile.TemporaryDirectory() as folder:
        root, before = Path(folder), []
        for number in range(DAYS):
            copied = [press.copied(text, COPIES[at % len(COPIES)]) for at, text in enumerate(before[: A_DAY // 5])]
            before = [press.article() for _ in range(A_DAY - len(copied))]
            day = DAY + timedelta(number)
            numbers = range(number * A_DAY, (number + 1) * A_DAY)
            commit_articles(_lake(root), articles_table(before + copied, numbers, day=day), batch=str(number))
        _, _, some_mb = _apart(root, 10)
        shutil.rmtree(root / "_state" / "cache")
        seconds, count, peak_mb = _apart(root, DAYS)
        reading = _apart(root, 0)[0]
        more = articles_table([press.article() for _ in range(10)], range(_COPIED, _COPIED + 10), day=day)
        commit_articles(_lake(root), more, batch="more")
        again = _apart(root, -1)[0]
    yield f"copies: seconds for {DAYS * A_DAY:,} articles ({count:,} copies)", seconds, "<=", 180
    yield "copies: the same, relative to reading the texts (no goal)", seconds / reading, ">=", 0
    yield "copies: peak MB", peak_mb, "<=", 900
    yield "copies: peak MB, 20 days relative to 10", peak_mb / some_mb, "<=", 1.1
    yield "copies: seconds for 10 more articles in a window of 40,000", again, "<=", 20


def _apart(root: Path, days: int) -> tuple[float, int, float]:
    """Return seconds, duplicates and peak MB of clustering the first days in its own process.

    0 only reads the texts, -1 clusters the last day with the stored sketches.
    """
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(_clustered, (root, days))


def _clustered(root: Path, days: int) -> tuple[float, int, float]:
    lake, copies = _lake(root), 0
    started = time.perf_counter()
    if days == 0:
        for day in lake.days():
            lake.read("articles", days=[day], columns=["text"])
    else:
        chosen = lake.days()[-1:] if days < 0 else lake.days()[:days]
        copies = sum(sum(table["is_duplicate"].to_pylist()) for table in near_duplicates_of(lake, chosen).values())
    seconds = time.perf_counter() - started
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found is not None
    return seconds, copies, int(found.group(1)) / 1024


if __name__ == "__main__":
    main()
