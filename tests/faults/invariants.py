"""Invariants after every fault: no article lost or doubled, tables that equal the archive, sums that add up."""

import json
from collections import Counter
from datetime import date
from pathlib import Path

from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model.outcome import OUTCOME_KINDS
from newslake.pipeline.tables.spec import Row


def table_files(folder: Path) -> dict[str, bytes]:
    """Return the public files of a data root's lake."""
    root = folder / "lake" / "tables"
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def outcomes_of(space: Workspace, *runs: str) -> list[Row]:
    """Return the outcome rows of some runs."""
    return [row for row in space.lake.log.read("outcomes").to_pylist() if row["run_id"] in runs]


def broken_sums(space: Workspace) -> list[str]:
    """Return where ``discovered`` is not the sum of the outcomes.

    A page has one outcome per run; the sum over sources and news days equals the counts of the run, kind by kind.
    """
    rows = space.lake.log.read("outcomes").to_pylist()
    pages = Counter((row["run_id"], row["source_key"], row["url"]) for row in rows)
    broken = [f"{page} has {count} outcomes" for page, count in pages.items() if count > 1]
    kinds = Counter((row["run_id"], row["outcome"]) for row in rows)
    for run in space.lake.log.read("runs").to_pylist():
        counts = json.loads(run["counts"])
        if "discovered" not in counts:  # a maintenance run has no pages
            continue
        found = {kind: kinds[run["run_id"], kind] for kind in OUTCOME_KINDS}
        if counts["discovered"] != sum(found.values()) or any(counts[kind] != count for kind, count in found.items()):
            broken.append(f"{run['run_id']} has the counts {counts}, its outcomes are {found}")
    return broken


def pages_without_outcome(space: Workspace, *, run_id: str, news_day: date) -> set[tuple[str, str]]:
    """Return page key and URL of the captures of a news day without an outcome in a run that read the day."""
    filed = {}
    for capture in space.archive.captures_of_day(news_day):
        filed[capture.page_key] = capture.url or capture.hints.file
    with_outcome = {row["url"] for row in outcomes_of(space, run_id)}
    return {(key, url) for key, url in filed.items() if url not in with_outcome}


def articles_lost(space: Workspace) -> set[str]:
    """Return articles of the archive that are neither in the table nor rejected or quarantined by a run."""
    claim = set(space.lake.read("articles")["article_id"].to_pylist())
    refused = {
        row["article_id"]
        for row in space.lake.log.read("outcomes").to_pylist()
        if row["outcome"] in ("rejected", "quarantined")
    }
    return {capture.article_id for capture in space.archive.captures()} - claim - refused


def assert_whole(space: Workspace) -> None:
    """Nothing is left to repair, no article is lost or doubled, and the outcomes add up."""
    assert space.lake.verify() == ()
    assert space.lake.recover() == ()
    assert space.archive.recover() == ()
    ids = space.lake.read("articles")["article_id"].to_pylist()
    assert len(ids) == len(set(ids)) > 0
    assert articles_lost(space) == set()
    assert broken_sums(space) == []
