"""Exports and snapshots are of one instant, also after an interrupted commit."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from newslake.pipeline.addons.share.export import Selection, export
from newslake.pipeline.lake import Lake
from newslake.pipeline.lake.partitions import Partitions
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
@pytest.mark.parametrize("step", ["commit", "publish"])
def test_article_that_moves_is_exported_once(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, act: Callable[[Lake, Path], str], step: str
) -> None:
    """After an interrupted commit, an article that moves is on its old day, or on its new one, never on both."""
    commit(lake, [Story(1), Story(2)])

    def die(*_: Any, **__: Any) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(Partitions, step, die)
    with pytest.raises(KeyboardInterrupt):
        commit(lake, [Story(1, day=1)], batch_id="b2")
    monkeypatch.undo()
    days = 1 if step == "commit" else 2
    assert len(lake.days()) == days
    files = act(open_lake(tmp_path / "lake"), tmp_path)
    counts = "count(*), count(DISTINCT article_id), count(DISTINCT published_date)"
    assert duckdb.sql(f"SELECT {counts} FROM '{files}'").fetchall() == [(2, 2, days)]
