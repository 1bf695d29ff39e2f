"""`newslake retry`, and what `why` and `push --refetch` do for a quarantined page."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newslake.pipeline.clean import page_identity
from newslake.pipeline.derive import pages
from newslake.pipeline.jobs.outcomes import OutcomeRecorder, append_outcomes
from newslake.pipeline.jobs.run import extract_day
from newslake.pipeline.jobs.worklist import unprocessed_days
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import Page, canonical_url
from newslake.pipeline.settings import Settings
from tests.faults.hostile import page
from tests.page_states import page_state
from tests.unit.cli.test_commands import called

pytestmark = [pytest.mark.model]

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = NOON.date()
GOOD, BAD = (f"https://post.example.org/story-{number}" for number in (1, 2))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with two archived stories, of which newslake fails on one."""
    (tmp_path / "sources.toml").write_text('[sources.door]\nkind = "inbox"\npath = "inbox"\n')
    (tmp_path / "data").mkdir()
    (tmp_path / "inbox").mkdir()
    space = space_of(tmp_path)
    with space.archive.writer(source_key="door", run_id="in") as writer:
        for number, url in enumerate((GOOD, BAD), 1):
            headers = {"content-type": "text/html; charset=utf-8"}
            got = Page(url=url, final_url=url, status=200, headers=headers, body=page(number), fetched_at=NOON)
            writer.put(got, news_day=DAY, article_id=page_identity(got)[1])
    real = pages.annotation_rows

    def fail_once(article, *given, **named):
        if article.url == BAD:
            raise ZeroDivisionError
        return real(article, *given, **named)

    with monkeypatch.context() as patch:
        patch.setattr(pages, "annotation_rows", fail_once)
        assert processed(tmp_path) == {GOOD: "kept", BAD: "quarantined"}
    return tmp_path


def space_of(folder: Path) -> Workspace:
    return Workspace(Settings(data_dir=folder / "data", sources_file=folder / "sources.toml", durability="process"))


def die(space: Workspace, key: str) -> None:
    """End the turn of an item as a process without memory does."""
    with space.turns() as turns:
        turns.begin(key)
        raise MemoryError


def processed(folder: Path) -> dict[str, str]:
    """Process the day as a run does; return the outcome of each page."""
    done = extract_day(space_of(folder), day=DAY, run_id="run", report_progress=str)
    return {each.url: each.outcome for each in done.outcomes}


def test_a_quarantined_page_waits_for_a_retry(folder: Path) -> None:
    """Without a retry, a run leaves a quarantined page as it is; `why` prints the command."""
    assert unprocessed_days(space_of(folder)) == ()
    assert processed(folder) == {GOOD: "unchanged", BAD: "quarantined"}
    assert f"newslake retry {BAD}" in called("why", BAD, cwd=folder).stdout
    assert "newslake retry" not in called("why", GOOD, cwd=folder).stdout


