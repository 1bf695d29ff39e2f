"""Takedowns are stored so that corruption of any byte is detected."""

import gc
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

import newslake.pipeline.archive.takedowns as takedowns_module
from newslake.pipeline.archive import FetchState, TakedownPlan, Takedowns

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


def test_killed_finish_leaves_no_plan(tmp_path: Path) -> None:
    """A process that ends after the plan is deleted, and before the file is rewritten, leaves the takedown unfinished.

    Finishing it again deletes the bytes of the plan.
    """
    takedown_id = begin(tmp_path)
    if (child := os.fork()) == 0:
        takedowns_module.vacuum_and_truncate = lambda _: os._exit(9)  # type: ignore[assignment]
        Takedowns(tmp_path, durability="process").finish(takedown_id)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9

    again = Takedowns(tmp_path, durability="process")
    assert [each.is_done for each in again.all()] == [False]
    assert again.work(takedown_id) == TakedownPlan()
    again.finish(takedown_id)
    assert [(each.is_done, each.articles) for each in again.all()] == [(True, 1)]
    assert problems(tmp_path) == ()
    del again
    gc.collect()
    assert not [path for path in tmp_path.glob("state.sqlite*") if PAGE.encode() in path.read_bytes()]


def blocking(root: Path, copies: Path) -> Takedowns:
    return Takedowns(root, copies=copies, durability="process")


def test_lost_takedowns_come_back_from_their_copies(tmp_path: Path) -> None:
    """Without its database, every name is blocked again, publishers and sources too; a revoked takedown is not."""
    root, copies = tmp_path / "archive", tmp_path / "takedowns"
    takedowns = blocking(root, copies)
    names = {NAME, "publisher:0123", "source:4567"}
    kept = takedowns.begin("publisher", names=names, work=WORK, at=NOW, reason=REASON).takedown_id
    takedowns.finish(kept)
    takedowns.block_alias("alias", like=[NAME])
    revoked = takedowns.begin("article", names=["revoked"], work=WORK, at=NOW, reason=None).takedown_id
    takedowns.finish(revoked)
    assert takedowns.revoke(revoked)
    before = takedowns.all()
    for path in root.glob("state.sqlite*"):
        path.unlink()
    done = blocking(root, copies).restore()
    assert set(done) == {f"restored takedown {each} from its copy" for each in (kept, revoked)}
    again = blocking(root, copies)
    assert (set(again.names()), again.all(), again.known()) == ({*names, "alias"}, before, {kept, revoked})
    assert (list(again.verify()), again.restore()) == ([], ())


@pytest.mark.parametrize("data", [None, b"", b"{}", b'{"names": [], "checksum": 1}'])
def test_lost_copy_is_reported_and_written_again(tmp_path: Path, data: bytes | None) -> None:
    """A copy that is missing or damaged is named, and written again from the database."""
    takedowns = blocking(tmp_path / "archive", tmp_path / "takedowns")
    takedown_id = takedowns.begin("article", names=[NAME], work=WORK, at=NOW, reason=REASON).takedown_id
    path = tmp_path / "takedowns" / f"{takedown_id}.json"
    whole = path.read_bytes()
    path.unlink() if data is None else path.write_bytes(data)
    [problem] = takedowns.verify()
    assert str(problem).startswith(f"takedowns/{takedown_id}.json: ")
    assert takedowns.restore() == (f"wrote the copy of takedown {takedown_id}",)
    assert path.read_bytes() == whole


def test_older_backup_loses_no_takedown(tmp_path: Path) -> None:
    """A database restored from before a takedown gets it from the copy; no page in clear text is in a copy."""
    root, copies = tmp_path / "archive", tmp_path / "takedowns"
    blocking(root, copies).names()
    backup = (root / "state.sqlite").read_bytes()
    takedown_id = blocking(root, copies).begin("article", names=[NAME], work=WORK, at=NOW, reason=REASON).takedown_id
    for path in root.glob("state.sqlite*"):
        path.unlink()
    (root / "state.sqlite").write_bytes(backup)
    blocking(root, copies).restore()
    assert blocking(root, copies).is_blocked(NAME)
    assert PAGE.encode() not in (copies / f"{takedown_id}.json").read_bytes()


def lose_database(root: Path) -> None:
    for path in root.glob("state.sqlite*"):
        path.unlink()


