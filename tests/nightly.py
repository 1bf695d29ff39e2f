"""`make nightly`: the long form of the tests, in named parts.

`python -m tests.nightly [PART...]` runs some parts, or all, two at a time. `lake` means every part whose name begins
with `lake-`. A failed part does not stop the others. When a part ends, its row is written into docs/reliability.md, to
be committed with the work. `--list` prints the parts, in red those whose files changed in many commits since their row.
`--for-commit HASH` prints the part that CI runs for a commit. NEWSLAKE_SEED selects other kills, faults and examples.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile
from threading import Lock

from rich.console import Console
from rich.table import Table

from tests.long_form import seed_or
from tests.nightly_table import DUE_AFTER, Repository, Row, UnknownCommitError, read_rows, write_row

ROOT = Path(__file__).resolve().parents[1]
PAGE = "docs/reliability.md"
LANES = 2  # parts that run at the same time
SEED = 20260310
_POLL_SECONDS = 0.1
_TOOK = re.compile(r" in [\d.]+s.*")
TIMEOUT_SECONDS = 1500  # of a test without its own: no part takes longer in CI


@dataclass(frozen=True, slots=True)
class Part:
    """Test files whose long form runs in one process. ``after`` are the product files whose changes need this part.

    ``minutes`` is more than the part takes alone on two idle cores. ``is_alone`` means that no other part may run at
    the same time: the tests measure time, or need both cores.
    """

    name: str
    about: str
    minutes: int
    after: tuple[str, ...]
    files: tuple[str, ...]
    is_alone: bool = False

    @property
    def paths(self) -> tuple[str, ...]:
        """Return the files that the part is about: those of the product, and its tests."""
        return *self.after, *self.files

    @property
    def group(self) -> str:
        """Return the first word of the name, which means all parts of the group."""
        return self.name.partition("-")[0]


PARTS = (
    Part(
        "lake-calls",
        "a commit is killed before each system call, and each call fails",
        20,
        ("pipeline/lake", "pipeline/sqlite.py"),
        ("tests/faults/lake/test_every_call.py",),
    ),
    Part(
        "lake-storm",
        "writers are killed at any moment while others read; commits race",
        12,
        ("pipeline/lake", "pipeline/query/views.py"),
        ("tests/faults/lake/test_storm.py",),
    ),
    Part(
        "lake-disks",
        "hosts with other clocks, full disks, killed snapshots and compactions of the log",
        8,
        ("pipeline/lake",),
        (
            "tests/faults/lake/test_clocks.py",
            "tests/faults/lake/test_hard_disks.py",
            "tests/faults/lake/test_kept_copies.py",
            "tests/faults/lake/test_log_compaction.py",
        ),
    ),
    Part(
        "power",
        "power is lost after each system call of commit, archive, takedown and maintenance; planted bugs",
        20,
        (
            "pipeline/archive",
            "pipeline/durability.py",
            "pipeline/jobs",
            "pipeline/lake",
            "pipeline/sqlite.py",
            "pipeline/upkeep",
        ),
        ("tests/faults/power/test_power_loss.py",),
        is_alone=True,
    ),
    Part(
        "archive",
        "flipped bytes in any file; killed writers of the archive; any steps in both stores",
        10,
        ("pipeline/archive", "pipeline/jobs", "pipeline/kb", "pipeline/lake", "pipeline/shared", "pipeline/upkeep"),
        (
            *("tests/faults/test_archive_writers.py", "tests/faults/test_flips.py", "tests/faults/test_losses.py"),
            *("tests/store/test_capture_index.py", "tests/store/test_commit_index.py", "tests/store/test_objects.py"),
            *("tests/store/test_page_states.py", "tests/unit/kb/test_store.py"),
        ),
    ),
    Part(
        "runs",
        "runs are killed, meet another run, or find the disk full; backfills and the inbox",
        12,
        ("pipeline/jobs", "pipeline/fetch", "pipeline/sources"),
        (
            "tests/faults/test_backfill.py",
            "tests/faults/test_disk_full.py",
            "tests/faults/test_inbox.py",
            "tests/faults/test_rechecks.py",
            "tests/faults/test_resume.py",
            "tests/faults/test_two_runs.py",
        ),
    ),
    Part(
        "boundary",
        "an exception, no memory or a kill in the turn of one of ten items, at any stage",
        10,
        ("pipeline/boundary.py", "pipeline/clean", "pipeline/fetch", "pipeline/jobs", "pipeline/nlp"),
        ("tests/faults/test_injection.py", "tests/faults/test_suspects.py", "tests/faults/test_worker_pool.py"),
    ),
    Part(
        "takedown",
        "takedowns, and erasures from open and closed months, are killed at any step",
        12,
        (
            *("pipeline/addons/alerts", "pipeline/addons/audit", "pipeline/addons/search", "pipeline/archive"),
            *("pipeline/jobs", "pipeline/lake", "pipeline/shared", "pipeline/upkeep"),
        ),
        ("tests/faults/lake/test_erase.py", "tests/faults/test_forget.py", "tests/store/test_shared_takedown.py"),
    ),
    Part(
        "alerts",
        "checks, deliveries and takedowns of alerts are killed at each step",
        8,
        ("pipeline/addons/alerts", "pipeline/sqlite.py"),
        ("tests/faults/test_alerts.py", "tests/store/test_alert_faults.py"),
    ),
    Part(
        "scheduler",
        "a real scheduler whose parts die; the demo on any port",
        12,
        ("dags", "plugins", "pipeline/jobs"),
        (
            "tests/scheduler/test_demo.py",
            "tests/scheduler/test_long_faults.py",
            "tests/scheduler/test_observability.py",
            "tests/scheduler/test_real_scheduler.py",
        ),
        is_alone=True,
    ),
    Part(
        "engines",
        "every table and question in every engine, Spark and Iceberg included; in closed months, amid exchanges",
        20,
        ("pipeline/lake", "pipeline/query", "pipeline/shared", "pipeline/spark", "pipeline/tables"),
        (
            "tests/engines/test_engines.py",
            "tests/engines/test_exchanges.py",
            "tests/engines/test_iceberg.py",
            "tests/engines/test_layouts.py",
            "tests/engines/test_spark_backfill.py",
            "tests/engines/test_spark_cluster.py",
            "tests/engines/test_spark_shared.py",
        ),
    ),
    Part(
        "notebooks",
        "the notebooks of examples/ run on the sample newsroom",
        1,
        ("examples", "newslake", "pipeline/show"),
        ("tests/examples/test_notebooks.py",),
    ),
    Part(
        "wheel",
        "the wheel is installed in fresh environments, without and with Airflow; needs the package index",
        1,
        ("newslake", "hatch_build.py", "requirements.in"),
        ("tests/wheel/test_installation.py",),
    ),
    Part(
        "pages",
        "damaged pages, listings and files",
        12,
        ("pipeline/addons/documents", "pipeline/archive", "pipeline/clean", "pipeline/sources"),
        (
            "tests/properties/test_clean_fuzz.py",
            "tests/properties/test_clean_properties.py",
            "tests/properties/test_documents_properties.py",
            "tests/properties/test_files_fuzz.py",
            "tests/properties/test_listings_fuzz.py",
            "tests/unit/fetch/test_robots_rules.py",
            "tests/unit/sources/test_feed_xml.py",
            "tests/unit/sources/test_normalize.py",
        ),
    ),
    Part(
        "clusters",
        "articles in any order and grouping give the same clusters",
        12,
        ("pipeline/clusters", "pipeline/jobs/cluster.py"),
        ("tests/properties/test_clusters_properties.py", "tests/properties/test_near_duplicates_properties.py"),
    ),
    Part(
        "browser",
        "500 hostile strings in every field of articles, Newsroom and the sheets of an audit, in Chromium",
        3,
        ("pipeline/addons/audit", "pipeline/addons/newsroom", "pipeline/show"),
        (
            "tests/browser/test_audit_sheet.py",
            "tests/browser/test_hostile_articles.py",
            "tests/browser/test_hostile_lake.py",
            "tests/browser/test_hostile_newsroom.py",
        ),
    ),
    Part(
        "search",
        "any text as a search; updates of the search index are killed at any moment",
        3,
        ("pipeline/addons/search",),
        (
            "tests/faults/test_search_index.py",
            "tests/addons/search/test_excerpts.py",
            "tests/addons/search/test_syntax.py",
        ),
    ),
    Part(
        "limits",
        "statements whose values need gigabytes, through sql, mcp and Newsroom",
        3,
        ("pipeline/addons/newsroom", "pipeline/agents", "pipeline/query"),
        ("tests/addons/test_large_values.py",),
    ),
    Part(
        "replay",
        "a web archive replays every page of the archive, byte for byte",
        1,
        ("pipeline/archive",),
        ("tests/replay/test_replay.py",),
    ),
    Part(
        "texts",
        "any text, long texts of unusual kinds, and the plan of a year, in linear time",
        12,
        ("pipeline/addons/operate", "pipeline/nlp"),
        (
            *("tests/properties/test_long_texts.py", "tests/properties/test_nlp_properties.py"),
            *("tests/properties/test_quotes_properties.py", "tests/addons/operate/test_plan.py"),
        ),
        is_alone=True,
    ),
)


@dataclass(frozen=True, slots=True)
class Result:
    """The end of a part: pytest's exit code and last line, and the rows of the table of faults."""

    part: Part
    code: int
    seconds: float
    summary: str
    figures: tuple[str, ...]

    @property
    def verdict(self) -> str:
        return "FAILED" if self.code else "passed"

    @property
    def minutes(self) -> str:
        return f"{self.seconds / 60:.1f}"

    @property
    def counted(self) -> str:
        """Return the tests and the counts of faults, for the table of docs/reliability.md."""
        faults = [[cell.strip() for cell in line.strip("|").split("|")] for line in self.figures]
        tests = _TOOK.sub("", self.summary)
        counts = "; ".join([tests, *(f"{cells[0]}: {cells[-1]}" for cells in faults)])
        return f"**failed**: {counts}" if self.code else counts


