"""The figures of the clusters of quotes, events and people, for `make bench`: time and memory for generated articles.

Alone: `python -m tests.bench_clusters [ARTICLES]`.
"""

import re
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from rich.console import Console

from newslake.pipeline.jobs.cluster import relate_rows_of
from newslake.pipeline.lake import KEYS_SCHEMA, Lake
from newslake.pipeline.tables import ANNOTATION_TABLES, TABLE_SPECS, rows_table
from tests.planted import Press
from tests.unit.lake.rows import blank

DAYS = 20
ARTICLES = 20_000
QUOTES, EVENTS = 5, 8  # per article
_KINDS = ("CONSULT", "ACCUSE", "REQUEST", "AGREE", "COERCE", "PROTEST", "OTHER")
_NOW = datetime(2026, 3, 1, tzinfo=UTC)
out = Console(highlight=False)


@dataclass(frozen=True, slots=True)
class SyntheticArticle:
    """An article: its sentences, its people, and the event of each sentence."""

    sentences: tuple[str, ...]
    people: tuple[str, ...]
    kinds: tuple[str, ...]


def main(articles: int = ARTICLES) -> None:
    """Print every figure with its goal."""
    for name, value, compare, goal in groups_lines(articles):
        is_met = value <= goal if compare == "<=" else value >= goal
        out.print(f"{'met ' if is_met else 'MISS'} {name}: {value:.2f} (goal {compare} {goal})", soft_wrap=True)


