"""The contract of ``Bucket``, over a folder and over a bucket."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newslake.pipeline.errors import StoreError
from newslake.pipeline.shared.bucket import is_key
from tests.long_form import LONG

CHUNK = 1 << 23


def keys_in(objects, folder: str = "") -> list[str]:
    return [each.key for each in objects.list(folder)]


def test_put_new_keeps_the_first_object(objects):
    """The second put of other bytes is refused, and changes nothing."""
    assert objects.put_new("a/b.txt", b"first") is True
    assert objects.put_new("a/b.txt", b"other") is False
    assert objects.get("a/b.txt") == b"first"


def test_put_new_of_the_same_bytes_is_done(objects):
    """A put of the same bytes again has succeeded: so it can be repeated after a lost answer."""
    assert [objects.put_new("a", b"same"), objects.put_new("a", b"same")] == [True, True]
    assert objects.get("a") == b"same"


def test_one_of_many_writers_wins(objects):
    """Of eight writers of one key one wins, each time, and its bytes are there."""
    for number in range(6):
        with ThreadPoolExecutor(8) as pool:
            won = list(pool.map(lambda writer, key=f"race/{number}": objects.put_new(key, b"%d" % writer), range(8)))
        assert won.count(True) == 1
        assert objects.get(f"race/{number}") == b"%d" % won.index(True)


def test_put_replaces(objects):
    """A put replaces the object, also by a shorter one."""
    for data in (b"long long", b"short", b""):
        objects.put("a", data)
        assert objects.get("a") == data
        assert objects.info("a").size == len(data)


@pytest.mark.parametrize(
    "read",
    [
        lambda objects: objects.get("none"),
        lambda objects: objects.get_range("none", offset=0, length=1),
        lambda objects: objects.get_range("none", offset=0, length=0),
        lambda objects: objects.read_chunks("none"),
        lambda objects: objects.info("none"),
        lambda objects: objects.get("folder"),
        lambda objects: objects.get("folder/a/below"),
    ],
)
def test_absent_object_returns_none(objects, read: Callable):
    """What is not there is None, however it is read: also a folder, and a key below an object."""
    objects.put("folder/a", b"a")

    assert read(objects) is None


def test_delete_is_idempotent(objects):
    """A deleted object is gone, for every kind of reading; the next delete does nothing; the key is free again."""
    objects.put("folder/a", b"a")
    objects.put("folder/b", b"b")
    objects.delete("folder/a")
    objects.delete("folder/a")
    objects.delete("folder")

    assert (objects.get("folder/a"), objects.info("folder/a"), keys_in(objects)) == (None, None, ["folder/b"])
    assert objects.put_new("folder/a", b"new") is True


def test_writers_of_one_folder_do_not_disturb_each_other(objects):
    """Four threads that put, list, read and delete objects of one folder, which is empty at times, see their own."""

    def work(writer: int) -> bool:
        for number in range(25):
            key, data = f"d/e/{writer}-{number % 2}", b"%d of %d" % (number, writer)
            if not objects.put_new(key, data) or objects.get(key) != data or key not in keys_in(objects, "d"):
                return False
            objects.put(key, data * 2)
            if objects.get(key) != data * 2:
                return False
            objects.delete(key)
            if objects.get(key) is not None:
                return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(work, range(4))) == [True] * 4
    assert keys_in(objects) == []


def test_large_object_is_read_in_pieces(objects):
    """An object of more than two pieces comes back whole, in pieces of at most eight megabytes."""
    data = bytes(range(256)) * 70_000
    objects.put_new("large", data)
    pieces = list(objects.read_chunks("large"))

    assert b"".join(pieces) == data
    assert [len(piece) for piece in pieces] == [CHUNK, CHUNK, len(data) - 2 * CHUNK]


def test_listing_is_in_order_with_sizes_and_times(objects):
    """A listing has all objects below a folder, by the bytes of their keys, with sizes and times in UTC."""
    before = datetime.now(UTC) - timedelta(seconds=2)
    names = ["o/a-b", "o/a/b", "o/a.b", "o/a0", "o/B", "o/ä", "o/z/y/x", "other", "o2/a"]
    for number, name in enumerate(names):
        objects.put(name, b"x" * number)
    found = list(objects.list("o"))

    assert [each.key for each in found] == ["o/B", "o/a-b", "o/a.b", "o/a/b", "o/a0", "o/z/y/x", "o/ä"]
    assert {each.key: each.size for each in found} == {n: i for i, n in enumerate(names) if n.startswith("o/")}
    assert all(before <= each.modified_at <= datetime.now(UTC) + timedelta(seconds=2) for each in found)
    assert found == [objects.info(each.key) for each in found]
    assert keys_in(objects) == sorted(names, key=str.encode)
    assert keys_in(objects, "no/such") == []


def test_listing_has_more_than_one_page(objects):
    """A listing of more objects than a store returns per request has all of them."""
    names = [f"many/{number:04}" for number in range(1_050)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: objects.put(name, b""), names))

    assert keys_in(objects, "many") == names


@pytest.mark.parametrize(
    "key",
    [
        *("", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", ".hidden", "a/.hidden", "a\\b", "a\0b"),
        *("a\nb", "a\x7f", "a\ufffe", "a\udc80", "x" * 256, "/".join(["x" * 200] * 6)),
    ],
)
def test_key_of_another_form_is_refused(objects, tmp_path, key):
    """No method takes a key that could leave the folder, or that a store would change; nothing is written."""
    for use in (
        lambda: objects.put_new(key, b"x"),
        lambda: objects.put(key, b"x"),
        lambda: objects.get(key),
        lambda: objects.get_range(key, offset=0, length=1),
        lambda: objects.read_chunks(key),
        lambda: objects.info(key),
        lambda: objects.delete(key),
    ):
        with pytest.raises(StoreError) as caught:
            use()
        assert caught.value.reason == "store_key_invalid"
    assert keys_in(objects) == []
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


SEGMENTS = st.text(st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=20)
KEYS = st.lists(SEGMENTS, min_size=1, max_size=4).map("/".join).filter(is_key)


@given(key=KEYS, data=st.binary(max_size=300))
@settings(max_examples=500 if LONG else 20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_every_key_keeps_its_bytes_and_its_name(objects, key, data):
    """Any key of the right form is stored, listed under its own name, read and deleted."""
    objects.put(key, data)
    assert objects.get(key) == data
    assert [(each.key, each.size) for each in objects.list()] == [(key, len(data))]
    objects.delete(key)
    assert list(objects.list()) == []


@given(data=st.binary(max_size=60), offset=st.integers(0, 80), length=st.integers(0, 80))
@settings(max_examples=500 if LONG else 20, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_range_is_a_slice(objects, data, offset, length):
    """A range has the bytes of the slice; beyond the end there are fewer, or no bytes."""
    objects.put("ranges", data)
    assert objects.get_range("ranges", offset=offset, length=length) == data[offset : offset + length]


@pytest.mark.parametrize(("offset", "length"), [(-1, 1), (0, -1)])
def test_negative_range_is_an_error(objects, offset, length):
    """A negative offset or length is never read from the end."""
    objects.put("a", b"abc")
    with pytest.raises(ValueError, match="offset"):
        objects.get_range("a", offset=offset, length=length)


def test_list_of_one_folder_leaves_out_deeper_objects(objects):
    """Without ``is_deep`` a listing has the objects of the folder itself, not those of its folders."""
    for key in ("a", "a.b", "f/a", "f/b", "f/g/a", "f.x/a"):
        objects.put(key, b"1")
    assert [each.key for each in objects.list(is_deep=False)] == ["a", "a.b"]
    assert [each.key for each in objects.list("f", is_deep=False)] == ["f/a", "f/b"]
    assert [each.key for each in objects.list("g", is_deep=False)] == []
