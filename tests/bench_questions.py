"""Times of the saved questions on a large lake, for `make bench-lake`.

Alone: `python -m tests.bench_questions [FOLDER | ARTICLES]`: an existing lake, or a generated one that is removed.
"""

import statistics
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path

import duckdb

from newslake.pipeline.addons.share.engine_ddl import views_sql
from newslake.pipeline.query.connection import connect
from newslake.pipeline.query.saved_queries import answer, list_questions
from tests.big_lake import ARTICLES, make_big_lake
from tests.figures import Timing, out, timed

FIFTEEN = (
    *("top-speakers", "gender-of-sources", "who-said-what", "quote-travel", "co-mentions", "country-pairs"),
    *("reporting-lag", "syndication", "source-diversity", "unnamed-sources", "new-voices", "said-or-claimed"),
    *("who-speaks-first", "silent-edits", "trust-check"),
)
RUNS = 3
Connect = Callable[[Path], duckdb.DuckDBPyConnection]


def connect_plainly(lake: Path) -> duckdb.DuckDBPyConnection:
    """Return a DuckDB with the views that newslake prints for it, over the public files."""
    connection = duckdb.connect()
    connection.execute(_printed_views(lake))
    return connection


_printed_views = cache(views_sql)  # printed once, as a reader does


def time_questions(
    lake: Path, open_lake: Connect = connect, *, slugs: Iterable[str] = FIFTEEN, runs: int = RUNS
) -> dict[str, Timing]:
    """Return the time of each question, medians, including opening the lake; files are cached from a run before."""
    return {slug: _time(lake, open_lake, slug, runs=runs) for slug in slugs}


def _time(lake: Path, open_lake: Connect, slug: str, *, runs: int) -> Timing:
    answer(open_lake(lake), slug)
    times = [timed(lambda: answer(open_lake(lake), slug)) for _ in range(runs)]
    return Timing(
        statistics.median(each.seconds for each in times), statistics.median(each.processor_seconds for each in times)
    )


def total(times: Mapping[str, Timing]) -> Timing:
    """Return the sum of the fifteen questions."""
    return sum((times[slug] for slug in FIFTEEN), start=Timing(0, 0))


def main(lake: Path) -> None:
    """Print each question's times."""
    others = [question.slug for question in list_questions() if question.slug not in FIFTEEN]
    times = time_questions(lake, slugs=(*FIFTEEN, *others))
    for slug, each in (*times.items(), ("the fifteen", total(times))):
        line = f"{slug:<20} {each.seconds:6.2f} s, {each.processor_seconds:6.2f} s CPU"
        out.print(f"{line} (not among the fifteen)" if slug in others else line)


if __name__ == "__main__":
    given = sys.argv[1] if len(sys.argv) > 1 else str(ARTICLES)
    if Path(given).is_dir():
        main(Path(given))
    else:
        with tempfile.TemporaryDirectory() as folder:
            main(make_big_lake(Path(folder) / "lake", articles=int(given)))
