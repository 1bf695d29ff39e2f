"""The archive on objects at its worst: killed writers and takedowns, stores that go away, listings that lag."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from newslake.pipeline.errors import StoreError
from newslake.pipeline.shared.bucket import Bucket, ObjectInfo
from newslake.pipeline.shared.database import PostgresDatabase
from newslake.pipeline.shared.leases import PostgresLeases
from newslake.pipeline.shared.object_archive import ObjectArchive
from newslake.pipeline.shared.warc_objects import Sealing, WarcObjects, next_version, origin_of, version_of
from tests.scale.proxy import first, proxy_to
from tests.store.archive_worker import ERASE_STEPS, WRITE_STEPS, large_page, slug_of
from tests.store.stores import StoredFiles, bucket_of, new_folder, new_index
from tests.store.test_archive import DAY, bodies, erase, page_of, put, traces_in
from tests.traces import Traces


@pytest.fixture(params=["folder", "shared"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A place for the objects of a worker: a folder, or a bucket with a prefix."""
    if request.param == "folder":
        return str(tmp_path / "objects")
    return f"{request.getfixturevalue('weed').endpoint}#{tmp_path.name}"


@pytest.fixture
def files_there(place: str, tmp_path: Path, request: pytest.FixtureRequest) -> StoredFiles:
    """The archive that workers at ``place`` use."""
    is_folder = not place.startswith("http")
    objects: Bucket = (
        new_folder(tmp_path) if is_folder else bucket_of(request.getfixturevalue("weed"), prefix=tmp_path.name)
    )
    return StoredFiles(objects, tmp_path / "state" / "index.sqlite")


def work(files: StoredFiles, place: str, action: str, step: str, *names: str) -> int:
    """Run a worker, and return its exit code."""
    files.index_path.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.store.archive_worker", action, step, place, str(files.index_path), *names]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode


def settle(archive, step: str) -> None:
    """Take in what a dead worker has put: a store may finish a put some time after its sender died."""
    is_quiet = False
    while not is_quiet:
        if step == "sending":
            time.sleep(2)
        is_quiet = archive.recover() == ()


def articles(archive) -> list[str]:
    return sorted(each.article_id for each in archive.captures())


@pytest.mark.parametrize("step", WRITE_STEPS)
def test_killed_writer_loses_only_what_it_had_not_sealed(files_there, place, step):
    """After kill -9 at each step of sealing no half file is there, and the next run completes the archive, once."""
    put(files_there.archive(), page_of("before"))
    code = work(files_there, place, "write", step, "a", "bb", "ccc")
    assert code == (0 if step == "end" else -signal.SIGKILL)
    archive = files_there.archive()
    settle(archive, step)
    found = articles(archive)

    assert (list(archive.verify()), archive.recover()) == ([], ())
    assert found in (["before"], ["a", "bb", "before", "ccc"])
    assert (step == "filled", found == ["before"]) in ((True, True), (False, False), (False, step == "sending"))

    assert work(files_there, place, "write", "end", "a", "bb", "ccc") == 0
    pages = {each.article_id: archive.page(each).body for each in archive.captures() if not each.is_revisit}
    assert pages == {name: large_page(name).body for name in ("a", "bb", "ccc")} | {"before": page_of("x").body}
    assert len([each for each in archive.captures() if not each.is_revisit]) == 4


@pytest.mark.parametrize("step", ERASE_STEPS)
@pytest.mark.parametrize("doomed", [("bb",), ("a", "bb", "ccc")], ids=["some", "all"])
def test_killed_takedown_is_finished_by_the_next(files_there, place, step, doomed):
    """After kill -9 at each step of an erasure nothing else is lost, and the next call leaves no byte of the erased."""
    work(files_there, place, "write", "end", "a", "bb", "ccc")
    put(files_there.archive(), page_of("other", b"O"), page_of("other", b"P", minutes=1))
    code = work(files_there, place, "erase", step, *doomed)
    is_reached = step != "end" and not (len(doomed) == 3 and step in ("sending", "stored", "replaced"))
    assert code == (-signal.SIGKILL if is_reached else 0)
    archive = files_there.archive()
    settle(archive, step)
    staying = sorted({"a", "bb", "ccc"} - set(doomed))
    known = {each.article_id: each for each in archive.captures()}
    assert set(known) >= {*staying, "other"}
    for name in staying:
        assert archive.page(known[name]).body == large_page(name).body

    for name in doomed:
        erase(archive, name)
    archive.erase((), page_keys=[])

    assert (articles(archive), list(archive.verify()), archive.recover()) == ([*staying, "other", "other"], [], ())
    search = Traces(map(slug_of, doomed))
    pieces = [large_page(name).body[1000:1040] for name in doomed]
    for data in files_there.contents().values():
        assert search.in_file(data) == set()
        assert [piece for piece in pieces if piece in data] == []
    assert len(files_there.names()) == (2 if staying else 1)
    archive.rebuild_index()
    assert articles(archive) == [*staying, "other", "other"]


