"""`python -m tests.bench_store [PAGES]`: the archive on SeaweedFS and PostgreSQL, as ratios to the local one.

Both are on this machine, so their servers use its processors too.
"""

import random
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from newslake.pipeline.archive import Archive
from newslake.pipeline.archive.records import RecordArchive
from newslake.pipeline.model import Hints, Page
from newslake.pipeline.shared.bucket import Bucket
from newslake.pipeline.shared.capture_index import PostgresCaptureIndex
from newslake.pipeline.shared.database import PostgresDatabase
from newslake.pipeline.shared.object_archive import ObjectArchive
from tests.figures import Timing, best, out, print_figure, print_value, ratio_of, timed
from tests.scale.postgres import PostgresServer
from tests.scale.seaweedfs import seaweedfs
from tests.store.stores import bucket_of

PAGES = 2_000
_ROUNDS = 3
_PAGE_BYTES = 60_000  # of HTML, a quarter of it compressed
_DAY = date(2026, 3, 2)
_NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
_GOAL = 0.6


def make_pages(count: int, *, seed: int) -> list[Page]:
    """Return pages of the size of an article's, each with its own words."""
    chance = random.Random(seed)
    words = [f"{chance.randrange(1 << 30):x}" for _ in range(4_000)]
    pages = []
    for number in range(count):
        text = " ".join(chance.choices(words, k=_PAGE_BYTES // 16))
        body = f"<html><body><p class='story'>{text}</p>{'<div class=box></div>' * (_PAGE_BYTES // 44)}".encode()
        url = f"https://www.harbour-post.example/{seed}/{number}"
        at = _NOON + timedelta(seconds=number)
        page = Page(
            url=url,
            final_url=url,
            status=200,
            headers={"content-type": "text/html"},
            body=body,
            fetched_at=at,
            hints=Hints(title=f"Story {number}"),
        )
        pages.append(page)
    return pages


@dataclass
class Rounds:
    """The times of one archive, a round each."""

    archive: RecordArchive
    writes: list[Timing]
    reads: list[Timing]

    def run(self, pages: list[Page], *, name: str) -> None:
        """Write pages and read them back."""
        self.writes.append(timed(lambda: self._write(pages, name)))
        captures = [each for each in self.archive.captures() if each.run_id == name]
        assert len(captures) == len(pages)
        self.reads.append(timed(lambda: [self.archive.page(each) for each in captures]))

    def shuffled_rate(self) -> float:
        """Return the pages per second of single reads all over the archive."""
        captures = list(self.archive.captures())
        random.Random(7).shuffle(captures)
        return 300 / timed(lambda: [self.archive.page(each) for each in captures[:300]]).seconds

    def _write(self, pages: list[Page], name: str) -> None:
        with self.archive.writer(source_key="harbour", run_id=name) as writer:
            for number, page in enumerate(pages):
                writer.put(page, news_day=_DAY, article_id=f"{name}-{number}")


def measure(pages: int) -> None:
    """Run both archives in turn, and print the figures."""
    with (
        tempfile.TemporaryDirectory() as folder,
        seaweedfs(Path(folder) / "weed") as weed,
        PostgresServer.running() as postgres,
    ):
        objects, database = bucket_of(weed), PostgresDatabase(postgres.url, schema="bench")
        local = Rounds(Archive(Path(folder) / "archive"), [], [])
        shared = Rounds(ObjectArchive(objects, PostgresCaptureIndex(database)), [], [])
        for number in range(_ROUNDS):
            made = make_pages(pages, seed=number)
            for each in (local, shared):
                each.run(made, name=f"run-{number}")
        for what, ours, theirs in (("written", shared.writes, local.writes), ("read", shared.reads, local.reads)):
            figure = ratio_of(best(theirs), best(ours))
            print_figure(f"pages per second {what}, shared divided by local", ">=", _GOAL, figure)
            print_value(
                f"pages per second {what}", f"{pages / best(ours).seconds:.0f} / {pages / best(theirs).seconds:.0f}"
            )
        print_value(
            "pages per second read in any order", " / ".join(f"{each.shuffled_rate():.0f}" for each in (shared, local))
        )
        _measure_objects(objects)
        database.close()


def _measure_objects(objects: Bucket, *, count: int = 300) -> None:
    """Print the rates of single calls."""
    data = random.Random(1).randbytes(30_000)
    calls: dict[str, Callable[[int], object]] = {
        "puts of 30 KB": lambda number: objects.put_new(f"rate/{number}", data),
        "range gets of 30 KB": lambda number: objects.get_range(f"rate/{number}", offset=0, length=30_000),
    }
    for name, call in calls.items():
        time = timed(lambda call=call: [call(number) for number in range(count)])
        print_value(f"{name} per second", f"{count / time.seconds:.0f}")


if __name__ == "__main__":
    out.print("The archive on object storage, compared with the local one")
    measure(int(sys.argv[1]) if len(sys.argv) > 1 else PAGES)
