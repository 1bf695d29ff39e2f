"""The main job on the sample newsroom: from a real server to tables, without Airflow."""

import hashlib
import json
import shutil
from collections import Counter
from datetime import date
from pathlib import Path

import duckdb
import pandas
import polars
import pyarrow.compute as pc
import pytest

from newslake.pipeline.jobs.run import extract_day, ingest_sources
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model.outcome import OUTCOME_KINDS
from newslake.pipeline.settings import Settings
from samples.server import DAYS, ROOT, Newsroom

pytestmark = [pytest.mark.model]

INBOX = ROOT.parent / "inbox"
READING = ("articles", "entities", "quotes", "events")


def open_at(folder: Path, newsroom: Newsroom, day: date) -> Workspace:
    """Return a workspace whose sources are the sample newsroom's, on the evening of a day."""
    given = (ROOT.parents[1] / "sources.toml").read_text("utf-8")
    sources = folder / "sources.toml"
    sources.write_text(
        given.replace("127.0.0.1:8808", f"127.0.0.1:{newsroom.port}").replace("data/inbox", f"{folder}/inbox")
    )
    newsroom.day = day
    return Workspace(
        Settings.load(data_dir=folder, sources_file=sources, frozen_now=f"{day}T20:00:00+00:00", durability="process")
    )


def run_evening(folder: Path, newsroom: Newsroom, day: date, *, name: str = "r"):
    """Run the whole job of one evening; return the ingest report and the extracts of each announced day."""
    space = open_at(folder, newsroom, day)
    keys = [source.key for source in space.sources.sources]
    ingested = ingest_sources(
        space, source_keys=keys, day=day, run_id=f"{name}-{day}", report_progress=lambda _: None
    ).report
    days = sorted({day, *ingested.days})
    return ingested, [
        extract_day(space, day=each, run_id=f"{name}-{day}-{each}", report_progress=lambda _: None) for each in days
    ]


def digests(folder: Path) -> dict[str, str]:
    """Return the digest of each public table file."""
    tables = folder / "lake" / "tables"
    return {
        str(path.relative_to(tables)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(tables.rglob("*.parquet"))
    }


@pytest.fixture(scope="module")
def newsroom():
    """The sample newsroom on a free port."""
    with Newsroom() as served:
        yield served


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory, newsroom: Newsroom):
    """Three evenings, done once: the data root and what each evening reported."""
    folder = tmp_path_factory.mktemp("data")
    shutil.copytree(INBOX, folder / "inbox")
    return folder, [run_evening(folder, newsroom, day) for day in DAYS]


def test_every_page_has_one_outcome(job) -> None:
    """Discovered equals the sum of outcomes, in every report and in the log per run, source and news day."""
    folder, evenings = job
    for ingested, extracted in evenings:
        for report in (ingested, *(each.report for each in extracted)):
            assert report.discovered == sum(count for _, count in report.outcomes)
    outcomes = Workspace(Settings.load(data_dir=folder)).lake.log.read("outcomes").to_pandas()
    assert outcomes.duplicated(["run_id", "source_key", "url"]).sum() == 0


def test_log_matches_the_runs(job) -> None:
    """Each run's row has the counts of its outcomes in the log, per kind."""
    folder, _ = job
    lake = Workspace(Settings.load(data_dir=folder)).lake
    counted = Counter((row["run_id"], row["outcome"]) for row in lake.log.read("outcomes").to_pylist())
    for run in lake.log.read("runs").to_pylist():
        counts = json.loads(run["counts"])
        kinds = {kind: counted[run["run_id"], kind] for kind in OUTCOME_KINDS}
        assert kinds == {kind: counts[kind] for kind in OUTCOME_KINDS}
        assert sum(kinds.values()) == counts["discovered"]


def test_four_tables_have_rows(job) -> None:
    """All four annotation tables have rows, and the lake verifies."""
    folder, _ = job
    lake = Workspace(Settings.load(data_dir=folder)).lake
    assert lake.verify() == ()
    assert all(lake.read(name).num_rows > 0 for name in (*READING, "near_duplicates"))


