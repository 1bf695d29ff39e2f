"""`python -m tests.bench_tables [COMMITS]`: commits into one day, shared tables divided by the local lake in one run.

50 articles are committed into a day of 500, over and over. Needs the servers of tests/scale; they are started here.
"""

import statistics
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from newslake.pipeline.store.tables import Tables
from tests.figures import Figure, print_figure, print_value
from tests.made_days import DayTables, make_day
from tests.scale.postgres import PostgresServer
from tests.scale.seaweedfs import seaweedfs
from tests.store.table_stores import new_lake, new_shared_tables

_DAY = date(2026, 3, 1)
_DAY_ARTICLES, _BATCH_ARTICLES = 500, 50
_COMMITS = 300
_EDITIONS = 4
_ROUND = 10  # commits of one store before those of the other one


def commit(tables: Tables, name: str, made: DayTables) -> float:
    """Stage and commit a batch; return the seconds of the commit."""
    tables.stage(name, made.tables, made.keys)
    started = time.perf_counter()
    tables.commit([name], is_current=lambda *_: True)
    return time.perf_counter() - started


def commit_times(stores: dict[str, Tables], commits: int) -> dict[str, list[float]]:
    """Return the seconds of each commit of each store. The stores take turns, so that a busy machine slows both."""
    whole = make_day(_DAY, range(_DAY_ARTICLES))
    parts = _DAY_ARTICLES // _BATCH_ARTICLES
    batches = [
        make_day(_DAY, range(part * _BATCH_ARTICLES, (part + 1) * _BATCH_ARTICLES), edition=edition)
        for edition in range(1, _EDITIONS + 1)
        for part in range(parts)
    ]
    for tables in stores.values():
        commit(tables, "day", whole)
    times: dict[str, list[float]] = {name: [] for name in stores}
    for start in range(0, commits, _ROUND):
        for name, tables in stores.items():
            times[name] += [commit(tables, f"b{n}", batches[n % len(batches)]) for n in range(start, start + _ROUND)]
    return times


def main(commits: int) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        seaweedfs(Path(folder) / "weed") as server,
        PostgresServer.running() as postgres,
    ):
        server.database_url = postgres.url
        stores: dict[str, Tables] = {"local": new_lake(Path(folder)), "shared": new_shared_tables(server)}
        times = commit_times(stores, commits)
    for name, found in times.items():
        print_value(f"{name}: median of a commit", f"{1000 * statistics.median(found):.0f} ms")
    rate = statistics.median(times["local"]) / statistics.median(times["shared"])
    print_figure("rate of commits, shared / local", ">=", 0.35, Figure(rate))
    part = min(100, commits // 3)
    growth = statistics.median(times["shared"][-part:]) / statistics.median(times["shared"][:part])
    print_figure(f"last {part} commits / first {part}, shared", "<=", 1.3, Figure(growth))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else _COMMITS)
