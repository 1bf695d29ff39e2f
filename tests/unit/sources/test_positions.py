"""A file is read in slices of any size with the same entries, and a slice ends soon, however large the file is."""

import gzip
import json
import os
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from newslake.pipeline.archive import Validators
from newslake.pipeline.sources import files
from newslake.pipeline.sources.folder import folder_listing, folder_version
from newslake.pipeline.sources.listing import ReadContext, never_over, open_file
from tests.unit.sources.test_warc_records import DAMAGED

NOW = datetime(2026, 3, 2, 20, 0, tzinfo=UTC)
CONTEXT = ReadContext(source_key="files", now=NOW, page_max_bytes=2000)
LONG_LINE = b"x" * 300_000
SLICES_MAX = 2000
Shown = tuple[str | None, str | None, bytes, str]


def _after(steps: int) -> Callable[[], bool]:
    """Return a clock that is over after some questions."""
    rest = iter(range(steps - 1))
    return lambda: next(rest, None) is None


def _slice(folder: Path, known: Validators, is_over: Callable[[], bool]) -> tuple[list[Shown], Validators]:
    """Return what one slice reads, and the validators after it."""
    listing = folder_listing(folder, replace(CONTEXT, is_over=is_over), known=known)
    entries, after = [], listing.validators
    for each in listing.entries:
        if each.unfinished is None:
            body, problem = each.page.body if each.page else b"", str(each.problem or "")
            entries.append((each.ref.url, each.ref.file, body, problem))
        else:
            after = Validators(etag=each.unfinished)
    assert after is not None
    return entries, after


def _slices(folder: Path, clocks: Iterator[Callable[[], bool]]) -> list[Shown]:
    """Return what all slices of a folder read, up to its version."""
    entries, known = list[Shown](), Validators()
    for _ in range(SLICES_MAX):
        more, known = _slice(folder, known, next(clocks))
        entries += more
        if known == Validators(etag=folder_version(folder)):
            return entries
    raise AssertionError(f"the folder has more than {SLICES_MAX} slices")


def _clocks(seed: int) -> Iterator[Callable[[], bool]]:
    """Yield clocks of slices of random size; with seed 0 each slice has one step."""
    draw = random.Random(seed)
    while True:
        yield _after(draw.choice((1, 1, 2, 3, 10)) if seed else 1)


def _json_line(number: int) -> bytes:
    return json.dumps({"url": f"https://quay.example/{number}", "text": f"Ferry {number} sails."}).encode()


def _response(number: int, body: bytes = b"The ferry sails again.") -> bytes:
    block = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + body
    head = (
        f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: https://quay.example/w{number}\r\n"
        f"WARC-Date: 2026-03-02T08:00:00Z\r\nContent-Length: {len(block)}\r\n\r\n"
    )
    return head.encode() + block + b"\r\n\r\n"


