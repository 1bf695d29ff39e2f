"""Deleted pages are nowhere under the data root and cannot come in again; other pages do not change."""

import json
import shutil
from pathlib import Path

import pyarrow.compute as pc
import pytest
from typer.testing import CliRunner

from newslake.pipeline.archive import TakedownKind
from newslake.pipeline.cli import app
from newslake.pipeline.errors import ConfigError, MissingStoreError
from newslake.pipeline.jobs.commit import commit_day
from newslake.pipeline.jobs.derive import derive
from newslake.pipeline.jobs.inventory import LAKE, STATE, give_up
from newslake.pipeline.jobs.push import push_urls
from newslake.pipeline.jobs.run import extract_day, ingest_sources
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import article_id_of, canonical_url
from newslake.pipeline.upkeep.maintenance import repair
from newslake.pipeline.upkeep.takedown import (
    TakedownTarget,
    finish_takedowns,
    forget,
    list_deletions,
    plan_takedown,
    preview_takedown,
    target_names,
)
from tests.faults.invariants import assert_whole, broken_sums, table_files
from tests.unit.upkeep.town import (
    AGAIN,
    BROKEN,
    DOOMED,
    FERRY,
    MONTH,
    NOON,
    STAYING,
    TRACKED,
    VIDEO,
    WAITS,
    Town,
    all_targets,
    drop,
    forget_all,
    other_text,
    run,
    set_environment,
    story,
    tables,
    traces_of_doomed,
    ways_back,
    week,
)

pytestmark = [pytest.mark.model]


def test_nothing_remains_and_nothing_comes_in_again(space: Workspace, town: Town) -> None:
    """A byte search of the data root finds no part of the deleted pages, before and after every entrance is tried.

    Their month is closed. The tables are byte for byte those of a lake that never had the pages, and the sums of the
    log match.
    """
    traces = traces_of_doomed()
    root = space.settings.data_dir
    before = {path.name for path in (root / "inbox" / "done").iterdir()}
    assert {"aside.html", "links.urls"} <= before
    logged = {(row["outcome"], row["reason"]) for row in space.lake.log.read("outcomes").to_pylist()}
    assert {("quarantined", "undecodable"), ("rejected", "too_short"), ("pending", "http_503")} <= logged
    old = shutil.copytree(root / "archive" / "warc", town.folder / "old")
    assert len(traces.under(root)) > 20
    sums = json.dumps([row["counts"] for row in space.lake.log.read("runs").to_pylist()])
    space.lake.compact(months=[MONTH])
    forget_all(space, town)
    assert traces.under(root) == {}
    never = week(town, "never", doomed=False)
    never.lake.compact(months=[MONTH])
    assert tables(space) == tables(never)
    assert json.dumps([row["counts"] for row in space.lake.log.read("runs").to_pylist()]) == sums
    assert broken_sums(space) == []
    assert list(space.archive.verify()) == []
    assert_whole(space)
    again(space, town, old)
    assert traces.under(root) == {}
    assert broken_sums(space) == []
    assert_whole(town.space("data", hours=50))


def again(space: Workspace, town: Town, old: Path) -> None:
    """Try every entrance: feed, inbox, push, an old file of the archive, a replay of all days without a lake."""
    root = space.settings.data_dir
    late = town.space("data", hours=30)
    town.lists(*DOOMED, *STAYING, hours=30)
    drop(late, town, with_doomed=True)
    shutil.copy(next(old.rglob("*.warc.gz")), root / "inbox" / "foreign.warc.gz")
    with pytest.raises(ConfigError, match="taken down"):
        push_urls(late, [town.server.url(FERRY)])
    requested = dict(town.server.seen)
    run(late, "late")
    assert {path for path in DOOMED if town.server.seen[path + TRACKED] > requested[path + TRACKED]} == set()
    refused = [row for row in late.lake.log.read("outcomes").to_pylist() if row["run_id"] == "in-late"]
    assert {row["outcome"] for row in refused if row["url"].startswith("taken_down:")} == {"rejected"}
    assert sum(row["reason"] == "taken_down" for row in refused) > len(DOOMED)
    shutil.rmtree(root / "lake" / "tables")
    shutil.rmtree(root / "lake" / "_state")
    for path in old.rglob("*.warc.gz"):
        shutil.copy(path, root / "archive" / "warc" / path.relative_to(old).parent / f"old-{path.name}")
    last = town.space("data", hours=50)
    with pytest.raises(MissingStoreError, match="lake/_state is missing"):
        extract_day(last, day=NOON.date(), run_id="replay", report_progress=lambda _: None)
    give_up(last.settings, [LAKE])
    last.archive.recover()
    for day in last.archive.days():
        extract_day(last, day=day, run_id=f"replay-{day}", report_progress=lambda _: None)
    ids = set(last.lake.read("articles")["article_id"].to_pylist())
    assert ids.isdisjoint(article_id_of(canonical=canonical_url(town.server.url(path)), text="") for path in DOOMED)
    assert [each for each in finish_takedowns(last) if "came in again" in each]
    assert finish_takedowns(last) == ()


