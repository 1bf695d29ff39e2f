"""Times of the freshness of all sources on large lakes.

`python -m tests.bench_freshness [FOLDER | ARTICLES ...]`: existing data roots, or lakes of these sizes, which are
removed; 100,000 and 200,000 articles of 40 sources by default. Each source of the lake is a feed. The work is that of
`newslake doctor`, the rules of alerts and the tasks, without the reason why a late source has no articles. The least
of some runs is printed, because other work only adds to it.
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from newslake.pipeline.addons.newsroom.queries.articles import last_day
from newslake.pipeline.addons.operate.freshness import judge
from newslake.pipeline.addons.operate.freshness_facts import freshness_facts
from newslake.pipeline.model import Source, SourceFreshness
from newslake.pipeline.query.connection import connect, query
from tests.big_lake import make_big_lake
from tests.figures import best, out, timed

SIZES, DAYS, RUNS = (100_000, 200_000), 90, 5
MOST_SECONDS = 1.0  # alerts evaluate it every few minutes
_COUNTS = "SELECT source_key, count(*) FROM articles_stored GROUP BY source_key ORDER BY source_key"


def main(root: Path) -> None:
    """Print the time of one lake, a day after its newest article, and how many sources have which status."""
    lake = root / "lake"
    last = last_day(lake)
    assert last is not None
    counts = {str(key): int(str(number)) for key, number in query(connect(lake), _COUNTS).rows}
    now = datetime.combine(last + timedelta(days=1), time(12), UTC)
    sources = [
        Source(key=key, kind="feed", location=f"https://{key}.example/feed.xml", publisher=key) for key in counts
    ]

    def work() -> list[SourceFreshness]:
        facts = freshness_facts(lake, online=list(counts), local=[], now=now)
        return [judge(source, facts[source.key], now=now) for source in sources]

    found = work()
    least = best(timed(work) for _ in range(RUNS))
    statuses = ", ".join(
        f"{number} {status}" for status, number in sorted(Counter(each.status for each in found).items())
    )
    verdict = "met " if least.seconds <= MOST_SECONDS else "MISS"
    out.print(
        f"{verdict} {sum(counts.values()):,} articles, {len(counts)} sources "
        f"({statuses}): {1000 * least.seconds:,.0f} ms, {1000 * least.processor_seconds:,.0f} ms CPU"
    )


def _data_roots(given: str) -> Iterator[Path]:
    if Path(given).is_dir():
        yield Path(given)
        return
    with tempfile.TemporaryDirectory() as folder:
        make_big_lake(Path(folder) / "lake", articles=int(given), days=DAYS)
        yield Path(folder)


if __name__ == "__main__":
    for one in sys.argv[1:] or map(str, SIZES):
        for each in _data_roots(one):
            main(each)
