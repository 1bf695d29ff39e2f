"""The records of a damaged WARC file: each place without a record is named once, and the others are read."""

import gzip
from collections.abc import Iterator

import pytest

from newslake.pipeline.sources.warc_records import UnreadableRecord, WarcRecord, read_warc_records

Found = str | tuple[str, bytes]


def _record(number: int, block: bytes = b"HTTP/1.1 200 OK\r\n\r\nThe ferry sails again.") -> bytes:
    head = b"WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: %d\r\nContent-Length: %d\r\n\r\n" % (number, len(block))
    return head + block + b"\r\n\r\n"


def _read(data: bytes, *, piece: int = 1 << 16, block_max_bytes: int = 1000) -> list[Found]:
    """Return the id and block of each record, and the reason of each other place."""
    pieces = (data[at : at + piece] for at in range(0, len(data), piece))
    return [_shown(each) for each in read_warc_records(pieces, block_max_bytes=block_max_bytes, size=len(data))]


def _shown(found: WarcRecord | UnreadableRecord) -> Found:
    if isinstance(found, UnreadableRecord):
        return found.reason
    return found.headers.get_header("WARC-Record-ID"), found.block


def _ids(found: list[Found]) -> list[str]:
    return [each if isinstance(each, str) else each[0] for each in found]


RECORDS = [_record(number, b"block %d " % number * 9) for number in range(6)]
MEMBERS = [gzip.compress(record, mtime=0) for record in RECORDS]


def _damaged() -> Iterator[tuple[str, bytes, list[str]]]:
    """Yield files whose third record is damaged: a name, the bytes, and what is found."""
    third = MEMBERS[2]
    flipped = bytes([*third[:30], third[30] ^ 0x55, *third[31:]])
    gone = ["0", "1", "broken_warc", "3", "4", "5"]
    for name, damaged in (
        ("cut in the middle", third[:-40]),
        ("bytes missing", third[:20] + third[40:]),
        ("zeros", bytes(len(third))),
        ("flipped", flipped),
        ("checksum", third[:-8] + b"0000" + third[-4:]),
        ("without a header", third[12:]),
        ("other bytes", b"no gzip at all" * 9),
        ("magic numbers", b"\x1f\x8b\x08" * 50),
    ):
        yield name, b"".join([*MEMBERS[:2], damaged, *MEMBERS[3:]]), gone
    extra = ["0", "1", "broken_warc", "2", "3", "4", "5"]
    yield "bytes between records", b"".join([*MEMBERS[:2], b"garbage", *MEMBERS[2:]]), extra
    yield "text between records", b"".join([*RECORDS[:2], b"Oh:\r\nno\r\n\r\n", *RECORDS[2:]]), [
        "0", "broken_record", "2", "3", "4", "5"
    ]  # fmt: skip
    yield "a member that is no record", b"".join([*MEMBERS[:2], gzip.compress(b"garbage"), *MEMBERS[2:]]), extra
    yield "an empty member", b"".join([*MEMBERS[:2], gzip.compress(b""), *MEMBERS[2:]]), ["0", "1", "2", "3", "4", "5"]
    yield "bytes after the end", b"".join([*MEMBERS, b"garbage"]), ["0", "1", "2", "3", "4", "5", "broken_warc"]
    yield "padding after the end", b"".join([*MEMBERS, bytes(500)]), ["0", "1", "2", "3", "4", "5"]
    yield "an empty member first", b"".join([gzip.compress(b""), *MEMBERS[:2]]), ["0", "1"]
    yield "garbage first", b"".join([gzip.compress(b"x"), *MEMBERS[:2]]), ["broken_warc", "0", "1"]
    yield "ends in a checksum", b"".join(MEMBERS)[:-6], ["0", "1", "2", "3", "4", "5", "broken_warc"]
    yield "ends in a header", b"".join([*RECORDS[:2], RECORDS[2][:30]]), ["0", "1", "broken_record"]
    yield "ends in a block", b"".join([*RECORDS[:2], RECORDS[2][:-9]]), ["0", "1", "broken_warc"]


DAMAGED = {name: (data, found) for name, data, found in _damaged()}


@pytest.mark.parametrize("piece", [1, 7, 1 << 16])
@pytest.mark.parametrize("name", DAMAGED)
def test_damage_affects_only_its_record(name: str, piece: int) -> None:
    """Damage is named once, and all other records are read, however the bytes arrive."""
    data, expected = DAMAGED[name]

    assert _ids(_read(data, piece=piece)) == expected


@pytest.mark.parametrize("piece", [1, 100, 1 << 16])
@pytest.mark.parametrize("is_packed", [False, True])
def test_long_block_is_cut(piece: int, is_packed: bool) -> None:
    """A block over the limit is cut there, and the next record is read."""
    parts = [_record(1), _record(2, b"x" * 5000), _record(3)]

    found = _read(b"".join(map(gzip.compress, parts) if is_packed else parts), piece=piece)

    assert found[1] == ("2", b"x" * 1000)
    assert _ids(found) == ["1", "2", "3"]


def test_reading_stops_after_many_damages() -> None:
    """A file with more than a thousand damaged places is not read to its end."""
    data = b"".join(gzip.compress(b"garbage") + MEMBERS[0] for _ in range(1100))

    found = _ids(_read(data))

    assert (found.count("broken_warc"), found[-1]) == (1001, "broken_warc")


def test_many_false_starts_take_linear_time() -> None:
    """Bytes that look like the start of a member, again and again, are searched once."""
    data = MEMBERS[0] + b"\x1f\x8b\x08\0\0\0\0\0\0\3" * 100_000 + MEMBERS[1]

    assert _ids(_read(data)) == ["0", "broken_warc", "1"]


@pytest.mark.parametrize("piece", [1, 1 << 16])
def test_length_that_ends_in_the_next_record_is_wrong(piece: int) -> None:
    """A Content-Length that ends anywhere in the next record, also at a blank line, breaks only its own record."""
    blocks = [b"HTTP/1.1 200 OK\r\n\r\nThe ferry sails again.\r\n\r\n\nAt %d." % number for number in range(3)]
    first, second, third = (_record(number, block) for number, block in enumerate(blocks))
    size = len(blocks[0])
    for end in range(size + 5, size + len(second)):
        wrong = first.replace(b"Content-Length: %d" % size, b"Content-Length: %d" % end)
        found = _read(wrong + second + third, piece=piece)
        assert found == ["broken_record", ("1", blocks[1]), ("2", blocks[2])], end


def test_many_line_ends_after_a_record_are_read_in_pieces() -> None:
    """A record before more line ends than are kept is reported; the record after them is read."""
    data = b"".join([_record(0), b"\r\n" * 3_000_000, _record(1)])

    assert _ids(_read(data)) == ["broken_record", "1"]