def test_unfinished_takedown_comes_back_with_its_articles(tmp_path: Path) -> None:
    """Without its database, a takedown that was not finished is not done; its plan has the articles, hashed."""
    root, copies = tmp_path / "archive", tmp_path / "takedowns"
    names = {NAME, "publisher:0123"}
    takedown_id = blocking(root, copies).begin("publisher", names=names, work=WORK, at=NOW, reason=None).takedown_id
    lose_database(root)
    again = blocking(root, copies)
    again.restore()
    assert [each.is_done for each in again.all()] == [False]
    assert again.work(takedown_id) == TakedownPlan(article_ids=frozenset([NAME]), publisher="publisher:0123")
    again.finish(takedown_id)
    lose_database(root)
    blocking(root, copies).restore()
    assert [each.is_done for each in blocking(root, copies).all()] == [True]


def test_damaged_copy_of_a_lost_takedown_is_reported(tmp_path: Path) -> None:
    """If the database has lost a takedown and its copy is damaged, verify and each restore say so."""
    root, copies = tmp_path / "archive", tmp_path / "takedowns"
    takedown_id = blocking(root, copies).begin("article", names=[NAME], work=WORK, at=NOW, reason=None).takedown_id
    lose_database(root)
    (copies / f"{takedown_id}.json").write_bytes(b"{}")
    again = blocking(root, copies)
    for _ in range(2):
        [problem], [done] = again.verify(), again.restore()
        assert str(problem).startswith(f"takedowns/{takedown_id}.json: is damaged, and the database has lost")
        assert done.startswith(f"takedowns/{takedown_id}.json is damaged, and the database has lost")


def test_older_backup_undoes_no_revocation(tmp_path: Path) -> None:
    """A database restored from before a revocation gets it from the copy: the names are free again."""
    root, copies = tmp_path / "archive", tmp_path / "takedowns"
    takedowns = blocking(root, copies)
    takedown_id = takedowns.begin("article", names=[NAME], work=WORK, at=NOW, reason=None).takedown_id
    takedowns.finish(takedown_id)
    backup = (root / "state.sqlite").read_bytes()
    assert takedowns.revoke(takedown_id)
    lose_database(root)
    (root / "state.sqlite").write_bytes(backup)
    again = blocking(root, copies)
    assert again.is_blocked(NAME)
    assert again.restore() == (f"restored takedown {takedown_id} from its copy",)
    assert (again.names(), again.all(), again.known()) == ((), (), {takedown_id})
    assert (list(again.verify()), problems(root), again.restore()) == ([], (), ())


def rot(path: Path) -> None:
    """Damage a file in place, so that it keeps its size, its times and its inode."""
    data, state = path.read_bytes(), path.stat()
    path.write_bytes(data[::-1])
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


def test_damage_that_keeps_size_and_time_is_repaired(tmp_path: Path) -> None:
    """A copy with bit rot is not seen by a quick restore, but named by verify and written again as verify advises."""
    root, copies = tmp_path / "archive", tmp_path / "takedowns"
    takedown_id = blocking(root, copies).begin("article", names=[NAME], work=WORK, at=NOW, reason=None).takedown_id
    assert blocking(root, copies).restore() == ()
    rot(copies / f"{takedown_id}.json")
    assert blocking(root, copies).restore(is_quick=True) == ()
    [problem] = blocking(root, copies).verify()
    assert str(problem).endswith("run `newslake lake repair`")
    assert blocking(root, copies).restore() == (f"wrote the copy of takedown {takedown_id}",)
    assert list(blocking(root, copies).verify()) == []


def test_copies_are_compared_again_only_after_a_change(tmp_path: Path) -> None:
    """While neither copies nor takedowns change, a quick restore reads no copy; it notices a change in either place."""
    root, copies = tmp_path / "archive", tmp_path / "takedowns"
    takedown_id = blocking(root, copies).begin("article", names=[NAME], work=WORK, at=NOW, reason=None).takedown_id
    path = copies / f"{takedown_id}.json"
    assert blocking(root, copies).restore(is_quick=True) == ()
    Takedowns(root, durability="process").block_alias("alias", like=[NAME])  # as if killed before the copy was written
    assert blocking(root, copies).restore(is_quick=True) == (f"wrote the copy of takedown {takedown_id}",)
    assert blocking(root, copies).restore(is_quick=True) == ()
    path.unlink()
    assert blocking(root, copies).restore(is_quick=True) == (f"wrote the copy of takedown {takedown_id}",)