@pytest.mark.usefixtures("space")
def test_runs_during_a_takedown_let_nothing_in(town: Town) -> None:
    """After a takedown is recorded and before it deletes, runs fetch, commit and name none of its pages.

    Staged articles are not committed, waiting pages are not fetched, and earlier outcomes are logged without names.
    """
    late = town.space("data", hours=25)
    town.lists(*DOOMED, *STAYING, hours=25)
    day = late.settings.now().date()
    town.write(4)
    ingest_sources(late, source_keys=["feed"], day=day, run_id="in-late", report_progress=lambda _: None)
    staged = derive(late, day=NOON.date(), run_id="out-late")
    for target in all_targets(late, town):
        work = plan_takedown(late, target)
        names = target_names(target, work)
        late.takedowns.begin("article", names=names, work=work, at=late.settings.now(), reason=None)
    started = late.settings.now()
    commit_day(late, derived=[staged], day=NOON.date(), run_id="out-late", kind="manual", started_at=started)
    requested = town.server.seen[WAITS + TRACKED]
    ingest_sources(late, source_keys=["feed"], day=day, run_id="in-late", report_progress=lambda _: None)
    assert town.server.seen[WAITS + TRACKED] == requested
    ferry = article_id_of(canonical=canonical_url(town.server.url(FERRY)), text="")
    [row] = [row for row in late.lake.read("articles").to_pylist() if row["article_id"] == ferry]
    assert "4 boats" not in row["text"]
    logged = {row["url"] for row in late.lake.log.read("outcomes").to_pylist() if row["run_id"] == "in-late"}
    assert traces_of_doomed().in_bytes("\n".join(logged).encode()) == set()
    assert len(finish_takedowns(late)) == len(DOOMED) + 1
    assert {path for path in traces_of_doomed().under(late.settings.data_dir) if "inbox" not in path} == set()
    assert broken_sums(late) == []
    assert_whole(late)


def test_snapshots_lose_its_rows(space: Workspace, town: Town) -> None:
    """Snapshots from before and after their month was closed have no part of the pages and verify; one without them
    does not change."""
    space.lake.snapshots.take("open")
    space.lake.compact(months=[MONTH])
    space.lake.snapshots.take("closed")
    before = space.lake.snapshots.list()
    forget_all(space, town)
    assert traces_of_doomed().under(space.settings.data_dir) == {}
    for then, now in zip(before, space.lake.snapshots.list(), strict=True):
        name = now.facts.name
        assert space.lake.snapshots.verify(name) == ()
        assert 0 < now.facts.rows["articles"] < then.facts.rows["articles"]
        package = json.loads((space.settings.data_dir / "snapshots" / name / "datapackage.json").read_bytes())
        assert {each["name"]: each["rows"] for each in package["resources"] if each["rows"]} == now.facts.rows
    space.lake.snapshots.take("after")
    result = forget(
        space, TakedownTarget(kind="article", value=town.server.url(FERRY)), reason=None, report_progress=lambda _: None
    )
    assert result.snapshots == ()


def test_damaged_snapshot_stops_nothing_else(space: Workspace, town: Town) -> None:
    """A takedown names an unreadable snapshot and continues; after it is dropped, recover finishes the takedown."""
    for name in ("broken", "sound"):
        space.lake.snapshots.take(name)
    broken = space.settings.data_dir / "snapshots/broken"
    [*_, quotes] = sorted((broken / "tables/quotes").rglob("*.parquet"))
    quotes.unlink()
    quotes.write_bytes(b"PAR1")
    target = TakedownTarget(kind="article", value=town.server.url(FERRY))
    result = forget(space, target, reason=None, report_progress=lambda _: None)
    assert result.snapshots == ("sound",)
    [remains] = result.unfinished
    assert "snapshot broken is damaged" in remains
    assert "newslake lake snapshot broken --drop" in remains
    assert result.log_rows > 0
    assert preview_takedown(space, target).rows["articles"] == 0
    assert [each.is_done for each in space.takedowns.all()] == [False]
    assert "is not finished" in finish_takedowns(space)[0]
    other = forget(
        space, TakedownTarget(kind="article", value=town.server.url(AGAIN)), reason=None, report_progress=lambda _: None
    )
    assert len(other.unfinished) == 1
    space.lake.snapshots.drop("broken")
    assert len(finish_takedowns(space)) == 2
    assert [each.is_done for each in space.takedowns.all()] == [True, True]