def test_second_run_changes_nothing(job, newsroom: Newsroom) -> None:
    """The same evenings again fetch no page and change no table file."""
    folder, _ = job
    before = digests(folder)
    requested = len(newsroom.requests)
    for day in DAYS:
        run_evening(folder, newsroom, day, name="again")
    fetched = [
        r for r in newsroom.requests[requested:] if r.status == 200 and not r.path.endswith((".xml", ".gz", ".txt"))
    ]
    assert (fetched, digests(folder)) == ([], before)


def test_any_order_of_deriving_gives_the_same_bytes(job, newsroom: Newsroom, tmp_path: Path) -> None:
    """From one archive, deriving the news days backwards gives every table file byte for byte."""
    folder, _ = job
    shutil.copytree(folder / "archive", tmp_path / "archive")
    space = open_at(tmp_path, newsroom, DAYS[-1])
    for day in reversed(space.archive.days()):
        extract_day(space, day=day, run_id=f"back-{day}", report_progress=lambda _: None)
    assert digests(tmp_path) == digests(folder)


def test_latest_revision_is_the_row(job) -> None:
    """An article updated between days has one row: the later revision, first fetched on the later evening."""
    folder, _ = job
    space = Workspace(Settings.load(data_dir=folder))
    articles = space.lake.read("articles")
    updated = articles.filter(pc.equal(pc.cast(articles["fetched_at"], "date32"), DAYS[1]))
    ids = updated["article_id"].to_pylist()
    captures = [space.archive.captures(article_id=each) for each in ids]
    twice = [each for each in captures if len({capture.digest for capture in each}) > 1]
    assert len(twice) >= 1
    assert len(set(articles["article_id"].to_pylist())) == articles.num_rows


def test_wire_story_in_two_outlets_is_one_group(job) -> None:
    """The wire story that two outlets ran is two articles and one group, named by the earlier one."""
    folder, _ = job
    lake = Workspace(Settings.load(data_dir=folder)).lake
    copies = lake.read("near_duplicates").to_pylist()
    articles = [row for row in lake.read("articles").to_pylist() if row["wire_agency"]]
    wire = {row["article_id"]: row for row in articles if row["title"].startswith("Portugal and Morocco")}
    first, second = sorted(wire, key=lambda article_id: wire[article_id]["published_at"])
    groups = {row["article_id"]: (row["dup_group_id"], row["is_duplicate"], row["method"]) for row in copies}
    assert (groups[first], groups[second]) == ((first, False, "none"), (first, True, "exact"))


def test_provenance_leads_to_the_archive(job) -> None:
    """Every article's payload_digest gives back one archived record."""
    folder, _ = job
    space = Workspace(Settings.load(data_dir=folder))
    for payload_digest in space.lake.read("articles", columns=["payload_digest"])["payload_digest"].to_pylist():
        assert space.archive.get(payload_digest).body


def test_text_without_url_goes_all_the_way(job) -> None:
    """A plain text from the inbox is an article with null URL and date, and methods that say so."""
    folder, _ = job
    rows = Workspace(Settings.load(data_dir=folder)).lake.read("articles").to_pylist()
    (row,) = [row for row in rows if row["url"] is None]
    assert (row["published_at"], row["published_at_method"], row["canonical_url"]) == (None, "unknown", None)
    assert row["quote_count"] > 0
    assert [path.name for path in (folder / "inbox" / "done").iterdir()] == [path.name for path in INBOX.iterdir()]


@pytest.mark.parametrize("table", READING)
def test_every_engine_counts_the_same(job, table: str) -> None:
    """DuckDB, Polars and pandas count what the manifests say."""
    folder, _ = job
    lake = Workspace(Settings.load(data_dir=folder)).lake
    glob = str(folder / "lake" / "tables" / table / "**" / "*.parquet")
    expected = lake.read(table).num_rows
    assert duckdb.sql(f"SELECT count(*) FROM read_parquet('{glob}')").fetchall() == [(expected,)]
    assert polars.scan_parquet(glob, hive_partitioning=True).select(polars.len()).collect().item() == expected
    assert len(pandas.read_parquet(folder / "lake" / "tables" / table)) == expected