@pytest.mark.parametrize("step", ["stored", "replaced"])
def test_index_is_rebuilt_after_a_killed_takedown(files_there, place, step):
    """Of two versions of a file a rebuild takes the one without the erased records; the other is named and removed."""
    work(files_there, place, "write", "end", "a", "bb", "ccc")
    work(files_there, place, "erase", step, "bb")
    files_there.lose_index()
    archive = files_there.archive()

    assert articles(archive) == ["a", "ccc"]
    assert [each.message for each in archive.verify()] == [
        "is left of a takedown that was interrupted; run the takedown again"
    ]
    archive.erase((), page_keys=[])
    assert (list(archive.verify()), len(files_there.names())) == ([], 1)
    assert [archive.page(each).body for each in archive.captures()] == [large_page(n).body for n in ("a", "ccc")]


def test_writer_seals_by_size(files_there):
    """A file is sealed at the first record after its size; each sealed page can be read before the writer ends."""
    archive = files_there.archive(sealing=Sealing(max_bytes=5_000))
    with archive.writer(source_key="harbour", run_id="run-1") as writer:
        for number in range(12):
            body = large_page(str(number)).body[:2_000]
            writer.put(page_of(f"p{number}", body, minutes=number), news_day=DAY, article_id="a")
        assert len(archive.captures()) == 10 - 10 % 2
    assert len(archive.captures()) == 12
    sizes = [len(files_there.objects.get(name)) for name in files_there.names()]
    assert len(sizes) > 2
    assert all(size < 9_000 for size in sizes)


def test_file_is_due_after_its_seconds(tmp_path):
    """A file is sealed after its seconds by a clock that never goes back, however small it is."""
    times = iter([100.0, 399.9, 400.0])
    file = WarcObjects(new_folder(tmp_path), clock=lambda: next(times)).create(news_day=DAY, source_key="s", run_id="r")
    assert [file.is_due, file.is_due] == [False, True]


def test_run_over_many_days_writes_one_file(files_there):
    """A run over a hundred news days puts one object, and every day has its captures."""
    days = [DAY + timedelta(days=number) for number in range(100)]
    with files_there.archive().writer(source_key="harbour", run_id="run-1") as writer:
        for number, day in enumerate(days):
            writer.put(page_of(f"p{number}", minutes=number), news_day=day, article_id=f"a{number}")
    archive = files_there.archive()

    assert (len(files_there.names()), archive.days()) == (1, tuple(days))
    assert list(archive.verify(reads=lambda day: day == date(2026, 3, 1))) == []


def test_reader_follows_a_takedown(files_there):
    """A reader that looked a capture up before a takedown of its neighbour reads its page after it."""
    put(files_there.archive(), page_of("a", b"A"), page_of("b", b"B", minutes=1), page_of("a", b"A", minutes=2))
    archive = files_there.archive()
    before = {each.fetched_at.minute: each for each in archive.captures()}
    erase(files_there.archive(), "b")

    assert archive.page(before[0]) == page_of("a", b"A")
    assert archive.page(before[2]) == page_of("a", b"A", minutes=2)
    assert archive.has_bytes(before[0]) is True


def test_writer_that_lost_its_lease_seals_nothing(files_there, postgres, schema):
    """The server ends the session of a lease: its writer puts no file, and says so; with a lease it does."""
    leases = PostgresLeases(PostgresDatabase(postgres.url, schema=schema))
    archive = files_there.archive()

    def write(name: str, *, is_lost: bool) -> None:
        with leases.writer() as lease, archive.writer(source_key="harbour", run_id=name, lease=lease) as writer:
            writer.put(page_of(name), news_day=DAY, article_id=name)
            if is_lost:
                locks = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock'"
                postgres.execute(f"SELECT pg_terminate_backend(pid, 9000) FROM ({locks}) AS held")

    with pytest.raises(StoreError, match="its lease was lost") as caught:
        write("a", is_lost=True)
    assert (caught.value.reason, files_there.names(), archive.captures()) == ("lease_lost", [], ())
    write("b", is_lost=False)
    assert (len(files_there.names()), articles(archive)) == (1, ["b"])


def test_rebuild_during_a_takedown_loses_nothing(files_there):
    """If the index is rebuilt while a takedown replaces a file, the replaced file is found again under its new name."""
    put(files_there.archive(), page_of("a", b"A"), page_of("b", b"B", minutes=1))
    archive = files_there.archive()
    [old], rows = files_there.names(), archive.captures()
    erase(archive, "b")
    archive._index.rebuild(lambda: [(old, rows)])  # as it was read before the erasure
    assert [each.article_id for each in archive.captures()] == ["a", "b"]
    [new] = files_there.names()
    assert (archive.recover(), files_there.names()) == ((f"indexed {new}",), [new])
    assert (articles(archive), bodies(archive), list(archive.verify())) == (["a"], [b"A"], [])


