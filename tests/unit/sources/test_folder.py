"""Folders: every file gives its pages, or one problem with its name."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newslake.pipeline.errors import BrokenListingError, PoisonItemError
from newslake.pipeline.model import Hints, Page, Source
from newslake.pipeline.sources import ListingEntry, ReadContext, discover, files, read_file
from newslake.pipeline.sources.folder import _indexes
from newslake.pipeline.sources.listing import LocalFile
from tests.faults.hostile import NOW

STORY = "<html><body><h1>Ferry back</h1><p>It sailed.</p></body></html>"


def _found(folder: Path, kind: str = "folder") -> list[ListingEntry]:
    source = Source(key="desk", kind=kind, location=str(folder))
    return list(discover(source, day=NOW.date(), fetcher=None, validators=None, now=lambda: NOW).entries)


def _reasons(folder: Path, kind: str = "folder") -> list[tuple[str | None, str | None]]:
    return [
        (each.ref.file or each.ref.url, each.problem.reason if each.problem else None) for each in _found(folder, kind)
    ]


def _lines(path: Path, *lines: object) -> None:
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), "utf-8")


def test_text_file_is_a_page_without_url(tmp_path):
    """A .txt keeps its bytes; it has no URL and no date, and its fetch time is the time of reading."""
    (tmp_path / "note.txt").write_bytes("“Späte Fähre”\n".encode("cp1252"))

    [found] = _found(tmp_path)

    assert found.page == Page(
        url=None,
        final_url=None,
        status=200,
        headers={"content-type": "text/plain"},
        body="“Späte Fähre”\n".encode("cp1252"),
        fetched_at=NOW,
        hints=Hints(date_method="given", fetched_at_method="file"),
    )
    assert (found.ref.url, found.ref.file, found.ref.source_key) == (None, "note.txt", "desk")


def test_sidecar_has_the_metadata_of_a_page(tmp_path):
    """The .json of a page gives its URL, dates and publisher, and is not an entry itself."""
    (tmp_path / "a.html").write_text(STORY)
    stated = {
        "url": "http://courier.example/ferry#x",
        "published_at": "2026-02-28",
        "publisher": "Tidewater Courier",
        "fetched_at": "2026-03-01T10:00:00+01:00",
        "note": "anything",
    }
    (tmp_path / "a.json").write_text(json.dumps(stated))

    [found] = _found(tmp_path)

    hints = Hints(
        published_at=datetime(2026, 2, 28, tzinfo=UTC),
        published_precision="day",
        date_method="given",
        publisher="Tidewater Courier",
    )
    assert (found.page.url, found.page.content_type) == ("http://courier.example/ferry", "text/html")
    assert found.page.fetched_at == datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert (found.page.hints, found.ref.hints) == (hints, hints)


@pytest.mark.parametrize(
    "sidecar", ["{", "[]", '{"url": "ftp://x/"}', '{"published_at": "yesterday"}', '{"url": 5}', "[" * 100_000]
)
def test_broken_sidecar_is_a_problem_of_its_page(tmp_path, sidecar):
    """A page with an invalid sidecar is not read without it."""
    (tmp_path / "a.html").write_text(STORY)
    (tmp_path / "a.json").write_text(sidecar)

    assert _reasons(tmp_path) == [("a.html", "broken_sidecar")]


def test_jsonl_gives_one_page_per_line(tmp_path):
    """Lines with html or text are pages, a line with only a URL is a link to fetch."""
    _lines(
        tmp_path / "in.jsonl",
        {"url": "http://courier.example/1", "html": STORY, "text": "left aside", "language": "en-GB"},
        {"text": "Plain words.", "title": "Plain", "published_at": "2026-03-01T05:00:00Z", "fetched_at": "2026-03-02"},
        "",
        {"url": "http://courier.example/3", "title": "Three"},
    )

    html, text, link = _found(tmp_path)

    assert (html.page.body, html.page.content_type, html.page.url) == (
        STORY.encode(),
        "text/html",
        "http://courier.example/1",
    )
    assert (html.ref.file, html.ref.hints) == (
        "in.jsonl#1",
        Hints(date_method="given", language="en", fetched_at_method="file"),
    )
    assert (text.page.body, text.page.headers) == (b"Plain words.", {"content-type": "text/plain; charset=utf-8"})
    assert text.page.hints == Hints(
        title="Plain",
        published_at=datetime(2026, 3, 1, 5, tzinfo=UTC),
        published_precision="second",
        date_method="given",
    )
    assert text.page.fetched_at == datetime(2026, 3, 2, tzinfo=UTC)
    assert (link.page, link.ref.url, link.ref.file, link.ref.hints.title) == (
        None,
        "http://courier.example/3",
        None,
        "Three",
    )


def test_keys_of_a_line_have_other_names(tmp_path):
    """The usual other names of CSV columns are read in JSON lines too; a value of another type is passed over."""
    _lines(
        tmp_path / "in.jsonl",
        {"link": "https://post.example/1", "Headline": "Ferry", "date": "2026-03-01", "content": "It sailed."},
        {"url": "https://post.example/2", "link": "https://post.example/x", "article": {"id": 2}, "text": "Two."},
        {"url": "https://post.example/3", "body": ["no text"], "publication": {"name": "Post"}},
    )

    first, second, link = _found(tmp_path)

    assert (first.page.url, first.page.body, first.ref.hints.title) == (
        "https://post.example/1",
        b"It sailed.",
        "Ferry",
    )
    assert first.ref.hints.published_at == datetime(2026, 3, 1, tzinfo=UTC)
    assert (second.page.url, second.page.body) == ("https://post.example/2", b"Two.")
    assert (link.page, link.problem, link.ref.url) == (None, None, "https://post.example/3")


@pytest.mark.parametrize(("date", "ignored"), [("3/1/26", "3/1/26"), (1772323200, "1772323200")])
def test_date_under_another_name_is_ignored_in_a_line(tmp_path, date, ignored):
    """A value of "date" that is not ISO 8601 leaves its page without one and is reported; the page is read."""
    _lines(tmp_path / "in.jsonl", {"text": "It sailed.", "date": date})

    [found] = _found(tmp_path)

    assert (found.problem, found.ref.hints.published_at, found.ignored) == (None, None, (ignored,))


def test_broken_lines_are_reported_with_their_number(tmp_path):
    """An invalid line is one problem with its number; the others are read."""
    _lines(
        tmp_path / "in.jsonl",
        {"text": "one"},
        '{"text": "two"',
        "[1]",
        {"url": "no-url", "text": "x"},
        {"text": 5},
        {"text": "x", "published_at": "soon"},
        {"title": "nothing else"},
        '{"text": "\\ud800"}',
        "[" * 100_000,
        {"text": "ten"},
    )
    with (tmp_path / "in.jsonl").open("ab") as file:
        file.write(b'\n{"text": "\xff"}\n')

    broken = [(f"in.jsonl#{number}", "broken_line") for number in range(2, 8)]
    assert _reasons(tmp_path) == [
        ("in.jsonl#1", None),
        *broken,
        ("in.jsonl#8", None),  # a lone surrogate is repaired
        ("in.jsonl#9", "broken_line"),
        ("in.jsonl#10", None),
        ("in.jsonl#11", "broken_line"),
    ]


def test_long_line_is_skipped(tmp_path):
    """A line over the limit is one problem, and the next line is read."""
    (tmp_path / "in.urls").write_text(f"http://courier.example/1\n{'x' * 50_000}\nhttp://courier.example/3")

    assert _reasons(tmp_path) == [
        ("http://courier.example/1", None),
        ("in.urls#2", "line_too_long"),
        ("http://courier.example/3", None),
    ]


def test_urls_are_links_to_fetch(tmp_path):
    """A .urls file has one link per line; blank lines and comments are ignored."""
    _lines(tmp_path / "in.urls", "\ufeff# mine", "", " http://courier.example/1#a ", "courier.example/2", "http://[x/")

    assert _reasons(tmp_path) == [
        ("http://courier.example/1", None),
        ("in.urls#4", "bad_url"),
        ("in.urls#5", "bad_url"),
    ]


def test_complete_files_are_read_in_name_order(tmp_path):
    """Subfolders are read, too; hidden, .part and .tmp files are ignored."""
    for name in ("b.txt", "a.HTM", "sub/c.txt", ".hidden.txt", "d.txt.part", "e.tmp", ".git/f.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("words")

    assert _reasons(tmp_path) == [("a.HTM", None), ("b.txt", None), ("sub/c.txt", None)]
    assert _reasons(tmp_path, kind="inbox") == [("a.HTM", None), ("b.txt", None)]


def test_files_without_a_page_are_problems(tmp_path):
    """Empty files, unknown files, oversized files and sidecars without a page are reported by name."""
    for name, body in (
        ("a.txt", b" \n"),
        ("b.jsonl", b"\n"),
        ("c.urls", b"# none"),
        ("d.pdf", b"%PDF"),
        ("e.json", b"{}"),
    ):
        (tmp_path / name).write_bytes(body)
    (tmp_path / "f.html").write_bytes(b"x" * 10_000_001)

    assert _reasons(tmp_path) == [
        ("a.txt", "empty_file"),
        ("b.jsonl", "empty_file"),
        ("c.urls", "empty_file"),
        ("d.pdf", "unknown_kind"),
        ("e.json", "sidecar_without_page"),
        ("f.html", "file_too_large"),
    ]


def test_links_and_pipes_are_not_followed(tmp_path):
    """A symlink to a file or folder, and a pipe, are not followed."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("secret")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.txt").symlink_to(outside / "secret.txt")
    (folder / "b").symlink_to(outside)
    os.mkfifo(folder / "c.txt")
    (folder / "d.html").write_text(STORY)
    (folder / "d.json").symlink_to(outside / "secret.txt")

    assert [(where, reason) for where, reason in _reasons(folder) if reason] == [
        ("a.txt", "not_a_regular_file"),
        ("c.txt", "not_a_regular_file"),
        ("d.html", "unreadable_file"),
        ("d.json", "not_a_regular_file"),
    ]
    assert all(found.page is None for found in _found(folder))


