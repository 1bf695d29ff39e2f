"""The contract of an archive, over files of this machine and over objects."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from io import BytesIO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from newslake.pipeline.archive import page_key_of
from newslake.pipeline.errors import ArchiveError
from newslake.pipeline.model import Attempt, Exchange, Hints, Page
from tests.traces import Traces

NOON = datetime(2026, 2, 3, 12, 0, 0, 250, tzinfo=UTC)
DAY = date(2026, 2, 3)
SECRET = "Nobody may ever read these words again."
URL = "https://www.harbour-post.example/news/"
SENT = Exchange(request=b"GET /news/x HTTP/1.1\r\n\r\n", head=b"HTTP/1.1 200 OK\r\nServer: s\r\n\r\n", body=b"")


@dataclass(frozen=True)
class NotModifiedAnswer:
    """A server's 304 response."""

    fetched_at: datetime
    etag: str | None = None
    last_modified: str | None = None
    exchange: Exchange | None = None


def page_of(name: str, body: bytes = b"<p>The ferry was late.</p>", *, minutes: int = 0) -> Page:
    return Page(
        url=URL + name,
        final_url=URL + name,
        status=200,
        headers={"content-type": "text/html; charset=utf-8", "etag": '"v1"'},
        body=body,
        fetched_at=NOON + timedelta(minutes=minutes),
        hints=Hints(title="Ferry – late again"),
    )


def put(archive, *pages: Page, run_id: str = "run-1", day: date = DAY) -> None:
    """Store pages; the article of a page is the last part of its URL."""
    with archive.writer(source_key="harbour", run_id=run_id) as writer:
        for page in pages:
            writer.put(page, news_day=day, article_id=(page.url or "a/local").rpartition("/")[2])


def erase(archive, article_id: str) -> None:
    captures = archive.captures(article_id=article_id)
    archive.erase(captures, page_keys={each.page_key for each in captures})


def bodies(archive) -> list[bytes]:
    return [archive.page(each).body for each in archive.captures()]


def traces_in(files, *words: str) -> dict[str, set[bytes]]:
    """Return what stored bytes have of some words: raw, in gzip members, and in names."""
    search = Traces(words)
    found = {name: search.in_file(data) | search.in_bytes(name.encode()) for name, data in files.contents().items()}
    return {name: hits for name, hits in found.items() if hits}


@pytest.mark.parametrize(
    "page",
    [
        page_of("a"),
        page_of("a", b""),
        page_of("a", bytes(range(256)) * 2000),
        replace(page_of("a"), exchange=replace(SENT, body=page_of("a").body)),
        replace(page_of("a"), url=None, final_url=None, headers={"content-type": "text/plain"}),
    ],
    ids=["plain", "empty", "binary", "as-sent", "local"],
)
def test_page_comes_back_equal(files, page):
    """A page of the archive equals the stored page; another process reads it too."""
    put(files.archive(), page)
    [capture] = files.archive().captures()
    got = files.archive().page(capture)

    assert (got.url, got.body, got.status, got.hints) == (page.url, page.body, page.status, page.hints)
    assert files.archive().get(capture.digest) == got
    assert list(files.archive().verify()) == []


def test_same_bytes_and_304_are_revisits(files):
    """The same bytes again, and a 304, are revisits with their own times and the bytes of the first record."""
    pages = [page_of("a", b"A"), page_of("a", b"B", minutes=1), page_of("a", b"A", minutes=2)]
    for number, page in enumerate(pages):
        put(files.archive(), page, run_id=f"run-{number}")
    with files.archive().writer(source_key="harbour", run_id="run-9") as writer:
        writer.put_not_modified(NotModifiedAnswer(NOON + timedelta(days=1)), page_key=page_key_of(pages[0]))
    captures = files.archive().captures()

    assert [each.is_revisit for each in captures] == [False, False, True, True]
    assert bodies(files.archive()) == [b"A", b"B", b"A", b"A"]
    assert len({files.archive().record_id(each) for each in captures}) == 4


def test_record_is_visible_after_its_file_is_finished(files):
    """Until the writer ends, no reader sees its record, and no WARC file is there."""
    archive = files.archive()
    with archive.writer(source_key="harbour", run_id="run-1") as writer:
        writer.put(page_of("a"), news_day=DAY, article_id="a")
        assert (archive.captures(), files.names(), archive.recover()) == ((), [], ())
        writer.finish_files()
        assert (len(archive.captures()), len(files.names())) == (1, 1)
        writer.put(page_of("b"), news_day=DAY, article_id="b")
    assert (len(archive.captures()), len(files.names())) == (2, 2)


def test_pages_put_before_an_error_are_kept(files):
    """If the with-block raises, stored pages are finished and indexed, and the error propagates."""

    def fall_over() -> None:
        with files.archive().writer(source_key="h", run_id="r") as writer:
            writer.put(page_of("a"), news_day=DAY, article_id="a")
            raise RuntimeError("network fell over")

    with pytest.raises(RuntimeError, match="fell over"):
        fall_over()
    assert bodies(files.archive()) == [page_of("a").body]


