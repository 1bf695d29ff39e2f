"""`make bench-airflow`: what Airflow on one machine costs beside the same stages without it.

Absolute times: they mean something on an idle machine only. Every article is invented, from a seed.
"""

import argparse
import json
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
out = Console(highlight=False, soft_wrap=True)


def main() -> None:
    """Print every figure; where the issue sets a goal, beside it."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench_airflow", description=__doc__)
    parser.add_argument("--drops", type=int, default=20, help="files dropped one by one (default %(default)s)")
    parser.add_argument("--days", type=int, default=10, help="days of the backfill (default %(default)s)")
    parser.add_argument("--articles", type=int, default=300, help="articles a day (default %(default)s)")
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
            out.print(f"boot to healthy: {monotonic() - started:.0f} s")
            machine.wait_until_quiet(seconds=PATIENCE_SECONDS)
            memory(machine)
            drops(machine, count=given.drops)
            lost_worker(machine, timeout=given.heartbeat)
            airflow_seconds = backfill(machine, days=given.days, articles=given.articles)
        compare(data, Path(folder) / "without", airflow_seconds, days=given.days)


def memory(machine: Machine) -> None:
    """Print the proportional memory of the idle tree, by part."""
    sizes: dict[str, float] = defaultdict(float)
    for process in processes(machine.home):
        sizes[process.environ()[PART_MARK]] += process.memory_full_info().pss / 1e6
    parts = ", ".join(f"{part} {size:.0f}" for part, size in sorted(sizes.items()))
    out.print(f"memory of the idle tree, PSS: {sum(sizes.values()):.0f} MB ({parts})")


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
    p50 = statistics.median(ranked)
    out.print(f"file drop to committed rows, {count} drops: p50 {p50:.1f} s, p95 {p95:.1f} s (goal < 30)")


def lost_worker(machine: Machine, *, timeout: int) -> None:
    """Print how long a killed worker is not missed."""
    (machine.inbox / "lost.txt").write_text(article(0, seed=LOST_SEED)[1])
    run_id = machine.kill_worker_of("derive", seconds=PATIENCE_SECONDS)
    started = monotonic()
    lost = f"SELECT 1 FROM task_instance WHERE run_id = '{run_id}' AND task_id = 'derive' AND state <> 'running'"
    machine.wait_until(lambda: machine.rows(lost), seconds=PATIENCE_SECONDS)
    out.print(f"lost worker noticed after: {monotonic() - started:.0f} s (heartbeat timeout {timeout} s)")
    machine.wait_until_quiet(seconds=PATIENCE_SECONDS)


def backfill(machine: Machine, *, days: int, articles: int) -> float:
    """Run a backfill over generated days; return its seconds, from its creation to the end of its last run."""
    write_days(machine.data / "archive" / "all.jsonl", days=days, articles=articles)
    last = FIRST_DAY + timedelta(days=days - 1)
    span = ("--from-date", FIRST_DAY.isoformat(), "--to-date", last.isoformat())
    machine.command("airflow", "backfill", "create", "--dag-id", "news_ingest", *span)
    machine.wait_until_quiet(seconds=PATIENCE_SECONDS * 4)
    ((begun, ended),) = machine.rows(
        "SELECT (SELECT max(created_at) FROM backfill), (SELECT max(end_date) FROM dag_run)"
    )
    return (datetime.fromisoformat(str(ended)) - datetime.fromisoformat(str(begun))).total_seconds()


def write_days(file: Path, *, days: int, articles: int) -> None:
    """Write the generated articles, a line each, under a name that is not read before it is whole."""
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
    """Do the same days by the command line on a copy of the sources, and print what Airflow added."""
    shutil.copytree(data / "archive", without / "archive")
    shutil.copy(data / "sources.toml", without / "sources.toml")
    given = {name: value for name, value in os.environ.items() if not name.startswith("NEWS_")}
    ours = {"NEWS_DATA_DIR": str(without), "NEWS_SOURCES_FILE": str(without / "sources.toml")}
    command = [str(Path(sys.executable).with_name("newslake")), "run", "--day", FIRST_DAY.isoformat()]
    started = monotonic()
    subprocess.run(
        [*command, "--source", "archive", "--quiet"], env=given | ours, check=True, stdout=subprocess.DEVNULL
    )
    seconds = monotonic() - started
    added = (airflow_seconds - seconds) / days
    share = airflow_seconds / seconds - 1
    out.print(f"backfill of {days} days: Airflow {airflow_seconds:.0f} s, `newslake run` {seconds:.0f} s")
    out.print(f"Airflow adds {added:.1f} s a day (goal < 60), {share:+.0%} (goal at most +40%)")
    theirs = table_files(without)
    mine = {name: body for name, body in table_files(data).items() if name in theirs}  # not those of the drops
    out.print(f"table files that differ: {len(differing(mine, theirs))}")


if __name__ == "__main__":
    main()
