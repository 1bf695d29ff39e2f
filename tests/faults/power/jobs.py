"""The work whose calls are recorded: commit, compaction, archive, takedown, maintenance. A module, run below strace.

A job reports what is done by writing to the file of marks: "JOB what". Before the mark "begin" it prepares the files
that exist when the work begins.
"""

import gc
import importlib
import json
import os
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pyarrow as pa

from newslake.pipeline.archive import Archive, FetchState, FileLeases, PageState
from newslake.pipeline.durability import Durability
from newslake.pipeline.jobs.cluster import relate
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.lake import Lake
from newslake.pipeline.lake.storage import month_of
from newslake.pipeline.model import Hints, Page
from newslake.pipeline.settings import Settings
from newslake.pipeline.tables import TABLE_SPECS, rows_table
from newslake.pipeline.upkeep.takedown import TakedownTarget, forget
from tests.faults.lake.calls import HEAD, KILL, Calls, Strike
from tests.faults.lake.newsdesk import CLOSING, begin, is_last, open_lake, stage
from tests.faults.lake.newsdesk import archive as stories_at
from tests.faults.lake.newsdesk import relate as relate_all
from tests.faults.power.recorder import BEGIN
from tests.unit.lake.rows import NOON, Story, batch_keys, batch_tables, blank

Report = Callable[[str], None]

DAY, MARCH_DAY = date(2026, 2, 3), date(2026, 3, 2)
FEBRUARY = month_of(DAY)
_DAYS = (0, (MARCH_DAY - DAY).days)
DOOMED = Story(3, "Zephyrine Quackenthorpe steered the quicksilver lanterns over Tarnwick.", day=0)
STORIES = (*(Story(number, f"Story {number} of the harbour.", day=_DAYS[number % 2]) for number in range(3)), DOOMED)
MARK_WORDS = ("Zephyrine Quackenthorpe", "quicksilver lanterns over Tarnwick", "harbour.example/3")
SOURCES = """
[sources.harbour]
kind = "feed"
url = "https://harbour.example/feed"
[sources.drop]
kind = "inbox"
path = "inbox"
"""


# Commit: the lake of ``tests.faults.lake.newsdesk``, first empty, then one hour later, with a closed month.
# Resuming: one hour later, after a commit that has died. Closing: its next month is closed.


def commit_from_nothing(root: Path, report: Report) -> None:
    report(BEGIN)
    publish(open_lake(root, grace_hours=0, durability="full"), 0, report)


def commit(root: Path, report: Report) -> None:
    begin(root)
    gc.collect()  # closes the index
    report(BEGIN)
    lake = open_lake(root, grace_hours=0, durability="full")
    publish(lake, 1, report)
    lake.gc()
    report("gc")


def resume(root: Path, report: Report) -> None:
    """Commit after a committer has died between its manifests and its head."""
    _die_before_the_head(root)
    report(BEGIN)
    commit_next(open_lake(root, grace_hours=0, durability="full"), report)


def commit_next(lake: Lake, report: Report) -> None:
    """Commit the news of an hour as one batch, and remove what the head does not need."""
    stage(lake, {"next": stories_at(1)})
    report("staged")
    lake.commit(["next"], is_current=is_last(lambda: 1))
    report("committed next")
    lake.gc()
    report("gc")


def _die_before_the_head(root: Path) -> None:
    """Commit some of the news of an hour in a fork that is killed before it replaces the head."""
    child = os.fork()  # before this process has threads
    if child:
        assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL, f"{root.name}: the committer has not died"
        return
    try:
        begin(root)
        lake = open_lake(root)
        stage(lake, {"dead": stories_at(1)[::2]})
        Calls(root, Strike(f"replace {HEAD}", 1, KILL)).watch()
        lake.commit(["dead"], is_current=is_last(lambda: 1))
    finally:
        traceback.print_exc()
        os._exit(1)


def close(root: Path, report: Report) -> None:
    """Close a month of a small lake."""
    begin(root)
    gc.collect()
    report(BEGIN)
    close_month(open_lake(root, grace_hours=0, durability="full"), report)


def close_month(lake: Lake, report: Report) -> None:
    """Close a month, and remove its files per day."""
    lake.compact(months=[CLOSING])
    report("closed")
    lake.gc()
    report("gc")


