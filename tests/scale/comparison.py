"""What must hold on the shared store after every fault: nothing lost, doubled, stale or orphaned; outcomes add up."""

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pyarrow as pa

from newslake.pipeline.jobs.run import extract_day
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.settings import Settings
from newslake.pipeline.shared.heads import COMMITS
from newslake.pipeline.shared.iceberg_schema import LAKE_NAMES, LOG_NAMES
from newslake.pipeline.shared.settings import SharedSettings
from newslake.pipeline.shared.store import SharedStore
from newslake.pipeline.shared.tables import SharedTables
from newslake.pipeline.store.tables import Tables
from tests.cluster.checks import check_outcomes

_ANNOTATIONS = ("entities", "quotes", "events")
_KEYS = ("article_id", "revision_id")


def check_shared(space: Workspace, *, scratch: Path) -> int:
    """Check archive, tables and bucket; return the number of articles. No job may be running."""
    store = store_of(space)
    assert list(store.archive.verify()) == []
    assert store.tables.verify() == ()
    ids = store.tables.read("articles").column("article_id").to_pylist()
    assert [each for each, times in Counter(ids).items() if times > 1] == []
    check_outcomes(space)
    with undisturbed(space, scratch) as quiet:
        found = differences(quiet.store.tables, store.tables)
    assert found == [], found
    assert remains_of(space) == []
    return len(ids)


def store_of(space: Workspace) -> SharedStore:
    """Return the shared store of a workspace."""
    return cast("SharedStore", space.store)


def differences(wanted: Tables, found: Tables, *, without: frozenset[str] = frozenset()) -> list[str]:
    """Return a sentence per table whose rows differ, row by row, in the order of the contract.

    Columns in ``without`` are not compared.
    """
    sentences = []
    for name in LAKE_NAMES:
        ours, theirs = (_rows(tables, name, without) for tables in (wanted, found))
        if ours.equals(theirs):
            continue
        left, right = (Counter(map(repr, each.to_pylist())) for each in (ours, theirs))
        lost, new = list((left - right).elements()), list((right - left).elements())
        first = [each[:400] for each in (*lost[:1], *new[:1])]
        sentences.append(f"{name}: {len(lost)} rows lost or stale, {len(new)} more: {first}")
    return sentences


def _rows(tables: Tables, name: str, without: frozenset[str]) -> pa.Table:
    rows = tables.read(name)
    return rows.select([each for each in rows.column_names if each not in without]).replace_schema_metadata()


@contextmanager
def undisturbed(space: Workspace, scratch: Path) -> Iterator[Workspace]:
    """Yield a workspace with a local lake, made without a fault from the pages of a shared archive."""
    objects = store_of(space).objects
    for each in objects.list("warc"):
        path = scratch / "archive" / each.key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(objects.get(each.key) or b"")
    given = {"sources_file": space.settings.sources_file, "frozen_now": space.settings.now(), "store": "local"}
    quiet = Workspace(Settings.load(data_dir=scratch, durability="process", **given))
    quiet.archive.recover()
    for day in quiet.archive.days():
        extract_day(quiet, day=day, run_id=f"quiet-{day}", report_progress=lambda _: None)
    yield quiet
    shutil.rmtree(scratch)


def remains_of(space: Workspace) -> list[str]:
    """Collect garbage as if its retention time were over; return the keys of objects that nothing needs even so."""
    later = datetime.now(UTC) + timedelta(hours=1)
    settings = space.settings.model_copy(update={"frozen_now": later, "gc_grace_hours": 0.0})
    store = store_of(replace(space, settings=settings))
    store.tables.gc()
    return [
        *_orphans(store.tables),
        *(each.key for each in store.objects.list(f"{settings.of(SharedSettings).catalog_namespace}/staged")),
    ]


def _orphans(tables: SharedTables) -> list[str]:
    places, found = tables.places, []
    for name in (*LAKE_NAMES, *LOG_NAMES, COMMITS):
        folder = places.warehouse.key_of(places.catalog.load_table((places.namespace, name)).location())
        needed = set(map(places.warehouse.key_of, tables.orphans().needed(name)))
        found += [each.key for each in places.warehouse.objects.list(folder) if each.key not in needed]
    return found


def problems_of_rows(tables: SharedTables) -> list[str]:
    """Return what is not consistent at one instant: articles that are there twice, and annotations of no article."""
    heads = tables.heads()

    def keys(name: str) -> list[tuple[str, ...]]:
        return [tuple(row.values()) for row in tables.read_at(heads, name, columns=_KEYS).to_pylist()]

    rows = {name: keys(name) for name in ("articles", *_ANNOTATIONS)}
    articles = Counter(rows["articles"])
    found = [f"{each} is there twice" for each, times in Counter(each[0] for each in articles).items() if times > 1]
    for name in _ANNOTATIONS:
        found += [f"{name} has rows of {each}, articles has not" for each in set(rows[name]) - articles.keys()]
    return found
