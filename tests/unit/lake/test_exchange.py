"""Two folders are exchanged in one step, or nothing changes and the error says why."""

import errno
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from newslake.pipeline.errors import LakeError
from newslake.pipeline.lake.exchange import check_exchange, exchange
from tests.without_exchange import SYSTEM_CALLS, machine, mount_overlay

PROGRAM = """
import errno, sys
from pathlib import Path
from newslake.pipeline.errors import LakeError
from newslake.pipeline.lake.exchange import check_exchange
from tests.without_exchange import forbid_exchange

forbid_exchange(int(sys.argv[1]))
try:
    check_exchange(Path(sys.argv[2]))
except (LakeError, OSError) as error:
    print(getattr(error, "reason", error.__class__.__name__), error)
"""


def folder_with(path: Path, name: str) -> Path:
    path.mkdir()
    (path / name).write_text(name)
    return path


def names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


def test_folders_change_places(tmp_path: Path) -> None:
    """After the exchange each path has the files of the other."""
    old, new = folder_with(tmp_path / "old", "1"), folder_with(tmp_path / "new", "2")
    exchange(old, new)
    assert (names(old), names(new)) == (["2"], ["1"])


def test_file_and_folder_change_places(tmp_path: Path) -> None:
    """A file and a folder with a name outside ASCII are exchanged too."""
    file, folder = tmp_path / "Datei ü", folder_with(tmp_path / "Ordner ö", "1")
    file.write_text("text")
    exchange(file, folder)
    assert (names(file), folder.read_text()) == (["1"], "text")


def test_reader_sees_one_of_both(tmp_path: Path) -> None:
    """A reader who lists during exchanges sees the old or the new files, never both and never none."""
    public, hidden = folder_with(tmp_path / "public", "old"), folder_with(tmp_path / "hidden", "new")
    seen: Counter[tuple[str, ...]] = Counter()
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            seen[tuple(names(public))] += 1

    reader = threading.Thread(target=read)
    reader.start()
    until = time.monotonic() + 300
    while min(seen.total() - 1000, len(seen) - 2) < 0 and time.monotonic() < until:
        exchange(public, hidden)
    stop.set()
    reader.join()
    assert seen.keys() == {("old",), ("new",)}


@pytest.mark.parametrize("missing", ["first", "second"])
def test_missing_path_is_named(tmp_path: Path, missing: str) -> None:
    """A missing path is an OSError of the system with its name; the other stays."""
    paths = {name: tmp_path / name for name in ("first", "second")}
    (other,) = (path for name, path in paths.items() if name != missing)
    folder_with(other, "1")
    with pytest.raises(FileNotFoundError) as raised:
        exchange(paths["first"], paths["second"])
    assert raised.value.filename == str(paths[missing])
    assert names(other) == ["1"]


def test_probe_leaves_nothing(tmp_path: Path) -> None:
    """The probe passes on this file system and leaves nothing."""
    check_exchange(tmp_path)
    assert names(tmp_path) == []


def probe_without_exchange(number: int, folder: Path) -> str:
    """Return the error of the probe in a process in which the kernel answers the call with an error."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(number), str(folder)], capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.skipif(machine() not in SYSTEM_CALLS, reason="the number of the system call is not known here")
@pytest.mark.parametrize("number", [errno.ENOSYS, errno.EINVAL, errno.ENOTSUP], ids=errno.errorcode.get)
def test_system_without_exchange_is_refused(tmp_path: Path, number: int) -> None:
    """An old kernel or a file system without exchange is one sentence: what, which folder, what to do."""
    said = errno.EINVAL if number == errno.ENOSYS else number  # glibc says so
    assert probe_without_exchange(number, tmp_path) == (
        f"no_exchange {tmp_path} cannot be compacted: its file system cannot exchange two folders in one step "
        f"({os.strerror(said)}); go on without compaction, or move the lake to ext4, XFS or Btrfs\n"
    )
    assert names(tmp_path) == []


@pytest.mark.skipif(machine() not in SYSTEM_CALLS, reason="the number of the system call is not known here")
def test_other_errors_are_the_systems(tmp_path: Path) -> None:
    """A read-only disk is not taken for one without exchange."""
    said = probe_without_exchange(errno.EROFS, tmp_path)
    assert said.startswith("OSError [Errno 30] Read-only file system: ")
    assert str(tmp_path) in said


@pytest.fixture
def overlay(tmp_path: Path) -> Iterator[Path]:
    """A mounted overlay whose lower layer has the folders `1` and `2`, as an image of a container has."""
    for name in ("1", "2"):
        (tmp_path / "lower" / name).mkdir(parents=True)
    with mount_overlay(tmp_path) as disk:
        yield disk


def test_folders_of_an_image_are_refused(overlay: Path) -> None:
    """Folders of a lower layer are refused by a real file system, and stay as they were; new ones are exchanged."""
    (overlay / "1" / "a").touch()
    with pytest.raises(LakeError, match=f"{overlay} cannot be compacted") as raised:
        exchange(overlay / "1", overlay / "2")
    assert raised.value.reason == "no_exchange"
    assert (names(overlay / "1"), names(overlay / "2")) == (["a"], [])
    check_exchange(overlay)
