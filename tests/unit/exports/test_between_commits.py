"""Exports and snapshots are of one instant, also after an interrupted commit."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipeline.exports import Selection, export
from pipeline.lake import Lake
from pipeline.lake.partitions import Days
from tests.unit.lake.rows import Story
from tests.unit.lake.test_commit import commit, lake, open_lake

__all__ = ["lake"]


def export_to(lake: Lake, root: Path) -> str:
    export(lake, root / "out", form="folder", selection=Selection(), report_progress=lambda _: None)
    return f"{root}/out/articles.parquet"


def snapshot_to(lake: Lake, root: Path) -> str:
    lake.snapshots.take("v1")
    return f"{root}/snapshots/v1/tables/articles/*/*.parquet"


@pytest.mark.parametrize("act", [export_to, snapshot_to])
def test_article_that_moves_is_exported_once(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: Callable[[Lake, Path], str]
) -> None:
    """After an interrupted commit, an article is on its new and its old day: the commit is finished before copying."""
    commit(lake, [Story(1), Story(2)])
    rewrite, calls = Days.rewrite, []

    def dies_second(*args: Any, **given: Any) -> int:
        calls.append(args)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return rewrite(*args, **given)

    monkeypatch.setattr(Days, "rewrite", dies_second)
    with pytest.raises(KeyboardInterrupt):
        commit(lake, [Story(1, day=1)], batch_id="b2")
    monkeypatch.undo()
    assert lake.read("articles").num_rows == 3
    files = act(open_lake(tmp_path / "lake"), tmp_path)
    found = duckdb.sql(f"SELECT count(*), count(DISTINCT article_id) FROM '{files}'").fetchall()
    assert found == [(2, 2)]
