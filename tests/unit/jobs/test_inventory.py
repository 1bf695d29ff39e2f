"""The inventory of a data root: which stores were there, and what is given up."""

import gc
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from newslake.pipeline.cli import app
from newslake.pipeline.errors import ConfigError, MissingStoreError
from newslake.pipeline.jobs.inventory import (
    ARCHIVE,
    KNOWLEDGE,
    LAKE,
    STATE,
    check_stores,
    give_up,
    missing_stores,
    note_stores,
)
from newslake.pipeline.jobs.run import extract_day
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import Page
from newslake.pipeline.settings import Settings
from newslake.pipeline.upkeep.maintenance import repair

NOON = datetime(2026, 2, 3, 12, tzinfo=UTC)


def settings_of(root: Path, **given: object) -> Settings:
    return Settings.load(data_dir=root, sources_file=root / "sources.toml", durability="process", **given)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A data root in which every store was noted."""
    for name in ("archive/warc/2026/first.warc.gz", "lake/_state/head.json", "kb.sqlite"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"content")
    assert not Workspace(settings_of(tmp_path)).takedowns.all()
    note_stores(settings_of(tmp_path))
    assert missing_stores(settings_of(tmp_path)) == {}
    return tmp_path


@pytest.mark.parametrize("name", [ARCHIVE, STATE, LAKE, KNOWLEDGE])
def test_emptied_store_is_missing(root: Path, name: str) -> None:
    """An empty folder, as under a mount point without its disk, and an empty file are a missing store."""
    path = root / name
    if path.is_dir():
        shutil.rmtree(path)
        path.mkdir()
    else:
        path.write_bytes(b"")
    with pytest.raises(MissingStoreError, match=f"{name} is empty.*`newslake lake repair --give-up {name}`"):
        check_stores(settings_of(root))
    note_stores(settings_of(root))
    assert [*missing_stores(settings_of(root))] == [name]


def test_lake_without_index_and_manifests_is_missing(root: Path) -> None:
    """Folders that a process makes in an unmounted lake are no lake."""
    shutil.rmtree(root / "lake/_state")
    (root / "lake/_state/locks").mkdir(parents=True)
    (root / "lake/_state/months").mkdir()
    assert [*missing_stores(settings_of(root))] == [LAKE]


def test_lake_in_which_nothing_is_committed_may_lose_its_index(tmp_path: Path) -> None:
    """Before the first commit a lost index is built again; the loss of the whole lake, with the log, is named."""
    (tmp_path / "sources.toml").touch()

    def run(name: str) -> None:
        space = Workspace(settings_of(tmp_path))
        extract_day(space, day=NOON.date(), run_id=name, report_progress=lambda _: None)

    run("1")
    gc.collect()  # closes the index
    for path in (tmp_path / "lake/_state").glob("index.sqlite*"):
        path.unlink()
    run("2")
    assert missing_stores(settings_of(tmp_path)) == {}
    assert sorted(Workspace(settings_of(tmp_path)).lake.log.read("runs")["run_id"].to_pylist()) == ["1", "2"]
    gc.collect()
    shutil.rmtree(tmp_path / "lake")
    with pytest.raises(MissingStoreError, match="lake/_state is missing"):
        run("3")


@pytest.mark.parametrize("lost", ["lake/_state", "lake/_state/head.json"])
def test_lake_whose_days_are_lost_is_missing(root: Path, lost: str) -> None:
    """Without index and manifests a lake is missing, also if its log is there; so it is with nothing but its log."""
    for name in (
        "lake/tables/articles/published_month=2026-02/2026-02-03.parquet",
        "lake/log/runs/run_month=2026-02/1.parquet",
    ):
        (root / name).parent.mkdir(parents=True)
        (root / name).touch()
    (root / lost).unlink() if (root / lost).is_file() else shutil.rmtree(root / lost)
    assert [*missing_stores(settings_of(root))] == [LAKE]
    shutil.rmtree(root / "lake/tables")
    shutil.rmtree(root / "lake/_state", ignore_errors=True)
    assert [*missing_stores(settings_of(root))] == [LAKE]


def test_lake_with_its_manifests_is_there(root: Path) -> None:
    """A lake that lost index and head is damaged, not missing: the manifests name its files."""
    (root / "lake/_state/head.json").unlink()
    manifest = root / "lake/_state/months/2026-02/000001-00000000.json"
    manifest.parent.mkdir(parents=True)
    manifest.touch()
    assert [*missing_stores(settings_of(root))] == []


def test_only_named_stores_are_given_up(root: Path) -> None:
    """Dropping what is damaged refuses while a store is missing, also if another one is named, and changes nothing."""
    shutil.rmtree(root / "archive/warc")
    shutil.rmtree(root / "lake/_state")
    (root / "lake/tables").mkdir()
    (root / "lake/tables/kept").touch()
    for gives_up in ((), (LAKE,)):
        with pytest.raises(MissingStoreError, match="archive/warc is missing"):
            repair(Workspace(settings_of(root)), drops_damaged=True, gives_up=gives_up)
        assert [*missing_stores(settings_of(root))] == [ARCHIVE, LAKE]
    assert (root / "lake/tables/kept").exists()
    assert give_up(settings_of(root), [ARCHIVE]) == ("goes on without archive/warc, which was lost",)
    assert [*missing_stores(settings_of(root))] == [LAKE]


def test_index_forgets_the_files_of_an_archive_that_is_given_up(tmp_path: Path) -> None:
    """Once the WARC files are given up, verify no longer asks for each of them."""
    space = Workspace(settings_of(tmp_path))
    page = Page(url="https://x.example/1", final_url=None, status=200, headers={}, body=b"A", fetched_at=NOON)
    with space.archive.writer(source_key="harbour", run_id="run-1") as writer:
        writer.put(page, news_day=NOON.date(), article_id="a1")
    assert space.lake.days() == ()
    note_stores(space.settings)
    shutil.rmtree(tmp_path / "archive/warc")
    assert repair(Workspace(space.settings), gives_up=[ARCHIVE])["archive"]
    assert list(Workspace(space.settings).archive.verify()) == []


@pytest.mark.parametrize("name", [LAKE, "lake", "everything"])
def test_name_of_no_missing_store_is_refused(root: Path, name: str) -> None:
    """Giving up a store that is there, or a word that is no store, is an error that lists the missing ones."""
    (root / "kb.sqlite").unlink()
    with pytest.raises(ConfigError, match=r"not a missing store; missing stores: kb\.sqlite"):
        give_up(settings_of(root), [KNOWLEDGE, name])
    assert [*missing_stores(settings_of(root))] == [KNOWLEDGE]


def test_another_knowledge_base_is_another_store(root: Path) -> None:
    """With NEWS_KB_FILE set to a file that never was there, nothing is missing; the first one is still known."""
    other = settings_of(root, kb_file=root / "other.sqlite")
    assert missing_stores(other) == {}
    note_stores(other)
    (root / "kb.sqlite").unlink()
    assert missing_stores(other) == {}
    assert [*missing_stores(settings_of(root))] == [KNOWLEDGE]


def test_moved_data_root_still_knows_its_stores(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A data root that is moved or copied notices a loss as before."""
    moved = tmp_path_factory.mktemp("moved") / "data"
    root.rename(moved)
    shutil.rmtree(moved / "archive/warc")
    assert [*missing_stores(settings_of(moved))] == [ARCHIVE]