@pytest.mark.parametrize("words", [("retry", BAD), ("retry", "--quarantined"), ("push", "--refetch", BAD)], ids=str)
def test_next_run_processes_a_page_after_a_retry(folder: Path, words: tuple[str, ...]) -> None:
    """After each of the three commands, the next run makes the row of the page."""
    done = called(*words, cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert unprocessed_days(space_of(folder)) == (DAY,)
    assert processed(folder) == {GOOD: "unchanged", BAD: "kept"}
    assert "newslake retry" not in called("why", BAD, cwd=folder).stdout


def test_retry_of_a_page_with_a_row_of_an_older_version(folder: Path) -> None:
    """After a retry the day is unprocessed, also if the page has a row of an older version; `why` names the command."""
    space = space_of(folder)
    called("retry", BAD, cwd=folder)
    assert processed(folder)[BAD] == "kept"
    ids = [each.article_id for each in space.archive.captures(page_key=canonical_url(BAD))]
    [(article_id, last)] = space.lake.index.cached_outcomes(ids).items()
    broken = replace(last, outcome="quarantined", reason="broken_item", row_key=None)
    space.lake.index.put_outcomes({article_id: broken})
    assert unprocessed_days(space_of(folder)) == ()
    assert f"newslake retry {BAD}" in called("why", BAD, cwd=folder).stdout
    assert called("retry", BAD, cwd=folder).returncode == 0
    assert unprocessed_days(space_of(folder)) == (DAY,)
    after = called("why", BAD, cwd=folder).stdout
    assert ("newslake retry" in after, "newslake run" in after) == (False, True)
    assert processed(folder)[BAD] == "unchanged"
    assert unprocessed_days(space_of(folder)) == ()


def test_retry_of_an_entry_of_a_listing(folder: Path) -> None:
    """An entry with a URL that was never requested has the log as its only state; it is named, and not counted."""
    space = space_of(folder)
    url = "https://post.example.org/entry-9"
    recorder = OutcomeRecorder(run_id="one", stage="fetch", now=NOON)
    recorder.record("quarantined", url=url, source_key="door", news_day=DAY, reason="broken_item")
    append_outcomes(space, recorder.outcomes, batch_id="one.door")
    assert f"newslake retry {url}" in called("why", url, cwd=folder).stdout
    for words in ((url,), ("https://POST.example.org/entry-9",)):
        done = called("retry", *words, cwd=folder)
        assert (done.returncode, done.stderr) == (0, "")
        assert f"{url} (broken_item): put its file into the inbox again" in done.stdout
        assert "0 pages cleared" in done.stdout


def test_retry_says_what_comes_next(folder: Path) -> None:
    """The command names each page with its reason; a second call finds none, which is no error for all pages."""
    done = called("retry", BAD, cwd=folder)
    assert done.stdout == f"{BAD} (broken_item): the next run processes it\n1 page cleared\n"
    again = called("retry", "--quarantined", cwd=folder)
    assert (again.returncode, again.stdout) == (0, "0 pages cleared\n")


def test_json_has_each_page_and_step(folder: Path) -> None:
    """`--json` has what was cleared and what was not; exit 1 for a page that is not quarantined or not known."""
    done = called("retry", "--json", BAD, GOOD, "https://other.example/", "none.txt", cwd=folder)
    answer = json.loads(done.stdout)
    [cleared] = answer["retries"]
    assert (cleared["url"], cleared["reason"], cleared["step"]) == (BAD, "broken_item", "derive")
    assert answer["not_quarantined"] == [GOOD]
    assert answer["unknown"] == ["https://other.example/", "none.txt"]
    assert done.returncode == 1


def test_pages_that_cannot_be_retried_are_named(folder: Path) -> None:
    """A healthy page and an unknown one are named on stderr, each with what to do."""
    done = called("retry", GOOD, "https://other.example/", cwd=folder)
    assert done.returncode == 1
    assert f"{GOOD}: not quarantined" in done.stderr
    assert "https://other.example/: newslake does not know it" in done.stderr
    assert "newslake push" in done.stderr


@pytest.mark.parametrize("words", [(), ("--quarantined", BAD), ("http://[",)], ids=str)
def test_invalid_calls(folder: Path, words: tuple[str, ...]) -> None:
    """Neither pages nor --quarantined, both of them, or an invalid URL: an invalid call."""
    assert called("retry", *words, cwd=folder).returncode == 2


def test_retry_of_a_page_that_could_not_be_fetched(folder: Path) -> None:
    """A page that is quarantined before it is archived is due now, and its deaths are forgotten."""
    url = "https://post.example.org/story-3"
    space = space_of(folder)
    for _ in range(2):
        with pytest.raises(MemoryError):
            die(space, f"door {url}")
    facts = {"source_key": "door", "last_outcome": "quarantined", "reason": "killed_worker", "attempts": 8}
    space.fetch_state.record_many([page_state(url, page_key=canonical_url(url), **facts)])
    assert called("retry", "--json", url, cwd=folder).returncode == 0
    [state] = space_of(folder).fetch_state.pending("door", space.settings.now())
    assert (state.url, state.last_outcome, state.attempts) == (url, "not_checked", 0)
    with space.turns() as turns:
        assert not turns.is_suspect(f"door {url}")


def test_retry_of_a_broken_file(folder: Path) -> None:
    """A file of an inbox that is set aside is named until it is read again; nothing else waits for it."""
    space = space_of(folder)
    facts = {"url": "a.html", "source_key": "door", "news_day": DAY}
    recorder = OutcomeRecorder(run_id="one", stage="fetch", now=NOON)
    recorder.record("quarantined", **facts, reason="killed_worker")
    append_outcomes(space, recorder.outcomes, batch_id="one.door")
    for words in (("--quarantined",), ("a.html",)):
        done = called("retry", *words, cwd=folder)
        assert done.returncode == 0
        assert "a.html (killed_worker): put its file into the inbox again" in done.stdout
        assert f"{words.count('--quarantined')} page" in done.stdout  # the file is not cleared

    later = OutcomeRecorder(run_id="two", stage="fetch", now=NOON + timedelta(hours=1))
    later.record("pending", **facts)
    append_outcomes(space, later.outcomes, batch_id="two.door")
    assert "a.html" not in called("retry", "--quarantined", cwd=folder).stdout
    assert "a.html: not quarantined" in called("retry", "a.html", cwd=folder).stderr