def test_missing_folder_is_reported_immediately(tmp_path):
    """A missing folder is an error of its source."""
    with pytest.raises(BrokenListingError) as caught:
        _found(tmp_path / "nowhere")

    assert (caught.value.reason, caught.value.key) == ("folder_missing", "desk")


def test_reading_is_lazy(tmp_path):
    """A file is read when its entry is requested, so that a large folder needs no memory."""
    for number in range(3):
        (tmp_path / f"{number}.txt").write_text("words")
    source = Source(key="desk", kind="folder", location=str(tmp_path))
    found = iter(discover(source, day=NOW.date(), fetcher=None, validators=None, now=lambda: NOW).entries)
    first = next(found)
    (tmp_path / "1.txt").unlink()

    assert first.page is not None
    assert [each.problem.reason if each.problem else None for each in found] == ["unreadable_file", None]


def test_read_file_takes_given_hints(tmp_path):
    """One file is one page; the caller's hints take precedence over its sidecar."""
    (tmp_path / "a.txt").write_text("words")
    (tmp_path / "a.json").write_text('{"title": "Kept", "published_at": "2026-01-01"}')
    given = Hints(published_at=NOW - timedelta(days=1), published_precision="second", date_method="given")

    assert read_file(tmp_path / "a.txt", hints=Hints(), now=NOW).hints.published_precision == "day"
    page = read_file(tmp_path / "a.txt", hints=given, now=NOW)
    assert (page.hints.title, page.hints.published_at) == ("Kept", NOW - timedelta(days=1))
    for name, reason in (("b.txt", "unreadable_file"), ("a.pdf", "unknown_kind")):
        with pytest.raises(BrokenListingError) as caught:
            read_file(tmp_path / name, hints=Hints(), now=NOW)
        assert caught.value.reason == reason


