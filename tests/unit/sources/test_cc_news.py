"""Common Crawl's news: the files of a day are streamed once and filtered by host; damage is reported."""

import gzip
import os
import tracemalloc
from dataclasses import replace
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from newslake.pipeline.errors import BrokenListingError, ConfigError, PoisonItemError, RefusedFetchError
from newslake.pipeline.model import Source
from newslake.pipeline.settings import load_sources
from newslake.pipeline.sources import ListingEntry, cc_news, discover
from newslake.pipeline.sources.cc_news import NewsFile, parse_paths
from tests.faults.hostile import NOW, Hostile, HostileHandler, fetcher_for, hostile_server

DAY = date(2026, 2, 14)
FOLDER = "crawl-data/CC-NEWS/2026/02/"
ONE, TWO, LATE = (
    f"{FOLDER}CC-NEWS-{stamp}-0001{n}.warc.gz"
    for n, stamp in enumerate(("20260214000001", "20260214235959", "20260215000000"))
)
LIST = f"/{FOLDER}warc.paths.gz"


def warc(*urls: str, status: str = "200 OK", body: bytes = b"<p>The lock gates opened.</p>") -> bytes:
    """Return a compressed WARC file with one response per URL."""
    out = BytesIO()
    writer = WARCWriter(out, gzip=True)
    for url in urls:
        http = StatusAndHeaders(status, [("Content-Type", "text/html"), ("Server", "s")], protocol="HTTP/1.1")
        dated = {"WARC-Date": "2026-02-14T08:00:00Z"}
        writer.write_record(
            writer.create_warc_record(
                url, "response", payload=BytesIO(body), http_headers=http, warc_headers_dict=dated
            )
        )
    return out.getvalue()


@pytest.fixture
def server():
    """A server with a month's list of three files; the last one is of the next day."""
    with hostile_server() as hostile:
        hostile.says(LIST, 200, gzip.compress("\n".join((TWO, ONE, LATE)).encode()))
        hostile.says(f"/{ONE}", 200, warc("https://www.post.example/1", "https://wire.example/1"))
        hostile.says(f"/{TWO}", 200, warc("https://post.example/2", "https://notpost.example/2"))
        yield hostile


def _source(location: str, *hosts: str) -> Source:
    return Source(key="crawl", kind="cc_news", location=location, hosts=hosts)


def _found(
    server: Hostile, *hosts: str, done: tuple[str, ...] = (), is_probe: bool = False, **changes
) -> list[ListingEntry]:
    with fetcher_for(server, **changes) as fetcher:
        listing = discover(
            _source(server.url("/"), *hosts),
            day=DAY,
            fetcher=fetcher,
            validators=None,
            now=lambda: NOW,
            is_done=lambda mark: mark in done,
            is_probe=is_probe,
        )
        assert (listing.validators, listing.day) == (None, DAY)
        return list(listing.entries)


def _shown(found: list[ListingEntry]) -> list[str | None]:
    """Return the URL of each page, the reason of each problem, and "finished" for each mark."""
    return ["finished" if each.finished else each.problem.reason if each.problem else each.ref.url for each in found]


def test_files_of_the_day_are_streamed_in_order(server):
    """The files of the day give the pages of the source's hosts and their subdomains, and end with a mark."""
    found = _found(server, "post.example")

    assert _shown(found) == ["https://www.post.example/1", "finished", "https://post.example/2", "finished"]
    assert found[0].page.fetched_at == datetime(2026, 2, 14, 8, tzinfo=UTC)
    assert found[0].ref.file == f"{ONE}#1"
    assert server.seen[f"/{LATE}"] == 0


def test_without_hosts_all_pages_are_read(server):
    """A source without hosts reads the pages of all hosts."""
    assert len(_found(server)) == 6


