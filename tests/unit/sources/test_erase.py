"""A page that must go is removed from WARC files, also if its record is odd; other records stay."""

import gzip
from pathlib import Path

import pytest

from pipeline.sources import EntryFilter, ReadContext, erase_from
from tests.faults.hostile import NOW
from tests.unit.sources.test_warc import response_record

URL = "http://courier.example/2"
DOOMED = EntryFilter(
    is_page=lambda entry: entry.ref.url == URL, is_url=lambda url: url == URL, spellings=(b"courier.example/2",)
)
CONTEXT = ReadContext(source_key="old", now=NOW, page_max_bytes=10**7)
ODD = {
    "date": response_record(2).replace(b"2026-02-27T", b"2026-02-31T"),
    "status": response_record(2).replace(b"200 OK", b"2OO OK"),
    "length": response_record(2).replace(b"Content-Length: ", b"Content-Length: 9"),
    "version": response_record(2).replace(b"WARC/1.0", b"WARC/9.9"),
    "type": response_record(2).replace(b"WARC-Type", b"WARC-Kind"),
}


@pytest.mark.parametrize("odd", ODD)
def test_odd_record_of_a_page_is_removed(tmp_path: Path, odd: str) -> None:
    """In a file of one member per record, the record goes; any other file goes as a whole."""
    records = [response_record(1), ODD[odd], response_record(3)]
    (tmp_path / "a.warc.gz").write_bytes(b"".join(map(gzip.compress, records)))
    (tmp_path / "b.warc").write_bytes(b"".join(records))
    (tmp_path / "c.warc.gz").write_bytes(gzip.compress(b"".join(records)))
    (tmp_path / "d.warc").write_bytes(response_record(1) + ODD[odd].replace(b"/2", b"/4"))

    assert erase_from(tmp_path, CONTEXT, DOOMED) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.warc.gz", "d.warc"]
    assert gzip.decompress((tmp_path / "a.warc.gz").read_bytes()) == response_record(1) + response_record(3)
