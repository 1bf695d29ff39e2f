"""Inboxes of both stores: a folder, and a bucket whose objects are claimed by leases."""

import hashlib
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Barrier
from typing import Any

import obstore
import psycopg
import pytest
from news_airflow.polls import Inboxes, ListedPage, Listings

from newslake.pipeline.addons.setup.add_source import EntryOptions, draft_source
from newslake.pipeline.addons.setup.source_entry import entry_text
from newslake.pipeline.errors import ConfigError, StoreError
from newslake.pipeline.jobs.push import push_urls
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.settings import Settings
from newslake.pipeline.shared.bucket import Bucket, ObjectInfo
from newslake.pipeline.shared.inbox import MAX_BYTES, BucketInbox
from newslake.pipeline.shared.leases import PostgresLeases
from newslake.pipeline.shared.settings import SharedSettings
from newslake.pipeline.sources import FolderInbox
from newslake.pipeline.sources.listing import LocalFile
from newslake.pipeline.sources.positions import inbox_mark
from tests.architecture.tree import ROOT
from tests.page_states import page_state
from tests.scale.seaweedfs import BUCKET, REGION
from tests.store.stores import bucket_of
from tests.store.test_leases import start

LATER = timedelta(hours=2)


class PowerCutError(Exception):
    """Ends a run in the middle; nothing after it runs, as after a kill."""


class FadingBucket:
    """A real bucket whose user dies at the call of a number."""

    def __init__(self, objects: Bucket, at: int) -> None:
        self._objects = objects
        self._left = at
        self.is_dead = False

    def __getattr__(self, name: str) -> Any:
        def call(*given: Any, **named: Any) -> Any:
            self._left -= 1
            if self._left <= 0:
                self.is_dead = True
                raise PowerCutError(name)
            return getattr(self._objects, name)(*given, **named)

        return call


class BucketTrial:
    """An inbox in a bucket, and what any S3 client sees and does there."""

    def __init__(self, objects: Bucket, leases: PostgresLeases, folder: Path) -> None:
        self.objects = objects
        self.leases = leases
        self.folder = folder

    def open(self, objects: Any = None, *, late: timedelta = timedelta()) -> BucketInbox:
        return BucketInbox(
            objects or self.objects,
            self.leases,
            place="s3://lake/inbox",
            copies=self.folder / "copies",
            now=lambda: datetime.now(UTC) + late,
        )

    def put(self, **files: str) -> None:
        for name, text in files.items():
            self.objects.put(name.replace("_", "."), text.encode())

    def there(self) -> dict[str, str]:
        return {each.key: (self.objects.get(each.key) or b"").decode() for each in self.objects.list()}


@pytest.fixture
def trial(weed, database, tmp_path: Path) -> BucketTrial:
    return BucketTrial(bucket_of(weed), PostgresLeases(database, notice_seconds=0), tmp_path)