def test_file_with_a_mark_is_not_streamed_again(server):
    """A file that another run has read to its end is not requested."""
    done = _found(server, "post.example")[1].finished

    assert _shown(_found(server, "post.example", done=(done,))) == ["https://post.example/2", "finished"]
    assert server.seen[f"/{ONE}"] == 1
    assert len(_found(server, "wire.example", done=(done,))) == 3


def test_file_is_read_again_for_other_limits(server):
    """The mark of a file has the limits of its source: another limit makes the file unread."""
    marks = []
    for exclude in ((), ("/1",)):
        source = replace(_source(server.url("/"), "post.example"), exclude=exclude)
        with fetcher_for(server) as fetcher:
            listing = discover(source, day=DAY, fetcher=fetcher, validators=None, now=lambda: NOW)
            marks.append([each.finished for each in listing.entries if each.finished])

    assert set(marks[0]).isdisjoint(marks[1])


def test_probe_lists_the_files(server):
    """A probe lists the files and does not read them."""
    assert [each.ref.url for each in _found(server, is_probe=True)] == [server.url(f"/{ONE}"), server.url(f"/{TWO}")]
    assert server.seen[f"/{ONE}"] == 0


def test_damaged_file_is_reported_and_others_are_read(server):
    """A file with damaged bytes gives the pages before them; it arrived completely, so it is done."""
    whole = warc("https://post.example/0", "https://post.example/x")
    server.says(f"/{ONE}", 200, whole[:-150] + b"\0" * 150)

    assert _shown(_found(server, "post.example")) == [
        "https://post.example/0",
        "broken_warc",
        "finished",
        "https://post.example/2",
        "finished",
    ]


def _breaks_off(body: bytes, length: int):
    def answer(self: HostileHandler) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    return answer


def test_broken_connection_is_not_the_end(server):
    """Pages before a broken connection count, the file is pending without a mark, and the next one is read."""
    whole = warc("https://post.example/0", "https://post.example/x")
    server.routes[f"/{ONE}"] = _breaks_off(whole[:-20], len(whole))

    found = _found(server, "post.example")

    assert _shown(found) == ["https://post.example/0", "truncated", "https://post.example/2", "finished"]
    assert (found[1].problem.disposition, found[1].ref.url) == ("retry", server.url(f"/{ONE}"))


def test_timeouts_and_refusals_are_reported(server):
    """A missing file and a file with a timeout are one problem each; only the missing one is not tried again soon."""
    server.says(f"/{ONE}", 404)
    server.routes[f"/{TWO}"] = lambda answer: (_breaks_off(b"", 10)(answer), __import__("time").sleep(1.5))

    found = _found(server, read_timeout_seconds=0.4)

    assert [(each.problem.reason, each.ends_listing) for each in found] == [("http_404", True), ("timeout", False)]


def test_robots_are_obeyed(server):
    """A file that robots.txt disallows is not streamed."""
    server.says("/robots.txt", 200, b"User-agent: *\nDisallow: /crawl-data/CC-NEWS/2026/02/CC-NEWS-20260214000001")

    assert _shown(_found(server, "post.example")) == ["robots_refused", "https://post.example/2", "finished"]
    assert server.seen[f"/{ONE}"] == 0


def test_invalid_lines_are_reported(server):
    """A line with another path, without a time, or that is not ASCII, is one problem."""
    lines = [
        "https://evil.example/CC-NEWS-20260214000001-00010.warc.gz",
        f"../{ONE}",
        "CC-NEWS-20260231000001-1.warc.gz",
        "x",
        "",
        f"{FOLDER}Fähre/CC-NEWS-20260214000001-00010.warc.gz",
        ONE,
    ]
    server.says(LIST, 200, gzip.compress("\n".join(lines).encode("latin-1")))

    assert _shown(_found(server, "post.example")) == [*["broken_path"] * 5, "https://www.post.example/1", "finished"]


@pytest.mark.parametrize("body", [b"\x1f\x8bno", gzip.compress(bytes(11_000_000))])
def test_invalid_list_is_refused(server, body):
    """A list that cannot be decompressed or read breaks the listing."""
    server.says(LIST, 200, body)
    with pytest.raises(BrokenListingError) as caught:
        _found(server)

    assert caught.value.reason == "not_a_list"


