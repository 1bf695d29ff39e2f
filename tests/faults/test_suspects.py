"""Kills lose no healthy article: a suspect is tried alone in a child, and only its deaths count."""

import pickle
import random
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing.context import ForkServerContext
from pathlib import Path
from threading import Thread
from uuid import uuid4

import pytest

from newslake.pipeline.clean import page_identity
from newslake.pipeline.errors import LakeError, NewsError
from newslake.pipeline.jobs import workers
from newslake.pipeline.jobs.derive import derive
from newslake.pipeline.jobs.run import extract_day
from newslake.pipeline.jobs.runtimes import run_of
from newslake.pipeline.jobs.suspects import SuspectTrial
from newslake.pipeline.jobs.workers import Job
from newslake.pipeline.model import Capture, Page
from tests.faults.hostile import page
from tests.faults.pool_jobs import (
    derive_slowly,
    derive_unlucky,
    derive_until_a_trial,
    end_at_load,
    end_while_reading,
    end_while_sending,
    fail,
    process_id,
    raise_defect,
)
from tests.faults.resume_worker import open_space
from tests.faults.sample_run import Worker, say
from tests.long_form import LONG, seed_or

pytestmark = [pytest.mark.model]

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = NOON.date()
SEED = seed_or(20260302)
ROUNDS = 20 if LONG else 2


@pytest.fixture(scope="module", autouse=True)
def _preloaded() -> Iterator[None]:
    """Children of this process are forked from one that has the model: they load it in no time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(workers, "_PRELOAD", ["tests.faults.preload"])
        yield


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data root with twelve archived stories; story 7 is the item of ``injection``."""
    root = tmp_path / "data"
    root.mkdir()
    (root / "sources.toml").touch()
    space = open_space(root, DAY)
    with space.archive.writer(source_key="post", run_id="in") as writer:
        for number in range(12):
            got = story(number)
            writer.put(got, news_day=DAY, article_id=page_identity(got)[1])
    return root


def story(number: int, *, url: str = "", fetched_at: datetime = NOON) -> Page:
    address = url or f"https://post.example.org/story-{number}"
    headers = {"content-type": "text/html; charset=utf-8"}
    return Page(url=address, final_url=address, status=200, headers=headers, body=page(number), fetched_at=fetched_at)


def assert_all_arrive(folder: Path) -> None:
    """The next run commits all twelve stories, and the one after it suspects none."""
    space = open_space(folder, DAY)
    done = extract_day(space, day=DAY, run_id="last", report_progress=str)
    assert [(each.outcome, each.reason) for each in done.outcomes] == [("kept", None)] * 12
    with space.turns() as turns:
        assert not any(turns.is_suspect(each) for each in space.archive.articles_of_day(DAY))


def test_kills_at_one_healthy_article_do_not_lose_it(processes: ForkServerContext, folder: Path) -> None:
    """A run that is killed while the article is in flight, and one while its child reads it, do not set it aside."""
    codes = [Worker(processes, each, folder, DAY).done().code for each in (derive_unlucky, derive_until_a_trial)]
    assert codes == [-signal.SIGKILL, -signal.SIGKILL]
    assert_all_arrive(folder)


def test_rounds_of_kills_lose_no_article(processes: ForkServerContext, folder: Path) -> None:
    """Runs that are killed at random moments, while articles are in flight or suspects are tried, lose none."""
    chance = random.Random(SEED)
    for number in range(ROUNDS):
        (folder / "begins").unlink(missing_ok=True)
        run = Worker(processes, derive_slowly, folder, DAY)
        while not (folder / "begins").exists() and not run.has_ended():
            time.sleep(0.01)
        seconds = chance.uniform(0, 4)
        say(f"seed {SEED}: round {number} is killed after {seconds:.2f} s")
        time.sleep(seconds)
        run.kill()
        assert run.done().code in (-signal.SIGKILL, 0)
    assert_all_arrive(folder)


def tried(folder: Path, job: Job[object], key: str = "a story", *, run: str = "") -> object:
    """Return what becomes of a suspect in a run, by default one that is new."""
    space = open_space(folder, DAY)
    with space.turns() as turns, SuspectTrial(space.settings, turns, run=run or uuid4().hex) as trial:
        return trial.read(job, key=key, name=key)


def reason_of(got: object) -> tuple[str, str]:
    assert isinstance(got, NewsError)
    return got.reason, got.disposition


def test_two_deaths_of_children_set_a_suspect_aside(folder: Path) -> None:
    """A suspect whose child dies while it reads waits for the next run; the second death sets it aside.

    Then nothing is left of the trials: a retry has two deaths, too. Two ends by SIGTERM between them change nothing.
    """
    killed = partial(end_while_reading, number=signal.SIGKILL)
    ended = partial(end_while_reading, number=signal.SIGTERM)
    assert reason_of(tried(folder, ended)) == ("suspect", "retry")
    assert reason_of(tried(folder, killed)) == ("suspect", "retry")
    assert reason_of(tried(folder, ended)) == ("suspect", "retry")
    assert isinstance(tried(folder, process_id, "another"), int)
    assert reason_of(tried(folder, killed)) == ("killed_worker", "quarantine")
    assert reason_of(tried(folder, killed)) == ("suspect", "retry")
    assert isinstance(tried(folder, process_id), int)
    assert reason_of(tried(folder, killed)) == ("suspect", "retry")


