"""Figures of full-text search on a large lake: build, size, updates and searches.

`python -m tests.bench_search [FOLDER | ARTICLES]`: an existing data root, whose index is rebuilt, or a generated one
that is removed. Prints articles per second and the size of the index as a share of the texts, the time of an update
after a commit of 50 articles and after a takedown, and the 95th percentile of each kind of search. Processor time is
printed too, because it does not depend on other work of the machine.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from rich.console import Console

from newslake.pipeline.addons.search.articles import SearchFilter, SearchResult, search_articles
from newslake.pipeline.addons.search.index import erase_removed, index_path, rebuild_index, update_index
from newslake.pipeline.lake import KEYS_SCHEMA, Lake
from newslake.pipeline.tables import ANNOTATION_TABLES
from tests.big_lake import make_big_lake

ARTICLES, DAYS, ROUNDS, BATCH = 100_000, 90, 20, 50
MOST_MS = 300.0
out = Console(highlight=False)


def main(root: Path) -> None:
    """Print the figures of a data root."""
    lake_dir = root / "lake"
    lake = Lake(lake_dir, durability="full", now=lambda: datetime.now(UTC))
    texts = lake.read("articles", columns=("text",))["text"]
    text_bytes = pc.sum(pc.binary_length(texts)).as_py()
    wall, processor = _timed(lambda: rebuild_index(lake_dir, durability="full"))
    size = index_path(lake_dir).stat().st_size
    out.print(
        f"build: {len(texts):,} articles, {len(texts) / wall:,.0f} per second ({len(texts) / processor:,.0f} per CPU "
        f"second)"
    )
    out.print(f"size: {size / 1e6:,.1f} MB, {size / text_bytes:.0%} of {text_bytes / 1e6:,.1f} MB of text")
    for name, work in _changes(lake, lake_dir).items():
        wall, processor = _timed(work)
        out.print(f"{name}: {1000 * wall:,.0f} ms, {1000 * processor:,.0f} ms CPU")
    for name, searches in _searches(texts, lake.days()[-1]).items():
        _print_search(lake_dir, name, searches)


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    began, busy = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began, time.process_time() - busy


def _changes(lake: Lake, lake_dir: Path) -> dict[str, Callable[[], object]]:
    """Return the changes of the index to measure, in order; the lake is changed before each."""

    def after_commit() -> None:
        update_index(lake_dir, durability="full")

    def after_takedown() -> None:
        erase_removed(lake_dir, durability="full")

    _commit_again(lake)
    lake.erasure.rows([])  # opens what the first erasure needs
    return {"update after a commit of 50 articles": after_commit, "update without a change": after_commit} | {
        "erasure of one article": lambda: (lake.erasure.rows([_some_article(lake)]), after_takedown())
    }


def _some_article(lake: Lake) -> str:
    found: str = lake.read("articles", days=lake.days()[-1:], columns=("article_id",))["article_id"][0].as_py()
    return found


def _commit_again(lake: Lake) -> None:
    """Commit 50 articles of the last day with other texts."""
    day = lake.days()[-1]
    rows = lake.read("articles", days=[day]).slice(0, BATCH)
    texts = pa.array([f"{text} again" for text in rows["text"].to_pylist()], pa.string())
    rows = rows.set_column(rows.schema.names.index("text"), rows.schema.field("text"), texts)
    for name in ("entity_count", "quote_count", "event_count"):
        rows = rows.set_column(
            rows.schema.names.index(name), rows.schema.field(name), pa.array([0] * BATCH, pa.int32())
        )
    versions = pa.array(["bench"] * BATCH, pa.string())  # of another version, so that the rows are committed
    rows = rows.set_column(rows.schema.names.index("pipeline_version"), rows.schema.field("pipeline_version"), versions)
    tables = {spec.name: spec.schema.empty_table() for spec in ANNOTATION_TABLES} | {"articles": rows}
    seen = datetime.now(UTC)
    keys = [
        {"article_id": row["article_id"], "revision_id": row["revision_id"], "published_date": day, "seen_at": seen}
        for row in rows.select(["article_id", "revision_id"]).to_pylist()
    ]
    lake.stage("bench", tables, pa.Table.from_pylist(keys, schema=KEYS_SCHEMA))
    done = lake.commit(["bench"], is_current=lambda *_: True)
    assert set(done.articles.values()) == {"committed"}


def _searches(texts: pa.ChunkedArray, last: date) -> dict[str, list[Callable[[Path], SearchResult]]]:
    """Return the searches of each kind: different words of different articles per round."""
    chosen = [str(texts[len(texts) * n // (ROUNDS + 1)]).replace("“", " ").replace("”", " ") for n in range(ROUNDS + 1)]
    words = [[word.strip(".,") for word in text.split() if len(word) > 3] for text in chosen]
    month = SearchFilter(first=last - timedelta(days=29))
    kinds: dict[str, list[str]] = {
        "a word": [each[7] for each in words],
        "a word, exact": [f'"{each[7]}"' for each in words],
        "two words": [f"{each[5]} {each[9]}" for each in words],
        "a phrase": [f'"{each[5]} {each[6]}"' for each in words],
        "a word in titles": [f"title:{each[0]}" for each in words],
        "the start of a word": [f"{each[11][:3]}*" for each in words],
        "an alternative, a month": [f"{each[5]} OR {each[8]}" for each in words],
        "the most frequent word": ["said"] * len(words),
        "a later page": [each[7] for each in words],
    }
    options: dict[str, Any] = {"an alternative, a month": {"chosen": month}, "a later page": {"offset": 100}}
    return {
        kind: [partial(search_articles, text=text, **options.get(kind, {})) for text in searches]
        for kind, searches in kinds.items()
    }


def _print_search(lake_dir: Path, name: str, searches: Sequence[Callable[[Path], SearchResult]]) -> None:
    totals: list[int] = []
    times = [_timed(lambda each=each: totals.append(each(lake_dir).total)) for each in searches]  # type: ignore[misc]
    wall, processor = (1000 * float(np.percentile(each, 95)) for each in zip(*times[1:], strict=True))
    verdict = "met " if wall <= MOST_MS else "MISS"
    out.print(f"{verdict} {name:<26} {wall:6.0f} ms, {processor:6.0f} ms CPU; up to {max(totals):,} matches")


def _data_roots(given: str) -> Iterator[Path]:
    if Path(given).is_dir():
        yield Path(given)
        return
    with tempfile.TemporaryDirectory() as folder:
        make_big_lake(Path(folder) / "lake", articles=int(given), days=DAYS)
        yield Path(folder)


if __name__ == "__main__":
    for each in _data_roots(sys.argv[1] if len(sys.argv) > 1 else str(ARTICLES)):
        main(each)
