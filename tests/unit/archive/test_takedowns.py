"""Takedowns are stored so that corruption of any byte is detected."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.archive import FetchState, TakedownPlan, Takedowns

NOW = datetime(2026, 2, 3, 12, tzinfo=UTC)
NAME, PAGE, REASON = "0123456789abcdef0123456789abcdef", "https://harbour-post.example/ferry", "court order 12/26"
WORK = TakedownPlan(page_keys=frozenset([PAGE]), article_ids=frozenset([NAME]))


def begin(root: Path) -> str:
    """Record a takedown and return its id; its database is one file without a WAL file."""
    FetchState(root, durability="process").seen("none")
    takedowns = Takedowns(root, durability="process")
    return takedowns.begin("article", names=[NAME], work=WORK, at=NOW, reason=REASON).takedown_id


def problems(root: Path) -> tuple[str, ...]:
    return tuple(map(str, FetchState(root, durability="process").verify()))


@pytest.mark.parametrize("text", [REASON, PAGE, NAME])
def test_flipped_byte_of_a_takedown_is_reported(tmp_path: Path, text: str) -> None:
    """A changed letter in the reason, the plan or a blocked name is damage, wherever it is in the file."""
    begin(tmp_path)
    path = tmp_path / "state.sqlite"
    assert problems(tmp_path) == ()
    whole, at = path.read_bytes(), -1
    while (at := whole.find(text.encode(), at + 1)) >= 0:
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        [problem] = problems(tmp_path)
        assert "restore it from a backup" in problem
        assert "--drop-damaged" not in problem
    assert text.encode() in whole


def test_checksum_follows_every_change(tmp_path: Path) -> None:
    """A widened takedown and a finished one have valid checksums, like a new one."""
    takedown_id = begin(tmp_path)
    Takedowns(tmp_path).widen(takedown_id, names=["another"], work=WORK)
    assert problems(tmp_path) == ()
    assert Takedowns(tmp_path).work(takedown_id) == WORK
    Takedowns(tmp_path).finish(takedown_id)
    assert problems(tmp_path) == ()
    assert [each.reason for each in Takedowns(tmp_path).all()] == [REASON]
