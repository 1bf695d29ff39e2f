"""Takedowns and the blocklist of both stores."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from newslake.pipeline.archive import DeletedArticle, Takedown, TakedownPlan, Takedowns, page_name
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.shared.blocklist import PostgresBlocklist
from newslake.pipeline.show.provenance import trace_provenance
from newslake.pipeline.upkeep.takedown import TakedownTarget, forget
from tests.store.shared_stores import StoreServices
from tests.store.shared_town import HASTY
from tests.unit.upkeep.test_health import space_at

NOW = datetime(2026, 3, 2, 12, 0, 0, 1, tzinfo=UTC)
PLAN = TakedownPlan(
    page_keys=frozenset({"https://harbour-post.example/ferry", "ü"}),
    article_ids=frozenset({"a1", "a2"}),
    publisher="Harbour Post",
    rows=(DeletedArticle(article_id="a1", published_date=date(2026, 3, 1), revision_ids=("r1",)),),
)


@pytest.fixture(params=["local", "shared"])
def blocklist(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    if request.param == "local":
        yield Takedowns(tmp_path, durability="process")
    else:
        yield PostgresBlocklist(request.getfixturevalue("database"))


@pytest.fixture(params=["local", "shared"])
def space(request: pytest.FixtureRequest, tmp_path: Path) -> Workspace:
    """A new data root, and a new shared store."""
    if request.param == "local":
        return space_at(tmp_path)
    weed, postgres, schema = map(request.getfixturevalue, ("weed", "postgres", "schema"))
    return StoreServices(weed=weed, database_url=postgres.url, name=schema, folder=tmp_path).workspace(patience=HASTY)


def begin(blocklist: Any, *names: str, at: datetime = NOW, reason: str | None = "by law\0") -> Takedown:
    return blocklist.begin("article", names=names, work=PLAN, at=at, reason=reason)


def test_names_are_blocked_from_the_beginning(blocklist):
    """From its record on, the names of a takedown are blocked, and no others; its plan comes back equal."""
    takedown = begin(blocklist, "a1", "a2", "a1")

    assert blocklist.blocked_among(["a1", "b", "a2"]) == {"a1", "a2"}
    assert blocklist.is_blocked(None, "b", "a2")
    assert not blocklist.is_blocked(None, "b")
    assert sorted(blocklist.names()) == ["a1", "a2"]
    assert blocklist.all() == (takedown,)
    assert takedown == Takedown(
        takedown_id=takedown.takedown_id, kind="article", at=NOW, reason="by law\0", articles=2, is_done=False
    )
    assert blocklist.work(takedown.takedown_id) == PLAN


def test_takedown_says_how_long_it_waits_and_why_knows_it(space):
    """A takedown says first how long it waits; then `newslake why` of page, article and row says what happened."""
    [url] = PLAN.page_keys - {"ü"}
    blocked, other = page_name(url), page_name(f"{url}/other")
    lines = list[str]()
    forget(space, TakedownTarget(kind="article", value=url), reason=None, report_progress=lines.append)
    more = ", then 1 minute more, for hosts that have lost their lease and do not know it yet"
    assert lines[0] == f"waiting for current runs to end{more if space.settings.store == 'shared' else ''}"
    for query in (url, blocked, f"{blocked}:quotes:0"):
        found = trace_provenance(space, query)
        assert (found.answer, found.is_whole) == ("not_kept", True)
        [step] = found.steps
        assert step.headline == "taken down: its data is deleted, and its page is blocked"
        assert [fact.value for fact in step.facts] == ["newslake forget --list"]
    assert [trace_provenance(space, each).answer for each in (other, f"{url}/other")] == ["unknown", "unknown"]


def test_names_of_one_takedown(blocklist):
    """The names of one takedown are those that it blocks; one that blocks none has none."""
    first, other = begin(blocklist, "a1", "b"), begin(blocklist, "b", "c")

    assert sorted(blocklist.names(first.takedown_id)) == ["a1", "b"]
    assert sorted(blocklist.names(other.takedown_id)) == ["b", "c"]
    assert sorted(blocklist.names()) == ["a1", "b", "c"]
    assert blocklist.names("unknown") == ()


def test_takedowns_are_listed_by_time(blocklist):
    """The oldest takedown is first; those of one moment are in the order of their ids."""
    later = begin(blocklist, "b", at=NOW + timedelta(microseconds=1))
    equal = sorted((begin(blocklist, "a") for _ in range(4)), key=lambda each: each.takedown_id)
    earlier = begin(blocklist, "c", at=NOW - timedelta(days=400), reason=None)

    assert blocklist.all() == (earlier, *equal, later)


def test_publishers_are_noticed(blocklist):
    """Only the name of a publisher makes all pages' publishers be checked."""
    begin(blocklist, "publishes", "publisher", "source:1")
    assert not blocklist.blocks_publishers()
    begin(blocklist, "publisher:1")
    assert blocklist.blocks_publishers()


def test_a_takedown_is_widened_and_finished(blocklist):
    """A wider plan replaces the first; a finished takedown has no plan, and still blocks."""
    takedown_id = begin(blocklist, "a1").takedown_id
    wider = TakedownPlan(article_ids=frozenset({"a1", "a2", "a3"}))
    blocklist.widen(takedown_id, names=["a3", "a1"], work=wider)
    assert (blocklist.work(takedown_id), blocklist.all()[0].articles) == (wider, 3)
    blocklist.finish(takedown_id)
    blocklist.finish(takedown_id)

    assert blocklist.all()[0].is_done
    assert blocklist.blocked_among(["a1", "a2", "a3"]) == {"a1", "a3"}


def test_only_a_finished_takedown_is_revoked(blocklist):
    """Revoking unblocks the names that no other takedown has; the takedown remains known."""
    first, second = begin(blocklist, "a1", "a2").takedown_id, begin(blocklist, "a2").takedown_id
    assert not blocklist.revoke(first)
    assert not blocklist.revoke("none")
    blocklist.finish(first)
    assert blocklist.revoke(first)
    assert not blocklist.revoke(first)

    assert blocklist.blocked_among(["a1", "a2"]) == {"a2"}
    assert blocklist.known() == {first, second}
    assert [each.takedown_id for each in blocklist.all()] == [second]


def test_an_alias_is_blocked_like_its_page(blocklist):
    """A name is added to the takedown of one of the names it is like, and goes with it; else nothing is added."""
    takedown_id = begin(blocklist, "a1").takedown_id
    blocklist.block_alias("alias", like=[None, "b", "a1"])
    blocklist.block_alias("alias", like=["a1"])
    blocklist.block_alias("other", like=[None, "b"])
    assert blocklist.blocked_among(["alias", "other"]) == {"alias"}
    blocklist.finish(takedown_id)
    blocklist.revoke(takedown_id)
    assert blocklist.names() == ()


def test_a_lost_takedown_is_blocked_again(blocklist):
    """A takedown from elsewhere is added once, with a plan or done; its further names are added."""
    lost = Takedown(takedown_id="0123", kind="source", at=NOW, reason=None, articles=1, is_done=True)
    blocklist.block_again(lost, names=["a1"], work=None)
    blocklist.block_again(lost, names=["a2"], work=PLAN)

    assert blocklist.all() == (lost,)
    assert blocklist.blocked_among(["a1", "a2"]) == {"a1", "a2"}
