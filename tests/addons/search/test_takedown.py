"""Takedowns and the search index: no word of a deleted page is left in it."""

import pytest

from newslake.pipeline.addons.search.articles import search_articles
from newslake.pipeline.addons.search.index import index_path
from newslake.pipeline.errors import ConfigError
from newslake.pipeline.jobs.workspace import Workspace
from tests.unit.upkeep.town import Town, forget_all, traces_of_doomed

pytestmark = [pytest.mark.model]


def test_words_are_gone_from_the_search_index(space: Workspace, town: Town) -> None:
    """Before a takedown the search finds its pages; afterwards no byte of the index has their words, not even alone."""
    lake, words = space.settings.lake_dir, (b"ackenthorpe", b"andvold", b"icksilver")
    state = index_path(lake).parent
    assert search_articles(lake, "Quackenthorpe").total > 0
    others = search_articles(lake, "Brandt").total
    there = b"".join(path.read_bytes() for path in state.glob("search.sqlite*"))
    assert [word for word in words if word not in there] == []
    forget_all(space, town)
    left = b"".join(path.read_bytes() for path in state.glob("search.sqlite*"))
    assert [word for word in words if word in left] == []
    assert search_articles(lake, "Quackenthorpe OR quicksilver").total == 0
    assert search_articles(lake, "Brandt").total == others > 0


def test_takedown_needs_the_addon(space: Workspace, town: Town) -> None:
    """An index has words of articles: with the add-on left out, a takedown stops until the file is deleted."""
    index = index_path(space.settings.lake_dir)
    bare = Workspace(space.settings.replace(addons="none"))
    with pytest.raises(ConfigError, match=f"; add search to NEWS_ADDONS, or delete {index}\\*$"):
        forget_all(bare, town)
    for path in index.parent.glob("search.sqlite*"):
        path.unlink()
    forget_all(bare, town)
    assert traces_of_doomed().under(space.settings.data_dir) == {}
