"""`make bench-airflow`: the cost of Airflow on one machine, compared with the same stages without it.

Absolute times are meaningful only on an idle machine. All articles are invented, from a seed.
"""

import argparse
import json
import operator
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from pathlib import Path
from time import monotonic

from rich.console import Console

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "plugins"))

from news_airflow.supervisor import PART_MARK, processes  # noqa: E402 - needs the path above

from tests.cluster.holds import DERIVE  # noqa: E402
from tests.scheduler.checks import differing, table_files, titles  # noqa: E402
from tests.scheduler.invented import article  # noqa: E402
from tests.scheduler.machine import Machine, running  # noqa: E402

FIRST_DAY = date(2026, 3, 2)
SOURCES = """
[sources.inbox]
kind = "inbox"
path = "inbox"

[sources.archive]
kind = "folder"
path = "archive"
"""
DROPS_SEED, LOST_SEED, DAYS_SEED = 101, 102, 103
PATIENCE_SECONDS = 1800.0
HOLDS = {"<": operator.lt, "<=": operator.le}
# All runs of a backfill began after its creation. A task's time is that of its process; the rest is Airflow.
TASKS = """
SELECT dag_id || '.' || task_id, count(*), sum(julianday(end_date) - julianday(start_date)) * 86400
FROM task_instance WHERE state = 'success' AND start_date >= (SELECT max(created_at) FROM backfill)
GROUP BY 1 ORDER BY 3 DESC
"""
out = Console(highlight=False, soft_wrap=True)


