"""Reading ahead: the same bytes as single reads, with fewer requests where a reader goes through a file."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newslake.pipeline.shared.warc_objects import ReadAhead, WarcObjects
from tests.store.folder import FolderObjects
from tests.store.stores import new_folder

DATA = bytes(range(256)) * 4


class CountingObjects(FolderObjects):
    """Objects that count the requests for a range."""

    requests = 0

    def get_range(self, key: str, *, offset: int, length: int) -> bytes | None:
        self.requests += 1
        return super().get_range(key, offset=offset, length=length)


@given(
    reads=st.lists(st.tuples(st.sampled_from(["a", "b", "none"]), st.integers(0, 1_100), st.integers(1, 200))),
    window=st.integers(1, 400),
    memory=st.integers(1, 900),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_reads_return_the_bytes(tmp_path, reads, window, memory):
    """Any ranges, in any order, of several files, have the bytes of the objects."""
    objects = new_folder(tmp_path)
    objects.put("a", DATA)
    objects.put("b", DATA[::-1])
    ahead = ReadAhead(objects, window_bytes=window, memory_bytes=memory)
    for name, offset, length in reads:
        assert ahead.read(name, offset=offset, length=length) == objects.get_range(name, offset=offset, length=length)


@pytest.mark.parametrize(("gap", "requests"), [(0, 8), (3, 8), (-60, 20)])
def test_reader_of_a_whole_file_makes_few_requests(tmp_path, gap, requests):
    """Twenty ranges one after another need a request per window; in the opposite order each needs its own."""
    objects = CountingObjects(tmp_path)
    objects.put("a", bytes(range(256)) * 8)
    ahead = ReadAhead(objects, window_bytes=100)
    start = 0 if gap >= 0 else 1_500
    for number in range(20):
        offset = start + number * (30 + gap)
        assert ahead.read("a", offset=offset, length=30) == objects.get("a")[offset : offset + 30]
    assert objects.requests == requests


@pytest.mark.parametrize(("files", "requests"), [(8, 2 * 8), (12, 4 * 12)])
def test_windows_of_the_last_files_are_kept(tmp_path, files, requests):
    """A reader of several files in turn needs two requests each, while their windows have room in memory."""
    objects = CountingObjects(tmp_path)
    for number in range(files):
        objects.put(f"{number}", DATA)
    ahead = ReadAhead(objects, window_bytes=600, memory_bytes=8 * 600)
    for offset in (0, 100, 200, 300):
        for number in range(files):
            assert ahead.read(f"{number}", offset=offset, length=50) == DATA[offset : offset + 50]
    assert objects.requests <= requests
    assert (objects.requests == 2 * files) is (files == 8)


def test_threads_read_their_own_bytes(tmp_path):
    """Threads that share the windows get the bytes that they read."""
    objects = new_folder(tmp_path)
    for number in range(4):
        objects.put(f"{number}", DATA[number:])
    ahead = ReadAhead(objects, window_bytes=300, memory_bytes=700)

    def read(seed: int) -> bool:
        chance = random.Random(seed)
        for _ in range(400):
            number, offset, length = chance.randrange(4), chance.randrange(1_000), chance.randrange(1, 90)
            if ahead.read(f"{number}", offset=offset, length=length) != DATA[number:][offset : offset + length]:
                return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(read, range(6))) == [True] * 6


def test_windows_end_with_their_file_and_their_time(tmp_path):
    """No window is kept of a file that is gone, once the store says so, and none for more than a minute."""
    objects, seconds = new_folder(tmp_path), [0.0]
    files = WarcObjects(objects, clock=lambda: seconds[0])

    def is_kept(name: str) -> bool:
        before = objects.get(name)
        objects.put(name, b"-" * len(DATA))
        kept = files.read(name, offset=20, length=10) == DATA[20:30]
        objects.put(name, before)
        return kept

    for name in ("a", "b", "c"):
        objects.put(name, DATA)
        files.read(name, offset=0, length=10)
        files.read(name, offset=10, length=10)
    assert is_kept("a")
    objects.delete("b")
    assert not files.exists("b")
    objects.put("b", DATA)
    assert not is_kept("b")
    seconds[0] = 59
    assert is_kept("c")
    seconds[0] = 61
    assert not is_kept("a")
    assert not is_kept("c")
