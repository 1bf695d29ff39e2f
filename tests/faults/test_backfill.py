"""A backfill of days in any order, interrupted, overlapping and twice: the result depends only on the archive."""

import json
import random
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from news_airflow.tasks import TASKS

from newslake.pipeline.addons.operate.plan import plan
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.settings import Settings
from tests.long_form import LONG, seed_or

pytestmark = [pytest.mark.model]

SEED = seed_or(0)
CASES = range(SEED, SEED + (20 if LONG else 1))
NOW = datetime(2026, 2, 20, 20, 0, tzinfo=UTC)
DAYS = [date(2026, 2, 9) + timedelta(days=number) for number in range(4)]
PLACES = ("Tarnwick", "Oakenfell", "Maravay", "Brindle Quay")
PEOPLE = ("Ada Brandt", "Osgood Trent", "Ruth Amberley", "Lena Marsh")


def line(number: int, day: date, chance: random.Random, *, words: str = "widened", hours: int = 0) -> dict[str, str]:
    """Return a page as a line of .jsonl; ``words`` and ``hours`` make a later revision of the same page."""
    place, person = PLACES[number % 4], PEOPLE[chance.randrange(4)]
    lead = f"Councillor {person} told reporters in {place} that pier {number} would be {words} before the summer. "
    text = f"{lead * 3}\n\n“We will have it {words} by Friday,” {person} said on {day:%A}. {lead * 2}"
    at = datetime(day.year, day.month, day.day, 9, number, tzinfo=UTC)
    return {
        "url": f"https://post.example/{day}/{number}",
        "title": f"Pier {number} of {place} to be {words}",
        "published_at": at.isoformat(),
        "fetched_at": (at + timedelta(hours=1 + hours)).isoformat(),
        "text": text,
    }


def fill(folder: Path, *, seed: int) -> None:
    """Write one folder source per day, and one with later revisions, duplicates under other URLs and a non-article."""
    chance = random.Random(seed)
    stories = {day: [line(number, day, chance) for number in range(3)] for day in DAYS}
    later = [line(0, day, chance, words="rebuilt", hours=30) for day in DAYS[:2]]
    copies = [
        {**stories[DAYS[0]][1], "url": f"https://echo.example/{day}", "published_at": str(day)} for day in DAYS[1:]
    ]
    scrap = [{"url": "https://post.example/scrap", "published_at": str(DAYS[2]), "text": "Back soon."}]
    sources = {**{f"day{number}": stories[day] for number, day in enumerate(DAYS)}, "late": [*later, *copies, *scrap]}
    for key, lines in sources.items():
        (folder / key).mkdir(parents=True)
        (folder / key / "pages.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    (folder / "sources.toml").write_text(
        "".join(f'[sources.{key}]\nkind = "folder"\npath = "{key}"\n' for key in sources), "utf-8"
    )