def test_deletions_list_each_article(space: Workspace, town: Town) -> None:
    """The public list has each article of the tables, with all its revisions, its day, the time and the reason."""
    ids = {path: article_id_of(canonical=canonical_url(town.server.url(path)), text="") for path in DOOMED}
    claim = {row["revision_id"] for row in space.lake.read("revisions").to_pylist() if row["article_id"] == ids[FERRY]}
    assert len(claim) >= 3
    forget_all(space, town)
    rows = {row["article_id"]: row for row in space.lake.log.read("deletions").to_pylist()}
    assert rows.keys() >= {ids[FERRY], ids[AGAIN]}
    assert rows.keys().isdisjoint({ids[VIDEO], ids[WAITS], ids[BROKEN]})
    row = rows[ids[FERRY]]
    assert (set(row["revision_ids"]), row["last_published_date"], row["reason"]) == (claim, NOON.date(), "asked to")
    assert row["deleted_at"] == space.settings.now()


def test_duplicates_are_listed_and_may_be_deleted(space: Workspace, town: Town) -> None:
    """A duplicate of a deleted article is listed and stays; with copies, both are deleted."""
    copied = article_id_of(canonical=canonical_url(town.server.url(AGAIN)), text="")
    first = TakedownTarget(kind="article", value=town.server.url(FERRY))
    assert copied in preview_takedown(space, first).duplicates
    both = preview_takedown(space, TakedownTarget(kind="article", value=first.value, with_duplicates=True))
    assert copied in both.articles
    assert both.rows["articles"] >= 2
    assert preview_takedown(space, first) == preview_takedown(
        space, TakedownTarget(kind="article", value=f"{first.value}?utm_medium=x")
    )


def test_publisher_loses_what_a_run_commits_meanwhile(space: Workspace, town: Town) -> None:
    """A page is deleted too if only the page names the publisher and a run commits it while the takedown waits."""
    late = town.space("data", hours=25)
    day = late.settings.now().date()
    words = "".join(f"<p>{each}</p>" for each in other_text(9))
    page = f'<meta property="og:site_name" content="The Mole"><article><h1>Eels</h1>{words}</article>'
    (late.settings.data_dir / "inbox" / "eels.html").write_text(f"<html><body>{page}</body></html>")
    ingest_sources(late, source_keys=["drop"], day=day, run_id="in-late", report_progress=lambda _: None)
    staged = derive(late, day=day, run_id="out-late")

    def commit(message: str) -> None:
        if message.startswith("waiting"):
            started = late.settings.now()
            commit_day(late, derived=[staged], day=day, run_id="out-late", kind="manual", started_at=started)
            assert "The Mole" in late.lake.read("articles")["publisher"].to_pylist()

    forget(late, TakedownTarget(kind="publisher", value="the mole"), reason=None, report_progress=commit)
    assert "The Mole" not in late.lake.read("articles")["publisher"].to_pylist()
    assert_whole(space)


def test_publisher_and_source(space: Workspace, town: Town) -> None:
    """A publisher loses all articles and unprocessed pages, and its pages cannot come in again. A source is no longer
    listed, and pages of it from other sources stay."""
    local = {each.article_id for each in space.archive.captures() if each.source_key == "drop"}
    result = forget(
        space, TakedownTarget(kind="publisher", value="the  FEED"), reason=None, report_progress=lambda _: None
    )
    assert len(result.articles) >= len(STAYING)
    assert {each.source_key for each in space.archive.captures()} == {"drop"}
    assert set(space.lake.read("articles")["article_id"].to_pylist()) <= local
    requested = town.server.seen.total()
    late = town.space("data", hours=30)
    town.lists(*STAYING, "/new", hours=30)
    run(late, "late")
    assert town.server.seen.total() - requested <= 2  # robots.txt and the feed
    inbox = late.settings.data_dir / "inbox"
    page = {"url": "https://elsewhere.example/a", "publisher": "The Feed", "text": "\n\n".join(other_text(7))}
    (inbox / "new.jsonl").write_text(json.dumps(page) + "\n")
    before = len(late.archive.captures())
    run(town.space("data", hours=31), "later")
    assert len(late.archive.captures()) == before
    assert not (inbox / "done" / "new.jsonl").exists()
    forget(late, TakedownTarget(kind="source", value="drop"), reason=None, report_progress=lambda _: None)
    assert late.archive.captures() == ()
    assert late.lake.read("articles").num_rows == 0
    assert [path for path in inbox.rglob("*") if path.is_file()] == []
    (inbox / "other.txt").write_text("\n\n".join(other_text(8)))
    run(town.space("data", hours=32), "last")
    [refused] = [
        row
        for row in late.lake.log.read("outcomes").to_pylist()
        if row["run_id"] == "in-last" and row["source_key"] == "drop"
    ]
    assert (refused["outcome"], refused["reason"]) == ("rejected", "taken_down")