def parts_named(names: Sequence[str]) -> tuple[Part, ...]:
    """Return the parts with these names or of these groups; all parts if no name is given.

    Raises: ValueError for a name that no part has.
    """
    known = {name for part in PARTS for name in (part.name, part.group)}
    if unknown := sorted(set(names) - known):
        raise ValueError(f"no part is named {', '.join(unknown)}; the names are {', '.join(sorted(known))}")
    return tuple(part for part in PARTS if not names or part.name in names or part.group in names)


def part_for(commit: str, parts: Sequence[Part] = PARTS) -> Part:
    """Return one of some parts by the hash of a commit; each is as likely as the others."""
    return parts[int(commit, 16) % len(parts)]


def parts_within(minutes: float, rows: Mapping[str, Row]) -> tuple[Part, ...]:
    """Return the parts that end in time, as they say and as their last run did, also if other work slowed it."""

    def longest(part: Part) -> float:
        return max(part.minutes, float(rows[part.name].minutes) if part.name in rows else 0)

    return tuple(part for part in PARTS if longest(part) <= minutes)


def changes_of(parts: Iterable[Part], rows: Mapping[str, Row], repository: Repository) -> dict[str, float]:
    """Return how many commits changed the files of each part since its row; infinite without a row.

    Raises: UnknownCommitError.
    """
    return {
        part.name: repository.changes_since(rows[part.name], part.paths) if part.name in rows else float("inf")
        for part in parts
    }


