"""A page that must go is removed from WARC files, also if its record is odd; other records stay."""

import gzip
from pathlib import Path

import pytest

from newslake.pipeline.sources import EntryFilter, ReadContext, erase_from
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


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("a.csv", ["url,text", f"{URL},Ferry", "http://courier.example/1,Bridge"]),
        ("a.csv", ["url,text,date", f"{URL},Ferry,yesterday", "http://courier.example/1,Bridge,2026-01-01"]),
        ("a.jsonl", [f'{{"url": "{URL}", "text": "Ferry"}}', '{"url": "http://courier.example/1", "text": "Bridge"}']),
    ],
)
def test_row_of_a_page_is_removed(tmp_path: Path, name: str, lines: list[str]) -> None:
    """The row or line of the page goes, also a broken one that names it; the header and the others stay."""
    (tmp_path / name).write_text("\n".join(lines) + "\n")

    assert erase_from(tmp_path, CONTEXT, DOOMED) == 1
    kept = [line for line in lines if URL not in line]
    assert (tmp_path / name).read_text().split() == kept if name == "a.csv" else " ".join(kept).split()


@pytest.mark.parametrize("index", [f"file,url\nb.html,{URL}\n", f'{{"file": "b.html", "url": "{URL}"}}\n'])
def test_page_that_an_index_names_is_removed(tmp_path: Path, index: str) -> None:
    """The file of a page goes with the row or line that gives its URL."""
    (tmp_path / ("a.csv" if index.startswith("file") else "a.jsonl")).write_text(index)
    for name in ("b.html", "c.html"):
        (tmp_path / name).write_text("<p>Ferry.</p>")

    erase_from(tmp_path, CONTEXT, DOOMED)

    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".html"] == ["c.html"]


def test_csv_that_cannot_be_read_is_removed_if_it_has_the_page(tmp_path: Path) -> None:
    """A CSV file that is not UTF-8 goes as a whole if the page is in it; another one stays."""
    (tmp_path / "a.csv").write_bytes(f"url,title\n{URL},F\xe4hre\n".encode("latin-1"))
    (tmp_path / "b.csv").write_bytes("url,title\nhttp://courier.example/9,F\xe4hre\n".encode("latin-1"))

    assert erase_from(tmp_path, CONTEXT, DOOMED) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["b.csv"]