def test_unchanged_folder_is_not_read_again(tmp_path):
    """A folder is read after a file in it or in a subfolder is added, removed or changed, not per requested day."""
    source = Source(key="desk", kind="folder", location=str(tmp_path))

    def listed(validators=None):
        return discover(source, day=NOW.date(), fetcher=None, validators=validators, now=lambda: NOW)

    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "a.txt").write_text("Ferry")
    first = listed()
    again = listed(first.validators)
    (tmp_path / "below" / "a.txt").write_text("Barge")
    changed = listed(first.validators)

    assert [listing.is_unchanged for listing in (first, again, changed)] == [False, True, False]
    assert (len(list(first.entries)), list(again.entries)) == (1, [])


def test_sidecar_of_a_long_name_is_missing(tmp_path):
    """A page whose sidecar's name would be too long is read without one; a name that is not UTF-8 is printed."""
    long = "a" * 251 + ".htm"
    (tmp_path / long).write_bytes(b"<p>The ferry sails.</p>")
    (tmp_path / os.fsdecode(b"caf\xe9.html")).write_bytes(b"<p>The ferry sails.</p>")

    assert _reasons(tmp_path) == [(long, None), ("caf\\xe9.html", None)]


def test_sidecar_is_repaired(tmp_path):
    """Half an emoji and NUL in a sidecar become U+FFFD; two halves become their character."""
    (tmp_path / "a.html").write_bytes(b"<p>The ferry sails.</p>")
    (tmp_path / "a.json").write_text('{"title": "A \\ud83d", "publisher": "B \\u0000 \\ud83d\\ude00"}')
    [found] = _found(tmp_path)

    assert (found.ref.hints.title, found.ref.hints.publisher) == ("A \ufffd", "B \ufffd \U0001f600")


