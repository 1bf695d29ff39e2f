"""The advice of verify repairs the reported damage: afterwards the tables are byte for byte the same as before."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from newslake.pipeline.archive.archive import Archive
from newslake.pipeline.jobs.run import extract_day
from newslake.pipeline.jobs.worklist import unprocessed_days
from newslake.pipeline.upkeep.maintenance import read_everything, read_nothing, repair, verify
from tests.faults.invariants import table_files
from tests.faults.resume_worker import open_space
from tests.faults.sample_run import SECOND, Evening

pytestmark = pytest.mark.model

WITHDRAW, RUN, REBUILD = "`newslake lake repair --drop-damaged`", "`newslake run`", "`newslake archive reindex`"
ACCEPT = "`newslake lake repair --give-up"
GIVE_UP = re.compile(rf"{ACCEPT} (\S+)`")
RECOVER, BACKUP = "`newslake lake repair`", ("backup", "copy")
_ROOT_PAGE = 100  # the offset of the type of the first page in an SQLite file


@pytest.fixture
def folder(undisturbed: Evening, tmp_path: Path) -> Path:
    """A data root of two evenings, with its hard links."""
    subprocess.run(["cp", "-a", str(undisturbed.folder), str(tmp_path / "data")], check=True)
    return tmp_path / "data"


def flip(path: Path, *, at: int | None = None) -> None:
    """Flip a bit of a byte, by default in the middle."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2 if at is None else at] ^= 1
    with path.open("r+b") as file:
        file.write(data)


def first(folder: Path, pattern: str) -> Path:
    return sorted(folder.glob(pattern))[0]


def flipped(pattern: str, *, at: int | None = None) -> Callable[[Path], None]:
    return lambda folder: flip(first(folder, pattern), at=at)


def changed_row(database: str, statement: str) -> Callable[[Path], None]:
    """Change a row like a flipped byte in it."""

    def change(folder: Path) -> None:
        with closing(sqlite3.connect(folder / database, autocommit=True)) as opened:
            assert opened.execute(statement).rowcount > 0

    return change


def gone(pattern: str) -> Callable[[Path], None]:
    """Delete a file or folder."""

    def delete(folder: Path) -> None:
        path = first(folder, pattern)
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    return delete


def object_gone(folder: Path) -> None:
    """Delete the data file of a public file."""
    public = first(folder, "lake/tables/quotes/*/*")
    [path] = [each for each in folder.glob("lake/_state/data/quotes/*/*") if each.samefile(public)]
    path.unlink()


def manifest_of(folder: Path) -> Path:
    """Return the manifest that the head names."""
    [name] = json.loads((folder / "lake/_state/head.json").read_bytes())["months"].values()
    return folder / "lake/_state" / name


def emptied(pattern: str) -> Callable[[Path], None]:
    return lambda folder: os.truncate(first(folder, pattern), 0)


def half_staged(folder: Path) -> None:
    """Damage a batch that was staged and never committed."""
    batch = first(folder, "lake/_state/staged/2026-03-03-*")
    lake = open_space(folder, SECOND).lake  # before the loss, which stops others
    shutil.rmtree(folder / "lake/_state/months")
    (folder / "lake/_state/head.json").unlink()
    for path in folder.glob("lake/_state/index.sqlite*"):
        path.unlink()
    lake.recover()
    flip(batch / "quotes.arrow")


def copied_public(folder: Path) -> None:
    """Damage a public file that is a copy, as on a file system without hard links."""
    public = first(folder, "lake/tables/quotes/*/*.parquet")
    data = public.read_bytes()
    public.unlink()
    public.write_bytes(data)
    flip(public)


def do_as_advised(folder: Path, problem: str) -> None:
    """Follow the advice in a message of verify, in its order."""
    space = open_space(folder, SECOND)
    if stores := GIVE_UP.findall(problem):
        repair(space, gives_up=stores)
    if WITHDRAW in problem or RECOVER in problem:
        repair(space, drops_damaged=WITHDRAW in problem)
    if REBUILD in problem:
        space.archive.rebuild_index()
    if RUN in problem:
        for day in unprocessed_days(space):
            extract_day(space, day=day, run_id=f"again-{day}", report_progress=lambda _: None)


