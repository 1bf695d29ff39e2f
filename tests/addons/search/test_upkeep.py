"""The search index of a data root follows commits and takedowns; its failures stop nothing."""

import logging
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newslake.pipeline.addons.search import articles, upkeep
from newslake.pipeline.addons.search.articles import SearchResult, search_articles
from newslake.pipeline.addons.search.index import (
    IndexReport,
    MemoryIndex,
    SearchPlace,
    index_path,
    open_in_memory,
    rebuild_index,
)
from newslake.pipeline.addons.search.upkeep import (
    await_update,
    erase_from_search,
    lasting_place_of,
    mend_search,
    problems_of_search,
    search_place_of,
    update_after_commit,
    update_search,
)
from newslake.pipeline.errors import LimitError
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.settings import Settings
from newslake.pipeline.upkeep.maintenance import repair, verify
from tests.unit.lake.rows import Story, batch_keys, batch_tables


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    """A data root with two articles, not indexed yet."""
    (tmp_path / "sources.toml").touch()
    settings = Settings(
        data_dir=tmp_path / "data",
        sources_file=tmp_path / "sources.toml",
        frozen_now=datetime(2026, 2, 5, tzinfo=UTC),
        durability="process",
    )
    space = Workspace(settings)
    stories = [Story(1, "zyqqwallop"), Story(2, "The ferry waits.")]
    space.lake.stage("b1", batch_tables(stories), batch_keys(stories))
    space.lake.commit(["b1"], is_current=lambda *_: True)
    return space


def damage(space: Workspace) -> None:
    path = index_path(space.settings.lake_dir)
    path.write_bytes(path.read_bytes()[:5000])


def update(space: Workspace) -> IndexReport | None:
    return update_search(lasting_place_of(space), durability="process")


def total(space: Workspace, text: str) -> int:
    return search_articles(space.settings.lake_dir, text).total