def choose_part(commit: str, rows: Mapping[str, Row], repository: Repository, *, within: float) -> tuple[Part, str]:
    """Return the part that CI runs for a commit, and why.

    It is the one whose files changed in the most commits since its row, if these are many, else one by the commit.
    Parts that may take longer than ``within`` minutes are left out.
    """
    parts = parts_within(within, rows)
    if not parts:
        raise ValueError(f"no part of make nightly ends within {within:g} minutes")
    try:
        changes = changes_of(parts, rows, repository)
    except UnknownCommitError as error:
        return part_for(commit, parts), f"chosen by the commit: {error}"
    most = max(changes.values())
    if most > DUE_AFTER:
        due = [part for part in parts if changes[part.name] == most]
        return part_for(commit, due), f"its files changed in {most:g} commits since its row in {PAGE}"
    return part_for(commit, parts), "chosen by the commit: no part is due"


def schedule(parts: Iterable[Part]) -> tuple[list[Part], list[Part]]:
    """Return the parts that run side by side, the longest first, and those that then run alone."""
    ordered = sorted(parts, key=lambda part: -part.minutes)
    return [part for part in ordered if not part.is_alone], [part for part in ordered if part.is_alone]


def run_part(part: Part, *, seed: int) -> Result:
    """Run one part in a process, and print its lines as they come, with its name."""
    command = [sys.executable, "-u", "-m", "pytest", *part.files, f"--hypothesis-seed={seed}", "--durations=5"]
    command += [f"--timeout={TIMEOUT_SECONDS}", "-p", "no:cacheprovider", "-o", "tmp_path_retention_policy=failed"]
    given = {**os.environ, "NEWSLAKE_LONG": "1", "NEWSLAKE_SEED": str(seed)}
    started = time.monotonic()
    _print(f"{part.name} | seed {seed}, {part.about}")
    lines = []
    with NamedTemporaryFile() as output:
        process = subprocess.Popen(command, cwd=ROOT, env=given, stdout=output, stderr=subprocess.STDOUT)
        for line in _lines_until_the_end(process, Path(output.name)):
            lines.append(line)
            _print(f"{part.name} | {line}")
    figures = tuple(line for line in lines if line.startswith("| ") and not line.startswith("| fault |"))
    summary = next((line.strip("= ") for line in reversed(lines) if line.strip()), "")
    result = Result(part, process.returncode, time.monotonic() - started, summary, figures)
    _print(f"{part.name} | {result.verdict} in {result.minutes} minutes, seed {seed}")
    return result