def use(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Make a data root the current one for tasks."""
    settings = {"DATA_DIR": folder, "SOURCES_FILE": folder / "sources.toml", "FROZEN_NOW": NOW, "DURABILITY": "process"}
    for name, value in settings.items():
        monkeypatch.setenv(f"NEWS_{name}", str(value))
    return Workspace(Settings.load())


@dataclass
class Run:
    """A run of a DAG: its day and its remaining tasks, one per step. A killed run is retried."""

    run_id: str
    day: date
    steps: Iterator[list[date]]


def ingest_run(run_id: str, day: date, keys: list[str]) -> Run:
    """Return a run of news_ingest; its last step yields the days that it announces."""

    def steps() -> Iterator[list[date]]:
        reports = []
        for key in keys:
            reports.append(TASKS["ingest"](source_key=key, day=day, run_id=run_id))
            yield []
        done = TASKS["finish_ingest"](reports=reports, run_id=run_id, kind="backfill", started_at=NOW)
        yield sorted({day, *map(date.fromisoformat, done["days"])})

    return Run(run_id, day, steps())


def extract_run(run_id: str, day: date) -> Run:
    """Return a run of news_extract."""

    def steps() -> Iterator[list[date]]:
        chunks = TASKS["plan_chunks"](day=day)
        yield []
        reports = []
        for chunk in chunks:
            reports.append(TASKS["derive"](day=day, run_id=run_id, **chunk))
            yield []
        done: dict[str, Any] = TASKS["commit"](reports=reports, day=day, run_id=run_id, kind="backfill", started_at=NOW)
        yield []
        TASKS["cluster"](day=day, days=done["days"])
        yield []

    return Run(run_id, day, steps())


def backfill(chance: random.Random, keys: list[str]) -> int:
    """Run the range twice, one step of a random run at a time; kill some between steps. Return the number of kills."""
    waiting = [ingest_run(f"in-{time}-{day}", day, chance.sample(keys, len(keys))) for time in range(2) for day in DAYS]
    killed = 0
    while waiting:
        run = chance.choice(waiting)
        announced = next(run.steps, None)
        if announced is None:
            waiting.remove(run)
        elif chance.random() < 0.1:
            waiting.remove(run)
            killed += 1
            ingests = run.run_id.startswith("in-")
            waiting.append(ingest_run(run.run_id, run.day, keys) if ingests else extract_run(run.run_id, run.day))
        else:
            waiting += [extract_run(f"out-{run.run_id}-{day}", day) for day in announced]
    return killed


def tables(folder: Path) -> dict[str, bytes]:
    root = folder / "lake" / "tables"
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*.parquet"))}


def page_counts(space: Workspace) -> tuple[dict[str, int], dict[str, int]]:
    """Return the number of pages of each run, by its own row and by the outcomes in the log."""
    rows = space.lake.log.read("runs").to_pylist()
    runs = {row["run_id"]: json.loads(row["counts"])["discovered"] for row in rows}
    logged = Counter(row["run_id"] for row in space.lake.log.read("outcomes").to_pylist())
    return runs, {run_id: logged[run_id] for run_id in runs}


def captures(space: Workspace) -> set[tuple[object, ...]]:
    """Return the captures of the archive: page, content, source, time and news day."""
    names = ("page_key", "url", "article_id", "source_key", "news_day", "fetched_at", "status", "digest", "hints")
    return {tuple(getattr(each, name) for name in names) for each in space.archive.captures()}


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", CASES)
def test_backfill_in_any_order_is_one_undisturbed_derive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """A backfill that is killed between tasks, overlaps and runs twice leaves the same table bytes as a derive of its
    archive, outcomes that add up, and nothing to do; another order gives an equal archive."""
    filled, fresh, straight = (tmp_path / name for name in ("filled", "fresh", "straight"))
    fill(filled, seed=seed)
    shutil.copytree(filled, straight)
    space = use(filled, monkeypatch)
    keys = [source.key for source in space.sources.sources]
    assert backfill(random.Random(seed), keys) > 0

    fresh.mkdir()
    shutil.copytree(filled / "archive", fresh / "archive")
    shutil.copy(filled / "sources.toml", fresh)
    use(fresh, monkeypatch)
    for day in space.archive.days():
        list(extract_run(f"out-{day}", day).steps)
    assert tables(filled) == tables(fresh)
    assert {path.split("/")[0] for path in tables(filled)} >= {"articles", "entities", "quotes", "near_duplicates"}
    assert space.lake.verify() == ()
    by_row, by_log = page_counts(space)
    assert by_row == by_log
    left = plan(space, first=DAYS[0], last=DAYS[-1])
    assert sum(day.to_process + day.to_fetch for day in left.days) == 0

    other = use(straight, monkeypatch)
    for day in reversed(DAYS):
        list(ingest_run(f"in-{day}", day, keys[::-1]).steps)
    assert captures(other) == captures(space)