def test_three_ends_by_sigterm_set_a_suspect_aside(folder: Path) -> None:
    """A suspect whose child ends by SIGTERM in each of three runs is set aside, and waits no longer.

    A trial that ends well clears them; ends before the child reads count for no suspect.
    """
    ended = partial(end_while_reading, number=signal.SIGTERM)
    before = partial(end_at_load, number=signal.SIGTERM)
    for _ in range(2):
        assert reason_of(tried(folder, ended)) == ("suspect", "retry")
    assert isinstance(tried(folder, process_id), int)
    for job, run in ((ended, "one"), (ended, "one"), (before, "two"), (ended, "three")):
        assert reason_of(tried(folder, job, run=run)) == ("suspect", "retry")
    assert reason_of(tried(folder, ended)) == ("killed_worker", "quarantine")
    assert reason_of(tried(folder, ended)) == ("suspect", "retry")


def test_deaths_in_one_run_count_once(folder: Path) -> None:
    """A suspect whose child dies in each trial of one run waits for the next run, which sets it aside.

    Then nothing is left of the trials.
    """
    killed = partial(end_while_reading, number=signal.SIGKILL)
    for _ in range(3):
        assert reason_of(tried(folder, killed, run="one")) == ("suspect", "retry")
    assert reason_of(tried(folder, killed, run="two")) == ("killed_worker", "quarantine")
    assert reason_of(tried(folder, killed, run="three")) == ("suspect", "retry")


def test_death_in_the_middle_of_a_reply_counts(folder: Path) -> None:
    """A child that dies while it sends its result is a death of its suspect, as one that dies before."""
    assert reason_of(tried(folder, end_while_sending)) == ("suspect", "retry")
    assert reason_of(tried(folder, end_while_sending)) == ("killed_worker", "quarantine")


def test_slices_and_days_are_of_one_run() -> None:
    """The ids of all days and slices of one `newslake run` name one run; an id of Airflow is a run."""
    ids = ("extract.2026-03-02.2026-03-01", "extract.slice1.2026-03-02", "extract.unprocessed.2026-02-27")
    assert {run_of(f"cli.20260302T120000000001.{each}") for each in ids} == {"cli.20260302T120000000001"}
    assert (
        run_of("news_extract.manual__2026-03-02T12:00:00.5+00:00") == "news_extract.manual__2026-03-02T12:00:00.5+00:00"
    )


def test_deaths_before_reading_count_for_no_suspect(folder: Path) -> None:
    """Children that end before they read are no deaths; after two of them the run starts no more."""
    space = open_space(folder, DAY)
    for _ in range(3):
        with space.turns() as turns, SuspectTrial(space.settings, turns, run="run") as trial:
            for key in ("a story", "another"):
                assert reason_of(trial.read(end_at_load, key=key, name=key)) == ("suspect", "retry")
    assert len((folder / "loads").read_text()) == 6


def test_a_host_tries_one_suspect_at_a_time(folder: Path) -> None:
    """While a run has a child for its suspects, another one starts none: it waits for the end of that child."""
    steps: list[str] = []

    def try_another() -> None:
        assert isinstance(tried(folder, process_id, "another"), int)
        steps.append("another is read")

    other = Thread(target=try_another)
    space = open_space(folder, DAY)
    with space.turns() as turns, SuspectTrial(space.settings, turns, run="run") as trial:
        assert isinstance(trial.read(process_id, key="a story", name="a story"), int)
        other.start()
        other.join(3)  # with two children at a time, the other one would be ready
        steps.append("the first child ends")
    other.join()
    assert steps == ["the first child ends", "another is read"]


def test_errors_of_a_child_are_raised_in_its_parent(folder: Path) -> None:
    """An error that stops the run, and a defect, are raised as they are, and are no death."""
    for _ in range(3):
        with pytest.raises(LakeError, match="a file is lost"):
            tried(folder, fail)
        with pytest.raises(LookupError, match="outside of the boundary") as caught:
            tried(folder, raise_defect)
        assert "in a worker process, at" in "".join(caught.value.__notes__)
    assert isinstance(tried(folder, process_id), int)


def test_suspects_are_read_last_and_as_their_parent_saw_them(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A suspect is read after all others; if its page has another article meanwhile, the run adds up all the same.

    The knowledge base is not sent with it.
    """
    space = open_space(folder, DAY)
    fetching = open_space(folder, DAY)
    [last] = space.archive.latest([story(7).url or ""]).values()
    make_suspect(folder, last)
    real = SuspectTrial.read
    begins: list[tuple[int, int]] = []
    counts: list[int] = []

    def read(trial: SuspectTrial, job: Job[object], *, key: str, name: str) -> object:
        begins.append((counts[-1], len(pickle.dumps(job)) // 10_000))
        with fetching.archive.writer(source_key="post", run_id="in2") as writer:
            other = story(5, url=last.url or "", fetched_at=NOON + timedelta(hours=1))
            writer.put(other, news_day=DAY, article_id="f" * 32)
        return real(trial, job, key=key, name=name)

    monkeypatch.setattr(SuspectTrial, "read", read)
    done = derive(space, day=DAY, run_id="run", count_pages=lambda done, _: counts.append(done))

    assert begins == [(11, 0)]
    assert counts[-1] == 12
    assert len(done.batch_ids) == 1
    monkeypatch.undo()
    with space.turns() as turns:
        assert not turns.is_suspect(last.article_id)


def make_suspect(folder: Path, capture: Capture) -> None:
    """End the turn of an article as a process without memory does."""
    with pytest.raises(MemoryError):
        _end_turn(folder, capture.article_id)


def _end_turn(folder: Path, article_id: str) -> None:
    space = open_space(folder, DAY)
    with space.turns() as turns:
        turns.begin(article_id)
        raise MemoryError