def test_damaged_index_is_built_again_by_an_update(space: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    """An update of a damaged index builds it again, and a warning names the file."""
    assert update(space) == IndexReport(months=1, added=2)
    damage(space)
    with caplog.at_level(logging.WARNING):
        assert update(space) == IndexReport(months=1, added=2)
    assert "search.sqlite cannot be read" in caplog.text
    assert total(space, "ferry") == 1


def test_index_that_cannot_be_written_is_a_warning(space: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    """If the file cannot be opened, an update warns and says what makes up for it."""
    index_path(space.settings.lake_dir).mkdir()
    with caplog.at_level(logging.WARNING):
        assert update(space) is None
    assert "the search index was not updated: " in caplog.text
    assert "the next commit, the next night or `newslake search` updates it" in caplog.text


def test_search_leaves_the_index_of_a_lake_as_it_is(space: Workspace) -> None:
    """On one machine a commit updates the index, and a search writes nothing."""
    assert not await_update(lasting_place_of(space), durability="process")
    assert not index_path(space.settings.lake_dir).exists()
    assert update_after_commit(space) == IndexReport(months=1, added=2)


def test_verify_names_a_damaged_index_and_repair_mends_it(space: Workspace) -> None:
    """`newslake lake verify` names a damaged index; `newslake lake repair` builds it again, and says so once."""
    update(space)
    assert verify(space).problems == ()
    damage(space)
    [problem, *_] = verify(space).problems
    assert problem.startswith("_state/search.sqlite: ")
    assert repair(space)["search"] == ("built the search index again, because it was damaged: 2 articles",)
    assert "search" not in repair(space)
    assert problems_of_search(space) == ()


def test_repair_brings_an_older_index_to_the_head(space: Workspace) -> None:
    """A repair makes up for an update that was killed; a missing index is not made."""
    assert mend_search(space) == ()
    update(space)
    story = Story(3, "The ferry sank.")
    space.lake.stage("b2", batch_tables([story]), batch_keys([story]))
    space.lake.commit(["b2"], is_current=lambda *_: True)
    assert mend_search(space) == ("updated the search index: 1 article added",)
    assert total(space, "ferry") == 2


def test_erased_article_is_in_no_byte_of_the_index(space: Workspace) -> None:
    """After its rows, the words of an article are erased from the file and the files next to it."""
    update(space)
    files = index_path(space.settings.lake_dir).parent
    assert any(b"yqqwallop" in path.read_bytes() for path in files.glob("search.sqlite*"))
    space.lake.erasure.rows([Story(1).article_id])
    erase_from_search(space)
    assert not any(b"yqqwallop" in path.read_bytes() for path in files.glob("search.sqlite*"))
    assert total(space, "ferry") == 1


@pytest.fixture
def memory() -> Iterator[MemoryIndex]:
    """An index in memory."""
    memory = open_in_memory()
    yield memory
    memory.connection.close()


@pytest.fixture
def in_memory(space: Workspace, memory: MemoryIndex) -> SearchPlace:
    """The place of a data root that may not be written."""
    return replace(lasting_place_of(space), is_of_host=True, memory=memory)


def searched(place: SearchPlace) -> SearchResult | str | None:
    """Search as a page does; return why it does not search."""
    try:
        await_update(place, durability="process")
        return search_articles(place, "ferry")
    except LimitError as error:
        return error.reason


def test_searches_meet_an_index_that_is_built_in_memory(
    space: Workspace, in_memory: SearchPlace, memory: MemoryIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two threads that search while it is built get that message; then both find what the file has. No file is made."""
    monkeypatch.setattr(upkeep, "UPDATE_SECONDS", 0.1)
    with ThreadPoolExecutor(2) as pool:
        with memory.lock:  # the update waits for its turn
            assert [*pool.map(searched, [in_memory] * 2)] == ["search_building"] * 2
        monkeypatch.setattr(upkeep, "UPDATE_SECONDS", 60.0)
        results = [*pool.map(searched, [in_memory] * 2)]
    assert not index_path(space.settings.lake_dir).exists()
    update(space)
    assert results == [search_articles(space.settings.lake_dir, "ferry")] * 2
    assert results[0].is_current


def test_index_in_memory_follows_the_tables(
    space: Workspace, in_memory: SearchPlace, memory: MemoryIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a search that was stopped, the index takes up new articles, loses erased ones, and can be built again."""
    update_search(in_memory, durability="process")
    monkeypatch.setattr(articles, "_STEPS", 1)
    with pytest.raises(LimitError, match="add a word"):
        search_articles(in_memory, "ferry", seconds=0)
    story = Story(3, "The ferry sank.")
    space.lake.stage("b2", batch_tables([story]), batch_keys([story]))
    space.lake.commit(["b2"], is_current=lambda *_: True)
    assert update_search(in_memory, durability="process") == IndexReport(months=1, added=1)
    space.lake.erasure.rows([Story(1).article_id])
    assert update_search(in_memory, durability="process") == IndexReport(months=1, removed=1)
    assert b"yqqwallop" not in memory.connection.serialize()
    assert rebuild_index(in_memory, durability="process").added == 2
    assert search_articles(in_memory, "ferry").total == 2


def test_index_in_memory_ends_when_the_file_can_be_searched(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the owner of the file has updated it, no words stay in the process, where no later takedown is seen."""
    with monkeypatch.context() as patched:
        patched.setattr(upkeep, "can_write", lambda path: False)
        place = search_place_of(space)
        assert place.memory is not None
        assert search_place_of(space).memory is place.memory
        update_search(place, durability="process")
        connection = place.memory.connection
    update(space)
    with monkeypatch.context() as patched:
        patched.setattr(upkeep, "can_write", lambda path: False)
        assert search_place_of(space).memory is None
    assert search_articles(place, "ferry").total == 1  # a search that had begun
    del place
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.execute("SELECT 1")