OBJECTS = [f"lake/_state/data/{name}/*/*" for name in ("articles", "quotes", "near_duplicates")]
# In an open or a closed month.
HARMS_OF_MONTH = {
    **{pattern.split("/")[3]: (flipped(pattern), WITHDRAW) for pattern in OBJECTS},
    "current": (flipped("lake/tables/events/*/*.parquet"), RUN),
    "cluster": (flipped("lake/tables/event_clusters/*/*.parquet"), RUN),
    "head": (flipped("lake/_state/head.json"), WITHDRAW),
    "head-gone": (gone("lake/_state/head.json"), WITHDRAW),
    "manifest": (lambda folder: flip(manifest_of(folder)), RUN),
    "manifest-gone": (lambda folder: manifest_of(folder).unlink(), RUN),
    "older-manifest": (flipped("lake/_state/months/*/000002-*.json"), WITHDRAW),
    "object-gone": (object_gone, RUN),
    "public-gone": (gone("lake/tables/quotes/*/*"), RECOVER),
    "public-folder-gone": (gone("lake/tables/quotes/*"), RECOVER),
    "public-copy": (copied_public, RECOVER),
}
HARMS = {
    "ledger-gone": (gone("lake/_state/index.sqlite"), RECOVER),
    "ledger-empty": (emptied("lake/_state/index.sqlite"), WITHDRAW),
    "lake-gone": (gone("lake"), f"{ACCEPT} lake/_state`"),
    "state-folder-gone": (gone("lake/_state"), f"{ACCEPT} lake/_state`"),
    "log-gone": (gone("lake/log"), WITHDRAW),
    "log-file-gone": (gone("lake/log/outcomes/*/*.parquet"), WITHDRAW),
    "index-gone": (gone("archive/index.sqlite"), REBUILD),
    "index-empty": (emptied("archive/index.sqlite"), REBUILD),
    "fetch-state-gone": (gone("archive/state.sqlite"), f"{ACCEPT} archive/state.sqlite`"),
    "fetch-state-empty": (emptied("archive/state.sqlite"), f"{ACCEPT} archive/state.sqlite`"),
    "package-gone": (gone("lake/datapackage.json"), RECOVER),
    "staged": (flipped("lake/_state/staged/*/articles.arrow"), WITHDRAW),
    "staged-only": (half_staged, RUN),
    "kept": (flipped("lake/_state/cache/*/*"), WITHDRAW),
    "ledger-page": (flipped("lake/_state/index.sqlite", at=_ROOT_PAGE), WITHDRAW),
    "ledger-article": (
        changed_row("lake/_state/index.sqlite", "UPDATE articles SET payload_digest = 'sha256:0'"),
        WITHDRAW,
    ),
    "ledger-verdict": (changed_row("lake/_state/index.sqlite", "UPDATE cached_outcomes SET reason = 'x'"), WITHDRAW),
    "ledger-day": (changed_row("lake/_state/index.sqlite", "UPDATE days SET generation = 77"), WITHDRAW),
    "ledger-day-gone": (
        changed_row("lake/_state/index.sqlite", "DELETE FROM days WHERE published_date = '2026-03-03'"),
        RECOVER,
    ),
    "ledger-change": (changed_row("lake/_state/index.sqlite", "UPDATE changes SET first_at = 1"), WITHDRAW),
    "package": (flipped("lake/datapackage.json"), RECOVER),
    "contract": (flipped("lake/datacontract.odcs.yaml"), RECOVER),
    "state-row": (changed_row("archive/state.sqlite", "UPDATE pages SET news_day = '1999-01-01'"), WITHDRAW),
    "index-page": (flipped("archive/index.sqlite", at=_ROOT_PAGE), REBUILD),
    "index-row": (changed_row("archive/index.sqlite", "UPDATE captures SET news_day = '1999-01-01'"), REBUILD),
    "index-file": (
        changed_row("archive/index.sqlite", "UPDATE files SET file = replace(file, '2026', '2022')"),
        WITHDRAW,
    ),
}


