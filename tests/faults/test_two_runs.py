"""Two runs meet in one data root: for any order of their steps, the tables equal a derive of the archive."""

import signal
from collections.abc import Callable
from functools import partial
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest

from tests.faults.inbox import drop, plain_text
from tests.faults.invariants import assert_whole, outcomes_of, pages_without_outcome, table_files
from tests.faults.lake.tally import form
from tests.faults.resume_worker import derive_afresh, do_task, open_space
from tests.faults.sample_run import SECOND, Evening, Meeting, Worker, at_leisure, at_once, say, wait_for_exit
from tests.long_form import LONG, seed_or

pytestmark = [pytest.mark.model, pytest.mark.timeout(1800)]

MEETINGS = 8 if LONG else 1
SEED = seed_or(20260305)


def assert_as_derived_afresh(evening: Evening, tmp_path: Path) -> None:
    afresh = tmp_path / f"afresh-{evening.folder.name}"
    at_leisure(evening.processes, derive_afresh, evening.folder, SECOND, afresh)
    assert table_files(evening.folder) == table_files(afresh)


def test_two_runs_of_one_evening(evening_at: Callable[..., Evening], undisturbed: Evening, tmp_path: Path) -> None:
    """Two runs ingest and extract the same day at once: no page is lost or doubled; each has an outcome per run."""
    for seed in range(SEED, SEED + MEETINGS):
        say(f"seed {seed}")
        form("two runs of one evening", seed).counts["meetings"] += 1
        meeting = Meeting(seed)
        one, other = (evening_at(str(seed), tag=tag, doing=meeting) for tag in ("-one", "-other"))
        keys = ["courier", "lantern", "gazette", "inbox"]
        at_once(partial(one.ingest, keys), partial(other.ingest, keys))
        for news_day in undisturbed.days:
            at_once(partial(one.extract, news_day), partial(other.extract, news_day))
        space = open_space(one.folder, SECOND)
        assert_whole(space)
        assert table_files(one.folder) == table_files(undisturbed.folder)
        assert_as_derived_afresh(one, tmp_path)
        fetched = {row["url"] for row in outcomes_of(space, one.ingest_id, other.ingest_id)}
        expected = outcomes_of(open_space(undisturbed.folder, SECOND), undisturbed.ingest_id)
        assert fetched == {row["url"] for row in expected}
        for run in (one, other):
            for news_day in undisturbed.days:
                assert pages_without_outcome(space, run_id=run.extract_id(news_day), news_day=news_day) == set()
        done = sorted(path.name for path in (one.folder / "inbox" / "done").iterdir())
        assert done == sorted(path.name for path in (undisturbed.folder / "inbox" / "done").iterdir())


def test_folder_is_read_by_one_of_two_runs(processes: ForkServerContext, tmp_path: Path) -> None:
    """Two runs that read one folder at the same time read its pages once: the second finds it unchanged."""
    (tmp_path / "sources.toml").write_text("[sources.year]\nkind = 'folder'\npath = 'year'\n")
    (tmp_path / "year").mkdir()
    for number in range(200):
        (tmp_path / "year" / f"plan-{number}.txt").write_text(plain_text(number))
    given = {"source_key": "year", "day": SECOND}
    runs = [Worker(processes, do_task, tmp_path, SECOND, "ingest", given | {"run_id": tag}) for tag in ("one", "other")]
    assert sorted(wait_for_exit(each).result["discovered"] for each in runs) == [0, 200]
    assert len(open_space(tmp_path, SECOND).archive.captures()) == 200


def test_clustering_that_was_overtaken(processes: ForkServerContext, inbox_root: Path, tmp_path: Path) -> None:
    """A run that pauses before it writes the cluster tables does not overwrite later results of another run."""
    late, other = (Evening(processes, inbox_root, tag=tag) for tag in ("-late", "-other"))
    drop(inbox_root, "plan-1.txt", plain_text(1))
    late.ingest(["inbox"])
    days = late.commit(SECOND, late.derive(SECOND))
    clustering = late.worker("cluster", {"day": SECOND, "days": days}, at=4, number=signal.SIGSTOP)
    drop(inbox_root, "plan-2.txt", plain_text(2))
    other.ingest(["inbox"])
    at_once(partial(other.extract, SECOND), partial(clustering.pause, 5.0))
    wait_for_exit(clustering)
    assert_whole(open_space(inbox_root, SECOND))
    assert_as_derived_afresh(late, tmp_path)


def test_article_that_comes_between_two_chunks(processes: ForkServerContext, inbox_root: Path, tmp_path: Path) -> None:
    """Pages that are archived after the first chunk of a day was derived do not move pages out of the second chunk."""
    run, other = (Evening(processes, inbox_root, tag=tag) for tag in ("-run", "-other"))
    for number in range(12):
        drop(inbox_root, f"plan-{number}.txt", plain_text(number))
    run.ingest(["inbox"])
    chunks = [{"day": SECOND, "run_id": run.extract_id(SECOND), "chunk": chunk, "chunks": 2} for chunk in range(2)]
    first = run.task("derive", **chunks[0])
    for number in range(12, 20):
        drop(inbox_root, f"plan-{number}.txt", plain_text(number))
    other.ingest(["inbox"])
    run.task("cluster", day=SECOND, days=run.commit(SECOND, [first, run.task("derive", **chunks[1])]))
    titles = set(open_space(inbox_root, SECOND).lake.read("articles")["title"].to_pylist())
    assert {f"Harbour plan {number}" for number in range(12)} <= titles
    other.extract(SECOND)
    assert_whole(open_space(inbox_root, SECOND))
    assert_as_derived_afresh(run, tmp_path)
