"""CSV files: one page per row, by the usual names of columns."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from newslake.pipeline.model import Source
from newslake.pipeline.sources import ListingEntry, discover
from tests.faults.hostile import NOW

PAGE = "<html><body><h1>Ferry back</h1><p>It sailed.</p></body></html>"


def _found(folder: Path) -> list[ListingEntry]:
    source = Source(key="desk", kind="folder", location=str(folder))
    return list(discover(source, day=NOW.date(), fetcher=None, validators=None, now=lambda: NOW).entries)


def test_row_is_a_page(tmp_path: Path) -> None:
    """The columns of a row give text, URL, title, time and publisher of its page; other columns are ignored."""
    header = "id,Link,headline,date,content,outlet"
    rows = f'{header}\n7,https://post.example/a,Ferry back,2026-02-28,"It sailed.\n\nAgain.",Post\n'
    (tmp_path / "stories.csv").write_text(rows)

    [found] = _found(tmp_path)

    assert found.page is not None
    assert (found.page.url, found.page.body) == ("https://post.example/a", b"It sailed.\n\nAgain.")
    hints = found.page.hints
    assert (hints.title, hints.publisher) == ("Ferry back", "Post")
    assert hints.published_at == datetime(2026, 2, 28, tzinfo=UTC)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_row_with_only_a_url_is_a_link(tmp_path: Path, delimiter: str) -> None:
    """A row without text is a link to fetch, whichever delimiter and byte order mark the file has."""
    rows = "\r\n".join(delimiter.join(row) for row in (("url", "title"), ("https://post.example/a", "Ferry")))
    (tmp_path / "links.csv").write_bytes(b"\xef\xbb\xbf" + rows.encode())

    [found] = _found(tmp_path)

    assert (found.page, found.problem, found.ref.url) == (None, None, "https://post.example/a")


def test_row_names_a_page_file(tmp_path: Path) -> None:
    """A row with the name of a page file gives the facts of that page, which is read once, and keeps its name."""
    (tmp_path / "html").mkdir()
    (tmp_path / "html" / "a.html").write_text(PAGE)
    (tmp_path / "index.csv").write_text("file,url\nhtml/a.html,https://post.example/a\n")

    [found] = _found(tmp_path)

    assert found.page is not None
    assert (found.page.url, found.ref.file, found.page.hints.url_method) == (
        "https://post.example/a",
        "html/a.html",
        None,
    )


@pytest.mark.parametrize(
    ("rows", "places"),
    [
        ("name,place\nx,y\n", ["t.csv#1"]),
        (
            b"url,title\rhttps://post.example/a,A\rhttps://post.example/b,F\xe4hre\rhttps://post.example/c,C\r",
            [None, "t.csv#3", None],
        ),
        ("url,published_at\nhttps://post.example/a,yesterday\nhttps://post.example/b,2026-01-01\n", ["t.csv#2", None]),
        ("file,url\n../a.html,https://post.example/a\n", ["t.csv#2"]),
        ("file,url\ngone.html,https://post.example/a\n", ["t.csv#2"]),
        (b"url,title\nhttps://post.example/a,F\xe4hre\n", ["t.csv#2"]),
        ("url\n", ["t.csv"]),
    ],
)
def test_broken_rows_are_named(tmp_path: Path, rows: str | bytes, places: list[str | None]) -> None:
    """A broken row is a problem with its number, the others are read; a header without pages is one problem."""
    (tmp_path / "t.csv").write_bytes(rows if isinstance(rows, bytes) else rows.encode())

    assert [each.ref.file for each in _found(tmp_path)] == places
    assert [each.problem is not None for each in _found(tmp_path)] == [place is not None for place in places]


def test_date_of_a_guessed_column_is_ignored(tmp_path: Path) -> None:
    """A cell that cannot be read as a date, in a column called "date", leaves its page without one and is reported."""
    rows = "url,date,text\nhttps://post.example/a,03/01/2026,It sailed.\nhttps://post.example/b,2026-01-01,Again.\n"
    (tmp_path / "t.csv").write_text(rows)

    first, second = _found(tmp_path)

    assert (first.problem, first.ref.hints.published_at, first.ignored) == (None, None, ("03/01/2026",))
    assert (second.ref.hints.published_at, second.ignored) == (datetime(2026, 1, 1, tzinfo=UTC), ())
