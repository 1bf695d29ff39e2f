"""Reconciliation of outcomes: a page without an outcome, or with two, stops the run and is named."""

from datetime import date

import pytest

from newslake.pipeline.errors import OutcomeError
from newslake.pipeline.jobs.commit import commit_day
from newslake.pipeline.jobs.derive import derive, derive_batch_of
from newslake.pipeline.jobs.outcomes import OutcomeRecorder, append_outcomes, check_balance
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import Outcome
from tests.faults.invariants import broken_sums
from tests.unit.jobs.test_derive import DAY, MORNING, URL, archive, extract, id_of, space, story

__all__ = ["space"]

OTHER = "https://post.example.org/quay"


def outcome(url: str, *, source: str = "post", day: date = DAY, article_id: str | None = None) -> Outcome:
    return Outcome(
        run_id="r",
        source_key=source,
        news_day=day,
        url=url,
        article_id=article_id,
        stage="derive",
        outcome="unchanged",
        reason="committed",
        detail=None,
        payload_digest=None,
        decided_at=MORNING,
    )


def test_pages_are_named_by_source_and_day() -> None:
    """The error names run, source, day and pages; a page that is handed on needs no outcome."""
    found = {("post", URL): DAY, ("post", OTHER): DAY, ("echo", OTHER): date(2026, 3, 1), ("post", "x"): DAY}
    with pytest.raises(OutcomeError) as caught:
        check_balance(found, [outcome(URL), outcome(URL)], run_id="r", handed_on=[("post", "x")])
    message = str(caught.value)
    assert "run r does not add up" in message
    assert f"echo, 2026-03-01: 1 without an outcome: {OTHER}" in message
    assert f"post, 2026-03-02: 1 without an outcome: {OTHER}" in message
    assert f"post, 2026-03-02: 1 with two outcomes: {URL}" in message
    check_balance({("post", URL): DAY, ("post", "x"): DAY}, [outcome(URL)], run_id="r", handed_on=[("post", "x")])


@pytest.mark.model
def test_deriving_that_forgets_a_page_writes_nothing(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stage that records one page less than it found stops before its outcomes are in the log."""
    archive(space, b"<html><body><p>Back soon.</p></body></html>")
    monkeypatch.setattr(OutcomeRecorder, "record", lambda self, *_, **__: None)
    with pytest.raises(OutcomeError, match=rf"run r .* post, {DAY}: 1 without an outcome: {URL}"):
        derive(space, day=DAY, run_id="r")
    assert space.lake.log.read("outcomes").num_rows == 0


@pytest.mark.model
def test_commit_that_records_a_page_again_is_stopped(space: Workspace) -> None:
    """A page that deriving recorded and the same run commits has two outcomes."""
    archive(space, story("deepened"))
    staged = derive(space, day=DAY, run_id="r")
    outcomes = [outcome(URL, article_id=id_of(URL))]
    append_outcomes(space, outcomes, batch_id=derive_batch_of("r", chunk=0))
    with pytest.raises(OutcomeError, match=rf"post, {DAY}: 1 with two outcomes: {URL}"):
        commit_day(space, derived=[staged], day=DAY, run_id="r", kind="manual", started_at=MORNING)


@pytest.mark.model
def test_page_that_became_another_article_is_recorded_once(space: Workspace) -> None:
    """A page with a new canonical link has the outcome of the new article, in every run."""
    archive(space, story("deepened"))
    assert extract(space, "1") == [("kept", "None")]
    archive(space, story("widened", canonical=OTHER), start=1)
    assert extract(space, "2") == [("kept", "None")]
    assert extract(space, "3") == [("unchanged", "committed")]
    assert space.lake.read("articles").num_rows == 2
    assert broken_sums(space) == []
