"""Web archives from listing to tables: a run of a day lists, fetches and processes that day alone."""

import gzip
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from newslake.pipeline.addons.operate.plan import plan
from newslake.pipeline.clean import canonical
from newslake.pipeline.clean.decoding import DecodedText
from newslake.pipeline.jobs import pipeline_version
from newslake.pipeline.jobs.fetch_candidates import FetchCandidate
from newslake.pipeline.jobs.ingest import ingest
from newslake.pipeline.jobs.run import extract_day, ingest_sources
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import Hints, Page, Ref, canonical_url
from newslake.pipeline.settings import Settings
from tests.faults.hostile import Hostile, hostile_server
from tests.page_states import page_state
from tests.unit.sources.test_cc_news import warc
from tests.unit.sources.wayback import Kept, Wayback, wayback

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ONE, TWO = date(2026, 2, 13), date(2026, 2, 14)


def _story(word: str, *, day: date) -> bytes:
    line = f"Councillor Ada Brandt told reporters that the {word} of Tarnwick would be painted before the summer. "
    return (
        f"<html lang='en'><head><title>The {word} to be painted</title>"
        f"<meta property='article:published_time' content='{day}T07:00:00Z'></head>"
        f"<body><article><h1>The {word} to be painted</h1><p>{line * 3}</p><p>{line * 2}</p></article></body></html>"
    ).encode()


def _open(folder: Path, server: Hostile, entry: str, *, hours: int = 0) -> Workspace:
    sources = folder / "sources.toml"
    sources.write_text(f'private_hosts = ["{server.host}"]\n[sources.old]\ninterval_seconds = 0\n{entry}')
    return Workspace(
        Settings.load(
            data_dir=folder,
            sources_file=sources,
            frozen_now=NOW.replace(hour=12 + hours),
            durability="process",
            retry_after_max_seconds=0,
        )
    )


def _ingested(space: Workspace, day: date, *, name: str = "") -> tuple[list[tuple[str, str, date]], tuple[date, ...]]:
    """Ingest a day; return (last part of the URL, reason, news day) of each page, and the days to derive."""
    run_id = f"r{name}-{day}"
    done = ingest_sources(space, source_keys=["old"], day=day, run_id=run_id, report_progress=lambda _: None)
    rows = [row for row in space.lake.log.read("outcomes").to_pylist() if row["run_id"] == run_id]
    return sorted((row["url"].rpartition("/")[2], row["reason"], row["news_day"]) for row in rows), done.report.days


def _read(space: Workspace, day: date) -> list[tuple[date, str]]:
    """Extract a news day; return (partition, URL) of every article that the lake then has."""
    extract_day(space, day=day, run_id=f"x-{day}", report_progress=lambda _: None)
    rows = space.lake.read("articles").to_pylist()
    return sorted((row["published_at"].date(), row["url"]) for row in rows)


@pytest.mark.model
def test_sitemap_archive_over_two_days(tmp_path: Path) -> None:
    """Each day's run lists its own pages, one of them without a date; all end in their day's partition."""
    with hostile_server() as server:
        space = _open(tmp_path, server, f'kind = "sitemap_archive"\nurl = "{server.url("/index.xml")}"\n')
        children = "".join(f"<sitemap><loc>/{day}.xml</loc></sitemap>" for day in (ONE, TWO))
        server.says("/index.xml", 200, f"<sitemapindex>{children}</sitemapindex>".encode())
        for day, words in ((ONE, ("pier", "mill")), (TWO, ("quay",))):
            entries = [f"<url><loc>/{word}</loc></url>" for word in words]
            dated = f"<url><loc>/gone-{day.day}</loc><lastmod>{day}T10:00:00Z</lastmod></url>"
            server.says(f"/{day}.xml", 200, f"<urlset>{''.join(entries)}{dated}</urlset>".encode())
            for word in words:
                server.says(f"/{word}", 200, _story(word, day=day), Content_Type="text/html")

        assert _ingested(space, ONE) == (
            [("gone-13", "http_404", ONE), ("mill", "archived", ONE), ("pier", "archived", ONE)],
            (ONE,),
        )
        assert server.seen["/quay"] == 0
        assert _read(space, ONE) == [(ONE, server.url("/mill")), (ONE, server.url("/pier"))]
        assert _ingested(space, TWO) == ([("gone-14", "http_404", TWO), ("quay", "archived", TWO)], (TWO,))
        assert server.seen["/pier"] == 1
        assert _read(space, TWO)[-1] == (TWO, server.url("/quay"))


A, B, C = (f"https://www.post.example/news/{name}" for name in "abc")


