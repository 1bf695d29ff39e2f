"""`newslake sources add`: from a folder, a file or a site to an entry, and from the entry to rows."""

import csv
import io
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from tests.faults.hostile import hostile_server
from tests.unit.cli.test_commands import called

NOON = "2026-03-04T12:00:00+00:00"
SAVED_AT = datetime(2026, 3, 3, 10, tzinfo=UTC)
TEXT = (
    "The council of {town} voted on Tuesday to rebuild the harbour bridge after a long debate in the town hall. "
    "“We will open the bridge before the summer,” said Ruth Amberley, the mayor of {town}. Critics said the plan was "
    "too expensive, and the opposition leader asked for another report about the costs of the bridge and its roads."
)
TOWNS = ("Oakenfell", "Merrowby", "Tarnwick", "Vessmouth", "Larkham")


def _html(number: int, *, head: str = "", mark: str = "", is_dated: bool = True) -> str:
    date = f'<meta property="article:published_time" content="2026-02-{number % 28 + 1:02}T08:00:00Z">'
    body = "".join(f"<p>{TEXT.format(town=town)}</p>" for town in (TOWNS[number % 5], TOWNS[(number + 2) % 5]))
    title = f"{TOWNS[number % 5]} rebuilds its bridge, part {number}"
    return (
        f"<!DOCTYPE html>{mark}<html lang='en'><head><title>{title}</title>{date if is_dated else ''}{head}</head>"
        f"<body><article><h1>{title}</h1>{body}</article></body></html>"
    )


def _save_pages(folder: Path) -> None:
    """Save five pages, each with another mark of its URL, and one without any."""
    folder.mkdir()
    url = "https://post.example/news/{}"
    pages = {
        "canonical": _html(1, head=f'<link rel="canonical" href="{url.format(1)}">'),
        "graph": _html(2, head=f'<meta property="og:url" content="{url.format(2)}">'),
        "browser": _html(3, mark=f"<!-- saved from url=(0027){url.format(3)} -->"),
        "single": _html(
            4,
            mark=f"<!--\n Page saved with SingleFile \n url: {url.format(4)} \n"
            " saved date: Tue Mar 03 2026 10:05:00 GMT+0100 (Central European Standard Time)\n-->",
        ),
        "mirror": _html(
            5,
            mark="<!-- Mirrored from post.example/news/5 by HTTrack Website Copier/3.x [XR&CO'2014], "
            "Tue, 03 Mar 2026 09:06:00 GMT -->",
        ),
        "bare": _html(6, is_dated=False),
    }
    for name, page in pages.items():
        (folder / f"{name}.html").write_text(page)
        os.utime(folder / f"{name}.html", (SAVED_AT.timestamp(),) * 2)


def _write_warc(file: Path, *responses: tuple[str, str, bytes]) -> None:
    """Write a WARC file of responses: URL, content type and body of each."""
    with file.open("wb") as stream:
        writer = WARCWriter(stream, gzip=True)
        for url, content_type, body in responses:
            writer.write_record(
                writer.create_warc_record(
                    url,
                    "response",
                    payload=io.BytesIO(body),
                    http_headers=StatusAndHeaders("200 OK", [("Content-Type", content_type)], protocol="HTTP/1.1"),
                    warc_headers_dict={"WARC-Date": "2026-03-01T10:00:00Z"},
                )
            )


def _add(folder: Path, *args: str) -> dict:
    done = called("sources", "add", *args, "--json", cwd=folder, NEWS_FROZEN_NOW=NOON, NEWS_HOST_INTERVAL_SECONDS="0")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _rows(folder: Path, sql: str) -> list[dict]:
    done = called("run", "-q", cwd=folder, NEWS_FROZEN_NOW=NOON, NEWS_HOST_INTERVAL_SECONDS="0")
    assert done.returncode == 0, done.stderr
    return json.loads(called("sql", sql, "--json", cwd=folder, NEWS_FROZEN_NOW=NOON).stdout)


def test_folder_says_where_urls_and_times_are_from(tmp_path: Path) -> None:
    """The command counts where URLs and times come from, and names the pages that have none."""
    _save_pages(tmp_path / "pages")

    found = _add(tmp_path, "pages")

    assert (found["pages"], found["key"], found["is_added"]) == (6, "pages", True)
    assert found["url_from"] == {
        "canonical link": 1,
        "og:url": 1,
        "“saved from url” comment": 1,
        "SingleFile comment": 1,
        "HTTrack comment": 1,
    }
    assert found["fetched_from"] == {"time of the file": 4, "SingleFile comment": 1, "HTTrack comment": 1}
    assert (found["without_url"], found["without_published"]) == (["bare.html"], ["bare.html"])


