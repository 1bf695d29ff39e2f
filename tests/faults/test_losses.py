"""A lost or emptied file of a data root is reported or restored, and no loss of a file brings a forgotten page back."""

import gc
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path

import pytest
from typer.testing import CliRunner

from newslake.pipeline.addons.alerts.state import ALERTS
from newslake.pipeline.addons.alerts.store import open_alert_store
from newslake.pipeline.archive import source_name
from newslake.pipeline.cli import app
from newslake.pipeline.errors import MissingStoreError, NewsError
from newslake.pipeline.jobs.inventory import STATE, missing_stores
from newslake.pipeline.jobs.knowledge import import_kb
from newslake.pipeline.jobs.run import ingest_sources
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.upkeep.health import examine
from newslake.pipeline.upkeep.maintenance import read_everything, repair, verify
from newslake.pipeline.upkeep.takedown import TakedownTarget, forget
from tests.addons.alerts.receiver import NOON, policy, state
from tests.faults.resume_worker import open_space
from tests.faults.sample_run import SECOND, Evening
from tests.long_form import LONG

pytestmark = [pytest.mark.model, pytest.mark.timeout(3600)]

# Files whose loss changes nothing, or that are made again without a loss: docs/operations.md lists them.
HARMLESS = (
    "*.lock",
    "archive/locks/*",
    "archive/rate_limits/*",
    "archive/in_flight/*",
    "lake/_state/locks/*",
    "*-shm",  # SQLite writes it again
    "lake/_state/cache/*",
    "lake/_state/search.sqlite*",
    "inventory.json",
    "inbox/done/*",
    "alerts/feeds/*",
)
NOT_OURS = ("sources.toml",)  # a run without its sources stops
DATABASES = ("archive/index.sqlite", "archive/state.sqlite", "lake/_state/index.sqlite", "kb.sqlite", ALERTS)
SAFE_ELSEWHERE = (
    *("archive/state.sqlite", "takedowns", "takedowns/*.json", "lake/log/deletions", "lake/log", "inventory.json"),
    *("archive/index.sqlite", "lake/_state/index.sqlite", "lake", "archive"),
)
STOPPING = ("archive/state.sqlite", "lake", "archive")


