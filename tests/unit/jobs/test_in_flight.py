"""Items in flight: an item that ends its process is found and set aside."""

import json
import os
import signal
from multiprocessing import get_context
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from newslake.pipeline.jobs.in_flight import FileTurns, open_turns


def _die(folder: str, keys: tuple[str, ...], version: str) -> None:
    with open_turns(FileTurns(Path(folder)), version=version) as turns:
        turns.begin("earlier")
        turns.begin(*keys)
        os.kill(os.getpid(), signal.SIGKILL)


def _kill_at(folder: Path, *keys: str, version: str = "v1") -> None:
    process = get_context("spawn").Process(target=_die, args=(str(folder), keys, version))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL


def test_item_is_poison_after_two_deaths(tmp_path):
    """One death makes an item a suspect, two set it aside; items before and after it are neither."""
    _kill_at(tmp_path, "https://a.example/7", "https://a.example/8")
    with open_turns(FileTurns(tmp_path), version="v1") as turns:
        assert turns.is_suspect("https://a.example/7")
        assert turns.is_suspect("https://a.example/8")
        assert not turns.is_suspect("earlier")
        assert turns.poison("https://a.example/7", name="7") is None
        turns.begin("https://a.example/8")

    _kill_at(tmp_path, "https://a.example/7")
    with open_turns(FileTurns(tmp_path), version="v1") as turns:
        error = turns.poison("https://a.example/7", name="7")
        assert error is not None
        assert (error.reason, error.disposition) == ("killed_worker", "quarantine")
        assert not turns.is_suspect("https://a.example/8")


def _die_in_trial(folder: str) -> None:
    with open_turns(FileTurns(Path(folder)), version="v1") as turns:
        turns.begin_trial("a")
        os.kill(os.getpid(), signal.SIGKILL)


def test_three_joint_deaths_set_a_suspect_aside(tmp_path):
    """If processes die together with the children that read an article, the third such death sets it aside.

    A process that ends well after such a trial clears them.
    """
    for deaths in (1, 2, 0, 1, 2, 3):
        if deaths == 0:
            with open_turns(FileTurns(tmp_path), version="v1") as turns:
                turns.begin_trial("a")
        else:
            process = get_context("spawn").Process(target=_die_in_trial, args=(str(tmp_path),))
            process.start()
            process.join(60)
        with open_turns(FileTurns(tmp_path), version="v1") as turns:
            assert turns.joint_deaths("a") == deaths
            poison = turns.poison_of_joint_deaths("a", name="a")
            assert (poison is not None) == (deaths == 3)
    with open_turns(FileTurns(tmp_path), version="v1") as turns:
        assert turns.joint_deaths("a") == 0


def test_other_version_tries_the_item_again(tmp_path):
    """Deaths count for one pipeline version."""
    for _ in range(2):
        _kill_at(tmp_path, "a")
    with open_turns(FileTurns(tmp_path), version="v2") as turns:
        assert turns.poison("a", name="a") is None


def test_turns_of_a_living_process_do_not_count(tmp_path):
    """While a process lives, its items are nobody's death; after a good end there is no trace of them."""
    with open_turns(FileTurns(tmp_path), version="v1") as turns:
        turns.begin("a")
        with open_turns(FileTurns(tmp_path), version="v1") as other:
            assert not other.is_suspect("a")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lock"]


@pytest.mark.parametrize(("error", "is_suspect"), [(MemoryError, True), (OSError, False), (KeyboardInterrupt, False)])
def test_memory_error_counts_as_a_death(tmp_path, error, is_suspect):
    """No memory counts as a death of the items in flight; any other exception does not."""
    with pytest.raises(error):
        _end_with(error, tmp_path, "a")
    with open_turns(FileTurns(tmp_path), version="v1") as turns:
        assert turns.is_suspect("a") == is_suspect


def _open_often(folder: str, ends: Event) -> None:
    while not ends.is_set():
        with open_turns(FileTurns(Path(folder)), version="v1"):
            pass


def _end_with(error: type[BaseException], folder: Path, item: str) -> None:
    with open_turns(FileTurns(folder), version="v1") as turns:
        turns.begin(item)
        raise error


def _count(folder: Path) -> int:
    try:
        return max(json.loads((folder / "deaths.json").read_bytes()).values())
    except FileNotFoundError:
        return 0


@pytest.mark.parametrize("error", [MemoryError, OSError])
def test_end_is_counted_once_while_others_begin(tmp_path, error):
    """While other processes open their turns, an ordinary end counts as no death, and a MemoryError as one."""
    context = get_context("spawn")
    ends = context.Event()
    others = [context.Process(target=_open_often, args=(str(tmp_path), ends)) for _ in range(2)]
    for each in others:
        each.start()
    counts = set()
    try:
        for number in range(300):
            with pytest.raises(error):
                _end_with(error, tmp_path, f"item {number}")
            with open_turns(FileTurns(tmp_path), version="v1") as turns:
                counts.add(_count(tmp_path))
                turns.begin(f"item {number}")  # a good end clears its deaths
    finally:
        ends.set()
        for each in others:
            each.join(60)
    assert counts == {1 if error is MemoryError else 0}


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"3", b'{"a": "x"}'])
def test_damaged_counts_are_forgotten(tmp_path, content):
    """A torn file of deaths is an empty one: an item must end two more processes."""
    (tmp_path / "deaths.json").write_bytes(content)
    with open_turns(FileTurns(tmp_path), version="v1") as turns:
        assert not turns.is_suspect("a")


def test_files_hold_no_names(tmp_path):
    """Neither the turn nor the counts contain the key of an item."""
    _kill_at(tmp_path, "https://a.example/secret")
    with open_turns(FileTurns(tmp_path), version="v1"):
        assert all(b"secret" not in path.read_bytes() for path in tmp_path.iterdir())
        assert (tmp_path / "deaths.json").exists()
