"""The search index of a data root follows commits and takedowns; its failures stop nothing."""

import logging
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newslake.pipeline.addons.search.articles import search_articles
from newslake.pipeline.addons.search.index import IndexReport, index_path
from newslake.pipeline.addons.search.upkeep import (
    await_update,
    erase_from_search,
    mend_search,
    problems_of_search,
    update_after_commit,
    update_search,
)
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


def total(space: Workspace, text: str) -> int:
    return search_articles(space.settings.lake_dir, text).total


def test_damaged_index_is_built_again_by_an_update(space: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    """An update of a damaged index builds it again, and a warning names the file."""
    assert update_search(space) == IndexReport(months=1, added=2)
    damage(space)
    with caplog.at_level(logging.WARNING):
        assert update_search(space) == IndexReport(months=1, added=2)
    assert "search.sqlite cannot be read" in caplog.text
    assert total(space, "ferry") == 1


def test_index_that_cannot_be_written_is_a_warning(space: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    """If the file cannot be opened, an update warns and says what makes up for it."""
    index_path(space.settings.lake_dir).mkdir()
    with caplog.at_level(logging.WARNING):
        assert update_search(space) is None
    assert "the search index was not updated: " in caplog.text
    assert "the next commit, the next night or `newslake search` updates it" in caplog.text


def test_search_leaves_the_index_of_a_lake_as_it_is(space: Workspace) -> None:
    """On one machine a commit updates the index, and a search writes nothing."""
    assert not await_update(space)
    assert not index_path(space.settings.lake_dir).exists()
    assert update_after_commit(space) == IndexReport(months=1, added=2)


def test_verify_names_a_damaged_index_and_repair_mends_it(space: Workspace) -> None:
    """`newslake lake verify` names a damaged index; `newslake lake repair` builds it again, and says so once."""
    update_search(space)
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
    update_search(space)
    story = Story(3, "The ferry sank.")
    space.lake.stage("b2", batch_tables([story]), batch_keys([story]))
    space.lake.commit(["b2"], is_current=lambda *_: True)
    assert mend_search(space) == ("updated the search index: 1 article added",)
    assert total(space, "ferry") == 2


def test_erased_article_is_in_no_byte_of_the_index(space: Workspace) -> None:
    """After its rows, the words of an article are erased from the file and the files next to it."""
    update_search(space)
    files = index_path(space.settings.lake_dir).parent
    assert any(b"yqqwallop" in path.read_bytes() for path in files.glob("search.sqlite*"))
    space.lake.erasure.rows([Story(1).article_id])
    erase_from_search(space)
    assert not any(b"yqqwallop" in path.read_bytes() for path in files.glob("search.sqlite*"))
    assert total(space, "ferry") == 1