@pytest.fixture(scope="module")
def whole(undisturbed: Evening, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root of two evenings with every kind of file: takedowns, a snapshot, a knowledge base, alerts."""
    folder = tmp_path_factory.mktemp("whole") / "data"
    subprocess.run(["cp", "-a", str(undisturbed.folder), str(folder)], check=True)
    space = open_space(folder, SECOND)
    rows = space.lake.read("articles", columns=("title", "url", "publisher", "source_key")).to_pylist()
    url = next(row["url"] for row in rows if row["title"] is not None and "arbour bridge" in row["title"])
    publisher = next(row["publisher"] for row in rows if row["source_key"] == "lantern")
    for target in (
        TakedownTarget(kind="article", value=url),
        TakedownTarget(kind="publisher", value=publisher),
        TakedownTarget(kind="publisher", value="The Tarnwick Post, of which nothing is here"),
        TakedownTarget(kind="source", value="inbox"),
    ):
        forget(space, target, reason="asked to", report_progress=lambda _: None)
    space.lake.snapshots.take("spring")
    entry = {
        "qid": "Q999999901",
        "label": "Quoxley Spindle Works",
        "types": ["ORG"],
        "prior": 5,
        "description": "works",
    }
    (folder / "kb.jsonl").write_text(json.dumps(entry))
    import_kb(space.settings, folder / "kb.jsonl")
    (folder / "kb.jsonl").unlink()
    open_alert_store(space).record(state("river"), policy(), now=NOON)
    del space
    assert problems(folder) == ()
    gc.freeze()  # each test collects often: all that is loaded by now need not be searched
    return folder


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    subprocess.run(["cp", "-a", str(whole), str(tmp_path / "data")], check=True)
    return tmp_path / "data"


def problems(folder: Path) -> tuple[str, ...]:
    try:
        return verify(open_space(folder, SECOND), reads=read_everything).problems
    finally:
        gc.collect()  # closes the databases


def files_of(folder: Path) -> list[Path]:
    names = (path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file())
    return [name for name in names if name.as_posix() not in NOT_OURS]


def kind_of(name: Path) -> tuple[str, ...]:
    return (*name.parts[: 3 if name.parts[1:2] == ("_state",) or name.parts[0] == "snapshots" else 2], name.suffix)


def chosen(folder: Path) -> list[Path]:
    """Return all files in the long form, else one of each kind."""
    return files_of(folder) if LONG else list({kind_of(name): name for name in files_of(folder)}.values())


def is_spare(folder: Path, name: Path) -> bool:
    """Return whether a data file or manifest is of an earlier generation, which the head does not need."""
    state = folder / "lake/_state"
    manifests = json.loads((state / "head.json").read_bytes())["months"].values()
    contents = [json.loads(path.read_bytes()) for each in manifests if (path := state / each).is_file()]
    needed = {each["object"] for content in contents for files in content["files"].values() for each in files.values()}
    return name.relative_to("lake/_state").as_posix() not in needed.union(manifests)


def is_harmless(folder: Path, name: Path) -> bool:
    if name.parts[:3] in (("lake", "_state", "data"), ("lake", "_state", "months")):
        return is_spare(folder, name)
    return any(fnmatch(name.as_posix(), pattern) for pattern in HARMLESS)


@contextmanager
def harmed(folder: Path, name: Path, *, empties: bool) -> Iterator[None]:
    """Delete or empty a file, and put it back afterwards, with its hard links."""
    path, away = folder / name, folder.with_name("away")
    data = path.read_bytes()
    os.truncate(path, 0) if empties else path.rename(away)
    try:
        yield
    finally:
        if empties:
            with path.open("r+b") as file:
                file.write(data)
        else:
            away.rename(path)


def is_named(name: Path, problem: str) -> bool:
    """Return whether a problem names a file, or its folder, from the data root or from the archive or the lake."""
    names = [name]
    if "staged" in name.parts:
        names += [name.parent]
    if name.parts[0] == "snapshots":
        names += list(name.parents)[:-2]
    paths = {"/".join(each.parts[start:]) for each in names for start in (0, 1)}
    return any(each in problem for each in paths if each)


def lose(path: Path, *, empties: bool) -> None:
    """Remove a file or folder, or what is in it, as if its disk was not mounted."""
    is_folder = path.is_dir()
    shutil.rmtree(path) if is_folder else path.unlink()
    if empties:
        path.mkdir() if is_folder else path.touch()


@pytest.mark.parametrize("empties", [False, True], ids=["deleted", "emptied"])
def test_every_lost_file_is_reported(folder: Path, empties: bool) -> None:
    """A deleted or emptied file of any kind is named by verify with what to do, or is on the list of harmless ones."""
    silent = []
    for name in chosen(folder):
        if empties and not (folder / name).stat().st_size:
            continue
        harmless = is_harmless(folder, name)
        with harmed(folder, name, empties=empties):
            found = problems(folder)
            if not harmless and not any(is_named(name, each) for each in found):
                silent.append((name.as_posix(), found[:2]))
            assert all("`newslake" in each or "restore" in each or "drop it" in each for each in found), found
    assert silent == []


@pytest.mark.parametrize("empties", [False, True], ids=["removed", "emptied"])
@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("archive", "archive/warc"),
        ("archive/warc", "archive/warc"),
        ("lake", "lake/_state"),
        ("lake/_state", "lake/_state"),
        ("lake/log/runs", "log/runs/"),
        ("takedowns", "takedowns/"),
        ("kb.sqlite", "kb.sqlite"),
        ("alerts", ALERTS),
    ],
)
def test_doctor_and_verify_name_a_lost_store(folder: Path, name: str, named: str, empties: bool) -> None:
    """A lost folder is named by both, doctor goes on with its other checks, and no run starts without the store.

    The same holds for an emptied one, and then a repair changes no table.
    """
    lose(folder / name, empties=empties)
    word = named if name in ("lake/log/runs", "takedowns") else str(folder / named)
    found = examine(open_space(folder, SECOND))
    assert len(found) == 16
    assert any(word in each.message for each in found if each.status == "fail")
    assert any(word in each for each in problems(folder))
    if name in ("lake/log/runs", "takedowns"):  # the run does not need the first, and restores the second
        return
    with pytest.raises(MissingStoreError, match="was there before"), open_space(folder, SECOND).at_work():
        pass
    tables = sorted(folder.glob("lake/tables/*/*/*"))
    if name not in ("kb.sqlite", "alerts"):
        with pytest.raises(MissingStoreError, match="was there before"):
            repair(open_space(folder, SECOND))
    with pytest.raises(MissingStoreError, match="was there before"):
        repair(open_space(folder, SECOND), drops_damaged=True)
    assert sorted(folder.glob("lake/tables/*/*/*")) == tables


def blocked(space: Workspace) -> frozenset[str]:
    return frozenset(space.takedowns.names())


@pytest.mark.parametrize("lost", SAFE_ELSEWHERE)
def test_lost_file_brings_no_forgotten_page_back(whole: Path, folder: Path, lost: str) -> None:
    """Whatever one file or folder is lost, a run stops, or goes on with every page, publisher and source blocked.

    The same holds after the loss is given up as the message advises.
    """
    names = blocked(open_space(whole, SECOND))
    assert source_name("inbox") in names
    assert len([each for each in names if each.startswith("publisher:")]) == 2
    for path in list(folder.glob(lost)):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    if lost in STOPPING:
        for attempt in (lambda: run(folder, "first"), lambda: repair(open_space(folder, SECOND))):
            with pytest.raises(MissingStoreError, match="`newslake lake repair --give-up"):
                attempt()
        repair(open_space(folder, SECOND), gives_up=missing_stores(open_space(folder, SECOND).settings))
    run(folder, "second")
    space = open_space(folder, SECOND)
    assert blocked(space) >= names
    held = {each.article_id for each in space.archive.captures()} | {
        each for each in space.lake.read("articles", columns=("article_id",))["article_id"].to_pylist()
    }
    assert held.isdisjoint(names)


def run(folder: Path, run_id: str) -> None:
    space = open_space(folder, SECOND)
    keys = [source.key for source in space.sources.sources]
    ingest_sources(space, source_keys=keys, day=SECOND, run_id=run_id, report_progress=lambda _: None)


def test_takedowns_come_back_from_the_deletions(folder: Path) -> None:
    """If the fetch state and the copies of the takedowns are both lost, the deleted articles stay blocked."""
    space = open_space(folder, SECOND)
    deleted = set(space.lake.log.read("deletions")["article_id"].to_pylist())
    assert deleted
    (folder / "archive/state.sqlite").unlink()
    shutil.rmtree(folder / "takedowns")
    done = repair(open_space(folder, SECOND), gives_up=[STATE])
    assert [each for each in done["takedowns"] if "from the log table deletions" in each]
    assert blocked(open_space(folder, SECOND)) >= deleted
    assert problems(folder) == ()


COMMANDS = (
    *(
        "doctor",
        "plan",
        "sources",
        "lake verify --deep",
        "archive verify",
        "history http://x.example/",
        "changes --since",
    ),
    *("why http://x.example/", "lake repair", "archive reindex", "forget --list", "lake gc", "coverage", "kb info"),
)


BROKEN = [(name, harm) for name in DATABASES for harm in ("malformed", "no database", "other tables")]


@pytest.mark.parametrize(("name", "harm"), BROKEN if LONG else [*BROKEN[::3], BROKEN[4]])
def test_broken_database_is_named(folder: Path, name: str, harm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No command ends in an error of SQLite. A message names the file and what to do, and then it is repaired."""
    monkeypatch.chdir(folder)
    for key, value in {"DATA_DIR": folder, "SOURCES_FILE": folder / "sources.toml", "DURABILITY": "process"}.items():
        monkeypatch.setenv(f"NEWS_{key}", str(value))
    path = folder / name
    if harm == "no database":
        path.write_bytes(b"no database" * 1000)
    elif harm == "malformed":
        with path.open("r+b") as file:
            for page in range(1, path.stat().st_size // 4096):
                file.seek(page * 4096)
                file.write(b"\xff" * 200)
    else:
        subprocess.run(["cp", str(folder / DATABASES[name == DATABASES[0]]), str(path)], check=True)
    said = ""
    for command in COMMANDS:
        words = [*command.split(), *(["2026-01-01"] if command.endswith("--since") else [])]
        result = CliRunner().invoke(app, words)
        assert isinstance(result.exception, NewsError | OSError | SystemExit | None), (command, result.exception)
        said += f"{result.output}\n{result.exception}\n"
        gc.collect()
    assert Path(name).name in said
    assert any(each in said for each in ("reindex", "repair --drop-damaged", "restore it", "kb import"))
    if name in (DATABASES[0], DATABASES[2]):
        assert CliRunner().invoke(app, ["lake", "repair", "--drop-damaged"]).exit_code == 0
        assert [each for each in problems(folder) if Path(name).name in each] == []
