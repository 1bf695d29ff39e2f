"""The inbox: one run claims a file and moves it away, with or without a reason."""

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from newslake.pipeline.sources import claim_files, inbox, settle, settle_all, waiting_files
from newslake.pipeline.unicode import printable_path


def claim(inbox: Path, *, run_id: str) -> Path:
    """Claim like a run that dies immediately: its files stay in its folder, its lock is released."""
    with claim_files(inbox, run_id=run_id) as own:
        return own


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_file())


def _age(path: Path, *, minutes: int) -> None:
    then = path.stat().st_mtime - minutes * 60
    os.utime(path, (then, then))


def _put(folder: Path, *names: str) -> None:
    """Write files that have been complete for a minute."""
    for name in names:
        (folder / name).write_text(name, "utf-8", "surrogateescape")
        _age(folder / name, minutes=1)


def test_ready_files_are_claimed(tmp_path):
    """Complete files move to the run's own folder; hidden files, incomplete files and folders stay."""
    _put(tmp_path, "a.txt", "b.html", "b.json", ".c.txt", "d.txt.part", "e.tmp")
    (tmp_path / "later").mkdir()

    own = claim(tmp_path, run_id="run-1")

    assert own.parent == tmp_path / "claimed"
    assert _names(own) == ["a.txt", "b.html", "b.json"]
    assert _names(tmp_path) == [".c.txt", "d.txt.part", "e.tmp"]


@pytest.mark.parametrize(
    "name", [b"caf\xe9.html", b"\xff.jsonl", b"a" * 251 + b".htm", b"a" * 250 + b".html", b"a" * 255]
)
@pytest.mark.parametrize("reason", [None, "broken"])
def test_file_of_any_name_leaves_the_inbox(tmp_path, name, reason):
    """A name that is not UTF-8, or so long that no longer name exists, is claimed and settled twice."""
    for _ in range(2):
        _put(tmp_path, os.fsdecode(name))
        own = claim(tmp_path, run_id="r")
        settle_all(own, reasons={printable_path(path.name): reason for path in own.iterdir() if reason})

    gone = tmp_path / ("failed" if reason else "done")
    pages = [path for path in gone.iterdir() if not path.name.endswith(".reason.txt")]
    assert sorted(path.read_text("utf-8", "surrogateescape") for path in pages) == [os.fsdecode(name)] * 2
    assert len(list(gone.iterdir())) == (4 if reason else 2)
    assert not any((tmp_path / "claimed").iterdir())


@pytest.mark.parametrize("run_id", ["../../outside", "/etc", "a/b", "manual__2026-03-02T00:00:00+00:00", ".."])
def test_run_ids_stay_inside(tmp_path, run_id):
    """For any run id the folder is directly below claimed/."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()

    assert claim(inbox, run_id=run_id).resolve().parent == (inbox / "claimed").resolve()
    assert os.listdir(tmp_path) == ["inbox"]


def test_second_try_of_a_run_finds_its_files(tmp_path):
    """A restarted run has its earlier claims and the files that arrived since; no file is overwritten."""
    _put(tmp_path, "a.txt")
    claim(tmp_path, run_id="run-1")
    (tmp_path / "a.txt").write_text("another")
    _age(tmp_path / "a.txt", minutes=1)
    own = claim(tmp_path, run_id="run-1")

    assert {name: (own / name).read_text() for name in _names(own)} == {"a.txt": "a.txt", "a~2.txt": "another"}


def test_claims_of_a_dead_run_are_taken_over(tmp_path):
    """The next run takes over the files of a dead run immediately; a living run keeps its own."""
    _put(tmp_path, "old.txt")
    dead = claim(tmp_path, run_id="dead")
    _put(tmp_path, "young.txt")
    with claim_files(tmp_path, run_id="alive") as alive:
        (alive / "young.txt").rename(alive / "kept.txt")
        _age(alive, minutes=600)
        own = claim(tmp_path, run_id="next")

        assert (_names(own), _names(alive), dead.exists()) == ([], ["kept.txt", "old.txt"], False)


def test_try_of_a_run_waits_for_the_previous_one(tmp_path):
    """While one try of a run is alive, the next one waits: two tries never process the same files at once."""
    _put(tmp_path, "a.txt")
    with ThreadPoolExecutor(1) as pool:
        with claim_files(tmp_path, run_id="run-1"):
            second = pool.submit(claim, tmp_path, run_id="run-1")
            with pytest.raises(TimeoutError):
                second.result(timeout=0.2)
        assert _names(second.result(timeout=300)) == ["a.txt"]


def test_folder_that_was_taken_over_is_created_again(tmp_path):
    """If another run removes a run's empty folder, the run claims into a new one."""
    own = claim(tmp_path, run_id="run-1")
    claim(tmp_path, run_id="run-2")
    assert not own.exists()
    _put(tmp_path, "a.txt")

    assert _names(claim(tmp_path, run_id="run-1")) == ["a.txt"]