@pytest.mark.model
def test_saved_pages_become_rows(tmp_path: Path) -> None:
    """After `add` and `run`, rows have URL, time and method; a page without them says so in its flags."""
    _save_pages(tmp_path / "pages")
    _add(tmp_path, "pages")

    rows = _rows(
        tmp_path,
        "SELECT url, published_date, fetched_at, flags, "
        "list_filter(field_methods, lambda each: each.field = 'url')[1].method AS method "
        "FROM articles ORDER BY url NULLS LAST",
    )

    assert [row["url"] for row in rows] == [*(f"https://post.example/news/{n}" for n in range(1, 6)), None]
    assert [row["method"] for row in rows] == ["canonical_link", "og_url", "saved_from", "singlefile", "httrack", None]
    assert [row["published_date"] for row in rows] == [*(f"2026-02-0{n}" for n in range(2, 7)), "2026-03-03"]
    assert [row["fetched_at"][11:16] for row in rows] == ["10:00", "10:00", "10:00", "09:05", "09:06", "10:00"]
    unknown = ["no_fetch_time"]
    assert [row["flags"] for row in rows] == [unknown, unknown, unknown, [], [], ["no_fetch_time", "no_url"]]


@pytest.mark.model
def test_files_of_pages_become_rows(tmp_path: Path) -> None:
    """A WARC, JSON lines and a CSV are each one source, and give rows with URL and time."""
    _write_warc(tmp_path / "crawl.warc.gz", ("https://post.example/w", "text/html", _html(1).encode()))
    line = {"url": "https://post.example/j", "text": TEXT.format(town="Larkham"), "published_at": "2026-02-03"}
    (tmp_path / "docs.jsonl").write_text(json.dumps(line) + "\n")
    with (tmp_path / "stories.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows(
            [("link", "date", "content"), ("https://post.example/c", "2026-02-04", TEXT.format(town="Tarnwick"))]
        )

    found = [_add(tmp_path, name) for name in ("crawl.warc.gz", "docs.jsonl", "stories.csv")]
    rows = _rows(tmp_path, "SELECT source_key, url, published_date FROM articles ORDER BY published_date")

    assert [each["url_from"] for each in found] == [{"WARC record": 1}, {"JSON line": 1}, {"CSV row": 1}]
    assert [tuple(row.values()) for row in rows] == [
        ("crawl", "https://post.example/w", "2026-02-02"),
        ("docs", "https://post.example/j", "2026-02-03"),
        ("stories", "https://post.example/c", "2026-02-04"),
    ]


@pytest.mark.model
def test_site_becomes_rows(tmp_path: Path) -> None:
    """For a site, the command adds the listing that its page names, and a run fetches the pages."""
    with hostile_server() as server:
        item = "<item><title>Bridge</title><link>/news/1</link><pubDate>Wed, 04 Mar 2026 08:00:00 GMT</pubDate></item>"
        feed = f"<rss version='2.0'><channel><title>Tarnwick Post</title>{item}</channel></rss>"
        link = '<html><head><link rel="alternate" type="application/rss+xml" href="/rss"></head></html>'
        server.says("/", 200, link.encode(), Content_Type="text/html")
        server.says("/rss", 200, feed.encode(), Content_Type="application/rss+xml")
        server.says("/news/1", 200, _html(1, is_dated=False).encode(), Content_Type="text/html")
        (tmp_path / "sources.toml").write_text(f'# mine\nprivate_hosts = ["{server.host}"]  # here\n')

        found = _add(tmp_path, server.url("/"), "--key", "post")
        rows = _rows(tmp_path, "SELECT url, publisher, published_at FROM articles")

        assert (found["key"], found["entries"]) == ("post", 1)
        assert [tuple(row.values()) for row in rows] == [
            (server.url("/news/1"), "Tarnwick Post", "2026-03-04T08:00:00Z")
        ]
        assert (tmp_path / "sources.toml").read_text() == (
            f'# mine\nprivate_hosts = ["{server.host}"]  # here\n\n[sources.post]\nkind = "feed"\n'
            f'url = "{server.url("/rss")}"\npublisher = "Tarnwick Post"\n'
        )


