"""Invariants after any fault of an Airflow: nothing is lost or duplicated, and all outcomes add up."""

import shutil
from collections import Counter
from pathlib import Path

from newslake.pipeline.jobs.run import extract_day
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.settings import Settings
from tests.faults.invariants import broken_sums
from tests.scheduler.machine import NOW, Machine


def open_space(machine: Machine, root: Path | None = None) -> Workspace:
    """Return the machine's workspace, or one on another data root with the same sources."""
    sources = machine.data / "sources.toml"
    return Workspace(Settings.load(data_dir=root or machine.data, sources_file=sources, frozen_now=NOW))


def table_files(data: Path) -> dict[str, bytes]:
    """Return every public file, by path."""
    tables = data / "lake" / "tables"
    return {str(path.relative_to(tables)): path.read_bytes() for path in tables.rglob("*") if path.is_file()}


def differing(left: dict[str, bytes], right: dict[str, bytes]) -> list[str]:
    """Return the files that differ."""
    return sorted(name for name in left.keys() | right.keys() if left.get(name) != right.get(name))


def titles(machine: Machine) -> Counter[str]:
    """Return the number of articles per title of the inbox."""
    rows = open_space(machine).lake.read("articles").to_pylist()
    return Counter(row["title"] for row in rows if row["source_key"] == "inbox")


def assert_undisturbed(machine: Machine, scratch: Path) -> None:
    """Assert that the tables are those of an undisturbed run on the same archive, and that outcomes add up.

    In an empty folder the whole archive is processed; in a reused folder, only what was added since.
    """
    shutil.rmtree(scratch / "archive", ignore_errors=True)
    shutil.copytree(machine.data / "archive", scratch / "archive")
    quiet = open_space(machine, scratch)
    name = f"undisturbed-{len(quiet.archive.captures())}"
    for day in quiet.archive.days():
        extract_day(quiet, day=day, run_id=f"{name}.{day}", report_progress=lambda _: None)
    wrong = differing(table_files(machine.data), table_files(scratch))
    assert wrong == [], wrong
    assert_accounts_balance(open_space(machine))


def assert_accounts_balance(space: Workspace) -> None:
    """Assert that the outcomes of every run add up, and that every page of the inbox has a final outcome."""
    assert broken_sums(space) == []
    outcomes = [row for row in space.lake.log.read("outcomes").to_pylist() if row["source_key"] == "inbox"]
    final = {row["payload_digest"] for row in outcomes if row["outcome"] in ("kept", "unchanged", "rejected")}
    captured = {capture.digest for capture in space.archive.captures() if capture.source_key == "inbox"}
    assert captured == final
