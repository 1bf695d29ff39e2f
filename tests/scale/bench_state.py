"""Rows a second of the index and the fetch state in PostgreSQL, compared with SQLite in the same run.

`python -m tests.scale.bench_state [CAPTURES]`, 20,000 by default. The server and its disk are on this machine, so the
network is missing, and the captures of SQLite are not synced. The processor time is that of the client.
"""

import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from itertools import batched
from pathlib import Path
from typing import Any

from newslake.pipeline.archive import FetchState
from newslake.pipeline.shared.capture_index import PostgresCaptureIndex
from newslake.pipeline.shared.database import PostgresDatabase
from newslake.pipeline.shared.page_states import PostgresPageStates
from tests.figures import out, timed
from tests.scale.postgres import PostgresServer
from tests.store.test_capture_index import FERRY, new_local
from tests.store.test_page_states import FERRY as STATE

CAPTURES = 20_000
_FILE = 500  # captures of a file, and a call


def tasks(index: Any, states: Any, count: int) -> dict[str, Callable[[], object]]:
    """Return what is measured, by name, in order; each handles ``count`` rows."""
    captures = [
        replace(
            FERRY,
            page_key=f"https://harbour-post.example/{number}",
            article_id=f"{number:032x}",
            digest=f"sha256:{number:064x}",
            file=f"warc/2026-03-02/harbour/{number // _FILE}.warc.gz",
            offset=number % _FILE * 30_000,
            fetched_at=FERRY.fetched_at + timedelta(seconds=number),
        )
        for number in range(count)
    ]
    pages = [replace(STATE, page_key=each.page_key) for each in captures]
    keys = [each.page_key for each in captures]
    return {
        "add captures, 500 a call": lambda: [index.add({file[0].file: file}) for file in batched(captures, _FILE)],
        "read captures of 500 pages": lambda: [index.latest(some) for some in batched(keys, _FILE)],
        "read captures of one page": lambda: [index.latest([key]) for key in keys],
        "read all captures": index.captures,
        "record states, 100 a call": lambda: [states.record_many(some) for some in batched(pages, 100)],
        "read the state of one page": lambda: [states.seen(key) for key in keys],
    }


def main(count: int) -> None:
    """Print rows a second of both stores, and the share of SQLite's that PostgreSQL reaches."""
    with PostgresServer.running(fsync="on") as server, tempfile.TemporaryDirectory() as folder:
        database = PostgresDatabase(server.url)
        shared = tasks(PostgresCaptureIndex(database), PostgresPageStates(database), count)
        with closing(new_local(Path(folder))) as index:
            for name, work in tasks(index, FetchState(Path(folder)), count).items():
                ours, theirs = timed(work), timed(shared[name])
                out.print(
                    f"{name:<28} SQLite {count / ours.seconds:8,.0f}/s, PostgreSQL {count / theirs.seconds:8,.0f}/s "
                    f"({ours.seconds / theirs.seconds:.2f}), {1e6 * theirs.processor_seconds / count:.0f} µs CPU a row",
                    soft_wrap=True,
                )
        database.close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else CAPTURES)