def test_dry_run_writes_nothing(tmp_path: Path) -> None:
    """With --dry-run the entry is printed, and no file is written."""
    _save_pages(tmp_path / "pages")

    done = called("sources", "add", "pages", "--publisher", "The Post", "--dry-run", cwd=tmp_path, NEWS_FROZEN_NOW=NOON)

    assert '[sources.pages]\nkind = "folder"\npath = "pages"\npublisher = "The Post"\n' in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["pages"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("pages", "--key", "old"), "has a source 'old'"),
        (("pages", "--key", "Old!"), "a key is a lower-case letter"),
        (("taken", "--key", "new"), "has this location already"),
        (("gone",), "no such folder or file"),
        (("empty",), "no page and no link found"),
        (("pages", "--language", "english"), "language"),
        (("pages", "--kind", "feed"), "a folder or an inbox"),
    ],
)
def test_wrong_source_changes_nothing(tmp_path: Path, args: tuple[str, ...], message: str) -> None:
    """A taken key or location, an empty folder and an invalid option leave the file as it was."""
    _save_pages(tmp_path / "pages")
    _save_pages(tmp_path / "taken")
    (tmp_path / "empty").mkdir()
    before = '# mine\n[sources.old]  # first\nkind = "folder"\npath = "./taken"'
    (tmp_path / "sources.toml").write_text(before)

    done = called("sources", "add", *args, cwd=tmp_path, NEWS_FROZEN_NOW=NOON)

    assert (done.returncode > 0, message in done.stderr) == (True, True), done.stderr
    assert (tmp_path / "sources.toml").read_text() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "pages", "sources.toml", "taken"]


@pytest.mark.parametrize("place", ["empty", "new/drop"])
def test_inbox_may_be_empty(tmp_path: Path, place: str) -> None:
    """An empty folder and one that does not exist are added as inboxes; the folder is there afterwards."""
    (tmp_path / "empty").mkdir()

    dry = called("sources", "add", place, "--kind", "inbox", "--dry-run", cwd=tmp_path, NEWS_FROZEN_NOW=NOON)
    is_new = not (tmp_path / place).exists()
    found = _add(tmp_path, place, "--kind", "inbox")

    assert (dry.stdout.startswith("0 pages"), is_new) == (True, place != "empty")
    assert (found["pages"], found["entry"].splitlines()[1:]) == (0, ['kind = "inbox"', f'path = "{place}"'])
    assert list((tmp_path / place).iterdir()) == []


def test_survey_of_an_inbox_reads_what_waits(tmp_path: Path) -> None:
    """The survey of an inbox counts the files that wait, not those that a run moved away."""
    _save_pages(tmp_path / "drop")
    (tmp_path / "drop" / "done").mkdir()
    (tmp_path / "drop" / "bare.html").rename(tmp_path / "drop" / "done" / "bare.html")

    assert _add(tmp_path, "drop", "--kind", "inbox")["pages"] == 5


@pytest.mark.parametrize(
    ("place", "args", "message"),
    [
        ("pages", (), "source 'docs' of sources.toml is pages/docs.jsonl, which is in"),
        ("pages/docs.jsonl", ("--kind", "folder"), "source 'docs' of sources.toml has this location already"),
        ("old/2026", (), "source 'old' of sources.toml is the folder old, which contains"),
        ("old/drop", ("--kind", "inbox"), "source 'old' of sources.toml is the folder old, which contains"),
    ],
)
def test_location_of_another_source_is_refused_before_reading(
    tmp_path: Path, place: str, args: tuple[str, ...], message: str
) -> None:
    """A path that a source has, contains or is in is refused with the key of that source, and is not read."""
    for folder in ("pages", "old/2026"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "pages" / "docs.jsonl").write_text("broken")
    before = (
        '[sources.docs]\nkind = "folder"\npath = "pages/docs.jsonl"\n[sources.old]\nkind = "folder"\npath = "old"\n'
    )
    (tmp_path / "sources.toml").write_text(before)

    done = called("sources", "add", place, *args, cwd=tmp_path, NEWS_FROZEN_NOW=NOON)

    assert (done.returncode, message in " ".join(done.stderr.split())) == (2, True), done.stderr
    assert "reading" not in done.stderr
    assert (tmp_path / "sources.toml").read_text() == before


def test_free_key_is_chosen(tmp_path: Path) -> None:
    """Without --key, a second folder of one name gets a number, and a path outside the folder is absolute."""
    for place in ("a", "b"):
        (tmp_path / place).mkdir()
        _save_pages(tmp_path / place / "Saved Pages!")
    (tmp_path / "mine").mkdir()

    keys = [_add(tmp_path / "mine", f"../{place}/Saved Pages!")["key"] for place in ("a", "b")]

    assert keys == ["saved_pages", "saved_pages_2"]
    assert str(tmp_path / "b" / "Saved Pages!") in (tmp_path / "mine" / "sources.toml").read_text()


@pytest.mark.model
def test_archive_is_on_its_own_days(tmp_path: Path) -> None:
    """The end of a run names the published days of saved pages; coverage has each page on its day."""
    _save_pages(tmp_path / "pages")
    _add(tmp_path, "pages")

    done = called("run", cwd=tmp_path, NEWS_FROZEN_NOW=NOON)
    shown = called(
        "coverage", "--from", "2026-02-01", "--to", "2026-03-04", "--json", cwd=tmp_path, NEWS_FROZEN_NOW=NOON
    )

    assert "published on 6 days, 2026-02-02 to 2026-03-03: `newslake coverage" in done.stdout
    assert "processing 6 pages of 7 days" in done.stderr
    [source] = json.loads(shown.stdout)["sources"]
    assert {day["day"]: day["kept"] for day in source["days"] if day["kept"]} == {
        **{f"2026-02-0{number}": 1 for number in range(2, 7)},
        "2026-03-03": 1,
    }


