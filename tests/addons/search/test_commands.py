"""`newslake search`: hits, filters, JSON and the index that it keeps."""

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newslake.pipeline.addons.search.index import index_path
from newslake.pipeline.lake import Lake
from tests.unit.cli.test_commands import called
from tests.unit.lake.rows import Story, batch_keys, batch_tables, near_duplicate_rows

STORIES = (
    Story(1, "The ferry waits."),
    Story(2, "The bus waits.", day=1),
    Story(3, "The \x1b[31m ferry sank.", day=2),
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A data root with three articles that are not indexed yet."""
    (tmp_path / "sources.toml").touch()
    lake = Lake(tmp_path / "data" / "lake", durability="process", now=lambda: datetime.now(UTC))
    lake.stage("b1", batch_tables(STORIES), batch_keys(STORIES))
    lake.commit(["b1"], is_current=lambda *_: True)
    return tmp_path


def search(root: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return called("search", *args, cwd=root, NEWS_DATA_DIR=str(root / "data"), NEWS_DURABILITY="process")


def test_hits_are_printed(root: Path) -> None:
    """A search makes the index first, and prints title, day, source, id, offsets and snippet; controls are visible."""
    done = search(root, "ferry")
    assert done.returncode == 0, done.stderr
    assert "2. Story" in done.stdout
    assert f"2026-02-03, harbour, {STORIES[0].article_id} " in done.stdout
    assert "said: “The ferry waits.”" in done.stdout
    assert "\x1b[31m" not in done.stdout
    assert "2 matching articles" in done.stderr


def test_json_has_ids_and_offsets(root: Path) -> None:
    """The JSON has the text, the count, and per hit the id and the offsets of the first match."""
    found = json.loads(search(root, "waits", "-bus", "--json").stdout)
    assert (found["text"], found["total"], found["is_current"]) == ("waits -bus", 1, True)
    [hit] = found["hits"]
    assert hit["article_id"] == STORIES[0].article_id
    assert STORIES[0].text[hit["start_char"] : hit["end_char"]] == "waits"
    assert hit["title"] == "Story 1"


def test_duplicates_are_marked(root: Path) -> None:
    """A hit that repeats an earlier article names it; the JSON has the group of every hit."""
    lake = Lake(root / "data" / "lake", durability="process", now=lambda: datetime.now(UTC))
    first, last = STORIES[0], STORIES[2]
    rows = near_duplicate_rows([last], {last.article_id: first.article_id})
    lake.replace("near_duplicates", lambda: {last.published_date: rows})
    assert search(root, "ferry").stdout.count(f", duplicate of {first.article_id}\n") == 1
    hits = json.loads(search(root, "ferry", "--json").stdout)["hits"]
    assert {hit["article_id"]: hit["is_duplicate"] for hit in hits} == {first.article_id: False, last.article_id: True}
    assert {hit["dup_group_id"] for hit in hits} == {first.article_id}


def test_filters_select(root: Path) -> None:
    """Period, source and limit select; the next page is named."""
    found = json.loads(search(root, "story", "--from", "2026-02-04", "--to", "2026-02-04", "--json").stdout)
    assert [hit["article_id"] for hit in found["hits"]] == [STORIES[1].article_id]
    assert json.loads(search(root, "story", "--source", "other", "--json").stdout)["total"] == 0
    assert "--offset 1 shows the next ones" in search(root, "story", "--limit", "1").stderr
    assert "no matching articles" in search(root, "aeroplane").stderr


def test_rebuild(root: Path) -> None:
    """--rebuild makes the index again from all articles, also a damaged one, and prints its size."""
    search(root, "ferry")
    index_path(root / "data" / "lake").write_bytes(b"no database at all" * 500)
    done = search(root, "--rebuild")
    assert (done.returncode, done.stdout.startswith("search index: 3 articles, 0.")) == (0, True)
    facts = json.loads(search(root, "--rebuild", "--json").stdout)
    assert (facts["articles"], facts["months"]) == (3, 1)
    assert json.loads(search(root, "--rebuild", "ferry", "--json").stdout)["total"] == 2


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ((), "give the words to find, or --rebuild"),
        (("!!",), "write a word to find"),
        (("ferry", "--limit", "500"), "limit=500 is not between 1 and 100"),
        (("ferry", "--from", "yesterday"), "--from 'yesterday' is not a valid date"),
    ],
)
def test_invalid_calls_are_named(root: Path, args: tuple[str, ...], message: str) -> None:
    """An invalid call exits with 2 and says what to do."""
    done = search(root, *args)
    assert done.returncode == 2
    assert message in done.stderr
