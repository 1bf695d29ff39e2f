"""Clusters of quotes, events and people depend only on the article tables, not on the order or grouping of batches."""

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newslake.pipeline.jobs.cluster import relate_rows_of
from newslake.pipeline.lake import Lake
from tests.long_form import LONG
from tests.planted import Press
from tests.unit.clusters.builders import EventArticle, build_keys, build_tables
from tests.unit.lake.rows import Story, batch_keys, batch_tables

PRESS = Press(seed=37)
SAID = [PRESS.words(14) for _ in range(2)]
# The whole, its halves, and one that overlaps both: chains from day to day.
WORDS = [" ".join(said[part]) for said in SAID for part in (slice(0, 14), slice(0, 7), slice(7, 14), slice(3, 11))]
DAYS = st.integers(0, 24)
DRAWS = st.lists(st.tuples(st.integers(0, len(WORDS) - 1), DAYS), min_size=2, max_size=12)

MET = EventArticle(article="", names=("Vessmouth",), people=("Dov Marsh", "Ida Rook"))
# One meeting in four reports, its plan, and another meeting that shares a name with it. Two name a man by his surname,
# one his namesake.
EVENTS = (
    MET,
    replace(MET, before="Ms Quill’s", trigger="talks", after="with Bram Toller on the ramp.", rule="talk>consult",
            people=("Marsh", "Ida Rook")),
    replace(MET, before="Two mayors", actor=None, recipient=None, people=("Marsh", "Ida Rook")),
    replace(MET, when=date(2026, 2, 20), twice=True),
    replace(MET, modality="planned", trigger="will meet", when=date(2026, 2, 20)),
    replace(MET, recipient="Cora Weld", people=("Ada Marsh",)),
)  # fmt: skip
ERASED = st.sets(st.integers(0, 11), min_size=1, max_size=3)
REPORTS = st.lists(st.tuples(st.integers(0, len(EVENTS) - 1), DAYS), min_size=2, max_size=12)
SLOW = settings(max_examples=100 if LONG else 3, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A lake whose clusters of quotes, events and people are written after each batch, as runs do."""

    lake: Lake
    folder: Path

    def run(self, batch: Sequence[Story | EventArticle], *, name: str) -> None:
        stories = [each for each in batch if isinstance(each, Story)]
        articles = [each for each in batch if isinstance(each, EventArticle)]
        tables, keys = (
            (build_tables(articles), build_keys(articles)) if articles else (batch_tables(stories), batch_keys(stories))
        )
        self.lake.stage(name, tables, keys)
        self.relate(self.lake.commit([name], is_current=lambda *_: True).days)

    def relate(self, days: Iterable[date]) -> int:
        return self.lake.replace_all(lambda: relate_rows_of(self.lake, days))

    def files(self) -> dict[str, bytes]:
        assert self.lake.verify() == ()
        tables = self.folder / "tables"
        return {path.relative_to(tables).as_posix(): path.read_bytes() for path in tables.rglob("*.parquet")}


def sandbox(folder: str) -> Sandbox:
    return Sandbox(Lake(Path(folder), durability="process", now=lambda: datetime.now(UTC)), Path(folder))


def story(number: int, words: int, day: int) -> Story:
    return Story(4 * number, WORDS[words], day)  # every fourth story has the same speaker


def report(number: int, event: int, day: int) -> EventArticle:
    return replace(EVENTS[event], article=f"{number:032x}", day=day, hour=number)


def files_of(batches: Sequence[Sequence[Story | EventArticle]]) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        made = sandbox(folder)
        for place, batch in enumerate(batches):
            made.run(batch, name=str(place))
        return made.files()


def in_small_batches(
    articles: Sequence[Story | EventArticle], order: Random, size: int
) -> list[Sequence[Story | EventArticle]]:
    shuffled = order.sample(articles, len(articles))
    return [shuffled[start : start + size] for start in range(0, len(shuffled), size)]


@SLOW
@given(draws=DRAWS, order=st.randoms(use_true_random=False), size=st.integers(1, 4))
def test_order_of_quotes_does_not_matter(draws: list[tuple[int, int]], order: Random, size: int) -> None:
    """Chains over weeks: one batch of all, or small ones in any order, give the same bytes."""
    stories = [story(number, words, day) for number, (words, day) in enumerate(draws)]
    assert files_of([stories]) == files_of(in_small_batches(stories, order, size))


@SLOW
@given(draws=REPORTS, order=st.randoms(use_true_random=False), size=st.integers(1, 4))
def test_order_of_events_does_not_matter(draws: list[tuple[int, int]], order: Random, size: int) -> None:
    """Meetings, their plans and reports of both: one batch or small ones give the same bytes."""
    articles = [report(number, event, day) for number, (event, day) in enumerate(draws)]
    assert files_of([articles]) == files_of(in_small_batches(articles, order, size))


@SLOW
@given(draws=DRAWS, which=st.integers(0, 11), words=st.integers(0, len(WORDS) - 1), day=DAYS)
def test_a_changed_article_leaves_no_trace(draws: list[tuple[int, int]], which: int, words: int, day: int) -> None:
    """If an article's text and day change later, the clusters are those of a lake that never had its first revision."""
    stories = [story(number, each, at) for number, (each, at) in enumerate(draws)]
    which %= len(stories)
    later = replace(stories[which], words=WORDS[words], day=day, seen=1)
    assert files_of([stories, [later]]) == files_of([[*stories[:which], later, *stories[which + 1 :]]])


@SLOW
@given(draws=REPORTS, which=st.integers(0, 11), event=st.integers(0, len(EVENTS) - 1), day=DAYS)
def test_a_changed_event_leaves_no_trace(draws: list[tuple[int, int]], which: int, event: int, day: int) -> None:
    """If an article later reports another event on another day, no cluster keeps its first report."""
    articles = [report(number, each, at) for number, (each, at) in enumerate(draws)]
    which %= len(articles)
    later = replace(report(which, event, day), seen=1)
    assert files_of([articles, [later]]) == files_of([[*articles[:which], later, *articles[which + 1 :]]])


@SLOW
@given(draws=DRAWS, chosen=ERASED, is_by_day=st.booleans())
def test_an_erased_quote_leaves_no_trace(draws: list[tuple[int, int]], chosen: set[int], is_by_day: bool) -> None:
    """After some articles are erased, at once or day by day, all tables are those of a lake that never had them."""
    stories = [story(number, words, day) for number, (words, day) in enumerate(draws)]
    assert_no_trace(stories, chosen, is_by_day=is_by_day)


@SLOW
@given(draws=REPORTS, chosen=ERASED, is_by_day=st.booleans())
def test_an_erased_event_leaves_no_trace(draws: list[tuple[int, int]], chosen: set[int], is_by_day: bool) -> None:
    """The same for reports of events and plans, also if they were the fullest or the only one."""
    reports = [report(number, event, day) for number, (event, day) in enumerate(draws)]
    assert_no_trace(reports, chosen, is_by_day=is_by_day)


def assert_no_trace(articles: Sequence[Story | EventArticle], chosen: set[int], *, is_by_day: bool) -> None:
    places = {each % (len(articles) - 1) for each in chosen}  # the last one stays
    ids = [_article_id(articles[place]) for place in places]
    with tempfile.TemporaryDirectory() as folder:
        made = sandbox(folder)
        made.run(articles, name="all")
        stored = made.lake.index.stored(ids)
        assert set(stored) == set(ids)
        for day in sorted({each.published_date for each in stored.values()}):
            made.relate(
                made.lake.erasure.rows([key for key in ids if not is_by_day or stored[key].published_date == day])
            )
        assert made.files() == files_of([[each for place, each in enumerate(articles) if place not in places]])


def _article_id(article: Story | EventArticle) -> str:
    return article.article_id if isinstance(article, Story) else article.article


def test_a_quote_cluster_lasts_for_weeks(tmp_path: Path) -> None:
    """A quote repeated every six days keeps its first id; without the second article a new cluster begins."""
    made = sandbox(str(tmp_path))
    stories = [story(number, 0, 6 * number) for number in range(4)]
    made.run(stories, name="all")
    first = f"{stories[0].article_id}:0"
    assert set(made.lake.read("quote_clusters")["quote_cluster_id"].to_pylist()) == {first}
    made.run([replace(stories[1], words="Nothing of the kind was ever said.", seen=1)], name="changed")
    groups = made.lake.read("quote_clusters")["quote_cluster_id"].to_pylist()
    assert groups == [f"{stories[at].article_id}:0" for at in (0, 1, 2, 2)]


def test_a_meeting_is_linked_to_its_announcement_weeks_ago(tmp_path: Path) -> None:
    """Announced three times in two weeks, then reported twice: one plan, one meeting, and the link between them."""
    made = sandbox(str(tmp_path))
    articles = [report(0, 4, -4), report(1, 4, 1), report(2, 4, 7), report(3, 0, 10), report(4, 3, 11)]
    for number in (3, 0, 4, 2, 1):
        made.run([articles[number]], name=str(number))
    rows = made.lake.read("event_clusters").to_pylist()
    found = [(row["event_cluster_id"], row["report_count"], row["planned_cluster_id"]) for row in rows]
    assert found == [(f"{0:032x}:0", 3, None), (f"{3:032x}:0", 2, f"{0:032x}:0")]


def test_an_erased_report_leaves_no_trace_in_earlier_and_later_events(tmp_path: Path) -> None:
    """The only report of a plan and the fullest report of a meeting are erased: the plan, its meeting weeks later, and
    the row of an event that began a week before no longer have a word of them."""
    made = sandbox(str(tmp_path))
    fullest = replace(report(3, 3, 16), place="Vessmouth")
    articles = [report(0, 4, -4), report(1, 0, 10), report(2, 4, 10), fullest]
    made.run(articles, name="all")
    [_, met, *_] = made.lake.read("event_clusters").to_pylist()
    assert (met["article_id"], met["planned_cluster_id"]) == (f"{3:032x}", f"{0:032x}:0")
    made.relate(made.lake.erasure.rows([f"{0:032x}", f"{3:032x}"]))
    assert made.files() == files_of([articles[1:3]])


def test_clustering_again_changes_nothing(tmp_path: Path) -> None:
    """The same days again write no file; a day that was never clustered is repaired by a run near it."""
    made = sandbox(str(tmp_path))
    stories = [story(number, number % 4, number) for number in range(12)]
    made.run(stories, name="all")
    days = made.lake.days()
    assert made.relate(days) == 0
    made.lake.replace("quote_clusters", lambda: {days[3]: made.lake.read("quote_clusters", days=[days[3]]).slice(0, 0)})
    assert made.relate([days[8]]) == 1
    assert made.relate(days) == 0
    assert timedelta(11) == days[-1] - days[0]


def test_a_link_follows_its_event(tmp_path: Path) -> None:
    """A surname in another report of the same event is linked and counted; if the full name goes, so does the link."""
    made = sandbox(str(tmp_path))
    articles = [report(0, 0, 0), report(1, 2, 0)]
    made.run(articles, name="both")
    [link] = made.lake.read("person_links").to_pylist()
    assert (link["article_id"], link["person_id"], link["method"]) == (f"{1:032x}", "id-Dov Marsh", "related")
    pairs = made.lake.read("co_mentions").to_pylist()
    assert [(row["entity_name"], row["other_entity_name"], row["article_count"]) for row in pairs] == [
        ("Dov Marsh", "Ida Rook", 2)
    ]
    made.run([replace(articles[0], day=1, seen=1)], name="moved")
    assert made.lake.read("person_links").num_rows == 0


@pytest.mark.parametrize("written", range(6))
def test_a_killed_run_leaves_no_trace(tmp_path: Path, written: int) -> None:
    """A run that is killed after some of its tables is finished by the next one, also on the days that chains reach."""
    articles = [report(number, event, 6 * number) for number, event in enumerate((0, 2, 0, 2))]
    late = [replace(report(7, 2, 18), people=("Marsh",)), report(8, 0, 18)]
    made = sandbox(str(tmp_path))
    made.run([*articles[1:], *late], name="later")
    tables, keys = build_tables(articles[:1]), build_keys(articles[:1])
    made.lake.stage("first", tables, keys)
    days = made.lake.commit(["first"], is_current=lambda *_: True).days
    for name, by_day in [*relate_rows_of(made.lake, days).items()][:written]:
        made.lake.replace(name, lambda by_day=by_day: by_day)
    made.relate(days)
    assert made.files() == files_of([[*articles, *late]])
    assert made.lake.read("person_links")["article_id"].to_pylist() == [f"{number:032x}" for number in (3, 7)]
