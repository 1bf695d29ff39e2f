"""Quote groups are a function of the quotes: no order of arrival, no grouping of batches shows."""

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.lake import Lake
from pipeline.stages.quote_groups import quote_groups_of
from tests.planted import Press
from tests.unit.lake.rows import Story, batch_keys, batch_tables

PRESS = Press(seed=37)
SAID = [PRESS.words(14) for _ in range(2)]
# The whole, its halves, and one that overlaps with both: chains that lead from day to day.
WORDS = [" ".join(said[part]) for said in SAID for part in (slice(0, 14), slice(0, 7), slice(7, 14), slice(3, 11))]
DRAWS = st.lists(st.tuples(st.integers(0, len(WORDS) - 1), st.integers(0, 24)), min_size=2, max_size=14)


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A lake whose quote groups are written after each batch, as runs do."""

    lake: Lake
    folder: Path

    def run(self, stories: Sequence[Story], *, name: str) -> None:
        self.lake.stage(name, batch_tables(stories), batch_keys(stories))
        self.relate(self.lake.commit([name], is_current=lambda *_: True).days)

    def relate(self, days: Iterable[date]) -> int:
        return self.lake.replace("quote_groups", lambda: quote_groups_of(self.lake, days))

    def files(self) -> dict[str, bytes]:
        assert self.lake.verify() == ()
        tables = self.folder / "tables"
        return {path.relative_to(tables).as_posix(): path.read_bytes() for path in tables.rglob("*.parquet")}


def sandbox(folder: str) -> Sandbox:
    return Sandbox(Lake(Path(folder), durability="process", now=lambda: datetime.now(UTC)), Path(folder))


def story(number: int, words: int, day: int) -> Story:
    return Story(4 * number, WORDS[words], day)  # every fourth story has one speaker


def files_of(batches: Sequence[Sequence[Story]]) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        made = sandbox(folder)
        for place, batch in enumerate(batches):
            made.run(batch, name=str(place))
        return made.files()


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(draws=DRAWS, order=st.randoms(use_true_random=False), size=st.integers(1, 4))
def test_order_and_grouping_cannot_show(draws: list[tuple[int, int]], order: Random, size: int) -> None:
    """Chains over weeks: one batch of all, or small ones in any order, give the same bytes."""
    stories = [story(number, words, day) for number, (words, day) in enumerate(draws)]
    shuffled = order.sample(stories, len(stories))
    small = [shuffled[start : start + size] for start in range(0, len(shuffled), size)]
    assert files_of([stories]) == files_of(small)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(draws=DRAWS, which=st.integers(0, 13), words=st.integers(0, len(WORDS) - 1), day=st.integers(0, 24))
def test_a_changed_article_leaves_no_trace(draws: list[tuple[int, int]], which: int, words: int, day: int) -> None:
    """Where an article's content and day change later, the groups are those of a lake that never saw the first."""
    stories = [story(number, each, at) for number, (each, at) in enumerate(draws)]
    which %= len(stories)
    later = replace(stories[which], words=WORDS[words], day=day, seen=1)
    assert files_of([stories, [later]]) == files_of([[*stories[:which], later, *stories[which + 1 :]]])


def test_a_group_goes_on_for_weeks(tmp_path: Path) -> None:
    """A quotation printed every six days keeps its first id; without its second print it starts anew."""
    made = sandbox(str(tmp_path))
    stories = [story(number, 0, 6 * number) for number in range(4)]
    made.run(stories, name="all")
    first = f"{stories[0].article_id}:0"
    assert set(made.lake.read("quote_groups")["quote_group_id"].to_pylist()) == {first}
    made.run([replace(stories[1], words="Nothing of the kind was ever said.", seen=1)], name="changed")
    groups = made.lake.read("quote_groups")["quote_group_id"].to_pylist()
    assert groups == [f"{stories[at].article_id}:0" for at in (0, 1, 2, 2)]


def test_related_again_changes_nothing(tmp_path: Path) -> None:
    """The same days once more write no file; days that were never related are made good by any run."""
    made = sandbox(str(tmp_path))
    stories = [story(number, number % 4, number) for number in range(12)]
    made.run(stories, name="all")
    days = made.lake.days()
    assert made.relate(days) == 0
    made.lake.replace("quote_groups", lambda: {days[3]: made.lake.read("quote_groups", days=[days[3]]).slice(0, 0)})
    assert made.relate([]) == 1
    assert made.relate(days) == 0
    assert timedelta(11) == days[-1] - days[0]