def test_concurrent_changes_of_the_inventory_lose_none(root: Path) -> None:
    """Stores that several processes note while another gives one up are all in the inventory."""
    for number in range(30):
        (root / "inventory.json").unlink()
        (root / "kb.sqlite").rename(root / "away")
        note_stores(settings_of(root))
        known = json.loads((root / "inventory.json").read_bytes())["stores"]
        (root / "inventory.json").write_text(json.dumps({"stores": {**known, KNOWLEDGE: KNOWLEDGE, STATE: "older"}}))
        with ThreadPoolExecutor() as pool:
            jobs = [pool.submit(note_stores, settings_of(root)), pool.submit(give_up, settings_of(root), [KNOWLEDGE])]
            assert [job.exception() for job in jobs] == [None, None]
        stores = json.loads((root / "inventory.json").read_bytes())["stores"]
        assert stores == {name: name for name in (ARCHIVE, STATE, LAKE)}, number
        (root / "away").rename(root / "kb.sqlite")
        note_stores(settings_of(root))


def test_command_gives_up_the_stores_that_it_names(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The option is repeatable; without it, the command changes nothing and says how to use it."""
    (root / "sources.toml").touch()
    for key, value in {"DATA_DIR": root, "SOURCES_FILE": root / "sources.toml", "DURABILITY": "process"}.items():
        monkeypatch.setenv(f"NEWS_{key}", str(value))
    shutil.rmtree(root / "archive/warc")
    shutil.rmtree(root / "lake/_state")
    refused = CliRunner().invoke(app, ["lake", "repair", "--drop-damaged", "--give-up", LAKE])
    assert isinstance(refused.exception, MissingStoreError)
    assert [*missing_stores(settings_of(root))] == [ARCHIVE, LAKE]
    done = CliRunner().invoke(app, ["lake", "repair", "--give-up", LAKE, "--give-up", ARCHIVE])
    assert (done.exit_code, done.exception) == (0, None), done.output
    assert "goes on without archive/warc" in done.output
