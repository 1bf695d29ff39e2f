"""How many requests an article costs: `python -m tests.scale.count_requests`.

Counts the requests to object storage and catalog through proxies, and the statements that PostgreSQL logs: of one
evening of the newsroom, and of parts with many articles. A request is counted again when it is made again.
"""

import os
import re
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path

from rich.table import Table

from samples.server import DAYS, Newsroom
from tests.bench_store import Rounds, make_pages
from tests.bench_tables import commit
from tests.figures import out
from tests.made_days import make_day
from tests.scale.comparison import store_of
from tests.scale.cut_proxy import CutProxy
from tests.scale.evenings import NOW, run_evening, write_sources
from tests.scale.postgres import PostgresServer
from tests.scale.seaweedfs import seaweedfs
from tests.scale.servers import StoreServers, open_shared

_STATEMENT = re.compile(r"LOG:  (?:statement|execute [^:]*): *(\w+)")
_REQUEST = re.compile(rb"[A-Z]+ \S+ HTTP/1\.1(?=\r\n)")
_TURNS = {"BEGIN", "COMMIT", "ROLLBACK"}


@dataclass
class RequestCounts:
    """Counts the requests of a piece of work."""

    bucket: CutProxy
    catalog: CutProxy
    log: Path
    rows: list[tuple[str, int, Counter[str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._heads: dict[CutProxy, list[str]] = {self.bucket: [], self.catalog: []}
        for proxy in self._heads:
            proxy.observe = partial(self._keep, proxy)

    def _keep(self, proxy: CutProxy, data: bytes) -> None:
        if found := _REQUEST.match(data):
            self._heads[proxy].append(found[0].decode())

    def count(self, name: str, articles: int, work: Callable[[], object]) -> None:
        """Do some work, and keep its requests by service and kind."""
        before = self._lines()
        for heads in self._heads.values():
            heads.clear()
        work()
        found = Counter(f"S3 {_kind(head)}" for head in self._heads[self.bucket])
        found.update(f"catalog {head.split()[0]}" for head in self._heads[self.catalog])
        statements = (_STATEMENT.search(line) for line in self._lines()[len(before) :])
        found.update("SQL transaction" if each[1].upper() in _TURNS else "SQL" for each in statements if each)
        self.rows.append((name, articles, found))

    def _lines(self) -> list[str]:
        return self.log.read_text("utf-8", "replace").splitlines()

    def print(self) -> None:
        """Print the requests of each work, and those of an article."""
        kinds = sorted({kind for *_, found in self.rows for kind in found})
        table = Table("", *(name for name, *_ in self.rows), title="requests; in brackets: of one article")
        table.add_row("articles", *(str(articles) for _, articles, _ in self.rows))
        for kind in kinds:
            table.add_row(kind, *(f"{found[kind]} ({found[kind] / count:.2f})" for _, count, found in self.rows))
        out.print(table)


def _kind(head: str) -> str:
    method, path, _ = head.split()
    return "LIST" if method == "GET" and "list-type" in path else method


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as temporary,
        PostgresServer.running(log_statement="all") as postgres,
        seaweedfs(Path(temporary) / "weed") as weed,
        CutProxy.running(weed.port) as bucket,
        CutProxy.running(int(weed.catalog_url.rpartition(":")[2])) as catalog,
    ):
        root = Path(temporary)
        servers = StoreServers(postgres, weed, root)
        ports = {"database": postgres.port, "bucket": bucket.port, "catalog": catalog.port}
        os.environ.update(servers.settings(ports))  # type: ignore[arg-type]
        counts = RequestCounts(bucket, catalog, postgres.folder / "postgres.log")
        with Newsroom(day=DAYS[0]) as newsroom:
            (root / "inbox").mkdir()
            write_sources(root / "sources.toml", newsroom, inbox='path = "inbox"')
            options = {"sources": root / "sources.toml", "more": {"NEWS_RUN_WORKERS": "1"}}
            for number, day in enumerate(DAYS[:2]):
                newsroom.day = day
                counts.count(f"newslake run, evening {number + 1}", 12, partial(run_evening, root / "data", **options))
        measure_parts(counts, root)
        counts.print()


def measure_parts(counts: RequestCounts, root: Path) -> None:
    """Count the requests of archive and commits, with many articles."""
    store = store_of(open_shared(root / "parts", sources=root / "sources.toml", now=NOW))
    rounds, pages = Rounds(store.archive, [], []), make_pages(1_000, seed=1)
    counts.count("archive 1,000 pages and read them", 1_000, lambda: rounds.run(pages, name="pages"))
    day = date(2026, 2, 1)
    for articles in (50, 500, 2_000):
        made = make_day(day, range(articles))
        counts.count(
            f"commit {articles} articles", articles, lambda made=made, n=articles: commit(store.tables, f"b{n}", made)
        )


if __name__ == "__main__":
    main()
