"""A worker that is killed, with its task retried under the same name, has the results of an undisturbed one."""

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.invariants import assert_whole, outcomes_of, pages_without_outcome, table_files
from tests.faults.lake.tally import form
from tests.faults.resume_worker import open_space
from tests.faults.sample_run import SECOND, Evening, Kills, say
from tests.long_form import LONG, seed_or

pytestmark = [pytest.mark.model]

EVENINGS = 6 if LONG else 1
SEED = seed_or(20260303)


def contents(folder: Path) -> set[tuple[object, ...]]:
    """Return the captures of the archive: page, content and news day."""
    captures = open_space(folder, SECOND).archive.captures()
    return {(each.page_key, each.digest, each.news_day, each.article_id, each.fetched_at) for each in captures}


def pages_with_outcome(evening: Evening) -> list[tuple[object, ...]]:
    """Return run, source, news day and page of each outcome of an evening's runs."""
    rows = outcomes_of(open_space(evening.folder, SECOND), *evening.run_ids())
    names = ("run_id", "source_key", "news_day", "url")
    return sorted(tuple(map(str, map(row.get, names))) for row in rows)


def assert_like(evening: Evening, undisturbed: Evening) -> None:
    """The archive has the same contents, the tables have the same bytes, the log has an outcome for the same pages."""
    space = open_space(evening.folder, SECOND)
    assert evening.days == undisturbed.days
    assert contents(evening.folder) == contents(undisturbed.folder)
    assert table_files(evening.folder) == table_files(undisturbed.folder)
    assert pages_with_outcome(evening) == pages_with_outcome(undisturbed)
    for news_day in evening.days:
        assert pages_without_outcome(space, run_id=evening.extract_id(news_day), news_day=news_day) == set()
    done = sorted(path.name for path in (evening.folder / "inbox" / "done").iterdir())
    assert done == sorted(path.name for path in (undisturbed.folder / "inbox" / "done").iterdir())
    assert_whole(space)


@pytest.mark.timeout(1800)
def test_killed_workers(evening_at: Callable[..., Evening], undisturbed: Evening) -> None:
    """Each task of an evening (fetch, derive, commit) is killed once, at a seeded moment, and retried."""
    killed: Counter[str] = Counter()
    at_step = 0
    for seed in range(SEED, SEED + EVENINGS):
        kills = Kills(random.Random(seed), undisturbed)
        evening = evening_at(str(seed), doing=kills).run()
        say(f"seed {seed}: {'; '.join(kills.moments)}")
        assert_like(evening, undisturbed)
        assert kills.missed == []
        killed.update(kills.killed)
        at_step += kills.at_step
        form("each task of an evening is killed once", seed).counts.update(kills.killed)
    say(f"killed {dict(killed)}, seeds {SEED} to {SEED + EVENINGS - 1}")
    assert min(killed.values()) >= EVENINGS
    assert killed.total() > at_step >= 6 * EVENINGS  # kills at a time may come too late, but not all of them
