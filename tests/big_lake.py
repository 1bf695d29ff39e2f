"""A large lake, generated in minutes: articles with duplicates, repeated quotes and events, revisions, outcomes.

Alone: `python -m tests.big_lake FOLDER [ARTICLES [DAYS]]`. The same numbers and seed give the same rows.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from newslake.pipeline.lake.article_index import ArticleIndex
from newslake.pipeline.lake.commit import Committer
from newslake.pipeline.lake.log_tables import LogTables
from newslake.pipeline.lake.maintenance import publish_descriptions
from newslake.pipeline.lake.partitions import Partitions
from newslake.pipeline.lake.storage import Disk, Layout, month_of
from newslake.pipeline.tables import TABLE_SPECS
from tests.big_news import Ints, Vocabulary, draw, vocabulary
from tests.big_related import log_rows, related, write_event_clusters
from tests.big_rows import Stories, hexes, stories_of, things_of

ARTICLES, DAYS, OUTLETS = 1_000_000, 730, 40
FIRST_DAY = date(2024, 1, 1)
_COPIED = 0.12
_CHILDREN = {"entities": "entity_index", "quotes": "quote_index", "events": "event_index"}


@dataclass(frozen=True)
class Edition:
    """The new articles of a day: their rows, their ids, and the clusters of their quotes and events."""

    stories: Stories
    article_ids: pa.Array
    groups: Mapping[str, pa.Array]


def make_big_lake(
    root: Path, *, articles: int = ARTICLES, days: int = DAYS, outlets: int = OUTLETS, seed: int = 7
) -> Path:
    """Write a lake of about ``articles`` articles, each with 20 mentions, 5 quotes and 2 events; return its folder.

    All its months are open; ``Lake.compact`` closes them.
    """
    chance, layout = np.random.default_rng(seed), Layout(root)
    disk, shares = Disk(layout, durability="process"), 1 / np.arange(2, outlets + 2)
    index = ArticleIndex(layout.index, durability="process")
    committer = Committer(layout, disk, Partitions(layout, disk), index, lambda: datetime.now(UTC))
    log = LogTables(root, disk, lambda: index)
    made = _days_made(
        chance, vocabulary(seed), np.diff(np.linspace(0, articles, days + 1).astype(int)).tolist(), shares
    )
    for _, of_month in groupby(made, key=lambda each: month_of(each[0])):
        tables = dict(of_month)
        for day, by_name in tables.items():
            log_rows(chance, log, by_name["articles"], day=day)
        names_of = {day: list(by_name) for day, by_name in tables.items()}
        committer.partitions.rewrite(
            committer.partitions.state(), names_of, lambda day, name, _, made=tables: made[day][name]
        )
        committer.store({month_of(day) for day in tables})
    write_event_clusters(root, committer)
    publish_descriptions(committer)
    index.connection.close()
    return root


def _days_made(
    chance: np.random.Generator, words: Vocabulary, counts: Sequence[int], shares: Any
) -> Iterator[tuple[date, dict[str, pa.Table]]]:
    """Yield the tables of each day, for the given numbers of articles."""
    things = things_of(words, chance)
    editions: list[Edition] = []
    drawn = None
    for number, count in enumerate(counts):
        day = FIRST_DAY + timedelta(days=number)
        new = count - int(count * _COPIED) if editions else count
        last = editions[-1] if editions else None
        drawn = draw(chance, words, new, {"quotes": drawn.quotes, "events": drawn.events} if drawn else {})
        ids = _new_ids(chance, new)
        groups = {
            "quotes": _groups(ids, drawn.quotes, last.groups["quotes"] if last else None),
            "events": _groups(ids, drawn.events, last.groups["events"] if last else None),
        }
        editions = [*editions[-2:], Edition(stories_of(drawn, things, chance, day=day), ids, groups)]
        yield day, _day(chance, editions, count - new, day=day, shares=shares)


def _new_ids(chance: np.random.Generator, count: int) -> pa.Array:
    halves = [hexes(chance.integers(0, 2**63, count).astype(np.uint64)) for _ in range(2)]
    ids = pc.binary_join_element_wise(*halves, "")
    return ids.take(pc.sort_indices(ids))


def _groups(ids: pa.Array, rows: Mapping[str, Ints], before: pa.Array | None) -> pa.Array:
    """Return the cluster of each row: that of an earlier row if it repeats one, else its own."""
    own = pc.binary_join_element_wise(
        ids.take(pa.array(rows["owner"])), pa.array(rows["number"]).cast(pa.string()), ":"
    )
    if before is None or not len(before):
        return own
    joined = pa.array(rows["group"])
    return pc.if_else(pc.greater_equal(joined, 0), before.take(pc.max_element_wise(joined, 0)), own)


def _day(
    chance: np.random.Generator, editions: list[Edition], copies: int, *, day: date, shares: Any
) -> dict[str, pa.Table]:
    """Return the tables of a day: its new articles, and duplicates of new ones of this day and the two before."""
    new = editions[-1]
    parts = [(new, np.arange(len(new.article_ids)), new.article_ids)]
    for share, edition in zip((0.5, 0.3, 0.2), reversed(editions), strict=False):
        chosen = np.sort(chance.choice(len(edition.article_ids), int(copies * share), replace=False))
        parts.append((edition, chosen, _new_ids(chance, len(chosen))))
    heads = [_articles(chance, *part, day=day, shares=shares) for part in parts]
    children = {
        name: [_children(name, *part, head) for part, head in zip(parts, heads, strict=True)] for name in _CHILDREN
    }
    whole = {"articles": pa.concat_tables(heads), **{name: pa.concat_tables(each) for name, each in children.items()}}
    return related(chance, whole)


def _articles(
    chance: np.random.Generator, edition: Edition, chosen: Ints, ids: pa.Array, *, day: date, shares: Any
) -> pa.Table:
    """Return rows of articles, with ``original``, the article that each duplicates; duplicates are after noon."""
    count, is_new = len(ids), ids is edition.article_ids
    rows = edition.stories.tables["articles"].take(pa.array(chosen))
    outlet = np.searchsorted(np.cumsum(shares), chance.random(count) * shares.sum()).astype(str)
    midnight = np.datetime64(day, "us")
    seconds = chance.integers(0, 43_200, count) + (0 if is_new else 43_200)
    at = pa.array(midnight + seconds * np.timedelta64(1_000_000, "us"), pa.timestamp("us", tz="UTC"))
    original = edition.article_ids.take(pa.array(chosen))
    given = {
        "article_id": ids,
        "revision_id": pc.utf8_slice_codeunits(original, 16, 32),
        "published_at": at,
        "url": pc.binary_join_element_wise("https://outlet", pa.array(outlet), ".example/", ids, ""),
        "source_key": pc.binary_join_element_wise("outlet", pa.array(outlet), "-"),
        "publisher": pc.binary_join_element_wise("Outlet", pa.array(outlet), " "),
        "domain": pc.binary_join_element_wise("outlet", pa.array(outlet), ".example", ""),
        "fetched_at": pc.add(at, pa.scalar(timedelta(minutes=7), pa.duration("us"))),
        "content_hash": pc.binary_repeat(original, 2),
        "payload_digest": pc.binary_join_element_wise("sha256:", original, ""),
    }
    given["canonical_url"] = given["url"]
    spec = TABLE_SPECS["articles"]
    columns = [given.get(name, rows[name] if name in rows.schema.names else None) for name in spec.schema.names]
    table = pa.table(columns, schema=spec.schema.remove_metadata())
    return table.append_column("original", original)


def _children(name: str, edition: Edition, chosen: Ints, ids: pa.Array, head: pa.Table) -> pa.Table:
    """Return the rows of some stories with the keys of their articles; quotes and events with their ``group``."""
    edges = edition.stories.edges[name]
    sizes = np.diff(edges)[chosen]
    owners = np.repeat(np.arange(len(chosen)), sizes)
    at = np.arange(len(owners)) - np.repeat(np.cumsum(sizes) - sizes, sizes) + np.repeat(edges[chosen], sizes)
    rows = edition.stories.tables[name].take(pa.array(at))
    keys = head.select(["article_id", "revision_id", "published_at"]).take(pa.array(owners))
    spec = TABLE_SPECS[name]
    columns = [keys[each] if each in keys.schema.names else rows[each] for each in spec.schema.names]
    table = pa.table(columns, schema=spec.schema.remove_metadata())
    if name in edition.groups:
        return table.append_column("group", edition.groups[name].take(pa.array(at)))
    return table


if __name__ == "__main__":
    folder, *numbers = sys.argv[1:]
    make_big_lake(Path(folder), **dict(zip(("articles", "days"), map(int, numbers), strict=False)))
