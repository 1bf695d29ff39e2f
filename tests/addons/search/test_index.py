"""The search index follows the head of the lake, forgets what the lake forgets, and may be lost or damaged."""

import sqlite3
import threading
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from unittest.mock import patch

import pytest

from newslake.pipeline.addons.search import index as index_module
from newslake.pipeline.addons.search.articles import search_articles
from newslake.pipeline.addons.search.index import (
    IndexReport,
    erase_removed,
    index_path,
    problems_of_index,
    rebuild_index,
    update_index,
)
from newslake.pipeline.errors import LakeError
from newslake.pipeline.lake import Lake
from tests.addons.search.conftest import Commit
from tests.unit.lake.rows import Story


def update(lake_dir: Path) -> IndexReport:
    return update_index(lake_dir, durability="process")


def ids(lake_dir: Path, text: str) -> set[int]:
    return {int(hit.article_id, 16) for hit in search_articles(lake_dir, text).hits}


def bytes_of(lake_dir: Path) -> bytes:
    """Return the bytes of all files of the index."""
    return b"".join(path.read_bytes() for path in index_path(lake_dir).parent.glob("search.sqlite*"))


def test_index_follows_commits(lake_dir: Path, commit: Commit) -> None:
    """Each update reads only days that changed: new, edited and moved articles are found as they are now."""
    commit(Story(1, "The ferry waits."), Story(2, "The bus waits."), Story(3, "A crane waits.", day=40))
    assert update(lake_dir) == IndexReport(months=2, added=3)
    assert update(lake_dir) == IndexReport()
    commit(Story(2, "The tram leaves.", seen=1), Story(4, "The ferry sinks.", day=1))
    assert update(lake_dir) == IndexReport(months=1, added=2)
    assert (ids(lake_dir, "ferry"), ids(lake_dir, "bus"), ids(lake_dir, "tram")) == ({1, 4}, set(), {2})
    commit(Story(4, "The ferry sinks.", day=41, seen=2))
    assert update(lake_dir) == IndexReport(months=2, added=1)
    hits = search_articles(lake_dir, "sinks").hits
    assert [str(hit.published_date) for hit in hits] == ["2026-03-16"]
    assert problems_of_index(lake_dir) == ()


def test_article_within_its_month_is_not_indexed_again(lake_dir: Path, commit: Commit) -> None:
    """An article with the same words that moves within its month, or has another version, keeps its words."""
    commit(Story(1, "The ferry waits."))
    update(lake_dir)
    commit(Story(1, "The ferry waits.", day=1, version="v2"))
    assert update(lake_dir).added == 0
    assert [str(hit.published_date) for hit in search_articles(lake_dir, "ferry").hits] == ["2026-02-04"]


def test_closed_month_is_the_same(lake: Lake, lake_dir: Path, commit: Commit) -> None:
    """A month that is closed has the same rows: nothing is read again, and the hits are the same."""
    commit(Story(1, "The ferry waits."), Story(2, "The ferry runs.", day=3))
    update(lake_dir)
    before = search_articles(lake_dir, "ferry")
    lake.compact(months=["2026-02"])
    assert update(lake_dir) == IndexReport()
    assert search_articles(lake_dir, "ferry") == before


def test_lake_without_rows_gets_no_index(lake_dir: Path) -> None:
    """Without a commit there is no index, and a search finds nothing."""
    assert update(lake_dir) == IndexReport()
    assert not index_path(lake_dir).exists()
    assert search_articles(lake_dir, "ferry").hits == ()


def test_words_of_a_deleted_article_are_gone(lake: Lake, lake_dir: Path, commit: Commit) -> None:
    """After an erasure, no byte of the index has the words of the article, of an earlier revision neither."""
    # Words are stored without the letters that they share with the word before: the first letters are unique.
    commit(Story(1, "zyqqwallop"), Story(2, "The ferry waits."))
    update(lake_dir)
    commit(Story(1, "xvvkrunkel", seen=1))
    update(lake_dir)
    assert b"yqqwallop" in bytes_of(lake_dir)
    assert b"vvkrunkel" in bytes_of(lake_dir)
    assert bytes.fromhex(Story(1).article_id) in bytes_of(lake_dir)
    lake.erasure.rows([Story(1).article_id])
    erase_removed(lake_dir, durability="process")
    left = bytes_of(lake_dir)
    assert [word for word in (b"yqqwallop", b"vvkrunkel", bytes.fromhex(Story(1).article_id)) if word in left] == []
    assert ids(lake_dir, "ferry") == {2}
    assert problems_of_index(lake_dir) == ()


def test_erasure_can_be_repeated(lake: Lake, lake_dir: Path, commit: Commit) -> None:
    """A process that died after the words were removed, before the file was written again, leaves this to the next."""
    commit(Story(1, "zyqqwallop"), Story(2, "The ferry waits."))
    update(lake_dir)
    lake.erasure.rows([Story(1).article_id])
    update(lake_dir)
    assert b"yqqwallop" in bytes_of(lake_dir)
    for _ in range(2):
        erase_removed(lake_dir, durability="process")
        assert b"yqqwallop" not in bytes_of(lake_dir)