@pytest.mark.parametrize(("harm", "advice"), (HARMS | HARMS_OF_MONTH).values(), ids=HARMS | HARMS_OF_MONTH)
def test_advice_repairs(folder: Path, harm: Callable[[Path], None], advice: str) -> None:
    """Each kind of damage that lake or archive can repair is reported with advice, and gone after following it."""
    before = table_files(folder)
    harm(folder)
    assert_advice_repairs(folder, advice)
    assert table_files(folder) == before


@pytest.mark.parametrize(("harm", "advice"), HARMS_OF_MONTH.values(), ids=HARMS_OF_MONTH)
def test_advice_repairs_a_closed_month(folder: Path, harm: Callable[[Path], None], advice: str) -> None:
    """The same of a closed month: if it must be derived again, it is open, and equal once it is closed again."""
    close_month(folder)
    before = table_files(folder)
    harm(folder)
    assert_advice_repairs(folder, advice)
    close_month(folder)
    assert table_files(folder) == before


def close_month(folder: Path) -> None:
    """Close the month, and forget the folders with its files per day, as ``gc`` does after some time."""
    open_space(folder, SECOND).lake.compact(months=["2026-03"])
    shutil.rmtree(folder / "lake/_state/exchanged", ignore_errors=True)


def assert_advice_repairs(folder: Path, advice: str) -> None:
    problems = verify(open_space(folder, SECOND), reads=read_everything).problems
    assert problems
    assert advice in problems[0]
    for problem in problems:
        do_as_advised(folder, problem)
    assert verify(open_space(folder, SECOND), reads=read_everything).problems == ()


def only_copies(folder: Path) -> Iterator[tuple[str, Path]]:
    yield "warc", first(folder, "archive/warc/*/*/*.warc.gz")
    yield "log", first(folder, "lake/log/outcomes/*/*.parquet")
    yield "state", folder / "archive/state.sqlite"


def test_a_backup_repairs_the_rest(folder: Path) -> None:
    """Damage that only a backup can repair is reported as such, and is gone after restoring the file."""
    for name, path in only_copies(folder):
        data = path.read_bytes()
        if name == "state":
            flip(path, at=_ROOT_PAGE)
        else:
            flip(path)
        problems = verify(open_space(folder, SECOND), reads=read_everything).problems
        assert problems
        assert any(word in problems[0] for word in BACKUP)
        path.write_bytes(data)
        assert verify(open_space(folder, SECOND), reads=read_everything).problems == ()


def test_log_can_be_deleted(folder: Path) -> None:
    """Without a backup, a damaged file of the log can be deleted, and its loss accepted, as verify says."""
    before = table_files(folder)
    flip(log := first(folder, "lake/log/outcomes/*/*.parquet"))
    [problem] = verify(open_space(folder, SECOND), reads=read_everything).problems
    assert "delete it" in problem
    log.unlink()
    [problem] = verify(open_space(folder, SECOND), reads=read_everything).problems
    assert "is missing; restore it from a copy" in problem
    do_as_advised(folder, problem)
    assert verify(open_space(folder, SECOND), reads=read_everything).problems == ()
    assert table_files(folder) == before


def test_lost_record_is_reported(folder: Path) -> None:
    """A damaged record of the archive is reported with its page and article; then its row is, with the digest."""
    space = open_space(folder, SECOND)
    [lost] = [each for each in space.archive.captures() if not each.is_revisit][:1]
    path = folder / "archive" / lost.file
    data = bytearray(path.read_bytes())
    data[lost.offset + lost.length // 2] ^= 1
    path.write_bytes(data)
    before = table_files(folder)
    [problem] = verify(open_space(folder, SECOND), reads=read_everything).problems
    assert f"lost {lost.url} of " in problem
    assert f"article {lost.article_id}" in problem
    Archive(folder / "archive").rebuild_index()
    damage, *rows = verify(open_space(folder, SECOND), reads=read_everything).problems
    assert lost.file in damage
    assert all(lost.digest in row or "revisit" in row for row in rows)
    assert table_files(folder) == before
    assert verify(open_space(folder, SECOND), reads=read_nothing).problems == ()