def test_month_without_a_list(server):
    """A missing month is an error with its URL."""
    del server.routes[LIST]
    with pytest.raises(RefusedFetchError) as caught:
        _found(server)

    assert (caught.value.reason, caught.value.key) == ("http_404", server.url(LIST))


@pytest.mark.parametrize("place", ["folder", "list"])
def test_files_on_disk(tmp_path: Path, place: str):
    """A folder and a list next to its files are read the same way; a changed file is read again."""
    (tmp_path / FOLDER).mkdir(parents=True)
    for name in (ONE, LATE):
        (tmp_path / name).write_bytes(warc("https://post.example/1"))
    location = tmp_path
    if place == "list":
        location = tmp_path / "warc.paths.gz"
        location.write_bytes(gzip.compress(f"{ONE}\n{TWO}\n".encode()))

    def found(done: tuple[str, ...] = ()) -> list[ListingEntry]:
        source = _source(str(location), "post.example")
        is_done = done.__contains__
        return list(discover(source, day=DAY, fetcher=None, validators=None, now=lambda: NOW, is_done=is_done).entries)

    first = found()
    marks = tuple(each.finished for each in first if each.finished)
    again = _shown(found(marks))
    (tmp_path / ONE).write_bytes(warc("https://post.example/1", "https://post.example/3"))

    assert all(each.ends_listing for each in first if each.problem)
    missing = ["unreadable_file"] if place == "list" else []
    assert _shown(first) == ["https://post.example/1", "finished", *missing]
    assert again == missing
    assert len(_shown(found(marks))) == 3 + len(missing)


def test_file_name_that_is_not_utf_8_is_reported(tmp_path: Path):
    """A file whose name cannot be printed is one problem, with a name that can be stored; others are read."""
    (tmp_path / "CC-NEWS-20260214000001-1.warc.gz").write_bytes(warc("https://post.example/1"))
    odd = os.path.join(os.fsencode(tmp_path), b"CC-NEWS-20260214000002-caf\xe9.warc.gz")
    Path(os.fsdecode(odd)).write_bytes(b"")
    source = _source(str(tmp_path))
    found = list(discover(source, day=DAY, fetcher=None, validators=None, now=lambda: NOW).entries)

    assert _shown(found) == ["broken_path", "https://post.example/1", "finished"]
    assert (found[0].ref.file or "").encode() == b"warc.paths#CC-NEWS-20260214000002-caf\\xe9.warc.gz"


def test_missing_folder_is_reported(tmp_path: Path):
    """A missing place breaks the listing."""
    with pytest.raises(BrokenListingError) as caught:
        discover(_source(str(tmp_path / "no")), day=DAY, fetcher=None, validators=None, now=lambda: NOW)

    assert caught.value.reason == "folder_missing"


def test_hosts_are_keys_of_their_kinds(tmp_path: Path):
    """Kinds with WARC files accept hosts, in lower case and without a path; other kinds refuse them."""

    def load(kind: str, place: str, hosts: str) -> tuple[str, ...]:
        (tmp_path / "s.toml").write_text(
            f'[sources.a]\nkind = "{kind}"\n{place} = "http://a.example"\nhosts = {hosts}\n'
        )
        return load_sources(tmp_path / "s.toml").sources[0].hosts

    assert load("cc_news", "url", '["post.example"]') == ("post.example",)
    for kind, place, hosts in (("feed", "url", '["a.example"]'), ("cc_news", "url", '["https://a.example/"]')):
        with pytest.raises(ConfigError, match="hosts"):
            load(kind, place, hosts)