def test_month_with_much_garbage_is_written_again(lake_dir: Path, commit: Commit) -> None:
    """The words of earlier revisions do not pile up: a month is written again when it has too many of them."""
    with patch.object(index_module, "_LEAST_GARBAGE", 5):
        for turn in range(8):
            commit(*(Story(number, f"Turn{turn} of the ferry.", seen=turn) for number in range(3)))
            update(lake_dir)
    with closing(sqlite3.connect(index_path(lake_dir))) as found:
        [(garbage,)] = found.execute("SELECT garbage FROM months")
        [(words,)] = found.execute("SELECT count(*) FROM words_2026_02_docsize")
    assert (garbage, words) == (3, 6)
    assert (ids(lake_dir, "turn7"), ids(lake_dir, "turn6")) == ({0, 1, 2}, set())


@pytest.mark.parametrize("damage", ["noise", "header", "cut", "words", "rows"])
def test_damaged_index_is_named_and_rebuilt(lake_dir: Path, commit: Commit, damage: str) -> None:
    """verify names a damaged index and the command that rebuilds it; afterwards it finds everything again."""
    commit(*(Story(number, f"The ferry number{number} waits.") for number in range(50)))
    update(lake_dir)
    break_index(lake_dir, damage)
    [problem, *_] = problems_of_index(lake_dir)
    assert problem.startswith("_state/search.sqlite: ")
    assert problem.endswith("; run `newslake search --rebuild`")
    assert rebuild_index(lake_dir, durability="process").added == 50
    assert problems_of_index(lake_dir) == ()
    assert ids(lake_dir, "number7") == {7}


def break_index(lake_dir: Path, damage: str) -> None:
    path = index_path(lake_dir)
    if damage in ("words", "rows"):
        with closing(sqlite3.connect(path)) as found:
            if damage == "words":
                found.execute("UPDATE words_2026_02_data SET block = zeroblob(40) WHERE id > 10")
            else:
                found.execute("DELETE FROM articles WHERE id = 3")
            found.commit()
        return
    with closing(sqlite3.connect(path)) as found:
        found.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(path.read_bytes())
    if damage == "header":
        data[:100] = bytes(100)
    elif damage == "noise":
        data[4096:] = b"\xa5" * (len(data) - 4096)
    else:
        del data[len(data) // 2 :]
    path.write_bytes(data)


def test_search_in_a_damaged_index_names_it(lake_dir: Path, commit: Commit) -> None:
    """A search in a damaged or missing index is an error with the command that rebuilds it."""
    commit(Story(1, "The ferry waits."))
    with pytest.raises(LakeError, match="is missing; run `newslake search --rebuild`"):
        search_articles(lake_dir, "ferry")
    update(lake_dir)
    break_index(lake_dir, "noise")
    with pytest.raises(LakeError, match=r"cannot be read .*; run `newslake search --rebuild`") as error:
        search_articles(lake_dir, "ferry")
    assert error.value.reason == "search_broken"


def test_damaged_index_does_not_stop_an_erasure(lake: Lake, lake_dir: Path, commit: Commit) -> None:
    """A damaged index is built again by an erasure, without the article."""
    commit(Story(1, "zyqqwallop"), Story(2, "The ferry waits."))
    update(lake_dir)
    break_index(lake_dir, "rows")
    lake.erasure.rows([Story(1).article_id])
    erase_removed(lake_dir, durability="process")
    assert b"yqqwallop" not in bytes_of(lake_dir)
    assert ids(lake_dir, "ferry") == {2}


def test_index_of_an_older_version_is_built_again(lake_dir: Path, commit: Commit) -> None:
    """An index with another version is reported by verify, updates and searches, and built again."""
    commit(Story(1, "The ferry waits."))
    update(lake_dir)
    with closing(sqlite3.connect(index_path(lake_dir))) as found:
        found.execute("PRAGMA user_version = 99")
    for work in (update, lambda folder: ids(folder, "ferry")):
        with pytest.raises(LakeError, match="has version 99, not 2; run `newslake search --rebuild`"):
            work(lake_dir)
    assert "has schema version 99" in problems_of_index(lake_dir)[0]
    rebuild_index(lake_dir, durability="process")
    assert problems_of_index(lake_dir) == ()


def test_concurrent_updates_index_each_article_once(lake: Lake, lake_dir: Path, commit: Commit) -> None:
    """Threads that update, search and commit at once leave the index of the head, with each article once."""
    commit(*(Story(number, "The ferry waits.", day=number % 40) for number in range(40)))
    errors: list[BaseException] = []

    def repeat(work: object) -> None:
        try:
            for _ in range(5):
                work(lake_dir)  # type: ignore[operator]
        except BaseException as error:  # noqa: BLE001 - the main thread raises it
            errors.append(error)

    update(lake_dir)
    works = (update, update, lambda folder: ids(folder, "ferry"))
    threads = [threading.Thread(target=repeat, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for turn in range(5):
        commit(*(Story(number, f"The ferry waits. Turn{turn}.", day=number % 40, seen=turn + 1) for number in range(9)))
    for thread in threads:
        thread.join()
    assert errors == []
    update(lake_dir)
    assert Counter(hit.article_id for hit in search_articles(lake_dir, "ferry", limit=100).hits).total() == 40
    assert ids(lake_dir, "turn4") == set(range(9))
    assert problems_of_index(lake_dir) == ()
    assert lake.index.changes(datetime(2026, 1, 1, tzinfo=UTC)).articles