def test_writers_of_one_name_do_not_collide(files):
    """Three writers of the same source and run, at once and after each other, lose nothing."""
    one, two = files.archive(), files.archive()
    with one.writer(source_key="h", run_id="r") as first, two.writer(source_key="h", run_id="r") as second:
        first.put(page_of("a", b"A"), news_day=DAY, article_id="a")
        second.put(page_of("b", b"B", minutes=1), news_day=DAY, article_id="b")
    with files.archive().writer(source_key="h", run_id="r") as third:
        third.put(page_of("c", b"C", minutes=2), news_day=DAY, article_id="c")

    assert bodies(files.archive()) == [b"A", b"B", b"C"]
    assert len(files.names()) == 3


@pytest.mark.parametrize("name", ["../../x", "a/b", "scheduled__2026-02-03T00:00:00+00:00", "n" * 400, "a~2", "…", "."])
def test_hostile_names_stay_inside(files, name):
    """Run ids and source keys of any kind become names of files of the archive, for each source its own."""
    with files.archive().writer(source_key=name, run_id=name) as writer:
        writer.put(page_of("a"), news_day=DAY, article_id="a")
    put(files.archive(), page_of("b", minutes=1))

    assert len(files.names()) == 2
    assert files.archive().recover(source_key=name) == files.archive().recover() == ()
    assert list(files.archive().verify()) == []


def test_lost_index_is_rebuilt_equal(files):
    """The index is rebuilt from the WARC files, on request or because it is lost, with failed responses."""
    put(files.archive(), page_of("a", b"A"), page_of("a", b"A", minutes=3), page_of("b", b"B", minutes=4))
    attempt = Attempt(
        page_key=page_key_of(page_of("a")),
        url=URL + "a",
        article_id="a",
        source_key="harbour",
        news_day=DAY,
        run_id="run-2",
        fetched_at=NOON,
        status=410,
        reason="gone",
        file="",
        offset=0,
        length=0,
    )
    with files.archive().writer(source_key="harbour", run_id="run-2") as writer:
        writer.put_attempt(attempt, replace(SENT, head=b"HTTP/1.1 410 Gone\r\n\r\n"))

    def found() -> tuple:
        archive = files.archive()
        return archive.captures(), archive.attempts([attempt.page_key]), archive.days(), archive.gone()

    before = found()
    assert (len(before[0]), len(before[1])) == (3, 1)
    assert (files.archive().rebuild_index(), found()) == ((), before)
    files.lose_index()
    assert found() == before


def test_file_finished_before_the_transaction_of_a_rebuild_stays(files, monkeypatch):
    """A writer that ends after a rebuild began, before its transaction, is in the new index."""
    archive = files.archive()
    index = archive._index
    rebuild = index.rebuild

    def rebuild_later(*given) -> None:
        put(files.archive(), page_of("a", b"A"))
        rebuild(*given)

    monkeypatch.setattr(index, "rebuild", rebuild_later)
    assert archive.rebuild_index() == ()
    assert (bodies(archive), list(archive.verify())) == ([b"A"], [])


def test_file_that_is_not_in_the_index_is_found(files):
    """A file whose writer died before it was indexed is named by verify, and taken in by recover, once."""
    put(files.archive(), page_of("a", b"A"))
    [name] = files.names()
    before = files.archive().captures()
    files.archive()._index.forget(name)

    assert [each.file for each in files.archive().verify()] == [name]
    assert files.archive().recover(source_key="other") == ()
    assert files.archive().recover(source_key="harbour") == (f"indexed {name}",)
    assert files.archive().recover() == ()
    assert (files.archive().captures(), list(files.archive().verify())) == (before, [])


def test_files_are_listed_with_their_records(files):
    """Each file of the index has its records by offset."""
    put(files.archive(), page_of("a"), page_of("b", b"B"))
    archive = files.archive()
    [name] = archive.file_names()

    assert [each.article_id for each in archive.records_of(name)] == ["a", "b"]