def test_source_leaves_articles_of_other_sources(town: Town) -> None:
    """An article of two sources stays with the records of the other source, and is derived again."""
    inbox, url = week(town, "data", doomed=False).settings.data_dir / "inbox", town.server.url("/bridge")
    (inbox / "same.json").write_text(json.dumps({"url": url}))
    (inbox / "same.html").write_bytes(story("Plan 0 for the harbour", *other_text(0), url=url))
    run(space := town.space("data", hours=3), "same")
    bridge = canonical_url(town.server.url("/bridge"))
    assert {each.source_key for each in space.archive.captures(page_key=bridge)} == {"feed", "drop"}
    before = {row["article_id"]: row["text"] for row in space.lake.read("articles").to_pylist()}
    forget(space, TakedownTarget(kind="source", value="feed"), reason=None, report_progress=lambda _: None)
    [left] = {each.article_id for each in space.archive.captures(page_key=bridge)}
    assert space.lake.index.stored([left]) == {}
    assert space.lake.log.read("deletions").num_rows == len(STAYING) - 1
    for day in space.archive.days():
        extract_day(space, day=day, run_id=f"again-{day}", report_progress=lambda _: None)
    rows = {row["article_id"]: row for row in space.lake.read("articles").to_pylist()}
    assert rows[left]["text"] == before[left]
    assert rows[left]["source_key"] == "drop"
    assert_whole(space)


@pytest.mark.parametrize("kind", ["article", "publisher", "source"])
def test_unfinished_takedown_survives_the_loss_of_the_state(space: Workspace, town: Town, kind: TakedownKind) -> None:
    """A takedown that died after the archive is finished by the repair, also if its database is lost; what it had
    logged stays in ``deletions``."""
    target = TakedownTarget(
        kind=kind, value={"article": town.server.url(FERRY), "publisher": "The Feed", "source": "feed"}[kind]
    )
    work = plan_takedown(space, target)
    ids = {row.article_id for row in work.rows}
    assert ids
    begun = space.takedowns.begin(
        kind, names=target_names(target, work), work=work, at=space.settings.now(), reason=None
    )
    finds = {"source_key": "feed"} if kind == "source" else {"page_keys": work.page_keys}
    space.archive.erase(space.archive.find_captures(**finds), page_keys=work.page_keys, source_key=work.source_key)
    list_deletions(space, begun, work)
    deletions = space.lake.log.read("deletions")
    for path in (space.settings.archive_dir).glob("state.sqlite*"):
        path.unlink()
    late = town.space("data", hours=3)
    done = repair(late, gives_up=[STATE])
    assert f"finished takedown {begun.takedown_id}" in done["takedowns"]
    assert ids.isdisjoint(late.lake.read("articles")["article_id"].to_pylist())
    assert [each.is_done for each in late.takedowns.all() if each.takedown_id == begun.takedown_id] == [True]
    assert late.lake.log.read("deletions").equals(deletions)


def test_taken_down_rows_are_found_without_their_records(space: Workspace, town: Town) -> None:
    """Rows of a blocked page that are in the tables, and in no WARC file, are removed by the repair."""
    target = TakedownTarget(kind="article", value=town.server.url(FERRY))
    work = plan_takedown(space, target)
    names = target_names(target, work)
    begun = space.takedowns.begin("article", names=names, work=work, at=space.settings.now(), reason=None)
    space.takedowns.finish(begun.takedown_id)
    space.archive.erase(space.archive.find_captures(page_keys=work.page_keys), page_keys=work.page_keys)
    assert len(finish_takedowns(space)) == 1
    assert names.isdisjoint(space.lake.read("articles")["article_id"].to_pylist())
    assert finish_takedowns(space) == ()