def test_second_page_of_a_url_is_named(tmp_path: Path) -> None:
    """A page with the URL of another page is named, and so are what is not read and links to fetch."""
    _save_pages(tmp_path / "pages")
    (tmp_path / "pages" / "copy.html").write_text((tmp_path / "pages" / "graph.html").read_text() + "<p>Again.</p>")
    (tmp_path / "pages" / "more.urls").write_text("https://post.example/news/9\n")
    (tmp_path / "pages" / "paper.pdf").write_bytes(b"%PDF")

    found = _add(tmp_path, "pages")

    assert (found["repeated"], found["links"], found["problems"]) == (["graph.html"], 1, {"unknown_kind": 1})


def test_first_problem_of_a_reason_is_shown(tmp_path: Path) -> None:
    """Under what is not read is the detail of the first problem; dates that cannot be read are counted and named."""
    rows = [
        ("link", "date", "content"),
        ("post.example/a", "2026-02-04", "x"),
        ("https://post.example/b", "3/2/26", "y"),
    ]
    with (tmp_path / "stories.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows(rows)

    shown = called("sources", "add", "stories.csv", "--dry-run", cwd=tmp_path, NEWS_FROZEN_NOW=NOON).stdout
    found = _add(tmp_path, "stories.csv")

    assert "    broken_line: stories.csv#2: 'url' is 'post.example/a', not an http(s) URL" in shown
    assert "  1 date not in ISO 8601 and ignored: '3/2/26' (stories.csv#3)" in shown
    assert (found["pages"], found["ignored_dates"]) == (1, ["'3/2/26' (stories.csv#3)"])


def test_first_problem_of_json_lines_is_shown(tmp_path: Path) -> None:
    """For JSON lines, the names of CSV columns are read, and the first line without a page is shown with its place."""
    lines = ({"link": "https://post.example/a", "content": "It sailed."}, {"id": 7, "words": "It sailed again."})
    (tmp_path / "docs.jsonl").write_text("\n".join(map(json.dumps, lines)))

    shown = called("sources", "add", "docs.jsonl", "--dry-run", cwd=tmp_path, NEWS_FROZEN_NOW=NOON).stdout

    assert "URL from         JSON line 1" in shown
    assert "    broken_line: docs.jsonl#2: it has no key of a page, such as url or text, but id, words" in shown


def test_picture_of_a_warc_is_a_problem(tmp_path: Path) -> None:
    """Records of a WARC that are no text are not counted as pages, and its records are named with their URLs."""
    picture = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
    _write_warc(
        tmp_path / "crawl.warc.gz",
        ("https://post.example/logo.png", "image/png", picture),
        ("https://post.example/page", "text/html", picture),
        ("https://post.example/a", "text/html", _html(1, is_dated=False).encode()),
    )

    found = _add(tmp_path, "crawl.warc.gz")

    assert (found["pages"], found["problems"]) == (1, {"content_type": 1, "undecodable": 1})
    assert found["problem_examples"] == {
        "content_type": "crawl.warc.gz#1 https://post.example/logo.png: image/png, neither HTML nor plain text",
        "undecodable": "crawl.warc.gz#2 https://post.example/page: it cannot be decoded to text",
    }
    assert found["without_published"] == ["crawl.warc.gz#3 https://post.example/a"]


def test_nothing_found_says_why(tmp_path: Path) -> None:
    """A file without one readable page is refused with the detail of its first problem."""
    (tmp_path / "stories.csv").write_text("url\npost.example/a\n")

    done = called("sources", "add", "stories.csv", cwd=tmp_path, NEWS_FROZEN_NOW=NOON)

    assert "'post.example/a', not an http(s) URL" in " ".join(done.stderr.split())


def test_scheme_may_be_in_upper_case(tmp_path: Path) -> None:
    """A URL is one in any case of its scheme, and its entry has the scheme in lower case."""
    with hostile_server() as server:
        item = "<item><title>Bridge</title><link>/news/1</link></item>"
        feed = f"<rss version='2.0'><channel><title>Tarnwick Post</title>{item}</channel></rss>"
        server.says("/rss", 200, feed.encode(), Content_Type="application/rss+xml")
        (tmp_path / "sources.toml").write_text(f'private_hosts = ["{server.host}"]\n')

        found = _add(tmp_path, server.url("/rss").replace("http://", "HTTP://"), "--key", "post")

        assert f'url = "{server.url("/rss")}"' in found["entry"]