def test_exception_in_one_file_is_its_problem(tmp_path, monkeypatch):
    """A file on which a reader fails is one broken item; the files around it are read."""
    for name in ("a.txt", "b.txt", "c.txt"):
        (tmp_path / name).write_text(f"The ferry sails to {name}.")

    def failing(path):
        if path.name == "b.json":
            raise KeyError("half")
        return sidecar(path)

    sidecar = files._sidecar
    monkeypatch.setattr(files, "_sidecar", failing)

    assert _reasons(tmp_path) == [("a.txt", None), ("b.txt", "broken_item"), ("c.txt", None)]


@pytest.mark.parametrize("date", ["9999-12-31", "0001-01-01", "2126-03-01T10:00:00Z"])
def test_date_that_is_not_plausible_is_dropped(tmp_path, date):
    """A publication date before the first newspapers or in the future is not read; the page is."""
    (tmp_path / "a.txt").write_text("The ferry sails.")
    (tmp_path / "a.json").write_text(json.dumps({"title": "Ferry", "published_at": date}))
    _lines(tmp_path / "b.jsonl", {"text": "The ferry sails.", "published_at": date, "title": "Ferry"})

    hints = [each.ref.hints for each in _found(tmp_path)]

    assert hints == [Hints(title="Ferry", date_method="given", fetched_at_method="file")] * 2


def test_each_file_is_read_in_its_turn(tmp_path):
    """Each step of reading a file is a turn; a file that must not be read further is a problem, others are read."""
    (tmp_path / "a.jsonl").write_text('{"text": "one"}\n{"text": "two"}\n')
    (tmp_path / "b.jsonl").write_text('{"text": "three"}\n{"text": "not read"}\n')
    (tmp_path / "c.txt").write_text("four")
    turns = []

    def begin_file(name):
        turns.append(name)
        return PoisonItemError("b.jsonl: ends processes", key="b.jsonl") if name == "b.jsonl after 1" else None

    source = Source(key="old", kind="folder", location=str(tmp_path))
    found = discover(
        source, day=NOW.date(), fetcher=None, validators=None, now=lambda: NOW, begin_file=begin_file
    ).entries

    assert [(each.ref.file, each.problem is None) for each in found] == [
        ("a.jsonl#1", True),
        ("a.jsonl#2", True),
        ("b.jsonl#1", True),
        ("b.jsonl", False),
        ("c.txt", True),
    ]
    assert turns == [
        *(f"a.jsonl after {number}" for number in range(3)),
        *(f"b.jsonl after {number}" for number in range(2)),
        *(f"c.txt after {number}" for number in range(2)),
    ]


def test_marks_fill_what_is_not_given(tmp_path):
    """A page without sidecar has the URL of its canonical link; its fetch time is that of its file."""
    (tmp_path / "a.html").write_text('<html><head><link rel="canonical" href="https://post.example/a"></head></html>')
    saved = NOW - timedelta(days=40)
    os.utime(tmp_path / "a.html", (saved.timestamp(), saved.timestamp()))

    [found] = _found(tmp_path)

    assert (found.page.url, found.page.fetched_at) == ("https://post.example/a", saved)
    assert (found.ref.hints.url_method, found.ref.hints.fetched_at_method) == ("canonical_link", "file")