def test_pages_that_came_back_anywhere_are_found(space: Workspace, town: Town) -> None:
    """The repair finds and removes a page state, outcomes, a staged batch and a cached outcome that came back."""
    ways = ways_back(space, town.server.url(FERRY))
    forget_all(space, town)
    for name, write in ways.items():
        assert finish_takedowns(space) == ()  # from here on, it reads only what comes in later
        write(space)
        assert traces_of_doomed().under(space.settings.data_dir) != {}, name
        done = finish_takedowns(space)
        assert ["came in again" in each for each in done] == [True], name
        assert traces_of_doomed().under(space.settings.data_dir) == {}, name
    assert finish_takedowns(space) == ()
    assert space.lake.verify() == ()


def test_log_that_was_put_back_is_found(space: Workspace, town: Town, tmp_path: Path) -> None:
    """Old files of outcomes, copied back with their times after a night found no trace, are found by the repair."""
    log = space.settings.lake_dir / "log" / "outcomes"
    shutil.copytree(log, tmp_path / "copy")
    forget_all(space, town)
    for _ in range(2):
        assert finish_takedowns(space) == ()
    shutil.copytree(tmp_path / "copy", log, dirs_exist_ok=True)
    assert traces_of_doomed().under(log) != {}
    assert ["came in again" in each for each in repair(space)["takedowns"]] == [True]
    assert traces_of_doomed().under(log) == {}
    assert repair(space)["takedowns"] == ()


def test_source_that_came_back_is_found(space: Workspace, town: Town) -> None:
    """A page state and an outcome of a blocked source are found and removed by the repair."""
    states = space.fetch_state.of_pages([canonical_url(town.server.url(WAITS))])
    rows = space.lake.log.read("outcomes")
    outcomes = rows.filter(pc.equal(rows["source_key"], "feed"))
    forget(space, TakedownTarget(kind="source", value="feed"), reason=None, report_progress=lambda _: None)
    assert finish_takedowns(space) == ()
    for write in (
        lambda: space.fetch_state.record_many(states),
        lambda: space.lake.log.append("outcomes", "back", outcomes),
    ):
        write()
        assert len(finish_takedowns(space)) == 1
        assert finish_takedowns(space) == ()
    assert not any(WAITS in row["url"] for row in space.lake.log.read("outcomes").to_pylist())
    assert space.fetch_state.of_pages([states[0].page_key]) == ()


def test_command(space: Workspace, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command previews, asks, lists takedowns and revokes them; an invalid call changes nothing."""
    root, url = space.settings.data_dir, town.server.url(FERRY)
    set_environment(monkeypatch, space)
    before = table_files(root)

    def call(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, ["forget", *arguments])
        return (2 if isinstance(done.exception, ConfigError) else done.exit_code), done.output

    assert call()[0] == call("no url", "--yes")[0] == call(url, "--source", "feed")[0] == 2
    assert call(url)[0] == 2  # there is no terminal to ask for confirmation
    assert call("--source", "nobody", "--dry-run")[0] == call("--reserved", "--dry-run")[0] == 2
    code, seen = call(url, "--dry-run", "--json")
    assert (code, json.loads(seen)["rows"]["articles"]) == (0, 1)
    assert table_files(root) == before
    for nobodys in ([f"{url}-of-nobody"], ["--publisher", "Nobody's Post"]):
        code, seen = call(*nobodys, "--dry-run")
        assert (code, "nothing found; check the spelling" in seen) == (1, True)
    code, output = call(f"{url}-of-nobody", "--yes")
    assert (code, "nothing found; its pages are blocked" in output) == (1, True)
    assert call("--revoke", output.partition("takedown ")[2][:12])[0] == 0
    code, output = call(url, "--yes", "--reason", "court order", "--json")
    assert code == 0
    takedown_id = json.loads(output)["takedown_id"]
    code, listed = call("--list", "--json")
    assert [(row["takedown_id"], row["reason"], row["is_done"]) for row in json.loads(listed)] == [
        (takedown_id, "court order", True)
    ]
    assert call("--revoke", "nothing")[0] == 2
    assert call("--revoke", takedown_id)[0] == 0
    assert json.loads(call("--list", "--json")[1]) == []
    run(town.space("data", hours=40), "after")
    assert town.space("data", hours=40).archive.captures(page_key=canonical_url(url)) != ()