def _lines_until_the_end(process: subprocess.Popen[bytes], file: Path) -> Iterator[str]:
    """Yield what a process writes, line by line, until it ends.

    It writes to a file, not a pipe: a process that a failed test leaves would keep a pipe open.
    """
    rest = ""
    with file.open(encoding="utf-8", errors="replace") as output:
        while True:
            has_ended = process.poll() is not None
            *lines, rest = (rest + output.read()).split("\n")
            yield from lines
            if has_ended:
                break
            time.sleep(_POLL_SECONDS)
    if rest:
        yield rest


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def run_parts(
    parts: Iterable[Part], *, seed: int, on_end: Callable[[Result], None] = lambda result: None
) -> list[Result]:
    """Run all parts, also after one has failed; ``on_end`` is called when a part ends, for one at a time."""
    lock = Lock()

    def run(part: Part) -> Result:
        result = run_part(part, seed=seed)
        with lock:
            on_end(result)
        return result

    together, alone = schedule(parts)
    with ThreadPoolExecutor(LANES) as lanes:
        results = list(lanes.map(run, together))
    return results + [run(part) for part in alone]


def note_result(page: Path, result: Result, *, commit: str, seed: int) -> None:
    """Write the row of a part into the table of docs/reliability.md."""
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    row = Row(result.part.name, commit, day, str(seed), result.minutes, result.counted)
    write_row(page, row, order=[part.name for part in PARTS])


def print_results(results: Iterable[Result], *, seed: int, seconds: float) -> None:
    """Print one line per part, and the counts of all faults as rows for docs/reliability.md."""
    out = Console(highlight=False, markup=False, soft_wrap=True)
    table = Table("part", "result", "minutes", "seed", "tests", title="long tests")
    for each in sorted(results, key=lambda each: each.part.name):
        table.add_row(each.part.name, each.verdict, each.minutes, str(seed), each.summary)
    out.print(table)
    for each in results:
        for line in each.figures:
            out.print(line)
    out.print(f"all together: {seconds / 60:.1f} minutes")


def print_parts(parts: Iterable[Part], rows: Mapping[str, Row], repository: Repository) -> None:
    """Print the parts, in red those that are due, and how many commits changed their files since their row."""
    out = Console(highlight=False, markup=False, soft_wrap=True)
    for part in parts:
        try:
            [changes] = changes_of([part], rows, repository).values()
            age = f"{changes:g} commits since its row" if part.name in rows else f"no row in {PAGE}"
        except UnknownCommitError as error:
            changes, age = 0.0, str(error)
        is_due = changes > DUE_AFTER
        line = f"{part.name:12} {part.minutes:3} min  {part.about}; {age}{', run it' if is_due else ''}"
        out.print(line, style="red" if is_due else None)


def main() -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="make nightly", description="Run the long form of the tests.")
    parser.add_argument("parts", nargs="*", metavar="PART")
    parser.add_argument("--list", action="store_true", help="print the parts, in red those that should run")
    parser.add_argument("--for-commit", metavar="HASH", help="print the part that CI runs for a commit")
    parser.add_argument("--within", type=float, default=float("inf"), metavar="MINUTES", help="of --for-commit")
    options = parser.parse_args()
    repository = Repository(ROOT)
    rows = read_rows((ROOT / PAGE).read_text("utf-8"))
    try:
        parts = parts_named(options.parts)
        if options.for_commit:
            part, reason = choose_part(options.for_commit, rows, repository, within=options.within)
            sys.stderr.write(f"{part.name}: {reason}\n")
            _print(part.name)
            return 0
    except ValueError as error:
        parser.error(str(error))
    if options.list:
        print_parts(parts, rows, repository)
        return 0
    return run_and_note(parts, commit=repository.commit_now(ignored=PAGE))


def run_and_note(parts: Iterable[Part], *, commit: str) -> int:
    """Run parts, write their rows, print their results; return the exit code."""
    started = time.monotonic()
    seed = seed_or(SEED)
    results = run_parts(parts, seed=seed, on_end=partial(note_result, ROOT / PAGE, commit=commit, seed=seed))
    print_results(results, seed=seed, seconds=time.monotonic() - started)
    return int(any(each.code for each in results))


if __name__ == "__main__":
    sys.exit(main())