def test_sidecar_has_priority_over_marks(tmp_path):
    """The URL and time of a sidecar count, not those that the page notes."""
    (tmp_path / "a.html").write_text('<html><head><link rel="canonical" href="https://post.example/a"></head></html>')
    (tmp_path / "a.json").write_text('{"url": "https://post.example/b", "fetched_at": "2026-02-01"}')

    [found] = _found(tmp_path)

    assert (found.page.url, found.page.hints) == ("https://post.example/b", Hints(date_method="given"))


def test_file_time_in_the_future_is_not_the_fetch_time(tmp_path):
    """A file whose time is in the future, or before the web, was fetched when it is read."""
    for name, seconds in (("a.html", NOW.timestamp() + 1e6), ("b.html", 0)):
        (tmp_path / name).write_text(STORY)
        os.utime(tmp_path / name, (seconds, seconds))

    assert [each.page.fetched_at for each in _found(tmp_path)] == [NOW, NOW]


def test_parts_of_saved_pages_are_left_out(tmp_path):
    """Pictures, styles and the folder of a page's files are no entries; a file of unknown kind is a problem."""
    (tmp_path / "Story.html").write_text(STORY)
    (tmp_path / "Story_files").mkdir()
    (tmp_path / "Story_files" / "saved_resource.html").write_text(STORY)
    (tmp_path / "img").mkdir()
    for name in ("img/logo.png", "img/site.css", "img/app.js", "img/app.js?v=3", "img/paper.pdf"):
        (tmp_path / name).write_bytes(b"x")

    assert _reasons(tmp_path) == [("Story.html", None), ("img/paper.pdf", "unknown_kind")]


def test_line_names_a_page_file(tmp_path):
    """A line with the name of a page file gives its URL and time; the page is read once, with its own name."""
    (tmp_path / "html").mkdir()
    (tmp_path / "html" / "a.html").write_text(STORY)
    (tmp_path / "html" / "b.html").write_text(STORY)
    _lines(
        tmp_path / "docs.jsonl",
        {"url": "https://post.example/a", "html": "html/a.html", "fetched_at": "2026-02-01 10:00:00"},
        {"link": "https://post.example/c", "filename": "html/c.html"},
        {"url": "https://post.example/d", "file": "../d.html"},
    )

    page, missing, outside, other = _found(tmp_path)

    assert (page.page.url, page.page.fetched_at, page.ref.file) == (
        "https://post.example/a",
        datetime(2026, 2, 1, 10, tzinfo=UTC),
        "html/a.html",
    )
    assert [(each.ref.file, each.problem.reason) for each in (missing, outside)] == [
        ("docs.jsonl#2", "broken_line"),
        ("docs.jsonl#3", "broken_line"),
    ]
    assert (other.ref.file, other.page.url) == ("html/b.html", None)


def test_index_that_is_removed_while_the_folder_is_listed(tmp_path):
    """A file that is gone before it is opened is no index, and no failure of its source."""
    context = ReadContext(source_key="desk", now=NOW, page_max_bytes=1000)
    gone, there = (LocalFile(path=tmp_path / name, name=name) for name in ("a.jsonl", "b.jsonl"))
    _lines(there.path, {"url": "https://post.example/a", "file": "a.html"})

    assert _indexes([gone, there], context) == {there: {"a.html"}}


def test_path_of_a_source_may_be_one_file(tmp_path):
    """A source of kind folder may name one file; pages that it names are read too, other files are not."""
    (tmp_path / "a.html").write_text(STORY)
    (tmp_path / "b.html").write_text(STORY)
    _lines(tmp_path / "docs.jsonl", {"url": "https://post.example/a", "file": "a.html"})

    [found] = _found(tmp_path / "docs.jsonl")

    assert (found.page.url, found.ref.file) == ("https://post.example/a", "a.html")


def test_files_of_mirrors_are_left_out(tmp_path):
    """Robots files, logs and caches of a mirror are no pages of a folder; in an inbox, robots.txt is a page."""
    names = ("hts-log.txt", "hts-cache/a.html", "post.example/robots.txt", "post.example/a.html", "robots.txt")
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(STORY)

    assert _reasons(tmp_path) == [("post.example/a.html", None)]
    assert _reasons(tmp_path, kind="inbox") == [("hts-log.txt", None), ("robots.txt", None)]