class LaggingObjects:
    """Objects whose listing is late: it has what was there at a moment, and no change since."""

    def __init__(self, objects: Bucket) -> None:
        self._objects = objects
        self._listed = list(objects.list())
        for name in ("put", "put_new", "get", "get_range", "read_chunks", "info", "delete"):
            setattr(self, name, getattr(objects, name))

    def list(self, folder: str = "") -> Iterator[ObjectInfo]:
        return iter([each for each in self._listed if each.key.startswith(f"{folder}/")])


def test_listing_that_lags_loses_nothing(files_there):
    """With a listing from before, all pages are read, no damage is seen, and repair forgets no file."""
    put(files_there.archive(), page_of("a", b"A"), page_of("b", b"B", minutes=1))
    lagging = ObjectArchive(LaggingObjects(files_there.objects), new_index(files_there.index_path))
    put(files_there.archive(), page_of("c", b"C", minutes=2), run_id="run-2")
    erase(files_there.archive(), "b")

    for _ in range(2):
        assert (bodies(lagging), list(lagging.verify())) == ([b"A", b"C"], [])
        assert lagging.recover(drops_damaged=True) == ()
    assert lagging.rebuild_index() == ()
    put(lagging, page_of("d", b"D", minutes=3))
    erase(lagging, "a")
    assert bodies(files_there.archive()) == [b"C", b"D"]


def test_versions_of_a_name():
    """A file keeps its origin over all its versions, also if run and source have the marks of a version."""
    name = WarcObjects(None).create(news_day=DAY, source_key="a~2", run_id="r~3~4").name  # type: ignore[arg-type]
    names = [name]
    for _ in range(11):
        names.append(next_version(names[-1]))
    assert [version_of(each) for each in names] == list(range(1, 13))
    assert len({origin_of(each) for each in names}) == 1
    assert len(set(names)) == 12


def test_seal_with_a_lost_answer_is_done_once(weed, tmp_path):
    """A file whose put was answered into the void is there once, and its pages are in the index."""
    with proxy_to(weed.port, loses=first(b"/warc/")) as proxy:
        objects = bucket_of(weed, endpoint=proxy.endpoint)
        files = StoredFiles(objects, tmp_path / "state" / "index.sqlite")
        put(files.archive(), page_of("a", b"A"), page_of("b", b"B", minutes=1))
        assert len([head for head in proxy.heads if head.startswith("PUT") and "/warc/" in head]) == 2
        assert (bodies(files.archive()), len(files.names())) == ([b"A", b"B"], 1)


def test_writer_waits_for_a_store_that_is_killed(mortal_weed, tmp_path):
    """While the store is killed and comes back, a writer seals on, and every page is there once."""
    files = StoredFiles(bucket_of(mortal_weed), tmp_path / "state" / "index.sqlite")
    archive = files.archive(sealing=Sealing(max_bytes=1))
    with archive.writer(source_key="harbour", run_id="run-1") as writer:
        for number in range(9):
            if number % 3 == 2:
                mortal_weed.kill()
                starter = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1)"])
                starter.wait()
                mortal_weed.start()
            writer.put(page_of(f"p{number}", b"%d" % number, minutes=number), news_day=DAY, article_id="a")
    assert bodies(files.archive()) == [b"%d" % number for number in range(9)]
    assert (len(files.names()), list(files.archive().verify())) == (9, [])


def test_full_store_shows_nothing_half_sealed(mortal_weed, tmp_path):
    """A seal on a full store is an error that says so; nothing of it is visible; with room the pages go in again."""
    files = StoredFiles(bucket_of(mortal_weed, deadline_seconds=2), tmp_path / "state" / "index.sqlite")
    put(files.archive(), page_of("a", b"A"))
    mortal_weed.restart(is_full=True)
    with pytest.raises(StoreError, match="disk is full") as caught:
        put(files.archive(), page_of("b", b"B", minutes=1))

    assert (caught.value.reason, bodies(files.archive()), len(files.names())) == ("store_full", [b"A"], 1)
    mortal_weed.restart()
    put(files.archive(), page_of("b", b"B", minutes=1))
    assert (bodies(files.archive()), list(files.archive().verify())) == ([b"A", b"B"], [])


@pytest.mark.parametrize("others", [("a",), ("a", "ccc"), ("a", "bb", "ccc")])
def test_erasure_after_another_takedown_changed_the_file(files_there, others):
    """Records that were found before another takedown wrote their file again are erased from its later version."""
    archive = files_there.archive()
    put(archive, *(page_of(name, f"<p>{name} {name}</p>".encode()) for name in ("a", "bb", "ccc")), page_of("stays"))
    stale = archive.captures(article_id="bb")
    for name in others:
        erase(archive, name)

    archive.erase(stale, page_keys={each.page_key for each in stale})

    assert articles(archive) == sorted({"a", "ccc", "stays"}.difference(others))
    assert list(archive.verify()) == []
    assert traces_in(files_there, "<p>bb bb</p>") == {}