def _archive_entry(archive: Wayback) -> str:
    return f'kind = "cdx"\nurl = "https://www.post.example/news/*"\napi = "{archive.api}"\n'


@pytest.mark.model
def test_cdx_over_two_days(tmp_path: Path) -> None:
    """A day fetches the captures of that day; articles have the page's URL and date, and the capture's time."""
    kept = (
        Kept("20260213080000", A, _story("pier", day=ONE)),
        Kept("20260214080000", A, _story("pier", day=ONE)),
        Kept("20260214090000", B, _story("mill", day=ONE)),
        Kept("20260214100000", C, _story("quay", day=TWO)),
    )
    with wayback(*kept) as archive:
        space = _open(tmp_path, archive.server, _archive_entry(archive))

        assert _ingested(space, ONE) == ([("a", "archived", ONE)], (ONE,))
        assert _read(space, ONE) == [(ONE, A)]
        # The archive's digest says that this payload is held: it is not requested again.
        assert _ingested(space, TWO) == (
            [("a", "already_fetched", ONE), ("b", "archived", TWO), ("c", "archived", TWO)],
            (TWO,),
        )
        assert _read(space, TWO) == [(ONE, A), (ONE, B), (TWO, C)]
        assert _ingested(space, TWO, name="again")[0] == [
            ("a", "already_fetched", ONE),
            ("b", "already_fetched", TWO),
            ("c", "already_fetched", TWO),
        ]
        assert len(archive.copies) == 3
    rows = {row["url"]: row for row in space.lake.read("articles").to_pylist()}
    assert rows[C]["fetched_at"] == datetime(2026, 2, 14, 10, tzinfo=UTC)


def test_cdx_stops_at_429_and_continues_later(tmp_path: Path) -> None:
    """After 429 the run requests nothing more; pages wait, and a later run gets their snapshots, not the live pages."""
    kept = [Kept(f"202602140{hour}0000", f"{A}{hour}", b"<p>x</p>" + bytes([48 + hour])) for hour in range(5)]
    with wayback(*kept) as archive:
        archive.too_many_after = 2
        space = _open(tmp_path, archive.server, _archive_entry(archive))
        first, _ = _ingested(space, TWO)
        requested = len(archive.copies)
        archive.too_many_after = None
        later = _open(tmp_path, archive.server, _archive_entry(archive), hours=3)
        second, days = _ingested(later, date(2026, 2, 20), name="later")

    assert sorted(reason for _, reason, _ in first) == ["archived"] * 2 + ["host_backoff"] * 2 + ["http_429"]
    assert requested == 3
    assert sorted(second) == sorted((url, "archived", TWO) for url, reason, _ in first if reason != "archived")
    assert days == (TWO,)


def test_failing_index_stops_waiting_snapshots_too(tmp_path: Path) -> None:
    """If the index answers 429, waiting snapshots are not requested either, and the run names the source."""
    with wayback(Kept("20260214080000", A, b"<p>x</p>")) as archive:
        archive.too_many_after = 0
        _ingested(_open(tmp_path, archive.server, _archive_entry(archive)), TWO)
        archive.server.says("/cdx/search/cdx?", 429)
        space = _open(tmp_path, archive.server, _archive_entry(archive), hours=3)
        done = ingest(space, source_key="old", day=ONE, run_id="second")

    assert done.error is not None
    assert (done.error.reason, len(archive.copies)) == ("http_429", 1)


def test_plan_says_which_days_an_archive_lists(tmp_path: Path) -> None:
    """The plan lists past days from the archive, but not today."""
    with hostile_server() as server:
        space = _open(tmp_path, server, f'kind = "sitemap_archive"\nurl = "{server.url("/{day}.xml")}"\n')
        server.says("/14.xml", 200, b"<urlset><url><loc>/a</loc></url></urlset>")
        _ingested(space, TWO)
        found = plan(space, first=TWO, last=NOW.date())

    assert [(day.news_day, day.can_list) for day in found.days] == [(TWO, True)]
    assert found.sources[0].lists == "past days, as far back as its index goes"


_NEWS_FOLDER = "crawl-data/CC-NEWS/2026/02/"


def _crawl(server: Hostile, **files: bytes) -> str:
    """Let a server have a month of WARC files with these times in their names; return the source's entry."""
    paths = {f"{_NEWS_FOLDER}CC-NEWS-{stamp.removeprefix('t')}-00001.warc.gz": body for stamp, body in files.items()}
    server.says(f"/{_NEWS_FOLDER}warc.paths.gz", 200, gzip.compress("\n".join(paths).encode()))
    for path, body in paths.items():
        server.says(f"/{path}", 200, body)
    return f'kind = "cc_news"\nurl = "{server.url("/")}"\nhosts = ["post.example"]\n'


