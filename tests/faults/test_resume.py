"""A run that is killed and tried again under its name ends like one that nobody disturbed."""

import multiprocessing
import os
import random
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from samples.server import DAYS, ROOT, Newsroom
from tests.faults.resume_worker import die_within, open_space, run_extract, run_ingest

pytestmark = [pytest.mark.model]

LONG = bool(os.environ.get("NEWSLAKE_LONG"))
INGEST_KILLS, EXTRACT_KILLS = (60, 12) if LONG else (6, 1)
FIRST, SECOND = DAYS[:2]


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.faults.resume_worker"])
    return context


@pytest.fixture(scope="module")
def newsroom() -> Iterator[Newsroom]:
    """The sample newsroom on its second evening."""
    with Newsroom(day=FIRST) as served:
        yield served


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory, newsroom: Newsroom) -> Path:
    """A data root after the whole first evening; the second evening is online, and a file waits in the inbox."""
    folder = tmp_path_factory.mktemp("base") / "data"
    folder.mkdir()
    given = (ROOT.parents[1] / "sources.toml").read_text("utf-8")
    port = f"127.0.0.1:{newsroom.port}"
    (folder / "sources.toml").write_text(given.replace("127.0.0.1:8808", port).replace("data/inbox", "inbox"))
    for news_day in run_ingest(folder, FIRST):
        run_extract(folder, FIRST, news_day)
    shutil.copytree(ROOT.parent / "inbox", folder / "inbox", dirs_exist_ok=True)
    newsroom.day = SECOND
    return folder


@pytest.fixture(scope="module")
def undisturbed(base: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[date]]:
    """The data root after a second evening without a kill, and the days that it announced."""
    folder = tmp_path_factory.mktemp("undisturbed") / "data"
    shutil.copytree(base, folder)
    days = run_ingest(folder, SECOND)
    for news_day in days:
        run_extract(folder, SECOND, news_day)
    return folder, days


def killed(processes: ForkServerContext, die_at: int, work: Callable[..., object], *given: object) -> bool:
    """Do some work in a process that is killed at a step; return whether it was."""
    process = processes.Process(target=die_within, args=(die_at, work, *given))
    process.start()
    process.join(timeout=120)
    code = process.exitcode
    process.close()
    assert code in (0, -9)
    return code == -9


def tables(folder: Path) -> dict[str, bytes]:
    root = folder / "lake" / "tables"
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def contents(folder: Path) -> set[tuple[object, ...]]:
    """Return which content of which page the archive has, and the news day that it is filed under."""
    captures = open_space(folder, SECOND).archive.captures()
    return {(each.page_key, each.digest, each.news_day, each.article_id, each.fetched_at) for each in captures}


def outcomes(folder: Path, stage: str) -> list[tuple[object, ...]]:
    """Return each outcome that the second evening's runs of a stage left in the log."""
    rows = open_space(folder, SECOND).lake.read_log("outcomes").to_pylist()
    names = ("run_id", "source_key", "news_day", "url", "outcome", "reason")
    return sorted(tuple(map(str, map(row.get, names))) for row in rows if row["run_id"].startswith(f"{stage}-{SECOND}"))


@pytest.mark.timeout(1800)
def test_killed_ingest_is_made_good(processes, base: Path, undisturbed, tmp_path: Path) -> None:
    """After a kill at a seeded step, the same run again archives, announces and logs what one run would have."""
    expected, days = undisturbed
    chance = random.Random(20260303)
    died = 0
    for number in range(INGEST_KILLS):
        folder = tmp_path / str(number)
        shutil.copytree(base, folder)
        step = chance.randint(1, 90)
        died += killed(processes, step, run_ingest, folder, SECOND)
        assert run_ingest(folder, SECOND) == days, step
        assert contents(folder) == contents(expected), step
        assert outcomes(folder, "in") == outcomes(expected, "in"), step
        assert [path.name for path in (folder / "inbox" / "done").iterdir()] == ["twin.txt"], step
        assert open_space(folder, SECOND).archive.recover() == (), step
    assert died > INGEST_KILLS * 0.6


@pytest.mark.timeout(1800)
def test_killed_extract_is_made_good(processes, base: Path, undisturbed, tmp_path: Path) -> None:
    """After kills at seeded steps of ingest and extract, the same runs again give the tables byte for byte."""
    expected, days = undisturbed
    chance = random.Random(20260304)
    died = 0
    for number in range(EXTRACT_KILLS):
        folder = tmp_path / str(number)
        shutil.copytree(base, folder)
        killed(processes, chance.randint(1, 60), run_ingest, folder, SECOND)
        run_ingest(folder, SECOND)
        for news_day in days:
            step = chance.randint(1, 120)
            died += killed(processes, step, run_extract, folder, SECOND, news_day)
            run_extract(folder, SECOND, news_day)
        assert tables(folder) == tables(expected), number
        lake = open_space(folder, SECOND).lake
        assert lake.verify() == ()
        pages = [row[:4] for row in outcomes(folder, "out")]
        assert sorted(set(pages)) == pages == [row[:4] for row in outcomes(expected, "out")]
    assert died > 0