def test_lost_file_is_named_until_it_is_given_up(files):
    """A lost file stays in the index until it is given up; its pages are read from other records with their bytes."""
    pages = [page_of("a", b"A"), page_of("a", b"A", minutes=1)]
    put(files.archive(), pages[0])
    [lost] = files.names()
    files.objects.delete(lost)
    archive = files.archive()

    assert archive.recover(source_key="harbour") == archive.recover() == ()
    assert [each.file for each in archive.verify()] == [lost]
    assert [archive.has_bytes(each) for each in archive.captures()] == [False]
    with pytest.raises(ArchiveError, match="missing") as caught:
        archive.page(archive.captures()[0])
    assert caught.value.reason == "record_missing"

    put(archive, pages[1], run_id="run-2")

    assert [each.is_revisit for each in archive.captures()] == [False, False]
    assert [archive.page(each) for each in archive.captures()] == pages
    assert [each.file for each in archive.rebuild_index()] == [lost]
    assert len(archive.recover(drops_damaged=True)) == 1
    assert (list(archive.verify()), bodies(archive)) == ([], [b"A"])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda data: data[:-20], "record_missing"),
        (lambda data: data[:-30] + bytes(byte ^ 0x55 for byte in data[-30:]), "record_corrupt"),
        (lambda data: b"\0" * len(data), "record_corrupt"),
    ],
    ids=["cut", "flipped", "zeroed"],
)
def test_damaged_record_is_named(files, change, reason):
    """A record with missing or changed bytes is an error with its file; verify names it; other files are read."""
    put(files.archive(), page_of("a", b"A" * 400))
    [name] = files.names()
    put(files.archive(), page_of("b", b"B", minutes=1), run_id="run-2")
    files.objects.put(name, change(files.objects.get(name)))
    archive = files.archive()
    damaged, whole = archive.captures()
    with pytest.raises(ArchiveError) as caught:
        archive.page(damaged)

    assert (caught.value.reason, name.rpartition("/")[2] in str(caught.value)) == (reason, True)
    assert {each.file for each in archive.verify()} == {name}
    assert archive.page(whole).body == b"B"
    assert list(archive.verify(reads=lambda day: day != DAY)) == []


def test_erased_record_leaves_no_byte(files):
    """After an erasure no file, name or index has a byte of it; all others are read as before, in valid WARC files."""
    page = page_of("secret", SECRET.encode() * 40, minutes=1)
    sent = replace(page, exchange=replace(SENT, request=b"GET /news/secret HTTP/1.1\r\n\r\n", body=page.body))
    put(files.archive(), page_of("a", b"A"), sent, page_of("b", b"B", minutes=2))
    put(files.archive(), page_of("secret", SECRET.encode() * 50, minutes=3), run_id="run-2")
    assert traces_in(files, SECRET, "/news/secret") != {}
    archive = files.archive()
    erase(archive, "secret")

    assert traces_in(files, SECRET, "/news/secret") == {}
    assert [each.article_id for each in archive.captures()] == ["a", "b"]
    assert (bodies(archive), list(archive.verify())) == ([b"A", b"B"], [])
    before = archive.captures()
    archive.rebuild_index()
    assert (archive.captures(), archive.recover()) == (before, ())
    for name in files.names():
        kinds = [record.rec_type for record in ArchiveIterator(BytesIO(files.objects.get(name)))]
        assert kinds.count("response") == len([each for each in before if each.file == name])


def test_revisit_of_erased_bytes_keeps_them(files):
    """If only the record with the bytes is erased, its first remaining revisit gets them."""
    for number in range(3):
        put(files.archive(), page_of("a", b"A", minutes=number), run_id=f"run-{number}")
    archive = files.archive()
    archive.erase(archive.captures()[:1], page_keys=[])

    assert [each.is_revisit for each in archive.captures()] == [False, True]
    assert [archive.page(each) for each in archive.captures()] == [page_of("a", b"A", minutes=n) for n in (1, 2)]
    assert list(archive.verify()) == []


def test_erasing_again_changes_nothing(files):
    """A second erasure of the same article, and one of all articles, leave what they should."""
    put(files.archive(), page_of("a", b"A"), page_of("b", b"B", minutes=1))
    erase(files.archive(), "a")
    doomed, before = files.archive().captures(), files.contents()
    erase(files.archive(), "a")
    assert {n: d for n, d in files.contents().items() if n.endswith(".gz")} == {
        n: d for n, d in before.items() if n.endswith(".gz")
    }
    files.archive().erase(doomed, page_keys=[])
    assert (files.names(), files.archive().captures()) == ([], ())


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(0, 4), st.integers(0, 2)),
        st.tuples(st.just("erase"), st.integers(0, 4), st.just(0)),
        st.tuples(st.sampled_from(["recover", "rebuild", "verify"]), st.just(0), st.just(0)),
    ),
    max_size=14,
)


@given(steps=STEPS)
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_archive_has_what_was_put_and_not_erased(files, steps):
    """After any order of puts, erasures, repairs and rebuilds the archive has the pages of a plain list."""
    archive = files.archive()
    archive.erase(archive.captures(), page_keys=[])
    expected: list[Page] = []
    for number, (step, article, content) in enumerate(steps):
        if step == "put":
            page = page_of(f"p{article}", b"%d of %d" % (content, article), minutes=number)
            put(archive, page, run_id=f"run-{number}")
            expected.append(page)
        elif step == "erase":
            erase(archive, f"p{article}")
            expected = [each for each in expected if each.url != f"{URL}p{article}"]
        elif step == "recover":
            assert archive.recover() == ()
        else:
            assert list({"rebuild": archive.rebuild_index, "verify": archive.verify}[step]()) == []
    assert [archive.page(each) for each in archive.captures()] == expected
    assert list(archive.verify()) == []