class FolderTrial:
    """The same for a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "inbox"

    def open(self) -> FolderInbox:
        return FolderInbox(self.folder)

    def put(self, **files: str) -> None:
        self.folder.mkdir(exist_ok=True)
        for name, text in files.items():
            (self.folder / name.replace("_", ".")).write_text(text)

    def there(self) -> dict[str, str]:
        files = (each for each in self.folder.rglob("*") if each.is_file())
        return {each.relative_to(self.folder).as_posix(): each.read_text() for each in files}


@pytest.fixture(params=["local", "shared"])
def any_trial(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    return FolderTrial(tmp_path) if request.param == "local" else request.getfixturevalue("trial")


def names_in(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


# Both stores.


def test_files_are_claimed_and_settled(any_trial):
    """A run gets pages with their sidecars; they move to done/, a broken one to failed/ with its reason."""
    any_trial.put(a_json="{}", a_html="A", b_jsonl="B", c_part="C")
    inbox = any_trial.open()
    with inbox.claim(run_id="r1") as folder:
        assert names_in(folder) == ["a.html", "a.json", "b.jsonl"]
        assert (folder / "a.html").read_text() == "A"
        inbox.settle(folder, reasons={"b.jsonl": "line 1 is broken"})
    assert any_trial.there() == {
        "c.part": "C",
        "done/a.html": "A",
        "done/a.json": "{}",
        "failed/b.jsonl": "B",
        "failed/b.jsonl.reason.txt": "line 1 is broken\n",
    }
    assert inbox.waiting() == []


def test_second_file_of_a_name_gets_another(any_trial):
    """A file whose name is taken in done/ keeps both files, each with its own sidecar."""
    inbox = any_trial.open()
    for text in ("first", "second"):
        any_trial.put(a_json=f'"{text}"', a_html=text)
        with inbox.claim(run_id=text) as folder:
            inbox.settle(folder, reasons={})
    assert any_trial.there() == {
        "done/a.html": "first",
        "done/a.json": '"first"',
        "done/a~2.html": "second",
        "done/a~2.json": '"second"',
    }


def test_what_a_run_did_not_settle_waits(any_trial):
    """A run that ends before it settles leaves its files to the next one, also its edits of them."""
    any_trial.put(a_html="A")
    with any_trial.open().claim(run_id="r1"):
        pass
    with any_trial.open().claim(run_id="r2") as folder:
        assert names_in(folder) == ["a.html"]


def test_what_a_run_gives_back_waits_as_the_same_file(any_trial):
    """A file that a run has not read to its end waits with its sidecar, and has its mark when it is claimed again."""
    any_trial.put(a_json="{}", a_html="A", b_jsonl="B", c_html="C")
    inbox = any_trial.open()
    names = ("a.html", "b.jsonl")
    with inbox.claim(run_id="r1") as folder:
        marks = [inbox_mark(LocalFile(path=folder / name, name=name)) for name in names]
        inbox.give_back(folder, names)
        assert names_in(folder) == ["c.html"]
        inbox.settle(folder, reasons={})
    assert set(names) <= set(inbox.waiting())
    assert inbox.erase(lambda place: (place / "a.html").exists()) == 1
    with any_trial.open().claim(run_id="r2") as folder:
        assert names_in(folder) == ["a.html", "a.json", "b.jsonl"]
        assert [inbox_mark(LocalFile(path=folder / name, name=name)) for name in names] == marks


def test_marks_are_of_all_files_that_are_not_settled(any_trial):
    """Files that wait, that a run has, and that it has given back have the mark with which a run reads them."""
    any_trial.put(a_jsonl="A", b_jsonl="B", c_html="C")
    inbox, other = any_trial.open(), any_trial.open()
    assert other.marks() == inbox.marks()
    with inbox.claim(run_id="r1") as folder:
        marks = {name: inbox_mark(LocalFile(path=folder / name, name=name)) for name in names_in(folder)}
        assert other.marks() == set(marks.values())
        inbox.give_back(folder, ["a.jsonl"])
        assert other.marks() == set(marks.values())
        inbox.settle(folder, reasons={"c.html": "it is broken"})
    assert other.marks() == {marks["a.jsonl"]}


def test_a_living_run_keeps_its_files(any_trial):
    """What a run has is neither claimed nor erased by others; what comes later is."""
    any_trial.put(a_html="A")
    inbox, other = any_trial.open(), any_trial.open()
    with inbox.claim(run_id="r1") as folder:
        any_trial.put(b_html="B")
        with other.claim(run_id="r2") as second:
            assert names_in(second) == ["b.html"]
        assert other.erase(lambda place: (place / "a.html").exists()) == 0
        inbox.settle(folder, reasons={})
    assert "done/a.html" in any_trial.there()


def test_page_that_is_removed_from_a_claimed_folder_leaves_the_inbox(any_trial):
    """A takedown edits the files of a run before they move: what it removes is nowhere afterwards."""
    any_trial.put(a_json="{}", a_html="A", b_jsonl="keep\ndrop\n")
    inbox = any_trial.open()
    with inbox.claim(run_id="r1") as folder:
        (folder / "a.html").unlink()
        (folder / "a.json").unlink()
        (folder / "b.jsonl").write_text("keep\n")
        inbox.settle(folder, reasons={})
    assert any_trial.there() == {"done/b.jsonl": "keep\n"}


def test_erase_edits_all_files_that_are_idle(any_trial):
    """Waiting, done and failed files are changed or removed, and the number of changes is returned."""
    inbox = any_trial.open()
    any_trial.put(a_txt="secret", b_txt="secret and more")
    with inbox.claim(run_id="r1") as folder:
        inbox.settle(folder, reasons={"b.txt": "secret is broken"})
    any_trial.put(c_txt="secret", d_txt="other")

    def edit(place: Path) -> int:
        held = [each for each in place.iterdir() if each.is_file() and "secret" in each.read_text()]
        for each in held:
            each.write_text("more") if "more" in each.read_text() else each.unlink()
        return len(held)

    assert inbox.erase(edit) == 4
    assert any_trial.there() == {"failed/b.txt": "more", "d.txt": "other"}


# A bucket.


def settle_once(inbox: BucketInbox, seen: Counter[str] | None = None) -> None:
    """Claim what waits, count each content that a run would read, and settle it; a page named "bad" has failed."""
    with inbox.claim(run_id="r") as folder:
        for name in names_in(folder):
            if seen is not None:
                seen[(folder / name).read_text()] += 1
        inbox.settle(folder, reasons={"bad.txt": "it is broken"})


def test_a_run_that_dies_at_any_step_loses_and_doubles_nothing(trial):
    """After a death at any call to the bucket the next run leaves what an undisturbed one leaves."""
    given = {"a_json": "card", "a_html": "page", "bad_txt": "bad", "x_jsonl": "lines"}
    trial.put(**given)
    settle_once(trial.open())
    expected, deaths = trial.there(), 0
    assert len(expected) == 5
    for step in range(1, 60):
        for each in trial.objects.list():
            trial.objects.delete(each.key)
        trial.put(**given)
        fading = FadingBucket(trial.objects, step)
        try:
            settle_once(trial.open(fading))
        except PowerCutError:
            deaths += 1
        settle_once(trial.open(late=LATER))  # a sidecar whose page has moved is there for an hour
        assert trial.there() == expected, step
        if not fading.is_dead:
            break
    assert deaths > 20
    assert not fading.is_dead
    assert names_in(trial.folder / "copies") == []


def test_two_runs_take_different_objects(trial):
    """Four runs at once get each of 40 pages once, each with its sidecar."""
    for number in range(40):
        trial.put(**{f"p{number}_json": "{}", f"p{number}_html": str(number)})
    together = Barrier(4)

    def run(number: int) -> list[str]:
        inbox = trial.open()
        together.wait(30)
        with inbox.claim(run_id=f"r{number}") as folder:
            got = names_in(folder)
            together.wait(60)
            inbox.settle(folder, reasons={})
        return got

    threads = [start(lambda number=number: run(number)) for number in range(4)]
    for thread, _ in threads:
        thread.join(120)
    got = [name for _, [names] in threads for name in names]
    assert sorted(got) == sorted(f"p{number}.{suffix}" for number in range(40) for suffix in ("html", "json"))
    assert sorted(trial.there()) == sorted(f"done/{name}" for name in got)


def test_the_second_try_of_a_run_waits_for_the_first(trial):
    """While the first try of a run lives, its second one waits, and then gets what the first has left."""
    trial.put(a_html="A")
    got: list[str] = []

    def second() -> None:
        with trial.open().claim(run_id="r1") as folder:
            got.extend(names_in(folder))

    with trial.open().claim(run_id="r1"):
        thread, _ = start(second)
        time.sleep(0.5)
        assert thread.is_alive()
    thread.join(30)
    assert got == ["a.html"]


class LateListing:
    """A bucket whose listing shows objects that are gone, and not yet those that are new."""

    def __init__(self, objects: Bucket, old: list[ObjectInfo]) -> None:
        self._objects = objects
        self._old = old

    def list(self, folder: str = "", *, is_deep: bool = True) -> Iterator[ObjectInfo]:
        return iter(self._old) if not folder else self._objects.list(folder, is_deep=is_deep)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._objects, name)


def test_listings_that_lag_double_and_lose_nothing(trial):
    """An object that is listed after its end is passed over; a sidecar that is not listed yet comes with its page."""
    trial.put(old_html="old", page_html="page")
    late = LateListing(trial.objects, list(trial.objects.list(is_deep=False)))
    trial.objects.delete("old.html")
    trial.put(page_json="card", new_html="new")
    seen: Counter[str] = Counter()
    settle_once(trial.open(late), seen)
    assert seen == {"page": 1, "card": 1}
    settle_once(trial.open(), seen)
    assert trial.there() == {"done/page.html": "page", "done/page.json": "card", "done/new.html": "new"}


def test_object_that_is_replaced_while_a_run_has_it_stays(trial):
    """The new object is read by the next run; the old one is in done/."""
    trial.put(a_html="old")
    inbox = trial.open()
    with inbox.claim(run_id="r1") as folder:
        trial.put(a_html="newer")
        inbox.settle(folder, reasons={})
    assert trial.there() == {"a.html": "newer", "done/a.html": "old"}
    settle_once(trial.open())
    assert trial.there() == {"done/a.html": "old", "done/a~2.html": "newer"}


def test_sidecar_without_a_page_waits_an_hour(trial):
    """Then a run takes it as a file of its own."""
    trial.put(a_json="card")
    assert trial.open().waiting() == []
    assert trial.open(late=LATER).waiting() == ["a.json"]


def test_what_was_settled_is_not_listed(trial):
    """A listing of the inbox does not read done/ and failed/, which grow."""
    trial.put(a_html="A")
    settle_once(trial.open())
    assert [each.key for each in trial.objects.list(is_deep=False)] == []
    assert [each.key for each in trial.objects.list("done", is_deep=False)] == ["done/a.html"]


def test_copies_of_a_killed_run_are_removed(trial):
    """The next claim on the host removes what a killed process has left on its disk."""
    left = trial.folder / "copies" / hashlib.sha256(b"dead").hexdigest()
    left.mkdir(parents=True)
    (left / "a.html").write_text("page")
    with trial.open().claim(run_id="r"):
        assert not left.exists()


def test_too_large_an_object_stays(trial, monkeypatch, caplog):
    """An object over the limit is not claimed, and the log says so; the others are."""
    monkeypatch.setattr("newslake.pipeline.shared.inbox.MAX_BYTES", 3)
    trial.put(a_html="large", b_html="ok")
    settle_once(trial.open())
    assert trial.there() == {"a.html": "large", "done/b.html": "ok"}
    assert "a.html" in caplog.text
    assert MAX_BYTES == 1 << 30


@pytest.mark.parametrize("name", ["ü b/c~1.html", ".hidden.html", "folder/", "x" * 255])
def test_any_client_may_put_any_name(weed, trial, name):
    """Names in folders, hidden ones and folder marks of S3 browsers are passed over; long names are settled."""
    prefix = trial.objects.url.rpartition("/")[2]  # where the trial is, for another client
    obstore.put(weed.client(), f"{prefix}/{name}", b"x")
    trial.put(a_html="A")
    settle_once(trial.open())
    there = trial.there()
    assert there["done/a.html"] == "A"
    assert ("done/" + name in there) == (len(name) == 255)


# The commands.


@pytest.fixture
def space(weed, postgres, schema, tmp_path: Path, monkeypatch) -> Workspace:
    """A workspace on a shared store, with an inbox in a bucket of its own."""
    monkeypatch.chdir(tmp_path)
    key = tmp_path / "key"
    key.write_text(
        f"[default]\naws_access_key_id = {weed.admin.access_key}\naws_secret_access_key = {weed.admin.secret_key}\n"
    )
    (tmp_path / "sources.toml").write_text(f'[sources.gate]\nkind = "inbox"\nurl = "s3://{BUCKET}/{schema}/gate/"\n')
    settings = Settings.load(
        store="shared",
        data_dir=tmp_path / "data",
        sources_file=tmp_path / "sources.toml",
        database_url=postgres.url,
        database_schema=schema,
        objects_url=f"s3://{BUCKET}/{schema}/archive",
        objects_endpoint=weed.endpoint,
        objects_region=REGION,
        objects_key_file=key,
        allow_http=True,
    )
    return Workspace(settings)


def test_push_puts_a_file_into_the_bucket(space):
    """The file is there when the push returns, and the trigger names it."""
    done = push_urls(space, ["https://a.example/1"])
    inbox = space.store.inbox(space.sources.named("gate").location)
    name = done.file.rpartition("/")[2]
    assert inbox.waiting() == [name]
    assert Inboxes(space.settings).waiting() == {"gate": (name,)}
    with inbox.claim(run_id="r") as folder:
        assert (folder / name).read_text() == "https://a.example/1\n"
        assert Inboxes(space.settings).waiting() == {"gate": (name,)}
        inbox.settle(folder, reasons={})
    assert Inboxes(space.settings).waiting() == {}


def test_sources_add_takes_a_bucket(space):
    """The entry has the URL; the bucket is opened before, and an inbox that overlaps is refused."""
    place = f"s3://{BUCKET}/{space.settings.of(SharedSettings).database_schema}/drop"
    draft = draft_source(space, place, EntryOptions(), quiet=True, new_file="")
    assert (draft.source.key, draft.found) == ("drop", {"files": 0})
    assert entry_text(draft.source) == f'[sources.drop]\nkind = "inbox"\nurl = "{place}"'
    with pytest.raises(ConfigError, match="read twice"):
        draft_source(space, f"{place.rpartition('/')[0]}/gate/deeper", EntryOptions(), quiet=True, new_file="")
    with pytest.raises(StoreError, match="no such bucket"):
        draft_source(space, "s3://missing/drop", EntryOptions(), quiet=True, new_file="")


def test_inbox_within_the_archive_is_refused(space):
    """A prefix in that of the archive is no inbox, for `push`, for `sources add` and for the trigger."""
    place = f"{space.settings.of(SharedSettings).objects_url}/gate"
    for use in (space.store.inbox, partial(draft_source, space, given=EntryOptions(), quiet=True, new_file="")):
        with pytest.raises(ConfigError, match=r"NEWS_OBJECTS_URL is .*give each its own prefix"):
            use(place)
    space.settings.sources_file.write_text(f'[sources.gate]\nkind = "inbox"\nurl = "{place}"\n')
    assert Inboxes(space.settings).waiting() == {}


def test_a_local_store_has_no_inbox_in_a_bucket(space):
    """The message names the setting; the trigger logs it once and goes on."""
    local = Workspace(space.settings.model_copy(update={"store": "local"}))
    with pytest.raises(ConfigError, match="NEWS_STORE=shared"):
        push_urls(local, ["https://a.example/1"])
    assert Inboxes(local.settings).waiting() == {}


def test_triggers_are_light_on_a_shared_store(space):
    """The triggerer polls the inbox and the state of the shared store, and loads no library of tables or of text."""
    heavy = ("spacy", "pyarrow", "pyiceberg", "trafilatura", "duckdb", "bs4", "numpy")
    code = f"""