def groups_lines(articles: int) -> Iterator[tuple[str, float, str, float]]:
    """Yield name, value, "<=" or ">=", and goal of every figure.

    One article in five duplicates an earlier one. One in four names its people by their surnames only.
    """
    half, _, _ = _measure(articles // 2)
    seconds, again, peak_mb = _measure(articles)
    what = f"{articles:,} articles, {articles * QUOTES:,} quotes, {articles * EVENTS:,} events"
    yield f"groups: CPU seconds for {what}", seconds, "<=", 0.003 * articles
    yield "groups: CPU milliseconds per article", 1000 * seconds / articles, "<=", 3
    yield "groups: time for twice the articles, relative to once", seconds / half, "<=", 2.5
    yield "groups: peak MB", peak_mb, "<=", 900
    yield f"groups: CPU seconds for ten more in a window of {8 * articles // DAYS:,}", again, "<=", 20


def _measure(articles: int) -> tuple[float, float, float]:
    """Return CPU seconds for all, for ten more on the last day, and peak MB, each in its own process."""
    with tempfile.TemporaryDirectory() as folder:
        press, root, before = Press(seed=9), Path(folder), []
        for number in range(DAYS):
            before = _news(press, articles // DAYS, before)
            _commit(root, before, number, first=0)
        seconds, peak_mb = _apart(root, DAYS)
        _commit(root, _news(press, 10, []), DAYS - 1, first=1_000_000)
        again, _ = _apart(root, 1)
    return seconds, again, peak_mb


def _news(press: Press, count: int, before: Sequence[SyntheticArticle]) -> list[SyntheticArticle]:
    repeated = (
        [SyntheticArticle(each.sentences[:-2], each.people, each.kinds[:-2]) for each in before[-(count // 5) :]]
        if before
        else []
    )
    return [*repeated, *(_article(press) for _ in range(count - len(repeated)))]


def _article(press: Press) -> SyntheticArticle:
    chance = np.random.default_rng(abs(hash(press.words(1)[0])) % 1000)
    people = tuple(f"{one} {other}".title() for one, other in zip(press.words(3), press.words(3), strict=True))
    sentences = tuple(press.prose(int(chance.integers(12, 30))).replace("\n\n", " ") for _ in range(EVENTS))
    return SyntheticArticle(sentences, people, tuple(_KINDS[int(at)] for at in chance.integers(0, len(_KINDS), EVENTS)))


def _commit(root: Path, news: Sequence[SyntheticArticle], day: int, *, first: int) -> None:
    rows: dict[str, list[dict[str, Any]]] = {spec.name: [] for spec in ANNOTATION_TABLES}
    keys = []
    at = datetime(2026, 2, 3, tzinfo=UTC) + timedelta(day)
    for number, made in enumerate(news, first + day * 100_000):
        ids = {"article_id": f"{number:032x}", "revision_id": f"{number:016x}", "published_at": at}
        ids["published_at"] += timedelta(seconds=number % 80_000)
        for name, found in _rows(made, ids).items():
            rows[name] += found
        keys.append({**ids, "published_date": at.date(), "seen_at": at})
    tables = {spec.name: rows_table(spec, rows[spec.name]) for spec in ANNOTATION_TABLES}
    lake, batch = _lake(root), f"{day}-{first}"
    lake.stage(batch, tables, pa.Table.from_pylist(keys, schema=KEYS_SCHEMA))
    lake.commit([batch], is_current=lambda *_: True)


def _rows(made: SyntheticArticle, ids: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    text, starts = "", []
    for sentence in made.sentences:
        starts.append(len(text))
        text += f"{sentence} "
    quotes, events = min(QUOTES, len(starts)), len(starts)
    article = {"text": text, "fetched_at": _NOW, "entity_count": 3, "quote_count": quotes, "event_count": events}
    block = {"kind": "paragraph", "start_char": 0, "end_char": len(text)}
    return {
        "articles": [blank(TABLE_SPECS["articles"], **ids, **article, blocks=[block], content_hash=ids["revision_id"])],
        "entities": [_person(who, ids, at) for at, who in enumerate(made.people)],
        "quotes": [_quote(made, ids, at, text, starts[at]) for at in range(quotes)],
        "events": [_event(made, ids, at, text, starts[at]) for at in range(events)],
    }


def _person(who: str, ids: dict[str, Any], at: int) -> dict[str, Any]:
    name = who.rsplit(maxsplit=1)[-1] if int(ids["article_id"], 16) % 4 == 0 else who
    place = {"entity_index": at, "cluster_index": at, "sentence_index": at}
    return blank(
        TABLE_SPECS["entities"], **ids, **place, entity_type="PERSON", entity_id=f"id-{name}", entity_name=name
    )


def _quote(made: SyntheticArticle, ids: dict[str, Any], at: int, text: str, start: int) -> dict[str, Any]:
    who, end = made.people[at % 3], start + len(made.sentences[at])
    return blank(
        TABLE_SPECS["quotes"],
        **ids,
        quote_index=at,
        quote_text=text[start:end],
        start_char=start,
        end_char=end,
        word_count=len(made.sentences[at].split()),
        speaker_name=who,
        speaker_entity_id=f"id-{who}",
    )


def _event(made: SyntheticArticle, ids: dict[str, Any], at: int, text: str, start: int) -> dict[str, Any]:
    actor, other, trigger = made.people[at % 3], made.people[(at + 1) % 3], text[start:].split()[1]
    return blank(
        TABLE_SPECS["events"],
        **ids,
        event_index=at,
        coref_event_index=at,
        event_type=made.kinds[at],
        trigger_text=trigger,
        start_char=text.index(trigger, start),
        end_char=text.index(trigger, start) + len(trigger),
        rule_id=f"{trigger}>{made.kinds[at].lower()}",
        actor_name=actor,
        actor_entity_id=f"id-{actor}",
        recipient_name=other if at % 2 else None,
        recipient_entity_id=f"id-{other}" if at % 2 else None,
        event_date_precision="unknown",
    )


def _lake(root: Path) -> Lake:
    return Lake(root, durability="process", gc_grace_hours=24, now=lambda: _NOW)


def _apart(root: Path, days: int) -> tuple[float, float]:
    """Return CPU seconds and peak MB of clustering the last days in its own process."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(_related, (root, days))


def _related(root: Path, days: int) -> tuple[float, float]:
    lake = _lake(root)
    changed = lake.days()[-days:]
    started = time.process_time()
    lake.replace_all(lambda: relate_rows_of(lake, changed))
    seconds = time.process_time() - started
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found is not None
    return seconds, int(found.group(1)) / 1024


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