RESPONSES = [_response(number) for number in range(5)]
JUNK = b"no record\r\n" * 60_000
LONG_ROWS = b"url;text\r\n" + b"".join(
    [
        b"https://quay.example/d1;Sails\r\n",
        b'https://quay.example/d2;"She said ""no;""\r\n' + b"https://quay.example/no;Line\r\n" * 50_000 + b'"\r\n',
        b"https://quay.example/d3;Sails\r\n",
        b"https://quay.example/d4;" + b'x"' * 700_000 + b"\r\n",
        b"https://quay.example/d5;F\xe4hre\r\n",
        b"https://quay.example/d6;Sails",
    ]
)
FILES = {
    "a.jsonl": b"\n".join([_json_line(1), b"", b"{broken", LONG_LINE, _json_line(2), b"y" * 20_000, _json_line(3)]),
    "b.jsonl": b"\n\n",
    "c.csv": b'url,text\nhttps://quay.example/c1,"Two\nlines"\nhttps://quay.example/c2,Sails\n\nbad,\n',
    "d.csv": b"url,text\n",
    "d2.csv": LONG_ROWS,
    "e.html": b"<p>The ferry</p>",
    "f.warc": b"".join([*RESPONSES[:2], JUNK, *RESPONSES[2:]]),
    "g.warc": b"".join([JUNK, *RESPONSES[:1], JUNK]),
    "h.warc": b"".join([*RESPONSES[:1], b"\x1f\x8b", JUNK, *RESPONSES[1:]]),
    "i.warc.gz": b"".join(map(gzip.compress, RESPONSES)),
    "j.warc.gz": gzip.compress(b"".join(RESPONSES)),
    "k.warc.gz": b"".join(map(gzip.compress, [*RESPONSES[:2], JUNK, *RESPONSES[2:]])),
    "l.urls": b"https://quay.example/l1\n# no\nftp://quay.example\nhttps://quay.example/l2",
    "m.unknown": b"x",
    **{
        f"n{number}.warc{'' if b'WARC/' in data[:9] else '.gz'}": data
        for number, (data, _) in enumerate(DAMAGED.values())
    },
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, data in FILES.items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


@pytest.mark.parametrize("seed", range(6))
def test_slices_of_any_size_give_the_same_entries(folder: Path, seed: int) -> None:
    """Slices give the entries of the folder read in one piece, in the same order, each once."""
    whole, _ = _slice(folder, Validators(), never_over)
    assert _slices(folder, _clocks(seed)) == whole


def test_slice_that_is_lost_is_read_again(folder: Path) -> None:
    """A slice whose end was not stored is read again from its start; none of its entries is missing."""
    whole, _ = _slice(folder, Validators(), never_over)
    first, known = _slice(folder, Validators(), _after(7))
    lost, _ = _slice(folder, known, _after(4))
    again, _ = _slice(folder, known, never_over)
    assert again[: len(lost)] == lost
    assert first + again == whole


def _numbers(entries: list[Shown]) -> list[int]:
    return [int((each[0] or "").rpartition("/")[2]) for each in entries]


def _write_lines(file: Path, *numbers: int) -> None:
    """Write a line file, or replace it by another one."""
    draft = file.with_name(".draft")
    draft.write_bytes(b"".join(_json_line(number) + b"\n" for number in numbers))
    draft.replace(file)


@pytest.mark.parametrize("appends", [True, False], ids=["appended", "written anew"])
def test_file_that_grows_between_slices_ends(tmp_path: Path, appends: bool) -> None:
    """A line file that grows between all slices is read on, and then the files after it; each line is read once.

    The folder is read again after its end, because it changed meanwhile.
    """
    file = tmp_path / "a.jsonl"
    _write_lines(file, *range(6))
    _write_lines(tmp_path / "b.jsonl", 90)
    entries, known = _slice(tmp_path, Validators(), _after(3))
    size = 6
    while known.etag is not None and known.etag.startswith("slice "):
        if appends:
            with file.open("ab") as stream:
                stream.write(_json_line(size) + b"\n")
        else:
            _write_lines(file, *range(size + 1))
        size += 1
        more, known = _slice(tmp_path, known, _after(3))
        entries += more
        assert size < 20
    numbers = _numbers(entries)
    assert numbers == [*range(numbers[-2] + 1), 90]
    assert numbers[-2] > 6
    assert known != Validators(etag=folder_version(tmp_path))
    whole, known = _slice(tmp_path, known, never_over)
    assert _numbers(whole) == [*range(size), 90]
    assert known == Validators(etag=folder_version(tmp_path))


def test_file_that_is_replaced_does_not_stop_the_next_one(tmp_path: Path) -> None:
    """The rest of a line file that has other lines than before is left out: the next file is read.

    Then the folder is read again. A file of which nothing was read is read as it is now.
    """
    file, other = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    _write_lines(file, *range(6))
    _write_lines(other, 90)
    _, known = _slice(tmp_path, Validators(), _after(3))
    _write_lines(file, *range(10, 17))
    more, known = _slice(tmp_path, known, never_over)
    assert _numbers(more) == [90]
    whole, known = _slice(tmp_path, known, _after(8))
    assert _numbers(whole) == [*range(10, 17)]
    _write_lines(other, 91, 92, 93)
    first, known = _slice(tmp_path, known, _after(2))
    rest, _ = _slice(tmp_path, known, never_over)
    assert (_numbers(first), _numbers(rest)) == ([91, 92], [93])


def test_place_in_a_file_that_is_gone(tmp_path: Path) -> None:
    """If the file of the last slice is gone, or other filters hold, the folder is read from its start."""
    for name in ("a.jsonl", "b.jsonl"):
        (tmp_path / name).write_bytes(_json_line(ord(name[0])) + b"\n" + _json_line(ord(name[0]) + 10))
    _, known = _slice(tmp_path, Validators(), _after(3))
    whole, _ = _slice(tmp_path, Validators(), never_over)
    narrow = folder_listing(tmp_path, replace(CONTEXT, filters=("quay.example",)), known=known)
    assert len(list(narrow.entries)) == len(whole)
    (tmp_path / "b.jsonl").unlink()
    assert len(_slice(tmp_path, known, never_over)[0]) == 2


@pytest.mark.parametrize("change", [{"pages": 3}, {"place": {"line": 3}}, {"place": {"broken": None, "line": 3}}])
def test_place_of_another_version(tmp_path: Path, change: dict[str, object]) -> None:
    """If another version stored the place, with other fields, the folder is read from its start."""
    (tmp_path / "a.jsonl").write_bytes(b"\n".join(map(_json_line, range(3))))
    _, known = _slice(tmp_path, Validators(), _after(1))
    stored = json.loads((known.etag or "").removeprefix("slice "))
    other = Validators(etag=f"slice {json.dumps(stored | change)}")
    assert len(_slice(tmp_path, other, never_over)[0]) == 3


def test_stored_place_names_no_file(tmp_path: Path) -> None:
    """The stored place has no name of a file, so a takedown has nothing to remove there."""
    (tmp_path / "secret-name.jsonl").write_bytes(b"\n".join(map(_json_line, range(3))))
    _, known = _slice(tmp_path, Validators(), _after(1))
    assert "secret-name" not in (known.etag or "")


@pytest.mark.parametrize("name", ["a.warc", "a.jsonl", "a.urls", "a.csv"])
def test_slice_of_a_sparse_file_is_short(tmp_path: Path, name: str) -> None:
    """A slice stops inside a record or a line of 20 GB: it asks the clock at least once per 64 MB."""
    with (tmp_path / name).open("wb") as stream:
        stream.write(b"url,text\n" if name.endswith(".csv") else b"")
        os.truncate(stream.fileno(), 20_000_000_000)
    places = []
    known = Validators()
    for _ in range(3):
        _, known = _slice(tmp_path, known, _after(2))
        places.append(json.loads((known.etag or "").removeprefix("slice "))["place"]["offset"])
    assert 0 < places[0] < places[1] < places[2] < 3 * 64_000_000


def test_rows_over_their_cap_are_one_outcome_each(tmp_path: Path) -> None:
    """A row over its cap, or not UTF-8, is one broken row up to its own end, also with line ends in its quoted text."""
    (tmp_path / "a.csv").write_bytes(LONG_ROWS)
    entries, _ = _slice(tmp_path, Validators(), never_over)
    assert [each[0] or each[1] for each in entries] == [
        "https://quay.example/d1",
        "a.csv#3",
        "https://quay.example/d3",
        "a.csv#5",
        "a.csv#6",
        "https://quay.example/d6",
    ]
    assert [each[3].partition(": ")[2] for each in entries if each[1] == "a.csv#6"] == [
        "it is not UTF-8; the row is passed over"
    ]


def test_quote_that_nothing_closes(tmp_path: Path) -> None:
    """A row over its cap in a quote that nothing closes reaches up to the next quote; the rows after it are read."""
    rows = [b'"https://quay.example/%d","Sails"\n' % number for number in range(4)]
    (tmp_path / "a.csv").write_bytes(b"url,text\n" + b'x,"' + b"y" * 500_000 + b"\n" + b"".join(rows))
    entries, _ = _slice(tmp_path, Validators(), never_over)
    assert [each[0] or each[1] for each in entries] == [
        "a.csv#2",
        *(f"https://quay.example/{number}" for number in range(1, 4)),
    ]


def test_index_of_page_files_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The slices of a process read an index of page files once for its names, and once more after a change."""
    names = [f"p{number}.html" for number in range(4)]
    for name in names:
        (tmp_path / name).write_text("<p>The ferry</p>")
    index = tmp_path / "index.jsonl"
    index.write_text("\n".join(json.dumps({"file": name}) for name in names[:3]))
    opened = []
    monkeypatch.setattr(files, "open_file", lambda path: opened.append(path) or open_file(path))

    whole, _ = _slice(tmp_path, Validators(), never_over)
    opened.clear()
    assert _slices(tmp_path, _clocks(0)) == whole
    assert 3 < opened.count(index) < 9  # to read on in its lines: once per slice

    index.write_text("\n".join(json.dumps({"file": name}) for name in names))
    entries, _ = _slice(tmp_path, Validators(), never_over)
    assert sorted(each[1] or "" for each in entries) == names


def test_record_that_unpacks_too_far_is_one_outcome(tmp_path: Path) -> None:
    """Members of zeros among the records of a gzipped file are one broken place, and the records after it are read."""
    zeros = gzip.compress(bytes(3_000_000))
    data = b"".join([gzip.compress(RESPONSES[0]), *[zeros] * 400, gzip.compress(RESPONSES[1])])
    (tmp_path / "a.warc.gz").write_bytes(data)
    entries, _ = _slice(tmp_path, Validators(), never_over)
    assert [each[0] for each in entries] == ["https://quay.example/w0", None, "https://quay.example/w1"]
    assert "it unpacks to more than 200 times its size" in entries[1][3]


def test_page_that_packs_well_is_read(tmp_path: Path) -> None:
    """A page under its cap is read, however small it is packed."""
    page = _response(0, b"<p>wind</p>" * 150)
    (tmp_path / "a.warc.gz").write_bytes(b"".join([gzip.compress(page)] * 3))
    entries, _ = _slice(tmp_path, Validators(), never_over)
    assert [len(each[2]) for each in entries] == [1650] * 3
