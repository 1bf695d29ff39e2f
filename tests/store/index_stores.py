"""The article index of both stores, as a committer has it: also as a process that writes it until it is killed.

``python -m tests.store.index_stores STORE`` applies one revision of a day after another, and writes its number.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from newslake.pipeline.lake import StoredArticle
from newslake.pipeline.lake.article_index import ArticleIndex, DayContents
from newslake.pipeline.shared.article_index import CommitIndex, PostgresArticleIndex
from newslake.pipeline.shared.database import PostgresDatabase
from newslake.pipeline.shared.leases import PostgresLeases

DAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
COUNT = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexPlace:
    """Where an article index is: a file, or a schema of a database."""

    path: Path | None = None
    url: str = ""
    schema: str = ""

    def argument(self) -> str:
        return json.dumps({"path": str(self.path) if self.path else None, "url": self.url, "schema": self.schema})

    @contextmanager
    def committer(self) -> Iterator[CommitIndex]:
        """Yield the index as the holder of the committer's lease; wait for an earlier one to end."""
        if self.path is not None:
            index = ArticleIndex(self.path, durability="process")
            with closing(index.connection):
                yield index
        else:
            with closing(PostgresDatabase(self.url, schema=self.schema)) as database:
                shared = PostgresArticleIndex(database)
                with PostgresLeases(database).committer() as lease, shared.under(lease):
                    yield shared


def article(number: int = 1, *, day: date = DAY, **facts: Any) -> StoredArticle:
    """Return the stored state of an article."""
    known: dict[str, Any] = {
        "revision_id": f"r{number}",
        "pipeline_version": "v1",
        "kb_version": None,
        "payload_digest": f"sha256:{number:064x}",
        "fetched_at": NOON,
    }
    return StoredArticle(published_date=day, **(known | facts))


def apply_revision(index: CommitIndex, number: int) -> None:
    """Store a revision of all articles of the day, with its intent before, as a committer does."""
    batch_id = f"b{number}"
    index.write_intent([f"{DAY:%Y-%m}"], changed_days={batch_id: [DAY]})
    articles = {f"{each:032x}": article(number) for each in range(COUNT)}
    now = NOON + timedelta(seconds=number)
    index.apply({DAY: DayContents(number, articles)}, now=now, batch_ids=[batch_id])


def main(store: str) -> None:
    named = json.loads(store)
    place = IndexPlace(path=named["path"] and Path(named["path"]), url=named["url"], schema=named["schema"])
    with place.committer() as index:
        number = index.generations().get(DAY, 0)
        while True:
            number += 1
            apply_revision(index, number)
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