def test_common_crawl_file_is_streamed_once(tmp_path: Path) -> None:
    """A day's files are read once for all runs; a truncated one is requested again, and its pages are kept once."""
    whole = warc("https://post.example/b", "https://post.example/c")
    with hostile_server() as server:
        entry = _crawl(server, t20260214080000=warc("https://post.example/a"), t20260214090000=whole)
        broken_path = f"/{_NEWS_FOLDER}CC-NEWS-20260214090000-00001.warc.gz"
        server.says(broken_path, 200, whole[:-10], Content_Length=str(len(whole)), Connection="close")
        first = _ingested(_open(tmp_path, server, entry), TWO)
        server.says(broken_path, 200, whole)
        second = _ingested(_open(tmp_path, server, entry), TWO, name="second")
        third = _ingested(_open(tmp_path, server, entry), TWO, name="third")

    names = [(name, reason) for name, reason, _ in first[0]]
    assert names == [
        (broken_path.rpartition("/")[2], "truncated"),
        ("a", "archived"),
        ("b", "archived"),
        ("c", "archived"),
    ]
    assert {day for _, _, day in first[0]} == {TWO}
    assert [(name, reason) for name, reason, _ in second[0]] == [("b", "identical_payload"), ("c", "identical_payload")]
    assert third[0] == []
    assert [count for path, count in server.seen.items() if path.endswith(".warc.gz")] == [1, 2]


def test_only_the_file_with_the_broken_item_is_streamed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If newslake fails on a page of the first file, the next version streams that file again, and no later one."""
    decode = canonical.decode_body

    def failing(page: Page) -> DecodedText:
        if page.url == "https://post.example/a":
            raise KeyError("half")
        return decode(page)

    with hostile_server() as server:
        entry = _crawl(
            server, t20260214080000=warc("https://post.example/a"), t20260214090000=warc("https://post.example/b")
        )
        with monkeypatch.context() as patch:
            patch.setattr(canonical, "decode_body", failing)
            first, _ = _ingested(_open(tmp_path, server, entry), TWO)
        monkeypatch.setattr(pipeline_version, "code_version", lambda: "next")
        second, _ = _ingested(_open(tmp_path, server, entry), TWO, name="second")

    assert [(name, reason) for name, reason, _ in first] == [("a", "broken_item"), ("b", "archived")]
    assert [(name, reason) for name, reason, _ in second] == [("a", "archived")]
    assert [count for path, count in server.seen.items() if path.endswith(".warc.gz")] == [2, 1]


def test_failed_sitemap_of_a_day_fails_the_run(tmp_path: Path) -> None:
    """A failing child fails its day's run after everything else is done: no later day would list it again."""
    with hostile_server() as server:
        space = _open(tmp_path, server, f'kind = "sitemap_archive"\nurl = "{server.url("/index.xml")}"\n')
        children = "".join(f"<sitemap><loc>/{ONE}-{part}.xml</loc></sitemap>" for part in (1, 2))
        server.says("/index.xml", 200, f"<sitemapindex>{children}</sitemapindex>".encode())
        server.says(f"/{ONE}-1.xml", 200, f"<urlset><url><loc>/{ONE:%Y/%m/%d}/a</loc></url></urlset>".encode())
        server.says(f"/{ONE}-2.xml", 503)
        server.says(f"/{ONE:%Y/%m/%d}/a", 200, _story("pier", day=ONE), Content_Type="text/html")
        done = ingest(space, source_key="old", day=ONE, run_id="one")

    assert done.error is not None
    assert done.error.reason == "http_503"
    assert done.report.days == (ONE,)


def test_snapshot_and_live_page_have_separate_states(tmp_path: Path) -> None:
    """The live page is gone and one snapshot is lost: a snapshot of another day is fetched, and both states stay."""
    kept = Kept("20260214090000", A, _story("pier", day=TWO))
    with wayback(kept) as archive:
        space = _open(tmp_path, archive.server, _archive_entry(archive))
        lost = Hints(copy_url=f"{archive.api}/web/20260213000000id_/{A}", copy_digest="LOST")
        for hints in (Hints(), lost):
            listed = FetchCandidate(Ref(source_key="old", url=A, hints=hints), canonical_url(A), ONE, None, ())
            refused = page_state(
                A,
                page_key=listed.state_key,
                source_key="old",
                news_day=ONE,
                last_outcome="rejected",
                reason="http_404",
                hints=hints,
            )
            space.fetch_state.record_many([refused])

        assert _ingested(space, TWO) == ([("a", "archived", TWO)], (TWO,))
        assert space.fetch_state.seen(canonical_url(A)).last_outcome == "rejected"