def test_large_file_takes_little_memory(server):
    """A file of 30 MB with other hosts is skipped with a few megabytes of memory."""
    noise = b"".join(
        warc(f"https://wire.example/{n}", body=__import__("random").Random(n).randbytes(1_000_000)) for n in range(30)
    )
    server.says(f"/{ONE}", 200, noise + warc("https://post.example/last"))
    tracemalloc.start()
    base = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()

    entries = _shown(_found(server, "post.example"))

    peak = tracemalloc.get_traced_memory()[1] - base
    tracemalloc.stop()
    assert entries[0] == "https://post.example/last"
    assert peak < 8_000_000


@given(st.text(max_size=200))
def test_any_list_gives_files_or_its_lines(text):
    """For any list, files stay below the base, and all other lines are returned unchanged."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]

    found = list(parse_paths(text))

    assert [each if isinstance(each, str) else each.path for each in found] == lines


@given(st.datetimes(timezones=st.just(UTC)), st.integers(0, 99999))
def test_name_has_the_start_time_of_a_file(moment, number):
    """The time in a name is the start time of the file."""
    path = f"{FOLDER}CC-NEWS-{moment.year:04}{moment:%m%d%H%M%S}-{number:05}.warc.gz"

    assert list(parse_paths(path)) == [NewsFile(path, moment.replace(microsecond=0))]


def _place(place: str, server: Hostile, folder: Path, *files: str) -> tuple[Source, list[str]]:
    """Put a page into each file, on the server or in the folder; return the source and the names of its files."""
    for path in files:
        (folder / Path(path).name).write_bytes(warc("https://post.example/1"))
        server.says(f"/{path}", 200, warc("https://post.example/1"))
    is_online = place == "online"
    names = [path if is_online else Path(path).name for path in files]
    return _source(server.url("/") if is_online else str(folder)), names


@pytest.mark.parametrize("place", ["online", "on disk"])
def test_file_that_fails_stops_no_other(server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str):
    """A file whose reading fails has no mark and makes the day's listing incomplete; the next file is read."""
    source, names = _place(place, server, tmp_path, ONE, TWO)
    for name in ("read_warc", "read_records"):
        real = getattr(cc_news, name)

        def read(given, *rest, real=real):
            if "00010" in str((given, *rest)):
                raise KeyError("half")
            return real(given, *rest)

        monkeypatch.setattr(cc_news, name, read)
    with fetcher_for(server) as fetcher:
        found = list(discover(source, day=DAY, fetcher=fetcher, validators=None, now=lambda: NOW).entries)

    assert _shown(found) == ["broken_item", "https://post.example/1", "finished"]
    assert (found[0].ref.file, found[0].ends_listing) == (names[0], True)


def test_file_on_disk_is_read_in_turns(server, tmp_path: Path):
    """A step of reading a file on disk is a turn; a file that must not be read on has no mark, and the next is read."""
    source, names = _place("on disk", server, tmp_path, ONE, TWO)
    turns: list[str] = []

    def begin(name: str) -> PoisonItemError | None:
        turns.append(name)
        if name != f"{names[0]} after 1":
            return None
        return PoisonItemError(f"{name}: ends processes", key=name, reason="killed_worker")

    listing = discover(source, day=DAY, fetcher=None, validators=None, now=lambda: NOW, begin_file=begin)
    found = list(listing.entries)

    assert _shown(found) == ["https://post.example/1", "killed_worker", "https://post.example/1", "finished"]
    assert (found[1].ref.file, found[1].ends_listing) == (names[0], True)
    assert turns == [f"{name} after {n}" for name in names[:2] for n in range(2)]


def test_nothing_is_in_flight_while_a_file_is_streamed(server, tmp_path: Path):
    """A download is no turn: most of it is waiting, so a death meanwhile says nothing about the file."""
    source, _ = _place("online", server, tmp_path, ONE, TWO)
    turns: list[str] = []
    with fetcher_for(server) as fetcher:
        given = {"day": DAY, "fetcher": fetcher, "validators": None, "now": lambda: NOW}
        found = list(discover(source, **given, begin_file=turns.append).entries)

    assert (len(found), turns) == (4, [])