def test_settled_files_go_to_done_or_failed(tmp_path):
    """A good file moves to done/, a bad one to failed/ with its reason file; then the claim folder is empty."""
    _put(tmp_path, "a.txt", "b.txt")
    own = claim(tmp_path, run_id="run-1")

    settle(own / "a.txt", reason=None)
    settle(own / "b.txt", reason="empty_file: the file is empty")

    assert _names(tmp_path / "done") == ["a.txt"]
    assert _names(tmp_path / "failed") == ["b.txt", "b.txt.reason.txt"]
    assert (tmp_path / "failed" / "b.txt.reason.txt").read_text() == "empty_file: the file is empty\n"
    own.rmdir()


def test_sidecar_moves_with_its_page(tmp_path):
    """The .json of a page moves with the page; settling it again changes nothing."""
    _put(tmp_path, "a.html", "a.json")
    own = claim(tmp_path, run_id="run-1")
    for file in sorted(own.iterdir()):
        settle(file, reason="broken_sidecar" if file.suffix == ".html" else None)

    assert _names(tmp_path / "failed") == ["a.html", "a.html.reason.txt", "a.json"]
    assert _names(tmp_path / "done") == []


def test_sidecar_waits_for_its_page(tmp_path, monkeypatch):
    """A .json without its page stays for an hour after its arrival; then it is claimed, so that it is reported."""
    _put(tmp_path, "a.json")
    _age(tmp_path / "a.json", minutes=600)

    assert _names(claim(tmp_path, run_id="run-1")) == []
    hour = time.time() + 3601
    monkeypatch.setattr(inbox, "_file_system_time", lambda _: hour)
    assert _names(claim(tmp_path, run_id="run-2")) == ["a.json"]


def test_lone_sidecar_does_not_wait(tmp_path):
    """A .json without its page is not a waiting file."""
    _put(tmp_path, "a.json")

    assert waiting_files(tmp_path) == []


def test_file_rests_for_two_seconds(tmp_path, monkeypatch):
    """A file is waiting after 2 seconds without a change, by the clock of its file system."""
    (tmp_path / "a.txt").write_text("half")
    written_at = (tmp_path / "a.txt").stat().st_mtime
    monkeypatch.setattr(inbox, "_file_system_time", lambda _: written_at + 1.9)
    assert waiting_files(tmp_path) == []
    monkeypatch.setattr(inbox, "_file_system_time", lambda _: written_at + 2.1)
    assert waiting_files(tmp_path) == [tmp_path / "a.txt"]


def test_file_dated_in_the_future_is_claimed(tmp_path):
    """A copied file with a modification time in the future is claimed."""
    _put(tmp_path, "a.txt")
    _age(tmp_path / "a.txt", minutes=-600)

    assert _names(claim(tmp_path, run_id="run-1")) == ["a.txt"]


def test_run_waits_for_a_file_that_was_just_written(tmp_path, monkeypatch):
    """A run claims a file that has just been completed, a moment later."""
    monkeypatch.setattr(inbox, "_QUIET_SECONDS", 0.2)
    (tmp_path / "a.txt").write_text("whole")

    assert _names(claim(tmp_path, run_id="run-1")) == ["a.txt"]


def test_growing_file_stays(tmp_path, monkeypatch):
    """A file that changes while a run waits for it stays in the inbox."""
    with (tmp_path / "a.txt").open("w") as writer:

        def write_on(_: float) -> None:
            writer.write("more")
            writer.flush()
            os.utime(tmp_path / "a.txt")

        writer.write("half")
        writer.flush()
        monkeypatch.setattr(time, "sleep", write_on)
        assert _names(claim(tmp_path, run_id="run-1")) == []
    assert _names(tmp_path) == ["a.txt"]