import sys
from news_airflow.polls import Inboxes, ListedPage, Listings
from newslake.pipeline.settings import Settings
settings = Settings.load()
print(Inboxes(settings).waiting(), len(Listings(settings).unfetched([ListedPage("https://a.example/", None, None)])))
print(sorted(set({heavy!r}) & set(sys.modules)))
"""
    push_urls(space, ["https://a.example/1"])
    settings, services = space.settings, space.settings.of(SharedSettings)
    environment = {
        **os.environ,
        "NEWS_STORE": "shared",
        "NEWS_DATA_DIR": str(settings.data_dir),
        "NEWS_SOURCES_FILE": str(settings.sources_file),
        "NEWS_DATABASE_URL": services.database_url.get_secret_value(),
        "NEWS_DATABASE_SCHEMA": services.database_schema,
        "NEWS_OBJECTS_URL": services.objects_url,
        "NEWS_OBJECTS_ENDPOINT": services.objects_endpoint,
        "NEWS_OBJECTS_REGION": services.objects_region,
        "NEWS_OBJECTS_KEY_FILE": str(services.objects_key_file),
        "PYTHONPATH": f"{ROOT}:{ROOT / 'plugins'}",
    }
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    waiting, modules = done.stdout.splitlines() or [done.stderr, ""]
    assert waiting.startswith("{'gate': ('push-"), done.stderr
    assert waiting.endswith(" 1")
    assert modules == "[]"


def test_threads_of_a_triggerer_share_the_state(space, postgres, schema):
    """Thirty threads that compare listings at once, while the server ends their session, get right answers."""
    listings = Listings(space.settings)
    seen = page_state("https://a.example/3", source_key="a")
    space.fetch_state.record_many([seen])
    assert not space.archive.captures(page_key=seen.page_key)  # builds the index, which a cut would interrupt
    pages = [ListedPage(f"https://a.example/{number}", None, None) for number in range(20)]
    threads = [start(lambda: listings.unfetched(pages)) for _ in range(30)]
    for _ in range(3):
        with psycopg.connect(postgres.url, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    for thread, _ in threads:
        thread.join(60)
    assert {tuple(page.page_key for page in got[0]) for _, got in threads} == {
        tuple(page.page_key for page in pages if page.page_key != seen.page_key)
    }
