"""Objects in a folder: what its files promise."""

import os
import signal
import subprocess
import sys
import time

import pytest

from newslake.pipeline.errors import StoreError
from tests.store.folder import FolderObjects

WRITER = """
import sys
from pathlib import Path
from tests.store.folder import FolderObjects
objects = FolderObjects(Path(sys.argv[1]), durability="process")
number = 0
while True:
    number += 1
    print(number, flush=True)
    objects.put_new(f"new/{number}", b"%d" % number * 200_000)
    objects.put("same", b"%d" % (number % 10) * 200_000)
"""


def test_link_out_of_the_folder_is_not_followed(tmp_path):
    """A folder that is a link to another place takes no objects, and gives none."""
    objects = FolderObjects(tmp_path / "objects")
    objects.put("a/b", b"inside")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_bytes(b"secret")
    (tmp_path / "objects" / "link").symlink_to(tmp_path / "outside")

    for use in (lambda: objects.get("link/secret"), lambda: objects.put("link/new", b"x")):
        with pytest.raises(StoreError, match="leaves"):
            use()
    assert [path.name for path in (tmp_path / "outside").iterdir()] == ["secret"]


@pytest.mark.parametrize("put", [FolderObjects.put, FolderObjects.put_new])
def test_key_that_is_the_folder_of_another_is_refused(tmp_path, put):
    """A file cannot be a folder too, so the second of both keys is refused by name."""
    objects = FolderObjects(tmp_path)
    objects.put("a/b", b"x")
    with pytest.raises(StoreError, match="a/b/c is a folder of other keys, or below an object"):
        put(objects, "a/b/c", b"y")
    assert objects.get("a/b") == b"x"


@pytest.mark.parametrize("step", ["made", "put", "deleted"])
def test_repeated_call_makes_the_name_durable(tmp_path, monkeypatch, step):
    """A process died before its folders were synced: the same call, repeated, returns after they are."""
    objects = FolderObjects(tmp_path, durability="full")
    if step == "made":
        (tmp_path / "a" / "b").mkdir(parents=True)
    else:
        objects.put_new("a/b/c", b"x")
        objects.put_new("a/b/other", b"x")
    if step == "deleted":
        (tmp_path / "a" / "b" / "c").unlink()
    synced, sync = [], os.fsync

    def watch(descriptor: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", watch)
    if step == "deleted":
        objects.delete("a/b/c")
    else:
        assert objects.put_new("a/b/c", b"x")
    assert {str(tmp_path / "a" / "b"), str(tmp_path / "a"), str(tmp_path)} <= set(synced)


def test_killed_writer_leaves_whole_objects(tmp_path):
    """After kill -9 at any moment each object is whole, and the next writer goes on."""
    for milliseconds in (5, 20, 60, 110):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE)
        writer.stdout.readline()
        time.sleep(milliseconds / 1000)
        os.kill(writer.pid, signal.SIGKILL)
        writer.communicate()
        objects = FolderObjects(tmp_path)
        for each in objects.list():
            data = objects.get(each.key)
            digits = each.key.removeprefix("new/").encode() if each.key != "same" else data[:1]
            assert data == digits * 200_000
        for each in list(objects.list()):
            objects.delete(each.key)
