"""Articles a second of the article index in PostgreSQL, compared with SQLite in the same run.

`python -m tests.scale.bench_index [ARTICLES]`, 20,000 by default. The server and its disk are on this machine, so the
network is missing, and the files of SQLite are not synced. The processor time is that of the client, for an article.
"""

import sys
import tempfile
from collections.abc import Callable
from datetime import timedelta
from itertools import batched
from pathlib import Path

from newslake.pipeline.lake import CachedOutcome, StoredArticle
from newslake.pipeline.lake.article_index import DayContents
from newslake.pipeline.shared.article_index import CommitIndex
from tests.figures import out, timed
from tests.scale.postgres import PostgresServer
from tests.store.index_stores import DAY, NOON, IndexPlace, article

ARTICLES = 20_000
_DAY, _BATCH, _CALL = 500, 50, 500
_OUTCOME = CachedOutcome("0" * 64, "v1", "rejected", reason="too_short")


def tasks(index: CommitIndex, count: int) -> dict[str, Callable[[], object]]:
    """Return what is measured, by name, in order; each handles ``count`` articles."""
    ids = [f"{number * 2_654_435_761 % 2**128:032x}" for number in range(count)]
    days = {DAY + timedelta(days=number): each for number, each in enumerate(batched(ids, _DAY))}

    def whole(version: str) -> dict[object, DayContents]:
        return {day: DayContents(1, {each: _row(each, day, version) for each in some}) for day, some in days.items()}

    def apply_batches() -> None:
        """Apply parts of days, each with its intent before and its batch, as a committer does."""
        for number, (day, part) in enumerate(
            (day, part) for day, some in days.items() for part in batched(some, _BATCH)
        ):
            articles = {each: _row(each, day, "v3") for each in part}
            index.write_intent([f"{day:%Y-%m}"], changed_days={f"b{number}": [day]})
            index.apply({day: DayContents(2 + number, articles, ())}, now=NOON, batch_ids=[f"b{number}"])

    new, changed = whole("v1"), whole("v2")
    return {
        "apply new days, one call": lambda: index.apply(new, now=NOON),
        "apply changed days, one call": lambda: index.apply(changed, now=NOON),
        "apply equal days, one call": lambda: index.apply(changed, now=NOON),
        "apply 50 of a day, with intent": apply_batches,
        "read stored, 500 a call": lambda: [index.stored(some) for some in batched(ids, _CALL)],
        "read all changes": lambda: index.changes(NOON - timedelta(days=1)),
        "put outcomes, 500 a call": lambda: [
            index.put_outcomes(dict.fromkeys(some, _OUTCOME)) for some in batched(ids, _CALL)
        ],
        "read outcomes, 500 a call": lambda: [index.cached_outcomes(some) for some in batched(ids, _CALL)],
        "note that all are gone": lambda: index.note_gone(ids, now=NOON),
    }


def _row(article_id: str, day: object, version: str) -> StoredArticle:
    return article(int(article_id[-8:], 16), day=day, revision_id=article_id, pipeline_version=version, kb_version="kb")


def main(count: int) -> None:
    """Print articles a second of both stores, and the share of SQLite's that PostgreSQL reaches."""
    with (
        PostgresServer.running(fsync="on") as server,
        tempfile.TemporaryDirectory() as folder,
        IndexPlace(path=Path(folder) / "index.sqlite").committer() as local,
        IndexPlace(url=server.url, schema="newslake").committer() as shared,
    ):
        theirs_of = tasks(shared, count)
        for name, work in tasks(local, count).items():
            ours, theirs = timed(work), timed(theirs_of[name])
            out.print(
                f"{name:<30} SQLite {count / ours.seconds:9,.0f}/s, PostgreSQL {count / theirs.seconds:8,.0f}/s "
                f"({ours.seconds / theirs.seconds:.2f}), {1e6 * theirs.processor_seconds / count:.0f} µs CPU each",
                soft_wrap=True,
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else ARTICLES)