def publish(lake: Lake, hour: int, report: Report) -> None:
    """Stage, commit and log the news of an hour; two batches, one commit each. The log is written again next month."""
    batches = {f"all-{hour}-{part}": stories_at(hour)[part::2] for part in range(2)}
    stage(lake, batches)
    report("staged")
    for name in sorted(batches):
        lake.commit([name], is_current=is_last(lambda: hour))
        report(f"committed {name}")
    relate_all(lake)
    report("related")
    run = {"run_id": f"run-{hour}", "kind": "manual", "status": "done", "counts": "{}", "days_touched": []}
    for what, at in (("logged", NOON), ("logged again", NOON + timedelta(days=30))):
        times = {"started_at": at, "committed_at": at, "versions": "{}"}
        lake.log.append("runs", f"run-{hour}", rows_table(TABLE_SPECS["runs"], [run | times]))
        report(what)


# Archive: two runs of a source, with a second version, a revisit, a failed response, and the fetch state. As in a run,
# a lock creates the folder.


def body_of(number: int, turn: int) -> bytes:
    return f"<p>Page {number}, version {turn}. {'The ferry was late again. ' * (number * 40)}</p>".encode()


def page_of(number: int, turn: int, *, words: bytes | None = None) -> Page:
    url = f"https://harbour.example/{number}"
    at = NOON + timedelta(hours=turn, seconds=number)
    body = body_of(number, turn) if words is None else words
    return Page(url=url, final_url=url, status=200, headers={"content-type": "text/html"}, body=body, fetched_at=at)


def archive_pages(root: Path, report: Report) -> None:
    report(BEGIN)
    archive_turns(root, report)


def archive_turns(root: Path, report: Report) -> None:
    """Archive five pages, and an hour later the same pages, of which every second one is unchanged."""
    folder = root / "archive"
    archive, state = Archive(folder, durability="full", file_max_bytes=2_000), FetchState(folder, durability="full")
    for turn in range(2):
        with FileLeases(folder, lake=root / "lake").source("harbour", waits=True):
            state.record_many(page_state(number, turn) for number in range(5))
        report(f"noted {turn}")
        with archive.writer(source_key="harbour", run_id=f"run-{turn}") as writer:
            for number in range(5):
                version = 0 if number % 2 else turn
                day = DAY + timedelta(days=number % 2)
                page = page_of(number, turn, words=body_of(number, version))
                writer.put(page, news_day=day, article_id=f"a{number}")
        report(f"archived {turn}")
    archive.recover()


def page_state(number: int, turn: int) -> PageState:
    url = f"https://harbour.example/{number}"
    return PageState(
        page_key=url,
        url=url,
        source_key="harbour",
        news_day=DAY,
        listed_modified_at=None,
        last_outcome=f"turn-{turn}",
        reason=None,
        attempts=turn,
        next_try_at=None,
        hints=Hints(),
    )


# Takedown: a data root with archive, lake, log, snapshot and inbox, from which an article of an open month is removed.
# Closed takedown: its month was closed just before, so the files per day have it, too; another month is open. There is
# no snapshot: the sync of an erasure from a snapshot would also make all removals before it durable.


def open_space(folder: Path, *, durability: Durability = "full") -> Workspace:
    return Workspace(
        Settings.load(
            data_dir=folder,
            sources_file=folder / "sources.toml",
            frozen_now=NOON + timedelta(days=2),
            durability=durability,
        )
    )


def write_space(folder: Path, *, has_snapshot: bool) -> None:
    """Archive and commit all stories twice, the doomed one in two revisions; a snapshot has the first."""
    (folder / "inbox").mkdir(parents=True, exist_ok=True)
    (folder / "sources.toml").write_text(SOURCES)
    space = open_space(folder, durability="process")
    for turn in range(2):
        stories = [each if turn == 0 else revised(each) for each in STORIES]
        with space.archive.writer(source_key="harbour", run_id=f"run-{turn}") as writer:
            for each in stories:
                page = page_of(each.number, turn, words=f"<p>{each.text}</p>".encode())
                writer.put(page, news_day=DAY, article_id=each.article_id)
        space.fetch_state.record_many(page_state(each.number, turn) for each in stories)
        space.lake.stage(f"batch-{turn}", batch_tables(stories), batch_keys(stories))
        space.lake.commit([f"batch-{turn}"], is_current=lambda article, at: True)
        relate(space, news_day=DAY, days=[DAY, MARCH_DAY])
        space.lake.log.append("outcomes", f"run-{turn}", outcome_rows(stories, turn))
        if turn == 0 and has_snapshot:
            space.lake.snapshots.take("before")


