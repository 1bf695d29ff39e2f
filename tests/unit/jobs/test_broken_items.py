"""A run fails after its commit: once per new broken item of a version, and for too many quarantined pages."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from newslake.pipeline.jobs.broken_items import broken_items_error
from newslake.pipeline.jobs.outcomes import append_outcomes, append_run
from newslake.pipeline.jobs.pipeline_version import versions_of
from newslake.pipeline.jobs.workspace import Workspace
from newslake.pipeline.model import Outcome
from newslake.pipeline.settings import Settings

DAY = date(2026, 3, 2)


@pytest.fixture
def space(tmp_path):
    (tmp_path / "sources.toml").write_text("")
    return Workspace(
        Settings.load(data_dir=tmp_path, sources_file=tmp_path / "sources.toml", frozen_now="2026-03-02T20:00:00+00:00")
    )


def _outcome(space, run_id, *, number=7, reason="broken_item", stage="fetch", minutes=0):
    return Outcome(
        run_id=run_id,
        source_key="post",
        news_day=DAY,
        url=f"https://a.example/{number}",
        article_id=None,
        stage=stage,
        outcome="quarantined" if reason else "kept",
        reason=reason,
        detail="ValueError in pipeline/clean/article.py:1",
        payload_digest=None,
        decided_at=space.settings.now() + timedelta(minutes=minutes),
    )


def _log(space, *outcomes, version=None):
    run_id = outcomes[0].run_id
    append_outcomes(space, outcomes, batch_id=f"{run_id}.post")
    versions = {**versions_of(space.settings), **({"pipeline": version} if version else {})}
    append_run(
        space, run_id=run_id, kind="manual", started_at=space.settings.now(), counts={}, days=[], versions=versions
    )


def test_broken_item_is_reported_once(space):
    """The first run with a broken item has an error, the second has none."""
    first, second = _outcome(space, "one"), _outcome(space, "two", minutes=5)
    _log(space, first)
    assert "https://a.example/7 (broken_item)" in str(broken_items_error(space, [first]))

    _log(space, second)
    assert broken_items_error(space, [second]) is None


def test_item_of_another_day_is_known(space):
    """An item that broke days ago is not new."""
    _log(space, _outcome(space, "one", minutes=-3 * 24 * 60))
    second = _outcome(space, "two")
    _log(space, second)
    assert broken_items_error(space, [second]) is None


def test_other_item_is_new(space):
    """Another item, and the same item at another version, are new."""
    _log(space, _outcome(space, "one"))
    assert broken_items_error(space, [_outcome(space, "two", number=8, minutes=5)]) is not None

    _log(space, _outcome(space, "old", number=9), version="000000000000")
    assert broken_items_error(space, [_outcome(space, "two", number=9, minutes=5)]) is not None


def test_item_of_a_run_without_a_row_is_new(space):
    """A run that died before it was logged has reported nothing."""
    append_outcomes(space, [_outcome(space, "dead")], batch_id="dead.post")
    assert broken_items_error(space, [_outcome(space, "two", minutes=5)]) is not None


def test_other_quarantined_pages_are_not_reported(space):
    """A page that is quarantined for a known reason is no defect of newslake."""
    assert broken_items_error(space, [_outcome(space, "one", reason="undecodable")]) is None


@pytest.mark.parametrize(("quarantined", "kept", "fails"), [(1, 0, False), (2, 2, False), (2, 1, True), (0, 3, False)])
def test_too_many_quarantined_pages_fail_each_run(space, quarantined, kept, fails):
    """A share of quarantined pages above the limit is an error, from two pages on."""
    bad = [_outcome(space, "one", number=n, reason="contract", stage="derive", minutes=-n) for n in range(quarantined)]
    good = [
        replace(_outcome(space, "one", number=20 + n, reason=None, stage="commit"), detail=None) for n in range(kept)
    ]
    error = broken_items_error(space, [*bad, *good])
    assert (error is not None) == fails
    assert error is None or f"{quarantined} of {quarantined + kept} pages of 2026-03-02" in str(error)
