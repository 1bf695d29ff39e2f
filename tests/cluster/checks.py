"""Invariants after every fault."""

import json
import shutil
from collections import Counter
from datetime import datetime
from pathlib import Path

from newslake.pipeline.jobs.run import extract_day
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.settings import Settings

OUTCOMES = ("kept", "unchanged", "not_checked", "rejected", "quarantined", "pending")


def open_space(data: Path, *, sources: Path, now: datetime) -> Workspace:
    """Return a workspace on a data root with the settings of the cluster's workers."""
    return Workspace(Settings.load(data_dir=data, sources_file=sources, frozen_now=now, durability="process"))


def check_all(space: Workspace, *, scratch: Path) -> int:
    """Check that nothing is lost, duplicated or different; return the number of articles."""
    assert space.lake.verify() == ()
    ids = space.lake.read("articles").column("article_id").to_pylist()
    assert [each for each, times in Counter(ids).items() if times > 1] == []
    check_outcomes(space)
    expected, actual = _undisturbed(space, scratch), _tables(space.settings.lake_dir)
    assert sorted(actual) == sorted(expected)
    assert [name for name in expected if actual[name] != expected[name]] == []
    return len(ids)


def check_outcomes(space: Workspace) -> None:
    """Assert that each page of a run has one outcome, and that a run's counts are those of its pages."""
    rows = space.store.tables.log.read("outcomes").to_pylist()
    pages = Counter((row["run_id"], row["stage"], row["source_key"], row["url"]) for row in rows)
    assert [page for page, times in pages.items() if times > 1] == []
    of_run = Counter(run_id for run_id, *_ in pages)
    for row in space.store.tables.log.read("runs").to_pylist():
        counts = json.loads(row["counts"])
        if "discovered" not in counts:  # maintenance, which processes no page
            continue
        assert counts["discovered"] == sum(counts.get(kind, 0) for kind in OUTCOMES) == of_run[row["run_id"]], row


def _undisturbed(space: Workspace, scratch: Path) -> dict[str, bytes]:
    """Return the tables of an undisturbed process on the same archive, with an index rebuilt from the WARC files."""
    shutil.copytree(space.settings.archive_dir / "warc", scratch / "archive" / "warc")
    quiet = open_space(scratch, sources=space.settings.sources_file, now=space.settings.now())
    assert quiet.archive.recover() == ()
    for day in quiet.archive.days():
        extract_day(quiet, day=day, run_id=f"quiet-{day}", report_progress=lambda _: None)
    tables = _tables(quiet.settings.lake_dir)
    shutil.rmtree(scratch)
    return tables


def _tables(lake: Path) -> dict[str, bytes]:
    root = lake / "tables"
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