def main() -> None:
    """Print every figure, with its goal if there is one."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench_airflow", description=__doc__)
    parser.add_argument("--drops", type=int, default=20, help="files dropped one by one (default %(default)s)")
    parser.add_argument("--days", type=int, default=10, help="days of the backfill (default %(default)s)")
    parser.add_argument("--articles", type=int, default=300, help="articles per day (default %(default)s)")
    parser.add_argument("--heartbeat", type=int, default=90, help="heartbeat timeout, seconds (default %(default)s)")
    given = parser.parse_args()
    out.print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory(prefix="newslake-bench-") as folder:
        data = Path(folder) / "data"
        for name in ("inbox", "archive"):
            (data / name).mkdir(parents=True)
        (data / "sources.toml").write_text(SOURCES)
        timeout = {"AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": str(given.heartbeat)}
        started = monotonic()
        with running(data, timeout) as machine:
            say("boot to healthy", monotonic() - started, "s")
            machine.wait_until_quiet(seconds=PATIENCE_SECONDS)
            memory(machine)
            drops(machine, count=given.drops)
            lost_worker(machine, timeout=given.heartbeat)
            airflow_seconds = backfill(machine, days=given.days, articles=given.articles)
        compare(data, Path(folder) / "without", airflow_seconds, days=given.days)


def say(name: str, value: float, unit: str, goal: tuple[str, float] | None = None) -> None:
    """Print a figure, and whether it meets its goal, if there is one."""
    if goal is None:
        out.print(f"     {name}: {value:.1f} {unit}")
    else:
        is_met = HOLDS[goal[0]](value, goal[1])
        out.print(f"{'met ' if is_met else 'MISS'} {name}: {value:.1f} {unit} (goal {goal[0]} {goal[1]:g})")


def memory(machine: Machine) -> None:
    """Print the proportional memory of the idle processes, by part."""
    sizes: dict[str, float] = defaultdict(float)
    for process in processes(machine.home):
        sizes[process.environ()[PART_MARK]] += process.memory_full_info().pss / 1e6
    parts = ", ".join(f"{part} {size:.0f}" for part, size in sorted(sizes.items()))
    say(f"memory of the idle tree, PSS ({parts})", sum(sizes.values()), "MB")


def drops(machine: Machine, *, count: int) -> None:
    """Print the time from a file in the inbox to its committed rows."""
    times = []
    for number in range(count):
        title, text = article(number, seed=DROPS_SEED)
        started = monotonic()
        (machine.inbox / f"{number}.txt").write_text(text)
        machine.wait_until(lambda title=title: titles(machine)[title], seconds=PATIENCE_SECONDS)  # type: ignore[misc]
        times.append(monotonic() - started)
        machine.wait_until_quiet(seconds=PATIENCE_SECONDS)
    ranked = sorted(times)
    p95 = ranked[max(0, round(0.95 * count) - 1)]
    say(f"file drop to committed rows, p50 of {count} drops", statistics.median(ranked), "s")
    say(f"file drop to committed rows, p95 of {count} drops", p95, "s", ("<", 30))


def lost_worker(machine: Machine, *, timeout: int) -> None:
    """Print the time until a killed worker is detected."""
    machine.holds.want(DERIVE)
    (machine.inbox / "lost.txt").write_text(article(0, seed=LOST_SEED)[1])
    pid = machine.holds.held(seconds=PATIENCE_SECONDS)
    _, run_id, _ = machine.task_of(pid)
    machine.kill_worker_of(pid)
    started = monotonic()
    machine.holds.lift()
    lost = f"SELECT 1 FROM task_instance WHERE run_id = '{run_id}' AND task_id = 'derive' AND state <> 'running'"
    machine.wait_until(lambda: machine.rows(lost), seconds=PATIENCE_SECONDS)
    say(f"lost worker detected after, heartbeat timeout {timeout} s", monotonic() - started, "s")
    machine.wait_until_quiet(seconds=PATIENCE_SECONDS)


def backfill(machine: Machine, *, days: int, articles: int) -> float:
    """Run a backfill of generated days; return the seconds from its creation to the end of its last run."""
    write_days(machine.data / "archive" / "all.jsonl", days=days, articles=articles)
    last = FIRST_DAY + timedelta(days=days - 1)
    span = ("--from-date", FIRST_DAY.isoformat(), "--to-date", last.isoformat())
    machine.command("airflow", "backfill", "create", "--dag-id", "news_ingest", *span)
    machine.wait_until_quiet(seconds=PATIENCE_SECONDS * 4)
    ((begun, ended),) = machine.rows(
        "SELECT (SELECT max(created_at) FROM backfill), (SELECT max(end_date) FROM dag_run)"
    )
    tasks = machine.rows(TASKS)
    durations = ", ".join(f"{name} {number} in {seconds:.0f} s" for name, number, seconds in tasks)
    out.print(f"     tasks of the backfill, up to 4 at once: {durations}")
    return (datetime.fromisoformat(str(ended)) - datetime.fromisoformat(str(begun))).total_seconds()


def write_days(file: Path, *, days: int, articles: int) -> None:
    """Write the generated articles, one per line. The file gets its final name when it is complete."""
    half = file.with_suffix(".part")
    with half.open("w", encoding="utf-8") as lines:
        for number in range(days * articles):
            day = FIRST_DAY + timedelta(days=number // articles)
            title, text = article(number, seed=DAYS_SEED)
            published = datetime.combine(day, clock(8), tzinfo=UTC) + timedelta(minutes=number % 600)
            line = {
                "url": f"https://archive.example/{day}/{number}",
                "title": title,
                "text": text,
                "published_at": published.isoformat(),
                "fetched_at": (published + timedelta(hours=1)).isoformat(),  # so that both ways give the same bytes
            }
            lines.write(json.dumps(line) + "\n")
    half.rename(file)


def compare(data: Path, without: Path, airflow_seconds: float, *, days: int) -> None:
    """Process the same days with the command line on a copy of the sources, and print the cost of Airflow.

    One process handles all days and loads the model once. Airflow's scheduler loads it before it forks its workers.
    """
    shutil.copytree(data / "archive", without / "archive")
    shutil.copy(data / "sources.toml", without / "sources.toml")
    given = {name: value for name, value in os.environ.items() if not name.startswith("NEWS_")}
    ours = {"NEWS_DATA_DIR": str(without), "NEWS_SOURCES_FILE": str(without / "sources.toml")}
    span = ["--from", FIRST_DAY.isoformat(), "--to", (FIRST_DAY + timedelta(days=days - 1)).isoformat()]
    command = [str(Path(sys.executable).with_name("newslake")), "run", *span, "--source", "archive", "--quiet"]
    started = monotonic()
    subprocess.run(command, env=given | ours, check=True, stdout=subprocess.DEVNULL)
    seconds = monotonic() - started
    say(f"backfill of {days} days, Airflow, model loaded before the fork", airflow_seconds, "s")
    say(f"backfill of {days} days, newslake run --from --to, model loaded once", seconds, "s")
    say("Airflow adds, relative to the time without it", (airflow_seconds / seconds - 1) * 100, "%", ("<=", 40))
    say("Airflow adds, per day", (airflow_seconds - seconds) / days, "s", ("<", 60))
    theirs = table_files(without)
    mine = {
        name: body for name, body in table_files(data).items() if name in theirs
    }  # without those of the dropped files
    say("table files that differ", len(differing(mine, theirs)), "files", ("<=", 0))


if __name__ == "__main__":
    main()