def test_page_finds_the_sidecar_that_a_killed_claim_took(tmp_path):
    """A claim that is killed between its two renames leaves the .json where its page will be moved."""
    _put(tmp_path, "a.html")
    dead = claim(tmp_path, run_id="dead")
    (dead / "a.html").rename(tmp_path / "a.html")
    _put(dead, "a.json")

    assert _names(claim(tmp_path, run_id="next")) == ["a.html", "a.json"]


def test_settling_does_not_overwrite(tmp_path):
    """A second file with the same name is kept next to the first, with its suffix and sidecar."""
    for run in ("run-1", "run-2"):
        _put(tmp_path, "a.warc.gz", "b.html", "b.json")
        own = claim(tmp_path, run_id=run)
        for name in ("a.warc.gz", "b.html"):
            settle(own / name, reason=None)

    assert _names(tmp_path / "done") == ["a.warc.gz", "a~2.warc.gz", "b.html", "b.json", "b~2.html", "b~2.json"]


def test_sidecar_of_a_page_with_another_suffix_is_kept(tmp_path):
    """Pages whose names differ in their suffix keep their own sidecars, when they are claimed and in done/."""
    _put(tmp_path, "a.html")
    (tmp_path / "a.json").write_text("of a.html")
    assert _names(claim(tmp_path, run_id="dead")) == ["a.html", "a.json"]
    _put(tmp_path, "a.txt")
    (tmp_path / "a.json").write_text("of a.txt")
    own = claim(tmp_path, run_id="next")
    sidecars = {name: (own / name).with_suffix(".json").read_text() for name in ("a.html", "a~2.txt")}
    assert sidecars == {"a.html": "of a.html", "a~2.txt": "of a.txt"}
    settle_all(own, reasons={})

    _put(tmp_path, "a.txt")
    (tmp_path / "a.json").write_text("of another")
    settle_all(claim(tmp_path, run_id="last"), reasons={})

    done = tmp_path / "done"
    assert {name: (done / name).read_text() for name in _names(done) if name.endswith(".json")} == {
        "a.json": "of a.html",
        "a~2.json": "of a.txt",
        "a~3.json": "of another",
    }
    assert [name for name in _names(done) if not name.endswith(".json")] == ["a.html", "a~2.txt", "a~3.txt"]


def test_symlinks_are_ignored(tmp_path):
    """A symlink in the inbox is not claimed and not followed."""
    outside = tmp_path / "secret.txt"
    outside.write_text("secret")
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "a.txt").symlink_to(outside)

    assert _names(claim(inbox, run_id="run-1")) == []
    assert outside.read_text() == "secret"


def test_runs_at_the_same_time_share_the_files(tmp_path):
    """Each file goes to one of the runs, together with its .json."""
    _put(tmp_path, *(f"{number}{suffix}" for number in range(60) for suffix in (".html", ".json")))
    all_claimed = Barrier(4)

    def names(run: int) -> list[str]:
        with claim_files(tmp_path, run_id=f"run-{run}") as own:
            all_claimed.wait(timeout=300)
            return _names(own)

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(names, range(4)))

    assert sorted(name for names in found for name in names) == sorted(
        f"{number}{suffix}" for number in range(60) for suffix in (".html", ".json")
    )
    assert all(Path(name).with_suffix(".json").name in names for names in found for name in names)


def test_folder_that_is_removed_before_it_is_locked_is_made_again(tmp_path, monkeypatch):
    """A run whose new folder another run removes, as that of a dead run, makes it again."""
    _put(tmp_path, "a.html")
    lock = inbox.lock_folder
    removed = []

    def removing(folder, **given):
        if folder.name == "run-1" and not removed:
            removed.append(folder)
            folder.rmdir()
        return lock(folder, **given)

    monkeypatch.setattr(inbox, "lock_folder", removing)
    with claim_files(tmp_path, run_id="run-1") as own:
        assert _names(own) == ["a.html"]
    assert len(removed) == 1
