"""The index of captures of both stores: the same answers, in the same order."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newslake.pipeline.archive.index import Index
from newslake.pipeline.model import Attempt, Capture, Hints
from newslake.pipeline.shared.capture_index import PostgresCaptureIndex
from newslake.pipeline.shared.database import PostgresDatabase
from newslake.pipeline.sqlite import open_database
from tests.long_form import LONG

DAY = date(2026, 3, 2)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
FERRY = Capture(
    page_key="https://harbour-post.example/ferry",
    url="https://www.harbour-post.example/ferry?from=list",
    article_id="a1",
    source_key="harbour",
    news_day=DAY,
    run_id="run1",
    fetched_at=NOON,
    status=200,
    digest="sha256:aa",
    is_revisit=False,
    file="warc/2026-03-02/harbour/run1.warc.gz",
    offset=400,
    length=9_000,
    etag='"1"',
    hints=Hints(title="Ferry", publisher="Harbour Post"),
)
GONE = Attempt(
    page_key=FERRY.page_key,
    url="https://harbour-post.example/ferry",
    article_id="a1",
    source_key="harbour",
    news_day=DAY,
    run_id="run2",
    fetched_at=NOON + timedelta(hours=1),
    status=404,
    reason="http_404",
    file="warc/2026-03-02/harbour/run2.warc.gz",
    offset=0,
    length=700,
)


def _broken(error: sqlite3.Error) -> Any:
    raise error


def new_local(folder: Path) -> Index:
    index = Index(open_database(folder / "index.sqlite", durability="process", broken=_broken))
    index.rebuild(list)
    return index


@pytest.fixture(params=["local", "shared"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    if request.param == "local":
        with closing(new_local(tmp_path)) as opened:
            yield opened
    else:
        opened = PostgresCaptureIndex(request.getfixturevalue("database"))
        opened.rebuild(list)
        yield opened


def by_file(*records: Capture | Attempt) -> dict[str, list[Capture | Attempt]]:
    return {file: [each for each in records if each.file == file] for file in {each.file for each in records}}


def test_records_come_back_equal(index):
    """A capture and an attempt are read as they were written; adding their files again changes nothing."""
    for _ in range(2):
        index.add(by_file(FERRY, GONE))

    assert index.records(FERRY.file) == (FERRY,)
    assert index.records(GONE.file) == (GONE,)
    assert index.files() == {FERRY.file, GONE.file}
    assert index.captures() == (FERRY,)
    assert index.attempts([FERRY.page_key]) == (GONE,)
    assert index.gone() == {"a1"}


@pytest.mark.parametrize(
    "text",
    [
        "https://harbour-post.example/" + "".join(f"{number * 7_919 % 99_991:x}" for number in range(4_000)),
        "zero\0byte",
        "one\1two\1\1three\0",
        "🦭 näı̈ve \u200b",
        "%s %(name)s {} ' \" \\",
    ],
    ids=["long", "zero", "one", "unicode", "marks"],
)
def test_any_text_is_a_key(index, text):
    """Long URLs, zero bytes and any marks are read as they were written, and find their rows."""
    capture = replace(FERRY, page_key=text, url=text, etag=text, hints=Hints(title=text))
    index.add(by_file(capture, replace(GONE, page_key=text, url=text)))

    assert index.latest([text]) == {text: capture}
    assert list(index.fetch_times([text])) == [text]
    assert index.attempts([text])[0].url == text


def test_captures_are_ordered_by_bytes(index):
    """Files of one moment are in the order of their bytes, not of a language."""
    names = ["Z", "a", "é", "B", "_", "ä", "~", "a b", "a\0", "a\1"]
    index.add(by_file(*(replace(FERRY, file=name) for name in names)))

    assert [each.file for each in index.captures()] == sorted(names, key=str.encode)


def test_a_rebuild_replaces_everything(index):
    """A rebuild has only the given files; if reading them fails, the old index stays."""
    index.add(by_file(FERRY))

    def fail() -> Iterator[Any]:
        yield GONE.file, [GONE]
        raise RuntimeError("the disk is gone")

    with pytest.raises(RuntimeError):
        index.rebuild(fail)
    assert index.files() == {FERRY.file}
    index.rebuild(lambda: [(GONE.file, [GONE])])
    assert (index.files(), index.captures(), index.is_ready()) == ({GONE.file}, (), True)


def test_an_erasure_during_a_rebuild_is_not_undone(index, tmp_path, request):
    """Another process erases a record after a rebuild has read it: the record does not come back."""
    index.add(by_file(FERRY, GONE))

    def erase() -> None:
        if isinstance(index, Index):
            with closing(Index(open_database(tmp_path / "index.sqlite", durability="process", broken=_broken))) as own:
                own.erase([(FERRY.file, FERRY.offset)])
        else:
            with closing(PostgresDatabase(request.getfixturevalue("postgres").url, schema=schema)) as database:
                PostgresCaptureIndex(database).erase([(FERRY.file, FERRY.offset)])

    schema = request.getfixturevalue("schema")
    eraser = Thread(target=erase)

    def read() -> Iterator[Any]:
        yield FERRY.file, [FERRY]
        eraser.start()
        eraser.join(0.5)
        yield GONE.file, [GONE]

    index.rebuild(read)
    eraser.join(30)
    assert (index.captures(), index.files()) == ((), {FERRY.file, GONE.file})


def test_replace_moves_a_file_at_once(index):
    """A file is replaced by another one: its rows are gone, those of the other are there, and all else stays."""
    index.add(by_file(FERRY, GONE))
    moved = replace(FERRY, file=f"{FERRY.file}~2")
    for _ in range(2):
        index.replace(FERRY.file, {moved.file: [moved]})

    assert (index.captures(), index.files()) == ((moved,), {moved.file, GONE.file})
    assert index.records(FERRY.file) == ()
    assert index.attempts([GONE.page_key]) == (GONE,)


def test_files_of_a_folder(index):
    """Files below a folder are those whose names begin with it and a slash, as bytes."""
    names = ["warc/a/1", "warc/a/b/2", "warc/a0", "warc/a-", "warc/aa/3", "warc/A/4", "warc/ä/5", "warc/%/6", "x"]
    index.add({name: [replace(FERRY, file=name)] for name in names})

    assert index.files() == set(names)
    assert index.files(folder="warc/a") == {"warc/a/1", "warc/a/b/2"}
    assert index.files(folder="warc") == set(names) - {"x"}
    assert index.files(folder="warc/ä") == {"warc/ä/5"}
    assert index.files(folder="warc/%") == {"warc/%/6"}
    assert index.files(folder="none") == set()


def test_erase_and_forget_remove_rows(index):
    """Erase removes records by place; forget removes a file with all its records."""
    second = replace(FERRY, offset=20_000)
    index.add(by_file(FERRY, second, GONE))
    index.erase([(FERRY.file, FERRY.offset)])
    assert index.captures() == (second,)
    index.forget(GONE.file)
    assert (index.attempts([GONE.page_key]), index.files()) == ((), {FERRY.file})
    index.vacuum_and_truncate()
    assert index.captures() == (second,)


def test_reading_goes_on_while_rows_are_added(index):
    """An iterator yields all rows of its beginning, while other methods read and write."""
    index.add(by_file(*(replace(FERRY, offset=number) for number in range(5_000))))
    summaries = index.capture_summaries(DAY, DAY)
    assert next(summaries).page_key == FERRY.page_key
    index.add(by_file(replace(FERRY, file="later")))
    assert index.held([FERRY.digest]) == {FERRY.digest}

    assert len(list(summaries)) in (4_999, 5_000)


# Any records, and any question about them.

_few = st.sampled_from
_page_keys = _few(["https://a.example/1", "https://a.example/2", "https://b.example/\0", "sha256:x", "É", "e\u0301"])
_articles, _sources, _runs = _few(["a1", "a2", "A2", "ä"]), _few(["harbour", "Harbour", "x"]), _few(["run1", "run2"])
_files, _digests = _few(["f1", "F1", "f2", "é", "f\0"]), _few(["sha256:a", "sha256:b", "sha256:B"])
_days = st.dates(date(2026, 2, 27), date(2026, 3, 3))
_times = st.sampled_from([0, 1, 999_999, 1_000_000, 3_600_000_001]).map(
    lambda each: NOON + timedelta(microseconds=each)
)
_texts = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
_hints = st.builds(Hints, title=_texts, publisher=_texts, tdm_reserved=st.none() | st.booleans())
_captures = st.builds(
    Capture,
    page_key=_page_keys,
    url=_texts,
    article_id=_articles,
    source_key=_sources,
    news_day=_days,
    run_id=_runs,
    fetched_at=_times,
    status=_few([200, 304]),
    digest=_digests,
    is_revisit=st.booleans(),
    file=_files,
    offset=st.integers(0, 6),
    length=st.integers(1, 2**40),
    etag=_texts,
    last_modified=_texts,
    hints=_hints,
    sent_digest=st.none() | _digests,
)
_attempts = st.builds(
    Attempt,
    page_key=_page_keys,
    url=st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    article_id=st.none() | _articles,
    source_key=_sources,
    news_day=_days,
    run_id=_runs,
    fetched_at=_times,
    status=_few([200, 404, 410]),
    reason=_few(["http_404", "cut"]),
    file=_files,
    offset=st.integers(0, 6),
    length=st.integers(1, 900),
)
_records = st.lists(_captures | _attempts, max_size=25)
_lists = st.lists(_page_keys, max_size=4)
# Each step or question: a function of an index. Results without an order are sorted.
_asks: st.SearchStrategy[Callable[[Any], Any]] = st.one_of(
    _records.map(lambda given: lambda index: index.add(by_file(*given))),
    _records.map(lambda given: lambda index: index.rebuild(lambda: sorted(by_file(*given).items()))),
    _files.map(lambda file: lambda index: index.forget(file)),
    st.lists(st.tuples(_files, st.integers(0, 6)), max_size=5).map(lambda places: lambda index: index.erase(places)),
    st.just(lambda index: (index.captures(), index.files(), index.days(), index.last_days(), index.gone())),
    st.just(lambda index: (index.reserved(), list(index.dangling_revisits()), index.is_ready())),
    _lists.map(lambda keys: lambda index: (index.of_pages(keys), index.latest(keys), index.fetch_times(keys))),
    _lists.map(lambda keys: lambda index: index.attempts(keys)),
    st.lists(_articles, max_size=3).map(lambda ids: lambda index: (index.of_articles(ids), list(index.payloads(ids)))),
    st.tuples(st.none() | _page_keys, st.none() | _articles).map(
        lambda one: lambda index: index.captures(page_key=one[0], article_id=one[1])
    ),
    st.tuples(_digests, st.none() | _page_keys).map(
        lambda one: lambda index: (list(index.holding(one[0], page_key=one[1])), index.held([one[0]]))
    ),
    st.tuples(_digests, _page_keys, st.none() | _digests).map(
        lambda one: lambda index: list(index.holding_as_sent(one[0], page_key=one[1], sent_digest=one[2]))
    ),
    _days.map(lambda day: lambda index: (list(index.of_day(day)), index.articles_of_day(day))),
    st.tuples(_days, _days).map(lambda days: lambda index: list(index.capture_summaries(min(days), max(days)))),
    st.tuples(_days, _days, st.sets(_sources)).map(
        lambda given: (
            lambda index: (
                list(index.in_file_order(min(given[:2]), max(given[:2]), source_keys=given[2])),
                list(index.counts_by_day(min(given[:2]), max(given[:2]), source_keys=given[2]).items()),
            )
        )
    ),
    _files.map(lambda file: lambda index: sorted(index.records(file), key=repr)),
    _sources.map(lambda key: lambda index: (index.of_source(key), sorted(index.attempts_of_source(key), key=repr))),
    st.tuples(_sources, _runs).map(lambda one: lambda index: index.days_of_run(source_key=one[0], run_id=one[1])),
)
_examples = count()


@settings(max_examples=300 if LONG else 12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=_records, asks=st.lists(_asks, min_size=1, max_size=12))
def test_both_stores_answer_equally(tmp_path_factory, database, first, asks):
    """After the same steps, every question has the same answer from both stores."""
    shared = PostgresCaptureIndex(database)
    shared.rebuild(list)
    with closing(new_local(tmp_path_factory.mktemp(f"example-{next(_examples)}"))) as local:
        for ask in (lambda index: index.add(by_file(*first)), *asks):
            assert ask(shared) == ask(local)
