"""Near duplicates depend only on the articles, not on the order or grouping of batches."""

import tempfile
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newslake.pipeline.clusters import affected_days
from newslake.pipeline.jobs.cluster import near_duplicates_of
from newslake.pipeline.lake import Lake
from tests.long_form import LONG
from tests.planted import BEYOND, COPIES, Press, articles_table, commit_articles

DAY = date(2026, 2, 3)
PRESS = Press(seed=31)
ORIGINALS = [PRESS.prose(90) for _ in range(3)]
# Every kind of duplicate of each of three stories: a drawn number is an index into this list.
TEXTS = [PRESS.copied(story, how) for story in ORIGINALS for how in (*COPIES, *BEYOND)]
DRAWS = st.lists(st.tuples(st.integers(0, len(TEXTS) - 1), st.integers(0, 9)), min_size=2, max_size=12)


def files_of(batches: Sequence[Sequence[tuple[int, int, int]]]) -> dict[str, bytes]:
    """Commit batches of (article, text, day), update the days that each affects; return the public files."""
    with tempfile.TemporaryDirectory() as folder:
        lake = Lake(Path(folder), durability="process", now=lambda: datetime.now(UTC))
        for place, batch in enumerate(batches):
            days = sorted({DAY + timedelta(day) for _, _, day in batch})
            for day in days:
                rows = [(number, text) for number, text, each in batch if DAY + timedelta(each) == day]
                table = articles_table(
                    [TEXTS[text] for _, text in rows], [number for number, _ in rows], day=day, sites=1
                )
                commit_articles(lake, table, batch=f"{place}-{day}")
            reached = {each for day in days for each in affected_days(day)}
            lake.replace("near_duplicates", lambda reached=reached: near_duplicates_of(lake, reached))
        assert lake.verify() == ()
        tables = Path(folder) / "tables"
        return {path.relative_to(tables).as_posix(): path.read_bytes() for path in tables.rglob("*.parquet")}


@settings(max_examples=200 if LONG else 6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(draws=DRAWS, order=st.randoms(use_true_random=False), size=st.integers(1, 4))
def test_order_and_grouping_do_not_matter(draws: list[tuple[int, int]], order: Random, size: int) -> None:
    """Planted duplicates over ten days: one batch of all, or small ones in any order, give the same bytes."""
    articles = [(number, text, day) for number, (text, day) in enumerate(draws)]
    shuffled = order.sample(articles, len(articles))
    small = [shuffled[start : start + size] for start in range(0, len(shuffled), size)]
    assert files_of([articles]) == files_of(small)