def revised(story: Story) -> Story:
    return Story(story.number, f"{story.words} It came back.", day=story.day, seen=1)


def outcome_rows(stories: list[Story], turn: int) -> pa.Table:
    spec = TABLE_SPECS["outcomes"]
    given = {"run_id": f"run-{turn}", "source_key": "harbour", "decided_at": NOON + timedelta(hours=turn)}
    rows = [
        blank(spec, **given, url=f"https://harbour.example/{each.number}", article_id=each.article_id)
        for each in stories
    ]
    return rows_table(spec, rows)


def take_down(root: Path, report: Report) -> None:
    write_space(root, has_snapshot=True)
    _forget(root, report)


def take_down_closed(root: Path, report: Report) -> None:
    write_space(root, has_snapshot=False)
    open_space(root, durability="process").lake.compact(months=[FEBRUARY])
    _forget(root, report)


def _forget(root: Path, report: Report) -> None:
    """Forget the doomed article, which waits in the inbox, too."""
    line = {"url": f"https://harbour.example/{DOOMED.number}", "html": f"<p>{DOOMED.text}</p>"}
    (root / "inbox" / "late.jsonl").write_text(json.dumps(line) + "\n", "utf-8")
    gc.collect()
    report(BEGIN)
    forget(open_space(root), TARGET, reason="asked to", report_progress=lambda what: None)
    report("forgotten")


TARGET = TakedownTarget(kind="article", value=DOOMED.article_id)


# Maintenance: snapshots taken and dropped, a month closed, both indexes rebuilt, and garbage collected.


def maintain(root: Path, report: Report) -> None:
    write_space(root, has_snapshot=False)
    gc.collect()
    report(BEGIN)
    space = open_space(root)
    space.lake.snapshots.take("before")
    report("snapshot before")
    space.lake.compact(months=[FEBRUARY])
    report("closed")
    space.lake.snapshots.take("after")
    report("snapshot after")
    space.lake.snapshots.drop("before")
    report("dropped before")
    space.archive.rebuild_index()
    report("reindexed")
    space.lake.recover(drops_damaged=True)
    report("repaired")
    Lake(root / "lake", durability="full", gc_grace_hours=0, now=lambda: datetime.now(UTC)).gc()
    report("gc")


JOBS: Mapping[str, Callable[[Path, Report], None]] = {
    "first": commit_from_nothing,
    "commit": commit,
    "resuming": resume,
    "closing": close,
    "archive": archive_pages,
    "takedown": take_down,
    "closed-takedown": take_down_closed,
    "maintenance": maintain,
}


def main(top: Path, marks: Path, *runs: str) -> None:
    """Do jobs, each in a folder of its own: "NAME", or "FOLDER=NAME=PACKAGE" for a mutated copy of the package."""
    descriptor = os.open(marks, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for run in runs:
        folder, _, rest = run.partition("=")
        name, _, package = rest.partition("=")
        in_fork(partial(in_copy, Path(package), name) if package else partial(do_job, folder), top / folder, descriptor)


def do_job(name: str, root: Path, descriptor: int) -> None:
    def report(what: str) -> None:
        os.write(descriptor, f"{root.name} {what}\n".encode())

    report("prepare")
    root.mkdir()
    JOBS[name](root, report)
    gc.collect()


def in_copy(package: Path, name: str, root: Path, descriptor: int) -> None:
    """Do a job with another copy of the package."""
    for each in [each for each in sys.modules if each.partition(".")[0] in ("newslake", "tests")]:
        del sys.modules[each]
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(package))
    fresh = importlib.import_module("tests.faults.power.jobs")
    fresh.do_job(name, root, descriptor)


def in_fork(work: Callable[[Path, int], None], root: Path, descriptor: int) -> None:
    """Work in a fork: libraries need not be loaded again, and no thread of another job is there."""
    child = os.fork()
    if child:
        assert os.waitpid(child, 0)[1] == 0, f"{root.name} has failed"
        return
    code = 1
    try:
        work(root, descriptor)
        code = 0
    finally:
        if code:
            traceback.print_exc()
        os._exit(code)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
