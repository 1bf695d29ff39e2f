"""A process that commits batches to shared tables: ``python -m tests.scale.commit_tables JSON``.

It can stop with SIGKILL at a named step of a commit. Batches that the index has as done are left out,
so a process that is started again goes on.
"""

import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from tests.store.table_stores import ServerAddress, shared_tables
from tests.unit.lake.rows import Story, batch_keys, batch_tables

DAYS = 3
_ARTICLES = 20
_IN_BATCH = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """The work of a process: ``batches`` batches of writer ``writer``. ``kill_at`` is "step" or "step:count"."""

    endpoint: str
    catalog_url: str
    database_url: str | None
    namespace: str
    writer: int
    batches: int
    kill_at: str = ""

    def argument(self) -> str:
        return json.dumps(asdict(self))


def batch_of(writer: int, number: int) -> tuple[str, list[Story]]:
    """Return the id and the stories of a batch: the days are those of all writers, the articles the writer's own."""
    chosen = [(number * 5 + place) % _ARTICLES for place in range(_IN_BATCH)]
    words = f"Writer {writer} in batch {number}."
    day = number // 4  # articles move from day to day
    return f"w{writer}-{number}", [
        Story(writer * 1000 + each, words=words, seen=number, day=(each + day) % DAYS) for each in chosen
    ]


def last_stories(writers: int, batches: int) -> dict[str, Story]:
    """Return the stories that are there after all batches, by article."""
    found: dict[str, Story] = {}
    for writer in range(writers):
        for number in range(batches):
            found |= {story.article_id: story for story in batch_of(writer, number)[1]}
    return found


def killer(kill_at: str) -> Callable[[str], None]:
    """Return a function that ends this process the nth time that a step comes."""
    wanted, _, number = kill_at.partition(":")
    seen: Counter[str] = Counter()

    def step(name: str) -> None:
        seen[name] += 1
        if name == wanted and seen[name] == int(number or 1):
            os.kill(os.getpid(), signal.SIGKILL)

    return step


def commit_all(work: Work) -> None:
    """Commit the batches of a writer that are not done."""
    address = ServerAddress(work.endpoint, work.catalog_url, work.database_url)
    tables = shared_tables(address, work.namespace, step=killer(work.kill_at))
    for number in range(work.batches):
        batch_id, stories = batch_of(work.writer, number)
        if not tables.index.is_done(batch_id):
            tables.stage(batch_id, batch_tables(stories), batch_keys(stories))
            tables.commit([batch_id], is_current=lambda article_id, seen_at: True)


def main(arguments: Sequence[str]) -> None:
    commit_all(Work(**json.loads(arguments[0])))


if __name__ == "__main__":
    main(sys.argv[1:])
